/* Regular expressions: what they mean, and what they may cost. */
#include "base/pattern.h"

#include "unit.h"

#include <time.h>

enum { LIMIT = 64 * 1024 };

static enum pattern_answer searched(const char *text, struct slice where, size_t limit)
{
	char why[120];
	struct pattern *pattern = pattern_new(text, why, sizeof why);
	if (!pattern)
		fail_msg("%s: %s", text, why);
	enum pattern_answer answer = pattern_search(pattern, where, limit);
	pattern_free(pattern);
	return answer;
}

#define assert_matches(pattern, text) assert_int_equal(searched(pattern, SLICE(text), LIMIT), PATTERN_MATCHES)
#define assert_differs(pattern, text) assert_int_equal(searched(pattern, SLICE(text), LIMIT), PATTERN_DIFFERS)

static void assert_refused(const char *text, const char *reason)
{
	char why[120] = "";
	struct pattern *pattern = pattern_new(text, why, sizeof why);
	pattern_free(pattern);
	assert_null(pattern);
	assert_non_null(strstr(why, reason));
}

static void a_pattern_matches_anywhere_in_the_text(void **state)
{
	(void)state;
	assert_matches("b+c", "aabbcc");
	assert_differs("^b+c", "aabbcc");
	assert_matches("", "");
	assert_differs(".", "");
}

static void the_syntax_is_that_of_posix_extended_expressions(void **state)
{
	(void)state;
	assert_matches("^(join|leave)_room$", "leave_room");
	assert_matches("^[[:alpha:]_]{3,10}$", "add_user");
	assert_differs("^[^a-z]+$", "ABCd");
	assert_matches("^a\\.b$", "a.b");
	assert_differs("^a\\.b$", "axb");
}

static void dot_takes_a_line_end_and_a_nul(void **state)
{
	(void)state;
	assert_matches("^a.b$", "a\nb");
	assert_matches("^a.b$", "a\0b");
	assert_matches("b$", "a\0b");
}

static void a_character_is_one_whatever_its_bytes(void **state)
{
	(void)state;
	assert_matches("^.$", "\xe2\x82\xac");
	assert_matches("^[\xc3\xa4\xc3\xb6]$", "\xc3\xb6");
	assert_matches("^a.b$", "a\xff"
	                        "b"); /* no UTF-8 */
}

static void what_repeats_nothing_is_refused(void **state)
{
	(void)state;
	assert_refused("*name*", "repetition");
	assert_refused("(", "Missing");
}

static void a_back_reference_is_refused(void **state)
{
	(void)state;
	assert_refused("(a+)\\1", "back reference");
}

static void what_grows_when_its_repetitions_are_written_out_is_refused(void **state)
{
	(void)state;
	static const char *const many[] = {"(a?){255}{255}", "((((a{255}){255}){255}){255})", "a{255}{255}",
	    "([]a]{100}){100}", "(\\){200}x){10}", "((a{0,255}){0,255})*"};
	char deep[200];
	for (size_t i = 0; i < sizeof many / sizeof *many; i++)
		assert_refused(many[i], "too long");
	memset(deep, '(', 100);
	memcpy(deep + 100, "a", sizeof "a");
	assert_refused(deep, "too long");
}

static void what_is_repeated_some_hundred_times_is_not(void **state)
{
	(void)state;
	char why[200];
	static const char *const few[] = {
	    "(abc){255}", "[0-9a-f]{64}", "a{3,}b{2,200}", "[[:alpha:]]{3}(x|y){2,5}", "[]{}]{9}"};
	for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
		struct pattern *pattern = pattern_new(few[i], why, sizeof why);
		assert_non_null(pattern);
		pattern_free(pattern);
	}
}

static void a_longer_text_is_undecided(void **state)
{
	(void)state;
	assert_int_equal(searched("b", SLICE("aaaaab"), 4), PATTERN_UNDECIDED);
	assert_int_equal(searched("b", SLICE("aaaa"), 4), PATTERN_DIFFERS);
}

static void a_longer_text_matches_if_its_beginning_does(void **state)
{
	(void)state;
	assert_int_equal(searched("^ab", SLICE("abbbbb"), 4), PATTERN_MATCHES);
	assert_int_equal(searched("a.*b$", SLICE("abbbbb"), 4), PATTERN_UNDECIDED);
	assert_int_equal(searched("abbb\\>", SLICE("abbbbb"), 4), PATTERN_UNDECIDED);
}

/* The processor's time for one search of `size` times the letter a. */
static double seconds_of(const char *text, size_t size)
{
	static char letters[LIMIT];
	struct timespec begin, end;
	memset(letters, 'a', sizeof letters);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	assert_int_equal(searched(text, slice_of(letters, size), LIMIT), PATTERN_DIFFERS);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

/* Where each letter may begin a match that comes to nothing: quadratic or worse for a matcher that goes back. */
static void no_pattern_takes_more_than_its_share_of_the_text(void **state)
{
	(void)state;
	static const char *const patterns[] = {"a.*b.*c.*d", "(a|aa)+$b", "(a*)*b", "(.*a){8}b"};
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		double part = seconds_of(patterns[i], LIMIT / 8), all = seconds_of(patterns[i], LIMIT);
		if (all > 24 * part + 0.02)
			fail_msg("%s: %.3f s for an eighth of the text that takes %.3f s", patterns[i], part, all);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pattern_matches_anywhere_in_the_text),
	    cmocka_unit_test(the_syntax_is_that_of_posix_extended_expressions),
	    cmocka_unit_test(dot_takes_a_line_end_and_a_nul),
	    cmocka_unit_test(a_character_is_one_whatever_its_bytes),
	    cmocka_unit_test(what_repeats_nothing_is_refused),
	    cmocka_unit_test(a_back_reference_is_refused),
	    cmocka_unit_test(what_grows_when_its_repetitions_are_written_out_is_refused),
	    cmocka_unit_test(what_is_repeated_some_hundred_times_is_not),
	    cmocka_unit_test(a_longer_text_is_undecided),
	    cmocka_unit_test(a_longer_text_matches_if_its_beginning_does),
	    cmocka_unit_test(no_pattern_takes_more_than_its_share_of_the_text),
	};
	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
