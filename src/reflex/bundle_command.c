/* `sioscope bundle DIR`: what would break when an exported frontend is shipped. */
#include "base/plural.h"
#include "detect/diagnosis.h"
#include "reflex/frontend_check.h"
#include "reflex/handshake.h"
#include "reflex/reflex.h"
#include "view/report_json.h"
#include "view/report_text.h"

#include <inttypes.h>

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
		bool good = report_json_write_findings(stdout, findings) || ferror(stdout);
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

/* What could not be asked was said on stderr; the folder's own findings are told all the same. */
static bool bundle_judge(const struct plugin_call *call, struct bundle *bundle)
{
	struct findings findings;
	findings_init(&findings, BUNDLE_FINDING_BYTES);
	bundle_check(&findings, bundle, call->words);
	bool good = bundle_ask_server(call, bundle, &findings);
	if (call->captures)
		good = bundle_read_captures(call, bundle, &findings) && good;
	findings_arrange(&findings);
	findings_mask(&findings, call->mask);
	bool whole = bundle_write(call, bundle, &findings) && !findings.memory.refused;
	if (!whole)
		fputs("sioscope: there was no memory for all that is to be told\n", stderr);
	findings_free(&findings);
	return good && whole;
}

bool bundle_run(const struct plugin_call *call)
{
	struct bundle bundle;
	if (!call->words) {
		fputs("sioscope: bundle: which folder? sioscope bundle .web\n", stderr);
		return false;
	}
	if (!bundle_inspect(&bundle, call->words)) {
		fprintf(stderr, "sioscope: %s: %s\n", call->words,
		    bundle.lacked_memory ? "no memory for this bundle"
		                         : "is no folder with a frontend that can be read");
		return false;
	}
	bool good = bundle_judge(call, &bundle);
	bundle_free(&bundle);
	return good;
}
