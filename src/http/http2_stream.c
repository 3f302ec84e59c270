/* What frames mean for the stream that they are on. */
#include "http/http2_stream.h"

#include "http/http2_frame.h"
#include "http/protocol.h"

struct http2_stream *http2_stream_new(
    const struct resources *resources, const struct http_sink *sink, const struct connection *base, uint32_t number)
{
	struct http2_stream *stream = budget_new(resources->budget, sizeof *stream);
	if (!stream)
		return NULL;
	stream->resources = resources;
	stream->sink = sink;
	stream->shown.facts = base->facts;
	stream->number = number;
	return stream;
}

static void stream_drop_exchange(struct http2_stream *stream)
{
	ledger_add(stream->resources->ledger, LEDGER_UNANSWERED_UPGRADE, stream->held, stream->held > 0);
	stream->held = 0;
	exchange_free(stream->exchange);
	stream->shown.oldest = stream->exchange = NULL;
}

void http2_stream_free(struct http2_stream *stream)
{
	messages_close(&stream->messages);
	stream_drop_exchange(stream);
	budget_release(stream);
}

/* ---- exchanges */

static void stream_give_request(struct http2_stream *stream, const struct passage *passage)
{
	if (!stream->is_given)
		exchange_give_request(stream->exchange, stream->sink, &stream->shown, passage->origin.time);
	stream->is_given = true;
}

static void stream_finish_exchange(
    struct http2_stream *stream, const struct passage *passage, enum exchange_state state)
{
	struct exchange *exchange = stream->exchange;
	exchange->request.incomplete |= !stream->is_given && !stream->ended[DIRECTION_TO_SERVER];
	exchange_decide(exchange, state, passage->origin.time);
	stream_give_request(stream, passage);
	exchange_give_answer(exchange, stream->sink, &stream->shown);
	stream_drop_exchange(stream);
}

/* Both its ends came, or none is waited for. */
static void stream_settle(struct http2_stream *stream, const struct passage *passage)
{
	if (!stream->ended[DIRECTION_TO_SERVER] || !stream->ended[DIRECTION_TO_CLIENT])
		return;
	messages_close(&stream->messages);
	if (stream->exchange)
		stream_finish_exchange(stream, passage, EXCHANGE_LOST);
	stream->is_over = true;
}

static void stream_take_request(struct http2_stream *stream, const struct passage *first, const struct passage *passage,
    const struct http2_head *head)
{
	if (!head)
		return;
	struct exchange *exchange = exchange_begin(stream->resources, stream->sink, &head->head);
	stream->begun[DIRECTION_TO_SERVER] = true;
	stream->asks_websocket = head->head.upgrade_websocket;
	stream->shown.oldest = stream->exchange = exchange;
	stream->lost[DIRECTION_TO_CLIENT] |=
	    stream->begun[DIRECTION_TO_CLIENT]; /* it was captured before its request */
	if (!exchange)
		return;
	exchange->asks_extended = stream->asks_websocket;
	exchange->request.partial = head->partial;
	stream->is_wanted = exchange->wanted;
	ledger_add(stream->resources->ledger, LEDGER_HTTP2, 0, exchange->wanted && head->partial);
	exchange_half_begin(&exchange->request, &first->origin, &passage->origin);
	if (stream->asks_websocket) { /* what follows is no body */
		exchange_half_end(&exchange->request, &passage->origin);
		stream_give_request(stream, passage);
	}
}

/* ---- WebSockets */

/* With `exchange`: it agreed on the WebSocket, or what follows shows that it did. */
static void stream_open_messages(struct http2_stream *stream, const struct passage *passage, bool in_place)
{
	struct exchange *exchange = stream->exchange;
	struct messages_start start = {.wanted = exchange && exchange->wanted, .in_place = in_place};
	if (in_place)
		start.agreement = extensions_read_fields(exchange->answer.head.fields);
	stream->messages = messages_new(stream->resources, stream->sink, &stream->shown, &start);
	if (!stream->messages)
		return;
	if (!exchange)
		return;
	exchange_decide(exchange, EXCHANGE_LOST, passage->origin.time);
	if (exchange->wanted && !stream->sink->websocket_opened(stream->sink->self, &stream->shown, passage, exchange))
		messages_close(&stream->messages);
}

static void stream_take_frames(struct http2_stream *stream, const struct passage *passage, struct slice bytes)
{
	if (messages_take(stream->messages, passage, &bytes) == MESSAGES_PLAIN_HTTP) {
		ledger_add(stream->resources->ledger, LEDGER_NOT_FRAMES, bytes.len, 1);
		messages_lose(stream->messages, passage->direction, 0);
	}
	stream->is_wanted |= messages_is_wanted(stream->messages);
}

