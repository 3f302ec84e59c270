/*
 * What a process can give up for the rest of its life. Linux: capabilities(7) and, by libseccomp, all system calls but
 * those for reading, waiting, memory, the terminal and writing. On other systems the user (setuid) is all that a
 * process can give up.
 */
#ifndef PLATFORM_SANDBOX_H
#define PLATFORM_SANDBOX_H

#include <stdbool.h>

enum platform_sandbox {
	SANDBOX_ENTERED,
	SANDBOX_ABSENT, /* the system has none: nothing was given up */
	SANDBOX_FAILED, /* errno and `what` say why */
};

/* While the process still has capabilities: no program that it starts later gets any. Does nothing where there are
 * none. */
void platform_bound_capabilities(void);

/* Gives up the capabilities and the system calls. `opens_files`: files are still to be opened, renamed and removed.
 * A kernel without seccomp counts as entered: the capabilities are gone. `what`: the part that failed; static text. */
enum platform_sandbox platform_enter_sandbox(bool opens_files, const char **what);

#endif
