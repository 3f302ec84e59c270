/* How far a long input has been read, on stderr, when that is a terminal. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool wanted, shown;
	int64_t next; /* monotonic nanoseconds of the next line */
};

void progress_begin(struct progress *progress);
void progress_note(struct progress *progress, uint64_t packets, uint64_t bytes);
void progress_end(struct progress *progress);

#endif
