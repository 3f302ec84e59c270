/* The table of options, and how the command line is read by it. */
#include "cmd/options.h"

#include "base/buffer.h"
#include "cmd/formats.h"
#include "engine/event.h"
#include "query/token.h"
#include "view/paper.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Applies an option's argument (NULL when it has none). False: *why says what is wrong. */
typedef bool option_apply(struct options *options, const char *argument, const char **why);

/* The words that an argument may be, or a list of them with commas: the one at `index`; NULL behind the last. */
typedef const char *option_word(size_t index);

/* Most options set a flag or keep their argument: the place in struct options is all that is to be told of them. */
struct option_entry {
	const char *name;
	char letter; /* 0: only the long name */
	const char *argument;
	enum command_bit commands;
	option_apply *apply; /* NULL: a flag when there is no argument, else its text, at `place` */
	size_t place;        /* in struct options */
	option_word *word;   /* NULL: any argument */
	const char *help;
};

#define PLACE(field) NULL, offsetof(struct options, field), NULL
#define APPLY(function) function, 0, NULL
#define PLACE_WORD(field, word) NULL, offsetof(struct options, field), word
#define APPLY_WORD(function, word) function, 0, word

static bool options_apply_read(struct options *options, const char *argument, const char **why)
{
	if (options->read_count == OPTIONS_READS) {
		*why = "too many files";
		return false;
	}
	options->reads[options->read_count++] = argument;
	return true;
}

static bool options_apply_interface(struct options *options, const char *argument, const char **why)
{
	if (options->interface_count == OPTIONS_INTERFACES) {
		*why = "too many interfaces; -i any is all of them";
		return false;
	}
	options->interfaces[options->interface_count++] = argument;
	return true;
}

/* ---- probes */

static bool options_read_small(const char *argument, unsigned long most, unsigned long *number)
{
	char *end;
	errno = 0;
	*number = strtoul(argument, &end, 10);
	return isdigit((unsigned char)*argument) && !*end && !errno && *number && *number <= most;
}

static void options_describe_probe(struct options *options, const char *kind, const char *what)
{
	if (!options->probe_words[0])
		snprintf(options->probe_words, sizeof options->probe_words, "%s %s", kind, what);
}

static bool options_add_process(struct options *options, const char *argument, const char **why)
{
	unsigned long number;
	struct probe_choice *choice = &options->probe;
	*why = choice->process_count == PROBE_PROCESSES ? "too many processes; --process or --cgroup chooses them all"
	                                                : "the number of a process";
	if (choice->process_count == PROBE_PROCESSES || !options_read_small(argument, INT_MAX, &number))
		return false;
	choice->processes[choice->process_count++] = (uint32_t)number;
	options_describe_probe(options, "process", argument);
	return true;
}

/* One, or several with commas. */
static bool options_apply_process(struct options *options, const char *argument, const char **why)
{
	char word[16];
	for (const char *at = argument;; at++) {
		size_t len = strcspn(at, ",");
		snprintf(word, sizeof word, "%.*s", (int)(len < 15 ? len : 15), at);
		if (!options_add_process(options, word, why))
			return false;
		at += len;
		if (!*at)
			return true;
	}
}

static bool options_apply_process_name(struct options *options, const char *argument, const char **why)
{
	*why = *argument ? "too many names" : "a process's name";
	if (!*argument || options->probe.name_count == PROBE_CHOSEN_NAMES)
		return false;
	options->probe.names[options->probe.name_count++] = argument;
	options_describe_probe(options, "process", argument);
	return true;
}

static bool options_apply_cgroup(struct options *options, const char *argument, const char **why)
{
	*why = "one cgroup at a time";
	if (options->probe.cgroup)
		return false;
	options->probe.cgroup = argument;
	options_describe_probe(options, "cgroup", argument);
	return true;
}

static bool options_apply_port(struct options *options, const char *argument, const char **why)
{
	unsigned long number;
	*why = options->probe.port_count == PROBE_CHOSEN_PORTS ? "too many ports" : "a port, 1 to 65535";
	if (options->probe.port_count == PROBE_CHOSEN_PORTS || !options_read_small(argument, UINT16_MAX, &number))
		return false;
	options->probe.ports[options->probe.port_count++] = (uint16_t)number;
	options_describe_probe(options, "port", argument);
	return true;
}

static bool options_read_time(const char *argument, int64_t *time, const char **why)
{
	struct token token = token_read(slice_of_text(argument), 0);
	*why = "a length of time: 500ms, 20s, 2min";
	bool good = (token.kind == TOKEN_DURATION || token.kind == TOKEN_NUMBER) && token.end == strlen(argument) &&
	            token.number > 0 && token.number < 1e17;
	if (good) /* a bare number is seconds, as tcpdump has it */
		*time = (int64_t)(token.kind == TOKEN_NUMBER ? token.number * 1e9 : token.number);
	return good;
}

