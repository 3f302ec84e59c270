/*
 * A connection from anybody, HTTP/2 in the first place. Whatever its streams are, every byte of them is counted once in
 * the ledger; as long as frames can be read, it does not matter how they were cut; each exchange that is asked is
 * answered, each WebSocket that is opened is closed; and nothing that was charged stays so.
 *
 * The input, as that of `pipeline`: one byte, the length of pieces in the second run; then records, each a control
 * byte, two bytes of length and so many bytes of one side's stream.
 */
#include "base/hash.h"
#include "http/connection.h"
#include "tests/fuzz/demand.h"

enum {
	FROM_SERVER = 0x01,
	ENDS = 0x08,   /* a FIN */
	LATER = 0x10,  /* with ENDS, a RST instead */
	LOST = 0x40,   /* a hole of so many bytes, not the bytes */
	JOINED = 0x80, /* of the first: what was before it is not known */
};

struct play {
	struct limits limits;
	struct budget budget;
	struct ledger ledger;
	struct resources resources;
	struct http *http;
	struct stream stream;
	uint64_t packets;
	bool ended[2];
	uint64_t digest; /* of what the sink is given */
	uint64_t asked, answered, opened, closed;
	bool disturbed;
};

static void note(struct play *play, const char *what, uint64_t number, struct slice text)
{
	play->digest = fnv_add(play->digest, what, strlen(what));
	play->digest = fnv_add(play->digest, &number, sizeof number);
	play->digest = fnv_add(play->digest, text.at, text.len);
}

static void take_attempt(void *self, const struct attempt *attempt)
{
	(void)self, (void)attempt;
}

static bool sink_wants(void *self, struct slice target)
{
	(void)self;
	return slice_find(target, SLICE("EIO=")) < target.len;
}

static struct target *sink_read_target(void *self, struct slice text)
{
	struct play *play = self;
	(void)text;
	return budget_new(&play->budget, 1);
}

static bool sink_wants_document(void *self, struct slice target)
{
	(void)self;
	return slice_ends_with(target, SLICE("js"));
}

static void sink_document(void *self, struct slice target, struct slice codings, struct slice body)
{
	note(self, "document", codings.len, target);
	note(self, "body", body.len, body);
}

static void sink_request(void *self, struct connection *connection, struct exchange *exchange)
{
	struct play *play = self;
	demand(exchange->wanted && connection->oldest);
	play->asked++;
	note(play, "request", exchange->request.origin.stream, exchange->request.head.bytes);
	note(play, "body", exchange->request.body_bytes, buffer_slice(&exchange->request.body));
}

static void sink_answer(void *self, struct connection *connection, struct exchange *exchange)
{
	struct play *play = self;
	demand(exchange->wanted && exchange->request.given != TIMESTAMP_NONE && !connection->is_websocket);
	demand(exchange->decided != TIMESTAMP_NONE);
	play->answered++;
	note(play, "answer", (uint64_t)exchange->status, exchange->answer.head.bytes);
	note(play, "body", exchange->answer.body_bytes, buffer_slice(&exchange->answer.body));
}

static bool sink_open(
    void *self, struct connection *connection, const struct passage *passage, struct exchange *exchange)
{
	struct play *play = self;
	(void)passage;
	demand(exchange->wanted && connection->is_websocket);
	play->answered++;
	play->opened++;
	connection->user = play;
	note(play, "open", (uint64_t)exchange->status, exchange->request.head.target);
	return true;
}

static bool sink_message(
    void *self, struct connection *connection, const struct passage *passage, const struct message *message)
{
	struct play *play = self;
	demand(connection->is_websocket);
	note(play, "message", passage->origin.stream, message->payload);
	return true;
}

static void sink_control(void *self, struct connection *connection, timestamp time)
{
	(void)self, (void)time;
	demand(connection->is_websocket);
}

static void sink_time(void *self, struct connection *connection, timestamp time)
{
	(void)self, (void)connection, (void)time;
}

static void sink_close(void *self, struct connection *connection)
{
	struct play *play = self;
	play->closed += connection->user != NULL;
	connection->user = NULL;
}

