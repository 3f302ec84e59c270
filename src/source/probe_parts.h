/*
 * What the files of the probe share. From the records of the kernel (bpf/records.h) to what takes the place of packets:
 * which socket a record is about, which one a TLS stream goes through, which lines of a log matter.
 */
#ifndef SOURCE_PROBE_PARTS_H
#define SOURCE_PROBE_PARTS_H

#include "base/bytes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/pattern.h"
#include "bpf/records.h"
#include "net/packet.h"
#include "servers/server.h"
#include "source/source.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

/* ---- who is watched: probe_targets.c */

/* Who is to be watched, as /proc has it: processes by name, with their children, and the TLS libraries they use. */

struct probe_targets {
	uint32_t *processes; /* owned */
	size_t count, room;
};

/* The processes of `choice` that run now, by id and by name, with all their descendants. False: `why`. */
bool probe_targets_find(struct probe_targets *targets, const struct probe_choice *choice, char *why, size_t why_size);
void probe_targets_free(struct probe_targets *targets);

/* Those that are in the cgroup `group` (a path below the root of them all) or below it, or (NULL) that hold a socket
 * whose own port is chosen. False: /proc could not be read, or there is no memory. */
bool probe_targets_find_met(struct probe_targets *targets, const struct probe_choice *choice, const char *group);

/* Gives `take` each file that the process has mapped and that may have OpenSSL in it, by a path that this process can
 * open: libraries by their names, the executable by its size. False: it may not be looked at. */
bool probe_targets_list_files(uint32_t process, void (*take)(void *self, const char *path), void *self);

/* Opens another's file to read; `status` (NULL: unwanted) is what it is. -1: it is no regular file, or cannot be
 * opened. What is none is not opened at all: a process may have put a link to a device in the place of what it has
 * mapped, which by being opened does something, or a FIFO, which waits for ever. */
int probe_targets_open(const char *path, struct stat *status);

/* ---- a library that is not read: probe_library.c */

enum probe_library {
	PROBE_LIBRARY_UNKNOWN,
	PROBE_LIBRARY_OPENSSL,
	PROBE_LIBRARY_BORINGSSL,
	PROBE_LIBRARY_RUSTLS,
	PROBE_LIBRARY_GO,
	PROBE_LIBRARY_JAVA,
	PROBE_LIBRARY_GNUTLS,
	PROBE_LIBRARY_NSS,
	PROBE_LIBRARY_MBEDTLS,
	PROBE_LIBRARY_WOLFSSL,
	PROBE_LIBRARIES,
};

/* "rustls"; "" for one that is unknown. Static text. */
const char *probe_library_name(enum probe_library library);

/* Reads the process's files: that takes up to a second. */
enum probe_library probe_library_guess(uint32_t process);

/* ---- Go's crypto/tls in a program: probe_go.c, probe_go_absent.c */

enum go_kind { GO_READ, GO_WRITE, GO_CLOSE, GO_FUNCTIONS };
enum { GO_RETURNS = 32 };

/* Offsets in the file. */
struct go_function {
	uint64_t entry;
	uint64_t returns[GO_RETURNS];
	size_t return_count;
};

struct probe_go {
	struct go_function functions[GO_FUNCTIONS];
};

/* Of an open file. False: it is none of Go 1.18 or later for this machine, has no crypto/tls, or sioscope was built
 * without capstone. */
bool probe_go_find(struct probe_go *go, int file);

/* ---- where in a file probes go: probe_places.c */

enum probe_symbol {
	PROBE_SSL_READ,
	PROBE_SSL_WRITE,
	PROBE_SSL_READ_EX,
	PROBE_SSL_WRITE_EX,
	PROBE_SSL_DO_HANDSHAKE,
	PROBE_SSL_FREE,
	PROBE_SYMBOLS,
};

/* Offsets in the file. */
struct probe_places {
	bool is_openssl, is_go;          /* which of the two is filled in */
	uint64_t symbols[PROBE_SYMBOLS]; /* 0: it has none; SSL_read and SSL_write it has */
	struct probe_go go;
};

/* Reads the file in a process that may do nothing else (platform/confined.h). False: errno is ENOENT (nothing to attach
 * to is in it), or says why it could not be read. */
bool probe_places_find(struct probe_places *places, int file);

/* ---- attaching to TLS libraries: probe_attach.c */

/*
 * To each process that is watched, by itself: others do not meet the probes. Where ports are chosen these are the
 * processes that use them. Processes that start later, and libraries that are loaded later, are attached to by a
 * process of its own (the attacher), which keeps the capabilities that this takes, and which the kernel ends with the
 * program. It hears from the kernel alone; what it must know of files, it has others read (probe_places.c).
 */

struct bpf_program;
struct probe_attach; /* opaque */

