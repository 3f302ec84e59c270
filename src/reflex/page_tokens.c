/*
 * What the pages of one token show together: reconnect-loop (a redirect that leads to itself), duplicate-session (two
 * backends, each with a page of the token). Reflex's token stays with a tab of the browser over reloads and
 * reconnections, and names the tab's state (reflex.md section 1).
 *
 * A loop. Seen: load after load of the same page, in a row, each of which an update ends with `_redirect`, in answer to
 * what the page sends by itself as it loads. Ruled out: redirects after a click (events of a user), a redirect to a
 * page that stays (a login), redirects from page to page that come to no page twice, and loads that lie apart as a
 * user's do. What could still be: somebody goes back to the page that redirects again and again.
 *
 * Two backends. Seen: two pages with one token, both hydrated, and the client goes on in the first while the second
 * lives. A backend that knows of the first gives the second another token (`new_token`; reflex utils/token_manager.py:
 * link_token_to_sid; with Redis all backends know). Ruled out: a reconnection, where the first page falls silent, and
 * pages that were given another token. What could still be: an older Reflex, which shares states by Redis and tokens
 * not; vars that the second backend sent otherwise than the first had them speak against it.
 */
#include "base/text.h"
#include "reflex/page.h"

#include <inttypes.h>
#include <stdio.h>

enum { TOKEN_PATHS = 4, TOKEN_PATH = 96 };

struct page_token {
	uint64_t token;          /* a digest: tokens are secrets */
	uint64_t newest, joined; /* its newest session, and the newest that was hydrated; 0: none */
	/* Loads in a row, each of which a redirect ended. */
	unsigned redirects;
	bool redirected; /* the last load was */
	timestamp loaded;
	uint64_t sessions, last_session; /* in which they were, and the last of them */
	uint64_t paths[TOKEN_PATHS];     /* digests of those that were loaded so */
	size_t path_count;
	char path[TOKEN_PATH]; /* of the last load */
	UT_hash_handle hh;
};

static struct page_token *token_find(struct pages *pages, uint64_t digest)
{
	struct page_token *token = NULL;
	HASH_FIND(hh, pages->tokens, &digest, sizeof digest, token);
	return token;
}

/* Made when it is new; the oldest goes when there is no room. NULL: no memory. */
static struct page_token *token_of(struct pages *pages, uint64_t digest)
{
	struct page_token *token = token_find(pages, digest);
	if (token || !(token = budget_new(&pages->state.findings->memory, sizeof *token)))
		return token;
	token->token = digest;
	HASH_ADD(hh, pages->tokens, token, sizeof digest, token);
	if (!hash_has(token)) {
		budget_note_refusal(&pages->state.findings->memory);
		budget_release(token);
		return NULL;
	}
	if (HASH_COUNT(pages->tokens) > PAGE_TOKENS) {
		struct page_token *oldest = pages->tokens;
		HASH_DEL(pages->tokens, oldest);
		budget_release(oldest);
	}
	return token;
}

void pages_forget_tokens(struct pages *pages)
{
	struct page_token *token, *next;
	HASH_ITER(hh, pages->tokens, token, next)
	{
		HASH_DEL(pages->tokens, token);
		budget_release(token);
	}
}

void page_note_token(struct pages *pages, const struct session *session, struct slice token)
{
	struct page *page = token.len ? session_state_of(&pages->state.sessions, session) : NULL;
	if (!page || page->token)
		return;
	page->token = fnv_digest(token);
	page->server = session->server;
	struct page_token *known = token_of(pages, page->token);
	if (known)
		known->newest = session->number;
}

void page_note_other_token(struct page *page)
{
	page->token = 0;
}

uint64_t pages_session_of(struct pages *pages, struct slice token)
{
	const struct page_token *known = token.len ? token_find(pages, fnv_digest(token)) : NULL;
	return known ? known->newest : 0;
}

uint64_t page_newest_session(struct pages *pages, const struct page *page)
{
	const struct page_token *known = page->token ? token_find(pages, page->token) : NULL;
	return known ? known->newest : 0;
}

/* ---- a redirect that leads to itself */

/* The path of a page, without its query; `/` at its end says nothing. */
static void token_copy_path(char text[TOKEN_PATH], struct slice quoted)
{
	struct slice path = http_target_path(json_inside_quotes(quoted));
	while (path.len > 1 && path.at[path.len - 1] == '/')
		path.len--;
	path = slice_take(path, TOKEN_PATH - 1);
	memcpy(text, path.len ? (const char *)path.at : "", path.len);
	text[path.len] = '\0';
}

