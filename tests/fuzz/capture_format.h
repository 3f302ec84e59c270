/*
 * The input of the target `capture`: a small capture. One byte of options; then items, each a byte of kind, a delay and
 * a length of two bytes (high byte first), and so many bytes: a packet, or a line of the server's log.
 */
#ifndef FUZZ_CAPTURE_FORMAT_H
#define FUZZ_CAPTURE_FORMAT_H

#include "base/memory.h"
#include "base/timestamp.h"
#include "net/headers.h"

/* Options. */
enum {
	CAPTURE_TIGHT = 0x01,    /* small limits, so that they are hit */
	CAPTURE_FRONTEND = 0x02, /* with an exported frontend */
	CAPTURE_SHOWS = 0x04,    /* secrets are shown */
	CAPTURE_BESIDES = 0x10,  /* times the enum capture_besides, up to 0x70 */
};

/* What is done besides reading it once; other numbers: nothing. What is read a second time gives the same answer. */
enum capture_besides {
	CAPTURE_NOTHING,
	CAPTURE_AGAIN,   /* a second time, just so */
	CAPTURE_DOUBLED, /* a second time, each packet twice */
	CAPTURE_CUT,     /* a second time, each segment in two */
	CAPTURE_KEPT,    /* the timeline is kept, and held against what was told */
	CAPTURE_STATE,   /* the state of the pages is shown */
};

/* Kinds: what stands in the low bits says what the bytes are. */
enum {
	CAPTURE_LINK = 0x0f,    /* index of a link type, or CAPTURE_LOG */
	CAPTURE_BACK = 0x10,    /* the delay goes back in time */
	CAPTURE_SNAPPED = 0x20, /* more was on the wire than was captured */
	CAPTURE_RAW_IP = 0,
	CAPTURE_LOG = 15,
};

struct capture_item {
	uint8_t kind;
	uint16_t delay;
	struct slice bytes;
};

enum { CAPTURE_ITEM_HEAD = 5 };

/* Takes the next item off the front; false: there is none. */
bool capture_next(struct slice *rest, struct capture_item *item);

/* Appends it. */
void capture_write(struct buffer *out, const struct capture_item *item);

/* The LINKTYPE_ of a kind that is no log line. */
int capture_link_type(uint8_t kind);

/* Delays are kept in 12 bits and an exponent: a microsecond to two minutes. Longer ones become the longest. */
timestamp capture_delay(uint16_t delay);
uint16_t capture_delay_of(timestamp time);

/* Where the headers of a TCP segment lie in an item's bytes. */
struct capture_segment {
	size_t network, tcp, payload; /* offsets */
	struct ip_packet ip;
	struct segment segment;
};

/* False when the item is no segment in a datagram of its own. */
bool capture_find_segment(const struct capture_item *item, struct capture_segment *found);

/* Makes the lengths in the headers of `packet` fit `payload_len` bytes of payload. */
void capture_put_length(uint8_t *packet, const struct capture_segment *segment, size_t payload_len);

#endif
