/* Memory that several hold together. */
#include "base/memory.h"

#include "unit.h"

#include <stdio.h>
#include <unistd.h>

static void what_fits_is_charged_and_given_back(void **state)
{
	(void)state;
	struct budget budget = {.limit = 100};
	assert_true(budget_take(&budget, 60) && budget_fits(&budget, 40) && !budget_fits(&budget, 41));
	budget_give(&budget, 60);
	assert_int_equal(budget.used, 0);
	assert_int_equal(budget.refused, 0);
}

static void what_does_not_fit_is_refused_and_counted(void **state)
{
	(void)state;
	struct budget budget = {.limit = 100};
	assert_true(budget_take(&budget, 100));
	assert_false(budget_take(&budget, 1));
	assert_false(budget_take(&budget, SIZE_MAX));
	assert_int_equal(budget.used, 100);
	assert_int_equal(budget.refused, 2);
}

static void charged_memory_is_zero_and_charged_until_it_is_freed(void **state)
{
	(void)state;
	struct budget budget = {.limit = 100};
	char *memory = budget_alloc(&budget, 100);
	assert_non_null(memory);
	assert_true(memory[0] == 0 && memory[99] == 0);
	assert_null(budget_alloc(&budget, 1));
	budget_free(&budget, memory, 100);
	assert_int_equal(budget.used, 0);
}

static void freeing_nothing_gives_nothing_back(void **state)
{
	(void)state;
	struct budget budget = {.used = 7, .limit = 100};
	budget_free(&budget, NULL, 7);
	assert_int_equal(budget.used, 7);
}

static void without_a_budget_nothing_is_limited(void **state)
{
	(void)state;
	assert_true(budget_fits(NULL, SIZE_MAX) && budget_take(NULL, SIZE_MAX));
	void *memory = budget_alloc(NULL, 10);
	assert_non_null(memory);
	budget_free(NULL, memory, 10);
}

/* Megabytes of files that are mapped and in memory. */
static size_t mapped_megabytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*u %*u %lu", &pages), 1);
	assert_int_equal(fclose(file), 0);
	return pages * (size_t)sysconf(_SC_PAGESIZE) >> 20;
}

static void what_is_read_here_and_there_in_a_spill_file_does_not_stay_mapped(void **state)
{
	(void)state;
	struct spill spill;
	enum { SIZE = 96 << 20 };
	assert_true(spill_open(&spill, SIZE));
	uint8_t *bytes = spill_alloc(&spill, SIZE);
	assert_non_null(bytes);
	size_t before = mapped_megabytes(), most = 0;
	for (size_t at = 0; at < SIZE; at += 5000) {
		size_t there = at * 7919 % SIZE;
		spill_note_read(&spill, bytes + there, 1);
		assert_int_equal(bytes[there], 0);
		if (at % 500000 == 0 && mapped_megabytes() > most)
			most = mapped_megabytes();
	}
	assert_true(most < before + 32);
	spill_free(&spill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_fits_is_charged_and_given_back),
	    cmocka_unit_test(what_does_not_fit_is_refused_and_counted),
	    cmocka_unit_test(charged_memory_is_zero_and_charged_until_it_is_freed),
	    cmocka_unit_test(freeing_nothing_gives_nothing_back),
	    cmocka_unit_test(without_a_budget_nothing_is_limited),
	    cmocka_unit_test(what_is_read_here_and_there_in_a_spill_file_does_not_stay_mapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
