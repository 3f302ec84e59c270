/* The HTTP of a connection. Answer n belongs to request n (HTTP/1.1 does not interleave). */
#include "http/pairing.h"

#include <stdlib.h>

enum { PAIRING_PAUSED = 256 << 10 }; /* bytes a client may send after asking for an upgrade, before its answer */

struct pairing {
	const struct resources *resources;
	const struct http_sink *sink;
	struct connection *connection;
	struct http_stream streams[2];    /* by direction */
	struct exchange *oldest, *newest; /* not fully answered */
	struct exchange *sending;         /* whose request has not ended; it is the newest then */
	bool answering;                   /* the oldest's answer has begun */
	bool orphan;                      /* an answer to a request that was not captured goes by */
	bool interim;                     /* a 1xx goes by */
	bool lost[2];                     /* where messages begin is not known */
	bool unsure;                      /* answers were lost: the next one answers the newest request */
	struct passage first[2];          /* in which the current message began */
	struct exchange *upgrading;       /* asked for a WebSocket, not answered yet */
	struct buffer paused;             /* what the client sent meanwhile */
	struct passage paused_passage;
	bool wanted;     /* a request that matters was seen */
	uint64_t broken; /* directions that broke off, not counted as unread while none may matter */
};

struct pairing *pairing_new(
    const struct resources *resources, const struct http_sink *sink, struct connection *connection)
{
	struct pairing *pairing = calloc(1, sizeof *pairing);
	if (!pairing)
		return NULL;
	pairing->resources = resources;
	pairing->sink = sink;
	pairing->connection = connection;
	http_stream_init(
	    &pairing->streams[DIRECTION_TO_SERVER], HTTP_REQUESTS, &http_default_limits, resources->budget);
	http_stream_init(
	    &pairing->streams[DIRECTION_TO_CLIENT], HTTP_RESPONSES, &http_default_limits, resources->budget);
	buffer_init(&pairing->paused, PAIRING_PAUSED, resources->budget);
	return pairing;
}

static void pairing_drop_oldest(struct pairing *pairing)
{
	struct exchange *gone = pairing->oldest;
	pairing->connection->oldest = pairing->oldest = gone->next;
	if (pairing->newest == gone)
		pairing->newest = NULL;
	if (pairing->sending == gone)
		pairing->sending = NULL;
	if (pairing->upgrading == gone)
		pairing->upgrading = NULL;
	exchange_free(gone);
}

void pairing_free(struct pairing *pairing)
{
	if (!pairing)
		return;
	while (pairing->oldest)
		pairing_drop_oldest(pairing);
	http_stream_free(&pairing->streams[0]);
	http_stream_free(&pairing->streams[1]);
	buffer_free(&pairing->paused);
	free(pairing);
}

bool pairing_is_wanted(const struct pairing *pairing)
{
	return pairing->wanted;
}

/* ---- what both directions share */

static void pairing_widen_half(struct exchange_half *half, const struct passage *passage)
{
	const struct origin *origin = &passage->origin;
	origin_widen_packets(&half->first_packet, &half->last_packet, origin->first_packet, origin->last_packet);
}

static void pairing_begin_half(const struct pairing *pairing, struct exchange_half *half, const struct passage *passage)
{
	const struct origin *first = &pairing->first[passage->direction].origin;
	half->first_packet = first->first_packet;
	half->last_packet = first->last_packet;
	pairing_widen_half(half, passage);
	half->begun = first->time;
}

static void pairing_add_body(
    struct pairing *pairing, struct exchange_half *half, bool keep, const struct passage *passage, struct slice body)
{
	half->body_bytes += body.len;
	pairing_widen_half(half, passage);
	if (!keep || half->body.truncated || buffer_append(&half->body, body))
		return;
	half->incomplete = true;
	ledger_note_limit(pairing->resources->ledger, LIMIT_MESSAGE);
}

static void pairing_end_half(struct exchange_half *half, const struct passage *passage)
{
	pairing_widen_half(half, passage);
	half->ended = passage->origin.time;
}

static void pairing_give_request(const struct pairing *pairing, struct exchange *exchange)
{
	if (exchange->wanted)
		pairing->sink->request(pairing->sink->self, pairing->connection, exchange);
}

