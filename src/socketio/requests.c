/* The HTTP of a connection. Answer n belongs to request n (HTTP/1.1 does not interleave). */
#include "socketio/requests.h"

#include "socketio/polling.h"

#include <stdlib.h>

enum { REQUESTS_PAUSED = 256 << 10 }; /* bytes a client may send after asking for an upgrade, before its answer */

struct requests {
	struct context *context;
	const struct connection_facts *connection;
	struct http_stream streams[2];    /* by direction */
	struct exchange *oldest, *newest; /* not fully answered */
	struct exchange *sending;         /* whose request has not ended; it is the newest then */
	bool answering;                   /* the oldest's answer has begun */
	bool orphan;                      /* an answer to a request that was not captured goes by */
	bool interim;                     /* a 1xx goes by */
	bool lost[2];                     /* where messages begin is not known */
	bool unsure;                      /* answers were lost: the next one answers the newest request */
	struct origin first[2];           /* in which the current message began */
	struct exchange *upgrading;       /* asked for a WebSocket, not answered yet */
	struct buffer paused;             /* what the client sent meanwhile */
	struct origin paused_origin;
	bool engineio;
	uint64_t broken; /* directions that broke off, not counted as unread while this may be none of Engine.IO's */
};

struct requests *requests_new(struct context *context, const struct connection_facts *connection)
{
	struct requests *requests = calloc(1, sizeof *requests);
	if (!requests)
		return NULL;
	requests->context = context;
	requests->connection = connection;
	http_stream_init(
	    &requests->streams[DIRECTION_TO_SERVER], HTTP_REQUESTS, &http_default_limits, &context->budget);
	http_stream_init(
	    &requests->streams[DIRECTION_TO_CLIENT], HTTP_RESPONSES, &http_default_limits, &context->budget);
	buffer_init(&requests->paused, REQUESTS_PAUSED, &context->budget);
	return requests;
}

static void requests_drop_oldest(struct requests *requests)
{
	struct exchange *gone = requests->oldest;
	requests->oldest = gone->next;
	if (requests->newest == gone)
		requests->newest = NULL;
	if (requests->sending == gone)
		requests->sending = NULL;
	if (requests->upgrading == gone)
		requests->upgrading = NULL;
	exchange_free(gone);
}

void requests_free(struct requests *requests)
{
	if (!requests)
		return;
	while (requests->oldest)
		requests_drop_oldest(requests);
	http_stream_free(&requests->streams[0]);
	http_stream_free(&requests->streams[1]);
	buffer_free(&requests->paused);
	free(requests);
}

bool requests_engineio(const struct requests *requests)
{
	return requests->engineio;
}

struct session *requests_session(const struct requests *requests)
{
	const struct exchange *oldest = requests->oldest;
	if (!oldest || !oldest->target.sid_len)
		return NULL;
	return sessions_find(requests->context->sessions, target_sid(&oldest->target), &requests->connection->server);
}

/* ---- what both directions share */

static void requests_widen_half(struct exchange_half *half, const struct origin *origin)
{
	context_widen(&half->first_packet, &half->last_packet, origin->first_packet, origin->last_packet);
}

static void requests_begin_half(
    const struct requests *requests, struct exchange_half *half, const struct origin *origin)
{
	const struct origin *first = &requests->first[origin->direction];
	half->first_packet = first->first_packet;
	half->last_packet = first->last_packet;
	requests_widen_half(half, origin);
	half->begun = first->time;
}

static void requests_add_body(
    struct requests *requests, struct exchange_half *half, bool keep, const struct origin *origin, struct slice body)
{
	half->body_bytes += body.len;
	requests_widen_half(half, origin);
	if (!keep || half->body.truncated || buffer_append(&half->body, body))
		return;
	half->incomplete = true;
	requests->context->counts.hits[LIMIT_MESSAGE]++;
}

static void requests_end_half(struct exchange_half *half, const struct origin *origin)
{
	requests_widen_half(half, origin);
	half->ended = origin->time;
}

