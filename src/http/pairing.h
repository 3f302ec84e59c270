/*
 * The HTTP of a connection: requests paired with their answers, as transactions whose answer may still come, may never
 * come, or was lost. Those that matter to the sink go to it when that is decided; all others are passed over.
 */
#ifndef HTTP_PAIRING_H
#define HTTP_PAIRING_H

#include "base/resources.h"
#include "http/foreign.h"
#include "http/sink.h"

struct pairing; /* opaque */

/* All are borrowed and outlive it. NULL: no memory. */
struct pairing *pairing_new(
    const struct resources *resources, const struct http_sink *sink, struct connection *connection);
void pairing_free(struct pairing *pairing);

enum pairing_result {
	PAIRING_GO_ON,     /* all bytes taken */
	PAIRING_WEBSOCKET, /* a 101 agreed on a WebSocket that matters, or one follows: see pairing_upgrade */
	PAIRING_TUNNEL,    /* CONNECT was answered by success: what follows is a connection of its own */
	PAIRING_HTTP2,     /* a 101 agreed on h2c, and its request is over: see pairing_release_upgraded */
	PAIRING_OTHER,     /* a 101 agreed on something else: no more HTTP */
};

/* Takes bytes of one direction. Exchanges go to the sink as they end, save one that agreed on a WebSocket: that is for
 * the caller to give. After any result but PAIRING_GO_ON `bytes` are the first of what follows, behind those that
 * pairing_paused gives. */
enum pairing_result pairing_take(struct pairing *pairing, const struct passage *passage, struct slice *bytes);

/* The server spoke before the client did, and not in HTTP: takes `greeting`, which may be NULL. Before the first
 * pairing_take. */
void pairing_note_greeting(struct pairing *pairing, struct foreign *greeting);

/* How HTTP turned into a WebSocket. */
struct pairing_upgrade {
	struct exchange
	    *exchange; /* that asked for it, borrowed until pairing_free or pairing_resume; NULL: not captured */
	bool answered; /* its 101 was captured, with: */
	struct deflate_agreement agreement;
};
struct pairing_upgrade pairing_upgrade(const struct pairing *pairing);

/* After PAIRING_HTTP2: the exchange that asked for it, which is the caller's now, its answer still to come; NULL: not
 * captured. */
struct exchange *pairing_release_upgraded(struct pairing *pairing);

/* Bytes that the client sent before the answer was known, or the server before the request was whole; *passage says
 * where from. They are the caller's now: `held` frees them. */
struct slice pairing_paused(struct pairing *pairing, struct passage *passage, struct buffer *held);

/* Behind those, bytes of this direction are missing. */
bool pairing_has_lost(const struct pairing *pairing, enum direction direction);

/* The server goes on in plain HTTP after all, answering the upgraded request once more (node >= 4, protocol.md §5). */
void pairing_resume(struct pairing *pairing);

/* Bytes of one direction were lost (0: unknown how many). True when that touches an exchange that matters. */
bool pairing_lose(struct pairing *pairing, const struct passage *passage, uint64_t lost);

/* No more bytes will come in this direction (FIN). `unacknowledged`: its sender had not got the last bytes of the
 * other. */
void pairing_end_direction(struct pairing *pairing, const struct passage *passage, bool unacknowledged);

/* No more bytes will come: what has no answer is in `state`, decided now, but what was lost stays lost. */
void pairing_end(struct pairing *pairing, const struct passage *passage, enum exchange_state state);

/* Has a request that matters been seen? */
bool pairing_is_wanted(const struct pairing *pairing);

#endif
