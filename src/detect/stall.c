/* server-stall: a server that stood still, as packets show it, and as a probe sees it. */
#include "detect/detector.h"
#include "net/packet.h"

#include <stdlib.h>

/* ---- packets */

/*
 * server-stall: a server that stood still for everybody.
 *
 * Seen: packets of at least two sessions wait, the server sends nothing to anybody for a second or more, several times
 * longer than it ever let anybody wait, and then answers at least two of them at once. An answer is also what shows
 * that a client gave up meanwhile: the close frame to its own, which waited for as long; the answer to the handshake
 * with which it came back, which has no session yet while it waits; and a ping that was overdue for as long. Ruled out:
 * a server that has nothing to say (nobody waits), one slow handler (the others are answered meanwhile), the first
 * waits of a capture (nothing to compare them with), pings in time (they answer nothing), a message that is long on its
 * way (it counts from its first packet), bytes of the server that were not captured.
 */

enum { STALL_SERVERS = 64, STALL_SESSIONS = 8 };

struct stall_set {
	uint64_t numbers[STALL_SESSIONS];
	size_t count;
};

struct stall_server {
	struct endpoint endpoint;
	timestamp waiting_since;  /* the first packet of a client since the server last spoke; 0: none */
	struct stall_set waiting; /* sessions */
	uint64_t waiting_packet;
	timestamp longest; /* wait so far */
	unsigned samples;
	/* The last long silence: it becomes a claim when two sessions are answered soon after it. */
	timestamp begun, ended;
	uint64_t first_packet;
	struct stall_set were_waiting, answered;
};

/* Of a session: since when it is owed something that shows that the server is stalled. */
struct stall_session {
	timestamp next_ping; /* when the server's next ping is due, by WebSocket; 0: not known */
	timestamp closed;    /* when the client sent its close frame; 0: it has not */
};

struct stall {
	struct findings *findings;
	struct state_slot sessions;
	struct stall_server servers[STALL_SERVERS];
	size_t count;
};

static bool stall_set_has(const struct stall_set *set, uint64_t number)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->numbers[i] == number)
			return true;
	return false;
}

static void stall_set_add(struct stall_set *set, uint64_t number)
{
	if (set->count < STALL_SESSIONS && !stall_set_has(set, number))
		set->numbers[set->count++] = number;
}

static struct stall_server *stall_server_of(struct stall *stall, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < stall->count; i++)
		if (endpoint_equals(&stall->servers[i].endpoint, endpoint))
			return &stall->servers[i];
	if (stall->count == STALL_SERVERS) {
		findings_note_beyond(stall->findings, NULL, endpoint);
		return NULL;
	}
	struct stall_server *server = &stall->servers[stall->count++];
	*server = (struct stall_server){.endpoint = *endpoint};
	return server;
}

static void stall_note_client(struct stall_server *server, const struct event *event)
{
	if (!server->waiting_since) {
		server->waiting_since = event->origin.time;
		server->waiting_packet = event->origin.first;
	}
	stall_set_add(&server->waiting, event->session->number);
}

static bool stall_waited(timestamp since, timestamp until)
{
	return since && until - since >= threshold_time(THRESHOLD_STALL_LEAST);
}

/* A handshake that was not answered for long; what it waited for is known when its answer comes. */
static bool stall_is_late_handshake(const struct event *event)
{
	return (event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN) && event->exchange->status &&
	       event->exchange->status < 400 && !event->exchange->target->sid_len &&
	       stall_waited(event->exchange->request.begun, event->origin.time);
}

/* Does it show, of itself, that the server had stood still? */
static bool stall_is_overdue(const struct stall_session *per_session, const struct event *event)
{
	return (event->kind == EVENT_PING && stall_waited(per_session->next_ping, event->origin.time)) ||
	       (event->kind == EVENT_WS_CLOSE && stall_waited(per_session->closed, event->origin.time)) ||
	       stall_is_late_handshake(event);
}

static void stall_note_owed(struct stall_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	bool pings = session->revision == 4 && session->transport == TRANSPORT_WEBSOCKET && session->ping_interval;
	if (event->kind == EVENT_WS_CLOSE && event->direction == DIRECTION_TO_SERVER && !per_session->closed)
		per_session->closed = event->origin.time;
	if (event->kind == EVENT_OPEN || event->kind == EVENT_PING || event->kind == EVENT_PONG)
		per_session->next_ping = pings ? event->origin.time + session->ping_interval : 0;
}