/* The oldest exchange is over: tells it, and forgets it. */
static void requests_finish_oldest(struct requests *requests)
{
	struct exchange *oldest = requests->oldest;
	requests->answering = false;
	if (requests->sending == oldest && oldest->target.engineio) {
		oldest->request.incomplete = true;
		polling_take_request(requests->context, requests->connection, oldest);
	}
	if (oldest->target.engineio)
		polling_take_answer(requests->context, requests->connection, oldest);
	requests_drop_oldest(requests);
}

/* Engine.IO is spoken here: what broke off before that was known may have hidden some of it. */
static void requests_note_engineio(struct requests *requests)
{
	requests->engineio = true;
	requests->context->counts.unread += requests->broken;
	requests->broken = 0;
}

/* ---- requests */

static void requests_take_request_head(
    struct requests *requests, const struct origin *origin, const struct http_head *head)
{
	struct exchange *exchange = exchange_new(&requests->context->limits, &requests->context->budget);
	requests->sending = exchange;
	if (!exchange)
		return;
	requests_begin_half(requests, &exchange->request, origin);
	exchange->answers_head = slice_equals(head->method, SLICE("HEAD"));
	target_read(&exchange->target, head->target);
	if (exchange->target.engineio) {
		exchange_keep_head(&exchange->request, head);
		target_read(&exchange->target, exchange->request.head.target);
		exchange->target.engineio = true;
		requests_note_engineio(requests);
	}
	if (head->upgrade_websocket)
		requests->upgrading = exchange;
	if (requests->newest)
		requests->newest->next = exchange;
	else
		requests->oldest = exchange;
	requests->newest = exchange;
}

static void requests_end_request(struct requests *requests, const struct origin *origin)
{
	struct exchange *exchange = requests->sending;
	requests->sending = NULL;
	if (!exchange)
		return;
	requests_end_half(&exchange->request, origin);
	if (exchange->target.engineio)
		polling_take_request(requests->context, requests->connection, exchange);
	/* A server may answer before it has read the whole request (413). */
	if (exchange == requests->oldest && exchange->answer.ended != TIMESTAMP_NONE)
		requests_finish_oldest(requests);
}

static void requests_take_request_item(
    struct requests *requests, const struct origin *origin, const struct http_item *item)
{
	switch (item->kind) {
	case HTTP_HEAD:
		requests_take_request_head(requests, origin, &item->head);
		break;
	case HTTP_BODY:
		if (requests->sending)
			requests_add_body(requests, &requests->sending->request, requests->sending->target.engineio,
			    origin, item->body);
		break;
	case HTTP_END:
		requests_end_request(requests, origin);
		break;
	}
}

static void requests_pause(struct requests *requests, const struct origin *origin, struct slice *bytes)
{
	if (bytes->len && !requests->paused.len)
		requests->paused_origin = *origin;
	context_widen(&requests->paused_origin.first_packet, &requests->paused_origin.last_packet, origin->first_packet,
	    origin->last_packet);
	buffer_append(&requests->paused, *bytes);
	*bytes = slice_drop(*bytes, bytes->len);
}

/* ---- answers */

/* After lost answers: one that comes now answers the newest request (clients do not pipeline), the others' are lost. */
static void requests_skip_unsure(struct requests *requests)
{
	while (requests->unsure && requests->oldest && requests->oldest != requests->newest) {
		requests->oldest->answer.incomplete = true;
		requests_finish_oldest(requests);
	}
	requests->unsure = false;
}

static void requests_take_answer_head(
    struct requests *requests, const struct origin *origin, const struct http_head *head)
{
	requests->interim = head->status >= 100 && head->status < 200 && head->status != 101;
	if (requests->interim)
		return;
	requests_skip_unsure(requests);
	struct exchange *oldest = requests->oldest;
	requests->orphan = !oldest;
	if (!oldest)
		return;
	if (oldest->answers_head)
		http_response_has_no_body(&requests->streams[DIRECTION_TO_CLIENT]);
	requests->answering = true;
	oldest->status = head->status;
	requests_begin_half(requests, &oldest->answer, origin);
	if (oldest->target.engineio)
		exchange_keep_head(&oldest->answer, head);
}

