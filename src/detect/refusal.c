/*
 * Read from the answer's own words by the tables of servers/. A bare status that several reasons explain stays what it
 * is. CORS preflights are no part of a session and are passed over.
 */
#include "detect/refusal.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "detect/thresholds.h"
#include "socketio/software.h"

#include <ctype.h>
#include <stdio.h>

/* A handshake answered by something else: the path leads to a web server's page, or to another application. */
static bool refusal_is_elsewhere(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	return exchange->status == 200 && !exchange->target->sid_len && !event->session &&
	       !exchange->answer.incomplete && exchange->target->transport == TRANSPORT_POLLING &&
	       slice_equals(exchange->request.head.method, SLICE("GET"));
}

/* A server of revision 3 that takes any EIO answers in its own payload form, `<length>:0{…`, which a client of revision
 * 4 cannot read. */
static bool refusal_is_old_form(const struct exchange *exchange)
{
	struct slice rest = exchange->plain;
	uint64_t length;
	return exchange->target->revision == 4 && digits_take(&rest, 7, &length) &&
	       slice_starts_with(rest, SLICE(":0{"));
}

enum refusal refusal_of(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	if (exchange_is_hidden(exchange))
		return REFUSAL_NONE;
	if (refusal_is_elsewhere(event))
		return refusal_is_old_form(exchange) ? REFUSAL_OLD_FORM : REFUSAL_ELSEWHERE;
	/* Monitors ask by HEAD, and clients never. */
	if (exchange->status < 400 || slice_equals(exchange->request.head.method, SLICE("OPTIONS")) ||
	    slice_equals(exchange->request.head.method, SLICE("HEAD")))
		return REFUSAL_NONE;
	switch (software_read_refusal_of(event->session, exchange)) {
	case MEANING_TRANSPORT:
		return REFUSAL_TRANSPORT;
	case MEANING_FORBIDDEN_WEBSOCKET:
		return REFUSAL_BARE_FORBIDDEN;
	case MEANING_VERSION:
		return REFUSAL_VERSION;
	case MEANING_SESSION:
	case MEANING_CLOSED:
		return REFUSAL_SESSION;
	case MEANING_SIZE:
		return REFUSAL_SIZE;
	default:
		return REFUSAL_OTHER;
	}
}

const char *refusal_what(const struct exchange *exchange)
{
	if (exchange->target->sid_len)
		return refusal_is_of_websocket(exchange) ? "WebSocket for an existing session" : "request of a session";
	return "handshake";
}

/* A payload begins with a packet's type, a length, `b` before base64, a byte 0 or 1 of revision 3's binary form, or the
 * call of JSONP (protocol.md §3). */
bool refusal_is_foreign(struct slice body)
{
	uint8_t first = body.len ? body.at[0] : '0';
	return !(first <= 1 || (first >= '0' && first <= '9') || first == 'b') &&
	       !slice_starts_with(body, SLICE("___eio[")) && !slice_starts_with(body, SLICE("/**/___eio["));
}

bool refusal_ends_poll(const struct session *session, const struct exchange *exchange)
{
	return exchange->status >= 400 && exchange->target->sid_len &&
	       slice_equals(exchange->request.head.method, SLICE("GET")) &&
	       software_read_refusal_of(session, exchange) == MEANING_ENDED;
}

bool refusal_is_of_node_version(const struct exchange *exchange)
{
	return slice_find(exchange->plain, SLICE("\"code\":5")) < exchange->plain.len;
}

/* node answers a WebSocket's handshake that it refuses with text, and a plain request with JSON (signatures.md A): by
 * the words of the second, Upgrade was lost behind this point. */
static bool refusal_is_to_stripped(const struct exchange *exchange)
{
	struct server_answer answer = software_answer(exchange);
	bool arrived = answer.place == AT_WEBSOCKET || answer.place == AT_UPGRADE;
	answer.place = answer.place == AT_UPGRADE ? AT_STRIPPED_UPGRADE : AT_STRIPPED;
	return arrived && servers_read_refusal(&answer) == MEANING_STRIPPED;
}

