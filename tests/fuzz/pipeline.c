/*
 * The whole way from packets to lines: conversations on four connections, with losses, disorder and raw frames. Where
 * nothing is lost or out of order, it must not matter how the bytes were cut into segments.
 *
 * The input: one byte, the length of pieces in the second run; then records, each a control byte, two bytes of length
 * and so many bytes of payload.
 */
#include "base/bytes.h"
#include "net/headers.h"
#include "socketio/engine.h"
#include "socketio/session.h"
#include "view/dump.h"

#include <stdlib.h>

enum {
	FROM_SERVER = 0x01,
	CONNECTION = 0x06, /* one of four */
	ENDS = 0x08,       /* a FIN */
	LATER = 0x10,      /* time goes by; with ENDS, a RST instead */
	SWAPPED = 0x20,    /* captured after the next one */
	LOST = 0x40,       /* sent, but not captured */
	RAW = 0x80,        /* the payload is an Ethernet frame as it stands */
};

enum { HEADERS = 40, PIECES_MOST = 4096 };

struct conversation {
	struct engine *engine;
	size_t most; /* bytes in a segment */
	uint64_t number;
	timestamp time;
	uint32_t sent[4][2]; /* by connection and direction */
	bool begun[4];
	bool disturbed;     /* the order or the completeness of the bytes is not certain */
	struct buffer kept; /* the swapped packet */
};

static void give_frame(struct conversation *conversation, int link_type, struct slice frame)
{
	struct packet packet = {.time = conversation->time,
	    .number = ++conversation->number,
	    .link_type = (uint16_t)link_type,
	    .wire_len = (uint32_t)frame.len,
	    .bytes = frame};
	engine_take_packet(conversation->engine, &packet);
}

static void give_kept(struct conversation *conversation)
{
	if (conversation->kept.len)
		give_frame(conversation, 101, buffer_slice(&conversation->kept));
	buffer_clear(&conversation->kept);
}

static void build_headers(
    uint8_t *packet, const struct conversation *conversation, uint8_t control, uint8_t flags, size_t len)
{
	int which = (control & CONNECTION) >> 1, from_server = control & FROM_SERVER;
	uint8_t *tcp = packet + 20;
	memset(packet, 0, HEADERS);
	packet[0] = 0x45;
	network_write_16(packet + 2, (uint16_t)(HEADERS + len));
	packet[9] = IP_PROTOCOL_TCP;
	packet[15] = from_server ? 2 : 1;
	packet[19] = from_server ? 1 : 2;
	network_write_16(tcp, (uint16_t)(from_server ? 80 : 40000 + which));
	network_write_16(tcp + 2, (uint16_t)(from_server ? 40000 + which : 80));
	network_write_32(tcp + 4, conversation->sent[which][from_server]);
	network_write_32(tcp + 8, conversation->sent[which][!from_server]);
	tcp[12] = 0x50;
	tcp[13] = flags;
}

static void send_segment(struct conversation *conversation, uint8_t control, uint8_t flags, struct slice payload)
{
	static uint8_t packet[HEADERS + UINT16_MAX];
	int which = (control & CONNECTION) >> 1, from_server = control & FROM_SERVER;
	build_headers(packet, conversation, control, flags, payload.len);
	if (payload.len)
		memcpy(packet + HEADERS, payload.at, payload.len);
	conversation->sent[which][from_server] += (uint32_t)payload.len + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	if (control & LOST)
		return;
	if (control & SWAPPED && !conversation->kept.len) {
		buffer_append(&conversation->kept, slice_of(packet, HEADERS + payload.len));
		return;
	}
	give_frame(conversation, 101, slice_of(packet, HEADERS + payload.len));
	give_kept(conversation);
}

static void begin_connection(struct conversation *conversation, uint8_t control)
{
	bool *begun = &conversation->begun[(control & CONNECTION) >> 1];
	if (*begun)
		return;
	*begun = true;
	send_segment(conversation, control & CONNECTION, TCP_SYN, slice_of(NULL, 0));
	send_segment(conversation, (control & CONNECTION) | FROM_SERVER, TCP_SYN | TCP_ACK, slice_of(NULL, 0));
}

static void send_record(struct conversation *conversation, uint8_t control, struct slice payload)
{
	static const uint8_t endings[] = {0, TCP_FIN, 0, TCP_RST};
	begin_connection(conversation, control);
	while (payload.len > conversation->most) {
		send_segment(conversation, control, TCP_ACK, slice_take(payload, conversation->most));
		payload = slice_drop(payload, conversation->most);
	}
	send_segment(conversation, control, TCP_ACK | endings[control >> 3 & 3], payload);
}

static void play_record(struct conversation *conversation, uint8_t control, struct slice payload)
{
	/* A connection that has ended is not used again, and who sends without hearing may be heard late. */
	conversation->disturbed |= (control & (ENDS | LATER | SWAPPED | LOST | RAW)) != 0;
	conversation->time += control & LATER ? 700 * TIMESTAMP_MILLISECOND : TIMESTAMP_MILLISECOND;
	if (control & RAW)
		give_frame(conversation, 1, payload);
	else
		send_record(conversation, control, slice_take(payload, PIECES_MOST));
}

/* ---- what is told */

static void tell_event(void *self, const struct event *event)
{
	struct event told = *event;
	struct event_leg legs[SESSION_LEGS];
	told.origin.first = told.origin.last = 0;
	for (size_t i = 0; i < told.leg_count && i < SESSION_LEGS; i++) {
		legs[i] = event->legs[i];
		legs[i].origin.first = legs[i].origin.last = 0;
	}
	told.legs = legs;
	told.leg_count = told.leg_count < SESSION_LEGS ? told.leg_count : SESSION_LEGS;
	line_write(self, &told, &(struct mask){0});
	buffer_append_byte(self, '\n');
}

/* Returns if what is told may depend on the segments. Behind bytes that cannot be read, reading begins again where a
 * segment looks like a beginning. */
static bool play(struct slice records, size_t most, struct buffer *told)
{
	struct limits limits = limits_default();
	struct observer observer = {.self = told, .event = tell_event};
	const struct observer *observers[] = {&observer};
	struct conversation conversation = {.most = most, .time = 1700000000 * TIMESTAMP_SECOND};
	buffer_init(told, BUFFER_NO_LIMIT, NULL);
	buffer_init(&conversation.kept, BUFFER_NO_LIMIT, NULL);
	conversation.engine = engine_new(&limits, observers, 1);
	while (records.len >= 3) {
		size_t len = (size_t)records.at[1] | (size_t)records.at[2] << 8;
		struct slice payload = slice_take(slice_drop(records, 3), len);
		play_record(&conversation, records.at[0], payload);
		records = slice_drop(records, 3 + payload.len);
	}
	give_kept(&conversation);
	engine_end(conversation.engine);
	/* The first bytes of another protocol may look like HTTP's as long as no more of them is there. */
	const struct engine_counts *counts = engine_counts(conversation.engine);
	bool depends = conversation.disturbed || counts->broken || counts->other;
	engine_free(conversation.engine);
	buffer_free(&conversation.kept);
	return depends;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole, pieces;
	if (!size)
		return 0;
	struct slice records = slice_of(data + 1, size - 1);
	bool depends = play(records, PIECES_MOST, &whole);
	depends |= play(records, 1 + data[0] % 64, &pieces);
	if (!depends && !slice_equals(buffer_slice(&whole), buffer_slice(&pieces)))
		abort();
	buffer_free(&whole);
	buffer_free(&pieces);
	return 0;
}
