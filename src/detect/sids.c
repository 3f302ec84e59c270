/* Who gave out which sid, what became of it, and why a server does not know it. */
#include "detect/sids.h"

#include "base/hash.h"
#include "detect/refusal.h"

#include <stdio.h>
#include <stdlib.h>

/* The last of them are kept. */
enum { SIDS_KEPT = 4096, SIDS_COOKIE = 48, SIDS_SERVERS = 64 };

struct sid_record {
	char sid[TARGET_SID_SIZE];
	struct endpoint server;
	timestamp time;
	uint64_t packet;       /* of the answer that gave it out */
	uint64_t again_packet; /* of another one of the same server; 0: none */
	bool is_disowned;      /* its own server did not know it any more */
	bool is_cached;        /* that one says that it came from a cache */
	bool is_sticky;        /* the cookie is known as a balancer's */
	uint64_t cookie_packet;
	char cookie[SIDS_COOKIE]; /* the name of the one that the answer set: a balancer's, or the first; "": none */
	enum cause cause;         /* as it was reported; CAUSES: it was not */
	struct finding *finding;  /* so it was */
	UT_hash_handle hh;
};

/* What a server's restart, or several workers behind its address, look like. */
struct sid_server {
	struct endpoint endpoint;
	timestamp down; /* when a connection was refused there last; 0: never */
	uint64_t down_packet;
	bool counts;      /* its sids have a counter */
	uint32_t counter; /* of the latest */
	timestamp given;  /* when that was given out */
	uint32_t stride;  /* the longest step from one sid to the next: joined namespaces may take numbers as well */
	uint32_t other;   /* that of the latest before it went back */
	timestamp began;  /* when it went back, for the first time in close succession */
	timestamp fell;   /* and for the last */
	uint64_t fell_packet;
	unsigned falls;   /* how often in close succession: a restart is one */
	bool has_workers; /* it went back and forth */
};

struct sids {
	struct findings *findings;
	struct sid_record *records;
	struct sid_server servers[SIDS_SERVERS];
	size_t server_count;
};

struct sids *sids_new(struct findings *findings)
{
	struct sids *sids = calloc(1, sizeof *sids);
	if (sids)
		sids->findings = findings;
	return sids;
}

void sids_free(struct sids *sids)
{
	struct sid_record *record, *next;
	if (!sids)
		return;
	HASH_ITER(hh, sids->records, record, next)
	{
		HASH_DEL(sids->records, record);
		budget_release(record);
	}
	free(sids);
}

/* ---- records */

static struct sid_record *sids_find(const struct sids *sids, const char *sid)
{
	struct sid_record *record = NULL;
	HASH_FIND_STR(sids->records, sid, record);
	return record;
}

static struct sid_record *sids_add(struct sids *sids, const struct session *session)
{
	struct sid_record *record = session->sid_len < TARGET_SID_SIZE
	                                ? budget_new(&sids->findings->memory, sizeof *record)
	                                : NULL;
	if (!record)
		return NULL;
	memcpy(record->sid, session->sid, session->sid_len + 1);
	HASH_ADD_STR(sids->records, sid, record);
	if (!hash_has(record)) {
		budget_note_refusal(&sids->findings->memory);
		budget_release(record);
		return NULL;
	}
	if (HASH_COUNT(sids->records) > SIDS_KEPT) {
		struct sid_record *oldest = sids->records;
		HASH_DEL(sids->records, oldest);
		budget_release(oldest);
	}
	return record;
}

static struct sid_server *sids_find_server(struct sids *sids, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < sids->server_count; i++)
		if (endpoint_equals(&sids->servers[i].endpoint, endpoint))
			return &sids->servers[i];
	return NULL;
}

static struct sid_server *sids_server_of(struct sids *sids, const struct endpoint *endpoint)
{
	struct sid_server *server = sids_find_server(sids, endpoint);
	if (server)
		return server;
	if (sids->server_count == SIDS_SERVERS) {
		findings_note_beyond(sids->findings, NULL, endpoint);
		return NULL;
	}
	server = &sids->servers[sids->server_count++];
	*server = (struct sid_server){.endpoint = *endpoint};
	return server;
}

