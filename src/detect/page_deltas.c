/*
 * What an update's names say: delta-unknown-state, delta-unknown-var, delta-missing-var, delta-stale-var.
 *
 * Seen: a name in a delta that the frontend's manifest lacks, or one that the manifest has, that a page reads, and that
 * a whole dump of its state lacks. Ruled out: vars that no page reads (their absence shows nowhere); since Reflex 0.9
 * there are no whole dumps, and absence proves nothing. Stale: one value ever, while a neighbour in the same state
 * changed again and again and shares a word with it; many vars are constant, so that is at most likely.
 */
#include "detect/page.h"

#include <stdio.h>

enum { STALE_CHANGES = 3 };

static void page_tell_unknown_state(
    struct pages *pages, const struct page *page, const struct event *event, const struct update_item *item)
{
	struct findings *findings = pages->state->findings;
	struct finding *finding = findings_claim(
	    findings, CODE_DELTA_UNKNOWN_STATE, CONFIDENCE_PROVEN, event->session, event, "");
	if (!finding)
		return;
	finding_prove(findings, finding, event->first_packet, event->last_packet, "update names %.*s",
	    (int)slice_take(item->state, 120).len, (const char *)item->state.at);
	if (finding->count > 1)
		return;
	const struct manifest_state *near = manifest_nearest_state(page->model->manifest, item->state, item->value);
	struct slice likely = near ? slice_take(near->name, 120) : slice_of("", 0);
	finding_say(findings, finding, "the backend sends state %.*s; the frontend does not have it%s%.*s%s",
	    (int)slice_take(item->state, 120).len, (const char *)item->state.at, near ? ", it has " : "",
	    (int)likely.len, (const char *)likely.at,
	    page->model->client == MODEL_CLIENT_SKIPS ? "; it skips it" : "; it throws there and sends no more");
}

static void page_tell_unknown_var(
    struct pages *pages, const struct page *page, const struct event *event, const struct update_item *item)
{
	struct findings *findings = pages->state->findings;
	const struct manifest_state *declared = manifest_find_state(page->model->manifest, item->state);
	const struct manifest_var *near = NULL;
	char subject[PAGE_NAME];
	snprintf(
	    subject, sizeof subject, "%.*s", (int)slice_take(item->var, PAGE_NAME - 1).len, (const char *)item->var.at);
	struct finding *finding = findings_claim(
	    findings, CODE_DELTA_UNKNOWN_VAR, CONFIDENCE_PROVEN, event->session, event, subject);
	if (!finding)
		return;
	finding_prove(findings, finding, event->first_packet, event->last_packet, "update names %s", subject);
	if (finding->count > 1)
		return;
	if (declared)
		near = manifest_nearest_var(page->model->manifest, declared, item->var, slice_of(NULL, 0));
	struct slice likely = near ? slice_take(near->name, 80) : slice_of("", 0);
	finding_say(findings, finding, "the backend sends %s of %.*s; the frontend does not have it%s%.*s", subject,
	    (int)slice_take(item->state, 120).len, (const char *)item->state.at, near ? ", it has " : "",
	    (int)likely.len, (const char *)likely.at);
}

static bool page_may_show(const struct pages *pages, const struct manifest_var *var)
{
	return var->reads || !pages->knows_reads;
}

static bool page_knows_state(const struct page *page, struct slice state)
{
	return manifest_find_state(page->model->manifest, state) != NULL;
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
			page_tell_unknown_var(pages, page, event, &item);
	}
}

static void page_tell_missing(
    struct pages *pages, const struct event *event, const struct manifest_var *var, const struct manifest_state *state)
{
	struct findings *findings = pages->state->findings;
	char subject[PAGE_NAME];
	snprintf(
	    subject, sizeof subject, "%.*s", (int)slice_take(var->name, PAGE_NAME - 1).len, (const char *)var->name.at);
	struct finding *finding = findings_claim(
	    findings, CODE_DELTA_MISSING_VAR, CONFIDENCE_PROVEN, event->session, event, subject);
	if (!finding)
		return;
	struct slice where = slice_take(var->read_in, 60);
	if (!var->reads)
		finding_say(findings, finding,
		    "the backend sent all of %.*s, and %s, which the frontend declares, was not in it",
		    (int)slice_take(state->name, 120).len, (const char *)state->name.at, subject);
	else
		finding_say(findings, finding,
		    "the backend sent all of %.*s, and %s was not in it, which %.*s reads in %zu places",
		    (int)slice_take(state->name, 120).len, (const char *)state->name.at, subject,
		    where.len ? (int)where.len : 8, where.len ? (const char *)where.at : "the page", var->reads);
	finding_prove(findings, finding, event->first_packet, event->last_packet, "the whole state, without it");
}

/* One packet decides: the whole dump against the manifest. */
static void page_tell_missing_vars(struct pages *pages, const struct page *page, const struct event *event)
{
	struct manifest_cursor cursor = {0};
	while (model_next_missing(page->model, &cursor))
		if (cursor.var && page_may_show(pages, cursor.var) && page_knows_state(page, cursor.state->name))
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
		char subject[PAGE_NAME];
		struct slice source = slice_take(stale.source->name, 80);
		snprintf(subject, sizeof subject, "%.*s", (int)slice_take(stale.declared->name, PAGE_NAME - 1).len,
		    (const char *)stale.declared->name.at);
		struct finding *finding = findings_claim(findings, CODE_DELTA_STALE_VAR,
		    stale.shares_word && stale.same_shape ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE, session, NULL,
		    subject);
		if (!finding)
			continue;
		finding_say(findings, finding, "%s kept its first value while %.*s changed %llu times", subject,
		    (int)source.len, (const char *)source.at, (unsigned long long)stale.source->changes);
		finding_doubt(findings, finding, "a var may be meant to stay as it is");
	}
}
