/*
 * A report: what is gathered for it while the timeline goes by, and how it is written. What a plug-in adds to it
 * (base/plugin.h) is a section in each report, and a view of its own that an option asks for in place of the report.
 */
#ifndef VIEW_REPORT_H
#define VIEW_REPORT_H

#include "base/mask.h"
#include "base/memory.h"
#include "base/plugin.h"
#include "detect/detector.h"
#include "servers/server.h"
#include "socketio/engine.h"
#include "socketio/event.h"
#include "socketio/record.h"
#include "view/hops.h"
#include "view/writers.h"

#include <stdio.h>

/* ---- what plug-ins add */

struct report_section {
	void *(*new)(const void *facts); /* NULL: no memory */
	void (*free)(void *section);
	const struct observer *(*observer)(const void *section);
	void (*write)(const struct text_writer *writer, const void *section);
	const char *key; /* its member in the JSON report, which `tree` makes: NULL when memory was refused */
	cJSON *(*tree)(const void *section);
	/* For the report that found no problem: appends what else was checked (", and …"), and a sentence about what
	 * was not (" …."). May be NULL. */
	void (*health)(const void *section, struct buffer *checked, struct buffer *unchecked);
};

struct report_view {
	const char *option; /* that asks for it */
	bool (*wanted)(const void *options);
	void *(*new)(const void *options, const void *facts); /* NULL: a line on stderr says why */
	void (*free)(void *view);
	const struct observer *(*observer)(const void *view);
	void (*write)(const struct text_writer *writer, const void *view, const struct mask *mask);
};

/* The sections of all plug-ins: an observer that passes everything on to each. */
struct sections {
	struct observer observer;
	void *of[PLUGINS_MOST]; /* in the order of `plugins`; NULL: none, or no memory */
	const struct observer *observers[PLUGINS_MOST];
	size_t count;
	uint64_t refused; /* sections that there was no memory for */
};

/* Stays where it is from here on. */
void sections_init(struct sections *sections, const struct plugin_facts *facts);
void sections_free(struct sections *sections);

/* What was checked besides, and what was not: appended to a list, and behind its sentence. */
void sections_health(const struct sections *sections, struct buffer *checked, struct buffer *unchecked);

void sections_write(const struct text_writer *writer, const struct sections *sections);
bool sections_write_json(
    FILE *out, const struct mask *mask, const struct sections *sections); /* ",\"key\":{…}" for each */

/* ---- the summary */

/* What is kept of a session: little, for there may be 100,000. All that it points to lives as long as the summary. */
struct summary_session {
	uint64_t number;
	const char *sid;  /* "" while it was never seen */
	const char *user; /* whom a proxy names as the client; or NULL */
	struct endpoint client;
	const struct endpoint *server;
	const struct session_leg *legs; /* of several, nearest to the client first; or NULL */
	const struct process *process;  /* that a probe saw; lives as long as the engine; or NULL */
	bool doubtful, known, handshake_seen, refused;
	uint8_t revision, transports;
	const struct hop_times *hops; /* of answers that were seen on several legs; or NULL */
	uint8_t leg_count, namespace_count;
	timestamp first, last, opened, closed;
	struct recognition software;
	const char *close;
	const char *namespaces;          /* names, each NUL-terminated, one after the other */
	const uint8_t *namespace_states; /* of each, enum namespace_state */
	uint32_t events[2], packets[2];  /* these and those below: UINT32_MAX at most */
	uint32_t gaps, malformed, incomplete, unreadable;
};

/* ---- what the server logged: report_log.c */

enum {
	LOG_ENTRIES = 200, /* that are kept; more are counted */
	LOG_TEXT = 4096,   /* bytes of an entry */
	LOG_LINE = 400,    /* and of a line */
	LOG_EVENTS = 32,   /* the last ones, among which the one is that an entry speaks of */
	LOG_CODES = 200,
	LOG_PLACE = 320,
	LOG_WHEN = 16,
};

struct log_event {
	uint64_t index, session; /* of the event (0: there is none), and of its session (0: none) */
	uint32_t process;        /* of the session; 0: not known */
	struct origin origin;
	timestamp begun, time;
	bool is_refused; /* a request that was answered by an error */
	char words[104]; /* event_text_name */
	char sid[48];    /* or its beginning */
};

