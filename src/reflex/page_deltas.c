/*
 * What an update's names say: delta-unknown-state, delta-unknown-var, delta-missing-var, delta-stale-var,
 * frontend-mismatch.
 *
 * Seen: the version that the frontend names, and a var of the backend whose name that version does not give out: vars
 * end with _rx_state_ since 0.8.0 (reflex constants/state.py: FIELD_MARKER). Nothing else could explain it: the var is
 * Reflex's own. Ruled out: frontends that name no version, and what came before 0.8.0 itself.
 *
 * Seen: a name in a delta that the frontend's manifest lacks, or one that the manifest has, that a page reads, and that
 * a whole dump of its state lacks. Ruled out: vars that no page reads (their absence shows nowhere); since Reflex 0.9
 * there are no whole dumps, and absence proves nothing.
 *
 * An unknown var may be a known one under a new name, and then a page lacks it; or new in the backend, and then it
 * lacks nothing. Renamed can only be what did not come in the whole session and a page reads: only such a var is
 * proposed. When there is none in that state, nothing was renamed, and the claim is information. Both are weighed again
 * when the session ends, because what did not come with the first update may come with a later one.
 *
 * Stale: one value ever, while a neighbour in the same state changed again and again and shares a word with it; many
 * vars are constant, so that is at most likely. It is an error when the page shows the var, and the var is still an
 * empty container while its neighbour, of the same shape, is not.
 */
#include "reflex/frontend.h"
#include "reflex/page.h"

#include <stdio.h>

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

static void page_report_unknown_state(
    struct pages *pages, const struct page *page, const struct event *event, const struct update_item *item)
{
	struct findings *findings = pages->state.findings;
	struct finding *finding = findings_claim(
	    findings, CODE_DELTA_UNKNOWN_STATE, CONFIDENCE_PROVEN, event->session, event, "");
	if (!finding)
		return;
	char sent[PAGE_NAME], likely[PAGE_NAME] = "";
	page_class(item->state, sent);
	finding_prove(findings, finding, &event->origin, "update names %s", sent);
	if (finding->count > 1)
		return;
	const struct manifest_state *near = manifest_nearest_state(page->model->manifest, item->state, item->value);
	finding_say(findings, finding, "the backend sends state %s; the frontend does not have it%s%s%s", sent,
	    near ? ", it has " : "", near ? page_class(near->name, likely) : "",
	    page->model->client == MODEL_CLIENT_SKIPS
	        ? "; it skips it"
	        : "; it throws an error there that nobody sees, and sends no more");
	if (near && name_is_of_other_module(near->name, item->state))
		finding_set_cause_row(findings, finding, &reflex_causes[REFLEX_STATE_OF_OTHER_MODULE]);
}

/* A page reads it; or no chunks were given that would show it. */
static bool page_may_show(const struct pages *pages, const struct manifest_var *var)
{
	return var->reads || !pages->knows_reads;
}

struct page_view {
	const struct pages *pages;
	const struct page *page;
};

/* The page shows it, and it did not come. */
static bool page_lacks(const void *self, const struct manifest_var *var)
{
	const struct page_view *view = self;
	const struct model_state *sent = model_find_state(view->page->model, var->state->name);
	return page_may_show(view->pages, var) && !(sent && model_find_var(sent, var->name));
}

static bool page_lacks_any(const struct page_view *view, const struct manifest_state *declared)
{
	const struct manifest_var *var = declared->vars;
	while (var && !page_lacks(view, var))
		var = var->hh.next;
	return var != NULL;
}

/* By what came until now. When the model left something out, what did not come is not known. */
static void page_weigh_unknown_var(struct pages *pages, const struct page *page, struct finding *finding,
    const struct manifest_state *declared, struct slice unknown)
{
	const struct page_view view = {pages, page};
	const struct manifest_var *old = page->model->left_out ? NULL
	                                                       : manifest_nearest_var(page->model->manifest, declared,
	                                                             unknown, page_lacks, &view);
	char var[PAGE_NAME], class[PAGE_NAME], likely[PAGE_NAME], there[PAGE_NAME], why[3 * PAGE_NAME] = "";
	bool harmless = !old && !page_lacks_any(&view, declared);
	if (harmless)
		snprintf(why, sizeof why, "; all that pages show of that state came, so they lack nothing by it");
	else if (old && old->state == declared)
		snprintf(why, sizeof why, ", it has %s, which did not come", page_var(old->name, likely));
	else if (old)
		snprintf(
		    why, sizeof why, ", it has it in %s, where it did not come", page_class(old->state->name, there));
	finding->severity = harmless ? SEVERITY_INFO : code_entry(finding->code)->severity;
	finding_say(pages->state.findings, finding, "the backend sends %s of %s; the frontend does not have it%s",
	    page_var(unknown, var), page_class(declared->name, class), why);
}

