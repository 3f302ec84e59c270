/* `sioscope` on a terminal: the examination as it goes on, shown by tui/. */
#include "cmd/options.h"
#include "cmd/save.h"
#include "cmd/supervisor.h"
#include "tui/settings.h"
#include "tui/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tui {
	struct examination examination;
	struct packet_store kept; /* of what cannot be read again: a live capture, a pipe */
	const struct options *options;
	int keys;
	char settings_path[PATH_MAX];
	struct buffer settings, complaints;
	bool keeps, over;
};

static const struct findings *tui_findings(void *self)
{
	return ((struct tui *)self)->examination.findings;
}

static const struct engine_counts *tui_counts(void *self)
{
	struct tui *tui = self;
	return engine_counts(tui->examination.run.engine);
}

static const struct summary_input *tui_inputs(void *self)
{
	return &((struct tui *)self)->examination.run.input;
}

static enum ui_feed tui_finish(struct tui *tui)
{
	tui->over = true;
	examine_finish(&tui->examination);
	return UI_FEED_OVER;
}

static enum ui_feed tui_feed(void *self, int64_t nanoseconds)
{
	enum { TUI_STEP = 200 };
	struct tui *tui = self;
	int64_t end = clock_now() + nanoseconds;
	enum run_state state = RUN_GOES_ON;
	while (state == RUN_GOES_ON && clock_now() < end)
		state = run_step(&tui->examination.run, TUI_STEP);
	examine_note_limits(&tui->examination);
	if (state == RUN_OVER)
		return tui_finish(tui);
	return state == RUN_WAITS ? UI_FEED_WAITS : UI_FEED_MORE;
}

static size_t tui_files(void *self, int *files, size_t room)
{
	struct tui *tui = self;
	const struct source *source = tui->examination.run.source;
	return source ? source_list_ready(source, files, room) : 0;
}

static enum ui_saved tui_save(void *self, const struct ui_save *what, bool over, char *why, size_t why_size)
{
	struct tui *tui = self;
	const struct save_choice choice = {what->path, what->sessions, what->count, what->event, over};
	switch (save_sessions(&tui->examination, tui->keeps ? &tui->kept : NULL, &choice, why, why_size)) {
	case SAVE_DONE:
		return UI_SAVED;
	case SAVE_EXISTS:
		return UI_SAVED_BEFORE;
	case SAVE_FAILED:
		break;
	}
	return UI_NOT_SAVED;
}

static bool tui_show_text(void *self, struct slice text, bool in_editor, char *why, size_t why_size)
{
	const struct options *options = ((struct tui *)self)->options;
	int file = supervisor_open_shown(options);
	bool good = file >= 0;
	while (good && text.len) {
		ssize_t len = write(file, text.at, text.len);
		good = len > 0;
		text = slice_drop(text, good ? (size_t)len : 0);
	}
	if (file >= 0)
		close(file);
	good = good && supervisor_start_shown(options, in_editor);
	if (!good)
		snprintf(
		    why, why_size, "%s cannot be started: %s", in_editor ? "the editor" : "the pager", strerror(errno));
	return good;
}

static bool tui_shown_ends(void *self)
{
	return supervisor_look_at_shown(((struct tui *)self)->options) >= 0;
}

static bool tui_remember(void *self, struct slice settings, char *why, size_t why_size)
{
	struct tui *tui = self;
	struct atomic_write file;
	if (!*tui->settings_path) {
		snprintf(why, why_size, "there is no home directory");
		return false;
	}
	bool opened = atomic_write_open(&file, tui->options, tui->settings_path, FILE_SETTINGS);
	bool written = opened && fwrite(settings.at, 1, settings.len, file.out) == settings.len;
	bool good = opened && atomic_write_close(&file, written);
	if (!good)
		snprintf(why, why_size, "%s: %s", tui->settings_path, strerror(errno));
	return good;
}

/* Before anything is parsed: later no file can be opened. */
static void tui_read_settings(struct tui *tui)
{
	buffer_init(&tui->settings, SETTINGS_MOST, NULL);
	buffer_init(&tui->complaints, SETTINGS_MOST, NULL);
	if (!settings_path(tui->settings_path)) {
		*tui->settings_path = '\0';
		return;
	}
	FILE *file = fopen(tui->settings_path, "rbe");
	char part[4096];
	size_t len;
	if (!file) {
		if (errno != ENOENT && errno != ENOTDIR)
			buffer_append_format(&tui->complaints, "0: %s\n", strerror(errno));
		return;
	}
	while ((len = fread(part, 1, sizeof part, file)) && buffer_append(&tui->settings, slice_of(part, len)))
		;
	if (tui->settings.truncated) {
		buffer_append_format(&tui->complaints, "0: longer than %d bytes: not read\n", SETTINGS_MOST);
		buffer_clear(&tui->settings);
	}
	bool failed = ferror(file);
	if (fclose(file) != 0 || failed)
		buffer_append_text(&tui->complaints, "0: could not be read to its end\n");
}

static void tui_print_complaints(struct tui *tui)
{
	struct slice rest = buffer_slice(&tui->complaints);
	while (rest.len) {
		struct slice line = slice_take_until(&rest, '\n');
		complain("%s:%.*s", tui->settings_path, (int)line.len, (const char *)line.at);
	}
	buffer_free(&tui->complaints);
	buffer_free(&tui->settings);
}

