/* One mapping of the whole limit, of which as much is backed as has been asked for. */
#include "base/area.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { AREA_STEP = 1 << 20 };

static int area_make_file(void)
{
	const char *folder = getenv("TMPDIR");
	char path[512];
	snprintf(path, sizeof path, "%s/sioscope-XXXXXX", folder && *folder ? folder : "/tmp");
	int file = mkostemp(path, O_CLOEXEC);
	if (file >= 0)
		unlink(path);
	return file;
}

bool area_open(struct area *area, size_t limit)
{
	*area = (struct area){.limit = limit, .file = area_make_file()};
	if (area->file < 0)
		return false;
	void *at = mmap(NULL, limit, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, area->file, 0);
	if (at == MAP_FAILED) {
		close(area->file);
		return false;
	}
	area->at = at;
	return true;
}

void area_free(struct area *area)
{
	if (!area->at)
		return;
	munmap(area->at, area->limit);
	close(area->file);
	area->at = NULL;
}

static bool area_reserve(struct area *area, size_t end)
{
	if (end <= area->reserved)
		return true;
	size_t wanted = (end + AREA_STEP - 1) / AREA_STEP * AREA_STEP;
	if (wanted > area->limit)
		wanted = area->limit;
	if (posix_fallocate(area->file, (off_t)area->reserved, (off_t)(wanted - area->reserved)) != 0)
		return false;
	area->reserved = wanted;
	return true;
}

void *area_alloc(struct area *area, size_t size)
{
	size_t begin = (area->len + 7) & ~(size_t)7;
	if (!area->at || begin > area->limit || size > area->limit - begin || !area_reserve(area, begin + size)) {
		area->refused++;
		return NULL;
	}
	area->len = begin + size;
	return area->at + begin;
}

struct slice area_copy(struct area *area, struct slice bytes)
{
	void *copy = bytes.len ? area_alloc(area, bytes.len) : area->at;
	if (bytes.len && copy)
		memcpy(copy, bytes.at, bytes.len);
	return slice_of(copy, copy ? bytes.len : 0);
}
