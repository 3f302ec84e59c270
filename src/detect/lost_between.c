/*
 * lost-between: an event entered a hop on one leg of its session and never came out on the other.
 *
 * Seen: both legs, and the event on one of them only (socketio/legs.h). Ruled out: bytes of either leg that were not
 * captured, or could not be read; a session that ended while the event may still have been on its way. Proven when a
 * later event of the same direction came through, for a hop keeps their order; else likely.
 */
#include "detect/detector.h"

static void lost_tell(struct detector_state *state, const struct session *session, const struct session_loss *loss)
{
	char where[ENDPOINT_TEXT_SIZE];
	bool to_server = loss->direction == DIRECTION_TO_SERVER;
	struct finding *finding = findings_claim(state->findings, CODE_LOST_BETWEEN,
	    loss->is_sure ? CONFIDENCE_PROVEN : CONFIDENCE_LIKELY, session, NULL, direction_name(loss->direction));
	if (!finding)
		return;
	if (finding->count == 1)
		finding->time = loss->time;
	finding_say(state->findings, finding,
	    "the %s sent %s%s%s; it was seen on the way to %s %s and never on the other side of the hop between them%s%s",
	    direction_sender(loss->direction), event_kind_name(loss->kind), loss->name[0] ? " " : "", loss->name,
	    to_server ? "the proxy" : "the proxy, from", endpoint_format(&loss->server, where),
	    loss->is_sure ? ", where later ones came through" : "",
	    session->loss_count > 1 ? "; others of this session were lost in the same way" : "");
	if (!loss->is_sure)
		finding_doubt(state->findings, finding, "nothing else went that way after it");
	finding_prove(state->findings, finding, loss->first_packet, loss->last_packet, "%s %s", event_kind_name(loss->kind),
	    loss->name);
}

static void lost_take_closed(void *self, const struct session *session)
{
	for (size_t i = 0; i < session->loss_count && i < SESSION_LOSSES; i++)
		lost_tell(self, session, &session->losses[i]);
}

const struct detector detector_lost_between = {.session_closed = lost_take_closed};
