/*
 * malformed-packet: a packet that the other side's parser rejects.
 *
 * Seen: what is no Engine.IO payload or packet, or no Socket.IO packet in a session that speaks Socket.IO; an event
 * with a name that node reserves; a binary packet that announces no attachment. An error when the session ends for it:
 * the other side closes it, ends its connection or refuses the POST at once, and says nothing before. Ruled out: what
 * was cut or lost bytes, what is beyond this program's own limits, pages in answer to polls (foreign.c), and
 * applications' own messages in sessions that speak no Socket.IO. Whether the other side rejects it, only its parser
 * knows.
 */
#include "detect/detector.h"
#include "detect/refusal.h"
#include "socketio/socketio.h"

#include <stdio.h>
#include <stdlib.h>

/* The last such packet. */
struct malformed_packet {
	bool waits; /* nothing came from the other side since */
	enum direction direction;
	timestamp time;
	uint64_t first_packet, last_packet;
	char subject[128];
};

struct malformed_note {
	struct malformed_packet *packet; /* NULL: there was none, as in most sessions */
};

static void malformed_free_packet(void *note)
{
	free(((struct malformed_note *)note)->packet);
}

/* That of a session; made for the `first` of it. NULL: there is none. */
static struct malformed_packet *malformed_packet_of(
    struct detector_state *state, const struct session *session, bool first)
{
	struct malformed_note *note = first ? notes_of(&state->notes, session) : notes_find(&state->notes, session);
	if (note && !note->packet && first)
		note->packet = budget_new(&state->findings->memory, sizeof *note->packet);
	return note ? note->packet : NULL;
}

/* Why it is none that the other side's parser takes; empty: it is one, or that cannot be known. */
static struct slice malformed_why(const struct event *event)
{
	struct slice none = slice_of(NULL, 0);
	if (event->incomplete || event->unreadable)
		return none;
	if (event->flaw)
		return slice_of_text(event->flaw);
	bool page = event->transport == TRANSPORT_POLLING && refusal_is_foreign(event->raw) &&
	            event->direction == DIRECTION_TO_CLIENT;
	if (event->kind != EVENT_MALFORMED || page || slice_equals_text(event->text, socketio_too_deep))
		return none;
	bool ours = !strcmp(event->layer, "engineio") || !strcmp(event->layer, "socketio");
	return ours ? event->text : none;
}

static void malformed_tell(
    struct detector_state *state, struct malformed_packet *note, const struct event *event, struct slice why)
{
	const char *sender = direction_sender(event->direction);
	const char *other = direction_sender(direction_other(event->direction));
	why = slice_take(why, 80);
	*note = (struct malformed_packet){.waits = true,
	    .direction = event->direction,
	    .time = event->time,
	    .first_packet = event->first_packet,
	    .last_packet = event->last_packet};
	snprintf(note->subject, sizeof note->subject, "%s %.*s", sender, (int)why.len, (const char *)why.at);
	struct finding *finding = findings_claim(
	    state->findings, CODE_MALFORMED_PACKET, CONFIDENCE_LIKELY, event->session, event, note->subject);
	if (!finding)
		return;
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "%.*s", (int)why.len,
	    (const char *)why.at);
	if (finding->count > 1)
		return;
	finding_say(state->findings, finding, "the %s sent a packet that the %s's parser rejects: %.*s", sender, other,
	    (int)why.len, (const char *)why.at);
	finding_doubt(
	    state->findings, finding, "implementations differ: node closes the session for it, python ignores it");
}

/* ---- the session ends for it */

static bool malformed_is_end(const struct event *event)
{
	bool refused = event->kind == EVENT_HTTP && event->exchange->status >= 400 &&
	               slice_equals(event->exchange->request.head.method, SLICE("POST"));
	return refused || event->kind == EVENT_CLOSE || event->kind == EVENT_WS_CLOSE ||
	       (event->kind == EVENT_TCP_CLOSE && event->transport == TRANSPORT_WEBSOCKET);
}

static void malformed_tell_end(
    struct detector_state *state, const struct malformed_packet *note, const struct event *event)
{
	struct finding *finding = findings_recall(
	    state->findings, CODE_MALFORMED_PACKET, event->session, note->subject);
	if (!finding || finding->severity == SEVERITY_ERROR)
		return;
	finding_set_case(finding, MALFORMED_FATAL);
	finding_say(state->findings, finding, "%s; the %s ended the session at once after it", finding->seen,
	    direction_sender(direction_other(note->direction)));
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "the end");
	finding_doubt(state->findings, finding, "the other side does not say why it ends the session");
}

/* Answers of HTTP are told in the direction of their request. */
static bool malformed_is_of_other(const struct malformed_packet *note, const struct event *event)
{
	return event->kind == EVENT_HTTP ? note->direction == DIRECTION_TO_SERVER : event->direction != note->direction;
}

static void malformed_look_at_end(
    struct detector_state *state, struct malformed_packet *note, const struct event *event)
{
	bool says = (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO)) && event->kind != EVENT_NOOP;
	if (!note->waits || !malformed_is_of_other(note, event))
		return;
	bool at_once = event->time - note->time <= threshold_time(THRESHOLD_CLOSE_AT_ONCE);
	if (malformed_is_end(event) && at_once)
		malformed_tell_end(state, note, event);
	else if (!says && at_once)
		return;
	note->waits = false;
}

static void malformed_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	struct slice why = event->session ? malformed_why(event) : slice_of(NULL, 0);
	struct malformed_packet *note = event->session ? malformed_packet_of(state, event->session, why.len > 0) : NULL;
	if (!note)
		return;
	malformed_look_at_end(state, note, event);
	if (why.len)
		malformed_tell(state, note, event, why);
}

const struct detector detector_malformed = {
    .note_size = sizeof(struct malformed_note),
    .empty_note = malformed_free_packet,
    .event = malformed_take_event,
};
