/*
 * python-engineio with python-socketio, which Flask-SocketIO, NiceGUI and others use: python-engineio 3.x (Engine.IO
 * 3), 4.0 to 4.10 and since 4.11 (Engine.IO 4).
 */
#include "servers/server.h"

#define AS "engineio async_server.py"
#define AK "engineio async_socket.py"

/* What all lines log (async_server.py: _log_error_once adds "further occurrences …" behind the first). */
static const struct server_log_line python_log_lines[] = {
    {"invalid transport", LOG_TRANSPORT, NULL, {NULL, AS ": handle_request", NULL}},
    {"invalid session", LOG_SESSION, "invalid session *", {NULL, AS ": handle_request", NULL}},
    {"session is disconnected", LOG_SESSION, "session is disconnected' *", {NULL, AS ": handle_request", NULL}},
    {"is not an accepted origin", LOG_ORIGIN, "* is not an accepted origin", {NULL, AS ": handle_request", NULL}},
    {"unsupported version of the Socket.IO or Engine.IO protocols", LOG_VERSION, NULL,
        {NULL, AS ": handle_request", NULL}},
    {"invalid websocket upgrade", LOG_UPGRADE, NULL, {NULL, AS ": handle_request", NULL}},
    {"failed websocket upgrade", LOG_UPGRADE, NULL, {NULL, AK ": _websocket_handler", NULL}},
    {"post request handler error", LOG_PAYLOAD, NULL, {NULL, AS ": handle_request", NULL}},
    {"too many packets in payload", LOG_PAYLOAD, NULL, {NULL, "engineio payload.py", NULL}},
    {"unknown receive error", LOG_PAYLOAD, NULL, {NULL, AK ": _websocket_handler", NULL}},
    {"is not connected to namespace", LOG_NAMESPACE, NULL, {NULL, "socketio async_server.py: _handle_event", NULL}},
    {"sid is not connected to requested namespace", LOG_NAMESPACE, NULL, {NULL, "socketio base_manager.py", NULL}},
    {"cannot send to sid", LOG_SESSION, "cannot send to sid *", {NULL, AS ": send_packet", NULL}},
    /* The first framework that is installed is taken (base_server.py: async_modes), and each calls it in its own way.
     */
    {"translate_request() takes", LOG_ASYNC_MODE, NULL,
        {"async_mode", "engineio async_drivers: translate_request", "py-async-mode-guessed"}},
    {"application rejected connection", LOG_REJECTED, NULL, {NULL, AS ": _handle_connect", NULL}},
    {"WORKER TIMEOUT", LOG_WORKER, NULL, {NULL, "gunicorn arbiter.py: murder_workers", "py-worker-timeout"}},
    {"autorestarting worker after current request", LOG_RECYCLED, NULL,
        {"max_requests", "gunicorn workers/sync.py, base_async.py, gthread.py", NULL}},
    /* SIGTERM and SIGINT end it in order. */
    {"was sent SIGKILL", LOG_WORKER, NULL, {NULL, "gunicorn arbiter.py: reap_workers", NULL}},
    {"was sent SIGSEGV", LOG_WORKER, NULL, {NULL, "gunicorn arbiter.py: reap_workers", NULL}},
    {"was sent SIGABRT", LOG_WORKER, NULL, {NULL, "gunicorn arbiter.py: reap_workers", NULL}},
    {"was sent SIGBUS", LOG_WORKER, NULL, {NULL, "gunicorn arbiter.py: reap_workers", NULL}},
    {"was sent SIGILL", LOG_WORKER, NULL, {NULL, "gunicorn arbiter.py: reap_workers", NULL}},
    {"child process*died", LOG_WORKER, NULL, {NULL, "uvicorn supervisors/multiprocess.py", NULL}},
    {"client is gone, closing socket", LOG_GONE, "*: client is gone", {NULL, AK ": check_ping_timeout", NULL}},
    {"^Server initialized for", LOG_STARTED, NULL, {NULL, "engineio base_server.py: __init__", "py5-stale"}},
    {"engineio.server*Server initialized for", LOG_STARTED, NULL, {NULL, "engineio base_server.py: __init__", NULL}},
    {"handler error", LOG_EXCEPTION_FOLLOWS, NULL, {NULL, AS ": _trigger_event", NULL}},
    {"service task exception", LOG_EXCEPTION_FOLLOWS, NULL, {NULL, AS ": _service_task", NULL}},
    {"task exception was never retrieved", LOG_EXCEPTION_FOLLOWS, NULL, {NULL, "asyncio futures.py", NULL}},
    {"traceback (most recent call last)", LOG_EXCEPTION_FOLLOWS, NULL, {NULL, "Python traceback", NULL}},
    {"KeyError: '", LOG_EXCEPTION, NULL, {NULL, "Python traceback (a sid that is gone, for one)", NULL}},
};

