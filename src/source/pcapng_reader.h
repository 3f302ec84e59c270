/*
 * pcapng files (draft-ietf-opsawg-pcapng), read block by block. libpcap refuses a file whose interfaces have different
 * link types, and shows neither the interfaces nor what the writer says that it dropped; this reader does.
 */
#ifndef SOURCE_PCAPNG_READER_H
#define SOURCE_PCAPNG_READER_H

#include "source/source.h"

#include <stdio.h>

/* The first byte of a pcapng file (a Section Header Block's type, §4.1); no file of libpcap's own form begins so. */
enum { PCAPNG_FIRST_BYTE = 0x0a };

struct pcapng_reader; /* opaque */

/* Both are borrowed and outlive the reader; `secrets`, which may be NULL, takes the TLS key logs of the file (§4.7),
 * when the reader comes to them. NULL: no memory. */
struct pcapng_reader *pcapng_reader_new(FILE *stream, const struct secrets_sink *secrets);
void pcapng_reader_free(struct pcapng_reader *reader); /* NULL is let pass */

/* The next packet, of whichever interface: all of it but its number. Its bytes are borrowed until the next call. Its
 * link type is a DLT_ value, as libpcap's functions take it. SOURCE_CUT: the file ends in the middle of a block.
 * SOURCE_FAILED: it is damaged; `why` says how. */
enum source_result pcapng_reader_next(struct pcapng_reader *reader, struct packet *packet, char *why, size_t why_size);

/* Packets that the capturing side says it dropped, by the last statistics of each interface (§4.6). */
uint64_t pcapng_reader_dropped(const struct pcapng_reader *reader);

#endif