static bool options_apply_duration(struct options *options, const char *argument, const char **why)
{
	return options_read_time(argument, &options->duration, why);
}

static bool options_apply_rotate_time(struct options *options, const char *argument, const char **why)
{
	return options_read_time(argument, &options->rotate_time, why);
}

static bool options_read_count(const char *argument, double least, uint64_t *count)
{
	struct token token = token_read(slice_of_text(argument), 0);
	if (token.kind != TOKEN_NUMBER || token.end != strlen(argument) || token.number < least || token.number > 1e15)
		return false;
	*count = (uint64_t)token.number;
	return true;
}

static bool options_apply_rotate_size(struct options *options, const char *argument, const char **why)
{
	*why = "bytes, at least 64KiB";
	return options_read_count(argument, 65536, &options->rotate_size);
}

static bool options_apply_ring(struct options *options, const char *argument, const char **why)
{
	*why = "how many files stay, at least 1";
	return options_read_count(argument, 1, &options->ring);
}

/* A whole number of bytes with a unit or without. */
static bool options_read_bytes(const char *argument, double least, int *bytes)
{
	struct token token = token_read(slice_of_text(argument), 0);
	if (token.kind != TOKEN_NUMBER || token.end != strlen(argument) || token.number < least ||
	    token.number > INT_MAX)
		return false;
	*bytes = (int)token.number;
	return true;
}

static bool options_apply_snap(struct options *options, const char *argument, const char **why)
{
	*why = "bytes of each packet; 0 is all";
	if (!options_read_bytes(argument, 0, &options->live.snap_length))
		return false;
	if (!options->live.snap_length)
		options->live.snap_length = LIVE_SNAP_LENGTH;
	return true;
}

static bool options_apply_buffer(struct options *options, const char *argument, const char **why)
{
	*why = "bytes, at least 64KiB";
	return options_read_bytes(argument, 65536, &options->live.buffer);
}

static bool options_apply_at(struct options *options, const char *argument, const char **why)
{
	(void)why;
	options->at = argument;
	return options->state = true;
}

static bool options_apply_secret(struct options *options, const char *argument, const char **why)
{
	if (options->mask.name_count == MASK_NAMES) {
		*why = "too many names";
		return false;
	}
	options->mask.names[options->mask.name_count++] = argument;
	return true;
}

/* ---- check */

static bool options_add_expectation(struct options *options, const char *argument, bool is_file, const char **why)
{
	if (options->expectation_count == OPTIONS_EXPECTATIONS) {
		*why = "too many; write them into a file";
		return false;
	}
	options->expectations[options->expectation_count++] = (struct option_expectation){argument, is_file};
	return true;
}

static bool options_apply_expression(struct options *options, const char *argument, const char **why)
{
	return options_add_expectation(options, argument, false, why);
}

static bool options_apply_expect(struct options *options, const char *argument, const char **why)
{
	return options_add_expectation(options, argument, true, why);
}

static const char *options_severity_word(size_t index)
{
	return index <= SEVERITY_ERROR ? severity_name((enum severity)index) : NULL;
}

static bool options_apply_fail_on(struct options *options, const char *argument, const char **why)
{
	for (enum severity severity = SEVERITY_INFO; severity <= SEVERITY_ERROR; severity++)
		if (strcmp(argument, severity_name(severity)) == 0) {
			options->fail_on = severity;
			return true;
		}
	*why = "error, warning or info";
	return false;
}

static const char *options_confidence_word(size_t index)
{
	return index <= CONFIDENCE_PROVEN ? confidence_name((enum confidence)index) : NULL;
}

static bool options_apply_min_confidence(struct options *options, const char *argument, const char **why)
{
	for (enum confidence confidence = CONFIDENCE_POSSIBLE; confidence <= CONFIDENCE_PROVEN; confidence++)
		if (strcmp(argument, confidence_name(confidence)) == 0) {
			options->min_confidence = confidence;
			return true;
		}
	*why = "possible, likely or proven";
	return false;
}

static const struct {
	const char *name;
	enum layer layer;
} option_layers[] = {
    {"http", LAYER_HTTP},
    {"engineio", LAYER_ENGINEIO},
    {"socketio", LAYER_SOCKETIO},
    {"tcp", LAYER_TCP},
};

