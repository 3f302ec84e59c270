/*
 * heartbeat-lost: a ping without its pong in time, or no ping in time.
 *
 * Seen: the handshake's pingInterval and pingTimeout, and who pings by revision (4: the server, 3: the client). Late is
 * what comes after the other side has to give up, or what had not come when the session ended about then; it is told
 * once it has come or the session is over, so that the whole silence is known; of a session that is still open then,
 * the capture's end says how long a ping waited. Ruled out: sessions whose handshake was not captured (the intervals
 * are not known), a session or a capture that ends before the time is over, a capture with gaps.
 */
#include "detect/detector.h"

/* Whoever waits gives up at the very time; clocks and the way leave a little play where a session ends. */
static timestamp heartbeat_nearly(timestamp patience)
{
	return patience - threshold_part(THRESHOLD_HEARTBEAT_PLAY, patience);
}

/* Until when it is waited for: a session that goes on was not given up yet. */
static timestamp heartbeat_patience(timestamp patience, bool ends)
{
	return ends ? heartbeat_nearly(patience) : patience;
}

struct heartbeat_note {
	timestamp pinged;    /* the ping that waits for its pong; 0: none */
	timestamp last_ping; /* or the handshake, after which the first is due */
	uint64_t last_packet;
	bool told;
};

static enum direction heartbeat_pinger(const struct session *session)
{
	return session->revision == 3 ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT;
}

static struct finding *heartbeat_claim(struct detector_state *state, struct heartbeat_note *note,
    const struct session *session, const char *subject, enum direction late)
{
	note->told = true;
	struct finding *finding = findings_claim(
	    state->findings, CODE_HEARTBEAT_LOST, detector_absence(session), session, NULL, subject);
	if (!finding)
		return NULL;
	detector_doubt_absence(state->findings, finding, session);
	finding_set_cause(state->findings, finding, late == DIRECTION_TO_CLIENT ? CAUSE_SERVER_LATE : CAUSE_CLIENT_LATE,
	    &session->software);
	return finding;
}

static void heartbeat_check_pong(
    struct detector_state *state, struct heartbeat_note *note, const struct session *session, timestamp now, bool ends)
{
	char limit[TIMESTAMP_TEXT_SIZE], waited[TIMESTAMP_TEXT_SIZE];
	timestamp patience = heartbeat_patience(session->ping_timeout, ends);
	if (note->told || !note->pinged || now - note->pinged < patience)
		return;
	struct finding *finding = heartbeat_claim(
	    state, note, session, "pong", direction_other(heartbeat_pinger(session)));
	if (!finding)
		return;
	finding->time = note->pinged;
	finding_say(state->findings, finding,
	    "the %s's ping was not answered for %s; pingTimeout is %s: the %s was late",
	    direction_sender(heartbeat_pinger(session)), timestamp_format_span(now - note->pinged, waited),
	    timestamp_format_span(session->ping_timeout, limit),
	    direction_sender(direction_other(heartbeat_pinger(session))));
	finding_prove(state->findings, finding, note->last_packet, note->last_packet, "ping");
}

static void heartbeat_check_ping(
    struct detector_state *state, struct heartbeat_note *note, const struct session *session, timestamp now, bool ends)
{
	char limit[TIMESTAMP_TEXT_SIZE], waited[TIMESTAMP_TEXT_SIZE];
	timestamp patience = session->ping_interval + session->ping_timeout;
	if (note->told || note->pinged || !note->last_ping ||
	    now - note->last_ping < heartbeat_patience(patience, ends))
		return;
	struct finding *finding = heartbeat_claim(state, note, session, "ping", heartbeat_pinger(session));
	if (!finding)
		return;
	finding->time = note->last_ping;
	finding_say(state->findings, finding,
	    "the %s sent no ping for %s; after %s (pingInterval + pingTimeout) the %s gives up: the %s was late",
	    direction_sender(heartbeat_pinger(session)), timestamp_format_span(now - note->last_ping, waited),
	    timestamp_format_span(patience, limit), direction_sender(direction_other(heartbeat_pinger(session))),
	    direction_sender(heartbeat_pinger(session)));
	finding_prove(state->findings, finding, note->last_packet, note->last_packet, "after this, no ping");
}

