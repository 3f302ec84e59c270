/* The table of sessions: a hash by sid, and a list in order of last traffic. */
#include "socketio/sessions.h"

#include "base/hash.h"
#include "socketio/target.h"
#include "socketio/timeline.h"

#include <stdlib.h>
#include <utlist.h>

enum { SESSIONS_OF_NAME = 64 }; /* with one sid, at several servers; beyond, the oldest is not found any more */

/* Longer sids are told apart by what a request's sid is cut to. */
struct session_name {
	struct session_entry *newest; /* first */
	size_t count;
	UT_hash_handle hh;
	size_t len;
	uint8_t sid[TARGET_SID_SIZE - 1];
};

struct session_entry {
	struct session session;
	struct session_name *name;                   /* NULL: no sid yet, or nobody finds it any more */
	struct session_entry *same_prev, *same_next; /* with the same name, the newest first */
	struct session_entry *prev, *next;
};

struct sessions {
	struct session_name *by_name;
	struct session_entry *oldest; /* head of the list in order of last traffic */
	size_t count, limit;
	struct budget *budget;
	uint64_t evicted;
	void (*closed)(void *self, struct session *session);
	void *self;
};

struct sessions *sessions_new(
    size_t limit, struct budget *budget, void (*closed)(void *self, struct session *session), void *self)
{
	struct sessions *sessions = calloc(1, sizeof *sessions);
	if (sessions)
		*sessions = (struct sessions){.limit = limit, .budget = budget, .closed = closed, .self = self};
	return sessions;
}

static void sessions_unname(struct sessions *sessions, struct session_entry *entry)
{
	struct session_name *name = entry->name;
	if (!name)
		return;
	entry->name = NULL;
	DL_DELETE2(name->newest, entry, same_prev, same_next);
	if (--name->count)
		return;
	HASH_DEL(sessions->by_name, name);
	free(name);
}

static void session_free_parts(struct session *session)
{
	for (size_t i = 0; i < session->namespace_count; i++)
		free(session->namespaces[i].name);
	free(session->namespaces);
	free(session->losses);
	free(session->sid);
	timeline_free_answers(session->answers);
}

static void sessions_remove(struct sessions *sessions, struct session_entry *entry)
{
	sessions->closed(sessions->self, &entry->session);
	sessions_unname(sessions, entry);
	DL_DELETE(sessions->oldest, entry);
	sessions->count--;
	session_free_parts(&entry->session);
	free(entry);
}

void sessions_close_all(struct sessions *sessions)
{
	while (sessions->oldest)
		sessions_remove(sessions, sessions->oldest);
}

void sessions_free(struct sessions *sessions)
{
	if (sessions)
		sessions_close_all(sessions);
	free(sessions);
}

static struct session_name *sessions_find_name(struct sessions *sessions, struct slice sid)
{
	struct session_name *name = NULL;
	sid = slice_take(sid, sizeof name->sid);
	if (sid.len)
		HASH_FIND(hh, sessions->by_name, sid.at, sid.len, name);
	return name;
}

static bool session_was_at(const struct session *session, const struct endpoint *server)
{
	for (size_t i = 0; i < session->leg_count; i++)
		if (endpoint_equals(&session->legs[i].server, server))
			return true;
	return false;
}

struct session *sessions_find(struct sessions *sessions, struct slice sid, const struct endpoint *server)
{
	const struct session_name *name = sessions_find_name(sessions, sid);
	for (struct session_entry *entry = name ? name->newest : NULL; entry; entry = entry->same_next)
		if (session_was_at(&entry->session, server))
			return &entry->session;
	return NULL;
}

struct session *sessions_newest(struct sessions *sessions, struct slice sid)
{
	const struct session_name *name = sessions_find_name(sessions, sid);
	return name ? &name->newest->session : NULL;
}

static struct session_name *sessions_make_name(struct sessions *sessions, struct slice sid)
{
	struct session_name *name = sessions_find_name(sessions, sid);
	if (name || !(name = budget_new(sessions->budget, sizeof *name)))
		return name;
	*name = (struct session_name){.len = slice_take(sid, sizeof name->sid).len};
	memcpy(name->sid, sid.at, name->len);
	HASH_ADD(hh, sessions->by_name, sid, name->len, name);
	if (hash_has(name))
		return name;
	free(name);
	return NULL;
}

static bool sessions_keep_name(struct sessions *sessions, struct session *session, struct slice sid)
{
	session->sid = strndup((const char *)sid.at, sid.len);
	if (!session->sid)
		return false;
	session->sid_len = strlen(session->sid);
	struct session *former = sessions_find(sessions, sid, &session->server);
	if (former)
		sessions_unname(sessions, former->entry);
	struct session_name *name = sessions_make_name(sessions, sid);
	if (!name)
		return false;
	DL_PREPEND2(name->newest, session->entry, same_prev, same_next);
	session->entry->name = name;
	if (++name->count > SESSIONS_OF_NAME)
		sessions_unname(sessions, name->newest->same_prev);
	return true;
}

void sessions_name(struct sessions *sessions, struct session *session, struct slice sid)
{
	if (!sessions_keep_name(sessions, session, sid))
		budget_note_refusal(sessions->budget);
}

/* Sessions in use are passed over by moving them to the end. */
static void sessions_evict(struct sessions *sessions)
{
	for (size_t tries = sessions->count; tries; tries--) {
		struct session_entry *entry = sessions->oldest;
		if (!entry->session.users) {
			sessions->evicted += entry->session.closed == TIMESTAMP_NONE;
			sessions_remove(sessions, entry);
			return;
		}
		DL_DELETE(sessions->oldest, entry);
		DL_APPEND(sessions->oldest, entry);
	}
}

struct session *sessions_add(struct sessions *sessions, timestamp now)
{
	if (sessions->count >= sessions->limit)
		sessions_evict(sessions);
	struct session_entry *entry = budget_new(sessions->budget, sizeof *entry);
	if (!entry)
		return NULL;
	entry->session = (struct session){.first = now,
	    .last = now,
	    .opened = TIMESTAMP_NONE,
	    .closed = TIMESTAMP_NONE,
	    .watched = TIMESTAMP_NONE,
	    .entry = entry};
	DL_APPEND(sessions->oldest, entry);
	sessions->count++;
	return &entry->session;
}

void sessions_touch(struct sessions *sessions, struct session *session, timestamp now)
{
	struct session_entry *entry = session->entry;
	session->last = now > session->last ? now : session->last;
	if (!entry->next)
		return;
	DL_DELETE(sessions->oldest, entry);
	DL_APPEND(sessions->oldest, entry);
}

void sessions_expire(struct sessions *sessions, timestamp before)
{
	while (sessions->oldest && sessions->oldest->session.last < before && !sessions->oldest->session.users)
		sessions_remove(sessions, sessions->oldest);
}

uint64_t sessions_evicted(const struct sessions *sessions)
{
	return sessions->evicted;
}
