/* A client's state, rebuilt from the updates. */
#include "reflex/model.h"

#include "base/text.h"
#include "reflex/frontend.h"

#include <stdlib.h>

enum model_client model_client_of(struct slice version)
{
	if (slice_starts_with(version, SLICE("0.9")))
		return MODEL_CLIENT_DROPS;
	struct slice minor = slice_drop(version, 2);
	bool two_digits = minor.len >= 2 && minor.at[0] >= '1' && minor.at[1] >= '0' && minor.at[1] <= '9';
	bool from_one = version.len >= 2 && version.at[0] >= '1' && version.at[0] <= '9';
	return from_one || (slice_starts_with(version, SLICE("0.")) && two_digits) ? MODEL_CLIENT_SKIPS
	                                                                           : MODEL_CLIENT_THROWS;
}

/* ---- memory, within the budget */

static struct slice copy_bytes(struct model *model, struct slice bytes)
{
	uint8_t *copy = budget_alloc(model->budget, bytes.len);
	if (copy && bytes.len)
		memcpy(copy, bytes.at, bytes.len);
	return slice_of(copy, copy ? bytes.len : 0);
}

static void drop_value(struct model *model, struct model_value *value)
{
	budget_free(model->budget, value->text.at, value->text.len);
	*value = (struct model_value){0};
}

struct model *model_new(const struct manifest *manifest, enum model_client client, struct budget *budget)
{
	struct model *model = budget_new(budget, sizeof *model);
	if (model)
		*model = (struct model){.manifest = manifest, .client = client, .budget = budget};
	return model;
}

static void free_var(struct model *model, struct model_var *var)
{
	drop_value(model, &var->sent);
	drop_value(model, &var->held);
	budget_free(model->budget, var->name.at, var->name.len);
	budget_free(model->budget, var, sizeof *var);
}

static void free_state(struct model *model, struct model_state *state)
{
	struct model_var *var, *next;
	HASH_ITER(hh, state->vars, var, next)
	{
		HASH_DEL(state->vars, var);
		free_var(model, var);
	}
	budget_free(model->budget, state->name.at, state->name.len);
	budget_free(model->budget, state, sizeof *state);
}

void model_free(struct model *model)
{
	struct model_state *state, *next;
	if (!model)
		return;
	HASH_ITER(hh, model->states, state, next)
	{
		HASH_DEL(model->states, state);
		free_state(model, state);
	}
	budget_release(model);
}

/* ---- values */

static uint64_t digest_of(struct slice bytes)
{
	return hash_digest(hash_secret(), bytes.at, bytes.len);
}

static bool is_empty(struct slice json, enum json_kind kind)
{
	struct json_walk walk = json_walk_into(json);
	if (kind == JSON_ARRAY || kind == JSON_OBJECT)
		return !json_walk_next(&walk);
	return kind == JSON_NULL || (kind == JSON_STRING && json.len == 2);
}

/* A value whose text the budget refuses is kept without it. */
static struct model_value make_value(struct model *model, struct slice json)
{
	struct model_value value = {.kind = json_kind_of(json), .size = json.len, .digest = digest_of(json)};
	value.empty = is_empty(json, value.kind);
	value.text = copy_bytes(model, slice_take(json, MODEL_TEXT));
	return value;
}

static struct model_value declared_value(struct model *model, const struct model_var *var)
{
	return var->declared ? make_value(model, var->declared->initial) : (struct model_value){0};
}

static bool is_value(const struct model_value *value, struct slice json)
{
	return value->kind != JSON_BAD && value->size == json.len && value->digest == digest_of(json);
}

/* ---- states and vars */

const struct model_state *model_find_state(const struct model *model, struct slice name)
{
	struct model_state *state;
	HASH_FIND(hh, model->states, name.at, name.len, state);
	return state;
}

const struct model_var *model_find_var(const struct model_state *state, struct slice name)
{
	struct model_var *var;
	HASH_FIND(hh, state->vars, name.at, name.len, var);
	return var;
}

static void leave_out(struct model *model)
{
	model->left_out++;
	budget_note_refusal(model->budget);
}

/* The state, made when it is new; NULL (and counted as left out) when the budget refuses it. */
static struct model_state *reach_state(struct model *model, struct slice name)
{
	struct model_state *state = (struct model_state *)model_find_state(model, name);
	if (state)
		return state;
	state = budget_alloc(model->budget, sizeof *state);
	if (state) {
		state->name = copy_bytes(model, name);
		state->declared = model->manifest ? manifest_find_state(model->manifest, name) : NULL;
		if (state->name.at)
			HASH_ADD_KEYPTR(hh, model->states, state->name.at, state->name.len, state);
	}
	if (state && hash_has(state))
		return state;
	if (state)
		free_state(model, state);
	leave_out(model);
	return NULL;
}

