/*
 * Reads expectations (cuts a text into sentences, parses each, says where one is wrong), evaluates each, and keeps the
 * verdict as text, because it outlives the timeline.
 */
#include "query/expectations.h"

#include "base/resources.h"
#include "base/text.h"
#include "http/exchange.h"
#include "socketio/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

void expectations_init(struct expectations *expectations)
{
	*expectations = (struct expectations){0};
	arena_init(&expectations->memory, (size_t)4 * EXPECTATIONS_FILE);
}

void expectations_free(struct expectations *expectations)
{
	for (struct expectation *each = expectations->first; each; each = each->next)
		query_free(each->query);
	arena_free(&expectations->memory);
}

/* ---- complaints */

static struct slice line_around(struct slice text, size_t at)
{
	size_t begin = at < text.len ? at : text.len, end;
	while (begin && text.at[begin - 1] != '\n')
		begin--;
	struct slice rest = slice_drop(text, begin);
	end = slice_find_byte(rest, '\n');
	return slice_take(rest, end);
}

/* Tabs stay tabs, so that the caret is under its place whatever their width. */
static void caret_write(FILE *out, struct slice line, size_t column, size_t length)
{
	for (size_t i = 0, seen = 1; i < line.len && seen < column; i++) {
		if ((line.at[i] & 0xc0) == 0x80)
			continue;
		fputc(line.at[i] == '\t' ? '\t' : ' ', out);
		seen++;
	}
	fputc('^', out);
	for (size_t i = 1; i < length && i < 60; i++)
		fputc('~', out);
	fputc('\n', out);
}

/* One sign for each character that would not be seen, so that the caret is under its place. */
static void line_write_plain(FILE *out, struct slice line)
{
	while (line.len) {
		uint32_t code = 0;
		size_t len = utf8_decode(line, &code);
		if (len && (code == '\t' || !utf8_is_steering(code)))
			fwrite(line.at, 1, len, out);
		else
			fputc('?', out);
		line = slice_drop(line, len ? len : 1);
	}
	fputc('\n', out);
}

void expectations_complain(
    FILE *complaints, const char *file, size_t first_line, struct slice text, const struct query_error *error)
{
	struct slice line = line_around(text, error->at);
	size_t place = (size_t)(error->at < text.len ? text.at + error->at - line.at : 0);
	size_t length = error->end > error->at ? error->end - error->at : 1;
	if (length > line.len - (place < line.len ? place : line.len))
		length = line.len - (place < line.len ? place : line.len);
	if (file)
		complain_to(
		    complaints, "%s:%zu:%zu: %s", file, first_line + error->line - 1, error->column, error->message);
	else
		complain_to(complaints, "line %zu, column %zu: %s", error->line, error->column, error->message);
	fputs("  ", complaints);
	line_write_plain(complaints, line);
	fputs("  ", complaints);
	caret_write(complaints, line, error->column, length);
}

/* ---- adding */

static bool expectations_add_slice(
    struct expectations *expectations, struct slice text, const char *file, size_t line, FILE *complaints)
{
	struct query_error error;
	struct query *query = query_parse(text, 0, &error);
	struct expectation *each = query ? arena_alloc(&expectations->memory, sizeof *each) : NULL;
	if (!query)
		expectations_complain(complaints, file, line, text, &error);
	if (!each) {
		if (query)
			fputs("sioscope: no memory for the expectations\n", complaints);
		query_free(query);
		return false;
	}
	*each = (struct expectation){.query = query, .file = file, .line = line};
	*(expectations->last ? &expectations->last->next : &expectations->first) = each;
	expectations->last = each;
	expectations->count++;
	return true;
}

bool expectations_add(struct expectations *expectations, const char *text, FILE *complaints)
{
	return expectations_add_slice(expectations, slice_of_text(text), NULL, 1, complaints);
}

/* ---- files */

