/*
 * What became of a page's events: environ-race, environ-absent, event-unanswered, hydrate-missing, frontend-stuck,
 * delta-lost.
 *
 * Seen: an event that no update answered. Then it matters what came next. The client left soon after: a late race, and
 * harmless. The CONNECT was not acknowledged when it was sent: an early one. The connection lived on: the event is
 * unanswered; when the server's log speaks of the environ at that very time, the registration of a live session is
 * gone. The wire alone never shows a race: without the log it is at most likely. Up to Reflex 0.8 a page with an
 * unanswered event sends no other: reported when a browser's page stayed silent where it owed an event.
 */
#include "base/text.h"
#include "reflex/page.h"

#include <inttypes.h>
#include <stdlib.h>

static timestamp page_end(const struct page *page, const struct session *session)
{
	return page->left ? page->left : session_end(session);
}

/* Does the log say anything of the time of this session, or of some time around it? */
static bool page_log_reaches(const struct pages *pages, const struct session *session)
{
	timestamp spare = reflex_time(REFLEX_LOG_SPARE);
	return pages->state.facts->hears_log ||
	       (pages->log_first != TIMESTAMP_NONE && pages->log_first <= session_end(session) + spare &&
	           pages->log_last >= session_begin(session) - spare);
}

/* What the log said while this event was under way: a line about the environ, or any error. A retry patch delays the
 * former. NULL: nothing. */
static const struct page_log_line *page_find_log_line(
    const struct pages *pages, const struct page_pending *pending, bool environ)
{
	for (size_t i = 0; i < pages->log_count && i < PAGE_LOG_LINES; i++) {
		const struct page_log_line *line = &pages->log[i];
		if (line->is_environ == environ && line->time >= pending->time - reflex_time(REFLEX_LOG_EARLY) &&
		    line->time <= pending->time + reflex_time(REFLEX_ANSWER_WAIT))
			return line;
	}
	return NULL;
}

/* A line about the environ, or any error, that has no time; NULL: there is none. */
static const char *page_find_undated(const struct pages *pages)
{
	static const enum server_log_meaning meanings[] = {LOG_ENVIRON_ABSENT, LOG_EXCEPTION, LOG_EXCEPTION_FOLLOWS};
	const struct logged_undated *undated = &pages->state.facts->undated;
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		for (size_t j = 0; j < undated->count; j++)
			if (undated->lines[j].meaning == meanings[i])
				return undated->lines[j].text;
	return NULL;
}

/* Whether the log is silent is claimed only when it has no error of that time, and none without a time. */
static void page_doubt_by_log(
    struct pages *pages, struct finding *finding, const struct session *session, const struct page_pending *pending)
{
	const struct page_log_line *line = page_find_log_line(pages, pending, false);
	const char *undated = page_find_undated(pages);
	if (line)
		finding_doubt(pages->state.findings, finding, "at that time the server logged \"%s\"", line->text);
	else if (undated)
		finding_doubt(pages->state.findings, finding, "the server's log has, without a time, \"%s\"", undated);
	else if (!pages->state.facts->has_log && pages->log_first == TIMESTAMP_NONE)
		finding_doubt(pages->state.findings, finding, "the server's log (--server-log) may show why");
	else
		finding_doubt(pages->state.findings, finding, "the server's log has no %s of that time",
		    page_log_reaches(pages, session) ? "error" : "line");
}

/* A browser that leaves says so; one whose connection breaks comes back, and waits for what was under way. */
static bool page_was_cut_off(const struct page *page)
{
	return page->browser && page->left && !page->said_goodbye;
}

/* ---- one event */

const char *page_handler(struct slice name, char text[PAGE_NAME])
{
	char class_text[PAGE_NAME];
	struct buffer class = buffer_over(class_text, sizeof class_text);
	size_t dot = slice_find_last(name, SLICE("."));
	bool has_class = dot < name.len && name_write_class(&class, slice_take(name, dot));
	struct slice written = buffer_slice(&class);
	size_t module = slice_find_last(written, SLICE("."));
	written = module < written.len ? slice_drop(written, module + 1) : written;
	struct slice rest = slice_take(has_class ? slice_drop(name, dot) : name, PAGE_NAME - 1);
	snprintf(text, PAGE_NAME, "%.*s%.*s", has_class ? (int)written.len : 0, (const char *)written.at, (int)rest.len,
	    (const char *)rest.at);
	return text;
}

