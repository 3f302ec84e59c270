/* What most detectors need. */
#include "detect/detector.h"

#include <stdlib.h>

struct detector_state *detector_state_new(
    struct findings *findings, const struct detector_facts *facts, size_t note_size)
{
	struct detector_state *state = calloc(1, sizeof *state);
	if (!state)
		return NULL;
	*state = (struct detector_state){.findings = findings, .facts = facts};
	notes_init(&state->notes, note_size, &findings->memory);
	return state;
}

void detector_state_free(void *self)
{
	struct detector_state *state = self;
	if (!state)
		return;
	notes_free(&state->notes);
	free(state);
}

static bool detector_saw_all(const struct session *session)
{
	return session->handshake_seen && !session->gaps && !session->unreadable && !session->incomplete &&
	       !session->broken;
}

enum confidence detector_absence(const struct session *session)
{
	return detector_saw_all(session) ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

void detector_doubt_absence(struct findings *findings, struct finding *finding, const struct session *session)
{
	if (!detector_saw_all(session))
		finding_doubt(findings, finding, "part of this session was not captured, or could not be read");
}
