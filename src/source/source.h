/*
 * Where packets come from: one small interface; the kinds of sources (capture files, interfaces, probes), a file each;
 * a server's log; and several sources as one, merged by time.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/bytes.h"
#include "base/resources.h"
#include "base/timestamp.h"
#include "net/packet.h"
#include "source/log_encoding.h"
#include "source/skew.h"

#include <stdio.h>

enum source_result {
	SOURCE_PACKET,
	SOURCE_IDLE,   /* a live source: nothing came for a while; ask again */
	SOURCE_END,    /* no more */
	SOURCE_CUT,    /* no more: the input ends in the middle of a packet; `why` says where */
	SOURCE_FAILED, /* no more: `why` says what is wrong */
};

/* Of a server's log (log_file.h). */
struct log_counts {
	uint64_t lines;
	uint64_t steps;          /* lines that say something of a session */
	uint64_t unread;         /* of a known form, and not as they should be */
	uint64_t unplaced;       /* packets whose session neither the line nor the order of lines says */
	uint64_t unplaced_first; /* the line of the first of them */
	uint64_t binary;         /* packets whose bytes are not in the log */
	uint64_t too_long;       /* lines of a known form that are longer than the limit */
	bool is_unknown;         /* no line of a known form is in the beginning of a log that goes on behind it */
	bool lacks_packets;      /* it has events of Socket.IO alone */
	bool is_undated;         /* no line has a time */
	bool is_partly_dated;    /* its times name no day, or no year */
	bool is_list;            /* of JSON: one line may hold several objects, and the last may come first */
};

/* What a probe saw of connections that it could not read: how many, and of which processes. */
enum { UNREAD_WHERE = 512 };

struct unread_counts {
	uint64_t connections;
	char where[UNREAD_WHERE]; /* "caddy (process 99, Go's crypto/tls?): 2; …" */
};

struct source_counts {
	uint64_t packets;                /* given out */
	uint64_t filtered;               /* read, and not let through by the filter */
	const char *filter_word;         /* of its words, one that would look behind tags; NULL: none would */
	uint64_t unread;                 /* of a link type that is not read here */
	uint64_t dropped;                /* by the capturing side, as far as it says */
	uint64_t unmatched;              /* TLS streams that no connection was found for */
	struct unread_counts unread_tls; /* TLS whose library is not watched */
	struct unread_counts passed_by;  /* their bytes went by in calls that show none */
	struct unread_counts by_ring;    /* by io_uring */
	struct unread_counts of_32_bits; /* processes, not connections */
	uint64_t refused_files;          /* with a TLS library, that a probe could not attach to while it ran */
	uint64_t entries;                /* of `packets`, those that are entries of a HAR file */
	uint64_t unread_entries;         /* of these, or of their messages, those that could not be read */
	uint64_t unread_url;             /* the first entry whose URL is one of HTTP and cannot be read; 0: none */
	uint64_t unrecorded;             /* HAR files whose recorder leaves out WebSockets */
	struct log_counts log;           /* of servers' logs, all of them together */
	uint64_t hits[LIMIT_COUNT];      /* how often a limit of those who read files was hit */
};

struct source;

/* Takes the text of a key log that was within a capture. */
struct secrets_sink {
	void *self;
	void (*take)(void *self, struct slice text);
};

/* What each kind of source provides. */
struct source_operations {
	enum source_result (*next)(struct source *source, struct packet *packet);
	void (*free)(struct source *source);
	/* Puts the files to wait for into `files`, which has room for `room`; returns how many. NULL: `ready` alone. */
	size_t (*list_ready)(const struct source *source, int *files, size_t room);
};

/* The common part, first in each kind's own struct. */
struct source {
	const struct source_operations *operations;
	const char *name; /* as the user wrote it; borrowed */
	struct source_counts counts;
	bool is_live;   /* what comes is happening now; `next` may answer SOURCE_IDLE */
	int link_type;  /* of a live source: of its first interface */
	bool waits_not; /* set before it is begun: of a pipe without a packet, `next` answers SOURCE_IDLE, and does not
	                   wait */
	bool may_bring_secrets;             /* behind packets that need them: it cannot be read ahead */
	const struct secrets_sink *secrets; /* set before it is begun; NULL: secrets are passed over. Borrowed */
	struct budget *budget; /* set before it is begun: a HAR file is charged to it; or NULL. Borrowed, outlives it */
	const struct limits *limits; /* set before it is begun; NULL: as they are by default. Borrowed, outlives it */
	const char *recorder;        /* of a HAR file, once it is begun: who wrote it; else NULL */
	const struct server_log_table *log_tables; /* of plug-ins, set before it is begun; or NULL. Borrowed */
	const char *logger;                        /* the same of a server's log */
	int ready; /* of a live source: a file that becomes readable when there is a packet, or -1 */
	char why[256];
};