/* Lines that belong together. */
struct log_entry {
	timestamp time, last; /* of the first that was logged in these words, and of the last; or TIMESTAMP_NONE */
	uint64_t count;       /* how often it was */
	uint64_t lines;
	uint32_t process; /* that wrote it, as a probe saw; 0: not known */
	const char *text; /* with '\n' between its lines */
	unsigned weight;  /* how well the event beside it fits */
	struct log_event beside;
};

struct summary_log {
	const struct detector_facts *facts; /* which lines are known, and those that have no time */
	struct arena *texts;
	struct log_entry entries[LOG_ENTRIES];
	size_t count;
	uint64_t lines, left_out; /* lines of all entries; entries that did not fit */
	struct log_event events[LOG_EVENTS];
	uint64_t event_count;
	struct logged_reader reader;
	struct log_entry building;
	bool is_building, is_wanted;
	char text[LOG_TEXT];
	size_t len;
};

void summary_log_take(struct summary_log *log, const struct event *event);
void summary_log_end(struct summary_log *log);

/* The finding quotes a line of it, or rests on the event beside it. */
bool log_entry_is_found(const struct log_entry *entry, const struct finding *finding);

/* The codes of all of which that is so: "environ-race, ack-missing". Returns `text`. */
const char *log_entry_findings(const struct log_entry *entry, const struct findings *findings, char text[LOG_CODES]);

/* "11:54:09.030", or "without time". Returns `text`. */
const char *log_entry_when(timestamp time, char text[LOG_WHEN]);

/* The event beside it: "after save, packet 55, session 1, 12 ms before"; empty: there is none. Returns `text`. */
const char *log_entry_place(const struct log_entry *entry, char text[LOG_PLACE]);

void report_text_write_log(
    const struct text_writer *writer, const struct summary_log *log, const struct findings *findings);
cJSON *report_json_log(const struct summary_log *log, const struct findings *findings);

/* One way between two inputs: what passed them. */
struct summary_way {
	uint64_t seen, lost;           /* segments; lost: seen by the one that they pass first alone */
	timestamp least, median, most; /* that they were under way; TIMESTAMP_NONE: not known */
};

/* The clock of an input, against the first one's (source/skew.h). */
struct summary_skew {
	const char *input, *to, *peer;  /* borrowed names; peer: that it was compared with */
	bool is_known, is_contradicted; /* contradicted: what both saw fits no offset */
	bool is_given;                  /* by the user */
	bool is_corrected;              /* its times were put right */
	bool is_streamed;               /* it can be read once alone: they cannot be */
	bool by_events;                 /* of sessions; else by segments */
	uint64_t matches;               /* of these, in both */
	timestamp offset, bound;        /* ahead; give or take, or TIMESTAMP_NONE */
	double drift;                   /* so much faster */
	struct summary_way ways[2];     /* from the peer to it, and back */
};

/* "back.pcap's clock is 37.5 ms behind (± 2.0 ms, drift 50 ppm)", and why times are left as they are. Files by their
 * short names, when `numbering` has them; it may be NULL. Returns `text`.
 */
enum { SKEW_TEXT = 600 };
const char *skew_format(const struct summary_skew *skew, const struct numbering *numbering, char text[SKEW_TEXT]);

/* "37.5 ms", with as many digits behind the point as what is known to within `bound` has. Returns `text`. */
const char *milliseconds_format(timestamp span, timestamp bound, char text[TIMESTAMP_TEXT_SIZE]);

/* An input that connections are read from which others have as well. */
struct summary_vantage {
	const char *input;
	uint64_t connections;
};

/* Of a report on some of the sessions: which, in order of their numbers; and how many there are in all. */
struct summary_part {
	const uint64_t *sessions; /* borrowed */
	size_t count;
	uint64_t all;
};

bool summary_part_has(const struct summary_part *part, uint64_t session);

/* "session 2 (of 3)", "sessions 1, 4 and 7 (of 9)", "12 sessions (of 500)". Returns `text`. */
enum { SUMMARY_PART_TEXT = 120 };
const char *summary_part_format(const struct summary_part *part, char text[SUMMARY_PART_TEXT]);

/* What such a report says of itself, behind which sessions those are. */
#define SUMMARY_PART_REST                                                                                             \
	"Packets, payload and what could not be seen are those of the whole capture. Findings of no session (unless " \
	"they "                                                                                                       \
	"explain one of these) and lines of a log are left out."

