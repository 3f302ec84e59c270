/*
 * Loads the probes, and hands their records to the table (probe_parts.h).
 *
 * The kernel wakes the reader only when much has gathered; a timer does so ten times a second. Both are files that can
 * be waited for. After the opening nothing but reading them and memory is needed.
 */
#include "base/text.h"
#include "bpf/probe.skel.h"
#include "bpf/records.h"
#include "source/frame_filter.h"
#include "source/probe_parts.h"
#include "source/source.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { PROBE_TICK = 100 /* milliseconds */ };

struct probe {
	struct source source; /* first: a source is cast to it */
	struct probe_table *table;
	struct probe_bpf *bpf;
	struct probe_attach *attach; /* to TLS libraries */
	struct probe_group group;    /* of level 0: none */
	struct ring_buffer *ring;
	int timer;
	struct frame_filter *filter; /* NULL: all pass */
	struct pattern *pattern;     /* NULL: none was asked for */
	bool took;                   /* a record, in this turn */
	uint64_t refused_files;      /* with a TLS library, of processes that started later */
	struct probe_messages messages;
};

/* ---- the end */

static void probe_free(struct source *source)
{
	struct probe *probe = (struct probe *)source;
	probe_attach_free(probe->attach);
	ring_buffer__free(probe->ring);
	probe_bpf__destroy(probe->bpf);
	probe_table_free(probe->table);
	if (probe->timer >= 0)
		close(probe->timer);
	frame_filter_free(probe->filter);
	pattern_free(probe->pattern);
	free(probe);
}

/* ---- reading */

static timestamp probe_now(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (timestamp)now.tv_sec * TIMESTAMP_SECOND + now.tv_nsec;
}

static timestamp probe_clock_offset(void)
{
	return probe_now(CLOCK_REALTIME) - probe_now(CLOCK_MONOTONIC);
}

/* Answers an error to stop after one record: the table takes one at a time. */
static int probe_take_record(void *self, void *record, size_t size)
{
	struct probe *probe = self;
	probe_table_take(probe->table, slice_of(record, size));
	probe->took = true;
	return -1;
}

static void probe_count_unseen(struct probe *probe)
{
	uint64_t lost = 0;
	for (size_t cpu = 0; cpu < PROBE_CPUS; cpu++)
		lost += probe->bpf->bss->lost[cpu];
	probe->source.counts.dropped = lost + probe_table_refused(probe->table);
	probe_table_describe_unread(probe->table, PROBE_UNREAD_TLS, &probe->source.counts.unread_tls);
	probe_table_describe_unread(probe->table, PROBE_UNREAD_PASSED, &probe->source.counts.passed_by);
	probe_table_describe_unread(probe->table, PROBE_UNREAD_RING, &probe->source.counts.by_ring);
	probe_table_describe_unread(probe->table, PROBE_UNREAD_BITS, &probe->source.counts.of_32_bits);
	probe->source.counts.refused_files = probe->refused_files;
	/* Those of ports that were not asked for are unmatched too. */
	probe->source.counts.unmatched = probe->bpf->rodata->port_count ? 0 : probe_table_unmatched(probe->table);
}

static bool probe_is_let_through(const struct probe *probe, const struct packet *packet)
{
	return !probe->filter || !packet->bytes.len || frame_filter_passes(probe->filter, packet);
}

static void probe_take_notices(struct probe *probe)
{
	struct probe_notice notice;
	while (probe_attach_next_notice(probe->attach, &notice))
		if (notice.process)
			probe_table_set_library(probe->table, notice.process, notice.value);
		else
			probe->refused_files++;
}

static enum source_result probe_rest(struct probe *probe)
{
	uint64_t ticks; /* how many does not matter: once they are read, the timer is waited for again */
	ssize_t len = read(probe->timer, &ticks, sizeof ticks);
	(void)len;
	probe_take_notices(probe);
	probe_count_unseen(probe);
	probe_table_set_clock(probe->table, probe_clock_offset());
	return SOURCE_IDLE;
}

static enum source_result probe_next(struct source *source, struct packet *packet)
{
	struct probe *probe = (struct probe *)source;
	for (;;) {
		while (!probe_table_next(probe->table, packet)) {
			probe->took = false;
			ring_buffer__consume(probe->ring);
			if (!probe->took)
				return probe_rest(probe);
		}
		if (probe_is_let_through(probe, packet)) {
			source->counts.packets += packet->number != 0;
			return SOURCE_PACKET;
		}
		source->counts.filtered++;
	}
}

