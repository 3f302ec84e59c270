/* Waiting for live sources, merging several, and reading a server's log. */
#include "source/source.h"

#include "base/timestamp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- waiting */

enum { SOURCE_FILES = 64 };

size_t source_list_ready(const struct source *source, int *files, size_t room)
{
	if (source->operations->list_ready)
		return source->operations->list_ready(source, files, room);
	if (!room || source->ready < 0)
		return 0;
	files[0] = source->ready;
	return 1;
}

void source_wait(const struct source *source, int milliseconds)
{
	int files[SOURCE_FILES];
	struct pollfd polled[SOURCE_FILES];
	size_t count = source_list_ready(source, files, SOURCE_FILES);
	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){.fd = files[i], .events = POLLIN};
	poll(polled, count, milliseconds);
}

/* ---- merging */

/* Merges sources by time. There are few of them: the earliest is found by looking at each. */

enum { MERGE_PACKETS = 256 }; /* between two sums of the counts, where packets never cease */

struct merge_input {
	struct source *source;
	struct packet head;
	bool has_head, is_over;
};

struct merge {
	struct source source; /* first: a source is cast to it */
	size_t count;
	struct merge_input *given; /* whose head the caller has: it is asked for another before the next choice */
	uint64_t steps, number;    /* given; of these, packets */
	enum source_result result; /* at the end */
	struct merge_input inputs[];
};

static void merge_free(struct source *source)
{
	struct merge *merge = (struct merge *)source;
	for (size_t i = 0; i < merge->count; i++)
		source_free(merge->inputs[i].source);
	free(merge);
}

static void merge_note_end(struct merge *merge, const struct source *ended, enum source_result result)
{
	if (result == SOURCE_END || merge->result != SOURCE_END)
		return;
	merge->result = result;
	snprintf(merge->source.why, sizeof merge->source.why, "%.100s: %.150s", ended->name, ended->why);
}

static void merge_fill(struct merge *merge, struct merge_input *input)
{
	if (input->has_head || input->is_over)
		return;
	enum source_result result = source_next(input->source, &input->head);
	input->has_head = result == SOURCE_PACKET;
	input->is_over = !input->has_head && result != SOURCE_IDLE;
	if (input->is_over)
		merge_note_end(merge, input->source, result);
}

/* What a server logs it does a moment later, and its lines may have no date (then they are of 1970). */
#define MERGE_LOG_BEFORE (100 * TIMESTAMP_MILLISECOND)
#define MERGE_DATED (INT64_C(946684800) * TIMESTAMP_SECOND)

static bool merge_is_last(const struct packet *head)
{
	return head->recorded || (head->logged && head->time < MERGE_DATED);
}

/* Recordings and logs without a date come behind all packets, and a log's lines a moment behind those of their time:
 * packets show better what both show, and by then it is known what they do. And the clock of a browser is not that of a
 * capture. */
static bool merge_is_before(const struct merge_input *input, const struct merge_input *other)
{
	bool is_last = merge_is_last(&input->head), is_other_last = merge_is_last(&other->head);
	timestamp time = input->head.time + (input->head.logged ? MERGE_LOG_BEFORE : 0);
	timestamp other_time = other->head.time + (other->head.logged ? MERGE_LOG_BEFORE : 0);
	return is_last == is_other_last ? time < other_time : is_other_last;
}

static struct merge_input *merge_choose(struct merge *merge)
{
	struct merge_input *earliest = NULL;
	for (size_t i = 0; i < merge->count; i++) {
		struct merge_input *input = &merge->inputs[i];
		merge_fill(merge, input);
		if (input->has_head && (!earliest || merge_is_before(input, earliest)))
			earliest = input;
	}
	return earliest;
}

/* May a live source without a packet still bring an earlier one? Not once this one is older than any is late; nor when
 * the clock was turned back meanwhile, and nothing is known. */
static bool merge_holds(const struct merge *merge, timestamp time)
{
	if (!merge->source.is_live || merge->count < 2)
		return false;
	timestamp age = clock_timestamp() - time;
	if (age < 0 || age >= MERGE_HOLD * TIMESTAMP_MILLISECOND)
		return false;
	for (size_t i = 0; i < merge->count; i++)
		if (!merge->inputs[i].has_head && !merge->inputs[i].is_over)
			return true;
	return false;
}

static void merge_add_log(struct log_counts *sum, const struct log_counts *log)
{
	sum->lines += log->lines;
	sum->steps += log->steps;
	sum->unread += log->unread;
	sum->unplaced_first = sum->unplaced ? sum->unplaced_first : log->unplaced_first;
	sum->unplaced += log->unplaced;
	sum->binary += log->binary;
	sum->lacks_packets |= log->lacks_packets;
	sum->is_undated |= log->is_undated;
	sum->is_partly_dated |= log->is_partly_dated;
}

static void merge_add_counts(struct merge *merge)
{
	struct source_counts counts = {0};
	for (size_t i = 0; i < merge->count; i++) {
		counts.packets += merge->inputs[i].source->counts.packets;
		counts.filtered += merge->inputs[i].source->counts.filtered;
		counts.unread += merge->inputs[i].source->counts.unread;
		counts.dropped += merge->inputs[i].source->counts.dropped;
		counts.unmatched += merge->inputs[i].source->counts.unmatched;
		counts.entries += merge->inputs[i].source->counts.entries;
		counts.unrecorded += merge->inputs[i].source->counts.unrecorded;
		counts.unread_entries += merge->inputs[i].source->counts.unread_entries;
		merge_add_log(&counts.log, &merge->inputs[i].source->counts.log);
	}
	merge->source.counts = counts;
}

