/* Fills a manifest from scripts: the declared state, the facts baked in next to it, and what the chunks use. */
#include "base/json.h"
#include "reflex/frontend.h"
#include "reflex/script.h"

/* ---- what the scripts declare */

/* A table may refuse an element for want of memory: then the element is not in it. */
static bool was_added(struct manifest *manifest, bool added)
{
	if (!added)
		budget_note_refusal(&manifest->refusals);
	return added;
}

static struct manifest_state *add_state(struct manifest *manifest, struct slice name)
{
	struct manifest_state *state;
	HASH_FIND(hh, manifest->states, name.at, name.len, state);
	if (state || HASH_COUNT(manifest->states) >= MANIFEST_STATES ||
	    !(state = arena_alloc(&manifest->memory, sizeof *state)))
		return state;
	state->name = name;
	HASH_ADD_KEYPTR(hh, manifest->states, name.at, name.len, state);
	return was_added(manifest, hash_has(state)) ? state : NULL;
}

static bool add_var(struct manifest *manifest, struct manifest_state *state, struct slice name, struct slice initial)
{
	if (manifest_find_var(state, name))
		return true;
	struct manifest_var *var = manifest->var_count < MANIFEST_VARS ? arena_alloc(&manifest->memory, sizeof *var)
	                                                               : NULL;
	if (!var)
		return false;
	var->name = name;
	var->initial = initial;
	var->state = state;
	HASH_ADD_KEYPTR(hh, state->vars, name.at, name.len, var);
	manifest->var_count++;
	return was_added(manifest, hash_has(var));
}

/* The key's text, copied. */
static struct slice copy_key(struct manifest *manifest, struct slice key)
{
	struct buffer text;
	buffer_init(&text, BUFFER_NO_LIMIT, &manifest->refusals);
	struct slice copy = slice_of(NULL, 0);
	if (json_unescape(key, &text))
		copy = arena_copy(&manifest->memory, buffer_slice(&text));
	buffer_free(&text);
	return copy;
}

static bool add_vars(struct manifest *manifest, struct manifest_state *state, struct slice object)
{
	struct json_walk walk = json_walk_into(object);
	while (json_walk_next(&walk)) {
		struct slice name = copy_key(manifest, walk.key);
		if (!name.at || !add_var(manifest, state, name, walk.value))
			return false;
	}
	return true;
}

static bool add_states(struct manifest *manifest, struct slice object)
{
	struct json_walk walk = json_walk_into(object);
	while (json_walk_next(&walk)) {
		struct slice name = copy_key(manifest, walk.key);
		struct manifest_state *state = name.at ? add_state(manifest, name) : NULL;
		if (!state || !add_vars(manifest, state, walk.value))
			return false;
	}
	return true;
}

/* A map of states: every value is an object, and the names are like Reflex's. */
static bool has_shape_of_states(struct slice object)
{
	bool named = false;
	struct json_walk walk = json_walk_into(object);
	while (json_walk_next(&walk)) {
		if (json_kind_of(walk.value) != JSON_OBJECT)
			return false;
		named |= slice_find(walk.key, SLICE("___")) < walk.key.len;
	}
	return named;
}

/* `app.shop____cart` as chunks name it: `app__shop____cart`. */
static struct slice context_name(struct manifest *manifest, struct slice state)
{
	struct buffer name;
	buffer_init(&name, BUFFER_NO_LIMIT, &manifest->refusals);
	bool whole = true;
	for (size_t index = 0; index < state.len && whole; index++)
		whole = state.at[index] == '.' ? buffer_append_text(&name, "__")
		                               : buffer_append_byte(&name, state.at[index]);
	struct slice copy = whole ? arena_copy(&manifest->memory, buffer_slice(&name)) : slice_of(NULL, 0);
	buffer_free(&name);
	return copy;
}

static bool index_contexts(struct manifest *manifest)
{
	for (struct manifest_state *state = manifest->states; state; state = state->hh.next) {
		state->context = context_name(manifest, state->name);
		if (!state->context.at)
			return false;
		HASH_ADD_KEYPTR(by_context, manifest->contexts, state->context.at, state->context.len, state);
		if (!was_added(manifest, state->by_context.tbl != NULL))
			return false;
	}
	return true;
}

static bool keep_states(struct manifest *manifest, struct slice json)
{
	struct slice object;
	struct slice text = arena_copy(&manifest->memory, json);
	if (!text.at || !json_take_value(&text, &object) || !has_shape_of_states(object))
		return false;
	if (add_states(manifest, object) && index_contexts(manifest))
		return true;
	manifest_forget_states(manifest);
	return false;
}

static bool read_states_at(struct manifest *manifest, struct slice literal)
{
	const char *why;
	struct buffer json;
	if (literal.len == 0 || literal.at[0] != '{')
		return false;
	buffer_init(&json, MANIFEST_LIMIT / 4, &manifest->refusals);
	bool read = literal_take_value(&literal, &json, &why) && keep_states(manifest, buffer_slice(&json));
	buffer_free(&json);
	return read;
}

/* A hostile script could have any number of beginnings of literals, each read to the script's end. */
enum { LITERALS_TRIED = 32 };

