/* What the options give detectors, sections and screens to go by besides the timeline. */
#ifndef CMD_FACTS_H
#define CMD_FACTS_H

#include "cmd/options.h"
#include "detect/detector.h"

/* Opens what the options name for each plug-in, and notes whether there is a log. False, and a line on stderr, when
 * something cannot be read. Either way facts_close is to be called. */
bool facts_open(struct detector_facts *facts, const struct options *options);
void facts_close(struct detector_facts *facts);

#endif
