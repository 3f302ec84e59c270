/*
 * Sessions as traces: the root `socket.io session` from the handshake's request to the end. OTLP cannot change a span
 * that was sent: a root is written when its session is over and its findings are known, or an hour is.
 *
 * What Jaeger made of traces decides two rules: a root covers its children, or their times are moved by minutes ("clock
 * skew"), and no span lasts 0 ns (Jaeger 1.76).
 */
#include "detect/thresholds.h"
#include "http/exchange.h"
#include "view/otlp_model.h"

#include <utlist.h>

#define TRACE_LONGEST (3600 * TIMESTAMP_SECOND)

/* Later than the diagnosis judges a session, so that its root can say what was found. */
#define ROOT_LINGER (threshold_time(THRESHOLD_SESSION_LINGER) + 2 * TIMESTAMP_SECOND)

/* ---- ids */

static void otlp_derive_ids(struct otlp_encoder *encoder, struct slice key, unsigned part, uint64_t number,
    uint8_t trace[TRACE_ID], uint8_t root[SPAN_ID])
{
	outbound_trace_id(key, part, trace);
	outbound_span_id(encoder->outbound, "session", key, part, number, root); /* two may have one sid */
}

static unsigned otlp_part_at(timestamp since, timestamp time)
{
	return time > since ? (unsigned)((time - since) / TRACE_LONGEST) : 0;
}

static void otlp_copy_ids(uint8_t trace[TRACE_ID], uint8_t root[SPAN_ID], const uint8_t from_trace[TRACE_ID],
    const uint8_t from_root[SPAN_ID])
{
	memcpy(trace, from_trace, TRACE_ID);
	memcpy(root, from_root, SPAN_ID);
}

bool otlp_ids_at(struct otlp_encoder *encoder, uint64_t number, const char *sid, timestamp time,
    uint8_t trace[TRACE_ID], uint8_t root[SPAN_ID])
{
	const struct otlp_session *kept = otlp_session_numbered(encoder, number);
	const struct otlp_past *past = NULL;
	if (!kept)
		HASH_FIND(hh, encoder->past, &number, sizeof number, past);
	bool is_derived = strlen(sid) >= OUTBOUND_SID; /* and not from what is forgotten */
	timestamp since = kept ? kept->since : past ? past->since : time;
	unsigned part = otlp_part_at(since, time);
	if (kept && kept->is_named && (part >= kept->part || !is_derived))
		otlp_copy_ids(trace, root, kept->trace, kept->root);
	else if (past && (part >= past->part || !is_derived))
		otlp_copy_ids(trace, root, past->trace, past->root);
	else if (is_derived)
		otlp_derive_ids(encoder, slice_of_text(sid), part, number, trace, root);
	else
		return false;
	return true;
}

void otlp_append_ids(struct buffer *out, const uint8_t trace[TRACE_ID], const uint8_t span[SPAN_ID])
{
	buffer_append_text(out, "\"traceId\":\"");
	otlp_append_hex(out, trace, TRACE_ID);
	buffer_append_text(out, "\",\"spanId\":\"");
	otlp_append_hex(out, span, SPAN_ID);
	buffer_append_byte(out, '"');
}

void otlp_append_span(struct buffer *out, enum span_kind kind, timestamp begin, timestamp end)
{
	buffer_append_format(out, ",\"kind\":%d,\"flags\":1,\"startTimeUnixNano\":", kind);
	otlp_append_time(out, begin);
	buffer_append_text(out, ",\"endTimeUnixNano\":");
	otlp_append_time(out, end > begin ? end : begin + 1);
}

/* ---- what is kept of a session */

struct otlp_session *otlp_session_numbered(struct otlp_encoder *encoder, uint64_t number)
{
	struct otlp_session *kept = NULL;
	HASH_FIND(hh, encoder->sessions, &number, sizeof number, kept);
	return kept;
}

static void otlp_begin_trace(struct otlp_encoder *encoder, struct otlp_session *kept, timestamp time)
{
	char text[SESSION_KEY_SIZE];
	struct slice key = outbound_session_key(encoder->outbound, kept->session, text);
	otlp_derive_ids(encoder, key, kept->part, kept->number, kept->trace, kept->root);
	outbound_session_id(key, kept->id);
	kept->is_named = true;
	kept->begin = kept->end = time;
	kept->children = kept->beyond = 0;
	kept->opened = kept->upgraded = kept->left = TIMESTAMP_NONE;
}

