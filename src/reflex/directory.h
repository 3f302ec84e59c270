/* A directory and all below it, one entry at a time; links are seen, not followed. */
#ifndef REFLEX_DIRECTORY_H
#define REFLEX_DIRECTORY_H

#include "base/buffer.h"

enum directory_kind { DIRECTORY_FILE, DIRECTORY_LINK, DIRECTORY_DIRECTORY, DIRECTORY_OTHER, DIRECTORY_UNREADABLE };

struct directory_entry {
	enum directory_kind kind;
	const char *path;  /* as it can be opened */
	const char *below; /* the part below the directory that was opened */
	uint64_t size;     /* of a file; else 0 */
};

struct directory_walk;

/* Begins a walk of at most `limit` entries; NULL when there is no such directory or no memory (directory_is_directory
 * tells which). A link to a directory is followed here, and only here. */
struct directory_walk *directory_open(const char *path, uint64_t limit);
void directory_close(struct directory_walk *walk);

/* The next entry, a directory before what it holds, in the order of names; what it lends lasts until the next call.
 * False at the end. */
bool directory_next(struct directory_walk *walk, struct directory_entry *entry);

/* Leaves out what the directory that was last seen holds. */
void directory_skip(struct directory_walk *walk);

/* The walk ended at its limit. */
bool directory_was_cut(const struct directory_walk *walk);

/* Memory was refused on the way: entries may be missing. */
bool directory_lacked_memory(const struct directory_walk *walk);

/* ---- single paths */

/* "folder/below", to be freed; NULL when memory is exhausted. */
char *directory_join(const char *directory, const char *below);

bool directory_is_directory(const char *path);

bool directory_is_file(const char *path); /* a regular one */

/* Appends the file's bytes as far as the buffer takes them; false when that is not all, or it is no regular file. */
bool directory_read_file(const char *path, struct buffer *out);

#endif
