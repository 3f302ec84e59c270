/* An event in a few words, as the interface and the HTML report show it; and its payload. */
#ifndef VIEW_EVENT_TEXT_H
#define VIEW_EVENT_TEXT_H

#include "base/mask.h"
#include "base/memory.h"
#include "socketio/event.h"

/* "tick_update", "connect /admin", "ack 3", "ws-close 1006", "GET 400": what its arrow bears. A hundred bytes of it. */
void event_text_name(struct buffer *out, const struct event *event);

/* More of it, for one line, to an empty buffer: name, then the beginning of its payload, whose secrets are masked
 * because their names may lie before what is shown; of the rest they are where it is drawn. */
void event_text_line(struct buffer *out, const struct event *event, const struct mask *mask);

/* Its payload as one JSON value (arguments in brackets), secrets masked, in an empty buffer; false when it has none. */
bool event_text_payload(struct buffer *out, const struct event *event, const struct mask *mask);

/* The name under which its payload is masked, because it stands before it: the event's own where that is a secret's; of
 * CONNECT, whose string is its auth, "auth". Empty: none. */
struct slice event_text_payload_name(const struct event *event, const struct mask *mask);

#endif