static enum requests_result requests_end_answer(struct requests *requests, const struct origin *origin)
{
	struct exchange *oldest = requests->oldest;
	if (requests->interim || requests->orphan || !oldest || !requests->answering) {
		requests->interim = requests->orphan = false;
		return REQUESTS_GO_ON;
	}
	requests_end_half(&oldest->answer, origin);
	if (oldest->status == 101)
		return oldest->target.engineio && requests->upgrading == oldest ? REQUESTS_WEBSOCKET : REQUESTS_OTHER;
	if (requests->sending != oldest)
		requests_finish_oldest(requests);
	return REQUESTS_GO_ON;
}

static enum requests_result requests_take_answer_item(
    struct requests *requests, const struct origin *origin, const struct http_item *item)
{
	switch (item->kind) {
	case HTTP_HEAD:
		requests_take_answer_head(requests, origin, &item->head);
		break;
	case HTTP_BODY:
		if (requests->answering)
			requests_add_body(
			    requests, &requests->oldest->answer, requests->oldest->target.engineio, origin, item->body);
		break;
	case HTTP_END:
		return requests_end_answer(requests, origin);
	}
	return REQUESTS_GO_ON;
}

/* ---- bytes */

static enum requests_result requests_take_item(
    struct requests *requests, const struct origin *origin, const struct http_item *item)
{
	if (origin->direction == DIRECTION_TO_CLIENT)
		return requests_take_answer_item(requests, origin, item);
	requests_take_request_item(requests, origin, item);
	return REQUESTS_GO_ON;
}

/* A request that cannot be read may be the first that says what its connection is for. */
static void requests_look_at_refused(struct requests *requests, struct http_stream *stream)
{
	struct http_head head;
	struct target target;
	if (http_read_refused_head(stream, &head)) {
		target_read(&target, head.target);
		requests->engineio |= target.engineio;
	}
	buffer_free(&stream->held);
}

static void requests_tell_bad(struct requests *requests, const struct origin *origin)
{
	requests->lost[origin->direction] = true;
	requests->broken++;
	requests->context->counts.broken++;
	requests_look_at_refused(requests, &requests->streams[origin->direction]);
	if (!requests->engineio)
		return;
	requests_note_engineio(requests);
	struct carrier carrier = {.session = requests_session(requests),
	    .connection = requests->connection,
	    .direction = origin->direction,
	    .first_packet = origin->first_packet,
	    .last_packet = origin->last_packet,
	    .time = origin->time};
	const struct origin *first = &requests->first[origin->direction];
	context_widen(&carrier.first_packet, &carrier.last_packet, first->first_packet, first->last_packet);
	context_tell_malformed(
	    requests->context, &carrier, "http", requests->streams[origin->direction].why, slice_of(NULL, 0));
}

static bool requests_resync(struct requests *requests, enum direction direction, struct slice bytes)
{
	struct http_stream *stream = &requests->streams[direction];
	if (!http_looks_like(stream->role, bytes, false))
		return false;
	http_stream_reset(stream);
	requests->lost[direction] = false;
	return true;
}

static bool requests_is_paused(const struct requests *requests, enum direction direction)
{
	return direction == DIRECTION_TO_SERVER && requests->upgrading && !requests->sending;
}

static enum requests_result requests_take_bytes(
    struct requests *requests, const struct origin *origin, struct slice *bytes)
{
	enum direction direction = origin->direction;
	struct http_item item;
	if (requests->lost[direction] && !requests_resync(requests, direction, *bytes))
		return REQUESTS_GO_ON;
	for (;;) {
		if (requests_is_paused(requests, direction)) {
			requests_pause(requests, origin, bytes);
			return REQUESTS_GO_ON;
		}
		if (http_is_between(&requests->streams[direction]))
			requests->first[direction] = *origin;
		enum wire_result result = http_next_item(&requests->streams[direction], bytes, &item);
		if (result == WIRE_BAD)
			requests_tell_bad(requests, origin);
		if (result != WIRE_ITEM)
			break;
		enum requests_result answer = requests_take_item(requests, origin, &item);
		if (answer != REQUESTS_GO_ON)
			return answer;
	}
	return REQUESTS_GO_ON;
}

