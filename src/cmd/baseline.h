/* Findings that are known: a file of them, which takes them away from those that count. */
#ifndef CMD_BASELINE_H
#define CMD_BASELINE_H

#include "detect/findings.h"

/* Takes the findings that the file names out of the list; *known counts them. False, and a line on stderr, when the
 * file cannot be read or is no baseline. */
bool baseline_apply(struct findings *findings, const char *path, uint64_t *known);

/* Writes the findings there are, whole or not at all. False, and a line on stderr, when that fails. */
bool baseline_write(const struct findings *findings, const char *path);

#endif
