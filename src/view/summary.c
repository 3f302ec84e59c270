/* Gathers what a report tells. */
#include "view/summary.h"

#include <stdlib.h>

enum { SUMMARY_TEXT_PER_SESSION = 512 }; /* on average; sets the limit on all texts together */

static void summary_keep_namespaces(
    struct summary *summary, struct summary_session *kept, const struct session *session)
{
	size_t len = 0;
	for (size_t i = 0; i < session->namespace_count; i++)
		len += session->namespaces[i].name_len + 1;
	char *names = arena_alloc(&summary->texts, len);
	uint8_t *states = arena_alloc(&summary->texts, session->namespace_count);
	if (!names || !states)
		return;
	kept->namespaces = names;
	kept->namespace_states = states;
	kept->namespace_count = session->namespace_count;
	for (size_t i = 0; i < session->namespace_count; i++) {
		memcpy(names, session->namespaces[i].name, session->namespaces[i].name_len + 1);
		names += session->namespaces[i].name_len + 1;
		states[i] = session->namespaces[i].state;
	}
}

static const char *summary_keep_text(struct summary *summary, struct slice text)
{
	const char *kept = text.len ? arena_copy_text(&summary->texts, text) : NULL;
	return kept ? kept : "";
}

static struct summary_session *summary_add(struct summary *summary)
{
	if (summary->session_count == summary->session_room) {
		size_t room = summary->session_room ? summary->session_room * 2 : 64;
		struct summary_session *grown = summary->texts.used < summary->texts.limit
		                                    ? realloc(summary->sessions, room * sizeof *grown)
		                                    : NULL;
		if (!grown)
			return NULL;
		summary->sessions = grown;
		summary->session_room = room;
	}
	return &summary->sessions[summary->session_count++];
}

static void summary_take_session(void *self, const struct session *session)
{
	struct summary *summary = self;
	struct summary_session *kept = summary->unlisted ? NULL : summary_add(summary);
	if (!kept) {
		summary->unlisted++;
		return;
	}
	*kept = (struct summary_session){
	    .number = session->number,
	    .sid = summary_keep_text(summary, slice_of(session->sid, session->sid_len)),
	    .client = session->client,
	    .server = session->server,
	    .process = session->process,
	    .doubtful = session->doubtful,
	    .known = session->known,
	    .handshake_seen = session->handshake_seen,
	    .refused = session->refused,
	    .revision = session->revision,
	    .transports = session->transports,
	    .first = session->first,
	    .last = session->last,
	    .opened = session->opened,
	    .closed = session->closed,
	    .close = summary_keep_text(summary, slice_of_text(session->close)),
	    .events = {session->events[0], session->events[1]},
	    .packets = {session->packets[0], session->packets[1]},
	    .gaps = session->gaps,
	    .malformed = session->malformed,
	    .incomplete = session->incomplete,
	    .unreadable = session->unreadable,
	};
	if (session->namespace_count)
		summary_keep_namespaces(summary, kept, session);
}

void summary_init(struct summary *summary, size_t limit)
{
	*summary = (struct summary){.observer = {.self = summary, .session_closed = summary_take_session}};
	deployment_init(&summary->deployment);
	arena_init(&summary->texts, limit * SUMMARY_TEXT_PER_SESSION);
}

void summary_free(struct summary *summary)
{
	arena_free(&summary->texts);
	free(summary->sessions);
}

static int summary_compare(const void *a, const void *b)
{
	const struct summary_session *left = a, *right = b;
	return left->number < right->number ? -1 : left->number > right->number;
}

void summary_finish(struct summary *summary, const struct engine *engine, const struct summary_input *input,
    const struct findings *findings)
{
	summary->findings = findings;
	summary->input = *input;
	summary->counts = engine_counts(engine);
	summary->limits = engine_limits(engine);
	if (summary->session_count)
		qsort(summary->sessions, summary->session_count, sizeof *summary->sessions, summary_compare);
}

const char *summary_namespace(const struct summary_session *session, size_t nth)
{
	const char *name = session->namespaces;
	while (nth--)
		name += strlen(name) + 1;
	return name;
}
