/*
 * event-lost, of sessions that are not recovered: connection state recovery (socket.io 4.6: a CONNECT with the pid, and
 * the offset of the last event, of the session before) that the server does not grant.
 *
 * Seen: the CONNECT of a client that gives a pid which this server gave out before, and an answer with another one,
 * soon after the last sign of the session that had it. What else it could be: a server that keeps sessions for less
 * time (maxDisconnectionDuration), and one to which nothing was sent meanwhile, which no packet shows: so it is a
 * warning, and only possible. Ruled out: a session that somebody ended on purpose, by DISCONNECT, which servers do not
 * keep (socket.io socket.ts, RECOVERABLE_DISCONNECT_REASONS); a client that was away for longer than servers remember;
 * a pid of which the capture does not show where it came from.
 */
#include "base/hash.h"
#include "base/json.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECOVERY_KEPT = 256, RECOVERY_ASKED = 32 };

/* A pid that was given out. */
struct recovery_grant {
	uint64_t pid, nsp;             /* digests */
	const struct session *session; /* NULL: it is over */
	timestamp heard;               /* its last sign, once it is over */
	bool is_ended;                 /* by DISCONNECT */
};

/* A client that asks for its session, and was not answered yet. */
struct recovery_request {
	uint64_t pid, nsp;
	const struct session *session; /* NULL: none */
	struct origin origin;
	bool has_offset;
};

struct recovery {
	struct findings *findings;
	struct recovery_grant grants[RECOVERY_KEPT]; /* the last ones, in a ring */
	size_t grant_count;
	struct recovery_request requests[RECOVERY_ASKED]; /* the same */
	size_t request_count;
};

static uint64_t recovery_read_pid(const struct event *event)
{
	struct slice pid;
	return json_find_member(event_packet(event)->data, "pid", &pid) && json_kind_of(pid) == JSON_STRING
	           ? fnv_digest(pid)
	           : 0;
}

static uint64_t recovery_nsp(const struct event *event)
{
	return fnv_digest(event_packet(event)->nsp);
}

/* ---- what is known */

static void recovery_note_request(struct recovery *recovery, const struct event *event)
{
	struct slice offset;
	uint64_t pid = recovery_read_pid(event);
	if (!pid)
		return;
	recovery->requests[recovery->request_count++ % RECOVERY_ASKED] = (struct recovery_request){.pid = pid,
	    .nsp = recovery_nsp(event),
	    .session = event->session,
	    .origin = event->origin,
	    .has_offset = json_find_member(event_packet(event)->data, "offset", &offset)};
}

static struct recovery_grant *recovery_grant_of(struct recovery *recovery, uint64_t pid)
{
	for (size_t i = 0; i < recovery->grant_count && i < RECOVERY_KEPT; i++)
		if (recovery->grants[i].pid == pid)
			return &recovery->grants[i];
	return NULL;
}

/* A session that is recovered has its pid again. */
static void recovery_note_grant(struct recovery *recovery, const struct event *event, uint64_t pid)
{
	struct recovery_grant *grant = recovery_grant_of(recovery, pid);
	if (!grant)
		grant = &recovery->grants[recovery->grant_count++ % RECOVERY_KEPT];
	*grant = (struct recovery_grant){.pid = pid, .nsp = recovery_nsp(event), .session = event->session};
}

static void recovery_note_disconnect(struct recovery *recovery, const struct event *event)
{
	for (size_t i = 0; i < recovery->grant_count && i < RECOVERY_KEPT; i++)
		recovery->grants[i].is_ended |= recovery->grants[i].session == event->session &&
		                                recovery->grants[i].nsp == recovery_nsp(event);
}

