/* What a process asks of its system about itself. */
#ifndef PLATFORM_PROCESS_H
#define PLATFORM_PROCESS_H

#include <stdbool.h>

/* Asks for `signal` when the parent process ends. False: the system has no such call (Darwin). A
 * parent that ended before this call is not noticed: compare getppid() afterwards. Linux: prctl(2) PR_SET_PDEATHSIG;
 * FreeBSD: procctl(2) PROC_PDEATHSIG_CTL. */
bool platform_end_with_parent(int signal);

/* Tells malloc to keep what is freed: what one connection gives back the next one takes. glibc would return it to the
 * kernel in between and fault in each of its pages again: a tenth of dump's time. Other C libraries stay as they are.
 */
void platform_keep_freed_memory(void);

#endif
