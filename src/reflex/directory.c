/* Folders by fts(3), which keeps no recursion and follows no link. */
#include "reflex/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct directory_walk {
	FTS *tree;
	FTSENT *latest;
	size_t root_len;
	uint64_t left;
	bool cut, lacked_memory;
};

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

struct directory_walk *directory_open(const char *path, uint64_t limit)
{
	struct directory_walk *walk = directory_is_directory(path) ? calloc(1, sizeof *walk) : NULL;
	if (!walk)
		return NULL;
	char *const roots[] = {(char *)path, NULL};
	walk->tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	walk->left = limit;
	walk->root_len = strlen(path);
	if (walk->tree)
		return walk;
	free(walk);
	return NULL;
}

void directory_close(struct directory_walk *walk)
{
	if (!walk)
		return;
	fts_close(walk->tree);
	free(walk);
}

static enum directory_kind kind_of(const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_F:
		return DIRECTORY_FILE;
	case FTS_SL:
	case FTS_SLNONE:
		return DIRECTORY_LINK;
	case FTS_D:
		return DIRECTORY_DIRECTORY;
	case FTS_DNR:
	case FTS_NS:
	case FTS_ERR:
		return DIRECTORY_UNREADABLE;
	default:
		return DIRECTORY_OTHER;
	}
}

static void describe(const struct directory_walk *walk, struct directory_entry *entry)
{
	const FTSENT *found = walk->latest;
	*entry = (struct directory_entry){.kind = kind_of(found), .path = found->fts_path};
	entry->below = found->fts_path + walk->root_len;
	while (*entry->below == '/')
		entry->below++;
	if (entry->kind == DIRECTORY_FILE)
		entry->size = (uint64_t)found->fts_statp->st_size;
}

/* The root itself and the way back up are not entries. */
static bool is_entry(const FTSENT *found)
{
	return found->fts_level > FTS_ROOTLEVEL && found->fts_info != FTS_DP && found->fts_info != FTS_DC;
}

/* A directory that could not be opened for want of memory is told as one that cannot be read. */
static void note_memory(struct directory_walk *walk)
{
	const FTSENT *found = walk->latest;
	int error = found ? kind_of(found) == DIRECTORY_UNREADABLE ? found->fts_errno : 0 : errno; /* 0 at the end */
	walk->lacked_memory |= error == ENOMEM;
}

bool directory_next(struct directory_walk *walk, struct directory_entry *entry)
{
	do {
		walk->latest = fts_read(walk->tree);
		note_memory(walk);
	} while (walk->latest && !is_entry(walk->latest));
	if (!walk->latest)
		return false;
	walk->cut = walk->left == 0;
	if (walk->cut)
		return false;
	walk->left--;
	describe(walk, entry);
	return true;
}

void directory_skip(struct directory_walk *walk)
{
	if (walk->latest)
		fts_set(walk->tree, walk->latest, FTS_SKIP);
}

bool directory_was_cut(const struct directory_walk *walk)
{
	return walk->cut;
}

bool directory_lacked_memory(const struct directory_walk *walk)
{
	return walk->lacked_memory;
}

char *directory_join(const char *directory, const char *below)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", directory, below) < 0 ? NULL : path;
}

bool directory_is_directory(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool directory_is_file(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

enum { CHUNK = 64 * 1024 };

static bool read_all(int file, struct buffer *out)
{
	for (;;) {
		if (!buffer_reserve(out, CHUNK) && !buffer_reserve(out, 1))
			return false;
		size_t room = out->room - out->len;
		ssize_t got = read(file, out->at + out->len, room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		out->len += (size_t)got;
	}
}

/* Opened without waiting: a pipe of that name must not hold us. */
bool directory_read_file(const char *path, struct buffer *out)
{
	struct stat status;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return false;
	bool whole = fstat(file, &status) == 0 && S_ISREG(status.st_mode) && read_all(file, out);
	close(file);
	return whole;
}
