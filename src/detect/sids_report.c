/* session-unknown: why a server does not know a sid, by what sids.c keeps, and what is said of it. */
#include "base/hash.h"
#include "detect/refusal.h"
#include "detect/sids.h"

#include <stdio.h>

/* ---- why a server does not know one */

/* How it is said: what was seen before, and where. */
struct sid_reason {
	enum cause cause;
	uint64_t packet; /* that shows it; 0: none */
	const char *shows;
	char text[640];
};

/* "packet 57", or what the evidence of this server is numbered by. */
static const char *sid_place(const struct event *event, uint64_t number, char text[ORIGIN_TEXT])
{
	return origin_format(ORIGIN_OF(&event->origin, number), text);
}

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

/* Servers of python do not notice it, and keep the session (signatures.md A, client aborts held poll). */
static bool sid_ends_with_its_poll(const struct session *session)
{
	const struct server *server = session ? recognition_server(&session->software) : NULL;
	return !server || server->family != SERVER_PYTHON;
}

/* What the session itself shows. A request that is served after it shows that it was not the end. False: nothing. */
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
	if (per_session && per_session->large > per_session->taken) {
		sid_set_reason(reason, CAUSE_ENDED_BY_SIZE, per_session->large, "refused for its size (HTTP 413)");
		snprintf(reason->text, sizeof reason->text,
		    "the server had refused a request of this session for its size (HTTP 413), and ended the session "
		    "with it");
		return true;
	}
	if (per_session && per_session->aborted > per_session->taken && sid_ends_with_its_poll(session)) {
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

/* A cookie's Path, and that of the request (RFC 6265 §5.1.4). */
static bool sid_path_matches(const char *path, struct slice target)
{
	size_t len = strlen(path);
	target = http_target_path(target);
	if (len == 0 || path[0] != '/')
		return true;
	return slice_starts_with(target, slice_of_text(path)) &&
	       (target.len == len || path[len - 1] == '/' || target.at[len] == '/');
}

/* Its page was loaded by http, and no proxy says otherwise. */
static bool sid_is_by_http(const struct exchange *exchange)
{
	struct slice from = exchange_field(&exchange->request, "Origin");
	if (!from.len)
		from = exchange_field(&exchange->request, "Referer");
	return slice_starts_with(from, SLICE("http://")) &&
	       !slice_equals_nocase(exchange_field(&exchange->request, "X-Forwarded-Proto"), "https");
}

/* Why a browser keeps the cookie to itself. */
static enum cause sid_cookie_obstacle(const struct sid_record *record, const struct exchange *exchange)
{
	struct slice site = exchange_field(&exchange->request, "Sec-Fetch-Site");
	if (!sid_path_matches(record->cookie_path, exchange->request.head.target))
		return CAUSE_COOKIE_OF_OTHER_PATH;
	if (record->cookie_is_secure && sid_is_by_http(exchange))
		return CAUSE_COOKIE_SECURE;
	if (!record->cookie_is_cross_site && slice_equals_nocase(site, "cross-site"))
		return CAUSE_COOKIE_SAME_SITE;
	return CAUSE_COOKIE_NOT_RETURNED;
}

static const char *sid_cookie_word(enum cause cause)
{
	return cause == CAUSE_COOKIE_OF_OTHER_PATH ? " for the path "
	       : cause == CAUSE_COOKIE_SECURE      ? " as Secure"
	       : cause == CAUSE_COOKIE_SAME_SITE   ? " without SameSite=None"
	                                           : "";
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
	char gave[ENDPOINT_TEXT_SIZE], first[ORIGIN_TEXT], second[ORIGIN_TEXT];
	bool elsewhere = !endpoint_equals(&record->server, &event->connection->server);
	endpoint_format(&record->server, gave);
	if (record->again_packet) {
		sid_set_reason(reason, CAUSE_GIVEN_TWICE, record->again_packet, "the same sid, given out again");
		snprintf(reason->text, sizeof reason->text,
		    "this sid was given out twice, in %s and again in %s%s: two clients share one session",
		    sid_place(event, record->packet, first), sid_place(event, record->again_packet, second),
		    record->is_cached ? ", which names a cache (Age, X-Cache)" : "");
		return true;
	}
	if (record->is_sticky && sid_lacks_cookie(record, per_session, event)) {
		enum cause cause = sid_cookie_obstacle(record, event->exchange);
		sid_set_reason(reason, cause, record->cookie_packet, "the cookie is set");
		snprintf(reason->text, sizeof reason->text,
		    "%s gave it out and set the balancer's cookie %s (%s)%s%s, which did not come back with this "
		    "request, so "
		    "the balancer may have sent it to another server",
		    elsewhere ? gave : "it", record->cookie, sid_place(event, record->cookie_packet, first),
		    sid_cookie_word(cause), cause == CAUSE_COOKIE_OF_OTHER_PATH ? record->cookie_path : "");
		return true;
	}
	if (sid_explain_by_legs(reason, event->session))
		return true;
	/* What its own server does not know either, a proxy only passes on. */
	const struct sid_user user = sid_user_of(event);
	if (elsewhere && !record->is_disowned && sid_users_differ(&record->user, &user)) {
		sid_set_reason(reason, CAUSE_SID_OF_OTHER_EXIT, record->packet, "the sid is given out");
		snprintf(reason->text, sizeof reason->text,
		    "%s gave it out, to a client at %s, and this request comes from %s: several servers answer, and "
		    "what is sticky by address sends the two to different ones",
		    gave, record->user.address, user.address);
		return true;
	}
	if (elsewhere && !record->is_disowned) {
		sid_set_reason(reason, CAUSE_SID_OF_OTHER_SERVER, record->packet, "the sid is given out");
		snprintf(reason->text, sizeof reason->text, "%s gave it out: several servers answer", gave);
		return true;
	}
	return false;
}

/* The first request that has the sid: there was no time for much. */
static bool sid_is_at_first(const struct sid_session *per_session)
{
	return per_session && per_session->requests == 1;
}

/* One session that is unknown so early may have met a restart; several did not. */
static bool sid_server_forgets_others(const struct sid_server *server, timestamp now)
{
	return server && server->unknown_at_first > 1 &&
	       now - server->unknown_when <= threshold_time(THRESHOLD_STOPPED_NEAR);
}

#define SIDS_FORGETS_OTHERS                                                                                          \
	"it gave the sid out, and did not know other sessions in their first request either (the last in %s): most " \
	"likely several workers answer at that address, each with sessions of its own"

/* A server that was down, or whose counter of sids began again, was restarted; a counter that goes back again and again
 * is that of several workers. */
static bool sid_explain_by_server(struct sid_reason *reason, const struct sid_server *server,
    const struct sid_record *record, const struct sid_session *per_session, const struct event *event)
{
	char place[ORIGIN_TEXT];
	if (server && server->down > record->time) {
		sid_set_reason(reason, CAUSE_RESTARTED, server->down_packet, "a connection is refused (RST)");
		snprintf(reason->text, sizeof reason->text,
		    "it gave the sid out, and refused a connection since (%s): it was restarted",
		    sid_place(event, server->down_packet, place));
		return true;
	}
	bool workers = server && sid_server_has_workers(server);
	if (!workers && !sid_is_at_first(per_session) && sid_server_forgets_others(server, event->origin.time)) {
		sid_set_reason(
		    reason, CAUSE_SEVERAL_WORKERS, server->unknown_packet, "another session's first request");
		snprintf(reason->text, sizeof reason->text, SIDS_FORGETS_OTHERS,
		    sid_place(event, server->unknown_packet, place));
		return true;
	}
	if (workers || sid_is_at_first(per_session)) {
		sid_set_reason(reason, CAUSE_SEVERAL_WORKERS, record->packet, "the sid is given out");
		snprintf(reason->text, sizeof reason->text,
		    workers ? "it gave the sid out, and its counter of sids begins again and again: most likely "
		              "several workers answer at that address, each with sessions of its own, or one that is "
		              "ended and started again (gunicorn: WORKER TIMEOUT in its log)"
		            : "it gave the sid out, and does not know it in the first request that has it: most likely "
		              "several workers answer at that address, each with sessions of its own");
		return true;
	}
	/* What it answered since then, it answered as the process that began to count. */
	if (server && server->fell > record->time && !(per_session && per_session->taken > server->fell_packet)) {
		sid_set_reason(reason, CAUSE_RESTARTED, server->fell_packet, "the counter of sids began again");
		snprintf(reason->text, sizeof reason->text,
		    "it gave the sid out, and its counter of sids began again since (%s): it was restarted",
		    sid_place(event, server->fell_packet, place));
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

/* Behind a balancer that is sticky by address, that alone leads to another server. */
static void sid_add_user(struct sid_reason *reason, const struct sid_record *record, const struct event *event)
{
	size_t len = strlen(reason->text);
	const struct sid_user user = sid_user_of(event);
	if (sid_users_differ(&record->user, &user))
		snprintf(reason->text + len, sizeof reason->text - len,
		    "; the handshake came from %s and this request from %s, which a balancer that is sticky by address "
		    "sends to different servers",
		    record->user.address, user.address);
}

/* A cookie whose name is not known for it may be a balancer's all the same. */
static void sid_add_cookie(struct sid_reason *reason, const struct sid_record *record, const struct event *event)
{
	size_t len = strlen(reason->text);
	char place[ORIGIN_TEXT];
	snprintf(reason->text + len, sizeof reason->text - len,
	    ", or the cookie %s (%s), which did not come back, is a balancer's", record->cookie,
	    sid_place(event, record->cookie_packet, place));
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
	    !sid_explain_by_server(
	        &reason, sids_find_server(sids, &event->connection->server), record, per_session, event))
		sid_list_reasons(&reason, record);
	bool open = reason.cause == CAUSE_SESSION_GONE || reason.cause == CAUSE_SEVERAL_WORKERS;
	if (open && sid_lacks_cookie(record, per_session, event))
		sid_add_cookie(&reason, record, event);
	if (open)
		sid_add_user(&reason, record, event);
	return reason;
}

/* ---- what several sessions show together */

static void sid_explain_by_others(
    struct sids *sids, const struct sid_server *server, struct sid_record *record, const struct event *event)
{
	char name[ENDPOINT_TEXT_SIZE], place[ORIGIN_TEXT];
	if (record->cause != CAUSE_SESSION_GONE || !record->finding ||
	    record->finding->cause != cause_table[CAUSE_SESSION_GONE].word ||
	    !endpoint_equals(&record->server, &server->endpoint) ||
	    server->unknown_when - record->finding->last > threshold_time(THRESHOLD_STOPPED_NEAR))
		return;
	record->cause = CAUSE_SEVERAL_WORKERS;
	finding_say(sids->findings, record->finding, "%s does not know sid %s: " SIDS_FORGETS_OTHERS,
	    endpoint_format(&server->endpoint, name), record->sid, sid_place(event, server->unknown_packet, place));
	finding_set_cause(
	    sids->findings, record->finding, record->cause, event->session ? &event->session->software : NULL);
	finding_prove(sids->findings, record->finding, &event->origin, "another session's first request");
}

/* A session was unknown in its first request. With the second one, the server's workers explain the others too. */
static void sids_note_first(struct sids *sids, const struct event *event)
{
	struct sid_server *server = sids_find_server(sids, &event->connection->server);
	struct sid_record *record, *next;
	if (!server)
		return;
	server->unknown_at_first++;
	server->unknown_when = event->origin.time;
	server->unknown_packet = event->origin.first;
	if (server->unknown_at_first != 2)
		return;
	HASH_ITER(hh, sids->records, record, next)
	{
		sid_explain_by_others(sids, server, record, event);
	}
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
	if (reason.cause == CAUSE_SEVERAL_WORKERS && sid_is_at_first(per_session))
		sids_note_first(sids, event);
	finding_say(sids->findings, finding, "%s does not know sid %s: %s", server, exchange->target->sid, reason.text);
	finding_set_cause(sids->findings, finding, reason.cause, event->session ? &event->session->software : NULL);
	if (reason.packet)
		finding_prove(
		    sids->findings, finding, ORIGIN_AT(event->origin.kind, reason.packet), "%s", reason.shows);
}

/* ---- what comes to be known later */

/* Its counter began again: a restart, as long as it goes back no more. What was reported shortly before could not know.
 */
static void sid_reconsider(
    struct sids *sids, const struct sid_server *server, struct sid_record *record, const struct event *event)
{
	char name[ENDPOINT_TEXT_SIZE], place[ORIGIN_TEXT];
	bool restarted = !sid_server_has_workers(server);
	enum cause before = restarted ? CAUSE_SESSION_GONE : CAUSE_RESTARTED;
	if (record->cause != before || !record->finding || record->finding->cause != cause_table[before].word ||
	    !endpoint_equals(&record->server, &server->endpoint) ||
	    (!server->has_workers && server->began - record->finding->last > threshold_time(THRESHOLD_STOPPED_NEAR)))
		return;
	record->cause = restarted ? CAUSE_RESTARTED : CAUSE_SEVERAL_WORKERS;
	finding_say(sids->findings, record->finding,
	    restarted ? "%s does not know sid %s: it gave the sid out, and its counter of sids began again since (%s): "
	                "it was restarted"
	              : "%s does not know sid %s: it gave the sid out, and its counter of sids begins again and again "
	                "(%s): most likely several workers answer at that address, each with sessions of its own, or "
	                "one that is ended and started again (gunicorn: WORKER TIMEOUT in its log)",
	    endpoint_format(&server->endpoint, name), record->sid, sid_place(event, event->origin.last, place));
	finding_set_cause(sids->findings, record->finding, record->cause, &event->session->software);
	finding_prove(sids->findings, record->finding, &event->origin, "the counter of sids began again");
	record->finding->severity = SEVERITY_ERROR;
	if (restarted)
		finding_set_case(record->finding, SESSION_OF_BEFORE_RESTART);
}

void sids_reconsider(struct sids *sids, const struct sid_server *server, const struct event *event)
{
	struct sid_record *record, *next;
	HASH_ITER(hh, sids->records, record, next)
	{
		sid_reconsider(sids, server, record, event);
	}
}

/* Two clients have one session: what one of them sends is taken for the other's, whether or not a request is refused.
 */
void sids_report_twice(struct sids *sids, const struct sid_record *record, const struct event *event)
{
	char server[ENDPOINT_TEXT_SIZE], via[64], first[ORIGIN_TEXT], second[ORIGIN_TEXT];
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
	    "%s gave sid %s out twice, in %s and again in %s, from a cache%s: two clients share one session", server,
	    record->sid, sid_place(event, record->packet, first), sid_place(event, event->origin.last, second), via);
	finding_set_cause(sids->findings, finding, CAUSE_GIVEN_TWICE, NULL);
	finding_prove(sids->findings, finding, ORIGIN_AT(event->origin.kind, record->packet), "the sid is given out");
}

void sids_report_known_again(struct sids *sids, const struct sid_session *per_session, const struct event *event)
{
	char server[ENDPOINT_TEXT_SIZE], first[ORIGIN_TEXT], second[ORIGIN_TEXT];
	endpoint_format(&event->connection->server, server);
	struct finding *finding = findings_recall(sids->findings, CODE_SESSION_UNKNOWN, event->session, server);
	if (!finding || finding->cause == cause_table[CAUSE_SEVERAL_WORKERS].word ||
	    finding->cause == cause_table[CAUSE_GIVEN_TWICE].word ||
	    finding->cause == cause_table[CAUSE_COOKIE_NOT_RETURNED].word ||
	    finding->cause == cause_table[CAUSE_COOKIE_OF_OTHER_PATH].word ||
	    finding->cause == cause_table[CAUSE_COOKIE_SECURE].word ||
	    finding->cause == cause_table[CAUSE_COOKIE_SAME_SITE].word)
		return;
	finding_say(sids->findings, finding,
	    "%s does not know sid %s in %s, and knows it in %s: several workers answer at that address, each with "
	    "sessions of its own",
	    server, event->session->sid, sid_place(event, per_session->disowned, first),
	    sid_place(event, event->origin.first, second));
	finding_set_cause(sids->findings, finding, CAUSE_SEVERAL_WORKERS, &event->session->software);
	finding_prove(sids->findings, finding, &event->origin, "the same sid, known again");
}
