/* The timeline: numbers events, links each answer to what it answers, and hands them to the observers. It keeps none.
 */
#ifndef SOCKETIO_TIMELINE_H
#define SOCKETIO_TIMELINE_H

#include "base/memory.h"
#include "socketio/event.h"
#include "socketio/session.h"

struct timeline {
	const struct observer *const *observers; /* borrowed, as many as `observer_count` */
	size_t observer_count;
	struct budget *budget;
	uint64_t events, sessions;
};

/* Completes `event` (index, session, answers), lets it change `session` (may be NULL, gets its number with the first),
 * and hands it to the observers. */
void timeline_add(struct timeline *timeline, struct session *session, struct event *event);

/* Tells the observers that an event was seen on another leg too. */
void timeline_cross(const struct timeline *timeline, uint64_t index, const struct event_leg *leg);

/* A client asked for a connection, and this became of it. */
void timeline_emit_attempt(const struct timeline *timeline, const struct attempt *attempt);
/* A document that pages load: does an observer want it? Then it is given to those that do. */
bool timeline_wants_beside(const struct timeline *timeline, struct slice target);
void timeline_emit_beside(const struct timeline *timeline, const struct event *event);
bool timeline_wants_document(const struct timeline *timeline, struct slice target);
void timeline_give_document(const struct timeline *timeline, struct slice target, struct slice body);
void timeline_emit_handshake(const struct timeline *timeline, const struct tls_handshake *handshake);

/* A request is whole, and its answer is due. */
void timeline_emit_asked(const struct timeline *timeline, const struct event *event);

void timeline_close_session(const struct timeline *timeline, const struct session *session);
/* The observers hear that nothing more came until `now`. */
void timeline_advance(const struct timeline *timeline, timestamp now);

void timeline_end(const struct timeline *timeline);

/* What a session still waits to be answered. */
void timeline_free_answers(struct session_answers *answers);

#endif
