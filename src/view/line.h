/* One event as a line of `sioscope dump` (contracts.md, NDJSON). */
#ifndef VIEW_LINE_H
#define VIEW_LINE_H

#include "engine/event.h"
#include "view/mask.h"

/* Appends the object, without line end. False when the buffer refused. */
bool line_write(struct buffer *out, const struct event *event, const struct mask *mask);

#endif
