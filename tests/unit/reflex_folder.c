/* Folders walked, files read. */
#include "reflex/folder.h"
#include "reflex_own_folder.h"

/* a (1 byte), b/ with c (2 bytes) and d (a link to nothing), e (a pipe). */
static int make_folder(void **state)
{
	*state = own_folder_make();
	own_folder_run(*state, "printf 1 >a && mkdir b && printf 22 >b/c && ln -s nowhere b/d && mkfifo e");
	return 0;
}

static void assert_next(struct folder_walk *walk, enum folder_kind kind, const char *below)
{
	struct folder_entry entry;
	assert_true(folder_next(walk, &entry));
	assert_int_equal(entry.kind, kind);
	assert_string_equal(entry.below, below);
}

static void entries_come_by_name_and_from_the_top(void **state)
{
	struct folder_entry entry;
	struct folder_walk *walk = folder_open(*state, 100);
	assert_next(walk, FOLDER_FILE, "a");
	assert_next(walk, FOLDER_FOLDER, "b");
	assert_next(walk, FOLDER_FILE, "b/c");
	assert_next(walk, FOLDER_LINK, "b/d");
	assert_next(walk, FOLDER_OTHER, "e");
	assert_false(folder_next(walk, &entry));
	assert_false(folder_was_cut(walk));
	folder_close(walk);
}

static void a_folder_can_be_left_out(void **state)
{
	struct folder_walk *walk = folder_open(*state, 100);
	assert_next(walk, FOLDER_FILE, "a");
	assert_next(walk, FOLDER_FOLDER, "b");
	folder_skip(walk);
	assert_next(walk, FOLDER_OTHER, "e");
	folder_close(walk);
}

static void a_walk_ends_at_its_limit_and_says_so(void **state)
{
	struct folder_entry entry;
	struct folder_walk *walk = folder_open(*state, 2);
	assert_next(walk, FOLDER_FILE, "a");
	assert_next(walk, FOLDER_FOLDER, "b");
	assert_false(folder_next(walk, &entry));
	assert_true(folder_was_cut(walk));
	folder_close(walk);
}

static void a_walk_of_just_the_limit_is_not_cut(void **state)
{
	struct folder_entry entry;
	struct folder_walk *walk = folder_open(*state, 5);
	while (folder_next(walk, &entry))
		;
	assert_false(folder_was_cut(walk));
	folder_close(walk);
}

static void a_file_is_no_folder(void **state)
{
	char *path = folder_join(*state, "a");
	assert_null(folder_open(path, 100));
	assert_true(folder_is_file(path));
	assert_false(folder_is_folder(path));
	free(path);
}

static void a_file_is_read_whole_or_said_to_be_cut(void **state)
{
	char *path = folder_join(*state, "b/c");
	struct buffer out;
	buffer_init(&out, 100, NULL);
	assert_true(folder_read_file(path, &out));
	assert_int_equal(out.len, 2);
	assert_memory_equal(out.at, "22", 2);
	buffer_free(&out);
	buffer_init(&out, 1, NULL);
	assert_false(folder_read_file(path, &out));
	assert_int_equal(out.len, 1);
	buffer_free(&out);
	free(path);
}

static void a_pipe_is_not_waited_for(void **state)
{
	char *path = folder_join(*state, "e");
	struct buffer out;
	buffer_init(&out, 100, NULL);
	assert_false(folder_read_file(path, &out));
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
