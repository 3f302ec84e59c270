/*
 * capture-incomplete: what could not be seen, so that nobody takes silence for health.
 *
 * Seen: the engine's own counts of what was missing, cut, encrypted or not decoded, at the end. There is nothing else
 * that could explain them, and nothing is ruled out: each is told as it was counted, in whichever session it was.
 */
#include "detect/detector.h"

#include <inttypes.h>
#include <stdio.h>

/* `advice` NULL: what the code's table says, to capture more. */
static void visibility_tell(struct findings *findings, uint64_t count, const char *what, const char *advice)
{
	struct finding *finding = count ? findings_claim(
	                                      findings, CODE_CAPTURE_INCOMPLETE, CONFIDENCE_PROVEN, NULL, NULL, what)
	                                : NULL;
	if (!finding)
		return;
	finding->count = count;
	finding_say(findings, finding, "%" PRIu64 " %s", count, what);
	if (advice)
		finding_advise(findings, finding, "%s", advice);
}

static void visibility_take_end(void *self, const struct engine_counts *counts)
{
	struct detector_state *state = self;
	visibility_tell(state->findings, counts->dropped, "packets were dropped while capturing", NULL);
	visibility_tell(state->findings, counts->gaps, "gaps: packets are missing from the capture", NULL);
	visibility_tell(state->findings, counts->joined, "connections were under way when the capture began", NULL);
	visibility_tell(state->findings, counts->snapped, "packets were cut short by the snap length", NULL);
	visibility_tell(
	    state->findings, counts->unreadable, "compressed messages refer back to what was not captured", NULL);
	visibility_tell(state->findings, counts->unread,
	    "parts of what Engine.IO connections carried could not be read",
	    "sioscope dump shows where (malformed, incomplete). It reads heads of 64 KB at most, and what codings HTTP "
	    "names: gzip, deflate, br, zstd.");
	visibility_tell(state->findings, counts->tls, "connections are encrypted (TLS)",
	    "Capture where the traffic is plain: behind the proxy that ends TLS, or what the process itself reads and "
	    "writes (sioscope -p).");
	visibility_tell(state->findings, counts->untied, "TLS streams fit no connection that was seen", NULL);
	visibility_tell(state->findings, counts->http2, "connections speak HTTP/2, which is not decoded",
	    "Capture where HTTP/1.1 is spoken: most proxies speak it to the application behind them.");
}

const struct detector detector_visibility = {
    .end = visibility_take_end,
};