/* ---- since 4.11 */

#define PYTHON_WORDS(transport, stale, version, upgrade)                                                             \
	{AT_HANDSHAKE | AT_WEBSOCKET | AT_POLL | AT_POST | AT_UPGRADE | AT_METHOD, 0, "invalid transport", NULL,     \
	    MEANING_TRANSPORT, {NULL, AS ": bad-transport", transport}},                                             \
	    {AT_STRIPPED | AT_STRIPPED_UPGRADE, 0, "invalid transport", NULL, MEANING_STRIPPED,                      \
	        {NULL, AS ": transport of the session, not that of the query", upgrade}},                            \
	    {AT_SESSION, 400, "invalid session", NULL, MEANING_SESSION, {NULL, AS ": bad-sid", stale}},              \
	    {AT_METHOD, 400, "invalid session none", NULL, MEANING_METHOD, {NULL, AS ": POST without a sid", NULL}}, \
	{                                                                                                            \
		AT_ANY, 0, "unsupported version of the Socket.IO", NULL, MEANING_VERSION,                            \
		{                                                                                                    \
			NULL, AS ": bad-version", version                                                            \
		}                                                                                                    \
	}

static const struct server_trait_row python4_traits[] = {
    {TRAIT_HANDSHAKE, "sid,upgrades,pingTimeout,pingInterval,maxPayload",
        {NULL, "engineio CHANGES 4.11.0", "pynew-overlap-get"}},
    {TRAIT_REVISION, "4", {NULL, AS ": bad-version", "pynew-overlap-get"}},
    {TRAIT_SID, "base64id", {NULL, "engineio base_server.py: generate_id", "pynew-overlap-get"}},
    {TRAIT_POST_OK, "OK text/plain", {NULL, "engineio base_server.py: _ok", "pynew-overlap-get"}},
    {TRAIT_SOFTWARE, "aiohttp", {"behind aiohttp", "aiohttp helpers.py", "pynew-overlap-get"}},
    {TRAIT_SOFTWARE, "uvicorn", {"behind uvicorn", "uvicorn config.py", NULL}},
    {TRAIT_SOFTWARE, "hypercorn", {"behind hypercorn", "hypercorn config.py", NULL}},
    {TRAIT_SOFTWARE, "gunicorn", {"behind gunicorn", "gunicorn __init__.py", NULL}},
    {TRAIT_SOFTWARE, "Werkzeug", {"Flask's own server", "werkzeug serving.py", NULL}},
    {TRAIT_JOIN, "{\"sid\":\"", {NULL, "socketio async_server.py: _handle_connect", "pynew-overlap-get"}},
};

