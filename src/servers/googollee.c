/* github.com/googollee/go-socket.io (Engine.IO 3). */
#include "servers/server.h"

static const struct server_trait_row traits[] = {
    {TRAIT_HANDSHAKE, "sid,upgrades,pingInterval,pingTimeout",
        {NULL, "engineio transport/connparam.go", "googollee-overlap-get"}},
    {TRAIT_REVISION, "3", {NULL, "protocol.md §1", "googollee-overlap-get"}},
    {TRAIT_SID, "counter", {NULL, "engineio session/manager.go", "googollee-overlap-get"}},
    {TRAIT_POST_OK, "ok text/plain", {NULL, "engineio transport/polling/server.go", "googollee-overlap-post"}},
};

static const struct server_refusal refusals[] = {
    {AT_HANDSHAKE | AT_WEBSOCKET | AT_SESSION | AT_METHOD, 400, "invalid transport", NULL, MEANING_TRANSPORT,
        {NULL, "engineio server.go", "googollee-unknown-transport"}},
    {AT_SESSION, 400, "invalid sid value", NULL, MEANING_SESSION,
        {NULL, "engineio server.go", "googollee-unknown-sid"}},
    {AT_METHOD, 400, "invalid method", NULL, MEANING_METHOD, {NULL, "engineio transport/polling/server.go", NULL}},
    {AT_ANY, 502, "request checker err", NULL, MEANING_FORBIDDEN, {NULL, "engineio server.go", NULL}},
    {AT_POLL, 500, "write: overlap", NULL, MEANING_OVERLAP,
        {NULL, "engineio transport/polling/server.go", "googollee-overlap-get"}},
    {AT_POST, 400, "read: overlap", NULL, MEANING_OVERLAP,
        {NULL, "engineio transport/polling/server.go", "googollee-overlap-post"}},
    {AT_POST, 400, "read: invalid payload", NULL, MEANING_PAYLOAD,
        {NULL, "engineio transport/polling/server.go", "googollee-parse-errors-polling"}},
    {AT_POLL, 500, "read: timeout", NULL, MEANING_CLOSED, {NULL, "engineio transport/polling/server.go", NULL}},
};

static const struct server_fact_row facts[] = {
    {FACT_PING_INTERVAL, 20000, {NULL, "engineio server.go", "googollee-overlap-get"}},
    {FACT_PING_TIMEOUT, 60000, {NULL, "engineio server.go", "googollee-overlap-get"}},
    {FACT_MAX_PAYLOAD, 0, {NULL, "signatures.md A", NULL}},
    {FACT_CONNECT_TIMEOUT, 0, {NULL, "signatures.md C", NULL}},
    {FACT_UPGRADE_TIMEOUT, 0, {NULL, "signatures.md B", NULL}},
    {FACT_EARLY_EVENT, REACTION_CLOSES, {NULL, "signatures.md D", NULL}},
    {FACT_SECOND_CONNECT, REACTION_ACCEPTS, {NULL, "signatures.md D", NULL}},
    {FACT_BAD_PACKET, REACTION_CLOSES, {NULL, "signatures.md D", NULL}},
    {FACT_ABORTED_POLL, REACTION_CLOSES, {"the next GET is answered with 500", "signatures.md A", NULL}},
    {FACT_CLOSE_CODE, 0, {NULL, "signatures.md E", NULL}},
};

const struct server server_googollee = {"googollee", "googollee/go-socket.io", "1.0", "1.7", SERVER_GO,
    SERVER_ROWS(traits), SERVER_ROWS(refusals), NULL, 0, SERVER_ROWS(facts)};
