/*
 * Lines of a server's log as steps: its form is known by its beginning, and each line is given to the reader of that
 * form, without what was put before it.
 */
#include "source/log_file.h"

#include "base/json.h"
#include "base/text.h"
#include "servers/server.h"
#include "source/log_line.h"
#include "source/log_lines.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

enum { LOG_NAMES = 16, LOG_NAME = 32 };

/* Times that name no day or no year are put into the year 1970, and follow each other from there. */
#define LOG_NEAR (INT64_C(182) * 86400 * TIMESTAMP_SECOND)

/* A kind of log: where a message begins in a line, and what it says. */
static const struct log_form {
	const char *software;
	size_t (*find)(struct slice line);
	bool (*is_packet)(struct slice text);
	enum log_word (*read)(struct log_reader *reader, struct slice text, struct log_step *step);
	bool has_differences;
} log_forms[] = {
    {"python-engineio", log_python_find, log_python_is_packet, log_python_read, false},
    {"socket.io (Node.js)", log_node_find, log_node_is_packet, log_node_read, true},
};

/* A log without any of both, and with lines that servers write when something is wrong. */
static const struct log_form log_form_other = {
    "a server", log_python_find, log_python_is_packet, log_python_read, false};

/* On a terminal node writes the time since the last line of each name: the names' clocks, which follow the log's. */
struct log_name {
	char text[LOG_NAME];
	timestamp time;
};

struct log_file {
	const char *name;
	const struct server_log_table *tables; /* of plug-ins; or NULL */
	const struct log_form *form;
	struct log_reader reader;
	bool is_dated;   /* lines of its form have a time */
	bool explains;   /* it said why a request was refused: its access log adds nothing to that */
	bool is_doubled; /* each is there twice, with a time and without: two loggers write it */

	struct log_lines lines;
	struct buffer plain; /* a line without colours, or out of JSON */
	struct buffer last;  /* what the line before says, of a log that is doubled; while it is looked at, of any */
	struct buffer front; /* and what stood before that, but for its digits */
	struct slice object; /* of the line, which is one of JSON; else empty */
	timestamp time;
	struct log_name names[LOG_NAMES];
	size_t name_count;
	struct log_step step;
};

/* ---- a line */

size_t log_strip(char *line, size_t len)
{
	size_t kept = 0;
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\x1b' && i + 1 < len && line[i + 1] == '[') {
			for (i += 2; i < len && (line[i] < '@' || line[i] > '~');)
				i++;
			continue;
		}
		line[kept++] = line[i];
	}
	return kept;
}

/* What a line says, out of JSON and without colours. */
static struct slice log_plain(struct log_file *log, struct slice line)
{
	line = log_trim_end(line);
	log->object = log_find_object(line);
	if (log->object.len && !log_take_message(&log->plain, log->object))
		log->object = slice_of(NULL, 0);
	if (!log->object.len)
		log->object = log_take_logfmt(&log->plain, line);
	if (log->object.len || slice_find_byte(line, '\x1b') < line.len) {
		if (!log->object.len) {
			buffer_clear(&log->plain);
			buffer_append(&log->plain, line);
		}
		log->plain.len = log_strip((char *)log->plain.at, log->plain.len);
		line = log_trim_end(buffer_slice(&log->plain));
	}
	if (log_find_column(line))
		log_take_source(&line);
	return log_drop_fields(line);
}

/* Do the tables of known log lines have it? */
static bool log_is_known(const struct log_file *log, struct slice line)
{
	return servers_read_log(slice_take(line, 2 * LOG_PREFIX), log->tables, NULL) != LOG_NOTHING;
}

/* Does it say why a request is refused? */
static bool log_is_reason(const struct log_file *log, struct slice line)
{
	switch (servers_read_log(slice_take(line, 2 * LOG_PREFIX), log->tables, NULL)) {
	case LOG_TRANSPORT:
	case LOG_SESSION:
	case LOG_ORIGIN:
	case LOG_VERSION:
	case LOG_UPGRADE:
	case LOG_REJECTED:
	case LOG_ASYNC_MODE:
	case LOG_EXCEPTION:
	case LOG_EXCEPTION_FOLLOWS:
		return true;
	default:
		return false;
	}
}

