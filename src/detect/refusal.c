/*
 * Read from the answer's own words, for each implementation has its own. A bare status that several
 * reasons explain stays what it is. CORS preflights are no part of a session and are passed over.
 */
#include "detect/refusal.h"

#include "base/digits.h"
#include "base/json.h"
#include "socketio/polling.h"

static bool answer_has(const struct exchange *exchange, const char *words)
{
	struct slice wanted = slice_of_text(words);
	return slice_find(exchange->plain, wanted) < exchange->plain.len;
}

static bool answer_has_any(const struct exchange *exchange, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (answer_has(exchange, words[i]))
			return true;
	return false;
}

#define ANSWER_HAS(exchange, words) answer_has_any(exchange, words, sizeof(words) / sizeof *(words))

/* The `code` of an answer in JSON, a number (node, java) or a string (socketioxide); -1 when there is none. */
static int answer_code(const struct exchange *exchange)
{
	struct slice rest = exchange->plain, object, code;
	int64_t number;
	if (!json_take_value(&rest, &object) || json_kind_of(object) != JSON_OBJECT ||
	    !json_find_member(object, "code", &code))
		return -1;
	if (json_kind_of(code) == JSON_STRING)
		code = json_inside_quotes(code);
	return json_read_integer(code, &number) && number >= 0 && number < 100 ? (int)number : -1;
}

static enum refusal refusal_by_words(const struct exchange *exchange)
{
	static const char *const version[] = {"nsupported protocol version", "unsupported version of the Socket.IO"};
	static const char *const transport[] = {"Transport unknown", "Invalid transport", "invalid transport"};
	if (ANSWER_HAS(exchange, version))
		return REFUSAL_VERSION;
	/* python says "Invalid transport" also to a WebSocket request whose Upgrade was lost on the way. */
	if (ANSWER_HAS(exchange, transport) &&
	    (!refusal_is_of_websocket(exchange) || exchange->request.head.upgrade_websocket))
		return REFUSAL_TRANSPORT;
	return polling_says_unknown_session(exchange) ? REFUSAL_SESSION : REFUSAL_NONE;
}

static enum refusal refusal_by_code(const struct exchange *exchange)
{
	switch (answer_code(exchange)) {
	case 0:
		return REFUSAL_TRANSPORT;
	case 1:
		return exchange->target->sid_len ? REFUSAL_SESSION : REFUSAL_OTHER;
	case 5:
		return REFUSAL_VERSION;
	default:
		return REFUSAL_NONE;
	}
}

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
	if (refusal_is_elsewhere(event))
		return refusal_is_old_form(exchange) ? REFUSAL_OLD_FORM : REFUSAL_ELSEWHERE;
	if (exchange->status < 400 || slice_equals(exchange->request.head.method, SLICE("OPTIONS")))
		return REFUSAL_NONE;
	if (exchange->status == 413)
		return REFUSAL_SIZE;
	enum refusal refusal = refusal_by_words(exchange);
	if (refusal == REFUSAL_NONE)
		refusal = refusal_by_code(exchange);
	if (refusal != REFUSAL_NONE)
		return refusal;
	bool bare = exchange->status == 403 && exchange->plain.len == 0;
	return bare && refusal_is_of_websocket(exchange) && !exchange->target->sid_len ? REFUSAL_BARE_FORBIDDEN
	                                                                               : REFUSAL_OTHER;
}

const char *refusal_quote(const struct exchange *exchange, char text[REFUSAL_QUOTE_SIZE])
{
	struct slice body = slice_take(exchange->plain, REFUSAL_QUOTE);
	size_t len = 0;
	for (size_t i = 0; i < body.len; i++)
		text[len++] = (char)(body.at[i] < ' ' ? ' ' : body.at[i]);
	while (len && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	if (len == 0)
		return "nothing";
	if (exchange->plain.len > REFUSAL_QUOTE)
		memcpy(text + len, "…", sizeof "…");
	return text;
}
