/*
 * An exported frontend on disk: what its sources declare and what its build does. Pages run the build; a backend that
 * starts without Reflex's own command line rewrites the sources only, so both are kept apart.
 */
#ifndef REFLEX_FRONTEND_H
#define REFLEX_FRONTEND_H

#include "reflex/manifest.h"

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