/* By the root state's name: a minifier may rename `initialState`, never a key. */
static bool read_states_by_root(struct manifest *manifest, struct slice script)
{
	struct script_place place;
	unsigned tried = 0;
	for (size_t offset = 0;
	     tried < LITERALS_TRIED && script_next_place(script, NAME_ROOT_STATE, &offset, &place);) {
		if (place.value.len == 0 || place.value.at[0] != '{')
			continue;
		tried++;
		if (read_states_at(manifest, script_enclosing_object(script, place)))
			return true;
	}
	return false;
}

bool manifest_read_states(struct manifest *manifest, struct slice script)
{
	struct script_place place;
	unsigned tried = 0;
	if (manifest->states)
		return false;
	if (read_states_by_root(manifest, script))
		return true;
	for (size_t offset = 0;
	     tried < LITERALS_TRIED && script_next_place(script, SLICE("initialState"), &offset, &place); tried++)
		if (read_states_at(manifest, place.value))
			return true;
	return false;
}

/* ---- what they bake in */

static bool is_transport(struct slice text, struct slice after)
{
	(void)after;
	return slice_equals_text(text, "websocket") || slice_equals_text(text, "polling");
}

static bool is_endpoint(struct slice text, struct slice after)
{
	(void)after;
	return slice_find(text, SLICE("://")) < text.len;
}

/* Many libraries have a version; Reflex's is before its project's hash. */
static bool is_reflex_version(struct slice text, struct slice after)
{
	after = script_skip_space(after);
	after = script_skip_space(slice_drop(after, slice_starts_with(after, SLICE(","))));
	after = slice_drop(after, after.len && (after.at[0] == '"' || after.at[0] == '\''));
	return text.len && slice_starts_with(after, SLICE("project_hash"));
}

/* The first text that the script gives `key` and that is what it should be. */
static void read_fact(struct manifest *manifest, struct slice script, struct slice key,
    bool (*fits)(struct slice text, struct slice after), struct slice *fact)
{
	struct buffer text;
	struct script_place place;
	struct slice after;
	buffer_init(&text, 4096, &manifest->refusals);
	for (size_t offset = 0; fact->len == 0 && script_next_place(script, key, &offset, &place);) {
		buffer_clear(&text);
		if (script_take_text(place.value, &text, &after) && fits(buffer_slice(&text), after))
			*fact = arena_copy(&manifest->memory, buffer_slice(&text));
	}
	buffer_free(&text);
}

void manifest_read_facts(struct manifest *manifest, struct slice script)
{
	read_fact(manifest, script, SLICE("TRANSPORT"), is_transport, &manifest->transport);
	read_fact(manifest, script, SLICE("EVENT"), is_endpoint, &manifest->endpoint);
	read_fact(manifest, script, SLICE("version"), is_reflex_version, &manifest->version);
}

/* ---- what the chunks use */

static void note_read(struct manifest_var *var, struct slice chunk)
{
	if (var->reads++ == 0)
		var->read_in = chunk;
}

/* A component may use two states, so the one named last need not be the var's: then the marker makes the name so
 * peculiar that any state that declares it may be meant. */
static void note_var(
    struct manifest *manifest, const struct manifest_state *latest, struct slice name, struct slice chunk)
{
	const struct manifest_var *var = latest ? manifest_find_var(latest, name) : NULL;
	if (var) {
		note_read((struct manifest_var *)var, chunk);
		return;
	}
	if (!name_has_marker(name))
		return;
	for (struct manifest_state *state = manifest->states; state; state = state->hh.next)
		if ((var = manifest_find_var(state, name)))
			note_read((struct manifest_var *)var, chunk);
}

static const struct manifest_state *find_context(const struct manifest *manifest, struct slice name)
{
	struct manifest_state *state;
	HASH_FIND(by_context, manifest->contexts, name.at, name.len, state);
	return state;
}

/* state.handler: an event that the chunk sends. */
static bool is_event_name(const struct manifest *manifest, struct slice word)
{
	struct slice handler = name_last_part(word);
	return handler.len && handler.len < word.len &&
	       manifest_find_state(manifest, slice_take(word, word.len - handler.len - 1));
}

/* `context.a__b.total_rx_state_`: a part may be a state's context or a var that is read. */
static void note_parts(
    struct manifest *manifest, const struct manifest_state **latest, struct slice word, struct slice chunk)
{
	for (bool first = true; word.len || first; first = false) {
		size_t end = slice_find_byte(word, '.');
		struct slice part = slice_take(word, end);
		const struct manifest_state *state = find_context(manifest, part);
		if (state)
			*latest = state;
		else if (!first && part.len)
			note_var(manifest, *latest, part, chunk);
		word = slice_drop(word, end + 1);
	}
}

void manifest_read_uses(struct manifest *manifest, struct slice script, struct slice chunk)
{
	const struct manifest_state *latest = NULL;
	struct slice kept = arena_copy(&manifest->memory, chunk);
	for (struct slice word; (word = script_next_word(&script)).len;) {
		const struct manifest_state *state = manifest_find_state(manifest, word);
		if (state)
			latest = state;
		else if (!is_event_name(manifest, word))
			note_parts(manifest, &latest, word, kept);
	}
}