/* googollee's: a restart gives the same ones out again. */
static bool sid_is_counter(const char *sid)
{
	size_t len = strspn(sid, "0123456789abcdefghijklmnopqrstuvwxyz");
	return len && len <= 6 && !sid[len];
}

/* node's base64id and python's generate_id end with a counter of the process, in 24 bits: four digits of base64.
 * googollee's sid is a counter, in digits of base 36. False: it has none. */
static bool sid_read_counter(const char *sid, uint32_t *counter)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(sid);
	*counter = 0;
	if (sid_is_counter(sid)) {
		*counter = (uint32_t)strtoul(sid, NULL, 36);
		return true;
	}
	for (size_t i = len < 4 ? 0 : len - 4; i < len; i++) {
		const char *digit = strchr(digits, sid[i]);
		if (!digit)
			return false;
		*counter = *counter << 6 | (uint32_t)(digit - digits);
	}
	return len == 20;
}

static bool sid_server_has_workers(const struct sid_server *server)
{
	return server->has_workers || server->falls > 1;
}

/* Its counter began again: a restart, as long as it goes back no more. What was reported shortly before could not know.
 */
static void sid_reconsider(
    struct sids *sids, const struct sid_server *server, struct sid_record *record, const struct event *event)
{
	char name[ENDPOINT_TEXT_SIZE];
	bool restarted = !sid_server_has_workers(server);
	enum cause before = restarted ? CAUSE_SESSION_GONE : CAUSE_RESTARTED;
	if (record->cause != before || !record->finding || record->finding->cause != cause_table[before].word ||
	    !endpoint_equals(&record->server, &server->endpoint) ||
	    (!server->has_workers && server->began - record->finding->last > threshold_time(THRESHOLD_STOPPED_NEAR)))
		return;
	record->cause = restarted ? CAUSE_RESTARTED : CAUSE_SEVERAL_WORKERS;
	finding_say(sids->findings, record->finding,
	    restarted ? "%s does not know sid %s: it gave the sid out, and its counter of sids began again since "
	                "(packet %llu): it was restarted"
	              : "%s does not know sid %s: it gave the sid out, and its counter of sids begins again and "
	                "again (packet %llu): most likely several workers answer at that address, each with sessions "
	                "of its own, or one that is ended and started again (gunicorn: WORKER TIMEOUT in its log)",
	    endpoint_format(&server->endpoint, name), record->sid, (unsigned long long)event->origin.last);
	finding_set_cause(sids->findings, record->finding, record->cause, &event->session->software);
	finding_prove(sids->findings, record->finding, &event->origin, "the counter of sids began again");
	record->finding->severity = SEVERITY_ERROR;
	if (restarted)
		finding_set_case(record->finding, SESSION_OF_BEFORE_RESTART);
}

/* Deployments are farther apart than the turns of workers. */
static void sid_note_fall(struct sid_server *server, const struct event *event)
{
	bool again = server->falls && event->origin.time - server->fell <= threshold_time(THRESHOLD_STOPPED_NEAR);
	server->falls = again ? server->falls + 1 : 1;
	server->began = again ? server->began : event->origin.time;
	server->fell = event->origin.time;
	server->fell_packet = event->origin.last;
	server->other = server->counter;
}

/* Where it was before it went back, and farther than the process that began again goes by itself: the other one still
 * counts. */
static bool sid_resumes(const struct sid_server *server, uint32_t counter)
{
	uint32_t step = counter - server->counter;
	return server->falls && !server->has_workers && counter == server->other + 1 && step > 1 &&
	       step > server->stride;
}