static bool tui_reads_stdin(const struct options *options)
{
	for (size_t i = 0; i < options->read_count; i++)
		if (strcmp(options->reads[i], "-") == 0)
			return true;
	return false;
}

/* Captures often have the same name: the directory says which one it is. */
static const char *tui_file_name(const char *path)
{
	const char *name = strrchr(path, '/');
	while (name && name > path && name[-1] != '/')
		name--;
	return name ? name : path;
}

/* The nth of the sources, as the head names it. */
static const char *tui_source_name(const struct options *options, size_t nth)
{
	return probe_is_chosen(&options->probe) ? options->probe_words
	       : nth < options->read_count
	           ? (strcmp(options->reads[nth], "-") ? tui_file_name(options->reads[nth]) : "stdin")
	           : options->interfaces[nth - options->read_count];
}

/* All of them, and the first with the number of the others. */
static void tui_name_sources(const struct options *options, struct buffer *all, struct buffer *first)
{
	size_t count = probe_is_chosen(&options->probe) ? 1 : options->read_count + options->interface_count;
	for (size_t i = 0; i < count; i++)
		buffer_append_format(all, "%s%s", i ? ", " : "", tui_source_name(options, i));
	buffer_append_text(first, tui_source_name(options, 0));
	if (count > 1)
		buffer_append_format(first, " and %zu more", count - 1);
}

static bool tui_show(struct tui *tui)
{
	const struct options *options = tui->options;
	char all_text[400], first_text[400];
	struct buffer all = buffer_over(all_text, sizeof all_text), first = buffer_over(first_text, sizeof first_text);
	tui_name_sources(options, &all, &first);
	const struct ui_input input = {.name = buffer_slice(&all),
	    .short_name = buffer_slice(&first),
	    .keys = tui->keys,
	    .is_live = options_are_live(options),
	    .knows_processes = probe_is_chosen(&options->probe),
	    .no_color = options->no_color,
	    .match = options->limits.match,
	    .mask = &options->mask,
	    .plugged = &tui->examination.facts.plugged,
	    .memory = tui->examination.data.memory,
	    .record = tui->examination.record,
	    .findings = tui_findings,
	    .counts = tui_counts,
	    .inputs = tui_inputs,
	    .has_several = options->read_count + options->interface_count > 1,
	    .feed = tui_feed,
	    .files = tui_files,
	    .save = tui_save,
	    .settings = buffer_slice(&tui->settings),
	    .settings_name = *tui->settings_path ? tui->settings_path : "settings",
	    .complaints = &tui->complaints,
	    .remember = tui_remember,
	    .show = tui_show_text,
	    .shown_ends = tui_shown_ends,
	    .self = tui};
	return ui_run(&input);
}

static void tui_keep_packet(void *self, const struct packet *packet)
{
	struct tui *tui = self;
	packet_store_add(&tui->kept, packet);
}

static bool tui_begin(struct tui *tui)
{
	tui->keeps = options_are_live(tui->options) || tui_reads_stdin(tui->options);
	tui->keys = tui_reads_stdin(tui->options) ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (tui->keys < 0) {
		complain("/dev/tty: %s", strerror(errno));
		return false;
	}
	if (tui->keeps && !packet_store_open(&tui->kept, tui->options->limits.record)) {
		fputs("sioscope: no room for a temporary file (TMPDIR)\n", stderr);
		return false;
	}
	if (!examine_begin(&tui->examination, tui->options, NULL))
		return false;
	tui->examination.run.progress.wanted = false;
	tui->examination.run.packet = tui->keeps ? tui_keep_packet : NULL;
	tui->examination.run.self = tui;
	return true;
}

/* Errors of the input are printed before the screen is taken. */
static int tui_run(const struct options *options)
{
	struct tui tui = {.options = options};
	tui_read_settings(&tui);
	bool good = tui_begin(&tui), shown = good && tui_show(&tui);
	/* The terminal is restored: waiting for the collector freezes no screen now. */
	if (good && options->sender && (tui.over || examine_finish(&tui.examination)))
		run_export(&tui.examination.run);
	if (good && tui.over)
		run_report_unseen(&tui.examination.run);
	tui_print_complaints(&tui);
	examine_end(&tui.examination);
	packet_store_free(&tui.kept);
	return shown && run_kept(&tui.examination.run) ? EXIT_DONE : EXIT_UNABLE;
}

/* Where the capture is stdin, keys come from the terminal that controls this process: is there one, of which this is
 * the foreground? */
static bool tui_has_keys(const struct options *options)
{
	if (!tui_reads_stdin(options))
		return isatty(STDIN_FILENO);
	int terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC);
	bool has = terminal >= 0 && tcgetpgrp(terminal) == getpgrp();
	if (terminal >= 0)
		close(terminal);
	return has && !isatty(STDIN_FILENO);
}

bool tui_is_wanted(const struct options *options)
{
	char text[UI_WHY];
	if (!isatty(STDOUT_FILENO) || options->json || options->html || plugins[options_wanted_view(options)] ||
	    !(options->read_count || options_are_live(options)) || !tui_has_keys(options))
		return false;
	const char *why = ui_why_not(text);
	if (why)
		complain("no interface, but the report: %s", why);
	return !why;
}

const struct command command_tui = {
    .name = "",
    .bit = FOR_REPORT,
    .words = "",
    .summary = "the terminal interface",
    .run = tui_run,
};
