/*
 * The terminal is given back as it was, whatever becomes of the interface: it runs in a process of its own, and this
 * one waits. No handler has to do in a crash what handlers must not.
 */
#ifndef CMD_GUARD_H
#define CMD_GUARD_H

#include <stdbool.h>

/* True in the process that goes on; the other never returns from here: it waits, puts the terminal right when the first
 * ended badly, and ends with its exit code. True as well when there can be no second process. */
bool guard_begin(void);

#endif
