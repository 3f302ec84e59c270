/*
 * What the files of this room share: the state of a connection. `connection` takes its chunks, gaps and ends;
 * `switching` finds out what is spoken, and changes from one protocol to another.
 */
#ifndef HTTP_STATE_H
#define HTTP_STATE_H

#include "http/connection.h"
#include "http/http2.h"
#include "http/messages.h"
#include "http/pairing.h"
#include "http/protocol.h"

struct http {
	const struct resources *resources;
	const struct http_sink *sink;
	struct stream_sink streams;
	struct http_counts counts;
	uint64_t one_sided[2]; /* connections of which this direction alone was captured */
	char first_one_sided[CONNECTION_TEXT_SIZE];
};

/* What goes on in a connection. */
struct http_connection {
	struct connection shown; /* to the sink */
	struct http *http;
	struct stream *stream;
	enum protocol protocol;
	bool adrift;   /* bytes were lost before it was known what is spoken: the next may be the middle of anything */
	bool begun[2]; /* by side: bytes of it came */
	bool ended[2];
	bool spoke_http;
	uint64_t hidden;               /* bytes that were lost before it was known what is spoken here; 0: none */
	struct passage hidden_passage; /* of the last of them */
	unsigned attempts;
	bool proxied;          /* it began with a header of the PROXY protocol */
	uint64_t skips;        /* so many bytes of that header are still to come */
	struct buffer opening; /* of one side, while the protocol is not known */
	struct passage opening_passage;
	enum side opening_side;
	struct foreign *greeting; /* the server's, who spoke first, until the client does; or NULL */
	struct pairing *pairing;
	struct messages *messages;
	struct http2 *http2;
	struct passage last;
	enum direction left; /* who ended first, when one has ended */
};

static inline enum direction connection_direction(const struct http_connection *connection, enum side side)
{
	return side == connection->stream->client ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT;
}

/* ---- connection.c */

/* It matters to the sink: counted once, and what was missed before it was known is given. */
void connection_note_wanted(struct http_connection *connection, const struct passage *passage);

/* ---- switching.c */

/* First bytes, kept until they show the protocol; a PROXY line has 107 at most. */
enum { CONNECTION_OPENING = 128 };

/* Names the ends once the client is known for certain. */
void connection_name(struct http_connection *connection, enum side client);

/* Takes bytes, or none: the first, while it is not known what is spoken, or those of what is. */
void connection_go_on(struct http_connection *connection, const struct passage *passage, struct slice bytes);

/* Nothing more is read, or comes: lets go of what was spoken. */
void connection_give_up(struct http_connection *connection, enum protocol protocol);

#endif
