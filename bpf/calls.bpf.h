/*
 * What a process reads and writes, when the call returns: the arguments are still in the registers then, the bytes are
 * in their place, and their count is known. One program, for the kernel calls it at each return of any call anywhere.
 */
#ifndef BPF_CALLS_H
#define BPF_CALLS_H

#include "socket.bpf.h"
#include "walk.bpf.h"

enum { RESET = -104, BROKEN = -32 };

/* MSG_OOB, MSG_PEEK, MSG_ERRQUEUE: nothing of the stream is taken. MSG_TRUNC: TCP takes it, and copies nothing. */
enum { RECV_ASIDE = 0x1 | 0x2 | 0x2000, RECV_DISCARDS = 0x20 };

/* ---- log lines */

static __always_inline bool log_begin(
    struct emission *emission, __u32 descriptor, __u8 call, const struct pt_regs *regs, __u64 length)
{
	emission->head.kind = PROBE_LOG;
	emission->head.socket = descriptor;
	walk_begin(&emission->walk, call, regs, length);
	return process_is_heard(emission->head.process);
}

/* ---- sockets */

static __always_inline void socket_emit_end(struct channel *channel, __u16 kind, bool received)
{
	struct probe_head head = {.kind = kind, .socket = channel->id, .process = channel->process};
	__u8 bit = received ? 2 : 1;
	if (!channel->is_announced || (kind != PROBE_GONE && channel->has_ended & bit))
		return;
	head.time = bpf_ktime_get_ns();
	head.flags = received ? PROBE_RECEIVED : 0;
	head.offset = channel->offset[received];
	if (emit(&head, 0, 0))
		channel->has_ended |= kind == PROBE_RESET ? 3 : bit;
}

/* Once for each socket: what it is, in its channel and to the reader. */
static __always_inline void socket_emit_once(struct channel *channel, __u8 *flag, __u16 kind)
{
	struct probe_head head = {.kind = kind, .socket = channel->id, .process = channel->process};
	if (*flag || !channel->is_announced)
		return;
	head.time = bpf_ktime_get_ns();
	*flag = emit(&head, 0, 0);
}

/* A thread that reads or writes what is inside TLS. */
static __always_inline void socket_note_tls(struct channel *channel, __u64 sock, bool received, __u64 arrived)
{
	struct thread *thread = thread_current();
	if (!thread)
		return;
	if (thread->call) {
		thread->inside_socket = channel->id;
		socket_emit_once(channel, &channel->is_read, PROBE_TLS_READ);
	}
	if (received) {
		thread->read_sock = sock;
		thread->read_socket = channel->id;
		thread->read_arrived = arrived;
		thread->wrote = 0;
		return;
	}
	__u64 wrote = thread->wrote;
	if (!wrote || wrote == WROTE_SEVERAL || thread->call)
		return;
	thread->wrote = 0;
	struct stream_key key = {wrote, channel->process};
	struct channel *stream = bpf_map_lookup_elem(&streams, &key);
	if (!stream || stream->verdict != VERDICT_FOLLOW || stream->tied)
		return;
	struct probe_head head = {
	    .kind = PROBE_TLS_NEAR, .stream = wrote, .socket = channel->id, .process = channel->process};
	head.time = bpf_ktime_get_ns();
	if (emit(&head, 0, 0))
		stream->tied = channel->id;
}

static __always_inline void socket_judge(struct channel *channel, struct walk *walk, bool received)
{
	bool from_client = received != (bool)channel->is_client;
	if (channel->verdict == VERDICT_HTTP && !from_client)
		return;
	int found = walk_look(walk);
	/* A unix socket does not say what went before. */
	if (channel->family == IS_UNIX && channel->verdict == VERDICT_NONE)
		channel->is_joined = found != FIRST_ENGINEIO && found != FIRST_REQUEST && found != FIRST_TLS;
	channel->verdict = first_judge(channel, found, received, false);
}

