/*
 * What is counted for Prometheus and for OTLP, since the process (or the file) began: an observer of the timeline, and
 * two ways to write it down.
 *
 * - socket.io.messages ({message}): socket_io_messages_total, by event, namespace, direction, transport
 * - socket.io.message.io (By): socket_io_message_io_bytes_total, by the same
 * - socket.io.ack.duration (s): socket_io_ack_duration_seconds, by the same of the event that asked
 * - socket.io.sessions ({session}): socket_io_sessions, those that are open, by the transport that carries them now
 * - socket.io.sessions.opened ({session}): socket_io_sessions_opened_total
 * - sioscope.findings ({finding}): sioscope_findings_total, by code, severity
 * - sioscope.capture.packets ({packet}): sioscope_capture_packets_total
 * - sioscope.capture.dropped ({packet}): sioscope_capture_dropped_total
 * - sioscope.export.dropped ({item}): sioscope_export_dropped_total, by signal, reason
 *
 * The names for Prometheus are those that the Collector's prometheusexporter (0.161) makes of the others. No label is a
 * sid, an address or a payload, and each has a bound: the names of events are the first METRICS_EVENTS that differ, at
 * most METRICS_LABEL bytes of each, then `_other`; packets that are no events count under `_ack`, `_connect`,
 * `_disconnect` and `_connect_error`. An application's own name that is one of these gets one more `_` before it.
 */
#ifndef VIEW_METRICS_H
#define VIEW_METRICS_H

#include "detect/findings.h"
#include "socketio/engine.h"
#include "view/outbound.h"

enum { METRICS_EVENTS = 100, METRICS_NAMESPACES = 20, METRICS_SERIES = 1000, METRICS_LABEL = 64 };

struct metrics; /* opaque */

/* `outbound` and `budget` (to which all that grows is charged; may be NULL) are borrowed. NULL: no memory. */
struct metrics *metrics_new(struct outbound *outbound, struct budget *budget);
void metrics_free(struct metrics *metrics);

/* It notes the sids that it sees in `outbound`. */
const struct observer *metrics_observer(const struct metrics *metrics);

/* How often memory was refused to a count: what is missing is in `_other`, or nowhere. */
uint64_t metrics_refused(const struct metrics *metrics);

/* ---- what no event says */

/* The packets that were read and dropped, and since when: totals, which replace those before. */
void metrics_take_counts(struct metrics *metrics, const struct engine_counts *counts);

/* The findings that were made since the last call, arranged or not. One that is withdrawn later stays counted: it was
 * reported. Repeats of a finding are not counted, claims that there was no room for are. */
void metrics_take_findings(struct metrics *metrics, const struct findings *findings);

/* It is so late now: the time of what is written. The first time that is known, of this or of the counts, is the start
 * of all series; it is fixed when they are first written. */
void metrics_note_time(struct metrics *metrics, timestamp now);

/* What was made for export and never arrived. */
enum metrics_drop {
	METRICS_DROP_PIPE,    /* "pipe-full": the sender did not take it */
	METRICS_DROP_QUEUE,   /* "queue-full": the oldest made room */
	METRICS_DROP_REFUSED, /* "refused": an answer that is not to be tried again, a partial success too */
	METRICS_DROP_EXPIRED, /* "expired": it was still queued when the sender ended */
	METRICS_DROP_MEMORY,  /* "no-memory" */
	METRICS_DROPS,
};
const char *metrics_drop_name(enum metrics_drop drop);
void metrics_add_dropped(struct metrics *metrics, enum otlp_signal signal, enum metrics_drop drop, uint64_t items);

/* ---- what waits for its answer: for spans, and for whoever shows one ack's time */

/* An event with an ack id, or a client's CONNECT. The last METRICS_ASKED are remembered. */
enum { METRICS_ASKED = 4096, METRICS_ACK = 24 };
struct metrics_asked {
	uint64_t index;
	timestamp time;
	enum event_kind kind;
	enum direction direction;
	enum transport transport;
	uint64_t bytes;
	uint8_t name_label, nsp_label;
	char name[METRICS_LABEL + 1], nsp[METRICS_LABEL + 1]; /* as they may leave; of a CONNECT the name is "" */
	char ack[METRICS_ACK];                                /* the digits of its id; "" when it has none */
	UT_hash_handle hh;
};

/* The event that this one answers, if it is remembered, before the observer takes the answer; or NULL. */
const struct metrics_asked *metrics_find_asked(const struct metrics *metrics, const struct event *event);

/* The span of the ack that the observer takes next: its exemplar. */
void metrics_set_exemplar(struct metrics *metrics, const uint8_t trace[TRACE_ID], const uint8_t span[SPAN_ID]);

/* ---- written down */

enum metrics_form {
	METRICS_PROMETHEUS,  /* text/plain; version=0.0.4 */
	METRICS_OPENMETRICS, /* application/openmetrics-text; version=1.0.0: with exemplars and `# EOF` */
};

/* False: the buffer took not all of it. */
bool metrics_write_text(struct metrics *metrics, struct buffer *out, enum metrics_form form);

/* Each data point is an item of the batch, which makes lines of them. Nothing before any time is known. */
struct otlp_batch;
void metrics_write_otlp(struct metrics *metrics, struct otlp_batch *batch);

#endif
