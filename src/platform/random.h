/* Random bytes from the system. */
#ifndef PLATFORM_RANDOM_H
#define PLATFORM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

enum { PLATFORM_SECRET_SIZE = 16 };

/* Fills `size` bytes (256 at most), never blocks. False: the system has no entropy yet, and `at` is undefined. Linux:
 * getrandom(2) with GRND_NONBLOCK; Darwin and FreeBSD: arc4random_buf(3), which cannot fail. */
bool platform_fill_random(void *at, size_t size);

/* PLATFORM_SECRET_SIZE random bytes, the same for the life of the process; NULL: the system gives none. Linux: the
 * AT_RANDOM entry of getauxval(3), which the kernel hands to each process. */
const void *platform_process_secret(void);

#endif
