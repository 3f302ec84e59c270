/*
 * Which of the server's updates answers which of a Reflex page's events (reference/reflex.md §3): an observer that
 * tells pairs. Up to 0.8 a final update answers the oldest event; without `final` (since 0.9) an update answers
 * whatever was sent; updates of background tasks answer nothing.
 */
#ifndef REFLEX_REPLIES_H
#define REFLEX_REPLIES_H

#include "engine/observer.h"

struct replies; /* opaque */

/* `pair(self, question, answer)` is called with indices of events, the answer's being told just then. NULL: no memory.
 */
struct replies *replies_new(void (*pair)(void *self, uint64_t question, uint64_t answer), void *self);
void replies_free(struct replies *replies);
const struct observer *replies_observer(const struct replies *replies);

/* How often memory was refused: that many pairs or more were not told. */
uint64_t replies_refused(const struct replies *replies);

#endif
