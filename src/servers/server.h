/*
 * How each implementation of Socket.IO, and each proxy before it, speaks, refuses, logs, and what its limits are:
 * tables of data, one file an implementation, and the look-ups by which others ask them.
 *
 * A row says for which versions it is true, where that was read or measured, and which capture proves it. This room
 * needs base/ alone. A new server is one file with one `struct server` and one line in table.c.
 */
#ifndef SERVERS_SERVER_H
#define SERVERS_SERVER_H

#include "base/bytes.h"

enum server_family { SERVER_NODE, SERVER_PYTHON, SERVER_JAVA, SERVER_RUST, SERVER_GO, SERVER_PROXY, SERVER_FAMILIES };

const char *server_family_name(enum server_family family);

/* Where a row comes from. */
struct server_proof {
	const char *versions; /* for which it is true; NULL: for all of its table */
	const char *source;   /* the file that says so, or the page of the reference */
	const char *capture;  /* that shows it, by its name among the test captures; NULL: source only */
};

/* ---- how it is recognised */

enum server_trait {
	TRAIT_HANDSHAKE, /* the keys of the open packet, in order, with commas between */
	TRAIT_REVISION,  /* of Engine.IO, of the session */
	TRAIT_SID,       /* the form of the sid that it gives out: base64id, base64-16, hex32, uuid, yeast or counter */
	TRAIT_POST_OK,   /* what it answers to a POST that it takes: the body, a space, and the media type */
	TRAIT_SOFTWARE,  /* words of the Server field (weak: a proxy may write its own) */
	TRAIT_KEEP_ALIVE, /* the Keep-Alive field (weak) */
	TRAIT_JOIN,       /* the payload's first bytes with which it accepts a namespace */
	TRAIT_FIRST,      /* the type of the packet that follows the open packet, as dump names it */
	SERVER_TRAITS,
};

const char *server_trait_name(enum server_trait trait);

struct server_trait_row {
	enum server_trait trait;
	const char *value;
	struct server_proof proof;
};

/* ---- what it refuses, and how */

/* What a request asked for: a bit each. */
enum server_place {
	AT_HANDSHAKE = 1,         /* GET without sid, transport=polling (or any other word than websocket) */
	AT_WEBSOCKET = 2,         /* a WebSocket without sid */
	AT_POLL = 4,              /* GET with a sid */
	AT_POST = 8,              /* POST with a sid */
	AT_UPGRADE = 16,          /* a WebSocket with a sid */
	AT_STRIPPED = 32,         /* transport=websocket without a sid, and without Upgrade */
	AT_STRIPPED_UPGRADE = 64, /* the same with a sid */
	AT_METHOD = 128,          /* another method, or POST without a sid */
	AT_SESSION = AT_POLL | AT_POST | AT_UPGRADE | AT_STRIPPED_UPGRADE,
	AT_OPENING = AT_HANDSHAKE | AT_WEBSOCKET | AT_STRIPPED,
	AT_ANY = AT_SESSION | AT_OPENING | AT_METHOD,
};

enum server_meaning {
	MEANING_NONE,
	MEANING_TRANSPORT,           /* it does not allow this transport */
	MEANING_FORBIDDEN_WEBSOCKET, /* an ASGI server's bare 403: transport, revision, origin or the application */
	MEANING_VERSION,             /* not this revision of Engine.IO */
	MEANING_SESSION,             /* it does not know the sid */
	MEANING_CLOSED,              /* it closed the session, and still remembers its sid */
	MEANING_ENDED,               /* the session ends with this answer: nothing came in time, or too much at once */
	MEANING_SIZE,                /* more bytes than it takes */
	MEANING_METHOD,              /* not this method */
	MEANING_REQUEST,   /* not now: the session uses another transport, or the query differs from the handshake's */
	MEANING_STRIPPED,  /* transport=websocket came without Upgrade */
	MEANING_OVERLAP,   /* a second poll or POST while the first is under way */
	MEANING_PAYLOAD,   /* the body cannot be decoded */
	MEANING_ORIGIN,    /* the page's origin is not allowed */
	MEANING_FORBIDDEN, /* by the application */
	MEANING_FAILED,    /* an exception of its own */
	MEANING_NO_WEBSOCKET, /* it lacks what WebSockets need */
	MEANING_BACKEND_GONE, /* a proxy: nothing answers behind it */
	MEANING_BACKEND_SLOW, /* a proxy: no answer came in its time */
	MEANING_BACKEND_FULL, /* a proxy: its limit of connections to what answers behind it is reached */
	MEANING_BACKEND_BAD,  /* a proxy: what answers behind it does not speak HTTP, or broke off */
	MEANING_RATE,         /* a proxy: too many requests */
	MEANING_FILTERED,     /* a firewall of web applications, or a check for bots: not what this request carries */
	MEANING_NO_UPGRADE,   /* a proxy: it lets no WebSocket through */
	MEANING_STORAGE,      /* files are stored where this path leads, and no server is */
	MEANING_NO_RULE,      /* a proxy: no rule of it fits this host and path */
	MEANING_PATH,         /* nothing is served at this path */
	SERVER_MEANINGS,
};

