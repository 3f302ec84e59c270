/* Long-polling (protocol.md §3): the bodies of an exchange become packets, the exchange itself an event. */
#ifndef SOCKETIO_POLLING_H
#define SOCKETIO_POLLING_H

#include "socketio/context.h"

/* The request is whole: the packets that a POST carries are told. */
void polling_take_request(
    struct context *context, const struct connection_facts *connection, struct exchange *exchange);

/* The answer is whole, or will not come (exchange->status is 0, or the answer incomplete): the exchange is told, then
 * the packets of a poll's answer. */
void polling_take_answer(struct context *context, const struct connection_facts *connection, struct exchange *exchange);

/* Tells the exchange itself, of `session` (may be NULL). */
void polling_tell_exchange(struct context *context, const struct connection_facts *connection,
    struct exchange *exchange, struct session *session);

#endif
