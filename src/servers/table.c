/* The list of implementations, and the look-ups over their rows. */
#include "base/json.h"
#include "servers/server.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

extern const struct server server_node4, server_node3, server_node2, server_python4, server_python4_early,
    server_python3, server_socketioxide, server_googollee, server_zishang520, server_netty, server_java, server_uvicorn,
    server_nginx, server_haproxy, server_apache, server_caddy, server_varnish, server_cloudflare, server_envoy,
    server_traefik, server_node_proxy, server_aiohttp, server_http;

const struct server *const servers_table[] = {
    &server_node4,
    &server_node3,
    &server_node2,
    &server_python4,
    &server_python4_early,
    &server_python3,
    &server_socketioxide,
    &server_googollee,
    &server_zishang520,
    &server_netty,
    &server_java,
    &server_uvicorn,
    &server_nginx,
    &server_haproxy,
    &server_apache,
    &server_caddy,
    &server_aiohttp,
    &server_varnish,
    &server_cloudflare,
    &server_envoy,
    &server_traefik,
    &server_node_proxy,
    &server_http,
};

enum { SERVERS = sizeof servers_table / sizeof *servers_table };

_Static_assert((int)SERVERS <= (int)SERVERS_MOST, "a recognition has a bit for each");

size_t servers_count(void)
{
	return SERVERS;
}

/* ---- text */

/* Pages break their lines where they like. */
static int text_letter(uint8_t letter)
{
	return letter == '\n' || letter == '\t' ? ' ' : tolower(letter);
}

static bool text_has_at(struct slice text, struct slice words, size_t at)
{
	for (size_t i = 0; i < words.len; i++)
		if (text_letter(text.at[at + i]) != text_letter(words.at[i]))
			return false;
	return true;
}

/* The index of the words in the text, from `at` on; SIZE_MAX: they are not there. */
static size_t text_find(struct slice text, struct slice words, size_t at)
{
	for (; at + words.len <= text.len; at++)
		if (text_has_at(text, words, at))
			return at;
	return SIZE_MAX;
}

bool server_text_matches(struct slice text, const char *pattern)
{
	struct slice rest = slice_of_text(pattern);
	bool from_start = slice_starts_with(rest, SLICE("^")), to_end = rest.len && slice_ends_with(rest, SLICE("$"));
	size_t at = 0;
	if (from_start)
		rest = slice_drop(rest, 1);
	if (to_end)
		rest.len--;
	for (bool first = true; rest.len; first = false) {
		struct slice words = slice_take_until(&rest, '*');
		bool last = !rest.len;
		size_t found = text_find(text, words, at);
		if (found != SIZE_MAX && last && to_end && text.len >= words.len && text.len - words.len >= found &&
		    text_has_at(text, words, text.len - words.len))
			found = text.len - words.len;
		if (found == SIZE_MAX || (first && from_start && found))
			return false;
		at = found + words.len;
	}
	return !to_end || at == text.len;
}

bool servers_know_cookie(struct slice name)
{
	for (const struct server_cookie *cookie = server_cookies; cookie->name; cookie++)
		if (server_text_matches(name, cookie->name))
			return true;
	return false;
}

/* ---- refusals */

/* The `code` of a JSON body as it is spelt; empty when there is none. */
static struct slice answer_code(struct slice body)
{
	struct slice object, code;
	return json_take_value(&body, &object) && json_kind_of(object) == JSON_OBJECT &&
	               json_find_member(object, "code", &code)
	           ? code
	           : slice_of(NULL, 0);
}

bool server_refusal_matches(const struct server_refusal *row, const struct server_answer *answer)
{
	if (!(row->places & answer->place) ||
	    (row->status ? row->status != answer->status : answer->status < SERVER_REFUSES))
		return false;
	if (row->body &&
	    (*row->body ? !server_text_matches(answer->body, row->body) : answer->body.len > 0 || answer->lacks_body))
		return false;
	return !row->code || slice_equals_text(answer_code(answer->body), row->code);
}

static const struct server_refusal *server_find_refusal(const struct server *server, const struct server_answer *answer)
{
	for (size_t i = 0; i < server->refusal_count; i++)
		if (server_refusal_matches(&server->refusals[i], answer))
			return &server->refusals[i];
	return NULL;
}