const char *server_meaning_text(enum server_meaning meaning);

enum { SERVER_REFUSES = 400 }; /* and above: no row has a lower status */

struct server_refusal {
	unsigned places;
	int status;       /* 0: any error */
	const char *body; /* a pattern of server_text_matches; "": an empty body; NULL: any */
	const char
	    *code; /* the `code` of a JSON body as it is spelt: 1 (a number) or "1" (a string); NULL: none asked */
	enum server_meaning meaning;
	struct server_proof proof;
};

/* An answer that somebody before the server gives, known by more than its words: by its Server field or another one, by
 * its not having been passed on. These rows are asked first. */
struct server_filter {
	const char *who;      /* in words, for people */
	const char *software; /* a pattern of the Server field; NULL: any */
	bool is_own;          /* only what no server behind it answered (struct server_answer, passed_on) */
	struct server_refusal refusal;
	const char *field;  /* a pattern of the lines of its header; NULL: any */
	const char *advice; /* in place of the one of what it means; NULL: that */
};

extern const struct server_filter server_filters[]; /* ended by a `who` of NULL */

/* ---- the cookies of balancers */

struct server_cookie {
	const char *name; /* a pattern of server_text_matches */
	struct server_proof proof;
};

extern const struct server_cookie server_cookies[]; /* ended by a name of NULL */

/* ---- what listens where no HTTP server does */

enum server_port {
	PORT_HTTP2, /* an HTTP server that takes no HTTP/1 there */
	PORT_TLS,   /* TLS, whatever is in it */
	PORT_OTHER,
	PORT_ANSWERS_HTTP, /* another one, whose server says in an HTTP answer that it takes none: `words` are its
	                      body's */
};

enum { SERVER_PROTOCOL_PARTS = 2 };

/* A protocol by the first bytes that its server sends to somebody who sends a request of HTTP/1. */
struct server_protocol {
	const char *name; /* as people call it */
	enum server_port port;
	const char *words; /* a pattern of server_text_matches; NULL: its parts, which all must be there */
	struct {
		size_t at;
		const char *bytes;
		size_t len; /* 0: no more */
	} parts[SERVER_PROTOCOL_PARTS];
	struct server_proof proof;
};

extern const struct server_protocol server_protocols[]; /* ended by a name of NULL */

/* What `first`, the first bytes that a server sent in the place of an HTTP answer, or the body of one, begins. NULL:
 * nothing that is known. */
const struct server_protocol *servers_find_protocol(struct slice first);

/* ---- what it logs */

