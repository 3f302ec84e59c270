/* socket.io of Node.js: the lines 2.x (Engine.IO 3), 3.x and 4.x (Engine.IO 4; 3 too with allowEIO3). */
#include "servers/server.h"

#define BODY "engine.io server.js"

/* Engine.IO's six errors (server.js, errorMessages) are the same in all lines; over WebSocket the message alone is the
 * body, as text/html, and the connection ends. */
#define NODE_ERRORS(transport, stale, method, request)                                                              \
	{AT_ANY, 400, NULL, "0", MEANING_TRANSPORT, {NULL, BODY ": UNKNOWN_TRANSPORT", transport}},                 \
	    {AT_WEBSOCKET | AT_UPGRADE, 400, "^Transport unknown$", NULL, MEANING_TRANSPORT,                        \
	        {NULL, BODY ": abortUpgrade", transport}},                                                          \
	    {AT_SESSION, 400, NULL, "1", MEANING_SESSION, {NULL, BODY ": UNKNOWN_SID", stale}},                     \
	    {AT_UPGRADE, 400, "^Session ID unknown$", NULL, MEANING_SESSION, {NULL, BODY ": abortUpgrade", stale}}, \
	    {AT_METHOD, 400, NULL, "2", MEANING_METHOD, {NULL, BODY ": BAD_HANDSHAKE_METHOD", method}},             \
	{                                                                                                           \
		AT_STRIPPED | AT_STRIPPED_UPGRADE, 400, NULL, "3", MEANING_STRIPPED,                                \
		{                                                                                                   \
			NULL, BODY ": BAD_REQUEST", request                                                         \
		}                                                                                                   \
	}

/* What node and the frameworks on it log; the servers' own words only come with DEBUG=engine*,socket.io*. */
static const struct server_log_line node_log_lines[] = {
    {"[WsExceptionsHandler]", LOG_EXCEPTION, NULL, {"NestJS", "@nestjs/websockets base-ws-exception-filter.ts", NULL}},
    {"[ExceptionsHandler]", LOG_EXCEPTION, NULL, {"NestJS", "@nestjs/core base-exception-filter.ts", NULL}},
    {"[ExceptionHandler]", LOG_EXCEPTION, NULL, {"NestJS, while it starts", "@nestjs/core exception-handler.ts", NULL}},
    {"UnhandledPromiseRejection", LOG_EXCEPTION, NULL, {NULL, "node lib/internal/process/promises.js", NULL}},
    {"Uncaught Exception", LOG_EXCEPTION, NULL, {NULL, "node, winston and pm2", NULL}},
    {"^TypeError: ", LOG_EXCEPTION, NULL, {NULL, "ECMAScript: an error that nobody catches", NULL}},
    {"^ReferenceError: ", LOG_EXCEPTION, NULL, {NULL, "ECMAScript: an error that nobody catches", NULL}},
    {"engine unknown sid", LOG_SESSION, "unknown sid \"*", {"DEBUG=engine", "engine.io server.ts: verify", NULL}},
    {"engine unknown transport", LOG_TRANSPORT, "unknown transport \"*",
        {"DEBUG=engine", "engine.io server.ts: verify", NULL}},
    {"engine unsupported protocol version", LOG_VERSION, NULL,
        {"DEBUG=engine", "engine.io server.ts: verify", "n4-version"}},
    {"Session ID unknown", LOG_SESSION, "sid: '*",
        {"what a handler of connection_error logs", "engine.io server.ts: errorMessages", NULL}},
    {"Transport unknown", LOG_TRANSPORT, "transport: '*",
        {"what a handler of connection_error logs", "engine.io server.ts: errorMessages", NULL}},
    {"Unsupported protocol version", LOG_VERSION, NULL,
        {"what a handler of connection_error logs", "engine.io server.ts: errorMessages", NULL}},
    {"socket.io:client client close with reason ping timeout", LOG_GONE, NULL,
        {"DEBUG=socket.io:client", "socket.io client.ts: onclose", "n4-freeze"}},
    {"socket.io:server initializing namespace /$", LOG_STARTED, NULL,
        {"DEBUG=socket.io:server", "socket.io index.ts: of", "n4-stale"}},
    {"JavaScript heap out of memory", LOG_WORKER, NULL, {NULL, "V8: FATAL ERROR", NULL}},
    {"no socket for namespace", LOG_NAMESPACE, NULL,
        {"DEBUG=socket.io:client", "socket.io client.ts: ondecoded", NULL}},
    {"no namespace joined yet", LOG_GONE, NULL,
        {"DEBUG=socket.io:client", "socket.io client.ts: connectTimeout", NULL}},
};

