/* `sioscope report`: sessions, findings and what could not be seen, as text, JSON or HTML. */
#include "view/report.h"

#include "base/text.h"
#include "cmd/examine.h"
#include "cmd/options.h"
#include "cmd/otlp_lines.h"
#include "cmd/output.h"
#include "cmd/run.h"
#include "detect/detector.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static bool report_write(const struct options *options, const struct summary *summary)
{
	const struct text_writer writer = output_writer(options);
	return options->json ? report_json_write(stdout, &options->mask, summary) : report_text_write(&writer, summary);
}

enum { REPORT_FINDING_BYTES = 8 * 1024 * 1024 };

static bool report_feed(const struct options *options, struct diagnosis *diagnosis, struct detector_facts *facts)
{
	struct summary summary;
	summary_init(&summary, options->json ? 0 : REPORT_SESSIONS, facts);
	summary.texts.budget = &diagnosis_findings(diagnosis)->memory;
	const struct observer *observers[] = {
	    &summary.observer, &summary.sections.observer, diagnosis_observer(diagnosis)};
	struct run run = {.options = options,
	    .observers = observers,
	    .observer_count = 3,
	    .findings = diagnosis_findings(diagnosis),
	    .undated = &facts->undated,
	    .also = summary.texts.budget};
	bool good = run_all(&run);
	if (good) {
		run_report_log(&run);
		struct findings *findings = diagnosis_finish(diagnosis, engine_counts(run.engine));
		run_export(&run);
		summary_finish(&summary, run.engine, &run.input, findings);
		good = report_write(options, &summary) || ferror(stdout); /* of that output_end speaks */
		if (!good)
			fputs("sioscope: no memory for the report\n", stderr);
	}
	run_free(&run);
	summary_free(&summary);
	return good && run_kept(&run);
}

static bool report_diagnose(const struct options *options, struct detector_facts *facts)
{
	struct diagnosis *diagnosis = diagnosis_new(facts, REPORT_FINDING_BYTES);
	bool good = diagnosis && report_feed(options, diagnosis, facts);
	if (!diagnosis)
		fputs("sioscope: no memory\n", stderr);
	diagnosis_free(diagnosis);
	return good;
}

/* ---- as OTLP */

static bool report_export(const struct options *options, struct detector_facts *facts)
{
	const unsigned signals = 1u << OTLP_METRICS | 1u << OTLP_FINDINGS | 1u << OTLP_TRACES;
	struct diagnosis *diagnosis = diagnosis_new(facts, REPORT_FINDING_BYTES);
	struct otlp_lines lines = {.encoder = NULL};
	const struct observer *observers[3];
	struct run run = {.options = options, .observers = observers, .observer_count = 3, .undated = &facts->undated};
	if (!diagnosis)
		fputs("sioscope: no memory\n", stderr);
	run.also = diagnosis ? &diagnosis_findings(diagnosis)->memory : NULL;
	bool good = diagnosis && otlp_lines_open(&lines, options, signals, &run, run.also);
	if (good) {
		otlp_follow(lines.encoder, diagnosis_findings(diagnosis));
		observers[0] = diagnosis_observer(diagnosis);
		observers[1] = otlp_observer(lines.encoder);
		observers[2] = &lines.clock;
		good = run_all(&run);
	}
	if (good) {
		run_report_unseen(&run);
		diagnosis_finish(diagnosis, engine_counts(run.engine));
		good = otlp_lines_end(&lines);
	}
	run_free(&run);
	otlp_lines_close(&lines);
	diagnosis_free(diagnosis);
	return good && run_kept(&run);
}

/* ---- as HTML */

static bool report_write_page(const struct options *options, const struct html_report *page)
{
	struct atomic_write file;
	if (strcmp(options->html, "-") == 0)
		return html_write(stdout, page) || ferror(stdout); /* of that output_end speaks */
	bool opened = atomic_write_open(&file, options, options->html, FILE_RESULT);
	return opened && atomic_write_close(&file, html_write(file.out, page));
}

/* ---- of all that was examined, or of some sessions of it: --session */

