/*
 * What leaves this machine by OTLP and for Prometheus: texts and ids.
 *
 * The sid of a session lets whoever has it poll and post for that session: it is shown where it was seen (dump, report,
 * interface) and leaves in nothing. In its place stands `session.id`, 16 hexadecimal digits of its SHA-256. Ids of
 * traces and spans are derived by SHA-256 as well, so that every host that sees a session makes the same trace without
 * a word to the others.
 *
 * Texts are masked (base/mask.h), whatever --show-secrets says, and put right: a collector hands on bytes that are not
 * UTF-8 and U+0000 as they are, and a label that holds them makes its series vanish (Collector 0.161,
 * prometheusexporter).
 */
#ifndef VIEW_OUTBOUND_H
#define VIEW_OUTBOUND_H

#include "base/mask.h"
#include "base/memory.h"
#include "socketio/event.h"
#include "socketio/session.h"

enum { OUTBOUND_INSTANCE = 128, SESSION_ID_SIZE = 17, TRACE_ID = 16, SPAN_ID = 8 };

/* What is exported, each by itself: --otlp-signals. */
enum otlp_signal { OTLP_METRICS, OTLP_FINDINGS, OTLP_TRACES, OTLP_EVENTS, OTLP_SIGNALS };

/* "metrics", "findings", "traces", "events"; NULL behind the last. */
const char *otlp_signal_name(size_t signal);

struct outbound; /* opaque */

/* `mask` says which names are secrets besides the usual ones; copied. `instance` is this host's service.instance.id,
 * the first OUTBOUND_INSTANCE - 1 bytes of it. `budget`, which may be NULL, is borrowed, and charged for the sids that
 * are known. NULL: no memory. */
struct outbound *outbound_new(const struct mask *mask, const char *instance, struct budget *budget);
void outbound_free(struct outbound *outbound);

/* How often a text did not leave, for want of memory. */
uint64_t outbound_refused(const struct outbound *outbound);

const char *outbound_instance(const struct outbound *outbound);

/* ---- sids */

/* From here on this text is one of a sid: wherever it stands in a text that leaves, the session's id is written.
 * Shorter ones than OUTBOUND_SID are counters, and are found by the name before them alone. The last 131,072 at least
 * are known.
 */
enum { OUTBOUND_SID = 8 };
void outbound_note_sid(struct outbound *outbound, struct slice sid);

/* All sids that an event shows: of its session, its request, the namespace that it joins. */
void outbound_note_event(struct outbound *outbound, const struct event *event);

/* ---- texts */

enum outbound_form {
	OUTBOUND_TEXT,  /* line ends and tabs stay */
	OUTBOUND_LABEL, /* no control character stays */
};

/* Appends at most `most` bytes of the text, sids and secrets replaced, each byte that is not UTF-8 and each character
 * that may not leave as U+FFFD; what was cut ends in an ellipsis. What no memory was left to look at is not written. */
void outbound_write_text(
    struct outbound *outbound, struct buffer *out, struct slice text, size_t most, enum outbound_form form);

/* ---- ids */

/* What the ids of a session are derived from: its sid; where that is not known, or a counter, which other servers give
 * out as well, what no other host says. Borrowed from the session or from `text`. */
enum { SESSION_KEY_SIZE = OUTBOUND_INSTANCE + 64 };
struct slice outbound_session_key(
    const struct outbound *outbound, const struct session *session, char text[SESSION_KEY_SIZE]);

/* session.id: 16 hexadecimal digits. Returns `text`. */
const char *outbound_session_id(struct slice key, char text[SESSION_ID_SIZE]);

/* The trace of a session: SHA-256("trace" 0 key), for each further hour of it (`part` from 1) with 0 and its number.
 * Never all zero. */
void outbound_trace_id(struct slice key, unsigned part, uint8_t id[TRACE_ID]);

/* A span of it on this host: SHA-256(kind 0 key 0 instance 0 part 0 index). Never all zero. */
void outbound_span_id(const struct outbound *outbound, const char *kind, struct slice key, unsigned part,
    uint64_t index, uint8_t id[SPAN_ID]);

#endif