enum refusal_upgrade refusal_upgrade_of(const struct exchange *exchange)
{
	struct slice upgrade = exchange_field(&exchange->request, "Upgrade");
	if (exchange->request.head.upgrade_websocket)
		return refusal_is_to_stripped(exchange) ? UPGRADE_HEADER_REMOVED_BEHIND : UPGRADE_HEADER_ARRIVED;
	return slice_equals_nocase(slice_trim(upgrade), "websocket") ? UPGRADE_HEADER_ALONE : UPGRADE_HEADER_ABSENT;
}

/* Why a WebSocket's handshake was taken for another request; CAUSES: it was not. */
static enum cause refusal_upgrade_cause(const struct exchange *exchange)
{
	switch (refusal_is_of_websocket(exchange) ? refusal_upgrade_of(exchange) : UPGRADE_HEADER_ARRIVED) {
	case UPGRADE_HEADER_ABSENT:
		return software_read_refusal(exchange) == MEANING_STRIPPED ? CAUSE_UPGRADE_HEADER_REMOVED : CAUSES;
	case UPGRADE_HEADER_ALONE:
		return software_read_refusal(exchange) == MEANING_STRIPPED ? CAUSE_CONNECTION_HEADER : CAUSES;
	case UPGRADE_HEADER_REMOVED_BEHIND:
		return CAUSE_REMOVED_BEHIND;
	default:
		return CAUSES;
	}
}

/* node's HTTP parser (node _http_server.js: badRequestResponse): a 400 with Connection: close, and nothing else, not
 * even a date. What it was asked is well-formed here. */
static bool refusal_is_of_parser(const struct exchange *exchange)
{
	return exchange->status == 400 && !exchange->plain.len && !exchange_lacks_body(exchange) &&
	       !exchange_field(&exchange->answer, "Date").len &&
	       !exchange_field(&exchange->answer, "Content-Length").len &&
	       !exchange_field(&exchange->answer, "Server").len &&
	       slice_equals_nocase(exchange_field(&exchange->answer, "Connection"), "close");
}

/* What uvicorn (h11_impl.py: send_500_response; websockets_impl.py: asgi_function_returned) and Starlette (errors.py)
 * answer in the place of an application that raised. Without anything that takes WebSockets uvicorn passes a handshake
 * on as a request, and then the answer has a Server field, as each answer to a request has. */
static bool refusal_is_of_exception(const struct exchange *exchange)
{
	bool is_answer = !refusal_is_of_websocket(exchange) || !exchange_count_fields(&exchange->answer, "Server");
	return exchange->status == 500 && is_answer && slice_equals(exchange->plain, SLICE("Internal Server Error"));
}

/* gunicorn's page (util.py: write_error) in answer to a poll that was held: its arbiter ended the worker, which had not
 * notified it for --timeout, because a sync worker waits with its poll. */
static bool refusal_is_of_killed_worker(const struct exchange *exchange)
{
	return exchange->target->sid_len && slice_equals(exchange->request.head.method, SLICE("GET")) &&
	       slice_find(exchange->plain, SLICE("<h1><p>Internal Server Error</p></h1>")) < exchange->plain.len &&
	       exchange->answer.begun - exchange->request.begun >= threshold_time(THRESHOLD_REQUEST_LEAST);
}

bool refusal_is_after_wait(const struct exchange *exchange)
{
	timestamp sent = exchange->request.ended != TIMESTAMP_NONE ? exchange->request.ended : exchange->request.begun;
	return exchange->status == 503 && exchange->answer.begun - sent >= threshold_time(THRESHOLD_REQUEST_LEAST) &&
	       slice_find(exchange->plain, SLICE("No server is available to handle this request")) <
	           exchange->plain.len;
}

/* A plain request came to a port of TLS, as nginx (ngx_http_special_response.c), Apache (ssl_engine_io.c), Go
 * (net/http server.go) and Tomcat (NioEndpoint) say it. */
