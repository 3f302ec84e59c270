/* What a run reads must not be written over by what it writes. */
#ifndef CMD_INPUTS_H
#define CMD_INPUTS_H

#include "cmd/options.h"

/* The file at `path`, by whatever name, is a capture, a log or a file of expectations that this run reads. */
bool inputs_hold(const struct options *options, const char *path);

#endif
