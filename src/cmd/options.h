/* The command line: the commands, and one table of options that they share. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/mask.h"
#include "base/plugin.h"
#include "base/resources.h"
#include "base/text.h"
#include "detect/findings.h"
#include "net/vantage.h"
#include "servers/server.h"
#include "source/source.h"

enum { OPTIONS_READS = 64, OPTIONS_KEYLOGS = 16 }; /* files on one command line */
enum { OPTIONS_EXPECTATIONS = 256, OPTIONS_INTERFACES = 16, OPTIONS_SESSIONS = 64 };

/* An -e or an --expect, in the order of the command line. */
struct option_expectation {
	const char *text;
	bool is_file;
};

/* A --skew. */
struct option_skew {
	struct slice input; /* one of -r, or the end of its path */
	int64_t offset;     /* nanoseconds that its clock is ahead of the first input's */
};

struct options {
	const char *reads[OPTIONS_READS]; /* -r */
	size_t read_count;
	const char *interfaces[OPTIONS_INTERFACES]; /* -i */
	size_t interface_count;
	struct probe_choice probe;               /* -p, --process, --cgroup, --port, --log-pattern */
	char probe_words[256];                   /* the choice, for people; "" when there is none */
	struct option_skew skews[OPTIONS_READS]; /* --skew */
	size_t skew_count;
	bool skew_none;      /* --skew none */
	const char *vantage; /* --vantage: a file; NULL: none */
	enum vantage_point vantage_point;
	int64_t duration; /* --duration, in nanoseconds; 0: until it is stopped */
	struct live_settings live;
	const char *user;                     /* -Z */
	bool interface;                       /* the command is the interface; set by main, not by an option */
	const struct supervisor *supervisor;  /* NULL: there is none; set by supervisor_begin */
	const char *write;                    /* -w */
	uint64_t rotate_size;                 /* bytes; 0: never */
	int64_t rotate_time;                  /* nanoseconds; 0: never */
	uint64_t ring;                        /* files that stay; 0: all */
	bool list_interfaces;                 /* -D */
	bool numeric;                         /* -n: names are never resolved; accepted because tcpdump has it */
	char **command;                       /* the words after --; NULL: none */
	char *filter;                         /* the trailing words joined; NULL when there are none; owned */
	const char *server_log;               /* --server-log */
	const char *keylogs[OPTIONS_KEYLOGS]; /* --tls-keylog */
	size_t keylog_count;
	bool embed_secrets;
	bool servers; /* --servers */
	bool json;
	const char *html;                    /* --html */
	uint64_t sessions[OPTIONS_SESSIONS]; /* --session, in order */
	size_t session_count;
	bool sends;                 /* --otlp */
	const char *otlp_url;       /* ... and its argument; NULL: the environment says where */
	const char *metrics_listen; /* --metrics-listen */
	struct otlp_sender *sender; /* NULL: there is none; set by otlp_sender_begin */
	bool no_color;
	struct mask mask; /* --show-secrets, --secret */
	struct mask_memory mask_memory;
	const char *where;      /* --where */
	bool otlp;              /* --format otlp, of dump and report */
	unsigned otlp_signals;  /* --otlp-signals: a bit for each enum otlp_signal; 0: those that are usual */
	bool no_client_address; /* --no-client-address */
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

/* Reads argv[1..]; `of` says which options are allowed. Prints one line to stderr and returns false when something
 * is wrong. */
bool options_read(struct options *options, struct options_of of, int argc, char **argv);
void options_free(struct options *options);

/* The place among `reads` of the file that is called so: as it was given, or by the last part of its path, if no other
 * has the same. `read_count`: none is. */
size_t options_find_read(const struct options *options, struct slice name);

/* Prints the options of the command (of FOR_ALL: of all), a line or two each. */
void options_print(struct options_of of);

/* The same for programs, a line each, with tabs: "option", `name`, --long, -letter, argument, its words with commas
 * between them, help. "-" stands for an empty column. */
void options_list(const char *name, struct options_of of);

/* The plug-in whose own view the options ask for in place of the report: its place in `plugins`, or that of their end.
 */
size_t options_wanted_view(const struct options *options);

/* Does what is read happen now? */
static inline bool options_are_live(const struct options *options)
{
	return options->interface_count || probe_is_chosen(&options->probe);
}

/* ---- commands */

/* Exit codes. */
enum { EXIT_DONE = 0, EXIT_BROKEN = 1, EXIT_UNABLE = 2 };

struct command {
	const char *name;
	enum command_bit bit;
	const char *words; /* what follows its name on the command line */
	const char *summary;
	int (*run)(const struct options *options); /* returns the exit code */
	void (*describe)(void); /* what `sioscope help COMMAND` says before the options; may be NULL */
	/* Of FOR_PLUGIN, whose `run` is NULL (plugins_run_command): */
	const struct plugin *plugin;
	const struct plugin_command *plugged;
};

static inline struct options_of command_options(const struct command *command)
{
	return (struct options_of){command->bit, command->plugin};
}

extern const struct command command_report, command_dump, command_explain, command_check;

/* Without a command, on a terminal. */
extern const struct command command_tui;
bool tui_is_wanted(const struct options *options);

/* Commands of plug-ins (plugins.c). */

/* The nth of them all. False: after the last. */
bool plugins_command_nth(size_t nth, struct command *command);

/* Runs a command of FOR_PLUGIN; returns the exit code. */
int plugins_run_command(const struct command *command, const struct options *options);

/* ---- the table, for options.c and option_table.c */

/* Applies an option's argument (NULL when it has none). False: *why says what is wrong. */
typedef bool option_apply(struct options *options, const char *argument, const char **why);

/* The words that an argument may be, or a list of them with commas: the one at `index`; NULL after the last. */
typedef const char *option_word(size_t index);

/* Most options set a flag or keep their argument: the place in struct options says everything about them. */
struct option_entry {
	const char *name;
	char letter; /* 0: only the long name */
	const char *argument;
	unsigned commands;           /* bits of enum command_bit */
	option_apply *apply;         /* NULL: a flag when there is no argument, else its text, at `place` */
	size_t place;                /* in struct options */
	option_word *word;           /* NULL: any argument */
	const struct plugin *plugin; /* whose it is; NULL: the core's */
	const char *help;
};

enum { OPTION_MOST = 64 };

/* The option at `index`: the core's in the order of the table, then those of plug-ins (which have no letter, no `apply`
 * and no words). False: after the last of at most OPTION_MOST. */
bool option_nth(size_t index, struct option_entry *entry);

/* Its argument may be left out: it is written [URL]. */
static inline bool option_may_stand_alone(const struct option_entry *entry)
{
	return entry->argument && *entry->argument == '[';
}

/* The command takes the option. */
bool option_is_of(const struct option_entry *entry, struct options_of of);

/* `-p $(pidof node)` gives several words: each further one is taken by this. False: *why says what is wrong. */
bool option_add_process(struct options *options, const char *argument, const char **why);

/* A length of time, in nanoseconds: 500ms, 2min, or a number of seconds. False: *why says what is wanted. */
bool option_read_time(const char *argument, int64_t *time, const char **why);

/* The option that sets a limit is called "max-" and the limit's name. */
enum { OPTION_LIMIT_NAME = 32 };
char *option_limit_name(enum limit limit, char name[OPTION_LIMIT_NAME]);
const char *option_limit_argument(enum limit limit); /* as the help calls it */

#endif
