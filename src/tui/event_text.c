/* Where an application's events are all called the same, its plug-in knows a better name. */
#include "tui/event_text.h"

#include "base/json.h"
#include "base/numbers.h"
#include "base/plugin.h"
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
		buffer_append_format(out, " %u", event->close_code);
		break;
	case EVENT_TCP_CLOSE:
		buffer_append_format(out, " %s", tcp_end_name(event->how));
		break;
	case EVENT_ACK:
		buffer_append_byte(out, ' ');
		buffer_append(out, event->ack);
		break;
	case EVENT_GAP:
		buffer_append_format(out, " %" PRIu64 " byte%s", event->lost, plural_ending(event->lost));
		break;
	default:
		break;
	}
	if (event->nsp.len > 1) {
		buffer_append_byte(out, ' ');
		buffer_append(out, slice_take(event->nsp, EVENT_NAME));
	}
}

void event_text_name(struct buffer *out, const struct event *event)
{
	if (event->kind != EVENT_EVENT || !event->name.len) {
		text_write_kind(out, event);
		return;
	}
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->label && plugins[i]->label(out, event))
			return;
	text_write_token(out, event->name);
}

bool event_text_payload(struct buffer *out, const struct event *event, const struct mask *mask)
{
	struct json_rules rules = mask_rules(mask);
	rules.attachments = event->attachments;
	rules.attachment_count = event->attachment_count;
	if (!event->data.len || event->has_raw)
		return false;
	bool list = event->kind == EVENT_EVENT;
	if (list)
		buffer_append_byte(out, '[');
	bool good = json_write_value(out, event->data, &rules);
	if (list)
		buffer_append_byte(out, ']');
	return good && !out->truncated;
}

void event_text_line(struct buffer *out, const struct event *event, const struct mask *mask)
{
	struct buffer payload;
	event_text_name(out, event);
	buffer_append_text(out, "  ");
	if (event->text.len) {
		mask_write_text(mask, slice_take(event->text, EVENT_PAYLOAD_START), out);
		return;
	}
	if (event->exchange) {
		mask_write_text(mask, slice_take(event->exchange->request.head.target, EVENT_PAYLOAD_START), out);
		return;
	}
	buffer_init(&payload, BUFFER_NO_LIMIT, NULL);
	if (event_text_payload(&payload, event, mask))
		buffer_append(out, slice_take(buffer_slice(&payload), EVENT_PAYLOAD_START));
	buffer_free(&payload);
}

enum tint event_tint(const struct event *event)
{
	switch (event->kind) {
	case EVENT_GAP:
	case EVENT_MALFORMED:
	case EVENT_CONNECT_ERROR:
		return TINT_ERROR;
	case EVENT_PING:
	case EVENT_PONG:
	case EVENT_NOOP:
	case EVENT_TCP_CLOSE:
		return TINT_FAINT;
	case EVENT_LOG:
		return TINT_INFO;
	case EVENT_HTTP:
		return event->exchange && event->exchange->status >= 400 ? TINT_ERROR : TINT_FAINT;
	default:
		return event->direction == DIRECTION_TO_SERVER ? TINT_UP : TINT_DOWN;
	}
}

enum tint severity_tint(enum severity severity)
{
	static const enum tint tints[] = {TINT_INFO, TINT_WARNING, TINT_ERROR};
	return tints[severity];
}
