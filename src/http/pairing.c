/* The HTTP of a connection. Answer n belongs to request n (HTTP/1.1 does not interleave). */
#include "http/pairing_state.h"

#include <stdlib.h>

enum { PAIRING_PAUSED = 256 << 10 }; /* bytes that one side may send before the other is done with HTTP */

struct pairing *pairing_new(
    const struct resources *resources, const struct http_sink *sink, struct connection *connection)
{
	struct pairing *pairing = budget_new(resources->budget, sizeof *pairing);
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
	pairing->left = TIMESTAMP_NONE;
	return pairing;
}

static void pairing_drop_oldest(struct pairing *pairing)
{
	struct exchange *gone = pairing->oldest;
	pairing->connection->oldest = pairing->oldest = gone->next;
	pairing->waiting--;
	pairing->skipped += gone->skipped;
	if (pairing->newest == gone)
		pairing->newest = NULL;
	if (pairing->sending == gone)
		pairing->sending = NULL;
	if (pairing->upgrading == gone)
		pairing->upgrading = NULL;
	exchange_free(gone);
}

/* The bytes of a direction that were taken so far belong to the message under way. */
static void pairing_count(struct pairing *pairing, enum direction direction)
{
	enum ledger_reason reason = pairing->matters[direction] ? LEDGER_DECODED : LEDGER_OTHER_HTTP;
	ledger_add(pairing->resources->ledger, reason, pairing->uncounted[direction], 0);
	pairing->uncounted[direction] = 0;
}

/* Bytes that cannot be read. */
static void pairing_pass_over(const struct pairing *pairing, uint64_t bytes)
{
	ledger_add(pairing->resources->ledger, pairing->wanted ? LEDGER_NOT_HTTP : LEDGER_OTHER_HTTP, bytes, bytes > 0);
}

void pairing_free(struct pairing *pairing)
{
	if (!pairing)
		return;
	pairing_count(pairing, DIRECTION_TO_SERVER);
	pairing_count(pairing, DIRECTION_TO_CLIENT);
	ledger_add(pairing->resources->ledger, LEDGER_UNANSWERED_UPGRADE, pairing->paused.len, pairing->paused.len > 0);
	while (pairing->oldest)
		pairing_drop_oldest(pairing);
	http_stream_free(&pairing->streams[0]);
	http_stream_free(&pairing->streams[1]);
	buffer_free(&pairing->paused);
	budget_release(pairing->foreign);
	budget_release(pairing);
}

bool pairing_is_wanted(const struct pairing *pairing)
{
	return pairing->wanted;
}

/* ---- what both directions share */

static void pairing_add_body(
    struct pairing *pairing, struct exchange_half *half, bool keep, const struct passage *passage, struct slice body)
{
	if (!exchange_half_add(half, keep, &passage->origin, body))
		ledger_note_limit(pairing->resources->ledger, LIMIT_MESSAGE, pairing->matters[passage->direction]);
}

