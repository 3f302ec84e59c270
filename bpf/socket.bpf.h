/* From a descriptor to its socket, by the kernel's own structures: connections made before the start are found too. */
#ifndef BPF_SOCKET_H
#define BPF_SOCKET_H

#include "emit.bpf.h"

enum { RECV_SHUT = 1 }; /* RCV_SHUTDOWN */
enum { IS_INET = 2, IS_INET6 = 10, IS_UNIX = 1, IS_STREAM = 1, IS_TCP = 6, MODE_TYPE = 0170000, MODE_SOCKET = 0140000 };

struct sock_found {
	struct sock *sock;
	__u64 inode;
};

/* The table of open files, when `descriptor` is within it. From Linux 5.11 on no step of it needs a call. */
static __always_inline bool socket_files(__u32 descriptor, struct file ***files)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)) {
		struct fdtable *table = bpf_get_current_task_btf()->files->fdt;
		*files = table->fd;
		return descriptor < table->max_fds;
	}
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	*files = BPF_CORE_READ(table, fd);
	return descriptor < BPF_CORE_READ(table, max_fds);
}

static __always_inline bool socket_of_file(const struct file *file, struct sock_found *found)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	if ((BPF_CORE_READ(inode, i_mode) & MODE_TYPE) != MODE_SOCKET)
		return false;
	struct socket *socket = BPF_CORE_READ(file, private_data);
	found->inode = BPF_CORE_READ(inode, i_ino);
	found->sock = BPF_CORE_READ(socket, sk);
	return found->sock != NULL;
}

/* False when the descriptor is none, or no socket. */
static __always_inline bool socket_find(__u32 descriptor, struct sock_found *found)
{
	struct file **files, *file;
	if (!socket_files(descriptor, &files))
		return false;
	if (bpf_probe_read_kernel(&file, sizeof file, files + descriptor) != 0 || !file)
		return false;
	return socket_of_file(file, found);
}

/* ---- a socket's first use */

static __always_inline bool socket_port_is_wanted(const struct sock *sock, __u16 family)
{
	if (!port_count)
		return true;
	if (family == IS_UNIX)
		return false;
	__u16 local = BPF_CORE_READ(sock, __sk_common.skc_num);
	__u16 remote = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
	for (__u32 i = 0; i < PROBE_PORTS; i++)
		if (i < port_count && (ports[i] == local || ports[i] == remote))
			return true;
	return false;
}

/* Is a port that is watched its own? The server's end, as a rule. */
static __always_inline bool socket_serves_port(const struct sock *sock)
{
	__u16 family = BPF_CORE_READ(sock, __sk_common.skc_family), local = BPF_CORE_READ(sock, __sk_common.skc_num);
	for (__u32 i = 0; i < PROBE_PORTS && family != IS_UNIX; i++)
		if (i < port_count && ports[i] == local)
			return true;
	return false;
}

static __always_inline bool socket_is_near(const struct sock *sock, __u16 family)
{
	if (family == IS_INET6) {
		__u64 own[2] = {}, other[2] = {};
		BPF_CORE_READ_INTO((struct in6_addr *)own, sock, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)other, sock, __sk_common.skc_v6_daddr);
		return own[0] == other[0] && own[1] == other[1];
	}
	__u32 own = BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr), other = BPF_CORE_READ(sock, __sk_common.skc_daddr);
	return family != IS_INET || own == other || (bpf_ntohl(other) >> 24) == 127;
}

/* Had bytes passed before the `just` ones of the call that has shown it? The peer's FIN counts as one. For a unix
 * socket that is not known: its first bytes must decide. */
static __always_inline bool socket_is_joined(const struct sock *sock, __u16 family, bool received, __u64 just)
{
	if (family == IS_UNIX)
		return false;
	const struct tcp_sock *tcp = (const struct tcp_sock *)sock;
	__u64 waiting = BPF_CORE_READ(tcp, rcv_nxt) - BPF_CORE_READ(tcp, copied_seq);
	__u64 read = BPF_CORE_READ(tcp, bytes_received) - (__u32)waiting;
	__u32 unacknowledged = BPF_CORE_READ(tcp, write_seq) - BPF_CORE_READ(tcp, snd_una);
	__u64 written = BPF_CORE_READ(tcp, bytes_acked) + unacknowledged;
	if (received)
		return (__s64)read > (__s64)just + 1 || written > 1;
	return (__s64)read > 1 || written > just + 1;
}

