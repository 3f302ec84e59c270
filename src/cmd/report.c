/* `sioscope report`: sessions, and what could not be seen, as text or JSON. */
#include "cmd/command.h"
#include "cmd/facts.h"
#include "cmd/output.h"
#include "cmd/run.h"
#include "detect/diagnosis.h"
#include "source/server_log.h"
#include "view/report_json.h"
#include "view/report_text.h"
#include "view/state.h"

#include <stdlib.h>

static bool report_write(const struct options *options, const struct summary *summary)
{
	const struct text_writer writer = output_paper(options);
	return options->json ? report_json_write(stdout, summary) : report_text_write(&writer, summary);
}

enum { REPORT_FINDING_BYTES = 8 * 1024 * 1024 };

static bool report_tell(const struct options *options, struct diagnosis *diagnosis, bool compares)
{
	struct summary summary;
	summary_init(&summary, options->json ? 0 : REPORT_SESSIONS);
	const struct observer *observers[] = {
	    &summary.observer, &summary.deployment.observer, diagnosis_observer(diagnosis)};
	struct run run = {.options = options, .observers = observers, .observer_count = 3};
	bool good = run_all(&run);
	if (good) {
		run_tell_log(&run);
		struct findings *findings = diagnosis_finish(diagnosis, engine_counts(run.engine));
		findings_mask(findings, &options->mask);
		run.input.compares = compares;
		summary_finish(&summary, run.engine, &run.input, findings);
		good = report_write(options, &summary) || ferror(stdout); /* of that output_end speaks */
		if (!good)
			fputs("sioscope: no memory for the report\n", stderr);
	}
	engine_free(run.engine);
	summary_free(&summary);
	return good && run_kept(&run);
}

static bool report_diagnose(const struct options *options, const struct detector_facts *facts)
{
	struct diagnosis *diagnosis = diagnosis_new(facts, REPORT_FINDING_BYTES);
	bool good = diagnosis && report_tell(options, diagnosis, frontend_states(facts->frontend) != NULL);
	if (!diagnosis)
		fputs("sioscope: no memory\n", stderr);
	diagnosis_free(diagnosis);
	return good;
}

/* ---- --state */

static bool report_read_at(const char *text, timestamp *at, timestamp *offset)
{
	char *end = NULL;
	*at = TIMESTAMP_NONE;
	*offset = 0;
	if (!text)
		return true;
	if (*text != '+')
		return server_log_read_time(slice_of_text(text), at);
	double seconds = strtod(text + 1, &end);
	*offset = seconds > 0 && seconds < 1e9 ? (timestamp)(seconds * 1e9) : 1;
	return end != text + 1 && *end == '\0' && seconds >= 0;
}

static bool report_show_state(const struct options *options, const struct detector_facts *facts)
{
	timestamp at, offset;
	if (!report_read_at(options->at, &at, &offset)) {
		fprintf(stderr, "sioscope: --at %s: no time (2026-11-23T11:42:39Z, or +SECONDS)\n", options->at);
		return false;
	}
	struct state_view *view = state_view_new(frontend_states(facts->frontend), at);
	if (!view) {
		fputs("sioscope: no memory\n", stderr);
		return false;
	}
	state_view_set_offset(view, offset);
	const struct observer *observers[] = {state_view_observer(view)};
	struct run run = {.options = options, .observers = observers, .observer_count = 1};
	const struct text_writer writer = output_paper(options);
	bool good = run_all(&run);
	if (good) {
		run_tell_unseen(&run);
		state_view_write(&writer, view, &options->mask);
	}
	engine_free(run.engine);
	state_view_free(view);
	return good && run_kept(&run);
}

static int report_run(const struct options *options)
{
	struct facts facts;
	if (options->state && options->json) {
		fputs("sioscope: --state has no JSON form\n", stderr);
		return EXIT_UNABLE;
	}
	bool good = facts_open(&facts, options) && (options->state ? report_show_state(options, &facts.known)
	                                                           : report_diagnose(options, &facts.known));
	facts_close(&facts);
	return good ? EXIT_DONE : EXIT_UNABLE;
}

const struct command command_report = {"report", FOR_REPORT, "[options] -r CAPTURE ['BPF filter']",
    "sessions, findings and what could not be seen", report_run, NULL};