struct probe_programs {
	const struct bpf_program *read, *read_ex, *write, *write_ex, *returned, *shaken, *freed;
	const struct bpf_program *go_read, *go_write, *go_returned, *go_closed;
	int arrivals; /* the ring of struct probe_arrival */
};

/* What the attacher says: processes' libraries, and files that it could not attach to. */
struct probe_notice {
	uint32_t process; /* 0: a file was refused, for the reason `value` of errno */
	uint32_t value;   /* enum probe_library */
};

/* NULL: no memory. */
struct probe_attach *probe_attach_new(const struct probe_programs *programs);

/* Ends the attacher. */
void probe_attach_free(struct probe_attach *attach);

/* Attaches to what the processes of `targets` use now. What could not be done is written to stderr. */
void probe_attach_now(struct probe_attach *attach, const struct probe_targets *targets);

/* Starts the attacher. False: errno says why. */
bool probe_attach_follow(struct probe_attach *attach);

/* The attacher's next words; false: there are none. Does not wait. Of its own end, should it come before this
 * program's, one file is refused (ECHILD). */
bool probe_attach_next_notice(struct probe_attach *attach, struct probe_notice *notice);

enum { PROBE_GROUP_PATH = 512 };

struct probe_group {
	uint64_t id;
	uint32_t level;              /* how deep it lies; 0: none */
	char path[PROBE_GROUP_PATH]; /* below the root of them all: "/system.slice/app.service" */
};

/* False: `why`. */
bool probe_targets_cgroup(const char *path, struct probe_group *group, char *why, size_t why_size);

/* ---- a socket and its process: probe_records.c */

struct probe_head;
struct probe_open;

enum { PROBE_PATH_TEXT = 112 };

/* Fills everything but `id`. `path` (PROBE_PATH_TEXT bytes) takes a unix socket's path, "@…" for an abstract one. */
void probe_facts_read(
    struct probed_socket *facts, char *path, const struct probe_head *head, const struct probe_open *open);

/* The process alone. */
void probe_process_read(struct process *process, const struct probe_head *head, const struct probe_open *open);

/* ---- log lines: probe_log.c */

/* Takes the next line off `text` (without its end); false when `text` is empty. A last line without an end is one too:
 * what is written at once is meant to be read at once. */
bool probe_log_next_line(struct slice *text, struct slice *line);

/* What follows a line that says that an exception follows: by process and descriptor. */
enum { LOG_TRACES = 16, LOG_TRACE_LINES = 200 };

struct log_trace {
	uint32_t process;
	uint64_t descriptor;
	unsigned left; /* lines that are still taken; 0: none is expected */
	bool is_named; /* the exception was */
};

/* Zeroed: nothing is expected. */
struct log_traces {
	struct log_trace list[LOG_TRACES];
	size_t next;
};

/* Does the line say something that `tables` (may be NULL) or the servers' own tables know (servers/), or match
 * `pattern` (may be NULL)? */
bool probe_log_matters(struct slice line, const struct server_log_table *tables, const struct pattern *pattern);

/* The same, or does it belong to an exception that such a line announced? To be asked of each line, in order. `head`:
 * of its record. */
bool probe_log_takes(struct log_traces *traces, const struct probe_head *head, struct slice line,
    const struct server_log_table *tables, const struct pattern *pattern);

/* ---- messages of libbpf and of the verifier: probe_records.c */

/* The last lines, as the reason is at their end. */

enum { PROBE_MESSAGE_LINES = 12, PROBE_MESSAGE_LENGTH = 240 };

/* Zeroed: empty. Of more lines the first are overwritten; of a longer line the rest is left out. */
struct probe_messages {
	char lines[PROBE_MESSAGE_LINES][PROBE_MESSAGE_LENGTH];
	size_t count; /* of all lines so far */
};

/* Adds the lines of a formatted text; empty ones are left out. Without memory for the text nothing is added. */
__attribute__((format(printf, 2, 0))) void probe_messages_add(
    struct probe_messages *messages, const char *format, va_list arguments);

/* Writes the last lines, in order, each behind `indent`. */
void probe_messages_write(const struct probe_messages *messages, const char *indent, FILE *out);

/* ---- a record as a packet: probe_records.c */

/* What a process read or wrote, as the TCP packet that might have carried it: for files that know packets only. */

enum { PROBE_FRAME_HEAD = 60, PROBE_FRAME_LINK = 101 }; /* an IPv6 and a TCP header; LINKTYPE_RAW */

/* What of a socket's two directions was put into frames: [1] is received. */
struct probe_frames {
	uint64_t next[2]; /* offset of the byte that comes next */
	bool begun[2];
};

/* Writes the headers of a packet with `probed` before `bytes`, which has PROBE_FRAME_HEAD bytes of room before it, and
 * returns the frame; empty when there is nothing that a packet could say. The first of each direction is a SYN that
 * carries data (as TCP Fast Open has it), unless the socket was joined. */
