/* The death of the parent, and glibc's malloc. */
#include "platform/process.h"

#include <stddef.h>

#ifdef __linux__
#include <sys/prctl.h>
#elif defined __FreeBSD__
#include <sys/procctl.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

bool platform_end_with_parent(int signal)
{
#ifdef __linux__
	return prctl(PR_SET_PDEATHSIG, signal) == 0;
#elif defined __FreeBSD__
	return procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &signal) == 0;
#else
	(void)signal;
	return false;
#endif
}

void platform_keep_freed_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}