const struct server_filter *servers_find_filter(const struct server_answer *answer)
{
	for (const struct server_filter *filter = server_filters; filter->who; filter++)
		if (!(filter->is_own && answer->passed_on) &&
		    (!filter->software || server_text_matches(answer->software, filter->software)) &&
		    (!filter->field || server_text_matches(answer->fields, filter->field)) &&
		    server_refusal_matches(&filter->refusal, answer))
			return filter;
	return NULL;
}

const struct server_refusal *servers_find_refusal_of(
    const struct server *first, const struct server_answer *answer, const struct server **server)
{
	if (answer->status < SERVER_REFUSES)
		return NULL;
	const struct server_filter *filter = servers_find_filter(answer);
	if (filter && server)
		*server = NULL;
	if (filter)
		return &filter->refusal;
	const struct server_refusal *row = first ? server_find_refusal(first, answer) : NULL;
	const struct server *whose = first;
	for (size_t i = 0; i < SERVERS && !row; i++) {
		whose = servers_table[i];
		row = server_find_refusal(whose, answer);
	}
	if (row && server)
		*server = whose;
	return row;
}

const struct server_refusal *servers_find_refusal(const struct server_answer *answer, const struct server **server)
{
	return servers_find_refusal_of(NULL, answer, server);
}

enum server_meaning servers_read_refusal(const struct server_answer *answer)
{
	const struct server_refusal *row = servers_find_refusal(answer, NULL);
	return row ? row->meaning : MEANING_NONE;
}

/* ---- log lines */

/* Which pairs of letters a line has: most lines lack one that a pattern begins with, and need not be searched for it.
 */
struct text_pairs {
	uint64_t bits[64];
};

static unsigned text_pair(uint8_t first, uint8_t second)
{
	return ((unsigned)text_letter(first) * 37 + (unsigned)text_letter(second)) % 4096;
}

static struct text_pairs text_pairs_of(struct slice text)
{
	struct text_pairs pairs = {{0}};
	for (size_t i = 1; i < text.len; i++) {
		unsigned pair = text_pair(text.at[i - 1], text.at[i]);
		pairs.bits[pair / 64] |= UINT64_C(1) << pair % 64;
	}
	return pairs;
}

/* False: the pattern cannot match. */
static bool text_pairs_fit(const struct text_pairs *pairs, const char *pattern)
{
	const char *at = pattern + (*pattern == '^');
	for (; *at && at[1] && !strchr("*$", at[1]); at++) {
		unsigned pair = text_pair((uint8_t)*at, (uint8_t)at[1]);
		if (!(pairs->bits[pair / 64] >> pair % 64 & 1))
			return false;
	}
	return true;
}

static const struct server_log_line *log_find(
    struct slice line, const struct text_pairs *pairs, const struct server_log_line *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_pairs_fit(pairs, rows[i].words) && server_text_matches(line, rows[i].words))
			return &rows[i];
	return NULL;
}

enum server_log_meaning servers_read_log(
    struct slice line, const struct server_log_table *extra, const struct server_log_line **row)
{
	const struct server_log_line *found = NULL;
	const struct text_pairs pairs = text_pairs_of(line);
	for (; extra && !found; extra = extra->next)
		found = log_find(line, &pairs, extra->lines, extra->line_count);
	/* The name of an error says less than the words of a server that knows this one. */
	for (size_t i = 0; i < SERVERS && (!found || found->meaning == LOG_EXCEPTION); i++) {
		const struct server_log_line *other = log_find(
		    line, &pairs, servers_table[i]->log_lines, servers_table[i]->log_line_count);
		if (other && (!found || other->meaning != LOG_EXCEPTION))
			found = other;
	}
	if (row)
		*row = found;
	return found ? found->meaning : LOG_NOTHING;
}

static bool log_ends_subject(uint8_t letter)
{
	return letter <= ' ' || strchr("\"'`,;()[]{}", letter);
}

