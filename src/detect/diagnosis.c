/* The table of detectors, and how each is run; the last of them says what could not be seen. */
#include "detect/client_script.h"
#include "detect/detector.h"

#include <stdlib.h>
#include <utlist.h>

/* ---- what could not be seen */

/*
 * capture-incomplete: what could not be seen, so that nobody takes silence for health.
 *
 * Seen: each reason of the ledger for which events may be missing, at the end. Nothing else could explain them, and
 * nothing is ruled out: each is reported as it was counted, in whichever session it was.
 */
static void visibility_report(struct findings *findings, const struct ledger *ledger, enum ledger_reason reason)
{
	const struct ledger_reason_facts *facts = ledger_reason(reason);
	char text[LEDGER_TEXT];
	struct finding *finding = findings_claim(
	    findings, CODE_CAPTURE_INCOMPLETE, CONFIDENCE_PROVEN, NULL, NULL, facts->name);
	if (!finding)
		return;
	finding->count = ledger->entries[reason].items;
	finding_say(findings, finding, "%s", ledger_describe(ledger, reason, text));
	if (facts->advice)
		finding_advise(findings, finding, "%s", facts->advice);
}

static void visibility_take_end(void *self, const struct engine_counts *counts)
{
	struct detector_state *state = self;
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_is_listed(counts->ledger, reason) && ledger_reason(reason)->weight >= LEDGER_BLINDS_ALONE)
			visibility_report(state->findings, counts->ledger, reason);
}

static const struct detector detector_visibility = {
    .end = visibility_take_end,
};

/* ---- the table */

extern const struct detector detector_refusals, detector_cors, detector_preflight, detector_switched, detector_upgrade,
    detector_closing, detector_heartbeat, detector_namespaces, detector_acks, detector_answers, detector_batch,
    detector_size, detector_clients, detector_lost_between, detector_foreign, detector_unanswered, detector_granted,
    detector_event_lost, detector_unreachable, detector_tls, detector_malformed, detector_streams, detector_tunnels,
    detector_client_script, detector_cut_short, detector_idle, detector_stall, detector_blocked, detector_browser,
    detector_stated, detector_logged, detector_port, detector_recovery;

static const struct detector *const diagnosis_detectors[] = {
    &detector_refusals, &detector_cors, &detector_preflight, &detector_switched, &detector_upgrade, &detector_cut_short,
    &detector_closing, &detector_heartbeat, &detector_namespaces, &detector_acks, &detector_answers, &detector_batch,
    &detector_size, &detector_clients, &detector_lost_between, &detector_foreign, &detector_unanswered, &detector_port,
    &detector_granted, &detector_event_lost, &detector_recovery, &detector_unreachable, &detector_tls,
    &detector_malformed, &detector_streams, &detector_tunnels, &detector_client_script, &detector_idle, &detector_stall,
    &detector_blocked, &detector_browser, &detector_visibility, &detector_stated,
    &detector_logged, /* the last: they read what the others have found */
};

enum { DETECTORS = sizeof diagnosis_detectors / sizeof *diagnosis_detectors };

/* With those of plug-ins; one slot is the diagnosis's own. */
enum { DETECTORS_MOST = STATE_SLOTS - 1 };

_Static_assert((int)DETECTORS < (int)DETECTORS_MOST, "each detector has a slot");

/* ---- running them */

/* A session, and when it ended. The engine remembers it for as long as its limits allow, for stray requests; detectors
 * judge it and free its state some seconds later, so that memory depends on the sessions that live at one time. */
struct departure {
	const struct session *session; /* NULL: not noted yet */
	timestamp time;                /* of its end, or of a stray event after it was judged; NONE: it is open */
	struct departure *prev, *next; /* in `open` or `waiting` */
};

struct diagnosis {
	struct observer observer;
	struct session_states sessions;
	struct state_slot departures;
	struct departure *open;    /* sessions that have not ended */
	struct departure *waiting; /* those that have, the earliest first */
	const struct detector_facts *facts;
	struct findings findings;
	struct {
		const struct detector *detector;
		void *self;
	} running[DETECTORS_MOST];
	size_t running_count;
};