static bool line_is_blank(struct slice line)
{
	struct slice rest = slice_trim(line);
	return !rest.len || *rest.at == '#' || *rest.at == '\r';
}

static struct slice text_take_line(struct slice text)
{
	size_t end = slice_find_byte(text, '\n');
	return slice_take(text, end < text.len ? end + 1 : end);
}

static struct slice line_without_end(struct slice line)
{
	while (line.len && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
		line.len--;
	return line;
}

/* The sentence that begins the text: its first line, and those after it that go on with it. Empty lines and comments
 * may be between them. */
static struct slice text_take_sentence(struct slice text)
{
	size_t end = text_take_line(text).len, kept = end;
	while (end < text.len) {
		struct slice line = text_take_line(slice_drop(text, end));
		bool blank = line_is_blank(line_without_end(line));
		if (!blank && *line.at != ' ' && *line.at != '\t')
			break;
		end += line.len;
		if (!blank)
			kept = end;
	}
	return line_without_end(slice_take(text, kept));
}

static size_t count_lines(struct slice text)
{
	size_t lines = 0;
	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	return lines;
}

static bool expectations_add_text(
    struct expectations *expectations, struct slice text, const char *file, FILE *complaints)
{
	size_t line = 1;
	bool good = true;
	if (slice_starts_with(text, SLICE("\xef\xbb\xbf"))) /* some editors begin a file so */
		text = slice_drop(text, 3);
	while (text.len) {
		struct slice first = text_take_line(text), taken = first;
		if (!line_is_blank(line_without_end(first))) {
			taken = text_take_sentence(text);
			good = expectations_add_slice(expectations, taken, file, line, complaints) && good;
		}
		line += count_lines(taken);
		text = slice_drop(text, taken.len);
	}
	return good;
}

static bool file_read(struct buffer *text, const char *path, FILE *complaints)
{
	char bytes[4096];
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t count;
	if (!file) {
		complain_to(complaints, "%s: %s", path, strerror(errno));
		return false;
	}
	while ((count = fread(bytes, 1, sizeof bytes, file)) > 0 && buffer_append(text, slice_of(bytes, count)))
		;
	bool good = !ferror(file) && !text->truncated;
	if (!good)
		complain_to(complaints, "%s: %s", path,
		    text->budget->refused ? "no memory for it"
		    : text->truncated     ? "too long for a file of expectations"
		                          : strerror(errno));
	if (file != stdin)
		(void)fclose(file);
	return good;
}

bool expectations_add_file(struct expectations *expectations, const char *path, FILE *complaints)
{
	struct buffer text;
	struct budget memory = {.limit = SIZE_MAX};
	buffer_init(&text, EXPECTATIONS_FILE, &memory);
	const char *name = arena_copy_text(&expectations->memory, slice_of_text(path));
	size_t before = expectations->count;
	if (!name)
		fputs("sioscope: no memory for the expectations\n", complaints);
	bool good = name && file_read(&text, path, complaints) &&
	            expectations_add_text(expectations, buffer_slice(&text), name, complaints);
	if (good && expectations->count == before) {
		complain_to(complaints, "%s: holds no expectation", path);
		good = false;
	}
	buffer_free(&text);
	return good;
}

/* ---- verdicts */

enum { VERDICT_TEXT = 1000, VERDICTS_MEMORY = 64 << 20 };

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = {"held", "broken", "could not tell"};
	return names[outcome];
}

void verdicts_init(struct verdicts *verdicts, const struct mask *mask)
{
	*verdicts = (struct verdicts){.refusals = {.limit = SIZE_MAX}, .mask = mask};
	arena_init(&verdicts->memory, VERDICTS_MEMORY);
}

void verdicts_free(struct verdicts *verdicts)
{
	arena_free(&verdicts->memory);
}

/* ---- rows in words */

