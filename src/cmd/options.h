/* The command line: one table of options, shared by all commands. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/mask.h"
#include "base/numbers.h"
#include "base/plugin.h"
#include "base/resources.h"
#include "detect/findings.h"
#include "servers/server.h"
#include "source/live.h"
#include "source/probe.h"

enum { OPTIONS_READS = 64 }; /* capture files on one command line */
enum { OPTIONS_EXPECTATIONS = 256, OPTIONS_INTERFACES = 16 };

/* An -e or an --expect, in the order of the command line. */
struct option_expectation {
	const char *text;
	bool is_file;
};

struct options {
	const char *reads[OPTIONS_READS]; /* -r */
	size_t read_count;
	const char *interfaces[OPTIONS_INTERFACES]; /* -i */
	size_t interface_count;
	struct probe_choice probe; /* -p, --process, --cgroup, --port, --log-pattern */
	char probe_words[64];      /* the choice, for people; "" when there is none */
	int64_t duration;          /* --duration, in nanoseconds; 0: until it is stopped */
	struct live_settings live;
	const char *user;       /* -Z */
	bool opens_files;       /* the command writes or reads files at its end; set by it, not by an option */
	const char *write;      /* -w */
	uint64_t rotate_size;   /* bytes; 0: never */
	int64_t rotate_time;    /* nanoseconds; 0: never */
	uint64_t ring;          /* files that stay; 0: all */
	bool list_interfaces;   /* -D */
	bool numeric;           /* -n: nothing is ever resolved; it is there for the fingers of those who type it */
	char **command;         /* the words after --; NULL: none */
	char *filter;           /* the trailing words joined; NULL when there are none; owned */
	const char *server_log; /* --server-log */
	bool servers;           /* --servers */
	bool json;
	bool no_color;
	struct mask mask; /* --show-secrets, --secret */
	struct mask_memory mask_memory;
	const char *where; /* --where */
	/* check */
	struct option_expectation expectations[OPTIONS_EXPECTATIONS];
	size_t expectation_count;
	enum severity fail_on;
	enum confidence min_confidence;
	const char *baseline, *write_baseline;
	const char *format;
	bool allow_incomplete;
	unsigned layers;        /* --layer: bits of enum layer; 0 the default set */
	char why[QUANTITY_WHY]; /* a complaint that was made up */
	bool help;
	bool version;
	struct limits limits;
	union plugin_options plugged[PLUGINS_MOST]; /* of each plug-in, in the order of `plugins` */
	struct server_log_table log_tables[PLUGINS_MOST];
	const struct server_log_table *log_table; /* the first of these, which are linked; NULL: no plug-in has one */
};

/* The command that options are read or listed for. */
struct options_of {
	enum command_bit bit;
	const struct plugin *plugin; /* of FOR_PLUGIN: whose command it is */
};

/* Reads argv[1..]; `of` says which options may stand there. Prints one line to stderr and returns false when something
 * is wrong. */
bool options_read(struct options *options, struct options_of of, int argc, char **argv);
void options_free(struct options *options);

/* Prints the options of the command (of FOR_ALL: of all), a line or two each. */
void options_print(struct options_of of);

/* The same for programs, a line each, with tabs: "option", `name`, --long, -letter, argument, its words with commas
 * between them, help. What there is not is "-". */
void options_list(const char *name, struct options_of of);

/* The plug-in whose own view the options ask for in place of the report: its place in `plugins`, or that of their end.
 */
size_t options_wanted_view(const struct options *options);

/* Does what is read happen now? */
static inline bool options_are_live(const struct options *options)
{
	return options->interface_count || probe_is_chosen(&options->probe);
}

#endif
