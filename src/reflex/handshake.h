/* A real Engine.IO handshake, tried on a running server: what `bundle --server` asks. */
#ifndef REFLEX_HANDSHAKE_H
#define REFLEX_HANDSHAKE_H

#include "reflex/bundle.h"

/* Asks `server` ("http://host:port", or with the path of its Engine.IO) for a session by polling and by WebSocket, as
 * the frontend's pages would, and takes what it says. The sessions that this opens are left to time out. Reads at most
 * a few hundred bytes of each answer, and waits at most HANDSHAKE_SECONDS. False, and one line on stderr, when the
 * server cannot be asked at all. */
bool handshake_ask(struct bundle_server *server, const char *url, const struct frontend *frontend);

enum { HANDSHAKE_SECONDS = 10 };

#endif
