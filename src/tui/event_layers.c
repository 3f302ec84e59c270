/* An event by its layers, raw, and as bytes: what is known of what carried it, in text. */
#include "base/text.h"
#include "http/exchange.h"
#include "http/websocket.h"
#include "tui/event_view.h"
#include "view/event_text.h"

#include <inttypes.h>

enum { LAYERS_TEXT = 4 << 20 };

/* ---- frames as they were on the wire */

/* A frame of the kept bytes. */
struct wire_frame {
	struct websocket_frame facts;
	struct slice header, payload; /* payload: what of it was kept */
};

/* Takes the next off the kept bytes, which end anywhere. */
static bool wire_take_frame(struct slice *wire, bool from_client, struct wire_frame *frame)
{
	struct websocket_stream stream;
	struct websocket_item item;
	const uint8_t *begin = wire->at;
	struct slice rest = *wire;
	websocket_stream_init(&stream, from_client);
	if (websocket_next_item(&stream, &rest, &item) != WIRE_ITEM)
		return false;
	frame->facts = item.frame;
	frame->header = slice_of(begin, (size_t)(rest.at - begin));
	frame->payload = slice_take(rest, item.frame.length < SIZE_MAX ? (size_t)item.frame.length : SIZE_MAX);
	*wire = slice_drop(rest, frame->payload.len);
	return true;
}

static const char *opcode_name(uint8_t opcode)
{
	static const char *const names[] = {[WS_CONTINUATION] = "continuation",
	    [WS_TEXT] = "text",
	    [WS_BINARY] = "binary",
	    [WS_CLOSE] = "close",
	    [WS_PING] = "ping",
	    [WS_PONG] = "pong"};
	return opcode < sizeof names / sizeof *names && names[opcode] ? names[opcode] : "reserved";
}

/* "FIN 1, RSV1 1 (compressed), opcode 1 (text), masked by 37 fa 21 3d, 96 bytes" */
static void wire_write_facts(struct buffer *out, const struct wire_frame *frame)
{
	const struct websocket_frame *facts = &frame->facts;
	buffer_append_format(out, "FIN %d, RSV1 %d%s, opcode %u (%s), ", facts->fin, facts->rsv1,
	    facts->rsv1 ? " (compressed)" : "", facts->opcode, opcode_name(facts->opcode));
	if (facts->masked)
		buffer_append_format(out, "masked by %02x %02x %02x %02x, ", facts->mask[0], facts->mask[1],
		    facts->mask[2], facts->mask[3]);
	else
		buffer_append_text(out, "not masked, ");
	buffer_append_format(out, "%" PRIu64 " byte%s", facts->length, plural_ending(facts->length));
}

/* ---- layers */

static void layers_add_head(struct buffer *out, const char *title, const struct exchange_half *half)
{
	if (!half->head.bytes.len)
		return;
	char packets[ORIGIN_TEXT];
	buffer_append_format(out, "%s (%s)\n", title, origin_format(&half->origin, packets));
	buffer_append(out, half->head.bytes);
	buffer_append_text(out, "\n");
}

static bool layers_is_carrier(const struct event *http, const struct event *event)
{
	return http->kind == EVENT_HTTP && http->exchange && http->connection == event->connection &&
	       http->origin.stream == event->origin.stream && http->origin.first <= event->origin.first &&
	       event->origin.last <= http->origin.last;
}

/* The request that carried an event of a poll: it is emitted before what its answer brought, and after what it brought
 * itself. */
static const struct exchange *layers_exchange(const struct record *record, const struct event *event)
{
	enum { LOOKS = 200 };
	uint64_t before = event->index, after = before;
	if (event_exchange(event) || event->transport != TRANSPORT_POLLING)
		return event_exchange(event);
	for (int looked = 0; looked < LOOKS && (before || after); looked++) {
		before = before ? record_previous_of_session(record, before) : 0;
		after = after ? record_next_of_session(record, after) : 0;
		if (before && layers_is_carrier(record_event(record, before), event))
			return record_event(record, before)->exchange;
		if (after && layers_is_carrier(record_event(record, after), event))
			return record_event(record, after)->exchange;
	}
	return NULL;
}

/* With the digit by which the packet begins (protocol.md §2, §5). */
static const char *layers_packet_name(const struct event *event)
{
	static const char *const names[EVENT_KINDS] = {[EVENT_OPEN] = "0 open",
	    [EVENT_CLOSE] = "1 close",
	    [EVENT_PING] = "2 ping",
	    [EVENT_PROBE] = "2 ping (probe)",
	    [EVENT_PONG] = "3 pong",
	    [EVENT_PROBE_ACK] = "3 pong (probe)",
	    [EVENT_UPGRADE] = "5 upgrade",
	    [EVENT_NOOP] = "6 noop"};
	return names[event->kind] ? names[event->kind] : "4 message";
}