static void page_report_late(struct pages *pages, const struct page *page, const struct session *session,
    const struct page_pending *pending, const struct page_log_line *confirmed)
{
	struct findings *findings = pages->state.findings;
	bool polling = session->transport == TRANSPORT_POLLING;
	bool denied = (pages->state.facts->has_log || pages->log_first != TIMESTAMP_NONE) &&
	              page_log_reaches(pages, session);
	char server[ENDPOINT_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE], name[PAGE_NAME];
	enum confidence confidence = confirmed                        ? CONFIDENCE_PROVEN
	                             : pending->last_words && !denied ? CONFIDENCE_LIKELY
	                                                              : CONFIDENCE_POSSIBLE;
	bool notable = confirmed || polling;
	struct finding *finding = findings_claim(findings, CODE_ENVIRON_RACE, confidence, notable ? session : NULL,
	    NULL, notable ? "late" : endpoint_format(&session->server, server));
	if (!finding)
		return;
	finding->phase = "late";
	finding_set_case(finding, notable ? RACE_LATE : RACE_LATE_UNSURE);
	finding_note_time(finding, pending->time);
	finding_prove(findings, finding, ORIGIN_AT(session->seen_in, pending->packet), "event %s", pending->name);
	if (finding->count > 1)
		return;
	finding_say(findings, finding,
	    "event %s was sent %s before the client left, and was never answered%s; harmless: the client had already "
	    "gone",
	    page_handler(slice_of_text(pending->name), name), timestamp_format_span(page->left - pending->time, span),
	    pending->last_words ? ", in the request that carried the disconnect" : "");
	if (denied && !confirmed)
		page_doubt_by_log(pages, finding, session, pending);
	else if (!confirmed)
		finding_doubt(findings, finding, "only the server's log would show whether it met the closed session%s",
		    polling ? "" : "; on a WebSocket stock servers handle such an event, and only its answer is lost");
}

/* Claims it with the event as its proof; NULL when that was said of another event before, or there is no room. */
static struct finding *page_claim_event(struct pages *pages, unsigned code, enum confidence confidence,
    const struct session *session, const char *subject, const struct page_pending *pending)
{
	struct findings *findings = pages->state.findings;
	struct finding *finding = findings_claim(findings, code, confidence, session, NULL, subject);
	if (!finding)
		return NULL;
	finding_prove(findings, finding, ORIGIN_AT(session->seen_in, pending->packet), "event %s", pending->name);
	if (finding->count > 1)
		return NULL;
	finding_begin_at(finding, pending->time);
	return finding;
}

static void page_report_early(struct pages *pages, const struct session *session, const struct page_pending *pending,
    const struct page_log_line *confirmed)
{
	struct findings *findings = pages->state.findings;
	char name[PAGE_NAME];
	struct finding *finding = page_claim_event(pages, CODE_ENVIRON_RACE,
	    confirmed ? CONFIDENCE_PROVEN : detector_absence(session), session, "early", pending);
	if (!finding)
		return;
	finding->phase = "early";
	finding_say(findings, finding,
	    "event %s reached the server before its CONNECT was acknowledged, and was never answered",
	    page_handler(slice_of_text(pending->name), name));
	if (!confirmed)
		finding_doubt(findings, finding, "the wire does not show what the server did with it");
}

static void page_report_absent(struct pages *pages, const struct session *session, const struct page_pending *pending,
    const struct page_log_line *line)
{
	struct findings *findings = pages->state.findings;
	char name[PAGE_NAME];
	struct finding *finding = page_claim_event(pages, CODE_ENVIRON_ABSENT, CONFIDENCE_PROVEN, session, "", pending);
	if (!finding)
		return;
	finding_say(findings, finding,
	    "event %s was not answered, the session was alive and no client was leaving, and at that moment the server "
	    "logged \"%s\"",
	    page_handler(slice_of_text(pending->name), name), line->text);
}

/* Where the page is now, in a session after this one. */
static void page_say_back(struct pages *pages, const struct page *page, const struct session *session, char back[80])
{
	uint64_t newest = page_newest_session(pages, page);
	back[0] = '\0';
	if (newest > session->number)
		snprintf(back, 80, ", and the page is back with the same token (session %" PRIu64 ")", newest);
}

/* Up to 0.8 a handler's updates go to the connection from which its event came (reflex app.py: emit_update(update,
 * sid)), and one that goes on for longer than the connection ends for nobody. */