/* TLS may follow a balancer's header, which may come in pieces: the one with the addresses looks like anything. OpenSSL
 * reads the head of a record (5 bytes) by itself. */
static __always_inline void socket_judge_proxied(
    struct channel *channel, const struct sock_found *found, struct walk *walk)
{
	enum { RECORD_HANDSHAKE = 0x16, RECORD_HEAD = 5, HELLO = 1 };
	__u8 start[RECORD_HEAD + 1] = {};
	int first = walk_look(walk);
	if (first == FIRST_OTHER || first == FIRST_SHORT || first == FIRST_PROXY)
		return;
	bpf_probe_read_user(start, sizeof start, (void *)walk->at);
	bool is_hello = start[0] == RECORD_HANDSHAKE &&
	                (walk_length(walk) == RECORD_HEAD || start[RECORD_HEAD] == HELLO);
	if (first == FIRST_TLS && !is_hello)
		return;
	channel->is_proxied = 0;
	if (first == FIRST_TLS) {
		channel->verdict = VERDICT_TLS;
		socket_announce(channel, found->sock);
	}
}

/* For when it is closed: what only closing it says. */
static __always_inline void socket_note_descriptor(__u32 descriptor, const struct channel *channel, __u64 sock)
{
	__u64 key = (__u64)channel->process << 32 | descriptor;
	__u64 *noted = bpf_map_lookup_elem(&descriptors, &key);
	if (!noted || *noted != sock)
		bpf_map_update_elem(&descriptors, &key, &sock, BPF_ANY);
}

/* A process that accepts may pass the connection on (cluster's workers, a balancer of its own); two that use it by
 * turns move it no more than MOVES times. */
static __always_inline void socket_move(struct channel *channel, const struct sock_found *found)
{
	enum { MOVES = 8 };
	__u32 process = current_process(), before = channel->process;
	if (process == before || channel->moves == MOVES)
		return;
	channel->moves++;
	channel->process = process;
	if (socket_serves_port(found->sock))
		process_met(process);
	if (!socket_announce(channel, found->sock))
		channel->process = before;
}

/* Bytes go through a socket. True: they are to be emitted, and the head says of what. */
static __always_inline bool socket_pass(
    struct channel *channel, const struct sock_found *found, __u32 descriptor, bool received, struct emission *emission)
{
	struct probe_head *head = &emission->head;
	if (received) {
		head->arrived = channel->arrived;
		channel->arrived = 0;
	}
	if (channel->verdict == VERDICT_NONE || channel->verdict == VERDICT_HTTP)
		socket_judge(channel, &emission->walk, received);
	else if (channel->is_proxied && received != (bool)channel->is_client)
		socket_judge_proxied(channel, found, &emission->walk);
	if (channel->verdict != VERDICT_FOLLOW && channel->verdict != VERDICT_TLS)
		return false;
	if (!channel->is_announced) {
		if (!socket_announce(channel, found->sock))
			return false;
		socket_note_descriptor(descriptor, channel, (__u64)found->sock);
	} else {
		socket_move(channel, found);
		if (channel->family == IS_UNIX) /* of the last descriptor that is closed */
			socket_note_descriptor(descriptor, channel, (__u64)found->sock);
	}
	if (channel->verdict == VERDICT_TLS) {
		socket_note_tls(channel, (__u64)found->sock, received, head->arrived);
		return false;
	}
	head->kind = PROBE_BYTES;
	head->socket = channel->id;
	head->flags = received ? PROBE_RECEIVED : 0;
	head->offset = channel->offset[received];
	channel->offset[received] += emission->walk.left;
	return true;
}

static __always_inline bool call_reads(__u8 call)
{
	return call == CALL_READ || call == CALL_RECV || call == CALL_READV || call == CALL_RECVMSG ||
	       call == CALL_RECVMMSG;
}

