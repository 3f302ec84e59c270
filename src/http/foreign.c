/* Keeps the first bytes of a server that does not answer in HTTP. */
#include "http/foreign.h"

#include "http/http1.h"

void foreign_take(struct foreign **foreign, struct budget *budget, struct slice bytes, bool is_first)
{
	bool is_line_end = bytes.len && (bytes.at[0] == '\r' || bytes.at[0] == '\n');
	/* A head that comes in pieces may be HTTP yet; empty lines may come before it (RFC 9112 §2.2). */
	if (is_first ? is_line_end || http_looks_like(HTTP_RESPONSES, bytes, true) : !*foreign)
		return;
	if (!*foreign && bytes.len)
		*foreign = budget_new(budget, sizeof **foreign);
	if (!*foreign)
		return;
	struct slice kept = slice_take(bytes, FOREIGN_BYTES - (*foreign)->len);
	if (kept.len)
		memcpy((*foreign)->bytes + (*foreign)->len, kept.at, kept.len);
	(*foreign)->len += kept.len;
}
