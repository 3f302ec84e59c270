/*
 * The report as one HTML file that needs nothing else: no network, no other file, and JavaScript only for what moves
 * (the ladder, search, zoom). Findings, ledger, sessions, plots and a table of events are there without it.
 *
 * The file is a sink: html_text and html_json are the only ways by which anything from the wire gets into it. The first
 * masks secrets (base/mask.h), shows what steers (utf8_write_visible) and escapes markup; the second takes JSON that
 * was masked. A Content-Security-Policy (W3C CSP 3, §3.3: by <meta>) allows the file's own inline style and scripts, by
 * their SHA-256, and nothing else.
 *
 * How it is written: html_scan goes over the timeline once, with what is drawn kept in bounded tables; then parts are
 * written one after the other. Events come last and fill what is left of the limit; they are composed twice, since what
 * is left out is said before them.
 */
#ifndef VIEW_HTML_H
#define VIEW_HTML_H

#include "base/mask.h"
#include "base/plugin.h"
#include "detect/findings.h"
#include "socketio/record.h"
#include "view/report.h"
#include "view/verdicts.h"

#include <stdio.h>

/* ---- the report */

struct html_report {
	const struct record *record; /* of everything; all is borrowed */
	const struct findings *findings;
	const struct summary *summary; /* finished */
	const struct plugin_facts *plugged;
	const struct verdicts_view *verdicts; /* of `check`; or NULL */
	const struct mask *mask;
	size_t limit; /* bytes of the file (--max-html) */
};

/* Writes the whole. False: no memory, or the stream refused it. */
bool html_write(FILE *out, const struct html_report *report);

/* ---- what writes it: for the files of this report, and for plug-ins' sections */

struct html {
	FILE *out; /* NULL: nothing is written, only measured */
	const struct mask *mask;
	uint64_t written; /* bytes */
	bool failed;      /* there was no memory for a part */
};

