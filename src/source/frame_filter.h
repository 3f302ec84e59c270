/* tcpdump's filter words, applied to frames here. A file of its own, for libpcap and libbpf both call something
 * bpf_program. */
#ifndef SOURCE_FRAME_FILTER_H
#define SOURCE_FRAME_FILTER_H

#include "net/packet.h"

struct frame_filter; /* opaque */

/* NULL: `why` says what is wrong with `words`. */
struct frame_filter *frame_filter_new(const char *words, int link_type, char *why, size_t why_size);
void frame_filter_free(struct frame_filter *filter); /* NULL is let pass */

bool frame_filter_passes(const struct frame_filter *filter, const struct packet *packet);

#endif
