/*
 * What a browser or a proxy recorded (net/packet.h): each entry becomes an exchange, and a WebSocket with its messages
 * where it was one, for the same sink as those of connections (sink.h).
 *
 * Bodies are as they were before any content coding. An entry has a connection of its own, numbered as the recorder
 * does where it says; its ends are no evidence of TCP, so no end, reset or gap is given.
 */
#ifndef HTTP_ENTRIES_H
#define HTTP_ENTRIES_H

#include "http/sink.h"
#include "net/packet.h"

struct entries; /* opaque */

/* Both are borrowed and outlive it. NULL: no memory. */
struct entries *entries_new(const struct resources *resources, const struct http_sink *sink);
void entries_free(struct entries *entries);

/* Takes a step, in order of time. `beside_packets`: packets were taken, which may show the same; what they show is
 * counted once, by them (LEDGER_SHOWN_BY_PACKETS). */
void entries_take(struct entries *entries, const struct packet *packet, bool beside_packets);

/* No more steps: WebSockets that are still open are closed. */
void entries_end(struct entries *entries);

struct entries_counts {
	timestamp first, last; /* of the steps; TIMESTAMP_NONE before the first */
	uint64_t wanted;       /* connections that matter to the sink */
};
const struct entries_counts *entries_counts(const struct entries *entries);

#endif
