/*
 * The command line, read by getopt and the table of options; and what the table prints about itself, for people and for
 * the shells' completions.
 */
#include "cmd/options.h"

#include "base/memory.h"
#include "base/text.h"
#include "view/report.h"
#include "view/writers.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { OPTION_FIRST_LIMIT = 256, OPTION_FIRST_ENTRY = 512 }; /* getopt's codes, beyond all letters */

static bool options_fail(const char *name, const char *argument, const char *why, const char *meant)
{
	const char *shown = !argument ? "" : *argument ? argument : "''";
	complain("--%s%s%s: %s%s%s%s", name, argument ? " " : "", shown, why, meant ? "; did you mean " : "",
	    meant ? meant : "", meant ? "?" : "");
	return false;
}

/* The nearest word to the first wrong one of a list with commas. NULL: nothing is near. */
static const char *options_meant(option_word *word, const char *argument)
{
	struct slice rest = slice_of_text(argument ? argument : "");
	while (word && rest.len) {
		struct slice one = slice_take(rest, slice_find_byte(rest, ','));
		const char *meant = suggest_nearest(one, word);
		if (!meant || !slice_equals_text(one, meant))
			return meant;
		rest = slice_drop(rest, one.len + 1);
	}
	return NULL;
}

static bool options_put(struct options *options, const struct option_entry *entry, const char *argument)
{
	char *place = (char *)options + entry->place;
	if (entry->argument)
		*(const char **)place = argument;
	else
		*(bool *)place = true;
	return true;
}

/* A limit of time may be written with its unit; of seconds that it does not fill, the whole counts. */
static bool options_set_limit(struct options *options, enum limit limit, const char *argument, char why[QUANTITY_WHY])
{
	char seconds[QUANTITY_TEXT];
	const char *wanted = NULL;
	int64_t time;
	if (limit == LIMIT_IDLE && option_read_time(argument, &time, &wanted)) {
		int64_t rest = time % TIMESTAMP_SECOND;
		snprintf(seconds, sizeof seconds, "%" PRId64, time / TIMESTAMP_SECOND + (rest > 0));
		argument = seconds;
	}
	bool good = limits_set(&options->limits, limit, argument, why);
	if (!good && wanted)
		snprintf(why, QUANTITY_WHY, "%s", wanted);
	return good;
}

/* One name may mean different things to two commands, and getopt knows the first of them. False: none is of this one.
 */
static bool options_find_of(struct options_of of, size_t first, struct option_entry *entry)
{
	struct option_entry other;
	if (!option_nth(first, entry) || option_is_of(entry, of))
		return entry->name;
	for (size_t i = first + 1; option_nth(i, &other); i++)
		if (strcmp(other.name, entry->name) == 0 && option_is_of(&other, of)) {
			*entry = other;
			return true;
		}
	return false;
}

static bool options_apply(struct options *options, struct options_of of, int code, const char *argument)
{
	const char *why = "not an option of this command";
	if (code < OPTION_FIRST_ENTRY) {
		enum limit limit = (enum limit)(code - OPTION_FIRST_LIMIT);
		char name[OPTION_LIMIT_NAME], range[QUANTITY_WHY];
		bool taken = of.bit & FOR_LIMITS;
		return (taken && options_set_limit(options, limit, argument, range)) ||
		       options_fail(option_limit_name(limit, name), argument, taken ? range : why, NULL);
	}
	struct option_entry entry = {.name = NULL};
	if (!options_find_of(of, (size_t)(code - OPTION_FIRST_ENTRY), &entry))
		return options_fail(entry.name, argument, why, NULL);
	if (entry.argument && argument && !*argument && !entry.word) /* those with words list them */
		return options_fail(entry.name, argument, "an argument is wanted", NULL);
	bool good = entry.apply ? entry.apply(options, argument, &why) : options_put(options, &entry, argument);
	return good || options_fail(entry.name, argument, why, options_meant(entry.word, argument));
}