static void token_break_row(struct page_token *token)
{
	token->redirects = 0;
	token->path_count = 0;
	token->sessions = token->last_session = 0;
}

void page_note_load(struct pages *pages, struct page *page, const struct event *event, const struct update_event *sent)
{
	if (!update_event_is(sent, "on_load_internal") && !update_event_is(sent, "hydrate_and_load"))
		return;
	page->loaded = event->origin.time;
	struct page_token *token = page->token ? token_find(pages, page->token) : NULL;
	if (!token)
		return;
	if (!token->redirected || page->loaded - token->loaded > threshold_time(THRESHOLD_LOOP_SPAN))
		token_break_row(token);
	token->redirected = false;
	token->loaded = page->loaded;
	token_copy_path(token->path, sent->page);
}

/* Was this page loaded, and redirected, in the row before? */
static bool token_has_path(const struct page_token *token, uint64_t path)
{
	for (size_t i = 0; i < token->path_count && i < TOKEN_PATHS; i++)
		if (token->paths[i] == path)
			return true;
	return false;
}

static void token_report_loop(
    struct pages *pages, const struct page_token *token, const struct event *event, const char *asked, const char *to)
{
	struct findings *findings = pages->state.findings;
	char subject[ENDPOINT_TEXT_SIZE + TOKEN_PATH + 16], server[ENDPOINT_TEXT_SIZE], handler[PAGE_NAME] = "";
	bool is_self = !strcmp(to, token->path);
	snprintf(
	    subject, sizeof subject, "%s redirects %s", endpoint_format(&event->session->server, server), token->path);
	struct finding *finding = findings_claim(
	    findings, CODE_RECONNECT_LOOP, is_self ? CONFIDENCE_PROVEN : CONFIDENCE_LIKELY, NULL, event, subject);
	if (!finding)
		return;
	if (*asked)
		page_handler(slice_of_text(asked), handler);
	finding_say(findings, finding,
	    "the page %s was loaded %u times in a row, in %" PRIu64
	    " session%s, and each time the backend sent it to %s (_redirect)%s%s",
	    token->path, token->redirects, token->sessions, plural_ending(token->sessions), is_self ? "itself" : to,
	    *handler ? " in answer to " : "", handler);
	if (!is_self)
		finding_doubt(findings, finding,
		    "somebody, or a program that watches the page, may come back to it again and again");
	finding_set_cause_row(findings, finding, &reflex_causes[REFLEX_REDIRECT_LOOP]);
	finding_prove(findings, finding, &event->origin, "_redirect to %s, as the page loads", to);
}

static void token_take_redirect(
    struct pages *pages, struct page_token *token, const struct event *event, const char *asked, const char *to)
{
	uint64_t path = fnv_digest(slice_of_text(token->path));
	bool again = token_has_path(token, path);
	token->redirected = true;
	if (!again)
		token->paths[token->path_count++ % TOKEN_PATHS] = path;
	token->redirects += again || token->path_count == 1;
	token->sessions += event->session->number != token->last_session;
	token->last_session = event->session->number;
	if (token->redirects >= threshold_count(THRESHOLD_LOOP_SESSIONS))
		token_report_loop(pages, token, event, asked, to);
}

void page_judge_redirects(struct pages *pages, const struct page *page, const struct event *event,
    const struct update *update, const char *asked)
{
	struct json_walk walk = json_walk_into(update->events);
	struct page_token *token = page->token ? token_find(pages, page->token) : NULL;
	struct slice name, payload, path;
	char to[TOKEN_PATH];
	while (token && !token->redirected && *token->path && json_walk_next(&walk)) {
		if (!json_find_member(walk.value, "name", &name) || !json_string_is(name, "_redirect") ||
		    !json_find_member(walk.value, "payload", &payload) || !json_find_member(payload, "path", &path))
			continue;
		token_copy_path(to, path);
		token_take_redirect(pages, token, event, asked, to);
	}
}

/* ---- one token at two backends */

/* A var of the application that the first page's backend sent last with another value than the other's did: the one
 * that it changed most; NULL: none. */
