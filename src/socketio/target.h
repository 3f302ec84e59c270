/* What the query of an Engine.IO request says (protocol.md §2). */
#ifndef SOCKETIO_TARGET_H
#define SOCKETIO_TARGET_H

#include "base/bytes.h"

enum transport { TRANSPORT_NONE, TRANSPORT_POLLING, TRANSPORT_WEBSOCKET, TRANSPORT_WEBTRANSPORT, TRANSPORT_UNKNOWN };

const char *transport_name(enum transport transport); /* "polling", …; "" for NONE */

enum { TARGET_SID_SIZE = 128 }; /* longer ones are no sid of any known server, and are cut */

struct target {
	bool engineio;            /* everything below means something only then */
	uint8_t revision;         /* 3 or 4; 0 when the query has no EIO */
	struct slice eio;         /* the spelling of EIO's value, borrowed from the target */
	enum transport transport; /* UNKNOWN: another word, which `word` holds */
	struct slice word;        /* transport's value, borrowed */
	bool jsonp;
	size_t sid_len; /* 0: a handshake */
	char sid[TARGET_SID_SIZE];
};

static inline struct slice target_sid(const struct target *target)
{
	return slice_of(target->sid, target->sid_len);
}

/* The target of an exchange that matters; of no other. */
struct target *target_new(struct slice text);

/* Engine.IO is told by its query, never by path or port: `EIO=` with `transport=` of any value or a `sid=`;
 * `transport=` of a known value with `sid=`; `EIO=` alone where the path ends as the stock clients have it. */
void target_read(struct target *target, struct slice text);

#endif
