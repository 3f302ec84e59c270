/* A client's state rebuilt: what the backend sent, what the frontend shows. */
#include "reflex/model.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOT "reflex___state____state"
#define LOAD ROOT ".reflex___state____on_load_internal_state"
#define APP ROOT ".shop___shop____app_state"
#define CART ROOT ".shop___shop____cart_state"
#define OTHER ROOT ".shop___shop____trading_state"

#define FRONTEND                                                                                 \
	"initialState={" ROOT ":{is_hydrated_rx_state_:!1},\"" LOAD "\":{},\"" APP               \
	"\":{position_rows_rx_state_:[],positions_rx_state_:[],status_rx_state_:`idle`},\"" CART \
	"\":{total_rx_state_:0}}"

/* The answer to a hydrate, with what the app state holds. */
#define DUMP(app)                                                                                       \
	"{\"" ROOT "\":{\"is_hydrated_rx_state_\":false},\"" LOAD "\":{},\"" APP "\":{" app "},\"" CART \
	"\":{\"total_rx_state_\":0}}"
#define ROWS "\"position_rows_rx_state_\":[]"
#define POSITIONS "\"positions_rx_state_\":[]"
#define STATUS "\"status_rx_state_\":\"idle\""
#define TICK(value) "{\"" APP "\":{\"positions_rx_state_\":[" value "]}}"

struct room {
	struct budget budget;
	struct manifest *manifest;
	struct model *model;
	uint64_t events;
};

static int enter(void **state)
{
	static struct room room;
	room = (struct room){.budget.limit = 1 << 20, .manifest = manifest_new()};
	manifest_read_states(room.manifest, SLICE(FRONTEND));
	room.model = model_new(room.manifest, MODEL_CLIENT_THROWS, &room.budget);
	*state = &room;
	return room.model ? 0 : -1;
}

/* Whatever a test did, all memory must be back in the budget. */
static int leave(void **state)
{
	struct room *room = *state;
	model_free(room->model);
	manifest_free(room->manifest);
	return room->budget.used == 0 ? 0 : -1;
}

static struct model_point next_point(struct room *room)
{
	room->events++;
	return (struct model_point){room->events, (timestamp)room->events * TIMESTAMP_SECOND, 0};
}

static struct model_effect apply(struct room *room, const char *delta)
{
	return model_apply(room->model, slice_of_text(delta), next_point(room));
}

static const struct model_var *find(const struct room *room, const char *state, const char *var)
{
	const struct model_state *found = model_find_state(room->model, slice_of_text(state));
	return found ? model_find_var(found, slice_of_text(var)) : NULL;
}

static void assert_text(struct slice found, const char *wanted)
{
	assert_int_equal(found.len, strlen(wanted));
	assert_memory_equal(found.at, wanted, found.len);
}

static void assert_shown(const struct room *room, const char *state, const char *var, const char *value)
{
	assert_text(model_shown(find(room, state, var))->text, value);
}

static void note(struct room *room, const char *name)
{
	struct update_event event = {.name = slice_of_text(name)};
	model_note_event(room->model, &event, next_point(room));
}

static void the_frontends_rules_follow_its_version(void **state)
{
	(void)state;
	assert_int_equal(model_client_of(SLICE("0.8.28.post1")), MODEL_CLIENT_THROWS);
	assert_int_equal(model_client_of(SLICE("0.6.8")), MODEL_CLIENT_THROWS);
	assert_int_equal(model_client_of(SLICE("0.9.13")), MODEL_CLIENT_DROPS);
	assert_int_equal(model_client_of(SLICE("0.10.1")), MODEL_CLIENT_SKIPS);
	assert_int_equal(model_client_of(SLICE("1.0.0")), MODEL_CLIENT_SKIPS);
	assert_int_equal(model_client_of(SLICE("")), MODEL_CLIENT_THROWS);
}

static void a_value_sent_is_a_value_shown(void **state)
{
	struct room *room = *state;
	struct model_effect effect = apply(room, TICK("1,2"));
	assert_int_equal(effect.states, 1);
	assert_int_equal(effect.vars, 1);
	assert_int_equal(effect.changed, 0);
	assert_int_equal(effect.not_applied, 0);
	assert_shown(room, APP, "positions_rx_state_", "[1,2]");
}