/* The oldest exchange is over: gives it, and forgets it. */
static void pairing_finish_oldest(struct pairing *pairing)
{
	struct exchange *oldest = pairing->oldest;
	pairing->answering = false;
	if (pairing->sending == oldest) {
		oldest->request.incomplete = true;
		pairing_give_request(pairing, oldest);
	}
	if (oldest->wanted)
		pairing->sink->answer(pairing->sink->self, pairing->connection, oldest);
	pairing_drop_oldest(pairing);
}

/* A request that matters was seen: what broke off before may have hidden others. */
static void pairing_note_wanted(struct pairing *pairing)
{
	pairing->wanted = true;
	ledger_add(pairing->resources->ledger, LEDGER_UNREAD, 0, pairing->broken);
	pairing->broken = 0;
}

/* ---- requests */

/* NULL: no memory. */
static struct exchange *pairing_new_exchange(struct pairing *pairing, const struct http_head *head)
{
	const struct http_sink *sink = pairing->sink;
	struct exchange *exchange = exchange_new(pairing->resources->limits, pairing->resources->budget);
	if (!exchange)
		return NULL;
	exchange->answers_head = slice_equals(head->method, SLICE("HEAD"));
	exchange->wanted = sink->wants(sink->self, head->target);
	if (!exchange->wanted)
		return exchange;
	exchange_keep_head(&exchange->request, head);
	exchange->target = sink->read_target(sink->self, exchange->request.head.target);
	if (exchange->target)
		return exchange;
	exchange_free(exchange);
	return NULL;
}

static void pairing_append(struct pairing *pairing, struct exchange *exchange)
{
	if (pairing->newest)
		pairing->newest->next = exchange;
	else
		pairing->connection->oldest = pairing->oldest = exchange;
	pairing->newest = exchange;
}

static void pairing_take_request_head(
    struct pairing *pairing, const struct passage *passage, const struct http_head *head)
{
	struct exchange *exchange = pairing_new_exchange(pairing, head);
	pairing->sending = exchange;
	if (!exchange)
		return;
	pairing_begin_half(pairing, &exchange->request, passage);
	if (exchange->wanted)
		pairing_note_wanted(pairing);
	if (head->upgrade_websocket)
		pairing->upgrading = exchange;
	pairing_append(pairing, exchange);
}

static void pairing_end_request(struct pairing *pairing, const struct passage *passage)
{
	struct exchange *exchange = pairing->sending;
	pairing->sending = NULL;
	if (!exchange)
		return;
	pairing_end_half(&exchange->request, passage);
	pairing_give_request(pairing, exchange);
	/* A server may answer before it has read the whole request (413). */
	if (exchange == pairing->oldest && exchange->answer.ended != TIMESTAMP_NONE)
		pairing_finish_oldest(pairing);
}

static void pairing_take_request_item(
    struct pairing *pairing, const struct passage *passage, const struct http_item *item)
{
	struct exchange *sending = pairing->sending;
	switch (item->kind) {
	case HTTP_HEAD:
		pairing_take_request_head(pairing, passage, &item->head);
		break;
	case HTTP_BODY:
		if (sending)
			pairing_add_body(pairing, &sending->request, sending->wanted, passage, item->body);
		break;
	case HTTP_END:
		pairing_end_request(pairing, passage);
		break;
	}
}

static void pairing_pause(struct pairing *pairing, const struct passage *passage, struct slice *bytes)
{
	if (bytes->len && !pairing->paused.len)
		pairing->paused_passage = *passage;
	origin_widen(&pairing->paused_passage.origin, &passage->origin);
	buffer_append(&pairing->paused, *bytes);
	*bytes = slice_drop(*bytes, bytes->len);
}

/* ---- answers */

/* After lost answers: one that comes now answers the newest request (clients do not pipeline), the others' are lost. */
static void pairing_skip_unsure(struct pairing *pairing)
{
	while (pairing->unsure && pairing->oldest && pairing->oldest != pairing->newest) {
		pairing->oldest->answer.incomplete = true;
		pairing_finish_oldest(pairing);
	}
	pairing->unsure = false;
}

static void pairing_take_answer_head(
    struct pairing *pairing, const struct passage *passage, const struct http_head *head)
{
	pairing->interim = head->status >= 100 && head->status < 200 && head->status != 101;
	if (pairing->interim)
		return;
	pairing_skip_unsure(pairing);
	struct exchange *oldest = pairing->oldest;
	pairing->orphan = !oldest;
	if (!oldest)
		return;
	if (oldest->answers_head)
		http_response_has_no_body(&pairing->streams[DIRECTION_TO_CLIENT]);
	pairing->answering = true;
	oldest->status = head->status;
	pairing_begin_half(pairing, &oldest->answer, passage);
	if (oldest->wanted)
		exchange_keep_head(&oldest->answer, head);
}