/* getopt's own tables, made from ours. `names` must outlive them. */
static void options_fill_getopt(struct option *longs, char *shorts, char names[][OPTION_LIMIT_NAME], bool filters)
{
	if (filters)
		*shorts++ = '+'; /* stop at the first word that is no option: the filter begins there */
	*shorts++ = ':';
	struct option_entry entry;
	for (int i = 0; option_nth((size_t)i, &entry); i++) {
		int argument = !entry.argument                  ? no_argument
		               : option_may_stand_alone(&entry) ? optional_argument
		                                                : required_argument;
		*longs++ = (struct option){entry.name, argument, NULL, OPTION_FIRST_ENTRY + i};
		if (entry.letter)
			*shorts++ = entry.letter;
		if (entry.letter && entry.argument)
			*shorts++ = ':';
	}
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
		*longs++ = (struct option){
		    option_limit_name(limit, names[limit]), required_argument, NULL, OPTION_FIRST_LIMIT + (int)limit};
	*longs = (struct option){0};
	*shorts = '\0';
}

static int options_code_of_letter(int letter)
{
	struct option_entry entry;
	for (int i = 0; option_nth((size_t)i, &entry); i++)
		if (entry.letter == letter)
			return OPTION_FIRST_ENTRY + i;
	return letter;
}

static const char *options_complaint(int code, bool is_known)
{
	if (code == ':')
		return "an argument is wanted";
	return is_known ? "takes no argument" : "no such option";
}

/* The long option of this command that the word, without its dashes and its value, is most like; "": none is. */
static void options_suggest(struct options_of of, const char *word, char meant[OPTION_LIMIT_NAME])
{
	struct slice name = slice_of(word, strcspn(word, "="));
	struct option_entry entry;
	unsigned best = SUGGEST_MEANT - 1;
	*meant = '\0';
	for (size_t i = 0; option_nth(i, &entry); i++) {
		unsigned likeness = option_is_of(&entry, of) ? suggest_likeness(name, slice_of_text(entry.name)) : 0;
		if (likeness > best) {
			best = likeness;
			snprintf(meant, OPTION_LIMIT_NAME, "%s", entry.name);
		}
	}
	for (enum limit limit = 0; (of.bit & FOR_LIMITS) && limit < LIMIT_COUNT; limit++) {
		char each[OPTION_LIMIT_NAME];
		unsigned likeness = suggest_likeness(name, slice_of_text(option_limit_name(limit, each)));
		if (likeness > best) {
			best = likeness;
			snprintf(meant, OPTION_LIMIT_NAME, "%s", each);
		}
	}
}

/* getopt gives the letter, but for a long option only whether it exists. */
static bool options_complain(struct options_of of, int code, char **argv)
{
	char letter[] = {'-', (char)optopt, '\0'}, meant[OPTION_LIMIT_NAME] = "";
	bool is_letter = optopt >= ' ' && optopt < OPTION_FIRST_LIMIT;
	const char *word = is_letter ? letter : argv[optind - 1];
	if (!optopt && strncmp(word, "--", 2) == 0)
		options_suggest(of, word + 2, meant);
	if (*meant)
		complain("%s: no such option; did you mean --%s?", word, meant);
	else
		complain(
		    "%s: %s (sioscope --help lists the options)", word, options_complaint(code, optopt && !is_letter));
	return false;
}

/* A word that is no option, where no source was named by one: the name of a capture? What follows "--" is a command. */
static bool options_names_capture(const struct options *options, size_t named, int argc, char **argv)
{
	struct stat about;
	return optind < argc && options->read_count == named && !options_are_live(options) &&
	       strcmp(argv[optind - 1], "--") != 0 &&
	       (strcmp(argv[optind], "-") == 0 || (stat(argv[optind], &about) == 0 && !S_ISDIR(about.st_mode)));
}

