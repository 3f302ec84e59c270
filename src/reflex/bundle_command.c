/* `sioscope bundle DIR`: what would break when an exported frontend is shipped; with --server, by a real handshake. */
#include "base/text.h"
#include "detect/detector.h"
#include "http/http1.h"
#include "reflex/bundle.h"
#include "reflex/reflex.h"
#include "view/report.h"

#include <inttypes.h>
#include <stdio.h>

static bool answer_is_session(const struct bundle_answer *answer)
{
	return answer->status == 101 || (answer->status == 200 && strstr(answer->text, "\"sid\""));
}

static const char *answer_describe(const struct bundle_answer *answer, char text[320])
{
	if (answer_is_session(answer))
		return "opens a session";
	const char *quote = *answer->text && *answer->text != '"' ? "\"" : ""; /* python's answers have their own */
	snprintf(text, 320, "is answered with HTTP %d%s%s%.120s%s", answer->status, *answer->text ? " and " : "", quote,
	    answer->text, quote);
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

/* `sioscope bundle DIR`: what would break when an exported frontend is shipped. */

enum { BUNDLE_FINDING_BYTES = 1024 * 1024 };

static void bundle_write_head(const struct text_writer *writer, const struct bundle *bundle, const char *path)
{
	text_heading(writer, "sioscope " SIOSCOPE_VERSION ": %s", path);
	text_write(writer, STYLE_PLAIN, 0,
	    "%" PRIu64 " file%s, %.1f MB, of which pages need %" PRIu64 " file%s, %.1f MB (build/client); %" PRIu64
	    " file%s below node_modules%s",
	    bundle->all.files, plural_ending(bundle->all.files), (double)bundle->all.bytes / 1e6, bundle->served.files,
	    plural_ending(bundle->served.files), (double)bundle->served.bytes / 1e6, bundle->packages.files,
	    plural_ending(bundle->packages.files), bundle->cut ? "; there is more than was counted" : "");
	text_blank(writer);
}

/* False: no memory for it. */
static bool bundle_write(const struct plugin_call *call, const struct bundle *bundle, const struct findings *findings)
{
	if (call->json) {
		printf("{\"version\":1,\"tool\":\"sioscope %s\",\"findings\":", SIOSCOPE_VERSION);
		bool good = report_json_write_findings(stdout, call->mask, findings) || ferror(stdout);
		puts("}");
		return good;
	}
	bundle_write_head(call->writer, bundle, call->words);
	report_text_write_findings(call->writer, findings);
	return true;
}

/* ---- against a server, against captures */

static bool bundle_ask_server(const struct plugin_call *call, const struct bundle *bundle, struct findings *findings)
{
	struct bundle_server server;
	const struct reflex_options *options = call->options;
	if (!options->server)
		return true;
	if (!handshake_ask(&server, options->server, &bundle->frontend))
		return false;
	bundle_check_server(findings, &bundle->frontend, &server);
	return true;
}

/* What the captures say about this frontend: its own codes, and what became of the deltas. */
static bool bundle_concerns(unsigned code)
{
	return (code >= CODE_DELTA_UNKNOWN_STATE && code <= CODE_DELTA_STALE_VAR) || code == CODE_TRANSPORT_REJECTED ||
	       code == CODE_PROTOCOL_VERSION || code == CODE_FRONTEND_MISMATCH || code == CODE_BUNDLE_TRANSPORT ||
	       code == CODE_BUNDLE_VERSION;
}

static bool bundle_read_captures(const struct plugin_call *call, struct bundle *bundle, struct findings *findings)
{
	struct detector_facts facts = {0};
	plugin_set_facts(&facts.plugged, &plugin_reflex, &bundle->frontend);
	struct diagnosis *diagnosis = diagnosis_new(&facts, BUNDLE_FINDING_BYTES);
	if (!diagnosis) {
		fputs("sioscope: no memory\n", stderr);
		return false;
	}
	const struct findings *found = call->diagnose(call, diagnosis);
	if (found) {
		findings_adopt(findings, found, bundle_concerns);
		findings->memory.refused += found->memory.refused;
	}
	diagnosis_free(diagnosis);
	return found != NULL;
}

/* A failed handshake was reported on stderr; the directory's own findings are written in any case. */
static bool bundle_judge(const struct plugin_call *call, struct bundle *bundle)
{
	struct findings findings;
	findings_init(&findings, BUNDLE_FINDING_BYTES);
	bundle_check(&findings, bundle, call->words);
	bool good = bundle_ask_server(call, bundle, &findings);
	if (call->captures)
		good = bundle_read_captures(call, bundle, &findings) && good;
	findings_arrange(&findings);
	bool whole = bundle_write(call, bundle, &findings) && !findings.memory.refused;
	if (!whole)
		fputs("sioscope: there was no memory for everything: findings are missing\n", stderr);
	findings_free(&findings);
	return good && whole;
}

bool bundle_run(const struct plugin_call *call)
{
	struct bundle bundle;
	if (!call->words) {
		fputs("sioscope: bundle: which directory? sioscope bundle .web\n", stderr);
		return false;
	}
	if (!bundle_inspect(&bundle, call->words)) {
		complain("%s: %s", call->words,
		    bundle.lacked_memory ? "no memory for this bundle"
		                         : "is not a directory with a frontend that can be read");
		return false;
	}
	bool good = bundle_judge(call, &bundle);
	bundle_free(&bundle);
	return good;
}