/* What makes it the same claim: a name may be unknown in one state, and in another as well. */
static const char *page_unknown_subject(struct slice state, struct slice var, char text[2 * PAGE_NAME])
{
	char class[PAGE_NAME], name[PAGE_NAME];
	snprintf(text, (size_t)2 * PAGE_NAME, "%s.%s", page_class(state, class), page_var(var, name));
	return text;
}

static void page_report_unknown_var(struct pages *pages, const struct page *page, const struct event *event,
    const struct update_item *item, const struct manifest_state *declared)
{
	struct findings *findings = pages->state.findings;
	char subject[2 * PAGE_NAME], var[PAGE_NAME];
	struct finding *finding = findings_claim(findings, CODE_DELTA_UNKNOWN_VAR, CONFIDENCE_PROVEN, event->session,
	    event, page_unknown_subject(item->state, item->var, subject));
	if (!finding)
		return;
	finding_prove(findings, finding, &event->origin, "update names %s", page_var(item->var, var));
	if (finding->count == 1)
		page_weigh_unknown_var(pages, page, finding, declared, item->var);
}

/* When the session has ended. */
static void page_weigh_unknown_vars(struct pages *pages, const struct page *page, const struct session *session)
{
	char subject[2 * PAGE_NAME];
	for (const struct model_state *state = page->model->states; state; state = state->hh.next)
		for (const struct model_var *var = state->vars; var && state->declared; var = var->hh.next) {
			struct finding *finding = var->declared
			                              ? NULL
			                              : findings_recall(pages->state.findings, CODE_DELTA_UNKNOWN_VAR,
			                                    session,
			                                    page_unknown_subject(state->name, var->name, subject));
			if (finding)
				page_weigh_unknown_var(pages, page, finding, state->declared, var->name);
		}
}

static void page_report_unknown(
    struct pages *pages, const struct page *page, const struct event *event, const struct update *update)
{
	struct update_walk walk = update_walk_delta(update->delta);
	struct update_item item;
	while (update_next_item(&walk, &item)) {
		const struct manifest_state *declared = manifest_find_state(page->model->manifest, item.state);
		if (update_item_is_state(&item) && !declared)
			page_report_unknown_state(pages, page, event, &item);
		else if (declared && !update_item_is_state(&item) && !manifest_find_var(declared, item.var))
			page_report_unknown_var(pages, page, event, &item, declared);
	}
}

/* ---- missing */

static void page_report_missing(
    struct pages *pages, const struct event *event, const struct manifest_var *var, const struct manifest_state *state)
{
	struct findings *findings = pages->state.findings;
	char name[PAGE_NAME], class[PAGE_NAME];
	page_var(var->name, name);
	struct finding *finding = findings_claim(
	    findings, CODE_DELTA_MISSING_VAR, CONFIDENCE_PROVEN, event->session, event, name);
	if (!finding)
		return;
	struct slice where = var->reads ? slice_take(var->read_in, 60) : SLICE("the frontend");
	finding_say(findings, finding, "the backend sent all of %s without %s, which %.*s %s",
	    page_class(state->name, class), name, (int)where.len, (const char *)where.at,
	    var->reads ? "shows" : "declares");
	finding_advise(findings, finding,
	    "Look for %s in class %s of the backend that runs: it was renamed or removed there, or it is no longer a "
	    "computed var (its @rx.var is missing). Then export the frontend again, from exactly that code.",
	    name, strrchr(class, '.') ? strrchr(class, '.') + 1 : class);
	finding_prove(findings, finding, &event->origin, "the whole state, without it");
}

/* One packet decides: the whole dump against the manifest. A state that is missing as a whole is no news next to
 * the unknown one in its place, and its vars are not walked. */
static void page_report_missing_vars(struct pages *pages, const struct page *page, const struct event *event)
{
	struct manifest_cursor cursor = {0};
	while (model_next_missing(page->model, &cursor))
		if (cursor.var && page_may_show(pages, cursor.var))
			page_report_missing(pages, event, cursor.var, cursor.state);
}

void page_judge_update(struct pages *pages, struct page *page, const struct event *event, const struct update *update,
    struct model_effect effect)
{
	if (!page->model->manifest)
		return;
	if (effect.unknown_states || effect.unknown_vars)
		page_report_unknown(pages, page, event, update);
	if (effect.whole)
		page_report_missing_vars(pages, page, event);
}

/* ---- versions */

/* Does the version name vars with the marker, as 0.8.0 and later do? 0: what it is is not known: no version, or one
 * that came before 0.8.0. */