struct slice probe_frame_write(struct probe_frames *frames, const struct probed *probed, uint8_t *bytes);

/* ---- the table: probe_table.c */

/*
 * From the records of the probes (bpf/records.h) to what takes the place of packets: which socket a record is about,
 * which one a TLS stream goes through, which lines of a log matter. Pure: no I/O; the records are given to it.
 *
 *     while (!probe_table_next(table, &packet)) probe_table_take(table, a record);
 */

struct probe_table; /* opaque */

struct probe_settings {
	timestamp clock_offset; /* to be added to a record's time: the epoch's to the time since boot */
	const struct server_log_table *log_tables; /* known lines besides those of servers/; or NULL. Borrowed */
	const struct pattern *log_pattern; /* lines to be emitted besides those that are known; NULL: none. Borrowed */
	size_t
	    memory; /* bytes that the table may hold; what is beyond is refused, and counted. 0: as many as it takes */
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

/* Sockets, streams and bytes that are not emitted, without memory for them. */
uint64_t probe_table_refused(const struct probe_table *table);

/* The TLS library that a process uses, as far as that can be guessed. */
void probe_table_set_library(struct probe_table *table, uint32_t process, enum probe_library library);

/* Connections that could not be read so far, and of which processes. */
enum probe_unread {
	PROBE_UNREAD_TLS,    /* no stream of a TLS library was seen on them */
	PROBE_UNREAD_PASSED, /* bytes went by in calls that show none */
	PROBE_UNREAD_RING,   /* by io_uring */
	PROBE_UNREAD_BITS,   /* not connections: processes of 32 bits */
	PROBE_UNREADS,
};
void probe_table_describe_unread(struct probe_table *table, enum probe_unread reason, struct unread_counts *counts);

/* ---- what could not be read: probe_unread.c */

enum { UNREAD_PROCESSES = 64 }; /* that are named; those of others are counted together */

struct unread_process {
	uint32_t process;
	char command[PROCESS_COMMAND];
	enum probe_library library;
	uint64_t connections[PROBE_UNREADS];
};

struct unread_list {
	struct unread_process processes[UNREAD_PROCESSES];
	size_t count;
	uint64_t others[PROBE_UNREADS];
};

void unread_add(struct unread_list *list, enum probe_unread reason, const struct process *process);
void unread_set_library(struct unread_list *list, uint32_t process, enum probe_library library);
void unread_describe(const struct unread_list *list, enum probe_unread reason, struct unread_counts *counts);

/* ---- inside the table: probe_table.c, probe_streams.c */

/*
 * What the parts of the table of probes share: what is watched, and what is emitted of it. For probe_table.c,
 * probe_streams.c only.
 */

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
	uint32_t process; /* of a log line */
	uint8_t *owned;   /* what `bytes` lie in, when it waited; freed after it */
};

struct emission_queue {
	struct emission *list;
	size_t first, count, room;
};

struct watched_stream;

/* What the other end of a connection has the other way round. */
struct socket_ends {
	struct address local, remote;
	uint16_t local_port, remote_port;
};

/* A socket. */
struct watched_socket {
	struct watched watched; /* first: freed as one */
	uint64_t inode;
	uint64_t peer;                 /* unix: the other end's inode */
	struct watched_stream *stream; /* the one whose bytes are emitted for it */
	size_t matches;                /* streams that are matched to it; more than one: doubtful */
	bool is_read;                  /* TLS: a library that is watched uses it */
	bool has_unseen;               /* bytes went by in calls that show none */
	bool has_ring;                 /* or by io_uring */
	bool was_shown;                /* by its other end, which is gone */
	char path[PROBE_PATH_TEXT];
	struct socket_ends ends;
	UT_hash_handle hh, by_ends;
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
	struct budget
	    memory; /* sockets, streams, what waits: the kernel's records say how many, and ends may be lost */
	struct watched_socket *sockets;
	struct watched_socket *by_ends; /* the same; several may have the same ends, in networks of their own */
	struct watched_stream *streams;
	size_t clients; /* of the sockets */
	uint64_t ids, packets;
	uint64_t unmatched;        /* streams with bytes that no socket was found for */
	uint64_t refused;          /* what there was no memory for: records, bytes, ends, lines */
	struct watched *lost;      /* whose end could not be emitted: the queue may still refer to them */
	struct unread_list unread; /* of sockets that are no more */
	struct log_traces traces;
	struct emission_queue queue;
	struct emission emitted; /* the last one: what it owns is let go at the next call */
	struct probed probed;
	uint8_t frame[PROBE_FRAME_HEAD + sizeof(struct probe_open) + PROBE_PIECE];
};

/* ---- the queue: probe_table.c */

/* False: no memory, and it is not emitted; the next offset shows that it was there. */
bool probe_queue_add(struct budget *memory, struct emission_queue *queue, const struct emission *emission);

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