/* The default parser's digit: others have none. */
static const char *layers_message_name(const struct event *event)
{
	static const char *const names[][2] = {[EVENT_CONNECT] = {"0 connect", "0 connect"},
	    [EVENT_DISCONNECT] = {"1 disconnect", "1 disconnect"},
	    [EVENT_EVENT] = {"2 event", "5 binary event"},
	    [EVENT_ACK] = {"3 ack", "6 binary ack"},
	    [EVENT_CONNECT_ERROR] = {"4 connect-error", "4 connect-error"}};
	if (event->packet.by_other_parser)
		return event_kind_name(event->kind);
	return names[event->kind][event->packet.attachment_count > 0];
}

void event_layers_write(struct buffer *out, const struct record *record, const struct event *event)
{
	const struct exchange *exchange = layers_exchange(record, event);
	char time[TIMESTAMP_TEXT_SIZE], packets[ORIGIN_TEXT];
	buffer_append_format(out, "captured   %s, %s\n", origin_format(&event->origin, packets),
	    timestamp_format(event->origin.time, time));
	if (event->connection)
		buffer_append_format(out, "tcp        %s%s\n", event->connection->text,
		    event->connection->joined ? "  (under way when the capture began)" : "");
	if (event->origin.stream)
		buffer_append_format(out, "http/2     stream %" PRIu32 "\n", event->origin.stream);
	buffer_append_format(out, "carried    by %s, %" PRIu64 " byte%s%s%s\n",
	    event->transport == TRANSPORT_NONE ? "TCP" : transport_name(event->transport), event->bytes,
	    plural_ending(event->bytes), event->incomplete ? ", cut" : "",
	    event->unreadable ? ", cannot be decompressed" : "");
	struct slice wire = event->wire;
	struct wire_frame frame;
	while (wire_take_frame(&wire, event->direction == DIRECTION_TO_SERVER, &frame)) {
		buffer_append_text(out, "websocket  ");
		wire_write_facts(out, &frame);
		buffer_append_byte(out, '\n');
	}
	if (event_kind_layer(event->kind) == LAYER_SOCKETIO || event_kind_layer(event->kind) == LAYER_ENGINEIO)
		buffer_append_format(out, "engine.io  %s\n", layers_packet_name(event));
	if (event_kind_layer(event->kind) == LAYER_SOCKETIO) {
		buffer_append_format(out, "socket.io  %s, namespace ", layers_message_name(event));
		buffer_append(out, event_packet(event)->nsp);
		if (event_packet(event)->ack.len)
			buffer_append_format(
			    out, ", ack id %.*s", (int)event_packet(event)->ack.len, event_packet(event)->ack.at);
		if (event_packet(event)->attachment_count)
			buffer_append_format(out, ", %zu attachment%s", event_packet(event)->attachment_count,
			    plural_ending(event_packet(event)->attachment_count));
		buffer_append_byte(out, '\n');
	}
	if (exchange) {
		layers_add_head(out, "\nrequest", &exchange->request);
		layers_add_head(out, "\nanswer", &exchange->answer);
	}
}

/* ---- raw and bytes */

void event_raw_write(struct buffer *out, struct slice payload, const struct event *event)
{
	if (payload.len)
		buffer_append(out, payload);
	else if (event_raw(event))
		buffer_append(out, *event_raw(event));
	else if (event_exchange(event) && event->exchange->plain.len)
		buffer_append(out, event->exchange->plain);
	else
		buffer_append(out, event_text(event));
}

enum { HEX_ROW = 16 };

static void hex_write(struct buffer *out, struct slice bytes)
{
	for (size_t at = 0; at < bytes.len; at += HEX_ROW) {
		struct slice row = slice_take(slice_drop(bytes, at), HEX_ROW);
		buffer_append_format(out, "%06zx ", at);
		for (size_t i = 0; i < HEX_ROW; i++)
			if (i < row.len)
				buffer_append_format(out, " %02x", row.at[i]);
			else
				buffer_append_text(out, "   ");
		buffer_append_text(out, "  ");
		for (size_t i = 0; i < row.len; i++)
			buffer_append_byte(out, row.at[i] >= ' ' && row.at[i] < 0x7f ? row.at[i] : '.');
		buffer_append_byte(out, '\n');
	}
}

