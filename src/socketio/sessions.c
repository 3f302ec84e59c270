/* The table of sessions: a hash by sid and server, and a list in order of last traffic. */
#include "socketio/sessions.h"

#include "base/hash.h"
#include "socketio/target.h"
#include "socketio/timeline.h"

#include <stdlib.h>
#include <utlist.h>

/* Longer sids are told apart by what a request's sid is cut to. */
struct session_key {
	uint8_t version;
	uint8_t address[16];
	uint8_t port[2];
	uint8_t sid[TARGET_SID_SIZE - 1];
};

struct session_entry {
	struct session session;
	struct session_key key;
	UT_hash_handle hh; /* of no table: no sid yet */
	struct session_entry *prev, *next;
};

struct sessions {
	struct session_entry *by_key;
	struct session_entry *oldest; /* head of the list in order of last traffic */
	size_t count, limit;
	struct budget *budget;
	uint64_t numbered, evicted;
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

static void sessions_unlink_key(struct sessions *sessions, struct session_entry *entry)
{
	if (!hash_has(entry))
		return;
	HASH_DEL(sessions->by_key, entry);
	entry->hh.tbl = NULL;
}

static void session_free_parts(struct session *session)
{
	for (size_t i = 0; i < session->namespace_count; i++)
		free(session->namespaces[i].name);
	free(session->namespaces);
	free(session->sid);
	timeline_free_answers(session->answers);
}

static void sessions_remove(struct sessions *sessions, struct session_entry *entry)
{
	sessions->closed(sessions->self, &entry->session);
	sessions_unlink_key(sessions, entry);
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

/* Returns the key's length. */
static size_t sessions_make_key(struct session_key *key, struct slice sid, const struct endpoint *server)
{
	sid = slice_take(sid, sizeof key->sid);
	key->version = server->address.version;
	memcpy(key->address, server->address.bytes, sizeof key->address);
	memcpy(key->port, &server->port, sizeof key->port);
	if (sid.len)
		memcpy(key->sid, sid.at, sid.len);
	return offsetof(struct session_key, sid) + sid.len;
}

struct session *sessions_find(struct sessions *sessions, struct slice sid, const struct endpoint *server)
{
	struct session_key key;
	struct session_entry *entry = NULL;
	size_t len = sessions_make_key(&key, sid, server);
	if (sid.len)
		HASH_FIND(hh, sessions->by_key, &key, len, entry);
	return entry ? &entry->session : NULL;
}

static bool sessions_keep_name(struct sessions *sessions, struct session *session, struct slice sid)
{
	struct session_entry *entry = session->entry;
	session->sid = strndup((const char *)sid.at, sid.len);
	if (!session->sid)
		return false;
	session->sid_len = strlen(session->sid);
	struct session *former = sessions_find(sessions, sid, &session->server);
	if (former)
		sessions_unlink_key(sessions, former->entry);
	size_t len = sessions_make_key(&entry->key, sid, &session->server);
	HASH_ADD(hh, sessions->by_key, key, len, entry);
	return hash_has(entry);
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

struct session *sessions_add(struct sessions *sessions, struct slice sid, const struct endpoint *client,
    const struct endpoint *server, timestamp now)
{
	if (sessions->count >= sessions->limit)
		sessions_evict(sessions);
	struct session_entry *entry = budget_new(sessions->budget, sizeof *entry);
	if (!entry)
		return NULL;
	entry->session = (struct session){.number = ++sessions->numbered,
	    .client = *client,
	    .server = *server,
	    .first = now,
	    .last = now,
	    .opened = TIMESTAMP_NONE,
	    .closed = TIMESTAMP_NONE,
	    .watched = TIMESTAMP_NONE,
	    .entry = entry};
	DL_APPEND(sessions->oldest, entry);
	sessions->count++;
	if (sid.len)
		sessions_name(sessions, &entry->session, sid);
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
