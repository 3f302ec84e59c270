/* Both sides of a proxy: handshakes that it passes on with another path or without their query, POSTs that its redirect
 * turns into GETs, and answers that it does not take. */
#include "detect/behind.h"

#include "base/hash.h"
#include "detect/refusal.h"
#include "detect/unanswered.h"

#include <stdio.h>

/* ---- paths */

static uint64_t behind_digest_query(const struct exchange *exchange)
{
	struct slice query = exchange->request.head.target;
	slice_take_until(&query, '?');
	return fnv_digest(query);
}

/* Of a request that went through this one's server; NULL: none did. */
static struct refused_handshake *behind_find_inner(struct behind *behind, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice path = slice_take(http_target_path(exchange->request.head.target), BEHIND_PATH);
	for (size_t i = 0; i < behind->count && i < BEHIND_HANDSHAKES; i++) {
		struct refused_handshake *inner = &behind->handshakes[i];
		if (inner->query == behind_digest_query(exchange) && inner->status == exchange->status &&
		    inner->begun >= exchange->request.begun && inner->ended <= event->origin.time &&
		    !endpoint_equals(&inner->server, &event->connection->server) &&
		    !slice_equals_text(path, inner->path))
			return inner;
	}
	return NULL;
}

void behind_note_refused(struct behind *behind, struct finding *finding, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice path = slice_take(http_target_path(exchange->request.head.target), BEHIND_PATH);
	struct refused_handshake *handshake = &behind->handshakes[behind->count++ % BEHIND_HANDSHAKES];
	*handshake = (struct refused_handshake){.server = event->connection->server,
	    .query = behind_digest_query(exchange),
	    .status = exchange->status,
	    .begun = exchange->request.begun,
	    .ended = event->origin.time,
	    .finding = finding};
	memcpy(handshake->path, path.at ? (const char *)path.at : "", path.len);
}

