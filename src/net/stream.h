/*
 * What this room gives: of each connection two streams of bytes, in order, with every hole named. A sink takes them;
 * the room above fills it in.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/bytes.h"
#include "base/timestamp.h"
#include "net/delivery.h"
#include "net/headers.h"

enum side { SIDE_A, SIDE_B }; /* which end of the connection sent it; who is client is for others to say */

static inline enum side side_other(enum side side)
{
	return side == SIDE_A ? SIDE_B : SIDE_A;
}

enum chunk_kind { CHUNK_BYTES, CHUNK_GAP, CHUNK_FIN, CHUNK_RST };

struct chunk {
	enum chunk_kind kind;
	enum side side;
	struct slice bytes;            /* CHUNK_BYTES: borrowed until the next one is asked for */
	uint64_t lost;                 /* CHUNK_GAP: bytes missing; 0 when that cannot be known */
	uint64_t first_packet, packet; /* the packets that carried it (equal but for joined IP fragments); for a gap,
	                                  the packet that showed it */
	timestamp time;                /* of that packet; of bytes that waited for others, when those had come */
	bool unacknowledged;           /* CHUNK_FIN, CHUNK_RST: `side` never acknowledged the last bytes sent to it */
	bool refused;                  /* CHUNK_RST: `side` never was in the connection */
	timestamp queued;              /* CHUNK_BYTES of a probe: how long they waited to be read; 0: not known */
	bool exited;                   /* CHUNK_FIN of a probe: the process ended */
};

struct process; /* net/packet.h */

/* One TCP connection, or the socket that a probe watches. */
struct stream {
	uint64_t number;                   /* from 1, in order of first traffic */
	uint8_t input;                     /* of several captures, the one that showed it first (net/packet.h) */
	const struct numbering *numbering; /* of these, where their packets are (net/packet.h); or NULL */
	struct endpoint ends[2];           /* by side */
	enum side client;                  /* meaningful with client_known */
	bool client_known; /* by the first SYN, or the probe; the sink may know better, and then sets both */
	bool seen[2];      /* by side: a packet of it was captured */
	struct delivery deliveries[2]; /* by the side that sends */
	const struct process *process; /* at one end, seen by a probe; or NULL. Lives as long as the network */
	bool doubtful;                 /* its bytes may belong to another connection (a probe cannot always know) */
	bool wanted;                   /* the sink's: other connections make room first */
	void *tls;                     /* the state of the layer that decrypts (tls/), before the sink; NULL at first */
	bool tunnelled; /* the sink's: what follows is a connection of its own, inside this one, also to tls/ */
	void *user;     /* the sink's */
};

/* Who is client: the first to be noted holds. */
static inline void stream_note_client(struct stream *stream, enum side client)
{
	if (!stream->client_known)
		stream->client = client;
	stream->client_known = true;
}

/* Why nothing more will be seen of a connection. */
enum stream_end {
	STREAM_END_CAPTURE, /* the capture ended */
	STREAM_END_CLOSED,  /* its socket is no more: SIDE_A, the process that a probe sees, closed it */
	STREAM_END_GONE,    /* it was over, or without traffic for so long that it is not followed any more */
	STREAM_END_EVICTED, /* it made room for others, or others took its addresses: its end was not captured */
};

/* What became of a client's wish for a connection. */
enum attempt_outcome {
	ATTEMPT_ACCEPTED, /* a SYN came back */
	ATTEMPT_REFUSED,  /* a RST did */
	/* Should a SYN come back after one of these two, ATTEMPT_ACCEPTED follows. */
	ATTEMPT_UNANSWERED, /* nothing did: known when the SYN was sent for the third time, or nothing more is seen */
	ATTEMPT_REJECTED,   /* an error of ICMP did */
	ATTEMPT_NO_TUNNEL,  /* a proxy answered CONNECT with something else than success; `server` is the proxy */
};

/* Of a SYN, before it counts as not answered: 3 s by RFC 6298 §2, §5. */
enum { ATTEMPT_TRIES = 3 };

struct attempt {
	struct endpoint client, server;
	enum attempt_outcome outcome;
	timestamp asked;              /* when the first SYN was sent */
	struct origin origin;         /* from the first SYN to what decided it */
	unsigned tries;               /* how often the SYN was sent */
	struct icmp_saying rejection; /* of ATTEMPT_REJECTED: who says what */
	/* of ATTEMPT_NO_TUNNEL; borrowed */
	struct slice authority; /* that was asked for: "host:port" */
	int status;
};

