/* What a detector notes about each session: a struct of its own, zeroed, kept while the session lives. */
#ifndef DETECT_NOTES_H
#define DETECT_NOTES_H

#include "base/buffer.h"
#include "engine/session.h"

struct note;

struct notes {
	size_t size; /* of what is noted */
	struct budget *memory;
	struct note *by_number;
};

/* `memory` is borrowed, and counts the notes that there was no memory for. */
void notes_init(struct notes *notes, size_t size, struct budget *memory);
void notes_free(struct notes *notes);

/* The session's note, made when it is new; NULL: no memory. */
void *notes_of(struct notes *notes, const struct session *session);

/* The same, without making one. */
void *notes_find(const struct notes *notes, const struct session *session);

/* Calls `visit` with each note. */
void notes_visit(const struct notes *notes, void (*visit)(void *note));

void notes_forget(struct notes *notes, const struct session *session);

#endif
