/* gzip and zstd, told by their magic numbers, behind a stdio stream. */
#include "source/decompress.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <zlib.h>
#include <zstd.h>

enum { DECOMPRESS_INPUT = 256 << 10, DECOMPRESS_OUTPUT = 256 << 10 };

enum decompress_form { FORM_PLAIN, FORM_GZIP, FORM_ZSTD };

struct decompress {
	FILE *file;
	enum decompress_form form;
	z_stream zlib;
	ZSTD_DStream *zstd;
	uint8_t *input;
	size_t at, len; /* of `input`, what has not been used */
	bool ended;     /* a whole compressed stream was read; another may follow */
};

static bool decompress_fill(struct decompress *decompress)
{
	if (decompress->at < decompress->len)
		return true;
	decompress->at = 0;
	decompress->len = fread(decompress->input, 1, DECOMPRESS_INPUT, decompress->file);
	return decompress->len > 0;
}

static ssize_t decompress_read_plain(struct decompress *decompress, char *out, size_t room)
{
	size_t len = decompress->len - decompress->at;
	len = len < room ? len : room;
	memcpy(out, decompress->input + decompress->at, len);
	decompress->at += len;
	return (ssize_t)len;
}

/* One step; how many bytes came out, or -1 where the input is broken. */
static ssize_t decompress_step_gzip(struct decompress *decompress, char *out, size_t room)
{
	z_stream *zlib = &decompress->zlib;
	if (decompress->ended && inflateReset(zlib) != Z_OK)
		return -1;
	zlib->next_in = decompress->input + decompress->at;
	zlib->avail_in = (uInt)(decompress->len - decompress->at);
	zlib->next_out = (Bytef *)out;
	zlib->avail_out = (uInt)room;
	int result = inflate(zlib, Z_NO_FLUSH);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return -1;
	decompress->at = decompress->len - zlib->avail_in;
	decompress->ended = result == Z_STREAM_END;
	return (ssize_t)(room - zlib->avail_out);
}

static ssize_t decompress_step_zstd(struct decompress *decompress, char *out, size_t room)
{
	ZSTD_inBuffer in = {decompress->input, decompress->len, decompress->at};
	ZSTD_outBuffer step = {out, room, 0};
	size_t result = ZSTD_decompressStream(decompress->zstd, &step, &in);
	if (ZSTD_isError(result))
		return -1;
	decompress->at = in.pos;
	decompress->ended = result == 0;
	return (ssize_t)step.pos;
}

/* 0 is a good end. Bytes behind a whole stream that begin no other one are padding, as gzip(1) has it. */
static ssize_t decompress_stop(const struct decompress *decompress)
{
	if ((decompress->ended || decompress->form == FORM_PLAIN) && !ferror(decompress->file))
		return 0;
	errno = EBADMSG;
	return -1;
}

static ssize_t decompress_read(void *cookie, char *out, size_t room)
{
	struct decompress *decompress = cookie;
	while (decompress_fill(decompress)) {
		if (decompress->form == FORM_PLAIN)
			return decompress_read_plain(decompress, out, room);
		ssize_t len = decompress->form == FORM_GZIP ? decompress_step_gzip(decompress, out, room)
		                                            : decompress_step_zstd(decompress, out, room);
		if (len < 0)
			break;
		if (len > 0)
			return len;
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
	decompress_fill(decompress);
	enum decompress_form form = decompress_recognise(slice_of(decompress->input, decompress->len));
	if (form == FORM_GZIP && inflateInit2(&decompress->zlib, 31) != Z_OK)
		return false;
	if (form == FORM_ZSTD && !(decompress->zstd = ZSTD_createDStream()))
		return false;
	decompress->form = form;
	return true;
}

static FILE *decompress_stream(struct decompress *decompress)
{
	cookie_io_functions_t functions = {.read = decompress_read, .close = decompress_close};
	FILE *stream = fopencookie(decompress, "r", functions);
	if (stream)
		setvbuf(stream, NULL, _IOFBF, DECOMPRESS_OUTPUT);
	return stream;
}

/* A plain file that can be sought needs nothing between it and its reader. */
static FILE *decompress_unwrap(struct decompress *decompress)
{
	if (decompress->form != FORM_PLAIN || fseeko(decompress->file, 0, SEEK_SET) != 0)
		return NULL;
	FILE *file = decompress->file;
	decompress->file = NULL;
	decompress_close(decompress);
	return file;
}

FILE *decompress_open(FILE *file)
{
	struct decompress *decompress = calloc(1, sizeof *decompress);
	uint8_t *input = malloc(DECOMPRESS_INPUT);
	if (!decompress || !input) {
		free(decompress);
		free(input);
		fclose(file);
		return NULL;
	}
	setvbuf(file, NULL, _IOFBF, DECOMPRESS_INPUT);
	*decompress = (struct decompress){.file = file, .input = input};
	FILE *stream = NULL;
	if (decompress_begin(decompress)) {
		stream = decompress_unwrap(decompress);
		if (!stream)
			stream = decompress_stream(decompress);
	}
	if (!stream)
		decompress_close(decompress);
	return stream;
}
