/*
 * A `.web` directory that is going to be shipped: the facts that matter then (what it holds, what breaks on the way,
 * whether its parts fit), the findings about them, and the handshake that `bundle --server` tries.
 */
#ifndef REFLEX_BUNDLE_H
#define REFLEX_BUNDLE_H

#include "detect/findings.h"
#include "reflex/frontend.h"
#include "reflex/reflex.h"

enum { BUNDLE_ENTRIES = 2000000, BUNDLE_EXAMPLES = 5 };

struct bundle_count {
	uint64_t files, directories, links;
	uint64_t bytes;      /* of the files */
	uint64_t path_bytes; /* of all files' and links' paths below the directory */
};

struct bundle_link {
	char *below;  /* its path below the directory */
	char *target; /* as it is written; NULL when it could not be read */
};

struct bundle {
	struct bundle_count all;
	struct bundle_count packages;                 /* below a node_modules */
	struct bundle_count served;                   /* build/client, or _static: all that a page needs */
	uint64_t broken_links, outside_links;         /* that lead to nothing; that lead out of the directory */
	struct bundle_link examples[BUNDLE_EXAMPLES]; /* the first links */
	size_t example_count;
	uint64_t unreadable; /* directories and files that could not be looked at */
	bool cut;            /* there are more than BUNDLE_ENTRIES */
	bool has_index;      /* the served directory has an index.html */
	struct frontend frontend;
	bool lacked_memory; /* after bundle_inspect failed: for this reason */
};

/* False when `path` is no directory that can be read, or when memory was refused. Nothing needs to be freed then. */
bool bundle_inspect(struct bundle *bundle, const char *path);
void bundle_free(struct bundle *bundle);

/* What one command line takes that names all files and links of the count, each with `prefix` bytes before its path
 * (0: relative): the strings with their ends, and a pointer for each. To be compared with bundle_argument_limit() less
 * the environment, or with BUNDLE_MACOS_ARGUMENTS. */
uint64_t bundle_argument_bytes(const struct bundle_count *count, size_t prefix);
uint64_t bundle_argument_limit(void);
enum { BUNDLE_MACOS_ARGUMENTS = 1024 * 1024 };

/* ---- findings */

/* bundle-state: its sources declare other states or vars than its build, which is what pages run. */
void frontend_check_state(struct findings *findings, const struct frontend *frontend);

/* All bundle-… codes but those that need a server. */
void bundle_check(struct findings *findings, const struct bundle *bundle, const char *path);

/* What a running server said to a handshake: its status (0: nothing) and the first bytes of its answer. */
struct bundle_answer {
	int status;
	char text[240];
};

struct bundle_server {
	char base[400]; /* URL of its Engine.IO, without a query */
	struct bundle_answer polling, websocket;
};

/* bundle-transport: would the bundle's pages get a session from that server, at that place, by the baked transport? */
void bundle_check_server(
    struct findings *findings, const struct frontend *frontend, const struct bundle_server *server);

/* ---- handshake: libcurl asks; without it handshake_absent.c says so */

/* Asks `server` ("http://host:port", or with the path of its Engine.IO) for a session by polling and by WebSocket, as
 * the frontend's pages would, and takes what it says. The sessions that this opens are left to time out. Reads at most
 * a few hundred bytes of each answer, and waits at most REFLEX_PROBE_WAIT (thresholds.h). False, and one line on
 * stderr, when the server cannot be asked at all. */
bool handshake_ask(struct bundle_server *server, const char *url, const struct frontend *frontend);

#endif
