/* A head and its bytes, one after the other. */
#include "cmd/packet_store.h"

bool packet_store_open(struct packet_store *store, size_t limit)
{
	store->left_out = 0;
	return spill_open(&store->spill, limit);
}

void packet_store_free(struct packet_store *store)
{
	spill_free(&store->spill);
}

void packet_store_add(struct packet_store *store, const struct packet *packet)
{
	if (!packet->bytes.len)
		return;
	struct packet *kept = store->left_out ? NULL : spill_alloc(&store->spill, sizeof *kept + packet->bytes.len);
	if (!kept) {
		store->left_out++;
		return;
	}
	*kept = *packet;
	kept->probed = NULL;
	kept->bytes.at = (const uint8_t *)(kept + 1);
	memcpy(kept + 1, packet->bytes.at, packet->bytes.len);
}

bool packet_store_next(const struct packet_store *store, size_t *at, struct packet *packet)
{
	*at = (*at + 7) & ~(size_t)7;
	if (*at >= store->spill.len)
		return false;
	memcpy(packet, store->spill.at + *at, sizeof *packet);
	*at += sizeof *packet + packet->bytes.len;
	return true;
}