/* What became of a TLS handshake (tls/). */
enum tls_result {
	TLS_DONE,           /* both ends have finished it */
	TLS_FAILED_ALERT,   /* one end ended it by a fatal alert (RFC 8446 §6.2, RFC 5246 §7.2.2) */
	TLS_FAILED_UNREAD,  /* the same, encrypted, and its keys are not known: only its length says that it is one */
	TLS_FAILED_END,     /* one end ended the connection before it was done, without an alert */
	TLS_FAILED_FOREIGN, /* the server answered the client's hello by something that is no TLS */
	TLS_UNUSED,         /* it was done, and then the client ended the connection without having sent any data */
};

enum { TLS_NAME = 128, TLS_PROTOCOL = 16 };

/* Alerts of TLS that say why a handshake failed (RFC 8446 §6.2, RFC 5246 §7.2.2; RFC 7301 §3.2: the last). */
enum tls_alert {
	ALERT_HANDSHAKE_FAILURE = 40,
	ALERT_BAD_CERTIFICATE = 42,
	ALERT_UNSUPPORTED_CERTIFICATE = 43,
	ALERT_CERTIFICATE_REVOKED = 44,
	ALERT_CERTIFICATE_EXPIRED = 45,
	ALERT_CERTIFICATE_UNKNOWN = 46,
	ALERT_UNKNOWN_CA = 48,
	ALERT_ACCESS_DENIED = 49,
	ALERT_PROTOCOL_VERSION = 70,
	ALERT_INSUFFICIENT_SECURITY = 71,
	ALERT_INTERNAL_ERROR = 80,
	ALERT_INAPPROPRIATE_FALLBACK = 86,
	ALERT_UNRECOGNIZED_NAME = 112,
	ALERT_BAD_CERTIFICATE_STATUS = 113,
	ALERT_CERTIFICATE_REQUIRED = 116,
	ALERT_NO_APPLICATION_PROTOCOL = 120,
};

/* Its texts live as long as the call, but for the names of version and alert, which live on. */
struct tls_handshake {
	enum tls_result result;
	uint64_t connection; /* the stream's number */
	struct endpoint client, server;
	bool by_client; /* failed, unused: the client ended it, not the server */
	bool answered;  /* the server's hello came */
	uint8_t alert;  /* TLS_FAILED_ALERT: its number, and its meaning in words */
	const char *alert_name;
	const char *version;     /* that the server chose, "TLS 1.3"; NULL: it did not come so far */
	const char *name;        /* of the server, as the client asks for it (SNI); "" none */
	const char *protocols;   /* agreed on, or what the client offers (ALPN); "" none */
	const char *certificate; /* whose the server's first certificate is, as far as it could be read; or "" */
	bool is_plain_http;      /* TLS_FAILED_FOREIGN: the server answers in plain HTTP */
	bool wants_certificate;  /* the server asks the client for one, as far as that could be read */
	timestamp begun;         /* when the client's hello came */
	struct origin origin;    /* from the client's hello to what decided it */
};

static inline bool tls_has_failed(const struct tls_handshake *handshake)
{
	return handshake->result >= TLS_FAILED_ALERT && handshake->result <= TLS_FAILED_FOREIGN;
}

/* Why it failed: "alert: unknown CA"; "" when it did not. Lives on, or as long as the call. */
static inline const char *tls_failure_text(const struct tls_handshake *handshake)
{
	switch (handshake->result) {
	case TLS_FAILED_ALERT:
		return handshake->alert_name;
	case TLS_FAILED_UNREAD:
		return "an encrypted alert";
	case TLS_FAILED_END:
		if (!handshake->answered)
			return "the connection was ended without an answer to the client's hello";
		return handshake->by_client ? "the client ended the connection when it had the server's certificate"
		                            : "the server ended the connection during the handshake";
	case TLS_FAILED_FOREIGN:
		return handshake->is_plain_http ? "the server answers in plain HTTP" : "the server's answer is no TLS";
	default:
		return "";
	}
}

struct stream_sink {
	void *self;
	/* A client asked for a connection by SYN (or by CONNECT), and this became of it. Before or after `opened`, in
	 * no relation. */
	void (*attempted)(void *self, const struct attempt *attempt);
	/* What became of a connection's TLS handshake; of one that was done, first TLS_DONE and later perhaps why it
	 * was of no use. May be NULL, and is never called by net/. */
	void (*secured)(void *self, struct stream *stream, const struct tls_handshake *handshake);
	/* A new connection, borrowed until `closed` has returned. False: no memory for it. */
	bool (*opened)(void *self, struct stream *stream);
	/* The next chunk of either direction. */
	void (*chunk)(void *self, struct stream *stream, const struct chunk *chunk);
	/* No more bytes are waited for since `time`, as the connection is as good as over; a late FIN or RST may come.
	 */
	void (*abandoned)(void *self, struct stream *stream, timestamp time);
	/* Nothing more will be seen of it, as of `time`. */
	void (*closed)(void *self, struct stream *stream, enum stream_end end, timestamp time);
};

#endif
