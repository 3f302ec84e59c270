/* What a record says of a socket and its process, in our words. */
#ifndef SOURCE_PROBE_FACTS_H
#define SOURCE_PROBE_FACTS_H

#include "net/probed.h"

struct probe_head;
struct probe_open;

enum { PROBE_PATH_TEXT = 112 };

/* Fills everything but `id`. `path` (PROBE_PATH_TEXT bytes) takes a unix socket's path, "@…" for an abstract one. */
void probe_facts_read(
    struct probed_socket *facts, char *path, const struct probe_head *head, const struct probe_open *open);

#endif
