/*
 * What goes through OpenSSL in the clear, at the return of SSL_read, SSL_write and their _ex kind.
 *
 * Where the library has the socket itself (nginx), its call uses it inside: that is certain. Where it works on memory
 * (python's asyncio, node), the order of the thread ties a stream to its socket. It reads from the socket, and then
 * calls the library for that stream: what was read is used up by that call, so that a read that the loop does later
 * (uvloop's first one after the handshake) is not taken for another socket's. When nothing was read yet, what it
 * writes to the stream and then to a socket decides; not when it wrote to several before (uvloop gathers its writes).
 * Each record carries the socket; the reader of the records weighs whether they agree.
 */
#ifndef BPF_TLS_H
#define BPF_TLS_H

#include "calls.bpf.h"

static __always_inline struct channel *tls_channel(__u64 stream)
{
	struct stream_key key = {stream, current_process()};
	struct channel *channel = bpf_map_lookup_elem(&streams, &key);
	if (channel)
		return channel;
	struct channel fresh = {.id = stream, .process = key.process};
	bpf_map_update_elem(&streams, &key, &fresh, BPF_ANY);
	return bpf_map_lookup_elem(&streams, &key);
}

/* The socket that the thread has read from is read in the clear. */
static __always_inline void tls_note_read(const struct thread *thread)
{
	__u64 key = thread->read_sock;
	struct channel *socket = bpf_map_lookup_elem(&sockets, &key);
	if (socket && socket->id == thread->read_socket)
		socket_emit_once(socket, &socket->is_read, PROBE_TLS_READ);
}

/* The library is called for what the thread has just read. */
static __always_inline void tls_tie(struct thread *thread, __u64 stream)
{
	struct channel *channel = thread->read_socket ? tls_channel(stream) : NULL;
	if (channel) {
		channel->tied = thread->read_socket;
		channel->arrived = thread->read_arrived;
		tls_note_read(thread);
	}
	thread->read_socket = 0;
}

static __always_inline int tls_enter(void *stream, void *buffer, void *passed, bool reads)
{
	if (!process_is_watched(current_process()))
		return 0;
	struct thread *thread = thread_current();
	if (!thread)
		return 0;
	if (reads)
		tls_tie(thread, (__u64)stream);
	thread->call = (__u64)stream;
	thread->buffer = (__u64)buffer;
	thread->passed = (__u64)passed;
	thread->reads = reads;
	thread->inside_socket = 0;
	return 0;
}

static __always_inline void tls_judge(struct channel *channel, struct walk *walk, bool received)
{
	bool from_client = received != (bool)channel->is_client;
	if (channel->verdict == VERDICT_HTTP && !from_client)
		return;
	int found = walk_look(walk);
	if (channel->verdict == VERDICT_NONE)
		channel->is_joined = found != FIRST_ENGINEIO && found != FIRST_REQUEST && found != FIRST_SHORT;
	channel->verdict = first_judge(channel, found, received, true);
}

/* The next record of what the thread passed: what is beyond WALK_STEPS of them is not emitted; the next record's offset
 * shows that it was there. A global function, as walk_step. */
__attribute__((noinline)) int tls_step(void)
{
	__u32 id = (__u32)bpf_get_current_pid_tgid();
	struct thread *thread = bpf_map_lookup_elem(&threads, &id);
	if (!thread || !thread->emission.walk.left)
		return 0;
	walk_emit_piece(&thread->emission);
	return 1;
}

static __always_inline void tls_emit(struct channel *channel, struct thread *thread, bool received)
{
	struct probe_head *head = &thread->emission.head;
	*head = (struct probe_head){.kind = PROBE_TLS, .stream = channel->id, .process = channel->process};
	head->time = bpf_ktime_get_ns();
	head->offset = channel->offset[received];
	head->flags = (received ? PROBE_RECEIVED : 0) | (channel->is_client ? PROBE_CLIENT : 0) |
	              (channel->is_joined && !channel->has_passed ? PROBE_JOINED : 0);
	head->socket = thread->inside_socket ? thread->inside_socket : channel->tied;
	head->flags |= thread->inside_socket ? PROBE_INSIDE : 0;
	if (received) {
		head->arrived = channel->arrived;
		channel->arrived = 0;
	}
	channel->has_passed = 1;
	channel->offset[received] += thread->emission.walk.left;
	for (int i = 0; i < WALK_STEPS && tls_step(); i++)
		;
}

static __always_inline int tls_passed(struct thread *thread, __u64 stream, __u64 length, bool received)
{
	struct channel *channel = tls_channel(stream);
	if (!channel)
		return 0;
	thread->emission.walk = (struct walk){.at = thread->buffer, .here = length, .left = length};
	if (channel->verdict == VERDICT_NONE || channel->verdict == VERDICT_HTTP)
		tls_judge(channel, &thread->emission.walk, received);
	if (channel->verdict != VERDICT_FOLLOW)
		return 0;
	tls_emit(channel, thread, received);
	if (!received && !thread->inside_socket)
		thread->wrote = thread->wrote && thread->wrote != stream ? WROTE_SEVERAL : stream;
	return 0;
}

/* The _ex kind returns 1, and writes the count where its argument says. */
static __always_inline __u64 tls_count(const struct thread *thread, int result)
{
	__u64 length = 0;
	if (result <= 0)
		return 0;
	if (!thread->passed)
		return result;
	return bpf_probe_read_user(&length, sizeof length, (void *)thread->passed) == 0 ? length : 0;
}

