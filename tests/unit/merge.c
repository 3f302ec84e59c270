/* Sources merged by time. The sources here are lists of packets: a letter and a time each. */
#include "base/memory.h"
#include "base/timestamp.h"
#include "source/source.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* "a1 b5" gives packet a at time 1 and b at time 5, "L5" a line of a log; "." between them is an idle answer, "!" at
 * the end a cut. */
struct script {
	struct source source;
	const char *rest;
	uint64_t number;
	int *freed;
};

static enum source_result script_end(struct script *script)
{
	if (*script->rest != '!')
		return SOURCE_END;
	snprintf(script->source.why, sizeof script->source.why, "cut");
	return SOURCE_CUT;
}

static enum source_result script_next(struct source *source, struct packet *packet)
{
	static const struct log_step step;
	struct script *script = (struct script *)source;
	while (*script->rest == ' ')
		script->rest++;
	if (*script->rest == '.') {
		script->rest++;
		return SOURCE_IDLE;
	}
	if (!*script->rest || *script->rest == '!')
		return script_end(script);
	*packet = (struct packet){.number = ++script->number, .bytes = slice_of(script->rest, 1)};
	packet->logged = *script->rest == 'L' ? &step : NULL;
	packet->time = strtol(script->rest + 1, (char **)&script->rest, 10);
	source->counts.packets++;
	source->counts.filtered += 10;
	source->counts.dropped += 100;
	return SOURCE_PACKET;
}

static void script_free(struct source *source)
{
	struct script *script = (struct script *)source;
	if (script->freed)
		++*script->freed;
	free(script);
}

static struct source *script_new(const char *name, const char *text, int *freed)
{
	static const struct source_operations operations = {.next = script_next, .free = script_free};
	struct script *script = calloc(1, sizeof *script);
	assert_non_null(script);
	*script = (struct script){.source = {.operations = &operations, .name = name}, .rest = text, .freed = freed};
	return &script->source;
}

static struct source *merge_of_two(const char *first, const char *second)
{
	struct source *sources[] = {script_new("first", first, NULL), script_new("second", second, NULL)};
	struct source *merged = merge_open(sources, 2);
	assert_non_null(merged);
	return merged;
}

/* Asks until the end: letter and number of each packet, "." for idle, then "$", or "!" and why. */
static void assert_gives(struct source *merged, const char *expected)
{
	struct buffer given;
	struct packet packet;
	enum source_result result;
	buffer_init(&given, BUFFER_NO_LIMIT, NULL);
	while ((result = source_next(merged, &packet)) <= SOURCE_IDLE)
		if (result == SOURCE_IDLE)
			buffer_append_text(&given, ". ");
		else
			buffer_append_format(&given, "%c%llu ", packet.bytes.at[0], (unsigned long long)packet.number);
	buffer_append_format(&given, "%c%s", result == SOURCE_END ? '$' : '!', merged->why);
	buffer_append_byte(&given, '\0');
	assert_string_equal((const char *)given.at, expected);
	buffer_free(&given);
	source_free(merged);
}

static void packets_come_in_order_of_time(void **state)
{
	(void)state;
	assert_gives(merge_of_two("a1 b4 c5", "d2 e3 f6"), "a1 d2 e3 b4 c5 f6 $");
}

static void a_source_that_begins_later_comes_later(void **state)
{
	(void)state;
	assert_gives(merge_of_two("a7 b8", "c1 d2"), "c1 d2 a3 b4 $");
}

static void equal_times_come_in_the_order_of_the_sources(void **state)
{
	(void)state;
	assert_gives(merge_of_two("a1 b1 c2", "d1 e2"), "a1 b2 d3 c4 e5 $");
}

/* By at most 100 ms, whichever is given first. */
#define DATED(milliseconds) "1700000000" milliseconds "000000"

static void what_a_server_logs_comes_behind_the_packets_of_its_time(void **state)
{
	(void)state;
	assert_gives(merge_of_two("L" DATED("000"), "a" DATED("050")), "a1 L1 $");
	assert_gives(merge_of_two("a" DATED("050"), "L" DATED("000")), "a1 L1 $");
	assert_gives(merge_of_two("L" DATED("000"), "a" DATED("200")), "L1 a1 $");
}

static void a_source_keeps_its_own_order(void **state)
{
	(void)state;
	assert_gives(merge_of_two("a5 b3", "c4 d6"), "c1 a2 b3 d4 $");
}

static void times_that_are_put_right_decide_the_order(void **state)
{
	(void)state;
	struct source *merged = merge_of_two("a1 b40 c80", "d101 e130 f190");
	merge_set_clock(merged, 1, &(const struct clock_line){.offset = 100});
	assert_gives(merged, "a1 d2 e3 b4 c5 f6 $");
}