static const char *options_layer_word(size_t index)
{
	return index < sizeof option_layers / sizeof *option_layers ? option_layers[index].name : NULL;
}

static unsigned options_layer_named(struct slice name)
{
	for (size_t i = 0; i < sizeof option_layers / sizeof *option_layers; i++)
		if (slice_equals_text(name, option_layers[i].name))
			return option_layers[i].layer;
	return 0;
}

static bool options_apply_layer(struct options *options, const char *argument, const char **why)
{
	struct slice rest = slice_of_text(argument);
	while (rest.len) {
		struct slice name = slice_take(rest, slice_find_byte(rest, ','));
		unsigned layer = options_layer_named(name);
		if (!layer) {
			*why = "the layers are http, engineio, socketio and tcp, with commas between them";
			return false;
		}
		options->layers |= layer;
		rest = slice_drop(rest, name.len + 1);
	}
	return true;
}

static const struct option_entry option_entries[] = {
    {"read", 'r', "FILE", FOR_CAPTURES | FOR_BUNDLE, APPLY(options_apply_read),
        "a capture: pcap or pcapng, plain, gzip or zstd; - is stdin; several are merged by time"},
    {"interface", 'i', "IFACE", FOR_CAPTURES, APPLY(options_apply_interface),
        "capture live there (any: everywhere); repeatable"},
    {"pid", 'p', "PID", FOR_CAPTURES, APPLY(options_apply_process),
        "watch what this process and its children read and write, inside TLS too (eBPF); repeatable"},
    {"process", 0, "NAME", FOR_CAPTURES, APPLY(options_apply_process_name),
        "the same for all that are called so (later ones: by their command): uvicorn, node; repeatable"},
    {"cgroup", 0, "PATH", FOR_CAPTURES, APPLY(options_apply_cgroup),
        "the same for a cgroup: system.slice/app.service, a container's"},
    {"port", 0, "PORT", FOR_CAPTURES, APPLY(options_apply_port),
        "only connections of this port, by eBPF; alone: of every process; repeatable"},
    {"log-pattern", 0, "REGEX", FOR_CAPTURES, PLACE(probe.log_pattern),
        "lines that a watched process logs to show, besides those that tell of known failures"},
    {"list-interfaces", 'D', NULL, FOR_ALL, PLACE(list_interfaces), "list the interfaces and end"},
    {"duration", 0, "TIME", FOR_CAPTURES, APPLY(options_apply_duration), "end the capture after so long: 20s, 2min"},
    {"write", 'w', "FILE", FOR_CAPTURES, PLACE(write), "with -i or -p: keep the packets in this pcapng file as well"},
    {"rotate-size", 'C', "BYTES", FOR_CAPTURES, APPLY(options_apply_rotate_size),
        "with -w: a new file after so many (100MB): FILE-00001.pcapng, ..."},
    {"rotate-time", 'G', "TIME", FOR_CAPTURES, APPLY(options_apply_rotate_time),
        "with -w: a new file after so long (10min)"},
    {"ring", 'W', "COUNT", FOR_CAPTURES, APPLY(options_apply_ring), "with -C or -G: only the newest files stay"},
    {"relinquish-privileges", 'Z', "USER", FOR_CAPTURES, PLACE(user),
        "with -i: become this user once the interface is open"},
    {"snapshot-length", 's', "BYTES", FOR_CAPTURES, APPLY(options_apply_snap), "of each packet (default all)"},
    {"buffer-size", 'B', "BYTES", FOR_CAPTURES, APPLY(options_apply_buffer),
        "that the kernel holds until they are read (default 16MiB)"},
    {"promiscuous", 0, NULL, FOR_CAPTURES, PLACE(live.promiscuous), "see other hosts' packets too"},
    {"numeric", 'n', NULL, FOR_CAPTURES, PLACE(numeric), "no names for addresses: always so"},
    {"frontend", 0, "PATH", FOR_REPORT | FOR_CHECK, PLACE(frontend),
        "the exported Reflex frontend: a .web folder, a folder of built scripts, or context.js"},
    {"server-log", 0, "FILE", FOR_CAPTURES, PLACE(server_log),
        "the server's log, whose lines are put among the packets by their time"},
    {"server", 0, "URL", FOR_BUNDLE, PLACE(server),
        "a running server: try a real handshake as the bundle's pages would (http://host:port)"},
    {"state", 0, NULL, FOR_REPORT, PLACE(state),
        "instead: the state of each Reflex page, as sent and as shown, at the end"},
    {"at", 0, "TIME", FOR_REPORT, APPLY(options_apply_at),
        "with --state: at this time (2026-11-23T11:42:39Z), or +SECONDS after the first event"},
    {"json", 'j', NULL, FOR_REPORT | FOR_BUNDLE, PLACE(json), "the result as one JSON object"},
    {"layer", 0, "LIST", FOR_DUMP, APPLY_WORD(options_apply_layer, options_layer_word),
        "what to write: http, engineio, socketio, tcp, with commas between them"},
    {"where", 0, "EXPR", FOR_DUMP, PLACE(where),
        "only events that are so, of every layer: 'name == \"join\" and latency > 1s' (see the man page)"},
    {"expect", 0, "FILE", FOR_CHECK, APPLY(options_apply_expect),
        "expectations to be held, a sentence a line; repeatable"},
    {"expression", 'e', "EXPR", FOR_CHECK, APPLY(options_apply_expression),
        "an expectation: 'none(findings where severity == error)'; repeatable"},
    {"fail-on", 0, "SEVERITY", FOR_CHECK, APPLY_WORD(options_apply_fail_on, options_severity_word),
        "without expectations: findings of this severity or worse break (error, warning, info; default error)"},
    {"min-confidence", 0, "WORD", FOR_CHECK, APPLY_WORD(options_apply_min_confidence, options_confidence_word),
        "and of this confidence at least (possible, likely, proven; default possible)"},
    {"baseline", 0, "FILE", FOR_CHECK, PLACE(baseline), "findings that are known, and do not count"},
    {"write-baseline", 0, "FILE", FOR_CHECK, PLACE(write_baseline), "write the findings there are as known"},
    {"format", 0, "LIST", FOR_CHECK, PLACE_WORD(format, formats_word),
        "text, junit=FILE, sarif=FILE, tap=FILE, json=FILE, github; with commas (- is stdout)"},
    {"allow-incomplete", 0, NULL, FOR_CHECK, PLACE(allow_incomplete),
        "let expectations hold although part of the traffic was not captured"},
    {"show-secrets", 0, NULL, FOR_CAPTURES | FOR_BUNDLE, PLACE(mask.shows), "write cookies and tokens as they are"},
    {"secret", 0, "NAME", FOR_CAPTURES | FOR_BUNDLE, APPLY(options_apply_secret),
        "mask values of this key too; repeatable"},
    {"no-color", 0, NULL, FOR_ALL, PLACE(no_color), "no colours, even on a terminal (NO_COLOR does the same)"},
    {"help", 'h', NULL, FOR_ALL, PLACE(help), "this text"},
    {"version", 'V', NULL, FOR_ALL, PLACE(version), "the version"},
};