/* ---- its time */

/* The part before the message: what the message carries may hold times too. */
static struct slice log_front(const struct log_file *log, struct slice line, struct slice plain, size_t at)
{
	return log->object.len ? line : slice_take(plain, at);
}

/* The journal's export format has a field a line: the time comes before the message. */
#define JOURNAL_TIME "__REALTIME_TIMESTAMP="

/* Of a line of JSON that stands behind something, that has the time or the object does; or the text within it. */
static bool log_read_time(const struct log_file *log, struct slice front, timestamp near, timestamp *time)
{
	if (slice_starts_with(front, SLICE(JOURNAL_TIME)))
		front = slice_drop(front, strlen(JOURNAL_TIME));
	if (!log->object.len)
		return timestamp_read(front, near, time);
	struct slice before = slice_take(front, (size_t)(log->object.at - front.at));
	return timestamp_read(before, near, time) || timestamp_read(log->object, near, time) ||
	       timestamp_read(slice_take(buffer_slice(&log->plain), LOG_PREFIX), near, time);
}

static struct log_name *log_name_of(struct log_file *log, struct slice name)
{
	for (size_t i = 0; i < log->name_count; i++)
		if (slice_equals_text(name, log->names[i].text))
			return &log->names[i];
	if (log->name_count == LOG_NAMES || name.len >= LOG_NAME)
		return NULL;
	struct log_name *added = &log->names[log->name_count++];
	memcpy(added->text, name.at, name.len);
	added->text[name.len] = '\0';
	added->time = TIMESTAMP_NONE;
	return added;
}

/* The least time that fits: a name's last line and the difference, and not before the line before. */
static void log_add_difference(struct log_file *log, struct slice name, timestamp difference)
{
	struct log_name *clock = log_name_of(log, name);
	if (!clock)
		return;
	if (clock->time != TIMESTAMP_NONE && clock->time + difference > log->time &&
	    difference < 30 * 86400 * TIMESTAMP_SECOND)
		log->time = clock->time + difference;
	clock->time = log->time;
}

/* Lines without a time have that of the line before; where none has one, a microsecond more than it. */
static void log_time_line(struct log_file *log, struct slice front, struct slice *text, bool is_known)
{
	timestamp difference;
	struct slice name = *text;
	if (log->is_dated) {
		log_read_time(log, front, log->time, &log->time);
		return;
	}
	log->time += TIMESTAMP_MILLISECOND / 1000;
	if (!is_known || !log->form->has_differences || !log_node_take_difference(text, &difference))
		return;
	log_add_difference(log, slice_take_until(&name, ' '), difference);
}

/* ---- steps */

/* What the known tables of log lines know is kept of the loggers' own chatter. */
static bool log_is_of_interest(const struct log_file *log, enum log_word word, struct slice line)
{
	return word == LOG_WORD_NONE || log_is_known(log, line);
}

/* Who posts a log shortens its long lines, or a pager did. */
static bool log_is_shortened(struct slice text)
{
	return slice_ends_with(text, SLICE("...")) || slice_ends_with(text, SLICE("\xe2\x80\xa6"));
}

static void log_fill_line(struct log_file *log, struct slice line)
{
	log->step = (struct log_step){.kind = LOG_STEP_LINE, .bytes = line};
}

static void log_keep_front(struct buffer *out, struct slice front)
{
	buffer_clear(out);
	for (size_t i = 0; i < front.len; i++)
		if (!isdigit(front.at[i]))
			buffer_append_byte(out, front.at[i]);
}

/* Does the line say what the one before says, behind another kind of front? Then two loggers wrote it. */
static bool log_is_repeated(struct log_file *log, struct slice front, struct slice text)
{
	struct buffer former = log->front;
	buffer_init(&log->front, LOG_PREFIX, NULL);
	log_keep_front(&log->front, front);
	bool same = text.len && slice_equals(buffer_slice(&log->last), text) &&
	            !slice_equals(buffer_slice(&former), buffer_slice(&log->front));
	buffer_free(&former);
	buffer_clear(&log->last);
	if (!same)
		buffer_append(&log->last, text);
	return same;
}

