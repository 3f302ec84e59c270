/* The lines that Reflex, and the patches known for it, log about their sessions: a table as those of servers/. */
#ifndef REFLEX_LOG_LINES_H
#define REFLEX_LOG_LINES_H

#include "servers/server.h"

extern const struct server_log_table reflex_log_table;

#endif
