/* The HTTP of a connection: requests paired with their answers. Those that matter to the sink go to it, all others are
 * passed over. */
#ifndef HTTP_PAIRING_H
#define HTTP_PAIRING_H

#include "base/resources.h"
#include "http/sink.h"

struct pairing; /* opaque */

/* All are borrowed and outlive it. NULL: no memory. */
struct pairing *pairing_new(
    const struct resources *resources, const struct http_sink *sink, struct connection *connection);
void pairing_free(struct pairing *pairing);

enum pairing_result {
	PAIRING_GO_ON,     /* all bytes taken */
	PAIRING_WEBSOCKET, /* a 101 agreed on a WebSocket: `bytes` and what pairing_paused gives are its first */
	PAIRING_OTHER,     /* a 101 or a CONNECT agreed on something else: no more HTTP */
};

/* Takes bytes of one direction. Exchanges go to the sink as they end, save one that agreed on a WebSocket: that is for
 * the caller to give. */
enum pairing_result pairing_take(struct pairing *pairing, const struct passage *passage, struct slice *bytes);

/* After PAIRING_WEBSOCKET: the exchange that agreed on it, borrowed until pairing_free or pairing_resume. */
struct exchange *pairing_upgraded(const struct pairing *pairing);

/* After PAIRING_WEBSOCKET: bytes that the client sent before the answer was known; *passage says where from. */
struct slice pairing_paused(const struct pairing *pairing, struct passage *passage);

/* The server goes on in plain HTTP after all, answering the upgraded request once more (node >= 4, protocol.md §5). */
void pairing_resume(struct pairing *pairing);

/* Bytes of one direction were lost (0: unknown how many). True when that touches an exchange that matters. */
bool pairing_lose(struct pairing *pairing, const struct passage *passage, uint64_t lost);

/* No more bytes will come in this direction. After the server's end, what is unanswered is given as that. */
void pairing_end(struct pairing *pairing, const struct passage *passage, bool reset);

/* Has a request that matters been seen? */
bool pairing_is_wanted(const struct pairing *pairing);

#endif
