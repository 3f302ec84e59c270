/*
 * event-dropped: too many packets in one POST.
 *
 * Seen: a POST with more packets than the server takes (python-engineio: 16), answered as taken: it throws the whole
 * payload away and logs an error. Ruled out: servers that have no such limit, as they are recognised (servers/). What
 * could still be: the limit was raised (Payload.max_decode_packets), which the wire does not show.
 */
#include "detect/detector.h"

struct batch_note {
	uint64_t first_packet; /* of the POST whose packets are counted */
	uint64_t count;
};

static void batch_count(struct detector_state *state, const struct event *event)
{
	struct batch_note *note = notes_of(&state->notes, event->session);
	if (!note)
		return;
	if (note->first_packet != event->first_packet)
		*note = (struct batch_note){.first_packet = event->first_packet};
	note->count += 1 + event->attachment_count; /* each attachment is a packet of its own */
}

static void batch_judge(struct detector_state *state, const struct event *event)
{
	const struct batch_note *note = notes_find(&state->notes, event->session);
	const struct exchange *exchange = event->exchange;
	const struct recognition *software = &event->session->software;
	int64_t limit, dropped;
	bool taken = note && exchange->status == 200 && note->first_packet == exchange->request.first_packet;
	if (!taken || !recognition_get_fact(software, FACT_BATCH_DROPPED, &dropped) || !dropped ||
	    !recognition_get_fact(software, FACT_BATCH, &limit) || note->count <= (uint64_t)limit)
		return;
	struct finding *finding = findings_claim(
	    state->findings, CODE_EVENT_DROPPED, CONFIDENCE_LIKELY, event->session, event, "too many packets");
	if (!finding)
		return;
	finding_say(state->findings, finding,
	    "a POST carried %llu packets; %s takes %lld, answers OK and throws all of them away",
	    (unsigned long long)note->count, recognition_server(software)->software, (long long)limit);
	finding_set_cause(state->findings, finding, CAUSE_BATCH, software);
	finding_doubt(state->findings, finding, "the server may have raised Payload.max_decode_packets");
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "POST of %llu packets",
	    (unsigned long long)note->count);
}

static void batch_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	enum layer layer = event_kind_layer(event->kind);
	if (!event->session || event->transport != TRANSPORT_POLLING)
		return;
	if (event->direction == DIRECTION_TO_SERVER && (layer & (LAYER_ENGINEIO | LAYER_SOCKETIO)))
		batch_count(state, event);
	if (event->kind == EVENT_HTTP && slice_equals(event->exchange->request.head.method, SLICE("POST")))
		batch_judge(state, event);
}

const struct detector detector_batch = {
    .note_size = sizeof(struct batch_note),
    .event = batch_take_event,
};
