/* Saves sessions: their packets as pcapng with the findings as comments, their events as NDJSON, or the report, as text
 * or HTML; and the payload of one event as JSON. */
#ifndef CMD_SAVE_H
#define CMD_SAVE_H

#include "base/memory.h"
#include "cmd/examine.h"
#include "net/packet.h"

/* ---- packet store: the packets of a live capture, kept outside of memory, so that some of them can be saved */

struct packet_store {
	struct spill spill;
	uint64_t left_out; /* that found no room */
};

bool packet_store_open(struct packet_store *store, size_t limit);
void packet_store_free(struct packet_store *store);

/* A packet without bytes (a log line that a probe saw) is none to be kept. */
void packet_store_add(struct packet_store *store, const struct packet *packet);

/* The packet at `*at` (0: the first), and *at moved past it; false at the end. Its bytes live with the store. */
bool packet_store_next(const struct packet_store *store, size_t *at, struct packet *packet);

/* ---- saving */

enum save_result {
	SAVE_DONE,   /* `why`: what is to be known of what is in it; or "" */
	SAVE_EXISTS, /* there is a file of this name, and `over` was not said */
	SAVE_FAILED,
};

struct save_choice {
	const char *path;         /* a leading ~ is the home; its ending says the form: .pcapng, .ndjson, .txt, .html,
	                           * .json */
	const uint64_t *sessions; /* in order of their numbers; all when `count` is 0 */
	size_t count;
	uint64_t event; /* its payload alone; 0: none */
	bool over;      /* an existing file is written over */
};

/* The path's ending is one of these. */
bool save_knows_form(const char *path);

/* `kept` are a live capture's packets, NULL when the packets are in the options' files. The file appears whole or not
 * at all, with mode 0600. */
enum save_result save_sessions(struct examination *examination, const struct packet_store *kept,
    const struct save_choice *choice, char *why, size_t why_size);

#endif
