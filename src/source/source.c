/* Waiting for live sources, and merging several. */
#include "source/source.h"

#include "base/numbering.h"
#include "base/timestamp.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

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
	struct clock_line clock;
	struct packet head;
	bool has_head, is_over;
};

struct merge {
	struct source source; /* first: a source is cast to it */
	size_t count;
	struct merge_input *given;   /* whose head the caller has: it is asked for another before the next choice */
	uint64_t steps, number;      /* given; of these, packets */
	struct numbering *numbering; /* or NULL */
	enum source_result result;   /* at the end */
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
	if (input->has_head)
		input->head.time = clock_line_correct(&input->clock, input->head.time);
	if (input->is_over)
		merge_note_end(merge, input->source, result);
}

/* What a server logs it does a moment later, and its lines may have no date (then they are of 1970). */
#define MERGE_LOG_BEHIND (100 * TIMESTAMP_MILLISECOND)

static bool merge_is_last(const struct packet *head)
{
	return head->recorded || (head->logged && head->time < TIMESTAMP_DATED);
}

/* Recordings and logs without a date come behind all packets, and a log's lines a moment behind those of their time:
 * packets show better what both show, and by then it is known what they do. And the clock of a browser is not that of a
 * capture. */
static bool merge_is_before(const struct merge_input *input, const struct merge_input *other)
{
	bool is_last = merge_is_last(&input->head), is_other_last = merge_is_last(&other->head);
	timestamp time = input->head.time + (input->head.logged ? MERGE_LOG_BEHIND : 0);
	timestamp other_time = other->head.time + (other->head.logged ? MERGE_LOG_BEHIND : 0);
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

static void merge_add_unread(struct unread_counts *sum, const struct unread_counts *unread)
{
	if (unread->connections && !sum->connections)
		memcpy(sum->where, unread->where, sizeof sum->where);
	sum->connections += unread->connections;
}

static void merge_add_counts(struct merge *merge)
{
	struct source_counts counts = {0};
	for (size_t i = 0; i < merge->count; i++) {
		counts.packets += merge->inputs[i].source->counts.packets;
		counts.filtered += merge->inputs[i].source->counts.filtered;
		if (merge->inputs[i].source->counts.filter_word)
			counts.filter_word = merge->inputs[i].source->counts.filter_word;
		counts.unread += merge->inputs[i].source->counts.unread;
		counts.dropped += merge->inputs[i].source->counts.dropped;
		counts.unmatched += merge->inputs[i].source->counts.unmatched;
		merge_add_unread(&counts.unread_tls, &merge->inputs[i].source->counts.unread_tls);
		merge_add_unread(&counts.passed_by, &merge->inputs[i].source->counts.passed_by);
		merge_add_unread(&counts.by_ring, &merge->inputs[i].source->counts.by_ring);
		merge_add_unread(&counts.of_32_bits, &merge->inputs[i].source->counts.of_32_bits);
		counts.refused_files += merge->inputs[i].source->counts.refused_files;
		counts.entries += merge->inputs[i].source->counts.entries;
		counts.unrecorded += merge->inputs[i].source->counts.unrecorded;
		counts.unread_entries += merge->inputs[i].source->counts.unread_entries;
		if (!counts.unread_url)
			counts.unread_url = merge->inputs[i].source->counts.unread_url;
		merge_add_log(&counts.log, &merge->inputs[i].source->counts.log);
		for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
			counts.hits[limit] += merge->inputs[i].source->counts.hits[limit];
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

/* May anything but lines of logs still come? */
static bool merge_others_follow(const struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct merge_input *input = &merge->inputs[i];
		if (input->has_head ? !input->head.logged : !input->is_over)
			return true;
	}
	return false;
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
	packet->input = (uint8_t)(merge->given - merge->inputs);
	if (++merge->steps % MERGE_PACKETS == 0)
		merge_add_counts(merge);
	packet->others_follow = packet->logged && merge_others_follow(merge);
	if (packet->recorded || packet->logged)
		return SOURCE_PACKET;
	merge->number++;
	if (merge->numbering)
		numbering_add(merge->numbering, packet->input, packet->number);
	packet->numbering = merge->numbering;
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

void merge_set_clock(struct source *merged, size_t nth, const struct clock_line *line)
{
	((struct merge *)merged)->inputs[nth].clock = *line;
}

void merge_set_numbering(struct source *merged, struct numbering *numbering)
{
	((struct merge *)merged)->numbering = numbering;
}

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