static const struct model_var *token_find_difference(const struct model *model, const struct model *other)
{
	const struct model_var *found = NULL;
	for (const struct model_state *state = other->states; state; state = state->hh.next) {
		const struct model_state *same = name_is_framework(state->name) ? NULL
		                                                                : model_find_state(model, state->name);
		for (const struct model_var *var = same ? state->vars : NULL; var; var = var->hh.next) {
			const struct model_var *there = model_find_var(same, var->name);
			bool differs = there && there->sent.digest != var->sent.digest;
			if (differs && (!found || there->changes > found->changes))
				found = there;
		}
	}
	return found;
}

/* The page that was hydrated with the token before, and has it still; NULL: none. */
static struct page *token_former(struct pages *pages, const struct page *page, const struct event *event)
{
	const struct page_token *token = page->token ? token_find(pages, page->token) : NULL;
	uint64_t number = token && token->joined != event->session->number ? token->joined : 0;
	struct page *former = number ? session_state_find(&pages->state.sessions, &(struct session){.number = number})
	                             : NULL;
	return former && former->model && former->token == page->token ? former : NULL;
}

void page_note_whole(struct pages *pages, struct page *page, const struct event *event)
{
	struct page *former = token_former(pages, page, event);
	const struct model_var *var = former ? token_find_difference(former->model, page->model) : NULL;
	if (!var)
		return;
	struct slice name = slice_take(name_of_var(var->name), PAGE_NAME - 1);
	snprintf(former->rival.differs, PAGE_NAME, "%.*s", (int)name.len, (const char *)name.at);
}

void page_note_hydrated(struct pages *pages, struct page *page, const struct event *event)
{
	struct page *former = token_former(pages, page, event);
	struct page_token *token = page->token ? token_find(pages, page->token) : NULL;
	if (token)
		token->joined = event->session->number;
	if (!former)
		return;
	former->rival.session = event->session->number;
	former->rival.since = event->origin.time;
	former->rival.packet = event->origin.last;
}

static void token_report_rival(
    struct pages *pages, const struct page *page, const struct event *event, const struct endpoint *other_server)
{
	struct findings *findings = pages->state.findings;
	const struct endpoint *server = &event->session->server;
	bool is_one = endpoint_equals(server, other_server);
	char one[ENDPOINT_TEXT_SIZE], two[ENDPOINT_TEXT_SIZE];
	struct finding *finding = findings_claim(
	    findings, CODE_DUPLICATE_SESSION, CONFIDENCE_LIKELY, event->session, event, "two backends");
	if (!finding)
		return;
	finding_set_case(finding, DUPLICATE_STATES);
	finding_begin_at(finding, page->rival.since);
	finding_say(findings, finding,
	    "session %" PRIu64 " at %s and session %" PRIu64
	    " at %s%s have the same token at the same time and both are hydrated; neither got a new_token, so the two "
	    "%s do not know of each other, and what happens in one does not reach the other%s%s%s",
	    event->session->number, endpoint_format(server, one), page->rival.session,
	    endpoint_format(other_server, two), is_one ? " too" : "", is_one ? "workers there" : "backends",
	    *page->rival.differs ? "; the second began with another value of " : "", page->rival.differs,
	    *page->rival.differs ? " than the first had sent" : "");
	if (*page->rival.differs)
		finding_doubt(findings, finding, "%s may be a var that differs each time it is computed (a time)",
		    page->rival.differs);
	else
		finding_doubt(findings, finding,
		    "where the backends share states by Redis, only their tokens are not shared: older releases of "
		    "Reflex 0.8 and before");
	finding_set_cause_row(findings, finding, &reflex_causes[REFLEX_TOKEN_TWICE]);
	finding_prove(findings, finding, ORIGIN_AT(event->origin.kind, page->joined_packet), "the first is connected");
	finding_prove(findings, finding, ORIGIN_AT(event->origin.kind, page->rival.packet), "the second is hydrated");
	finding_prove(findings, finding, &event->origin, "the first goes on");
}

void page_judge_rival(struct pages *pages, struct page *page, const struct event *event)
{
	if (!page->rival.session || !page->token ||
	    event->origin.time - page->rival.since <= threshold_time(THRESHOLD_DUPLICATE_OVERLAP))
		return;
	const struct page *other = session_state_find(
	    &pages->state.sessions, &(struct session){.number = page->rival.session});
	if (other && !other->left && other->token == page->token && !event->session->is_mixed)
		token_report_rival(pages, page, event, &other->server);
	page->rival.session = 0;
}