static struct otlp_session *otlp_add_session(struct otlp_encoder *encoder, const struct event *event)
{
	struct otlp_session *kept = budget_new(encoder->budget, sizeof *kept);
	if (!kept)
		return NULL;
	*kept = (struct otlp_session){.number = event->session->number,
	    .session = event->session,
	    .since = event->origin.time,
	    .begin = event->origin.time,
	    .end = event->origin.time,
	    .over = TIMESTAMP_NONE,
	    .error = CODES_MOST};
	HASH_ADD(hh, encoder->sessions, number, sizeof kept->number, kept);
	if (hash_has(kept))
		return kept;
	budget_release(kept);
	return NULL;
}

struct otlp_session *otlp_session_of(struct otlp_encoder *encoder, const struct event *event)
{
	const struct session *session = event->session;
	if (!session || session->is_mixed)
		return NULL;
	struct otlp_session *kept = otlp_session_numbered(encoder, session->number);
	if (!kept)
		kept = otlp_add_session(encoder, event);
	encoder->refused += !kept;
	return kept;
}

/* ---- the root */

static void root_append_event(struct buffer *item, timestamp time, const char *name, bool *is_first)
{
	if (time == TIMESTAMP_NONE)
		return;
	buffer_append_text(item, *is_first ? ",\"events\":[" : ",");
	*is_first = false;
	buffer_append_text(item, "{\"timeUnixNano\":");
	otlp_append_time(item, time);
	buffer_append_format(item, ",\"name\":\"%s\"}", name);
}

static void root_append_events(struct buffer *item, const struct otlp_session *kept)
{
	bool is_first = true;
	root_append_event(item, kept->opened, "engine.io.open", &is_first);
	root_append_event(item, kept->upgraded, "engine.io.upgrade", &is_first);
	root_append_event(item, kept->left, "engine.io.close", &is_first);
	if (!is_first)
		buffer_append_byte(item, ']');
}

/* Bits 8 and 9 of a link's flags: whether its span is of another process is known, and it is (opentelemetry-proto,
 * SpanFlags). */
enum { FLAGS_REMOTE = 0x300, FLAGS_LOCAL = 0x100 };

static void root_append_link(
    struct buffer *item, const struct otlp_link *link, unsigned remote, const char *what, bool *is_first)
{
	if (!link->is_set)
		return;
	buffer_append_text(item, *is_first ? ",\"links\":[{" : ",{");
	*is_first = false;
	otlp_append_ids(item, link->trace, link->span);
	buffer_append_format(item, ",\"flags\":%u", remote | link->flags);
	otlp_begin_attributes(item, "attributes");
	otlp_add_word(item, "sioscope.link", what);
	otlp_end_attributes(item);
	buffer_append_byte(item, '}');
}

static void root_append_links(struct buffer *item, const struct otlp_session *kept)
{
	bool is_first = true;
	if (!kept->part)
		root_append_link(item, &kept->link, FLAGS_REMOTE, "handshake traceparent", &is_first);
	root_append_link(item, &kept->previous, FLAGS_LOCAL, "the hour before", &is_first);
	if (!is_first)
		buffer_append_byte(item, ']');
}

static void root_add_endpoint(
    struct buffer *item, const struct otlp_encoder *encoder, const char *who, const struct endpoint *endpoint)
{
	char key[32];
	snprintf(key, sizeof key, "%s.address", who);
	if (endpoint->path) {
		otlp_add_text(item, encoder->outbound, key, slice_of_text(endpoint->path));
	} else {
		char text[ADDRESS_TEXT_SIZE];
		otlp_add_word(item, key, address_format(&endpoint->address, false, text));
	}
	snprintf(key, sizeof key, "%s.port", who);
	if (endpoint->port)
		otlp_add_number(item, key, endpoint->port);
}

static void root_begin_list(struct buffer *item, const char *key)
{
	buffer_append_format(item, ",{\"key\":\"%s\",\"value\":{\"arrayValue\":{\"values\":[", key);
}

static void root_add_value(struct buffer *item, struct outbound *outbound, struct slice text)
{
	otlp_append_comma(item);
	buffer_append_byte(item, '{');
	otlp_append_text(item, outbound, "stringValue", text, METRICS_LABEL);
	buffer_append_byte(item, '}');
}