/* MSG_… of a call that receives. */
static __always_inline __u64 call_flags(__u8 call, const struct pt_regs *regs)
{
	if (call == CALL_RECV || call == CALL_RECVMMSG)
		return CALL_FOURTH(regs);
	return call == CALL_RECVMSG ? CALL_THIRD(regs) : 0;
}

/* Has the peer ended its direction, and was all read that came before? The socket says it: a call that has no room for
 * a byte, or looks at the queue of errors, receives nothing as well. */
static __noinline bool socket_met_end(const struct channel *channel, const struct sock *sock)
{
	if (!channel)
		return false;
	if (channel->family == IS_UNIX)
		return BPF_CORE_READ(sock, sk_shutdown) & RECV_SHUT;
	const struct tcp_sock *tcp = (const struct tcp_sock *)sock;
	__u8 state = BPF_CORE_READ(sock, __sk_common.skc_state);
	bool has_ended = state == BPF_TCP_CLOSE_WAIT || state == BPF_TCP_LAST_ACK || state == BPF_TCP_CLOSING ||
	                 state == BPF_TCP_TIME_WAIT || state == BPF_TCP_CLOSE;
	/* Reading the FIN takes its number too. */
	return has_ended && BPF_CORE_READ(tcp, rcv_nxt) == BPF_CORE_READ(tcp, copied_seq);
}

/* Of a unix socket, bytes may still wait: a call without room says nothing. */
static __always_inline bool call_met_end(
    const struct channel *channel, const struct sock *sock, __u8 call, const struct pt_regs *regs)
{
	bool has_room = call == CALL_RECVMSG || CALL_THIRD(regs);
	return (has_room || channel->family != IS_UNIX) && socket_met_end(channel, sock);
}

static __always_inline void call_failed(__u32 descriptor, long code)
{
	struct sock_found found;
	if ((code != RESET && code != BROKEN) || !socket_find(descriptor, &found))
		return;
	__u64 key = (__u64)found.sock;
	struct channel *channel = bpf_map_lookup_elem(&sockets, &key);
	if (channel && channel->id == found.inode)
		socket_emit_end(channel, PROBE_RESET, true);
}

/* Not a byte of it is seen. Of a socket that nothing was seen of, it is unknown what it carries. */
static __always_inline void socket_pass_unseen(
    struct channel *channel, const struct sock_found *found, __u16 kind, bool received, __u64 length)
{
	channel->offset[received] += length;
	if (channel->verdict != VERDICT_NONE && channel->verdict != VERDICT_FOLLOW)
		return;
	if (!channel->is_announced)
		socket_announce(channel, found->sock);
	socket_emit_once(channel, &channel->has_unseen, kind);
}

/* True: what the head and the walk say is to be emitted. */
static __always_inline bool call_passed(
    struct emission *emission, __u32 descriptor, __u8 call, const struct pt_regs *regs, long result)
{
	struct sock_found found;
	bool received = call_reads(call);
	__u64 flags = received ? call_flags(call, regs) : 0;
	if (flags & RECV_ASIDE || !socket_find(descriptor, &found))
		return false;
	bool counts_messages = call == CALL_SENDMMSG || call == CALL_RECVMMSG;
	struct channel *channel = socket_channel(
	    &found, received, counts_messages ? walk_sum(CALL_SECOND(regs), result) : result);
	if (!channel || channel->verdict == VERDICT_IGNORE)
		return false;
	if (result == 0) {
		if (received && call_met_end(channel, found.sock, call, regs))
			socket_emit_end(channel, PROBE_END, true);
		return false;
	}
	if (call == CALL_SENDFILE || flags & RECV_DISCARDS) {
		socket_pass_unseen(channel, &found, PROBE_PASSED, received, result);
		if (channel->is_announced)
			socket_note_descriptor(descriptor, channel, (__u64)found.sock);
		return false;
	}
	walk_begin(&emission->walk, call, regs, result);
	return socket_pass(channel, &found, descriptor, received, emission);
}

