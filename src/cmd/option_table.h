/* The table of options: private to the files that read by it (options.c) and tell of it (options_help.c). */
#ifndef CMD_OPTION_TABLE_H
#define CMD_OPTION_TABLE_H

#include "cmd/options.h"

/* Applies an option's argument (NULL when it has none). False: *why says what is wrong. */
typedef bool option_apply(struct options *options, const char *argument, const char **why);

/* The words that an argument may be, or a list of them with commas: the one at `index`; NULL behind the last. */
typedef const char *option_word(size_t index);

/* Most options set a flag or keep their argument: the place in struct options is all that is to be told of them. */
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
 * and no words). False: behind the last of at most OPTION_MOST. */
bool option_nth(size_t index, struct option_entry *entry);

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
