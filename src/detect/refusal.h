/* What an answer means that opens no session, or refuses a request of one. */
#ifndef DETECT_REFUSAL_H
#define DETECT_REFUSAL_H

#include "detect/codes.h"
#include "http/exchange.h"
#include "socketio/event.h"

enum refusal {
	REFUSAL_NONE,
	REFUSAL_TRANSPORT,
	REFUSAL_BARE_FORBIDDEN, /* an ASGI server's refusal of a WebSocket: transport, revision or origin */
	REFUSAL_VERSION,
	REFUSAL_OLD_FORM, /* a handshake answered in the form of revision 3, which a client of revision 4 cannot read */
	REFUSAL_SESSION,
	REFUSAL_SIZE,
	REFUSAL_OTHER,
	REFUSAL_ELSEWHERE, /* a handshake that something else than Engine.IO answered, with success */
};

enum { REFUSAL_QUOTE = 200, REFUSAL_QUOTE_SIZE = REFUSAL_QUOTE + 24 };

/* `event` is an EVENT_HTTP. */
enum refusal refusal_of(const struct event *event);

/* What was asked for, in words. */
const char *refusal_what(const struct exchange *exchange);

/* Does it begin as no Engine.IO payload does: a page, JSON, words? An empty body does not. */
bool refusal_is_foreign(struct slice body);

/* Does this answer to a poll of the session say that the session ends, and nothing else? */
bool refusal_ends_poll(const struct session *session, const struct exchange *exchange);

/* Node's code 5 refuses all but revision 4 (engine.io 4 and later, Server.verify). */
bool refusal_is_of_node_version(const struct exchange *exchange);

/* Why a success is none of Engine.IO's: gzip (RFC 1952 §2.3.1) of which no Content-Encoding tells, a byte order mark
 * (RFC 3629 §6) before a payload, ngrok's warning page; else CAUSE_NOT_SOCKETIO. */
enum cause refusal_success_cause(const struct exchange *exchange);

/* Does the answer say that it came from a cache, and not from the server? Age (RFC 9111 §5.1) of a second or more in an
 * answer that came at once, a proxy's or CDN's word for a hit, or Varnish's second number, which is that of the request
 * that filled the cache. */
bool refusal_is_cached(const struct exchange *exchange);

/* HAProxy's 503 after a wait: no connection to a server was free in `timeout queue`, or its server refused connections
 * as often as it tries (`retries`: three times, a second apart) or took none in `timeout connect`. It comes at once
 * when health checks find no server (haproxy configuration manual, 4.2; measured with 2.6). A body that is long on its
 * way is no wait. */
bool refusal_is_after_wait(const struct exchange *exchange);

/* Who before the server answered so; NULL: that is not known. */
const struct server_filter *refusal_filter(const struct exchange *exchange);

/* Why a request (a `post`, or another) was refused, by the tables of servers/; CAUSES when they do not say. */
enum cause refusal_cause(const struct exchange *exchange, bool post);

/* What the way here, and the way from here to the server, did to the Upgrade header of a WebSocket handshake. */
enum refusal_upgrade {
	UPGRADE_HEADER_ARRIVED,
	UPGRADE_HEADER_ABSENT,         /* the request has none */
	UPGRADE_HEADER_ALONE,          /* it has one, and no Connection header that says upgrade (RFC 9110 §7.8) */
	UPGRADE_HEADER_REMOVED_BEHIND, /* it has both, and the answer is the one to a request without */
};

enum refusal_upgrade refusal_upgrade_of(const struct exchange *exchange);

/* Whose limit a 413 is: a proxy's when the answer is its own, else the server's. *software: the proxy; or NULL. */
enum cause refusal_size_cause(const struct exchange *exchange, const char **software);

/* Of a POST, a redirect after which browsers and most clients ask by GET, without what it carried (Fetch,
 * "HTTP-redirect fetch": 301 and 302 of a POST, 303 of all; RFC 9110, sections 15.4.2 to 15.4.4). */
bool refusal_makes_get(const struct exchange *exchange);

/* A digest of the target of the GET that such a POST becomes. 0: it becomes none, or it has no `t` (protocol.md §2),
 * without which the session's polls ask for the same. */
uint64_t refusal_digest_moved(const struct exchange *exchange);

/* The first words of the answer's body, on one line; of an HTML page its title, or its first visible words, as `the
 * page "…"`; "an empty body" when it has none, or that none was captured. Returns `text`. */
const char *refusal_quote(const struct exchange *exchange, char text[REFUSAL_QUOTE_SIZE]);

static inline bool refusal_is_of_websocket(const struct exchange *exchange)
{
	return exchange->target->transport == TRANSPORT_WEBSOCKET;
}

#endif
