/* The frontend that --frontend names: opened, and what is wrong with it said. */
#ifndef CMD_DECLARED_H
#define CMD_DECLARED_H

#include "reflex/frontend.h"

/* False: it cannot be read, and a line on stderr says so. What is missing in it is said there too. */
bool declared_open(struct frontend *frontend, const char *path);

#endif
