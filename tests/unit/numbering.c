/* Which packet of which file the number of merged files is. */
#include "base/numbering.h"

#include "base/timestamp.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const char *const two[] = {"captures/front.pcap", "captures/back.pcap"};

static void assert_is(const struct numbering *numbering, uint64_t number, const char *name, uint64_t own)
{
	struct numbered found;
	assert_true(numbering_find(numbering, number, &found));
	assert_string_equal(found.name, name);
	assert_int_equal(found.number, own);
}

static void each_packet_keeps_the_number_of_its_file(void **state)
{
	static const struct {
		size_t file;
		uint64_t number;
	} packets[] = {
	    {0, 1}, {1, 1}, {1, 2}, {0, 2}, {0, 5}, {1, 100}, {0, 6}, {1, UINT64_C(1) << 40}, {1, 5000000000000}};
	enum { COUNT = sizeof packets / sizeof *packets };
	struct numbering *numbering = numbering_new(two, 2);
	struct numbered found;
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		numbering_add(numbering, packets[i].file, packets[i].number);
	for (size_t i = 0; i < COUNT; i++)
		assert_is(numbering, i + 1, packets[i].file ? "back.pcap" : "front.pcap", packets[i].number);
	assert_false(numbering_find(numbering, 0, &found));
	assert_false(numbering_find(numbering, COUNT + 1, &found));
	numbering_free(numbering);
}

/* Every third packet is of the first file, and a filter leaves some of the other out. */
static void so_it_is_of_many(void **state)
{
	struct numbering *numbering = numbering_new(two, 2);
	uint64_t own[2] = {0};
	(void)state;
	for (uint64_t i = 0; i < 100000; i++) {
		size_t file = i % 3 != 0;
		own[file] += file && i % 7 == 0 ? 1 + i % 13 : 1;
		numbering_add(numbering, file, own[file]);
	}
	memset(own, 0, sizeof own);
	for (uint64_t i = 0; i < 100000; i++) {
		size_t file = i % 3 != 0;
		own[file] += file && i % 7 == 0 ? 1 + i % 13 : 1;
		if (i % 97 == 0 || i % 2048 < 2 || i % 2048 == 2047)
			assert_is(numbering, i + 1, file ? "back.pcap" : "front.pcap", own[file]);
	}
	numbering_free(numbering);
}

static void the_last_of_many_files_too(void **state)
{
	const char *names[NUMBERING_FILES];
	char texts[NUMBERING_FILES][16];
	(void)state;
	for (size_t i = 0; i < NUMBERING_FILES; i++) {
		snprintf(texts[i], sizeof texts[i], "%zu.pcap", i);
		names[i] = texts[i];
	}
	struct numbering *numbering = numbering_new(names, NUMBERING_FILES);
	for (size_t i = 0; i < NUMBERING_FILES; i++)
		numbering_add(numbering, i, 9 * i + 1);
	for (size_t i = 0; i < NUMBERING_FILES; i++)
		assert_is(numbering, i + 1, texts[i], 9 * i + 1);
	numbering_free(numbering);
}

static void a_name_is_as_long_as_it_takes_to_tell_the_files_apart(void **state)
{
	static const char *const alike[] = {"a/eth0/capture.pcap", "b/eth0/capture.pcap", "b/other.pcap"};
	static const char *const same[] = {"capture.pcap", "capture.pcap"};
	struct numbering *numbering = numbering_new(alike, 3);
	(void)state;
	assert_string_equal(numbering_short(numbering, alike[0]), "a/eth0/capture.pcap");
	assert_string_equal(numbering_short(numbering, alike[2]), "other.pcap");
	assert_string_equal(numbering_short(numbering, "none of them"), "none of them");
	numbering_free(numbering);
	numbering = numbering_new(same, 2);
	numbering_add(numbering, 1, 7);
	assert_is(numbering, 1, "file 2", 7);
	numbering_free(numbering);
	assert_string_equal(numbering_short(NULL, "a/b"), "a/b");
}

static void an_origin_is_written_by_the_numbers_of_its_file(void **state)
{
	struct numbering *numbering = numbering_new(two, 2);
	char text[ORIGIN_TEXT];
	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		numbering_add(numbering, i >= 5, i >= 5 ? i - 4 : i + 1);
	struct origin origin = {.first = 6, .last = 8, .numbering = numbering, .stream = 3};
	assert_string_equal(origin_format(&origin, text), "packets 1-3 of back.pcap (stream 3)");
	assert_string_equal(origin_format(ORIGIN_OF(&origin, 5), text), "packet 5 of front.pcap");
	origin.first = 5;
	origin.stream = 0;
	assert_string_equal(origin_format(&origin, text), "packet 5 of front.pcap to packet 3 of back.pcap");
	origin.last = 11; /* not known */
	assert_string_equal(origin_format(&origin, text), "packets 5-11");
	origin.kind = ORIGIN_LINES;
	assert_string_equal(origin_format(&origin, text), "lines 5-11");
	numbering_free(numbering);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_packet_keeps_the_number_of_its_file),
	    cmocka_unit_test(so_it_is_of_many),
	    cmocka_unit_test(the_last_of_many_files_too),
	    cmocka_unit_test(a_name_is_as_long_as_it_takes_to_tell_the_files_apart),
	    cmocka_unit_test(an_origin_is_written_by_the_numbers_of_its_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
