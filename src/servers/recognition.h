/*
 * Which implementation a server is, by what it shows in one session.
 *
 * Each thing that is seen (the keys of the open packet, the form of the sid, the answer to a POST, …) leaves out those
 * implementations whose tables say otherwise. What is left is what the server can be: one, several versions of one, or
 * several that speak alike; then it is not known which.
 */
#ifndef SERVERS_RECOGNITION_H
#define SERVERS_RECOGNITION_H

#include "servers/server.h"

/* Zeroed: nothing was seen. A bit for each of servers_table. */
struct recognition {
	uint32_t excluded; /* a trait contradicts it */
	uint32_t matched;  /* a trait fits it */
};

/* `value` as server_trait_row.value has it: of TRAIT_SID the sid itself. What a proxy may have written (the Server
 * field) leaves out nobody, unless it names one of the implementations. */
void recognition_note(struct recognition *recognition, enum server_trait trait, struct slice value);

/* The implementation, or of several versions of it the newest; NULL: nothing was seen, nothing fits, or several
 * implementations do. */
const struct server *recognition_server(const struct recognition *recognition);

/* What all that are left, and say anything of it, say of `fact`. False: nothing is left, or they differ. */
bool recognition_get_fact(const struct recognition *recognition, enum server_fact fact, int64_t *value);

/* "python-engineio 4.11 and later"; where two implementations speak alike, "socket.io (Node.js) 4.0 and later, or
 * zishang520/socket.io 1.0 and later". NULL: nothing was seen, nothing fits, or more than RECOGNITION_NAMES do. Returns
 * `text`. */
enum { RECOGNITION_TEXT = 160, RECOGNITION_NAMES = 2 };
const char *recognition_format(const struct recognition *recognition, char text[RECOGNITION_TEXT]);

#endif