/* Bytes keep their places: a secret among them is overwritten. */
static void hex_write_masked(struct buffer *out, const struct mask *mask, struct slice bytes)
{
	struct buffer shown;
	buffer_init(&shown, LAYERS_TEXT / 8, NULL);
	buffer_append(&shown, bytes);
	mask_fill_bytes(mask, shown.at, shown.len);
	hex_write(out, buffer_slice(&shown));
	buffer_free(&shown);
}

/* ---- as it was on the wire */

/* The payloads of all frames that were kept, unmasked. */
static void wire_write_plain(struct buffer *out, struct slice wire, bool from_client)
{
	struct wire_frame frame;
	while (wire_take_frame(&wire, from_client, &frame)) {
		size_t at = out->len;
		if (!buffer_append(out, frame.payload))
			return;
		if (frame.facts.masked)
			websocket_unmask(frame.facts.mask, 0, frame.payload, out->at + at);
	}
}

static bool wire_is_compressed(struct slice wire, bool from_client)
{
	struct wire_frame frame;
	while (wire_take_frame(&wire, from_client, &frame))
		if (frame.facts.rsv1)
			return true;
	return false;
}

/* Does the event hold a secret anywhere? What was compressed cannot be masked in its place. */
static bool event_holds_secret(const struct event *event, const struct mask *mask)
{
	struct mask shows = *mask;
	struct buffer masked, plain;
	shows.shows = true;
	buffer_init(&masked, LAYERS_TEXT, NULL);
	buffer_init(&plain, LAYERS_TEXT, NULL);
	bool whole = event_text_payload(&masked, event, mask) && event_text_payload(&plain, event, &shows);
	bool holds = whole ? !slice_equals(buffer_slice(&masked), buffer_slice(&plain))
	                   : event_packet(event)->data.len || event->kind == EVENT_MALFORMED;
	for (size_t i = 0; i < event_packet(event)->attachment_count; i++)
		holds |= mask_text_holds(mask, event_packet(event)->attachments[i]);
	buffer_free(&masked);
	buffer_free(&plain);
	return holds;
}

/* Overwrites the secrets in the unmasked payload; behind a name that is a secret's, all that follows it. */
static void plain_fill(const struct event *event, const struct mask *mask, struct buffer *plain)
{
	struct slice name = mask->shows ? slice_of(NULL, 0) : event_text_payload_name(event, mask);
	mask_fill_bytes(mask, plain->at, plain->len);
	if (!name.len)
		return;
	size_t at = slice_find(buffer_slice(plain), name);
	size_t from = at < plain->len ? at + name.len : slice_find_byte(buffer_slice(plain), '"');
	for (; from < plain->len; from++)
		plain->at[from] = MASK_FILL;
}

static void wire_write_payload(
    struct buffer *out, const struct wire_frame *frame, struct slice plain, struct slice filled, bool hides)
{
	struct buffer shown;
	if (hides) {
		buffer_append_text(
		    out, "(compressed, and not shown, because something in it is masked; --show-secrets shows it)\n");
		return;
	}
	buffer_init(&shown, LAYERS_TEXT / 8, NULL);
	buffer_append(&shown, frame->payload);
	for (size_t i = 0; i < shown.len && i < plain.len; i++)
		if (plain.at[i] != filled.at[i])
			shown.at[i] = MASK_FILL;
	hex_write(out, buffer_slice(&shown));
	if (frame->payload.len < frame->facts.length)
		buffer_append_format(out, "(%zu of its %" PRIu64 " bytes were kept: --max-wire)\n", frame->payload.len,
		    frame->facts.length);
	buffer_free(&shown);
}

/* Each frame with its header and its payload as they came; and the payload of all of them, unmasked, where it was not
 * compressed. Secrets are found in that, and overwritten in all of them. */
static void wire_write(struct buffer *out, const struct event *event, const struct mask *mask)
{
	bool from_client = event->direction == DIRECTION_TO_SERVER;
	bool compressed = wire_is_compressed(event->wire, from_client);
	bool hides = compressed && !mask->shows && event_holds_secret(event, mask);
	struct buffer plain, filled;
	struct slice wire = event->wire;
	struct wire_frame frame;
	size_t at = 0;
	buffer_init(&plain, LAYERS_TEXT / 8, NULL);
	buffer_init(&filled, LAYERS_TEXT / 8, NULL);
	if (!compressed)
		wire_write_plain(&plain, wire, from_client);
	buffer_append(&filled, buffer_slice(&plain));
	plain_fill(event, mask, &filled);
	for (unsigned nth = 1; wire_take_frame(&wire, from_client, &frame); nth++) {
		buffer_append_format(out, "websocket  frame %u: ", nth);
		wire_write_facts(out, &frame);
		buffer_append_text(out, "\nheader\n");
		hex_write(out, frame.header);
		buffer_append_text(out, frame.facts.masked ? "payload, masked\n" : "payload\n");
		wire_write_payload(
		    out, &frame, slice_drop(buffer_slice(&plain), at), slice_drop(buffer_slice(&filled), at), hides);
		at += frame.payload.len;
	}
	if (!compressed && from_client) {
		buffer_append_text(out, "unmasked\n");
		hex_write(out, buffer_slice(&filled));
	}
	buffer_free(&plain);
	buffer_free(&filled);
}