/* The oldest exchange is over: gives it, and forgets it. */
void pairing_finish_oldest(struct pairing *pairing, const struct passage *passage, enum exchange_state state)
{
	struct exchange *oldest = pairing->oldest;
	pairing->answering = false;
	exchange_decide(oldest, state, passage->origin.time);
	if (!pairing->has_answered)
		oldest->foreign = foreign_slice(pairing->foreign);
	if (pairing->sending == oldest) {
		oldest->request.incomplete = true;
		exchange_give_request(oldest, pairing->sink, pairing->connection, passage->origin.time);
	}
	exchange_give_answer(oldest, pairing->sink, pairing->connection);
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

/* Of as many requests as nobody sends ahead, the oldest is given up, and the answer that comes for it belongs to none.
 */
static void pairing_give_up_oldest(struct pairing *pairing, const struct passage *passage)
{
	struct exchange *oldest = pairing->oldest;
	ledger_note_limit(pairing->resources->ledger, LIMIT_PIPELINED, 1);
	if (!pairing->answering)
		oldest->skipped++;
	oldest->answer.incomplete = true;
	pairing_finish_oldest(pairing, passage, EXCHANGE_LOST);
}

/* One for which there is no memory. */
static void pairing_skip_request(struct pairing *pairing)
{
	++*(pairing->newest ? &pairing->newest->skipped : &pairing->skipped);
}

static void pairing_append(struct pairing *pairing, struct exchange *exchange)
{
	if (pairing->newest)
		pairing->newest->next = exchange;
	else
		pairing->connection->oldest = pairing->oldest = exchange;
	pairing->newest = exchange;
	pairing->waiting++;
}

/* The server had ended the connection before it got the request. */
static void pairing_note_crossed(const struct pairing *pairing, struct exchange *exchange)
{
	exchange->crossed.closed = pairing->closed;
	exchange->crossed.announced = pairing->announced;
	exchange->crossed.idle = pairing->served ? pairing->closed - pairing->served : 0;
}

static void pairing_take_request_head(
    struct pairing *pairing, const struct passage *passage, const struct http_head *head)
{
	if (pairing->oldest && pairing->waiting >= pairing->resources->limits->pipelined)
		pairing_give_up_oldest(pairing, passage);
	struct exchange *exchange = exchange_begin(pairing->resources, pairing->sink, head);
	pairing->sending = exchange;
	pairing->matters[DIRECTION_TO_SERVER] = exchange && exchange->wanted;
	if (!exchange) {
		pairing_skip_request(pairing);
		return;
	}
	exchange_half_begin(&exchange->request, &pairing->first[passage->direction].origin, &passage->origin);
	if (pairing->closed)
		pairing_note_crossed(pairing, exchange);
	if (exchange->wanted)
		pairing_note_wanted(pairing);
	if (head->upgrade_websocket || head->upgrade_h2c || exchange->asks_tunnel)
		pairing->upgrading = exchange;
	pairing_append(pairing, exchange);
}

static void pairing_end_request(struct pairing *pairing, const struct passage *passage)
{
	struct exchange *exchange = pairing->sending;
	pairing->sending = NULL;
	if (!exchange)
		return;
	exchange_half_end(&exchange->request, &passage->origin);
	exchange_give_request(exchange, pairing->sink, pairing->connection, passage->origin.time);
	/* A server may answer before it has read the whole request (413). */
	if (exchange == pairing->oldest && exchange->answer.ended != TIMESTAMP_NONE && !pairing->is_granted)
		pairing_finish_oldest(pairing, passage, EXCHANGE_ANSWERED);
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
	size_t before = pairing->paused.len;
	if (!buffer_append(&pairing->paused, *bytes)) {
		pairing_pass_over(pairing, bytes->len - (pairing->paused.len - before));
		pairing->lost[passage->direction] |= pairing->is_granted;
	}
	*bytes = slice_drop(*bytes, bytes->len);
}

/* ---- answers */

void pairing_lose_oldest(struct pairing *pairing, const struct passage *passage)
{
	pairing->oldest->answer.incomplete = true;
	pairing_finish_oldest(pairing, passage, EXCHANGE_LOST);
}

/* After lost answers: one that comes now answers the newest request (clients do not pipeline), the others' are lost. */
static void pairing_skip_unsure(struct pairing *pairing, const struct passage *passage)
{
	while (pairing->unsure && pairing->oldest && pairing->oldest != pairing->newest)
		pairing_lose_oldest(pairing, passage);
	if (pairing->unsure)
		pairing->skipped = 0;
	pairing->unsure = false;
}

/* A 101 answers nothing but a request for another protocol: where the oldest asks for none, that request was lost, and
 * so were the answers to those before it. */
static void pairing_skip_to_upgrade(
    struct pairing *pairing, const struct passage *passage, const struct http_head *head)
{
	while (head->status == 101 && pairing->oldest && !pairing->oldest->asks_upgrade)
		pairing_lose_oldest(pairing, passage);
	if (head->status == 101)
		pairing->skipped = 0;
}

/* An answer to a request that was not captured. */
static void pairing_take_orphan(struct pairing *pairing, const struct http_head *head)
{
	pairing->orphan = true;
	pairing->orphan_tunnel = http_head_opens_tunnel(head);
	if (pairing->orphan_tunnel)
		http_response_has_no_body(&pairing->streams[DIRECTION_TO_CLIENT]);
	pairing->is_http2 = head->upgrade_h2c && head->status == 101;
	pairing->upgrade = (struct pairing_upgrade){.answered = head->upgrade_websocket && head->status == 101,
	    .agreement = extensions_read_fields(head->fields)};
}

/* "timeout=5": after so many seconds without a request the server ends the connection (RFC 2068 §19.7.1.1). */
static timestamp pairing_read_keep_alive(struct slice fields)
{
	struct slice words;
	uint64_t seconds = 0;
	if (!http_find_field(fields, "Keep-Alive", &words))
		return 0;
	while (words.len) {
		struct slice word = slice_trim(slice_take_until(&words, ','));
		struct slice digits = slice_drop(word, strlen("timeout="));
		if (slice_starts_with(word, SLICE("timeout=")) && !digits_take(&digits, 6, &seconds))
			seconds = 0;
	}
	return (timestamp)seconds * TIMESTAMP_SECOND;
}

static void pairing_take_answer_head(
    struct pairing *pairing, const struct passage *passage, const struct http_head *head)
{
	pairing->interim = head->status >= 100 && head->status < 200 && head->status != 101;
	if (pairing->interim)
		return;
	if (!pairing->has_answered)
		pairing->announced = pairing_read_keep_alive(head->fields);
	pairing->has_answered = true;
	pairing_skip_unsure(pairing, passage);
	pairing_skip_to_upgrade(pairing, passage, head);
	bool is_skipped = pairing->skipped > 0;
	struct exchange *oldest = is_skipped ? NULL : pairing->oldest;
	pairing->skipped -= is_skipped;
	pairing->orphan = false;
	pairing->matters[DIRECTION_TO_CLIENT] = oldest && oldest->wanted;
	if (!oldest) {
		pairing_take_orphan(pairing, head);
		return;
	}
	bool is_tunnel = oldest->asks_tunnel && head->status >= 200 && head->status < 300;
	if (oldest->answers_head || is_tunnel)
		http_response_has_no_body(&pairing->streams[DIRECTION_TO_CLIENT]);
	pairing->answering = true;
	oldest->left = pairing->left;
	oldest->status = head->status;
	exchange_half_begin(&oldest->answer, &pairing->first[passage->direction].origin, &passage->origin);
	if (exchange_keeps_answer(oldest))
		exchange_keep_head(&oldest->answer, head);
	pairing->is_http2 = head->upgrade_h2c && head->status == 101;
	if (head->status == 101)
		pairing->upgrade = (struct pairing_upgrade){
		    .exchange = oldest, .answered = true, .agreement = extensions_read_fields(head->fields)};
}

static enum pairing_result pairing_end_orphan(struct pairing *pairing)
{
	enum pairing_result result = pairing->orphan_tunnel      ? PAIRING_TUNNEL
	                             : pairing->is_http2         ? PAIRING_HTTP2
	                             : pairing->upgrade.answered ? PAIRING_WEBSOCKET
	                                                         : PAIRING_GO_ON;
	pairing->orphan = false;
	return result;
}

static void pairing_emit_no_tunnel(
    struct pairing *pairing, const struct passage *passage, const struct exchange *exchange)
{
	const struct http_sink *sink = pairing->sink;
	struct attempt attempt = {.client = pairing->connection->facts.client,
	    .server = pairing->connection->facts.server,
	    .outcome = ATTEMPT_NO_TUNNEL,
	    .asked = exchange->request.begun,
	    .origin = exchange->request.origin,
	    .tries = 1,
	    .authority = exchange->request.head.target,
	    .status = exchange->status};
	origin_widen(&attempt.origin, &passage->origin);
	if (attempt.authority.len)
		sink->attempted(sink->self, &attempt);
}

/* A 101 may come before the request is whole. Of h2c the rest of its body comes first, as HTTP/1 (RFC 7540 §3.2). */
static enum pairing_result pairing_switch(struct pairing *pairing, const struct passage *passage)
{
	struct exchange *oldest = pairing->oldest;
	bool is_early = pairing->sending == oldest;
	exchange_decide(oldest, EXCHANGE_ANSWERED, passage->origin.time);
	if (pairing->is_http2) {
		pairing->is_granted = is_early;
		pairing->answering &= !is_early;
		return is_early ? PAIRING_GO_ON : PAIRING_HTTP2;
	}
	if (oldest->wanted && pairing->upgrading == oldest) {
		if (is_early)
			pairing_cut_request(pairing, passage);
		return PAIRING_WEBSOCKET;
	}
	pairing_finish_oldest(pairing, passage, EXCHANGE_ANSWERED);
	return PAIRING_OTHER;
}

static enum pairing_result pairing_end_answer(struct pairing *pairing, const struct passage *passage)
{
	struct exchange *oldest = pairing->oldest;
	if (!pairing->interim)
		pairing->served = passage->origin.time;
	if (pairing->interim || !pairing->answering) {
		bool orphan = pairing->orphan && !pairing->interim;
		pairing->interim = false;
		return orphan ? pairing_end_orphan(pairing) : PAIRING_GO_ON;
	}
	exchange_half_end(&oldest->answer, &passage->origin);
	if (oldest->status == 101)
		return pairing_switch(pairing, passage);
	if (oldest->asks_tunnel && oldest->status < 300)
		return PAIRING_TUNNEL;
	if (oldest->asks_tunnel)
		pairing_emit_no_tunnel(pairing, passage, oldest);
	if (pairing->sending != oldest)
		pairing_finish_oldest(pairing, passage, EXCHANGE_ANSWERED);
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
			pairing_add_body(pairing, &oldest->answer, exchange_keeps_answer(oldest), passage, item->body);
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

static void pairing_take_bad(struct pairing *pairing, const struct passage *passage)
{
	struct http_stream *stream = &pairing->streams[passage->direction];
	struct passage whole = *passage;
	struct http_head head;
	pairing->lost[passage->direction] = true;
	if (pairing->is_granted)
		pairing_cut_request(pairing, passage);
	pairing->broken++;
	ledger_add(pairing->resources->ledger, LEDGER_BROKEN, 0, 1);
	/* A request that cannot be read may be the first that says what its connection is for. */
	if (http_read_refused_head(stream, &head))
		pairing->wanted |= pairing->sink->wants(pairing->sink->self, head.target);
	buffer_free(&stream->held);
	if (!pairing->wanted)
		return;
	pairing_note_wanted(pairing);
	origin_widen(&whole.origin, &pairing->first[passage->direction].origin);
	pairing->sink->malformed(pairing->sink->self, pairing->connection, &whole, "http", stream->why, false);
}

static void pairing_take_paused_bytes(struct pairing *pairing);

/* h2c was granted, and the request is whole, or will not become whole. */
static bool pairing_is_http2_due(const struct pairing *pairing)
{
	return pairing->is_granted && !pairing->sending;
}

static enum pairing_result pairing_take_bytes(
    struct pairing *pairing, const struct passage *passage, struct slice *bytes)
{
	enum direction direction = passage->direction;
	struct http_item item;
	for (;;) {
		if (pairing_is_http2_due(pairing))
			return PAIRING_HTTP2;
		bool waits = direction == DIRECTION_TO_SERVER ? pairing->upgrading && !pairing->sending
		                                              : pairing->is_granted;
		if (waits) {
			pairing_pause(pairing, passage, bytes);
			return PAIRING_GO_ON;
		}
		if (http_is_between(&pairing->streams[direction]))
			pairing->first[direction] = *passage;
		size_t before = bytes->len;
		enum wire_result result = http_next_item(&pairing->streams[direction], bytes, &item);
		pairing->uncounted[direction] += before - bytes->len;
		if (result == WIRE_BAD) {
			pairing_take_bad(pairing, passage);
			pairing_pass_over(pairing, pairing->uncounted[direction] + bytes->len);
			pairing->uncounted[direction] = 0;
		}
		if (result != WIRE_ITEM)
			return PAIRING_GO_ON;
		enum pairing_result answer = pairing_take_item(pairing, passage, &item);
		pairing_count(pairing, direction);
		if (answer != PAIRING_GO_ON)
			return answer;
		pairing_take_paused_bytes(pairing);
	}
}

/* The upgrade was refused: what the client sent meanwhile is HTTP after all, and what the server sends next may answer
 * it already. */
static void pairing_take_paused_bytes(struct pairing *pairing)
{
	while (!pairing->upgrading && !pairing->is_granted && pairing->paused.len) {
		struct buffer paused = pairing->paused;
		struct passage passage = pairing->paused_passage;
		buffer_init(&pairing->paused, PAIRING_PAUSED, pairing->resources->budget);
		struct slice bytes = buffer_slice(&paused);
		pairing_take_bytes(pairing, &passage, &bytes);
		buffer_free(&paused);
	}
}

void pairing_note_greeting(struct pairing *pairing, struct foreign *greeting)
{
	budget_release(pairing->foreign);
	pairing->foreign = greeting;
}

/* Where bytes were lost, or the beginning was not captured, those of an answer may look like anything. */
static void pairing_note_foreign(struct pairing *pairing, struct slice bytes)
{
	bool is_known = !pairing->lost[DIRECTION_TO_CLIENT] && !pairing->connection->facts.joined;
	bool is_first = !pairing->foreign && http_is_between(&pairing->streams[DIRECTION_TO_CLIENT]);
	if (is_known && !pairing->has_answered)
		foreign_take(&pairing->foreign, pairing->resources->budget, bytes, is_first);
}

enum pairing_result pairing_take(struct pairing *pairing, const struct passage *passage, struct slice *bytes)
{
	bool skip;
	if (passage->direction == DIRECTION_TO_CLIENT)
		pairing_note_foreign(pairing, *bytes);
	if (pairing_is_http2_due(pairing))
		return PAIRING_HTTP2;
	enum pairing_result result = pairing_look_again(pairing, passage, *bytes, &skip);
	if (skip)
		pairing_pass_over(pairing, bytes->len);
	if (result != PAIRING_GO_ON || skip)
		return result;
	result = pairing_take_bytes(pairing, passage, bytes);
	if (result == PAIRING_GO_ON)
		pairing_take_paused_bytes(pairing);
	return result;
}

struct pairing_upgrade pairing_upgrade(const struct pairing *pairing)
{
	return pairing->upgrade;
}

struct exchange *pairing_release_upgraded(struct pairing *pairing)
{
	struct exchange *exchange = pairing->oldest;
	if (!exchange || exchange->status != 101)
		return NULL;
	pairing->connection->oldest = pairing->oldest = exchange->next;
	if (pairing->newest == exchange)
		pairing->newest = NULL;
	pairing->upgrading = pairing->sending = exchange->next = NULL;
	exchange_await_answer(exchange);
	return exchange;
}

bool pairing_has_lost(const struct pairing *pairing, enum direction direction)
{
	return pairing->lost[direction];
}

struct slice pairing_paused(struct pairing *pairing, struct passage *passage, struct buffer *held)
{
	*passage = pairing->paused_passage;
	*held = pairing->paused;
	buffer_init(&pairing->paused, PAIRING_PAUSED, pairing->resources->budget);
	return buffer_slice(held);
}

void pairing_resume(struct pairing *pairing)
{
	http_stream_reset(&pairing->streams[DIRECTION_TO_CLIENT]);
	pairing->answering = false;
	pairing->upgrading = NULL;
	exchange_await_answer(pairing->oldest);
}

/* ---- the end */

void pairing_end_direction(struct pairing *pairing, const struct passage *passage, bool unacknowledged)
{
	struct http_item item;
	if (!pairing->lost[passage->direction] &&
	    http_end_stream(&pairing->streams[passage->direction], &item) == WIRE_ITEM)
		pairing_take_item(pairing, passage, &item);
	if (passage->direction == DIRECTION_TO_SERVER) {
		pairing->left = passage->origin.time;
		return;
	}
	pairing->closed = passage->origin.time;
	/* Seen at the client's end, the request comes first, and the server's FIN does not acknowledge it. */
	if (unacknowledged && pairing->oldest && !pairing->answering && pairing->oldest == pairing->newest &&
	    pairing->sending != pairing->oldest)
		pairing_note_crossed(pairing, pairing->oldest);
	pairing_end(pairing, passage, EXCHANGE_UNANSWERED);
}

void pairing_end(struct pairing *pairing, const struct passage *passage, enum exchange_state state)
{
	if (pairing->lost[DIRECTION_TO_CLIENT] && state != EXCHANGE_REFUSED)
		state = EXCHANGE_LOST;
	while (pairing->oldest) {
		struct exchange *oldest = pairing->oldest;
		oldest->answer.incomplete |= pairing->answering && oldest->answer.ended == TIMESTAMP_NONE;
		bool client_left = pairing->left != TIMESTAMP_NONE;
		oldest->ended_by = client_left ? DIRECTION_TO_SERVER : passage->direction;
		if (!pairing->answering)
			oldest->left = pairing->left;
		pairing_finish_oldest(pairing, passage, state);
	}
}