/* Of two that say the same the one without a time is passed over, or the second. */
static bool log_is_double(struct log_file *log, struct slice front, struct slice text)
{
	timestamp time;
	if (!log->is_doubled)
		return false;
	bool has_time = log_read_time(log, front, log->time, &time);
	return (log->is_dated && !has_time) || log_is_repeated(log, front, text);
}

/* What tells lines of other words apart from what was put before them is unknown: the last of them that ends with what
 * the line before says is its double. */
static bool log_ends_alike(struct log_file *log, struct slice plain)
{
	struct slice last = buffer_slice(&log->last);
	bool alike = last.len && plain.len > last.len && slice_ends_with(plain, last);
	buffer_clear(&log->last);
	if (log->is_doubled && !alike)
		buffer_append(&log->last, plain);
	return alike;
}

/* False: the line is passed over. */
static bool log_read_line(struct log_file *log, struct slice line, bool is_cut)
{
	struct slice plain = log_plain(log, line);
	size_t at = log->form->find(plain);
	bool is_known = at < plain.len;
	log->explains |= !is_known && log_is_reason(log, plain);
	at = is_known || log->explains ? at : log_access_find(plain, true);
	bool is_access = !is_known && at < plain.len;
	struct slice text = slice_drop(plain, at);
	uint64_t unplaced = log->reader.counts.unplaced;
	struct slice front = log_front(log, line, plain, at);
	if (is_known ? log_is_double(log, front, text) : log_ends_alike(log, plain))
		return false;
	log_time_line(log, front, &text, is_known);
	log->step = (struct log_step){0};
	enum log_word word = is_known    ? log->form->read(&log->reader, text, &log->step)
	                     : is_access ? log_access_read(&log->reader, text, &log->step)
	                                 : LOG_WORD_NONE;
	if (log->reader.counts.unplaced > unplaced && !unplaced)
		log->reader.counts.unplaced_first = log->lines.line;
	log->reader.counts.too_long += is_cut && is_known;
	if (word == LOG_WORD_STEP && log_is_shortened(log->step.bytes)) {
		log->step.is_cut = true;
		log->reader.counts.unread++;
	}
	if (word == LOG_WORD_STEP)
		log->reader.counts.steps++;
	else if (!plain.len || !log_is_of_interest(log, word, is_known ? text : plain))
		return false;
	else
		log_fill_line(log, is_known ? text : plain);
	log->step.text = is_known ? text : plain;
	log->step.is_cut |= is_cut;
	log->step.line = log->lines.line;
	log->step.log = log->name;
	return true;
}

/* ---- the form, by the beginning */

/* What the beginning says of the log: whose it is, whether its lines have times, and whether each is there twice. */
static void log_look_at(struct log_file *log, const struct log_form *form, struct slice line)
{
	struct slice plain = log_plain(log, line);
	size_t at = form->find(plain);
	if (slice_starts_with(line, SLICE(JOURNAL_TIME)))
		log->is_dated |= log_read_time(log, line, TIMESTAMP_NONE, &log->time);
	if (at >= plain.len)
		return;
	struct slice text = slice_drop(plain, at);
	struct slice front = log_front(log, line, plain, at);
	timestamp time;
	bool has_time = log_read_time(log, front, LOG_NEAR, &time);
	log->time = has_time && !log->is_dated ? time : log->time;
	bool names_day = has_time && log_read_time(log, front, TIMESTAMP_NONE, &time);
	log->form = log->form ? log->form : form;
	log->reader.has_packets |= form->is_packet(text);
	log->is_dated |= has_time;
	log->reader.counts.is_partly_dated |= has_time && !names_day;
	log->is_doubled |= log_is_repeated(log, front, text);
}

static void log_look_at_other(struct log_file *log, struct slice front)
{
	timestamp time;
	log->form = &log_form_other;
	log->is_dated = log_read_time(log, front, LOG_NEAR, &time);
	log->time = log->is_dated ? time : log->time;
}

