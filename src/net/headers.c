/* Headers are taken off a frame: link layer, IP, TCP. */
#include "net/headers.h"

#include "base/bytes.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- link layer */

/* Numbers of LINKTYPE_ and of DLT_, where platforms differ (tcpdump.org/linktypes.html). */
enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_COOKED = 113,
	LINK_PKTAP_DARWIN = 149,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_PKTAP = 258,
	LINK_COOKED2 = 276,
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,    /* 802.1Q */
	TYPE_SERVICE = 0x88a8, /* 802.1ad */
	TYPE_QINQ = 0x9100,    /* before 802.1ad was agreed on */
};

bool link_is_known(int link_type)
{
	switch (link_type) {
	case LINK_NULL:
	case LINK_ETHERNET:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_RAW:
	case LINK_LOOP:
	case LINK_COOKED:
	case LINK_IPV4:
	case LINK_IPV6:
	case LINK_COOKED2:
		return true;
	default:
		return link_is_wrapper(link_type);
	}
}

bool link_is_wrapper(int link_type)
{
	return link_type == LINK_PKTAP || link_type == LINK_PKTAP_DARWIN;
}

/* Two headers, both in the byte order of the Mac that wrote them, and each Mac with PKTAP (OS X 10.9 and later) is
 * little-endian. Their flags have one place, and one flag marks the second. The length says where the frame begins: the
 * first header grew from 108 to 156 bytes, the second is followed by the names that it has room for. (struct
 * pktap_header, struct pktap_v2_hdr and PTH_ constants in bsd/net/pktap.h of Apple's xnu-2422 and xnu-7195;
 * tcpdump.org/linktypes/LINKTYPE_PKTAP.html) */
enum {
	PKTAP_LENGTH = 0,    /* 32 bits */
	PKTAP_NEXT_TYPE = 4, /* 32 bits; PTH_TYPE_PACKET: a frame follows */
	PKTAP_LINK = 8,      /* 32 bits: the DLT_ value of that frame */
	PKTAP_FLAGS = 36,    /* 32 bits */
	PKTAP_SIZE = 108,
	PKTAP_IS_PACKET = 1,
	PKTAP_IS_SECOND = 0x80000, /* PTH_FLAG_V2_HDR */
	PKTAP2_LENGTH = 0,         /* 8 bits */
	PKTAP2_LINK = 6,           /* 16 bits */
	PKTAP2_SIZE = 40,
};

static uint32_t link_read_little_16(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t link_read_little_32(const uint8_t *at)
{
	return link_read_little_16(at) | link_read_little_16(at + 2) << 16;
}

bool link_unwrap(int *link_type, struct slice *frame)
{
	const uint8_t *at = frame->at;
	if (!link_is_wrapper(*link_type) || frame->len < PKTAP2_SIZE)
		return false;
	bool is_second = link_read_little_32(at + PKTAP_FLAGS) & PKTAP_IS_SECOND;
	uint32_t size = is_second ? at[PKTAP2_LENGTH] : link_read_little_32(at + PKTAP_LENGTH);
	uint32_t inner = is_second ? link_read_little_16(at + PKTAP2_LINK) : link_read_little_32(at + PKTAP_LINK);
	bool has_frame = is_second || link_read_little_32(at + PKTAP_NEXT_TYPE) == PKTAP_IS_PACKET;
	if (size < (is_second ? PKTAP2_SIZE : PKTAP_SIZE) || size > frame->len || !has_frame || inner > UINT16_MAX ||
	    link_is_wrapper((int)inner))
		return false;
	*link_type = (int)inner;
	*frame = slice_drop(*frame, size);
	return true;
}

static struct slice link_nothing(void)
{
	return slice_of(NULL, 0);
}

static bool link_is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_SERVICE || type == TYPE_QINQ;
}

