/*
 * One HTTP request with its answer. Of one that matters to the sink everything is kept (up to the limits) until it is
 * over; of any other only what pairs requests with answers.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/resources.h"
#include "base/timestamp.h"
#include "http/http1.h"
#include "net/packet.h"

/* A request or an answer. */
struct exchange_half {
	struct origin origin;   /* of what of it was seen */
	timestamp begun, ended; /* TIMESTAMP_NONE: not seen, not whole */
	timestamp latest;       /* the last bytes of it that came; only when it has begun */
	timestamp given;        /* when it was whole, or known not to become whole; TIMESTAMP_NONE: not yet */
	struct http_head head;  /* slices of `kept` */
	struct buffer kept;     /* the head as it came */
	struct buffer body;     /* as it came, content coding on */
	uint64_t body_bytes;    /* on the wire, chunk framing left out */
	bool partial;           /* fields of its head are not known: HTTP/2 whose tables were lost */
	bool incomplete;        /* bytes of it were lost, cut by a limit, or never came */
	bool has_gap;           /* bytes in the middle of its body were not captured */
};

/* What became of a request. Nothing that was asked ends in silence. */
enum exchange_state {
	EXCHANGE_PENDING,    /* not answered yet; at last: when the capture ended */
	EXCHANGE_ANSWERED,   /* wholly, or as far as the answer came (incomplete) */
	EXCHANGE_UNANSWERED, /* the connection ended first: `ended_by` says who ended it */
	EXCHANGE_REFUSED,    /* the connection itself was refused */
	EXCHANGE_LOST,       /* what would show it was not captured */
	/* of a recording (HAR), where the recorder says so */
	EXCHANGE_ABORTED, /* by the page, before the answer was whole */
	EXCHANGE_BLOCKED, /* the browser kept the answer from the page (CORS) */
	EXCHANGE_FAILED,  /* none of the others: `failure` and `why` say more */
};

const char *exchange_state_name(enum exchange_state state); /* as `state` in contracts.md */

enum direction { DIRECTION_TO_SERVER, DIRECTION_TO_CLIENT };

static inline enum direction direction_other(enum direction direction)
{
	return direction == DIRECTION_TO_SERVER ? DIRECTION_TO_CLIENT : DIRECTION_TO_SERVER;
}

struct target; /* what the sink made of the request's target */
struct http_sink;
struct connection; /* sink.h */

/* How an HTTP/2 stream was ended before its time (RFC 9113 §6.4, §6.8). */
struct stream_reset {
	enum { RESET_NONE, RESET_STREAM, RESET_GOAWAY } by; /* GOAWAY: it ended the connection */
	enum direction direction;                           /* of the frame: who did it */
	uint32_t code;                                      /* http2_code_name */
	uint64_t packet;                                    /* in which it came */
};

/* The server had ended the connection before the request reached it. */
struct exchange_crossed {
	timestamp closed;    /* then; 0: it had not */
	timestamp idle;      /* so long it had carried nothing by then; 0: it never had, or that is not known */
	timestamp announced; /* the timeout of the server's Keep-Alive; 0: it has none */
};

struct exchange {
	struct exchange *next; /* the next request of the connection */
	uint64_t
	    skipped; /* requests between this one and `next` that are not followed: their answers are passed over */
	bool wanted; /* it matters to the sink */
	bool is_document; /* it does not, but the body of its answer does (http_sink.document) */
	bool is_beside;   /* it does not, but what became of it does (http_sink.beside) */
	enum exchange_state state;
	enum exchange_state end; /* what ended an answer before it was whole: the state that it would have without */
	timestamp decided;       /* when the state was; TIMESTAMP_NONE: not yet */
	enum direction
	    ended_by;   /* `end` EXCHANGE_UNANSWERED: who ended the connection, by the direction of what it sent */
	timestamp left; /* when the client had ended its direction, if that was before the answer began; else
	                   TIMESTAMP_NONE */
	struct target *target; /* owned; NULL: neither wanted nor beside */
	bool answers_head;     /* the request was HEAD: its answer has no body */
	bool asks_tunnel;      /* CONNECT */
	bool asks_upgrade;     /* to any protocol */
	struct exchange_half request, answer;
	struct exchange_crossed crossed;
	bool asks_extended; /* for a WebSocket by extended CONNECT, which any status 2xx grants (RFC 8441) */
	struct stream_reset reset;
	int status;                    /* 0: none came */
	const char *why;               /* in the recorder's words, while it lives; NULL: it has none */
	enum recorded_failure failure; /* the same, as it is understood; of a recording */
	struct slice plain;            /* the answer's body decoded; borrowed, only while EVENT_HTTP is emitted */
	struct slice foreign; /* what the server sent in the place of an answer, its first bytes, when it never sent
	                       * HTTP on this connection; borrowed, as `plain` is */
};

