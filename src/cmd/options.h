/* The command line: one table of options, shared by all commands. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "engine/limits.h"

enum { OPTIONS_READS = 64 }; /* capture files on one command line */

struct options {
	const char *reads[OPTIONS_READS]; /* -r */
	size_t read_count;
	char *filter;           /* the trailing words joined; NULL when there are none; owned */
	const char *frontend;   /* --frontend */
	const char *server_log; /* --server-log */
	const char *server;     /* --server */
	bool state;             /* --state */
	const char *at;         /* --at */
	bool json;
	bool no_color;
	bool show_secrets;
	unsigned layers; /* --layer: bits of enum layer; 0 the default set */
	bool help;
	bool version;
	struct limits limits;
};

/* Which command takes an option: a bit each. */
enum command_bit { FOR_REPORT = 1, FOR_DUMP = 2, FOR_EXPLAIN = 4, FOR_BUNDLE = 8, FOR_CAPTURES = 3, FOR_ALL = 15 };

/* Reads argv[1..]; `command` says which options may stand there. Prints one line to stderr and returns false when
 * something is wrong. */
bool options_read(struct options *options, enum command_bit command, int argc, char **argv);
void options_free(struct options *options);

/* Prints the options of these commands, a line or two each. */
void options_print(enum command_bit command);

#endif
