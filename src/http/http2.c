/* Frames of a connection go to their streams. */
#include "http/http2.h"

#include "http/http2_frame.h"
#include "http/http2_stream.h"

#include <utlist.h>

enum {
	SETTING_HEADER_TABLE_SIZE = 1,
	UPGRADED_STREAM = 1,
	HTTP2_GOAWAYS = 16, /* of one direction that are heeded; servers send two (RFC 9113 §6.8) */
};

/* A direction. */
struct http2_half {
	struct http2_reader reader;
	struct http2_fields *fields;
	struct passage first;  /* in which the frame under way began */
	uint64_t uncounted;    /* bytes of it that the ledger does not have yet */
	bool begins_body;      /* the next piece of DATA is the first of its frame */
	bool lost;             /* where a frame begins is not known */
	bool missed;           /* bytes were lost, or its beginning was: streams may be unknown */
	uint32_t block_stream; /* whose header block is under way; 0: none */
	bool block_ends;       /* and ends the stream's direction */
	bool block_is_cut;     /* a part of it was not captured: its rest cannot be read */
	bool block_is_pushed;  /* of PUSH_PROMISE */
	struct passage block_first;
	unsigned goaways;                    /* that were heeded */
	uint32_t goaway_last, goaway_reason; /* what the last of them said */
};

struct http2 {
	const struct resources *resources;
	const struct http_sink *sink;
	struct connection *connection;
	struct http2_counts *counts;
	struct http2_half halves[2];  /* by direction */
	struct http2_stream *streams; /* in the order in which they were opened */
	uint32_t newest;              /* stream that the client opened */
	struct http2_stream *left;    /* those that the client left, unanswered: in the order of that */
	bool ended[2];                /* by direction */
	uint64_t overhead;            /* bytes of frames of the connection itself: not in the ledger yet */
	bool is_wanted;
};

bool http2_is_wanted(const struct http2 *http2)
{
	return http2->is_wanted;
}

/* Heads of streams may have been lost. */
static bool http2_missed(const struct http2 *http2)
{
	return http2->halves[0].missed || http2->halves[1].missed;
}

/* ---- streams */

static struct http2_stream *http2_find(const struct http2 *http2, uint32_t number)
{
	struct http2_stream *stream;
	HASH_FIND(hh, http2->streams, &number, sizeof number, stream);
	return stream;
}

/* A passage as a stream has it. */
static struct passage http2_passage(const struct passage *passage, uint32_t number)
{
	struct passage on_stream = *passage;
	on_stream.origin.stream = number;
	return on_stream;
}

static void http2_drop(struct http2 *http2, struct http2_stream *stream)
{
	bool is_unknown = !stream->begun[DIRECTION_TO_SERVER] && !stream->is_wanted;
	ledger_add(http2->resources->ledger, LEDGER_HTTP2, 0, is_unknown);
	if (stream->is_left)
		DL_DELETE(http2->left, stream);
	HASH_DEL(http2->streams, stream);
	http2_stream_free(stream);
}

/* As many as nobody opens at once: one is given up, if there is one of which nothing but the answer was captured, or
 * the oldest. */
static void http2_give_up_oldest(struct http2 *http2, const struct passage *passage)
{
	struct http2_stream *oldest = http2->streams;
	while (oldest && (oldest->begun[DIRECTION_TO_SERVER] || !oldest->ended[DIRECTION_TO_CLIENT]))
		oldest = oldest->hh.next;
	ledger_note_limit(http2->resources->ledger, LIMIT_PIPELINED, !oldest);
	oldest = oldest ? oldest : http2->streams;
	const struct passage on_stream = http2_passage(passage, oldest->number);
	http2_stream_finish(oldest, &on_stream, EXCHANGE_LOST);
	http2_drop(http2, oldest);
}

/* NULL: no memory. */
static struct http2_stream *http2_open(struct http2 *http2, const struct passage *passage, uint32_t number)
{
	if (HASH_COUNT(http2->streams) >= http2->resources->limits->pipelined)
		http2_give_up_oldest(http2, passage);
	struct http2_stream *stream = http2_stream_new(http2->resources, http2->sink, http2->connection, number);
	if (!stream)
		return NULL;
	HASH_ADD(hh, http2->streams, number, sizeof stream->number, stream);
	if (!hash_has(stream)) {
		http2_stream_free(stream);
		return NULL;
	}
	http2->counts->streams++;
	if (passage->direction == DIRECTION_TO_SERVER && number > http2->newest)
		http2->newest = number;
	return stream;
}

