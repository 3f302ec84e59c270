/* The hint for users without root is a command that works as it is written. */
#include "source/source.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_the_hint_names_this_program_by_its_absolute_path(void **state)
{
	(void)state;
	char hint[SETCAP_HINT], program[256], expected[300];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	assert_true(length > 0);
	program[length] = '\0';
	snprintf(expected, sizeof expected, " cap_net_raw+ep %s", program);
	assert_non_null(strstr(setcap_hint("cap_net_raw+ep", hint), expected));
}

static void test_the_hint_names_setcap_by_its_absolute_path_or_its_package(void **state)
{
	(void)state;
	char hint[SETCAP_HINT], setcap[64];
	setcap_hint("cap_net_raw+ep", hint);
	if (sscanf(hint, "run it with sudo, or once: sudo %63s", setcap) == 1 && *setcap == '/')
		assert_int_equal(access(setcap, X_OK), 0);
	else
		assert_non_null(strstr(hint, "libcap2-bin"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_hint_names_this_program_by_its_absolute_path),
	    cmocka_unit_test(test_the_hint_names_setcap_by_its_absolute_path_or_its_package),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
