/* Engine.IO packets of a session become events: Socket.IO read, binary attachments joined to what announced them. */
#ifndef SOCKETIO_PACKETS_H
#define SOCKETIO_PACKETS_H

#include "socketio/context.h"
#include "socketio/engineio.h"

/* Tells one packet. `carrier->session` must be there; `packet` must not lie in context->json. */
void packets_take(struct context *context, const struct carrier *carrier, const struct engineio_packet *packet);

/* The session ends: what still waits for its attachments is told as malformed, and let go. */
void packets_end_session(struct context *context, struct session *session);

#endif
