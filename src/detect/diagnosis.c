/* The table of detectors, and how each is run. */
#include "detect/diagnosis.h"

#include "detect/frontend_check.h"

#include <stdlib.h>

extern const struct detector detector_refusals, detector_cors, detector_upgrade, detector_closing, detector_heartbeat,
    detector_namespaces, detector_acks, detector_batch, detector_size, detector_clients, detector_idle, detector_stall,
    detector_pages, detector_visibility;

static const struct detector *const diagnosis_detectors[] = {
    &detector_refusals,
    &detector_cors,
    &detector_upgrade,
    &detector_closing,
    &detector_heartbeat,
    &detector_namespaces,
    &detector_acks,
    &detector_batch,
    &detector_size,
    &detector_clients,
    &detector_idle,
    &detector_stall,
    &detector_pages,
    &detector_visibility,
};

enum { DETECTORS = sizeof diagnosis_detectors / sizeof *diagnosis_detectors };

struct diagnosis {
	struct observer observer;
	const struct detector_facts *facts;
	struct findings findings;
	void *states[DETECTORS];
};

static void diagnosis_take_event(void *self, const struct event *event)
{
	struct diagnosis *diagnosis = self;
	for (size_t i = 0; i < DETECTORS; i++)
		if (diagnosis_detectors[i]->event)
			diagnosis_detectors[i]->event(diagnosis->states[i], event);
}

static void diagnosis_take_closed(void *self, const struct session *session)
{
	struct diagnosis *diagnosis = self;
	for (size_t i = 0; i < DETECTORS; i++)
		if (diagnosis_detectors[i]->session_closed)
			diagnosis_detectors[i]->session_closed(diagnosis->states[i], session);
}

struct diagnosis *diagnosis_new(const struct detector_facts *facts, size_t limit)
{
	struct diagnosis *diagnosis = calloc(1, sizeof *diagnosis);
	if (!diagnosis)
		return NULL;
	diagnosis->facts = facts;
	findings_init(&diagnosis->findings, limit);
	diagnosis->observer = (struct observer){
	    .self = diagnosis, .event = diagnosis_take_event, .session_closed = diagnosis_take_closed};
	for (size_t i = 0; i < DETECTORS; i++) {
		diagnosis->states[i] = diagnosis_detectors[i]->new (&diagnosis->findings, facts);
		if (!diagnosis->states[i]) {
			diagnosis_free(diagnosis);
			return NULL;
		}
	}
	return diagnosis;
}

void diagnosis_free(struct diagnosis *diagnosis)
{
	if (!diagnosis)
		return;
	for (size_t i = 0; i < DETECTORS; i++)
		diagnosis_detectors[i]->free(diagnosis->states[i]);
	findings_free(&diagnosis->findings);
	free(diagnosis);
}

const struct observer *diagnosis_observer(const struct diagnosis *diagnosis)
{
	return &diagnosis->observer;
}

const struct findings *diagnosis_finish(struct diagnosis *diagnosis, const struct engine_counts *counts)
{
	for (size_t i = 0; i < DETECTORS; i++)
		if (diagnosis_detectors[i]->end)
			diagnosis_detectors[i]->end(diagnosis->states[i], counts);
	if (diagnosis->facts->frontend)
		frontend_check_state(&diagnosis->findings, diagnosis->facts->frontend);
	findings_arrange(&diagnosis->findings);
	return &diagnosis->findings;
}