/* ---- 4.x */

static const struct server_trait_row node4_traits[] = {
    {TRAIT_KEEP_ALIVE, "timeout=5", {NULL, "node _http_outgoing.js", "n4c4-polling"}},
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout,maxPayload",
        {"4.5 and later", "engine.io socket.ts", "n4c4-polling"}},
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout", {"4.0 to 4.4", "engine.io CHANGELOG 6.2.0", NULL}},
    {TRAIT_REVISION, "4", {NULL, "protocol.md §1", "n4c4-polling"}},
    {TRAIT_REVISION, "3", {"with allowEIO3", "protocol.md §1", "n4c2-polling"}},
    {TRAIT_SID, "base64id", {NULL, "base64id", "n4c4-polling"}},
    {TRAIT_POST_OK, "ok text/html", {NULL, "engine.io transports/polling.ts", "n4c4-polling"}},
    {TRAIT_JOIN, "{\"sid\":\"", {"4.x, revision 4", "socket.io namespace.ts", "n4c4-polling"}},
    {TRAIT_JOIN, "", {"4.x, revision 3", "socket.io namespace.ts", "n4c2-polling"}},
};

static const struct server_refusal node4_refusals[] = {
    NODE_ERRORS(
        "node4-unknown-transport", "node4-unknown-sid", "node4-bad-handshake-method", "node4-ws-without-upgrade"),
    {AT_SESSION, 400, NULL, "3", MEANING_REQUEST, {NULL, BODY ": TRANSPORT_MISMATCH", "node4-poll-after-upgrade"}},
    {AT_ANY, 403, NULL, "4", MEANING_FORBIDDEN, {NULL, BODY ": FORBIDDEN", "node4-forbidden"}},
    {AT_ANY, 400, NULL, "5", MEANING_VERSION,
        {NULL, BODY ": UNSUPPORTED_PROTOCOL_VERSION", "node4-unsupported-version"}},
    {AT_ANY, 0, "unsupported protocol version", NULL, MEANING_VERSION,
        {NULL, BODY ": abortUpgrade", "node4-unsupported-version"}},
    {AT_POST, 413, "", NULL, MEANING_SIZE,
        {NULL, "engine.io polling.ts: the session goes on", "node4-payload-too-big"}},
    {AT_POLL | AT_POST, 400, "", NULL, MEANING_OVERLAP,
        {NULL, "engine.io polling.ts: the session is closed", "node4-overlap-get"}},
    {AT_METHOD, 500, "", NULL, MEANING_METHOD, {NULL, "engine.io polling.ts", "node4-bad-handshake-method"}},
};

