/*
 * Merged files: their packets are numbered in order of time, across all of them, so that these numbers have one order.
 * What a person looks up in Wireshark is the number in one file: this tells which file a packet is of, and its number
 * there. A byte for each packet, as most files have neighbours of consecutive numbers.
 */
#ifndef BASE_NUMBERING_H
#define BASE_NUMBERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbering; /* opaque */

enum { NUMBERING_FILES = 64, NUMBERING_NAME = 64, NUMBERING_BYTES = 256 << 20 /* at most: beyond, nothing is known */ };

/* `names` of the files, as the user wrote them, are borrowed. NULL: no memory. */
struct numbering *numbering_new(const char *const *names, size_t count);
void numbering_free(struct numbering *numbering); /* NULL is let pass */

/* The next packet is of this file, and there of this number, which is higher than that of the one before. */
void numbering_add(struct numbering *numbering, size_t file, uint64_t number);

/* The packet in its file. */
struct numbered {
	const char *file; /* its name as the user wrote it */
	const char *name; /* the end of it that no other file has: short, for people */
	uint64_t number;
};

/* Which file the packet of this number (from 1) is of. False: not known. */
bool numbering_find(const struct numbering *numbering, uint64_t number, struct numbered *found);

/* The name of a file that people read; `file` itself when it is none of them, or nothing was merged (NULL). */
const char *numbering_short(const struct numbering *numbering, const char *file);

#endif