/* The next packet. Its bytes are valid until the next call for the same source; its number counts every packet read,
 * filtered ones too, as Wireshark does. */
static inline enum source_result source_next(struct source *source, struct packet *packet)
{
	return source->operations->next(source, packet);
}

/* The files that become readable when there is something, at most `room`; returns how many. */
size_t source_list_ready(const struct source *source, int *files, size_t room);

/* Waits until a live source has something, at most so many milliseconds. Signals end it early. */
void source_wait(const struct source *source, int milliseconds);

/* NULL is let pass. */
static inline void source_free(struct source *source)
{
	if (source)
		source->operations->free(source);
}

/* ---- several sources as one, merged by time */

enum { MERGE_HOLD = 100 }; /* milliseconds: twice what a live source may be late */

/* Takes over the `count` sources (also when it fails). Packets of equal time come in the order of the sources. With one
 * source its own packet numbers hold; with several, packets are numbered again in the order of time, as mergecap would
 * write them. Of live sources a packet is held back for MERGE_HOLD, as long as another source may still have an earlier
 * one. A source that ends cut or failed ends alone; its `why` is given at the end, the first such one wins. NULL:
 * no memory. */
struct source *merge_open(struct source **sources, size_t count);

/* The times of its nth source are put right from now on. Before its first packet. */
void merge_set_clock(struct source *merged, size_t nth, const struct clock_line *line);

/* Notes of each packet of which source it is, and its number there. Borrowed, and outlives it. */
void merge_set_numbering(struct source *merged, struct numbering *numbering);

/* ---- capture files */

/* Capture files: pcap and pcapng, either byte order, µs or ns; HAR files; servers' logs; plain, gzip or zstd. */

/* In two steps: what needs files and names first, then what reads bytes that nobody vouches for. */

/* `path` is "-" for stdin. NULL: `why` (of `why_size` bytes) says what is wrong, without the path. */
FILE *capture_file_open_stream(const char *path, char *why, size_t why_size);

/* Takes over `stream`, of which nothing is read yet. `name` is borrowed; `filter` (a BPF expression) may be NULL: names
 * in it are looked up now. NULL: `why`. */
struct source *capture_file_prepare(FILE *stream, const char *name, const char *filter, char *why, size_t why_size);

/* Reads the head of the file; needs memory alone. False: `why`, and the source can only be freed. */
bool capture_file_begin(struct source *source, char *why, size_t why_size);

/* In one. `path` is borrowed. NULL: `why`. */
struct source *capture_file_open(const char *path, const char *filter, char *why, size_t why_size);

/* ---- an interface */

/* A network interface as a source: libpcap, without promiscuous mode, each packet LIVE_DELAY after it came at most. */

struct live_settings {
	int snap_length; /* bytes of each packet */
	int buffer;      /* bytes that the kernel holds until they are read; 0: libpcap's own choice */
	bool promiscuous;
};

enum { LIVE_SNAP_LENGTH = 262144, LIVE_BUFFER = 16 << 20, LIVE_DELAY = 50 /* milliseconds */ };

/* `interface` ("any" is all) and `settings` are borrowed. NULL: `why` says what is wrong, and what would help. */
struct source *live_open(
    const char *interface, const char *filter, const struct live_settings *settings, char *why, size_t why_size);

/* Writes the interfaces that there are, one a line. False: `why` says what is wrong. */
bool live_list(char *why, size_t why_size);

/* ---- what a user without root can do so that this program may capture */

enum { SETCAP_HINT = 512 };

/* Writes the advice with the absolute paths of setcap and of this program, as in "run it with sudo, or once: sudo
 * /usr/sbin/setcap cap_net_raw+ep /usr/local/bin/sioscope"; where setcap is not installed, it also names the package
 * that has it. `capabilities` is what setcap takes (setcap(8)). Without /proc/self/exe, as on macOS: sudo alone.
 * Returns `text`.
 */
