/*
 * The few calls that differ between Linux, macOS and FreeBSD, one function each: files, random bytes, sorting, what a
 * process asks about itself, a loopback interface. What one system alone has is in sandbox.h.
 */
#ifndef PLATFORM_SYSTEM_H
#define PLATFORM_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* ---- files: reserved room on the disk, and a stdio stream over functions */

/* Extends the file from `begin`, its size until now, to `end` bytes that read as zero and for which the disk has room:
 * a later write through a mapping does not fail. False: the disk is full (or the file system cannot reserve).
 * Linux and FreeBSD: posix_fallocate(3); Darwin: fcntl(2) F_PREALLOCATE. */
bool platform_reserve_file(int file, off_t begin, off_t end);

struct platform_stream {
	ssize_t (*read)(void *self, char *out, size_t room); /* 0: the end; -1: an error, errno is set */
	int (*close)(void *self);                            /* frees `self`; 0, or EOF */
	void *self;
};

/* A stream for reading, on which fclose calls `close`. NULL: no memory, and `close` was not called. Linux and FreeBSD:
 * fopencookie(3); Darwin: funopen(3). */
FILE *platform_open_stream(struct platform_stream stream);

/* ---- random bytes from the system */

enum { PLATFORM_SECRET_SIZE = 16 };

/* Fills `size` bytes (256 at most), never blocks. False: the system has no entropy yet, and `at` is undefined. Linux:
 * getrandom(2) with GRND_NONBLOCK; Darwin and FreeBSD: arc4random_buf(3), which cannot fail. */
bool platform_fill_random(void *at, size_t size);

/* PLATFORM_SECRET_SIZE random bytes, the same for the life of the process; NULL: the system gives none. Linux: the
 * AT_RANDOM entry of getauxval(3), which the kernel hands to each process. */
const void *platform_process_secret(void);

/* ---- sorting */

/* qsort with a context for the comparison: qsort_r takes its arguments in another order on Darwin and on FreeBSD before
 * 14. OpenBSD and NetBSD have none: sioscope does not build there. */

/* `compare` gets two elements and `self`; below 0: the first element comes first. The order of equal elements is
 * undefined, as with qsort(3). */
void platform_sort(
    void *elements, size_t count, size_t size, int (*compare)(const void *, const void *, void *), void *self);

/* ---- what a process asks of its system about itself */

/* Asks for `signal` when the parent process ends. False: the system has no such call (Darwin). A
 * parent that ended before this call is not noticed: compare getppid() afterwards. Linux: prctl(2) PR_SET_PDEATHSIG;
 * FreeBSD: procctl(2) PROC_PDEATHSIG_CTL. */
bool platform_end_with_parent(int signal);

/* Tells malloc to keep what is freed: what one connection gives back the next one takes. glibc would return it to the
 * kernel in between and fault in each of its pages again: a tenth of dump's time. Other C libraries stay as they are.
 */
void platform_keep_freed_memory(void);

/* ---- capturing on a loopback interface */

/* On Linux each packet of a loopback goes out and comes in, and libpcap throws the first away: after this call on the
 * capture's socket it takes no room in the kernel's buffer and is not counted when it is dropped. Nothing happens on
 * another interface, nor on a kernel before 4.20, which does not know PACKET_IGNORE_OUTGOING (packet(7)). Darwin and
 * FreeBSD show a loopback's packet once. */
void platform_see_loopback_once(int socket, const char *interface);

#endif
