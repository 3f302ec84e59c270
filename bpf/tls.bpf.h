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
	walk_emit_whole(&thread->emission);
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

SEC("uprobe")
int BPF_KPROBE(tls_freed, void *stream)
{
	struct stream_key key = {(__u64)stream, current_process()};
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

#endif
