/*
 * A packet as a source delivers it; and what takes a packet's place and is already in order: what a probe saw a process
 * do at a socket, what a browser recorded of its requests (HAR 1.2), and what a server wrote into its log.
 *
 * Both ends of a unix socket have an address too, of version 6 with a prefix of its own (headers.h): tables and files
 * that know addresses need to know nothing else.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "base/bytes.h"
#include "base/timestamp.h"
#include "net/headers.h"

enum { PROCESS_COMMAND = 16, PROCESS_LINE = 128, PROCESS_GROUP = 256, PROCESS_CONTAINER = 65 };

struct process {
	uint32_t id;
	char command[PROCESS_COMMAND];     /* the kernel's name of it */
	char line[PROCESS_LINE];           /* the beginning of its command line, words apart by spaces */
	char group[PROCESS_GROUP];         /* the end of its cgroup's path */
	char container[PROCESS_CONTAINER]; /* the id that is in it; "" when there is none */
	uint32_t holders;                  /* of one that net/sockets keeps; else 0 */
	struct sockets *keeper;            /* of one that net/sockets keeps; else NULL */
};

/* A process is forgotten when no socket of it is open: whoever points to it for longer holds it, or makes a copy.
 * Either takes NULL, and one that nobody keeps. */
void process_hold(const struct process *process);
void process_release(const struct process *process);

/* Facts of one socket, or of one TLS stream on it. */
struct probed_socket {
	uint64_t id; /* of this run, never used twice */
	struct address local, remote;
	uint16_t local_port, remote_port;
	const char *path; /* unix: of the server's end; NULL: none */
	bool is_client;   /* the process is the client */
	bool is_joined;   /* bytes went through it before */
	bool is_tls;      /* its bytes were taken from the TLS library */
	bool is_doubtful; /* TLS: two connections fit the stream, by what was seen; this is the likelier */
	struct process process;
};

enum probed_kind {
	PROBED_BYTES,
	PROBED_END,   /* no more bytes from the one end */
	PROBED_EXIT,  /* the same, for the process ended */
	PROBED_RESET, /* nor from the other */
	PROBED_GONE,  /* the socket is no more */
	PROBED_LOG,   /* a line that the process wrote to stdout or stderr */
};

struct probed {
	enum probed_kind kind;
	const struct probed_socket *socket; /* NULL: PROBED_LOG. Lives until the packet after PROBED_GONE */
	bool received;                      /* from the peer; else by the process */
	uint64_t offset;    /* of the first byte, in its direction; what is missing before it was lost */
	timestamp arrived;  /* when the first of them had reached the socket; TIMESTAMP_NONE: not known */
	struct slice bytes; /* PROBED_LOG: the line, without its end */
	uint32_t process;   /* PROBED_LOG: that wrote it; else 0 */
};

/* ---- a recording: each entry of a HAR file in the steps in which it happened */

enum recorded_kind {
	RECORDED_REQUEST,
	RECORDED_ANSWER,  /* or what became of it instead */
	RECORDED_OPEN,    /* the answer was 101: a WebSocket */
	RECORDED_MESSAGE, /* of it */
	RECORDED_END,     /* the last step of each entry */
};

/* Why the recorder shows no answer, or hides the one that came. */
enum recorded_failure {
	RECORDED_NO_FAILURE,
	RECORDED_FAILED,   /* it does not say why, or what it says is none of these */
	RECORDED_ABORTED,  /* by the page */
	RECORDED_BLOCKED,  /* kept from a page of another origin: CORS */
	RECORDED_ISOLATED, /* kept from the page by another policy of its own or of the answer (CORP, COEP, ORB) */
	/* the browser did not send the request: */
	RECORDED_BY_EXTENSION,     /* an extension or a content blocker */
	RECORDED_BY_CSP,           /* the page's Content-Security-Policy */
	RECORDED_BY_MIXED_CONTENT, /* http: or ws: on a page of https: */
	RECORDED_BY_LOCAL_NETWORK, /* a page of the internet that asks for an address of the local network */
	RECORDED_BY_POLICY,        /* of the computer's administrator or its operating system */
	RECORDED_BY_PORT,          /* a port that browsers do not use */
	/* it could not be sent: */
	RECORDED_OFFLINE, /* the client has no network, or its network changed, or it slept */
	RECORDED_NO_NAME, /* the host's name was not resolved */
	RECORDED_REFUSED, /* the connection was */
	RECORDED_TIMED_OUT,
	RECORDED_NO_ROUTE, /* to the address */
	RECORDED_NO_PROXY, /* the client's proxy was not reached, or let nothing through */
	RECORDED_BAD_CA,   /* the issuer of the server's certificate is not trusted */
	RECORDED_BAD_DATE, /* the certificate has expired, or is not valid yet */
	RECORDED_BAD_NAME, /* it is for another name */
	RECORDED_BAD_CERTIFICATE,
	RECORDED_NO_CLIENT_CERTIFICATE,
	RECORDED_NO_TLS_VERSION, /* in common, or no cipher suite */
	RECORDED_NO_TLS,         /* what the server answers is no TLS */
	RECORDED_BAD_TLS,        /* the handshake failed otherwise */
	/* it was sent, and no whole answer came: */
	RECORDED_RESET,
	RECORDED_BROKEN_ANSWER,
	RECORDED_REDIRECTS, /* more than the browser follows */
	RECORDED_FAILURES,
};