/* Some servers give a client up sooner than the protocol says, after the longer of interval and timeout (FACT_GIVES_UP:
 * python-engineio 3): a server's close after that much silence, with a ping overdue, is for the silence. */
static void heartbeat_check_close(struct detector_state *state, struct heartbeat_note *note, const struct event *event)
{
	const struct session *session = event->session;
	timestamp longer = session->ping_interval > session->ping_timeout ? session->ping_interval
	                                                                  : session->ping_timeout;
	bool closes = (event->kind == EVENT_WS_CLOSE || event->kind == EVENT_CLOSE) &&
	              event->direction == DIRECTION_TO_CLIENT;
	char silence[TIMESTAMP_TEXT_SIZE];
	int64_t patience;
	if (!closes || note->told || !session->handshake_seen || !longer || !note->last_ping ||
	    !recognition_get_fact(&session->software, FACT_GIVES_UP, &patience) || patience != PATIENCE_LONGER ||
	    event->time - note->last_ping < heartbeat_nearly(longer))
		return;
	struct finding *finding = heartbeat_claim(state, note, session, "close", DIRECTION_TO_SERVER);
	if (!finding)
		return;
	finding->time = event->time;
	finding_say(state->findings, finding,
	    "the server closed the session after %s without a ping: the client was late",
	    timestamp_format_span(event->time - note->last_ping, silence));
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "the server's close");
}

static bool heartbeat_is_known(const struct session *session)
{
	return session->handshake_seen && session->ping_timeout && session->ping_interval && session->revision;
}

static bool heartbeat_is(const struct event *event, enum event_kind kind, enum direction direction)
{
	return event->kind == kind && event->direction == direction;
}

static bool heartbeat_ends(const struct event *event)
{
	return event->kind == EVENT_CLOSE || event->kind == EVENT_WS_CLOSE || event->kind == EVENT_TCP_CLOSE;
}

/* What lay unread had come in time, if it had: the side that did not read it is to blame for the rest. */
static void heartbeat_check(struct detector_state *state, struct heartbeat_note *note, const struct event *event)
{
	const struct session *session = event->session;
	enum direction pinger = heartbeat_pinger(session);
	timestamp now = event->time - event->queued;
	bool ends = heartbeat_ends(event);
	if (!heartbeat_is_known(session))
		return;
	if (ends || heartbeat_is(event, EVENT_PONG, direction_other(pinger)))
		heartbeat_check_pong(state, note, session, now, ends);
	if (ends || heartbeat_is(event, EVENT_PING, pinger))
		heartbeat_check_ping(state, note, session, now, ends);
}

static void heartbeat_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	const struct session *session = event->session;
	if (!session || event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN)
		return;
	struct heartbeat_note *note = notes_of(&state->notes, session);
	if (!note)
		return;
	heartbeat_check(state, note, event);
	heartbeat_check_close(state, note, event);
	enum direction pinger = heartbeat_pinger(session);
	if (event->kind == EVENT_OPEN) {
		note->last_ping = event->time;
		note->last_packet = event->last_packet;
	}
	if (heartbeat_is(event, EVENT_PING, pinger)) {
		note->pinged = note->last_ping = event->time;
		note->last_packet = event->last_packet;
	}
	if (heartbeat_is(event, EVENT_PONG, direction_other(pinger)))
		note->pinged = 0;
}

/* An open session in which nothing comes any more has no traffic that tells how long: the capture goes on. */
static timestamp heartbeat_end(const struct session *session)
{
	timestamp end = session_end(session);
	return session->closed == TIMESTAMP_NONE && session->watched > end ? session->watched : end;
}

static void heartbeat_judge_session(void *self, const struct session *session)
{
	struct detector_state *state = self;
	struct heartbeat_note *note = notes_find(&state->notes, session);
	if (!note || !heartbeat_is_known(session))
		return;
	heartbeat_check_pong(state, note, session, heartbeat_end(session), true);
	heartbeat_check_ping(state, note, session, session_end(session), true);
}

const struct detector detector_heartbeat = {
    .note_size = sizeof(struct heartbeat_note),
    .event = heartbeat_take_event,
    .session_over = heartbeat_judge_session,
};
