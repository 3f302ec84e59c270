/* The frontend, and whether there is a log. */
#include "cmd/facts.h"

#include "reflex/log_lines.h"

#include "base/plural.h"

#include <stdio.h>

static bool facts_open_frontend(struct facts *facts, const char *path)
{
	const struct frontend *frontend = &facts->frontend;
	if (!frontend_open(&facts->frontend, path)) {
		fprintf(stderr, "sioscope: %s: %s\n", path,
		    frontend->lacked_memory ? "no memory for this frontend" : "cannot be read as a frontend");
		return false;
	}
	facts->known.frontend = frontend;
	if (frontend->left_out)
		fprintf(stderr, "sioscope: %s: %zu %s not read: too many, too long or not readable\n", path,
		    frontend->left_out, plural_choose(frontend->left_out, "script was", "scripts were"));
	if (!frontend_states(frontend))
		fprintf(stderr, "sioscope: %s: no state declaration in it; deltas are not compared\n", path);
	return true;
}

bool facts_open(struct facts *facts, const struct options *options)
{
	bool hears = probe_is_chosen(&options->probe);
	*facts = (struct facts){.known = {.has_log = options->server_log || hears, .hears_log = hears, .log_tables = &reflex_log_table}};
	return !options->frontend || facts_open_frontend(facts, options->frontend);
}

void facts_close(struct facts *facts)
{
	if (facts->known.frontend)
		frontend_free(&facts->frontend);
}