static const struct server_fact_row node4_facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, BODY, "n4c4-polling"}},
    {FACT_PING_TIMEOUT, 20000, {NULL, BODY, "n4c4-polling"}},
    {FACT_MAX_PAYLOAD, 1000000, {NULL, BODY ": maxHttpBufferSize", "n4c4-polling"}},
    {FACT_CONNECT_TIMEOUT, 45000, {NULL, "socket.io index.ts: connectTimeout", NULL}},
    {FACT_UPGRADE_TIMEOUT, 10000, {NULL, BODY ": upgradeTimeout", NULL}},
    {FACT_BATCH, 0, {NULL, "signatures.md A", NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {NULL, "engine.io socket.ts: resetPingTimeout", NULL}},
    {FACT_NOOP_STORM, 0, {NULL, "engine.io socket.ts: a noop every 100 ms, only to a held poll", NULL}},
    {FACT_EARLY_EVENT, REACTION_CLOSES, {NULL, "socket.io client.ts: ondecoded", NULL}},
    {FACT_SECOND_CONNECT, REACTION_CLOSES, {NULL, "socket.io client.ts: ondecoded", NULL}},
    {FACT_BAD_PACKET, REACTION_CLOSES, {NULL, "socket.io client.ts: ondata", NULL}},
    {FACT_ABORTED_POLL, REACTION_CLOSES, {NULL, "engine.io polling.ts: onPollRequest", NULL}},
    {FACT_CLOSE_CODE, 1005, {NULL, "engine.io websocket.ts: doClose", NULL}},
};

const struct server server_node4 = {"node 4", "socket.io (Node.js)", "4.0", NULL, SERVER_NODE,
    SERVER_ROWS(node4_traits), SERVER_ROWS(node4_refusals), SERVER_ROWS(node_log_lines), SERVER_ROWS(node4_facts)};

/* ---- 3.x */

static const struct server_trait_row node3_traits[] = {
    {TRAIT_KEEP_ALIVE, "timeout=5", {NULL, "node _http_outgoing.js", NULL}},
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout", {NULL, "engine.io 4.1 socket.js", NULL}},
    {TRAIT_REVISION, "4", {NULL, "protocol.md §1", NULL}},
    {TRAIT_REVISION, "3", {"with allowEIO3", "protocol.md §1", NULL}},
    {TRAIT_SID, "base64id", {NULL, "base64id", NULL}},
    {TRAIT_POST_OK, "ok text/html", {NULL, "engine.io 4.1 polling.js", NULL}},
    {TRAIT_JOIN, "{\"sid\":\"", {"3.x, revision 4", "socket.io 3.1 namespace.js", NULL}},
    {TRAIT_JOIN, "", {"3.x, revision 3", "socket.io 3.1 namespace.js", NULL}},
};

static const struct server_refusal node3_refusals[] = {
    NODE_ERRORS(NULL, NULL, NULL, NULL),
    {AT_SESSION, 400, NULL, "3", MEANING_REQUEST, {NULL, "engine.io 4.1 server.js", NULL}},
    {AT_ANY, 403, NULL, "4", MEANING_FORBIDDEN, {NULL, "engine.io 4.1 server.js", NULL}},
    {AT_ANY, 400, NULL, "5", MEANING_VERSION, {NULL, "engine.io 4.1 server.js", NULL}},
    {AT_POLL | AT_POST, 500, "", NULL, MEANING_OVERLAP, {NULL, "engine.io 4.1 polling.js", NULL}},
};

static const struct server_fact_row node3_facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, "engine.io 4.1 server.js", NULL}},
    {FACT_PING_TIMEOUT, 5000, {NULL, "engine.io 4.1 server.js", NULL}},
    {FACT_MAX_PAYLOAD, 1000000, {NULL, "engine.io 4.1 server.js: maxHttpBufferSize", NULL}},
    {FACT_CONNECT_TIMEOUT, 45000, {NULL, "socket.io 3.1 index.js", NULL}},
    {FACT_UPGRADE_TIMEOUT, 10000, {NULL, "engine.io 4.1 server.js", NULL}},
    {FACT_BATCH, 0, {NULL, "signatures.md A", NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {NULL, "engine.io 4.1 socket.js", NULL}},
    {FACT_NOOP_STORM, 0, {NULL, "engine.io 4.1 socket.js", NULL}},
    {FACT_EARLY_EVENT, REACTION_IGNORES, {NULL, "signatures.md D", NULL}},
    {FACT_SECOND_CONNECT, REACTION_ACCEPTS, {NULL, "signatures.md D", NULL}},
    {FACT_BAD_PACKET, REACTION_CLOSES, {NULL, "signatures.md D", NULL}},
    {FACT_ABORTED_POLL, REACTION_CLOSES, {NULL, "engine.io 4.1 polling.js", NULL}},
    {FACT_CLOSE_CODE, 1005, {NULL, "engine.io 4.1 websocket.js", NULL}},
};

