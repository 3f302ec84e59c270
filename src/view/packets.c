/* One number, or the first and the last. */
#include "view/packets.h"

#include <inttypes.h>
#include <stdio.h>

char *packets_format(uint64_t first, uint64_t last, char text[PACKETS_TEXT])
{
	if (!first)
		*text = '\0';
	else if (first == last)
		snprintf(text, PACKETS_TEXT, "packet %" PRIu64, first);
	else
		snprintf(text, PACKETS_TEXT, "packets %" PRIu64 "-%" PRIu64, first, last);
	return text;
}
