/* A folder of a test's own: made before it, removed after it. */
#ifndef TESTS_OWN_FOLDER_H
#define TESTS_OWN_FOLDER_H

#include "reflex/frontend.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Its path; to be freed by own_folder_remove. */
static inline char *own_folder_make(void)
{
	const char *place = getenv("TMPDIR");
	char *folder = directory_join(place ? place : P_tmpdir, "sioscope-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return folder;
}

/* Runs a command of the shell in it. */
static inline void own_folder_run(const char *folder, const char *command)
{
	char line[512];
	assert_in_range(snprintf(line, sizeof line, "cd '%s' && %s", folder, command), 1, sizeof line - 1);
	assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c): a folder of this test's own, by a fixed command */
}

static inline void own_folder_remove(char *folder)
{
	own_folder_run(folder, "rm -rf \"$PWD\"");
	free(folder);
}

/* "folder/below", with the folders on the way made. To be freed. */
static inline char *own_folder_reach(const char *folder, const char *below)
{
	char *path = directory_join(folder, below);
	for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	return path;
}

static inline void own_folder_write(const char *folder, const char *below, const char *text)
{
	char *path = own_folder_reach(folder, below);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	free(path);
}

/* A test with such a folder as its state. */
static inline int own_folder_set_up(void **state)
{
	*state = own_folder_make();
	return 0;
}

static inline int own_folder_tear_down(void **state)
{
	own_folder_remove(*state);
	return 0;
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, own_folder_set_up, own_folder_tear_down)

#endif
