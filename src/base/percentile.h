/* Percentiles of the nearest rank: the least number that so many are not above. */
#ifndef BASE_PERCENTILE_H
#define BASE_PERCENTILE_H

#include <stddef.h>

void percentile_sort(double *numbers, size_t count);

/* Of sorted numbers, at least one; `share` from 0 to 1. */
double percentile_of(const double *sorted, size_t count, double share);

#endif
