/*
 * An exported frontend: what it declares (the substates and vars of its `initialState`, where its pages read them, and
 * the facts baked in next to it), read from scripts; and the frontend on disk.
 */
#ifndef REFLEX_FRONTEND_H
#define REFLEX_FRONTEND_H

#include "base/hash.h"
#include "base/memory.h"

/* ---- what it declares */

/* Read from scripts: `utils/context.js[x]`, or the chunks of a build, whose names vary and whose literal is minified.
 */

/* ---- names as Reflex writes them: `reflex___state____state.shop___cart____cart_state` is class CartState of
 * module shop.cart below the root state, `total_rx_state_` its var `total` */

#define NAME_MARKER SLICE("_rx_state_") /* ends every var since 0.8.0 */
#define NAME_ROOT_STATE SLICE("reflex___state____state")

/* The var's name in Python: without the marker, when it has one. */
struct slice name_of_var(struct slice var);
bool name_has_marker(struct slice var);

/* The part after the last dot of a state: `shop___cart____cart_state`. */
struct slice name_last_part(struct slice state);

/* The class of a state in snake case: `cart_state`; the whole last part when it names no module. */
struct slice name_of_class(struct slice state);

/* The same class of the application, in modules of different names. */
bool name_is_of_other_module(struct slice a, struct slice b);

/* The state is Reflex's own (its root included), not the application's. */
bool name_is_framework(struct slice state);

/* Appends what the source calls the state: `shop.cart.CartState`. A class whose capitals are not those of plain snake
 * case (URLState) cannot be derived from the name. */
bool name_write_class(struct buffer *out, struct slice state);

/* ---- manifest */

struct manifest_state;

struct manifest_var {
	struct slice name;    /* as declared, with its marker */
	struct slice initial; /* JSON */
	const struct manifest_state *state;
	size_t reads;         /* places in the chunks that read it; 0: no page shows it, as far as chunks were given */
	struct slice read_in; /* the first such chunk */
	UT_hash_handle hh;    /* by name, in the order of declaration */
};

struct manifest_state {
	struct slice name;    /* full */
	struct slice context; /* as chunks name it up to 0.8: dots are two underscores */
	struct manifest_var *vars;
	UT_hash_handle hh;         /* by name, in the order of declaration */
	UT_hash_handle by_context; /* by context */
};

struct manifest {
	struct arena memory;
	struct budget refusals; /* unlimited; counts what memory was refused to, beside `memory` */
	struct manifest_state *states;
	struct manifest_state *contexts;
	size_t var_count;
	/* Each empty until a script has it. */
	struct slice version;   /* of Reflex */
	struct slice transport; /* "websocket" or "polling"; before 0.8.15 the transport is fixed and not written */
	struct slice endpoint;  /* URL of /_event, as baked */
};

/* Bytes; states and vars in all. More are not kept. */
enum { MANIFEST_LIMIT = 64 * 1024 * 1024, MANIFEST_STATES = 20000, MANIFEST_VARS = 200000 };

/* NULL when memory is exhausted. */
struct manifest *manifest_new(void);
void manifest_free(struct manifest *manifest);

/* Memory was refused while it was read: it may lack anything. */
bool manifest_lacked_memory(const struct manifest *manifest);

/* Back to no states at all; the facts stay. */
void manifest_forget_states(struct manifest *manifest);

/* ---- reading; each may be called with every script there is */

/* Finds the initial state in a script and takes it; true when it was there (and whole). The first one found stays. */
bool manifest_read_states(struct manifest *manifest, struct slice script);

/* Takes the facts that the script bakes in: version, transport, endpoint. JSON files (`env.json`, `reflex.json`) are
 * read the same way. */
void manifest_read_facts(struct manifest *manifest, struct slice script);

/* Notes which vars a chunk reads; the states must be known. */
void manifest_read_uses(struct manifest *manifest, struct slice script, struct slice chunk);