/* `asked`: when the sid was. Answers to handshakes that were under way together come in any order. */
static void sids_note_counter(struct sids *sids, const struct event *event, timestamp asked)
{
	uint32_t counter;
	struct sid_server *server = sids_server_of(sids, &event->session->server);
	if (!server || !sid_read_counter(event->session->sid, &counter))
		return;
	bool fell = server->counts && counter <= server->counter;
	if (fell && asked < server->given)
		return;
	bool resumes = sid_resumes(server, counter);
	server->has_workers |= resumes;
	if (fell)
		sid_note_fall(server, event);
	else if (server->counts && !resumes && counter - server->counter > server->stride)
		server->stride = counter - server->counter;
	server->counts = true;
	server->counter = counter;
	server->given = event->origin.time;
	struct sid_record *record, *next;
	if (resumes || (fell && server->falls <= 2))
		HASH_ITER(hh, sids->records, record, next)
	sid_reconsider(sids, server, record, event);
}

/* The balancer's cookie, or the first that is set. socket.io 2 sets one of its own, io=SID, which says nothing of a
 * balancer. */
static void sid_note_cookie(struct sid_record *record, const struct event *event)
{
	struct slice rest = event->exchange->answer.head.fields, set;
	while (http_next_field(&rest, "Set-Cookie", &set)) {
		struct slice name = slice_trim(slice_take_until(&set, '='));
		bool sticky = servers_know_cookie(name);
		bool own = slice_starts_with(slice_trim(set), slice_of_text(record->sid));
		if (own || !name.len || name.len >= SIDS_COOKIE || (*record->cookie && !sticky))
			continue;
		memcpy(record->cookie, name.at, name.len);
		record->cookie[name.len] = '\0';
		record->cookie_packet = event->origin.last;
		record->is_sticky = sticky;
		if (sticky)
			return;
	}
}

/* Two clients have one session: what one of them sends is taken for the other's, whether or not a request is refused.
 */
static void sids_report_twice(struct sids *sids, const struct sid_record *record, const struct event *event)
{
	char server[ENDPOINT_TEXT_SIZE], via[64];
	struct slice age = slice_take(exchange_field(&event->exchange->answer, "Age"), 16);
	struct slice by = slice_take(exchange_field(&event->exchange->answer, "Via"), 40);
	endpoint_format(&event->connection->server, server);
	snprintf(via, sizeof via, "%s%.*s%s%.*s", age.len ? ", Age " : "", (int)age.len,
	    age.len ? (const char *)age.at : "", by.len ? ", Via " : "", (int)by.len,
	    by.len ? (const char *)by.at : "");
	struct finding *finding = findings_claim(
	    sids->findings, CODE_SESSION_UNKNOWN, CONFIDENCE_PROVEN, event->session, event, server);
	if (!finding)
		return;
	finding_prove(sids->findings, finding, &event->origin, "the same sid, given out again%s", via);
	if (finding->count > 1)
		return;
	finding_say(sids->findings, finding,
	    "%s gave sid %s out twice, in packet %llu and again in packet %llu, from a cache%s: two clients share one "
	    "session",
	    server, record->sid, (unsigned long long)record->packet, (unsigned long long)event->origin.last, via);
	finding_set_cause(sids->findings, finding, CAUSE_GIVEN_TWICE, NULL);
	finding_prove(sids->findings, finding, ORIGIN_AT(event->origin.kind, record->packet), "the sid is given out");
}

/* The same sid from another address, so soon, is the other side of a proxy, and so is one that was asked for before it
 * was given out; from the same address, asked for later, it was given out again: by a cache, or by a process that
 * counts, and counts from the start. */
static void sids_note_opened(struct sids *sids, const struct sid_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	struct sid_record *record = session->sid ? sids_find(sids, session->sid) : NULL;
	bool same = record && endpoint_equals(&record->server, &event->connection->server);
	bool later = record && event_exchange(event) && event->exchange->request.begun > record->time;
	bool counted = same && later && sid_is_counter(session->sid) && !refusal_is_cached(event->exchange);
	if (same && later && !counted) {
		record->again_packet = event->origin.last;
		record->is_cached |= refusal_is_cached(event->exchange);
		if (record->is_cached)
			sids_report_twice(sids, record, event);
	}
	if (record && !counted && (same || event->origin.time - record->time < threshold_time(THRESHOLD_SID_PASSED_ON)))
		return;
	if (!session->sid || (!record && !(record = sids_add(sids, session))))
		return;
	sids_note_counter(sids, event, per_session->asked ? per_session->asked : event->origin.time);
	record->server = event->connection->server;
	record->time = event->origin.time;
	record->packet = event->origin.last;
	record->again_packet = 0;
	record->is_disowned = false;
	record->cause = CAUSES;
	record->finding = NULL;
	record->cookie[0] = '\0';
	if (event_exchange(event))
		sid_note_cookie(record, event);
}

