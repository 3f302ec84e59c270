/* Bytes of packets in order, and every so many of them a mark, from which on they are read again. */
#include "base/numbering.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	NUMBERING_BLOCK = 2048,                  /* packets between two marks */
	NUMBERING_STEPS = 256 / NUMBERING_FILES, /* a byte is file × steps + step - 1 */
	NUMBERING_FAR = NUMBERING_STEPS,         /* of this step on the number itself follows, 8 bytes */
};

struct numbering_mark {
	size_t at;                      /* in the bytes */
	uint64_t last[NUMBERING_FILES]; /* of each file, before it */
};

struct numbering {
	size_t count;
	const char *files[NUMBERING_FILES];
	char names[NUMBERING_FILES][NUMBERING_NAME];
	uint64_t packets;
	struct numbering_mark now;
	struct buffer bytes, marks;
};

/* ---- names */

/* The last `parts` parts of a path. */
static const char *numbering_tail(const char *path, size_t parts)
{
	const char *tail = path + strlen(path);
	while (tail > path && (tail[-1] != '/' || --parts))
		tail--;
	return tail;
}

static bool numbering_is_unique(const struct numbering *numbering, size_t file, size_t parts)
{
	const char *tail = numbering_tail(numbering->files[file], parts);
	for (size_t i = 0; i < numbering->count; i++)
		if (i != file && strcmp(numbering_tail(numbering->files[i], parts), tail) == 0)
			return false;
	return true;
}

/* As many parts of the path as tell it from the others; of one that stays alike, or is long, its place. */
static void numbering_set_name(struct numbering *numbering, size_t file)
{
	enum { PARTS = 4 };
	size_t parts = 1;
	while (parts < PARTS && !numbering_is_unique(numbering, file, parts))
		parts++;
	const char *tail = numbering_tail(numbering->files[file], parts);
	if (strlen(tail) < NUMBERING_NAME && numbering_is_unique(numbering, file, parts))
		memcpy(numbering->names[file], tail, strlen(tail) + 1);
	else
		snprintf(numbering->names[file], NUMBERING_NAME, "file %zu", file + 1);
}

struct numbering *numbering_new(const char *const *names, size_t count)
{
	struct numbering *numbering = count <= NUMBERING_FILES ? calloc(1, sizeof *numbering) : NULL;
	if (!numbering)
		return NULL;
	numbering->count = count;
	buffer_init(&numbering->bytes, NUMBERING_BYTES, NULL);
	buffer_init(&numbering->marks, NUMBERING_BYTES, NULL);
	for (size_t i = 0; i < count; i++)
		numbering->files[i] = names[i];
	for (size_t i = 0; i < count; i++)
		numbering_set_name(numbering, i);
	return numbering;
}

void numbering_free(struct numbering *numbering)
{
	if (!numbering)
		return;
	buffer_free(&numbering->bytes);
	buffer_free(&numbering->marks);
	free(numbering);
}

const char *numbering_short(const struct numbering *numbering, const char *file)
{
	for (size_t i = 0; numbering && i < numbering->count; i++)
		if (strcmp(numbering->files[i], file) == 0)
			return numbering->names[i];
	return file;
}

/* ---- numbers */

static size_t numbering_mark_size(const struct numbering *numbering)
{
	return offsetof(struct numbering_mark, last) + numbering->count * sizeof(uint64_t);
}

void numbering_add(struct numbering *numbering, size_t file, uint64_t number)
{
	uint64_t *last = &numbering->now.last[file];
	uint64_t step = number - *last;
	if (numbering->bytes.truncated || numbering->marks.truncated)
		return;
	if (numbering->packets % NUMBERING_BLOCK == 0) {
		numbering->now.at = numbering->bytes.len;
		buffer_append(&numbering->marks, slice_of(&numbering->now, numbering_mark_size(numbering)));
	}
	bool is_far = step < 1 || step >= NUMBERING_FAR;
	buffer_append_byte(&numbering->bytes, (uint8_t)(file * NUMBERING_STEPS + (is_far ? NUMBERING_FAR : step) - 1));
	if (is_far)
		buffer_append(&numbering->bytes, slice_of(&number, sizeof number));
	*last = number;
	numbering->packets += !numbering->bytes.truncated && !numbering->marks.truncated;
}

bool numbering_find(const struct numbering *numbering, uint64_t number, struct numbered *found)
{
	struct numbering_mark mark = {0};
	size_t file = 0;
	if (!number || number > numbering->packets)
		return false;
	uint64_t before = (number - 1) / NUMBERING_BLOCK;
	size_t size = numbering_mark_size(numbering);
	memcpy(&mark, numbering->marks.at + before * size, size);
	for (uint64_t left = number - before * NUMBERING_BLOCK; left; left--) {
		uint8_t byte = numbering->bytes.at[mark.at++];
		size_t step = byte % NUMBERING_STEPS + 1;
		file = byte / NUMBERING_STEPS;
		mark.last[file] += step;
		if (step == NUMBERING_FAR) {
			memcpy(&mark.last[file], numbering->bytes.at + mark.at, sizeof *mark.last);
			mark.at += sizeof *mark.last;
		}
	}
	*found = (struct numbered){numbering->files[file], numbering->names[file], mark.last[file]};
	return true;
}
