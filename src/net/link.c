/* Headers of the link layer are taken off a frame. What carries IP packets behind a type of Ethernet is a table. */
#include "net/link.h"

/* Numbers of LINKTYPE_ and of DLT_, where platforms differ (tcpdump.org/linktypes.html). */
enum {
	LINK_NULL = 0,
	LINK_PPP = 9,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_SERIAL = 50,
	LINK_PPP_ETHER = 51,
	LINK_RAW = 101,
	LINK_C_HDLC = 104,
	LINK_LOOP = 108,
	LINK_COOKED = 113,
	LINK_PKTAP_DARWIN = 149,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_NFLOG = 239,
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

enum { LINK_DEPTH = 4 }; /* headers within each other: tags count as none */

/* ---- what there is behind a header */

static bool link_is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_SERVICE || type == TYPE_QINQ;
}

static struct link_inside inside_nothing(void)
{
	return (struct link_inside){.network = slice_of(NULL, 0)};
}

static struct link_inside inside_unread(const char *name)
{
	return (struct link_inside){.network = slice_of(NULL, 0), .unread = name};
}

static struct link_inside inside_by_type(uint16_t type, struct slice bytes, int depth);

/* What follows a two-byte type at `offset`, past any number of tags. */
static struct link_inside inside_after_type(struct slice frame, size_t offset, int depth)
{
	if (frame.len < offset + 2)
		return inside_nothing();
	uint16_t type = network_read_16(frame.at + offset);
	while (link_is_tag(type) && frame.len >= offset + 6) {
		offset += 4;
		type = network_read_16(frame.at + offset);
	}
	return inside_by_type(type, slice_drop(frame, offset + 2), depth);
}

static struct link_inside inside_by_version(struct slice packet)
{
	uint8_t version = packet.len ? packet.at[0] >> 4 : 0;
	return version == 4 || version == 6 ? (struct link_inside){.network = packet} : inside_nothing();
}

static struct link_inside ethernet_open(struct slice bytes, int depth)
{
	enum { ADDRESSES = 12 };
	return inside_after_type(bytes, ADDRESSES, depth);
}

/* The protocol, of one byte when that is odd (RFC 1661 §2, §6.5), behind address and control, where these are (RFC 1662
 * §3.1). Numbers below 4000 are of packets, others of PPP's own affairs; 0281 and 0283 are MPLS (RFC 3032 §4). */
static struct link_inside ppp_open(struct slice bytes, int depth)
{
	enum { PPP_IPV4 = 0x21, PPP_IPV6 = 0x57, PPP_MPLS = 0x0281, PPP_MPLS_MANY = 0x0283, PPP_CONTROL = 0x4000 };
	if (bytes.len >= 2 && bytes.at[0] == 0xff && bytes.at[1] == 0x03)
		bytes = slice_drop(bytes, 2);
	size_t size = bytes.len && bytes.at[0] & 1 ? 1 : 2;
	if (bytes.len < size)
		return inside_nothing();
	unsigned protocol = size == 1 ? bytes.at[0] : network_read_16(bytes.at);
	bytes = slice_drop(bytes, size);
	if (protocol == PPP_IPV4 || protocol == PPP_IPV6)
		return inside_by_version(bytes);
	if (protocol == PPP_MPLS || protocol == PPP_MPLS_MANY)
		return inside_by_type(0x8847, bytes, depth);
	return protocol < PPP_CONTROL ? inside_unread("PPP, compressed, encrypted or of another protocol")
	                              : inside_nothing();
}

/* Version and type, both 1, a code, which is 0 in a session, the session's number, the length of what follows (RFC 2516
 * §4). */
static struct link_inside pppoe_open(struct slice bytes, int depth)
{
	enum { HEAD = 6, VERSION_AND_TYPE = 0x11 };
	if (bytes.len < HEAD || bytes.at[0] != VERSION_AND_TYPE || bytes.at[1] != 0)
		return inside_nothing();
	return ppp_open(slice_take(slice_drop(bytes, HEAD), network_read_16(bytes.at + 4)), depth);
}

