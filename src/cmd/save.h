/* Saves sessions: their packets as pcapng with the findings as comments, their events as NDJSON, or the report. */
#ifndef CMD_SAVE_H
#define CMD_SAVE_H

#include "cmd/examine.h"
#include "cmd/packet_store.h"

/* All sessions when `count` is 0. By the path's ending: .pcapng, .ndjson, .txt. `kept` are a live capture's packets,
 * NULL when the packets are in the options' files. The file appears whole or not at all. False: `why`. */
bool save_sessions(struct examination *examination, const struct packet_store *kept, const char *path,
    const uint64_t *sessions, size_t count, char *why, size_t why_size);

#endif
