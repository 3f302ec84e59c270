/* gzip and zstd, told by their magic numbers, behind a stdio stream. */
#include "source/decompress.h"

#include "base/bytes.h"
#include "platform/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { DECOMPRESS_INPUT = 64 << 10, DECOMPRESS_MAGIC = 4 };

enum decompress_form { FORM_PLAIN, FORM_GZIP, FORM_ZSTD };

struct decompress {
	FILE *file;
	enum decompress_form form;
	z_stream zlib;
	ZSTD_DStream *zstd;
	uint8_t *input;
	size_t at, len; /* of `input`, what has not been used */
	bool ended;     /* a whole compressed stream was read; another may follow */
	bool broken;    /* what follows cannot be read */
	int error;      /* of the file itself; 0: none */
};

/* One read as far as there is room: whatever a pipe holds, without waiting for more. */
static bool decompress_read_more(struct decompress *decompress)
{
	ssize_t len;
	do
		len = read(
		    fileno(decompress->file), decompress->input + decompress->len, DECOMPRESS_INPUT - decompress->len);
	while (len < 0 && errno == EINTR);
	decompress->error = len < 0 ? errno : 0;
	decompress->len += len > 0 ? (size_t)len : 0;
	return len > 0;
}

static bool decompress_fill(struct decompress *decompress)
{
	if (decompress->at < decompress->len)
		return true;
	decompress->at = decompress->len = 0;
	return decompress_read_more(decompress);
}

static ssize_t decompress_read_plain(struct decompress *decompress, char *out, size_t room)
{
	size_t len = decompress->len - decompress->at;
	len = len < room ? len : room;
	memcpy(out, decompress->input + decompress->at, len);
	decompress->at += len;
	return (ssize_t)len;
}

/* Nothing is read beyond this. What came out before it is given; where nothing did, the stream before it is ended. */
static size_t decompress_break(struct decompress *decompress, size_t produced)
{
	decompress->broken = true;
	decompress->ended = decompress->ended && !produced;
	return produced;
}

/* One step; how many bytes came out. */
static size_t decompress_step_gzip(struct decompress *decompress, char *out, size_t room)
{
	z_stream *zlib = &decompress->zlib;
	if (decompress->ended)
		inflateReset(zlib);
	zlib->next_in = decompress->input + decompress->at;
	zlib->avail_in = (uInt)(decompress->len - decompress->at);
	zlib->next_out = (Bytef *)out;
	zlib->avail_out = (uInt)room;
	int result = inflate(zlib, Z_NO_FLUSH);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return decompress_break(decompress, room - zlib->avail_out);
	decompress->at = decompress->len - zlib->avail_in;
	decompress->ended = result == Z_STREAM_END;
	return room - zlib->avail_out;
}

static size_t decompress_step_zstd(struct decompress *decompress, char *out, size_t room)
{
	ZSTD_inBuffer in = {decompress->input, decompress->len, decompress->at};
	ZSTD_outBuffer step = {out, room, 0};
	size_t result = ZSTD_decompressStream(decompress->zstd, &step, &in);
	if (ZSTD_isError(result))
		return decompress_break(decompress, step.pos);
	decompress->at = in.pos;
	decompress->ended = result == 0;
	return step.pos;
}

/* 0 is a good end. Bytes behind a whole stream that begin no other one are padding, as gzip(1) has it. */
static ssize_t decompress_stop(const struct decompress *decompress)
{
	if ((decompress->ended || decompress->form == FORM_PLAIN) && !decompress->error)
		return 0;
	errno = EBADMSG;
	return -1;
}

static ssize_t decompress_read(void *cookie, char *out, size_t room)
{
	struct decompress *decompress = cookie;
	while (!decompress->broken && decompress_fill(decompress)) {
		if (decompress->form == FORM_PLAIN)
			return decompress_read_plain(decompress, out, room);
		size_t len = decompress->form == FORM_GZIP ? decompress_step_gzip(decompress, out, room)
		                                           : decompress_step_zstd(decompress, out, room);
		if (len)
			return (ssize_t)len;
	}
	return decompress_stop(decompress);
}

static int decompress_close(void *cookie)
{
	struct decompress *decompress = cookie;
	if (decompress->form == FORM_GZIP)
		inflateEnd(&decompress->zlib);
	ZSTD_freeDStream(decompress->zstd);
	int result = decompress->file ? fclose(decompress->file) : 0;
	free(decompress->input);
	free(decompress);
	return result;
}

static enum decompress_form decompress_recognise(struct slice start)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	if (slice_starts_with(start, slice_of(gzip, sizeof gzip)))
		return FORM_GZIP;
	return slice_starts_with(start, slice_of(zstd, sizeof zstd)) ? FORM_ZSTD : FORM_PLAIN;
}

static bool decompress_begin(struct decompress *decompress)
{
	while (decompress->len < DECOMPRESS_MAGIC && decompress_read_more(decompress))
		;
	enum decompress_form form = decompress_recognise(slice_of(decompress->input, decompress->len));
	if (form == FORM_GZIP && inflateInit2(&decompress->zlib, 31) != Z_OK)
		return false;
	if (form == FORM_ZSTD && !(decompress->zstd = ZSTD_createDStream()))
		return false;
	decompress->form = form;
	return true;
}

static FILE *decompress_wrap(FILE *file)
{
	struct decompress *decompress = calloc(1, sizeof *decompress);
	uint8_t *input = malloc(DECOMPRESS_INPUT);
	if (!decompress || !input) {
		free(decompress);
		free(input);
		(void)fclose(file);
		return NULL;
	}
	*decompress = (struct decompress){.file = file, .input = input};
	const struct platform_stream functions = {
	    .read = decompress_read, .close = decompress_close, .self = decompress};
	FILE *stream = decompress_begin(decompress) ? platform_open_stream(functions) : NULL;
	if (!stream)
		decompress_close(decompress);
	return stream;
}

/* A plain file that can be sought needs nothing between it and its reader. Nothing is taken from it here. */
static bool decompress_is_needless(FILE *file)
{
	uint8_t start[DECOMPRESS_MAGIC];
	off_t at = lseek(fileno(file), 0, SEEK_CUR);
	ssize_t len = at < 0 ? -1 : pread(fileno(file), start, sizeof start, at);
	return len >= 0 && decompress_recognise(slice_of(start, (size_t)len)) == FORM_PLAIN;
}

FILE *decompress_open(FILE *file, char *room, size_t size)
{
	FILE *stream = decompress_is_needless(file) ? file : decompress_wrap(file);
	if (stream)
		setvbuf(stream, room, _IOFBF, size);
	return stream;
}