/* The stream of a frame, which a `head` may open. Where heads may have been lost it may be one that is not known. NULL:
 * it is over, or there is no memory. */
static struct http2_stream *http2_reach(struct http2 *http2, const struct passage *passage, uint32_t number, bool head)
{
	struct http2_stream *stream = http2_find(http2, number);
	/* An answer may be captured before its request. */
	bool is_new = head && number % 2 && number > http2->newest;
	if (!stream && (http2_missed(http2) || is_new))
		stream = http2_open(http2, passage, number);
	if (stream) {
		stream->shown.facts.doubtful = http2->connection->facts.doubtful;
		stream->shown.facts.process = http2->connection->facts.process;
		stream->shown.queued = http2->connection->queued;
	}
	return stream;
}

/* What frames did to a stream may have ended it. */
static void http2_settle(struct http2 *http2, struct http2_stream *stream)
{
	http2->is_wanted |= stream->is_wanted;
	stream->shown.queued = 0;
	if (stream->is_over)
		http2_drop(http2, stream);
}

/* ---- the ledger */

static enum ledger_reason http2_reason(const struct http2 *http2, uint32_t number, const struct http2_stream *stream)
{
	if (!stream && number % 2 == 0)
		return LEDGER_OTHER_HTTP; /* pushed */
	if (!stream)
		return http2_missed(http2) ? LEDGER_HTTP2 : LEDGER_BEHIND_END;
	if (stream->is_wanted)
		return LEDGER_DECODED;
	return stream->begun[DIRECTION_TO_SERVER] ? LEDGER_OTHER_HTTP : LEDGER_HTTP2;
}

/* The bytes that were taken so far are those of a frame, but for `apart`. */
static void http2_count(
    struct http2 *http2, struct http2_half *half, uint32_t number, const struct http2_stream *stream, size_t apart)
{
	uint64_t bytes = half->uncounted - apart;
	half->uncounted = 0;
	if (!number)
		http2->overhead += bytes;
	else
		ledger_add(http2->resources->ledger, http2_reason(http2, number, stream), bytes, 0);
}

/* ---- header blocks */

/* The client left streams unanswered, and the server answers one that the client opened later: it answers the others no
 * more. Who left earlier did so before newer streams. */
static void http2_finish_left(struct http2 *http2, const struct passage *passage, uint32_t answered)
{
	struct http2_stream *stream;
	while ((stream = http2->left) && stream->newest < answered) {
		const struct passage on_stream = http2_passage(passage, stream->number);
		http2_stream_finish(stream, &on_stream, EXCHANGE_UNANSWERED);
		http2_drop(http2, stream);
	}
}

static void http2_end_block(struct http2 *http2, const struct passage *passage, struct http2_half *half)
{
	bool to_server = passage->direction == DIRECTION_TO_SERVER;
	struct http2_head head;
	bool is_head = http2_fields_read(half->fields, to_server ? HTTP_REQUESTS : HTTP_RESPONSES, &head);
	uint32_t number = half->block_stream;
	if (!half->block_is_pushed) {
		if (!to_server)
			http2_finish_left(http2, passage, number);
		struct http2_stream *stream = http2_reach(http2, passage, number, true);
		if (stream) {
			http2_stream_take_head(stream, &half->block_first, passage, is_head ? &head : NULL);
			if (half->block_ends)
				http2_stream_end_direction(stream, passage);
		}
		http2_count(http2, half, number, stream, 0);
		if (stream)
			http2_settle(http2, stream);
	}
	half->block_stream = 0;
}

static void http2_take_fragment(
    struct http2 *http2, const struct passage *passage, struct http2_half *half, const struct http2_item *item)
{
	bool last = item->frame.flags & HTTP2_END_HEADERS;
	if (item->cut) {
		http2_fields_lose(half->fields);
		half->block_is_cut = true;
	} else if (!half->block_is_cut && !http2_fields_take(half->fields, item->payload, last) &&
	           http2_fields_is_given_up(half->fields)) {
		ledger_note_detail(http2->resources->ledger, LEDGER_HTTP2,
		    "header blocks of a connection could not be read so often that the rest of them were not tried");
	}
	if (last)
		http2_end_block(http2, passage, half);
}