static void log_look_for_other(struct log_file *log, struct slice line)
{
	struct slice plain = log_plain(log, line);
	size_t at = log_access_find(plain, false);
	if (log_is_known(log, plain))
		log_look_at_other(log, log_front(log, line, plain, LOG_PREFIX));
	else if (at < plain.len)
		log_look_at_other(log, log_front(log, line, plain, at));
}

/* Reads the lines of the beginning as they will be read; `form`: of which; NULL: other lines, until one is known. */
static void log_look_for(struct log_file *log, const struct log_form *form, struct slice beginning)
{
	struct slice line;
	bool is_cut;
	struct log_lines view = log_lines_over(&log->lines, beginning);
	while ((form || !log->form) && log_lines_next(&view, &line, &is_cut))
		if (form)
			log_look_at(log, form, line);
		else
			log_look_for_other(log, line);
	log_lines_leave(&view);
}

static void log_look(struct log_file *log, struct slice beginning)
{
	for (size_t i = 0; i < sizeof log_forms / sizeof *log_forms && !log->form; i++)
		log_look_for(log, &log_forms[i], beginning);
	if (!log->form)
		log_look_for(log, NULL, beginning);
	log->reader.counts.lacks_packets = !log->reader.has_packets;
	log->reader.counts.is_undated = !log->is_dated;
}

struct log_file *log_file_open(FILE *stream, const struct source *source, uint64_t lines, char *why, size_t why_size)
{
	struct log_file *log = calloc(1, sizeof *log);
	size_t start = source->limits->log_start;
	if (!log) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	*log = (struct log_file){.name = source->name, .tables = source->log_tables};
	buffer_init(&log->plain, BUFFER_NO_LIMIT, NULL);
	buffer_init(&log->last, BUFFER_NO_LIMIT, NULL);
	buffer_init(&log->front, LOG_PREFIX, NULL);
	buffer_init(&log->reader.scratch, BUFFER_NO_LIMIT, NULL);
	if (!log_lines_begin(&log->lines, stream, source->limits, lines, why, why_size)) {
		log_file_free(log);
		return NULL;
	}
	log->reader.counts.is_list = log->lines.are_list;
	const struct buffer *window = &log->lines.window;
	log_look(log, slice_take(buffer_slice(window), start));
	log->reader.counts.is_unknown = log->form == &log_form_other && (window->len > start || !log->lines.is_over);
	if (log->form)
		return log;
	char size[LIMITS_TEXT];
	snprintf(why, why_size,
	    "unknown file format: it is text, and no line of its first %s (--max-log-start) is of python's loggers "
	    "(engineio_logger=True), of node's DEBUG=engine*,socket.io*, or an error that servers log",
	    limits_format(LIMIT_LOG_START, start, size));
	log_file_free(log);
	return NULL;
}

void log_file_free(struct log_file *log)
{
	if (!log)
		return;
	log_lines_free(&log->lines);
	buffer_free(&log->plain);
	buffer_free(&log->last);
	buffer_free(&log->front);
	buffer_free(&log->reader.scratch);
	free(log);
}

enum source_result log_file_next(struct log_file *log, struct packet *packet, char *why, size_t why_size)
{
	struct slice line;
	bool is_cut;
	while (log_lines_next(&log->lines, &line, &is_cut)) {
		if (log->lines.number > log->reader.counts.lines)
			log->reader.counts.lines = log->lines.number;
		if (!log_read_line(log, line, is_cut))
			continue;
		*packet = (struct packet){.time = log->time, .logged = &log->step};
		return SOURCE_PACKET;
	}
	if (!log->lines.failure)
		return SOURCE_END;
	snprintf(why, why_size, "line %" PRIu64 ": the file cannot be read further (damaged, or compressed and cut)",
	    log->lines.number + 1);
	return SOURCE_CUT;
}

const struct log_counts *log_file_counts(const struct log_file *log)
{
	return &log->reader.counts;
}

const char *log_file_software(const struct log_file *log)
{
	return log->form->software;
}