/* `budget` bounds what is kept. NULL: no memory. */
struct exchange *exchange_new(const struct limits *limits, struct budget *budget);
void exchange_free(struct exchange *exchange);

/* One that begins with a request's head; what the sink wants is kept of it. NULL: no memory. */
struct exchange *exchange_begin(
    const struct resources *resources, const struct http_sink *sink, const struct http_head *head);

/* Its request is whole, or known not to become whole, at `time`: gives it to the sink, if that wants it. */
void exchange_give_request(
    struct exchange *exchange, const struct http_sink *sink, struct connection *connection, timestamp time);

/* What became of it is decided: gives it to the sink, if that wants it, or the document that it brought. */
void exchange_give_answer(struct exchange *exchange, const struct http_sink *sink, struct connection *connection);

/* Was the WebSocket that it asks for granted? */
static inline bool exchange_grants_websocket(const struct exchange *exchange)
{
	bool is_success = exchange->status >= 200 && exchange->status < 300;
	return exchange->status == 101 || (exchange->asks_extended && is_success);
}

/* A half begins, goes on, and ends in the packets of `origin`. `first`: in which its first bytes came. Of a body that
 * goes on, `keep` says whether it is kept; false: the limit, or memory, took no more of it. */
void exchange_half_begin(struct exchange_half *half, const struct origin *first, const struct origin *origin);
bool exchange_half_add(struct exchange_half *half, bool keep, const struct origin *origin, struct slice body);
void exchange_half_end(struct exchange_half *half, const struct origin *origin);

/* It is pending again: another answer takes the place of the one that came. */
void exchange_await_answer(struct exchange *exchange);

/* Is nothing known of what its answer carried, not even that it carried nothing? */
static inline bool exchange_lacks_body(const struct exchange *exchange)
{
	return exchange->answer.incomplete && !exchange->plain.len;
}

/* Is a half not whole for no other reason than that the connection ended in the middle of it? What is missing was never
 * sent then: the capture lacks nothing. Once it is decided what became of the exchange. */
static inline bool exchange_is_broken_off(const struct exchange *exchange, const struct exchange_half *half)
{
	return exchange->end == EXCHANGE_UNANSWERED && half->incomplete && !half->has_gap && !half->partial &&
	       !half->kept.truncated && !half->body.truncated;
}

/* Is the body of its answer kept? Once its status is known. */
static inline bool exchange_keeps_answer(const struct exchange *exchange)
{
	return exchange->wanted || exchange->is_beside || (exchange->is_document && exchange->status == 200);
}

/* What became of an exchange is decided at `time`: its state is `state`, or, once its answer has begun, that it was
 * answered, as far as that came. */
void exchange_decide(struct exchange *exchange, enum exchange_state state, timestamp time);

/* Keeps a copy of a request's or an answer's head. What does not fit is marked incomplete, its fields empty. */
void exchange_keep_head(struct exchange_half *half, const struct http_head *head);

/* The first field `name` of a half; empty when absent. */
struct slice exchange_field(const struct exchange_half *half, const char *name);

/* How many fields `name` a half has. */
size_t exchange_count_fields(const struct exchange_half *half, const char *name);

/* What of an answer's lengths proxies refuse, in words, as "Content-Length twice"; NULL: nothing. nginx since 1.23
 * takes no header twice, and not both lengths (ngx_http_upstream.c: "upstream sent duplicate header line", "… at the
 * same time"); by RFC 9112 §6.3 both may be an attack. */
const char *exchange_find_oddity(const struct exchange_half *answer);

/* Whom a proxy names as the one that asked it, the first of them: X-Forwarded-For, Forwarded (RFC 7239 §5.2), as
 * nginx's manual has it, X-Real-IP, or Cloudflare's CF-Connecting-IP. Empty: nobody. At most EXCHANGE_FORWARDED bytes,
 * without the quotes that an address with colons has in Forwarded. */
enum { EXCHANGE_FORWARDED = 48 };
struct slice exchange_forwarded_for(const struct exchange_half *request);

/* Did the browser keep an answer from the page, or ask no server at all? */
static inline bool exchange_is_hidden(const struct exchange *exchange)
{
	return exchange->state == EXCHANGE_ABORTED || exchange->state == EXCHANGE_BLOCKED ||
	       exchange->state == EXCHANGE_FAILED;
}

/* Its User-Agent is a browser's, as far as that can be known. */
bool exchange_is_of_browser(const struct exchange *exchange);

#endif
