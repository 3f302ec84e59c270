/*
 * The inflating half of permessage-deflate for one direction (RFC 7692 §7.2.2), with a window that may be lost.
 *
 * zlib refuses a distance that goes back further than what it has put out since its last reset. So after a loss the
 * window is just emptied: a message that needs what was lost fails, and one that does not comes out right.
 */
#ifndef HTTP_INFLATER_H
#define HTTP_INFLATER_H

#include "base/buffer.h"

#include <zlib.h>

struct inflater {
	z_stream zlib;
	bool made; /* zlib has its state */
	bool takes_over;
	bool failed;          /* the rest of this message cannot be inflated */
	bool any;             /* this message has had bytes */
	bool final;           /* they ended with a final block */
	uint64_t thrown_away; /* bytes of this message that `out` did not take */
	struct budget *budget;
};

/* Nothing is allocated until the first message begins. `budget` is borrowed. */
void inflater_init(struct inflater *inflater, bool takes_over, struct budget *budget);
void inflater_free(struct inflater *inflater);

/* False: no memory; the message cannot be read and its content is lost to later ones. */
bool inflater_begin_message(struct inflater *inflater);

/* Inflates more of the message and appends to `out` what its limit, its budget and memory allow, the rest is thrown
 * away, and `*truncated` set; once that is set all is thrown away. Past eight times `out`'s limit this ends, and the
 * context is lost. */
void inflater_add(struct inflater *inflater, struct slice bytes, struct buffer *out, bool *truncated);

/* False: what came was no whole message, or refers to what was lost. */
bool inflater_end_message(struct inflater *inflater);

/* Bytes were lost: the rest of this message, and what later ones refer to. */
void inflater_lose_context(struct inflater *inflater);

#endif
