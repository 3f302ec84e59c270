/*
 * What the parts of the table of probes share: what is watched, and what is emitted of it. For probe_table.c,
 * probe_streams.c only.
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
	bool was_emitted;
	bool is_muted; /* the other end of a connection that is emitted already */
	bool has_ended[2];
};

/* What is emitted next. */
struct emission {
	struct watched *watched; /* NULL: a log line */
	enum probed_kind kind;
	bool received;
	bool is_last; /* `watched` is freed after it, and only then */
	uint64_t offset;
	timestamp time, arrived;
	struct slice bytes;
	uint8_t *owned; /* what `bytes` lie in, when it waited; freed after it */
};

struct emission_queue {
	struct emission *list;
	size_t first, count, room;
};

struct watched_stream;

/* A socket. */
struct watched_socket {
	struct watched watched; /* first: freed as one */
	uint64_t inode;
	uint64_t peer;                 /* unix: the other end's inode */
	struct watched_stream *stream; /* the one whose bytes are emitted for it */
	size_t matches;                /* streams that are matched to it; more than one: doubtful */
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
	struct watched_socket *socket; /* NULL: not matched yet */
	uint64_t agree, against;
	bool was_freed; /* by the library; the socket goes on */
	bool waited;
	struct emission_queue waiting; /* until it is matched */
	size_t waiting_bytes;
	UT_hash_handle hh;
};

struct probe_table {
	struct probe_settings settings;
	struct watched_socket *sockets;
	struct watched_stream *streams;
	size_t clients; /* of the sockets */
	uint64_t ids, packets;
	uint64_t unmatched;   /* streams with bytes that no socket was found for */
	uint64_t refused;     /* what there was no memory for: records, bytes, ends, lines */
	struct watched *lost; /* whose end could not be emitted: the queue may still refer to them */
	struct emission_queue queue;
	struct emission emitted; /* the last one: what it owns is let go at the next call */
	struct probed probed;
	uint8_t frame[PROBE_FRAME_HEAD + sizeof(struct probe_open) + PROBE_PIECE];
};

/* ---- the queue: probe_table.c */

/* False: no memory, and it is not emitted; the next offset shows that it was there. */
bool probe_queue_add(struct emission_queue *queue, const struct emission *emission);

bool probe_queue_is_empty(const struct emission_queue *queue);

/* The oldest; false: there is none. What it owns is the caller's. */
bool probe_queue_take(struct emission_queue *queue, struct emission *emission);

/* With what the emissions in it own; it may be used again. */
void probe_queue_free(struct emission_queue *queue);

/* ---- the table: probe_table.c */

/* NULL: no such socket is watched. */
struct watched_socket *probe_table_socket(const struct probe_table *table, uint64_t inode);

/* Another of the table's sockets emits the same connection. */
bool probe_table_knows_other_end(const struct probe_table *table, const struct watched_socket *socket);

struct emission probe_table_emission(
    const struct probe_table *table, struct watched *watched, const struct probe_head *head, struct slice bytes);

/* Adds to the table's queue or a stream's. False: there was no memory, which is counted, and what the emission owned is
 * let go. */
bool probe_table_queue(struct probe_table *table, struct emission_queue *queue, const struct emission *emission);

/* That nothing more comes of it, if anything did. Its memory goes when that was emitted. */
void probe_table_emit_gone(struct probe_table *table, struct watched *watched, const struct probe_head *head);

/* ---- TLS: probe_streams.c */

/* Records of PROBE_TLS (bytes), PROBE_TLS_NEAR (evidence without bytes) and PROBE_TLS_GONE (the library freed it). */
void probe_streams_take(struct probe_table *table, const struct probe_head *head, struct slice body);
void probe_streams_take_near(struct probe_table *table, const struct probe_head *head);
void probe_streams_take_gone(struct probe_table *table, const struct probe_head *head);

/* All those of a process, or those matched to a socket, are gone. */
void probe_streams_end_process(struct probe_table *table, const struct probe_head *head);
void probe_streams_end_socket(struct probe_table *table, struct watched_socket *socket, const struct probe_head *head);

/* At the end of the table: nothing is emitted of them. */
void probe_streams_free(struct probe_table *table);

#endif