bool behind_report_path(struct behind *behind, struct findings *findings, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice path = slice_take(http_target_path(exchange->request.head.target), BEHIND_PATH);
	struct refused_handshake *inner = behind_find_inner(behind, event);
	char proxy[ENDPOINT_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	if (!inner)
		return false;
	inner->finding->count++;
	finding_prove(findings, inner->finding, &event->origin, "the same request before the proxy");
	if (inner->is_reported)
		return true;
	inner->is_reported = true;
	finding_say(findings, inner->finding,
	    "the client asks %s for %.*s, and the proxy there passes it on to %s as %s, where nothing is served (HTTP "
	    "%d)",
	    endpoint_format(&event->connection->server, proxy), (int)path.len, (const char *)path.at,
	    endpoint_format(&inner->server, server), inner->path, exchange->status);
	finding_set_cause(findings, inner->finding, CAUSE_PATH_CHANGED, NULL);
	return true;
}

/* ---- redirects */

bool behind_take_redirected_post(struct behind *behind, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	if (!slice_equals(exchange->request.head.method, SLICE("GET")))
		return false;
	for (size_t i = 0; i < behind->post_count && i < BEHIND_POSTS; i++) {
		struct redirected_post *post = &behind->posts[i];
		if (post->location != fnv_digest(exchange->request.head.target) ||
		    !address_equals(&post->client, &event->connection->client.address))
			continue;
		post->location = 0;
		return true;
	}
	return false;
}

/* ---- queries */

static struct refused_transports *behind_find_query(struct behind *behind, const struct event *event)
{
	struct slice host = exchange_field(&event->exchange->request, "Host"),
	             path = http_target_path(event->exchange->request.head.target);
	uint64_t place = fnv_add(fnv_digest(host), path.at, path.len);
	for (size_t i = 0; i < behind->query_count && i < BEHIND_QUERIES; i++)
		if (behind->queries[i].place == place &&
		    endpoint_equals(&behind->queries[i].server, &event->connection->server))
			return &behind->queries[i];
	struct refused_transports *query = &behind->queries[behind->query_count++ % BEHIND_QUERIES];
	*query = (struct refused_transports){.server = event->connection->server, .place = place};
	return query;
}

void behind_note_answer(struct behind *behind, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	bool opens = !exchange->target->sid_len &&
	             (event->kind == EVENT_WS_OPEN || (exchange->status == 200 && event->session));
	uint64_t moved = refusal_digest_moved(exchange);
	if (moved)
		behind->posts[behind->post_count++ % BEHIND_POSTS] = (struct redirected_post){
		    event->connection->client.address, moved};
	if (opens)
		behind_find_query(behind, event)->is_taken = true;
}

/* Who passed the answer on, as it says itself. */
static bool behind_is_of_cloudfront(const struct exchange *exchange)
{
	return server_text_matches(exchange_field(&exchange->answer, "Via"), "cloudfront") ||
	       server_text_matches(exchange_field(&exchange->answer, "X-Cache"), "cloudfront");
}

static struct finding *behind_claim_query(struct findings *findings, const struct event *event)
{
	char subject[ENDPOINT_TEXT_SIZE + BEHIND_PATH + 32], server[ENDPOINT_TEXT_SIZE];
	struct slice path = slice_take(http_target_path(event->exchange->request.head.target), BEHIND_PATH);
	snprintf(subject, sizeof subject, "%s %.*s query lost", endpoint_format(&event->connection->server, server),
	    (int)path.len, path.at ? (const char *)path.at : "");
	struct finding *finding = findings_claim(
	    findings, CODE_HANDSHAKE_REJECTED, CONFIDENCE_LIKELY, NULL, event, subject);
	if (finding)
		finding_prove(findings, finding, &event->origin, "transport=%s: HTTP %d",
		    transport_name(event->exchange->target->transport), event->exchange->status);
	return finding;
}

static void behind_say_query(struct findings *findings, struct finding *finding, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	char server[ENDPOINT_TEXT_SIZE], quote[REFUSAL_QUOTE_SIZE];
	struct slice path = slice_take(http_target_path(exchange->request.head.target), BEHIND_PATH),
	             via = slice_take(exchange_field(&exchange->answer, "Via"), 80);
	finding_say(findings, finding,
	    "%s refuses polling and WebSocket alike at %.*s (HTTP %d, %s), and a server takes one of them at least: "
	    "the query string, which names the transport, does not arrive%s%.*s%s",
	    endpoint_format(&event->connection->server, server), (int)path.len, path.at ? (const char *)path.at : "",
	    exchange->status, refusal_quote(exchange, quote), via.len ? "; the answers came by way of " : "",
	    (int)via.len, via.len ? (const char *)via.at : "", via.len ? " (Via)" : "");
	finding_doubt(findings, finding,
	    "a server whose option transports holds neither (a misspelt name, WebTransport alone) looks the same");
	finding_set_cause_by(
	    findings, finding, CAUSE_QUERY_DROPPED, behind_is_of_cloudfront(exchange) ? "CloudFront" : NULL);
}

bool behind_report_query(
    struct behind *behind, struct findings *findings, struct finding *finding, const struct event *event)
{
	struct refused_transports *query = behind_find_query(behind, event);
	bool is_polling = event->exchange->target->transport != TRANSPORT_WEBSOCKET;
	if (query->is_lost && !finding) {
		behind_claim_query(findings, event);
		return true;
	}
	if (event->exchange->target->sid_len || query->is_lost || query->is_taken || !finding)
		return false;
	if (!query->findings[is_polling])
		query->origins[is_polling] = event->origin;
	query->findings[is_polling] = finding;
	const struct finding *other = query->findings[!is_polling];
	if (!other)
		return false;
	uint64_t count = other->count + finding->count;
	findings_withdraw(findings, query->findings[!is_polling]);
	findings_withdraw(findings, finding);
	query->is_lost = true;
	finding = behind_claim_query(findings, event);
	if (!finding)
		return true;
	finding->count = count;
	finding_begin_at(finding, query->origins[!is_polling].time);
	finding_note_time(finding, event->origin.time);
	finding_prove(findings, finding, &query->origins[!is_polling], "the other transport: refused as well");
	behind_say_query(findings, finding, event);
	return true;
}

/* ---- answers */

/* nginx reads an answer's headers into one buffer, of a page as a rule (ngx_http_proxy_module: proxy_buffer_size). */
enum { BEHIND_HEAD = 4096 };

/* A poll is held on purpose. */
static bool behind_is_held(const struct exchange *exchange)
{
	return exchange->target->sid_len && slice_equals(exchange->request.head.method, SLICE("GET")) &&
	       exchange->target->transport == TRANSPORT_POLLING;
}

/* Why it was refused, by what the server did; by the proxy's words it is `cause`. */
static enum cause behind_cause(const struct event *event, enum cause cause)
{
	const struct event_behind *behind = event->behind;
	bool is_post = cause == CAUSE_POST_BACKEND;
	if (cause == CAUSE_BACKEND_SLOW)
		return behind->status || behind_is_held(event->exchange) ? cause : CAUSE_BACKEND_SILENT;
	if (unanswered_is_crossed(&behind->crossed))
		return is_post ? CAUSE_POST_KEEP_ALIVE_RACE : CAUSE_BACKEND_KEEP_ALIVE_RACE;
	if (behind->status)
		return is_post ? CAUSE_POST_ANSWER_NOT_TAKEN : CAUSE_ANSWER_NOT_TAKEN;
	return is_post ? cause : CAUSE_BACKEND_BROKE_OFF;
}

static bool behind_is_of(enum cause cause)
{
	return cause == CAUSE_BACKEND_GONE || cause == CAUSE_BACKEND_BROKE_OFF || cause == CAUSE_BACKEND_SLOW ||
	       cause == CAUSE_POST_BACKEND;
}

static void behind_say_answer(struct findings *findings, struct finding *finding, const struct event_behind *behind)
{
	finding_say(findings, finding, "%s had answered it with HTTP %d%s%s", finding->seen, behind->status,
	    behind->oddity ? ", and the answer's headers have " : "", behind->oddity ? behind->oddity : "");
	if (!behind->oddity && behind->head_bytes >= BEHIND_HEAD)
		finding_say(findings, finding, "%s, and its headers have %zu bytes", finding->seen, behind->head_bytes);
}

enum cause behind_say(struct findings *findings, struct finding *finding, const struct event *event, enum cause cause)
{
	const struct event_behind *behind = event->behind;
	char server[ENDPOINT_TEXT_SIZE];
	if (!behind || !behind_is_of(cause) || behind->status >= 400)
		return cause;
	finding_prove(findings, finding, &behind->origin, "the same request behind the proxy: %s",
	    behind->status ? "answered" : "no answer");
	if (finding->count > 1)
		return behind_cause(event, cause);
	finding_say(findings, finding, "%s; the proxy had passed it on to %s, which", finding->seen,
	    endpoint_format(&behind->server, server));
	if (behind->status)
		behind_say_answer(findings, finding, behind);
	else if (unanswered_is_crossed(&behind->crossed))
		finding_say(findings, finding, "%s was just ending the connection, because nothing had come on it",
		    finding->seen);
	else if (behind->is_dropped)
		finding_say(findings, finding, "%s ended the connection without an answer", finding->seen);
	else
		finding_say(findings, finding, "%s had not answered it after %.1f s", finding->seen,
		    (double)(event->exchange->answer.begun - behind->begun) / TIMESTAMP_SECOND);
	return behind_cause(event, cause);
}
