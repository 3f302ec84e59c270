/* Who listens to the timeline: detectors, views, the TUI. The only callback seam above the engine. */
#ifndef SOCKETIO_OBSERVER_H
#define SOCKETIO_OBSERVER_H

#include "socketio/event.h"

/* Any function may be NULL. They are called in the order of the packets; what is passed is borrowed for the call. */
struct observer {
	void *self;
	void (*session_opened)(void *self, const struct session *session); /* first mention of it */
	void (*event)(void *self, const struct event *event);
	/* A client asked for a connection, for whatever, and this became of it (net/stream.h). No event. */
	void (*attempted)(void *self, const struct attempt *attempt);
	/* The event was seen on another leg of its session too, after it was emitted. */
	void (*crossed)(void *self, uint64_t index, const struct event_leg *leg);
	void (*session_closed)(void *self, const struct session *session); /* the last call that knows it */
	void (*end)(void *self); /* everything was told, every session closed */
};

#endif
