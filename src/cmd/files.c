/* Files that are written as NAME.part beside their place, and then renamed. */
#include "cmd/files.h"

#include "cmd/output.h"
#include "cmd/save.h"
#include "cmd/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- inputs */

static bool inputs_is(const struct stat *written, const char *read)
{
	struct stat status;
	return read && stat(read, &status) == 0 && S_ISREG(status.st_mode) && status.st_dev == written->st_dev &&
	       status.st_ino == written->st_ino;
}

bool inputs_hold(const struct options *options, const char *path)
{
	struct stat written;
	if (stat(path, &written) != 0)
		return false;
	bool holds = inputs_is(&written, options->server_log);
	for (size_t i = 0; i < options->read_count; i++)
		holds |= inputs_is(&written, options->reads[i]);
	for (size_t i = 0; i < options->expectation_count; i++)
		holds |= options->expectations[i].is_file && inputs_is(&written, options->expectations[i].text);
	return holds;
}

/* ---- places */

struct file_place {
	char path[PATH_MAX];
	char part[PATH_MAX]; /* "": it is written as it is */
};

/* The home of `~` or `~user`, of which `len` bytes are the user's name; NULL: there is none. */
static const char *place_home(const char *user, size_t len)
{
	char name[64];
	const char *home = len ? NULL : getenv("HOME");
	if (home && *home)
		return home;
	snprintf(name, sizeof name, "%.*s", (int)len, user);
	const struct passwd *entry = len ? getpwnam(name) : getpwuid(getuid());
	return entry ? entry->pw_dir : NULL;
}

static bool place_expand(const char *place, char path[PATH_MAX])
{
	size_t len = *place == '~' ? strcspn(place, "/") : 0;
	const char *home = len ? place_home(place + 1, len - 1) : "";
	if (home && snprintf(path, PATH_MAX, "%s%s", home, place + len) < PATH_MAX)
		return true;
	errno = home ? ENAMETOOLONG : ENOENT;
	return false;
}

/* The part's name is the process's own: two that write the same place do not write into one. */
static bool place_find(struct file_place *place, const char *words, enum file_kind kind)
{
	struct stat status;
	bool expands = kind != FILE_RESULT;
	if (expands ? !place_expand(words, place->path)
	            : snprintf(place->path, PATH_MAX, "%s", words) >= PATH_MAX - 16) {
		errno = expands ? errno : ENAMETOOLONG;
		return false;
	}
	bool exists = stat(place->path, &status) == 0;
	place->part[0] = '\0';
	if (strncmp(place->path, "/dev/", 5) == 0)
		return true;
	if (exists && S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return false;
	}
	if (exists && !S_ISREG(status.st_mode))
		return true;
	if (snprintf(place->part, PATH_MAX, "%s.%ld.part", place->path, (long)getpid()) < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

bool file_is_allowed(const struct options *options, const char *place, enum file_kind kind)
{
	if (kind != FILE_RESULT)
		return options->interface && save_knows_form(place);
	return (options->write_baseline && strcmp(place, options->write_baseline) == 0) ||
	       formats_name_file(options->format, place);
}

static bool file_may_be_there(const struct options *options, const struct file_place *place, enum file_kind kind)
{
	struct stat status;
	if (kind != FILE_RESULT && inputs_hold(options, place->path)) {
		errno = ETXTBSY;
		return false;
	}
	if (kind == FILE_SAVE && lstat(place->path, &status) == 0) {
		errno = EEXIST;
		return false;
	}
	return true;
}

/* Opening a FIFO would wait for its reader: whoever waits does so elsewhere. */
static int file_open_as_it_is(const char *path)
{
	struct stat status;
	int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);
	if (file >= 0)
		fcntl(file, F_SETFL, O_WRONLY);
	else if (errno == ENXIO && stat(path, &status) == 0)
		errno = S_ISFIFO(status.st_mode) ? EAGAIN : ENXIO;
	return file;
}

/* What somebody else has put where the part belongs is removed, never followed. */
int file_open(const struct options *options, const char *words, enum file_kind kind)
{
	struct file_place place;
	if (!place_find(&place, words, kind) || !file_may_be_there(options, &place, kind))
		return -1;
	if (!*place.part)
		return file_open_as_it_is(place.path);
	unlink(place.part);
	return open(
	    place.part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kind == FILE_RESULT ? 0666 : 0600);
}

/* link(2) fails where rename(2) would replace a file that has appeared in between; not every file system has links. */
static bool place_put(const struct file_place *place, enum file_kind kind)
{
	if (kind != FILE_SAVE)
		return rename(place->part, place->path) == 0;
	if (link(place->part, place->path) == 0)
		return unlink(place->part) == 0;
	return errno != EEXIST && rename(place->part, place->path) == 0;
}

bool file_settle(const char *words, enum file_kind kind, bool keeps)
{
	struct file_place place;
	if (!place_find(&place, words, kind))
		return false;
	if (!*place.part || (keeps && place_put(&place, kind)))
		return true;
	int why = errno;
	unlink(place.part);
	errno = why;
	return !keeps;
}

/* ---- atomic write */

bool atomic_write_open(struct atomic_write *file, const struct options *options, const char *place, enum file_kind kind)
{
	*file = (struct atomic_write){.options = options, .place = place, .kind = kind};
	int opened = supervisor_open_file(options, place, kind);
	file->out = opened < 0 ? NULL : fdopen(opened, "wb");
	if (file->out || opened < 0)
		return file->out != NULL;
	close(opened);
	supervisor_settle_file(options, place, kind, false);
	errno = ENOMEM;
	return false;
}

bool atomic_write_close(struct atomic_write *file, bool good)
{
	int why = errno;
	if (fclose(file->out) != 0 && good) {
		good = false;
		why = errno;
	}
	if (supervisor_settle_file(file->options, file->place, file->kind, good) && good)
		return true;
	if (good)
		why = errno;
	errno = why;
	return false;
}