static void sink_gap(void *self, struct connection *connection, const struct passage *passage, uint64_t lost,
    bool beginning, const char *text)
{
	struct play *play = self;
	(void)connection, (void)passage, (void)beginning, (void)text;
	note(play, "gap", lost, slice_of(NULL, 0));
}

static void sink_malformed(void *self, struct connection *connection, const struct passage *passage, const char *layer,
    const char *why, bool incomplete)
{
	struct play *play = self;
	(void)connection, (void)passage, (void)layer, (void)incomplete;
	demand(why);
	play->disturbed = true;
}

static void sink_ended(
    void *self, struct connection *connection, const struct passage *passage, const struct chunk *chunk)
{
	(void)connection;
	note(self, "ended", passage->origin.stream, slice_of(&chunk->kind, sizeof chunk->kind));
}

static void give(struct play *play, enum chunk_kind kind, enum side side, struct slice bytes, uint64_t lost)
{
	const struct stream_sink *sink = http_stream_sink(play->http);
	struct chunk chunk = {.kind = kind,
	    .side = side,
	    .bytes = bytes,
	    .lost = lost,
	    .first_packet = ++play->packets,
	    .packet = play->packets,
	    .time = (timestamp)play->packets};
	play->stream.seen[side] = true;
	play->ledger.captured += bytes.len;
	sink->chunk(sink->self, &play->stream, &chunk);
}

static void play_record(struct play *play, uint8_t control, struct slice bytes, size_t most, bool first)
{
	enum side side = control & FROM_SERVER ? SIDE_B : SIDE_A;
	bool resets = control & ENDS && control & LATER;
	if (play->ended[side])
		return;
	if (control & LOST || (first && control & JOINED)) {
		give(play, CHUNK_GAP, side, slice_of(NULL, 0), first && control & JOINED ? 0 : bytes.len);
		play->disturbed = true;
	}
	for (; bytes.len && !(control & LOST); bytes = slice_drop(bytes, most))
		give(play, CHUNK_BYTES, side, slice_take(bytes, most), 0);
	if (control & ENDS)
		give(play, resets ? CHUNK_RST : CHUNK_FIN, side, slice_of(NULL, 0), 0);
	play->ended[side] |= (control & ENDS) != 0;
	play->ended[side_other(side)] |= resets;
}

static struct play play_all(struct slice records, size_t most)
{
	struct play play = {.limits = limits_default(), .budget = {.limit = 1 << 24}, .digest = FNV_START};
	struct http_sink sink = {.self = &play,
	    .attempted = take_attempt,
	    .wants = sink_wants,
	    .read_target = sink_read_target,
	    .wants_document = sink_wants_document,
	    .document = sink_document,
	    .request = sink_request,
	    .answer = sink_answer,
	    .websocket_opened = sink_open,
	    .message = sink_message,
	    .control = sink_control,
	    .websocket_refused = sink_time,
	    .websocket_closed = sink_close,
	    .gap = sink_gap,
	    .malformed = sink_malformed,
	    .ended = sink_ended};
	play.limits.pipelined = 16;
	play.resources = (struct resources){&play.limits, &play.budget, &play.ledger};
	play.http = http_new(&play.resources, &sink);
	play.stream.number = 1;
	const struct stream_sink *streams = http_stream_sink(play.http);
	demand(streams->opened(streams->self, &play.stream));
	for (bool first = true; records.len >= 3; first = false) {
		uint8_t control = records.at[0];
		struct slice bytes = slice_take(slice_drop(records, 3), records.at[1] | (size_t)records.at[2] << 8);
		records = slice_drop(records, 3 + bytes.len);
		play_record(&play, control, bytes, most, first);
	}
	streams->closed(streams->self, &play.stream, STREAM_END_CAPTURE, (timestamp)play.packets);
	play.disturbed |= play.ledger.entries[LEDGER_BROKEN].items > 0 || !http_counts(play.http)->http2.connections;
	http_free(play.http);
	demand(ledger_adds_up(&play.ledger));
	demand(play.asked == play.answered);
	demand(play.opened <= play.closed);
	demand(play.budget.used == 0);
	return play;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	struct slice records = slice_of(data + 1, size - 1);
	struct play once = play_all(records, SIZE_MAX), cut = play_all(records, 1 + data[0] % 64);
	demand(once.disturbed || cut.disturbed || once.digest == cut.digest);
	return 0;
}
