/* An event in a few words, and the tints of events and findings. No drawing here. */
#ifndef TUI_EVENT_TEXT_H
#define TUI_EVENT_TEXT_H

#include "base/buffer.h"
#include "base/mask.h"
#include "detect/codes.h"
#include "socketio/event.h"
#include "tui/theme.h"

/* "tick_update", "connect /admin", "ack 3", "ws-close 1006", "GET 400": what its arrow bears. A hundred bytes of it. */
void event_text_name(struct buffer *out, const struct event *event);

/* More of it, for one line: name, then the beginning of its payload, secrets masked. */
void event_text_line(struct buffer *out, const struct event *event, const struct mask *mask);

/* Its payload as one JSON value (arguments in brackets), secrets masked; false when it has none. */
bool event_text_payload(struct buffer *out, const struct event *event, const struct mask *mask);

enum tint event_tint(const struct event *event);
enum tint severity_tint(enum severity severity);

#endif
