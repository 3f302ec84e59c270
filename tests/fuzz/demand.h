/* What must hold whatever the input is. It says what did not, for all of it lands in one function when optimised. */
#ifndef FUZZ_DEMAND_H
#define FUZZ_DEMAND_H

#include <stdio.h>
#include <stdlib.h>

#define demand(condition) ((condition) ? (void)0 : demand_failed(#condition, __FILE__, __LINE__))

static inline _Noreturn void demand_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

#endif
