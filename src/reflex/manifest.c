/* Reflex's names taken apart; and the declared state: kept, looked up, compared. */
#include "base/json.h"
#include "base/text.h"
#include "http/http1.h"
#include "reflex/frontend.h"
#include "reflex/thresholds.h"

#include <stdlib.h>

/* ---- names */

bool name_has_marker(struct slice var)
{
	return slice_ends_with(var, NAME_MARKER);
}

struct slice name_of_var(struct slice var)
{
	return name_has_marker(var) ? slice_take(var, var.len - NAME_MARKER.len) : var;
}

struct slice name_last_part(struct slice state)
{
	size_t start = state.len;
	while (start && state.at[start - 1] != '.')
		start--;
	return slice_drop(state, start);
}

/* The module ends at the last run of underscores that is long enough: module separators are three of them, the class
 * follows four. */
static size_t class_start(struct slice part)
{
	for (size_t start = part.len; start >= 4; start--)
		if (memcmp(part.at + start - 4, "____", 4) == 0)
			return start;
	return 0;
}

struct slice name_of_class(struct slice state)
{
	struct slice part = name_last_part(state);
	return slice_drop(part, class_start(part));
}

bool name_is_framework(struct slice state)
{
	return slice_starts_with(name_last_part(state), SLICE("reflex___"));
}

bool name_is_of_other_module(struct slice a, struct slice b)
{
	return !name_is_framework(a) && !name_is_framework(b) && name_of_class(a).len &&
	       slice_equals(name_of_class(a), name_of_class(b)) && !slice_equals(name_last_part(a), name_last_part(b));
}

/* The module's dots are written as three underscores. */
static bool write_module(struct buffer *out, struct slice module)
{
	bool whole = true;
	while (module.len && whole) {
		size_t end = slice_find(module, SLICE("___"));
		whole = buffer_append(out, slice_take(module, end)) && buffer_append_byte(out, '.');
		module = slice_drop(module, end + 3);
	}
	return whole;
}

static bool write_camel_case(struct buffer *out, struct slice snake)
{
	bool whole = true, capital = true;
	for (size_t index = 0; index < snake.len && whole; index++) {
		uint8_t byte = snake.at[index];
		bool letter = byte >= 'a' && byte <= 'z';
		if (byte != '_')
			whole = buffer_append_byte(out, capital && letter ? byte - 'a' + 'A' : byte);
		capital = byte == '_';
	}
	return whole;
}

bool name_write_class(struct buffer *out, struct slice state)
{
	struct slice part = name_last_part(state);
	size_t start = class_start(part);
	return write_module(out, slice_take(part, start ? start - 4 : 0)) &&
	       write_camel_case(out, slice_drop(part, start));
}

/* ---- manifest */

struct manifest *manifest_new(void)
{
	struct manifest *manifest = calloc(1, sizeof *manifest);
	if (!manifest)
		return NULL;
	arena_init(&manifest->memory, MANIFEST_LIMIT);
	manifest->refusals.limit = SIZE_MAX;
	return manifest;
}

void manifest_free(struct manifest *manifest)
{
	if (!manifest)
		return;
	manifest_forget_states(manifest);
	arena_free(&manifest->memory);
	free(manifest);
}

bool manifest_lacked_memory(const struct manifest *manifest)
{
	return manifest->refusals.refused || manifest->memory.refused;
}

void manifest_forget_states(struct manifest *manifest)
{
	for (struct manifest_state *state = manifest->states; state; state = state->hh.next)
		HASH_CLEAR(hh, state->vars);
	HASH_CLEAR(by_context, manifest->contexts);
	HASH_CLEAR(hh, manifest->states);
	manifest->var_count = 0;
}

const struct manifest_state *manifest_find_state(const struct manifest *manifest, struct slice name)
{
	struct manifest_state *state;
	HASH_FIND(hh, manifest->states, name.at, name.len, state);
	return state;
}

