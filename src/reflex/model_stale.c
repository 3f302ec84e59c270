/* Vars that stand still while their neighbours change. */
#include "base/suggest.h"
#include "reflex/model.h"
#include "reflex/name.h"

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
