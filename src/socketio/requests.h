/* The HTTP of a connection: requests paired with their answers. Engine.IO's are told, all others passed over. */
#ifndef SOCKETIO_REQUESTS_H
#define SOCKETIO_REQUESTS_H

#include "socketio/context.h"
#include "socketio/exchange.h"

struct requests; /* opaque */

/* Both are borrowed and outlive it. NULL: no memory. */
struct requests *requests_new(struct context *context, const struct connection_facts *connection);
void requests_free(struct requests *requests);

enum requests_result {
	REQUESTS_GO_ON,     /* all bytes taken */
	REQUESTS_WEBSOCKET, /* a 101 agreed on a WebSocket: `bytes` and what requests_take_paused gives are its first */
	REQUESTS_OTHER,     /* a 101 or a CONNECT agreed on something else: no more HTTP */
};

/* Takes bytes of one direction. Exchanges of Engine.IO are told as they end, save one that agreed on a WebSocket: that
 * is for the caller to tell. */
enum requests_result requests_take(struct requests *requests, const struct origin *origin, struct slice *bytes);

/* After REQUESTS_WEBSOCKET: the exchange that agreed on it, borrowed until requests_free or requests_resume. */
struct exchange *requests_upgraded(const struct requests *requests);

/* After REQUESTS_WEBSOCKET: bytes that the client sent before the answer was known; *origin tells where from. */
struct slice requests_paused(const struct requests *requests, struct origin *origin);

/* The server goes on in plain HTTP after all, answering the upgraded request once more (node >= 4, protocol.md §5). */
void requests_resume(struct requests *requests);

/* Bytes of one direction were lost (0: unknown how many). True when that touches an Engine.IO exchange. */
bool requests_lose(struct requests *requests, const struct origin *origin, uint64_t lost);

/* No more bytes will come in this direction. After the server's end, what is unanswered is told as that. */
void requests_end(struct requests *requests, const struct origin *origin, bool reset);

/* Has an Engine.IO request been seen? */
bool requests_engineio(const struct requests *requests);

/* The session of the oldest unanswered request; NULL when there is none. */
struct session *requests_session(const struct requests *requests);

#endif