static void root_add_lists(struct buffer *item, const struct otlp_encoder *encoder, const struct session *session)
{
	root_begin_list(item, "socket.io.transports");
	for (enum transport transport = TRANSPORT_POLLING; transport <= TRANSPORT_UNKNOWN; transport++)
		if (session->transports & 1u << transport)
			root_add_value(item, encoder->outbound, slice_of_text(transport_name(transport)));
	buffer_append_text(item, "]}}}");
	root_begin_list(item, "socket.io.namespaces");
	for (size_t i = 0; i < session->namespace_count && i < METRICS_NAMESPACES; i++)
		root_add_value(
		    item, encoder->outbound, slice_of(session->namespaces[i].name, session->namespaces[i].name_len));
	buffer_append_text(item, "]}}}");
}

static void root_append_attributes(
    struct buffer *item, const struct otlp_encoder *encoder, const struct otlp_session *kept)
{
	const struct session *session = kept->session;
	char revision[DIGITS_MOST + 1];
	*digits_write(revision, session->revision) = '\0';
	otlp_begin_attributes(item, "attributes");
	otlp_add_word(item, "session.id", kept->id);
	otlp_add_word(item, "network.transport", "tcp");
	otlp_add_word(item, "network.protocol.name", "engine.io");
	otlp_add_word(item, "network.protocol.version", session->revision ? revision : NULL);
	if (encoder->shows_clients)
		root_add_endpoint(item, encoder, "client", &session->client);
	root_add_endpoint(item, encoder, "server", &session->server);
	otlp_add_word(item, "messaging.system", "socket.io");
	root_add_lists(item, encoder, session);
	otlp_add_text(item, encoder->outbound, "socket.io.close.reason", slice_of_text(session->close));
	otlp_add_number(item, "socket.io.messages.received", session->events[0] - kept->before[0]);
	otlp_add_number(item, "socket.io.messages.sent", session->events[1] - kept->before[1]);
	if (session->leg_count > 1)
		otlp_add_number(item, "sioscope.session.legs", session->leg_count);
	if (kept->part)
		otlp_add_number(item, "sioscope.session.hour", kept->part);
	if (kept->beyond)
		otlp_add_number(item, "sioscope.spans.left_out", kept->beyond);
	if (kept->error != CODES_MOST)
		otlp_add_word(item, "error.type", code_entry(kept->error)->name);
	otlp_end_attributes(item);
}

static void otlp_write_root(struct otlp_encoder *encoder, struct otlp_session *kept)
{
	struct otlp_batch *batch = &encoder->batches[OTLP_TRACES];
	if (!kept->is_named || !otlp_wants(encoder, OTLP_TRACES))
		return;
	struct buffer *item = otlp_batch_item(batch);
	buffer_append_byte(item, '{');
	otlp_append_ids(item, kept->trace, kept->root);
	buffer_append_text(item, ",\"name\":\"socket.io session\"");
	otlp_append_span(item, SPAN_SERVER, kept->begin, kept->end);
	root_append_attributes(item, encoder, kept);
	root_append_events(item, kept);
	root_append_links(item, kept);
	if (kept->error == CODES_MOST)
		buffer_append_text(item, ",\"status\":{}}");
	else
		buffer_append_format(
		    item, ",\"status\":{\"code\":2,\"message\":\"%s\"}}", code_entry(kept->error)->name);
	otlp_batch_add(batch, NULL, NULL);
}

/* ---- from event to event */

/* The hour is over: its root is written, and the next trace begins, with a link to it. */
static void otlp_turn_hour(struct otlp_encoder *encoder, struct otlp_session *kept, timestamp time)
{
	unsigned part = otlp_part_at(kept->since, time);
	if (part <= kept->part)
		return;
	otlp_write_root(encoder, kept);
	kept->previous.is_set = true;
	kept->previous.flags = 1;
	memcpy(kept->previous.trace, kept->trace, TRACE_ID);
	memcpy(kept->previous.span, kept->root, SPAN_ID);
	kept->before[0] = kept->session->events[0];
	kept->before[1] = kept->session->events[1];
	kept->part = part;
	otlp_begin_trace(encoder, kept, time);
}

