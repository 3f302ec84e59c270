/* Link layer headers. */
#include "net/link.h"

#include "base/bytes.h"

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