static __noinline struct channel *socket_begin(const struct sock_found *found, bool received, __u64 just)
{
	if (!found)
		return NULL;
	const struct sock *sock = found->sock;
	__u64 key = (__u64)sock;
	struct channel channel = {.id = found->inode, .process = current_process()};
	channel.family = BPF_CORE_READ(sock, __sk_common.skc_family);
	__u16 type = BPF_CORE_READ(sock, sk_type);
	bool is_ip = channel.family == IS_INET || channel.family == IS_INET6;
	bool wanted = type == IS_STREAM && (is_ip || channel.family == IS_UNIX) &&
	              (!is_ip || BPF_CORE_READ(sock, sk_protocol) == IS_TCP) &&
	              socket_port_is_wanted(sock, channel.family);
	if (wanted)
		channel.is_joined = socket_is_joined(sock, channel.family, received, just);
	else
		channel.verdict = VERDICT_IGNORE;
	channel.is_near = socket_is_near(sock, channel.family);
	if (wanted && (!channel.is_near || socket_serves_port(sock)))
		process_met(channel.process);
	bpf_map_update_elem(&sockets, &key, &channel, BPF_ANY);
	return bpf_map_lookup_elem(&sockets, &key);
}

/* A `sock` that was freed and used again has another inode. NULL: the table would not take it. */
static __always_inline struct channel *socket_channel(const struct sock_found *found, bool received, __u64 just)
{
	__u64 key = (__u64)found->sock;
	struct channel *channel = bpf_map_lookup_elem(&sockets, &key);
	if (channel && channel->id == found->inode)
		return channel;
	return socket_begin(found, received, just);
}

/* ---- announcing */

static __always_inline void announce_unix(struct probe_open *open, const struct sock *sock)
{
	const struct unix_sock *own = (const struct unix_sock *)sock;
	struct sock *peer = BPF_CORE_READ(own, peer);
	struct unix_address *address = BPF_CORE_READ(own, addr);
	if (!address)
		address = BPF_CORE_READ((const struct unix_sock *)peer, addr);
	struct socket *other = BPF_CORE_READ(peer, sk_socket);
	if (other)
		open->peer = BPF_CORE_READ(container_of(other, struct socket_alloc, socket), vfs_inode.i_ino);
	if (!address)
		return;
	__u32 length = BPF_CORE_READ(address, len) - sizeof(__u16);
	open->path_length = length > PROBE_PATH ? PROBE_PATH : length;
	bpf_probe_read_kernel(open->path, sizeof open->path, (const char *)address->name + sizeof(__u16));
}

static __always_inline void announce_ends(struct probe_open *open, const struct sock *sock)
{
	open->local_port = BPF_CORE_READ(sock, __sk_common.skc_num);
	open->remote_port = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
	if (open->family == IS_INET) {
		BPF_CORE_READ_INTO((__u32 *)open->local, sock, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__u32 *)open->remote, sock, __sk_common.skc_daddr);
	} else if (open->family == IS_INET6) {
		BPF_CORE_READ_INTO((struct in6_addr *)open->local, sock, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)open->remote, sock, __sk_common.skc_v6_daddr);
	} else {
		announce_unix(open, sock);
	}
}

static __always_inline struct kernfs_node *announce_parent(struct kernfs_node *node)
{
	struct kernfs_node___before_615 *old = (void *)node;
	if (bpf_core_field_exists(old->parent))
		return BPF_CORE_READ(old, parent);
	return BPF_CORE_READ(node, __parent);
}

static __always_inline void announce_process(struct probe_open *open)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	bpf_probe_read_kernel(open->command, sizeof open->command, leader->comm);
	__u64 start = BPF_CORE_READ(task, mm, arg_start), end = BPF_CORE_READ(task, mm, arg_end);
	__u64 length = end - start;
	if (length > sizeof open->command_line)
		length = sizeof open->command_line;
	bpf_probe_read_user(open->command_line, length, (void *)start);
	struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	for (__u32 i = 0; i < PROBE_GROUPS && node; i++) {
		bpf_probe_read_kernel_str(open->groups[i], PROBE_GROUP, BPF_CORE_READ(node, name));
		node = announce_parent(node);
	}
}

/* Emits what the socket is: once, and when another process goes on with it. False when there was no room for it: then
 * nothing of it may be emitted yet. */
static __noinline bool socket_announce(struct channel *channel, const struct sock *sock)
{
	if (!channel)
		return false;
	struct {
		struct probe_head head;
		struct probe_open open;
	} *record = bpf_ringbuf_reserve(&records, sizeof *record, 0);
	if (!record) {
		emit_lost();
		return false;
	}
	__builtin_memset(record, 0, sizeof *record);
	record->head.time = bpf_ktime_get_ns();
	record->head.kind = channel->is_announced ? PROBE_MOVED : PROBE_OPEN;
	record->head.socket = channel->id;
	record->head.process = channel->process;
	record->head.length = sizeof record->open;
	record->open.family = channel->family;
	record->open.is_client = channel->is_client;
	record->open.is_tls = channel->verdict == VERDICT_TLS;
	record->open.is_joined = channel->is_joined;
	announce_ends(&record->open, sock);
	announce_process(&record->open);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	channel->is_announced = 1;
	process_mark(channel->process, PROCESS_SPEAKS);
	if (channel->verdict == VERDICT_TLS && process_mark(channel->process, PROCESS_TLS))
		process_arrived(channel->process, ARRIVAL_TLS);
	return true;
}

#endif
