/* The tables of servers/ in words. */
#ifndef CMD_EXPLAIN_SERVERS_H
#define CMD_EXPLAIN_SERVERS_H

#include "servers/server.h"
#include "view/text_writer.h"

/* All implementations and proxies, and then the plug-ins' own tables of log lines (may be NULL). */
void explain_servers(const struct text_writer *writer, const struct server_log_table *tables);

#endif