static size_t probe_list_ready(const struct source *source, int *files, size_t room)
{
	const struct probe *probe = (const struct probe *)source;
	size_t count = 0;
	if (count < room)
		files[count++] = probe->timer;
	if (count < room)
		files[count++] = ring_buffer__epoll_fd(probe->ring);
	return count;
}

static const struct source_operations probe_operations = {probe_next, probe_free, probe_list_ready};

/* ---- opening */

#define PROBE_CAPABILITIES "cap_bpf,cap_perfmon,cap_sys_admin,cap_sys_ptrace,cap_dac_read_search+ep"

/* libbpf has no place for a pointer to who listens: only while probes are opened, which happens in one thread. */
static struct probe_messages *probe_listener;

static int probe_listen(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN && probe_listener)
		probe_messages_add(probe_listener, format, arguments);
	return 0;
}

static void probe_listen_for(struct probe_messages *messages)
{
	probe_listener = messages;
	libbpf_set_print(messages ? probe_listen : NULL);
}

static bool probe_fail(char *why, size_t why_size, const char *what, int error)
{
	char hint[SETCAP_HINT];
	if (error == EPERM || error == EACCES)
		snprintf(why, why_size,
		    "probes need CAP_BPF and CAP_PERFMON, for TLS CAP_SYS_ADMIN, for the processes of others "
		    "CAP_SYS_PTRACE: %s",
		    setcap_hint(PROBE_CAPABILITIES, hint));
	else
		snprintf(why, why_size, "%s: %s (Linux 5.10 or newer with /sys/kernel/btf/vmlinux is needed)", what,
		    strerror(error));
	return false;
}

/* Says first what libbpf and the kernel said. The verifier refuses what it does not like with EACCES too, which has
 * then nothing to do with capabilities: without those, loading ends with EPERM. */
static bool probe_refused(const struct probe *probe, char *why, size_t why_size, const char *what, int error)
{
	if (error != EPERM) {
		fputs("sioscope: the probes are refused; the last lines of the log:\n", stderr);
		probe_messages_write(&probe->messages, "    ", stderr);
	}
	return probe_fail(why, why_size, what, error == EACCES ? EINVAL : error);
}

/* How the calls that pass bytes are numbered here. */
static const struct {
	int number;
	enum probe_call call;
} probe_calls[] = {
    {SYS_read, CALL_READ},
    {SYS_write, CALL_WRITE},
    {SYS_recvfrom, CALL_RECV},
    {SYS_sendto, CALL_WRITE},
    {SYS_readv, CALL_READV},
    {SYS_writev, CALL_WRITEV},
    {SYS_recvmsg, CALL_RECVMSG},
    {SYS_sendmsg, CALL_SENDMSG},
    {SYS_sendmmsg, CALL_SENDMMSG},
    {SYS_recvmmsg, CALL_RECVMMSG},
    {SYS_preadv2, CALL_READV},
    {SYS_pwritev2, CALL_WRITEV},
    {SYS_sendfile, CALL_SENDFILE},
    {SYS_splice, CALL_SPLICE},
    {SYS_openat, CALL_OPENAT},
    {SYS_openat2, CALL_OPENAT},
#ifdef SYS_open
    {SYS_open, CALL_OPEN},
#endif
    {SYS_close, CALL_CLOSE},
    {SYS_shutdown, CALL_SHUTDOWN},
};

static void probe_configure(struct probe_bpf *bpf, const struct probe_choice *choice)
{
	for (size_t i = 0; i < sizeof probe_calls / sizeof *probe_calls; i++)
		bpf->rodata->calls[probe_calls[i].number] = (uint8_t)probe_calls[i].call;
	bpf->rodata->own_process = (uint32_t)getpid();
	bpf->rodata->selects_processes = choice->process_count || choice->name_count || choice->cgroup;
	bpf->rodata->name_count = (uint32_t)choice->name_count;
	for (size_t i = 0; i < choice->name_count; i++)
		snprintf(bpf->rodata->names[i], PROBE_NAME, "%s", choice->names[i]);
	bpf->rodata->port_count = (uint32_t)choice->port_count;
	for (size_t i = 0; i < choice->port_count; i++)
		bpf->rodata->ports[i] = choice->ports[i];
}

static bool probe_configure_cgroup(struct probe *probe, const struct probe_choice *choice, char *why, size_t why_size)
{
	bpf_program__set_autoload(probe->bpf->progs.process_moved, choice->cgroup != NULL);
	if (choice->cgroup && !probe_targets_cgroup(choice->cgroup, &probe->group, why, why_size))
		return false;
	probe->bpf->rodata->cgroup_id = probe->group.id;
	probe->bpf->rodata->cgroup_level = probe->group.level;
	return true;
}

