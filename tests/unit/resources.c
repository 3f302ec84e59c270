/* Limits, as options set them; the ledger's columns. */
#include "base/resources.h"

#include "unit.h"

static size_t set(enum limit limit, const char *text)
{
	char why[QUANTITY_WHY];
	struct limits limits = limits_default();
	assert_true(limits_set(&limits, limit, text, why));
	return limits_value(&limits, limit);
}

static void assert_refused(enum limit limit, const char *text)
{
	char why[QUANTITY_WHY] = "";
	struct limits limits = limits_default(), before = limits;
	assert_false(limits_set(&limits, limit, text, why));
	assert_true(*why);
	assert_memory_equal(&limits, &before, sizeof limits);
}

static void a_suffix_multiplies_by_powers_of_1024(void **state)
{
	(void)state;
	assert_int_equal(set(LIMIT_HELD, "5000"), 5000);
	assert_int_equal(set(LIMIT_HELD, "5k"), 5 << 10);
	assert_int_equal(set(LIMIT_HELD, "5M"), 5 << 20);
	assert_int_equal(set(LIMIT_HELD, "3G"), (size_t)3 << 30);
}

static void bytes_may_have_their_unit(void **state)
{
	(void)state;
	assert_int_equal(set(LIMIT_HELD, "64KiB"), 64 << 10);
	assert_int_equal(set(LIMIT_MEMORY, "100MB"), 100000000);
}

static void a_limit_is_reported_with_its_unit(void **state)
{
	(void)state;
	char text[LIMITS_TEXT];
	assert_string_equal(limits_format(LIMIT_HELD, 1 << 20, text), "1MiB");
	assert_string_equal(limits_format(LIMIT_IDLE, 3600, text), "3600 seconds");
	assert_string_equal(limits_format(LIMIT_SESSIONS, 10000, text), "10000");
}

static void what_is_no_number_is_refused(void **state)
{
	(void)state;
	for (const char *const *text = (const char *const[]){"", "K", "-5", "5x", "5KB", " 5", NULL}; *text; text++)
		assert_refused(LIMIT_CONNECTIONS, *text);
}

static void less_than_the_least_is_refused(void **state)
{
	(void)state;
	assert_refused(LIMIT_CONNECTIONS, "15");
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	assert_refused(LIMIT_MEMORY, "18446744073709551616");
	assert_refused(LIMIT_MEMORY, "17179869184G");
}

static void seconds_beyond_all_stamps_are_the_longest_time(void **state)
{
	(void)state;
	char why[QUANTITY_WHY];
	struct limits limits = limits_default();
	assert_true(limits_idle(&limits) == 3600 * TIMESTAMP_SECOND);
	assert_true(limits_set(&limits, LIMIT_IDLE, "10G", why));
	assert_true(limits_idle(&limits) == TIMESTAMP_LAST);
}

/* ---- ledger */

/* As contracts.md has them: the columns up to "held_back" are what was captured. */
static void each_reason_is_of_its_column(void **state)
{
	(void)state;
	static const char *const columns[LEDGER_REASONS] = {
	    [LEDGER_DECODED] = "decoded",
	    [LEDGER_TLS_FRAMING] = "decoded",
	    [LEDGER_TLS] = "other",
	    [LEDGER_OTHER_PROTOCOL] = "other",
	    [LEDGER_OTHER_HTTP] = "other",
	    [LEDGER_UNDECIDED] = "other",
	    [LEDGER_BEHIND_END] = "other",
	    [LEDGER_NOT_HTTP] = "not_understood",
	    [LEDGER_NOT_FRAMES] = "not_understood",
	    [LEDGER_HTTP2] = "not_understood",
	    [LEDGER_STRAY] = "not_understood",
	    [LEDGER_TLS_DAMAGED] = "not_understood",
	    [LEDGER_REPEATED] = "repeated",
	    [LEDGER_UNANSWERED_UPGRADE] = "held_back",
	    [LEDGER_GAP] = "lost",
	    [LEDGER_SNAPPED] = "cut",
	};
	for (int reason = 0; reason < LEDGER_REASONS; reason++)
		assert_string_equal(
		    ledger_column_name(ledger_reason(reason)->column), columns[reason] ? columns[reason] : "noted");
}

static void what_was_captured_ends_in_one_of_five_columns(void **state)
{
	(void)state;
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++) {
		struct ledger ledger = {.captured = 7};
		ledger_add(&ledger, reason, 7, 1);
		assert_int_equal(ledger_adds_up(&ledger), ledger_reason(reason)->column <= LEDGER_COLUMN_HELD_BACK);
		assert_int_equal(ledger_sum(&ledger, ledger_reason(reason)->column), 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_suffix_multiplies_by_powers_of_1024),
	    cmocka_unit_test(bytes_may_have_their_unit),
	    cmocka_unit_test(a_limit_is_reported_with_its_unit),
	    cmocka_unit_test(what_is_no_number_is_refused),
	    cmocka_unit_test(less_than_the_least_is_refused),
	    cmocka_unit_test(what_does_not_fit_is_refused),
	    cmocka_unit_test(seconds_beyond_all_stamps_are_the_longest_time),
	    cmocka_unit_test(each_reason_is_of_its_column),
	    cmocka_unit_test(what_was_captured_ends_in_one_of_five_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
