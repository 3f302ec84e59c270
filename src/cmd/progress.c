/* A line on the terminal that is written over and at last wiped out. */
#include "cmd/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_FIRST INT64_C(500000000) /* short inputs show nothing */
#define PROGRESS_EVERY INT64_C(200000000)

enum { PROGRESS_PACKETS = 4096 }; /* the clock is looked at only so often */

/* The wall clock stays out of everything but this: results depend on the packets' own times. */
static int64_t progress_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void progress_begin(struct progress *progress)
{
	*progress = (struct progress){.wanted = isatty(STDERR_FILENO)};
	progress->next = progress_now() + PROGRESS_FIRST;
}

void progress_note(struct progress *progress, uint64_t packets, uint64_t bytes)
{
	if (!progress->wanted || packets % PROGRESS_PACKETS)
		return;
	int64_t now = progress_now();
	if (now < progress->next)
		return;
	progress->next = now + PROGRESS_EVERY;
	progress->shown = true;
	fprintf(stderr, "\rreading: %" PRIu64 " packets, %" PRIu64 " MB", packets, bytes / 1000000);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}
