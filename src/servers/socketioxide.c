/* socketioxide of Rust, with its engineioxide. */
#include "servers/server.h"

static const struct server_trait_row traits[] = {
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout,maxPayload",
        {NULL, "engineioxide src/packet.rs: OpenPacket", NULL}},
    {TRAIT_REVISION, "4", {NULL, "engineioxide src/service/parser.rs", NULL}},
    {TRAIT_REVISION, "3", {"with feature v3", "engineioxide src/service/parser.rs", NULL}},
    {TRAIT_SID, "base64-16", {NULL, "engineioxide src/sid.rs", NULL}},
    {TRAIT_POST_OK, "ok text/plain", {NULL, "engineioxide src/transport/polling/mod.rs", NULL}},
    {TRAIT_FIRST, "ping", {NULL, "signatures.md E: the first ping follows the open packet at once", NULL}},
    {TRAIT_JOIN, "{\"sid\":\"", {NULL, "socketioxide src/ns.rs", NULL}},
};

static const struct server_refusal refusals[] = {
    {AT_ANY, 400, NULL, "\"0\"", MEANING_TRANSPORT, {NULL, "engineioxide src/errors.rs", NULL}},
    {AT_SESSION, 400, NULL, "\"1\"", MEANING_SESSION, {NULL, "engineioxide src/errors.rs", NULL}},
    {AT_METHOD, 400, NULL, "\"2\"", MEANING_METHOD, {NULL, "engineioxide src/errors.rs", NULL}},
    {AT_SESSION, 400, NULL, "\"3\"", MEANING_REQUEST, {NULL, "engineioxide src/errors.rs", NULL}},
    {AT_ANY, 400, NULL, "\"5\"", MEANING_VERSION, {NULL, "engineioxide src/errors.rs", NULL}},
    {AT_POST, 413, "", NULL, MEANING_SIZE, {NULL, "engineioxide src/errors.rs: the session is closed", NULL}},
};

static const struct server_fact_row facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, "engineioxide src/config.rs", NULL}},
    {FACT_PING_TIMEOUT, 20000, {NULL, "engineioxide src/config.rs", NULL}},
    {FACT_MAX_PAYLOAD, 100000, {NULL, "engineioxide src/config.rs", NULL}},
    {FACT_CONNECT_TIMEOUT, 45000, {NULL, "socketioxide src/lib.rs", NULL}},
    {FACT_UPGRADE_TIMEOUT, 10000, {NULL, "engineioxide src/transport/ws.rs: the session is closed", NULL}},
    {FACT_BATCH, 0, {NULL, "signatures.md A", NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {NULL, "engineioxide src/socket.rs: heartbeat", NULL}},
    {FACT_NOOP_STORM, 1, {NULL, "signatures.md B", NULL}},
    {FACT_EARLY_EVENT, REACTION_CLOSES, {NULL, "signatures.md D", NULL}},
    {FACT_SECOND_CONNECT, REACTION_IGNORES, {NULL, "signatures.md D", NULL}},
    {FACT_BAD_PACKET, REACTION_CLOSES, {NULL, "signatures.md D", NULL}},
    {FACT_CLOSE_CODE, 1005, {"after the text 1", "signatures.md E", NULL}},
};

const struct server server_socketioxide = {"socketioxide", "socketioxide", "0.3", NULL, SERVER_RUST,
    SERVER_ROWS(traits), SERVER_ROWS(refusals), NULL, 0, SERVER_ROWS(facts)};
