/* Java: netty-socketio (mrniko, corundumstudio) and engine.io-server-java. */
#include "servers/server.h"

#define AUTHORIZE "netty-socketio handler/AuthorizeHandler.java"
#define POLLING "netty-socketio transport/PollingTransport.java"

static const struct server_trait_row netty_traits[] = {
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout",
        {NULL, "netty-socketio protocol/AuthPacket.java", "netty-pt-poll"}},
    {TRAIT_REVISION, "3", {NULL, AUTHORIZE, NULL}},
    {TRAIT_REVISION, "4", {"2.0 and later", AUTHORIZE, "netty-pt-poll"}},
    {TRAIT_SID, "uuid", {NULL, AUTHORIZE ": generateOrGetSessionIdFromRequest", "netty-pt-poll"}},
    {TRAIT_POST_OK, "ok text/html", {NULL, "netty-socketio handler/EncoderHandler.java", "netty-pt-poll"}},
    {TRAIT_SOFTWARE, "netty-socketio", {NULL, "netty-socketio handler/EncoderHandler.java", "netty-pt-poll"}},
};

static const struct server_refusal netty_refusals[] = {
    {AT_OPENING, 400, NULL, "0", MEANING_TRANSPORT, {NULL, AUTHORIZE ": writeAndFlushTransportError", NULL}},
    {AT_OPENING, 401, "", NULL, MEANING_FORBIDDEN, {NULL, AUTHORIZE ": authorize", NULL}},
    {AT_ANY, 400, "", NULL, MEANING_PATH, {"unless allowCustomRequests", AUTHORIZE ": channelRead", NULL}},
    {AT_POLL | AT_POST, 500, "", NULL, MEANING_CLOSED,
        {NULL, POLLING ": sendError, and the connection ends", "netty-pt-poll"}},
    {AT_METHOD, 500, "", NULL, MEANING_METHOD, {NULL, POLLING ": handleMessage", NULL}},
};

static const struct server_log_line netty_log_lines[] = {
    {"is not registered. closing connection", LOG_SESSION, "* is not registered",
        {NULL, POLLING ": onGet, onPost", NULL}},
    {"unauthorized client with sessionId", LOG_SESSION, "sessionId: *",
        {NULL, "netty-socketio transport/WebSocketTransport.java", NULL}},
    {"unknown transport for request", LOG_TRANSPORT, NULL, {NULL, AUTHORIZE ": authorize", NULL}},
    {"unsupported transport for request", LOG_TRANSPORT, NULL, {NULL, AUTHORIZE ": authorize", NULL}},
    {"got no transports for request", LOG_TRANSPORT, NULL, {NULL, AUTHORIZE ": authorize", NULL}},
    {"authorization error", LOG_EXCEPTION_FOLLOWS, NULL, {NULL, AUTHORIZE ": authorize", NULL}},
    {"removed due to ping timeout", LOG_GONE, "* removed due to ping timeout",
        {NULL, "netty-socketio handler/ClientHead.java: schedulePingTimeout", NULL}},
};

static const struct server_fact_row netty_facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, "netty-socketio Configuration.java", NULL}},
    {FACT_PING_TIMEOUT, 60000, {NULL, "netty-socketio Configuration.java", NULL}},
    {FACT_MAX_PAYLOAD, 65536,
        {NULL, "netty-socketio Configuration.java: maxHttpContentLength, maxFramePayloadLength", NULL}},
    {FACT_UPGRADE_TIMEOUT, 10000, {NULL, "netty-socketio Configuration.java: upgradeTimeout", NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {NULL, "netty-socketio handler/ClientHead.java: schedulePingTimeout", NULL}},
    {FACT_CLOSE_CODE, 0, {NULL, "netty-socketio handler/ClientHead.java: disconnect", NULL}},
};

const struct server server_netty = {"netty", "netty-socketio", "1.7", NULL, SERVER_JAVA, SERVER_ROWS(netty_traits),
    SERVER_ROWS(netty_refusals), SERVER_ROWS(netty_log_lines), SERVER_ROWS(netty_facts)};

/* ---- engine.io-server-java; no capture of it exists yet */

#define ENGINE "engine.io-server-java EngineIoServer.java"

static const struct server_trait_row java_traits[] = {
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout",
        {NULL, "engine.io-server-java EngineIoSocket.java", NULL}},
    {TRAIT_REVISION, "3", {NULL, ENGINE, NULL}},
    {TRAIT_REVISION, "4", {NULL, ENGINE, NULL}},
    {TRAIT_SID, "yeast", {NULL, "engine.io-server-java utils/ServerYeast.java", NULL}},
    {TRAIT_POST_OK, "ok text/html", {NULL, "engine.io-server-java transport/Polling.java", NULL}},
};

static const struct server_refusal java_refusals[] = {
    {AT_OPENING, 400, NULL, "0", MEANING_TRANSPORT, {NULL, ENGINE, NULL}},
    {AT_SESSION, 400, NULL, "1", MEANING_SESSION, {NULL, ENGINE, NULL}},
    {AT_METHOD, 400, NULL, "2", MEANING_METHOD, {NULL, ENGINE, NULL}},
    {AT_SESSION, 400, NULL, "3", MEANING_REQUEST, {NULL, ENGINE, NULL}},
    {AT_POLL | AT_POST, 500, NULL, NULL, MEANING_OVERLAP, {NULL, "engine.io-server-java transport/Polling.java", NULL}},
};

static const struct server_fact_row java_facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, "engine.io-server-java EngineIoServerOptions.java", NULL}},
    {FACT_PING_TIMEOUT, 5000, {NULL, "engine.io-server-java EngineIoServerOptions.java", NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {NULL, "engine.io-server-java EngineIoSocket.java", NULL}},
};

const struct server server_java = {"java", "engine.io-server-java", "1.0", NULL, SERVER_JAVA, SERVER_ROWS(java_traits),
    SERVER_ROWS(java_refusals), NULL, 0, SERVER_ROWS(java_facts)};