static __noinline struct channel *call_unseen(const struct sock_found *found, __u16 kind, bool received, long result)
{
	if (!found)
		return NULL;
	struct channel *channel = socket_channel(found, received, result);
	if (!channel || channel->verdict == VERDICT_IGNORE)
		return NULL;
	if (result)
		socket_pass_unseen(channel, found, kind, received, result);
	else if (received && socket_met_end(channel, found->sock))
		socket_emit_end(channel, PROBE_END, true);
	return channel;
}

static __always_inline void call_spliced(__u32 descriptor, bool received, long result)
{
	struct sock_found found;
	if (result < 0 || !socket_find(descriptor, &found))
		return;
	struct channel *channel = call_unseen(&found, PROBE_PASSED, received, result);
	if (channel && channel->is_announced)
		socket_note_descriptor(descriptor, channel, (__u64)found.sock);
}

/* ---- io_uring */

/* IORING_OP_… of linux/io_uring.h. */
static __always_inline bool ring_receives(__u8 operation)
{
	return operation == 1 || operation == 4 || operation == 10 || operation == 22 || operation == 27 ||
	       operation == 49;
}

static __always_inline bool ring_sends(__u8 operation)
{
	return operation == 2 || operation == 5 || operation == 9 || operation == 23 || operation == 26 ||
	       operation == 47 || operation == 48;
}

/* A request is done. Only where its second argument is the request: since Linux 5.17. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(ring_completed, void *ring, struct io_kiocb *request)
{
	struct sock_found found;
	if (!request || !process_is_watched(current_process()))
		return 0;
	__u8 operation = BPF_CORE_READ(request, opcode);
	bool received = ring_receives(operation);
	__s32 result = bpf_core_field_exists(request->cqe) ? BPF_CORE_READ(request, cqe.res) : 1; /* since 5.19 */
	if ((received || ring_sends(operation)) && result >= 0 && socket_of_file(BPF_CORE_READ(request, file), &found))
		call_unseen(&found, PROBE_RING, received, result);
	return 0;
}

/* ---- closing */

/* Was that the last descriptor of it? The file goes in the call since Linux 6.6, after it before; its references are
 * counted in another way since 6.13. */
static __always_inline bool socket_is_closed(const struct sock *sock)
{
	struct socket *socket = BPF_CORE_READ(sock, sk_socket);
	struct file___before_613 *file = socket ? (void *)BPF_CORE_READ(socket, file) : NULL;
	if (!file)
		return true;
	return bpf_core_field_exists(file->f_count) && BPF_CORE_READ(file, f_count.counter) == 0;
}

/* Of TCP the state machine emits it (lifecycle.bpf.h); a reset only here, so that what was read before it comes before
 * it. */
static __always_inline void call_closed(__u32 descriptor)
{
	__u64 key = (__u64)current_process() << 32 | descriptor;
	__u64 *sock = bpf_map_lookup_elem(&descriptors, &key);
	if (!sock)
		return;
	__u64 socket = *sock;
	struct channel *channel = bpf_map_lookup_elem(&sockets, &socket);
	bpf_map_delete_elem(&descriptors, &key);
	if (!channel)
		return;
	if (channel->was_reset)
		socket_emit_end(channel, PROBE_RESET, true);
	else if (channel->family == IS_UNIX && socket_is_closed((const struct sock *)socket))
		socket_emit_end(channel, PROBE_END, false);
	else
		return;
	socket_emit_end(channel, PROBE_GONE, false);
	bpf_map_delete_elem(&sockets, &socket);
}

static __always_inline void call_shut_down(__u32 descriptor, __u64 how)
{
	struct sock_found found;
	if (how == 0 || !socket_find(descriptor, &found)) /* SHUT_RD */
		return;
	__u64 key = (__u64)found.sock;
	struct channel *channel = bpf_map_lookup_elem(&sockets, &key);
	if (channel && channel->id == found.inode && channel->family == IS_UNIX)
		socket_emit_end(channel, PROBE_END, false);
}