/* What of the event the root's time covers: of the handshake its request, which came before anything else. */
static void otlp_note_time(struct otlp_session *kept, const struct event *event)
{
	const struct exchange *exchange = event_exchange(event);
	timestamp begin = exchange ? exchange->request.begun : event->origin.time;
	if (begin != TIMESTAMP_NONE && begin < kept->begin && !kept->part)
		kept->begin = begin;
	if (event->origin.time > kept->end)
		kept->end = event->origin.time;
	if (event->kind == EVENT_OPEN)
		kept->opened = event->origin.time;
	if (event->kind == EVENT_UPGRADE)
		kept->upgraded = event->origin.time;
	if (event->kind == EVENT_CLOSE)
		kept->left = event->origin.time;
}

static void otlp_note_over(struct otlp_encoder *encoder, struct otlp_session *kept)
{
	timestamp closed = kept->session->closed;
	if (closed == TIMESTAMP_NONE || kept->over != TIMESTAMP_NONE)
		return;
	kept->over = closed;
	DL_APPEND(encoder->ending, kept);
}

/* A server's first packet has the sid: what is seen of a session before that is no reason to derive anything, and with
 * a later packet it was joined in mid-stream. */
static bool otlp_shows_no_sid(const struct event *event)
{
	return event_is_packet(event) && event->direction == DIRECTION_TO_CLIENT;
}

/* A client with OpenTelemetry's http instrumentation names another trace in each request of a session; the handshake's
 * is the one that opened it. */
void otlp_session_note(struct otlp_encoder *encoder, struct otlp_session *kept, const struct event *event)
{
	const struct exchange *exchange = event_exchange(event);
	if (kept->is_finished)
		return;
	if (!kept->is_named && (event->session->sid || otlp_shows_no_sid(event)))
		otlp_begin_trace(encoder, kept, kept->begin);
	otlp_turn_hour(encoder, kept, event->origin.time);
	otlp_note_time(kept, event);
	if (exchange && exchange->target && !exchange->target->sid_len && !kept->link.is_set)
		otlp_read_link(exchange_field(&exchange->request, "traceparent"), &kept->link);
	otlp_note_over(encoder, kept);
}

/* ---- the end of a session */

static void otlp_finish(struct otlp_encoder *encoder, struct otlp_session *kept)
{
	if (kept->over != TIMESTAMP_NONE)
		DL_DELETE(encoder->ending, kept);
	if (!kept->is_named)
		otlp_begin_trace(encoder, kept, kept->begin);
	kept->is_finished = true;
	otlp_write_root(encoder, kept);
}

void otlp_finish_sessions(struct otlp_encoder *encoder, timestamp now)
{
	while (encoder->ending && encoder->ending->over + ROOT_LINGER < now)
		otlp_finish(encoder, encoder->ending);
}

static void otlp_release_past(struct otlp_encoder *encoder, struct otlp_past *past)
{
	HASH_DELETE(hh, encoder->past, past);
	budget_release(past);
}

/* For findings of it that are recorded later: those of a file at its end. The oldest makes room. */
static void otlp_keep_past(struct otlp_encoder *encoder, const struct otlp_session *kept)
{
	if (HASH_COUNT(encoder->past) == OTLP_PAST)
		otlp_release_past(encoder, encoder->past);
	struct otlp_past *past = budget_new(encoder->budget, sizeof *past);
	encoder->refused += !past;
	if (!past)
		return;
	*past = (struct otlp_past){.number = kept->number, .since = kept->since, .part = kept->part};
	otlp_copy_ids(past->trace, past->root, kept->trace, kept->root);
	HASH_ADD(hh, encoder->past, number, sizeof past->number, past);
	if (hash_has(past))
		return;
	encoder->refused++;
	budget_release(past);
}

static void otlp_release(struct otlp_encoder *encoder, struct otlp_session *kept)
{
	HASH_DELETE(hh, encoder->sessions, kept);
	budget_release(kept);
}

void otlp_forget_session(struct otlp_encoder *encoder, const struct session *session)
{
	struct otlp_session *kept = otlp_session_numbered(encoder, session->number);
	if (!kept)
		return;
	if (!kept->is_finished)
		otlp_finish(encoder, kept);
	if (kept->has_findings || kept->part)
		otlp_keep_past(encoder, kept);
	otlp_release(encoder, kept);
}

void otlp_forget_sessions(struct otlp_encoder *encoder)
{
	while (encoder->sessions)
		otlp_release(encoder, encoder->sessions);
	while (encoder->past)
		otlp_release_past(encoder, encoder->past);
}