enum {
	OPTION_ENTRIES = sizeof option_entries / sizeof *option_entries,
	OPTION_FIRST_LIMIT = 256,
	OPTION_FIRST_ENTRY = 512
};

/* ---- reading */

static bool options_fail(const char *name, const char *argument, const char *why)
{
	fprintf(stderr, "sioscope: --%s%s%s: %s\n", name, argument ? " " : "", argument ? argument : "", why);
	return false;
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

static bool options_apply(struct options *options, enum command_bit command, int code, const char *argument)
{
	const char *why = "not an option of this command";
	if (code < OPTION_FIRST_ENTRY) {
		enum limit limit = (enum limit)(code - OPTION_FIRST_LIMIT);
		char name[32];
		snprintf(name, sizeof name, "max-%s", limits_table[limit].name);
		return limits_set(&options->limits, limit, argument, &why) || options_fail(name, argument, why);
	}
	const struct option_entry *entry = &option_entries[code - OPTION_FIRST_ENTRY];
	bool good = (entry->commands & command) &&
	            (entry->apply ? entry->apply(options, argument, &why) : options_put(options, entry, argument));
	return good || options_fail(entry->name, argument, why);
}

/* getopt's own tables, made from ours. `names` must outlive them. */
static void options_fill_getopt(struct option *longs, char *shorts, char names[][32], bool filters)
{
	if (filters)
		*shorts++ = '+'; /* stop at the first word that is no option: the filter begins there */
	*shorts++ = ':';
	for (int i = 0; i < OPTION_ENTRIES; i++) {
		const struct option_entry *entry = &option_entries[i];
		*longs++ = (struct option){
		    entry->name, entry->argument ? required_argument : no_argument, NULL, OPTION_FIRST_ENTRY + i};
		if (entry->letter)
			*shorts++ = entry->letter;
		if (entry->letter && entry->argument)
			*shorts++ = ':';
	}
	for (int limit = 0; limit < LIMIT_COUNT; limit++) {
		snprintf(names[limit], 32, "max-%s", limits_table[limit].name);
		*longs++ = (struct option){names[limit], required_argument, NULL, OPTION_FIRST_LIMIT + limit};
	}
	*longs = (struct option){0};
	*shorts = '\0';
}

static int options_code_of_letter(int letter)
{
	for (int i = 0; i < OPTION_ENTRIES; i++)
		if (option_entries[i].letter == letter)
			return OPTION_FIRST_ENTRY + i;
	return letter;
}

static const char *options_complaint(int code, bool is_known)
{
	if (code == ':')
		return "an argument is wanted";
	return is_known ? "takes no argument" : "no such option";
}

/* getopt tells a letter, but of a long option only that it is one of ours. */
static bool options_complain(int code, char **argv)
{
	char letter[] = {'-', (char)optopt, '\0'};
	bool is_letter = optopt >= ' ' && optopt < OPTION_FIRST_LIMIT;
	fprintf(stderr, "sioscope: %s: %s (sioscope --help lists the options)\n", is_letter ? letter : argv[optind - 1],
	    options_complaint(code, optopt && !is_letter));
	return false;
}

/* What stands after "--" is a command to be run while capturing. Returns the count of words before it. */
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
	return options->filter != NULL;
}