struct slice servers_read_subject(struct slice line, const struct server_log_line *row)
{
	struct slice words = slice_of_text(row->subject ? row->subject : "");
	bool before = slice_starts_with(words, SLICE("*"));
	words = before ? slice_drop(words, 1) : slice_take(words, words.len - (words.len > 0));
	size_t at = words.len ? text_find(line, words, 0) : SIZE_MAX;
	if (at == SIZE_MAX)
		return slice_of(NULL, 0);
	size_t begin = before ? at : at + words.len, end = begin;
	while (before && begin && !log_ends_subject(line.at[begin - 1]))
		begin--;
	while (!before && end < line.len && !log_ends_subject(line.at[end]))
		end++;
	return slice_of(line.at + begin, end - begin);
}

/* ---- facts */

bool server_get_fact(const struct server *server, enum server_fact fact, int64_t *value)
{
	for (size_t i = 0; server && i < server->fact_count; i++)
		if (server->facts[i].fact == fact) {
			*value = server->facts[i].value;
			return true;
		}
	return false;
}

/* ---- names */

const char *server_family_name(enum server_family family)
{
	static const char *const names[SERVER_FAMILIES] = {"Node.js", "Python", "Java", "Rust", "Go", "proxy"};
	return names[family];
}

const char *server_trait_name(enum server_trait trait)
{
	static const char *const names[SERVER_TRAITS] = {"keys of the open packet", "Engine.IO revision",
	    "form of the sid", "answer to a POST", "Server field", "Keep-Alive field", "answer to a CONNECT",
	    "packet after the open packet"};
	return names[trait];
}

const char *server_meaning_text(enum server_meaning meaning)
{
	static const char *const texts[SERVER_MEANINGS] = {
	    [MEANING_NONE] = "nothing known",
	    [MEANING_TRANSPORT] = "transport not allowed",
	    [MEANING_FORBIDDEN_WEBSOCKET] = "WebSocket refused (transport, revision, origin or the application)",
	    [MEANING_VERSION] = "Engine.IO revision not supported",
	    [MEANING_SESSION] = "sid unknown",
	    [MEANING_CLOSED] = "session closed before",
	    [MEANING_ENDED] = "the session ends with this answer",
	    [MEANING_SIZE] = "body too large",
	    [MEANING_METHOD] = "method not allowed",
	    [MEANING_REQUEST] = "request does not fit the session",
	    [MEANING_STRIPPED] = "WebSocket request without Upgrade",
	    [MEANING_OVERLAP] = "second poll or POST while the first is under way",
	    [MEANING_PAYLOAD] = "body cannot be decoded",
	    [MEANING_ORIGIN] = "origin not allowed",
	    [MEANING_FORBIDDEN] = "refused by the application",
	    [MEANING_FAILED] = "exception in the server",
	    [MEANING_NO_WEBSOCKET] = "no WebSocket support installed",
	    [MEANING_BACKEND_GONE] = "no server answers behind the proxy",
	    [MEANING_BACKEND_SLOW] = "the server behind the proxy did not answer in time",
	    [MEANING_BACKEND_FULL] = "the proxy's limit of connections to the server behind it is reached",
	    [MEANING_BACKEND_BAD] = "the server behind the proxy broke off or sent no HTTP",
	    [MEANING_RATE] = "rate limit",
	    [MEANING_FILTERED] = "a firewall or a check for bots refuses it",
	    [MEANING_NO_UPGRADE] = "the proxy lets no WebSocket through",
	    [MEANING_STORAGE] = "a store of files, and no server",
	    [MEANING_NO_RULE] = "no rule of the proxy fits",
	    [MEANING_PATH] = "nothing at this path",
	};
	return texts[meaning];
}