static void http2_begin_block(
    struct http2 *http2, const struct passage *passage, struct http2_half *half, const struct http2_item *item)
{
	if (half->block_stream) /* it never ended (RFC 9113 §6.2 forbids that) */
		http2_fields_lose(half->fields);
	half->block_stream = item->frame.stream;
	half->block_first = half->first;
	half->block_is_cut = false;
	half->block_is_pushed = item->frame.type == HTTP2_PUSH_PROMISE;
	half->block_ends = !half->block_is_pushed && (item->frame.flags & HTTP2_END_STREAM);
	ledger_add(http2->resources->ledger, LEDGER_HTTP2_PUSHED, 0, half->block_is_pushed);
	http2_take_fragment(http2, passage, half, item);
}

static void http2_continue_block(
    struct http2 *http2, const struct passage *passage, struct http2_half *half, const struct http2_item *item)
{
	if (half->block_stream == item->frame.stream)
		http2_take_fragment(http2, passage, half, item);
	else
		http2_fields_lose(half->fields); /* its beginning was not seen */
}

/* ---- other frames */

static void http2_take_settings(struct http2 *http2, enum direction direction, const struct http2_item *item)
{
	struct http2_half *other = &http2->halves[direction_other(direction)];
	struct slice payload = item->payload;
	if (item->cut) /* it may have allowed any */
		http2_fields_allow(other->fields, HTTP2_TABLE_MOST);
	for (; payload.len >= HTTP2_SETTING_SIZE; payload = slice_drop(payload, HTTP2_SETTING_SIZE))
		if (network_read_16(payload.at) == SETTING_HEADER_TABLE_SIZE)
			http2_fields_allow(other->fields, network_read_32(payload.at + 2));
}

static void http2_reset_stream(
    struct http2 *http2, struct http2_stream *stream, const struct passage *passage, const struct stream_reset *reset)
{
	bool was_left = stream->is_left;
	http2_stream_reset(stream, passage, reset, http2->newest);
	if (stream->is_left && !was_left)
		DL_APPEND(http2->left, stream);
}

static void http2_take_reset(struct http2 *http2, const struct passage *passage, const struct http2_item *item)
{
	struct http2_stream *stream = http2_find(http2, item->frame.stream);
	if (!stream || item->cut)
		return;
	struct stream_reset reset = {
	    RESET_STREAM, passage->direction, network_read_32(item->payload.at), passage->origin.last};
	http2_reset_stream(http2, stream, passage, &reset);
}

/* Streams above the last that the server names were not and will not be processed (RFC 9113 §6.8). The others go on,
 * until the connection ends, of which the code says why. */
static void http2_take_goaway(struct http2 *http2, const struct passage *passage, const struct http2_item *item)
{
	struct http2_half *half = &http2->halves[passage->direction];
	struct http2_stream *stream, *next;
	if (item->cut || half->goaways == HTTP2_GOAWAYS)
		return;
	uint32_t last = network_read_32(item->payload.at) & INT32_MAX;
	struct stream_reset reset = {
	    RESET_GOAWAY, passage->direction, network_read_32(item->payload.at + 4), passage->origin.last};
	if (half->goaways && last == half->goaway_last && reset.code == half->goaway_reason)
		return; /* it says the same once more */
	half->goaways++;
	half->goaway_last = last;
	half->goaway_reason = reset.code;
	HASH_ITER(hh, http2->streams, stream, next)
	{
		bool is_left_out = passage->direction == DIRECTION_TO_CLIENT && stream->number > last;
		const struct passage on_stream = http2_passage(passage, stream->number);
		if (is_left_out)
			http2_reset_stream(http2, stream, &on_stream, &reset);
		else if (reset.code != HTTP2_NO_ERROR)
			http2_stream_note_reset(stream, &reset);
		http2_settle(http2, stream);
	}
}

static void http2_take_frame(
    struct http2 *http2, const struct passage *passage, struct http2_half *half, const struct http2_item *item)
{
	switch (item->frame.type) {
	case HTTP2_HEADERS:
	case HTTP2_PUSH_PROMISE:
		http2_begin_block(http2, passage, half, item);
		break;
	case HTTP2_CONTINUATION:
		http2_continue_block(http2, passage, half, item);
		break;
	case HTTP2_SETTINGS:
		http2_take_settings(http2, passage->direction, item);
		break;
	case HTTP2_RST_STREAM:
		http2_take_reset(http2, passage, item);
		break;
	case HTTP2_GOAWAY:
		http2_take_goaway(http2, passage, item);
		break;
	case HTTP2_WINDOW_UPDATE:
		http2->counts->window_updates++;
		break;
	default:
		break;
	}
	/* A block whose end is still to come is counted then. */
	if (half->block_stream)
		return;
	struct http2_stream *stream = http2_find(http2, item->frame.stream);
	http2_count(http2, half, stream ? item->frame.stream : 0, stream, 0);
	if (stream)
		http2_settle(http2, stream);
}