/* What follows a two-byte type at `offset`, past any number of tags. */
static struct slice link_after_type(struct slice frame, size_t offset)
{
	if (frame.len < offset + 2)
		return link_nothing();
	uint16_t type = network_read_16(frame.at + offset);
	while (link_is_tag(type) && frame.len >= offset + 6) {
		offset += 4;
		type = network_read_16(frame.at + offset);
	}
	return type == TYPE_IPV4 || type == TYPE_IPV6 ? slice_drop(frame, offset + 2) : link_nothing();
}

/* The cooked v2 header has its type first and 20 bytes in all. */
static struct slice link_after_cooked2(struct slice frame)
{
	if (frame.len < 20)
		return link_nothing();
	uint16_t type = network_read_16(frame.at);
	if (link_is_tag(type))
		return frame.len >= 24 ? link_after_type(frame, 22) : link_nothing();
	return type == TYPE_IPV4 || type == TYPE_IPV6 ? slice_drop(frame, 20) : link_nothing();
}

/* The four bytes are an address family, in the byte order of the capturing host (NULL) or of the network (LOOP); IPv6
 * has another number on each platform, so what follows decides: the IP version. */
static struct slice link_by_version(struct slice packet)
{
	uint8_t version = packet.len ? packet.at[0] >> 4 : 0;
	return version == 4 || version == 6 ? packet : link_nothing();
}

struct slice link_find_network(int link_type, struct slice frame)
{
	if (link_is_wrapper(link_type) && !link_unwrap(&link_type, &frame))
		return link_nothing();
	switch (link_type) {
	case LINK_ETHERNET:
		return link_after_type(frame, 12);
	case LINK_COOKED:
		return link_after_type(frame, 14);
	case LINK_COOKED2:
		return link_after_cooked2(frame);
	case LINK_NULL:
	case LINK_LOOP:
		return link_by_version(slice_drop(frame, 4));
	default:
		return link_is_known(link_type) ? link_by_version(frame) : link_nothing();
	}
}

/* ---- IP */

enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AUTHENTICATION = 51,
	NEXT_DESTINATION = 60,
	NEXT_MOBILITY = 135,
	NEXT_HIP = 139,
	NEXT_SHIM6 = 140,
	IP_EXTENSIONS = 32, /* headers followed in one packet */
};

/* The payload between a header of `header` bytes and `total`, the datagram's whole length, as far as captured. */
static void ip_set_payload(struct ip_packet *packet, struct slice bytes, size_t header, size_t total)
{
	packet->payload = slice_drop(slice_take(bytes, total), header);
	packet->missing = total > bytes.len ? (uint32_t)(total - bytes.len) : 0;
}

static bool ip_read_4(struct slice bytes, struct ip_packet *packet)
{
	if (bytes.len < 20)
		return false;
	size_t header = (size_t)(bytes.at[0] & 0x0f) * 4;
	size_t total = network_read_16(bytes.at + 2);
	if (total == 0) /* segmentation offload: the length did not fit its field */
		total = bytes.len;
	if (header < 20 || header > bytes.len || total < header)
		return false;
	uint16_t fragment = network_read_16(bytes.at + 6);
	memset(packet, 0, sizeof *packet);
	packet->source.version = packet->destination.version = 4;
	memcpy(packet->source.bytes, bytes.at + 12, 4);
	memcpy(packet->destination.bytes, bytes.at + 16, 4);
	packet->protocol = bytes.at[9];
	packet->fragment_id = network_read_16(bytes.at + 4);
	packet->fragment_offset = (uint32_t)(fragment & 0x1fff) * 8;
	packet->fragment_more = fragment & 0x2000;
	packet->fragment = packet->fragment_more || packet->fragment_offset;
	ip_set_payload(packet, bytes, header, total);
	return true;
}

static bool ip_is_extension(uint8_t next)
{
	switch (next) {
	case NEXT_HOP_BY_HOP:
	case NEXT_ROUTING:
	case NEXT_FRAGMENT:
	case NEXT_AUTHENTICATION:
	case NEXT_DESTINATION:
	case NEXT_MOBILITY:
	case NEXT_HIP:
	case NEXT_SHIM6:
		return true;
	default:
		return false;
	}
}

