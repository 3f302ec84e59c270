/* What is wrong with an exported frontend by itself: claims about its parts, and about the folder that is to be
 * shipped. */
#ifndef REFLEX_FRONTEND_CHECK_H
#define REFLEX_FRONTEND_CHECK_H

#include "detect/findings.h"
#include "reflex/bundle.h"
#include "reflex/codes.h"

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

#endif
