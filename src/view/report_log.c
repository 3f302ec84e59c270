/*
 * What the server logged, in reports: lines that a probe saw, and those of a server's log that are known, each beside
 * the event that it speaks of and the findings that quote it, or rest on that event.
 *
 * A traceback is one entry, as the line that announces it and those that follow until the error is named; what is
 * logged again in the same words is counted. Beside it stands, of the events within the log's slack: the one whose
 * session it names; else a refused request that it fell into; else the last one to the server, of the same process
 * where that is known.
 */
#include "base/text.h"
#include "detect/thresholds.h"
#include "http/exchange.h"
#include "net/packet.h"
#include "view/event_text.h"
#include "view/report.h"

#include <ctype.h>
#include <inttypes.h>

/* ---- entries */

static bool log_is_continued(struct slice line)
{
	return !line.len || line.at[0] == ' ' || line.at[0] == '\t';
}

static struct slice log_skip_digits(struct slice text)
{
	while (text.len && isdigit(text.at[0]))
		text = slice_drop(text, 1);
	return text;
}

/* But for numbers: of the time, of a task, of a sid. */
static bool log_is_same(const struct log_entry *entry, uint32_t process, struct slice text)
{
	struct slice known = log_skip_digits(slice_of_text(entry->text));
	text = log_skip_digits(text);
	while (known.len && text.len && known.at[0] == text.at[0]) {
		known = log_skip_digits(slice_drop(known, 1));
		text = log_skip_digits(slice_drop(text, 1));
	}
	return entry->process == process && !known.len && !text.len;
}

static struct log_entry *log_find(struct summary_log *log, uint32_t process, struct slice text)
{
	for (size_t i = 0; i < log->count; i++)
		if (log_is_same(&log->entries[i], process, text))
			return &log->entries[i];
	return NULL;
}

static void log_try(struct log_entry *entry, const struct log_event *event);

/* The entry under way is whole. */
static void log_finish(struct summary_log *log)
{
	struct log_entry *building = &log->building;
	struct slice text = slice_of(log->text, log->len);
	if (!log->is_building)
		return;
	log->is_building = false;
	if (!log->is_wanted)
		return;
	log->lines += building->lines;
	struct log_entry *known = log_find(log, building->process, text);
	if (known) {
		known->count++;
		known->last = building->time;
		return;
	}
	building->text = log->count < LOG_ENTRIES ? arena_copy_text(log->texts, text) : NULL;
	if (!building->text) {
		log->left_out++;
		return;
	}
	struct log_entry *kept = &log->entries[log->count++];
	*kept = *building;
	for (size_t i = 0; i < LOG_EVENTS; i++)
		if (log->events[i].index)
			log_try(kept, &log->events[i]);
}

static void log_begin(struct summary_log *log, const struct event *event)
{
	log_finish(log);
	log->building = (struct log_entry){
	    .time = event->origin.time, .last = event->origin.time, .count = 1, .process = event->process};
	log->is_building = true;
	log->is_wanted = event->process != 0; /* a probe has chosen it */
	log->len = 0;
}

static void log_take_line(struct summary_log *log, const struct event *event)
{
	struct slice line = event_text(event);
	bool follows = log->reader.follows || log_is_continued(line);
	struct logged_line read;
	if (!log->is_building || !follows || event->process != log->building.process)
		log_begin(log, event);
	log->is_wanted |= logged_read(&log->reader, log->facts->log_tables, event->origin.time, line, &read);
	log->building.lines++;
	size_t room = sizeof log->text - log->len, len = line.len < LOG_LINE ? line.len : LOG_LINE;
	if (room <= len)
		return; /* the rest of it is counted */
	if (log->len)
		log->text[log->len++] = '\n';
	memcpy(log->text + log->len, line.at ? (const char *)line.at : "", len);
	log->len += len;
}

/* ---- the event beside */

enum { WEIGHT_BEFORE = 1, WEIGHT_PROCESS = 2, WEIGHT_REFUSED = 4, WEIGHT_NAMED = 8 };

