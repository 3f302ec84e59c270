/* The first bytes that a server sends where an HTTP answer must come, when they are none: another protocol speaks
 * there. */
#ifndef HTTP_FOREIGN_H
#define HTTP_FOREIGN_H

#include "base/memory.h"

enum { FOREIGN_BYTES = 64 };

struct foreign {
	uint8_t bytes[FOREIGN_BYTES];
	size_t len;
};

/* Takes bytes of the server, and keeps the first of them in `*foreign`, which is made from `budget` when there are
 * some, and let go of by budget_release; NULL: there are none, or no memory. `is_first`: it sent none before, so they
 * decide whether HTTP begins; the next ones only follow those that do not. */
void foreign_take(struct foreign **foreign, struct budget *budget, struct slice bytes, bool is_first);

static inline struct slice foreign_slice(const struct foreign *foreign)
{
	return foreign ? slice_of(foreign->bytes, foreign->len) : slice_of(NULL, 0);
}

#endif