static int page_version_marks(const char *version)
{
	struct slice rest = slice_of_text(version);
	uint64_t major, minor, patch;
	if (!digits_take(&rest, 4, &major) || !slice_starts_with(rest, SLICE(".")))
		return 0;
	rest = slice_drop(rest, 1);
	if (!digits_take(&rest, 4, &minor) || !slice_starts_with(rest, SLICE(".")))
		return 0;
	rest = slice_drop(rest, 1);
	bool is_known = digits_take(&rest, 4, &patch);
	bool is_early = !major && minor == 8 && is_known && !patch && rest.len &&
	                !slice_starts_with(rest, SLICE(".post"));
	return !is_known || is_early ? 0 : major || minor >= 8 ? 1 : -1;
}

/* How the backend names `is_hydrated`, which each state's root has: with the marker, or (-1) without; 0: this update
 * does not say. */
static int page_backend_marks(struct slice delta)
{
	struct json_walk states = json_walk_into(delta);
	while (json_walk_next(&states)) {
		bool is_root = slice_equals(json_inside_quotes(states.key), NAME_ROOT_STATE);
		struct json_walk vars = json_walk_into(is_root ? states.value : slice_of(NULL, 0));
		while (json_walk_next(&vars)) {
			struct slice var = json_inside_quotes(vars.key);
			if (slice_equals(name_of_var(var), SLICE("is_hydrated")))
				return name_has_marker(var) ? 1 : -1;
		}
	}
	return 0;
}

void page_judge_version(
    struct pages *pages, const struct page *page, const struct event *event, const struct update *update)
{
	struct findings *findings = pages->state.findings;
	int frontend = page_version_marks(page->version);
	int backend = frontend && update->delta.len ? page_backend_marks(update->delta) : 0;
	struct finding *finding = frontend * backend < 0 ? findings_claim(findings, CODE_FRONTEND_MISMATCH,
	                                                       CONFIDENCE_PROVEN, event->session, event, "versions")
	                                                 : NULL;
	if (!finding)
		return;
	finding_prove(findings, finding, &event->origin, "the backend sends is_hydrated%s",
	    backend > 0 ? "_rx_state_" : " without _rx_state_");
	if (finding->count > 1)
		return;
	finding_say(findings, finding,
	    "the frontend is of Reflex %s (its Sec-WebSocket-Protocol says so), and the backend's vars %s, as those of "
	    "Reflex %s: the page looks for other names and shows nothing of what the backend sends",
	    page->version, backend > 0 ? "end with _rx_state_" : "do not end with _rx_state_",
	    backend > 0 ? "0.8.0 and later do" : "before 0.8.0");
	finding_set_cause_row(findings, finding, &reflex_causes[REFLEX_VERSIONS_DIFFER]);
}

/* ---- stale */

static bool page_is_stale_enough(const struct pages *pages, const struct model_stale *stale)
{
	bool shown = stale->declared && page_may_show(pages, stale->declared);
	return shown && stale->source && stale->source->changes >= reflex_count(REFLEX_STALE_CHANGES) &&
	       (stale->shares_word || stale->same_shape);
}

/* Reflex reads a computed var's dependencies from its getter's bytecode (reflex.md §4), and compiled code has none. */
static void page_report_stale(struct pages *pages, struct finding *finding, const struct session *session,
    const struct model_stale *stale, const char *var, const char *source)
{
	struct findings *findings = pages->state.findings;
	bool shown = pages->knows_reads && stale->declared->reads;
	if (shown && stale->shares_word && stale->same_shape)
		finding->severity = SEVERITY_ERROR;
	finding_say(findings, finding, "%s kept its first value%s while %s changed %llu times%s", var,
	    stale->same_shape ? ", which is empty," : "", source, (unsigned long long)stale->source->changes,
	    shown ? "; the page shows it" : "");
	if (stale->var)
		finding_prove(findings, finding, ORIGIN_AT(session->seen_in, stale->var->first.packet),
		    "the only value of %s", var);
	finding_prove(findings, finding, ORIGIN_AT(session->seen_in, stale->source->changed[0].packet),
	    "the first change of %s", source);
	finding_prove(findings, finding, ORIGIN_AT(session->seen_in, stale->source->changed[1].packet),
	    "the last change of %s", source);
	finding_advise(findings, finding,
	    "If %s is a computed var, name what it depends on: @rx.var(deps=[\"%s\"]), or cache=False. Reflex finds "
	    "the dependencies in the bytecode of the getter; a getter that Nuitka or Cython compiled has none, so the "
	    "var is cached for ever. In code that is not compiled: the getter does not read %s itself, or %s is "
	    "changed in place.",
	    var, source, source, source);
	finding_doubt(findings, finding, "the var may be a constant");
}

void page_judge_vars(struct pages *pages, struct page *page, const struct session *session)
{
	struct findings *findings = pages->state.findings;
	struct model_stale stale = {0};
	page_weigh_unknown_vars(pages, page, session);
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
		page_report_stale(pages, finding, session, &stale, var, source);
	}
}
