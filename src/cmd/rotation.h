/*
 * -w: the packets are kept in a pcapng file while they are watched; in a new one after so many bytes or so much time
 * (OUT.pcapng is then OUT-00001.pcapng and so on), of which only the newest N stay. Numbers go on from those of earlier
 * runs, whose files count among the N. Each of these files is begun by a packet: one without would push out one that
 * holds some.
 */
#ifndef CMD_ROTATION_H
#define CMD_ROTATION_H

#include "cmd/options.h"
#include "view/pcapng.h"

struct rotation {
	const struct options *options;
	FILE *out; /* NULL: none is open */
	uint16_t link_type;
	struct pcapng pcapng;
	uint64_t number;        /* of the file, from 1 */
	uint64_t bytes;         /* of packets in it, about; a file is as long as its secrets besides */
	struct slice secrets;   /* of TLS connections; borrowed */
	size_t secrets_written; /* of them, to this file */
	timestamp begun;        /* its first packet, when there are bytes */
	bool failed;            /* not all is kept; said once */
};

/* Packets of this link type. False, and a line on stderr, when the file cannot be written, or the directory of several
 * files. Without -w nothing is done. */
bool rotation_begin(struct rotation *rotation, const struct options *options, uint16_t link_type);

/* When a file can no longer be written, a line on stderr says so, and the rest is not kept. */
void rotation_packet(struct rotation *rotation, const struct packet *packet);

/* Further secrets of TLS connections came: `all` that there are are written to each file, before its packets where they
 * are known then. Borrowed until the next call, and rotation_end. */
void rotation_take_secrets(struct rotation *rotation, struct slice all);

void rotation_show(struct rotation *rotation); /* writes out what waits to be more */
void rotation_end(struct rotation *rotation);

/* ---- where paths may be opened: for supervisor.c */

/* Opens the file of this number, mode 0600; one of several is never written over (EEXIST). -1: errno. */
int rotation_open_file(const struct options *options, uint64_t number);
void rotation_remove_file(const struct options *options, uint64_t number);

#endif