/* ---- asking */

const struct manifest_state *manifest_find_state(const struct manifest *manifest, struct slice name);
const struct manifest_var *manifest_find_var(const struct manifest_state *state, struct slice name);

/* The path of the endpoint, as "/_event"; empty when there is none. Borrowed. */
struct slice manifest_endpoint_path(const struct manifest *manifest);

/* What an unknown name probably was before it was renamed; NULL when nothing is near. `vars` is the substate's object
 * in the delta (or empty): the var names of a state say more than its own name. */
const struct manifest_state *manifest_nearest_state(
    const struct manifest *manifest, struct slice name, struct slice vars);

/* The same for a var of `state`, among those of which `may(self, var)` is true. When none of the state is near, a var
 * of this very name in another state: it moved. */
const struct manifest_var *manifest_nearest_var(const struct manifest *manifest, const struct manifest_state *state,
    struct slice name, bool (*may)(const void *self, const struct manifest_var *var), const void *self);

/* Walks what `of` declares and `in` lacks: a whole state (`var` NULL), or one var. Initial values are not compared: a
 * build spells them otherwise. Begin with an empty cursor. */
struct manifest_cursor {
	const struct manifest_state *state;
	const struct manifest_var *var;
};
bool manifest_next_lacking(const struct manifest *of, const struct manifest *in, struct manifest_cursor *cursor);

/* ---- on disk */

/* What its sources declare and what its build does. Pages run the build; a backend that starts without Reflex's own
 * command line rewrites the sources only, so both are kept apart. And directories as they are walked to find it. */

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

enum {
	FRONTEND_SCRIPTS = 10000,
	FRONTEND_SCRIPT_BYTES = 64 * 1024 * 1024,
	FRONTEND_CAPTURED_BYTES = 64 * 1024 * 1024, /* of all scripts that are read off a capture */
	FRONTEND_WAITING_BYTES = 8 * 1024 * 1024,   /* of those that come before the states */
	FRONTEND_DIGESTS = 512
};

/* The paths are NULL, and the manifests empty of states, when there is no such part. */
struct frontend {
	char *web;     /* the .web directory */
	char *context; /* utils/context.js or .jsx */
	char *build;   /* the directory of the built client */
	struct manifest *source, *built;
	size_t left_out;        /* scripts of the build past a limit, or unreadable */
	struct budget refusals; /* unlimited; counts what memory was refused to */
	bool lacked_memory;     /* after frontend_open failed: for this reason */
	/* Of the capture (captured.c): */
	bool is_captured;  /* it was not given */
	bool is_ambiguous; /* scripts of two frontends were seen */
	struct captured_script *waiting;
	size_t waiting_bytes, taken_bytes;
	uint64_t digests[FRONTEND_DIGESTS]; /* of scripts that were read */
	size_t digest_count;
};

/* `path` is a `.web` directory or one that holds it, a directory of built scripts, or a script. False when it cannot be
 * read, or when memory was refused: then it would seem to lack what it has. Nothing needs to be freed then. */
bool frontend_open(struct frontend *frontend, const char *path);
void frontend_free(struct frontend *frontend);

/* One that is read off the capture: nothing is known of it yet. False: no memory. */
bool frontend_begin_captured(struct frontend *frontend);
void frontend_free_captured(struct frontend *frontend); /* by frontend_free */

/* Is the answer to a request with this target wanted, and takes it. `frontend` may be NULL: nothing is. */
bool frontend_wants_script(const struct frontend *frontend, struct slice target);
void frontend_take_script(struct frontend *frontend, struct slice target, struct slice script);

/* What pages run: the build's manifest, or the source's while there is no build with states. */
const struct manifest *frontend_manifest(const struct frontend *frontend);

/* The same, when it declares states; else NULL, as for no frontend (NULL). */
const struct manifest *frontend_states(const struct frontend *frontend);

#endif