struct summary_input {
	const char *const *sources; /* borrowed names */
	size_t source_count;
	const struct numbering *numbering; /* of these, when they are several files; or NULL; borrowed */
	const struct summary_skew *skews;  /* of inputs whose clock could be compared; borrowed */
	size_t skew_count;
	const struct summary_vantage *vantages; /* borrowed */
	size_t vantage_count;
	uint64_t filtered;     /* packets read that the filter did not let through */
	uint64_t entries;      /* of HAR files */
	const char *recorders; /* who wrote these; NULL or "": nobody */
	uint64_t lines;        /* of servers' logs */
	const char *loggers;   /* the same of these */
};

/* Of all inputs that were compared: segments that passed the first of two and never the second. */
uint64_t summary_lost_between(const struct summary_input *input, uint64_t *seen);

/* What leg of a session this is: "at the edge", "behind it". */
const char *hop_place(size_t leg);

struct summary {
	struct observer observer;
	struct arena texts;
	struct summary_session *sessions; /* in order of number */
	size_t session_count, session_room;
	struct summary_session before; /* the one kept last */
	uint64_t counted[2];           /* all: [1] known, [0] not */
	size_t most;                   /* of each of these are wanted: those of the lowest numbers; 0: all */
	uint64_t unlisted;             /* sessions that did not fit */
	uint64_t refused;              /* texts that did not; sessions, when memory was refused */
	struct summary_input input;
	const struct summary_part *part;    /* NULL: it is of all sessions; borrowed */
	const struct engine_counts *counts; /* borrowed from the engine */
	struct ledger *ledger;              /* the engine's */
	const struct findings *findings;    /* arranged; borrowed */
	struct hops *hops;                  /* or NULL */
	struct sections sections;           /* of plug-ins: an observer of its own */
	struct summary_log log;
};

/* Keeps the first `most` sessions that are known and as many that are not; 0: the first 100,000 to end. `facts` are
 * borrowed. The summary stays where it is from here on. */
void summary_init(struct summary *summary, size_t most, const struct detector_facts *facts);
void summary_free(struct summary *summary);

/* Puts the sessions in order of number, and adds to the engine's ledger what the report leaves out; call after
 * engine_end. */
void summary_finish(
    struct summary *summary, struct engine *engine, const struct summary_input *input, const struct findings *findings);

/* Of some of the sessions of `whole`, which is finished: what is said of sessions is gathered from the record, anything
 * else is the whole's. `findings` are those of the part. After summary_init(part, …). */
void summary_gather_part(struct summary *part, const struct summary *whole, const struct summary_part *of,
    const struct record *record, const struct findings *findings);

/* Is the session one of those that it is of? NULL: what belongs to none. */
bool summary_has(const struct summary *summary, const struct session *session);

/* How often memory was refused to what the report shows, the engine's own aside (that is a limit's hit). */
uint64_t summary_refused(const struct summary *summary);

/* The nth namespace's name. */
const char *summary_namespace(const struct summary_session *session, size_t nth);

/* ---- for a person */

enum { REPORT_SESSIONS = 20, REPORT_FINDINGS = 40 }; /* more are counted, not listed */

/* The findings alone, causes before what they explain. */
void report_text_write_findings(const struct text_writer *writer, const struct findings *findings);

/* The same thing in another session, in the same words or for the same cause, and of the same reason or of such a twin:
 * reported once, with how many there are. */
bool report_is_twin(const struct finding *a, const struct finding *b);

/* It is the twin of an earlier one. */
bool report_is_repeated(const struct findings *findings, const struct finding *finding);

/* Clocks, what passed between the inputs, and which of them connections are read from: of several inputs. */
void report_text_write_inputs(const struct text_writer *writer, const struct summary_input *input);

/* How long acks took at each place at which the session was seen; `session->hops` is there. */
void report_text_write_hops(const struct text_writer *writer, const struct summary_session *session);

/* How much was not captured, of all payload, in percent; 0 where no byte is known to be missing. */
double ledger_missing_share(const struct ledger *ledger);

/* False when the stream refused it. */
bool report_text_write(const struct text_writer *writer, const struct summary *summary);

/* ---- for a program */

/* Writes one object and a line end. False: no memory, or the stream refused it. */
bool report_json_write(FILE *out, const struct mask *mask, const struct summary *summary);

/* The findings alone, as the list in the report. */
bool report_json_write_findings(FILE *out, const struct mask *mask, const struct findings *findings);

#endif