static void a_clock_that_runs_faster_is_put_right_the_more_the_later(void **state)
{
	(void)state;
	struct source *merged = merge_of_two("a1100 b1200", "c1201 d1251");
	merge_set_clock(merged, 1, &(const struct clock_line){.since = 1000, .drift = 0.5});
	assert_gives(merged, "a1 c2 d3 b4 $");
	merged = merge_of_two("a1100 b1124", "c1201 d1251");
	merge_set_clock(merged, 1, &(const struct clock_line){.since = 1000, .drift = 0.5});
	assert_gives(merged, "a1 c2 b3 d4 $");
}

static void packets_say_which_source_they_are_from(void **state)
{
	(void)state;
	struct packet packet;
	struct source *merged = merge_of_two("a1 b4", "c2");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(source_next(merged, &packet), SOURCE_PACKET);
		assert_int_equal(packet.input, i == 1);
	}
	source_free(merged);
}

static void one_source_keeps_its_numbers(void **state)
{
	(void)state;
	struct source *only = script_new("only", "a1 b2", NULL);
	((struct script *)only)->number = 6;
	assert_gives(merge_open(&only, 1), "a7 b8 $");
}

static void an_empty_source_gives_nothing(void **state)
{
	(void)state;
	assert_gives(merge_of_two("", "a1"), "a1 $");
	assert_gives(merge_of_two("", ""), "$");
}

static void no_source_is_at_its_end(void **state)
{
	(void)state;
	assert_gives(merge_open(NULL, 0), "$");
}

static void a_cut_source_ends_alone(void **state)
{
	(void)state;
	assert_gives(merge_of_two("a1 !", "b2 c3"), "a1 b2 c3 !first: cut");
}

static void the_first_that_is_cut_is_reported(void **state)
{
	(void)state;
	assert_gives(merge_of_two("a1 b3 !", "c2 !"), "a1 c2 b3 !second: cut");
}

static void the_end_stays_the_end(void **state)
{
	(void)state;
	struct packet packet;
	struct source *merged = merge_of_two("a1 !", "b2");
	while (source_next(merged, &packet) == SOURCE_PACKET)
		;
	assert_int_equal(source_next(merged, &packet), SOURCE_CUT);
	assert_gives(merged, "!first: cut");
}

static void an_idle_source_is_not_at_its_end(void **state)
{
	(void)state;
	struct source *only = script_new("only", "a1 . . b2", NULL);
	assert_gives(merge_open(&only, 1), "a1 . . b2 $");
}

static void an_idle_source_holds_up_no_other(void **state)
{
	(void)state;
	assert_gives(merge_of_two(". . a9", "b1 c2"), "b1 c2 a3 $");
}

static void counts_are_added_up(void **state)
{
	(void)state;
	struct packet packet;
	struct source *merged = merge_of_two("a1 b2", "c3");
	while (source_next(merged, &packet) == SOURCE_PACKET)
		;
	assert_int_equal(merged->counts.packets, 3);
	assert_int_equal(merged->counts.filtered, 30);
	assert_int_equal(merged->counts.dropped, 300);
	source_free(merged);
}

/* ---- live */

/* Two live sources; the second has packet b now, the first is idle and has then a, so many nanoseconds earlier. */
static struct source *merge_of_two_live(char *text, size_t size, timestamp now, timestamp earlier)
{
	snprintf(text, size, ". a%lld%cb%lld", (long long)(now - earlier), 0, (long long)now);
	struct source *sources[] = {script_new("late", text, NULL), script_new("early", text + strlen(text) + 1, NULL)};
	sources[0]->is_live = sources[1]->is_live = true;
	sources[0]->ready = 5;
	sources[1]->ready = 6;
	struct source *merged = merge_open(sources, 2);
	assert_non_null(merged);
	return merged;
}

static void assert_gives_next(struct source *merged, char letter)
{
	struct packet packet;
	assert_int_equal(source_next(merged, &packet), SOURCE_PACKET);
	assert_int_equal(packet.bytes.at[0], letter);
}

static void a_live_packet_waits_for_an_earlier_one_elsewhere(void **state)
{
	(void)state;
	char text[100];
	struct packet packet;
	struct source *merged = merge_of_two_live(text, sizeof text, clock_timestamp(), 1000);
	assert_int_equal(source_next(merged, &packet), SOURCE_IDLE);
	assert_gives_next(merged, 'a');
	assert_gives_next(merged, 'b');
	source_free(merged);
}