static bool report_write_examined(const struct options *options, const struct html_report *page)
{
	errno = ENOMEM;
	bool good = options->html ? report_write_page(options, page)
	                          : report_write(options, page->summary) || ferror(stdout);
	if (!good)
		complain("%s: %s", options->html ? options->html : "the report", strerror(errno));
	return good;
}

static bool report_write_part(const struct options *options, const struct examination *examination)
{
	struct html_report page = examine_page(examination);
	struct examined_part part;
	for (size_t i = 0; i < options->session_count; i++)
		if (!record_session(examination->record, options->sessions[i])) {
			complain("--session %" PRIu64 ": there is no such session, the capture has %" PRIu64,
			    options->sessions[i], record_session_count(examination->record));
			return false;
		}
	bool good = examine_part(&part, examination, options->sessions, options->session_count);
	page.summary = &part.summary;
	page.findings = &part.findings;
	if (good)
		good = report_write_examined(options, &page);
	else
		fputs("sioscope: no memory for the report\n", stderr);
	examine_part_end(&part);
	return good;
}

static bool report_examine(const struct options *options)
{
	struct examination examination;
	bool good = examine(&examination, options);
	if (good) {
		const struct html_report page = examine_page(&examination);
		run_report_log(&examination.run);
		good = options->session_count ? report_write_part(options, &examination)
		                              : report_write_examined(options, &page);
	}
	good = good && run_kept(&examination.run);
	examine_end(&examination);
	return good;
}

/* ---- what a plug-in shows instead */

static bool report_show_view(const struct options *options, const struct detector_facts *facts, size_t plugin)
{
	const struct report_view *view = plugins[plugin]->view;
	void *self = view->new (&options->plugged[plugin], facts->plugged.of[plugin]);
	if (!self)
		return false;
	const struct observer *observers[] = {view->observer(self)};
	struct run run = {.options = options, .observers = observers, .observer_count = 1};
	const struct text_writer writer = output_writer(options);
	bool good = run_all(&run);
	if (good) {
		run_report_unseen(&run);
		view->write(&writer, self, &options->mask);
	}
	run_free(&run);
	view->free(self);
	return good && run_kept(&run);
}

static int report_run(const struct options *options)
{
	struct detector_facts facts;
	size_t plugin = options_wanted_view(options);
	if (options->otlp && (options->html || options->json || plugins[plugin])) {
		complain("--format otlp and another form: one form at a time");
		return EXIT_UNABLE;
	}
	if (options->html && (options->json || plugins[plugin])) {
		complain("--html and %s%s: one form at a time", options->json ? "--json" : "--",
		    options->json ? "" : plugins[plugin]->view->option);
		return EXIT_UNABLE;
	}
	if (options->otlp && options->sender) {
		complain("--format otlp writes Export requests, --otlp and --metrics-listen send them: one of them");
		return EXIT_UNABLE;
	}
	if (plugins[plugin] && options->sender) {
		complain(
		    "--%s has nothing to export: leave out --otlp and --metrics-listen", plugins[plugin]->view->option);
		return EXIT_UNABLE;
	}
	if (options->html && inputs_hold(options, options->html)) {
		complain("%s: is read by this run and would be written over", options->html);
		return EXIT_UNABLE;
	}
	if (options->session_count && (options->otlp || plugins[plugin])) {
		complain("--session is of the report as text, JSON or HTML: leave out %s%s",
		    options->otlp ? "--format otlp" : "--", options->otlp ? "" : plugins[plugin]->view->option);
		return EXIT_UNABLE;
	}
	if (options->html || options->session_count)
		return report_examine(options) ? EXIT_DONE : EXIT_UNABLE;
	if (plugins[plugin] && options->json) {
		complain("--%s has no JSON form", plugins[plugin]->view->option);
		return EXIT_UNABLE;
	}
	bool good = facts_open(&facts, options) && (plugins[plugin]    ? report_show_view(options, &facts, plugin)
	                                               : options->otlp ? report_export(options, &facts)
	                                                               : report_diagnose(options, &facts));
	facts_close(&facts);
	return good ? EXIT_DONE : EXIT_UNABLE;
}

const struct command command_report = {
    .name = "report",
    .bit = FOR_REPORT,
    .words = "[options] -r CAPTURE ['BPF filter']",
    .summary = "sessions, findings and what could not be seen",
    .run = report_run,
};