static void page_report_cut_off(struct pages *pages, struct finding *finding, const struct page *page,
    const struct session *session, const struct page_pending *pending)
{
	char span[TIMESTAMP_TEXT_SIZE], name[PAGE_NAME], back[80];
	page_say_back(pages, page, session, back);
	finding_say(pages->state.findings, finding,
	    "event %s was under way when the connection broke, %s later and without a goodbye: its update is lost%s",
	    page_handler(slice_of_text(pending->name), name),
	    timestamp_format_span(page_end(page, session) - pending->time, span), back);
	finding_set_cause_row(
	    pages->state.findings, finding, *back ? &reflex_causes[REFLEX_CAME_BACK] : &reflex_causes[REFLEX_CUT_OFF]);
}

static void page_report_unanswered(
    struct pages *pages, const struct page *page, const struct session *session, const struct page_pending *pending)
{
	struct findings *findings = pages->state.findings;
	char span[TIMESTAMP_TEXT_SIZE], name[PAGE_NAME];
	struct finding *finding = page_claim_event(
	    pages, CODE_EVENT_UNANSWERED, detector_absence(session), session, "", pending);
	if (!finding)
		return;
	timestamp_format_span(page_end(page, session) - pending->time, span);
	if (page_was_cut_off(page))
		page_report_cut_off(pages, finding, page, session, pending);
	else
		finding_say(findings, finding, "event %s was not answered in %s; %llu update%s came before",
		    page_handler(slice_of_text(pending->name), name), span, (unsigned long long)page->updates,
		    plural_ending(page->updates));
	page_doubt_by_log(pages, finding, session, pending);
}

static void page_judge_pending(
    struct pages *pages, const struct page *page, const struct session *session, const struct page_pending *pending)
{
	const struct page_log_line *confirmed = page_find_log_line(pages, pending, true);
	/* Since 0.10 the server handles such an event after the client has left (reflex.md §6): nothing is lost. */
	bool has_race = confirmed || page->model->client != MODEL_CLIENT_SKIPS;
	bool left_soon = page->left && page->left - pending->time < reflex_time(REFLEX_ANSWER_WAIT);
	if (left_soon && page_was_cut_off(page) && !confirmed) {
		page_report_unanswered(pages, page, session, pending);
		return;
	}
	if (pending->early && (page->joined || confirmed) && !left_soon)
		page_report_early(pages, session, pending, confirmed);
	else if (left_soon && has_race)
		page_report_late(pages, page, session, pending, confirmed);
	else if (left_soon)
		return;
	else if (page_end(page, session) - pending->time < reflex_time(REFLEX_ANSWER_WAIT) || !page->joined)
		return; /* the capture ends too soon; or the CONNECT is what is missing, which namespaces.c reports */
	else if (confirmed)
		page_report_absent(pages, session, pending, confirmed);
	else
		page_report_unanswered(pages, page, session, pending);
}

/* ---- the page */

/* `what` is what the page did, `point` when; then nothing came until the end that was seen. */
static void page_report_hydrate(struct pages *pages, const struct page *page, const struct session *session,
    enum reflex_cause cause, const char *what, const struct model_point *point)
{
	struct findings *findings = pages->state.findings;
	bool ended = page->left || session->closed != TIMESTAMP_NONE;
	char span[TIMESTAMP_TEXT_SIZE];
	struct finding *finding = findings_claim(
	    findings, CODE_HYDRATE_MISSING, detector_absence(session), session, NULL, "");
	if (!finding)
		return;
	finding->time = point->time;
	timestamp_format_span(page_end(page, session) - point->time, span);
	if (cause == REFLEX_HYDRATE_NEVER_ASKED)
		finding_say(findings, finding,
		    "the page connected%s and never asked for its state, in the %s until the %s ended",
		    page->sent ? ", sent other events," : "", span, ended ? "session" : "capture");
	else
		finding_say(findings, finding, "%s, in the %s until the %s ended", reflex_causes[cause].meaning, span,
		    ended ? "session" : "capture");
	finding_prove(findings, finding, ORIGIN_AT(session->seen_in, point->packet), "%s", what);
	if (cause == REFLEX_HYDRATE_ERROR)
		finding_prove(findings, finding, ORIGIN_AT(session->seen_in, page->refused.packet),
		    "the server answers with an error message");
	finding_set_cause_row(findings, finding, &reflex_causes[cause]);
	detector_doubt_absence(findings, finding, session);
}

