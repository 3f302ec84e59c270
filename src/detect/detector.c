/* What most detectors need. */
#include "detect/detector.h"

static bool detector_saw_all(const struct session *session)
{
	return session->handshake_seen && !session->gaps && !session->unreadable && !session->incomplete &&
	       !session->broken && !session->missed;
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
