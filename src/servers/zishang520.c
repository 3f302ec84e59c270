/* github.com/zishang520/socket.io (Go), which follows node 4 closely. No capture of it exists yet. */
#include "servers/server.h"

#define BASE "zishang520 servers/engine/base-server.go"
#define POLLING "zishang520 servers/engine/transports/polling.go"

static const struct server_trait_row traits[] = {
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout,maxPayload",
        {NULL, "zishang520 servers/engine/socket.go", NULL}},
    {TRAIT_REVISION, "4", {NULL, BASE, NULL}},
    {TRAIT_REVISION, "3", {"with allowEIO3", BASE, NULL}},
    {TRAIT_SID, "base64id", {NULL, BASE, NULL}},
    {TRAIT_POST_OK, "ok text/html", {NULL, POLLING, NULL}},
    {TRAIT_JOIN, "{\"sid\":\"", {NULL, "zishang520 servers/socket", NULL}},
};

static const struct server_refusal refusals[] = {
    {AT_ANY, 400, NULL, "0", MEANING_TRANSPORT, {NULL, BASE, NULL}},
    {AT_SESSION, 400, NULL, "1", MEANING_SESSION, {NULL, BASE, NULL}},
    {AT_METHOD, 400, NULL, "2", MEANING_METHOD, {NULL, BASE, NULL}},
    {AT_SESSION, 400, NULL, "3", MEANING_REQUEST, {NULL, BASE, NULL}},
    {AT_ANY, 403, NULL, "4", MEANING_FORBIDDEN, {NULL, BASE, NULL}},
    {AT_ANY, 400, "unsupported protocol version", "4", MEANING_VERSION, {NULL, BASE ": code 4, as FORBIDDEN", NULL}},
    {AT_POST, 413, "", NULL, MEANING_SIZE, {NULL, POLLING, NULL}},
    {AT_POLL | AT_POST, 400, "", NULL, MEANING_OVERLAP, {NULL, POLLING, NULL}},
};

static const struct server_fact_row facts[] = {
    {FACT_PING_INTERVAL, 25000, {NULL, BASE, NULL}},
    {FACT_PING_TIMEOUT, 20000, {NULL, BASE, NULL}},
    {FACT_MAX_PAYLOAD, 1000000, {NULL, BASE, NULL}},
    {FACT_UPGRADE_TIMEOUT, 10000, {NULL, BASE, NULL}},
    {FACT_GIVES_UP, PATIENCE_SUM, {NULL, "zishang520 servers/engine/socket.go", NULL}},
    {FACT_CLOSE_CODE, 1005, {NULL, "as node 4", NULL}},
};

const struct server server_zishang520 = {"zishang520", "zishang520/socket.io", "1.0", NULL, SERVER_GO,
    SERVER_ROWS(traits), SERVER_ROWS(refusals), NULL, 0, SERVER_ROWS(facts)};
