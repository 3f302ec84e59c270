/* A folder and all below it, one entry at a time; links are seen, not followed. */
#ifndef REFLEX_FOLDER_H
#define REFLEX_FOLDER_H

#include "base/buffer.h"

enum folder_kind { FOLDER_FILE, FOLDER_LINK, FOLDER_FOLDER, FOLDER_OTHER, FOLDER_UNREADABLE };

struct folder_entry {
	enum folder_kind kind;
	const char *path;  /* as it can be opened */
	const char *below; /* the part below the folder that was opened */
	uint64_t size;     /* of a file; else 0 */
};

struct folder_walk;

/* Begins a walk of at most `limit` entries; NULL when there is no such folder or no memory (folder_is_folder tells
 * which). A link to a folder is followed here, and only here. */
struct folder_walk *folder_open(const char *path, uint64_t limit);
void folder_close(struct folder_walk *walk);

/* The next entry, a folder before what it holds, in the order of names; what it lends lasts until the next call. False
 * at the end. */
bool folder_next(struct folder_walk *walk, struct folder_entry *entry);

/* Leaves out what the folder that was last seen holds. */
void folder_skip(struct folder_walk *walk);

/* The walk ended at its limit. */
bool folder_was_cut(const struct folder_walk *walk);

/* Memory was refused on the way: entries may be missing. */
bool folder_lacked_memory(const struct folder_walk *walk);

/* ---- single paths */

/* "folder/below", to be freed; NULL when memory is exhausted. */
char *folder_join(const char *folder, const char *below);

bool folder_is_folder(const char *path);

bool folder_is_file(const char *path); /* a regular one */

/* Appends the file's bytes as far as the buffer takes them; false when that is not all, or it is no regular file. */
bool folder_read_file(const char *path, struct buffer *out);

#endif