enum server_log_meaning {
	LOG_NOTHING,
	LOG_ENVIRON_ABSENT,    /* an event met no registered session */
	LOG_TRANSPORT,         /* a transport that is not allowed was asked for */
	LOG_SESSION,           /* a sid that is not known */
	LOG_ORIGIN,            /* an origin that is not accepted */
	LOG_VERSION,           /* an unsupported revision */
	LOG_UPGRADE,           /* a WebSocket handshake that it cannot take */
	LOG_PAYLOAD,           /* a packet or a body that it threw away */
	LOG_NAMESPACE,         /* an event or an emit to a namespace that is not connected */
	LOG_REJECTED,          /* the application refused a connection */
	LOG_EXCEPTION,         /* an error of the application */
	LOG_EXCEPTION_FOLLOWS, /* the next lines say which */
	LOG_GONE,              /* a client that did not answer */
	LOG_WORKER,            /* a process of the server was stopped or killed */
	LOG_ASYNC_MODE,        /* it runs under another framework than it was made for */
	LOG_RECYCLED,          /* a worker is replaced: it has answered as many requests as it may */
	LOG_STARTED,           /* the server was started */
	SERVER_LOG_MEANINGS,
};

const char *server_log_meaning_text(enum server_log_meaning meaning);

struct server_log_line {
	const char *words; /* a pattern of server_text_matches */
	enum server_log_meaning meaning;
	const char *subject; /* words, and a `*` before or behind them where the line names the sid, the transport or
	                      * the origin that it is about; NULL: it names none */
	struct server_proof proof;
};

/* A framework's own log lines, which its plug-in registers: asked before those of the servers. */
struct server_log_table {
	const char *name;
	const struct server_log_line *lines;
	size_t line_count;
	const struct server_log_table *next; /* or NULL */
};

/* ---- its limits, defaults and rules */

enum server_fact {
	FACT_PING_INTERVAL,   /* ms */
	FACT_PING_TIMEOUT,    /* ms */
	FACT_MAX_PAYLOAD,     /* bytes; 0: no limit */
	FACT_CONNECT_TIMEOUT, /* ms from the handshake to the first CONNECT; 0: none */
	FACT_UPGRADE_TIMEOUT, /* ms from the WebSocket to its `5`; 0: none */
	FACT_BATCH,           /* packets in a POST; 0: no limit */
	FACT_BATCH_DROPPED,   /* bool: what is beyond is answered as taken, and all of it dropped */
	FACT_POST_IN_ORDER,  /* bool: a POST is answered when its packets have been worked on, one POST beside the other
	                      */
	FACT_GIVES_UP,       /* enum server_patience */
	FACT_NOOP_STORM,     /* bool: from a WebSocket's opening to its `5`, each poll is answered with `6` at once */
	FACT_EARLY_EVENT,    /* enum server_reaction: an event before its CONNECT */
	FACT_SECOND_CONNECT, /* enum server_reaction */
	FACT_BAD_PACKET,     /* enum server_reaction: a packet that its parser rejects */
	FACT_ABORTED_POLL,   /* enum server_reaction: the client ends the connection of a held poll */
	FACT_CLOSE_CODE,     /* with which it ends a WebSocket by itself; 0: no close frame */
	SERVER_FACTS,
};

/* After which silence of the client a session is given up. */
enum server_patience {
	PATIENCE_SUM,    /* pingInterval + pingTimeout after the last ping (protocol.md §4.2) */
	PATIENCE_LONGER, /* after the longer of both */
	PATIENCES,
};

enum server_reaction { REACTION_IGNORES, REACTION_CLOSES, REACTION_REFUSES, REACTION_ACCEPTS, REACTIONS };

const char *server_fact_name(enum server_fact fact);

/* The value in words, with its unit. Returns `text`. */
enum { SERVER_FACT_TEXT = 64 };
const char *server_fact_format(enum server_fact fact, int64_t value, char text[SERVER_FACT_TEXT]);

struct server_fact_row {
	enum server_fact fact;
	int64_t value;
	struct server_proof proof;
};

/* ---- one implementation */

struct server {
	const char *name;      /* short and unique: "python 3" */
	const char *software;  /* as its users call it: "python-engineio" */
	const char *from, *to; /* versions of it; `to` NULL: and later */
	enum server_family family;
	const struct server_trait_row *traits;
	size_t trait_count;
	const struct server_refusal *refusals;
	size_t refusal_count;
	const struct server_log_line *log_lines;
	size_t log_line_count;
	const struct server_fact_row *facts;
	size_t fact_count;
};

/* For a table's rows and their count. */
#define SERVER_ROWS(rows) (rows), sizeof(rows) / sizeof *(rows)