static void ip_read_fragment_header(struct ip_packet *packet)
{
	const uint8_t *at = packet->payload.at;
	uint16_t offset = network_read_16(at + 2);
	packet->fragment_offset = offset & 0xfff8;
	packet->fragment_more = offset & 1;
	packet->fragment_id = network_read_32(at + 4);
	/* An atomic fragment (RFC 6946) is whole by itself. */
	packet->fragment = packet->fragment_more || packet->fragment_offset;
}

/* Takes one extension header off the payload; false when it is not all there. */
static bool ip_pass_extension(struct ip_packet *packet)
{
	if (packet->payload.len < 8)
		return false;
	uint8_t next = packet->payload.at[0];
	size_t len = ((size_t)packet->payload.at[1] + 1) * 8;
	if (packet->protocol == NEXT_FRAGMENT) {
		len = 8;
		ip_read_fragment_header(packet);
	} else if (packet->protocol == NEXT_AUTHENTICATION) {
		len = ((size_t)packet->payload.at[1] + 2) * 4;
	}
	if (len > packet->payload.len)
		return false;
	packet->protocol = next;
	packet->payload = slice_drop(packet->payload, len);
	return true;
}

bool ip_pass_extensions(struct ip_packet *packet)
{
	for (int headers = 0; headers < IP_EXTENSIONS && ip_is_extension(packet->protocol); headers++) {
		if (!ip_pass_extension(packet))
			return false;
		if (packet->fragment)
			return true;
	}
	return true;
}

static bool ip_read_6(struct slice bytes, struct ip_packet *packet)
{
	if (bytes.len < 40)
		return false;
	size_t len = network_read_16(bytes.at + 4);
	memset(packet, 0, sizeof *packet);
	packet->source.version = packet->destination.version = 6;
	memcpy(packet->source.bytes, bytes.at + 8, 16);
	memcpy(packet->destination.bytes, bytes.at + 24, 16);
	packet->protocol = bytes.at[6];
	/* 0: a jumbogram (RFC 2675), or segmentation offload. */
	ip_set_payload(packet, bytes, 40, len ? 40 + len : bytes.len);
	return ip_pass_extensions(packet);
}

bool ip_read_packet(struct slice bytes, struct ip_packet *packet)
{
	uint8_t version = bytes.len ? bytes.at[0] >> 4 : 0;
	return version == 4 ? ip_read_4(bytes, packet) : version == 6 && ip_read_6(bytes, packet);
}

