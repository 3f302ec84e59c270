/* `sioscope report`: sessions, and what could not be seen, as text or JSON. */
#include "cmd/command.h"
#include "cmd/run.h"
#include "view/report_json.h"
#include "view/report_text.h"

static bool report_write(const struct options *options, const struct summary *summary)
{
	struct paper paper = {.out = stdout, .colours = !options->no_color && paper_wants_colours(stdout)};
	return options->json ? report_json_write(stdout, summary) : report_text_write(&paper, summary);
}

static int report_run(const struct options *options)
{
	struct summary summary;
	summary_init(&summary, options->limits.sessions);
	const struct observer *observers[] = {&summary.observer};
	struct run run = {.options = options, .observers = observers, .observer_count = 1};
	bool good = run_all(&run);
	if (good) {
		summary_finish(&summary, run.engine, &run.input);
		good = report_write(options, &summary) || ferror(stdout); /* of that output_end speaks */
		if (!good)
			fputs("sioscope: no memory for the report\n", stderr);
	}
	engine_free(run.engine);
	summary_free(&summary);
	return good ? EXIT_DONE : EXIT_UNABLE;
}

const struct command command_report = {
    "report", FOR_REPORT, "sessions, findings and what could not be seen", report_run};
