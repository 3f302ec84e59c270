/* `sioscope report`: sessions, and what could not be seen, as text or JSON. */
#include "cmd/command.h"
#include "cmd/run.h"
#include "detect/diagnosis.h"
#include "view/report_json.h"
#include "view/report_text.h"

static bool report_write(const struct options *options, const struct summary *summary)
{
	struct paper paper = {.out = stdout, .colours = !options->no_color && paper_wants_colours(stdout)};
	return options->json ? report_json_write(stdout, summary) : report_text_write(&paper, summary);
}

enum { REPORT_FINDING_BYTES = 8 * 1024 * 1024 };

static bool report_tell(const struct options *options, struct diagnosis *diagnosis)
{
	struct summary summary;
	summary_init(&summary, options->limits.sessions);
	const struct observer *observers[] = {&summary.observer, diagnosis_observer(diagnosis)};
	struct run run = {.options = options, .observers = observers, .observer_count = 2};
	bool good = run_all(&run);
	if (good) {
		summary_finish(
		    &summary, run.engine, &run.input, diagnosis_finish(diagnosis, engine_counts(run.engine)));
		good = report_write(options, &summary) || ferror(stdout); /* of that output_end speaks */
		if (!good)
			fputs("sioscope: no memory for the report\n", stderr);
	}
	engine_free(run.engine);
	summary_free(&summary);
	return good;
}

static bool report_diagnose(const struct options *options, const struct frontend *frontend)
{
	struct detector_facts facts = {.frontend = frontend, .has_log = options->server_log != NULL};
	if (frontend && frontend_declares_state(frontend))
		facts.manifest = frontend_manifest(frontend);
	struct diagnosis *diagnosis = diagnosis_new(&facts, REPORT_FINDING_BYTES);
	bool good = diagnosis && report_tell(options, diagnosis);
	if (!diagnosis)
		fputs("sioscope: no memory\n", stderr);
	diagnosis_free(diagnosis);
	return good;
}

static int report_run(const struct options *options)
{
	struct frontend frontend;
	if (!options->frontend)
		return report_diagnose(options, NULL) ? EXIT_DONE : EXIT_UNABLE;
	if (!frontend_open(&frontend, options->frontend)) {
		fprintf(stderr, "sioscope: %s: cannot be read as a frontend\n", options->frontend);
		return EXIT_UNABLE;
	}
	if (!frontend_declares_state(&frontend))
		fprintf(
		    stderr, "sioscope: %s: no state declaration in it; deltas are not compared\n", options->frontend);
	bool good = report_diagnose(options, &frontend);
	frontend_free(&frontend);
	return good ? EXIT_DONE : EXIT_UNABLE;
}

const struct command command_report = {
    "report", FOR_REPORT, "sessions, findings and what could not be seen", report_run};