const struct server server_node3 = {"node 3", "socket.io (Node.js)", "3.0", "3.1", SERVER_NODE,
    SERVER_ROWS(node3_traits), SERVER_ROWS(node3_refusals), NULL, 0, SERVER_ROWS(node3_facts)};

/* ---- 2.x */

static const struct server_trait_row node2_traits[] = {
    {TRAIT_KEEP_ALIVE, "timeout=5", {NULL, "node _http_outgoing.js", "n2c2-polling"}},
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout", {NULL, "engine.io 3.6 socket.js", "n2c2-polling"}},
    {TRAIT_REVISION, "3", {NULL, "protocol.md §1", "n2c2-polling"}},
    {TRAIT_SID, "base64id", {NULL, "base64id", "n2c2-polling"}},
    {TRAIT_POST_OK, "ok text/html", {NULL, "engine.io 3.6 polling.js", "n2c2-polling"}},
    {TRAIT_JOIN, "", {NULL, "socket.io 2.5 namespace.js", "n2c2-polling"}},
};

static const struct server_refusal node2_refusals[] = {
    NODE_ERRORS(
        "node2-unknown-transport", "node2-unknown-sid", "node2-bad-handshake-method", "node2-ws-without-upgrade"),
    {AT_SESSION, 400, NULL, "3", MEANING_REQUEST, {NULL, "engine.io 3.6 server.js", "node2-poll-after-upgrade"}},
    {AT_ANY, 0, NULL, "4", MEANING_FORBIDDEN, {NULL, "engine.io 3.6 server.js: FORBIDDEN", "node2-forbidden"}},
    {AT_POLL | AT_POST, 500, "", NULL, MEANING_OVERLAP, {NULL, "engine.io 3.6 polling.js", "node2-overlap-get"}},
};

static const struct server_fact_row node2_facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, "engine.io 3.6 server.js", "n2c2-polling"}},
    {FACT_PING_TIMEOUT, 20000, {"2.5.1; 5000 in earlier ones", "engine.io 3.6 server.js", "n2c2-polling"}},
    {FACT_MAX_PAYLOAD, 100000000, {NULL, "engine.io 3.6 server.js: maxHttpBufferSize", NULL}},
    {FACT_CONNECT_TIMEOUT, 0, {NULL, "signatures.md C: the root is joined without CONNECT", NULL}},
    {FACT_UPGRADE_TIMEOUT, 10000, {NULL, "engine.io 3.6 server.js", NULL}},
    {FACT_BATCH, 0, {NULL, "signatures.md A", NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {NULL, "engine.io 3.6 socket.js: setPingTimeout", NULL}},
    {FACT_NOOP_STORM, 0, {NULL, "engine.io 3.6 socket.js", NULL}},
    {FACT_EARLY_EVENT, REACTION_IGNORES, {NULL, "signatures.md D", NULL}},
    {FACT_SECOND_CONNECT, REACTION_ACCEPTS, {NULL, "signatures.md D", NULL}},
    {FACT_BAD_PACKET, REACTION_CLOSES, {NULL, "signatures.md D", NULL}},
    {FACT_ABORTED_POLL, REACTION_CLOSES, {NULL, "engine.io 3.6 polling.js", NULL}},
    {FACT_CLOSE_CODE, 1005, {NULL, "engine.io 3.6 websocket.js", NULL}},
};

const struct server server_node2 = {"node 2", "socket.io (Node.js)", "1.0", "2.5", SERVER_NODE,
    SERVER_ROWS(node2_traits), SERVER_ROWS(node2_refusals), NULL, 0, SERVER_ROWS(node2_facts)};
