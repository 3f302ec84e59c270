/*
 * What a channel's first bytes say: is it worth following?
 *
 * Engine.IO is recognised by the query of an HTTP request, as everywhere (src/socketio/engineio.h). In doubt (a request
 * line that does not end in the bytes looked at) it is followed: whoever reads the records knows better, and this only
 * saves work. HTTP/2 compresses its requests: each such channel is followed.
 */
#ifndef BPF_FIRST_REQUEST_H
#define BPF_FIRST_REQUEST_H

#include "state.bpf.h"

enum { FIRST_LOOK = 1024, FIRST_LOOKS = 64 };

enum first {
	FIRST_OTHER,
	FIRST_SHORT,          /* too few bytes to decide */
	FIRST_ENGINEIO,       /* a request with an Engine.IO query */
	FIRST_REQUEST,        /* a request without one */
	FIRST_ANSWER,         /* of HTTP */
	FIRST_HTTP2,          /* the client's preface (RFC 9113 §3.4) */
	FIRST_HTTP2_SETTINGS, /* the server's */
	FIRST_PROXY, /* a balancer's line about its client (HAProxy's proxy-protocol.txt): what follows it is behind it
	              */
	FIRST_TLS,
	FIRST_MASKED,   /* looks like a frame of a WebSocket's client */
	FIRST_UNMASKED, /* or of its server */
};

/* GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH, CONNECT, TRACE by their first three bytes. */
static __always_inline bool first_is_method(const __u8 *at)
{
	__u32 word = at[0] << 16 | at[1] << 8 | at[2];
	return word == 0x474554 || word == 0x484541 || word == 0x504f53 || word == 0x505554 || word == 0x44454c ||
	       word == 0x4f5054 || word == 0x504154 || word == 0x434f4e || word == 0x545241;
}

/* A whole frame's first byte: FIN, no RSV2 or RSV3, an opcode of RFC 6455 §5.2; RSV1 is permessage-deflate. */
static __always_inline bool first_is_frame(__u8 byte)
{
	__u8 opcode = byte & 0x0f;
	return (byte & 0xb0) == 0x80 && (opcode == 1 || opcode == 2 || (opcode >= 8 && opcode <= 10));
}

/* `at` holds FIRST_LOOK bytes, of which `length` count. */
static __always_inline enum first first_request(const __u8 *at, __u32 length)
{
	__u64 window = 0;
	for (__u32 i = 0; i < FIRST_LOOK; i++) {
		if (i >= length)
			return FIRST_ENGINEIO;
		window = window << 8 | at[i];
		if (at[i] == '\n')
			return FIRST_REQUEST;
		if ((__u32)window == 0x45494f3d || window == 0x616e73706f72743d) /* "EIO=", "ansport=" */
			return FIRST_ENGINEIO;
	}
	return FIRST_ENGINEIO;
}

/* A frame of SETTINGS on stream 0. */
static __always_inline bool first_is_settings(const __u8 *at, __u32 length)
{
	return length >= 9 && !(at[0] | at[1] | at[4] | at[5] | at[6] | at[7] | at[8]) && at[3] == 4;
}

static __always_inline enum first first_classify(const __u8 *at, __u32 length)
{
	if (length < 3)
		return FIRST_SHORT;
	if (first_is_method(at))
		return first_request(at, length);
	if (at[0] == 'H' && at[1] == 'T' && at[2] == 'T')
		return FIRST_ANSWER;
	if (at[0] == 'P' && at[1] == 'R' && at[2] == 'I')
		return FIRST_HTTP2;
	if ((at[0] == 'P' && at[1] == 'R' && at[2] == 'O') || (at[0] == '\r' && at[1] == '\n' && at[2] == '\r'))
		return FIRST_PROXY;
	if (first_is_settings(at, length))
		return FIRST_HTTP2_SETTINGS;
	if (at[0] >= 0x14 && at[0] <= 0x17 && at[1] == 3)
		return FIRST_TLS;
	if (first_is_frame(at[0]))
		return at[1] & 0x80 ? FIRST_MASKED : FIRST_UNMASKED;
	return FIRST_OTHER;
}

/* Looks at the process's memory. The look is taken in a record that is then thrown away: there is no other place of
 * that size that nobody else writes to. A global function: the verifier looks at it once. */
__attribute__((noinline)) int first_look(__u64 from, __u32 length)
{
	__u8 *look = bpf_ringbuf_reserve(&records, FIRST_LOOK, 0);
	if (!look)
		return FIRST_ENGINEIO;
	__u64 bounded = length;
	asm volatile("if %[length] <= %[room] goto +1\n %[length] = %[room]"
	             : [length] "+r"(bounded)
	             : [room] "i"(FIRST_LOOK));
	enum first found = FIRST_OTHER;
	if (bpf_probe_read_user(look, bounded, (void *)from) == 0)
		found = first_classify(look, bounded);
	bpf_ringbuf_discard(look, BPF_RB_NO_WAKEUP);
	return found;
}

/* The verdict on a channel whose next bytes those are. `is_plain`: what was inside TLS, so that it is none itself. */
static __always_inline __u8 first_judge(struct channel *channel, enum first found, bool received, bool is_plain)
{
	bool from_client = found == FIRST_ENGINEIO || found == FIRST_REQUEST || found == FIRST_MASKED ||
	                   found == FIRST_TLS || found == FIRST_HTTP2 || found == FIRST_PROXY;
	if (channel->verdict == VERDICT_NONE)
		channel->is_client = from_client != received;
	channel->is_proxied = found == FIRST_PROXY;
	if (channel->verdict == VERDICT_HTTP && found != FIRST_ENGINEIO)
		return VERDICT_HTTP;
	/* Where every process is watched, so is the server's end of a connection within this machine. */
	if (channel->is_client && channel->is_near && !selects_processes && (found != FIRST_TLS || !channel->is_joined))
		return VERDICT_IGNORE;
	switch (found) {
	case FIRST_ENGINEIO:
	case FIRST_SHORT:
	case FIRST_PROXY:
		return VERDICT_FOLLOW;
	case FIRST_HTTP2:
	case FIRST_HTTP2_SETTINGS:
		return VERDICT_FOLLOW;
	case FIRST_REQUEST:
	case FIRST_ANSWER:
		return VERDICT_HTTP;
	case FIRST_MASKED:
	case FIRST_UNMASKED:
		return channel->is_joined ? VERDICT_FOLLOW : VERDICT_IGNORE;
	case FIRST_TLS:
		return is_plain ? VERDICT_IGNORE : VERDICT_TLS;
	default:
		/* Of one that was under way, the rest of a frame may come in several calls. */
		if (!channel->is_joined || channel->looks == FIRST_LOOKS)
			return VERDICT_IGNORE;
		channel->looks++;
		return VERDICT_NONE;
	}
}

#endif