static void http2_take_body(
    struct http2 *http2, const struct passage *passage, struct http2_half *half, const struct http2_item *item)
{
	struct http2_stream *stream = http2_reach(http2, passage, item->frame.stream, false);
	if (stream && item->kind == HTTP2_BODY)
		http2_stream_take_body(stream, passage, item->payload, half->begins_body && http2_missed(http2));
	else if (stream && item->frame.flags & HTTP2_END_STREAM)
		http2_stream_end_direction(stream, passage);
	half->begins_body = item->kind == HTTP2_BODY_END;
	/* What a WebSocket carries is counted with its messages, early or late. */
	bool is_counted = stream && item->kind == HTTP2_BODY &&
	                  (stream->messages || http2_stream_holds(stream, passage->direction));
	http2_count(http2, half, item->frame.stream, stream, is_counted ? item->payload.len : 0);
	if (stream)
		http2_settle(http2, stream);
}

/* ---- bytes */

/* Nothing more can be read in this direction, until a frame seems to begin. */
static void http2_lose_place(struct http2 *http2, enum direction direction)
{
	struct http2_half *half = &http2->halves[direction];
	struct http2_stream *stream, *next;
	ledger_add(http2->resources->ledger, LEDGER_HTTP2, half->uncounted, 0);
	half->uncounted = 0;
	half->lost = half->missed = true;
	half->block_stream = 0;
	http2_fields_lose(half->fields);
	http2_fields_allow(http2->halves[direction_other(direction)].fields, HTTP2_TABLE_MOST); /* by lost SETTINGS */
	HASH_ITER(hh, http2->streams, stream, next)
	{
		http2_stream_lose(stream, direction, 0);
	}
}

static void http2_take_bad(struct http2 *http2, const struct passage *passage, struct slice rest)
{
	struct http2_half *half = &http2->halves[passage->direction];
	struct passage whole = *passage;
	origin_widen(&whole.origin, &half->first.origin);
	http2_lose_place(http2, passage->direction);
	ledger_add(http2->resources->ledger, LEDGER_HTTP2, rest.len, 0);
	ledger_add(http2->resources->ledger, LEDGER_BROKEN, 0, 1);
	ledger_add(http2->resources->ledger, LEDGER_UNREAD, 0, http2->is_wanted);
	if (http2->is_wanted)
		http2->sink->malformed(http2->sink->self, http2->connection, &whole, "http", half->reader.why, false);
}

void http2_take(struct http2 *http2, const struct passage *passage, struct slice bytes)
{
	struct http2_half *half = &http2->halves[passage->direction];
	struct http2_item item;
	if (half->lost && !http2_could_begin(bytes)) {
		ledger_add(http2->resources->ledger, LEDGER_HTTP2, bytes.len, 0);
		return;
	}
	if (half->lost)
		http2_reader_resync(&half->reader);
	half->lost = false;
	for (;;) {
		if (http2_is_between(&half->reader))
			half->first = *passage;
		size_t before = bytes.len;
		enum wire_result result = http2_next_item(&half->reader, &bytes, &item);
		half->uncounted += before - bytes.len;
		if (result == WIRE_BAD)
			http2_take_bad(http2, passage, bytes);
		if (result != WIRE_ITEM)
			return;
		const struct passage on_stream = http2_passage(passage, item.frame.stream);
		half->first.origin.stream = item.frame.stream;
		if (item.kind == HTTP2_FRAME)
			http2_take_frame(http2, &on_stream, half, &item);
		else
			http2_take_body(http2, &on_stream, half, &item);
	}
}

/* ---- loss and end */

bool http2_lose(struct http2 *http2, const struct passage *passage, uint64_t lost)
{
	enum direction direction = passage->direction;
	struct http2_half *half = &http2->halves[direction];
	if (half->lost)
		return http2->is_wanted;
	if (!http2_skip_lost(&half->reader, lost)) {
		http2_lose_place(http2, direction);
		return http2->is_wanted;
	}
	const struct http2_frame *frame = http2_current_frame(&half->reader);
	struct http2_stream *stream = frame->type == HTTP2_DATA ? http2_find(http2, frame->stream) : NULL;
	if (stream)
		http2_stream_lose(stream, direction, lost);
	return stream ? stream->is_wanted : http2->is_wanted;
}