const char *setcap_hint(const char *capabilities, char text[SETCAP_HINT]);

/* ---- probes */

/*
 * A source that asks the kernel what processes read and write: eBPF, by libbpf (bpf/).
 *
 * Sees inside TLS where the process uses OpenSSL, sees unix sockets, knows the process, and when it read what had
 * arrived. Linux from 5.10 on with BTF; CAP_BPF and CAP_PERFMON, CAP_SYS_ADMIN for what is inside TLS (uprobes),
 * CAP_SYS_PTRACE for the processes of others.
 */

enum { PROBE_PROCESSES = 256, PROBE_CHOSEN_NAMES = 8, PROBE_CHOSEN_PORTS = 16 };

/* Which processes; none of the first three chosen: all, and of these the servers' ends. */
struct probe_choice {
	uint32_t processes[PROBE_PROCESSES];
	size_t process_count;
	const char *names[PROBE_CHOSEN_NAMES]; /* of a command, or of the program or script that it runs */
	size_t name_count;
	const char *cgroup; /* a path below where cgroup2 is mounted, or that of a folder there; or NULL */
	uint16_t ports[PROBE_CHOSEN_PORTS]; /* either end's; none: any, and unix sockets too */
	size_t port_count;
	const struct server_log_table *log_tables; /* known log lines besides those of servers/; or NULL. Borrowed */
	const char *log_pattern;                   /* a POSIX extended regular expression; or NULL */
	int buffer;    /* bytes of the kernel's ring: the next power of two; 512 KiB at least */
	size_t memory; /* bytes for what is watched, besides what the engine holds */
};

/* Has anything been chosen that only probes can do? */
static inline bool probe_is_chosen(const struct probe_choice *choice)
{
	return choice->process_count || choice->name_count || choice->cgroup || choice->port_count;
}

/* Why this build has no probes, as the Makefile found: "no clang, no libbpf", "not Linux", "BPF=no"; NULL when it has
 * them. */
const char *probe_missing(void);

/* `choice` and `name` are borrowed. `filter` (a BPF expression on TCP packets as the bytes might have made them) may be
 * NULL. Once this has returned, nothing more has to be opened: privileges may be dropped. NULL: `why` says what is
 * wrong, and what would help. */
struct source *probe_open(
    const struct probe_choice *choice, const char *name, const char *filter, char *why, size_t why_size);

/* ---- a server's log */

/* A server's log, line by line, with the time of each. */

enum { SERVER_LOG_LINE = 4096 }; /* bytes of a line that are looked at, also of one that a watched process writes */

struct server_log {
	FILE *file;
	struct log_encoding encoding;
	uint8_t decoded[LOG_ENCODED]; /* of a file that is not UTF-8: what one byte completed */
	size_t decoded_given, decoded_len;
	bool begun;                 /* the first line was read */
	char line[SERVER_LOG_LINE]; /* the line read ahead */
	struct slice text;          /* of it, without the codes that colour a terminal; at == NULL: no more */
	timestamp time;             /* of it; a line without a time has that of the line before */
	timestamp near;             /* what times without a year or a day are near to */
	uint64_t unstamped;         /* lines before the first that has a time */
	uint64_t lines;
	uint64_t cut;          /* of these, longer ones */
	int failure;           /* errno of the read after which no more came; 0: its end */
	timestamp first, last; /* the earliest and the latest time that was read; TIMESTAMP_NONE: none */
};

/* Opens it, and the system's time zone with it; nothing is read. False: `why` says what is wrong, errno-like. */
bool server_log_open(struct server_log *log, const char *path, char *why, size_t why_size);
void server_log_close(struct server_log *log);

/* Reads the first line. `near`: when the capture begins; TIMESTAMP_NONE: not known. */
void server_log_begin(struct server_log *log, timestamp near);

/* Reads the next line. */
void server_log_advance(struct server_log *log);

/* True when it was not read to its end, or not whole lines, or nothing of it can be of the time from `first` to `last`,
 * give or take a minute: *why says why. */
bool server_log_misses(const struct server_log *log, timestamp first, timestamp last, char *why, size_t why_size);

#endif