static void while_it_waits_only_the_others_wake_it(void **state)
{
	(void)state;
	char text[100];
	struct packet packet;
	int files[2] = {0};
	struct source *merged = merge_of_two_live(text, sizeof text, clock_timestamp(), 1000);
	assert_int_equal(source_next(merged, &packet), SOURCE_IDLE);
	assert_int_equal(source_list_ready(merged, files, 2), 1);
	assert_int_equal(files[0], 5);
	source_free(merged);
}

static void a_live_packet_waits_no_longer_than_others_are_late(void **state)
{
	(void)state;
	char text[100];
	struct source *merged = merge_of_two_live(
	    text, sizeof text, clock_timestamp() - MERGE_HOLD * TIMESTAMP_MILLISECOND, 0);
	assert_gives_next(merged, 'b');
	assert_gives_next(merged, 'a');
	source_free(merged);
}

static void a_live_packet_from_the_future_does_not_wait_for_it(void **state)
{
	(void)state;
	char text[100];
	struct source *merged = merge_of_two_live(text, sizeof text, clock_timestamp() + TIMESTAMP_SECOND * 3600, 0);
	assert_gives_next(merged, 'b');
	source_free(merged);
}

/* As a source has it that waits for more than one file. */
static size_t list_seven_and_eight(const struct source *source, int *files, size_t room)
{
	(void)source;
	size_t count = 0;
	for (int file = 7; file <= 8 && count < room; file++)
		files[count++] = file;
	return count;
}

static struct source *merge_of_three_that_wait(void)
{
	static const struct source_operations several = {script_next, script_free, list_seven_and_eight};
	struct source *sources[] = {
	    script_new("file", "a1", NULL), script_new("one", ". .", NULL), script_new("several", ". .", NULL)};
	sources[0]->ready = -1;
	sources[1]->ready = 5;
	sources[2]->ready = -1;
	sources[2]->operations = &several;
	struct source *merged = merge_open(sources, 3);
	assert_non_null(merged);
	return merged;
}

static void all_files_of_all_sources_are_waited_for(void **state)
{
	(void)state;
	int files[8];
	struct source *merged = merge_of_three_that_wait();
	assert_int_equal(source_list_ready(merged, files, 8), 3);
	assert_memory_equal(files, ((int[]){5, 7, 8}), 3 * sizeof *files);
	source_free(merged);
}

static void no_more_files_are_listed_than_there_is_room_for(void **state)
{
	(void)state;
	int files[3] = {0};
	struct source *merged = merge_of_three_that_wait();
	assert_int_equal(source_list_ready(merged, files, 2), 2);
	assert_int_equal(files[2], 0);
	source_free(merged);
}

static void the_sources_are_freed_with_it(void **state)
{
	(void)state;
	int freed = 0;
	struct source *sources[] = {script_new("first", "a1", &freed), script_new("second", "", &freed)};
	source_free(merge_open(sources, 2));
	assert_int_equal(freed, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_come_in_order_of_time),
	    cmocka_unit_test(a_source_that_begins_later_comes_later),
	    cmocka_unit_test(equal_times_come_in_the_order_of_the_sources),
	    cmocka_unit_test(what_a_server_logs_comes_behind_the_packets_of_its_time),
	    cmocka_unit_test(a_source_keeps_its_own_order),
	    cmocka_unit_test(times_that_are_put_right_decide_the_order),
	    cmocka_unit_test(a_clock_that_runs_faster_is_put_right_the_more_the_later),
	    cmocka_unit_test(packets_say_which_source_they_are_from),
	    cmocka_unit_test(one_source_keeps_its_numbers),
	    cmocka_unit_test(an_empty_source_gives_nothing),
	    cmocka_unit_test(no_source_is_at_its_end),
	    cmocka_unit_test(a_cut_source_ends_alone),
	    cmocka_unit_test(the_first_that_is_cut_is_reported),
	    cmocka_unit_test(the_end_stays_the_end),
	    cmocka_unit_test(an_idle_source_is_not_at_its_end),
	    cmocka_unit_test(an_idle_source_holds_up_no_other),
	    cmocka_unit_test(counts_are_added_up),
	    cmocka_unit_test(a_live_packet_waits_for_an_earlier_one_elsewhere),
	    cmocka_unit_test(while_it_waits_only_the_others_wake_it),
	    cmocka_unit_test(a_live_packet_waits_no_longer_than_others_are_late),
	    cmocka_unit_test(a_live_packet_from_the_future_does_not_wait_for_it),
	    cmocka_unit_test(all_files_of_all_sources_are_waited_for),
	    cmocka_unit_test(no_more_files_are_listed_than_there_is_room_for),
	    cmocka_unit_test(the_sources_are_freed_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
