/* The packets of a live capture, kept outside of memory, for who wants to save some of them. */
#ifndef CMD_PACKET_STORE_H
#define CMD_PACKET_STORE_H

#include "base/arena.h"
#include "net/packet.h"

struct packet_store {
	struct spill spill;
	uint64_t left_out; /* that found no room */
};

bool packet_store_open(struct packet_store *store, size_t limit);
void packet_store_free(struct packet_store *store);

/* A packet without bytes (a log line that a probe saw) is none to be kept. */
void packet_store_add(struct packet_store *store, const struct packet *packet);

/* The packet at `*at` (0: the first), and *at moved behind it; false at the end. Its bytes live with the store. */
bool packet_store_next(const struct packet_store *store, size_t *at, struct packet *packet);

#endif