/* `-p $(pidof node)` gives several words. */
static bool options_take_processes(struct options *options, int argc, char **argv)
{
	const char *why;
	while (optind < argc && argv[optind][0] && strspn(argv[optind], "0123456789") == strlen(argv[optind])) {
		if (!option_add_process(options, argv[optind], &why))
			return options_fail("pid", argv[optind], why, NULL);
		optind++;
	}
	return true;
}

/* getopt takes an argument that may be left out only behind "=": here the next word is one too, when it is a URL. */
static const char *options_take_url(int code, int argc, char **argv)
{
	struct option_entry entry;
	if (optarg || code < OPTION_FIRST_ENTRY || !option_nth((size_t)(code - OPTION_FIRST_ENTRY), &entry) ||
	    !option_may_stand_alone(&entry) || optind >= argc ||
	    (!strstr(argv[optind], "://") && strncmp(argv[optind], "unix:", 5) != 0))
		return optarg;
	return argv[optind++];
}

/* Options up to the first word that is none. */
static bool options_read_some(struct options *options, struct options_of of, int argc, char **argv, const char *shorts,
    const struct option *longs)
{
	for (int letter; (letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		int code = options_code_of_letter(letter);
		if (letter == '?' || letter == ':')
			return options_complain(of, letter, argv);
		if (!options_apply(options, of, code, options_take_url(code, argc, argv)) ||
		    (code == options_code_of_letter('p') && !options_take_processes(options, argc, argv)))
			return false;
	}
	return true;
}

/* The words after "--" are a command to run while capturing. Returns the count of words before it. */
static int options_take_command(struct options *options, int argc, char **argv)
{
	if (optind > 1 && optind < argc && strcmp(argv[optind - 1], "--") == 0) {
		options->command = argv + optind;
		return optind;
	}
	for (int i = optind; i + 1 < argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			options->command = argv + i + 1;
			return i;
		}
	return argc;
}

static bool options_join_filter(struct options *options, int argc, char **argv)
{
	struct buffer words;
	if (optind == argc)
		return true;
	buffer_init(&words, BUFFER_NO_LIMIT, NULL);
	for (int i = optind; i < argc; i++) {
		buffer_append_text(&words, argv[i]);
		buffer_append_byte(&words, i + 1 < argc ? ' ' : '\0');
	}
	options->filter = words.truncated ? NULL : strdup((const char *)words.at);
	buffer_free(&words);
	if (!options->filter)
		fputs("sioscope: no memory for the words of the command line\n", stderr);
	return options->filter != NULL;
}

static void options_link_log_tables(struct options *options)
{
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->log_table) {
			options->log_tables[i] = *plugins[i]->log_table;
			options->log_tables[i].next = options->log_table;
			options->log_table = &options->log_tables[i];
		}
}

bool options_read(struct options *options, struct options_of of, int argc, char **argv)
{
	struct option longs[OPTION_MOST + LIMIT_COUNT + 1];
	char shorts[3 + 2 * OPTION_MOST], names[LIMIT_COUNT][OPTION_LIMIT_NAME];
	*options = (struct options){.limits = limits_default(),
	    .fail_on = SEVERITY_ERROR,
	    .live = {.snap_length = LIVE_SNAP_LENGTH, .buffer = LIVE_BUFFER}};
	options_link_log_tables(options);
	mask_init(&options->mask);
	mask_memory_init(&options->mask_memory);
	options->mask.memory = &options->mask_memory;
	options_fill_getopt(longs, shorts, names, of.bit & FOR_CAPTURES);
	opterr = 0;
	optind = 1;
	if (!options_read_some(options, of, argc, argv, shorts, longs))
		return false;
	/* `sioscope trouble.pcap --json`: as with -r. */
	for (size_t named = 0; (of.bit & FOR_CAPTURES) && options_names_capture(options, named, argc, argv); named++)
		if (!options_apply(options, of, options_code_of_letter('r'), argv[optind++]) ||
		    !options_read_some(options, of, argc, argv, shorts, longs))
			return false;
	if (of.bit == FOR_CHECK)
		argc = options_take_command(options, argc, argv);
	return options_join_filter(options, argc, argv);
}

