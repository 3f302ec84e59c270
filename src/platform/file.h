/* Files: reserved room on the disk, and a stdio stream over functions. */
#ifndef PLATFORM_FILE_H
#define PLATFORM_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

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

#endif
