/* What the probes are given (fixed before they run), and what they remember between two calls. */
#ifndef BPF_STATE_H
#define BPF_STATE_H

#include "kernel_types.h"
#include "records.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum { OFTEN = 16384, THREADS = 8192, ARRIVALS = 64 << 10 };

/* ---- set by the loader */

const volatile __u8 calls[PROBE_CALLS]; /* enum probe_call by the number of the system call */
const volatile __u32 own_process;
const volatile bool selects_processes; /* the map `processes`, a name, a cgroup; else all are watched */
const volatile __u64 cgroup_id;
const volatile __u32 cgroup_level; /* 0: none chosen */
const volatile __u32 name_count;
const volatile char names[PROBE_NAMES][PROBE_NAME];
const volatile __u32 port_count;
const volatile __u16 ports[PROBE_PORTS];

const volatile __u64 ring_share; /* of the ring's bytes: see emit.bpf.h */
const volatile __u64 ring_size;

/* ---- read by the loader */

__u64 lost[PROBE_CPUS]; /* records that found no room, by CPU */

/* ---- remembered */

/* A table; what was not used for longest makes room. */
#define REMEMBER(NAME, MOST, KEY, VALUE)             \
	struct {                                     \
		__uint(type, BPF_MAP_TYPE_LRU_HASH); \
		__uint(max_entries, MOST);           \
		__type(key, KEY);                    \
		__type(value, VALUE);                \
	} NAME SEC(".maps")

/* One value on each CPU, at index 0. */
#define ONE_BY_CPU(NAME, VALUE)                          \
	struct {                                         \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
		__uint(max_entries, 1);                  \
		__type(key, __u32);                      \
		__type(value, VALUE);                    \
	} NAME SEC(".maps")

enum verdict {
	VERDICT_NONE,   /* nothing was seen yet */
	VERDICT_HTTP,   /* HTTP, no Engine.IO request so far: each request is looked at */
	VERDICT_FOLLOW, /* all that passes is emitted */
	VERDICT_TLS,    /* what passes is emitted at the TLS library, if at all */
	VERDICT_IGNORE,
};

/* One socket, or one TLS stream. */
struct channel {
	__u64 id;        /* the socket's inode; the SSL's address */
	__u64 offset[2]; /* bytes emitted or lost, by direction: 1 is received */
	__u64 arrived;   /* since when something waits to be read; 0: nothing does */
	__u64 tied;      /* TLS: the socket that it goes through, by what was seen last; 0: nothing was */
	__u32 process;
	__u16 family;
	__u8 verdict;
	__u8 is_client;
	__u8 is_announced;
	__u8 is_joined;
	__u8 has_passed; /* a record of its bytes was emitted */
	__u8 has_ended;  /* bits: 1 own end emitted, 2 the peer's */
	__u8 was_reset;
	__u8 is_read;    /* TLS: the library that uses it is watched; emitted */
	__u8 moves;      /* from process to process that were emitted */
	__u8 looks;      /* at bytes that nothing fits: of one that was joined, the middle of a frame perhaps */
	__u8 has_unseen; /* bytes went by in calls that show none; emitted */
	__u8 is_proxied; /* a balancer's header came, and nothing is emitted of what came behind it so far */
	__u8 is_near;    /* both ends have the same address, or are of the loopback */
};

REMEMBER(sockets, OFTEN, __u64, struct channel); /* by the address of their struct sock */

struct stream_key {
	__u64 stream;
	__u64 process;
};

REMEMBER(streams, OFTEN, struct stream_key, struct channel);

/* Which socket a descriptor stands for: of those that are followed, for when it is closed. */
REMEMBER(descriptors, OFTEN, __u64, __u64); /* by process << 32 | descriptor */

REMEMBER(processes, OFTEN, __u32, __u8); /* by id: PROCESS_… */

/* The memory that a call names, piece by piece. */
struct walk {
	__u64 message; /* the next struct mmsghdr */
	__u32 messages;
	__u32 vectors;
	__u64 vector;   /* the next struct iovec */
	__u64 at, here; /* the rest of the present piece */
	__u64 left;     /* bytes of the call that were not walked over */
};

/* What is being emitted. It lies in a map and not on the stack: there the verifier would follow each value of it
 * through every turn of the loop that emits it. */
struct emission {
	struct probe_head head;
	struct walk walk;
};

/* For the calls of the system: one at a time on each CPU (the kernel runs no program of theirs twice on one). */
ONE_BY_CPU(place, struct emission);

/* Pieces of up to GATHER_PIECE bytes are gathered, until GATHER_ROOM is full. */
enum { GATHER_PIECE = 4096, GATHER_ROOM = 16384 };

struct gathered {
	struct probe_head head;
	char bytes[GATHER_ROOM + GATHER_PIECE];
};

ONE_BY_CPU(gathering, struct gathered);

