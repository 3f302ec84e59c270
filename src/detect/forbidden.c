/* A WebSocket that is refused by a bare 403, and what the request says of the page. */
#include "detect/forbidden.h"

#include "servers/server.h"

enum forwarded forbidden_page(const struct event *event)
{
	return forwarded_judge(&event->exchange->request, event->connection->tls);
}

bool forbidden_is_passed_on(const struct exchange *exchange)
{
	struct slice server = exchange_field(&exchange->answer, "Server");
	static const char *const own[] = {
	    "uvicorn", "hypercorn", "daphne", "granian", "gunicorn", "python", "werkzeug"};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (server_text_matches(server, own[i]))
			return false;
	return server.len || exchange_count_fields(&exchange->answer, "Via");
}

void forbidden_doubt(
    struct findings *findings, struct finding *finding, const struct exchange *exchange, enum forwarded page)
{
	struct slice origin = slice_take(exchange_field(&exchange->request, "Origin"), 64),
	             host = slice_take(exchange_field(&exchange->request, "Host"), 64);
	switch (page) {
	case FORWARDED_SAME:
		finding_doubt(findings, finding,
		    forbidden_is_passed_on(exchange)
		        ? "an ASGI server cannot say why it refuses a WebSocket; the page's origin is the server's own "
		          "here, but a proxy is in between, which may pass on another Host or no X-Forwarded-Proto"
		        : "an ASGI server cannot say why it refuses a WebSocket; the page's origin is the server's "
		          "own, so it is not the origin, but nothing may be mounted at this path, or it may be the "
		          "application's "
		          "own check");
		break;
	case FORWARDED_NONE:
		finding_doubt(findings, finding,
		    host.len
		        ? "an ASGI server cannot say why it refuses a WebSocket; the request names no origin, so it "
		          "is not the origin, but nothing may be mounted at this path, or it may be the "
		          "application's own check"
		        : "an ASGI server cannot say why it refuses a WebSocket: it does not allow this transport, "
		          "or not the page's origin, or has nothing at this path, or the application refuses it");
		break;
	case FORWARDED_OTHER:
		finding_doubt(findings, finding,
		    "an ASGI server cannot say why it refuses a WebSocket: it does not allow this transport, or not "
		    "the origin %.*s, or has nothing at this path; its log tells which (\"Invalid transport\", \"not "
		    "an accepted origin\", or neither)",
		    (int)origin.len, (const char *)origin.at);
		break;
	default:
		finding_doubt(findings, finding,
		    "an ASGI server cannot say why it refuses a WebSocket: it may not allow this transport, or have "
		    "nothing at this path; its log tells which (\"Invalid transport\", \"not an accepted origin\", or "
		    "neither)");
	}
}

void forbidden_say_page(
    struct findings *findings, struct finding *finding, const struct exchange *exchange, enum forwarded page)
{
	struct slice origin = slice_take(exchange_field(&exchange->request, "Origin"), 64),
	             host = slice_take(exchange_field(&exchange->request, "Host"), 64),
	             scheme = slice_take(exchange_field(&exchange->request, "X-Forwarded-Proto"), 16);
	if (page == FORWARDED_HOST_LOST)
		finding_say(findings, finding,
		    "%s; the page is of %.*s, and the Host that arrives is %.*s, which a proxy has put there: it "
		    "cannot be the page's",
		    finding->seen, (int)origin.len, (const char *)origin.at, (int)host.len, (const char *)host.at);
	else
		finding_say(findings, finding,
		    "%s; the page is of %.*s, and X-Forwarded-Proto %s%.*s: the server takes itself for http://%.*s",
		    finding->seen, (int)origin.len, (const char *)origin.at, scheme.len ? "says " : "does not arrive",
		    (int)scheme.len, scheme.len ? (const char *)scheme.at : "", (int)host.len, (const char *)host.at);
}
