/*
 * What the hops between the legs of a session cost: how long answers took, as seen on each leg. An observer that keeps
 * what is asked until its answer was seen on every leg as well.
 */
#ifndef VIEW_HOPS_H
#define VIEW_HOPS_H

#include "base/memory.h"
#include "socketio/event.h"
#include "socketio/session.h"

struct hops; /* opaque */

/* The times from an event to its ack, on each leg, nearest to the client first: the median, and what 95 % keep within;
 * and how much of it passes between this leg and the next (of the last: 0). */
struct hop_times {
	size_t legs; /* 0: nothing was seen on several legs */
	uint64_t count;
	timestamp medians[SESSION_LEGS], p95s[SESSION_LEGS];
	timestamp between_medians[SESSION_LEGS], between_p95s[SESSION_LEGS];
};

/* `budget` is borrowed. NULL: no memory. */
struct hops *hops_new(struct budget *budget);
void hops_free(struct hops *hops); /* NULL is let pass, here and below */

void hops_take_event(struct hops *hops, const struct event *event);
void hops_take_crossed(struct hops *hops, uint64_t index, const struct event_leg *leg);

/* The session is over: what was seen of it, which is forgotten. */
struct hop_times hops_end_session(struct hops *hops, uint64_t session);

#endif
