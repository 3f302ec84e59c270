/* permessage-deflate undone by zlib: see inflater.h. */
#include "http/inflater.h"

#include <limits.h>

enum {
	/* Always the largest: it reads every smaller one (a window of 8 bits, too, which zlib itself would refuse), and
	 * whether a distance is refused does not depend on the pieces in which a message comes. */
	WINDOW_BITS = 15,
	STATE_SIZE = 8 * 1024, /* of zlib beside the window, somewhat rounded up */
	CHARGE = STATE_SIZE + (1 << WINDOW_BITS),
	WASTE_TIMES = 8,
	USUAL_RATIO = 4, /* of JSON */
	FEWEST = 256,
	PIECE = 1024 * 1024,
	SCRATCH = 16 * 1024,
	AT_BLOCK_START = 128, /* in zlib's data_type */
};

void inflater_init(struct inflater *inflater, bool takes_over, struct budget *budget)
{
	*inflater = (struct inflater){.takes_over = takes_over, .budget = budget};
}

void inflater_free(struct inflater *inflater)
{
	if (!inflater->made)
		return;
	inflateEnd(&inflater->zlib);
	budget_give(inflater->budget, CHARGE);
	inflater->made = false;
}

static bool make(struct inflater *inflater)
{
	if (!budget_take(inflater->budget, CHARGE))
		return false;
	inflater->zlib = (z_stream){0};
	inflater->made = inflateInit2(&inflater->zlib, -WINDOW_BITS) == Z_OK;
	if (!inflater->made) {
		budget_give(inflater->budget, CHARGE);
		budget_note_refusal(inflater->budget);
	}
	return inflater->made;
}

bool inflater_begin_message(struct inflater *inflater)
{
	bool fresh = !inflater->takes_over || inflater->failed;
	inflater->any = inflater->final = inflater->failed = false;
	inflater->thrown_away = 0;
	if (inflater->made && fresh)
		inflateReset(&inflater->zlib);
	inflater->failed = !inflater->made && !make(inflater);
	return !inflater->failed;
}

/* Takes what zlib's input gives with the room there is; false when it is no deflate data. */
static bool inflate_some(struct inflater *inflater)
{
	z_stream *zlib = &inflater->zlib;
	uInt offered = zlib->avail_in;
	int result = inflate(zlib, Z_SYNC_FLUSH);
	if (result == Z_MEM_ERROR) /* of the window, which it makes late */
		budget_note_refusal(inflater->budget);
	if (result == Z_STREAM_END || zlib->avail_in < offered)
		inflater->final = result == Z_STREAM_END;
	/* After a final block the message may go on (RFC 7692 §7.2.3.4), and may refer back beyond it: this reset,
	 * other than inflateReset, keeps the window. */
	if (result == Z_STREAM_END)
		result = inflateResetKeep(zlib);
	return result == Z_OK || result == Z_BUF_ERROR;
}

static bool inflate_into(struct inflater *inflater, uint8_t *room, size_t size, size_t *written)
{
	z_stream *zlib = &inflater->zlib;
	uInt offered = size < UINT_MAX ? (uInt)size : UINT_MAX;
	zlib->next_out = room;
	zlib->avail_out = offered;
	bool good = inflate_some(inflater);
	*written = offered - zlib->avail_out;
	return good;
}

static size_t room_left(const struct buffer *out)
{
	size_t room = out->room < out->limit ? out->room : out->limit;
	return out->len < room ? room - out->len : 0;
}

/* Room at the end of `out`, for what `coded` bytes may come to; 0 when it takes no more. */
static size_t make_room(struct buffer *out, size_t coded)
{
	size_t allowed = out->len < out->limit ? out->limit - out->len : 0;
	size_t guess = FEWEST + coded * USUAL_RATIO + out->len / 4;
	if (!room_left(out) && allowed)
		buffer_reserve(out, guess < allowed ? guess : allowed);
	return room_left(out);
}

static bool throw_away(struct inflater *inflater, const struct buffer *out, bool *truncated)
{
	uint8_t scratch[SCRATCH];
	size_t written;
	bool good = inflate_into(inflater, scratch, sizeof scratch, &written);
	inflater->thrown_away += written;
	*truncated |= written > 0;
	return good && inflater->thrown_away / WASTE_TIMES <= out->limit;
}

/* One step with what is left of zlib's input. */
static bool inflate_step(struct inflater *inflater, struct buffer *out, bool *truncated)
{
	size_t room = *truncated ? 0 : make_room(out, inflater->zlib.avail_in), written;
	if (!room)
		return throw_away(inflater, out, truncated);
	bool good = inflate_into(inflater, out->at + out->len, room, &written);
	out->len += written;
	return good;
}

void inflater_add(struct inflater *inflater, struct slice bytes, struct buffer *out, bool *truncated)
{
	z_stream *zlib = &inflater->zlib;
	while (bytes.len && !inflater->failed) {
		struct slice part = slice_take(bytes, PIECE);
		bytes = slice_drop(bytes, part.len);
		zlib->next_in = (z_const Bytef *)part.at;
		zlib->avail_in = (uInt)part.len;
		inflater->any = true;
		do
			inflater->failed = !inflate_step(inflater, out, truncated);
		while (!inflater->failed && (zlib->avail_in || !zlib->avail_out));
	}
}

bool inflater_end_message(struct inflater *inflater)
{
	static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff}; /* left out by the sender, RFC 7692 §7.2.1 */
	uint8_t none[1];
	size_t written;
	/* Nothing at all, or a final block and nothing behind it: not as the RFC has it, but plain enough. */
	if (inflater->failed || !inflater->any || inflater->final)
		return !inflater->failed;
	inflater->zlib.next_in = (z_const Bytef *)tail;
	inflater->zlib.avail_in = sizeof tail;
	inflater->failed = !inflate_into(inflater, none, sizeof none, &written) || written > 0 ||
	                   !(inflater->zlib.data_type & AT_BLOCK_START);
	return !inflater->failed;
}

void inflater_lose_context(struct inflater *inflater)
{
	inflater->failed = true;
}