static void only_another_value_is_a_change(void **state)
{
	struct room *room = *state;
	apply(room, TICK("1"));
	assert_int_equal(apply(room, TICK("1")).changed, 0);
	assert_int_equal(apply(room, TICK("2")).changed, 1);
	const struct model_var *var = find(room, APP, "positions_rx_state_");
	assert_int_equal(var->sends, 3);
	assert_int_equal(var->changes, 1);
	assert_int_equal(var->first.event, 1);
	assert_int_equal(var->changed[1].event, 3);
	assert_int_equal(var->last.event, 3);
	assert_int_equal(var->last.time, 3 * TIMESTAMP_SECOND);
}

static void a_change_behind_the_text_that_is_kept_is_seen(void **state)
{
	struct room *room = *state;
	char delta[2 * MODEL_TEXT];
	snprintf(delta, sizeof delta, TICK("\"%0*d\""), MODEL_TEXT, 1);
	apply(room, delta);
	snprintf(delta, sizeof delta, TICK("\"%0*d\""), MODEL_TEXT, 2);
	assert_int_equal(apply(room, delta).changed, 1);
	const struct model_var *var = find(room, APP, "positions_rx_state_");
	assert_int_equal(var->sent.size, MODEL_TEXT + 4);
	assert_int_equal(var->sent.text.len, MODEL_TEXT);
}

static void empty_values_are_known(void **state)
{
	struct room *room = *state;
	apply(room, "{\"" APP "\":{\"a\":[ ],\"b\":{},\"c\":\"\",\"d\":null,\"e\":0,\"f\":[0]}}");
	assert_true(find(room, APP, "a")->sent.empty);
	assert_true(find(room, APP, "b")->sent.empty);
	assert_true(find(room, APP, "c")->sent.empty);
	assert_true(find(room, APP, "d")->sent.empty);
	assert_false(find(room, APP, "e")->sent.empty);
	assert_false(find(room, APP, "f")->sent.empty);
}

static void an_unknown_var_is_counted_and_shown_nowhere_else(void **state)
{
	struct room *room = *state;
	struct model_effect effect = apply(room, "{\"" APP "\":{\"open_positions_rx_state_\":[1]}}");
	assert_int_equal(effect.unknown_vars, 1);
	assert_int_equal(effect.unknown_states, 0);
	assert_int_equal(room->model->threw.event, 0);
	assert_null(find(room, APP, "open_positions_rx_state_")->declared);
}

static void up_to_0_8_an_unknown_state_ends_the_update(void **state)
{
	struct room *room = *state;
	struct model_effect effect = apply(room,
	    "{\"" CART "\":{\"total_rx_state_\":7},\"" OTHER "\":{\"x\":1},\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	assert_int_equal(effect.unknown_states, 1);
	assert_int_equal(effect.not_applied, 2);
	assert_int_equal(room->model->threw.event, 1);
	assert_shown(room, CART, "total_rx_state_", "7");
	assert_shown(room, APP, "status_rx_state_", "\"idle\"");
	assert_text(find(room, APP, "status_rx_state_")->sent.text, "\"on\"");
}

static void up_to_0_8_the_next_update_is_applied_again(void **state)
{
	struct room *room = *state;
	apply(room, "{\"" OTHER "\":{\"x\":1},\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"off\"}}");
	assert_shown(room, APP, "status_rx_state_", "\"off\"");
}

static void in_0_9_nothing_is_applied_after_an_unknown_state(void **state)
{
	struct room *room = *state;
	room->model->client = MODEL_CLIENT_DROPS;
	apply(room, "{\"" OTHER "\":{\"x\":1}}");
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	assert_shown(room, APP, "status_rx_state_", "\"idle\"");
	model_begin_connection(room->model, false, next_point(room));
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"off\"}}");
	assert_shown(room, APP, "status_rx_state_", "\"off\"");
}