static const struct server_refusal python4_refusals[] = {
    PYTHON_WORDS(
        "pynew-unknown-transport", "pynew-unknown-sid", "pynew-unsupported-version", "pynew-ws-without-upgrade"),
    {AT_SESSION, 400, "session is disconnected", NULL, MEANING_CLOSED, {NULL, AS ": bad-sid", "pynew-payload-too-big"}},
    {AT_ANY, 400, "invalid websocket upgrade", NULL, MEANING_STRIPPED,
        {NULL, AS ": bad-upgrade", "pynew-ws-without-upgrade"}},
    {AT_SESSION, 400, "unexpected http request", NULL, MEANING_REQUEST,
        {NULL, AS ": bad-request", "pynew-poll-after-upgrade"}},
    {AT_ANY, 400, "is not an accepted origin", NULL, MEANING_ORIGIN, {NULL, AS ": bad-origin", "pynew-cors"}},
    {AT_ANY, 401, NULL, NULL, MEANING_FORBIDDEN, {NULL, "engineio base_server.py: _unauthorized", "pynew-forbidden"}},
    {AT_METHOD, 405, NULL, NULL, MEANING_METHOD, {NULL, AS ": handle_request", "pynew-bad-handshake-method"}},
    {AT_POLL | AT_POST, 400, "^\"Bad Request\"$", NULL, MEANING_ENDED, {NULL, AS ": EngineIOError", NULL}},
};

static const struct server_fact_row python4_facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, "engineio base_server.py", "pynew-overlap-get"}},
    {FACT_PING_TIMEOUT, 20000, {NULL, "engineio base_server.py", "pynew-overlap-get"}},
    {FACT_MAX_PAYLOAD, 1000000, {NULL, "engineio base_server.py: max_http_buffer_size", NULL}},
    {FACT_CONNECT_TIMEOUT, 0, {NULL, "signatures.md C", NULL}},
    {FACT_UPGRADE_TIMEOUT, 0, {NULL, "signatures.md B", NULL}},
    {FACT_BATCH, 16, {NULL, "engineio payload.py: max_decode_packets", NULL}},
    {FACT_BATCH_DROPPED, 1, {NULL, AS ": post request handler error", NULL}},
    {FACT_POST_IN_ORDER, 1, {NULL, AK ": handle_post_request", NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {"checked every pingTimeout", AS ": _service_task", NULL}},
    {FACT_NOOP_STORM, 1, {NULL, AK ": poll while upgrading", NULL}},
    {FACT_EARLY_EVENT, REACTION_IGNORES, {NULL, "socketio async_server.py: _handle_event", NULL}},
    {FACT_SECOND_CONNECT, REACTION_REFUSES, {NULL, "socketio async_server.py: _handle_connect", NULL}},
    {FACT_BAD_PACKET, REACTION_IGNORES, {NULL, "signatures.md D", NULL}},
    {FACT_ABORTED_POLL, REACTION_IGNORES, {NULL, "signatures.md A: until the ping timeout", NULL}},
    {FACT_CLOSE_CODE, 1000, {"behind aiohttp", "signatures.md C", NULL}},
};

const struct server server_python4 = {"python 4.11", "python-engineio", "4.11", NULL, SERVER_PYTHON,
    SERVER_ROWS(python4_traits), SERVER_ROWS(python4_refusals), SERVER_ROWS(python_log_lines),
    SERVER_ROWS(python4_facts)};

/* ---- 4.0 to 4.10 */

static const struct server_trait_row python4_early_traits[] = {
    {TRAIT_HANDSHAKE, "sid,upgrades,pingTimeout,pingInterval",
        {NULL, "engineio asyncio_server.py", "pydeb-c4-polling"}},
    {TRAIT_REVISION, "4", {NULL, "engineio asyncio_server.py", "pydeb-c4-polling"}},
    {TRAIT_SID, "base64id", {NULL, "engineio CHANGES 4.0.0", "pydeb-c4-polling"}},
    {TRAIT_POST_OK, "OK text/plain", {NULL, "engineio asyncio_server.py", "pydeb-c4-polling"}},
    {TRAIT_JOIN, "{\"sid\":\"", {NULL, "socketio asyncio_server.py", "pydeb-c4-polling"}},
};

static const struct server_refusal python4_early_refusals[] = {
    PYTHON_WORDS(NULL, NULL, NULL, NULL),
    {AT_SESSION, 500, "session is disconnected", NULL, MEANING_CLOSED, {"4.3.4", "engineio asyncio_server.py", NULL}},
    {AT_ANY, 400, "is not an accepted origin", NULL, MEANING_ORIGIN, {NULL, "engineio asyncio_server.py", NULL}},
};

