/* Recognises an Engine.IO request by its query and reads it. */
#include "socketio/target.h"

#include "http/http1.h"

#include <stdlib.h>

static const char *const transport_names[] = {
    [TRANSPORT_NONE] = "",
    [TRANSPORT_POLLING] = "polling",
    [TRANSPORT_WEBSOCKET] = "websocket",
    [TRANSPORT_WEBTRANSPORT] = "webtransport",
    [TRANSPORT_UNKNOWN] = "unknown",
};

const char *transport_name(enum transport transport)
{
	return transport_names[transport];
}

static enum transport target_transport(struct slice word)
{
	for (enum transport known = TRANSPORT_POLLING; known < TRANSPORT_UNKNOWN; known++)
		if (slice_equals_text(word, transport_names[known]))
			return known;
	return TRANSPORT_UNKNOWN;
}

/* Node servers take anything but exactly 4 as 3 (protocol.md §1); 2 is decoded as 3. */
static uint8_t target_revision(struct slice eio)
{
	return slice_equals_text(eio, "4") ? 4 : 3;
}

static void target_read_sid(struct target *target, struct slice encoded)
{
	struct buffer plain = buffer_over(target->sid, TARGET_SID_SIZE - 1);
	http_decode_percent(encoded, true, &plain);
	target->sid_len = plain.len;
	target->sid[plain.len] = '\0';
}

static bool target_path_is_usual(struct slice text)
{
	struct slice path = http_target_path(text);
	while (path.len && path.at[path.len - 1] == '/')
		path.len--;
	return slice_ends_with(path, SLICE("socket.io")) || slice_ends_with(path, SLICE("engine.io"));
}

void target_read(struct target *target, struct slice text)
{
	struct slice sid, ignored;
	memset(target, 0, sizeof *target);
	if (!memchr(text.at ? text.at : (const uint8_t *)"", '?', text.len))
		return;
	bool has_eio = http_find_parameter(text, "EIO", &target->eio);
	bool has_transport = http_find_parameter(text, "transport", &target->word);
	bool has_sid = http_find_parameter(text, "sid", &sid);
	enum transport transport = has_transport ? target_transport(target->word) : TRANSPORT_NONE;
	bool has_known_transport = has_transport && transport != TRANSPORT_UNKNOWN;
	target->engineio = (has_eio && (has_transport || has_sid)) || (has_known_transport && has_sid) ||
	                   ((has_eio || has_known_transport) && target_path_is_usual(text));
	if (!target->engineio)
		return;
	target->transport = transport;
	target->revision = has_eio ? target_revision(target->eio) : 0;
	target->jsonp = http_find_parameter(text, "j", &ignored);
	if (has_sid)
		target_read_sid(target, sid);
}

struct target *target_new(struct slice text)
{
	struct target *target = malloc(sizeof *target);
	if (!target)
		return NULL;
	target_read(target, text);
	target->engineio = true; /* also when there was no memory to keep the text */
	return target;
}
