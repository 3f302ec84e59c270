/* A command: its name, its words, what it does, how it is run; and the commands of plug-ins. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "cmd/options.h"

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

/* ---- commands of plug-ins (plugins.c) */

/* The nth of them all. False: after the last. */
bool plugins_command_nth(size_t nth, struct command *command);

/* Runs a command of FOR_PLUGIN; returns the exit code. */
int plugins_run_command(const struct command *command, const struct options *options);

#endif
