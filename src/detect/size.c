/*
 * payload-too-large: more than the server said it takes.
 *
 * Seen: a request's body or a WebSocket message of the client that is larger than the handshake's maxPayload, and the
 * session ended soon after, or the request was not answered well. Ruled out: servers that do not mind (the session goes
 * on, the request is answered well), and clients that leave by themselves. HTTP 413 and close code 1009 say it
 * themselves, and are told by refusals.c and closing.c.
 */
#include "detect/detector.h"

struct size_note {
	uint64_t bytes; /* of the first that was too large; 0: none */
	uint64_t first_packet, last_packet;
	timestamp time;
	bool taken; /* the server sent something a while later, or the client ended it */
	bool over;
};

static void size_note_large(struct detector_state *state, const struct event *event, uint64_t bytes)
{
	struct size_note *note = notes_of(&state->notes, event->session);
	if (note && !note->bytes)
		*note = (struct size_note){bytes, event->first_packet, event->last_packet, event->time, false, false};
}

/* The largest WebSocket message of a packet. Compressed, it is smaller on the wire than what the server weighs. */
static uint64_t size_of_messages(const struct event *event)
{
	uint64_t largest = event->name.len + event->data.len;
	if (!event->attachment_count && event->bytes > largest)
		largest = event->bytes;
	for (size_t i = 0; i < event->attachment_count; i++)
		if (event->attachments[i].len > largest)
			largest = event->attachments[i].len;
	return largest;
}

static uint64_t size_of(const struct event *event)
{
	if (event->kind == EVENT_HTTP)
		return event->exchange->request.body_bytes;
	bool message = event->transport == TRANSPORT_WEBSOCKET && event->direction == DIRECTION_TO_SERVER &&
	               event_kind_layer(event->kind) == LAYER_SOCKETIO;
	return message ? size_of_messages(event) : 0;
}

/* 413 is told by others. */
static bool size_is_settled(const struct event *event)
{
	int status = event->kind == EVENT_HTTP ? event->exchange->status : 0;
	return status == 413 || (status >= 200 && status < 300);
}

/* The first to end the connection ends the session. A client whose request was refused leaves for that reason; over a
 * WebSocket, nothing was refused yet. */
static void size_note_end(struct size_note *note, const struct event *event)
{
	note->taken |= !note->over && event->direction == DIRECTION_TO_SERVER &&
	               event->transport == TRANSPORT_WEBSOCKET;
	note->over = true;
}

static void size_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	const struct session *session = event->session;
	if (!session || !session->max_payload)
		return;
	uint64_t bytes = size_of(event);
	if (bytes > session->max_payload && !size_is_settled(event))
		size_note_large(state, event, bytes);
	struct size_note *note = notes_find(&state->notes, session);
	if (!note)
		return;
	if (event->kind == EVENT_CLOSE || event->kind == EVENT_WS_CLOSE || event->kind == EVENT_TCP_CLOSE)
		size_note_end(note, event);
	else
		note->taken |= event->direction == DIRECTION_TO_CLIENT;
}

static void size_tell(struct detector_state *state, const struct size_note *note, const struct session *session)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_PAYLOAD_TOO_LARGE, detector_absence(session), session, NULL, "max payload");
	if (!finding)
		return;
	finding->time = note->time;
	finding_set_cause(state->findings, finding, CAUSE_SERVER_LIMIT, &session->software);
	finding_say(state->findings, finding,
	    "the client sent %llu bytes, the handshake allows %llu, and the session ended",
	    (unsigned long long)note->bytes, (unsigned long long)session->max_payload);
	finding_prove(state->findings, finding, note->first_packet, note->last_packet, "%llu bytes",
	    (unsigned long long)note->bytes);
	detector_doubt_absence(state->findings, finding, session);
}

static void size_judge_session(void *self, const struct session *session)
{
	struct detector_state *state = self;
	const struct size_note *note = notes_find(&state->notes, session);
	bool ended = note && note->bytes && !note->taken && session->closed != TIMESTAMP_NONE &&
	             session->closed - note->time < threshold_time(THRESHOLD_SIZE_END);
	if (ended)
		size_tell(state, note, session);
}

const struct detector detector_size = {
    .note_size = sizeof(struct size_note),
    .event = size_take_event,
    .session_over = size_judge_session,
};