static void describe_session(struct buffer *out, const struct session *session)
{
	char client[ENDPOINT_TEXT_SIZE];
	buffer_append_format(out, "session %" PRIu64 " of %s, %s", session->number,
	    endpoint_format(&session->client, client),
	    session->transport == TRANSPORT_NONE ? "no transport" : transport_name(session->transport));
	if (*session->close)
		buffer_append_format(out, ", closed: %s", session->close);
}

static void describe_event(struct buffer *out, const struct event *event)
{
	buffer_append_format(out, "%s %s", direction_name(event->direction), event_kind_name(event->kind));
	if (event_packet(event)->name.len) {
		buffer_append_byte(out, ' ');
		buffer_append(out, slice_take(event_packet(event)->name, 80));
	}
	if (event_exchange(event) && event->exchange->status)
		buffer_append_format(out, " %d", event->exchange->status);
	if (event->kind == EVENT_WS_CLOSE)
		buffer_append_format(out, " %u", event->ws_close.code);
	if (event->session)
		buffer_append_format(out, ", session %" PRIu64, event->session->number);
}

static void describe_finding(struct buffer *out, const struct finding *finding)
{
	buffer_append_format(out, "%s [%s, %s", code_entry(finding->code)->title, code_entry(finding->code)->name,
	    confidence_name(finding->confidence));
	if (finding->session)
		buffer_append_format(out, ", session %" PRIu64, finding->session);
	buffer_append_format(out, "]%s%s", *finding->seen ? ": " : "", finding->seen);
}

static const char *verdict_keep(struct verdicts *verdicts, const struct buffer *text)
{
	const char *kept = text->len ? arena_copy_text(&verdicts->memory, buffer_slice(text)) : "";
	if (!kept)
		budget_note_refusal(&verdicts->refusals);
	return kept ? kept : "";
}

static void verdict_add_row(struct verdicts *verdicts, struct verdict *verdict, const struct query_row *row)
{
	struct verdict_row *kept = &verdict->rows[verdict->row_count++];
	struct buffer text;
	buffer_init(&text, VERDICT_TEXT, &verdicts->refusals);
	*kept = (struct verdict_row){0};
	switch (row->table) {
	case TABLE_SESSIONS:
		describe_session(&text, row->session);
		break;
	case TABLE_EVENTS:
		kept->origin = row->event->origin;
		describe_event(&text, row->event);
		break;
	default:
		if (row->finding->evidence_count)
			kept->origin = row->finding->evidence[0].origin;
		describe_finding(&text, row->finding);
	}
	kept->what = verdict_keep(verdicts, &text);
	buffer_free(&text);
}

/* ---- judging */

/* The expectation without comments and line ends, for lists and names. */
static void text_flatten(struct buffer *out, struct slice text)
{
	bool blank = true, comment = false;
	uint8_t quote = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];
		if (!comment && (byte == '"' || byte == '\'') && (!quote || quote == byte))
			quote = quote ? 0 : byte;
		comment = byte == '\n' ? false : comment || (byte == '#' && !quote);
		bool is_blank = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
		if (comment || (is_blank && blank))
			continue;
		buffer_append_byte(out, is_blank ? ' ' : byte);
		blank = is_blank;
	}
	if (out->len && out->at[out->len - 1] == ' ')
		out->len--;
}

static const char *verdict_text(struct verdicts *verdicts, const struct query *query)
{
	struct buffer text;
	buffer_init(&text, QUERY_TEXT, &verdicts->refusals);
	text_flatten(&text, query_text(query));
	const char *kept = verdict_keep(verdicts, &text);
	buffer_free(&text);
	return kept;
}

/* All that is blamed is that part of the traffic could not be seen: that breaks nothing, it leaves it untold. */
static bool blame_is_of_capture(const struct query_blame *blame)
{
	for (size_t i = 0; i < blame->culprit_count; i++) {
		const struct finding *finding = blame->culprits[i].finding;
		if (!finding || finding->code != CODE_CAPTURE_INCOMPLETE)
			return false;
	}
	return blame->culprit_count > 0 && !blame->more;
}