/* Nothing can be given: for now, or are all over? */
static enum source_result merge_pause(struct merge *merge)
{
	bool over = true;
	merge_add_counts(merge);
	for (size_t i = 0; i < merge->count; i++)
		over = over && merge->inputs[i].is_over;
	return over ? merge->result : SOURCE_IDLE;
}

static enum source_result merge_next(struct source *source, struct packet *packet)
{
	struct merge *merge = (struct merge *)source;
	if (merge->given)
		merge->given->has_head = false;
	merge->given = merge_choose(merge);
	if (merge->given && merge_holds(merge, merge->given->head.time))
		merge->given = NULL;
	if (!merge->given)
		return merge_pause(merge);
	*packet = merge->given->head;
	if (++merge->steps % MERGE_PACKETS == 0)
		merge_add_counts(merge);
	if (packet->recorded || packet->logged)
		return SOURCE_PACKET;
	merge->number++;
	if (merge->count > 1)
		packet->number = merge->number;
	return SOURCE_PACKET;
}

static size_t merge_list_ready(const struct source *source, int *files, size_t room)
{
	const struct merge *merge = (const struct merge *)source;
	size_t count = 0;
	for (size_t i = 0; i < merge->count; i++)
		if (!merge->inputs[i].is_over && !merge->inputs[i].has_head)
			count += source_list_ready(merge->inputs[i].source, files + count, room - count);
	return count;
}

static const struct source_operations merge_operations = {
    .next = merge_next, .free = merge_free, .list_ready = merge_list_ready};

struct source *merge_open(struct source **sources, size_t count)
{
	struct merge *merge = calloc(1, sizeof *merge + count * sizeof *merge->inputs);
	if (!merge) {
		for (size_t i = 0; i < count; i++)
			source_free(sources[i]);
		return NULL;
	}
	merge->source = (struct source){.operations = &merge_operations,
	    .name = count ? sources[0]->name : "",
	    .link_type = count ? sources[0]->link_type : 0};
	merge->count = count;
	merge->result = SOURCE_END;
	merge->source.ready = -1;
	for (size_t i = 0; i < count; i++) {
		merge->inputs[i].source = sources[i];
		merge->source.is_live |= sources[i]->is_live;
	}
	return &merge->source;
}

/* ---- a server's log */

static void server_log_note_time(struct server_log *log)
{
	if (log->first == TIMESTAMP_NONE || log->time < log->first)
		log->first = log->time;
	if (log->time > log->last)
		log->last = log->time;
}

/* Takes out the codes by which loggers colour their lines (ECMA-48, control sequences). */
static size_t server_log_strip(char *line, size_t len)
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

void server_log_advance(struct server_log *log)
{
	ssize_t len = getline(&log->line, &log->room, log->file);
	log->text = slice_of(NULL, 0);
	if (len < 0) {
		log->failure = feof(log->file) ? 0 : errno;
		return;
	}
	while (len > 0 && (log->line[len - 1] == '\n' || log->line[len - 1] == '\r'))
		len--;
	log->text = slice_of(log->line, server_log_strip(log->line, (size_t)len));
	log->lines++;
	if (timestamp_read(log->text, log->near, &log->time))
		server_log_note_time(log);
	else if (log->time == TIMESTAMP_NONE)
		log->unstamped++;
}

void server_log_begin(struct server_log *log, timestamp near)
{
	log->begun = true;
	log->near = near;
	server_log_advance(log);
}

bool server_log_open(struct server_log *log, const char *path, char *why, size_t why_size)
{
	*log = (struct server_log){.file = fopen(path, "r"),
	    .time = TIMESTAMP_NONE,
	    .near = TIMESTAMP_NONE,
	    .first = TIMESTAMP_NONE,
	    .last = TIMESTAMP_NONE};
	if (!log->file)
		snprintf(why, why_size, "%s", strerror(errno));
	tzset(); /* the zone's file is read now: later nothing may be opened, and all times would be UTC's */
	return log->file;
}

/* ---- whether it fits */

#define SERVER_LOG_SPARE (60 * TIMESTAMP_SECOND)

bool server_log_misses(const struct server_log *log, timestamp first, timestamp last, char *why, size_t why_size)
{
	char time[TIMESTAMP_TEXT_SIZE];
	bool ends_before = log->last<first - SERVER_LOG_SPARE, begins_after = log->first> last + SERVER_LOG_SPARE;
	if (log->failure)
		snprintf(why, why_size, "could not be read to its end: %s", strerror(log->failure));
	else if (!log->lines)
		snprintf(why, why_size, "holds no line");
	else if (log->first == TIMESTAMP_NONE)
		snprintf(why, why_size,
		    "no line of it has a time that can be read: lines of known failures are quoted without one");
	else if (ends_before)
		snprintf(why, why_size,
		    "its last line is of %.19sZ, before the first packet: another time, or time zone (TZ)",
		    timestamp_format(log->last, time));
	else if (begins_after)
		snprintf(why, why_size,
		    "its first line is of %.19sZ, after the last packet: another time, or time zone (TZ)",
		    timestamp_format(log->first, time));
	return log->failure || !log->lines || log->first == TIMESTAMP_NONE || ends_before || begins_after;
}

void server_log_close(struct server_log *log)
{
	if (log->file)
		(void)fclose(log->file);
	free(log->line);
	*log = (struct server_log){0};
}
