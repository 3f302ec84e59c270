/* One mapping of the whole limit, of which as much is backed as has been asked for. */
#include "base/spill.h"

#include "platform/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { AREA_STEP = 1 << 20 };

static int spill_make_file(void)
{
	const char *folder = getenv("TMPDIR");
	char path[512];
	snprintf(path, sizeof path, "%s/sioscope-XXXXXX", folder && *folder ? folder : "/tmp");
	int file = mkostemp(path, O_CLOEXEC);
	if (file >= 0)
		unlink(path);
	return file;
}

bool spill_open(struct spill *spill, size_t limit)
{
	*spill = (struct spill){.limit = limit, .file = spill_make_file()};
	if (spill->file < 0)
		return false;
	void *at = mmap(NULL, limit, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, spill->file, 0);
	if (at == MAP_FAILED) {
		close(spill->file);
		return false;
	}
	spill->at = at;
	return true;
}

void spill_free(struct spill *spill)
{
	if (!spill->at)
		return;
	munmap(spill->at, spill->limit);
	close(spill->file);
	spill->at = NULL;
}

static bool spill_reserve(struct spill *spill, size_t end)
{
	if (end <= spill->reserved)
		return true;
	size_t wanted = (end + AREA_STEP - 1) / AREA_STEP * AREA_STEP;
	if (wanted > spill->limit)
		wanted = spill->limit;
	if (!platform_reserve_file(spill->file, (off_t)spill->reserved, (off_t)wanted))
		return false;
	spill->reserved = wanted;
	return true;
}

void *spill_alloc(struct spill *spill, size_t size)
{
	size_t begin = (spill->len + 7) & ~(size_t)7;
	if (!spill->at || begin > spill->limit || size > spill->limit - begin || !spill_reserve(spill, begin + size)) {
		spill->refused++;
		return NULL;
	}
	spill->len = begin + size;
	return spill->at + begin;
}

struct slice spill_copy(struct spill *spill, struct slice bytes)
{
	void *copy = bytes.len ? spill_alloc(spill, bytes.len) : spill->at;
	if (bytes.len && copy)
		memcpy(copy, bytes.at, bytes.len);
	return slice_of(copy, copy ? bytes.len : 0);
}
