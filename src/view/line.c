/* An event as one JSON object. */
#include "base/text.h"
#include "http/exchange.h"
#include "socketio/engine.h"
#include "socketio/socketio.h"
#include "view/dump.h"

#include <inttypes.h>

/* Plain appends, no formats: a dump writes hundreds of bytes for each event, and formats would be half of its work. */
#define KEY(name) SLICE(",\"" name "\":")

static inline void line_write_number(struct buffer *out, struct slice key, uint64_t number)
{
	buffer_append(out, key);
	buffer_append_number(out, number);
}

static void line_write_text(struct buffer *out, struct slice key, struct slice text)
{
	buffer_append(out, key);
	json_write_string(out, text);
}

static void line_write_name(struct buffer *out, struct slice key, const char *name)
{
	buffer_append(out, key);
	buffer_append_byte(out, '"');
	buffer_append_text(out, name);
	buffer_append_byte(out, '"');
}

static void line_write_timestamp(struct buffer *out, struct slice key, timestamp time)
{
	char text[TIMESTAMP_TEXT_SIZE];
	line_write_name(out, key, timestamp_format(time, text));
}

static void line_write_session(struct buffer *out, const struct session *session)
{
	if (!session) {
		buffer_append(out, SLICE(",\"session\":null,\"sid\":null"));
		return;
	}
	line_write_number(out, KEY("session"), session->number);
	if (session->sid)
		line_write_text(out, KEY("sid"), slice_of(session->sid, session->sid_len));
	else
		buffer_append(out, SLICE(",\"sid\":null"));
}

/* ,"packets":[12,14] */
/* Of merged files: the packets by the numbers of the file that has them; of two, when it begins in one and ends in
 * another. */
static void line_write_files(struct buffer *out, const struct origin *origin)
{
	uint64_t numbers[2];
	const char *file;
	for (unsigned nth = 0; (file = origin_in_file(origin, nth, numbers, NULL)); nth++) {
		buffer_append_text(out, nth ? ",{\"file\":" : ",\"files\":[{\"file\":");
		json_write_string(out, slice_of_text(file));
		buffer_append_format(out, ",\"packets\":[%" PRIu64 ",%" PRIu64 "]}", numbers[0], numbers[1]);
	}
	if (origin_in_file(origin, 0, numbers, NULL))
		buffer_append_byte(out, ']');
}

static void line_write_numbers(struct buffer *out, const struct origin *origin)
{
	buffer_append(out, SLICE(",\""));
	buffer_append_text(out, origin_kind_name(origin->kind));
	buffer_append(out, SLICE("\":["));
	buffer_append_number(out, origin->first);
	buffer_append_byte(out, ',');
	buffer_append_number(out, origin->last);
	buffer_append_byte(out, ']');
	if (origin->stream)
		line_write_number(out, KEY("stream"), origin->stream);
	line_write_files(out, origin);
}

static void line_write_origin(struct buffer *out, const struct event *event)
{
	if (event->connection)
		line_write_name(out, KEY("conn"), event->connection->text);
	line_write_numbers(out, &event->origin);
	line_write_name(out, KEY("dir"), direction_name(event->direction));
	if (event->transport == TRANSPORT_NONE)
		buffer_append(out, SLICE(",\"transport\":null"));
	else
		line_write_name(out, KEY("transport"), transport_name(event->transport));
}

/* ---- by layer */

static void line_write_raw(struct buffer *out, const struct event *event)
{
	buffer_append(out, SLICE(",\"raw\":\""));
	base64_write(out, *event_raw(event));
	buffer_append_byte(out, '"');
}

static void line_write_data(struct buffer *out, const struct event *event)
{
	uint16_t places[SOCKETIO_ATTACHMENTS];
	bool is_list = event->kind == EVENT_EVENT && !event_packet(event)->has_raw;
	const struct json_rules with = {.attachments = event_packet(event)->attachments,
	    .attachment_count = event_packet(event)->attachment_count,
	    .places = places};
	memset(places, 0, with.attachment_count * sizeof *places);
	buffer_append_text(out, is_list ? ",\"data\":[" : ",\"data\":");
	if (event_packet(event)->data.len)
		json_write_value(out, event_packet(event)->data, &with);
	else if (!is_list)
		buffer_append(out, SLICE("null"));
	if (is_list)
		buffer_append_byte(out, ']');
}

