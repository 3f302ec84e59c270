/* Runs every detector over the timeline: an observer. */
#ifndef DETECT_DIAGNOSIS_H
#define DETECT_DIAGNOSIS_H

#include "detect/detector.h"
#include "socketio/event.h"

struct diagnosis; /* opaque */

/* `facts` is borrowed; `limit`: bytes of the findings and their texts. NULL: no memory. */
struct diagnosis *diagnosis_new(const struct detector_facts *facts, size_t limit);
void diagnosis_free(struct diagnosis *diagnosis);

const struct observer *diagnosis_observer(const struct diagnosis *diagnosis);

/* What was found so far, in the order in which it was. */
struct findings *diagnosis_findings(struct diagnosis *diagnosis);

/* Lets the detectors look back once the timeline has ended, and puts the findings in order. They live as
 * long as the diagnosis. */
struct findings *diagnosis_finish(struct diagnosis *diagnosis, const struct engine_counts *counts);

#endif
