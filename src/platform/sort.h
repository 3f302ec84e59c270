/* qsort with a context for the comparison: qsort_r takes its arguments in another order on Darwin and on FreeBSD before
 * 14. OpenBSD and NetBSD have none: sioscope does not build there. */
#ifndef PLATFORM_SORT_H
#define PLATFORM_SORT_H

#include <stddef.h>

/* `compare` gets two elements and `self`; below 0: the first element comes first. The order of equal elements is
 * undefined, as with qsort(3). */
void platform_sort(
    void *elements, size_t count, size_t size, int (*compare)(const void *, const void *, void *), void *self);

#endif