static void line_write_socketio(struct buffer *out, const struct event *event)
{
	line_write_text(out, KEY("nsp"), event_packet(event)->nsp);
	if (event->kind == EVENT_EVENT) {
		buffer_append(out, SLICE(",\"name\":"));
		if (!event_packet(event)->name.len || !json_write_value(out, event_packet(event)->name, NULL))
			buffer_append(out, SLICE("null"));
	}
	buffer_append(out, SLICE(",\"ack\":"));
	buffer_append(out, event_packet(event)->ack.len ? event_packet(event)->ack : SLICE("null"));
	line_write_data(out, event);
}

/* What became of the request, and since when it was asked. */
static void line_write_transaction(struct buffer *out, const struct exchange *exchange)
{
	line_write_name(out, KEY("state"), exchange_state_name(exchange->state));
	if (exchange->state == EXCHANGE_UNANSWERED)
		line_write_name(out, KEY("ended_by"), direction_sender(exchange->ended_by));
	line_write_timestamp(out, KEY("asked"), exchange->request.begun);
	line_write_timestamp(out, KEY("requested"), exchange->request.begun);
}

static void line_write_http(struct buffer *out, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	line_write_text(out, KEY("method"), exchange->request.head.method);
	line_write_text(out, KEY("target"), exchange->request.head.target);
	if (exchange->status)
		line_write_number(out, KEY("status"), (uint64_t)exchange->status);
	else
		buffer_append(out, SLICE(",\"status\":null"));
	if (event->origin.stream)
		buffer_append(out, SLICE(",\"http2\":true"));
	if (event->kind == EVENT_HTTP)
		line_write_transaction(out, exchange);
}

static void line_write_tls(struct buffer *out, const struct event *event)
{
	line_write_text(out, KEY("why"), event_text(event));
	if (event->tls.alert >= 0)
		line_write_number(out, KEY("alert"), (uint64_t)event->tls.alert);
	if (event->tls.name.len)
		line_write_text(out, KEY("server_name"), event->tls.name);
	if (event->tls.protocols.len)
		line_write_text(out, KEY("alpn"), event->tls.protocols);
}

static void line_write_malformed(struct buffer *out, const struct event *event)
{
	line_write_name(out, KEY("layer"), event->malformed.layer);
	line_write_text(out, KEY("why"), event_text(event));
}

static void line_write_gap(struct buffer *out, const struct event *event)
{
	if (event->gap.lost)
		line_write_number(out, KEY("lost"), event->gap.lost);
	else
		buffer_append(out, SLICE(",\"lost\":null"));
	line_write_text(out, KEY("why"), event_text(event));
}

static void line_write_kind(struct buffer *out, const struct event *event)
{
	switch (event->kind) {
	case EVENT_HTTP:
	case EVENT_WS_OPEN:
		line_write_http(out, event);
		break;
	case EVENT_WS_CLOSE:
		line_write_number(out, KEY("code"), event->ws_close.code);
		line_write_text(out, KEY("reason"), event_text(event));
		break;
	case EVENT_TCP_CLOSE:
		line_write_name(out, KEY("how"), tcp_end_name(event->tcp_close.how));
		if (event_text(event).len)
			line_write_text(out, KEY("why"), event_text(event));
		break;
	case EVENT_TLS:
		line_write_tls(out, event);
		break;
	case EVENT_GAP:
		line_write_gap(out, event);
		break;
	case EVENT_MALFORMED:
		line_write_malformed(out, event);
		break;
	case EVENT_LOG:
		line_write_text(out, KEY("text"), event_text(event));
		break;
	default:
		if (event_kind_layer(event->kind) == LAYER_SOCKETIO)
			line_write_socketio(out, event);
		else if (event_packet(event)->data.len)
			line_write_data(out, event);
	}
}

