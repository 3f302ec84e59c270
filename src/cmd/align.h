/*
 * Several captures as one timeline: a pass over all of them before they are merged finds how far their clocks are apart
 * (source/skew.h), and which copy of a connection is read (net/vantage.h). Where no segment is in two of them, a second
 * pass looks for events of the same session.
 *
 * An input that can be read once alone (a pipe, an interface) cannot be put right: then what it shows is compared as it
 * comes, and reported.
 */
#ifndef CMD_ALIGN_H
#define CMD_ALIGN_H

#include "cmd/options.h"
#include "net/vantage.h"
#include "socketio/engine.h"
#include "source/source.h"
#include "view/report.h"

struct align; /* opaque */

/* Opens what the passes read, while names may be looked up; nothing is read. `*align` is NULL where there is nothing to
 * compare. False, and a line on stderr: no memory, or a file is gone. */
bool align_open(struct align **align, const struct options *options);
void align_free(struct align *align); /* NULL is let pass */

/* What it keeps is the engine's to pay for; `keylogs` (of the options, NULL behind the last) open what a second pass
 * needs. Both are borrowed. False: no memory. */
bool align_begin(struct align *align, struct engine *engine, FILE *const *keylogs);

/* Reads so many packets at most. True: the passes are over (or there is none), and what they found was given to
 * `merged` and to the engine. */
bool align_step(struct align *align, struct source *merged, size_t packets);

/* Where there is no pass: each packet as it comes; and its end. */
void align_watch(struct align *align, const struct packet *packet);
void align_finish(struct align *align);

/* What was found, for the report; it lives as long as `align`. */
void align_note(struct align *align, struct summary_input *input);

#endif
