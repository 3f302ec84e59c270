/*
 * What a frontend declares: the substates and vars of its `initialState`, where its pages read them, and the facts
 * baked in next to it. Read from scripts: `utils/context.js[x]`, or the chunks of a build, whose names vary and whose
 * literal is minified.
 */
#ifndef REFLEX_MANIFEST_H
#define REFLEX_MANIFEST_H

#include "base/hash.h"
#include "base/memory.h"

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

#endif