/* What is missing may be among what was not captured; what was seen is there. */
static void verdict_explain(struct verdicts *verdicts, struct verdict *verdict, const struct query *query,
    const struct query_data *data, const char *unseen)
{
	struct buffer sentence;
	buffer_init(&sentence, VERDICT_TEXT, &verdicts->refusals);
	struct query_blame blame = {.sentence = &sentence, .mask = verdicts->mask};
	query_explain(query, data, &blame);
	if (unseen && (!blame.seen || blame_is_of_capture(&blame))) {
		verdict->outcome = OUTCOME_UNTOLD;
		buffer_append_format(&sentence, "; but %s", unseen);
	}
	for (size_t i = 0; i < blame.culprit_count; i++)
		verdict_add_row(verdicts, verdict, &blame.culprits[i]);
	verdict->more = blame.more;
	verdict->found = verdict_keep(verdicts, &sentence);
	buffer_free(&sentence);
}

static void verdict_doubt(struct verdicts *verdicts, struct verdict *verdict, const char *unseen)
{
	struct buffer sentence;
	buffer_init(&sentence, VERDICT_TEXT, &verdicts->refusals);
	buffer_append_format(&sentence, "it holds for what was seen, but %s", unseen);
	verdict->outcome = OUTCOME_UNTOLD;
	verdict->found = verdict_keep(verdicts, &sentence);
	buffer_free(&sentence);
}

/* A text was longer than a regular expression looks at, and what was matched does not prove the answer. */
static void verdict_leave_open(struct verdicts *verdicts, struct verdict *verdict, size_t match)
{
	struct buffer sentence;
	char size[LIMITS_TEXT];
	buffer_init(&sentence, VERDICT_TEXT, &verdicts->refusals);
	buffer_append_format(&sentence, "text is longer than a regular expression looks at (%s, --max-match)",
	    limits_format(LIMIT_MATCH, match ? match : limits_table[LIMIT_MATCH].initial, size));
	verdict->outcome = OUTCOME_UNTOLD;
	verdict->found = verdict_keep(verdicts, &sentence);
	buffer_free(&sentence);
}

bool verdicts_judge(
    struct verdicts *verdicts, const struct expectation *expectation, const struct query_data *data, const char *unseen)
{
	struct verdict *verdict = arena_alloc(&verdicts->memory, sizeof *verdict);
	if (!verdict)
		return false;
	uint64_t undecided = 0;
	const struct query_data asked = {data->record, data->findings, &verdicts->refusals, data->match, &undecided};
	const struct query *query = expectation->query;
	bool holds = query_holds(query, &asked);
	bool open = undecided && !(holds ? query_is_proven(query, &asked) : query_is_refuted(query, &asked));
	*verdict = (struct verdict){.text = verdict_text(verdicts, query),
	    .file = expectation->file,
	    .line = expectation->line,
	    .outcome = holds ? OUTCOME_HELD : OUTCOME_BROKEN,
	    .found = ""};
	if (open)
		verdict_leave_open(verdicts, verdict, data->match);
	else if (!holds)
		verdict_explain(verdicts, verdict, query, &asked, unseen);
	else if (verdicts->nothing || (unseen && !query_is_proven(query, &asked)))
		verdict_doubt(verdicts, verdict, unseen ? unseen : verdicts->nothing);
	verdicts->counts[verdict->outcome]++;
	*(verdicts->last ? &verdicts->last->next : &verdicts->first) = verdict;
	verdicts->last = verdict;
	return !verdicts->refusals.refused;
}

enum outcome verdicts_outcome(const struct verdicts *verdicts)
{
	return verdicts->counts[OUTCOME_BROKEN]   ? OUTCOME_BROKEN
	       : verdicts->counts[OUTCOME_UNTOLD] ? OUTCOME_UNTOLD
	                                          : OUTCOME_HELD;
}
