/* An event in a few words, and its payload as one JSON value. Where an application gives all its events the same name,
 * its plug-in knows a better one. */
#include "view/event_text.h"

#include "base/json.h"
#include "base/plugin.h"
#include "base/text.h"
#include "http/exchange.h"

#include <inttypes.h>

enum { EVENT_NAME = 100, EVENT_PAYLOAD_START = 200 };

static void text_write_token(struct buffer *out, struct slice token)
{
	struct buffer plain;
	buffer_init(&plain, token.len * 3 + 16, NULL);
	if (json_unescape(token, &plain))
		buffer_append(out, slice_take(buffer_slice(&plain), EVENT_NAME));
	else
		buffer_append(out, slice_take(token, EVENT_NAME));
	buffer_free(&plain);
}

static void text_write_request(struct buffer *out, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	if (!exchange)
		return;
	buffer_append_byte(out, ' ');
	buffer_append(out, slice_take(exchange->request.head.method, 20));
	if (exchange->status)
		buffer_append_format(out, " %d", exchange->status);
}

static void text_write_kind(struct buffer *out, const struct event *event)
{
	buffer_append_text(out, event_kind_name(event->kind));
	switch (event->kind) {
	case EVENT_HTTP:
	case EVENT_WS_OPEN:
		text_write_request(out, event);
		break;
	case EVENT_WS_CLOSE:
		buffer_append_format(out, " %u", event->ws_close.code);
		break;
	case EVENT_TCP_CLOSE:
		buffer_append_format(out, " %s", tcp_end_name(event->tcp_close.how));
		break;
	case EVENT_ACK:
		buffer_append_byte(out, ' ');
		buffer_append(out, event->packet.ack);
		break;
	case EVENT_GAP:
		buffer_append_format(out, " %" PRIu64 " byte%s", event->gap.lost, plural_ending(event->gap.lost));
		break;
	default:
		break;
	}
	if (event_packet(event)->nsp.len > 1) {
		buffer_append_byte(out, ' ');
		buffer_append(out, slice_take(event_packet(event)->nsp, EVENT_NAME));
	}
}

void event_text_name(struct buffer *out, const struct event *event)
{
	if (event->kind != EVENT_EVENT || !event_packet(event)->name.len) {
		text_write_kind(out, event);
		return;
	}
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->label && plugins[i]->label(out, event))
			return;
	text_write_token(out, event_packet(event)->name);
}

struct slice event_text_payload_name(const struct event *event, const struct mask *mask)
{
	if (event->kind == EVENT_CONNECT && json_kind_of(event_packet(event)->data) == JSON_STRING)
		return SLICE("auth");
	struct slice name = event->kind == EVENT_EVENT ? json_inside_quotes(event_packet(event)->name)
	                                               : slice_of(NULL, 0);
	return mask_ends_secret(mask, name) ? name : slice_of(NULL, 0);
}

bool event_text_payload(struct buffer *out, const struct event *event, const struct mask *mask)
{
	const struct json_rules rules = {
	    .attachments = event_packet(event)->attachments, .attachment_count = event_packet(event)->attachment_count};
	struct buffer masked;
	if (!event_packet(event)->data.len || event_packet(event)->has_raw)
		return false;
	bool list = event->kind == EVENT_EVENT;
	if (list)
		buffer_append_byte(out, '[');
	bool good = json_write_value(out, event_packet(event)->data, &rules);
	if (list)
		buffer_append_byte(out, ']');
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	if (good && mask_write_json(mask, buffer_slice(out), event_text_payload_name(event, mask), &masked)) {
		buffer_clear(out);
		buffer_append(out, buffer_slice(&masked));
		good = !masked.truncated;
	}
	buffer_free(&masked);
	return good && !out->truncated;
}

static void event_text_begin(struct buffer *out, struct slice text)
{
	buffer_append(out, slice_take(text, EVENT_PAYLOAD_START));
	buffer_append_text(out, text.len > EVENT_PAYLOAD_START ? "…" : "");
}

void event_text_line(struct buffer *out, const struct event *event, const struct mask *mask)
{
	struct buffer payload;
	event_text_name(out, event);
	buffer_append_text(out, "  ");
	if (event_text(event).len) {
		event_text_begin(out, event_text(event));
		return;
	}
	if (event_exchange(event)) {
		event_text_begin(out, event->exchange->request.head.target);
		return;
	}
	buffer_init(&payload, BUFFER_NO_LIMIT, NULL);
	if (event_text_payload(&payload, event, mask))
		event_text_begin(out, buffer_slice(&payload));
	out->truncated |= payload.truncated;
	buffer_free(&payload);
}
