/* Folders walked, files read. */
#include "reflex/frontend.h"
#include "reflex_own_folder.h"

/* a (1 byte), b/ with c (2 bytes) and d (a link to nothing), e (a pipe). */
static int make_folder(void **state)
{
	*state = own_folder_make();
	own_folder_run(*state, "printf 1 >a && mkdir b && printf 22 >b/c && ln -s nowhere b/d && mkfifo e");
	return 0;
}

static void assert_next(struct directory_walk *walk, enum directory_kind kind, const char *below)
{
	struct directory_entry entry;
	assert_true(directory_next(walk, &entry));
	assert_int_equal(entry.kind, kind);
	assert_string_equal(entry.below, below);
}

static void entries_come_by_name_and_from_the_top(void **state)
{
	struct directory_entry entry;
	struct directory_walk *walk = directory_open(*state, 100);
	assert_next(walk, DIRECTORY_FILE, "a");
	assert_next(walk, DIRECTORY_DIRECTORY, "b");
	assert_next(walk, DIRECTORY_FILE, "b/c");
	assert_next(walk, DIRECTORY_LINK, "b/d");
	assert_next(walk, DIRECTORY_OTHER, "e");
	assert_false(directory_next(walk, &entry));
	assert_false(directory_was_cut(walk));
	directory_close(walk);
}

static void a_folder_can_be_left_out(void **state)
{
	struct directory_walk *walk = directory_open(*state, 100);
	assert_next(walk, DIRECTORY_FILE, "a");
	assert_next(walk, DIRECTORY_DIRECTORY, "b");
	directory_skip(walk);
	assert_next(walk, DIRECTORY_OTHER, "e");
	directory_close(walk);
}

static void a_walk_ends_at_its_limit_and_says_so(void **state)
{
	struct directory_entry entry;
	struct directory_walk *walk = directory_open(*state, 2);
	assert_next(walk, DIRECTORY_FILE, "a");
	assert_next(walk, DIRECTORY_DIRECTORY, "b");
	assert_false(directory_next(walk, &entry));
	assert_true(directory_was_cut(walk));
	directory_close(walk);
}

static void a_walk_of_just_the_limit_is_not_cut(void **state)
{
	struct directory_entry entry;
	struct directory_walk *walk = directory_open(*state, 5);
	while (directory_next(walk, &entry))
		;
	assert_false(directory_was_cut(walk));
	directory_close(walk);
}

static void a_file_is_no_folder(void **state)
{
	char *path = directory_join(*state, "a");
	assert_null(directory_open(path, 100));
	assert_true(directory_is_file(path));
	assert_false(directory_is_directory(path));
	free(path);
}

static void a_file_is_read_whole_or_said_to_be_cut(void **state)
{
	char *path = directory_join(*state, "b/c");
	struct buffer out;
	buffer_init(&out, 100, NULL);
	assert_true(directory_read_file(path, &out));
	assert_int_equal(out.len, 2);
	assert_memory_equal(out.at, "22", 2);
	buffer_free(&out);
	buffer_init(&out, 1, NULL);
	assert_false(directory_read_file(path, &out));
	assert_int_equal(out.len, 1);
	buffer_free(&out);
	free(path);
}

static void a_pipe_is_not_waited_for(void **state)
{
	char *path = directory_join(*state, "e");
	struct buffer out;
	buffer_init(&out, 100, NULL);
	assert_false(directory_read_file(path, &out));
	assert_int_equal(out.len, 0);
	buffer_free(&out);
	free(path);
}

#define IN_THE_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, own_folder_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_THE_FOLDER(entries_come_by_name_and_from_the_top),
	    IN_THE_FOLDER(a_folder_can_be_left_out),
	    IN_THE_FOLDER(a_walk_ends_at_its_limit_and_says_so),
	    IN_THE_FOLDER(a_walk_of_just_the_limit_is_not_cut),
	    IN_THE_FOLDER(a_file_is_no_folder),
	    IN_THE_FOLDER(a_file_is_read_whole_or_said_to_be_cut),
	    IN_THE_FOLDER(a_pipe_is_not_waited_for),
	};
	return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