/* Labels of four bytes, the last of which says so (RFC 3032 §2.1). No protocol is named: what follows is IP by its
 * version, or begins with a control word of zeros (RFC 4385 §3), behind which it is most often Ethernet. Without one,
 * it is Ethernet where the type is in its place. */
static struct link_inside mpls_open(struct slice bytes, int depth)
{
	enum { LABEL = 4, IS_LAST = 1, CONTROL_WORD = 4, OF_CHANNEL = 1 };
	bool is_last = false;
	while (!is_last && bytes.len >= LABEL) {
		is_last = bytes.at[2] & IS_LAST;
		bytes = slice_drop(bytes, LABEL);
	}
	if (!is_last || !bytes.len)
		return inside_nothing();
	unsigned begins = bytes.at[0] >> 4;
	if (begins == OF_CHANNEL)
		return inside_nothing();
	if (begins == 4 || begins == 6)
		return inside_by_version(bytes);
	struct link_inside inside = ethernet_open(slice_drop(bytes, begins ? 0 : CONTROL_WORD), depth);
	return inside.network.len ? inside : inside_unread("MPLS");
}

/* ---- by the type of Ethernet */

struct ethernet_type {
	uint16_t type;
	const char *word; /* of filters, that looks behind it; NULL: there is none */
	const char *name;
	struct link_inside (*open)(struct slice bytes, int depth); /* NULL: it is not read */
};

/* iana.org/assignments/ieee-802-numbers. Types that carry no packets of IP are not here. */
static const struct ethernet_type ethernet_types[] = {
    {0x22f3, NULL, "TRILL", NULL},
    {0x4305, NULL, "B.A.T.M.A.N.", NULL},
    {0x6558, NULL, "bridged Ethernet", ethernet_open},
    {0x880b, NULL, "PPP", ppp_open},
    {0x8847, "mpls", "MPLS", mpls_open},
    {0x8848, "mpls", "MPLS", mpls_open},
    {0x8864, "pppoes", "PPPoE", pppoe_open},
    {0x88e5, NULL, "MACsec (802.1AE)", NULL},
    {0x88e7, NULL, "bridges of providers (802.1ah)", NULL},
    {0x8903, NULL, "FabricPath", NULL},
    {0x8926, NULL, "VN-Tag", NULL},
    {0x894f, NULL, "NSH (RFC 8300)", NULL},
};

static const struct ethernet_type *ethernet_find(uint16_t type)
{
	for (size_t i = 0; i < sizeof ethernet_types / sizeof *ethernet_types; i++)
		if (ethernet_types[i].type == type)
			return &ethernet_types[i];
	return NULL;
}

static struct link_inside inside_by_type(uint16_t type, struct slice bytes, int depth)
{
	if (type == TYPE_IPV4 || type == TYPE_IPV6)
		return (struct link_inside){.network = bytes};
	const struct ethernet_type *found = ethernet_find(type);
	if (!found)
		return inside_nothing();
	return found->open && depth < LINK_DEPTH ? found->open(bytes, depth + 1) : inside_unread(found->name);
}

/* ---- wrappers */

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