static void since_0_10_only_the_unknown_state_is_left_out(void **state)
{
	struct room *room = *state;
	room->model->client = MODEL_CLIENT_SKIPS;
	struct model_effect effect = apply(room, "{\"" OTHER "\":{\"x\":1},\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	assert_int_equal(effect.not_applied, 1);
	assert_int_equal(room->model->threw.event, 0);
	assert_shown(room, APP, "status_rx_state_", "\"on\"");
}

static void without_a_manifest_every_name_is_known(void **state)
{
	struct room *room = *state;
	room->model->manifest = NULL;
	struct model_effect effect = apply(room, "{\"" OTHER "\":{\"x\":1}}");
	assert_int_equal(effect.unknown_states, 0);
	assert_int_equal(effect.unknown_vars, 0);
	assert_shown(room, OTHER, "x", "1");
}

static void a_new_page_shows_the_declared_values_again(void **state)
{
	struct room *room = *state;
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	model_begin_connection(room->model, true, next_point(room));
	assert_shown(room, APP, "status_rx_state_", "\"idle\"");
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	assert_shown(room, APP, "status_rx_state_", "\"on\"");
}

static void a_connection_anew_keeps_what_the_page_shows(void **state)
{
	struct room *room = *state;
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	model_begin_connection(room->model, false, next_point(room));
	assert_shown(room, APP, "status_rx_state_", "\"on\"");
}

static void hydration_has_three_steps(void **state)
{
	struct room *room = *state;
	model_begin_connection(room->model, true, next_point(room));
	note(room, "\"" ROOT ".hydrate\"");
	assert_int_equal(room->model->asked.event, 2);
	apply(room, DUMP(ROWS));
	assert_int_equal(room->model->answered.event, 3);
	assert_int_equal(room->model->hydrated.event, 0);
	apply(room, "{\"" ROOT "\":{\"is_hydrated_rx_state_\":true}}");
	assert_int_equal(room->model->answered.event, 3);
	assert_int_equal(room->model->hydrated.event, 4);
	model_begin_connection(room->model, false, next_point(room));
	assert_int_equal(room->model->hydrated.event, 0);
}

static void another_handler_called_hydrate_asks_for_nothing(void **state)
{
	struct room *room = *state;
	note(room, "\"" APP ".hydrate\"");
	assert_int_equal(room->model->asked.event, 0);
}

static void a_whole_dump_lacks_nothing(void **state)
{
	struct room *room = *state;
	struct manifest_cursor cursor = {0};
	assert_true(apply(room, DUMP(ROWS "," POSITIONS "," STATUS)).whole);
	assert_false(model_next_missing(room->model, &cursor));
}

static void a_declared_var_that_the_dump_lacks_is_missing(void **state)
{
	struct room *room = *state;
	struct manifest_cursor cursor = {0};
	apply(room, DUMP(POSITIONS "," STATUS));
	assert_true(model_next_missing(room->model, &cursor));
	assert_text(cursor.var->name, "position_rows_rx_state_");
	assert_false(model_next_missing(room->model, &cursor));
}

static void a_declared_state_that_the_dump_lacks_is_missing_as_one(void **state)
{
	struct room *room = *state;
	struct manifest_cursor cursor = {0};
	apply(room,
	    "{\"" ROOT "\":{\"is_hydrated_rx_state_\":false},\"" LOAD "\":{},\"" CART "\":{\"total_rx_state_\":0}}");
	assert_true(model_next_missing(room->model, &cursor));
	assert_text(cursor.state->name, APP);
	assert_null(cursor.var);
	assert_false(model_next_missing(room->model, &cursor));
}

static void a_var_that_only_an_older_dump_had_is_missing(void **state)
{
	struct room *room = *state;
	struct manifest_cursor cursor = {0};
	apply(room, DUMP(ROWS "," POSITIONS "," STATUS));
	apply(room, DUMP(ROWS "," POSITIONS));
	assert_true(model_next_missing(room->model, &cursor));
	assert_text(cursor.var->name, "status_rx_state_");
}

static void a_var_that_came_after_the_dump_is_not_missing(void **state)
{
	struct room *room = *state;
	struct manifest_cursor cursor = {0};
	apply(room, DUMP(ROWS "," STATUS));
	apply(room, TICK("1"));
	assert_false(model_next_missing(room->model, &cursor));
}

static void without_a_dump_nothing_is_missing(void **state)
{
	struct room *room = *state;
	struct manifest_cursor cursor = {0};
	apply(room, TICK("1"));
	assert_false(model_next_missing(room->model, &cursor));
}

static void a_var_that_stays_while_its_source_changes_is_stale(void **state)
{
	struct room *room = *state;
	struct model_stale stale = {0};
	apply(room, DUMP(ROWS "," POSITIONS "," STATUS));
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"off\"}}");
	apply(room, TICK("1"));
	assert_true(model_next_stale(room->model, &stale));
	assert_text(stale.var->name, "position_rows_rx_state_");
	assert_text(stale.source->name, "positions_rx_state_");
	assert_true(stale.shares_word);
	assert_true(stale.same_shape);
	assert_false(model_next_stale(room->model, &stale));
}

