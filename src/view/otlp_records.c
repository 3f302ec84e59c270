/* Log records: one for each finding, and on demand one for each event, with its names and sizes. */
#include "http/exchange.h"
#include "view/otlp_model.h"

#include <inttypes.h>

/* ---- findings */

/* SeverityNumber of INFO, WARN and ERROR (opentelemetry-proto, logs.proto). */
static const struct {
	int number;
	const char *text;
} otlp_severities[] = {
    [SEVERITY_INFO] = {9, "INFO"}, [SEVERITY_WARNING] = {13, "WARN"}, [SEVERITY_ERROR] = {17, "ERROR"}};

enum { FINDING_TEXT = OTLP_LONGEST_TEXT, FINDING_ADVICE = 4096 };

static void record_append_times(struct buffer *item, timestamp time, timestamp observed)
{
	buffer_append_text(item, "{\"timeUnixNano\":");
	otlp_append_time(item, time);
	buffer_append_text(item, ",\"observedTimeUnixNano\":");
	otlp_append_time(item, observed > time ? observed : time);
}

static void record_append_body(struct buffer *item, struct otlp_encoder *encoder, const struct finding *finding)
{
	struct buffer body;
	buffer_init(&body, BUFFER_NO_LIMIT, NULL);
	buffer_append_text(&body, code_entry(finding->code)->title);
	buffer_append_text(&body, ": ");
	buffer_append_text(&body, finding->seen);
	buffer_append_text(item, ",\"body\":{");
	otlp_append_text(item, encoder->outbound, "stringValue", buffer_slice(&body), FINDING_TEXT);
	buffer_append_byte(item, '}');
	item->truncated |= body.truncated;
	buffer_free(&body);
}

/* "sioscope.finding.packets", or .entries or .lines: the first and the last number of its first evidence, of merged
 * files their common ones; and "sioscope.finding.where", what a person looks up: which packets of which file. */
static void record_add_origin(struct buffer *item, struct otlp_encoder *encoder, const struct finding *finding)
{
	const struct origin *origin = &finding->evidence[0].origin;
	char where[ORIGIN_TEXT];
	if (!finding->evidence_count || !origin->first)
		return;
	buffer_append_format(item,
	    ",{\"key\":\"sioscope.finding.%s\",\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":\"%" PRIu64
	    "\"},{\"intValue\":\"%" PRIu64 "\"}]}}}",
	    origin_kind_name(origin->kind), origin->first, origin->last);
	otlp_add_text(item, encoder->outbound, "sioscope.finding.where", slice_of_text(origin_format(origin, where)));
}

static void record_add_advice(struct buffer *item, struct otlp_encoder *encoder, const char *advice)
{
	buffer_append_text(item, ",{\"key\":\"sioscope.finding.advice\",\"value\":{");
	otlp_append_text(item, encoder->outbound, "stringValue", slice_of_text(advice), FINDING_ADVICE);
	buffer_append_text(item, "}}");
}

static void record_append_attributes(struct buffer *item, struct otlp_encoder *encoder, const struct finding *finding)
{
	otlp_begin_attributes(item, "attributes");
	otlp_add_word(item, "sioscope.finding.code", code_entry(finding->code)->name);
	otlp_add_word(item, "sioscope.finding.confidence", confidence_name(finding->confidence));
	otlp_add_word(item, "sioscope.finding.cause", finding->cause);
	otlp_add_number(item, "sioscope.finding.count", finding->count);
	record_add_advice(item, encoder, finding->advice);
	record_add_origin(item, encoder, finding);
	if (strlen(finding->sid) >= OUTBOUND_SID) { /* a counter names no session */
		char id[SESSION_ID_SIZE];
		otlp_add_word(item, "session.id", outbound_session_id(slice_of_text(finding->sid), id));
	}
	otlp_end_attributes(item);
}

static void otlp_record_finding(struct otlp_encoder *encoder, const struct finding *finding)
{
	uint8_t trace[TRACE_ID], root[SPAN_ID];
	struct buffer *item = otlp_batch_item(&encoder->batches[OTLP_FINDINGS]);
	timestamp time = finding->time == TIMESTAMP_NONE ? encoder->latest : finding->time;
	record_append_times(item, time, encoder->latest);
	buffer_append_format(item, ",\"severityNumber\":%d,\"severityText\":\"%s\",\"eventName\":\"sioscope.finding\"",
	    otlp_severities[finding->severity].number, otlp_severities[finding->severity].text);
	record_append_body(item, encoder, finding);
	record_append_attributes(item, encoder, finding);
	if (finding->session && otlp_ids_at(encoder, finding->session, finding->sid, time, trace, root)) {
		buffer_append_byte(item, ',');
		otlp_append_ids(item, trace, root);
		buffer_append_text(item, ",\"flags\":1");
	}
	buffer_append_byte(item, '}');
	otlp_batch_add(&encoder->batches[OTLP_FINDINGS], NULL, NULL);
}