static enum pairing_result pairing_end_answer(struct pairing *pairing, const struct passage *passage)
{
	struct exchange *oldest = pairing->oldest;
	if (pairing->interim || pairing->orphan || !oldest || !pairing->answering) {
		pairing->interim = pairing->orphan = false;
		return PAIRING_GO_ON;
	}
	pairing_end_half(&oldest->answer, passage);
	if (oldest->status == 101)
		return oldest->wanted && pairing->upgrading == oldest ? PAIRING_WEBSOCKET : PAIRING_OTHER;
	if (pairing->sending != oldest)
		pairing_finish_oldest(pairing);
	return PAIRING_GO_ON;
}

static enum pairing_result pairing_take_answer_item(
    struct pairing *pairing, const struct passage *passage, const struct http_item *item)
{
	struct exchange *oldest = pairing->oldest;
	switch (item->kind) {
	case HTTP_HEAD:
		pairing_take_answer_head(pairing, passage, &item->head);
		break;
	case HTTP_BODY:
		if (pairing->answering)
			pairing_add_body(pairing, &oldest->answer, oldest->wanted, passage, item->body);
		break;
	case HTTP_END:
		return pairing_end_answer(pairing, passage);
	}
	return PAIRING_GO_ON;
}

/* ---- bytes */

static enum pairing_result pairing_take_item(
    struct pairing *pairing, const struct passage *passage, const struct http_item *item)
{
	if (passage->direction == DIRECTION_TO_CLIENT)
		return pairing_take_answer_item(pairing, passage, item);
	pairing_take_request_item(pairing, passage, item);
	return PAIRING_GO_ON;
}

/* A request that cannot be read may be the first that says what its connection is for. */
static void pairing_look_at_refused(struct pairing *pairing, struct http_stream *stream)
{
	struct http_head head;
	if (http_read_refused_head(stream, &head))
		pairing->wanted |= pairing->sink->wants(pairing->sink->self, head.target);
	buffer_free(&stream->held);
}

static void pairing_take_bad(struct pairing *pairing, const struct passage *passage)
{
	struct http_stream *stream = &pairing->streams[passage->direction];
	struct passage whole = *passage;
	pairing->lost[passage->direction] = true;
	pairing->broken++;
	ledger_add(pairing->resources->ledger, LEDGER_BROKEN, 0, 1);
	pairing_look_at_refused(pairing, stream);
	if (!pairing->wanted)
		return;
	pairing_note_wanted(pairing);
	origin_widen(&whole.origin, &pairing->first[passage->direction].origin);
	pairing->sink->malformed(pairing->sink->self, pairing->connection, &whole, "http", stream->why, false);
}

static bool pairing_resync(struct pairing *pairing, enum direction direction, struct slice bytes)
{
	struct http_stream *stream = &pairing->streams[direction];
	if (!http_looks_like(stream->role, bytes, false))
		return false;
	http_stream_reset(stream);
	pairing->lost[direction] = false;
	return true;
}

static bool pairing_is_paused(const struct pairing *pairing, enum direction direction)
{
	return direction == DIRECTION_TO_SERVER && pairing->upgrading && !pairing->sending;
}

static enum pairing_result pairing_take_bytes(
    struct pairing *pairing, const struct passage *passage, struct slice *bytes)
{
	enum direction direction = passage->direction;
	struct http_item item;
	if (pairing->lost[direction] && !pairing_resync(pairing, direction, *bytes))
		return PAIRING_GO_ON;
	for (;;) {
		if (pairing_is_paused(pairing, direction)) {
			pairing_pause(pairing, passage, bytes);
			return PAIRING_GO_ON;
		}
		if (http_is_between(&pairing->streams[direction]))
			pairing->first[direction] = *passage;
		enum wire_result result = http_next_item(&pairing->streams[direction], bytes, &item);
		if (result == WIRE_BAD)
			pairing_take_bad(pairing, passage);
		if (result != WIRE_ITEM)
			return PAIRING_GO_ON;
		enum pairing_result answer = pairing_take_item(pairing, passage, &item);
		if (answer != PAIRING_GO_ON)
			return answer;
	}
}