/* True: something is to be emitted. */
static __always_inline bool call_take(
    struct emission *emission, __u32 descriptor, __u8 call, const struct pt_regs *regs, long result)
{
	bool is_log = (descriptor == 1 || descriptor == 2) && (call == CALL_WRITE || call == CALL_WRITEV);
	emission->head = (struct probe_head){.process = current_process(), .time = bpf_ktime_get_ns()};
	emission->walk = (struct walk){};
	if (call == CALL_CLOSE) {
		call_closed(descriptor);
		return false;
	}
	if (call == CALL_SHUTDOWN) {
		call_shut_down(descriptor, CALL_SECOND(regs));
		return false;
	}
	if (result < 0) {
		call_failed(descriptor, result);
		return false;
	}
	if (is_log)
		return result && log_begin(emission, descriptor, call, regs, result);
	return call_passed(emission, descriptor, call, regs, result);
}

/* ---- files of the TLS libraries, which are opened to be mapped */

/* Has the path a part that begins with libssl? Not below /proc: whoever opens it there looks at another process, as
 * what attaches to libraries does, here and of other runs: they would look at each other for ever. */
static __noinline bool open_is_library(__u64 path)
{
	enum { OPEN_PATH = 128 };
	const __u64 mark = 0x2f6c696273736c, look = 0x2f2f70726f632f; /* "/libssl", "/" and "/proc/" */
	char text[OPEN_PATH] = {};
	__u64 window = '/';
	bpf_probe_read_user_str(text, sizeof text, (void *)path);
	for (__u32 i = 0; i < OPEN_PATH && text[i]; i++) {
		window = (window << 8 | text[i]) & 0xffffffffffffff;
		if (window == mark || window == look)
			return window == mark;
	}
	return false;
}

/* A process of 32 bits: its calls have other numbers, and its memory is laid out in another way. Emitted once. */
static __noinline int call_is_foreign(void)
{
	__u32 process = current_process();
	struct {
		struct probe_head head;
		char command[PROBE_NAME];
	} * record;
	if (!process_is_attached_to(process) || !process_mark(process, PROCESS_FOREIGN))
		return 0;
	record = bpf_ringbuf_reserve(&records, sizeof *record, 0);
	if (!record) {
		emit_lost();
		return 0;
	}
	record->head = (struct probe_head){.kind = PROBE_FOREIGN, .process = process, .length = PROBE_NAME};
	record->head.time = bpf_ktime_get_ns();
	bpf_get_current_comm(record->command, sizeof record->command);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(call_returned, struct pt_regs *regs, long result)
{
	__u64 number = CALL_NUMBER(regs);
	__u32 first = 0;
	if (CALL_IS_FOREIGN(regs))
		return call_is_foreign();
	if (number >= PROBE_CALLS)
		return 0;
	__u8 call = calls[number];
	if (call == CALL_NONE || !process_is_watched(current_process()))
		return 0;
	if (call == CALL_OPEN || call == CALL_OPENAT) {
		if (result >= 0 && process_is_attached_to(current_process()) &&
		    open_is_library(call == CALL_OPEN ? CALL_FIRST(regs) : CALL_SECOND(regs)))
			process_arrived(current_process(), ARRIVAL_LIBRARY);
		return 0;
	}
	struct emission *emission = bpf_map_lookup_elem(&place, &first);
	if (call == CALL_SPLICE) { /* from one to the other: a pipe is one of them */
		call_spliced(CALL_FIRST(regs), true, result);
		call_spliced(CALL_THIRD(regs), false, result);
		return 0;
	}
	if (emission && call_take(emission, CALL_FIRST(regs), call, regs, result))
		for (int i = 0; i < CALL_STEPS && walk_step(); i++)
			;
	return 0;
}

#endif