struct recorded_entry {
	uint64_t number; /* in its file, from 1 */
	const char *host;
	uint16_t port;
	struct address address; /* of the server; version 0: not known */
	uint64_t connection;    /* as the recorder counts; 0: it does not say */
	int status;             /* 0: none */
	enum recorded_failure failure;
	const char *why;                    /* in the recorder's words; NULL: it has none */
	struct slice request_head, request; /* as HTTP/1.1 would have it, codings undone; and the body */
	struct slice answer_head, answer;
	bool request_is_cut, answer_is_cut; /* beyond the limit, or no text could be had of it */
	bool lacks_messages; /* the recorder leaves out what WebSockets carry, or WebSockets altogether */
	bool is_logged; /* a line of a server's log: `host` is that, and lives as long as the engine; `address` is its
	                   own */
	void *user;     /* the sink's, from RECORDED_REQUEST until RECORDED_END */
};

struct recorded {
	enum recorded_kind kind;
	struct recorded_entry *entry; /* lives until the packet after RECORDED_END */
	bool sent;                    /* RECORDED_MESSAGE: by the client */
	bool binary;
	struct slice bytes;
};

/* ---- a server's log: what a line of it says */

enum log_step_kind {
	LOG_STEP_LINE,      /* none of those below: the line itself */
	LOG_STEP_PACKET,    /* of Engine.IO: its type, and what is behind it */
	LOG_STEP_PAYLOAD,   /* the body of a POST, with packets of Engine.IO */
	LOG_STEP_EVENT,     /* of Socket.IO: its name alone, for the log has no packets */
	LOG_STEP_UPGRADING, /* a WebSocket was opened: for the session's upgrade, or its only transport */
	LOG_STEP_UPGRADED,  /* the session goes on by WebSocket */
	LOG_STEP_CLOSED,    /* the server ended it; `bytes`: why, in its words */
	LOG_STEP_REFUSED,   /* of an access log: a request that was refused; `bytes`: its target */
};

struct log_step {
	enum log_step_kind kind;
	uint64_t line;    /* in its file, from 1 */
	const char *log;  /* the file's name; lives as long as the engine */
	struct slice sid; /* of the session; empty: the line does not say, and its order does not either */
	bool received;    /* by the server; else sent */
	bool by_websocket;
	bool lacks_packets;  /* the log has events of Socket.IO alone: nothing that is absent was */
	uint8_t revision;    /* of Engine.IO; 0: not said */
	char type;           /* LOG_STEP_PACKET: the digit */
	bool is_binary;      /* a binary message, whose bytes no log has */
	bool is_cut;         /* the line was longer than the limit */
	struct slice nsp;    /* LOG_STEP_EVENT */
	struct slice method; /* LOG_STEP_REFUSED */
	int status;          /* the same */
	struct slice text;   /* of the line, from where its logger's words begin */
	struct slice bytes;
};

struct numbering;

struct packet {
	timestamp time;
	uint64_t number;    /* from 1, as Wireshark counts; across merged files in order of time; 0: `probed` alone */
	uint16_t link_type; /* LINKTYPE_ / DLT_ value */
	uint8_t input;      /* which of the sources that are merged it is from, in their order; 0 of a single one */
	const struct numbering
	    *numbering;     /* of several: of which file `number` is which packet; or NULL. Lives as the run */
	uint32_t wire_len;  /* bytes on the wire; bytes.len is less when the snap length cut the packet */
	struct slice bytes; /* borrowed until the next packet is asked for; empty: there is only `probed` */
	const struct probed
	    *probed; /* from a probe: what the packet is about, and `bytes` is made up from it; or NULL */
	const struct recorded *recorded; /* from a recording: then there are no bytes, and no number; or NULL */
	const struct log_step *logged;   /* from a log: the same */
	bool others_follow; /* with `logged`: packets or recordings are still to come, which may show the same */
};

#endif