/* The kernel wants a power of two; a share of it is woken for, and kept for what must not be lost. */
static bool probe_size_ring(struct probe_bpf *bpf, const struct probe_choice *choice)
{
	enum { RING_LEAST = 512 << 10, RING_SHARES = 16 };
	uint32_t size = RING_LEAST;
	while (size < (uint32_t)choice->buffer && size < UINT32_C(1) << 31)
		size *= 2;
	bpf->rodata->ring_size = size;
	bpf->rodata->ring_share = size / RING_SHARES;
	return bpf_map__set_max_entries(bpf->maps.records, size) == 0;
}

static bool probe_chooses_processes(const struct probe_choice *choice)
{
	return choice->process_count || choice->name_count;
}

/* What the kernel is to know of them: PROCESS_… */
static bool probe_mark_processes(
    struct probe *probe, const struct probe_targets *targets, uint8_t flags, char *why, size_t why_size)
{
	int code = 0;
	for (size_t i = 0; i < targets->count && code == 0; i++)
		code = bpf_map__update_elem(probe->bpf->maps.processes, &targets->processes[i], sizeof(uint32_t),
		    &flags, sizeof flags, BPF_ANY);
	return code == 0 || probe_fail(why, why_size, "the kernel does not take the processes", -code);
}

/* ---- TLS libraries */

static bool probe_make_attach(struct probe *probe, char *why, size_t why_size)
{
	const struct probe_programs programs = {.read = probe->bpf->progs.tls_read,
	    .read_ex = probe->bpf->progs.tls_read_ex,
	    .write = probe->bpf->progs.tls_write,
	    .write_ex = probe->bpf->progs.tls_write_ex,
	    .returned = probe->bpf->progs.tls_returned,
	    .shaken = probe->bpf->progs.tls_shaken,
	    .freed = probe->bpf->progs.tls_freed,
	    .go_read = probe->bpf->progs.go_read,
	    .go_write = probe->bpf->progs.go_write,
	    .go_returned = probe->bpf->progs.go_returned,
	    .go_closed = probe->bpf->progs.go_closed,
	    .arrivals = bpf_map__fd(probe->bpf->maps.arrivals)};
	probe->attach = probe_attach_new(&programs);
	if (!probe->attach)
		snprintf(why, why_size, "no memory");
	return probe->attach;
}

/* Of those that are known by their ids. */
static bool probe_attach_watched(
    struct probe *probe, const struct probe_choice *choice, size_t *count, char *why, size_t why_size)
{
	struct probe_targets targets;
	bool good = probe_targets_find(&targets, choice, why, why_size) &&
	            probe_mark_processes(probe, &targets, PROCESS_WATCHED, why, why_size);
	if (good)
		probe_attach_now(probe->attach, &targets);
	*count = targets.count;
	probe_targets_free(&targets);
	return good;
}

/* Of those that are in the cgroup, or use the ports. */
static bool probe_attach_met(struct probe *probe, const struct probe_choice *choice, char *why, size_t why_size)
{
	struct probe_targets targets;
	bool good = probe_targets_find_met(&targets, choice, choice->cgroup ? probe->group.path : NULL);
	if (!good)
		snprintf(why, why_size, "/proc could not be read, or there is no memory");
	good = good && probe_mark_processes(probe, &targets, PROCESS_MET, why, why_size);
	if (good)
		probe_attach_now(probe->attach, &targets);
	probe_targets_free(&targets);
	return good;
}

static bool probe_attach_libraries(
    struct probe *probe, const struct probe_choice *choice, size_t *count, char *why, size_t why_size)
{
	bool by_id = probe_chooses_processes(choice) && !choice->cgroup;
	return probe_make_attach(probe, why, why_size) && (by_id || probe_attach_met(probe, choice, why, why_size)) &&
	       probe_attach_watched(probe, choice, count, why, why_size);
}

/* ---- parts */

/* io_uring's tracepoint says which request is done: its second argument is a pointer (behind that of the program's
 * own). */
static bool probe_kernel_shows_ring(void)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	int id = kernel ? btf__find_by_name_kind(kernel, "btf_trace_io_uring_complete", BTF_KIND_TYPEDEF) : -ENOENT;
	const struct btf_type *type = id > 0 ? btf__type_by_id(kernel, (uint32_t)id) : NULL;
	for (int i = 0; type && i < 2; i++) /* a pointer to its function */
		type = btf__type_by_id(kernel, type->type);
	bool shows = type && btf_is_func_proto(type) && btf_vlen(type) > 2;
	shows = shows && btf_is_ptr(btf__type_by_id(kernel, btf_params(type)[2].type));
	btf__free(kernel);
	return shows;
}

