/*
 * From the records of the probes (bpf/records.h) to what takes the place of packets: which socket a record is about,
 * which one a TLS stream goes through, which lines of a log matter. Pure: no I/O; the records are given to it.
 *
 *     while (!probe_table_next(table, &packet)) probe_table_take(table, a record);
 */
#ifndef SOURCE_PROBE_TABLE_H
#define SOURCE_PROBE_TABLE_H

#include "base/bytes.h"
#include "net/packet.h"
#include "servers/server.h"

#include <regex.h>

struct probe_table; /* opaque */

struct probe_settings {
	timestamp clock_offset; /* to be added to a record's time: the epoch's to the time since boot */
	const struct server_log_table *log_tables; /* known lines besides those of servers/; or NULL. Borrowed */
	const regex_t *log_pattern; /* lines to be emitted besides those that are known; NULL: none. Borrowed */
	bool reads_tls;             /* a TLS library was found: what goes through it is emitted in the clear */
};

/* NULL: no memory. */
struct probe_table *probe_table_new(const struct probe_settings *settings);
void probe_table_free(struct probe_table *table);

/* The clock was set. */
void probe_table_set_clock(struct probe_table *table, timestamp clock_offset);

/* Takes one record, which is copied; one that is not what it says is passed over. Only after probe_table_next has
 * answered false. */
void probe_table_take(struct probe_table *table, struct slice record);

/* The next packet that the records so far make; false: there is none, give a record. Borrowed until the next call. */
bool probe_table_next(struct probe_table *table, struct packet *packet);

/* TLS streams that spoke Engine.IO and were not matched to a connection so far: they are not emitted. */
uint64_t probe_table_unmatched(const struct probe_table *table);

/* Sockets and streams that are not emitted, without memory for them. */
uint64_t probe_table_refused(const struct probe_table *table);

#endif