/* Its payload as it was decoded; masked without digests, which are no bytes of it. */
static void bytes_write_decoded(struct buffer *out, const struct event *event, const struct mask *mask)
{
	struct mask nameless = *mask;
	struct buffer payload, raw;
	nameless.nameless = true;
	buffer_init(&payload, LAYERS_TEXT / 8, NULL);
	buffer_init(&raw, LAYERS_TEXT / 8, NULL);
	event_text_payload(&payload, event, &nameless);
	event_raw_write(&raw, buffer_slice(&payload), event);
	if (raw.len && event->wire.len)
		buffer_append_text(out, "\ndecoded\n");
	hex_write_masked(out, mask, buffer_slice(&raw));
	for (size_t i = 0; i < event_packet(event)->attachment_count; i++) {
		buffer_append_format(out, "attachment %zu\n", i);
		hex_write_masked(out, mask, event_packet(event)->attachments[i]);
	}
	buffer_free(&payload);
	buffer_free(&raw);
}

/* Of a poll: the head of the request, or of the answer, that carried the event, as it came. HTTP/2 has none of that
 * form. */
static void bytes_write_head(
    struct buffer *out, const struct record *record, const struct event *event, const struct mask *mask)
{
	const struct exchange *exchange = event->origin.stream ? NULL : layers_exchange(record, event);
	bool from_client = event->direction == DIRECTION_TO_SERVER;
	const struct exchange_half *half = !exchange ? NULL : from_client ? &exchange->request : &exchange->answer;
	char packets[ORIGIN_TEXT];
	if (!half || !half->head.bytes.len)
		return;
	buffer_append_format(out, "http head of the %s (%s), before %" PRIu64 " byte%s of body\n",
	    from_client ? "request" : "answer", origin_format(&half->origin, packets), half->body_bytes,
	    plural_ending(half->body_bytes));
	hex_write_masked(out, mask, half->head.bytes);
	buffer_append_text(out, "\ndecoded\n");
}

/* What was compressed, or came in several messages, and what was not carried by a WebSocket, is shown as it was
 * decoded.
 */
void event_bytes_write(
    struct buffer *out, const struct record *record, const struct event *event, const struct mask *mask)
{
	if (event->transport == TRANSPORT_POLLING)
		bytes_write_head(out, record, event, mask);
	bool from_client = event->direction == DIRECTION_TO_SERVER;
	if (event->wire.len)
		wire_write(out, event, mask);
	if (!event->wire.len || wire_is_compressed(event->wire, from_client) || event_packet(event)->attachment_count)
		bytes_write_decoded(out, event, mask);
}

/* ---- JSON for people */

/* White space is put between its tokens; nothing else is changed. Of what is valid no stack is needed. */
void event_payload_write(struct buffer *out, struct slice payload)
{
	enum { INDENT = 2, DEEPEST = 60 };
	size_t depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < payload.len; i++) {
		uint8_t byte = payload.at[i];
		bool opens = !in_string && (byte == '{' || byte == '['),
		     closes = !in_string && (byte == '}' || byte == ']');
		bool is_empty = i && (payload.at[i - 1] == '{' || payload.at[i - 1] == '[');
		if (byte == '"')
			in_string = !in_string;
		depth -= closes && depth;
		if (closes && !is_empty)
			buffer_append_format(out, "\n%*s", (int)(INDENT * (depth < DEEPEST ? depth : DEEPEST)), "");
		buffer_append_byte(out, byte);
		if (in_string && byte == '\\' && i + 1 < payload.len)
			buffer_append_byte(out, payload.at[++i]);
		depth += opens;
		bool breaks = (opens && i + 1 < payload.len && payload.at[i + 1] != '}' && payload.at[i + 1] != ']') ||
		              (!in_string && byte == ',');
		if (breaks)
			buffer_append_format(out, "\n%*s", (int)(INDENT * (depth < DEEPEST ? depth : DEEPEST)), "");
		if (!in_string && byte == ':')
			buffer_append_byte(out, ' ');
	}
	buffer_append_byte(out, '\n');
}