static bool refusal_wants_tls(struct slice body)
{
	static const char *const words[] = {"plain HTTP request was sent to HTTPS port",
	    "speaking plain HTTP to an SSL-enabled server port", "Client sent an HTTP request to an HTTPS server",
	    "combination of host and port requires TLS"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (server_text_matches(body, words[i]))
			return true;
	return false;
}

/* By the status, where no row of a server says more. */
static enum cause refusal_cause_of_status(const struct exchange *exchange)
{
	static const char line[] = "Request Line is too large"; /* gunicorn http/errors.py: LimitRequestLine */
	switch (exchange->status) {
	case 500:
		return refusal_is_of_killed_worker(exchange) ? CAUSE_WORKER_TIMEOUT
		       : refusal_is_of_exception(exchange)   ? CAUSE_RAISED
		                                             : CAUSES;
	case 401:
		return CAUSE_CREDENTIALS;
	case 407:
		return CAUSE_PROXY_CREDENTIALS;
	case 411:
		return CAUSE_LENGTH_REQUIRED;
	case 414:
		return CAUSE_TARGET_TOO_LONG;
	case 431:
		return CAUSE_HEADERS_TOO_LARGE;
	case 400:
		if (refusal_wants_tls(exchange->plain))
			return CAUSE_TLS_EXPECTED;
		if (slice_find(exchange->plain, slice_of_text(line)) < exchange->plain.len)
			return CAUSE_TARGET_TOO_LONG;
		/* nginx's own status 494, which it sends as 400 */
		return slice_find(exchange->plain, SLICE("Header Or Cookie Too Large")) < exchange->plain.len
		           ? CAUSE_HEADERS_TOO_LARGE
		           : CAUSES;
	default:
		return CAUSES;
	}
}

enum cause refusal_success_cause(const struct exchange *exchange)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, mark[] = {0xef, 0xbb, 0xbf};
	struct slice plain = exchange->plain;
	if (slice_starts_with(plain, slice_of(gzip, sizeof gzip)) &&
	    !exchange_field(&exchange->answer, "Content-Encoding").len)
		return CAUSE_CODING_HIDDEN;
	if (slice_starts_with(plain, slice_of(mark, sizeof mark)) && plain.len > sizeof mark &&
	    !refusal_is_foreign(slice_drop(plain, sizeof mark)))
		return CAUSE_BYTE_ORDER_MARK;
	const struct server_protocol *protocol = servers_find_protocol(plain);
	if (protocol && protocol->port == PORT_ANSWERS_HTTP)
		return CAUSE_PORT_OF_OTHER_PROTOCOL;
	return exchange_field(&exchange->answer, "Ngrok-Error-Code").len ? CAUSE_INTERSTITIAL /* ERR_NGROK_6024 */
	                                                                 : CAUSE_NOT_SOCKETIO;
}

/* The first word of each of several caches counts: "HIT", "TCP_MEM_HIT from a.example", "MISS, HIT", "Hit from
 * cloudfront". No hits are "hit-for-pass" and "hit-for-miss" (Varnish) and what was asked for again ("TCP_REFRESH_HIT",
 * "RefreshHit from cloudfront"): the server saw those. */
static bool refusal_is_hit(struct slice caches)
{
	while (caches.len) {
		struct slice cache = slice_trim(slice_take_until(&caches, ','));
		size_t len = 0;
		while (len < cache.len && (isalnum(cache.at[len]) || cache.at[len] == '_' || cache.at[len] == '-'))
			len++;
		struct slice word = slice_take(cache, len);
		bool is_squids = server_text_matches(word, "^tcp_*hit$") && !server_text_matches(word, "refresh");
		if (is_squids || server_text_matches(word, "^hit$"))
			return true;
	}
	return false;
}

/* A cache answers at once. A proxy whose server took long may count the wait as the answer's age (RFC 9111 §4.2.3). */
static bool refusal_is_aged(const struct exchange *exchange)
{
	struct slice age = slice_trim(exchange_field(&exchange->answer, "Age"));
	uint64_t seconds;
	return age.len && digits_take(&age, 10, &seconds) && seconds &&
	       exchange->answer.begun - exchange->request.begun < threshold_time(THRESHOLD_REQUEST_LEAST);
}

bool refusal_is_cached(const struct exchange *exchange)
{
	static const char *const hits[] = {"X-Cache", "X-Cache-Status", "CF-Cache-Status", "X-Proxy-Cache"};
	if (refusal_is_aged(exchange))
		return true;
	for (size_t i = 0; i < sizeof hits / sizeof *hits; i++)
		if (refusal_is_hit(exchange_field(&exchange->answer, hits[i])))
			return true;
	struct slice numbers = slice_trim(exchange_field(&exchange->answer, "X-Varnish"));
	return slice_find_byte(numbers, ' ') < numbers.len;
}

