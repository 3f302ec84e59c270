/*
 * What this room gives to the one above: exchanges and WebSocket messages of connections, and what could not be seen of
 * them. Which requests matter is for the sink to say: the others are paired and passed over.
 */
#ifndef HTTP_SINK_H
#define HTTP_SINK_H

#include "base/timestamp.h"
#include "http/exchange.h"
#include "http/message.h"
#include "net/stream.h"

enum { CONNECTION_TEXT_SIZE = 2 * ENDPOINT_TEXT_SIZE };

/* What anybody above may know of a connection. */
struct connection_facts {
	uint64_t number;
	struct endpoint client, server;
	uint8_t input;                 /* of several captures, the one that showed it first */
	bool joined;                   /* its beginning was not captured */
	bool unrecorded;               /* of a recording that leaves out what WebSockets carry */
	bool doubtful;                 /* its bytes may belong to another (a probe cannot always know) */
	const struct process *process; /* at its one end, when a probe saw it; or NULL */
	const char *tls;               /* "TLS 1.3", when its handshake was seen and done; or NULL. Lives on */
	timestamp tls_begun, tls_done; /* the handshake; only with `tls` */
	const struct stream *stream;   /* that carries it; NULL: a recording. Not there any more in what looks back */
	char proxied_for[EXCHANGE_FORWARDED]; /* whom a PROXY header names as the client; "": none does */
	char text[CONNECTION_TEXT_SIZE];      /* "client-server" */
};

/* What TCP knows of the bytes that go in this direction; NULL: it is no TCP connection. */
static inline const struct delivery *connection_delivery(const struct connection_facts *facts, enum direction direction)
{
	const struct stream *stream = facts->stream;
	bool is_clients = direction == DIRECTION_TO_SERVER;
	return stream ? &stream->deliveries[is_clients ? stream->client : side_other(stream->client)] : NULL;
}

/* A connection, as the sink sees it. Lives until `closed` has returned. Each stream of HTTP/2 is one, with the facts of
 * its connection; origins name it. */
struct connection {
	struct connection_facts facts;
	const struct exchange *oldest; /* the oldest that is not over; NULL: none */
	bool is_websocket;
	timestamp queued; /* of the bytes being taken: how long they waited to be read (a probe); 0: not known */
	struct stream_reset reset; /* of its HTTP/2 stream, before `ended` */
	void *user;                /* the sink's, from websocket_opened or message until websocket_closed */
};

/* Where some bytes of a connection came from. */
struct passage {
	enum direction direction;
	struct origin origin;
	timestamp begun; /* when the first of them came; TIMESTAMP_NONE: not known */
};

struct http_sink {
	void *self;

	/* A client asked for a connection, whatever for (net/stream.h). */
	void (*attempted)(void *self, const struct attempt *attempt);

	/* What became of a TLS handshake, of whatever connection (net/stream.h). `facts` lives until it is closed. */
	void (*secured)(void *self, const struct connection_facts *facts, const struct tls_handshake *handshake);

	/* Does a request with this target matter? */
	bool (*wants)(void *self, struct slice target);

	/* Of a request with a target that does not matter: does what becomes of it? NULL: of none. */
	bool (*wants_beside)(void *self, struct slice target);

	/* What became of it is decided. Of the answer's body only the first bytes are kept, of the request's none. */
	void (*beside)(void *self, struct connection *connection, struct exchange *exchange);

	/* What the sink keeps of the target of a request that matters, or is beside, from budget_new: the exchange
	 * releases it. `text` lives as long as the exchange. NULL: no memory. */
	struct target *(*read_target)(void *self, struct slice text);

	/* Of a recording: do packets show the session of the exchange, or the one that `opening` opens (its answer's
	 * body, or its WebSocket's first message, once there is any), or the handshake itself? Then it is passed over.
	 */
	bool (*is_shown)(void *self, const struct exchange *exchange, bool is_answered, struct slice opening);

	/* Of a request that does not matter: does the body of its answer, a document that pages load? */
	bool (*wants_document)(void *self, struct slice target);

	/* Such a body, whole, with its content codings on, of an answer with status 200. */
	void (*document)(void *self, struct slice target, struct slice codings, struct slice body);

	/* The request of an exchange that matters is whole, or as much of it as will come (incomplete). */
	void (*request)(void *self, struct connection *connection, struct exchange *exchange);

	/* What became of it is decided (its state): the answer is whole, or will not come, or not wholly. */
	void (*answer)(void *self, struct connection *connection, struct exchange *exchange);

	/* The exchange agreed on a WebSocket (or its answer was lost, and a WebSocket follows); it is not given to
	 * `answer`. False: no memory. */
	bool (*websocket_opened)(
	    void *self, struct connection *connection, const struct passage *passage, struct exchange *exchange);

	/* A text, binary or close message of a WebSocket, joined in mid-stream when it was never opened. True: it
	 * matters (always, once it was opened). */
	bool (*message)(
	    void *self, struct connection *connection, const struct passage *passage, const struct message *message);

	/* A ping or pong frame of a WebSocket that matters. */
	void (*control)(void *self, struct connection *connection, timestamp time);

	/* The server turned back to plain HTTP where its first frame should be (node does); before websocket_closed. */
	void (*websocket_refused)(void *self, struct connection *connection, timestamp time);

	/* A recording of the WebSocket ends; what ended the WebSocket is unknown. Before websocket_closed. */
	void (*recording_ended)(void *self, struct connection *connection, timestamp time);

	/* The WebSocket is over: `connection->user` goes. */
	void (*websocket_closed)(void *self, struct connection *connection);

	/* Bytes that matter were not captured: `lost` (0: how many is not known). `beginning`: those before all others.
	 */
	void (*gap)(void *self, struct connection *connection, const struct passage *passage, uint64_t lost,
	    bool beginning, const char *text);

	/* What cannot be read, of "http" or "websocket", and why. `incomplete`: it was cut. */
	void (*malformed)(void *self, struct connection *connection, const struct passage *passage, const char *layer,
	    const char *why, bool incomplete);

	/* The TCP connection ends in the chunk's direction, or was reset. So does an HTTP/2 stream that is a WebSocket,
	 * or whose request was not answered (END_STREAM is a FIN, RST_STREAM a RST: RFC 8441 §5). */
	void (*ended)(
	    void *self, struct connection *connection, const struct passage *passage, const struct chunk *chunk);
};

#endif