static bool stall_is_long(const struct stall_server *server, timestamp waited)
{
	return waited >= threshold_time(THRESHOLD_STALL_LEAST) &&
	       server->samples >= threshold_count(THRESHOLD_STALL_SAMPLES) &&
	       waited > (timestamp)threshold_count(THRESHOLD_STALL_SLOWER) * server->longest &&
	       server->waiting.count >= threshold_count(THRESHOLD_STALL_SESSIONS);
}

static void stall_forget_silence(struct stall_server *server)
{
	server->waiting_since = 0;
	server->waiting = (struct stall_set){0};
}

static void stall_end_silence(struct stall_server *server, const struct event *event)
{
	timestamp waited = event->begun - server->waiting_since;
	if (stall_is_long(server, waited)) {
		server->begun = server->waiting_since;
		server->ended = event->begun;
		server->first_packet = server->waiting_packet;
		server->were_waiting = server->waiting;
		server->answered = (struct stall_set){0};
	} else if (waited > server->longest) {
		server->longest = waited;
	}
	server->samples++;
	stall_forget_silence(server);
}

static void stall_report(struct stall *stall, struct stall_server *server, const struct event *event)
{
	char name[ENDPOINT_TEXT_SIZE], waited[TIMESTAMP_TEXT_SIZE], longest[TIMESTAMP_TEXT_SIZE];
	endpoint_format(&server->endpoint, name);
	struct finding *finding = findings_claim(
	    stall->findings, CODE_SERVER_STALL, CONFIDENCE_LIKELY, NULL, event, name);
	server->ended = 0;
	if (!finding)
		return;
	struct origin silence = event->origin;
	silence.first = server->first_packet;
	finding_prove(stall->findings, finding, &silence, "silence of %s",
	    timestamp_format_span(event->origin.time - server->begun, waited));
	if (finding->count > 1)
		return;
	finding_begin_at(finding, server->begun);
	finding_say(stall->findings, finding,
	    "%s sent nothing to any client for %s while %zu sessions waited, and then answered them at once; before, "
	    "nobody waited longer than %s",
	    name, waited, server->were_waiting.count, timestamp_format_span(server->longest, longest));
	finding_doubt(stall->findings, finding, "a network that stood still looks the same from here");
}

static void stall_note_server(struct stall *stall, struct stall_server *server, const struct event *event, bool overdue)
{
	bool handshake = event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN;
	if (server->ended && event->begun < server->ended && !handshake)
		server->ended = 0; /* it was sending this meanwhile */
	if (server->waiting_since)
		stall_end_silence(server, event);
	if (!server->ended || event->origin.time - server->ended > threshold_time(THRESHOLD_STALL_BURST))
		return;
	if (overdue)
		stall_set_add(&server->were_waiting, event->session->number);
	if (overdue || (event->kind != EVENT_PING && event->kind != EVENT_WS_CLOSE &&
	                   stall_set_has(&server->were_waiting, event->session->number)))
		stall_set_add(&server->answered, event->session->number);
	if (server->answered.count >= threshold_count(THRESHOLD_STALL_SESSIONS))
		stall_report(stall, server, event);
}

static void stall_take_event(void *self, const struct event *event)
{
	struct stall *stall = self;
	enum layer layer = event_kind_layer(event->kind);
	bool lost = event->kind == EVENT_GAP && event->direction == DIRECTION_TO_CLIENT;
	/* Of TCP a probe says when what had arrived was read: the second half of this file knows better. */
	uint64_t number;
	bool probed = event->connection && event->connection->process &&
	              !address_is_unix(&event->connection->server.address, &number);
	bool concerns = lost || layer & (LAYER_ENGINEIO | LAYER_SOCKETIO) || event->kind == EVENT_WS_CLOSE ||
	                stall_is_late_handshake(event);
	if (probed || !event->session || !concerns)
		return;
	struct stall_server *server = stall_server_of(stall, &event->session->server);
	struct stall_session *per_session = session_state_of(&stall->sessions, event->session);
	if (!server || !per_session)
		return;
	if (lost) /* the server spoke, at some time since: how long anybody waited is not known */
		stall_forget_silence(server);
	else if (event->direction == DIRECTION_TO_CLIENT || stall_is_late_handshake(event))
		stall_note_server(stall, server, event, stall_is_overdue(per_session, event));
	else if (event->kind != EVENT_PONG && event->kind != EVENT_WS_CLOSE)
		stall_note_client(server, event);
	stall_note_owed(per_session, event);
}