static void page_judge_hydrate(struct pages *pages, const struct page *page, const struct session *session)
{
	const struct model *model = page->model;
	const struct model_point joined = {.time = page->joined, .packet = page->joined_packet};
	timestamp since = model->answered.event ? model->answered.time
	                  : model->asked.event  ? model->asked.time
	                                        : page->joined;
	if (model->hydrated.event || page_end(page, session) - since < reflex_time(REFLEX_ANSWER_WAIT))
		return;
	if (model->answered.event && page->browser) /* a raw client need not go on to load the page */
		page_report_hydrate(
		    pages, page, session, REFLEX_HYDRATE_NOT_FINISHED, "the server sends the state", &model->answered);
	else if (!model->answered.event && model->asked.event)
		page_report_hydrate(pages, page, session,
		    page->refused.event > model->asked.event ? REFLEX_HYDRATE_ERROR : REFLEX_HYDRATE_UNANSWERED,
		    "the page asks for its state", &model->asked);
	else if (!model->asked.event && page->browser && page->joined && session->handshake_seen)
		page_report_hydrate(pages, page, session, REFLEX_HYDRATE_NEVER_ASKED,
		    "the server acknowledges the page's CONNECT", &joined);
}

void page_judge_overdue(struct pages *pages, struct page *page, const struct session *session, timestamp now)
{
	char span[TIMESTAMP_TEXT_SIZE];
	const struct model_point *asked = &page->model->asked;
	if (page->left || !asked->event || page->model->answered.event ||
	    now - asked->time < reflex_time(REFLEX_ANSWER_OVERDUE))
		return;
	struct finding *finding = findings_claim(
	    pages->state.findings, CODE_HYDRATE_MISSING, detector_absence(session), session, NULL, "");
	if (!finding || page->overdue)
		return;
	page->overdue = true;
	finding->time = asked->time;
	finding_set_cause_row(pages->state.findings, finding, &reflex_causes[REFLEX_HYDRATE_UNANSWERED]);
	finding_prove(
	    pages->state.findings, finding, ORIGIN_AT(session->seen_in, asked->packet), "the page asks for its state");
	finding_say(pages->state.findings, finding, "the page asked for its state and has had no answer for %s",
	    timestamp_format_span(now - asked->time, span));
	finding_doubt(pages->state.findings, finding, "the answer may still come");
}

void page_withdraw_overdue(struct pages *pages, struct page *page, const struct session *session)
{
	struct finding *finding = findings_recall(pages->state.findings, CODE_HYDRATE_MISSING, session, "");
	page->overdue = false;
	if (finding)
		findings_withdraw(pages->state.findings, finding);
}

static struct finding *page_claim_stuck(
    struct pages *pages, const struct page *page, const struct session *session, timestamp since)
{
	struct finding *finding = findings_claim(
	    pages->state.findings, CODE_FRONTEND_STUCK, detector_absence(session), session, NULL, "");
	if (finding)
		finding->time = since;
	if (finding && page->model->threw.event)
		finding_prove(pages->state.findings, finding, ORIGIN_AT(session->seen_in, page->threw_packet),
		    "the update that the page could not apply");
	return finding;
}

static bool page_is_silent_since(const struct page *page, const struct session *session, timestamp since)
{
	return page->sent <= since && page_end(page, session) - since >= reflex_time(REFLEX_ANSWER_WAIT);
}

/* An unanswered event blocks the page's queue for good; so does an update that threw. Raw clients have no queue. */
static void page_judge_silence(struct pages *pages, const struct page *page, const struct session *session)
{
	struct findings *findings = pages->state.findings;
	char span[TIMESTAMP_TEXT_SIZE], name[PAGE_NAME];
	struct finding *finding = NULL;
	if (!page->browser || page->model->client == MODEL_CLIENT_SKIPS || !page->joined)
		return;
	if (page->pending_count && page_is_silent_since(page, session, page->pending[0].time)) {
		timestamp since = page->pending[0].time;
		finding = page_claim_stuck(pages, page, session, since);
		if (finding)
			finding_say(findings, finding,
			    "after event %s, which was not answered, the page sent nothing for %s",
			    page_handler(slice_of_text(page->pending[0].name), name),
			    timestamp_format_span(page_end(page, session) - since, span));
	} else if (page->owed.event && page_is_silent_since(page, session, page->owed.time)) {
		timestamp since = page->owed.time;
		finding = page_claim_stuck(pages, page, session, since);
		if (finding)
			finding_say(findings, finding,
			    "after this update the page should have sent %s; it sent nothing for %s", page->owed_why,
			    timestamp_format_span(page_end(page, session) - since, span));
		if (finding)
			finding_prove(findings, finding, ORIGIN_AT(session->seen_in, page->owed_packet), "the update");
	}
	if (finding)
		detector_doubt_absence(findings, finding, session);
}

