/* One number, or the first and the last. */
#include "base/words.h"

#include <inttypes.h>
#include <stdio.h>

char *words_packets(uint64_t first, uint64_t last, char text[WORDS_PACKETS])
{
	if (!first)
		*text = '\0';
	else if (first == last)
		snprintf(text, WORDS_PACKETS, "packet %" PRIu64, first);
	else
		snprintf(text, WORDS_PACKETS, "packets %" PRIu64 "-%" PRIu64, first, last);
	return text;
}
