/*
 * A capture from anybody, all the way: engine, every detector, what plug-ins add, the lines of the timeline, the
 * record, the report as text and JSON, the plug-ins' own views. Whatever the packets are, what design.md §3 promises
 * must hold; and a second look at the same bytes, doubled or cut otherwise where that must not matter, gives the same
 * answer.
 */
#include "base/bytes.h"
#include "base/json.h"
#include "detect/detector.h"
#include "socketio/engine.h"
#include "socketio/event.h"
#include "socketio/record.h"
#include "tests/fuzz/capture_format.h"
#include "tests/fuzz/demand.h"
#include "view/dump.h"
#include "view/report.h"

#include <stdio.h>
#include <stdlib.h>

#define BEGINNING (1700000000 * TIMESTAMP_SECOND)

enum { FINDING_BYTES = 1 << 20, RECORD_BYTES = 16 << 20, SESSIONS = 4096, SNAPPED_BYTES = 1000 };

/* One reading of a capture, and what was told of it. */
struct reading {
	uint8_t options;
	const struct mask *mask;
	struct engine *engine;
	struct record *record;     /* or NULL */
	void *views[PLUGINS_MOST]; /* of plug-ins; or NULL */
	uint64_t packets;          /* given so far; the number of the last */
	timestamp time, first, last;
	uint64_t events, gaps, lines_end; /* told so far; of `lines`, the end of the last */
	uint8_t sessions[SESSIONS];       /* by number */
	uint64_t opened, closed;
	struct buffer lines;
	struct buffer report; /* as JSON */
};

enum { SESSION_UNSEEN, SESSION_OPEN, SESSION_CLOSED };

/* The options of plug-ins, and what they open. */
static union plugin_options plugged[PLUGINS_MOST];
static struct plugin_facts opened;

/* ---- the timeline */

static void check_session_opened(void *self, const struct session *session)
{
	struct reading *reading = self;
	demand(session->number == ++reading->opened);
	if (session->number < SESSIONS)
		reading->sessions[session->number] = SESSION_OPEN;
}

static void check_session_closed(void *self, const struct session *session)
{
	struct reading *reading = self;
	demand(session->number >= 1 && session->number <= reading->opened);
	reading->closed++;
	demand(session->first <= session->last && session->namespace_count <= SESSION_NAMESPACES);
	if (session->number >= SESSIONS)
		return;
	demand(reading->sessions[session->number] == SESSION_OPEN);
	reading->sessions[session->number] = SESSION_CLOSED;
}

static void check_order(const struct reading *reading, const struct event *event)
{
	demand(event->index == reading->events && event->answers < event->index);
	demand(event->origin.first <= event->origin.last && event->origin.last <= reading->packets);
	demand(event->kind == EVENT_LOG || event->origin.first >= 1);
	/* A clock that is set shifts what comes after it. */
	demand(engine_counts(reading->engine)->clock_steps ||
	       (event->origin.time >= reading->first && event->origin.time <= reading->last));
	demand((event->connection == NULL) == (event->kind == EVENT_LOG));
}

static void check_content(const struct reading *reading, const struct event *event)
{
	const struct limits *limits = engine_limits(reading->engine);
	demand(
	    !event_packet(event)->data.len || event->kind == EVENT_EVENT || json_is_valid(event_packet(event)->data));
	demand(
	    !event_packet(event)->name.len || (event->kind == EVENT_EVENT && json_is_valid(event_packet(event)->name)));
	for (size_t i = 0; i < event_packet(event)->attachment_count; i++)
		demand(event_packet(event)->attachments[i].len <= limits->message ||
		       event_packet(event)->attachments[i].len <= limits->inflated);
	demand(event->kind != EVENT_MALFORMED || (event->malformed.layer && event_text(event).len));
}