/* The program's own markup, as it is; with numbers and words of the program in it. */
void html_put(struct html *html, const char *markup);
void html_format(struct html *html, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text, which may be of the wire. A secret is seen by its name, so name and value belong into one call. */
void html_text(struct html *html, const char *format, ...) __attribute__((format(printf, 2, 3)));
void html_slice(struct html *html, struct slice text);

/* JSON into a data block: masked before by its writer. No markup can end the block. */
void html_json(struct html *html, struct slice json);

/* ---- what plug-ins add (base/plugin.h, `page`): a section of the page with its data, a script that shows it, and its
 * style. The script calls `section(id, function (host, data) { … })` of view/html/base.js. */

struct html_section {
	const char *id;     /* of the section: letters */
	const char *title;  /* of its heading */
	const char *script; /* its own JavaScript and CSS, embedded at build time */
	const char *style;
	/* Writes what is readable without JavaScript, and behind it the data block, with html_data_begin. Both keep
	 * within `most` bytes and say what they leave out. False: there is nothing to show, and nothing was written. */
	bool (*write)(struct html *html, const struct html_report *report, const void *facts, uint64_t most);
};

/* The section's heading is written by the first call of this; then what belongs into it. */
void html_section_begin(struct html *html, const char *id, const char *title);
void html_section_end(struct html *html);

/* A block of data for the script of the section. */
void html_data_begin(struct html *html, const char *id);
void html_data_end(struct html *html);

/* ---- the parts; each has a file */

enum {
	HTML_BUCKETS = 120, /* of the time, in the plots */
	HTML_NAMES = 200,   /* of events, each with its latencies */
	HTML_LATENCIES = 500000,
	HTML_NAME_ROWS = 30,    /* of the table of names */
	HTML_CLOSES = 24,       /* reasons why sessions closed */
	HTML_LANE_PARTS = 3,    /* stretches of one transport, in a lane */
	HTML_LANE_MARKS = 64,   /* gaps, closes; of more the nearest ones are drawn as one */
	HTML_MARKS = 200000,    /* of all lanes */
	HTML_LANES = 20000,     /* sessions with a lane */
	HTML_SESSION_ROWS = 60, /* of the table of sessions that needs no JavaScript */
	HTML_ROWS = 300,        /* of the table of events that needs no JavaScript */
	HTML_CARDS = 200,       /* findings with all their text */
	HTML_PROOFS = 4096,     /* pieces of evidence that are looked for in the timeline */
};

/* Evidence, and the event in which it begins. */
struct html_proof {
	const struct finding *finding;
	size_t nth;
	struct origin origin;
	uint64_t event; /* 0: in none */
};

/* One or several of a kind, in a lane. */
struct html_mark {
	timestamp time, until; /* of the first, of the last */
	uint32_t count;
	char kind; /* 'g' a gap, 'c' a close (of the WebSocket too), 'm' malformed */
};

/* Where the capture lacks something. */
struct html_gaps {
	uint64_t count[2]; /* by direction */
	uint64_t lost[2];  /* bytes, as far as they are known */
	timestamp first, last;
};

/* A session in the timeline. */
struct html_lane {
	timestamp part_begin[HTML_LANE_PARTS];
	struct html_mark *marks; /* in the order of the timeline */
	struct html_gaps gaps;
	uint32_t findings; /* that name it */
	uint8_t part_transport[HTML_LANE_PARTS];
	uint8_t part_count, mark_count, mark_room;
	uint8_t worst; /* 1 + severity of its worst finding; 0: none */
};

/* What came in one second, as the clock counts them. */
struct html_second {
	int64_t second;
	uint64_t events[2], bytes[2];
};

struct html_latency {
	uint16_t name, bucket; /* its place among the names; when it was asked */
	float seconds;
};

struct html_name {
	char text[64]; /* "" of the last: all that had no room */
	uint64_t events[2];
	uint64_t answered;
	timestamp slowest; /* latency, and whose */
	uint64_t slowest_event, slowest_session;
};

struct html_scan {
	const struct html_report *report;
	struct budget budget;
	timestamp first, last;     /* of what is shown */
	struct html_proof *proofs; /* in order of origins */
	size_t proof_count;
	uint64_t *proving; /* the events in which they begin, in order */
	size_t proving_count;
	struct html_lane *lanes; /* of sessions 1 … lane_count */
	size_t lane_count;
	uint64_t session_count;               /* the highest number */
	uint64_t shown_sessions, event_count; /* of which the report is */
	uint64_t outside;                     /* events of no session */
	struct html_gaps gaps;                /* of no session, or of one that has no lane */
	size_t mark_room;                     /* of all lanes together */
	/* plots */
	uint64_t bucket_events[2][HTML_BUCKETS], bucket_bytes[2][HTML_BUCKETS];
	struct html_second second, busiest; /* of the time; of each number the most there was in one */
	struct html_name *names;
	size_t name_count;
	struct html_latency *latencies;
	size_t latency_count;
	uint64_t latencies_left_out;
	struct {
		char text[96];
		uint64_t count;
	} closes[HTML_CLOSES];
	size_t close_count;
	uint64_t open_at_end, other_closes;
	bool shows[PLUGINS_MOST]; /* the section of this plug-in was written */
};

/* False: no memory. Either way html_scan_free is to be called. */
bool html_scan(struct html_scan *scan, const struct html_report *report);
void html_scan_free(struct html_scan *scan);

/* The event in which this evidence of a finding begins; 0: none. */
uint64_t html_event_of(const struct html_scan *scan, const struct finding *finding, size_t nth);

/* For qsort and bsearch of numbers of events. */
int html_compare_events(const void *a, const void *b);

/* A finding names the event. */
bool html_is_proving(const struct html_scan *scan, uint64_t event);

/* The lane of a session; NULL: it has none. */
const struct html_lane *html_lane_of(const struct html_scan *scan, uint64_t session);

/* The sessions in the order in which they are shown: those with the worst findings first, then by number. */
struct html_walk {
	const struct html_scan *scan;
	unsigned worst;
	uint64_t number;
};

struct html_walk html_walk_of(const struct html_scan *scan);
const struct session *html_walk_next(struct html_walk *walk); /* NULL behind the last */

/* Where the time is between the first and the last, in percent. */
double html_percent(const struct html_scan *scan, timestamp time);

void html_write_findings(struct html *html, const struct html_scan *scan);
void html_write_log(struct html *html, const struct html_scan *scan); /* when the server logged something */
void html_write_verdicts(struct html *html, const struct verdicts_view *view);

void html_write_unseen(struct html *html, const struct html_scan *scan);

/* Clocks, losses and hops, of several captures or legs. */
bool html_has_hosts(const struct summary *summary);
void html_write_hosts(struct html *html, const struct summary *summary);

void html_write_timeline(struct html *html, const struct html_scan *scan, uint64_t most);
void html_write_plots(struct html *html, struct html_scan *scan);

/* ---- events: which of them are in the file, and how much is left out */

struct html_choice {
	uint64_t sessions, events;       /* in the file */
	uint64_t of_sessions, of_events; /* of so many */
	uint64_t payloads_cut;           /* too long for the file: their beginning alone is there */
};

/* Writes the events that fit into `most` bytes, as data; with `html->out` NULL it only measures. */
struct html_choice html_write_events(struct html *html, const struct html_scan *scan, uint64_t most);

/* The plain table: those that findings name, and the first ones. */
void html_write_table(struct html *html, const struct html_scan *scan, const struct html_choice *choice);

/* ---- what is embedded (html_writer.c) */

struct html_asset {
	const char *style, *script; /* of the report itself */
};
extern const struct html_asset html_assets;

/* "'sha256-…'" of an inline block, as CSP writes it. False: libcrypto has none. */
enum { HTML_HASH_TEXT = 64 };
bool html_hash(const char *block, char text[HTML_HASH_TEXT]);

#endif