/* A text may name any session of which something was found: all their sids are known before the first leaves. */
void otlp_record_findings(struct otlp_encoder *encoder)
{
	const struct findings *findings = encoder->findings;
	if (!findings || encoder->recorded == findings->made || !otlp_wants(encoder, OTLP_FINDINGS))
		return;
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		outbound_note_sid(encoder->outbound, slice_of_text(finding->sid));
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		if (finding->made >= encoder->recorded)
			otlp_record_finding(encoder, finding);
	encoder->recorded = findings->made;
}

/* ---- events, on demand: names and sizes */

static const char *const otlp_event_names[EVENT_KINDS] = {
    [EVENT_CONNECT] = "socket.io.connect",
    [EVENT_DISCONNECT] = "socket.io.disconnect",
    [EVENT_EVENT] = "socket.io.event",
    [EVENT_ACK] = "socket.io.ack",
    [EVENT_CONNECT_ERROR] = "socket.io.connect_error",
    [EVENT_OPEN] = "engine.io.open",
    [EVENT_CLOSE] = "engine.io.close",
    [EVENT_PING] = "engine.io.ping",
    [EVENT_PONG] = "engine.io.pong",
    [EVENT_PROBE] = "engine.io.probe",
    [EVENT_PROBE_ACK] = "engine.io.probe_ack",
    [EVENT_UPGRADE] = "engine.io.upgrade",
    [EVENT_NOOP] = "engine.io.noop",
    [EVENT_HTTP] = "http.request",
    [EVENT_WS_OPEN] = "websocket.open",
    [EVENT_WS_CLOSE] = "websocket.close",
    [EVENT_TLS] = "tls.failed",
    [EVENT_TCP_CLOSE] = "tcp.close",
    [EVENT_GAP] = "sioscope.gap",
    [EVENT_MALFORMED] = "sioscope.malformed",
    [EVENT_LOG] = "sioscope.log",
};

static void event_add_name(struct buffer *item, struct otlp_encoder *encoder, struct slice token)
{
	uint8_t room[4 * OTLP_TEXT];
	struct buffer name = buffer_over(room, sizeof room);
	bool is_string = json_unescape(token, &name) || name.truncated;
	otlp_add_text(
	    item, encoder->outbound, "messaging.socket.io.event_name", is_string ? buffer_slice(&name) : token);
}

static void event_append_attributes(
    struct buffer *item, struct otlp_encoder *encoder, const struct event *event, const struct otlp_session *kept)
{
	const struct event_packet *packet = event_packet(event);
	const struct exchange *exchange = event_exchange(event);
	otlp_begin_attributes(item, "attributes");
	otlp_add_number(item, "sioscope.event.index", event->index);
	if (packet->name.len)
		event_add_name(item, encoder, packet->name);
	otlp_add_text(item, encoder->outbound, "messaging.socket.io.namespace", packet->nsp);
	otlp_add_word(item, "network.io.direction", event->direction == DIRECTION_TO_SERVER ? "receive" : "transmit");
	otlp_add_word(item, "socket.io.transport", transport_name(event->transport));
	if (event_is_packet(event))
		otlp_add_number(item, "messaging.message.body.size", packet->data.len);
	otlp_add_number(item, "sioscope.event.bytes", event->bytes);
	if (event->answers)
		otlp_add_number(item, "sioscope.event.answers", event->answers);
	if (exchange && exchange->status)
		otlp_add_number(item, "http.response.status_code", (uint64_t)exchange->status);
	if (kept)
		otlp_add_word(item, "session.id", kept->id);
	otlp_end_attributes(item);
}

void otlp_record_event(struct otlp_encoder *encoder, const struct otlp_session *kept, const struct event *event)
{
	struct buffer *item = otlp_batch_item(&encoder->batches[OTLP_EVENTS]);
	record_append_times(item, event->origin.time, encoder->latest);
	buffer_append_format(item, ",\"severityNumber\":5,\"severityText\":\"DEBUG\",\"eventName\":\"%s\"",
	    otlp_event_names[event->kind]);
	event_append_attributes(item, encoder, event, kept);
	if (kept) {
		buffer_append_byte(item, ',');
		otlp_append_ids(item, kept->trace, kept->root);
		buffer_append_text(item, ",\"flags\":1");
	}
	buffer_append_byte(item, '}');
	otlp_batch_add(&encoder->batches[OTLP_EVENTS], NULL, NULL);
}
