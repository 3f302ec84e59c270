/* Headers are taken off a packet: IP, TCP. */
#include "net/headers.h"

#include "base/bytes.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

char *endpoint_format_host(const struct endpoint *endpoint, char *text)
{
	if (!endpoint->path || !address_is_name(&endpoint->address))
		return address_format(&endpoint->address, false, text);
	snprintf(text, ADDRESS_TEXT_SIZE, "%s", endpoint->path);
	return text;
}

/* ---- TCP */

/* How far beyond `acknowledgment` the blocks of a SACK option reach; a block below it says what came twice (RFC 2883).
 */
static uint32_t tcp_read_selective(struct slice options, uint32_t acknowledgment)
{
	enum { END = 0, PADDING = 1, SELECTIVE = 5, HEAD = 2, BLOCK = 8 };
	uint32_t farthest = 0;
	while (options.len && options.at[0] != END) {
		size_t len = options.at[0] == PADDING ? 1 : options.len >= HEAD ? options.at[1] : 0;
		if (len < (options.at[0] == PADDING ? 1 : HEAD) || len > options.len)
			break;
		for (size_t at = HEAD; options.at[0] == SELECTIVE && at + BLOCK <= len; at += BLOCK) {
			int32_t beyond = (int32_t)(network_read_32(options.at + at + 4) - acknowledgment);
			farthest = beyond > 0 && (uint32_t)beyond > farthest ? (uint32_t)beyond : farthest;
		}
		options = slice_drop(options, len);
	}
	return farthest;
}

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
	segment->selective = tcp_read_selective(slice_drop(slice_take(bytes, header), 20), segment->acknowledgment);
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
