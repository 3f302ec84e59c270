/* Stdout and how writing to it ended; the table of check's formats. */
#include "cmd/output.h"

#include "base/text.h"
#include "cmd/files.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	fprintf(stderr,
	    "sioscope: --format '%.*s': text, junit=FILE, sarif=FILE, tap=FILE, json=FILE or github, each to a file of "
	    "its own%s%s%s\n",
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
	fprintf(stderr, "sioscope: %s: %s\n", wanted->file, strerror(errno));
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
