/* Takes the wrapper off a packet that carries one. Which protocols are wrappers is a table, one for IP and one for UDP;
 * a function finds the frame or packet behind the header of each. */
#include "net/encapsulation.h"

#include "net/link.h"

enum { UDP_HEAD = 8 };

/* What is behind a wrapper's header. */
struct inside {
	enum encapsulation found; /* ENCAPSULATION_OPENED: `bytes` are a frame of Ethernet, or else begin with IP */
	struct slice bytes;
	bool is_ethernet;
};

static struct inside inside_unread(void)
{
	return (struct inside){.found = ENCAPSULATION_UNREAD};
}

static struct inside inside_ip(struct slice bytes)
{
	return (struct inside){.found = ENCAPSULATION_OPENED, .bytes = bytes};
}

static struct inside inside_ethernet(struct slice bytes, size_t header)
{
	if (bytes.len < header)
		return inside_unread();
	return (struct inside){.found = ENCAPSULATION_OPENED, .bytes = slice_drop(bytes, header), .is_ethernet = true};
}

/* By the number of an Ethernet type. */
static struct inside inside_type(uint16_t type, struct slice bytes)
{
	enum { IPV4 = 0x0800, IPV6 = 0x86dd, BRIDGED = 0x6558, KEEPALIVE = 0 };
	switch (type) {
	case IPV4:
	case IPV6:
		return inside_ip(bytes);
	case BRIDGED:
		return inside_ethernet(bytes, 0);
	case KEEPALIVE:
		return (struct inside){.found = ENCAPSULATION_EMPTY};
	default:
		return inside_unread();
	}
}

/* ---- in UDP */

/* Flags, 24 bits, the network's number, 8 bits (RFC 7348 §5); Linux and Cilium write the same behind port 8472. */
static struct inside vxlan_open(struct slice bytes)
{
	enum { HEAD = 8, HAS_NETWORK = 0x08 };
	bool is_vxlan = bytes.len >= HEAD && bytes.at[0] & HAS_NETWORK;
	return is_vxlan ? inside_ethernet(bytes, HEAD) : inside_unread();
}

/* Version (2 bits), length of the options in words (6), control (1) and critical (1), type, network (RFC 8926 §3.4). */
static struct inside geneve_open(struct slice bytes)
{
	enum { HEAD = 8, IS_CONTROL = 0x80 };
	size_t header = bytes.len >= HEAD ? HEAD + (size_t)(bytes.at[0] & 0x3f) * 4 : HEAD;
	if (bytes.len < header || bytes.at[0] >> 6 != 0)
		return inside_unread();
	if (bytes.at[1] & IS_CONTROL)
		return (struct inside){.found = ENCAPSULATION_EMPTY};
	return inside_type(network_read_16(bytes.at + 2), slice_drop(bytes, header));
}

/* ---- in IP */

static struct inside ip_open(struct slice bytes)
{
	return inside_ip(bytes);
}

/* Version 3, and nothing else in 16 bits (RFC 3378 §3). */
static struct inside etherip_open(struct slice bytes)
{
	bool is_etherip = bytes.len >= 2 && bytes.at[0] >> 4 == 3;
	return is_etherip ? inside_ethernet(bytes, 2) : inside_unread();
}

/* Type III: 12 bytes, or 8 more when the last bit says so; what the frame is, in five bits of its third word (draft
 * §4.3). */
static struct inside erspan_3_open(struct slice bytes)
{
	enum { HEAD = 12, MORE = 8, FRAME_ETHERNET = 0, FRAME_IP = 2 };
	if (bytes.len < HEAD)
		return inside_unread();
	size_t header = HEAD + (bytes.at[11] & 1 ? MORE : 0);
	unsigned frame = bytes.at[10] >> 2 & 0x1f;
	if (frame == FRAME_IP && bytes.len >= header)
		return inside_ip(slice_drop(bytes, header));
	return frame == FRAME_ETHERNET ? inside_ethernet(bytes, header) : inside_unread();
}

/* Flags and version, type, and a word for each flag (RFC 2784 §2, RFC 2890 §2). Routing is of the version before
 * (RFC 1701); version 1 carries PPP (RFC 2637). ERSPAN of type II differs from type I by its sequence number (draft
 * §4.1, §4.2). */