static bool pktap_unwrap(int *link_type, struct slice *frame)
{
	const uint8_t *at = frame->at;
	if (frame->len < PKTAP2_SIZE)
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

/* A family, a version (0), a group; then parts, each with its length, its type, and room up to the next multiple of
 * four. Lengths and types are in the byte order of the machine that captured
 * (tcpdump.org/linktypes/LINKTYPE_NFLOG.html; nfnetlink_log.h): the one in which the first length fits. */
static bool nflog_unwrap(int *link_type, struct slice *frame)
{
	enum { HEAD = 4, PART = 4, PAYLOAD = 9, TYPE = 0x7fff };
	struct slice rest = slice_drop(*frame, HEAD);
	if (rest.len < PART || frame->at[1] != 0)
		return false;
	uint32_t first = link_read_little_16(rest.at);
	bool is_little = first >= PART && first <= rest.len;
	while (rest.len >= PART) {
		uint32_t len = is_little ? link_read_little_16(rest.at) : network_read_16(rest.at);
		uint32_t type = is_little ? link_read_little_16(rest.at + 2) : network_read_16(rest.at + 2);
		if (len < PART || len > rest.len)
			return false;
		if ((type & TYPE) == PAYLOAD) {
			*link_type = LINK_RAW_BSD;
			*frame = slice_drop(slice_take(rest, len), PART);
			return true;
		}
		rest = slice_drop(rest, (len + 3) & ~(size_t)3);
	}
	return false;
}

bool link_unwrap(int *link_type, struct slice *frame)
{
	if (*link_type == LINK_NFLOG)
		return nflog_unwrap(link_type, frame);
	return link_is_wrapper(*link_type) && pktap_unwrap(link_type, frame);
}

bool link_is_wrapper(int link_type)
{
	return link_type == LINK_PKTAP || link_type == LINK_PKTAP_DARWIN || link_type == LINK_NFLOG;
}

/* ---- by the link type */

bool link_is_known(int link_type)
{
	switch (link_type) {
	case LINK_NULL:
	case LINK_ETHERNET:
	case LINK_PPP:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_PPP_SERIAL:
	case LINK_PPP_ETHER:
	case LINK_RAW:
	case LINK_C_HDLC:
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

/* Where the type is; 0: this link type has none, or not at one place. */
static size_t link_type_offset(int link_type)
{
	switch (link_type) {
	case LINK_ETHERNET:
		return 12;
	case LINK_COOKED:
		return 14;
	case LINK_C_HDLC:
		return 2;
	default:
		return 0;
	}
}

/* The cooked v2 header has its type first and 20 bytes in all. */
static struct link_inside cooked2_open(struct slice frame)
{
	enum { HEAD = 20, TAG = 4 };
	if (frame.len < HEAD)
		return inside_nothing();
	uint16_t type = network_read_16(frame.at);
	if (!link_is_tag(type))
		return inside_by_type(type, slice_drop(frame, HEAD), 0);
	return frame.len >= HEAD + TAG ? inside_after_type(frame, HEAD + 2, 0) : inside_nothing();
}

/* Cisco's HDLC may be on a serial line as well as PPP: its address is 0f, or 8f to all. */
static struct link_inside serial_open(struct slice frame)
{
	enum { UNICAST = 0x0f, BROADCAST = 0x8f };
	bool is_cisco = frame.len && (frame.at[0] == UNICAST || frame.at[0] == BROADCAST);
	return is_cisco ? inside_after_type(frame, 2, 0) : ppp_open(frame, 0);
}

/* NULL, LOOP: the four bytes are an address family, in the byte order of the capturing host or of the network; IPv6 has
 * another number on each platform, so what follows decides. */
struct link_inside link_look(int link_type, struct slice frame)
{
	enum { FAMILY = 4 };
	if (link_is_wrapper(link_type) && !link_unwrap(&link_type, &frame))
		return inside_nothing();
	size_t offset = link_type_offset(link_type);
	if (offset)
		return inside_after_type(frame, offset, 0);
	switch (link_type) {
	case LINK_COOKED2:
		return cooked2_open(frame);
	case LINK_PPP:
	case LINK_PPP_SERIAL:
		return serial_open(frame);
	case LINK_PPP_ETHER:
		return pppoe_open(frame, 0);
	case LINK_NULL:
	case LINK_LOOP:
		return inside_by_version(slice_drop(frame, FAMILY));
	default:
		return link_is_known(link_type) ? inside_by_version(frame) : inside_nothing();
	}
}

struct slice link_find_network(int link_type, struct slice frame)
{
	return link_look(link_type, frame).network;
}

const char *link_filter_word(int link_type, struct slice frame)
{
	size_t offset = link_type_offset(link_type);
	if (!offset || frame.len < offset + 2 || !link_look(link_type, frame).network.len)
		return NULL;
	uint16_t type = network_read_16(frame.at + offset);
	const struct ethernet_type *found = ethernet_find(type);
	return link_is_tag(type) ? "vlan" : found ? found->word : NULL;
}