void line_write_leg(struct buffer *out, const struct event_leg *leg)
{
	char time[TIMESTAMP_TEXT_SIZE];
	line_write_name(out, SLICE("{\"conn\":"), leg->connection);
	line_write_numbers(out, &leg->origin);
	buffer_append_format(out, ",\"time\":\"%s\"}", timestamp_format(leg->origin.time, time));
}

/* Where in a line the members lie that the wire filled: no other can hold a secret. */
struct line_wire {
	size_t begin, end;
};

static struct line_wire line_compose(struct buffer *out, const struct event *event, bool cut)
{
	struct line_wire wire;
	size_t before = out->len;
	char time[TIMESTAMP_TEXT_SIZE];
	buffer_append(out, SLICE("{\"time\":\""));
	buffer_append_text(out, timestamp_format(event->origin.time, time));
	buffer_append_byte(out, '"');
	line_write_number(out, KEY("index"), event->index);
	line_write_session(out, event->session);
	line_write_origin(out, event);
	wire.begin = out->len - before;
	line_write_name(out, KEY("type"), event_kind_name(event->kind));
	if (event->kind != EVENT_CONNECT) /* whose data is a secret wholly: the type says so */
		wire.begin = out->len - before;
	line_write_kind(out, event);
	if (event_raw(event))
		line_write_raw(out, event);
	wire.end = out->len - before;
	if (event->queued)
		line_write_number(out, KEY("queued_us"), (uint64_t)(event->queued / 1000));
	if (event->answers)
		line_write_number(out, KEY("answers"), event->answers);
	for (size_t i = 0; i < event->leg_count; i++) {
		buffer_append_text(out, i ? "," : ",\"legs\":[");
		line_write_leg(out, &event->legs[i]);
	}
	if (event->leg_count)
		buffer_append_byte(out, ']');
	if (event->incomplete)
		buffer_append(out, SLICE(",\"incomplete\":true"));
	if (event->unreadable)
		buffer_append(out, SLICE(",\"unreadable\":true"));
	if (cut)
		buffer_append(out, SLICE(",\"cut\":true"));
	line_write_number(out, KEY("bytes"), event->bytes);
	buffer_append_byte(out, '}');
	return wire;
}

static bool line_write_masked(struct buffer *out, const struct event *event, const struct mask *mask, bool cut)
{
	struct buffer masked;
	size_t begin = out->len;
	struct line_wire wire = line_compose(out, event, cut);
	buffer_init(&masked, out->limit - begin, NULL);
	if (!out->truncated &&
	    mask_write_line(mask, slice_drop(buffer_slice(out), begin), wire.begin, wire.end, &masked)) {
		out->len = begin;
		buffer_append(out, buffer_slice(&masked));
		out->truncated |= masked.truncated;
	}
	buffer_free(&masked);
	return !out->truncated;
}

enum { LINE_CUT_PART = 4096 };

/* Without its attachments, and without each part that is long. */
static bool line_write_cut(struct buffer *out, const struct event *event, const struct mask *mask)
{
	struct event cut = *event;
	struct slice *parts[EVENT_SLICES];
	size_t count = event_slices(&cut, parts);
	for (size_t i = 0; i < count; i++)
		if (parts[i]->len > LINE_CUT_PART)
			*parts[i] = slice_of(NULL, 0);
	if (event_is_packet(&cut)) {
		cut.packet.attachments = NULL;
		cut.packet.attachment_count = 0;
	}
	return line_write_masked(out, &cut, mask, true);
}

enum line_result line_write(struct buffer *out, const struct event *event, const struct mask *mask)
{
	size_t before = out->len;
	if (line_write_masked(out, event, mask, false))
		return LINE_WHOLE;
	out->len = before;
	out->truncated = false;
	return line_write_cut(out, event, mask) ? LINE_CUT : LINE_REFUSED;
}
