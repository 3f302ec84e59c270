/* Long-polling (protocol.md §3): a part of transports.c, for it alone. */
#ifndef SOCKETIO_POLLING_H
#define SOCKETIO_POLLING_H

#include "http/sink.h"
#include "socketio/packets.h"

/* `self` of the sink; what http/ gives now has waited so long to be read. */
static inline struct context *context_reading(void *self, const struct connection *connection)
{
	struct context *context = self;
	context->queued = connection->queued;
	return context;
}

/* Of the sink: a request is whole, an answer is whole or will not come. */
void polling_take_request(void *self, struct connection *on, struct exchange *exchange);
void polling_take_answer(void *self, struct connection *on, struct exchange *exchange);

/* Of the sink: what became of a request that is none of Engine.IO. */
void polling_take_beside(void *self, struct connection *on, struct exchange *exchange);

/* The exchange as an event of the session; NULL: of none. */
void polling_emit_exchange(struct context *context, const struct connection_facts *connection,
    struct exchange *exchange, struct session *session);

/* A handshake with this target was among the last that packets showed. */
bool polling_knows_handshake(const struct context *context, const struct exchange *exchange);

#endif
