/* Quotes the server's log beside the findings that it explains. */
#include "detect/logged.h"

#include "detect/detector.h"

#include <ctype.h>
#include <stdlib.h>

/* ---- lines */

/* `KeyError: 'price'`, `sqlalchemy.exc.OperationalError: …`: how a traceback ends. */
static bool logged_names_error(struct slice text)
{
	size_t len = 0;
	while (len < text.len && (isalnum(text.at[len]) || text.at[len] == '_' || text.at[len] == '.'))
		len++;
	struct slice name = slice_take(text, len);
	bool whole = len == text.len || text.at[len] == ':';
	return whole && (slice_ends_with(name, SLICE("Error")) || slice_ends_with(name, SLICE("Exception")) ||
	                    slice_ends_with(name, SLICE("Timeout")) || slice_ends_with(name, SLICE("Exit")));
}

bool logged_read(struct logged_reader *reader, const struct server_log_table *tables, timestamp time, struct slice text,
    struct logged_line *line)
{
	const struct server_log_line *row;
	enum server_log_meaning meaning = servers_read_log(text, tables, &row);
	if (reader->follows && logged_names_error(text)) {
		meaning = meaning == LOG_ASYNC_MODE ? meaning : LOG_EXCEPTION;
		row = meaning == LOG_ASYNC_MODE ? row : NULL;
		reader->follows = false;
	}
	if (meaning == LOG_NOTHING)
		return false;
	reader->follows |= meaning == LOG_EXCEPTION_FOLLOWS;
	text = slice_take(slice_trim(text), LOGGED_TEXT - 1);
	*line = (struct logged_line){.time = time, .meaning = meaning, .row = row};
	memcpy(line->text, text.at ? (const char *)text.at : "", text.len);
	return true;
}

void logged_note_undated(struct logged_undated *undated, const struct server_log_table *tables, struct slice text)
{
	struct logged_line line;
	if (!logged_read(&undated->reader, tables, TIMESTAMP_NONE, text, &line) || undated->count == LOGGED_UNDATED)
		return;
	for (size_t i = 0; i < undated->count; i++)
		if (strcmp(undated->lines[i].text, line.text) == 0)
			return;
	undated->lines[undated->count++] = line;
}

/* ---- the detector */

enum { LOGGED_KEPT = 256 };

struct logged {
	struct detector_state state;
	struct logged_reader reader;
	struct logged_line lines[LOGGED_KEPT]; /* the last of them, in a ring */
	size_t count;
};

static void *logged_new(const struct detector_state *state)
{
	struct logged *logged = calloc(1, sizeof *logged);
	if (logged)
		logged->state = *state;
	return logged;
}

static void logged_take_event(void *self, const struct event *event)
{
	struct logged *logged = self;
	if (event->kind == EVENT_LOG &&
	    logged_read(&logged->reader, logged->state.facts->log_tables, event->origin.time, event_text(event),
	        &logged->lines[logged->count % LOGGED_KEPT]))
		logged->count++;
}

/* ---- which lines speak of which findings */

#define MEANS(meaning) (1u << (meaning))

/* An error of the application may stand behind any of them. */
static const unsigned logged_errors = MEANS(LOG_EXCEPTION) | MEANS(LOG_EXCEPTION_FOLLOWS) | MEANS(LOG_WORKER);

static const struct {
	unsigned code, meanings;
} logged_table[] = {
    {CODE_TRANSPORT_REJECTED, MEANS(LOG_TRANSPORT) | MEANS(LOG_ORIGIN) | MEANS(LOG_VERSION) | MEANS(LOG_REJECTED)},
    {CODE_PROTOCOL_VERSION, MEANS(LOG_TRANSPORT) | MEANS(LOG_ORIGIN) | MEANS(LOG_VERSION) | MEANS(LOG_REJECTED)},
    {CODE_SESSION_UNKNOWN, MEANS(LOG_SESSION) | MEANS(LOG_GONE) | MEANS(LOG_RECYCLED)},
    {CODE_HANDSHAKE_REJECTED, MEANS(LOG_ORIGIN) | MEANS(LOG_REJECTED) | MEANS(LOG_UPGRADE) | MEANS(LOG_ASYNC_MODE)},
    {CODE_UPGRADE_FAILED, MEANS(LOG_UPGRADE)},
    {CODE_NAMESPACE_REJECTED, MEANS(LOG_REJECTED) | MEANS(LOG_NAMESPACE)},
    {CODE_CONNECT_UNANSWERED, MEANS(LOG_REJECTED) | MEANS(LOG_GONE)},
    {CODE_ACK_MISSING, MEANS(LOG_NAMESPACE) | MEANS(LOG_SESSION)},
    {CODE_EVENT_UNANSWERED, MEANS(LOG_NAMESPACE) | MEANS(LOG_SESSION) | MEANS(LOG_PAYLOAD)},
    {CODE_EVENT_DROPPED, MEANS(LOG_PAYLOAD) | MEANS(LOG_NAMESPACE)},
    {CODE_HEARTBEAT_LOST, MEANS(LOG_GONE)},
    {CODE_SERVER_STALL, 0},
    {CODE_SERVER_STOPPED, 0},
    {CODE_REQUEST_UNANSWERED, 0},
    {CODE_ABNORMAL_CLOSE, MEANS(LOG_PAYLOAD)},
};