/* The upgrade was refused: what the client sent meanwhile is HTTP after all. */
static void requests_take_paused_bytes(struct requests *requests)
{
	struct buffer paused = requests->paused;
	struct origin origin = requests->paused_origin;
	buffer_init(&requests->paused, REQUESTS_PAUSED, &requests->context->budget);
	struct slice bytes = buffer_slice(&paused);
	requests_take_bytes(requests, &origin, &bytes);
	buffer_free(&paused);
}

enum requests_result requests_take(struct requests *requests, const struct origin *origin, struct slice *bytes)
{
	enum requests_result result = requests_take_bytes(requests, origin, bytes);
	while (result == REQUESTS_GO_ON && !requests->upgrading && requests->paused.len)
		requests_take_paused_bytes(requests);
	return result;
}

struct exchange *requests_upgraded(const struct requests *requests)
{
	return requests->oldest;
}

struct slice requests_paused(const struct requests *requests, struct origin *origin)
{
	*origin = requests->paused_origin;
	return buffer_slice(&requests->paused);
}

void requests_resume(struct requests *requests)
{
	struct exchange_half *answer = &requests->oldest->answer;
	http_stream_reset(&requests->streams[DIRECTION_TO_CLIENT]);
	requests->answering = false;
	requests->upgrading = NULL;
	buffer_clear(&requests->paused);
	buffer_clear(&answer->body);
	answer->body_bytes = 0;
	answer->ended = TIMESTAMP_NONE;
	requests->oldest->status = 0;
}

/* ---- loss and end */

static void requests_cut_request(struct requests *requests)
{
	struct exchange *exchange = requests->sending;
	requests->sending = NULL;
	if (!exchange)
		return;
	exchange->request.incomplete = true;
	if (exchange->target.engineio)
		polling_take_request(requests->context, requests->connection, exchange);
}

/* Was the answer that is under way cut, or the next one lost as a whole? When it is not known how much was lost, that
 * may have been before the request came. */
static bool requests_lost_answer(const struct requests *requests, uint64_t lost)
{
	bool is_asked = requests->oldest && requests->sending != requests->oldest;
	return requests->answering || (lost && is_asked);
}

static void requests_cut_answer(struct requests *requests, uint64_t lost)
{
	if (!requests_lost_answer(requests, lost))
		return;
	requests->oldest->answer.incomplete = true;
	requests_finish_oldest(requests);
}

static struct exchange *requests_current(const struct requests *requests, enum direction direction)
{
	if (direction == DIRECTION_TO_SERVER)
		return requests->sending;
	return requests->answering ? requests->oldest : NULL;
}

bool requests_lose(struct requests *requests, const struct origin *origin, uint64_t lost)
{
	enum direction direction = origin->direction;
	struct exchange *current = requests_current(requests, direction);
	bool matters = current ? current->target.engineio : requests->engineio;
	if (requests->lost[direction])
		return matters;
	if (http_skip_lost(&requests->streams[direction], lost)) {
		struct exchange_half *half = !current                           ? NULL
		                             : direction == DIRECTION_TO_SERVER ? &current->request
		                                                                : &current->answer;
		if (half)
			half->incomplete = true;
		return matters;
	}
	requests->lost[direction] = true;
	requests->orphan = requests->interim = false;
	if (direction == DIRECTION_TO_SERVER) {
		requests_cut_request(requests);
	} else {
		requests_cut_answer(requests, lost);
		requests->unsure = true;
	}
	return matters;
}

static void requests_end_stream(struct requests *requests, const struct origin *origin)
{
	struct http_item item;
	if (requests->lost[origin->direction])
		return;
	if (http_end_stream(&requests->streams[origin->direction], &item) == WIRE_ITEM)
		requests_take_item(requests, origin, &item);
}

void requests_end(struct requests *requests, const struct origin *origin, bool reset)
{
	if (!reset)
		requests_end_stream(requests, origin);
	if (!reset && origin->direction == DIRECTION_TO_SERVER)
		return;
	while (requests->oldest) {
		requests->oldest->answer.incomplete |= requests->answering;
		requests_finish_oldest(requests);
	}
}