static struct model_var *reach_var(struct model *model, struct model_state *state, struct slice name)
{
	struct model_var *var = (struct model_var *)model_find_var(state, name);
	if (var)
		return var;
	var = budget_alloc(model->budget, sizeof *var);
	if (var) {
		var->name = copy_bytes(model, name);
		var->declared = state->declared ? manifest_find_var(state->declared, name) : NULL;
		if (var->name.at)
			HASH_ADD_KEYPTR(hh, state->vars, var->name.at, var->name.len, var);
	}
	if (var && hash_has(var))
		return var;
	if (var)
		free_var(model, var);
	leave_out(model);
	return NULL;
}

/* ---- the connection */

static void show_declared_value(struct model *model, struct model_var *var)
{
	drop_value(model, &var->held);
	var->held = declared_value(model, var);
	var->behind = true;
}

void model_begin_connection(struct model *model, bool new_page, struct model_point at)
{
	model->connected = at;
	model->asked = model->answered = model->hydrated = model->threw = (struct model_point){0};
	if (!new_page)
		return;
	for (struct model_state *state = model->states; state; state = state->hh.next)
		for (struct model_var *var = state->vars; var; var = var->hh.next)
			show_declared_value(model, var);
}

void model_note_event(struct model *model, const struct update_event *event, struct model_point at)
{
	if (!update_event_is(event, "hydrate") && !update_event_is(event, "hydrate_and_load"))
		return;
	model->asked = at;
	model->answered = model->hydrated = (struct model_point){0};
}

static void note_hydration(struct model *model, struct slice delta, struct model_point at)
{
	bool hydrated;
	if (!update_read_hydrated(delta, &hydrated))
		return;
	if (model->asked.event && !model->answered.event)
		model->answered = at;
	if (hydrated)
		model->hydrated = at;
}

/* ---- updates */

/* Before the new value comes in: what stays on the page when the frontend does not take it. */
static void fall_behind(struct model *model, struct model_var *var)
{
	if (var->behind)
		return;
	var->held = var->sends ? var->sent : declared_value(model, var);
	if (var->sends)
		var->sent = (struct model_value){0};
	var->behind = true;
}

static void catch_up(struct model *model, struct model_var *var)
{
	drop_value(model, &var->held);
	var->behind = false;
}

/* Returns true when the value is another than before. */
static bool set_var(struct model *model, struct model_var *var, struct slice json, bool taken, struct model_point at)
{
	bool other = var->sends && !is_value(&var->sent, json);
	if (taken)
		catch_up(model, var);
	else
		fall_behind(model, var);
	if (other || var->sends == 0 || var->sent.kind == JSON_BAD) {
		drop_value(model, &var->sent);
		var->sent = make_value(model, json);
	}
	if (var->sends++ == 0)
		var->first = at;
	var->last = at;
	if (other) {
		var->changes++;
		var->changed[1] = at;
		if (!var->changed[0].event)
			var->changed[0] = at;
	}
	return other;
}

static void note_state(struct model_state *state, bool whole, struct model_point at)
{
	if (state->sends++ == 0)
		state->first = at;
	state->last = at;
	if (whole)
		state->whole = at;
}

/* Whether the frontend takes this substate; `throwing` lasts to the update's end. */
static bool takes_state(struct model *model, struct slice name, bool *throwing, struct model_point at)
{
	bool known = !model->manifest || manifest_find_state(model->manifest, name);
	if (!known && model->client != MODEL_CLIENT_SKIPS) {
		*throwing = true;
		if (!model->threw.event)
			model->threw = at;
	}
	return known && !*throwing;
}

static void apply_var(struct model *model, struct model_state *state, const struct update_item *item, bool taken,
    struct model_point at, struct model_effect *effect)
{
	struct model_var *var = state ? reach_var(model, state, item->var) : NULL;
	effect->vars++;
	effect->not_applied += !taken;
	if (!var)
		return;
	effect->unknown_vars += state->declared && !var->declared;
	effect->changed += set_var(model, var, item->value, taken, at);
}

struct model_effect model_apply(struct model *model, struct slice delta, struct model_point at)
{
	struct model_effect effect = {.whole = update_is_whole(delta)};
	bool throwing = model->client == MODEL_CLIENT_DROPS && model->threw.event, taken = false;
	struct model_state *state = NULL;
	struct update_item item;
	struct update_walk walk = update_walk_delta(delta);
	note_hydration(model, delta, at);
	if (effect.whole)
		model->whole = at;
	while (update_next_item(&walk, &item)) {
		if (!update_item_is_state(&item)) {
			apply_var(model, state, &item, taken, at, &effect);
			continue;
		}
		effect.states++;
		taken = takes_state(model, item.state, &throwing, at);
		effect.unknown_states += model->manifest && !manifest_find_state(model->manifest, item.state);
		if ((state = reach_state(model, item.state)))
			note_state(state, effect.whole, at);
	}
	return effect;
}

/* ---- answers */

const struct model_value *model_shown(const struct model_var *var)
{
	return var->behind ? &var->held : &var->sent;
}

/* The dump had the var (or, without one, the state). */
static bool was_dumped(const struct model *model, const struct manifest_state *state, const struct manifest_var *var)
{
	const struct model_state *sent = model_find_state(model, state->name);
	if (!sent || sent->whole.event != model->whole.event)
		return false;
	const struct model_var *found = var ? model_find_var(sent, var->name) : NULL;
	return !var || (found && found->last.event >= sent->whole.event);
}

