/* The table of detectors, and how each is run. */
#include "detect/diagnosis.h"

#include "detect/frontend_check.h"

#include <stdlib.h>
#include <utlist.h>

extern const struct detector detector_refusals, detector_cors, detector_upgrade, detector_closing, detector_heartbeat,
    detector_namespaces, detector_acks, detector_answers, detector_batch, detector_size, detector_clients,
    detector_idle, detector_stall, detector_blocked, detector_pages, detector_baked, detector_visibility;

static const struct detector *const diagnosis_detectors[] = {
    &detector_refusals,
    &detector_cors,
    &detector_upgrade,
    &detector_closing,
    &detector_heartbeat,
    &detector_namespaces,
    &detector_acks,
    &detector_answers,
    &detector_batch,
    &detector_size,
    &detector_clients,
    &detector_idle,
    &detector_stall,
    &detector_blocked,
    &detector_pages,
    &detector_baked,
    &detector_visibility,
};

enum { DETECTORS = sizeof diagnosis_detectors / sizeof *diagnosis_detectors };

/* A session that has ended. The engine remembers it for as long as its limits allow, for stray requests; detectors
 * judge it and let its notes go some seconds later, so that memory depends on the sessions that live at one time. */
struct departure {
	const struct session *session; /* NULL: not noted yet */
	stamp time;
	bool waits;
	struct departure *prev, *next;
};

#define DEPARTURE_LINGER (10 * STAMP_SECOND)

struct diagnosis {
	struct observer observer;
	struct notes departures;
	struct departure *waiting; /* the earliest first */
	const struct detector_facts *facts;
	struct findings findings;
	void *states[DETECTORS];
};

static void diagnosis_judge(struct diagnosis *diagnosis, const struct session *session)
{
	for (size_t i = 0; i < DETECTORS; i++) {
		const struct detector *detector = diagnosis_detectors[i];
		void *state = diagnosis->states[i];
		if (detector->session_over)
			detector->session_over(state, session);
		if (!detector->new)
			notes_forget(&((struct detector_state *)state)->notes, session);
	}
}

static void diagnosis_note_departure(struct diagnosis *diagnosis, const struct session *session)
{
	struct departure *departure = notes_of(&diagnosis->departures, session);
	if (!departure || departure->session)
		return;
	*departure = (struct departure){.session = session, .time = session->closed, .waits = true};
	DL_APPEND(diagnosis->waiting, departure);
}

static void diagnosis_stop_waiting(struct diagnosis *diagnosis, struct departure *departure)
{
	DL_DELETE(diagnosis->waiting, departure);
	departure->waits = false;
}

static void diagnosis_judge_departed(struct diagnosis *diagnosis, stamp now)
{
	struct departure *departure;
	while ((departure = diagnosis->waiting) && departure->time + DEPARTURE_LINGER < now) {
		diagnosis_stop_waiting(diagnosis, departure);
		diagnosis_judge(diagnosis, departure->session);
	}
}

static void diagnosis_take_event(void *self, const struct event *event)
{
	struct diagnosis *diagnosis = self;
	diagnosis_judge_departed(diagnosis, event->time);
	for (size_t i = 0; i < DETECTORS; i++)
		if (diagnosis_detectors[i]->event)
			diagnosis_detectors[i]->event(diagnosis->states[i], event);
	if (event->session && event->session->closed != STAMP_NONE)
		diagnosis_note_departure(diagnosis, event->session);
}

static void diagnosis_take_closed(void *self, const struct session *session)
{
	struct diagnosis *diagnosis = self;
	struct departure *departure = notes_find(&diagnosis->departures, session);
	if (departure && departure->waits)
		diagnosis_stop_waiting(diagnosis, departure);
	diagnosis_judge(diagnosis, session);
	if (session->doubtful)
		findings_doubt_session(&diagnosis->findings, session->number,
		    "the TLS stream and the connection are matched by the order of calls, and two connections fit it");
	notes_forget(&diagnosis->departures, session);
}

struct diagnosis *diagnosis_new(const struct detector_facts *facts, size_t limit)
{
	struct diagnosis *diagnosis = calloc(1, sizeof *diagnosis);
	if (!diagnosis)
		return NULL;
	diagnosis->facts = facts;
	findings_init(&diagnosis->findings, limit);
	notes_init(&diagnosis->departures, sizeof(struct departure), &diagnosis->findings.memory);
	diagnosis->observer = (struct observer){
	    .self = diagnosis, .event = diagnosis_take_event, .session_closed = diagnosis_take_closed};
	for (size_t i = 0; i < DETECTORS; i++) {
		const struct detector *detector = diagnosis_detectors[i];
		diagnosis->states[i] = detector->new
		                           ? detector->new (&diagnosis->findings, facts)
		                           : detector_state_new(&diagnosis->findings, facts, detector->note_size);
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
	for (size_t i = 0; i < DETECTORS; i++) {
		const struct detector *detector = diagnosis_detectors[i];
		(detector->free ? detector->free : detector_state_free)(diagnosis->states[i]);
	}
	notes_free(&diagnosis->departures);
	findings_free(&diagnosis->findings);
	free(diagnosis);
}

const struct observer *diagnosis_observer(const struct diagnosis *diagnosis)
{
	return &diagnosis->observer;
}

struct findings *diagnosis_findings(struct diagnosis *diagnosis)
{
	return &diagnosis->findings;
}

struct findings *diagnosis_finish(struct diagnosis *diagnosis, const struct engine_counts *counts)
{
	for (size_t i = 0; i < DETECTORS; i++)
		if (diagnosis_detectors[i]->end)
			diagnosis_detectors[i]->end(diagnosis->states[i], counts);
	if (diagnosis->facts->frontend)
		frontend_check_state(&diagnosis->findings, diagnosis->facts->frontend);
	findings_arrange(&diagnosis->findings);
	return &diagnosis->findings;
}