/* ---- what became of them */

static bool sid_has_cookie(const struct exchange *exchange, const char *name)
{
	struct slice cookies = exchange_field(&exchange->request, "Cookie");
	while (cookies.len) {
		struct slice each = slice_trim(slice_take_until(&cookies, ';'));
		if (slice_equals_text(slice_trim(slice_take_until(&each, '=')), name))
			return true;
	}
	return false;
}

/* The server answers a request of a session that it did not know before: its workers take turns. */
static void sids_report_known_again(struct sids *sids, const struct sid_session *per_session, const struct event *event)
{
	char server[ENDPOINT_TEXT_SIZE];
	endpoint_format(&event->connection->server, server);
	struct finding *finding = findings_recall(sids->findings, CODE_SESSION_UNKNOWN, event->session, server);
	if (!finding || finding->cause == cause_table[CAUSE_SEVERAL_WORKERS].word ||
	    finding->cause == cause_table[CAUSE_GIVEN_TWICE].word ||
	    finding->cause == cause_table[CAUSE_COOKIE_NOT_RETURNED].word)
		return;
	finding_say(sids->findings, finding,
	    "%s does not know sid %s in packet %llu, and knows it in packet %llu: several workers answer at that "
	    "address, "
	    "each with sessions of its own",
	    server, event->session->sid, (unsigned long long)per_session->disowned,
	    (unsigned long long)event->origin.first);
	finding_set_cause(sids->findings, finding, CAUSE_SEVERAL_WORKERS, &event->session->software);
	finding_prove(sids->findings, finding, &event->origin, "the same sid, known again");
}

static void sids_note_exchange(struct sids *sids, struct sid_session *per_session, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct sid_record *record = event->session->sid ? sids_find(sids, event->session->sid) : NULL;
	/* netty and the java server open a WebSocket for any sid, and end it then. */
	bool good = exchange->status == 200 && exchange->target->transport == TRANSPORT_POLLING;
	bool poll = slice_equals(exchange->request.head.method, SLICE("GET"));
	per_session->cookie_came |= record && *record->cookie && sid_has_cookie(exchange, record->cookie);
	if (good && per_session->disowned && record && record->cause < CAUSES &&
	    endpoint_equals(&record->server, &event->connection->server))
		sids_report_known_again(sids, per_session, event);
	per_session->requests++;
	if (good)
		per_session->taken = event->origin.first;
	if (exchange->status == 413)
		per_session->large = event->origin.first;
	if (poll && exchange->state == EXCHANGE_UNANSWERED && exchange->ended_by == DIRECTION_TO_SERVER)
		per_session->aborted = event->origin.first;
}

void sids_note_event(struct sids *sids, struct sid_session *per_session, const struct event *event)
{
	if (!per_session)
		return;
	bool exchange = event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN;
	bool opens = exchange && !event->exchange->target->sid_len && event->exchange->status &&
	             event->exchange->status < 300;
	if (opens)
		per_session->asked = event->exchange->request.begun;
	if (event->kind == EVENT_HTTP && opens && event->exchange->target->transport == TRANSPORT_POLLING)
		sids_note_opened(sids, per_session, event);
	else if (event->kind == EVENT_OPEN && event->session->sid && !sids_find(sids, event->session->sid))
		sids_note_opened(sids, per_session, event);
	else if (event->kind == EVENT_HTTP && event->exchange->target->sid_len)
		sids_note_exchange(sids, per_session, event);
	if (!exchange && event->direction == DIRECTION_TO_SERVER)
		per_session->last = event->origin.time;
}