/* Caddy says no words, and names itself; what it passes on has a Via. */
static bool refusal_is_of_caddy(const struct exchange *exchange)
{
	return slice_equals(exchange_field(&exchange->answer, "Server"), SLICE("Caddy")) &&
	       !exchange_field(&exchange->answer, "Via").len;
}

bool refusal_makes_get(const struct exchange *exchange)
{
	return slice_equals(exchange->request.head.method, SLICE("POST")) && exchange->status >= 301 &&
	       exchange->status <= 303;
}

/* Path and query of an answer's Location, without scheme and host. */
static struct slice refusal_location(const struct exchange *exchange)
{
	struct slice location = exchange_field(&exchange->answer, "Location");
	size_t scheme = slice_find(location, SLICE("://"));
	if (scheme < slice_find_byte(location, '/'))
		location = slice_drop(location, scheme + 1);
	if (!slice_starts_with(location, SLICE("//")))
		return location;
	location = slice_drop(location, 2);
	return slice_drop(location, slice_find_byte(location, '/'));
}

uint64_t refusal_digest_moved(const struct exchange *exchange)
{
	struct slice location = refusal_location(exchange), number;
	bool is_distinct = refusal_makes_get(exchange) && http_find_parameter(location, "t", &number);
	return is_distinct ? fnv_digest(location) : 0;
}

/* Servers of Socket.IO refuse a POST by 400, or fail with 500. A bare 403 is somebody's who did not like what it
 * carries. */
static enum cause refusal_cause_of_post(const struct exchange *exchange)
{
	if (exchange->status == 403)
		return CAUSE_POST_FILTERED;
	if (exchange->status == 411)
		return CAUSE_POST_LENGTH_REQUIRED;
	return exchange->status == 400 || exchange->status >= 500 ? CAUSES : CAUSE_POST_REFUSED;
}

enum cause refusal_cause(const struct exchange *exchange, bool post)
{
	enum cause upgrade = refusal_upgrade_cause(exchange);
	if (upgrade != CAUSES)
		return upgrade;
	if (!post && refusal_is_of_parser(exchange))
		return CAUSE_REQUEST_CHANGED;
	if (refusal_is_of_caddy(exchange) && exchange->status == 503 && !exchange->plain.len)
		return post ? CAUSE_POST_BACKEND : CAUSE_BACKEND_GONE; /* reverseproxy.go: no upstreams available */
	if (exchange->status == 401 && exchange_field(&exchange->answer, "WWW-Authenticate").len)
		return post ? CAUSE_POST_REFUSED : CAUSE_CREDENTIALS;
	switch (software_read_refusal(exchange)) {
	case MEANING_BACKEND_GONE:
		return post ? CAUSE_POST_BACKEND : CAUSE_BACKEND_GONE;
	case MEANING_BACKEND_FULL:
		return post ? CAUSE_POST_BACKEND : CAUSE_BACKEND_FULL;
	case MEANING_BACKEND_SLOW:
		return post ? CAUSE_POST_BACKEND : CAUSE_BACKEND_SLOW;
	case MEANING_BACKEND_BAD:
		return post ? CAUSE_POST_BACKEND : CAUSE_BACKEND_BROKE_OFF;
	case MEANING_RATE:
		return post ? CAUSE_POST_RATE_LIMIT : CAUSE_RATE_LIMIT;
	case MEANING_FILTERED:
		return post ? CAUSE_POST_FILTERED : CAUSE_FILTERED;
	case MEANING_METHOD:
		return post ? CAUSE_POST_METHOD : CAUSES;
	case MEANING_ORIGIN:
		return post                                                                        ? CAUSE_POST_REFUSED
		       : slice_equals(exchange_field(&exchange->request, "Origin"), SLICE("null")) ? CAUSE_ORIGIN_NULL
		                                                                                   : CAUSE_ORIGIN;
	case MEANING_NO_WEBSOCKET:
		return post ? CAUSES : refusal_is_of_exception(exchange) ? CAUSE_RAISED : CAUSE_WEBSOCKET_NOT_POSSIBLE;
	case MEANING_STORAGE:
		return post ? CAUSE_POST_REFUSED : CAUSE_STORAGE;
	case MEANING_NO_RULE:
		return post ? CAUSE_POST_REFUSED : CAUSE_NO_RULE;
	case MEANING_NO_UPGRADE:
		return CAUSE_WEBSOCKET_NOT_PASSED;
	case MEANING_FORBIDDEN:
		return post ? CAUSE_POST_REFUSED : CAUSE_APPLICATION;
	case MEANING_PATH:
		return post ? CAUSE_POST_REFUSED : CAUSE_NO_SUCH_PATH;
	default:
		return post ? refusal_cause_of_post(exchange) : refusal_cause_of_status(exchange);
	}
}

