/* Records as the kernel's side makes them, given to a table; and what it makes of them. */
#ifndef TESTS_RECORDS_H
#define TESTS_RECORDS_H

#include "bpf/records.h"
#include "net/packet.h"
#include "source/probe_parts.h"
#include "unit.h"

#include <string.h>

enum { INET = 2, RECORDS_TOLD = 64, RECORDS_TEXT = 32, RECORDS_CLOCK = 1000 };

/* A packet that the table gave, with what it borrowed. */
struct given {
	timestamp time, arrived;
	uint64_t number, id, offset;
	enum probed_kind kind;
	bool received, has_socket, is_client, is_joined, is_tls, is_doubtful;
	uint16_t local_port;
	size_t len, frame_len;
	char text[RECORDS_TEXT]; /* the beginning of its bytes */
};

struct records {
	struct probe_table *table;
	struct given given[RECORDS_TOLD];
	size_t count;
	unsigned long long now;
	uint8_t room[sizeof(struct probe_head) + PROBE_PIECE];
};

static inline void records_begin(struct records *records, const struct pattern *pattern)
{
	const struct probe_settings settings = {.clock_offset = RECORDS_CLOCK, .log_pattern = pattern};
	*records = (struct records){.table = probe_table_new(&settings)};
	assert_non_null(records->table);
}

static inline void records_end(struct records *records)
{
	probe_table_free(records->table);
}

static inline void records_keep(struct records *records, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	assert_true(records->count < RECORDS_TOLD);
	struct given *given = &records->given[records->count++];
	*given = (struct given){.time = packet->time,
	    .arrived = probed->arrived,
	    .number = packet->number,
	    .offset = probed->offset,
	    .kind = probed->kind,
	    .received = probed->received,
	    .has_socket = probed->socket != NULL,
	    .len = probed->bytes.len,
	    .frame_len = packet->bytes.len};
	struct slice text = slice_take(probed->bytes, RECORDS_TEXT - 1);
	if (text.len)
		memcpy(given->text, text.at, text.len);
	if (!probed->socket)
		return;
	given->id = probed->socket->id;
	given->is_client = probed->socket->is_client;
	given->is_joined = probed->socket->is_joined;
	given->is_tls = probed->socket->is_tls;
	given->is_doubtful = probed->socket->is_doubtful;
	given->local_port = probed->socket->local_port;
}

static inline void records_drain(struct records *records)
{
	struct packet packet;
	while (probe_table_next(records->table, &packet))
		records_keep(records, &packet);
}

/* One record; its time is filled in, and its length where it has none. */
static inline void records_give(struct records *records, struct probe_head head, const void *body, size_t len)
{
	head.time = ++records->now;
	head.length = head.length ? head.length : (unsigned)len;
	memcpy(records->room, &head, sizeof head);
	if (len)
		memcpy(records->room + sizeof head, body, len);
	probe_table_take(records->table, slice_of(records->room, sizeof head + len));
	records_drain(records);
}

static inline void records_text(struct records *records, struct probe_head head, const char *text)
{
	records_give(records, head, text, strlen(text));
}

/* A server's socket at port 8000, whose peer has the port that is its inode. */
static inline struct probe_open records_socket(unsigned short inode)
{
	struct probe_open open = {.family = INET, .local_port = 8000, .remote_port = inode};
	memcpy(open.local, "\x0a\0\0\1", 4);
	memcpy(open.remote, "\x0a\0\0\2", 4);
	memcpy(open.command, "python", 7);
	return open;
}

static inline void records_open_as(
    struct records *records, unsigned short inode, unsigned process, const struct probe_open *open)
{
	records_give(
	    records, (struct probe_head){.kind = PROBE_OPEN, .socket = inode, .process = process}, open, sizeof *open);
}

static inline void records_open(struct records *records, unsigned short inode)
{
	struct probe_open open = records_socket(inode);
	records_open_as(records, inode, 7, &open);
}

/* The same with TLS on it. */
static inline void records_open_tls(struct records *records, unsigned short inode)
{
	struct probe_open open = records_socket(inode);
	open.is_tls = 1;
	records_open_as(records, inode, 7, &open);
}

static inline void records_receive(
    struct records *records, unsigned short inode, unsigned long long offset, const char *text)
{
	records_text(records,
	    (struct probe_head){
	        .kind = PROBE_BYTES, .socket = inode, .process = 7, .offset = offset, .flags = PROBE_RECEIVED},
	    text);
}

/* Something without bytes. */
static inline void records_note(
    struct records *records, enum probe_kind kind, unsigned short inode, unsigned short flags)
{
	records_text(records,
	    (struct probe_head){.kind = (unsigned short)kind, .socket = inode, .process = 7, .flags = flags}, "");
}

/* What went through a stream, and the socket that is the evidence (0: none). */
static inline void records_tls(struct records *records, unsigned long long stream, unsigned short inode,
    unsigned long long offset, const char *text)
{
	records_text(records,
	    (struct probe_head){.kind = PROBE_TLS,
	        .stream = stream,
	        .socket = inode,
	        .process = 7,
	        .offset = offset,
	        .flags = PROBE_RECEIVED},
	    text);
}

/* Something about a stream without bytes. */
static inline void records_note_tls(
    struct records *records, enum probe_kind kind, unsigned long long stream, unsigned short inode)
{
	records_text(records,
	    (struct probe_head){.kind = (unsigned short)kind, .stream = stream, .socket = inode, .process = 7}, "");
}

static inline size_t records_count(const struct records *records, enum probed_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < records->count; i++)
		count += records->given[i].kind == kind;
	return count;
}

static inline const struct given *records_last(const struct records *records)
{
	assert_true(records->count > 0);
	return &records->given[records->count - 1];
}

#endif
