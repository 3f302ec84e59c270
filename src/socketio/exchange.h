/*
 * One HTTP request with its answer. Of an Engine.IO request everything is kept (up to the limits) until its event has
 * been told; of any other only what pairs requests with answers.
 */
#ifndef SOCKETIO_EXCHANGE_H
#define SOCKETIO_EXCHANGE_H

#include "base/limits.h"
#include "base/timestamp.h"
#include "http/http1.h"
#include "socketio/target.h"

/* A request or an answer. */
struct exchange_half {
	uint64_t first_packet, last_packet; /* 0: not seen */
	timestamp begun, ended;             /* TIMESTAMP_NONE: not seen, not whole */
	struct http_head head;              /* slices of `kept` */
	struct buffer kept;                 /* the head as it came */
	struct buffer body;                 /* as it came, content coding on */
	uint64_t body_bytes;                /* on the wire, chunk framing left out */
	bool incomplete;                    /* bytes of it were lost, cut by a limit, or never came */
};

struct exchange {
	struct exchange *next; /* the next request of the connection */
	struct target target;  /* slices of request.kept */
	bool answers_head;     /* the request was HEAD: its answer has no body */
	bool refused_upgrade;  /* asked for a WebSocket and did not get one */
	struct exchange_half request, answer;
	int status;         /* 0: none came */
	struct slice plain; /* the answer's body decoded; borrowed, only while EVENT_HTTP is told */
};

/* `budget` bounds what is kept. NULL: no memory. */
struct exchange *exchange_new(const struct limits *limits, struct budget *budget);
void exchange_free(struct exchange *exchange);

/* Keeps a copy of a request's or an answer's head. What does not fit is marked incomplete, its fields empty. */
void exchange_keep_head(struct exchange_half *half, const struct http_head *head);

/* The first field `name` of a half; empty when absent. */
struct slice exchange_field(const struct exchange_half *half, const char *name);

/* How many fields `name` a half has. */
size_t exchange_count_fields(const struct exchange_half *half, const char *name);

/* Its User-Agent is a browser's, as far as that can be told. */
bool exchange_is_of_browser(const struct exchange *exchange);

/* Does the answer say, in any server's words, that it does not know the request's sid (signatures.md A)? */
bool exchange_says_unknown_session(const struct exchange *exchange);

#endif
