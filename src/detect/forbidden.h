/*
 * An ASGI server that refuses a WebSocket says nothing but 403 (signatures.md: a close before the handshake is done):
 * the transport, the page's origin, the path or the application's own check. What the request says of the page tells
 * some of them apart. A part of refusals.c, for it alone.
 */
#ifndef DETECT_FORBIDDEN_H
#define DETECT_FORBIDDEN_H

#include "detect/findings.h"
#include "detect/forwarded.h"
#include "socketio/event.h"

/* Of the request of an EVENT_HTTP. */
enum forwarded forbidden_page(const struct event *event);

/* Who passed the answer on names itself, and no server that runs Python: what arrives there is not what is seen here.
 */
bool forbidden_is_passed_on(const struct exchange *exchange);

/* Says what speaks against each of the causes of a bare 403, as far as the request tells. */
void forbidden_doubt(
    struct findings *findings, struct finding *finding, const struct exchange *exchange, enum forwarded page);

/* Says what the server is to compare, and what arrives: of FORWARDED_HOST_LOST and FORWARDED_SCHEME_LOST. */
void forbidden_say_page(
    struct findings *findings, struct finding *finding, const struct exchange *exchange, enum forwarded page);

#endif