const char *server_log_meaning_text(enum server_log_meaning meaning)
{
	static const char *const texts[SERVER_LOG_MEANINGS] = {
	    [LOG_NOTHING] = "nothing known",
	    [LOG_ENVIRON_ABSENT] = "an event met no registered session",
	    [LOG_TRANSPORT] = "transport not allowed",
	    [LOG_SESSION] = "sid unknown",
	    [LOG_ORIGIN] = "origin not accepted",
	    [LOG_VERSION] = "Engine.IO revision not supported",
	    [LOG_UPGRADE] = "WebSocket handshake not possible",
	    [LOG_PAYLOAD] = "a packet or a body thrown away",
	    [LOG_NAMESPACE] = "namespace not connected",
	    [LOG_REJECTED] = "connection refused by the application",
	    [LOG_EXCEPTION] = "exception",
	    [LOG_EXCEPTION_FOLLOWS] = "exception, named in the next lines",
	    [LOG_GONE] = "client did not answer",
	    [LOG_WORKER] = "process stopped or killed",
	    [LOG_ASYNC_MODE] = "made for another framework than it runs under",
	    [LOG_RECYCLED] = "worker replaced after its number of requests",
	    [LOG_STARTED] = "the server was started",
	};
	return texts[meaning];
}

/* ---- facts in words */

enum fact_unit { UNIT_MILLISECONDS, UNIT_BYTES, UNIT_PACKETS, UNIT_BOOL, UNIT_PATIENCE, UNIT_REACTION, UNIT_CODE };

static const struct {
	const char *name;
	enum fact_unit unit;
} fact_names[SERVER_FACTS] = {
    [FACT_PING_INTERVAL] = {"pingInterval by default", UNIT_MILLISECONDS},
    [FACT_PING_TIMEOUT] = {"pingTimeout by default", UNIT_MILLISECONDS},
    [FACT_MAX_PAYLOAD] = {"maxPayload by default", UNIT_BYTES},
    [FACT_CONNECT_TIMEOUT] = {"time for the first CONNECT", UNIT_MILLISECONDS},
    [FACT_UPGRADE_TIMEOUT] = {"time for an upgrade", UNIT_MILLISECONDS},
    [FACT_BATCH] = {"packets in a POST", UNIT_PACKETS},
    [FACT_BATCH_DROPPED] = {"answers a longer POST as taken and drops it", UNIT_BOOL},
    [FACT_POST_IN_ORDER] = {"works on a POST before it answers it", UNIT_BOOL},
    [FACT_GIVES_UP] = {"gives a silent client up", UNIT_PATIENCE},
    [FACT_NOOP_STORM] = {"answers polls with a noop at once while an upgrade is open", UNIT_BOOL},
    [FACT_EARLY_EVENT] = {"an event before its CONNECT", UNIT_REACTION},
    [FACT_SECOND_CONNECT] = {"a second CONNECT to a namespace", UNIT_REACTION},
    [FACT_BAD_PACKET] = {"a packet that its parser rejects", UNIT_REACTION},
    [FACT_ABORTED_POLL] = {"a held poll that the client ends", UNIT_REACTION},
    [FACT_CLOSE_CODE] = {"ends a WebSocket", UNIT_CODE},
};

const char *server_fact_name(enum server_fact fact)
{
	return fact_names[fact].name;
}

const char *server_fact_format(enum server_fact fact, int64_t value, char text[SERVER_FACT_TEXT])
{
	static const char *const patiences[PATIENCES] = {
	    "after pingInterval + pingTimeout", "after the longer of pingInterval and pingTimeout"};
	static const char *const reactions[REACTIONS] = {"ignored", "the session is closed", "refused", "accepted"};
	switch (fact_names[fact].unit) {
	case UNIT_MILLISECONDS:
		snprintf(text, SERVER_FACT_TEXT, value ? "%" PRId64 " ms" : "no limit", value);
		break;
	case UNIT_BYTES:
		snprintf(text, SERVER_FACT_TEXT, value ? "%" PRId64 " bytes" : "no limit", value);
		break;
	case UNIT_PACKETS:
		snprintf(text, SERVER_FACT_TEXT, value ? "at most %" PRId64 : "no limit", value);
		break;
	case UNIT_BOOL:
		snprintf(text, SERVER_FACT_TEXT, "%s", value ? "yes" : "no");
		break;
	case UNIT_PATIENCE:
		snprintf(text, SERVER_FACT_TEXT, "%s", patiences[value]);
		break;
	case UNIT_REACTION:
		snprintf(text, SERVER_FACT_TEXT, "%s", reactions[value]);
		break;
	case UNIT_CODE:
		snprintf(text, SERVER_FACT_TEXT, value ? "with close code %" PRId64 : "without a close frame", value);
		break;
	}
	return text;
}
