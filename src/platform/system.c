/* One function for each call that differs between systems. */
#include "platform/system.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- files: posix_fallocate and fopencookie, and what Darwin has in their place */

#ifdef __APPLE__

/* F_PREALLOCATE takes blocks behind the end of the file; only ftruncate moves the end (fcntl(2) of macOS). */
bool platform_reserve_file(int file, off_t begin, off_t end)
{
	fstore_t room = {.fst_flags = F_ALLOCATEALL, .fst_posmode = F_PEOFPOSMODE, .fst_length = end - begin};
	return fcntl(file, F_PREALLOCATE, &room) == 0 && ftruncate(file, end) == 0;
}

#else

bool platform_reserve_file(int file, off_t begin, off_t end)
{
	return posix_fallocate(file, begin, end - begin) == 0;
}

#endif

#if defined __linux__ || defined __FreeBSD__

FILE *platform_open_stream(struct platform_stream stream)
{
	const cookie_io_functions_t functions = {.read = stream.read, .close = stream.close};
	return fopencookie(stream.self, "r", functions);
}

#else

/* funopen's functions take and return int where fopencookie's take size_t and return ssize_t. */
static int stream_read(void *cookie, char *out, int room)
{
	const struct platform_stream *stream = cookie;
	return room < 0 ? -1 : (int)stream->read(stream->self, out, (size_t)room);
}

static int stream_close(void *cookie)
{
	struct platform_stream *stream = cookie;
	int result = stream->close(stream->self);
	free(stream);
	return result;
}

FILE *platform_open_stream(struct platform_stream stream)
{
	struct platform_stream *copy = malloc(sizeof *copy);
	if (!copy)
		return NULL;
	*copy = stream;
	FILE *file = funopen(copy, stream_read, NULL, NULL, stream_close);
	if (!file)
		free(copy);
	return file;
}

#endif

/* ---- random bytes: the kernel's, by each system's own call */

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

/* ---- qsort_r, with glibc's order of arguments everywhere */

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

/* ---- the end of the parent, and glibc's malloc */

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

/* ---- PACKET_IGNORE_OUTGOING on a loopback */

#ifdef __linux__

#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void platform_see_loopback_once(int socket, const char *interface)
{
	const int yes = 1;
	struct ifreq request = {0};
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
	if (ioctl(socket, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_LOOPBACK)
		setsockopt(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
}

#else

void platform_see_loopback_once(int socket, const char *interface)
{
	(void)socket;
	(void)interface;
}

#endif
