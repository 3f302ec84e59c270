/* The kernel's entropy, by each system's own call. */
#include "platform/random.h"

#ifdef __linux__

#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/types.h>

bool platform_fill_random(void *at, size_t size)
{
	return getrandom(at, size, GRND_NONBLOCK) == (ssize_t)size;
}

const void *platform_process_secret(void)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval returns an address as a number */
	return (const void *)getauxval(AT_RANDOM);
}

#else

#include <stdint.h>
#include <stdlib.h>

bool platform_fill_random(void *at, size_t size)
{
	arc4random_buf(at, size);
	return true;
}

/* These systems give a process no random bytes at its start. The first call draws them, and nothing changes them
 * afterwards: all that is written here after main began. The program has one thread. */
const void *platform_process_secret(void)
{
	static uint8_t secret[PLATFORM_SECRET_SIZE];
	static bool is_drawn;
	if (!is_drawn)
		arc4random_buf(secret, sizeof secret);
	is_drawn = true;
	return secret;
}

#endif