/* `-p $(pidof node)` gives several words. */
static bool options_take_processes(struct options *options, int argc, char **argv)
{
	const char *why;
	while (optind < argc && argv[optind][0] && strspn(argv[optind], "0123456789") == strlen(argv[optind])) {
		if (!options_add_process(options, argv[optind], &why))
			return options_fail("pid", argv[optind], why);
		optind++;
	}
	return true;
}

bool options_read(struct options *options, enum command_bit command, int argc, char **argv)
{
	struct option longs[OPTION_ENTRIES + LIMIT_COUNT + 1];
	char shorts[3 + 2 * OPTION_ENTRIES], names[LIMIT_COUNT][32];
	*options = (struct options){.limits = limits_default(),
	    .fail_on = SEVERITY_ERROR,
	    .live = {.snap_length = LIVE_SNAP_LENGTH, .buffer = LIVE_BUFFER}};
	mask_init(&options->mask);
	options->mask.memory = &options->mask_memory;
	options_fill_getopt(longs, shorts, names, command & FOR_CAPTURES);
	opterr = 0;
	optind = 1;
	for (int code; (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		if (code == '?' || code == ':')
			return options_complain(code, argv);
		if (!options_apply(options, command, options_code_of_letter(code), optarg) ||
		    (options_code_of_letter(code) == options_code_of_letter('p') &&
		        !options_take_processes(options, argc, argv)))
			return false;
	}
	if (command == FOR_CHECK)
		argc = options_take_command(options, argc, argv);
	return options_join_filter(options, argc, argv);
}

void options_free(struct options *options)
{
	free(options->filter);
	options->filter = NULL;
}

/* ---- printing */

enum { OPTIONS_LABEL = 24 };

static void options_print_one(
    const struct paper *paper, char letter, const char *name, const char *argument, const char *help)
{
	char label[96], both[64];
	snprintf(both, sizeof both, letter ? "-%c, --%s%s%s" : "%.0d    --%s%s%s", letter, name, argument ? " " : "",
	    argument ? argument : "");
	snprintf(label, sizeof label, "%-*s ", OPTIONS_LABEL - 1, both);
	paper_label(paper, INK_PLAIN, 2, label, "%s", help);
}

void options_print(enum command_bit command)
{
	const struct paper paper = {.out = stdout};
	for (int i = 0; i < OPTION_ENTRIES; i++)
		if (option_entries[i].commands & command)
			options_print_one(&paper, option_entries[i].letter, option_entries[i].name,
			    option_entries[i].argument, option_entries[i].help);
	for (int limit = 0; limit < LIMIT_COUNT; limit++) {
		const struct limit_entry *entry = &limits_table[limit];
		char help[128], name[32];
		snprintf(name, sizeof name, "max-%s", entry->name);
		snprintf(help, sizeof help, "limit: %s (default %zu%s%s)", entry->meaning, entry->initial,
		    *entry->unit ? " " : "", entry->unit);
		options_print_one(&paper, 0, name, "N", help);
	}
}

/* ---- listing */

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

void options_list(const char *name, enum command_bit command)
{
	for (int i = 0; i < OPTION_ENTRIES; i++)
		if (option_entries[i].commands & command)
			options_list_one(name, &option_entries[i]);
	for (int limit = 0; limit < LIMIT_COUNT; limit++)
		printf("option\t%s\t--max-%s\t-\tN\t-\tlimit: %s\n", name, limits_table[limit].name,
		    limits_table[limit].meaning);
}
