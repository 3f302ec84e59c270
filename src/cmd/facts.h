/* What the options give the detectors to go by besides the timeline. */
#ifndef CMD_FACTS_H
#define CMD_FACTS_H

#include "cmd/options.h"
#include "detect/detector.h"

struct facts {
	struct detector_facts known; /* lends `frontend`: stays where it is */
	struct frontend frontend;    /* when the options name one */
};

/* False, and a line on stderr, when the frontend that the options name cannot be read. What it lacks is said too. */
bool facts_open(struct facts *facts, const struct options *options);
void facts_close(struct facts *facts);

#endif
