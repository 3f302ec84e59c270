/*
 * What the parts of the table of probes share: what is watched, and what is to be told of it. For probe_table.c,
 * probe_queue.c and probe_streams.c only.
 */
#ifndef SOURCE_PROBE_PARTS_H
#define SOURCE_PROBE_PARTS_H

#include "base/hash.h"
#include "bpf/records.h"
#include "source/probe_facts.h"
#include "source/probe_frame.h"
#include "source/probe_table.h"

/* Something with bytes of two directions: a socket, or a TLS stream. */
struct watched {
	struct watched *lost_before; /* in the table's `lost` */
	struct probed_socket facts;
	struct probe_frames frames;
	bool was_told;
	bool is_muted; /* the other end of a connection that is told already */
	bool has_ended[2];
};

/* What is to be told next. */
struct telling {
	struct watched *watched; /* NULL: a log line */
	enum probed_kind kind;
	bool received;
	bool is_last; /* `watched` is freed after it, and only then */
	uint64_t offset;
	timestamp time, arrived;
	struct slice bytes;
	uint8_t *owned; /* what `bytes` lie in, when it was held; freed after it */
};

struct telling_queue {
	struct telling *list;
	size_t first, count, room;
};

struct watched_stream;

/* A socket. */
struct watched_socket {
	struct watched watched; /* first: freed as one */
	uint64_t inode;
	uint64_t peer;                 /* unix: the other end's inode */
	struct watched_stream *stream; /* the one that tells of it */
	size_t ties;                   /* streams that are tied to it; more than one: doubtful */
	char path[PROBE_PATH_TEXT];
	UT_hash_handle hh;
};

struct stream_key {
	uint64_t stream;
	uint64_t process;
};

/* What goes through one SSL of the library. */
struct watched_stream {
	struct watched watched; /* first: freed as one */
	struct stream_key key;
	struct watched_socket *socket; /* NULL: not tied yet */
	uint64_t agree, against;
	bool was_freed; /* by the library; the socket goes on */
	bool was_held;
	struct telling_queue held; /* until it is tied */
	size_t held_bytes;
	UT_hash_handle hh;
};

struct probe_table {
	struct probe_settings settings;
	struct watched_socket *sockets;
	struct watched_stream *streams;
	size_t clients; /* of the sockets */
	uint64_t ids, packets;
	uint64_t untied;      /* streams with bytes that no socket was found for */
	uint64_t refused;     /* what there was no memory for: records, bytes, ends, lines */
	struct watched *lost; /* of which the end could not be told: something in the queue may speak of them */
	struct telling_queue queue;
	struct telling told; /* the last one: what it owns is let go at the next call */
	struct probed probed;
	uint8_t frame[PROBE_FRAME_HEAD + sizeof(struct probe_open) + PROBE_PIECE];
};

/* ---- the queue: probe_queue.c */

/* Without memory it is not told, and answers false: the next offset shows that it was there. */
bool probe_queue_add(struct telling_queue *queue, const struct telling *telling);

bool probe_queue_is_empty(const struct telling_queue *queue);

/* The oldest; false: there is none. What it owns is the caller's. */
bool probe_queue_take(struct telling_queue *queue, struct telling *telling);

/* With what the tellings in it own; it may be used again. */
void probe_queue_free(struct telling_queue *queue);

/* ---- the table: probe_table.c */

/* NULL: no such socket is watched. */
struct watched_socket *probe_table_socket(const struct probe_table *table, uint64_t inode);

/* The same connection is told by another of the table's sockets. */
bool probe_table_knows_other_end(const struct probe_table *table, const struct watched_socket *socket);

struct telling probe_table_telling(
    const struct probe_table *table, struct watched *watched, const struct probe_head *head, struct slice bytes);

/* Adds to the table's queue or a stream's. False: there was no memory, which is counted, and what the telling owned is
 * let go. */
bool probe_table_queue(struct probe_table *table, struct telling_queue *queue, const struct telling *telling);

/* That nothing more comes of it, if anything did. Its memory goes when that is told. */
void probe_table_tell_gone(struct probe_table *table, struct watched *watched, const struct probe_head *head);

/* ---- TLS: probe_streams.c */

/* Records of PROBE_TLS (bytes), PROBE_TLS_NEAR (evidence without bytes) and PROBE_TLS_GONE (the library freed it). */
void probe_streams_take(struct probe_table *table, const struct probe_head *head, struct slice body);
void probe_streams_take_near(struct probe_table *table, const struct probe_head *head);
void probe_streams_take_gone(struct probe_table *table, const struct probe_head *head);

/* All those of a process, or those tied to a socket, are gone. */
void probe_streams_end_process(struct probe_table *table, const struct probe_head *head);
void probe_streams_end_socket(struct probe_table *table, struct watched_socket *socket, const struct probe_head *head);

/* At the end of the table: nothing is told of them. */
void probe_streams_free(struct probe_table *table);

#endif
