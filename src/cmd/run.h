/* Feeds sources through the engine: what report, dump, check and the interface share. */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "cmd/align.h"
#include "cmd/export.h"
#include "cmd/options.h"
#include "cmd/process.h"
#include "cmd/rotation.h"
#include "detect/logged.h"
#include "socketio/engine.h"
#include "source/source.h"
#include "view/report.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- progress: how far a long input has been read, on stderr, when that is a terminal */

struct progress {
	bool wanted, shown;
	int64_t next; /* monotonic nanoseconds of the next line */
};

void progress_begin(struct progress *progress);
void progress_note(struct progress *progress, uint64_t packets, uint64_t bytes);
void progress_end(struct progress *progress);

/* ---- a run */

enum { RUN_RECORDERS = 256, RUN_OBSERVERS = 8 + PLUGINS_MOST };

struct run {
	const struct options *options;
	const struct observer *const *observers;
	size_t observer_count;
	bool (*stop)(void *self);  /* asked now and then: true ends the run early; may be NULL */
	void (*pause)(void *self); /* a live source has nothing just now; may be NULL */
	void (*packet)(void *self, const struct packet *packet); /* each, before it is taken; may be NULL */
	void *self;
	struct findings *findings;      /* of a diagnosis among the observers, to be exported (--otlp); may be NULL */
	struct logged_undated *undated; /* lines of the log without a time; NULL: nobody asks */
	struct budget *also;            /* what observers take from it is of the engine's memory too; or NULL */
	struct engine *engine;          /* made by run_begin; run_free gives it back */
	struct summary_input input;     /* filled by run_end */
	int command_code;               /* of the command that was watched; -1: none */

	/* run.c's own */
	struct export export;
	const struct observer *all[RUN_OBSERVERS]; /* `observers`, and the export's */
	struct align *align;                       /* of several captures; or NULL */
	struct source *source;
	struct numbering *numbering; /* of several files; or NULL */
	struct server_log log;
	FILE *keylogs[OPTIONS_KEYLOGS]; /* in the order of the options; NULL behind the last */
	struct secrets_sink secrets;
	struct buffer embedded; /* --embed-secrets: the keys of captured connections, as a key log has them */
	struct stop stopping;
	struct progress progress;
	struct rotation rotation;
	bool is_live;
	timestamp ticked;                                      /* the live clock, as the engine got it last */
	char recorders[RUN_RECORDERS], loggers[RUN_RECORDERS]; /* back input.recorders and input.loggers */
	const char *probed;                                    /* backs input.sources when processes are watched */
	enum source_result result;
	uint64_t bytes;
	uint64_t hits[LIMIT_COUNT]; /* of the source's limits: those that the ledger has */
};

/* Reads every source to its end; live ones until the options' duration is over, a signal comes, or the command that
 * was started with them has ended. False: nothing could be read; one line about it is on stderr. */
bool run_all(struct run *run);

/* The same in steps, for callers that do other work in between. `run_begin` false: as above, and all is over. */
bool run_begin(struct run *run);

enum run_state {
	RUN_GOES_ON,
	RUN_WAITS, /* a live source has nothing just now: wait with source_wait(run->source), and go on */
	RUN_OVER,
};
enum run_state run_step(struct run *run, size_t packets); /* at most so many */

/* Steps and waits until it is over. A live source that had nothing is named on stderr. */
void run_go(struct run *run);

/* Lets go of the sources and ends the timeline. False: as run_all. */
bool run_end(struct run *run);

/* After run_end, and once the findings are final: what is left to be exported goes out, and what was lost of it is in
 * the ledger. Waits for the collector, no longer than the environment says. */
void run_export(struct run *run);

/* After run_end: a line on stderr when the server's log (--server-log) says nothing of the time that was captured. */
void run_report_log(const struct run *run);

/* The same, and what was cut, by the capture or by a limit: a line each on stderr, for outputs that do not say it. */
void run_report_unseen(const struct run *run);

/* After run_end: what -w asked for was kept; if not, that was said when it failed. */
bool run_kept(const struct run *run);

/* Frees the engine, which closes what is still open, for the observers. */
void run_free(struct run *run);

/* Closes the sources only: for callers that leave before the end. May be called at any time after run_begin. */
void run_close(struct run *run);

#endif
