/* The table of plug-ins: the one place that names them; and how their commands are run. */
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/run.h"
#include "detect/detector.h"

#ifdef SIOSCOPE_REFLEX
extern const struct plugin plugin_reflex;
#endif

const struct plugin *const plugins[] = {
#ifdef SIOSCOPE_REFLEX
    &plugin_reflex,
#endif
    NULL,
};

_Static_assert(sizeof plugins / sizeof *plugins <= PLUGINS_MOST + 1, "struct plugin_facts has room for all");

bool plugins_command_nth(size_t nth, struct command *command)
{
	for (size_t i = 0; plugins[i]; i++)
		for (const struct plugin_command *each = plugins[i]->commands; each && each->name; each++)
			if (nth-- == 0) {
				*command = (struct command){.name = each->name,
				    .bit = FOR_PLUGIN,
				    .words = each->words,
				    .summary = each->summary,
				    .plugin = plugins[i],
				    .plugged = each};
				return true;
			}
	return false;
}

static const struct findings *plugins_diagnose(const struct plugin_call *call, struct diagnosis *diagnosis)
{
	struct options reading = *(const struct options *)call->self;
	reading.filter = NULL; /* the words are the command's own */
	const struct observer *observers[] = {diagnosis_observer(diagnosis)};
	struct run run = {.options = &reading, .observers = observers, .observer_count = 1};
	const struct findings *found = NULL;
	if (run_all(&run)) {
		found = diagnosis_finish(diagnosis, engine_counts(run.engine));
		run_report_unseen(&run);
	}
	run_free(&run);
	return found;
}

static const void *plugins_options(const struct plugin *plugin, const struct options *options)
{
	size_t i = 0;
	while (plugins[i] != plugin)
		i++;
	return &options->plugged[i];
}

int plugins_run_command(const struct command *command, const struct options *options)
{
	const struct text_writer writer = output_writer(options);
	const struct plugin_call call = {.words = options->filter,
	    .options = plugins_options(command->plugin, options),
	    .writer = &writer,
	    .json = options->json,
	    .mask = &options->mask,
	    .captures = options->read_count,
	    .diagnose = plugins_diagnose,
	    .self = options};
	return command->plugged->run(&call) ? EXIT_DONE : EXIT_UNABLE;
}
