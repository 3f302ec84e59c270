/*
 * Packets in, a Socket.IO timeline out: the one door of this room.
 *
 *     struct engine *engine = engine_new(&limits, observers, count);
 *     while (source gives a packet) engine_take_packet(engine, &packet);
 *     engine_end(engine);
 */
#ifndef SOCKETIO_ENGINE_H
#define SOCKETIO_ENGINE_H

#include "net/packet.h"
#include "socketio/context.h"

struct engine; /* opaque */

/* `observers` (an array of `count` pointers) is borrowed and outlives the engine. NULL: no memory. */
struct engine *engine_new(const struct limits *limits, const struct observer *const *observers, size_t count);
void engine_free(struct engine *engine);

/* Packets in order of time, or what a probe gives in place of them. Nothing of the packet is kept beyond the call. */
void engine_take_packet(struct engine *engine, const struct packet *packet);

/* A line of the server's log, in order of time with the packets. */
void engine_take_log(struct engine *engine, timestamp time, struct slice line);

/* No more packets: what waits is given up, every session is closed, the observers hear `end`. Once. */
void engine_end(struct engine *engine);

/* Bytes of limits->memory that are held now; 0 after engine_end. */
size_t engine_held(const struct engine *engine);

/* Valid until engine_free; complete after engine_end. */
const struct engine_counts *engine_counts(const struct engine *engine);

/* What became of every captured byte, and what could not be seen; lives as long as the engine, and adds up after
 * engine_end. Who feeds the engine and who listens to it add what they could not see or keep. */
struct ledger *engine_ledger(struct engine *engine);

const struct limits *engine_limits(const struct engine *engine);

#endif
