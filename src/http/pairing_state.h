/* The HTTP of a connection, as pairing.c and pairing_loss.c share it. For these two alone. */
#ifndef HTTP_PAIRING_STATE_H
#define HTTP_PAIRING_STATE_H

#include "http/foreign.h"
#include "http/pairing.h"

struct pairing {
	const struct resources *resources;
	const struct http_sink *sink;
	struct connection *connection;
	struct http_stream streams[2];    /* by direction */
	struct exchange *oldest, *newest; /* not fully answered */
	size_t waiting;                   /* of them */
	uint64_t skipped;                 /* requests before the oldest whose answers are passed over */
	struct exchange *sending;         /* whose request has not ended; it is the newest then */
	bool answering;                   /* the oldest's answer has begun */
	bool orphan;                      /* an answer to a request that was not captured goes by */
	bool orphan_tunnel;               /* it opens a tunnel */
	bool interim;                     /* a 1xx goes by */
	bool lost[2];                     /* where messages begin is not known */
	bool unsure;                      /* answers were lost: the next one answers the newest request */
	struct passage first[2];          /* in which the current message began */
	struct exchange *upgrading;       /* asked for a WebSocket or a tunnel, not answered yet */
	struct pairing_upgrade upgrade;   /* of the latest 101 */
	bool is_http2;                    /* the latest answer agrees on h2c */
	bool is_granted;                  /* so does that to the request that is being sent: `paused` is the server's */
	timestamp left;                   /* when the client's FIN came; TIMESTAMP_NONE: not yet */
	bool has_answered;                /* `announced` was looked for */
	timestamp announced;              /* Keep-Alive's timeout in the first answer; 0: none */
	timestamp served, closed;         /* when the latest answer ended, the server's FIN came; 0: not yet */
	struct foreign *foreign;          /* what the server sent in the place of its first answer; or NULL */
	struct buffer paused;             /* what one side sent before it is known that the other is done with HTTP */
	struct passage paused_passage;
	bool wanted;           /* a request that matters was seen */
	bool matters[2];       /* by direction: does the message under way? */
	uint64_t uncounted[2]; /* by direction: its bytes that the ledger does not have yet */
	uint64_t broken;       /* directions that broke off, not counted as unread while none may matter */
};

/* The oldest exchange has come to its end in this state, and is given to the sink. */
void pairing_finish_oldest(struct pairing *pairing, const struct passage *passage, enum exchange_state state);

/* The request that is being sent will not become whole. */
void pairing_cut_request(struct pairing *pairing, const struct passage *passage);

/* The answer to the oldest was not captured, and will not come. */
void pairing_lose_oldest(struct pairing *pairing, const struct passage *passage);

/* Bytes that come where it is not known what is spoken. *skip: they cannot be placed. */
enum pairing_result pairing_look_again(
    struct pairing *pairing, const struct passage *passage, struct slice bytes, bool *skip);

#endif