/* All of them, newest versions first, the proxies last; the bits of a recognition count along it. */
enum { SERVERS_MOST = 32 };
extern const struct server *const servers_table[];
size_t servers_count(void);

/* ---- look-ups */

/* Do the words of `pattern` (ASCII case aside, and the end of a line is a space) stand in `text` in this order? A `*`
 * stands for anything between them, a
 * `^` at its front for the text's beginning, a `$` at its end for its end. */
bool server_text_matches(struct slice text, const char *pattern);

/* An answer that is no success. */
struct server_answer {
	enum server_place place;
	int status;
	struct slice body;     /* decoded */
	bool lacks_body;       /* what it was is not known: an empty one says nothing */
	struct slice software; /* the Server field; empty: it has none, or it is not known */
	struct slice fields;   /* the lines of its header; empty: they are not known */
	bool passed_on;        /* a field of it says that a server behind the proxy answered so */
};

/* NULL: no row fits. */
const struct server_filter *servers_find_filter(const struct server_answer *answer);

bool server_refusal_matches(const struct server_refusal *row, const struct server_answer *answer);

/* The first row that the answer fits, of server_filters and then in the order of the table; NULL: none. `server` may be
 * NULL: it is set to whose row that is, which of a filter's is NULL. */
/* `first` (may be NULL) is asked before the others: one implementation that was recognised. */
const struct server_refusal *servers_find_refusal_of(
    const struct server *first, const struct server_answer *answer, const struct server **server);
const struct server_refusal *servers_find_refusal(const struct server_answer *answer, const struct server **server);

/* What the answer means by that row; MEANING_NONE when there is none. */
enum server_meaning servers_read_refusal(const struct server_answer *answer);

/* Is it the name of a cookie by which a balancer keeps a client at one server? */
bool servers_know_cookie(struct slice name);

/* What the line of a log means, by `extra` (may be NULL) and then by the servers' tables; `row`, which may be NULL, is
 * set to the row. */
enum server_log_meaning servers_read_log(
    struct slice line, const struct server_log_table *extra, const struct server_log_line **row);

/* What the line is about, by its row; empty: it does not say. */
struct slice servers_read_subject(struct slice line, const struct server_log_line *row);

/* What `server` (may be NULL) says of `fact`. False: nothing. */
bool server_get_fact(const struct server *server, enum server_fact fact, int64_t *value);

/* ---- which implementation a server is, by what it shows in one session */

/*
 * Which implementation a server is, by what it shows in one session.
 *
 * Each thing that is seen (the keys of the open packet, the form of the sid, the answer to a POST, …) leaves out those
 * implementations whose tables say otherwise. What is left is what the server can be: one, several versions of one, or
 * several that speak alike; then it is not known which.
 */

/* Zeroed: nothing was seen. A bit for each of servers_table. */
struct recognition {
	uint32_t excluded; /* a trait contradicts it */
	uint32_t matched;  /* a trait fits it */
};

/* `value` as server_trait_row.value has it: of TRAIT_SID the sid itself. What a proxy may have written (the Server
 * field) leaves out nobody, unless it names one of the implementations. */
void recognition_note(struct recognition *recognition, enum server_trait trait, struct slice value);

/* The implementation, or of several versions of it the newest; NULL: nothing was seen, nothing fits, or several
 * implementations do. */
const struct server *recognition_server(const struct recognition *recognition);

/* What all that are left, and say anything of it, say of `fact`. False: nothing is left, or they differ. */
bool recognition_get_fact(const struct recognition *recognition, enum server_fact fact, int64_t *value);

/* "python-engineio 4.11 and later"; where two implementations speak alike, "socket.io (Node.js) 4.0 and later, or
 * zishang520/socket.io 1.0 and later". NULL: nothing was seen, nothing fits, or more than RECOGNITION_NAMES do. Returns
 * `text`. */
enum { RECOGNITION_TEXT = 160, RECOGNITION_NAMES = 2 };
const char *recognition_format(const struct recognition *recognition, char text[RECOGNITION_TEXT]);

#endif
