/*
 * Joins IP fragments (RFC 791 §3.2, RFC 8200 §4.5). Pieces may come in any order and twice; where two overlap, the
 * first to come holds (RFC 5722 would discard: counted in `overlaps`); so does the first end. Bounded in
 * datagrams, in bytes and in time: the oldest unfinished datagram gives way.
 */
#ifndef NET_FRAGMENT_H
#define NET_FRAGMENT_H

#include "base/timestamp.h"
#include "net/headers.h"

struct fragment_limits {
	size_t datagrams;   /* unfinished ones held; default 256 */
	size_t bytes;       /* in all of them; default 4 MiB */
	timestamp patience; /* default 30 s, as RFC 1122 §3.3.2 has it at most */
};
extern const struct fragment_limits fragment_default_limits;

struct fragment_table; /* opaque */

struct fragment_table *fragment_table_new(const struct fragment_limits *limits); /* NULL: no memory */
void fragment_table_free(struct fragment_table *table);

struct fragment_counts {
	uint64_t joined, abandoned, overlaps;
	uint64_t refused; /* pieces for which there was no memory */
};
struct fragment_counts fragment_table_counts(const struct fragment_table *table);

/* Takes a packet whose `fragment` is set, with its number and time. True: it completed a datagram; `packet` is then
 * rewritten to the whole (payload borrowed until the next call) and *first_number is the lowest number of its pieces.
 * False: more pieces are wanted. */
bool fragment_join(
    struct fragment_table *table, struct ip_packet *packet, timestamp now, uint64_t number, uint64_t *first_number);

#endif
