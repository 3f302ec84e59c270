/* The commands of plug-ins. */
#ifndef CMD_PLUGINS_H
#define CMD_PLUGINS_H

#include "cmd/command.h"

/* The nth of them all. False: behind the last. */
bool plugins_command_nth(size_t nth, struct command *command);

/* Runs a command of FOR_PLUGIN; returns the exit code. */
int plugins_run_command(const struct command *command, const struct options *options);

#endif