/* What the client sent before the answer was known are frames. */
static void stream_grant_websocket(struct http2_stream *stream, const struct passage *passage, bool in_place)
{
	struct exchange *exchange = stream->exchange;
	struct passage early = {
	    .direction = DIRECTION_TO_SERVER, .origin = exchange->request.origin, .begun = TIMESTAMP_NONE};
	struct buffer body = exchange->request.body;
	uint64_t held = stream->held;
	buffer_init(&exchange->request.body, body.limit, body.budget);
	stream->held = 0;
	early.origin.time = passage->origin.time;
	stream_open_messages(stream, passage, in_place);
	if (stream->messages && body.len)
		stream_take_frames(stream, &early, buffer_slice(&body));
	ledger_add(stream->resources->ledger, LEDGER_NOT_FRAMES, held - (stream->messages ? body.len : 0), 0);
	buffer_free(&body);
	stream_drop_exchange(stream);
}

/* ---- answers */

static void stream_take_answer(struct http2_stream *stream, const struct passage *first, const struct passage *passage,
    const struct http2_head *head)
{
	struct exchange *exchange = stream->exchange;
	if (head && head->head.status < 200)
		return; /* interim */
	stream->begun[DIRECTION_TO_CLIENT] = true;
	if (!exchange || !head)
		return;
	exchange->status = head->head.status;
	exchange->answer.partial = head->partial;
	exchange_half_begin(&exchange->answer, &first->origin, &passage->origin);
	if (!exchange_keeps_answer(exchange))
		return;
	ledger_add(stream->resources->ledger, LEDGER_HTTP2, 0, head->partial && exchange->wanted);
	exchange_keep_head(&exchange->answer, &head->head);
	if (!exchange_grants_websocket(exchange))
		return;
	exchange_half_end(&exchange->answer, &passage->origin);
	stream_grant_websocket(stream, passage, true);
}

void http2_stream_take_head(struct http2_stream *stream, const struct passage *first, const struct passage *passage,
    const struct http2_head *head)
{
	if (stream->begun[passage->direction])
		return; /* trailers */
	if (passage->direction == DIRECTION_TO_SERVER)
		stream_take_request(stream, first, passage, head);
	else
		stream_take_answer(stream, first, passage, head);
}

void http2_stream_adopt(struct http2_stream *stream, struct exchange *exchange)
{
	stream->shown.oldest = stream->exchange = exchange;
	stream->begun[DIRECTION_TO_SERVER] = stream->ended[DIRECTION_TO_SERVER] = stream->is_given = true;
	stream->is_wanted = exchange->wanted;
}

/* ---- bodies */

bool http2_stream_holds(const struct http2_stream *stream, enum direction direction)
{
	const struct exchange *exchange = stream->exchange;
	return direction == DIRECTION_TO_SERVER && stream->asks_websocket && exchange && exchange->wanted &&
	       !exchange->status;
}

static void stream_add_body(struct http2_stream *stream, const struct passage *passage, struct slice body)
{
	struct exchange *exchange = stream->exchange;
	bool to_server = passage->direction == DIRECTION_TO_SERVER;
	if (!exchange || (!to_server && !exchange->status))
		return;
	struct exchange_half *half = to_server ? &exchange->request : &exchange->answer;
	stream->held += http2_stream_holds(stream, passage->direction) ? body.len : 0;
	bool keeps = to_server ? exchange->wanted : exchange_keeps_answer(exchange);
	if (!exchange_half_add(half, keeps, &passage->origin, body))
		ledger_note_limit(stream->resources->ledger, LIMIT_MESSAGE, exchange->wanted);
}

/* Frames of a WebSocket whose request or answer was not captured. */
static void stream_find_websocket(struct http2_stream *stream, const struct passage *passage, struct slice body)
{
	bool from_client = passage->direction == DIRECTION_TO_SERVER, is_asked = stream->asks_websocket;
	bool may_be = is_asked ? stream->lost[DIRECTION_TO_CLIENT] && stream->exchange && !stream->exchange->status &&
	                             websocket_could_begin(from_client, body)
	                       : !stream->begun[DIRECTION_TO_SERVER] && protocol_is_websocket_of(from_client, body);
	if (!may_be)
		return;
	if (stream->exchange)
		stream_grant_websocket(stream, passage, false);
	else
		stream_open_messages(stream, passage, false);
}

void http2_stream_take_body(struct http2_stream *stream, const struct passage *passage, struct slice body, bool unsure)
{
	if (!stream->messages && unsure)
		stream_find_websocket(stream, passage, body);
	if (stream->messages)
		stream_take_frames(stream, passage, body);
	else
		stream_add_body(stream, passage, body);
}

/* ---- ends */

static void stream_give_end(struct http2_stream *stream, const struct passage *passage, enum chunk_kind kind)
{
	struct chunk chunk = {.kind = kind,
	    .first_packet = passage->origin.first,
	    .packet = passage->origin.last,
	    .time = passage->origin.time};
	if (stream->is_wanted)
		stream->sink->ended(stream->sink->self, &stream->shown, passage, &chunk);
}