static void check_event(void *self, const struct event *event)
{
	struct reading *reading = self;
	reading->events++;
	reading->gaps += event->kind == EVENT_GAP && event->gap.lost;
	check_order(reading, event);
	check_content(reading, event);
	const struct session *session = event->session;
	demand(!session || session->number >= SESSIONS || reading->sessions[session->number] == SESSION_OPEN);
	demand(line_write(&reading->lines, event, reading->mask));
	struct slice line = slice_drop(buffer_slice(&reading->lines), reading->lines_end);
	demand(json_is_valid(line) && slice_find_byte(line, '\n') == line.len);
	buffer_append_byte(&reading->lines, '\n');
	reading->lines_end = reading->lines.len;
}

static void check_pair(void *self, uint64_t question, uint64_t answer)
{
	struct reading *reading = self;
	demand(question >= 1 && question < answer && answer == reading->events);
	if (reading->record)
		record_link(reading->record, question, answer);
}

/* ---- the findings */

static void check_evidence(const struct reading *reading, const struct finding *finding)
{
	demand(finding->evidence_count <= FINDING_EVIDENCE);
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct evidence *evidence = &finding->evidence[i];
		demand(evidence->origin.first >= 1 && evidence->origin.first <= evidence->origin.last);
		demand(evidence->origin.last <= reading->packets && evidence->what);
	}
}

static void check_finding(const struct reading *reading, const struct finding *finding)
{
	demand(finding->code < CODES_MOST && finding->count >= 1 && finding->session <= reading->opened);
	demand(*finding->seen && *finding->advice);
	demand(finding->confidence != CONFIDENCE_PROVEN || !finding->doubt);
	demand(finding->confidence != CONFIDENCE_POSSIBLE || (finding->doubt && *finding->doubt));
	demand(finding->time == TIMESTAMP_NONE || finding->time <= finding->last);
	check_evidence(reading, finding);
	size_t depth = 0;
	for (const struct finding *cause = finding->explained_by; cause; cause = cause->explained_by)
		demand(++depth <= CODES_MOST);
}

static void check_findings(const struct reading *reading, const struct findings *findings)
{
	size_t counts[CODES_MOST] = {0}, count = 0;
	for (const struct finding *finding = findings->first; finding; finding = finding->next) {
		check_finding(reading, finding);
		demand(++counts[finding->code] <= FINDINGS_OF_CODE);
		demand(++count <= findings->count);
	}
	demand(count == findings->count);
}

/* Whatever could not be seen is told. */
static void check_unseen(const struct reading *reading, const struct findings *findings)
{
	const struct engine_counts *counts = engine_counts(reading->engine);
	size_t unseen = 0;
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		unseen += ledger_is_listed(counts->ledger, reason) &&
		          ledger_reason(reason)->weight >= LEDGER_BLINDS_ALONE;
	demand(counts->gaps == reading->gaps);
	demand(findings->counts[CODE_CAPTURE_INCOMPLETE] + findings->left_out[CODE_CAPTURE_INCOMPLETE] == unseen);
}

/* ---- the report */

