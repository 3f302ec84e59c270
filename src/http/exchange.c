/* HTTP exchanges: what is kept of them. */
#include "http/exchange.h"

#include "http/sink.h"

#include <stdlib.h>

/* ---- a request or an answer */

static void exchange_half_init(struct exchange_half *half, const struct limits *limits, struct budget *budget)
{
	half->begun = half->ended = half->given = TIMESTAMP_NONE;
	buffer_init(&half->kept, http_default_limits.head, budget);
	buffer_init(&half->body, limits->message, budget);
}

static void exchange_half_free(struct exchange_half *half)
{
	buffer_free(&half->kept);
	buffer_free(&half->body);
}

void exchange_half_begin(struct exchange_half *half, const struct origin *first, const struct origin *origin)
{
	half->origin = *first;
	origin_widen(&half->origin, origin);
	half->begun = half->latest = first->time;
}

bool exchange_half_add(struct exchange_half *half, bool keep, const struct origin *origin, struct slice body)
{
	half->body_bytes += body.len;
	half->latest = origin->time;
	origin_widen(&half->origin, origin);
	if (!keep || half->body.truncated || buffer_append(&half->body, body))
		return true;
	half->incomplete = true;
	return false;
}

void exchange_half_end(struct exchange_half *half, const struct origin *origin)
{
	origin_widen(&half->origin, origin);
	half->ended = origin->time;
}

/* Begins again. */
static void exchange_half_forget(struct exchange_half *half)
{
	buffer_clear(&half->kept);
	buffer_clear(&half->body);
	*half = (struct exchange_half){.begun = TIMESTAMP_NONE,
	    .ended = TIMESTAMP_NONE,
	    .given = TIMESTAMP_NONE,
	    .kept = half->kept,
	    .body = half->body};
}

void exchange_await_answer(struct exchange *exchange)
{
	exchange_half_forget(&exchange->answer);
	exchange->state = EXCHANGE_PENDING;
	exchange->decided = TIMESTAMP_NONE;
	exchange->status = 0;
}

void exchange_decide(struct exchange *exchange, enum exchange_state state, timestamp time)
{
	exchange->state = exchange->status ? EXCHANGE_ANSWERED : state;
	exchange->end = state;
	exchange->decided = exchange->answer.given = time;
}

/* ---- exchanges */

const char *exchange_state_name(enum exchange_state state)
{
	static const char *const names[] = {
	    [EXCHANGE_PENDING] = "pending",
	    [EXCHANGE_ANSWERED] = "answered",
	    [EXCHANGE_UNANSWERED] = "unanswered",
	    [EXCHANGE_REFUSED] = "refused",
	    [EXCHANGE_LOST] = "lost",
	    [EXCHANGE_ABORTED] = "aborted",
	    [EXCHANGE_BLOCKED] = "blocked",
	    [EXCHANGE_FAILED] = "failed",
	};
	return names[state];
}

struct exchange *exchange_new(const struct limits *limits, struct budget *budget)
{
	struct exchange *exchange = budget_new(budget, sizeof *exchange);
	if (!exchange)
		return NULL;
	exchange_half_init(&exchange->request, limits, budget);
	exchange_half_init(&exchange->answer, limits, budget);
	exchange->decided = exchange->left = TIMESTAMP_NONE;
	return exchange;
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	exchange_half_free(&exchange->request);
	exchange_half_free(&exchange->answer);
	budget_release(exchange->target);
	budget_release(exchange);
}

/* Bytes of an answer that are kept: of a document, and of one that is beside, whose words say why it is refused. */
enum { EXCHANGE_DOCUMENT = 4 << 20, EXCHANGE_BESIDE = 4096 };

static void exchange_ask_sink(struct exchange *exchange, const struct http_sink *sink, const struct http_head *head)
{
	exchange->wanted = sink->wants(sink->self, head->target);
	exchange->is_beside = !exchange->wanted && sink->wants_beside && sink->wants_beside(sink->self, head->target);
	exchange->is_document = !exchange->wanted && !exchange->is_beside && slice_equals(head->method, SLICE("GET")) &&
	                        sink->wants_document(sink->self, head->target);
	if (exchange->is_document || exchange->is_beside)
		exchange->answer.body.limit = exchange->is_beside ? EXCHANGE_BESIDE : EXCHANGE_DOCUMENT;
}

