/* What the detectors note about the sessions: one sheet a session, on which each detector has its place, a struct of
 * its own. */
#ifndef DETECT_NOTES_H
#define DETECT_NOTES_H

#include "base/buffer.h"
#include "socketio/session.h"

struct sheet;

enum { NOTES_PLACES = 32 };

struct notes {
	struct budget *memory;
	size_t size; /* of what stands on a sheet */
	size_t place_count;
	struct {
		size_t at;
		void (*empty)(void *note); /* or NULL */
	} places[NOTES_PLACES];
	struct sheet *by_number;
	struct sheet *last; /* that was asked for: the detectors ask for the same in turn; or NULL */
};

/* A detector's place on every sheet. */
struct notes_place {
	struct notes *notes;
	size_t nth;
};

/* `memory` is borrowed, and counts the notes that there was no memory for. */
void notes_init(struct notes *notes, struct budget *memory);
void notes_free(struct notes *notes);

/* A place of `size` bytes on each sheet; at most NOTES_PLACES, before the first note. `empty`, which may be NULL, lets
 * go of what a note holds, before the note itself goes. */
struct notes_place notes_add_place(struct notes *notes, size_t size, void (*empty)(void *note));

/* The session's note, made and zeroed when it is new; it stays where it is until it is forgotten. NULL: no memory. */
void *notes_of(const struct notes_place *place, const struct session *session);

/* The same, without making one. */
void *notes_find(const struct notes_place *place, const struct session *session);

/* Whether anything was noted about the session. */
bool notes_has(struct notes *notes, const struct session *session);

/* The whole sheet. */
void notes_forget(struct notes *notes, const struct session *session);

#endif
