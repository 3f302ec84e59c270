/* Stamps as text. */
#include "base/stamp.h"

#include <stdio.h>
#include <time.h>

char *stamp_format(stamp time, char *text)
{
	stamp seconds = time / STAMP_SECOND, rest = time % STAMP_SECOND;
	if (rest < 0) { /* before 1970: the fraction still counts upwards */
		rest += STAMP_SECOND;
		seconds--;
	}
	time_t whole = (time_t)seconds;
	struct tm parts;
	size_t len = gmtime_r(&whole, &parts) ? strftime(text, STAMP_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts) : 0;
	snprintf(text + len, STAMP_TEXT_SIZE - len, ".%09ldZ", (long)rest);
	return text;
}

char *stamp_format_span(stamp span, char *text)
{
	double seconds = (double)span / (double)STAMP_SECOND;
	if (seconds < 0.0995)
		snprintf(text, STAMP_TEXT_SIZE, "%.3g ms", seconds * 1e3);
	else if (seconds < 1)
		snprintf(text, STAMP_TEXT_SIZE, "%.0f ms", seconds * 1e3);
	else if (seconds < 120)
		snprintf(text, STAMP_TEXT_SIZE, "%.1f s", seconds);
	else
		snprintf(text, STAMP_TEXT_SIZE, "%.0f min %d s", (double)((int64_t)seconds / 60),
		    (int)((int64_t)seconds % 60));
	return text;
}
