/* What happens to sockets and processes without a call that says so: bytes that arrive, ends, resets, forks, exits. */
#ifndef BPF_LIFECYCLE_H
#define BPF_LIFECYCLE_H

#include "calls.bpf.h"

/* A segment came in. The first since the last read shows how long the process let it wait. */
SEC("tp_btf/tcp_probe")
int BPF_PROG(segment_arrived, struct sock *sock, const struct sk_buff *segment)
{
	__u64 key = (__u64)sock;
	struct channel *channel = bpf_map_lookup_elem(&sockets, &key);
	if (!channel || channel->arrived || channel->verdict == VERDICT_IGNORE)
		return 0;
	const struct tcp_skb_cb *place = (const void *)segment->cb;
	if (BPF_CORE_READ(place, end_seq) != BPF_CORE_READ(place, seq))
		channel->arrived = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed, const struct sock *sock, int before, int after)
{
	__u64 key = (__u64)sock;
	if (after == BPF_TCP_LISTEN && socket_serves_port(sock)) /* in listen(2) */
		process_met(current_process());
	struct channel *channel = bpf_map_lookup_elem(&sockets, &key);
	if (!channel)
		return 0;
	bool was_open = before == BPF_TCP_ESTABLISHED || before == BPF_TCP_CLOSE_WAIT;
	if (after == BPF_TCP_FIN_WAIT1 || after == BPF_TCP_LAST_ACK) {
		socket_emit_end(channel, PROBE_END, false);
	} else if (after == BPF_TCP_CLOSE && was_open && BPF_CORE_READ(sock, sk_err)) {
		/* The peer reset it. What it sent before may still be read: the end is emitted when the process meets
		 * it.
		 */
		channel->was_reset = 1;
		return 0;
	} else if (after == BPF_TCP_CLOSE && was_open) {
		socket_emit_end(channel, PROBE_RESET, false);
	}
	if (after == BPF_TCP_CLOSE) {
		socket_emit_end(channel, PROBE_GONE, false);
		bpf_map_delete_elem(&sockets, &key);
	}
	return 0;
}

/* ---- processes */

static __always_inline bool name_is_wanted(const char *command)
{
	for (__u32 i = 0; i < PROBE_NAMES && i < name_count; i++) {
		bool same = true;
		for (__u32 j = 0; j < PROBE_NAME; j++) {
			if (command[j] != names[i][j])
				same = false;
			if (!same || !command[j])
				break;
		}
		if (same)
			return true;
	}
	return false;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_forked, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = parent->tgid, to = child->tgid;
	__u8 *known = from == to ? NULL : bpf_map_lookup_elem(&processes, &from);
	__u8 flags = known ? *known & (PROCESS_WATCHED | PROCESS_MET) : 0;
	if (from != to && cgroup_level && process_is_in_cgroup())
		flags |= PROCESS_MET;
	if (flags && process_mark(to, flags))
		process_arrived(to, ARRIVAL_FORK);
	return 0;
}

/* Only where a cgroup is chosen. One that begins in another than its parent's runs a program next. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(process_moved, struct cgroup *group, const char *path, struct task_struct *task)
{
	__u32 process = task->tgid;
	if (group_is_chosen(group) && process_mark(process, PROCESS_MET))
		process_arrived(process, ARRIVAL_MET);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_executed)
{
	char command[PROBE_NAME] = {};
	__u32 process = current_process();
	if (name_count)
		bpf_get_current_comm(command, sizeof command);
	if (name_count && name_is_wanted(command))
		process_mark(process, PROCESS_WATCHED);
	if (process_is_attached_to(process)) {
		process_mark(process, PROCESS_MET); /* so that its end is emitted */
		process_arrived(process, ARRIVAL_EXEC);
	}
	return 0;
}

/* Its sockets end with it; nothing else may say so. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exited, struct task_struct *task)
{
	struct probe_head head = {.kind = PROBE_EXIT, .process = current_process()};
	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return 0;
	if (!bpf_map_lookup_elem(&processes, &head.process))
		return 0;
	head.time = bpf_ktime_get_ns();
	emit(&head, 0, 0);
	process_arrived(head.process, ARRIVAL_EXIT);
	bpf_map_delete_elem(&processes, &head.process);
	return 0;
}

#endif
