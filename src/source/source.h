/* Where packets come from: one small interface, a file for each kind; and several sources as one, merged by time. */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "net/packet.h"

enum source_result {
	SOURCE_PACKET,
	SOURCE_IDLE,   /* a live source: nothing came for a while; ask again */
	SOURCE_END,    /* no more */
	SOURCE_CUT,    /* no more: the input ends in the middle of a packet; `why` says where */
	SOURCE_FAILED, /* no more: `why` says what is wrong */
};

struct source_counts {
	uint64_t packets;   /* given out */
	uint64_t filtered;  /* read, and not let through by the filter */
	uint64_t unread;    /* of a link type that is not read here */
	uint64_t dropped;   /* by the capturing side, as far as it says */
	uint64_t unmatched; /* TLS streams that no connection was found for */
};

struct source;

/* What each kind of source provides. */
struct source_operations {
	enum source_result (*next)(struct source *source, struct packet *packet);
	void (*free)(struct source *source);
	/* Puts the files to wait for into `files`, which has room for `room`; returns how many. NULL: `ready` alone. */
	size_t (*list_ready)(const struct source *source, int *files, size_t room);
};

/* The common part, first in each kind's own struct. */
struct source {
	const struct source_operations *operations;
	const char *name; /* as the user wrote it; borrowed */
	struct source_counts counts;
	bool is_live;  /* what comes is happening now; `next` may answer SOURCE_IDLE */
	int link_type; /* of a live source: of its first interface */
	int ready;     /* of a live source: a file that becomes readable when there is a packet, or -1 */
	char why[256];
};

/* The next packet. Its bytes are valid until the next call for the same source; its number counts every packet read,
 * filtered ones too, as Wireshark does. */
static inline enum source_result source_next(struct source *source, struct packet *packet)
{
	return source->operations->next(source, packet);
}

/* The files that become readable when there is something, at most `room`; returns how many. */
size_t source_list_ready(const struct source *source, int *files, size_t room);

/* Waits until a live source has something, at most so many milliseconds. Signals end it early. */
void source_wait(const struct source *source, int milliseconds);

/* NULL is let pass. */
static inline void source_free(struct source *source)
{
	if (source)
		source->operations->free(source);
}

/* ---- several sources as one, merged by time */

enum { MERGE_HOLD = 100 }; /* milliseconds: twice what a live source may be late */

/* Takes over the `count` sources (also when it fails). Packets of equal time come in the order of the sources. With one
 * source its own packet numbers hold; with several, packets are numbered again in the order of time, as mergecap would
 * write them. Of live sources a packet is held back for MERGE_HOLD, as long as another source may still have an earlier
 * one. A source that ends cut or failed ends alone; its `why` is given at the end, the first such one wins. NULL:
 * no memory. */
struct source *merge_open(struct source **sources, size_t count);

#endif
