/*
 * An exported frontend on disk: what its sources declare and what its build does. Pages run the build; a backend that
 * starts without Reflex's own command line rewrites the sources only, so both are kept apart. And directories as they
 * are walked to find it.
 */
#ifndef REFLEX_FRONTEND_H
#define REFLEX_FRONTEND_H

#include "base/memory.h"
#include "reflex/manifest.h"

/* ---- a directory and all below it, one entry at a time; links are seen, not followed */

enum directory_kind { DIRECTORY_FILE, DIRECTORY_LINK, DIRECTORY_DIRECTORY, DIRECTORY_OTHER, DIRECTORY_UNREADABLE };

struct directory_entry {
	enum directory_kind kind;
	const char *path;  /* as it can be opened */
	const char *below; /* the part below the directory that was opened */
	uint64_t size;     /* of a file; else 0 */
};

struct directory_walk;

/* Begins a walk of at most `limit` entries; NULL when there is no such directory or no memory (directory_is_directory
 * says which). A link to a directory is followed here, and only here. */
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

/* "directory/below", to be freed; NULL when memory is exhausted. */
char *directory_join(const char *directory, const char *below);

bool directory_is_directory(const char *path);

bool directory_is_file(const char *path); /* a regular one */

/* Appends the file's bytes as far as the buffer takes them; false when that is not all, or it is no regular file. */
bool directory_read_file(const char *path, struct buffer *out);

/* ---- frontend */

enum { FRONTEND_SCRIPTS = 10000, FRONTEND_SCRIPT_BYTES = 64 * 1024 * 1024 };

/* The paths are NULL, and the manifests empty of states, when there is no such part. */
struct frontend {
	char *web;     /* the .web directory */
	char *context; /* utils/context.js or .jsx */
	char *build;   /* the directory of the built client */
	struct manifest *source, *built;
	size_t left_out;        /* scripts of the build past a limit, or unreadable */
	struct budget refusals; /* unlimited; counts what memory was refused to */
	bool lacked_memory;     /* after frontend_open failed: for this reason */
};

/* `path` is a `.web` directory or one that holds it, a directory of built scripts, or a script. False when it cannot be
 * read, or when memory was refused: then it would seem to lack what it has. Nothing needs to be freed then. */
bool frontend_open(struct frontend *frontend, const char *path);
void frontend_free(struct frontend *frontend);

/* What pages run: the build's manifest, or the source's while there is no build with states. */
const struct manifest *frontend_manifest(const struct frontend *frontend);

/* The same, when it declares states; else NULL, as for no frontend (NULL). */
const struct manifest *frontend_states(const struct frontend *frontend);

#endif