static void *stall_new(const struct detector_state *state)
{
	struct stall *stall = calloc(1, sizeof *stall);
	if (stall) {
		stall->findings = state->findings;
		stall->sessions = state->sessions;
	}
	return stall;
}

const struct detector detector_stall = {
    .judges_absence = true,
    .session_size = sizeof(struct stall_session),
    .new = stall_new,
    .free = free,
    .event = stall_take_event,
};

/* ---- a probe */

/*
 * server-stall, as a probe sees it: a process that did not read what had arrived.
 *
 * Seen: the application reads bytes of a client a second or more after they had reached its socket, and meanwhile it
 * read and wrote nothing at any connection that is watched. Ruled out: one connection that is not read for flow
 * control, or one slow handler (the process does something at others meanwhile); a network that stood still (the bytes
 * were there); a lost record (the time is the kernel's, and the next read says when what it read had come).
 */

enum { BLOCKED_PROCESSES = 64 };

struct blocked_process {
	const struct process *process; /* which one it was: it may be forgotten */
	uint32_t id;
	timestamp active; /* when it last read or wrote anything that is reported */
};

struct blocked {
	struct findings *findings;
	struct blocked_process processes[BLOCKED_PROCESSES];
	size_t count;
	timestamp forgotten; /* when the last of those that made room was active: a new one may be one of them */
};

/* When there are too many, the one that was last active the longest ago makes room. */
static struct blocked_process *blocked_process_of(struct blocked *blocked, const struct process *process)
{
	struct blocked_process *oldest = blocked->processes;
	for (size_t i = 0; i < blocked->count; i++) {
		if (blocked->processes[i].process == process && blocked->processes[i].id == process->id)
			return &blocked->processes[i];
		if (blocked->processes[i].active < oldest->active)
			oldest = &blocked->processes[i];
	}
	if (blocked->count < BLOCKED_PROCESSES)
		oldest = &blocked->processes[blocked->count++];
	else
		blocked->forgotten = oldest->active;
	*oldest = (struct blocked_process){.process = process, .id = process->id, .active = blocked->forgotten};
	return oldest;
}

static void blocked_report(struct blocked *blocked, const struct process *process, const struct event *event)
{
	char server[ENDPOINT_TEXT_SIZE], waited[TIMESTAMP_TEXT_SIZE];
	endpoint_format(&event->connection->server, server);
	struct finding *finding = findings_claim(
	    blocked->findings, CODE_SERVER_STALL, CONFIDENCE_PROVEN, NULL, event, server);
	if (!finding)
		return;
	timestamp_format_span(event->queued, waited);
	finding_prove(blocked->findings, finding, &event->origin, "read %s after it had arrived", waited);
	if (finding->count > 1)
		return;
	finding_begin_at(finding, event->origin.time - event->queued);
	finding_say(blocked->findings, finding,
	    "process %u (%s) at %s read nothing and wrote nothing for %s, although bytes of session %llu lay in its "
	    "socket: its event loop was blocked",
	    process->id, process->command, server, waited,
	    event->session ? (unsigned long long)event->session->number : 0ULL);
}

static void blocked_take_event(void *self, const struct event *event)
{
	struct blocked *blocked = self;
	const struct process *process = event->connection ? event->connection->process : NULL;
	if (!process)
		return;
	struct blocked_process *entry = blocked_process_of(blocked, process);
	timestamp arrived = event->origin.time - event->queued;
	if (event->queued >= threshold_time(THRESHOLD_UNREAD_LEAST) &&
	    (entry->active == TIMESTAMP_NONE || entry->active <= arrived + threshold_time(THRESHOLD_UNREAD_SLACK)))
		blocked_report(blocked, process, event);
	if (entry->active == TIMESTAMP_NONE || event->origin.time > entry->active)
		entry->active = event->origin.time;
}

static void *blocked_new(const struct detector_state *state)
{
	struct blocked *blocked = calloc(1, sizeof *blocked);
	if (blocked)
		*blocked = (struct blocked){.findings = state->findings, .forgotten = TIMESTAMP_NONE};
	return blocked;
}

const struct detector detector_blocked = {
    .judges_absence = true,
    .new = blocked_new,
    .free = free,
    .event = blocked_take_event,
};