/* 0: the log says nothing of such findings. */
static unsigned logged_meanings(unsigned code)
{
	for (size_t i = 0; i < sizeof logged_table / sizeof *logged_table; i++)
		if (logged_table[i].code == code)
			return logged_table[i].meanings | logged_errors;
	return 0;
}

/* An exception's name says more than that there was one, and what is of this kind alone says more than either. */
static unsigned logged_weight(const struct finding *finding, const struct logged_line *line)
{
	bool names_it = *finding->sid && strstr(line->text, finding->sid);
	bool own = !(MEANS(line->meaning) & logged_errors);
	return 4 * names_it + 2 * own + (line->meaning == LOG_EXCEPTION || line->meaning == LOG_WORKER);
}

/* At that moment: a server logs what it does within a second; what waited for long failed when it began, or later. */
static bool logged_is_near(const struct finding *finding, const struct logged_line *line)
{
	timestamp slack = threshold_time(THRESHOLD_LOG_SLACK);
	return line->time == TIMESTAMP_NONE || finding->time == TIMESTAMP_NONE ||
	       (line->time >= finding->time - slack && line->time <= finding->last + slack);
}

static void logged_try(const struct finding *finding, const struct logged_line *line, const struct logged_line **best)
{
	if (!(MEANS(line->meaning) & logged_meanings(finding->code)) || !logged_is_near(finding, line))
		return;
	if (!*best || logged_weight(finding, line) > logged_weight(finding, *best))
		*best = line;
}

/* ---- what a line settles */

/* What the server answers then says no more than that it failed. */
static void logged_settle_failure(struct findings *findings, struct finding *finding, const struct logged_line *line)
{
	if (line->meaning == LOG_ASYNC_MODE && finding->code == CODE_HANDSHAKE_REJECTED &&
	    strstr(finding->seen, "HTTP 500"))
		finding_set_cause(findings, finding, CAUSE_ASYNC_MODE, NULL);
}

/* A bare 403 may mean the transport, the revision, the origin or the application: the log says which. */
static void logged_settle(struct findings *findings, struct finding *finding, const struct logged_line *line)
{
	static const struct {
		enum server_log_meaning meaning;
		unsigned code;
		enum cause cause;
	} rows[] = {
	    {LOG_TRANSPORT, CODE_TRANSPORT_REJECTED, CAUSE_WEBSOCKET_NOT_ALLOWED},
	    {LOG_VERSION, CODE_PROTOCOL_VERSION, CAUSE_REVISION_NOT_SUPPORTED},
	    {LOG_ORIGIN, CODE_HANDSHAKE_REJECTED, CAUSE_ORIGIN},
	    {LOG_REJECTED, CODE_HANDSHAKE_REJECTED, CAUSE_APPLICATION},
	};
	bool open = finding->code == CODE_TRANSPORT_REJECTED || finding->code == CODE_PROTOCOL_VERSION;
	if (!open || finding->confidence == CONFIDENCE_PROVEN)
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].meaning != line->meaning)
			continue;
		findings_recode(findings, finding, rows[i].code);
		finding_set_cause(findings, finding, rows[i].cause, NULL);
		finding->confidence = line->time == TIMESTAMP_NONE ? CONFIDENCE_LIKELY : CONFIDENCE_PROVEN;
		finding->doubt = NULL;
		if (finding->confidence == CONFIDENCE_LIKELY)
			finding_doubt(findings, finding, "the log's line has no time");
	}
}

static void logged_quote(struct logged *logged, struct finding *finding)
{
	const struct logged_undated *undated = &logged->state.facts->undated;
	const struct logged_line *line = NULL;
	for (size_t i = 0; i < logged->count && i < LOGGED_KEPT; i++)
		logged_try(finding, &logged->lines[i], &line);
	for (size_t i = 0; i < undated->count; i++)
		logged_try(finding, &undated->lines[i], &line);
	if (!line)
		return;
	logged_settle(logged->state.findings, finding, line);
	logged_settle_failure(logged->state.findings, finding, line);
	finding_say(logged->state.findings, finding, "%s; %s \"%s\"", finding->seen,
	    line->time == TIMESTAMP_NONE ? "the server's log has, without a time," : "the server logged", line->text);
}

static void logged_end(void *self, const struct engine_counts *counts)
{
	struct logged *logged = self;
	(void)counts;
	for (struct finding *finding = logged->state.findings->first; finding; finding = finding->next)
		if (!finding->is_stated && finding->severity > SEVERITY_INFO && logged_meanings(finding->code))
			logged_quote(logged, finding);
}

const struct detector detector_logged = {
    .new = logged_new,
    .event = logged_take_event,
    .end = logged_end,
};
