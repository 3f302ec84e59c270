/* `sioscope dump`: the timeline as NDJSON. */
#include "view/dump.h"

#include "cmd/command.h"
#include "cmd/run.h"

static bool dump_reader_went(void *self)
{
	return dump_failed(self);
}

static int dump_run(const struct options *options)
{
	struct dump *dump = dump_new(stdout, options->layers);
	if (!dump) {
		fputs("sioscope: no memory\n", stderr);
		return EXIT_UNABLE;
	}
	const struct observer *observers[] = {dump_observer(dump)};
	struct run run = {
	    .options = options, .observers = observers, .observer_count = 1, .stop = dump_reader_went, .self = dump};
	bool good = run_all(&run);
	if (good && run.input.cut)
		fprintf(stderr, "sioscope: %s\n", run.input.cut);
	engine_free(run.engine);
	bool written = dump_free(dump) || ferror(stdout); /* of what stdout refused output_end speaks */
	if (good && !written)
		fputs("sioscope: no memory for a line of the timeline\n", stderr);
	return good && written ? EXIT_DONE : EXIT_UNABLE;
}

const struct command command_dump = {"dump", FOR_DUMP, "the timeline as NDJSON, one event a line", dump_run};