#define WROTE_SEVERAL (~0ULL)

/* A thread between its use of the TLS library and of a socket. */
struct thread {
	__u64 call;           /* the SSL of the call that it is in; 0: none */
	__u64 buffer, passed; /* arguments of that call; `passed`: where it writes the count, or 0 */
	__u64 reads;          /* it is a read */
	__u64 read_sock;      /* the struct sock of: */
	__u64 read_socket;    /* the TLS socket that it read from, until it calls the library for what it read */
	__u64 read_arrived;   /* when that had arrived */
	__u64 wrote;          /* the SSL that it wrote to, until it writes to a socket; or WROTE_SEVERAL */
	__u64 inside_socket;  /* used inside the call */
	struct emission emission;
};

REMEMBER(threads, THREADS, __u32, struct thread);

/* A goroutine within crypto/tls, by its g. */
struct go_call {
	__u64 connection, buffer;
	__u64 reads;
};

REMEMBER(go_calls, THREADS, struct stream_key, struct go_call);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* the loader sets it */
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ARRIVALS);
} arrivals SEC(".maps");

/* The thread's entry, made when there is none; NULL: the table would not take it. */
static __always_inline struct thread *thread_current(void)
{
	__u32 id = (__u32)bpf_get_current_pid_tgid();
	struct thread *thread = bpf_map_lookup_elem(&threads, &id);
	if (thread)
		return thread;
	static const struct thread fresh;
	bpf_map_update_elem(&threads, &id, &fresh, BPF_ANY);
	return bpf_map_lookup_elem(&threads, &id);
}

/* ---- who is watched */

static __always_inline __u32 current_process(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* Is a cgroup the chosen one, or below it? */
static __always_inline bool group_is_chosen(const struct cgroup *group)
{
	const struct cgroup___before_61 *old = (const void *)group;
	__u64 id = 0;
	if (BPF_CORE_READ(group, level) < (int)cgroup_level)
		return false;
	if (bpf_core_field_exists(old->ancestor_ids)) {
		bpf_probe_read_kernel(&id, sizeof id, (const __u64 *)old->ancestor_ids + cgroup_level);
		return id == cgroup_id;
	}
	struct cgroup *above = NULL;
	bpf_probe_read_kernel(&above, sizeof above, (struct cgroup *const *)group->ancestors + cgroup_level);
	return BPF_CORE_READ(above, kn, id) == cgroup_id;
}

/* Is it in the chosen cgroup, or below it? Before Linux 5.12 programs like these may not call the helper; until 6.0 a
 * cgroup has a list of those above it. */
static __always_inline bool process_is_in_cgroup(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct cgroup___before_61 *group = (void *)BPF_CORE_READ(task, cgroups, dfl_cgrp);
	if (!bpf_core_field_exists(group->ancestor_ids))
		return bpf_get_current_ancestor_cgroup_id(cgroup_level) == cgroup_id;
	return group_is_chosen((const struct cgroup *)group);
}

static __always_inline bool process_is_watched(__u32 process)
{
	if (process == own_process)
		return false;
	if (!selects_processes)
		return true;
	if (cgroup_level && process_is_in_cgroup())
		return true;
	__u8 *flags = bpf_map_lookup_elem(&processes, &process);
	return flags && *flags & PROCESS_WATCHED;
}

/* Is it one whose TLS libraries are attached to? Where all processes are watched: of those that use a port. */
static __always_inline bool process_is_attached_to(__u32 process)
{
	if (selects_processes)
		return process_is_watched(process);
	__u8 *flags = bpf_map_lookup_elem(&processes, &process);
	return flags && *flags & PROCESS_MET;
}

/* What finds no room is missed: its TLS is reported as unread. */
static __always_inline void process_arrived(__u32 process, __u32 kind)
{
	struct probe_arrival arrival = {process, kind};
	bpf_ringbuf_output(&arrivals, &arrival, sizeof arrival, BPF_RB_FORCE_WAKEUP);
}

/* Are its log lines wanted? Where all processes are watched: of those that speak Engine.IO. */
static __always_inline bool process_is_heard(__u32 process)
{
	if (selects_processes)
		return true;
	__u8 *flags = bpf_map_lookup_elem(&processes, &process);
	return flags && *flags & PROCESS_SPEAKS;
}

/* False: it had the flag already. */
static __always_inline bool process_mark(__u32 process, __u8 flag)
{
	__u8 *known = bpf_map_lookup_elem(&processes, &process);
	if (known && *known & flag)
		return false;
	__u8 flags = (known ? *known : 0) | flag;
	bpf_map_update_elem(&processes, &process, &flags, BPF_ANY);
	return true;
}

/* It uses a port that is watched. */
static __always_inline void process_met(__u32 process)
{
	if (!selects_processes && process != own_process && process_mark(process, PROCESS_MET))
		process_arrived(process, ARRIVAL_MET);
}

#endif
