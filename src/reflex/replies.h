/*
 * Which of the server's updates answers which of a Reflex page's events (update_answers): an observer that tells pairs.
 */
#ifndef REFLEX_REPLIES_H
#define REFLEX_REPLIES_H

#include "socketio/observer.h"

struct replies; /* opaque */

/* `pair(self, question, answer)` is called with indices of events, the answer's being told just then. NULL: no
 * memory. */
struct replies *replies_new(void (*pair)(void *self, uint64_t question, uint64_t answer), void *self);
void replies_free(struct replies *replies);
const struct observer *replies_observer(const struct replies *replies);

/* How often memory was refused: that many pairs or more were not told. */
uint64_t replies_refused(const struct replies *replies);

#endif
