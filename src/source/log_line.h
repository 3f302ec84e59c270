/* What log_file.c, log_prefix.c, log_python.c and log_node.c share: a line, and what is made of it; and how a line is
 * plain, for server_log.c too. */
#ifndef SOURCE_LOG_LINE_H
#define SOURCE_LOG_LINE_H

#include "base/memory.h"
#include "net/packet.h"
#include "source/log_file.h"

enum {
	LOG_PREFIX = 200,           /* bytes that loggers, containers and journals put before what a line says */
	LOG_SID = 128,              /* of a sid */
	LOG_LIST_OBJECTS = 1 << 18, /* of a list of JSON */
};

/* What a line is to its reader. */
enum log_word {
	LOG_WORD_NONE,    /* nothing that it knows */
	LOG_WORD_STEP,    /* a step, which was filled in */
	LOG_WORD_CHATTER, /* of its loggers, and says nothing that other lines do not */
};

/* By the order of lines, where they do not name the session: node's alone. */
struct log_order {
	char current[LOG_SID]; /* the session that is open; "": none, or not known which */
	char placed[LOG_SID];  /* the session of the step that is given */
	char opened[LOG_SID];  /* the one whose open packet was written in the line before; "" */
	uint64_t open;         /* how many are */
	bool closes_by_client; /* socket.io:client says when one ends: engine:socket need not */
	char posted[LOG_SID];  /* of the POST whose body is awaited */
	unsigned posts;        /* how many are */
	uint8_t revision;      /* of the last request */
	bool is_requested;     /* a GET without a sid waits for its handshake: else a WebSocket asked for it */
	bool by_websocket;     /* the session that is open began so */
	bool is_probed;        /* the answer to a probe is still to come: it is written in two ways */
	unsigned awaited[2];   /* binary packets that one of text announced, sent and received */
};

struct log_reader {
	struct buffer scratch; /* holds what a step's slices point to, when not the line itself */
	struct log_order order;
	struct log_counts counts;
	bool has_packets; /* the log has packets of Engine.IO: events of Socket.IO are in them */
};

/* Takes out, in place, the codes by which loggers colour their lines (ECMA-48, control sequences). Returns what is
 * left. */
size_t log_strip(char *line, size_t len);

/* Is the line a part of a longer one, which goes on in the next line of its stream (log_parts.c)? */
bool log_is_part(struct slice line);

/* Adds what such a line says to those before it, which then are what the whole line would be, or a part still. False:
 * it is of another stream, or there is no room. */
bool log_join_part(struct buffer *whole, struct slice line);

/* Does a text begin with a list of objects, or with an object that is written over several lines (log_list.c)? */
bool log_list_begins(struct slice start);

/* Appends a line to `out` for each object of the text, the oldest first, and to `lines` (uint64_t) in which line of the
 * text it began. False: these are more than LOG_LIST_OBJECTS, or there is no memory. */
bool log_list_flatten(struct slice text, struct buffer *out, struct buffer *lines);

/* The object of JSON that a line is or ends with, behind what containers and journals put before it. Empty: none. */
struct slice log_find_object(struct slice line);

/* Puts what a line of JSON says into `out`: docker (log), loggers (message, msg, event), journald, clouds; also where
 * one of them carries a line of another. False: it has no such member. */
bool log_take_message(struct buffer *out, struct slice object);

/* The same of a line of `key=value` (logfmt): msg="…". Returns the value as it is written; empty: there is none. */
struct slice log_take_logfmt(struct buffer *out, struct slice line);

/* A line without the name of the logger and the fields that structlog's console puts behind what it says
 * (`2026-11-28T08:00:00Z [info     ] text      [engineio.server] pid=7`). */
struct slice log_drop_fields(struct slice line);

/* The column in which the messages of a table begin that rich draws (`[11/28/26 08:00:00] INFO     text   file.py:12`);
 * 0: the line is of none. */
size_t log_find_column(struct slice line);

/* Takes the source (`file.py:12`) off the end of such a line, and the spaces before it. Returns the column in which it
 * began; 0: there is none. */
size_t log_take_source(struct slice *line);

/* Where in a line begins what its logger was given; the length of the line: nowhere. */
size_t log_python_find(struct slice line);
size_t log_node_find(struct slice line);

/* Where in a line of an access log the request begins (the quote before it), when it is one of Engine.IO, and
 * (`refused_alone`) was refused; the length of the line: it is none. */
size_t log_access_find(struct slice line, bool refused_alone);

/* `text` begins there. */
enum log_word log_access_read(struct log_reader *reader, struct slice text, struct log_step *step);
enum log_word log_python_read(struct log_reader *reader, struct slice text, struct log_step *step);
enum log_word log_node_read(struct log_reader *reader, struct slice text, struct log_step *step);

/* Does the text show that the log has packets, and not only events of Socket.IO? */
bool log_python_is_packet(struct slice text);
bool log_node_is_packet(struct slice text);

/* Takes ` +12ms` off the end of a line of node's, and adds it up. False: there is none. */
bool log_node_take_difference(struct slice *text, timestamp *difference);

#endif
