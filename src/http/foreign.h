/* The first bytes that a server sends where an HTTP answer must come, when they are none: another protocol speaks
 * there. */
#ifndef HTTP_FOREIGN_H
#define HTTP_FOREIGN_H

#include "base/bytes.h"

enum { FOREIGN_BYTES = 64 };

struct foreign {
	uint8_t bytes[FOREIGN_BYTES];
	size_t len;
};

/* Takes bytes of the server. `is_first`: it sent none before, so they decide whether HTTP begins; the next ones only
 * follow those that do not. */
void foreign_take(struct foreign *foreign, struct slice bytes, bool is_first);

static inline struct slice foreign_slice(const struct foreign *foreign)
{
	return slice_of(foreign->bytes, foreign->len);
}

#endif
