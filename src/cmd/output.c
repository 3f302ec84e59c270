/* Stdout and how writing to it ended; files that are written as NAME.part beside their place, and then renamed; the
 * table of check's formats. */
#include "cmd/output.h"

#include "base/text.h"
#include "cmd/save.h"
#include "cmd/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct text_writer output_writer(const struct options *options)
{
	return (struct text_writer){
	    .out = stdout, .colours = !options->no_color && text_wants_colours(stdout), .mask = &options->mask};
}

/* Asked of the pipe itself: errno is long gone when a write failed somewhere below. */
static bool output_reader_went(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP));
}

int output_end(int code)
{
	bool flushed = fflush(stdout) == 0;
	if ((flushed && !ferror(stdout)) || output_reader_went())
		return code;
	fputs("sioscope: stdout: could not be written\n", stderr);
	return EXIT_UNABLE;
}

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

/* XDG Base Directory Specification 0.8: a relative path in the variable is no path. */
bool settings_path(char path[PATH_MAX])
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = base && *base == '/' ? "" : place_home("", 0);
	int len = home ? snprintf(path, PATH_MAX, "%s%s/sioscope/config", home, *home ? "/.config" : base) : -1;
	return len > 0 && len < PATH_MAX && *path == '/';
}

bool file_is_allowed(const struct options *options, const char *place, enum file_kind kind)
{
	char settings[PATH_MAX];
	if (kind == FILE_SETTINGS)
		return options->interface && settings_path(settings) && strcmp(place, settings) == 0;
	if (kind != FILE_RESULT)
		return options->interface && save_knows_form(place);
	return (options->write_baseline && strcmp(place, options->write_baseline) == 0) ||
	       (options->html && strcmp(place, options->html) == 0) || formats_name_file(options->format, place);
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

/* The last two: what is above them is the user's own. */
static void settings_make_folders(const char *path)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof folder, "%s", path);
	char *last = strrchr(folder, '/');
	*last = '\0';
	char *parent = strrchr(folder, '/');
	if (parent && parent != folder) {
		*parent = '\0';
		mkdir(folder, 0700);
		*parent = '/';
	}
	mkdir(folder, 0700);
}

/* What somebody else has put where the part belongs is removed, never followed. */
int file_open(const struct options *options, const char *words, enum file_kind kind)
{
	struct file_place place;
	if (kind == FILE_SETTINGS)
		settings_make_folders(words);
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

/* ---- formats of `check` */

static const struct {
	const char *name;
	verdicts_write *write;
} format_table[] = {
    {"text", verdicts_write_text},
    {"junit", verdicts_write_junit},
    {"sarif", verdicts_write_sarif},
    {"tap", verdicts_write_tap},
    {"json", verdicts_write_json},
    {"html", verdicts_write_html},
    {"github", verdicts_write_annotations},
};

const char *formats_word(size_t index)
{
	return index < sizeof format_table / sizeof *format_table ? format_table[index].name : NULL;
}

static verdicts_write *format_named(struct slice name)
{
	for (size_t i = 0; i < sizeof format_table / sizeof *format_table; i++)
		if (slice_equals_text(name, format_table[i].name))
			return format_table[i].write;
	return NULL;
}

/* ---- the list */

/* Two forms in one file would be neither. */
static bool formats_write_to(const struct formats *formats, struct slice file)
{
	for (size_t i = 0; file.len && i < formats->count; i++)
		if (formats->wanted[i].file && slice_equals_text(file, formats->wanted[i].file))
			return true;
	return false;
}

static bool format_add(struct formats *formats, verdicts_write *write, struct slice file)
{
	if (formats->count == FORMATS_MOST || formats_write_to(formats, file))
		return false;
	struct format_wanted *wanted = &formats->wanted[formats->count];
	*wanted = (struct format_wanted){.write = write};
	if (file.len && !slice_equals_text(file, "-") && !(wanted->file = strndup((const char *)file.at, file.len)))
		return false;
	formats->count++;
	return true;
}

static bool format_take(struct formats *formats, struct slice word)
{
	size_t sign = slice_find_byte(word, '=');
	verdicts_write *write = format_named(slice_take(word, sign));
	if (write && format_add(formats, write, slice_drop(word, sign + 1)))
		return true;
	const char *meant = write ? NULL : suggest_nearest(slice_take(word, sign), formats_word);
	complain("--format '%.*s': text, junit=FILE, sarif=FILE, tap=FILE, json=FILE, html=FILE or github, each to a "
	         "file of its own%s%s%s",
	    (int)word.len, (const char *)word.at, meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
	return false;
}

static bool formats_annotate(struct formats *formats)
{
	const char *actions = getenv("GITHUB_ACTIONS");
	if (!actions || strcmp(actions, "true") != 0)
		return true;
	for (size_t i = 0; i < formats->count; i++)
		if (formats->wanted[i].write == verdicts_write_annotations)
			return true;
	return format_add(formats, verdicts_write_annotations, slice_of(NULL, 0));
}

bool formats_read(struct formats *formats, const char *list)
{
	struct slice rest = slice_of_text(list ? list : "text");
	*formats = (struct formats){0};
	for (;;) {
		struct slice word = slice_take(rest, slice_find_byte(rest, ','));
		if (!format_take(formats, word))
			return false;
		if (word.len == rest.len)
			return formats_annotate(formats);
		rest = slice_drop(rest, word.len + 1);
	}
}

bool formats_name_file(const char *list, const char *file)
{
	struct slice rest = slice_of_text(list ? list : "");
	while (rest.len) {
		struct slice word = slice_take(rest, slice_find_byte(rest, ','));
		struct slice named = slice_drop(word, slice_find_byte(word, '=') + 1);
		if (named.len && !slice_equals_text(named, "-") && (!file || slice_equals_text(named, file)))
			return true;
		rest = slice_drop(rest, word.len + 1);
	}
	return false;
}

void formats_free(struct formats *formats)
{
	for (size_t i = 0; i < formats->count; i++)
		free(formats->wanted[i].file);
	formats->count = 0;
}

/* ---- writing */

static bool format_write_file(
    const struct format_wanted *wanted, const struct options *options, const struct verdicts_view *view)
{
	struct atomic_write file;
	if (atomic_write_open(&file, options, wanted->file, FILE_RESULT) &&
	    atomic_write_close(&file, wanted->write(file.out, view)))
		return true;
	complain("%s: %s", wanted->file, strerror(errno));
	return false;
}

/* True: stdout refused it, and of that output_end speaks. */
static bool format_fail_stdout(void)
{
	if (ferror(stdout))
		return true;
	fputs("sioscope: no memory for a form of the verdicts\n", stderr);
	return false;
}

bool formats_write(const struct formats *formats, const struct options *options, const struct verdicts_view *view)
{
	bool good = true;
	for (size_t i = 0; i < formats->count; i++) {
		struct verdicts_view plain = *view;
		plain.colours = view->colours && !formats->wanted[i].file;
		if (formats->wanted[i].file)
			good = format_write_file(&formats->wanted[i], options, &plain) && good;
		else if (!formats->wanted[i].write(stdout, &plain))
			good = format_fail_stdout() && good;
	}
	return good;
}