static const struct server_fact_row python4_early_facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, "engineio server.py", "pydeb-c4-polling"}},
    {FACT_PING_TIMEOUT, 20000, {NULL, "engineio server.py", "pydeb-c4-polling"}},
    {FACT_MAX_PAYLOAD, 1000000, {NULL, "engineio server.py: max_http_buffer_size", NULL}},
    {FACT_CONNECT_TIMEOUT, 0, {NULL, "signatures.md C", NULL}},
    {FACT_UPGRADE_TIMEOUT, 0, {NULL, "signatures.md B", NULL}},
    {FACT_BATCH, 16, {NULL, "engineio payload.py: max_decode_packets", NULL}},
    {FACT_BATCH_DROPPED, 1, {NULL, "engineio asyncio_server.py", NULL}},
    {FACT_POST_IN_ORDER, 1, {NULL, "engineio asyncio_socket.py", NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {NULL, "engineio asyncio_server.py", NULL}},
    {FACT_NOOP_STORM, 1, {NULL, "engineio asyncio_socket.py", NULL}},
    {FACT_EARLY_EVENT, REACTION_IGNORES, {NULL, "signatures.md D", NULL}},
    {FACT_SECOND_CONNECT, REACTION_REFUSES, {NULL, "signatures.md D", NULL}},
    {FACT_BAD_PACKET, REACTION_IGNORES, {NULL, "signatures.md D", NULL}},
    {FACT_ABORTED_POLL, REACTION_IGNORES, {NULL, "signatures.md A", NULL}},
    {FACT_CLOSE_CODE, 1000, {"behind aiohttp", "signatures.md C", NULL}},
};

const struct server server_python4_early = {"python 4.0", "python-engineio", "4.0", "4.10", SERVER_PYTHON,
    SERVER_ROWS(python4_early_traits), SERVER_ROWS(python4_early_refusals), NULL, 0, SERVER_ROWS(python4_early_facts)};

/* ---- 3.x */

static const struct server_trait_row python3_traits[] = {
    {TRAIT_HANDSHAKE, "sid,upgrades,pingTimeout,pingInterval",
        {NULL, "engineio 3.14 asyncio_server.py", "pyold-overlap-get"}},
    {TRAIT_REVISION, "3", {NULL, "engineio 3.14 asyncio_server.py: bad-version", "pyold-overlap-get"}},
    {TRAIT_SID, "hex32", {NULL, "engineio 3.14 server.py: uuid4().hex", "pyold-overlap-get"}},
    {TRAIT_POST_OK, "OK text/plain", {NULL, "engineio 3.14 asyncio_server.py", "pyold-overlap-post"}},
    {TRAIT_JOIN, "", {NULL, "socketio 4.6 asyncio_server.py", "pyold-overlap-get"}},
};

static const struct server_refusal python3_refusals[] = {
    PYTHON_WORDS("pyold-unknown-transport", "pyold-unknown-sid", "pyold-unsupported-version", NULL),
    {AT_SESSION, 500, "session is disconnected", NULL, MEANING_CLOSED, {NULL, "engineio 3.14 asyncio_server.py", NULL}},
    {AT_ANY, 400, "is not an accepted origin", NULL, MEANING_ORIGIN,
        {NULL, "engineio 3.14 asyncio_server.py", "pyold-cors"}},
    {AT_ANY, 401, NULL, NULL, MEANING_FORBIDDEN, {NULL, "engineio 3.14 asyncio_server.py", "pyold-forbidden"}},
    {AT_METHOD, 500, NULL, NULL, MEANING_FAILED,
        {"POST without a sid", "engineio 3.14 asyncio_server.py", "pyold-bad-handshake-method"}},
    {AT_WEBSOCKET | AT_UPGRADE, 400, "^\"Bad Request\"$", NULL, MEANING_NO_WEBSOCKET,
        {"async_mode threading", "engineio 3.14 socket.py: _upgrade_websocket", "py-websocket-only-no-library"}},
};

