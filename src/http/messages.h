/*
 * A WebSocket of a connection: the message streams of its two directions. After a loss a direction goes on where a
 * frame seems to begin; and until the server has sent a message, it may turn back to plain HTTP (node >= 4, protocol.md
 * §5).
 */
#ifndef HTTP_MESSAGES_H
#define HTTP_MESSAGES_H

#include "base/resources.h"
#include "http/sink.h"

struct messages; /* opaque */

/* What is known of a WebSocket when its first bytes come. */
struct messages_start {
	bool wanted;                        /* its request was captured, and matters */
	bool in_place;                      /* its 101 was captured: the next byte begins a frame */
	struct deflate_agreement agreement; /* with `in_place` */
};

/* All is borrowed and outlives it; `connection` is a WebSocket then. NULL: no memory. */
struct messages *messages_new(const struct resources *resources, const struct http_sink *sink,
    struct connection *connection, const struct messages_start *start);

/* The WebSocket, if there is one, is over: gives that to the sink, and frees it. */
void messages_close(struct messages **messages);

enum messages_result {
	MESSAGES_GOES_ON,   /* all bytes taken */
	MESSAGES_PLAIN_HTTP /* the server writes plain HTTP from here: `bytes` begin there */
};
enum messages_result messages_take(struct messages *messages, const struct passage *passage, struct slice *bytes);

/* After MESSAGES_PLAIN_HTTP: takes out what of it came in earlier chunks, into `held`, and where from. */
enum { MESSAGES_HELD = 12 }; /* "HTTP/1.1 101" */
struct slice messages_take_held(struct messages *messages, uint8_t held[MESSAGES_HELD], struct passage *passage);

/* Bytes of one direction were lost (0: unknown how many). */
void messages_lose(struct messages *messages, enum direction direction, uint64_t lost);

/* No more bytes come in the passage's direction. A message that has begun there is malformed and incomplete. */
void messages_end(struct messages *messages, const struct passage *passage);

/* No more bytes come: the same, in both directions. */
void messages_end_both(struct messages *messages, const struct passage *passage);

/* Has the server sent a whole message? Then it will not turn to plain HTTP any more. */
bool messages_is_settled(const struct messages *messages);

/* Did any of it matter to the sink? */
bool messages_is_wanted(const struct messages *messages);

#endif