/* 0: not this one. */
static unsigned log_weigh(const struct log_entry *entry, const struct log_event *event)
{
	timestamp slack = threshold_time(THRESHOLD_LOG_SLACK);
	bool spans = event->begun <= entry->time && entry->time <= event->time;
	bool is_before = event->time <= entry->time && entry->time - event->time <= slack;
	bool is_other = entry->process && event->process && entry->process != event->process;
	if (is_other || !(is_before || (event->is_refused && spans)))
		return 0;
	bool names_it = *event->sid && strstr(entry->text, event->sid);
	return (is_before ? WEIGHT_BEFORE : 0) +
	       (entry->process && entry->process == event->process ? WEIGHT_PROCESS : 0) +
	       (event->is_refused && spans ? WEIGHT_REFUSED : 0) + (names_it ? WEIGHT_NAMED : 0);
}

static void log_try(struct log_entry *entry, const struct log_event *event)
{
	unsigned weight = log_weigh(entry, event);
	const struct log_event *known = &entry->beside;
	bool is_later = event->time > known->time || (event->time == known->time && event->index > known->index);
	if (!weight || weight < entry->weight || (weight == entry->weight && !is_later))
		return;
	entry->weight = weight;
	entry->beside = *event;
}

/* Those to the server, and requests that were refused. To be called where there can be lines at all: to name each event
 * takes a fifteenth of what a report takes. */
static void log_take_event(struct summary_log *log, const struct event *event)
{
	const struct exchange *exchange = event_exchange(event);
	bool is_refused = exchange && exchange->status >= 400;
	bool counts = event->direction == DIRECTION_TO_SERVER && event_kind_layer(event->kind) == LAYER_SOCKETIO;
	if (!is_refused && !counts && event->kind != EVENT_WS_OPEN)
		return;
	struct log_event *kept = &log->events[log->event_count++ % LOG_EVENTS];
	const struct session *session = event->session;
	*kept = (struct log_event){.index = event->index,
	    .session = session ? session->number : 0,
	    .process = session && session->process ? session->process->id : 0,
	    .origin = event->origin,
	    .begun = event->begun,
	    .time = event->origin.time,
	    .is_refused = is_refused};
	struct buffer words = buffer_over(kept->words, sizeof kept->words - 1);
	event_text_name(&words, event);
	if (session)
		snprintf(kept->sid, sizeof kept->sid, "%.*s", (int)session->sid_len, session->sid);
	size_t recent = log->count < LOG_EVENTS ? 0 : log->count - LOG_EVENTS;
	for (size_t i = recent; i < log->count; i++)
		log_try(&log->entries[i], kept);
}

void summary_log_take(struct summary_log *log, const struct event *event)
{
	if (event->origin.kind == ORIGIN_LINES)
		return; /* the log is the evidence itself */
	if (event->kind == EVENT_LOG)
		log_take_line(log, event);
	else if (log->facts->has_log || log->facts->hears_log)
		log_take_event(log, event);
}

/* Those without a time are read before the first packet. */
void summary_log_end(struct summary_log *log)
{
	const struct logged_undated *undated = &log->facts->undated;
	log_finish(log);
	for (size_t i = 0; i < undated->count && log->count < LOG_ENTRIES; i++) {
		const char *text = undated->lines[i].text;
		log->lines++;
		log->entries[log->count++] = (struct log_entry){
		    .time = TIMESTAMP_NONE, .last = TIMESTAMP_NONE, .count = 1, .lines = 1, .text = text};
	}
}

/* ---- the findings that it explains */

static bool log_is_in(const char *text, struct slice line)
{
	return text && memmem(text, strlen(text), line.at, line.len);
}

static bool log_is_quoted(const struct finding *finding, struct slice line)
{
	enum { LOG_LEAST = 8 }; /* bytes: fewer are in any text */
	line = slice_take(slice_trim(line), LOGGED_TEXT - 1);
	if (line.len < LOG_LEAST)
		return false;
	bool found = log_is_in(finding->seen, line) || log_is_in(finding->doubt, line);
	for (size_t i = 0; i < finding->evidence_count && !found; i++)
		found = log_is_in(finding->evidence[i].what, line);
	return found;
}