static void diagnosis_judge(struct diagnosis *diagnosis, const struct session *session)
{
	struct departure *departure = session_state_find(&diagnosis->departures, session);
	if (departure && departure->time == TIMESTAMP_NONE)
		DL_DELETE(diagnosis->open, departure);
	else if (departure)
		DL_DELETE(diagnosis->waiting, departure);
	if (!session_states_has(&diagnosis->sessions, session))
		return;
	for (size_t i = 0; i < diagnosis->running_count; i++)
		if (diagnosis->running[i].detector->session_over && !session->unrecorded)
			diagnosis->running[i].detector->session_over(diagnosis->running[i].self, session);
	session_states_forget(&diagnosis->sessions, session);
}

static void diagnosis_note_session(struct diagnosis *diagnosis, const struct event *event)
{
	bool ended = event->session->closed != TIMESTAMP_NONE;
	struct departure *departure = session_state_of(&diagnosis->departures, event->session);
	if (!departure || (departure->session && (departure->time != TIMESTAMP_NONE || !ended)))
		return;
	if (departure->session)
		DL_DELETE(diagnosis->open, departure);
	*departure = (struct departure){.session = event->session, .time = ended ? event->origin.time : TIMESTAMP_NONE};
	if (ended)
		DL_APPEND(diagnosis->waiting, departure);
	else
		DL_APPEND(diagnosis->open, departure);
}

static void diagnosis_judge_departed(struct diagnosis *diagnosis, timestamp now)
{
	while (diagnosis->waiting && diagnosis->waiting->time + threshold_time(THRESHOLD_SESSION_LINGER) < now)
		diagnosis_judge(diagnosis, diagnosis->waiting->session);
}

static void diagnosis_take_event(void *self, const struct event *event)
{
	struct diagnosis *diagnosis = self;
	bool unrecorded = event->session && event->session->unrecorded;
	if (event->session && event->session->is_mixed)
		return;
	diagnosis_judge_departed(diagnosis, event->origin.time);
	for (size_t i = 0; i < diagnosis->running_count; i++)
		if (diagnosis->running[i].detector->event &&
		    !(unrecorded && diagnosis->running[i].detector->judges_absence))
			diagnosis->running[i].detector->event(diagnosis->running[i].self, event);
	if (event->session)
		diagnosis_note_session(diagnosis, event);
}

/* Sessions that ended are judged when their time has come, and not only when the next packet does. */
static void diagnosis_take_clock(void *self, timestamp now)
{
	struct diagnosis *diagnosis = self;
	diagnosis_judge_departed(diagnosis, now);
	for (const struct departure *open = diagnosis->open; open; open = open->next)
		for (size_t i = 0; i < diagnosis->running_count; i++)
			if (diagnosis->running[i].detector->overdue && !open->session->unrecorded)
				diagnosis->running[i].detector->overdue(diagnosis->running[i].self, open->session, now);
	for (size_t i = 0; i < diagnosis->running_count; i++)
		if (diagnosis->running[i].detector->clock)
			diagnosis->running[i].detector->clock(diagnosis->running[i].self, now);
}

static void diagnosis_take_asked(void *self, const struct event *event)
{
	struct diagnosis *diagnosis = self;
	for (size_t i = 0; i < diagnosis->running_count; i++)
		if (diagnosis->running[i].detector->asked)
			diagnosis->running[i].detector->asked(diagnosis->running[i].self, event);
}

static void diagnosis_take_attempt(void *self, const struct attempt *attempt)
{
	struct diagnosis *diagnosis = self;
	for (size_t i = 0; i < diagnosis->running_count; i++)
		if (diagnosis->running[i].detector->attempted)
			diagnosis->running[i].detector->attempted(diagnosis->running[i].self, attempt);
}

static void diagnosis_take_handshake(void *self, const struct tls_handshake *handshake)
{
	struct diagnosis *diagnosis = self;
	for (size_t i = 0; i < diagnosis->running_count; i++)
		if (diagnosis->running[i].detector->secured)
			diagnosis->running[i].detector->secured(diagnosis->running[i].self, handshake);
}

static bool diagnosis_wants_beside(void *self, struct slice target)
{
	(void)self;
	return plugin_wants_beside(target) || client_script_is(target);
}

static void diagnosis_take_beside(void *self, const struct event *event)
{
	struct diagnosis *diagnosis = self;
	bool is_taken = plugin_takes_beside(event->exchange);
	bool is_script = client_script_is(event->exchange->request.head.target);
	for (size_t i = 0; i < diagnosis->running_count; i++) {
		const struct detector *detector = diagnosis->running[i].detector;
		if (is_taken && detector->beside)
			detector->beside(diagnosis->running[i].self, event);
		if (is_script && detector->script)
			detector->script(diagnosis->running[i].self, event);
	}
}