static bool next_missing_var(const struct model *model, struct manifest_cursor *cursor)
{
	do
		cursor->var = cursor->var ? cursor->var->hh.next : cursor->state->vars;
	while (cursor->var && was_dumped(model, cursor->state, cursor->var));
	return cursor->var != NULL;
}

bool model_next_missing(const struct model *model, struct manifest_cursor *cursor)
{
	if (!model->manifest || !model->whole.event || model->left_out)
		return false;
	for (;;) {
		if (cursor->state && was_dumped(model, cursor->state, NULL) && next_missing_var(model, cursor))
			return true;
		cursor->state = cursor->state ? cursor->state->hh.next : model->manifest->states;
		cursor->var = NULL;
		if (!cursor->state)
			return false;
		if (!was_dumped(model, cursor->state, NULL))
			return true;
	}
}

bool model_next_missing_var(const struct model *model, struct manifest_cursor *cursor)
{
	return model->manifest && model->whole.event && !model->left_out && cursor->state &&
	       was_dumped(model, cursor->state, NULL) && next_missing_var(model, cursor);
}

struct model_effect follow_apply(struct model *model, const struct event *event, const struct follow_item *item)
{
	const struct model_point at = {event->index, event->origin.time, event->origin.last};
	if (item->kind == FOLLOW_SENT)
		model_note_event(model, &item->sent, at);
	if (item->kind == FOLLOW_UPDATE && item->update.delta.len)
		return model_apply(model, item->update.delta, at);
	return (struct model_effect){0};
}

/* ---- vars that stay as they were */

/* Vars that never change while their neighbours do. */
static bool is_container(enum json_kind kind)
{
	return kind == JSON_ARRAY || kind == JSON_OBJECT;
}

/* A list or object without members: what a computed var starts as. */
static bool is_bare_container(const struct model_stale *stale)
{
	if (stale->var)
		return is_container(stale->var->sent.kind) && stale->var->sent.empty;
	struct json_walk members = json_walk_into(stale->declared->initial);
	return is_container(json_kind_of(stale->declared->initial)) && !json_walk_next(&members);
}

/* Each var is compared with so many neighbours at most: a state of any size must not cost the square of it. */
enum { NEIGHBOURS = 256 };

/* Sharing a word counts before the number of changes. */
static bool is_likelier(const struct model_var *var, bool shares_word, const struct model_stale *stale)
{
	if (!stale->source || shares_word != stale->shares_word)
		return !stale->source || shares_word;
	return var->changes > stale->source->changes;
}

static bool find_source(struct model_stale *stale)
{
	struct slice name = name_of_var(stale->var ? stale->var->name : stale->declared->name);
	size_t seen = 0;
	for (const struct model_var *var = stale->state->vars; var && seen < NEIGHBOURS; var = var->hh.next, seen++) {
		bool shares_word = var->changes && suggest_shares_word(name, name_of_var(var->name));
		if (!var->changes || !is_likelier(var, shares_word, stale))
			continue;
		stale->source = var;
		stale->shares_word = shares_word;
	}
	stale->same_shape = stale->source && is_bare_container(stale) && is_container(stale->source->sent.kind) &&
	                    !stale->source->sent.empty;
	return stale->source != NULL;
}

static bool next_stale_sent(struct model_stale *stale)
{
	const struct model_state *state = stale->state;
	const struct model_var *var = stale->var ? stale->var->hh.next : state->vars;
	for (; var; var = var->hh.next) {
		*stale = (struct model_stale){.state = state, .var = var, .declared = var->declared};
		if (!var->changes && find_source(stale))
			return true;
	}
	return false;
}

static bool next_stale_unsent(struct model_stale *stale, const struct manifest_var *var)
{
	const struct model_state *state = stale->state;
	for (; var; var = var->hh.next) {
		*stale = (struct model_stale){.state = state, .declared = var};
		if (!model_find_var(state, var->name) && find_source(stale))
			return true;
	}
	return false;
}

/* Within one state: first the vars that were sent, then those that never were. */
static bool next_stale_in_state(struct model_stale *stale, bool begin)
{
	bool among_unsent = !begin && !stale->var;
	if (name_is_framework(stale->state->name))
		return false;
	if (!among_unsent && next_stale_sent(stale))
		return true;
	const struct model_state *state = stale->state;
	if (!state->declared || state->whole.event)
		return false;
	return next_stale_unsent(stale, among_unsent ? stale->declared->hh.next : state->declared->vars);
}

bool model_next_stale(const struct model *model, struct model_stale *stale)
{
	if (stale->state && next_stale_in_state(stale, false))
		return true;
	const struct model_state *state = stale->state ? stale->state->hh.next : model->states;
	for (; state; state = state->hh.next) {
		*stale = (struct model_stale){.state = state};
		if (next_stale_in_state(stale, true))
			return true;
	}
	return false;
}
