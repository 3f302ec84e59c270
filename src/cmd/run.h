/* Feeds sources through the engine: what report and dump share. */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "cmd/options.h"
#include "engine/engine.h"
#include "view/summary.h"

struct run {
	const struct options *options;
	const struct observer *const *observers;
	size_t observer_count;
	bool (*stop)(void *self);  /* asked now and then: true ends the run early; may be NULL */
	void (*pause)(void *self); /* a live source has nothing just now; may be NULL */
	void *self;
	struct engine *engine;      /* made by run_all, owned by the caller afterwards: engine_free */
	struct summary_input input; /* filled by run_all */
	char cut[256];              /* backs input.cut */
	int command_code;           /* of the command that was watched; -1: none */
};

/* Reads every source to its end; live ones until the options' duration is over, a signal comes, or the command that
 * was started with them has ended. False: nothing could be read; one line about it is on stderr. */
bool run_all(struct run *run);

#endif