/* Updates to a client that is gone: its connection is still open to the server, and TCP sends the bytes again and
 * again. A client that sent anything meanwhile is there, and so may one be that has just gone silent. */
static void page_judge_delivery(struct pages *pages, const struct page *page, const struct session *session)
{
	struct findings *findings = pages->state.findings;
	const struct delivery *delivery = &session->deliveries[DIRECTION_TO_CLIENT];
	const struct delivery_loss *waiting = &delivery->waiting;
	timestamp lasted = page_end(page, session) - waiting->span.since;
	char span[TIMESTAMP_TEXT_SIZE], back[80];
	if (!page->unseen || page->left || session->transport != TRANSPORT_WEBSOCKET || !waiting->span.since ||
	    waiting->heard || waiting->resent < threshold_count(THRESHOLD_OBSTACLE_RESENT) ||
	    lasted < reflex_time(REFLEX_UNDELIVERED))
		return;
	struct finding *finding = findings_claim(findings, CODE_DELTA_LOST, CONFIDENCE_LIKELY, session, NULL, "");
	if (!finding || finding->count > 1)
		return;
	page_say_back(pages, page, session, back);
	finding->time = page->unseen_since;
	finding_say(findings, finding,
	    "%llu %s sent after the client's last sign of life, and for %s TCP has acknowledged no byte, though what "
	    "waits was sent again %u times%s",
	    (unsigned long long)page->unseen, plural_choose(page->unseen, "update was", "updates were"),
	    timestamp_format_span(lasted, span), waiting->resent, back);
	finding_doubt(findings, finding, "the capture ends before TCP gives up");
	finding_prove(
	    findings, finding, ORIGIN_AT(session->seen_in, page->unseen_packet), "the first of these updates");
	finding_prove(
	    findings, finding, ORIGIN_AT(session->seen_in, waiting->span.packet), "bytes that are not acknowledged");
}

void page_judge_life(struct pages *pages, struct page *page, const struct session *session)
{
	page_judge_delivery(pages, page, session);
	/* Where some did not fit, answers can no longer be distinguished. */
	for (size_t i = 0; i < page->pending_count && !page->pending_unsure; i++)
		page_judge_pending(pages, page, session, &page->pending[i]);
	page_judge_hydrate(pages, page, session);
	page_judge_silence(pages, page, session);
}

/* ---- the end of the connection */

void page_judge_loss(struct pages *pages, struct page *page, const struct event *event)
{
	struct findings *findings = pages->state.findings;
	char span[TIMESTAMP_TEXT_SIZE];
	bool by_client = event->direction == DIRECTION_TO_SERVER;
	bool reset = by_client && event->tcp_close.how == TCP_END_RST &&
	             event->origin.time - page->unseen_since >= reflex_time(REFLEX_RESET_AFTER);
	if (!page->unseen || page->left || event->transport != TRANSPORT_WEBSOCKET ||
	    (!reset && !event->tcp_close.unacknowledged))
		return;
	struct finding *finding = findings_claim(findings, CODE_DELTA_LOST,
	    event->tcp_close.unacknowledged ? CONFIDENCE_PROVEN : CONFIDENCE_LIKELY, event->session, event, "");
	if (!finding)
		return;
	finding_say(findings, finding,
	    "%llu %s sent in the last %s, the client gave no sign of life after %s, and then its connection was %s",
	    (unsigned long long)page->unseen, plural_choose(page->unseen, "update was", "updates were"),
	    timestamp_format_span(event->origin.time - page->unseen_since, span),
	    plural_choose(page->unseen, "it", "them"),
	    event->tcp_close.unacknowledged ? "ended with their bytes unacknowledged" : "reset");
	if (!event->tcp_close.unacknowledged)
		finding_doubt(
		    findings, finding, "TCP acknowledged the bytes, which does not prove that the page took them");
	finding_prove(
	    findings, finding, ORIGIN_AT(event->origin.kind, page->unseen_packet), "the first of these updates");
	finding_prove(findings, finding, &event->origin, "the end of the connection");
}
