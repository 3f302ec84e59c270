/* Files by their names: whole or not at all, their modes, and what the supervisor process may be asked for. */
#include "cmd/output.h"

#include "cmd/supervisor.h"
#include "net/link.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct options options = {0};

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
	assert_true(atomic_write_open(&file, &options, path, FILE_RESULT));
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
	assert_true(atomic_write_open(&file, &options, path, FILE_RESULT));
	fputs("new", file.out);
	errno = ENOSPC;
	assert_false(atomic_write_close(&file, false));
	assert_int_equal(errno, ENOSPC);
	old = fopen(path, "r");
	assert_non_null(fgets(kept, sizeof kept, old));
	(void)fclose(old);
	assert_string_equal(kept, "old");
}

static void a_name_that_is_too_long_is_reported_as_such(void **state)
{
	struct atomic_write file;
	char path[5000];
	(void)state;
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_false(atomic_write_open(&file, &options, path, FILE_RESULT));
	assert_int_equal(errno, ENAMETOOLONG);
}

static void a_device_is_written_as_it_is(void **state)
{
	struct atomic_write file;
	(void)state;
	assert_true(atomic_write_open(&file, &options, "/dev/null", FILE_RESULT));
	assert_true(atomic_write_close(&file, true));
	assert_int_equal(access("/dev/null.part", F_OK), -1);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const char *kept_in(const char *path, char text[16])
{
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, 15, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	return text;
}

static bool write_to(const char *place, enum file_kind kind)
{
	struct atomic_write file;
	if (!atomic_write_open(&file, &options, place, kind))
		return false;
	fputs("new", file.out);
	return atomic_write_close(&file, true);
}

static mode_t mode_of(const char *path)
{
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void a_save_is_for_who_saved_it(void **state)
{
	char path[64];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	mode_t before = umask(0);
	assert_true(write_to(path, FILE_SAVE));
	umask(before);
	assert_int_equal(mode_of(path), 0600);
}

static void a_result_has_the_mode_that_the_umask_leaves(void **state)
{
	char path[64];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	mode_t before = umask(026);
	assert_true(write_to(path, FILE_RESULT));
	umask(before);
	assert_int_equal(mode_of(path), 0640);
}

static void a_save_replaces_nothing_unless_it_is_wanted(void **state)
{
	char path[64], text[16];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	put(path, "old");
	assert_false(write_to(path, FILE_SAVE));
	assert_int_equal(errno, EEXIST);
	assert_string_equal(kept_in(path, text), "old");
	assert_true(write_to(path, FILE_SAVE_OVER));
	assert_string_equal(kept_in(path, text), "new");
}

/* Another one's file appears while this one is written. */
static void a_save_replaces_nothing_that_appeared_in_between(void **state)
{
	struct atomic_write file;
	char path[64], text[16];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	assert_true(atomic_write_open(&file, &options, path, FILE_SAVE));
	put(path, "old");
	assert_false(atomic_write_close(&file, true));
	assert_int_equal(errno, EEXIST);
	assert_string_equal(kept_in(path, text), "old");
}

static void a_home_is_written_with_a_tilde(void **state)
{
	char path[64];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	const char *home = getenv("HOME");
	char *before = home ? strdup(home) : NULL;
	setenv("HOME", *state, 1);
	assert_true(write_to("~/out", FILE_SAVE));
	if (before)
		setenv("HOME", before, 1);
	free(before);
	assert_int_equal(access(path, F_OK), 0);
}

static void the_home_of_no_user_is_said(void **state)
{
	(void)state;
	assert_false(write_to("~nobody-at-all/out", FILE_SAVE));
	assert_int_equal(errno, ENOENT);
}

/* What is linked to is somebody's file: the link itself is what goes. */
static void a_link_is_replaced_and_not_followed(void **state)
{
	char path[64], other[64], text[16];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	snprintf(other, sizeof other, "%s/other", (char *)*state);
	put(other, "old");
	assert_int_equal(symlink(other, path), 0);
	assert_false(write_to(path, FILE_SAVE));
	assert_true(write_to(path, FILE_SAVE_OVER));
	assert_string_equal(kept_in(other, text), "old");
	assert_int_equal(unlink(other), 0);
}

static void a_link_where_the_part_belongs_is_not_followed(void **state)
{
	char path[64], part[96], other[64], text[16];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	snprintf(other, sizeof other, "%s/other", (char *)*state);
	snprintf(part, sizeof part, "%s.%ld.part", path, (long)getpid());
	put(other, "old");
	assert_int_equal(symlink(other, part), 0);
	assert_true(write_to(path, FILE_SAVE));
	assert_string_equal(kept_in(other, text), "old");
	assert_int_equal(unlink(other), 0);
}

static void a_fifo_stays_one(void **state)
{
	char path[64];
	struct stat status;
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(write_to(path, FILE_RESULT));
	assert_int_equal(close(reader), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISFIFO(status.st_mode));
}

/* Nobody reads it: the interface does not stand still for it. */
static void a_save_waits_for_no_reader(void **state)
{
	char path[64];
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(write_to(path, FILE_SAVE_OVER));
	assert_int_equal(errno, EAGAIN);
}

/* ---- the supervisor process */

static void results_go_where_the_options_say(void **state)
{
	const struct options named = {.format = "text,junit=a.xml,json=-", .write_baseline = "known"};
	(void)state;
	assert_true(file_is_allowed(&named, "a.xml", FILE_RESULT));
	assert_true(file_is_allowed(&named, "known", FILE_RESULT));
	assert_false(file_is_allowed(&named, "-", FILE_RESULT));
	assert_false(file_is_allowed(&named, "text", FILE_RESULT));
	assert_false(file_is_allowed(&named, "/etc/passwd", FILE_RESULT));
	assert_false(file_is_allowed(&named, "a.txt", FILE_SAVE));
}

static void saves_are_the_interfaces_and_of_its_forms(void **state)
{
	const struct options shown = {.interface = true};
	(void)state;
	assert_true(file_is_allowed(&shown, "/anywhere/a.txt", FILE_SAVE));
	assert_true(file_is_allowed(&shown, "~/a.pcapng", FILE_SAVE_OVER));
	assert_false(file_is_allowed(&shown, "/root/.ssh/authorized_keys", FILE_SAVE));
	assert_false(file_is_allowed(&shown, "a.txt", FILE_RESULT));
}

static void settings_are_the_interfaces_and_have_one_place(void **state)
{
	const struct options shown = {.interface = true}, other = {.format = "text"};
	char path[PATH_MAX];
	(void)state;
	setenv("XDG_CONFIG_HOME", "/some/where", 1);
	assert_true(settings_path(path));
	assert_string_equal(path, "/some/where/sioscope/config");
	assert_true(file_is_allowed(&shown, path, FILE_SETTINGS));
	assert_false(file_is_allowed(&other, path, FILE_SETTINGS));
	assert_false(file_is_allowed(&shown, "/some/where/else", FILE_SETTINGS));
	assert_false(file_is_allowed(&shown, path, FILE_SAVE));
	setenv("XDG_CONFIG_HOME", "relative", 1); /* is none */
	assert_true(settings_path(path) && strstr(path, "/.config/sioscope/config"));
	unsetenv("XDG_CONFIG_HOME");
}

static void settings_make_their_folders_and_are_for_the_user_alone(void **state)
{
	const struct options shown = {.interface = true};
	char path[PATH_MAX], text[16];
	struct stat status;
	struct atomic_write file;
	setenv("XDG_CONFIG_HOME", *state, 1);
	assert_true(settings_path(path));
	assert_true(atomic_write_open(&file, &shown, path, FILE_SETTINGS));
	assert_int_equal(fwrite("times", 1, 5, file.out), 5);
	assert_true(atomic_write_close(&file, true));
	assert_string_equal(kept_in(path, text), "times");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	unsetenv("XDG_CONFIG_HOME");
}

/* A pager that copies what it is given into a folder. */
static void a_pager_is_given_a_file_that_goes_when_it_ends(void **state)
{
	struct options shown = {.interface = true};
	struct supervisor supervisor;
	char words[80], text[16], path[600] = "";
	snprintf(words, sizeof words, "cp -t %s", (char *)*state);
	setenv("PAGER", words, 1);
	setenv("TMPDIR", "/tmp", 1);
	assert_true(supervisor_begin(&supervisor, &shown));
	assert_false(supervisor_start_shown(&shown, false)); /* there is nothing to show */
	int file = supervisor_open_shown(&shown);
	assert_true(file >= 0);
	struct stat status;
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(write(file, "shown", 5), 5);
	assert_true(supervisor_start_shown(&shown, false));
	int code;
	while ((code = supervisor_look_at_shown(&shown)) < 0)
		usleep(1000);
	assert_int_equal(code, 0);
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(status.st_nlink, 0);
	close(file);
	supervisor_end(&shown);
	DIR *folder = opendir(*state);
	for (const struct dirent *entry; (entry = readdir(folder));)
		if (strncmp(entry->d_name, "sioscope-", 9) == 0)
			snprintf(path, sizeof path, "%s/%s", (char *)*state, entry->d_name);
	closedir(folder);
	assert_string_equal(kept_in(path, text), "shown");
	unlink(path);
	unsetenv("PAGER");
	unsetenv("TMPDIR");
}

/* It is asked by a process that was led astray. */
static void the_supervisor_refuses_what_nobody_named(void **state)
{
	char path[64], other[64], list[80], text[16];
	struct supervisor supervisor;
	snprintf(path, sizeof path, "%s/out", (char *)*state);
	snprintf(other, sizeof other, "%s/other", (char *)*state);
	snprintf(list, sizeof list, "json=%s", path);
	struct options asked = {.format = list};
	assert_true(supervisor_begin(&supervisor, &asked));
	assert_non_null(asked.supervisor);
	assert_int_equal(supervisor_open_file(&asked, other, FILE_RESULT), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(supervisor_open_rotated(&asked, 1), -1);
	assert_int_equal(supervisor_open_input(&asked, 0), -1);
	assert_false(supervisor_start_command(&asked));
	assert_int_equal(supervisor_open_shown(&asked), -1);
	assert_false(supervisor_start_shown(&asked, true));
	int file = supervisor_open_file(&asked, path, FILE_RESULT);
	assert_true(file >= 0);
	assert_int_equal(write(file, "new", 3), 3);
	assert_int_equal(close(file), 0);
	assert_true(supervisor_settle_file(&asked, path, FILE_RESULT, true));
	supervisor_end(&asked);
	assert_string_equal(kept_in(path, text), "new");
	assert_int_equal(access(other, F_OK), -1);
}

static void no_supervisor_is_begun_for_nothing(void **state)
{
	struct supervisor supervisor;
	struct options plain = {.format = "text,github"};
	(void)state;
	assert_true(supervisor_begin(&supervisor, &plain));
	assert_null(plain.supervisor);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_A_FOLDER(it_stands_in_its_place_once_it_is_whole),
	    IN_A_FOLDER(what_failed_leaves_the_old_one_and_says_why),
	    cmocka_unit_test(a_name_that_is_too_long_is_reported_as_such),
	    cmocka_unit_test(a_device_is_written_as_it_is),
	    IN_A_FOLDER(a_save_is_for_who_saved_it),
	    IN_A_FOLDER(a_result_has_the_mode_that_the_umask_leaves),
	    IN_A_FOLDER(a_save_replaces_nothing_unless_it_is_wanted),
	    IN_A_FOLDER(a_save_replaces_nothing_that_appeared_in_between),
	    IN_A_FOLDER(a_home_is_written_with_a_tilde),
	    cmocka_unit_test(the_home_of_no_user_is_said),
	    IN_A_FOLDER(a_link_is_replaced_and_not_followed),
	    IN_A_FOLDER(a_link_where_the_part_belongs_is_not_followed),
	    IN_A_FOLDER(a_fifo_stays_one),
	    IN_A_FOLDER(a_save_waits_for_no_reader),
	    cmocka_unit_test(results_go_where_the_options_say),
	    cmocka_unit_test(saves_are_the_interfaces_and_of_its_forms),
	    IN_A_FOLDER(the_supervisor_refuses_what_nobody_named),
	    cmocka_unit_test(no_supervisor_is_begun_for_nothing),
	    cmocka_unit_test(settings_are_the_interfaces_and_have_one_place),
	    IN_A_FOLDER(settings_make_their_folders_and_are_for_the_user_alone),
	    IN_A_FOLDER(a_pager_is_given_a_file_that_goes_when_it_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
