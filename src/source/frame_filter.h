/*
 * Which frames are taken: those of a link type that is read here, and of these the ones that tcpdump's filter words let
 * pass. probe.c cannot ask libpcap itself: libpcap and libbpf both call something bpf_program.
 */
#ifndef SOURCE_FRAME_FILTER_H
#define SOURCE_FRAME_FILTER_H

#include "net/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- filter words */

struct frame_filter; /* opaque */

/* For packets of `link_type` (of PKTAP: for the frames inside, whatever their link types are), and of each other link
 * type that they may have. NULL: `why` says what is wrong with `words`. */
struct frame_filter *frame_filter_new(const char *words, int link_type, char *why, size_t why_size);

/* The same for each link type that is known, now: names of hosts and services in `words` are looked up here, and never
 * again. NULL: no memory. Whether the words mean something on a link type frame_filter_check says. */
struct frame_filter *frame_filter_new_for_all(const char *words, char *why, size_t why_size);

/* False: the words do not fit this link type, and `why` says so. */
bool frame_filter_check(struct frame_filter *filter, int link_type, char *why, size_t why_size);

void frame_filter_free(struct frame_filter *filter); /* NULL is let pass */

/* A frame whose link type cannot have what the words ask for does not pass. */
bool frame_filter_passes(struct frame_filter *filter, const struct packet *packet);

/* Of frames that did not pass, some have their IP packet behind a tag or another header: the word that looks there
 * ("vlan", "pppoes", "mpls"). NULL: none. */
const char *frame_filter_missing_word(const struct frame_filter *filter);

/* Frames did not pass because there was no memory to compile the words for their link type. */
bool frame_filter_lacks_memory(const struct frame_filter *filter);

/* ---- link types */

struct pcap;

/* Fills the link type of an opened file or interface. False: it is none that is read here, and `why` names it. */
bool link_type_read(struct pcap *pcap, uint16_t *link_type, char *why, size_t why_size);

/* Says that the link type is not read, by its name. */
void link_type_refuse(int type, char *why, size_t why_size);

#endif
