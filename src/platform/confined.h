/*
 * A piece of work on a file of somebody else, done in a process of its own, which may do nothing but read that file and
 * hand over its answer: what leads the work astray meets no capability, no other file, no network and no other process
 * (platform/sandbox).
 */
#ifndef PLATFORM_CONFINED_H
#define PLATFORM_CONFINED_H

#include <stdbool.h>
#include <stddef.h>

/* Reads what is open as `file` (its offset is shared with the caller) and fills `answer`, which is zeroed. False: there
 * is none. */
typedef bool confined_work(void *answer, int file);

enum { CONFINED_PATIENCE = 5000, CONFINED_ANSWER = 4000 };

/* Waits for the answer of `size` bytes, CONFINED_ANSWER at most, so that it is written at once; for CONFINED_PATIENCE
 * milliseconds. The answer is the work's own: whoever trusts its numbers checks them. To be called while the process
 * has one thread. False: errno is ENOENT (there is no answer), EBADMSG (the work ended without a word: it crashed),
 * ETIMEDOUT (it was ended), or why there is no process for it. */
bool confined_run(confined_work *work, int file, void *answer, size_t size);

#endif
