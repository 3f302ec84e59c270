/* qsort_r, with glibc's order of arguments everywhere. */
#include "platform/sort.h"

#include <stdlib.h>

#if defined __linux__ || (defined __FreeBSD__ && __FreeBSD__ >= 14)

void platform_sort(
    void *elements, size_t count, size_t size, int (*compare)(const void *, const void *, void *), void *self)
{
	qsort_r(elements, count, size, compare, self);
}

#elif defined __APPLE__ || defined __FreeBSD__

struct sort_order {
	int (*compare)(const void *, const void *, void *);
	void *self;
};

static int sort_compare(void *self, const void *a, const void *b)
{
	const struct sort_order *order = self;
	return order->compare(a, b, order->self);
}

void platform_sort(
    void *elements, size_t count, size_t size, int (*compare)(const void *, const void *, void *), void *self)
{
	struct sort_order order = {compare, self};
	qsort_r(elements, count, size, &order, sort_compare);
}

#else
#error "no qsort_r: sioscope builds on Linux, macOS and FreeBSD"
#endif