const struct manifest_var *manifest_find_var(const struct manifest_state *state, struct slice name)
{
	struct manifest_var *var = NULL;
	if (name.len)
		HASH_FIND(hh, state->vars, name.at, name.len, var);
	return var;
}

/* So many of an object's vars are looked up in each state: enough to recognise it, and a hostile object costs no more.
 */
enum { VARS_COMPARED = 64 };

/* How many of the object's members the state declares, in percent. */
static unsigned shared_vars(const struct manifest_state *state, struct slice vars)
{
	unsigned all = 0, shared = 0;
	struct json_walk walk = json_walk_into(vars);
	while (all < VARS_COMPARED && json_walk_next(&walk)) {
		struct slice name = json_inside_quotes(walk.key);
		all++;
		shared += manifest_find_var(state, name) != NULL;
	}
	return all ? shared * 100 / all : 0;
}

/* The vars weigh twice the name; without vars the name decides. */
static unsigned state_nearness(const struct manifest_state *state, struct slice name, struct slice vars)
{
	unsigned alike = suggest_likeness(name_of_class(state->name), name_of_class(name));
	struct json_walk walk = json_walk_into(vars);
	return json_walk_next(&walk) ? (alike + 2 * shared_vars(state, vars)) / 3 : alike;
}

const struct manifest_state *manifest_nearest_state(
    const struct manifest *manifest, struct slice name, struct slice vars)
{
	const struct manifest_state *nearest = NULL;
	unsigned best = (unsigned)reflex_count(REFLEX_NAME_LIKENESS) - 1;
	if (name_is_framework(name))
		return NULL;
	for (const struct manifest_state *state = manifest->states; state; state = state->hh.next) {
		unsigned nearness = name_is_framework(state->name) ? 0 : state_nearness(state, name, vars);
		if (nearness > best) {
			best = nearness;
			nearest = state;
		}
	}
	return nearest;
}

const struct manifest_var *manifest_nearest_var(const struct manifest *manifest, const struct manifest_state *state,
    struct slice name, bool (*may)(const void *self, const struct manifest_var *var), const void *self)
{
	const struct manifest_var *nearest = NULL;
	unsigned best = (unsigned)reflex_count(REFLEX_NAME_LIKENESS) - 1;
	for (const struct manifest_var *var = state->vars; var; var = var->hh.next) {
		unsigned alike = may(self, var) ? suggest_likeness(name_of_var(var->name), name_of_var(name)) : 0;
		if (alike > best) {
			best = alike;
			nearest = var;
		}
	}
	for (state = manifest->states; state && !nearest; state = state->hh.next) {
		const struct manifest_var *same = manifest_find_var(state, name);
		nearest = same && may(self, same) ? same : NULL;
	}
	return nearest;
}

/* The next var of the cursor's state that `other` lacks. */
static bool next_lacking_var(const struct manifest_state *other, struct manifest_cursor *cursor)
{
	do
		cursor->var = cursor->var ? cursor->var->hh.next : cursor->state->vars;
	while (cursor->var && manifest_find_var(other, cursor->var->name));
	return cursor->var != NULL;
}

bool manifest_next_lacking(const struct manifest *of, const struct manifest *in, struct manifest_cursor *cursor)
{
	for (;;) {
		const struct manifest_state *other = cursor->state ? manifest_find_state(in, cursor->state->name)
		                                                   : NULL;
		if (other && next_lacking_var(other, cursor))
			return true;
		cursor->state = cursor->state ? cursor->state->hh.next : of->states;
		cursor->var = NULL;
		if (!cursor->state)
			return false;
		if (!manifest_find_state(in, cursor->state->name))
			return true;
	}
}

struct slice manifest_endpoint_path(const struct manifest *manifest)
{
	struct slice behind = http_origin_host(manifest->endpoint);
	return slice_drop(behind, slice_find_byte(behind, '/'));
}
