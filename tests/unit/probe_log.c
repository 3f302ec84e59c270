/* What a process writes, by lines; and which of them matter. */
#include "source/probe_log.h"

#include "unit.h"

static void assert_lines(const char *text, const char *const *expected, size_t count)
{
	struct slice rest = slice_of_text(text), line;
	for (size_t i = 0; i < count; i++) {
		assert_true(probe_log_next_line(&rest, &line));
		assert_true(slice_equals(line, slice_of_text(expected[i])));
	}
	assert_false(probe_log_next_line(&rest, &line));
}

static void a_text_is_taken_line_by_line(void **state)
{
	(void)state;
	assert_lines("one\ntwo\n", (const char *const[]){"one", "two"}, 2);
}

static void an_empty_line_is_a_line(void **state)
{
	(void)state;
	assert_lines("one\n\ntwo\n", (const char *const[]){"one", "", "two"}, 3);
}

static void a_carriage_return_at_the_end_belongs_to_the_end(void **state)
{
	(void)state;
	assert_lines("one\r\ntwo\r\n", (const char *const[]){"one", "two"}, 2);
}

static void a_last_line_without_an_end_is_one(void **state)
{
	(void)state;
	assert_lines("one\ntwo", (const char *const[]){"one", "two"}, 2);
}

static void no_text_has_no_line(void **state)
{
	(void)state;
	assert_lines("", NULL, 0);
}

static void what_people_search_for_matters(void **state)
{
	(void)state;
	assert_true(probe_log_matters(SLICE("12:00 Invalid transport (further occurrences …)"), NULL, NULL));
	assert_true(probe_log_matters(SLICE("x is not an accepted origin. (further …)"), NULL, NULL));
}

static void a_request_s_line_does_not(void **state)
{
	(void)state;
	assert_false(probe_log_matters(SLICE("INFO: 127.0.0.1 - \"GET / HTTP/1.1\" 200 OK"), NULL, NULL));
	assert_false(probe_log_matters(SLICE(""), NULL, NULL));
}

static void what_matches_the_pattern_matters_too(void **state)
{
	(void)state;
	regex_t pattern;
	assert_int_equal(regcomp(&pattern, "my (err|warn)", REG_EXTENDED | REG_NOSUB), 0);
	assert_true(probe_log_matters(SLICE("this is my warning"), NULL, &pattern));
	assert_false(probe_log_matters(SLICE("this is my line"), NULL, &pattern));
	assert_true(probe_log_matters(SLICE("Invalid transport"), NULL, &pattern));
	regfree(&pattern);
}

static void only_the_beginning_of_a_very_long_line_is_tried(void **state)
{
	(void)state;
	enum { LONG = 10000 };
	static char text[LONG + 1];
	regex_t pattern;
	assert_int_equal(regcomp(&pattern, "end", REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i < LONG; i++)
		text[i] = 'x';
	text[LONG - 3] = 'e', text[LONG - 2] = 'n', text[LONG - 1] = 'd';
	assert_false(probe_log_matters(slice_of_text(text), NULL, &pattern));
	text[0] = 'e', text[1] = 'n', text[2] = 'd';
	assert_true(probe_log_matters(slice_of_text(text), NULL, &pattern));
	regfree(&pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_is_taken_line_by_line),
	    cmocka_unit_test(an_empty_line_is_a_line),
	    cmocka_unit_test(a_carriage_return_at_the_end_belongs_to_the_end),
	    cmocka_unit_test(a_last_line_without_an_end_is_one),
	    cmocka_unit_test(no_text_has_no_line),
	    cmocka_unit_test(what_people_search_for_matters),
	    cmocka_unit_test(a_request_s_line_does_not),
	    cmocka_unit_test(what_matches_the_pattern_matters_too),
	    cmocka_unit_test(only_the_beginning_of_a_very_long_line_is_tried),
	};
	return cmocka_run_group_tests_name("log lines of a process", tests, NULL, NULL);
}
