/*
 * A source that asks the kernel what processes read and write: eBPF, by libbpf (bpf/).
 *
 * Sees inside TLS where the process uses OpenSSL, sees unix sockets, knows the process, and when it read what had
 * arrived. Linux from 5.10 on with BTF; CAP_BPF and CAP_PERFMON, CAP_SYS_ADMIN for what is inside TLS (uprobes),
 * CAP_SYS_PTRACE for the processes of others.
 */
#ifndef SOURCE_PROBE_H
#define SOURCE_PROBE_H

#include "source/source.h"

enum { PROBE_PROCESSES = 256, PROBE_CHOSEN_NAMES = 8, PROBE_CHOSEN_PORTS = 16 };

/* Which processes; none of the first three chosen: all, and of these the servers' ends. */
struct probe_choice {
	uint32_t processes[PROBE_PROCESSES];
	size_t process_count;
	const char *names[PROBE_CHOSEN_NAMES]; /* of a command, or of the program or script that it runs */
	size_t name_count;
	const char *cgroup; /* a path below where cgroup2 is mounted, or that of a folder there; or NULL */
	uint16_t ports[PROBE_CHOSEN_PORTS]; /* either end's; none: any, and unix sockets too */
	size_t port_count;
	const struct server_log_table *log_tables; /* known log lines besides those of servers/; or NULL. Borrowed */
	const char *log_pattern;                   /* a POSIX extended regular expression; or NULL */
};

/* Has anything been chosen that only probes can do? */
static inline bool probe_is_chosen(const struct probe_choice *choice)
{
	return choice->process_count || choice->name_count || choice->cgroup || choice->port_count;
}

/* Why this build has no probes, as the Makefile found: "no clang, no libbpf", "not Linux", "BPF=no"; NULL when it has
 * them. */
const char *probe_missing(void);

/* `choice` and `name` are borrowed. `filter` (a BPF expression on TCP packets as the bytes might have made them) may be
 * NULL. Once this has returned, nothing more has to be opened: privileges may be dropped. NULL: `why` says what is
 * wrong, and what would help. */
struct source *probe_open(
    const struct probe_choice *choice, const char *name, const char *filter, char *why, size_t why_size);

#endif
