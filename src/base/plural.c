/* One number, or the first and the last. */
#include "base/plural.h"

#include <inttypes.h>
#include <stdio.h>

char *plural_packets(uint64_t first, uint64_t last, char text[PLURAL_PACKETS])
{
	if (!first)
		*text = '\0';
	else if (first == last)
		snprintf(text, PLURAL_PACKETS, "packet %" PRIu64, first);
	else
		snprintf(text, PLURAL_PACKETS, "packets %" PRIu64 "-%" PRIu64, first, last);
	return text;
}