static bool probe_load(struct probe *probe, const struct probe_choice *choice, char *why, size_t why_size)
{
	probe->bpf = probe_bpf__open();
	if (!probe->bpf)
		return probe_refused(probe, why, why_size, "the probes cannot be opened", errno);
	probe_configure(probe->bpf, choice);
	if (!probe_size_ring(probe->bpf, choice))
		return probe_refused(probe, why, why_size, "the probes' ring (-B)", errno);
	bpf_program__set_autoload(probe->bpf->progs.ring_completed, probe_kernel_shows_ring());
	if (!probe_configure_cgroup(probe, choice, why, why_size))
		return false;
	int code = probe_bpf__load(probe->bpf);
	return code == 0 || probe_refused(probe, why, why_size, "the kernel does not take the probes", -code);
}

static bool probe_make_table(struct probe *probe, const struct probe_choice *choice, char *why, size_t why_size)
{
	const struct probe_settings settings = {.clock_offset = probe_clock_offset(),
	    .log_tables = choice->log_tables,
	    .log_pattern = probe->pattern,
	    .memory = choice->memory};
	probe->table = probe_table_new(&settings);
	probe->ring = ring_buffer__new(bpf_map__fd(probe->bpf->maps.records), probe_take_record, probe, NULL);
	if (!probe->table || !probe->ring)
		snprintf(why, why_size, "no memory");
	return probe->table && probe->ring;
}

static bool probe_attach_all(struct probe *probe, char *why, size_t why_size)
{
	int code = probe_bpf__attach(probe->bpf);
	return code == 0 || probe_refused(probe, why, why_size, "the probes cannot be attached", -code);
}

static bool probe_attach(struct probe *probe, const struct probe_choice *choice, char *why, size_t why_size)
{
	size_t count = 0; /* the kernel first: who comes while the others are attached to has arrived then */
	bool good = probe_make_table(probe, choice, why, why_size) && probe_attach_all(probe, why, why_size) &&
	            probe_attach_libraries(probe, choice, &count, why, why_size);
	if (good && count == 0 && choice->name_count)
		complain("no process is called %s yet; those that start from now on are watched", choice->names[0]);
	if (good && !probe_attach_follow(probe->attach))
		complain("TLS of processes that start from now on is not read: %s", strerror(errno));
	return good;
}

static bool probe_make_filter(struct probe *probe, const char *filter, char *why, size_t why_size)
{
	if (filter)
		probe->filter = frame_filter_new(filter, PROBE_FRAME_LINK, why, why_size);
	return !filter || probe->filter;
}

static bool probe_make_pattern(struct probe *probe, const char *pattern, char *why, size_t why_size)
{
	if (!pattern)
		return true;
	char wrong[120];
	probe->pattern = pattern_new(pattern, wrong, sizeof wrong);
	if (!probe->pattern)
		snprintf(why, why_size, "--log-pattern '%s': %s", pattern, wrong);
	return probe->pattern;
}

static bool probe_make_timer(struct probe *probe, char *why, size_t why_size)
{
	const struct itimerspec tick = {{0, PROBE_TICK * 1000000L}, {0, PROBE_TICK * 1000000L}};
	probe->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (probe->timer >= 0 && timerfd_settime(probe->timer, 0, &tick, NULL) == 0)
		return true;
	return probe_fail(why, why_size, "timerfd", errno);
}

const char *probe_missing(void)
{
	return NULL;
}

struct source *probe_open(
    const struct probe_choice *choice, const char *name, const char *filter, char *why, size_t why_size)
{
	struct probe *probe = calloc(1, sizeof *probe);
	if (!probe) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	probe->source = (struct source){
	    .operations = &probe_operations, .name = name, .is_live = true, .link_type = PROBE_FRAME_LINK, .ready = -1};
	probe->timer = -1;
	probe_listen_for(&probe->messages);
	bool good = probe_make_filter(probe, filter, why, why_size) &&
	            probe_make_pattern(probe, choice->log_pattern, why, why_size) &&
	            probe_make_timer(probe, why, why_size) && probe_load(probe, choice, why, why_size) &&
	            probe_attach(probe, choice, why, why_size);
	probe_listen_for(NULL);
	if (good)
		return &probe->source;
	probe_free(&probe->source);
	return NULL;
}
