/* A file that appears whole or not at all: written beside its place (FILE.part), and then put there. What is no plain
 * file
 * (/dev/stderr) is written as it is. */
#ifndef CMD_BESIDE_H
#define CMD_BESIDE_H

#include <stdbool.h>
#include <stdio.h>

struct beside {
	FILE *out;
	const char *place; /* borrowed */
	char path[4096];   /* "": `place` itself is written */
};

/* False: errno says why, and there is nothing to close. */
bool beside_open(struct beside *beside, const char *place);

/* `good`: all was written; puts it in its place. Else, or when that fails, nothing of it stays: false, and errno says
 * why, as it stood when what was written failed. */
bool beside_close(struct beside *beside, bool good);

#endif
