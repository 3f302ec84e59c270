/* The nearest rank, counted from one. */
#include "base/percentile.h"

#include <math.h>
#include <stdlib.h>

static int number_order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return left < right ? -1 : left > right;
}

void percentile_sort(double *numbers, size_t count)
{
	if (count)
		qsort(numbers, count, sizeof *numbers, number_order);
}

double percentile_of(const double *sorted, size_t count, double share)
{
	size_t rank = (size_t)ceil(share * (double)count);
	return sorted[rank ? rank - 1 : 0];
}
