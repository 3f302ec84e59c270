/*
 * What an update's names say: delta-unknown-state, delta-unknown-var, delta-missing-var, delta-stale-var.
 *
 * Seen: a name in a delta that the frontend's manifest lacks, or one that the manifest has, that a page reads, and that
 * a whole dump of its state lacks. Ruled out: vars that no page reads (their absence shows nowhere); since Reflex 0.9
 * there are no whole dumps, and absence proves nothing. Stale: one value ever, while a neighbour in the same state
 * changed again and again and shares a word with it; many vars are constant, so that is at most likely.
 */
#include "detect/page.h"
#include "reflex/name.h"

#include <stdio.h>

enum { STALE_CHANGES = 3 };

/* ---- names as the source has them */

/* `shop.cart.CartState` */
static const char *page_class(struct slice state, char text[PAGE_NAME])
{
	struct buffer name = buffer_over(text, PAGE_NAME - 1);
	name_write_class(&name, state);
	text[name.len] = '\0';
	return text;
}

/* Without its marker. */
static const char *page_var(struct slice var, char text[PAGE_NAME])
{
	struct slice name = slice_take(name_of_var(var), PAGE_NAME - 1);
	snprintf(text, PAGE_NAME, "%.*s", (int)name.len, (const char *)name.at);
	return text;
}

/* ---- unknown */

static void page_tell_unknown_state(
    struct pages *pages, const struct page *page, const struct event *event, const struct update_item *item)
{
	struct findings *findings = pages->state->findings;
	struct finding *finding = findings_claim(
	    findings, CODE_DELTA_UNKNOWN_STATE, CONFIDENCE_PROVEN, event->session, event, "");
	if (!finding)
		return;
	char sent[PAGE_NAME], likely[PAGE_NAME] = "";
	page_class(item->state, sent);
	finding_prove(findings, finding, event->first_packet, event->last_packet, "update names %s", sent);
	if (finding->count > 1)
		return;
	const struct manifest_state *near = manifest_nearest_state(page->model->manifest, item->state, item->value);
	finding_say(findings, finding, "the backend sends state %s; the frontend does not have it%s%s%s", sent,
	    near ? ", it has " : "", near ? page_class(near->name, likely) : "",
	    page->model->client == MODEL_CLIENT_SKIPS ? "; it skips it"
	                                              : "; it throws there, without a word, and sends no more");
}

static void page_tell_unknown_var(struct pages *pages, const struct page *page, const struct event *event,
    const struct update_item *item, const struct manifest_state *declared)
{
	struct findings *findings = pages->state->findings;
	char var[PAGE_NAME], class[PAGE_NAME], likely[PAGE_NAME] = "";
	page_var(item->var, var);
	struct finding *finding = findings_claim(
	    findings, CODE_DELTA_UNKNOWN_VAR, CONFIDENCE_PROVEN, event->session, event, var);
	if (!finding)
		return;
	finding_prove(findings, finding, event->first_packet, event->last_packet, "update names %s", var);
	if (finding->count > 1)
		return;
	const struct manifest_var *near = manifest_nearest_var(
	    page->model->manifest, declared, item->var, slice_of(NULL, 0));
	finding_say(findings, finding, "the backend sends %s of %s; the frontend does not have it%s%s", var,
	    page_class(item->state, class), near ? ", it has " : "", near ? page_var(near->name, likely) : "");
}

static void page_tell_unknown(
    struct pages *pages, const struct page *page, const struct event *event, const struct update *update)
{
	struct update_walk walk = update_walk_delta(update->delta);
	struct update_item item;
	while (update_next_item(&walk, &item)) {
		const struct manifest_state *declared = manifest_find_state(page->model->manifest, item.state);
		if (update_item_is_state(&item) && !declared)
			page_tell_unknown_state(pages, page, event, &item);
		else if (declared && !update_item_is_state(&item) && !manifest_find_var(declared, item.var))
			page_tell_unknown_var(pages, page, event, &item, declared);
	}
}

/* ---- missing */

/* A page reads it; or no chunks were given that would tell. */
static bool page_may_show(const struct pages *pages, const struct manifest_var *var)
{
	return var->reads || !pages->knows_reads;
}

static void page_tell_missing(
    struct pages *pages, const struct event *event, const struct manifest_var *var, const struct manifest_state *state)
{
	struct findings *findings = pages->state->findings;
	char name[PAGE_NAME], class[PAGE_NAME];
	page_var(var->name, name);
	struct finding *finding = findings_claim(
	    findings, CODE_DELTA_MISSING_VAR, CONFIDENCE_PROVEN, event->session, event, name);
	if (!finding)
		return;
	struct slice where = var->reads ? slice_take(var->read_in, 60) : SLICE("the frontend");
	finding_say(findings, finding, "the backend sent all of %s, and %s was not in it, which %.*s %s",
	    page_class(state->name, class), name, (int)where.len, (const char *)where.at,
	    var->reads ? "shows" : "declares");
	finding_advise(findings, finding,
	    "Look for %s in class %s of the backend that runs: it was renamed or removed there, or it is a computed "
	    "var "
	    "that is none any more (its @rx.var is missing). Then export the frontend again from that very code.",
	    name, class);
	finding_prove(findings, finding, event->first_packet, event->last_packet, "the whole state, without it");
}

/* One packet decides: the whole dump against the manifest. A state that is missing as a whole is no news beside the
 * unknown one that stands in its place, and its vars are not walked. */
static void page_tell_missing_vars(struct pages *pages, const struct page *page, const struct event *event)
{
	struct manifest_cursor cursor = {0};
	while (model_next_missing(page->model, &cursor))
		if (cursor.var && page_may_show(pages, cursor.var))
			page_tell_missing(pages, event, cursor.var, cursor.state);
}

void page_judge_update(struct pages *pages, struct page *page, const struct event *event, const struct update *update,
    struct model_effect effect)
{
	if (!page->model->manifest)
		return;
	if (effect.unknown_states || effect.unknown_vars)
		page_tell_unknown(pages, page, event, update);
	if (effect.whole)
		page_tell_missing_vars(pages, page, event);
}

/* ---- stale */

static bool page_is_stale_enough(const struct pages *pages, const struct model_stale *stale)
{
	bool shown = stale->declared && page_may_show(pages, stale->declared);
	return shown && stale->source && stale->source->changes >= STALE_CHANGES &&
	       (stale->shares_word || stale->same_shape);
}

void page_judge_vars(struct pages *pages, struct page *page, const struct session *session)
{
	struct findings *findings = pages->state->findings;
	struct model_stale stale = {0};
	while (model_next_stale(page->model, &stale)) {
		if (!page_is_stale_enough(pages, &stale))
			continue;
		char var[PAGE_NAME], source[PAGE_NAME];
		page_var(stale.declared->name, var);
		page_var(stale.source->name, source);
		struct finding *finding = findings_claim(findings, CODE_DELTA_STALE_VAR,
		    stale.shares_word && stale.same_shape ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE, session, NULL,
		    var);
		if (!finding)
			continue;
		finding_say(findings, finding, "%s kept its first value while %s changed %llu times", var, source,
		    (unsigned long long)stale.source->changes);
		finding_doubt(findings, finding, "a var may be meant to stay as it is");
	}
}