/* Of those that have given out sids; a scan of ports has no business here. */
void sids_note_attempt(struct sids *sids, const struct attempt *attempt)
{
	struct sid_server *server = attempt->outcome == ATTEMPT_REFUSED ? sids_find_server(sids, &attempt->server)
	                                                                : NULL;
	if (!server)
		return;
	server->down = attempt->origin.time;
	server->down_packet = attempt->origin.last;
}

/* ---- why a server does not know one */

/* How it is said: what was seen before, and where. */
struct sid_reason {
	enum cause cause;
	uint64_t packet; /* that shows it; 0: none */
	const char *shows;
	char text[320];
};

static void sid_set_reason(struct sid_reason *reason, enum cause cause, uint64_t packet, const char *shows)
{
	reason->cause = cause;
	reason->packet = packet;
	reason->shows = shows;
}

/* Closed before this request; the refusal itself closes a session as well. */
static bool sid_was_closed(const struct session *session, const struct event *event)
{
	return session && session->closed != TIMESTAMP_NONE && session->closed < event->origin.time &&
	       session->goodbye && session->goodbye < event->index;
}

/* What the session itself shows. False: nothing. */
static bool sid_explain_by_session(
    struct sid_reason *reason, const struct sid_session *per_session, const struct event *event)
{
	char span[TIMESTAMP_TEXT_SIZE], rule[TIMESTAMP_TEXT_SIZE];
	const struct session *session = event->session;
	timestamp asked = event->exchange->request.begun;
	timestamp patience = session ? session->ping_interval + session->ping_timeout : 0;
	timestamp last = per_session && per_session->last ? per_session->last
	                 : session                        ? session->opened
	                                                  : TIMESTAMP_NONE;
	if (sid_was_closed(session, event)) {
		sid_set_reason(reason, session->left ? CAUSE_CLIENT_HAD_CLOSED : CAUSE_SERVER_HAD_CLOSED, 0, NULL);
		snprintf(reason->text, sizeof reason->text, "%s, %s before this request", session->close,
		    timestamp_format_span(asked - session->closed, span));
		return true;
	}
	if (per_session && per_session->large) {
		sid_set_reason(reason, CAUSE_ENDED_BY_SIZE, per_session->large, "refused for its size (HTTP 413)");
		snprintf(reason->text, sizeof reason->text,
		    "the server had refused a request of this session for its size (HTTP 413), and ended the session "
		    "with it");
		return true;
	}
	if (per_session && per_session->aborted > per_session->taken) {
		sid_set_reason(
		    reason, CAUSE_POLL_ABORTED, per_session->aborted, "a held poll, ended from the client's side");
		snprintf(reason->text, sizeof reason->text,
		    "the client's side ended the connection of a held poll, and servers of node end the session for "
		    "that");
		return true;
	}
	if (last != TIMESTAMP_NONE && patience && asked - last > patience) {
		sid_set_reason(reason, CAUSE_TIMED_OUT, 0, NULL);
		snprintf(reason->text, sizeof reason->text,
		    "the client had sent nothing for %s (pingInterval + pingTimeout allow %s), so the server gave the "
		    "session up",
		    timestamp_format_span(asked - last, span), timestamp_format_span(patience, rule));
		return true;
	}
	return false;
}

/* The balancer's cookie: what a balancer is known to set, and no request of the session brought back. */
static bool sid_lacks_cookie(
    const struct sid_record *record, const struct sid_session *per_session, const struct event *event)
{
	return *record->cookie && !(per_session && per_session->cookie_came) &&
	       !sid_has_cookie(event->exchange, record->cookie);
}