static void without_a_word_in_common_the_liveliest_neighbour_is_named(void **state)
{
	struct room *room = *state;
	struct model_stale stale = {0};
	apply(room, DUMP("\"limit\":5," POSITIONS "," STATUS));
	apply(room, TICK("1"));
	apply(room, TICK("2"));
	apply(room, "{\"" APP "\":{\"status_rx_state_\":\"on\"}}");
	assert_true(model_next_stale(room->model, &stale));
	assert_text(stale.var->name, "limit");
	assert_text(stale.source->name, "positions_rx_state_");
	assert_false(stale.shares_word);
	assert_false(stale.same_shape);
}

static void a_declared_var_that_is_never_sent_is_stale_too(void **state)
{
	struct room *room = *state;
	struct model_stale stale = {0};
	apply(room, TICK("1"));
	apply(room, TICK("2"));
	assert_true(model_next_stale(room->model, &stale));
	assert_null(stale.var);
	assert_text(stale.declared->name, "position_rows_rx_state_");
	assert_true(stale.same_shape);
	assert_true(model_next_stale(room->model, &stale));
	assert_text(stale.declared->name, "status_rx_state_");
	assert_false(stale.same_shape);
	assert_false(model_next_stale(room->model, &stale));
}

static void in_a_quiet_state_nothing_is_stale(void **state)
{
	struct room *room = *state;
	struct model_stale stale = {0};
	apply(room, DUMP(ROWS "," POSITIONS "," STATUS));
	apply(room, DUMP(ROWS "," POSITIONS "," STATUS));
	assert_false(model_next_stale(room->model, &stale));
}

static void past_the_budget_names_are_left_out_and_absence_proves_nothing(void **state)
{
	struct room *room = *state;
	struct manifest_cursor cursor = {0};
	room->budget.limit = 2000;
	for (int index = 0; index < 100; index++) {
		char delta[128];
		snprintf(delta, sizeof delta, "{\"" APP "\":{\"var_%d\":%d}}", index, index);
		apply(room, delta);
	}
	apply(room, DUMP(ROWS));
	assert_true(room->budget.used <= 2000);
	assert_true(room->model->left_out > 0);
	assert_false(model_next_missing(room->model, &cursor));
	assert_shown(room, APP, "var_0", "0");
}

#define IN_A_MODEL(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_frontends_rules_follow_its_version),
	    IN_A_MODEL(a_value_sent_is_a_value_shown),
	    IN_A_MODEL(only_another_value_is_a_change),
	    IN_A_MODEL(a_change_behind_the_text_that_is_kept_is_seen),
	    IN_A_MODEL(empty_values_are_known),
	    IN_A_MODEL(an_unknown_var_is_counted_and_shown_nowhere_else),
	    IN_A_MODEL(up_to_0_8_an_unknown_state_ends_the_update),
	    IN_A_MODEL(up_to_0_8_the_next_update_is_applied_again),
	    IN_A_MODEL(in_0_9_nothing_is_applied_after_an_unknown_state),
	    IN_A_MODEL(since_0_10_only_the_unknown_state_is_left_out),
	    IN_A_MODEL(without_a_manifest_every_name_is_known),
	    IN_A_MODEL(a_new_page_shows_the_declared_values_again),
	    IN_A_MODEL(a_connection_anew_keeps_what_the_page_shows),
	    IN_A_MODEL(hydration_has_three_steps),
	    IN_A_MODEL(another_handler_called_hydrate_asks_for_nothing),
	    IN_A_MODEL(a_whole_dump_lacks_nothing),
	    IN_A_MODEL(a_declared_var_that_the_dump_lacks_is_missing),
	    IN_A_MODEL(a_declared_state_that_the_dump_lacks_is_missing_as_one),
	    IN_A_MODEL(a_var_that_only_an_older_dump_had_is_missing),
	    IN_A_MODEL(a_var_that_came_after_the_dump_is_not_missing),
	    IN_A_MODEL(without_a_dump_nothing_is_missing),
	    IN_A_MODEL(a_var_that_stays_while_its_source_changes_is_stale),
	    IN_A_MODEL(without_a_word_in_common_the_liveliest_neighbour_is_named),
	    IN_A_MODEL(a_declared_var_that_is_never_sent_is_stale_too),
	    IN_A_MODEL(in_a_quiet_state_nothing_is_stale),
	    IN_A_MODEL(past_the_budget_names_are_left_out_and_absence_proves_nothing),
	};
	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