/* The event beside it is evidence of the finding. */
static bool log_is_beside(const struct log_entry *entry, const struct finding *finding)
{
	const struct log_event *beside = &entry->beside;
	bool found = false;
	for (size_t i = 0; i < finding->evidence_count && beside->index && beside->session == finding->session; i++) {
		const struct origin *proof = &finding->evidence[i].origin;
		found |= proof->kind == beside->origin.kind && proof->first <= beside->origin.last &&
		         proof->last >= beside->origin.first;
	}
	return found;
}

bool log_entry_is_found(const struct log_entry *entry, const struct finding *finding)
{
	timestamp slack = threshold_time(THRESHOLD_LOG_SLACK);
	bool is_near = finding->time == TIMESTAMP_NONE || entry->time == TIMESTAMP_NONE ||
	               (entry->last >= finding->time - slack && entry->time <= finding->last + slack);
	struct slice text = slice_of_text(entry->text);
	bool found = is_near && log_is_beside(entry, finding);
	while (is_near && !found && text.len)
		found = log_is_quoted(finding, slice_take_until(&text, '\n'));
	return found;
}

const char *log_entry_findings(const struct log_entry *entry, const struct findings *findings, char text[LOG_CODES])
{
	struct buffer codes = buffer_over(text, LOG_CODES - 1);
	unsigned before = CODES_MOST;
	for (const struct finding *finding = findings->first; finding; finding = finding->next) {
		if (finding->code == before || !log_entry_is_found(entry, finding))
			continue;
		buffer_append_format(&codes, "%s%s", codes.len ? ", " : "", code_entry(finding->code)->name);
		before = finding->code;
	}
	text[codes.len] = '\0';
	return text;
}

const char *log_entry_when(timestamp time, char text[LOG_WHEN])
{
	char whole[TIMESTAMP_TEXT_SIZE];
	snprintf(text, LOG_WHEN, "%.12s",
	    time == TIMESTAMP_NONE ? "without time" : timestamp_format(time, whole) + strlen("2026-11-23T"));
	return text;
}

const char *log_entry_place(const struct log_entry *entry, char text[LOG_PLACE])
{
	struct buffer place = buffer_over(text, LOG_PLACE - 1);
	const struct log_event *beside = &entry->beside;
	char origin[ORIGIN_TEXT], span[TIMESTAMP_TEXT_SIZE];
	text[0] = '\0';
	if (!beside->index)
		return text;
	bool spans = beside->time > entry->time;
	buffer_append_format(&place, "%s %s", spans ? "during" : "after", beside->words);
	if (*origin_format(&beside->origin, origin))
		buffer_append_format(&place, ", %s", origin);
	if (beside->session)
		buffer_append_format(&place, ", session %" PRIu64, beside->session);
	if (!spans)
		buffer_append_format(&place, ", %s before", timestamp_format_span(entry->time - beside->time, span));
	text[place.len] = '\0';
	return text;
}

/* ---- text */

enum { LOG_SHOWN = 20, LOG_HEAD = 2, LOG_TAIL = 6 };

static size_t log_count_lines(const struct log_entry *entry)
{
	size_t count = 1;
	for (const char *at = entry->text; (at = strchr(at, '\n')); at++)
		count++;
	return count;
}

/* Of a long one its beginning, and its end, where the error is named. */
static void log_write_lines(const struct text_writer *writer, const struct log_entry *entry)
{
	struct slice text = slice_of_text(entry->text);
	size_t count = log_count_lines(entry),
	       hidden = count > LOG_HEAD + LOG_TAIL + 1 ? count - LOG_HEAD - LOG_TAIL : 0;
	for (size_t i = 0; i < count; i++) {
		struct slice line = slice_take_until(&text, '\n');
		size_t indent = 0;
		while (indent < line.len && indent < TEXT_WIDTH / 4 && line.at[indent] == ' ')
			indent++;
		if (hidden && i == LOG_HEAD)
			text_write(writer, STYLE_FAINT, 8, "(%zu lines)", hidden);
		if (i < LOG_HEAD || i >= LOG_HEAD + hidden)
			text_write(writer, STYLE_PLAIN, 6 + (int)indent, "%.*s", (int)(line.len - indent),
			    (const char *)line.at + indent);
	}
}

