/* What plug-ins open, and whether there is a log. */
#include "cmd/facts.h"

bool facts_open(struct detector_facts *facts, const struct options *options)
{
	bool hears = probe_is_chosen(&options->probe), good = true;
	*facts = (struct detector_facts){
	    .log_tables = options->log_table, .has_log = options->server_log || hears,
	    .filter = options->filter,
	    .ports = options->probe.ports,
	    .port_count = options->probe.port_count,
	    .hears_log = hears};
	for (size_t i = 0; good && plugins[i]; i++)
		good = !plugins[i]->open || plugins[i]->open(&options->plugged[i], &facts->plugged.of[i]);
	return good;
}

void facts_close(struct detector_facts *facts)
{
	for (size_t i = 0; plugins[i]; i++)
		if (facts->plugged.of[i])
			plugins[i]->close(facts->plugged.of[i]);
}
