/* An observer: the state of each Reflex page at a point in time, as the backend sent it and as it is shown. */
#ifndef REFLEX_STATE_H
#define REFLEX_STATE_H

#include "base/mask.h"
#include "reflex/model.h"
#include "socketio/observer.h"
#include "view/text_writer.h"

/* A substate is worth showing: it has vars, and is none of Reflex's own, which say little, save the root. */
bool state_is_worth_showing(const struct model_state *state);

/* Appends what may be shown of a var's value: what was kept of its JSON, or what stands in a secret's place. */
void state_write_value(struct buffer *out, const struct mask *mask, struct slice name, const struct model_value *value);

struct state_view; /* opaque */

/* `manifest` may be NULL: then every name is taken as known to the frontend. `at`: events after it are not taken;
 * TIMESTAMP_NONE: all are. NULL: no memory. */
struct state_view *state_view_new(const struct manifest *manifest, timestamp at);
void state_view_free(struct state_view *view);

const struct observer *state_view_observer(const struct state_view *view);

/* `at` as a length of time from the first event on; before the first event only. */
void state_view_set_offset(struct state_view *view, timestamp offset);

/* Once the timeline has ended: each page that got an update. */
void state_view_write(const struct text_writer *writer, const struct state_view *view, const struct mask *mask);

#endif