/* The next character of UTF-8; 0: there is none. */
static uint32_t take_character(struct slice *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = text->at[0] < 0x80 ? 1 : text->at[0] < 0xe0 ? 2 : text->at[0] < 0xf0 ? 3 : 4;
	uint32_t character = len == 1 ? text->at[0] : text->at[0] & (0x7f >> len);
	if (text->len < len || (text->at[0] & 0xc0) == 0x80 || text->at[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((text->at[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (text->at[i] & 0x3f);
	}
	*text = slice_drop(*text, len);
	return character >= least[len] && character <= 0x10ffff ? character : 0;
}

/* Nothing steers the terminal, no line is longer than the writer. */
static void check_text(struct slice text)
{
	size_t column = 0;
	while (text.len) {
		uint32_t character = take_character(&text);
		demand(character == '\n' || (character >= 0x20 && character != 0x7f));
		demand(character < 0x80 || character >= 0xa0);
		column = character == '\n' ? 0 : column + 1;
		demand(column <= TEXT_WIDTH);
	}
}

/* As text: the report, and the plug-ins' views when they are looked at. */
static void check_papers(const struct reading *reading, const struct summary *summary)
{
	char *text = NULL;
	size_t size = 0;
	struct text_writer writer = {.out = open_memstream(&text, &size), .mask = reading->mask};
	demand(writer.out && report_text_write(&writer, summary));
	for (size_t i = 0; plugins[i]; i++)
		if (reading->views[i])
			plugins[i]->view->write(&writer, reading->views[i], reading->mask);
	demand(fclose(writer.out) == 0);
	check_text(slice_of(text, size));
	free(text);
}

static void check_report_json(struct reading *reading, const struct summary *summary)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	demand(out && report_json_write(out, reading->mask, summary));
	demand(fclose(out) == 0);
	buffer_append(&reading->report, slice_of(text, size));
	free(text);
	demand(json_is_valid(buffer_slice(&reading->report)));
}

/* ---- the record */

static bool is_told_as(const struct reading *reading, struct event event, struct slice line, struct buffer *scratch)
{
	buffer_clear(scratch);
	demand(line_write(scratch, &event, reading->mask));
	if (slice_equals(line, buffer_slice(scratch)))
		return true;
	/* What a page's update answers is known just after it was told. */
	buffer_clear(scratch);
	event.answers = 0;
	return line_write(scratch, &event, reading->mask) && slice_equals(line, buffer_slice(scratch));
}

/* A session may get its sid later, and the record tells its last state. */
static void check_record(const struct reading *reading)
{
	struct slice rest = buffer_slice(&reading->lines);
	struct buffer again;
	buffer_init(&again, BUFFER_NO_LIMIT, NULL);
	uint64_t kept = record_event_count(reading->record);
	demand(kept + record_left_out(reading->record) == reading->events);
	for (uint64_t index = 1; index <= kept; index++) {
		struct slice line = slice_take(rest, slice_find_byte(rest, '\n'));
		rest = slice_drop(rest, line.len + 1);
		bool named_later = slice_find(line, SLICE("\"sid\":null")) < line.len;
		demand(named_later || is_told_as(reading, *record_event(reading->record, index), line, &again));
		demand(record_answer(reading->record, index) <= reading->events);
	}
	buffer_free(&again);
}

/* ---- reading */

static void give_packet(struct reading *reading, const struct capture_item *item, uint64_t number)
{
	struct packet packet = {.time = reading->time,
	    .number = number,
	    .link_type = (uint16_t)capture_link_type(item->kind),
	    .wire_len = (uint32_t)item->bytes.len + (item->kind & CAPTURE_SNAPPED ? SNAPPED_BYTES : 0),
	    .bytes = item->bytes};
	reading->packets = number;
	engine_take_packet(reading->engine, &packet);
	size_t memory = engine_limits(reading->engine)->memory;
	demand(engine_held(reading->engine) <= memory + memory / 4); /* objects may have a quarter more */
}

/* A segment with half of its payload, the first or the second. */
static void give_half(
    struct reading *reading, const struct capture_item *item, const struct capture_segment *segment, bool second)
{
	static uint8_t bytes[UINT16_MAX];
	size_t len = segment->segment.payload.len, middle = len / 2;
	struct slice part = second ? slice_drop(segment->segment.payload, middle)
	                           : slice_take(segment->segment.payload, middle);
	uint8_t flags = segment->segment.flags;
	memcpy(bytes, item->bytes.at, segment->payload);
	memcpy(bytes + segment->payload, part.at, part.len);
	capture_put_length(bytes, segment, part.len);
	if (second)
		network_write_32(
		    bytes + segment->tcp + 4, segment->segment.sequence + (uint32_t)middle + ((flags & TCP_SYN) != 0));
	bytes[segment->tcp + 13] = flags & (second ? ~TCP_SYN : ~(TCP_FIN | TCP_RST));
	struct capture_item half = {.kind = item->kind, .bytes = slice_of(bytes, segment->payload + part.len)};
	give_packet(reading, &half, reading->packets + !second);
}

static void give_halves(struct reading *reading, const struct capture_item *item)
{
	struct capture_segment segment;
	if (!capture_find_segment(item, &segment) || segment.segment.missing || segment.segment.payload.len < 2) {
		give_packet(reading, item, reading->packets + 1);
		return;
	}
	give_half(reading, item, &segment, false);
	give_half(reading, item, &segment, true);
}

static void give_item(struct reading *reading, const struct capture_item *item, enum capture_besides how)
{
	timestamp delay = capture_delay(item->delay);
	reading->time += item->kind & CAPTURE_BACK ? -delay : delay;
	if (reading->time < reading->first)
		reading->first = reading->time;
	if (reading->time > reading->last)
		reading->last = reading->time;
	if ((item->kind & CAPTURE_LINK) == CAPTURE_LOG)
		engine_take_log(reading->engine, reading->time, item->bytes, 0);
	else if (how == CAPTURE_CUT)
		give_halves(reading, item);
	else
		give_packet(reading, item, reading->packets + 1);
	if (how == CAPTURE_DOUBLED && (item->kind & CAPTURE_LINK) != CAPTURE_LOG)
		give_packet(reading, item, reading->packets);
}

static bool has_log(struct slice items)
{
	struct capture_item item;
	while (capture_next(&items, &item))
		if ((item.kind & CAPTURE_LINK) == CAPTURE_LOG)
			return true;
	return false;
}

static struct limits choose_limits(uint8_t options)
{
	struct limits limits = limits_default();
	if (options & CAPTURE_TIGHT)
		limits = (struct limits){.held = 700,
		    .message = 400,
		    .inflated = 900,
		    .connections = 3,
		    .sessions = 3,
		    .idle = 30,
		    .memory = 65536,
		    .record = RECORD_BYTES,
		    .pipelined = 4,
		    .growth = limits.growth,
		    .line = limits.line,
		    .match = limits.match};
	return limits;
}

static void conclude(struct reading *reading, struct diagnosis *diagnosis, struct summary *summary)
{
	static const char *const source = "capture";
	struct summary_input input = {.sources = &source, .source_count = 1};
	engine_end(reading->engine);
	demand(engine_held(reading->engine) == 0 && reading->closed == reading->opened);
	demand(ledger_adds_up(engine_ledger(reading->engine)));
	demand(engine_counts(reading->engine)->packets >= reading->packets);
	struct findings *findings = diagnosis_finish(diagnosis, engine_counts(reading->engine));
	check_findings(reading, findings);
	check_unseen(reading, findings);
	summary_finish(summary, reading->engine, &input, findings);
	check_papers(reading, summary);
	check_report_json(reading, summary);
	if (reading->record)
		check_record(reading);
}

static void give_all(struct reading *reading, struct slice items, const struct observer *const *observers, size_t count,
    enum capture_besides how)
{
	struct limits limits = choose_limits(reading->options);
	struct capture_item item;
	reading->engine = engine_new(&limits, observers, count);
	demand(reading->engine);
	while (capture_next(&items, &item))
		give_item(reading, &item, how);
}

/* The observers of plug-ins; returns how many. */
static size_t plug_in(struct reading *reading, const struct plugin_facts *facts, void **pairs,
    const struct observer **observers, bool looks)
{
	size_t count = 0;
	for (size_t i = 0; plugins[i]; i++) {
		const struct plugin *plugin = plugins[i];
		reading->views[i] = looks && plugin->view ? plugin->view->new (&plugged[i], facts->of[i]) : NULL;
		if (reading->views[i])
			observers[count++] = plugin->view->observer(reading->views[i]);
		pairs[i] = plugin->pairing ? plugin->pairing->new (check_pair, reading) : NULL;
		if (pairs[i])
			observers[count++] = plugin->pairing->observer(pairs[i]);
		demand(!plugin->pairing || pairs[i]);
	}
	return count;
}

static void pull_out(struct reading *reading, void **pairs)
{
	for (size_t i = 0; plugins[i]; i++) {
		if (reading->views[i])
			plugins[i]->view->free(reading->views[i]);
		if (pairs[i])
			plugins[i]->pairing->free(pairs[i]);
	}
}

static void read_capture(struct reading *reading, struct slice items, enum capture_besides how)
{
	bool compares = reading->options & CAPTURE_FRONTEND;
	const struct detector_facts facts = {
	    .plugged = compares ? opened : (struct plugin_facts){0}, .has_log = has_log(items)};
	struct observer checks = {.self = reading,
	    .session_opened = check_session_opened,
	    .event = check_event,
	    .session_closed = check_session_closed};
	const struct observer nobody = {0};
	struct diagnosis *diagnosis = diagnosis_new(&facts, FINDING_BYTES);
	struct summary summary;
	summary_init(&summary, REPORT_SESSIONS, &facts);
	demand(diagnosis);
	reading->record = how == CAPTURE_KEPT ? record_new(RECORD_BYTES) : NULL;
	const struct observer *observers[5 + 2 * PLUGINS_MOST] = {&checks,
	    reading->record ? record_observer(reading->record) : &nobody, &summary.observer, &summary.sections.observer,
	    diagnosis_observer(diagnosis)};
	void *pairs[PLUGINS_MOST] = {0};
	size_t count = 5 + plug_in(reading, &facts.plugged, pairs, observers + 5, how == CAPTURE_STATE);
	give_all(reading, items, observers, count, how);
	conclude(reading, diagnosis, &summary);
	summary_free(&summary);
	diagnosis_free(diagnosis);
	record_free(reading->record);
	pull_out(reading, pairs);
}

static void begin_reading(struct reading *reading, uint8_t options, const struct mask *mask)
{
	*reading = (struct reading){
	    .options = options, .mask = mask, .time = BEGINNING, .first = BEGINNING, .last = BEGINNING};
	buffer_init(&reading->lines, BUFFER_NO_LIMIT, NULL);
	buffer_init(&reading->report, BUFFER_NO_LIMIT, NULL);
}

static void end_reading(struct reading *reading)
{
	engine_free(reading->engine);
	buffer_free(&reading->lines);
	buffer_free(&reading->report);
}

/* ---- the second reading */

/* Where something was lost, late or unreadable, it may matter how the bytes came: reading begins again where a segment
 * looks like a beginning. */
static bool is_orderly(const struct engine_counts *counts)
{
	uint64_t hits = 0;
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
		hits += counts->hits[limit];
	return !(hits + counts->snapped + counts->turned_back + counts->clock_outliers + counts->clock_steps +
	         counts->joined + counts->gaps + counts->incomplete + counts->unreadable + counts->broken +
	         counts->retransmitted + counts->out_of_order + counts->conflicts + counts->fragments_abandoned);
}

static void read_again(const struct reading *first, struct slice items, enum capture_besides how)
{
	static struct reading second;
	begin_reading(&second, first->options, first->mask);
	read_capture(&second, items, how);
	if (how == CAPTURE_AGAIN)
		demand(slice_equals(buffer_slice(&first->report), buffer_slice(&second.report)));
	if (how == CAPTURE_AGAIN || !engine_counts(second.engine)->broken)
		demand(slice_equals(buffer_slice(&first->lines), buffer_slice(&second.lines)));
	end_reading(&second);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	for (size_t i = 0; plugins[i]; i++) {
		for (const struct plugin_option *option = plugins[i]->options; option && option->name; option++)
			if (strcmp(option->name, "frontend") == 0) {
				static const char path[] = "captures/frontend";
				*(const char **)(plugged[i].bytes + option->place) = path;
			}
		if (plugins[i]->open && !plugins[i]->open(&plugged[i], &opened.of[i])) {
			fputs("capture: run it in the project's folder\n", stderr);
			exit(1);
		}
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading first;
	if (!size)
		return 0;
	struct mask mask = {.salt = 1, .shows = data[0] & CAPTURE_SHOWS};
	struct slice items = slice_of(data + 1, size - 1);
	enum capture_besides besides = data[0] / CAPTURE_BESIDES % 8;
	begin_reading(&first, data[0], &mask);
	read_capture(&first, items, besides >= CAPTURE_KEPT ? besides : CAPTURE_NOTHING);
	bool orderly = is_orderly(engine_counts(first.engine));
	if (besides == CAPTURE_AGAIN || ((besides == CAPTURE_DOUBLED || besides == CAPTURE_CUT) && orderly))
		read_again(&first, items, besides);
	end_reading(&first);
	return 0;
}
