/* capture-incomplete: what could not be seen, so that nobody takes silence for health. */
#include "detect/detector.h"

#include <inttypes.h>
#include <stdio.h>

static void visibility_tell(struct findings *findings, uint64_t count, const char *what)
{
	struct finding *finding = count ? findings_claim(
	                                      findings, CODE_CAPTURE_INCOMPLETE, CONFIDENCE_PROVEN, NULL, NULL, what)
	                                : NULL;
	if (!finding)
		return;
	finding->count = count;
	finding_say(findings, finding, "%" PRIu64 " %s", count, what);
}

static void visibility_take_end(void *self, const struct engine_counts *counts)
{
	struct detector_state *state = self;
	visibility_tell(state->findings, counts->dropped, "packets were dropped while capturing");
	visibility_tell(state->findings, counts->gaps, "gaps: packets are missing from the capture");
	visibility_tell(state->findings, counts->joined, "connections were under way when the capture began");
	visibility_tell(state->findings, counts->snapped, "packets were cut short by the snap length");
	visibility_tell(state->findings, counts->unreadable, "compressed messages refer back to what was not captured");
	visibility_tell(state->findings, counts->tls, "connections are encrypted (TLS)");
	visibility_tell(state->findings, counts->untied, "TLS streams fit no connection that was seen");
	visibility_tell(state->findings, counts->http2, "connections speak HTTP/2, which is not decoded");
}

const struct detector detector_visibility = {
    .end = visibility_take_end,
};
