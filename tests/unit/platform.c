/* The calls that differ between systems, as their headers promise them. */
#include "base/bytes.h"
#include "platform/system.h"
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void random_bytes_are_others_each_time(void **state)
{
	(void)state;
	uint8_t first[32] = {0}, second[32] = {0};
	assert_true(platform_fill_random(first, sizeof first));
	assert_true(platform_fill_random(second, sizeof second));
	assert_memory_not_equal(first, second, sizeof first);
}

static void the_process_keeps_its_secret(void **state)
{
	(void)state;
	static const uint8_t zeros[PLATFORM_SECRET_SIZE];
	uint8_t before[PLATFORM_SECRET_SIZE];
	assert_non_null(platform_process_secret());
	memcpy(before, platform_process_secret(), sizeof before);
	assert_memory_equal(platform_process_secret(), before, sizeof before);
	assert_memory_not_equal(before, zeros, sizeof before);
}

/* ---- files */

static int open_scratch(void)
{
	char path[] = "/tmp/platform-XXXXXX";
	int file = mkstemp(path);
	assert_true(file >= 0);
	unlink(path);
	return file;
}

static void reserved_room_extends_the_file_with_zeros(void **state)
{
	(void)state;
	int file = open_scratch();
	struct stat about;
	char bytes[5] = "????";
	assert_int_equal(write(file, "ab", 2), 2);
	assert_true(platform_reserve_file(file, 2, 100000));
	assert_int_equal(fstat(file, &about), 0);
	assert_int_equal(about.st_size, 100000);
	assert_true(about.st_blocks * 512 >= 100000); /* and not as a hole */
	assert_int_equal(pread(file, bytes, 4, 0), 4);
	assert_memory_equal(bytes, "ab\0\0", 4);
	assert_int_equal(pread(file, bytes, 4, 99998), 2);
	close(file);
}

static void room_that_no_disk_has_is_refused(void **state)
{
	(void)state;
	int file = open_scratch();
	assert_false(platform_reserve_file(file, 0, INT64_MAX / 2));
	close(file);
}

/* ---- streams */

struct tape {
	struct slice left;
	bool breaks; /* at its end */
	int closed;
};

static ssize_t tape_read(void *self, char *out, size_t room)
{
	struct tape *tape = self;
	struct slice part = slice_take(tape->left, room < 3 ? room : 3);
	memcpy(out, part.at, part.len);
	tape->left = slice_drop(tape->left, part.len);
	if (part.len || !tape->breaks)
		return (ssize_t)part.len;
	errno = EBADMSG;
	return -1;
}

static int tape_close(void *self)
{
	((struct tape *)self)->closed++;
	return 0;
}

static FILE *tape_open(struct tape *tape)
{
	return platform_open_stream((struct platform_stream){.read = tape_read, .close = tape_close, .self = tape});
}

static void a_stream_gives_what_its_function_reads(void **state)
{
	(void)state;
	struct tape tape = {.left = SLICE("what it reads")};
	char text[32] = "";
	FILE *stream = tape_open(&tape);
	assert_non_null(stream);
	assert_int_equal(fread(text, 1, sizeof text, stream), 13);
	assert_string_equal(text, "what it reads");
	assert_true(feof(stream) && !ferror(stream));
	assert_int_equal(tape.closed, 0);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(tape.closed, 1);
}

static void an_error_of_its_function_is_the_streams(void **state)
{
	(void)state;
	struct tape tape = {.left = SLICE("part"), .breaks = true};
	char text[32] = "";
	FILE *stream = tape_open(&tape);
	assert_non_null(stream);
	assert_int_equal(fread(text, 1, sizeof text, stream), 4);
	assert_true(ferror(stream));
	(void)fclose(stream);
	assert_int_equal(tape.closed, 1);
}

/* ---- sorting */

static int compare_by_rank(const void *a, const void *b, void *self)
{
	const int *ranks = self;
	return ranks[*(const uint8_t *)a] - ranks[*(const uint8_t *)b];
}

static void sorting_hands_its_context_to_the_comparison(void **state)
{
	(void)state;
	int ranks[] = {3, 1, 2, 0};
	uint8_t numbers[] = {0, 1, 2, 3};
	platform_sort(numbers, 4, sizeof *numbers, compare_by_rank, ranks);
	assert_memory_equal(numbers, ((uint8_t[]){3, 1, 2, 0}), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_bytes_are_others_each_time),
	    cmocka_unit_test(the_process_keeps_its_secret),
	    cmocka_unit_test(reserved_room_extends_the_file_with_zeros),
	    cmocka_unit_test(room_that_no_disk_has_is_refused),
	    cmocka_unit_test(a_stream_gives_what_its_function_reads),
	    cmocka_unit_test(an_error_of_its_function_is_the_streams),
	    cmocka_unit_test(sorting_hands_its_context_to_the_comparison),
	};
	return cmocka_run_group_tests_name("platform", tests, NULL, NULL);
}
