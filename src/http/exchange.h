/*
 * One HTTP request with its answer. Of one that matters to the sink everything is kept (up to the limits) until it is
 * over; of any other only what pairs requests with answers.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/limits.h"
#include "base/timestamp.h"
#include "http/http1.h"

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

struct target; /* what the sink made of the request's target */

struct exchange {
	struct exchange *next; /* the next request of the connection */
	bool wanted;           /* it matters to the sink */
	struct target *target; /* owned; NULL: not wanted */
	bool answers_head;     /* the request was HEAD: its answer has no body */
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

#endif
