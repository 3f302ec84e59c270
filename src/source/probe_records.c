/* What records and the verifier say; and a record as the TCP packet that might have carried its bytes. */
#include "base/bytes.h"
#include "base/hash.h"
#include "bpf/records.h"
#include "source/probe_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- a socket and its process */

/* The kernel's fields, read. */

enum { FACTS_INET = 2, FACTS_INET6 = 10, FACTS_CONTAINER = 64 };

_Static_assert(PROBE_PATH + 1 < PROBE_PATH_TEXT, "a path and its mark fit");

/* ---- addresses */

/* An IPv4 connection to a socket of both kinds has mapped addresses (RFC 4291 §2.5.5.2); its packets have none. */
static struct address facts_address(unsigned short family, const unsigned char *bytes)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct address address = {.version = 6};
	if (family == FACTS_INET || memcmp(bytes, mapped, sizeof mapped) == 0) {
		address.version = 4;
		memcpy(address.bytes, family == FACTS_INET ? bytes : bytes + sizeof mapped, 4);
	} else {
		memcpy(address.bytes, bytes, 16);
	}
	return address;
}

static void facts_read_path(char *path, const struct probe_open *open)
{
	size_t len = open->path_length < PROBE_PATH ? open->path_length : PROBE_PATH;
	bool abstract = len && open->path[0] == '\0';
	memset(path, 0, PROBE_PATH_TEXT);
	if (abstract)
		path[0] = '@';
	memcpy(path + abstract, open->path + abstract, len - abstract);
	for (char *at = path; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = '?';
}

static void facts_read_unix(
    struct probed_socket *facts, char *path, const struct probe_head *head, const struct probe_open *open)
{
	facts_read_path(path, open);
	facts->path = *path ? path : NULL;
	uint64_t own = head->socket, other = open->peer ? open->peer : ~head->socket;
	uint64_t *bound = open->is_client ? &other : &own;
	if (facts->path)
		*bound = fnv_add(FNV_START, path, strlen(path));
	facts->local = address_of_unix(own);
	facts->remote = address_of_unix(other);
}

/* ---- the process */

static void facts_copy_text(char *to, size_t size, const char *from, size_t len)
{
	size_t count = len < size - 1 ? len : size - 1;
	for (size_t i = 0; i < count; i++)
		to[i] = iscntrl((unsigned char)from[i]) ? ' ' : from[i];
	to[count] = '\0';
	while (count && to[count - 1] == ' ')
		to[--count] = '\0';
}

/* From the root down. */
static void facts_read_group(char *group, const struct probe_open *open)
{
	size_t used = 0;
	group[0] = '\0';
	for (size_t i = PROBE_GROUPS; i--;) {
		size_t len = strnlen(open->groups[i], PROBE_GROUP);
		if (!len || used + len + 2 > PROCESS_GROUP || (len == 1 && open->groups[i][0] == '/'))
			continue;
		group[used++] = '/';
		facts_copy_text(group + used, PROCESS_GROUP - used, open->groups[i], len);
		used += strlen(group + used);
	}
	if (!used)
		memcpy(group, "/", sizeof "/");
}

/* Docker, containerd, CRI-O and podman name a container's cgroup by its id: 64 hexadecimal digits. */
static void facts_read_container(struct process *process)
{
	size_t run = 0;
	process->container[0] = '\0';
	for (const char *at = process->group; *at; at++) {
		run = isxdigit((unsigned char)*at) ? run + 1 : 0;
		if (run == FACTS_CONTAINER && !isxdigit((unsigned char)at[1])) {
			memcpy(process->container, at + 1 - FACTS_CONTAINER, FACTS_CONTAINER);
			process->container[FACTS_CONTAINER] = '\0';
		}
	}
}

void probe_process_read(struct process *process, const struct probe_head *head, const struct probe_open *open)
{
	process->id = head->process;
	facts_copy_text(process->command, sizeof process->command, open->command, strnlen(open->command, PROBE_NAME));
	facts_copy_text(process->line, sizeof process->line, open->command_line, PROBE_COMMAND_LINE);
	facts_read_group(process->group, open);
	facts_read_container(process);
}

void probe_facts_read(
    struct probed_socket *facts, char *path, const struct probe_head *head, const struct probe_open *open)
{
	*facts = (struct probed_socket){
	    .is_client = open->is_client, .is_joined = open->is_joined, .is_tls = open->is_tls};
	probe_process_read(&facts->process, head, open);
	if (open->family != FACTS_INET && open->family != FACTS_INET6) {
		facts_read_unix(facts, path, head, open);
		return;
	}
	facts->local = facts_address(open->family, open->local);
	facts->remote = facts_address(open->family, open->remote);
	facts->local_port = open->local_port;
	facts->remote_port = open->remote_port;
}

/* ---- messages of libbpf and of the verifier */

static void messages_add_line(struct probe_messages *messages, const char *line, size_t length)
{
	char *own = messages->lines[messages->count++ % PROBE_MESSAGE_LINES];
	if (length >= PROBE_MESSAGE_LENGTH)
		length = PROBE_MESSAGE_LENGTH - 1;
	memcpy(own, line, length);
	own[length] = '\0';
}

void probe_messages_add(struct probe_messages *messages, const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0)
		return;
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");
		if (length)
			messages_add_line(messages, line, length);
		line += length + (line[length] != '\0');
	}
	free(text);
}

void probe_messages_write(const struct probe_messages *messages, const char *indent, FILE *out)
{
	size_t shown = messages->count < PROBE_MESSAGE_LINES ? messages->count : PROBE_MESSAGE_LINES;
	for (size_t i = messages->count - shown; i < messages->count; i++)
		fprintf(out, "%s%s\n", indent, messages->lines[i % PROBE_MESSAGE_LINES]);
}

/* ---- a record as a packet */

/* Headers as RFC 791, RFC 8200 and RFC 9293 have them; checksums are made, so that no reader complains. */

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
