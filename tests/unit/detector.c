/* Notes about sessions: each detector's own, and gone with what they hold when a session is forgotten. */
#include "detect/detector.h"

#include "unit.h"

#include <stdlib.h>

static const struct session first = {.number = 1}, second = {.number = 2};

/* What is kept apart, and counted while it is. */
struct holder {
	int *count;
};

static void holder_empty(void *note)
{
	struct holder *holder = note;
	--*holder->count;
}

static void hold(const struct notes_place *place, const struct session *session, int *count)
{
	struct holder *holder = notes_of(place, session);
	assert_non_null(holder);
	holder->count = count;
	++*count;
}

static void a_note_is_zeroed_and_no_other_reaches_into_it(void **state)
{
	(void)state;
	enum { PLACES = 4, LONGEST = 100 };
	static const size_t sizes[PLACES] = {1, 40, 3, LONGEST};
	static const uint8_t zeros[LONGEST];
	struct notes notes;
	struct notes_place places[PLACES];
	notes_init(&notes, NULL);
	for (size_t i = 0; i < PLACES; i++)
		places[i] = notes_add_place(&notes, sizes[i], NULL);
	for (size_t i = 0; i < PLACES; i++) {
		assert_memory_equal(notes_of(&places[i], &first), zeros, sizes[i]);
		memset(notes_of(&places[i], &first), 0xff, sizes[i]);
		assert_memory_equal(notes_of(&places[i], &second), zeros, sizes[i]);
		memset(notes_of(&places[i], &second), 0xff, sizes[i]);
	}
	notes_free(&notes);
}

static void a_note_is_aligned_for_whatever_it_is(void **state)
{
	(void)state;
	struct notes notes;
	notes_init(&notes, NULL);
	notes_add_place(&notes, 1, NULL);
	struct notes_place place = notes_add_place(&notes, sizeof(max_align_t), NULL);
	assert_int_equal((uintptr_t)notes_of(&place, &first) % _Alignof(max_align_t), 0);
	notes_free(&notes);
}

static void a_note_stays_where_it_is_however_many_come(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	struct notes notes;
	static void *made[MANY];
	notes_init(&notes, NULL);
	struct notes_place place = notes_add_place(&notes, sizeof(int), NULL);
	for (uint64_t i = 0; i < MANY; i++)
		made[i] = notes_of(&place, &(struct session){.number = i + 1});
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(notes_find(&place, &(struct session){.number = i + 1}), made[i]);
	notes_free(&notes);
}

static void nothing_is_found_where_only_others_noted_something(void **state)
{
	(void)state;
	struct notes notes;
	notes_init(&notes, NULL);
	struct notes_place silent = notes_add_place(&notes, sizeof(int), NULL);
	struct notes_place place = notes_add_place(&notes, sizeof(int), NULL);
	assert_false(notes_has(&notes, &first));
	assert_non_null(notes_of(&place, &first));
	assert_true(notes_has(&notes, &first));
	assert_null(notes_find(&silent, &first));
	assert_null(notes_find(&place, &second));
	assert_false(notes_has(&notes, &second));
	notes_free(&notes);
}

static void a_session_that_is_forgotten_begins_anew(void **state)
{
	(void)state;
	struct notes notes;
	notes_init(&notes, NULL);
	struct notes_place place = notes_add_place(&notes, sizeof(int), NULL);
	*(int *)notes_of(&place, &first) = 1;
	*(int *)notes_of(&place, &second) = 2;
	notes_forget(&notes, &first);
	assert_null(notes_find(&place, &first));
	assert_int_equal(*(int *)notes_of(&place, &first), 0);
	assert_int_equal(*(int *)notes_of(&place, &second), 2);
	notes_free(&notes);
}

static void what_a_note_holds_goes_with_it_once(void **state)
{
	(void)state;
	int held = 0;
	struct notes notes;
	notes_init(&notes, NULL);
	struct notes_place place = notes_add_place(&notes, sizeof(struct holder), holder_empty);
	struct notes_place other = notes_add_place(&notes, sizeof(int), NULL);
	hold(&place, &first, &held);
	hold(&place, &second, &held);
	assert_non_null(notes_of(&other, &(struct session){.number = 3})); /* holds nothing: not emptied */
	notes_forget(&notes, &first);
	notes_forget(&notes, &first);
	assert_int_equal(held, 1);
	notes_free(&notes);
	assert_int_equal(held, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_note_is_zeroed_and_no_other_reaches_into_it),
	    cmocka_unit_test(a_note_is_aligned_for_whatever_it_is),
	    cmocka_unit_test(a_note_stays_where_it_is_however_many_come),
	    cmocka_unit_test(nothing_is_found_where_only_others_noted_something),
	    cmocka_unit_test(a_session_that_is_forgotten_begins_anew),
	    cmocka_unit_test(what_a_note_holds_goes_with_it_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