void http2_give_gap(struct http2 *http2, const struct passage *passage, uint64_t lost, bool beginning, const char *text)
{
	struct http2_stream *stream, *next;
	bool given = false;
	HASH_ITER(hh, http2->streams, stream, next)
	{
		if (!stream->is_wanted)
			continue;
		const struct passage on_stream = http2_passage(passage, stream->number);
		http2->sink->gap(http2->sink->self, &stream->shown, &on_stream, lost, beginning, text);
		given = true;
	}
	if (!given)
		http2->sink->gap(http2->sink->self, http2->connection, passage, lost, beginning, text);
}

bool http2_end(struct http2 *http2, const struct passage *passage, const struct chunk *chunk)
{
	struct http2_stream *stream, *next;
	bool given = false;
	HASH_ITER(hh, http2->streams, stream, next)
	{
		struct passage server_end = http2_passage(passage, stream->number);
		server_end.direction = DIRECTION_TO_CLIENT;
		given |= http2_stream_is_open(stream);
		const struct passage on_stream = http2_passage(passage, stream->number);
		http2_stream_end(stream, &on_stream, chunk);
		if (http2->ended[DIRECTION_TO_CLIENT] && !stream->is_over) /* it was asked behind the server's end */
			http2_stream_finish(stream, &server_end, EXCHANGE_UNANSWERED);
		http2_settle(http2, stream);
	}
	http2->ended[passage->direction] = true;
	return given;
}

void http2_finish(struct http2 *http2, const struct passage *passage, enum exchange_state state)
{
	struct http2_stream *stream, *next;
	HASH_ITER(hh, http2->streams, stream, next)
	{
		const struct passage on_stream = http2_passage(passage, stream->number);
		http2_stream_finish(stream, &on_stream, state);
		http2_drop(http2, stream);
	}
}

/* ---- the connection */

void http2_free(struct http2 *http2)
{
	struct http2_stream *stream, *next;
	if (!http2)
		return;
	HASH_ITER(hh, http2->streams, stream, next)
	{
		http2_drop(http2, stream);
	}
	for (int i = 0; i < 2; i++) {
		http2->overhead += http2->halves[i].uncounted;
		http2_reader_free(&http2->halves[i].reader);
		http2_fields_free(http2->halves[i].fields);
	}
	ledger_add(http2->resources->ledger, http2->is_wanted ? LEDGER_DECODED : LEDGER_OTHER_HTTP, http2->overhead, 0);
	budget_release(http2);
}

static bool http2_adopt(struct http2 *http2, struct exchange *exchange)
{
	const struct passage nowhere = {.direction = DIRECTION_TO_SERVER};
	struct http2_stream *stream = exchange ? http2_open(http2, &nowhere, UPGRADED_STREAM) : NULL;
	if (!stream) {
		exchange_free(exchange);
		return !exchange;
	}
	http2_stream_adopt(stream, exchange);
	http2->is_wanted = stream->is_wanted;
	return true;
}

struct http2 *http2_new(const struct resources *resources, const struct http_sink *sink, struct connection *connection,
    const struct http2_start *start, struct http2_counts *counts)
{
	struct http2 *http2 = budget_new(resources->budget, sizeof *http2);
	if (!http2) {
		exchange_free(start->upgraded);
		return NULL;
	}
	*http2 = (struct http2){.resources = resources, .sink = sink, .connection = connection, .counts = counts};
	bool has_memory = true;
	for (enum direction direction = DIRECTION_TO_SERVER; direction <= DIRECTION_TO_CLIENT; direction++) {
		struct http2_half *half = &http2->halves[direction];
		http2_reader_init(
		    &half->reader, start->has_preface && direction == DIRECTION_TO_SERVER, resources->budget);
		half->fields = http2_fields_new(resources->budget);
		half->begins_body = true;
		half->lost = half->missed = start->is_joined[direction];
		if (half->fields && half->lost)
			http2_fields_lose(half->fields);
		if (half->fields && start->is_joined[direction_other(direction)])
			http2_fields_allow(half->fields, HTTP2_TABLE_MOST);
		has_memory &= half->fields != NULL;
	}
	if (!http2_adopt(http2, start->upgraded) || !has_memory) {
		http2_free(http2);
		return NULL;
	}
	counts->connections++;
	return http2;
}