static const struct server_fact_row python3_facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, "engineio 3.14 server.py", "pyold-overlap-get"}},
    {FACT_PING_TIMEOUT, 60000, {NULL, "engineio 3.14 server.py", "pyold-overlap-get"}},
    {FACT_MAX_PAYLOAD, 100000000, {NULL, "engineio 3.14 server.py: max_http_buffer_size", NULL}},
    {FACT_CONNECT_TIMEOUT, 0, {NULL, "signatures.md C: the root is joined without CONNECT", NULL}},
    {FACT_UPGRADE_TIMEOUT, 0, {NULL, "signatures.md B", NULL}},
    {FACT_BATCH, 16, {NULL, "engineio 3.14 payload.py: max_decode_packets", NULL}},
    {FACT_BATCH_DROPPED, 1, {NULL, "engineio 3.14 asyncio_server.py", NULL}},
    {FACT_POST_IN_ORDER, 1, {NULL, "engineio 3.14 asyncio_socket.py", NULL}},
    {FACT_GIVES_UP, PATIENCE_LONGER, {NULL, "engineio 3.14 asyncio_socket.py: check_ping_timeout", NULL}},
    {FACT_NOOP_STORM, 1, {NULL, "engineio 3.14 asyncio_socket.py", NULL}},
    {FACT_EARLY_EVENT, REACTION_IGNORES, {NULL, "signatures.md D", NULL}},
    {FACT_BAD_PACKET, REACTION_IGNORES, {NULL, "signatures.md D", NULL}},
    {FACT_ABORTED_POLL, REACTION_IGNORES, {NULL, "signatures.md A", NULL}},
    {FACT_CLOSE_CODE, 1000, {"behind aiohttp", "signatures.md C", NULL}},
};

const struct server server_python3 = {"python 3", "python-engineio", "3.0", "3.14", SERVER_PYTHON,
    SERVER_ROWS(python3_traits), SERVER_ROWS(python3_refusals), NULL, 0, SERVER_ROWS(python3_facts)};

/* ---- the ASGI server under it */

static const struct server_refusal uvicorn_refusals[] = {
    {AT_WEBSOCKET | AT_STRIPPED, 403, "", NULL, MEANING_FORBIDDEN_WEBSOCKET,
        {NULL, "ASGI, websocket.close before accept: no reason can be given", NULL}},
    {AT_WEBSOCKET | AT_UPGRADE, 500, "Internal Server Error", NULL, MEANING_NO_WEBSOCKET,
        {"without websockets or wsproto", "uvicorn h11_impl.py: an upgrade is passed on as a request", NULL}},
    {AT_WEBSOCKET | AT_UPGRADE, 400, "Unsupported upgrade request", NULL, MEANING_NO_WEBSOCKET,
        {"without websockets or wsproto, before 0.15", "uvicorn h11_impl.py", NULL}},
    {AT_ANY, 503, "^Service Unavailable$", NULL, MEANING_RATE,
        {NULL, "uvicorn flow_control.py: --limit-concurrency", "py-concurrency-limit"}},
};

static const struct server_log_line uvicorn_log_lines[] = {
    {"unsupported upgrade request", LOG_UPGRADE, NULL, {NULL, "uvicorn h11_impl.py", NULL}},
    {"no supported WebSocket library detected", LOG_UPGRADE, NULL, {NULL, "uvicorn h11_impl.py", NULL}},
    {"maximum request limit of*exceeded. terminating process", LOG_RECYCLED, NULL,
        {"limit_max_requests", "uvicorn server.py: on_tick", NULL}},
    {"exception in ASGI application", LOG_EXCEPTION_FOLLOWS, NULL, {NULL, "uvicorn h11_impl.py", NULL}},
};

const struct server server_uvicorn = {"uvicorn", "uvicorn and other ASGI servers", "0.1", NULL, SERVER_PYTHON, NULL, 0,
    SERVER_ROWS(uvicorn_refusals), SERVER_ROWS(uvicorn_log_lines), NULL, 0};
