/* Percentiles of the nearest rank. */
#include "base/numbers.h"

#include "unit.h"

static void of_few_numbers_the_high_ones_are_the_greatest(void **state)
{
	double numbers[] = {7, 1, 3, 2, 6, 5, 4, 11, 10, 9, 8};
	(void)state;
	percentile_sort(numbers, 11);
	assert_true(percentile_of(numbers, 11, 0.5) == 6);
	assert_true(percentile_of(numbers, 11, 0.95) == 11);
	assert_true(percentile_of(numbers, 11, 0.99) == 11);
}

static void so_many_are_not_above_it(void **state)
{
	double numbers[200];
	(void)state;
	for (int i = 0; i < 200; i++)
		numbers[i] = 200 - i;
	percentile_sort(numbers, 200);
	assert_true(percentile_of(numbers, 200, 0.95) == 190);
	assert_true(percentile_of(numbers, 200, 0.99) == 198);
}

static void at_the_ends_stand_the_least_and_the_greatest(void **state)
{
	double numbers[] = {2, 1, 3};
	(void)state;
	percentile_sort(numbers, 3);
	assert_true(percentile_of(numbers, 3, 0) == 1);
	assert_true(percentile_of(numbers, 3, 1) == 3);
	assert_true(percentile_of(numbers, 1, 0.5) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_few_numbers_the_high_ones_are_the_greatest),
	    cmocka_unit_test(so_many_are_not_above_it),
	    cmocka_unit_test(at_the_ends_stand_the_least_and_the_greatest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
