/* One event as a line of `sioscope dump`. */
#ifndef VIEW_LINE_H
#define VIEW_LINE_H

#include "base/mask.h"
#include "socketio/event.h"

/* Appends the object, without line end. False when the buffer refused. */
bool line_write(struct buffer *out, const struct event *event, const struct mask *mask);

/* Appends one sighting of an event, an object of `legs`. */
void line_write_leg(struct buffer *out, const struct event_leg *leg);

#endif