/* Both sides of a balancer were captured: one server behind it knows the session, another was asked. */
static bool sid_explain_by_legs(struct sid_reason *reason, const struct session *session)
{
	const struct session_leg *knows = NULL, *asked = NULL;
	char gave[ENDPOINT_TEXT_SIZE], other[ENDPOINT_TEXT_SIZE];
	for (size_t i = 0; session && i < session->leg_count; i++) {
		const struct session_leg *leg = &session->legs[i];
		if (leg->is_inner)
			*(leg->knows_it ? &knows : &asked) = leg;
	}
	if (!knows || !asked)
		return false;
	sid_set_reason(reason, CAUSE_SID_OF_OTHER_SERVER, 0, NULL);
	snprintf(reason->text, sizeof reason->text,
	    "behind that address %s gave it out, and %s was asked: the proxy sent the session's requests to several "
	    "servers, by its rule or when one did not answer in its time (nginx: proxy_next_upstream after "
	    "proxy_read_timeout)",
	    endpoint_format(&knows->server, gave), endpoint_format(&asked->server, other));
	return true;
}

static bool sid_explain_by_way(struct sid_reason *reason, const struct sid_record *record,
    const struct sid_session *per_session, const struct event *event)
{
	char gave[ENDPOINT_TEXT_SIZE];
	bool elsewhere = !endpoint_equals(&record->server, &event->connection->server);
	endpoint_format(&record->server, gave);
	if (record->again_packet) {
		sid_set_reason(reason, CAUSE_GIVEN_TWICE, record->again_packet, "the same sid, given out again");
		snprintf(reason->text, sizeof reason->text,
		    "this sid was given out twice, in packet %llu and again in packet %llu%s: two clients share one "
		    "session",
		    (unsigned long long)record->packet, (unsigned long long)record->again_packet,
		    record->is_cached ? ", which names a cache (Age, X-Cache)" : "");
		return true;
	}
	if (record->is_sticky && sid_lacks_cookie(record, per_session, event)) {
		sid_set_reason(reason, CAUSE_COOKIE_NOT_RETURNED, record->cookie_packet, "the cookie is set");
		snprintf(reason->text, sizeof reason->text,
		    "%s gave it out and set the balancer's cookie %s (packet %llu), which did not come back with this "
		    "request, so the balancer may have sent it to another server",
		    elsewhere ? gave : "it", record->cookie, (unsigned long long)record->cookie_packet);
		return true;
	}
	if (sid_explain_by_legs(reason, event->session))
		return true;
	/* What its own server does not know either, a proxy only passes on. */
	if (elsewhere && !record->is_disowned) {
		sid_set_reason(reason, CAUSE_SID_OF_OTHER_SERVER, record->packet, "the sid is given out");
		snprintf(reason->text, sizeof reason->text, "%s gave it out: several servers answer", gave);
		return true;
	}
	return false;
}

/* A server that was down, or whose counter of sids began again, was restarted; a counter that goes back again and again
 * is that of several workers. */
static bool sid_explain_by_server(struct sid_reason *reason, const struct sid_server *server,
    const struct sid_record *record, const struct sid_session *per_session)
{
	if (server && server->down > record->time) {
		sid_set_reason(reason, CAUSE_RESTARTED, server->down_packet, "a connection is refused (RST)");
		snprintf(reason->text, sizeof reason->text,
		    "it gave the sid out, and refused a connection since (packet %llu): it was restarted",
		    (unsigned long long)server->down_packet);
		return true;
	}
	bool at_first = per_session && per_session->requests == 1;
	bool workers = server && sid_server_has_workers(server);
	if (workers || at_first) {
		sid_set_reason(reason, CAUSE_SEVERAL_WORKERS, record->packet, "the sid is given out");
		snprintf(reason->text, sizeof reason->text,
		    workers
		        ? "it gave the sid out, and its counter of sids begins again and again: most likely several "
		          "workers "
		          "answer at that address, each with sessions of its own, or one that is ended and started "
		          "again "
		          "(gunicorn: WORKER TIMEOUT in its log)"
		        : "it gave the sid out, and does not know it in the first request that has it: most "
		          "likely "
		          "several workers answer at that address, each with sessions of its own");
		return true;
	}
	/* What it answered since then, it answered as the process that began to count. */
	if (server && server->fell > record->time && !(per_session && per_session->taken > server->fell_packet)) {
		sid_set_reason(reason, CAUSE_RESTARTED, server->fell_packet, "the counter of sids began again");
		snprintf(reason->text, sizeof reason->text,
		    "it gave the sid out, and its counter of sids began again since (packet %llu): it was restarted",
		    (unsigned long long)server->fell_packet);
		return true;
	}
	return false;
}

