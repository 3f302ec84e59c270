/* What the encoder's files share: the encoder, and what it keeps of each session. */
#ifndef VIEW_OTLP_MODEL_H
#define VIEW_OTLP_MODEL_H

#include "base/hash.h"
#include "view/otlp_write.h"

/* A traceparent (W3C Trace Context, level 1, §3.2). */
struct otlp_link {
	bool is_set;
	uint8_t trace[TRACE_ID], span[SPAN_ID];
	uint8_t flags;
};

/* A request that was slow or failed. Its texts may leave. */
struct otlp_request {
	uint64_t index; /* of its event; 0: there is none */
	timestamp begin, end;
	int status; /* 0: none came */
	enum transport transport;
	const char *version;
	char method[16], path[METRICS_LABEL + 1];
	char error[24]; /* as error.type has it; "": it was slow */
};

/* A session that is followed, and its trace; after an hour the next trace. */
struct otlp_session {
	uint64_t number;
	const struct session *session; /* lives as long as this does */
	uint8_t trace[TRACE_ID], root[SPAN_ID];
	char id[SESSION_ID_SIZE];
	bool is_named; /* its ids are derived: a WebSocket's first event comes before its sid */
	bool has_findings;
	unsigned part;               /* which hour of it, from 0 */
	timestamp since;             /* when the first was seen of it */
	timestamp begin, end;        /* of this trace's spans */
	uint32_t children, beyond;   /* spans that were written, and that were too many */
	uint64_t before[2];          /* session->events when this trace began */
	struct otlp_link link;       /* of the handshake */
	struct otlp_request opening; /* its WebSocket's request, while it is not named */
	struct otlp_link previous;   /* the trace of the hour before */
	timestamp opened, upgraded, left;
	unsigned error;                   /* the code of the first error that was found of it; CODES_MOST: none */
	timestamp over;                   /* TIMESTAMP_NONE: it is open */
	bool is_finished;                 /* its root is written */
	struct otlp_session *prev, *next; /* those that are over and not finished, the earliest first */
	UT_hash_handle hh;
};

/* What is kept of a session that is forgotten, for the findings of it. */
struct otlp_past {
	uint64_t number;
	timestamp since;
	unsigned part; /* its last hour, and the ids of that */
	uint8_t trace[TRACE_ID], root[SPAN_ID];
	UT_hash_handle hh;
};

enum { OTLP_PAST = 4096 };

struct otlp_encoder {
	struct observer observer;
	struct budget *budget;
	unsigned signals;
	bool shows_clients;
	timestamp interval;
	struct buffer resource;
	struct outbound *outbound;
	struct metrics *metrics;
	struct otlp_batch batches[OTLP_SIGNALS];
	struct otlp_session *sessions, *ending;
	struct otlp_past *past; /* the oldest first */
	const struct findings *findings;
	size_t noted, recorded; /* findings that have marked their sessions; of which there is a record */
	timestamp latest;       /* of all that was seen */
	timestamp swept;        /* when sessions that are over were looked for */
	timestamp measured;     /* when the metrics were exported */
	uint64_t refused;
};

static inline bool otlp_wants(const struct otlp_encoder *encoder, enum otlp_signal signal)
{
	return encoder->signals & 1u << signal;
}

/* ---- otlp_sessions.c */

/* NULL: the event is of no session whose trace is followed. */
struct otlp_session *otlp_session_of(struct otlp_encoder *encoder, const struct event *event);

/* Of a session that is followed; NULL: it is not. */
struct otlp_session *otlp_session_numbered(struct otlp_encoder *encoder, uint64_t number);

/* What the event says of its session, before anything is written of it: a new hour, what the root covers, its end. */
void otlp_session_note(struct otlp_encoder *encoder, struct otlp_session *kept, const struct event *event);

/* Writes the roots of the sessions that were over long enough before `now`. */
void otlp_finish_sessions(struct otlp_encoder *encoder, timestamp now);

void otlp_forget_session(struct otlp_encoder *encoder, const struct session *session);
void otlp_forget_sessions(struct otlp_encoder *encoder);

/* Trace and root of the session at that time, by its number and its sid. False: they are not known. */
bool otlp_ids_at(struct otlp_encoder *encoder, uint64_t number, const char *sid, timestamp time,
    uint8_t trace[TRACE_ID], uint8_t root[SPAN_ID]);

/* "traceId":"…","spanId":"…" */
void otlp_append_ids(struct buffer *out, const uint8_t trace[TRACE_ID], const uint8_t span[SPAN_ID]);

/* ,"kind":2,"flags":1, and the times */
enum span_kind { SPAN_SERVER = 2, SPAN_PRODUCER = 4, SPAN_CONSUMER = 5 };
void otlp_append_span(struct buffer *out, enum span_kind kind, timestamp begin, timestamp end);

/* ---- otlp_records.c */

/* A record of each finding that has none yet. */
void otlp_record_findings(struct otlp_encoder *encoder);

/* `kept` may be NULL. */
void otlp_record_event(struct otlp_encoder *encoder, const struct otlp_session *kept, const struct event *event);

/* ---- otlp_spans.c */

/* The span that the event ends, if any; before the metrics take the event. */
void otlp_trace_event(struct otlp_encoder *encoder, struct otlp_session *kept, const struct event *event);

/* Reads the field `traceparent` of a handshake. */
void otlp_read_link(struct slice text, struct otlp_link *link);

#endif
