/*
 * bundle-version, bundle-transport: the frontend that was given is not the one whose pages were captured.
 *
 * Seen: a page names, as its WebSocket's subprotocol, the Reflex version that built it, and it is not the given
 * build's; or it opened its session by another transport than the given build has baked in. Told only of sessions that
 * connect where the build's pages do. Else: another client of the same server; so only clients that name themselves as
 * a Reflex page (by that subprotocol) count for the version, and browsers alone for the transport.
 */
#include "detect/detector.h"
#include "reflex/frontend_check.h"

static bool baked_is_endpoint(const struct manifest *manifest, const struct exchange *exchange)
{
	struct slice path = manifest_endpoint_path(manifest);
	return path.len > 1 && slice_starts_with(exchange->request.head.target, path);
}

static void baked_check_version(struct detector_state *state, const struct event *event, struct slice built)
{
	struct slice version = slice_take(exchange_field(&event->exchange->request, "Sec-WebSocket-Protocol"), 40);
	if (!version.len || !built.len || slice_equals(version, built))
		return;
	struct finding *finding = findings_claim(
	    state->findings, CODE_BUNDLE_VERSION, CONFIDENCE_PROVEN, NULL, event, "another build");
	if (!finding || finding->count > 1)
		return;
	finding_set_case(finding, VERSION_OTHER);
	finding_say(state->findings, finding,
	    "the page was built by Reflex %.*s, the frontend given here by %.*s: it is not the one that ran",
	    (int)version.len, (const char *)version.at, (int)slice_take(built, 40).len, (const char *)built.at);
	finding_prove(
	    state->findings, finding, event->first_packet, event->last_packet, "Sec-WebSocket-Protocol of the page");
	finding_advise(state->findings, finding,
	    "Give --frontend the folder that the server really serves; or, if this one was meant to be served, ship it "
	    "and let browsers reload.");
}

static void baked_check_transport(struct detector_state *state, const struct event *event, struct slice baked)
{
	const char *used = transport_name(event->exchange->target->transport);
	if (!baked.len || slice_equals_text(baked, used) || !exchange_is_of_browser(event->exchange))
		return;
	struct finding *finding = findings_claim(
	    state->findings, CODE_BUNDLE_TRANSPORT, CONFIDENCE_PROVEN, NULL, event, "another transport");
	if (!finding || finding->count > 1)
		return;
	finding_say(state->findings, finding,
	    "the page began with %s, the frontend given here has %.*s baked in: it is not the one that ran", used,
	    (int)slice_take(baked, 20).len, (const char *)baked.at);
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "the page's handshake");
}

/* The first request of a session, or one that was refused, is how a page begins. */
static void baked_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	if (!state->plugged || !event->exchange || event->exchange->target->sid_len)
		return;
	const struct manifest *manifest = frontend_manifest(state->plugged);
	if (!baked_is_endpoint(manifest, event->exchange))
		return;
	if (event->kind == EVENT_WS_OPEN)
		baked_check_version(state, event, manifest->version);
	baked_check_transport(state, event, manifest->transport);
}

static void baked_end(void *self, const struct engine_counts *counts)
{
	struct detector_state *state = self;
	(void)counts;
	if (state->plugged)
		frontend_check_state(state->findings, state->plugged);
}

const struct detector detector_baked = {
    .event = baked_take_event,
    .end = baked_end,
};