/* What is left when nothing distinguishes it. */
static void sid_list_reasons(struct sid_reason *reason, const struct sid_record *record)
{
	sid_set_reason(reason, CAUSE_SESSION_GONE, record->packet, "the sid is given out");
	snprintf(reason->text, sizeof reason->text,
	    "it was given out before. Either the server was restarted, or it ended the session without a word, or "
	    "several workers answer at that address");
}

/* A cookie whose name is not known for it may be a balancer's all the same. */
static void sid_add_cookie(struct sid_reason *reason, const struct sid_record *record)
{
	size_t len = strlen(reason->text);
	snprintf(reason->text + len, sizeof reason->text - len,
	    ", or the cookie %s (packet %llu), which did not come back, is a balancer's", record->cookie,
	    (unsigned long long)record->cookie_packet);
}

static struct sid_reason sids_explain(struct sids *sids, const struct sid_record *record,
    const struct sid_session *per_session, const struct event *event)
{
	struct sid_reason reason = {.cause = CAUSE_SID_OF_BEFORE};
	if (record && record->again_packet && sid_explain_by_way(&reason, record, per_session, event))
		return reason;
	if (sid_explain_by_session(&reason, per_session, event))
		return reason;
	if (!record) {
		snprintf(reason.text, sizeof reason.text,
		    "it was given out before this capture, by another server, or by this one before a restart");
		return reason;
	}
	if (!sid_explain_by_way(&reason, record, per_session, event) &&
	    !sid_explain_by_server(&reason, sids_find_server(sids, &event->connection->server), record, per_session))
		sid_list_reasons(&reason, record);
	bool open = reason.cause == CAUSE_SESSION_GONE || reason.cause == CAUSE_SEVERAL_WORKERS;
	if (open && sid_lacks_cookie(record, per_session, event))
		sid_add_cookie(&reason, record);
	return reason;
}

/* ---- reporting it */

/* Each session that was known is a finding of its own. What nothing is known of is one of its server, for after a
 * restart every client asks once: the evidence names the sids. */
void sids_report(struct sids *sids, struct sid_session *per_session, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	char server[ENDPOINT_TEXT_SIZE];
	struct sid_record *record = sids_find(sids, exchange->target->sid);
	if (record)
		record->is_disowned |= endpoint_equals(&record->server, &event->connection->server);
	if (per_session && !per_session->disowned)
		per_session->disowned = event->origin.first;
	struct sid_reason reason = sids_explain(sids, record, per_session, event);
	bool before = reason.cause == CAUSE_SID_OF_BEFORE;
	const struct session *session = event->session && event->session->number && !before ? event->session : NULL;
	endpoint_format(&event->connection->server, server);
	struct finding *finding = findings_claim(sids->findings, CODE_SESSION_UNKNOWN, CONFIDENCE_PROVEN, session,
	    event, session || before ? server : exchange->target->sid);
	if (!finding)
		return;
	finding_prove(sids->findings, finding, &event->origin, "%.*s %s%s%s: HTTP %d",
	    (int)slice_take(exchange->request.head.method, 16).len, exchange->request.head.method.at,
	    refusal_what(exchange), before ? " with sid " : "", before ? exchange->target->sid : "", exchange->status);
	if (finding->count > 1)
		return;
	if (record) {
		record->cause = reason.cause;
		record->finding = finding;
	}
	if (reason.cause == CAUSE_RESTARTED)
		finding_set_case(finding, SESSION_OF_BEFORE_RESTART);
	finding_say(sids->findings, finding, "%s does not know sid %s: %s", server, exchange->target->sid, reason.text);
	finding_set_cause(sids->findings, finding, reason.cause, event->session ? &event->session->software : NULL);
	if (reason.packet)
		finding_prove(
		    sids->findings, finding, ORIGIN_AT(event->origin.kind, reason.packet), "%s", reason.shows);
}
