/*
 * What a live capture gives up once its handles are open, before the first packet is parsed: the user (-Z), every
 * capability, and, by seccomp, all system calls but those for reading, waiting, memory, the terminal and writing.
 */
#ifndef CMD_PRIVILEGES_H
#define CMD_PRIVILEGES_H

#include <stdbool.h>

/* `user` NULL: it stays who it is. `opens_files`: files are still to be opened and put in place (rotation, saving,
 * results in files). False, and a line on stderr, when something could not be given up. */
bool privileges_drop(const char *user, bool opens_files);

#endif
