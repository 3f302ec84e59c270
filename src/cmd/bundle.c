/* `sioscope bundle DIR`: what would break when an exported frontend is shipped. */
#include "cmd/command.h"
#include "detect/frontend_check.h"
#include "view/report_json.h"
#include "view/report_text.h"

#include <inttypes.h>

enum { BUNDLE_FINDING_BYTES = 1024 * 1024 };

static void bundle_write_head(const struct paper *paper, const struct bundle *bundle, const char *path)
{
	paper_heading(paper, "sioscope " SIOSCOPE_VERSION ": %s", path);
	paper_write(paper, INK_PLAIN, 0,
	    "%" PRIu64 " files, %.1f MB, of which pages need %" PRIu64 " files, %.1f MB (build/client); %" PRIu64
	    " files below node_modules%s",
	    bundle->all.files, (double)bundle->all.bytes / 1e6, bundle->served.files,
	    (double)bundle->served.bytes / 1e6, bundle->packages.files,
	    bundle->cut ? "; there is more than was counted" : "");
	paper_blank(paper);
}

static void bundle_write(const struct options *options, const struct bundle *bundle, const struct findings *findings)
{
	struct paper paper = {.out = stdout, .colours = !options->no_color && paper_wants_colours(stdout)};
	if (options->json) {
		printf("{\"version\":1,\"tool\":\"sioscope %s\",\"findings\":", SIOSCOPE_VERSION);
		report_json_write_findings(stdout, findings);
		puts("}");
		return;
	}
	bundle_write_head(&paper, bundle, options->filter);
	report_text_write_findings(&paper, findings);
}

static int bundle_run(const struct options *options)
{
	struct bundle bundle;
	struct findings findings;
	if (!options->filter) {
		fputs("sioscope: bundle: which folder? sioscope bundle .web\n", stderr);
		return EXIT_UNABLE;
	}
	if (!bundle_inspect(&bundle, options->filter)) {
		fprintf(stderr, "sioscope: %s: is no folder with a frontend that can be read\n", options->filter);
		return EXIT_UNABLE;
	}
	findings_init(&findings, BUNDLE_FINDING_BYTES);
	bundle_check(&findings, &bundle, options->filter);
	findings_arrange(&findings);
	bundle_write(options, &bundle, &findings);
	findings_free(&findings);
	bundle_free(&bundle);
	return EXIT_DONE;
}

const struct command command_bundle = {
    "bundle", FOR_BUNDLE, "an exported .web folder: what would break when it ships", bundle_run};