bool address_equals(const struct address *a, const struct address *b)
{
	return a->version == b->version && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static const uint8_t unix_prefix[8] = {0xfd, 'u', 'n', 'i', 'x'}, name_prefix[8] = {0xfd, 'n', 'a', 'm', 'e'};

static struct address address_of_number(const uint8_t prefix[8], uint64_t number)
{
	struct address address = {.version = 6};
	memcpy(address.bytes, prefix, 8);
	for (int i = 0; i < 8; i++)
		address.bytes[8 + i] = (uint8_t)(number >> (56 - 8 * i));
	return address;
}

struct address address_of_unix(uint64_t number)
{
	return address_of_number(unix_prefix, number);
}

struct address address_of_name(uint64_t number)
{
	return address_of_number(name_prefix, number);
}

bool address_is_unix(const struct address *address, uint64_t *number)
{
	if (address->version != 6 || memcmp(address->bytes, unix_prefix, sizeof unix_prefix) != 0)
		return false;
	*number = 0;
	for (int i = 0; i < 8; i++)
		*number = *number << 8 | address->bytes[8 + i];
	return true;
}

static char *address_format_4(const uint8_t bytes[4], char *text)
{
	char *at = text;
	for (int i = 0; i < 4; i++) {
		at = digits_write(at, bytes[i]);
		*at++ = i < 3 ? '.' : '\0';
	}
	return text;
}

static char *address_format_6(const uint8_t bytes[16], bool brackets, char *text)
{
	char bare[INET6_ADDRSTRLEN];
	inet_ntop(AF_INET6, bytes, bare, sizeof bare);
	snprintf(text, ADDRESS_TEXT_SIZE, brackets ? "[%s]" : "%s", bare);
	return text;
}

char *address_format(const struct address *address, bool brackets, char *text)
{
	uint64_t number;
	if (address->version != 6)
		return address_format_4(address->bytes, text);
	if (!address_is_unix(address, &number))
		return address_format_6(address->bytes, brackets, text);
	snprintf(text, ADDRESS_TEXT_SIZE, "unix:[%" PRIu64 "]", number);
	return text;
}

/* ---- endpoints */

bool endpoint_equals(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equals(&a->address, &b->address);
}

static bool address_is_name(const struct address *address)
{
	return address->version == 6 && memcmp(address->bytes, name_prefix, sizeof name_prefix) == 0;
}

static char *endpoint_format_name(const struct endpoint *endpoint, char *text)
{
	enum { NAME_MOST = ENDPOINT_TEXT_SIZE - 8 };
	int len = snprintf(text, NAME_MOST, "%s", endpoint->path);
	if (endpoint->port)
		snprintf(text + (len < NAME_MOST ? len : NAME_MOST - 1), 8, ":%u", endpoint->port);
	return text;
}

static char *endpoint_format_path(const char *path, char *text)
{
	enum { PATH_MOST = ENDPOINT_TEXT_SIZE - 16 };
	size_t len = strlen(path);
	const char *shown = len > PATH_MOST ? path + len - PATH_MOST : path;
	snprintf(text, ENDPOINT_TEXT_SIZE, "unix:%s%s", shown == path ? "" : "...", shown);
	return text;
}

char *endpoint_format(const struct endpoint *endpoint, char *text)
{
	uint64_t number;
	if (endpoint->path && address_is_name(&endpoint->address))
		return endpoint_format_name(endpoint, text);
	if (endpoint->path)
		return endpoint_format_path(endpoint->path, text);
	address_format(&endpoint->address, true, text);
	if (address_is_unix(&endpoint->address, &number))
		return text;
	char *end = text + strlen(text);
	*end++ = ':';
	*digits_write(end, endpoint->port) = '\0';
	return text;
}

/* ---- TCP */

bool tcp_read_segment(struct slice bytes, uint32_t missing, struct segment *segment)
{
	if (bytes.len < 20)
		return false;
	size_t header = (size_t)(bytes.at[12] >> 4) * 4;
	/* Options that the snap length cut away are no loss, so long as all that follows is counted as missing. */
	size_t cut = header > bytes.len ? header - bytes.len : 0;
	if (header < 20 || cut > missing)
		return false;
	memset(segment, 0, sizeof *segment);
	segment->source_port = network_read_16(bytes.at);
	segment->destination_port = network_read_16(bytes.at + 2);
	segment->sequence = network_read_32(bytes.at + 4);
	segment->acknowledgment = network_read_32(bytes.at + 8);
	segment->flags = bytes.at[13];
	segment->window = network_read_16(bytes.at + 14);
	segment->payload = slice_drop(bytes, header);
	segment->missing = missing - (uint32_t)cut;
	return true;
}

/* ---- the PROXY protocol */

size_t proxy_header_len(struct slice first)
{
	enum { BINARY_HEAD = 16 };
	struct slice line = slice_take(first, PROXY_HEADER_SHOWS);
	if (slice_may_start_with(first, SLICE("PROXY "))) {
		size_t end = slice_find_byte(line, '\n');
		return end < line.len ? end + 1 : first.len < PROXY_HEADER_SHOWS ? PROXY_HEADER_MORE : 0;
	}
	if (!slice_may_start_with(first, SLICE("\r\n\r\n\0\r\nQUIT\n")))
		return 0;
	return first.len < BINARY_HEAD ? PROXY_HEADER_MORE : BINARY_HEAD + (size_t)network_read_16(first.at + 14);
}