SEC("uprobe")
int BPF_KPROBE(tls_read, void *stream, void *buffer)
{
	return tls_enter(stream, buffer, NULL, true);
}

SEC("uprobe")
int BPF_KPROBE(tls_read_ex, void *stream, void *buffer, unsigned long size, void *passed)
{
	return tls_enter(stream, buffer, passed, true);
}

SEC("uprobe")
int BPF_KPROBE(tls_write, void *stream, void *buffer)
{
	return tls_enter(stream, buffer, NULL, false);
}

SEC("uprobe")
int BPF_KPROBE(tls_write_ex, void *stream, void *buffer, unsigned long size, void *passed)
{
	return tls_enter(stream, buffer, passed, false);
}

/* Only for what it says of the socket. */
SEC("uprobe")
int BPF_KPROBE(tls_shaken, void *stream)
{
	__u32 id = (__u32)bpf_get_current_pid_tgid();
	struct thread *thread = bpf_map_lookup_elem(&threads, &id);
	if (thread && process_is_watched(current_process()))
		tls_tie(thread, (__u64)stream);
	return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(tls_returned, int result)
{
	__u32 id = (__u32)bpf_get_current_pid_tgid();
	struct thread *thread = bpf_map_lookup_elem(&threads, &id);
	if (!thread || !thread->call)
		return 0;
	__u64 stream = thread->call, length = tls_count(thread, result);
	thread->call = 0;
	return length ? tls_passed(thread, stream, length, thread->reads) : 0;
}

static __always_inline int tls_end(__u64 stream)
{
	struct stream_key key = {stream, current_process()};
	struct channel *channel = bpf_map_lookup_elem(&streams, &key);
	if (!channel)
		return 0;
	struct probe_head head = {
	    .kind = PROBE_TLS_GONE, .stream = key.stream, .process = key.process, .time = bpf_ktime_get_ns()};
	if (channel->has_passed)
		emit(&head, 0, 0);
	bpf_map_delete_elem(&streams, &key);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(tls_freed, void *stream)
{
	return tls_end((__u64)stream);
}

/* ---- Go: arguments and results are in registers (ABIInternal, Go 1.17 and later), and a call is known by its
 * goroutine, which changes threads while it waits. */

#if defined(__TARGET_ARCH_x86)
#define GO_ROUTINE(regs) ((regs)->r14)
#define GO_FIRST(regs) ((regs)->ax)
#define GO_SECOND(regs) ((regs)->bx)
#elif defined(__TARGET_ARCH_arm64)
#define GO_ROUTINE(regs) (((const struct user_pt_regs *)(regs))->regs[28])
#define GO_FIRST(regs) (((const struct user_pt_regs *)(regs))->regs[0])
#define GO_SECOND(regs) (((const struct user_pt_regs *)(regs))->regs[1])
#endif

static __always_inline int go_enter(struct pt_regs *regs, bool reads)
{
	struct stream_key key = {GO_ROUTINE(regs), current_process()};
	struct go_call call = {.connection = GO_FIRST(regs), .buffer = GO_SECOND(regs), .reads = reads};
	if (process_is_watched(key.process))
		bpf_map_update_elem(&go_calls, &key, &call, BPF_ANY);
	return 0;
}

/* The socket of a tls.Conn: its first field is a net.Conn, an interface (type, data) of a *net.TCPConn as a rule; that
 * begins with a *netFD, of which the descriptor lies behind two words (fdMutex). Other kinds of net.Conn have something
 * else there: only a descriptor that is a TLS socket of this process is taken. */
static __always_inline struct channel *go_socket(__u64 connection)
{
	__u64 data = 0, file = 0;
	__s32 descriptor = -1;
	struct sock_found found;
	bpf_probe_read_user(&data, sizeof data, (void *)(connection + 8));
	bpf_probe_read_user(&file, sizeof file, (void *)data);
	bpf_probe_read_user(&descriptor, sizeof descriptor, (void *)(file + 16));
	if (!file || descriptor < 0 || !socket_find(descriptor, &found))
		return NULL;
	__u64 key = (__u64)found.sock;
	struct channel *channel = bpf_map_lookup_elem(&sockets, &key);
	return channel && channel->id == found.inode && channel->verdict == VERDICT_TLS ? channel : NULL;
}

static __always_inline int go_passed(const struct go_call *call, __u64 length)
{
	struct thread *thread = thread_current();
	if (!thread)
		return 0;
	struct channel *socket = go_socket(call->connection);
	thread->inside_socket = socket ? socket->id : 0;
	if (socket)
		socket_emit_once(socket, &socket->is_read, PROBE_TLS_READ);
	else if (call->reads) /* the last of its reads was this thread's */
		tls_tie(thread, call->connection);
	thread->buffer = call->buffer;
	return tls_passed(thread, call->connection, length, call->reads);
}

SEC("uprobe")
int go_read(struct pt_regs *regs)
{
	return go_enter(regs, true);
}

SEC("uprobe")
int go_write(struct pt_regs *regs)
{
	return go_enter(regs, false);
}

SEC("uprobe")
int go_returned(struct pt_regs *regs)
{
	struct stream_key key = {GO_ROUTINE(regs), current_process()};
	struct go_call *known = bpf_map_lookup_elem(&go_calls, &key);
	__s64 length = GO_FIRST(regs);
	if (!known)
		return 0;
	struct go_call call = *known;
	bpf_map_delete_elem(&go_calls, &key);
	return length > 0 ? go_passed(&call, length) : 0;
}

SEC("uprobe")
int go_closed(struct pt_regs *regs)
{
	return tls_end(GO_FIRST(regs));
}

#endif
