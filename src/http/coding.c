/* Content codings, undone by their libraries. */
#include "http/coding.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { CODING_STEP = 16 << 10, CODING_DEPTH = 4 };

/* Room for the next step of output; how much there is in *room. False when the buffer has reached its limit. */
static bool coding_make_room(struct buffer *out, size_t *room)
{
	if (!buffer_reserve(out, CODING_STEP) && !buffer_reserve(out, out->limit - out->len))
		out->truncated = true;
	*room = out->room - out->len;
	if (*room > out->limit - out->len)
		*room = out->limit - out->len;
	out->truncated |= *room == 0;
	return *room > 0;
}

/* What is not well-formed, or what there was no memory for: that is counted. */
static enum coding_result coding_fail(struct buffer *out, bool lacks_memory)
{
	if (lacks_memory)
		budget_note_refusal(out->budget);
	return CODING_BAD;
}

/* ---- zlib */

static enum coding_result coding_run_zlib(z_stream *zlib, struct buffer *out)
{
	int result = Z_OK;
	size_t room;
	while (result == Z_OK) {
		if (!coding_make_room(out, &room))
			return CODING_CUT;
		zlib->next_out = out->at + out->len;
		zlib->avail_out = (uInt)(room < UINT32_MAX ? room : UINT32_MAX);
		uInt before = zlib->avail_out;
		result = inflate(zlib, Z_NO_FLUSH);
		out->len += before - zlib->avail_out;
		if (result == Z_BUF_ERROR || (result == Z_OK && zlib->avail_in == 0 && zlib->avail_out))
			return CODING_CUT;
	}
	return result == Z_STREAM_END ? CODING_DONE : coding_fail(out, result == Z_MEM_ERROR);
}

/* `window` as inflateInit2 has it: 31 gzip, 15 zlib, -15 raw. */
static enum coding_result coding_inflate(struct slice coded, int window, struct buffer *out)
{
	z_stream zlib = {0};
	if (coded.len > UINT32_MAX)
		return CODING_BAD;
	if (inflateInit2(&zlib, window) != Z_OK)
		return coding_fail(out, true);
	zlib.next_in = (Bytef *)coded.at;
	zlib.avail_in = (uInt)coded.len;
	enum coding_result result = coding_run_zlib(&zlib, out);
	inflateEnd(&zlib);
	return result;
}

static enum coding_result coding_undo_gzip(struct slice coded, struct buffer *out)
{
	return coding_inflate(coded, 31, out);
}

/* `deflate` is the zlib format (RFC 9110 §8.4.1.2); some send the raw one. */
static enum coding_result coding_undo_deflate(struct slice coded, struct buffer *out)
{
	size_t before = out->len;
	enum coding_result result = coding_inflate(coded, 15, out);
	if (result != CODING_BAD || out->len != before)
		return result;
	return coding_inflate(coded, -15, out);
}

/* ---- brotli, zstd */

static bool coding_brotli_lacks_memory(const BrotliDecoderState *state)
{
	BrotliDecoderErrorCode error = BrotliDecoderGetErrorCode(state);
	return error <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
	       error >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

static enum coding_result coding_run_brotli(BrotliDecoderState *state, struct slice coded, struct buffer *out)
{
	size_t room, coded_left = coded.len;
	const uint8_t *next = coded.at;
	BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
	while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
		if (!coding_make_room(out, &room))
			return CODING_CUT;
		size_t left = room;
		uint8_t *at = out->at + out->len;
		result = BrotliDecoderDecompressStream(state, &coded_left, &next, &left, &at, NULL);
		out->len += room - left;
	}
	if (result == BROTLI_DECODER_RESULT_SUCCESS)
		return CODING_DONE;
	return result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT ? CODING_CUT
	                                                        : coding_fail(out, coding_brotli_lacks_memory(state));
}

static enum coding_result coding_undo_brotli(struct slice coded, struct buffer *out)
{
	BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	if (!state)
		return coding_fail(out, true);
	enum coding_result result = coding_run_brotli(state, coded, out);
	BrotliDecoderDestroyInstance(state);
	return result;
}

static enum coding_result coding_run_zstd(ZSTD_DStream *stream, struct slice coded, struct buffer *out)
{
	ZSTD_inBuffer in = {coded.at, coded.len, 0};
	size_t room, result = 1;
	while (result != 0) {
		if (!coding_make_room(out, &room))
			return CODING_CUT;
		ZSTD_outBuffer step = {out->at + out->len, room, 0};
		result = ZSTD_decompressStream(stream, &step, &in);
		out->len += step.pos;
		if (ZSTD_isError(result))
			return coding_fail(out, ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation);
		if (result != 0 && in.pos == in.size && step.pos < step.size)
			return CODING_CUT;
	}
	return CODING_DONE;
}

/* RFC 9659 §3 holds windows for HTTP under 8 MB: so much memory a hostile frame may ask for. */
static enum coding_result coding_undo_zstd(struct slice coded, struct buffer *out)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	if (!stream)
		return coding_fail(out, true);
	ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 23);
	enum coding_result result = coding_run_zstd(stream, coded, out);
	ZSTD_freeDStream(stream);
	return result;
}

/* ---- by name */

typedef enum coding_result coding_undo(struct slice coded, struct buffer *out);

static const struct {
	const char *name;
	coding_undo *undo;
} coding_names[] = {
    {"gzip", coding_undo_gzip},
    {"x-gzip", coding_undo_gzip},
    {"deflate", coding_undo_deflate},
    {"br", coding_undo_brotli},
    {"zstd", coding_undo_zstd},
};

static coding_undo *coding_named(struct slice name)
{
	for (size_t i = 0; i < sizeof coding_names / sizeof *coding_names; i++)
		if (slice_equals_nocase(name, coding_names[i].name))
			return coding_names[i].undo;
	return NULL;
}

/* The codings that do something, in the order in which they were applied; false when there are too many. */
static bool coding_read_names(struct slice list, struct slice names[CODING_DEPTH], size_t *count)
{
	for (*count = 0; list.len;) {
		struct slice name = slice_trim(slice_take_until(&list, ','));
		if (!name.len || slice_equals_nocase(name, "identity"))
			continue;
		if (*count == CODING_DEPTH)
			return false;
		names[(*count)++] = name;
	}
	return true;
}

bool coding_is_identity(struct slice codings)
{
	struct slice names[CODING_DEPTH];
	size_t count;
	return coding_read_names(codings, names, &count) && count == 0;
}

static enum coding_result coding_undo_named(struct slice name, struct slice coded, struct buffer *out)
{
	coding_undo *undo = coding_named(name);
	return undo ? undo(coded, out) : CODING_UNKNOWN;
}

enum coding_result coding_decode(struct slice codings, struct slice coded, struct buffer *out)
{
	struct slice names[CODING_DEPTH];
	struct buffer between[2];
	size_t count;
	if (!coding_read_names(codings, names, &count))
		return CODING_BAD;
	if (count == 0)
		return buffer_append(out, coded) ? CODING_DONE : CODING_CUT;
	buffer_init(&between[0], out->limit, out->budget);
	buffer_init(&between[1], out->limit, out->budget);
	enum coding_result result = CODING_DONE;
	for (; count > 1 && result == CODING_DONE; count--) {
		struct buffer *step = &between[count % 2];
		buffer_clear(step);
		result = coding_undo_named(names[count - 1], coded, step);
		coded = buffer_slice(step);
	}
	if (result == CODING_DONE)
		result = coding_undo_named(names[0], coded, out);
	buffer_free(&between[0]);
	buffer_free(&between[1]);
	return result;
}