struct exchange *exchange_begin(
    const struct resources *resources, const struct http_sink *sink, const struct http_head *head)
{
	struct exchange *exchange = exchange_new(resources->limits, resources->budget);
	if (!exchange)
		return NULL;
	exchange->answers_head = slice_equals(head->method, SLICE("HEAD"));
	exchange->asks_tunnel = slice_equals(head->method, SLICE("CONNECT")) && !head->upgrade;
	exchange->asks_upgrade = head->upgrade;
	exchange_ask_sink(exchange, sink, head);
	bool matters = exchange->wanted || exchange->is_beside;
	if (matters || exchange->asks_tunnel || exchange->is_document)
		exchange_keep_head(&exchange->request, head);
	if (!matters)
		return exchange;
	exchange->target = sink->read_target(sink->self, exchange->request.head.target);
	if (exchange->target)
		return exchange;
	exchange_free(exchange);
	return NULL;
}

void exchange_give_request(
    struct exchange *exchange, const struct http_sink *sink, struct connection *connection, timestamp time)
{
	exchange->request.given = time;
	if (exchange->wanted)
		sink->request(sink->self, connection, exchange);
}

void exchange_give_answer(struct exchange *exchange, const struct http_sink *sink, struct connection *connection)
{
	const struct exchange_half *answer = &exchange->answer;
	if (exchange->wanted)
		sink->answer(sink->self, connection, exchange);
	else if (exchange->is_beside)
		sink->beside(sink->self, connection, exchange);
	else if (exchange_keeps_answer(exchange) && exchange->state == EXCHANGE_ANSWERED && !answer->incomplete)
		sink->document(sink->self, exchange->request.head.target, exchange_field(answer, "Content-Encoding"),
		    buffer_slice(&answer->body));
}

void exchange_keep_head(struct exchange_half *half, const struct http_head *head)
{
	buffer_clear(&half->kept);
	half->incomplete |= !buffer_append(&half->kept, head->bytes);
	half->head = http_head_in(head, buffer_slice(&half->kept));
}

struct slice exchange_field(const struct exchange_half *half, const char *name)
{
	struct slice value = slice_of(NULL, 0);
	const uint64_t names = half->head.names;
	if (!names || names & http_name_bit((const uint8_t *)name, strlen(name)))
		http_find_field(half->head.fields, name, &value);
	return value;
}

size_t exchange_count_fields(const struct exchange_half *half, const char *name)
{
	struct slice rest = half->head.fields, value;
	size_t count = 0;
	while (http_next_field(&rest, name, &value))
		count++;
	return count;
}

const char *exchange_find_oddity(const struct exchange_half *answer)
{
	size_t codings = exchange_count_fields(answer, "Transfer-Encoding");
	size_t lengths = exchange_count_fields(answer, "Content-Length");
	if (codings > 1)
		return "Transfer-Encoding twice";
	if (lengths > 1)
		return "Content-Length twice";
	return codings && lengths ? "Content-Length beside Transfer-Encoding" : NULL;
}

struct slice exchange_forwarded_for(const struct exchange_half *request)
{
	struct slice list = exchange_field(request, "X-Forwarded-For");
	struct slice first = slice_trim(slice_take_until(&list, ','));
	struct slice forwarded = exchange_field(request, "Forwarded");
	if (!first.len)
		first = slice_trim(exchange_field(request, "X-Real-IP"));
	if (!first.len)
		first = slice_trim(exchange_field(request, "CF-Connecting-IP"));
	forwarded = slice_take_until(&forwarded, ',');
	while (!first.len && forwarded.len) {
		struct slice value = slice_take_until(&forwarded, ';');
		if (slice_equals_nocase(slice_trim(slice_take_until(&value, '=')), "for"))
			first = slice_trim(value);
	}
	if (first.len >= 2 && first.at[0] == '"' && first.at[first.len - 1] == '"')
		first = slice_take(slice_drop(first, 1), first.len - 2);
	return slice_take(first, EXCHANGE_FORWARDED);
}

bool exchange_is_of_browser(const struct exchange *exchange)
{
	return slice_starts_with(exchange_field(&exchange->request, "User-Agent"), SLICE("Mozilla/"));
}
