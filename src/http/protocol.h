/* Which protocol a connection speaks, recognised by bytes from its beginning. */
#ifndef HTTP_PROTOCOL_H
#define HTTP_PROTOCOL_H

#include "base/bytes.h"

enum protocol {
	PROTOCOL_UNKNOWN,
	PROTOCOL_HTTP,
	PROTOCOL_WEBSOCKET, /* joined in mid-stream, or after a 101 */
	PROTOCOL_TLS,
	PROTOCOL_HTTP2,
	PROTOCOL_OTHER,
	PROTOCOL_OVER, /* the connection has ended */
};

struct protocol_guess {
	enum protocol protocol;
	bool from_client; /* HTTP, HTTP2, WEBSOCKET: the bytes were sent by the client */
};

/* What `first`, the first bytes of one side, begins. `joined`: the connection's own beginning was not captured, so
 * `first` is the beginning of some segment. UNKNOWN: too few bytes to decide (never asks for more than 32), or, joined,
 * nothing that can be recognised. */
struct protocol_guess protocol_guess(struct slice first, bool joined);

/* Is it the beginning of a client's HTTP/2 connection? */
bool protocol_is_preface(struct slice first);

/* Do `bytes`, which this side sent after a loss, begin a frame of a WebSocket that carries Engine.IO? */
bool protocol_is_websocket_of(bool from_client, struct slice bytes);

#endif