/* Documents are for plug-ins: what they know of them is in their facts. */
static bool diagnosis_wants_document(void *self, struct slice target)
{
	const struct diagnosis *diagnosis = self;
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->wants_document && plugins[i]->wants_document(diagnosis->facts->plugged.of[i], target))
			return true;
	return false;
}

static void diagnosis_take_document(void *self, struct slice target, struct slice body)
{
	const struct diagnosis *diagnosis = self;
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->wants_document && plugins[i]->wants_document(diagnosis->facts->plugged.of[i], target))
			plugins[i]->document(diagnosis->facts->plugged.of[i], target, body);
}

static void diagnosis_take_closed(void *self, const struct session *session)
{
	struct diagnosis *diagnosis = self;
	diagnosis_judge(diagnosis, session);
	for (size_t i = 0; i < diagnosis->running_count; i++)
		if (diagnosis->running[i].detector->session_closed && !session->unrecorded)
			diagnosis->running[i].detector->session_closed(diagnosis->running[i].self, session);
	if (session->doubtful)
		findings_doubt_session(&diagnosis->findings, session->number,
		    "the TLS stream and the connection are matched by the order of calls, and two connections fit it");
}

static void *diagnosis_copy_state(const struct detector_state *state)
{
	struct detector_state *copy = malloc(sizeof *copy);
	if (copy)
		*copy = *state;
	return copy;
}

static bool diagnosis_add_detector(struct diagnosis *diagnosis, const struct detector *detector, const void *plugged)
{
	if (diagnosis->running_count == DETECTORS_MOST)
		return false;
	const struct detector_state state = {.findings = &diagnosis->findings,
	    .facts = diagnosis->facts,
	    .sessions = session_states_add_slot(&diagnosis->sessions, detector->session_size, detector->free_session),
	    .plugged = plugged};
	void *self = (detector->new ? detector->new : diagnosis_copy_state)(&state);
	if (!self)
		return false;
	diagnosis->running[diagnosis->running_count].detector = detector;
	diagnosis->running[diagnosis->running_count++].self = self;
	return true;
}

static bool diagnosis_add_detectors(struct diagnosis *diagnosis)
{
	bool good = true;
	for (size_t i = 0; good && i < DETECTORS; i++)
		good = diagnosis_add_detector(diagnosis, diagnosis_detectors[i], NULL);
	for (size_t i = 0; plugins[i]; i++)
		for (const struct detector *const *each = plugins[i]->detectors; good && each && *each; each++)
			good = diagnosis_add_detector(diagnosis, *each, diagnosis->facts->plugged.of[i]);
	return good;
}

struct diagnosis *diagnosis_new(const struct detector_facts *facts, size_t limit)
{
	struct diagnosis *diagnosis = calloc(1, sizeof *diagnosis);
	if (!diagnosis)
		return NULL;
	diagnosis->facts = facts;
	findings_init(&diagnosis->findings, limit);
	session_states_init(&diagnosis->sessions, &diagnosis->findings.memory);
	diagnosis->departures = session_states_add_slot(&diagnosis->sessions, sizeof(struct departure), NULL);
	diagnosis->observer = (struct observer){.self = diagnosis,
	    .event = diagnosis_take_event,
	    .attempted = diagnosis_take_attempt,
	    .asked = diagnosis_take_asked,
	    .secured = diagnosis_take_handshake,
	    .wants_beside = diagnosis_wants_beside,
	    .beside = diagnosis_take_beside,
	    .wants_document = diagnosis_wants_document,
	    .document = diagnosis_take_document,
	    .clock = diagnosis_take_clock,
	    .session_closed = diagnosis_take_closed};
	if (diagnosis_add_detectors(diagnosis))
		return diagnosis;
	diagnosis_free(diagnosis);
	return NULL;
}

void diagnosis_free(struct diagnosis *diagnosis)
{
	if (!diagnosis)
		return;
	/* First, because a detector may count what its states own. */
	session_states_free(&diagnosis->sessions);
	for (size_t i = 0; i < diagnosis->running_count; i++)
		(diagnosis->running[i].detector->free ? diagnosis->running[i].detector->free : free)(
		    diagnosis->running[i].self);
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
	for (size_t i = 0; i < diagnosis->running_count; i++)
		if (diagnosis->running[i].detector->end)
			diagnosis->running[i].detector->end(diagnosis->running[i].self, counts);
	findings_doubt_logged(&diagnosis->findings);
	findings_arrange(&diagnosis->findings);
	return &diagnosis->findings;
}
