/* `sioscope bundle DIR`: what would break when an exported frontend is shipped. */
#include "base/plural.h"
#include "cmd/command.h"
#include "cmd/handshake.h"
#include "cmd/output.h"
#include "cmd/run.h"
#include "detect/diagnosis.h"
#include "detect/frontend_check.h"
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
static bool bundle_write(const struct options *options, const struct bundle *bundle, const struct findings *findings)
{
	const struct text_writer writer = output_paper(options);
	if (options->json) {
		printf("{\"version\":1,\"tool\":\"sioscope %s\",\"findings\":", SIOSCOPE_VERSION);
		bool good = report_json_write_findings(stdout, findings) || ferror(stdout);
		puts("}");
		return good;
	}
	bundle_write_head(&writer, bundle, options->filter);
	report_text_write_findings(&writer, findings);
	return true;
}

/* ---- against a server, against captures */

static bool bundle_ask_server(const struct options *options, const struct bundle *bundle, struct findings *findings)
{
	struct bundle_server server;
	if (!options->server)
		return true;
	if (!handshake_ask(&server, options->server, &bundle->frontend))
		return false;
	bundle_check_server(findings, &bundle->frontend, &server);
	return true;
}

/* What the captures say about this frontend: its own codes, and what became of the deltas. */
static bool bundle_concerns(enum code code)
{
	return (code >= CODE_DELTA_UNKNOWN_STATE && code <= CODE_DELTA_STALE_VAR) || code == CODE_TRANSPORT_REJECTED ||
	       code == CODE_PROTOCOL_VERSION || code == CODE_FRONTEND_MISMATCH || code == CODE_BUNDLE_TRANSPORT ||
	       code == CODE_BUNDLE_VERSION;
}

static bool bundle_read_captures(const struct options *options, const struct bundle *bundle, struct findings *findings)
{
	struct options reading = *options;
	struct detector_facts facts = {.frontend = &bundle->frontend};
	reading.filter = NULL; /* the words name the folder here */
	struct diagnosis *diagnosis = diagnosis_new(&facts, BUNDLE_FINDING_BYTES);
	if (!diagnosis) {
		fputs("sioscope: no memory\n", stderr);
		return false;
	}
	const struct observer *observers[] = {diagnosis_observer(diagnosis)};
	struct run run = {.options = &reading, .observers = observers, .observer_count = 1};
	bool good = run_all(&run);
	if (good) {
		const struct findings *found = diagnosis_finish(diagnosis, engine_counts(run.engine));
		findings_adopt(findings, found, bundle_concerns);
		findings->memory.refused += found->memory.refused;
		run_tell_unseen(&run);
	}
	engine_free(run.engine);
	diagnosis_free(diagnosis);
	return good;
}

/* What could not be asked was said on stderr; the folder's own findings are told all the same. */
static int bundle_judge(const struct options *options, const struct bundle *bundle)
{
	struct findings findings;
	findings_init(&findings, BUNDLE_FINDING_BYTES);
	bundle_check(&findings, bundle, options->filter);
	bool good = bundle_ask_server(options, bundle, &findings);
	if (options->read_count)
		good = bundle_read_captures(options, bundle, &findings) && good;
	findings_arrange(&findings);
	findings_mask(&findings, &options->mask);
	bool whole = bundle_write(options, bundle, &findings) && !findings.memory.refused;
	if (!whole)
		fputs("sioscope: there was no memory for all that is to be told\n", stderr);
	findings_free(&findings);
	return good && whole ? EXIT_DONE : EXIT_UNABLE;
}

static int bundle_run(const struct options *options)
{
	struct bundle bundle;
	if (!options->filter) {
		fputs("sioscope: bundle: which folder? sioscope bundle .web\n", stderr);
		return EXIT_UNABLE;
	}
	if (!bundle_inspect(&bundle, options->filter)) {
		fprintf(stderr, "sioscope: %s: %s\n", options->filter,
		    bundle.lacked_memory ? "no memory for this bundle"
		                         : "is no folder with a frontend that can be read");
		return EXIT_UNABLE;
	}
	int code = bundle_judge(options, &bundle);
	bundle_free(&bundle);
	return code;
}

const struct command command_bundle = {"bundle", FOR_BUNDLE, "[options] FOLDER",
    "an exported .web folder: what would break when it ships", bundle_run, NULL};
