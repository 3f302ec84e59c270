/*
 * TLS from anybody, with keys. Whatever the streams are, every byte of them is counted once: in the ledger, or in what
 * is given; it does not matter how they were cut; and nothing that was charged stays so.
 *
 * The input: two bytes of length and so many of a key log; then records, each a control byte, two bytes of length and
 * so many bytes of one side's stream.
 */
#include "tls/tls.h"

#include "tests/fuzz/demand.h"

#include <string.h>

enum {
	FROM_SERVER = 0x01,
	LOST = 0x02,  /* a hole of so many bytes, not the bytes */
	ENDS = 0x04,  /* a FIN */
	LATE = 0x08,  /* the key log comes only now */
	JOINED = 0x10 /* of the first: what was before it is not known */
};

struct taker {
	uint64_t given;
	uint64_t digest[2]; /* of what each side gave */
	bool ended[2];
	unsigned handshakes;
};

static void take_attempt(void *self, const struct attempt *attempt)
{
	(void)self, (void)attempt;
}

static bool take_opened(void *self, struct stream *stream)
{
	(void)self, (void)stream;
	return true;
}

static void take_chunk(void *self, struct stream *stream, const struct chunk *chunk)
{
	struct taker *taker = self;
	(void)stream;
	demand(!taker->ended[chunk->side]);
	if (chunk->kind == CHUNK_BYTES) {
		demand(chunk->bytes.len > 0);
		taker->given += chunk->bytes.len;
		taker->digest[chunk->side] = fnv_add(taker->digest[chunk->side], chunk->bytes.at, chunk->bytes.len);
	}
	taker->ended[chunk->side] = chunk->kind == CHUNK_FIN;
}

/* At most: that the handshake was done, and why it was of no use. */
static void take_handshake(void *self, struct stream *stream, const struct tls_handshake *handshake)
{
	struct taker *taker = self;
	(void)stream;
	demand(handshake->result == TLS_DONE ? !taker->handshakes : taker->handshakes < 2);
	demand(strlen(handshake->name) < TLS_NAME && strlen(handshake->certificate) < TLS_NAME);
	demand((handshake->result == TLS_FAILED_ALERT) == (handshake->alert != 0));
	taker->handshakes++;
}

static void take_abandoned(void *self, struct stream *stream, timestamp time)
{
	(void)self, (void)stream, (void)time;
}

static void take_closed(void *self, struct stream *stream, enum stream_end end, timestamp time)
{
	(void)self, (void)stream, (void)end, (void)time;
}

struct play {
	struct limits limits;
	struct budget budget;
	struct ledger ledger;
	struct resources resources;
	struct keylog *keylog;
	struct tls *tls;
	struct stream stream;
	struct taker taker;
	struct stream_sink above;
	uint64_t fed;
	bool ended[2];
};

static void give(struct play *play, enum chunk_kind kind, enum side side, struct slice bytes, uint64_t lost)
{
	const struct stream_sink *sink = tls_stream_sink(play->tls);
	struct chunk chunk = {.kind = kind, .side = side, .bytes = bytes, .lost = lost, .first_packet = 1, .packet = 1};
	sink->chunk(sink->self, &play->stream, &chunk);
}

static void give_bytes(struct play *play, enum side side, struct slice bytes, size_t most)
{
	play->fed += bytes.len;
	for (; bytes.len; bytes = slice_drop(bytes, most))
		give(play, CHUNK_BYTES, side, slice_take(bytes, most), 0);
}

static void play_records(struct play *play, struct slice records, struct slice keys, size_t most)
{
	bool first = true;
	while (records.len >= 3) {
		uint8_t control = records.at[0];
		enum side side = control & FROM_SERVER ? SIDE_B : SIDE_A;
		size_t len = network_read_16(records.at + 1);
		struct slice bytes = slice_take(slice_drop(records, 3), len);
		records = slice_drop(records, 3 + bytes.len);
		if (control & LATE)
			keylog_take(play->keylog, keys, true);
		if (play->ended[side])
			continue;
		if (control & LOST || (first && control & JOINED))
			give(play, CHUNK_GAP, side, slice_of(NULL, 0), first && control & JOINED ? 0 : len);
		if (!(control & LOST))
			give_bytes(play, side, bytes, most);
		if (control & ENDS)
			give(play, CHUNK_FIN, side, slice_of(NULL, 0), 0);
		play->ended[side] |= (control & ENDS) != 0;
		first = false;
	}
}

static struct taker play_all(struct slice records, struct slice keys, bool waits, size_t most)
{
	struct play play = {.limits = limits_default(), .budget = {.limit = 1 << 24}};
	play.limits.tls_search = 1 << 12; /* a hundred inputs more in each second */
	play.resources = (struct resources){&play.limits, &play.budget, &play.ledger};
	play.above = (struct stream_sink){.self = &play.taker,
	    .attempted = take_attempt,
	    .secured = take_handshake,
	    .opened = take_opened,
	    .chunk = take_chunk,
	    .abandoned = take_abandoned,
	    .closed = take_closed};
	play.keylog = keylog_new(&play.budget);
	play.tls = tls_new(&play.resources, play.keylog, &play.above);
	play.stream.number = 1;
	const struct stream_sink *sink = tls_stream_sink(play.tls);
	if (waits)
		tls_await_keys(play.tls);
	else
		keylog_take(play.keylog, keys, true);
	sink->opened(sink->self, &play.stream);
	play_records(&play, records, keys, most);
	sink->closed(sink->self, &play.stream, STREAM_END_CAPTURE, 0);
	uint64_t counted = play.taker.given;
	for (enum ledger_column column = LEDGER_COLUMN_DECODED; column <= LEDGER_COLUMN_HELD_BACK; column++)
		counted += ledger_sum(&play.ledger, column);
	demand(counted == play.fed);
	keylog_free(play.keylog);
	tls_free(play.tls);
	demand(play.budget.used == 0);
	return play.taker;
}

/* Behind what cannot be read, where it goes on is searched chunk by chunk: then the cuts may matter. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	struct slice input = slice_of(data, size);
	bool waits = data[0] & 1;
	size_t most = 1 + data[0] / 2;
	input = slice_drop(input, 1);
	struct slice keys = slice_take(slice_drop(input, 2), network_read_16(input.at));
	struct slice records = slice_drop(input, 2 + keys.len);
	bool whole = true;
	for (struct slice rest = records; rest.len >= 3;) {
		whole &= !(rest.at[0] & (LOST | JOINED));
		rest = slice_drop(rest, 3 + (size_t)network_read_16(rest.at + 1));
	}
	struct taker once = play_all(records, keys, waits, SIZE_MAX), cut = play_all(records, keys, waits, most);
	demand(
	    !whole || (once.given == cut.given && once.digest[0] == cut.digest[0] && once.digest[1] == cut.digest[1]));
	return 0;
}
