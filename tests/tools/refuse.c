/*
 * Refuses memory, for tests/torture: LD_PRELOAD=refuse.so REFUSE=N [REFUSE_ALL=1] PROGRAM… fails the Nth allocation
 * (with REFUSE_ALL it and all that follow) of those made since main began, by whomever. REFUSE_COUNT=FILE gets their
 * number, REFUSE_TRACE=FILE who made the first that was refused, as addresses. REFUSE_PEAK=FILE gets the most bytes
 * that were allocated at once, for tests/hostile.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EARLY = 1 << 16, TRACE = 24 };

/* What dlsym itself asks for while the real functions are looked up. Never freed. */
static struct {
	_Alignas(max_align_t) uint8_t bytes[EARLY];
	size_t used;
} refuse_early;

static struct {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t count, size_t size);
	void *(*realloc)(void *memory, size_t size);
	void *(*aligned_alloc)(size_t alignment, size_t size);
	int (*posix_memalign)(void **memory, size_t alignment, size_t size);
	void (*free)(void *memory);
	bool are_looked_up;
} refuse_real;

static struct {
	bool counts; /* main has begun */
	bool all;
	uint64_t nth;
	atomic_uint_fast64_t count;
	atomic_size_t live, peak; /* bytes */
	int report, trace, most;  /* files; -1: none */
	int (*main)(int argc, char **argv, char **environment);
} refuse = {.report = -1, .trace = -1, .most = -1};

static bool refuse_looks_up(void)
{
	if (refuse_real.are_looked_up)
		return refuse_real.malloc == NULL;
	refuse_real.are_looked_up = true;
	void *allocate = dlsym(RTLD_NEXT, "malloc");
	refuse_real.calloc = dlsym(RTLD_NEXT, "calloc");
	refuse_real.realloc = dlsym(RTLD_NEXT, "realloc");
	refuse_real.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	refuse_real.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	refuse_real.free = dlsym(RTLD_NEXT, "free");
	refuse_real.malloc = allocate;
	return false;
}

static void *refuse_give_early(size_t size)
{
	size_t aligned = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (aligned > EARLY - refuse_early.used)
		return NULL;
	void *memory = refuse_early.bytes + refuse_early.used;
	refuse_early.used += aligned;
	return memory;
}

static bool refuse_is_early(const void *memory)
{
	return (uintptr_t)memory - (uintptr_t)refuse_early.bytes < EARLY;
}

static void refuse_tell_trace(void)
{
	if (refuse.trace < 0)
		return;
	void *frames[TRACE] = {0};
	backtrace_symbols_fd(frames, backtrace(frames, TRACE), refuse.trace);
}

static bool refuse_this(void)
{
	if (!refuse.counts)
		return false;
	uint64_t number = ++refuse.count;
	if (!refuse.nth || number < refuse.nth || (number > refuse.nth && !refuse.all))
		return false;
	if (number == refuse.nth)
		refuse_tell_trace();
	errno = ENOMEM;
	return true;
}

/* ---- bytes that are allocated: without a file for them they are not counted */

static void *refuse_add(void *memory)
{
	if (refuse.most < 0 || !memory)
		return memory;
	size_t size = malloc_usable_size(memory), live = atomic_fetch_add(&refuse.live, size) + size;
	if (live > refuse.peak)
		refuse.peak = live;
	return memory;
}

/* What was allocated before main began is not counted: it may go all the same. */
static void refuse_subtract(size_t size)
{
	refuse.live -= size < refuse.live ? size : refuse.live;
}

static size_t refuse_size(void *memory)
{
	return refuse.most >= 0 && memory ? malloc_usable_size(memory) : 0;
}

/* ---- the C library's functions; their parameters are called as it calls them */

void *malloc(size_t size)
{
	if (refuse_looks_up())
		return refuse_give_early(size);
	return refuse_this() ? NULL : refuse_add(refuse_real.malloc(size));
}

void *calloc(size_t nmemb, size_t size)
{
	if (refuse_looks_up())
		return refuse_give_early(nmemb * size);
	return refuse_this() ? NULL : refuse_add(refuse_real.calloc(nmemb, size));
}

void *realloc(void *ptr, size_t size)
{
	if (refuse_looks_up() || refuse_is_early(ptr))
		abort(); /* nobody does: of what is given so early all is kept */
	if (refuse_this())
		return NULL;
	size_t before = refuse_size(ptr);
	void *moved = refuse_real.realloc(ptr, size);
	if (moved || !size)
		refuse_subtract(before);
	return refuse_add(moved);
}

void *reallocarray(void *ptr, size_t nmemb, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(nmemb, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(ptr, bytes);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	refuse_looks_up();
	return refuse_this() ? NULL : refuse_add(refuse_real.aligned_alloc(alignment, size));
}

int posix_memalign(void **memptr, size_t alignment, size_t size)
{
	refuse_looks_up();
	int code = refuse_this() ? ENOMEM : refuse_real.posix_memalign(memptr, alignment, size);
	if (code == 0)
		refuse_add(*memptr);
	return code;
}

void free(void *ptr)
{
	if (refuse_is_early(ptr) || refuse_looks_up())
		return;
	refuse_subtract(refuse_size(ptr));
	refuse_real.free(ptr);
}

/* ---- from main on */

static void refuse_tell_count(void)
{
	refuse.counts = false;
	if (refuse.report >= 0)
		dprintf(refuse.report, "%ju\n", (uintmax_t)refuse.count);
	if (refuse.most >= 0)
		dprintf(refuse.most, "%zu\n", (size_t)refuse.peak);
}

static int refuse_open(const char *path)
{
	return path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
}

static int refuse_main(int argc, char **argv, char **environment)
{
	const char *nth = getenv("REFUSE");
	void *frame;
	refuse.nth = nth ? strtoull(nth, NULL, 10) : 0;
	refuse.all = getenv("REFUSE_ALL") != NULL;
	refuse.report = refuse_open(getenv("REFUSE_COUNT"));
	refuse.trace = refuse_open(getenv("REFUSE_TRACE"));
	refuse.most = refuse_open(getenv("REFUSE_PEAK"));
	backtrace(&frame, 1); /* the first asks for memory itself */
	atexit(refuse_tell_count);
	unsetenv("LD_PRELOAD");
	refuse.counts = true;
	return refuse.main(argc, argv, environment);
}

/* NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): it stands before glibc's own */
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
    void (*rtld_fini)(void), void *stack_end)
{
	int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
	    void *) = (int (*)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
	    void (*)(void), void *))dlsym(RTLD_NEXT, "__libc_start_main");
	refuse.main = main;
	return start(refuse_main, argc, argv, init, fini, rtld_fini, stack_end);
}
