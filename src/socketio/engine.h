/*
 * Packets in, a Socket.IO timeline out: the one door of this room.
 *
 *     struct engine *engine = engine_new(&limits, observers, count);
 *     while (source gives a packet) engine_take_packet(engine, &packet);
 *     engine_end(engine);
 */
#ifndef SOCKETIO_ENGINE_H
#define SOCKETIO_ENGINE_H

#include "base/resources.h"
#include "http/http2.h"
#include "net/packet.h"
#include "socketio/session.h"

/* How often something was seen, or could not be; what could not be is the ledger's. Read by reports. */
struct engine_counts {
	uint64_t packets, bytes;   /* handed to the engine; bytes as on the wire */
	uint64_t tcp_packets;      /* of these, TCP segments */
	uint64_t snapped;          /* cut short by the snap length */
	timestamp first, last;     /* TIMESTAMP_NONE before the first */
	uint64_t turned_back;      /* packets that came more than a second before the latest one */
	uint64_t clock_outliers;   /* packets whose time was far from all others' */
	uint64_t clock_steps;      /* how often the clock was set while packets came */
	uint64_t connections;      /* all that were seen */
	uint64_t engineio;         /* of these, those that spoke Engine.IO */
	uint64_t captured;         /* of these, those of packets, not of entries */
	uint64_t tls, other;       /* those that could not be read, or were something else */
	struct http2_counts http2; /* connections and streams that speak it */
	uint64_t joined;           /* Engine.IO connections whose beginning was not captured */
	uint64_t one_sided;        /* HTTP connections of which one direction was captured and the other was not */
	uint64_t hidden;           /* connections that lost requests before it was known whether they speak Engine.IO */
	uint64_t unplaced;         /* holes in Engine.IO connections that belong to no session that is known */
	uint64_t gaps, lost;       /* holes in Engine.IO connections; bytes in them as far as known */
	uint64_t incomplete;       /* Engine.IO items cut by a limit, the snap length or a gap */
	uint64_t unreadable;       /* compressed messages whose context was lost */
	uint64_t malformed;        /* items that are not what they should be */
	uint64_t broken; /* how often a direction of HTTP or WebSocket could not be read on, Engine.IO or not */
	uint64_t unread; /* parts of Engine.IO connections that were there and not read: directions that broke off,
	                    bodies in a coding that could not be undone, packets nested too deep */
	uint64_t retransmitted, out_of_order, conflicts; /* segments, all connections */
	uint64_t fragments_abandoned;
	uint64_t hits[LIMIT_COUNT];  /* how often each limit was hit */
	const struct ledger *ledger; /* all that was counted by reason */
};

struct engine;  /* opaque */
struct vantage; /* net/vantage.h */

/* `observers` (an array of `count` pointers) is borrowed and outlives the engine. NULL: no memory. */
struct engine *engine_new(const struct limits *limits, const struct observer *const *observers, size_t count);
void engine_free(struct engine *engine);

/* Which segments of several inputs are copies (net/vantage.h). Borrowed, and outlives the engine; NULL: none. */
void engine_set_vantage(struct engine *engine, struct vantage *vantage);

/* The packets of one of several captures are from this time to that one: what happened before or after was not captured
 * there. Said of each of them, or of none. */
void engine_set_window(struct engine *engine, size_t input, timestamp first, timestamp last);

/* Packets in order of time, or what a probe gives in place of them. Nothing of the packet is kept beyond the call. */
void engine_take_packet(struct engine *engine, const struct packet *packet);

/* A line of the server's log, in order of time with the packets. `process` wrote it, as a probe saw; 0: not known. */
void engine_take_log(struct engine *engine, timestamp time, struct slice line, uint32_t process);

/* The next bytes of a TLS key log (tls/keylog.h). */
void engine_take_secrets(struct engine *engine, struct slice text, bool whole);

/* More secrets may come behind the packets that need them, which wait, as far as the limit goes. */
void engine_await_secrets(struct engine *engine);

/* From here on the secrets of TLS connections that are captured, and no others, are copied into `text`, in the form of
 * a key log: by engine_copy_secrets and by engine_end. `text` is borrowed, and has a limit. */
void engine_embed_secrets(struct engine *engine, struct buffer *text);
void engine_copy_secrets(struct engine *engine);

/* A live capture's clock says that nothing more came until `now`: what is overdue then is judged. Nothing before the
 * first packet. */
void engine_advance(struct engine *engine, timestamp now);

/* No more packets: what waits is given up, every session is closed, the observers hear `end`. Once. */
void engine_end(struct engine *engine);

/* Bytes of limits->memory that are held now; 0 after engine_end. */
size_t engine_held(const struct engine *engine);

/* What all of it is taken from: observers may join it. */
struct budget *engine_budget(struct engine *engine);

/* Valid until engine_free; complete after engine_end. */
const struct engine_counts *engine_counts(const struct engine *engine);

/* What became of every captured byte, and what could not be seen; lives as long as the engine, and adds up after
 * engine_end. Who feeds the engine and who listens to it add what they could not see or keep. */
struct ledger *engine_ledger(struct engine *engine);

const struct limits *engine_limits(const struct engine *engine);

#endif
