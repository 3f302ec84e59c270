/* Who is to be watched, as /proc has it: processes by name, with their children, and the TLS libraries they use. */
#ifndef SOURCE_PROBE_TARGETS_H
#define SOURCE_PROBE_TARGETS_H

#include "source/probe.h"

struct probe_targets {
	uint32_t *processes; /* owned */
	size_t count, room;
	char **libraries; /* paths of files with SSL_read, each once, as this process can open them; owned */
	size_t library_count, library_room;
	size_t hidden; /* processes whose files could not be looked at */
};

/* The processes of `choice` that run now, with all their descendants; of all processes when none are chosen (then only
 * the libraries are filled). False: `why`. */
bool probe_targets_find(struct probe_targets *targets, const struct probe_choice *choice, char *why, size_t why_size);
void probe_targets_free(struct probe_targets *targets);

/* The id and depth of a cgroup. False: `why`. */
bool probe_targets_cgroup(const char *path, uint64_t *id, uint32_t *level, char *why, size_t why_size);

#endif
