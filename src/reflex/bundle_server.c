/*
 * bundle-transport, by a real handshake: would the bundle's pages get a session from this server?
 *
 * Seen: how the server answers polling and WebSocket, at the path that is baked into the build. An answer that opens a
 * session is proof that it works from here; a refusal quotes the server. What a handshake from here cannot show is
 * said: the browser's own rules (CORS), and a proxy between the browser and this server.
 */
#include "http/http1.h"
#include "reflex/frontend_check.h"

#include <stdio.h>

static bool answer_is_session(const struct bundle_answer *answer)
{
	return answer->status == 101 || (answer->status == 200 && strstr(answer->text, "\"sid\""));
}

static const char *answer_describe(const struct bundle_answer *answer, char text[320])
{
	if (answer_is_session(answer))
		return "opens a session";
	snprintf(text, 320, "is answered by HTTP %d%s%.120s%s", answer->status, *answer->text ? " and \"" : "",
	    answer->text, *answer->text ? "\"" : "");
	return text;
}

static const char *server_remedy(const struct bundle_server *server, const struct bundle_answer *other)
{
	if (answer_is_session(other))
		return "The other transport works: let rxconfig.py's transport and the server's transports agree, then "
		       "export again (the transport is baked into the build).";
	if (server->polling.status == 404 || server->websocket.status == 404)
		return "There is no Engine.IO at this path: is it the backend's port, and does the proxy pass the path "
		       "on?";
	return "Neither transport works here: read the server's words above, and its log.";
}

/* The page corrects localhost to its own host, but never the port or the path. */
static void server_check_place(struct findings *findings, const struct manifest *manifest, const char *base)
{
	struct slice baked = http_origin_host(manifest->endpoint), tried = http_origin_host(slice_of_text(base));
	if (slice_ends_with(tried, SLICE("/")) && !slice_ends_with(baked, SLICE("/")))
		tried = slice_take(tried, tried.len - 1);
	if (!baked.len || slice_equals(baked, tried))
		return;
	struct finding *finding = findings_claim(
	    findings, CODE_BUNDLE_TRANSPORT, CONFIDENCE_PROVEN, NULL, NULL, "another place");
	if (finding)
		finding_say(findings, finding,
		    "the server that was asked is %s, the pages connect to %.*s; localhost is replaced by the page's "
		    "own host, the port (but on https) and the path are not",
		    base, (int)slice_take(manifest->endpoint, 120).len, (const char *)manifest->endpoint.at);
}

static void server_check_transport(
    struct findings *findings, struct slice transport, bool baked, const struct bundle_server *server)
{
	bool polls = slice_equals_text(transport, "polling");
	const struct bundle_answer *own = polls ? &server->polling : &server->websocket;
	const struct bundle_answer *other = polls ? &server->websocket : &server->polling;
	char own_text[320], other_text[320];
	struct finding *finding = findings_claim(
	    findings, CODE_BUNDLE_TRANSPORT, CONFIDENCE_PROVEN, NULL, NULL, "handshake");
	if (!finding)
		return;
	if (!answer_is_session(own))
		finding_set_case(finding, TRANSPORT_REFUSED);
	finding_say(findings, finding, "asked %s: %s, %s, %s; %s %s", server->base, polls ? "polling" : "websocket",
	    baked ? "which the build has baked in" : "which pages use unless told otherwise",
	    answer_describe(own, own_text), polls ? "websocket" : "polling", answer_describe(other, other_text));
	finding_advise(findings, finding, "%s",
	    answer_is_session(own) ? "Nothing, as far as a handshake from here shows; CORS and a proxy before the "
	                             "server are not tried by it."
	                           : server_remedy(server, other));
}

void bundle_check_server(struct findings *findings, const struct frontend *frontend, const struct bundle_server *server)
{
	const struct manifest *manifest = frontend_manifest(frontend);
	bool baked = manifest->transport.len > 0;
	server_check_transport(findings, baked ? manifest->transport : SLICE("websocket"), baked, server);
	server_check_place(findings, manifest, server->base);
}
