/* A line on the terminal that is written over and at last wiped out. */
#include "cmd/progress.h"

#include "base/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRESS_FIRST INT64_C(500000000) /* short inputs show nothing */
#define PROGRESS_EVERY INT64_C(200000000)

enum { PROGRESS_PACKETS = 4096 }; /* the clock is looked at only so often */

void progress_begin(struct progress *progress)
{
	*progress = (struct progress){.wanted = isatty(STDERR_FILENO)};
	progress->next = clock_now() + PROGRESS_FIRST;
}

void progress_note(struct progress *progress, uint64_t packets, uint64_t bytes)
{
	if (!progress->wanted || packets % PROGRESS_PACKETS)
		return;
	int64_t now = clock_now();
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
