/* Headers as RFC 791, RFC 8200 and RFC 9293 have them; checksums are made, so that no reader complains. */
#include "source/probe_frame.h"

#include "base/bytes.h"

#include <string.h>

enum { FRAME_TCP = 20, FRAME_IP4 = 20, FRAME_IP6 = 40, FRAME_HOPS = 64 };
enum { FRAME_FIN = 1, FRAME_SYN = 2, FRAME_RST = 4, FRAME_PUSH = 8, FRAME_ACK = 16 };

/* Odd, far from any power of two: 2^32 by the golden ratio. */
static const uint32_t frame_apart = 0x9e3779b1;

static uint32_t frame_sum(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += network_read_16(at + i);
	return len % 2 ? sum + ((uint32_t)at[len - 1] << 8) : sum;
}

static uint16_t frame_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static size_t frame_address_len(const struct address *address)
{
	return address->version == 4 ? 4 : 16;
}

/*
 * The number of the byte after `offset` others; the SYN takes one. Each socket begins elsewhere (its id times an odd
 * number), as RFC 9293 3.4.1 wants it: Linux gives a port on the loopback out again after a second, and a SYN with the
 * number of the one before it would be a retransmission.
 */
static uint32_t frame_number(const struct probed_socket *socket, uint64_t offset)
{
	return (uint32_t)(socket->id * frame_apart + 1 + offset);
}

static unsigned frame_flags(struct probe_frames *frames, const struct probed *probed)
{
	bool received = probed->received;
	bool first = !frames->begun[received] && !probed->socket->is_joined;
	unsigned flags = first && probed->kind == PROBED_BYTES ? FRAME_SYN : FRAME_PUSH;
	if (!first || frames->begun[!received])
		flags |= FRAME_ACK;
	if (probed->kind == PROBED_END || probed->kind == PROBED_EXIT)
		flags = FRAME_FIN | FRAME_ACK;
	if (probed->kind == PROBED_RESET)
		flags = FRAME_RST | FRAME_ACK;
	return flags;
}

static void frame_write_tcp(struct probe_frames *frames, const struct probed *probed, uint8_t *tcp,
    const struct address *source, const struct address *destination)
{
	const struct probed_socket *socket = probed->socket;
	bool received = probed->received;
	unsigned flags = frame_flags(frames, probed);
	size_t len = FRAME_TCP + probed->bytes.len;
	memset(tcp, 0, FRAME_TCP);
	network_write_16(tcp, received ? socket->remote_port : socket->local_port);
	network_write_16(tcp + 2, received ? socket->local_port : socket->remote_port);
	network_write_32(tcp + 4, frame_number(socket, probed->offset) - (flags & FRAME_SYN ? 1 : 0));
	network_write_32(tcp + 8, flags & FRAME_ACK ? frame_number(socket, frames->next[!received]) : 0);
	tcp[12] = FRAME_TCP / 4 << 4;
	tcp[13] = (uint8_t)flags;
	network_write_16(tcp + 14, 0xffff);
	uint32_t sum = frame_sum(source->bytes, frame_address_len(source), IP_PROTOCOL_TCP + (uint32_t)len);
	sum = frame_sum(destination->bytes, frame_address_len(destination), sum);
	network_write_16(tcp + 16, frame_fold(frame_sum(tcp, len, sum)));
}

static size_t frame_write_ip(uint8_t *tcp, size_t len, const struct address *source, const struct address *destination)
{
	if (source->version == 4) {
		uint8_t *ip = tcp - FRAME_IP4;
		memset(ip, 0, FRAME_IP4);
		ip[0] = 0x45;
		network_write_16(ip + 2, (uint16_t)(FRAME_IP4 + len));
		ip[8] = FRAME_HOPS;
		ip[9] = IP_PROTOCOL_TCP;
		memcpy(ip + 12, source->bytes, 4);
		memcpy(ip + 16, destination->bytes, 4);
		network_write_16(ip + 10, frame_fold(frame_sum(ip, FRAME_IP4, 0)));
		return FRAME_IP4;
	}
	uint8_t *ip = tcp - FRAME_IP6;
	memset(ip, 0, FRAME_IP6);
	ip[0] = 0x60;
	network_write_16(ip + 4, (uint16_t)len);
	ip[6] = IP_PROTOCOL_TCP;
	ip[7] = FRAME_HOPS;
	memcpy(ip + 8, source->bytes, 16);
	memcpy(ip + 24, destination->bytes, 16);
	return FRAME_IP6;
}

struct slice probe_frame_write(struct probe_frames *frames, const struct probed *probed, uint8_t *bytes)
{
	if (!probed->socket || probed->kind == PROBED_GONE)
		return slice_of(NULL, 0);
	const struct address *source = probed->received ? &probed->socket->remote : &probed->socket->local;
	const struct address *destination = probed->received ? &probed->socket->local : &probed->socket->remote;
	uint8_t *tcp = bytes - FRAME_TCP;
	size_t len = FRAME_TCP + probed->bytes.len;
	frame_write_tcp(frames, probed, tcp, source, destination);
	frames->begun[probed->received] = true;
	frames->next[probed->received] = probed->offset + probed->bytes.len +
	                                 (probed->kind == PROBED_END || probed->kind == PROBED_EXIT);
	size_t head = frame_write_ip(tcp, len, source, destination);
	return slice_of(tcp - head, head + len);
}