void http2_stream_end_direction(struct http2_stream *stream, const struct passage *passage)
{
	enum direction direction = passage->direction;
	struct exchange *exchange = stream->exchange;
	if (stream->ended[direction])
		return;
	stream->ended[direction] = true;
	if (stream->messages) {
		stream_give_end(stream, passage, CHUNK_FIN);
		messages_end(stream->messages, passage);
	} else if (exchange && direction == DIRECTION_TO_SERVER) {
		exchange_half_end(&exchange->request, &passage->origin);
		stream_give_request(stream, passage);
	} else if (exchange && exchange->status) {
		exchange_half_end(&exchange->answer, &passage->origin);
	}
	/* A server may answer before it has read the whole request, and then ends its stream by RST_STREAM (RFC 9113
	 * §8.1). */
	stream_settle(stream, passage);
}

/* Not before its answer was whole. */
static void stream_reset_exchange(
    struct http2_stream *stream, const struct passage *passage, const struct stream_reset *reset, uint32_t newest)
{
	struct exchange *exchange = stream->exchange;
	bool by_client = passage->direction == DIRECTION_TO_SERVER;
	bool is_refused = reset->by == RESET_GOAWAY || reset->code == HTTP2_REFUSED_STREAM;
	exchange->ended_by = passage->direction;
	exchange->reset = *reset;
	stream_give_end(stream, passage, CHUNK_RST);
	if (by_client && !exchange->status) {
		exchange->left = passage->origin.time;
		stream->is_left = true;
		stream->newest = newest;
		return;
	}
	exchange->answer.incomplete |= exchange->status > 0;
	stream_finish_exchange(stream, passage, is_refused && !by_client ? EXCHANGE_REFUSED : EXCHANGE_UNANSWERED);
	stream->is_over = true;
}

void http2_stream_reset(
    struct http2_stream *stream, const struct passage *passage, const struct stream_reset *reset, uint32_t newest)
{
	if (stream->is_left && passage->direction == DIRECTION_TO_SERVER)
		return;
	stream->shown.reset = *reset;
	if (stream->exchange && !stream->is_left && !stream->ended[DIRECTION_TO_CLIENT]) {
		stream_reset_exchange(stream, passage, reset, newest);
		return;
	}
	if (stream->messages) {
		stream_give_end(stream, passage, CHUNK_RST);
		messages_end_both(stream->messages, passage);
		messages_close(&stream->messages);
	}
	if (stream->exchange)
		stream_finish_exchange(stream, passage, EXCHANGE_UNANSWERED);
	stream->is_over = true;
}

void http2_stream_note_reset(struct http2_stream *stream, const struct stream_reset *reset)
{
	stream->shown.reset = *reset;
	if (stream->exchange)
		stream->exchange->reset = *reset;
}

void http2_stream_lose(struct http2_stream *stream, enum direction direction, uint64_t lost)
{
	struct exchange *exchange = stream->exchange;
	stream->lost[direction] = true;
	if (stream->messages)
		messages_lose(stream->messages, direction, lost);
	if (!exchange || stream->messages)
		return;
	if (direction == DIRECTION_TO_CLIENT)
		exchange->answer.incomplete |= exchange->status > 0;
	else if (!stream->ended[DIRECTION_TO_SERVER] && !stream->asks_websocket)
		exchange->request.incomplete = true;
}

void http2_stream_end(struct http2_stream *stream, const struct passage *passage, const struct chunk *chunk)
{
	bool by_client = passage->direction == DIRECTION_TO_SERVER, both = chunk->kind == CHUNK_RST;
	if (http2_stream_is_open(stream))
		stream->sink->ended(stream->sink->self, &stream->shown, passage, chunk);
	if (stream->messages && !both)
		messages_end(stream->messages, passage);
	else if (both || !by_client)
		http2_stream_finish(stream, passage, EXCHANGE_UNANSWERED);
	else if (stream->exchange && stream->exchange->left == TIMESTAMP_NONE && !stream->exchange->status)
		stream->exchange->left = passage->origin.time;
}

void http2_stream_finish(struct http2_stream *stream, const struct passage *passage, enum exchange_state state)
{
	struct exchange *exchange = stream->exchange;
	if (stream->messages)
		messages_end_both(stream->messages, passage);
	messages_close(&stream->messages);
	stream->is_over = true;
	if (!exchange)
		return;
	if (stream->lost[DIRECTION_TO_CLIENT] && state != EXCHANGE_REFUSED)
		state = EXCHANGE_LOST;
	exchange->answer.incomplete |= exchange->status && !stream->ended[DIRECTION_TO_CLIENT];
	bool is_left = exchange->left != TIMESTAMP_NONE && exchange->left < passage->origin.time;
	exchange->ended_by = is_left ? DIRECTION_TO_SERVER : passage->direction;
	stream_finish_exchange(stream, passage, state);
}
