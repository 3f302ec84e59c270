/* Session states: each detector's own, and gone with what they hold when a session is forgotten; and the tables of
 * thresholds. */
#include "detect/detector.h"

#include "unit.h"

#include <stdlib.h>

static const struct session first = {.number = 1}, second = {.number = 2};

/* What is kept apart, and counted while it is. */
struct holder {
	int *count;
};

static void holder_empty(void *per_session)
{
	struct holder *holder = per_session;
	--*holder->count;
}

static void hold(const struct state_slot *place, const struct session *session, int *count)
{
	struct holder *holder = session_state_of(place, session);
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
	struct session_states states;
	struct state_slot slots[PLACES];
	session_states_init(&states, NULL);
	for (size_t i = 0; i < PLACES; i++)
		slots[i] = session_states_add_slot(&states, sizes[i], NULL);
	for (size_t i = 0; i < PLACES; i++) {
		assert_memory_equal(session_state_of(&slots[i], &first), zeros, sizes[i]);
		memset(session_state_of(&slots[i], &first), 0xff, sizes[i]);
		assert_memory_equal(session_state_of(&slots[i], &second), zeros, sizes[i]);
		memset(session_state_of(&slots[i], &second), 0xff, sizes[i]);
	}
	session_states_free(&states);
}

static void a_note_is_aligned_for_whatever_it_is(void **state)
{
	(void)state;
	struct session_states states;
	session_states_init(&states, NULL);
	session_states_add_slot(&states, 1, NULL);
	struct state_slot place = session_states_add_slot(&states, sizeof(max_align_t), NULL);
	assert_int_equal((uintptr_t)session_state_of(&place, &first) % _Alignof(max_align_t), 0);
	session_states_free(&states);
}

static void a_note_stays_where_it_is_however_many_come(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	struct session_states states;
	static void *made[MANY];
	session_states_init(&states, NULL);
	struct state_slot place = session_states_add_slot(&states, sizeof(int), NULL);
	for (uint64_t i = 0; i < MANY; i++)
		made[i] = session_state_of(&place, &(struct session){.number = i + 1});
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(session_state_find(&place, &(struct session){.number = i + 1}), made[i]);
	session_states_free(&states);
}

static void nothing_is_found_where_only_others_noted_something(void **state)
{
	(void)state;
	struct session_states states;
	session_states_init(&states, NULL);
	struct state_slot silent = session_states_add_slot(&states, sizeof(int), NULL);
	struct state_slot place = session_states_add_slot(&states, sizeof(int), NULL);
	assert_false(session_states_has(&states, &first));
	assert_non_null(session_state_of(&place, &first));
	assert_true(session_states_has(&states, &first));
	assert_null(session_state_find(&silent, &first));
	assert_null(session_state_find(&place, &second));
	assert_false(session_states_has(&states, &second));
	session_states_free(&states);
}

static void a_session_that_is_forgotten_begins_anew(void **state)
{
	(void)state;
	struct session_states states;
	session_states_init(&states, NULL);
	struct state_slot place = session_states_add_slot(&states, sizeof(int), NULL);
	*(int *)session_state_of(&place, &first) = 1;
	*(int *)session_state_of(&place, &second) = 2;
	session_states_forget(&states, &first);
	assert_null(session_state_find(&place, &first));
	assert_int_equal(*(int *)session_state_of(&place, &first), 0);
	assert_int_equal(*(int *)session_state_of(&place, &second), 2);
	session_states_free(&states);
}

static void what_a_note_holds_goes_with_it_once(void **state)
{
	(void)state;
	int held = 0;
	struct session_states states;
	session_states_init(&states, NULL);
	struct state_slot place = session_states_add_slot(&states, sizeof(struct holder), holder_empty);
	struct state_slot other = session_states_add_slot(&states, sizeof(int), NULL);
	hold(&place, &first, &held);
	hold(&place, &second, &held);
	assert_non_null(session_state_of(&other, &(struct session){.number = 3})); /* holds nothing: not emptied */
	session_states_forget(&states, &first);
	session_states_forget(&states, &first);
	assert_int_equal(held, 1);
	session_states_free(&states);
	assert_int_equal(held, 0);
}

/* ---- thresholds */

static void judge_threshold(const struct threshold_entry *entry)
{
	assert_non_null(entry->name);
	assert_true(entry->value > 0);
	assert_true(*entry->reason && *entry->source);
	struct slice codes = slice_of_text(entry->codes);
	while (codes.len) {
		struct slice code = slice_take_until(&codes, ' ');
		if (code_named(code) == CODES_MOST)
			fail_msg(
			    "%s concerns %.*s, which is no code", entry->name, (int)code.len, (const char *)code.at);
	}
}

static void every_threshold_has_a_value_a_reason_and_codes_that_exist(void **state)
{
	(void)state;
	for (enum threshold which = 0; which < THRESHOLDS; which++)
		judge_threshold(&threshold_table[which]);
	for (size_t i = 0; plugins[i]; i++)
		for (const struct threshold_entry *entry = plugins[i]->thresholds; entry && entry->name; entry++)
			judge_threshold(entry);
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
	    cmocka_unit_test(every_threshold_has_a_value_a_reason_and_codes_that_exist),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