static struct inside gre_open(struct slice bytes)
{
	enum {
		HAS_CHECKSUM = 0x8000,
		HAS_ROUTING = 0x4000,
		HAS_KEY = 0x2000,
		HAS_SEQUENCE = 0x1000,
		VERSION = 7,
		ERSPAN = 0x88be,
		ERSPAN_3 = 0x22eb,
		ERSPAN_2_HEAD = 8
	};
	unsigned flags = bytes.len >= 4 ? network_read_16(bytes.at) : HAS_ROUTING;
	size_t header = 4 + (flags & HAS_CHECKSUM ? 4 : 0) + (flags & HAS_KEY ? 4 : 0) + (flags & HAS_SEQUENCE ? 4 : 0);
	if (flags & (HAS_ROUTING | VERSION) || bytes.len < header)
		return inside_unread();
	uint16_t type = network_read_16(bytes.at + 2);
	bytes = slice_drop(bytes, header);
	if (type == ERSPAN)
		return inside_ethernet(bytes, flags & HAS_SEQUENCE ? ERSPAN_2_HEAD : 0);
	return type == ERSPAN_3 ? erspan_3_open(bytes) : inside_type(type, bytes);
}

/* ---- the tables */

struct wrapper {
	uint16_t number; /* of an IP protocol; of the port that a UDP datagram is sent to */
	const char *name;
	struct inside (*open)(struct slice bytes); /* NULL: it is not read */
};

/* iana.org/assignments/protocol-numbers */
static const struct wrapper wrappers_in_ip[] = {
    {4, "IP in IP", ip_open},
    {41, "IPv6 in IP", ip_open},
    {47, "GRE", gre_open},
    {50, "ESP (IPsec)", NULL},
    {97, "EtherIP", etherip_open},
    {115, "L2TP", NULL},
    {137, "MPLS in IP", NULL},
};

/* iana.org/assignments/service-names-port-numbers; 8472 is the port of Linux's vxlan.ko, of flannel and Cilium. */
static const struct wrapper wrappers_in_udp[] = {
    {4500, "ESP in UDP (IPsec)", NULL},
    {4789, "VXLAN", vxlan_open},
    {4790, "VXLAN-GPE", NULL},
    {6081, "GENEVE", geneve_open},
    {6635, "MPLS in UDP", NULL},
    {8472, "VXLAN", vxlan_open},
    {37008, "TZSP", NULL},
    {51820, "WireGuard", NULL},
};

static const struct wrapper *wrapper_of(const struct wrapper *table, size_t count, uint16_t number)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].number == number)
			return &table[i];
	return NULL;
}

static const struct wrapper *wrapper_of_packet(const struct ip_packet *packet)
{
	if (packet->protocol != IP_PROTOCOL_UDP)
		return wrapper_of(wrappers_in_ip, sizeof wrappers_in_ip / sizeof *wrappers_in_ip, packet->protocol);
	return packet->payload.len < UDP_HEAD
	           ? NULL
	           : wrapper_of(wrappers_in_udp, sizeof wrappers_in_udp / sizeof *wrappers_in_udp,
	                 network_read_16(packet->payload.at + 2));
}

/* A packet that is not all there is none that its own length would read beyond: ip_read_packet sees to it. */
enum encapsulation encapsulation_open(struct ip_packet *packet, const char **name)
{
	const struct wrapper *wrapper = wrapper_of_packet(packet);
	if (!wrapper)
		return ENCAPSULATION_NONE;
	*name = wrapper->name;
	if (!wrapper->open)
		return ENCAPSULATION_UNREAD;
	struct inside inside = wrapper->open(
	    slice_drop(packet->payload, packet->protocol == IP_PROTOCOL_UDP ? UDP_HEAD : 0));
	if (inside.found != ENCAPSULATION_OPENED)
		return inside.found;
	if (inside.is_ethernet)
		inside.bytes = link_find_network(LINK_ETHERNET, inside.bytes);
	if (inside.is_ethernet && !inside.bytes.len)
		return ENCAPSULATION_EMPTY;
	return ip_read_packet(inside.bytes, packet) ? ENCAPSULATION_OPENED : ENCAPSULATION_UNREAD;
}