/* The session is not known any more after this. */
static void recovery_take_closed(void *self, const struct session *session)
{
	struct recovery *recovery = self;
	for (size_t i = 0; i < recovery->grant_count && i < RECOVERY_KEPT; i++)
		if (recovery->grants[i].session == session) {
			recovery->grants[i].heard = session_end(session);
			recovery->grants[i].session = NULL;
		}
	for (size_t i = 0; i < recovery->request_count && i < RECOVERY_ASKED; i++)
		if (recovery->requests[i].session == session)
			recovery->requests[i].session = NULL;
}

/* ---- what is claimed */

static void recovery_report(
    struct findings *findings, const struct recovery_request *request, const struct event *answer, timestamp away)
{
	char span[TIMESTAMP_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE], key[ENDPOINT_TEXT_SIZE + 32];
	enum cause cause = request->has_offset ? CAUSE_RECOVERY_REFUSED : CAUSE_RECOVERY_WITHOUT_OFFSET;
	endpoint_format(&answer->session->server, server);
	snprintf(key, sizeof key, "%s at %s", cause_table[cause].word, server);
	struct finding *finding = findings_claim(findings, CODE_EVENT_LOST, CONFIDENCE_POSSIBLE, NULL, NULL, key);
	if (!finding)
		return;
	finding_prove(findings, finding, &request->origin, "CONNECT with a pid%s",
	    request->has_offset ? " and an offset" : ", without an offset");
	finding_prove(findings, finding, &answer->origin, "the answer: another pid");
	if (finding->count > 1)
		return;
	finding->severity = SEVERITY_WARNING;
	finding_begin_at(finding, request->origin.time);
	finding_say(findings, finding,
	    "a client was back %s after the last sign of its session, and asked for its recovery (pid)%s; %s began a "
	    "new session: what was sent to the client meanwhile is lost, and so are its rooms and data",
	    timestamp_format_span(away, span), request->has_offset ? "" : ", but had no offset to give", server);
	finding_set_cause(findings, finding, cause, NULL);
	finding_doubt(findings, finding,
	    "whether anything was sent to it meanwhile is not on the wire, nor for how long "
	    "this server keeps sessions (maxDisconnectionDuration)");
}

static void recovery_judge(struct recovery *recovery, struct recovery_request *request, const struct event *answer)
{
	const struct recovery_grant *grant = recovery_grant_of(recovery, request->pid);
	if (!grant || grant->is_ended)
		return;
	timestamp away = request->origin.time - (grant->session ? session_end(grant->session) : grant->heard);
	if (away <= threshold_time(THRESHOLD_RECOVERY_KEPT))
		recovery_report(recovery->findings, request, answer, away > 0 ? away : 0);
}

static void recovery_take_answer(struct recovery *recovery, const struct event *event)
{
	uint64_t pid = recovery_read_pid(event);
	for (size_t i = 0; i < recovery->request_count && i < RECOVERY_ASKED; i++) {
		struct recovery_request *request = &recovery->requests[i];
		if (request->session != event->session || request->nsp != recovery_nsp(event))
			continue;
		if (pid && pid != request->pid)
			recovery_judge(recovery, request, event);
		request->session = NULL;
	}
	if (pid)
		recovery_note_grant(recovery, event, pid);
}

static void recovery_take_event(void *self, const struct event *event)
{
	struct recovery *recovery = self;
	if (!event->session || event->session->unrecorded)
		return;
	if (event->kind == EVENT_CONNECT && event->direction == DIRECTION_TO_SERVER)
		recovery_note_request(recovery, event);
	else if (event->kind == EVENT_CONNECT)
		recovery_take_answer(recovery, event);
	else if (event->kind == EVENT_DISCONNECT)
		recovery_note_disconnect(recovery, event);
}

static void *recovery_new(const struct detector_state *state)
{
	struct recovery *recovery = calloc(1, sizeof *recovery);
	if (recovery)
		recovery->findings = state->findings;
	return recovery;
}

const struct detector detector_recovery = {
    .new = recovery_new,
    .free = free,
    .event = recovery_take_event,
    .session_closed = recovery_take_closed,
};
