/*
 * capture-incomplete: what could not be seen, so that nobody takes silence for health.
 *
 * Seen: the engine's own counts of what was missing, cut, encrypted or not decoded, at the end. There is nothing else
 * that could explain them, and nothing is ruled out: each is told as it was counted, in whichever session it was.
 */
#include "base/numbers.h"
#include "detect/detector.h"

#include <inttypes.h>
#include <stdio.h>

/* `many` is the finding's subject as well. `advice` NULL: what the code's table says, to capture more. */
static void visibility_tell(
    struct findings *findings, uint64_t count, const char *one, const char *many, const char *advice)
{
	struct finding *finding = count ? findings_claim(
	                                      findings, CODE_CAPTURE_INCOMPLETE, CONFIDENCE_PROVEN, NULL, NULL, many)
	                                : NULL;
	if (!finding)
		return;
	finding->count = count;
	finding_say(findings, finding, "%" PRIu64 " %s", count, plural_choose(count, one, many));
	if (advice)
		finding_advise(findings, finding, "%s", advice);
}

static void visibility_take_end(void *self, const struct engine_counts *counts)
{
	struct detector_state *state = self;
	visibility_tell(state->findings, counts->dropped, "packet was dropped while capturing",
	    "packets were dropped while capturing", NULL);
	visibility_tell(state->findings, counts->gaps, "gap: packets are missing from the capture",
	    "gaps: packets are missing from the capture", NULL);
	visibility_tell(state->findings, counts->hidden, "connection lost the requests that would tell what it carries",
	    "connections lost the requests that would tell what they carry", NULL);
	visibility_tell(state->findings, counts->one_sided, "connection was captured in one direction only",
	    "connections were captured in one direction only",
	    "Capture both directions: a filter of src or dst alone, or one interface of two, leaves the other out.");
	visibility_tell(state->findings, counts->joined, "connection was under way when the capture began",
	    "connections were under way when the capture began", NULL);
	visibility_tell(state->findings, counts->snapped, "packet was cut short by the snap length",
	    "packets were cut short by the snap length", NULL);
	visibility_tell(state->findings, counts->unreadable, "compressed message refers back to what was not captured",
	    "compressed messages refer back to what was not captured", NULL);
	visibility_tell(state->findings, counts->unread,
	    "part of what an Engine.IO connection carried could not be read",
	    "parts of what Engine.IO connections carried could not be read",
	    "sioscope dump shows where (malformed, incomplete). It reads heads of 64 KB at most, and what codings HTTP "
	    "names: gzip, deflate, br, zstd.");
	visibility_tell(state->findings, counts->tls, "connection is encrypted (TLS)",
	    "connections are encrypted (TLS)",
	    "Capture where the traffic is plain: behind the proxy that ends TLS, or what the process itself reads and "
	    "writes (sioscope -p).");
	visibility_tell(state->findings, counts->untied, "TLS stream fits no connection that was seen",
	    "TLS streams fit no connection that was seen", NULL);
	visibility_tell(state->findings, counts->http2, "connection speaks HTTP/2, which is not decoded",
	    "connections speak HTTP/2, which is not decoded",
	    "Capture where HTTP/1.1 is spoken: most proxies speak it to the application behind them.");
}

const struct detector detector_visibility = {
    .end = visibility_take_end,
};