void options_free(struct options *options)
{
	free(options->filter);
	options->filter = NULL;
}

static struct slice options_last_part(struct slice path)
{
	for (size_t i = path.len; i-- > 0;)
		if (path.at[i] == '/')
			return slice_drop(path, i + 1);
	return path;
}

size_t options_find_read(const struct options *options, struct slice name)
{
	size_t found = options->read_count;
	for (size_t i = 0; i < options->read_count; i++) {
		struct slice read = slice_of_text(options->reads[i]);
		if (slice_equals(read, name))
			return i;
		if (!slice_equals(options_last_part(read), name))
			continue;
		if (found < options->read_count)
			return options->read_count;
		found = i;
	}
	return found;
}

size_t options_wanted_view(const struct options *options)
{
	size_t i = 0;
	while (plugins[i] && !(plugins[i]->view && plugins[i]->view->wanted(&options->plugged[i])))
		i++;
	return i;
}

/* ---- help */

/* ---- for people */

enum { OPTIONS_LABEL = 24 };

static void options_print_one(
    const struct text_writer *writer, char letter, const char *name, const char *argument, const char *help)
{
	char label[96], both[64];
	snprintf(both, sizeof both, letter ? "-%c, --%s%s%s" : "%.0d    --%s%s%s", letter, name, argument ? " " : "",
	    argument ? argument : "");
	snprintf(label, sizeof label, "%-*s ", OPTIONS_LABEL - 1, both);
	text_label(writer, STYLE_PLAIN, 2, label, "%s", help);
}

void options_print(struct options_of of)
{
	const struct text_writer writer = {.out = stdout};
	struct option_entry entry;
	for (size_t i = 0; option_nth(i, &entry); i++)
		if (option_is_of(&entry, of))
			options_print_one(&writer, entry.letter, entry.name, entry.argument, entry.help);
	for (enum limit limit = 0; (of.bit & FOR_LIMITS) && limit < LIMIT_COUNT; limit++) {
		const struct limit_entry *about = &limits_table[limit];
		char help[128], name[OPTION_LIMIT_NAME], initial[LIMITS_TEXT];
		snprintf(help, sizeof help, "limit: %s (default %s)", about->meaning,
		    limits_format(limit, about->initial, initial));
		options_print_one(&writer, 0, option_limit_name(limit, name), option_limit_argument(limit), help);
	}
	if (of.bit & FOR_LIMITS)
		text_write(&writer, STYLE_PLAIN, 2,
		    "Bytes may be written 65536, 64K or 64KiB (1024 each), 64kB (1000 each); the same with M and G.");
}

/* ---- for programs */

static void options_list_words(option_word *word)
{
	if (!word)
		putchar('-');
	for (size_t index = 0; word && word(index); index++)
		printf("%s%s", index ? "," : "", word(index));
}

static void options_list_one(const char *command, const struct option_entry *entry)
{
	const char letter[] = {'-', entry->letter, '\0'};
	printf("option\t%s\t--%s\t%s\t%s\t", command, entry->name, letter, entry->argument ? entry->argument : "-");
	options_list_words(entry->word);
	printf("\t%s\n", entry->help);
}

void options_list(const char *name, struct options_of of)
{
	struct option_entry entry;
	for (size_t i = 0; option_nth(i, &entry); i++)
		if (option_is_of(&entry, of))
			options_list_one(name, &entry);
	for (enum limit limit = 0; (of.bit & FOR_LIMITS) && limit < LIMIT_COUNT; limit++) {
		char limit_name[OPTION_LIMIT_NAME];
		printf("option\t%s\t--%s\t-\t%s\t-\tlimit: %s\n", name, option_limit_name(limit, limit_name),
		    option_limit_argument(limit), limits_table[limit].meaning);
	}
}