static void log_write_entry(
    const struct text_writer *writer, const struct log_entry *entry, const struct findings *findings)
{
	char when[LOG_WHEN], codes[LOG_CODES], place[LOG_PLACE], who[32] = "";
	log_entry_place(entry, place);
	if (entry->process)
		snprintf(who, sizeof who, "  process %" PRIu32, entry->process);
	text_label(writer, STYLE_HEADING, 2, "", "%s%s%s%s", log_entry_when(entry->time, when), who, *place ? "  " : "",
	    place);
	log_write_lines(writer, entry);
	if (entry->count > 1)
		text_write(writer, STYLE_FAINT, 6, "the same %" PRIu64 " more time%s, the last at %s", entry->count - 1,
		    plural_ending(entry->count - 1), log_entry_when(entry->last, when));
	if (*log_entry_findings(entry, findings, codes))
		text_write(writer, STYLE_FAINT, 6, "see above: %s", codes);
}

void report_text_write_log(
    const struct text_writer *writer, const struct summary_log *log, const struct findings *findings)
{
	uint64_t hidden = log->left_out + (log->count > LOG_SHOWN ? log->count - LOG_SHOWN : 0);
	if (!log->lines)
		return;
	text_blank(writer);
	text_heading(writer, "What the server logged, %" PRIu64 " line%s", log->lines, plural_ending(log->lines));
	for (size_t i = 0; i < log->count && i < LOG_SHOWN; i++)
		log_write_entry(writer, &log->entries[i], findings);
	if (hidden)
		text_write(writer, STYLE_FAINT, 2, "and %" PRIu64 " more%s", hidden,
		    log->left_out ? "" : ": report --json lists them all");
}

/* ---- JSON */

static cJSON *log_tree_event(const struct log_event *event, timestamp time)
{
	cJSON *object = tree_object();
	tree_add_count(object, "event", event->index);
	if (event->session)
		tree_add_count(object, "session", event->session);
	cJSON *numbers = tree_add_array(object, origin_kind_name(event->origin.kind));
	tree_append(numbers, tree_count(event->origin.first));
	tree_append(numbers, tree_count(event->origin.last));
	tree_add_text(object, "name", event->words);
	tree_add_timestamp(object, "time", event->time);
	tree_add_word(object, "when", event->time > time ? "during" : "before");
	return object;
}

static cJSON *log_tree_entry(const struct log_entry *entry, const struct findings *findings)
{
	cJSON *object = tree_object();
	tree_add_timestamp(object, "time", entry->time);
	tree_add_timestamp(object, "last", entry->last);
	tree_add_count(object, "count", entry->count);
	if (entry->process)
		tree_add_count(object, "pid", entry->process);
	cJSON *lines = tree_add_array(object, "lines");
	struct slice text = slice_of_text(entry->text);
	char line[LOG_LINE + 1];
	for (size_t i = 0, count = log_count_lines(entry); i < count; i++) {
		struct slice next = slice_take_until(&text, '\n');
		snprintf(line, sizeof line, "%.*s", (int)next.len, (const char *)next.at);
		tree_append(lines, tree_text(line));
	}
	if (entry->beside.index)
		tree_add(object, "beside", log_tree_event(&entry->beside, entry->time));
	cJSON *codes = tree_add_array(object, "findings");
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		if (log_entry_is_found(entry, finding))
			tree_append(codes, tree_word(code_entry(finding->code)->name));
	return object;
}

cJSON *report_json_log(const struct summary_log *log, const struct findings *findings)
{
	cJSON *object = tree_object();
	tree_add_count(object, "lines", log->lines);
	tree_add_count(object, "left_out", log->left_out);
	cJSON *entries = tree_add_array(object, "entries");
	for (size_t i = 0; i < log->count; i++)
		tree_append(entries, log_tree_entry(&log->entries[i], findings));
	return object;
}
