/* A file appears whole or not at all. */
#include "cmd/output.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int make_folder(void **state)
{
	char folder[] = "/tmp/sioscope-atomic-XXXXXX";
	assert_non_null(mkdtemp(folder));
	*state = strdup(folder);
	return 0;
}

static int remove_folder(void **state)
{
	char path[64];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	unlink(path);
	assert_int_equal(rmdir(*state), 0); /* nothing else is left in it */
	free(*state);
	return 0;
}

static void it_stands_in_its_place_once_it_is_whole(void **state)
{
	struct atomic_write file;
	char path[64];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	assert_true(atomic_write_open(&file, path));
	assert_int_equal(access(path, F_OK), -1);
	assert_true(atomic_write_close(&file, true));
	assert_int_equal(access(path, F_OK), 0);
}

static void what_failed_leaves_the_old_one_and_says_why(void **state)
{
	struct atomic_write file;
	char path[64], kept[8] = "";
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	FILE *old = fopen(path, "w");
	fputs("old", old);
	assert_int_equal(fclose(old), 0);
	assert_true(atomic_write_open(&file, path));
	fputs("new", file.out);
	errno = ENOSPC;
	assert_false(atomic_write_close(&file, false));
	assert_int_equal(errno, ENOSPC);
	old = fopen(path, "r");
	assert_non_null(fgets(kept, sizeof kept, old));
	(void)fclose(old);
	assert_string_equal(kept, "old");
}

static void a_name_that_is_too_long_is_told_as_such(void **state)
{
	struct atomic_write file;
	char path[5000];
	(void)state;
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_false(atomic_write_open(&file, path));
	assert_int_equal(errno, ENAMETOOLONG);
}

static void a_device_is_written_as_it_is(void **state)
{
	struct atomic_write file;
	(void)state;
	assert_true(atomic_write_open(&file, "/dev/null"));
	assert_true(atomic_write_close(&file, true));
	assert_int_equal(access("/dev/null.part", F_OK), -1);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_A_FOLDER(it_stands_in_its_place_once_it_is_whole),
	    IN_A_FOLDER(what_failed_leaves_the_old_one_and_says_why),
	    cmocka_unit_test(a_name_that_is_too_long_is_told_as_such),
	    cmocka_unit_test(a_device_is_written_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