/* The upgrade was refused: what the client sent meanwhile is HTTP after all. */
static void pairing_take_paused_bytes(struct pairing *pairing)
{
	struct buffer paused = pairing->paused;
	struct passage passage = pairing->paused_passage;
	buffer_init(&pairing->paused, PAIRING_PAUSED, pairing->resources->budget);
	struct slice bytes = buffer_slice(&paused);
	pairing_take_bytes(pairing, &passage, &bytes);
	buffer_free(&paused);
}

enum pairing_result pairing_take(struct pairing *pairing, const struct passage *passage, struct slice *bytes)
{
	enum pairing_result result = pairing_take_bytes(pairing, passage, bytes);
	while (result == PAIRING_GO_ON && !pairing->upgrading && pairing->paused.len)
		pairing_take_paused_bytes(pairing);
	return result;
}

struct exchange *pairing_upgraded(const struct pairing *pairing)
{
	return pairing->oldest;
}

struct slice pairing_paused(const struct pairing *pairing, struct passage *passage)
{
	*passage = pairing->paused_passage;
	return buffer_slice(&pairing->paused);
}

void pairing_resume(struct pairing *pairing)
{
	struct exchange_half *answer = &pairing->oldest->answer;
	http_stream_reset(&pairing->streams[DIRECTION_TO_CLIENT]);
	pairing->answering = false;
	pairing->upgrading = NULL;
	buffer_clear(&pairing->paused);
	buffer_clear(&answer->body);
	answer->body_bytes = 0;
	answer->ended = TIMESTAMP_NONE;
	pairing->oldest->status = 0;
}

/* ---- loss and end */

static void pairing_cut_request(struct pairing *pairing)
{
	struct exchange *exchange = pairing->sending;
	pairing->sending = NULL;
	if (!exchange)
		return;
	exchange->request.incomplete = true;
	pairing_give_request(pairing, exchange);
}

/* Was the answer that is under way cut, or the next one lost as a whole? When it is not known how much was lost, that
 * may have been before the request came. */
static bool pairing_lost_answer(const struct pairing *pairing, uint64_t lost)
{
	bool is_asked = pairing->oldest && pairing->sending != pairing->oldest;
	return pairing->answering || (lost && is_asked);
}

static void pairing_cut_answer(struct pairing *pairing, uint64_t lost)
{
	if (!pairing_lost_answer(pairing, lost))
		return;
	pairing->oldest->answer.incomplete = true;
	pairing_finish_oldest(pairing);
}

static struct exchange *pairing_current(const struct pairing *pairing, enum direction direction)
{
	if (direction == DIRECTION_TO_SERVER)
		return pairing->sending;
	return pairing->answering ? pairing->oldest : NULL;
}

bool pairing_lose(struct pairing *pairing, const struct passage *passage, uint64_t lost)
{
	enum direction direction = passage->direction;
	struct exchange *current = pairing_current(pairing, direction);
	bool matters = current ? current->wanted : pairing->wanted;
	if (pairing->lost[direction])
		return matters;
	if (http_skip_lost(&pairing->streams[direction], lost)) {
		struct exchange_half *half = !current                           ? NULL
		                             : direction == DIRECTION_TO_SERVER ? &current->request
		                                                                : &current->answer;
		if (half)
			half->incomplete = true;
		return matters;
	}
	pairing->lost[direction] = true;
	pairing->orphan = pairing->interim = false;
	if (direction == DIRECTION_TO_SERVER) {
		pairing_cut_request(pairing);
	} else {
		pairing_cut_answer(pairing, lost);
		pairing->unsure = true;
	}
	return matters;
}

static void pairing_end_stream(struct pairing *pairing, const struct passage *passage)
{
	struct http_item item;
	if (pairing->lost[passage->direction])
		return;
	if (http_end_stream(&pairing->streams[passage->direction], &item) == WIRE_ITEM)
		pairing_take_item(pairing, passage, &item);
}

void pairing_end(struct pairing *pairing, const struct passage *passage, bool reset)
{
	if (!reset)
		pairing_end_stream(pairing, passage);
	if (!reset && passage->direction == DIRECTION_TO_SERVER)
		return;
	while (pairing->oldest) {
		pairing->oldest->answer.incomplete |= pairing->answering;
		pairing_finish_oldest(pairing);
	}
}