const struct server_filter *refusal_filter(const struct exchange *exchange)
{
	const struct server_answer answer = software_answer(exchange);
	return servers_find_filter(&answer);
}

enum cause refusal_size_cause(const struct exchange *exchange, const char **software)
{
	const struct server_answer answer = software_answer(exchange);
	const struct server *server = NULL;
	bool proxy = servers_find_refusal(&answer, &server) && server && server->family == SERVER_PROXY &&
	             exchange->plain.len;
	*software = proxy ? server->software : refusal_is_of_caddy(exchange) ? "Caddy" : NULL;
	return *software ? CAUSE_PROXY_LIMIT : CAUSE_SERVER_LIMIT;
}

/* Takes an element with what is in it off the front, where its words are not seen: scripts, styles. */
static bool refusal_skip_unseen(struct slice *body)
{
	static const char *const unseen[][2] = {{"<script", "</script"}, {"<style", "</style"}, {"<!--", "-->"}};
	for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
		if (!slice_starts_with(*body, slice_of_text(unseen[i][0])))
			continue;
		*body = slice_drop(*body, slice_find(*body, slice_of_text(unseen[i][1])));
		return true;
	}
	return false;
}

/* The title of an HTML page, or what follows its tags. */
static size_t refusal_read_page(struct slice body, char text[REFUSAL_QUOTE_SIZE])
{
	size_t title = slice_find(body, SLICE("<title>")), len = 0;
	if (title < body.len) {
		body = slice_drop(body, title + strlen("<title>"));
		body = slice_take(body, slice_find_byte(body, '<'));
	}
	while (body.len && len < REFUSAL_QUOTE) {
		if (*body.at == '<') {
			refusal_skip_unseen(&body);
			body = slice_drop(body, slice_find_byte(body, '>') + 1);
			if (len && text[len - 1] != ' ')
				text[len++] = ' ';
			continue;
		}
		char byte = (char)(*body.at < ' ' ? ' ' : *body.at);
		if (byte != ' ' || (len && text[len - 1] != ' '))
			text[len++] = byte;
		body = slice_drop(body, 1);
	}
	return len;
}

const char *refusal_quote(const struct exchange *exchange, char text[REFUSAL_QUOTE_SIZE])
{
	struct slice body = slice_take(exchange->plain, REFUSAL_QUOTE);
	char page[REFUSAL_QUOTE_SIZE];
	size_t len = 0;
	if (slice_starts_with(slice_trim(body), SLICE("<")))
		len = refusal_read_page(exchange->plain, page);
	if (len) {
		bool is_cut = len >= REFUSAL_QUOTE;
		len -= page[len - 1] == ' ';
		snprintf(text, REFUSAL_QUOTE_SIZE, "the page \"%.*s%s\"", (int)len, page, is_cut ? "…" : "");
		return text;
	}
	for (size_t i = 0; i < body.len; i++)
		text[len++] = (char)(body.at[i] < ' ' ? ' ' : body.at[i]);
	while (len && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	if (len == 0) {
		snprintf(text, REFUSAL_QUOTE_SIZE,
		    exchange_lacks_body(exchange) ? "a body that is not known" : "an empty body");
		return text;
	}
	if (exchange->plain.len > REFUSAL_QUOTE)
		memcpy(text + len, "…", sizeof "…");
	return text;
}
