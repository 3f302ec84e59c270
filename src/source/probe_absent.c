/* In place of probe.c where the probes could not be built. */
#include "source/source.h"

#include <stdio.h>

const char *probe_missing(void)
{
	return SIOSCOPE_EBPF_MISSING;
}

struct source *probe_open(
    const struct probe_choice *choice, const char *name, const char *filter, char *why, size_t why_size)
{
	(void)choice;
	(void)name;
	(void)filter;
	snprintf(why, why_size,
	    "this sioscope was built without eBPF (%s): install clang, bpftool and libbpf (with its headers) on Linux, "
	    "and build it again; until then -i INTERFACE watches the packets",
	    probe_missing());
	return NULL;
}
