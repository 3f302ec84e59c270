/* Reflex's events and updates, as captured. */
#include "reflex/update.h"
#include "unit.h"

#include <stdlib.h>

#define ROOT "reflex___state____state"
#define APP ROOT ".shop___shop____app_state"

/* Everything read here fits; the buffer is the one for strings of JSON. */
static int make_buffer(void **state)
{
	static struct buffer text;
	buffer_init(&text, 64 << 10, NULL);
	*state = &text;
	return 0;
}

static int free_buffer(void **state)
{
	buffer_free(*state);
	return 0;
}

static void assert_text(struct slice found, const char *wanted)
{
	assert_int_equal(found.len, strlen(wanted));
	assert_memory_equal(found.at, wanted, found.len);
}

static void of_an_event_name_and_payload_are_read(void **state)
{
	struct update_event event;
	assert_true(update_read_event(
	    SLICE("{\"name\":\"" APP ".tick\",\"payload\":{\"_date\":\"x\"},\"handler\":null,"
	          "\"event_actions\":{},\"token\":\"7a3de693\",\"router_data\":{\"pathname\":\"/\"}}"),
	    *state, &event));
	assert_text(event.name, "\"" APP ".tick\"");
	assert_text(event.payload, "{\"_date\":\"x\"}");
}

static void an_event_as_a_string_of_json_is_read(void **state)
{
	struct update_event event;
	assert_true(update_read_event(
	    SLICE("\"{\\\"name\\\":\\\"state.hydrate\\\",\\\"token\\\":\\\"t\\\"}\""), *state, &event));
	assert_text(event.name, "\"state.hydrate\"");
}

static void an_event_without_a_name_is_none(void **state)
{
	struct update_event event;
	assert_false(update_read_event(SLICE("{\"payload\":{}}"), *state, &event));
	assert_false(update_read_event(SLICE("{\"name\":5}"), *state, &event));
	assert_false(update_read_event(SLICE("[\"name\"]"), *state, &event));
	assert_false(update_read_event(SLICE("\"no json\""), *state, &event));
}

static struct update_event event_named(const char *token)
{
	return (struct update_event){.name = slice_of_text(token)};
}

static void only_reflexs_own_handlers_are_its_handlers(void **state)
{
	(void)state;
	struct update_event hydrate = event_named("\"" ROOT ".hydrate\"");
	struct update_event load = event_named(
	    "\"" ROOT ".reflex___state____on_load_internal_state.on_load_internal\"");
	struct update_event another = event_named("\"" APP ".hydrate\"");
	assert_true(update_event_is(&hydrate, "hydrate"));
	assert_true(update_event_is(&load, "on_load_internal"));
	assert_false(update_event_is(&another, "hydrate"));
	struct update_event bare = event_named("\"hydrate\"");
	assert_false(update_event_is(&bare, "hydrate"));
}

static void the_hydrate_inside_connect_is_found(void **state)
{
	(void)state;
	struct update_event event;
	assert_true(update_read_connect(SLICE("{\"event\":{\"name\":\"" ROOT ".hydrate_and_load\",\"payload\":{}},"
	                                      "\"state_schema\":\"2ec505a5bd79f220309b7366eb6992a3\"}"),
	    &event));
	assert_true(update_event_is(&event, "hydrate_and_load"));
	assert_false(update_read_connect(SLICE("{\"sid\":\"x\"}"), &event));
}

static void an_update_answers_the_oldest_event_all_or_none(void **state)
{
	(void)state;
	assert_int_equal(update_answers(UPDATE_FINAL_TRUE, 3), 1);
	assert_int_equal(update_answers(UPDATE_FINAL_TRUE, 0), 0);
	assert_int_equal(update_answers(UPDATE_FINAL_ABSENT, 3), 3);
	assert_int_equal(update_answers(UPDATE_FINAL_FALSE, 3), 0);
	assert_int_equal(update_answers(UPDATE_FINAL_NULL, 3), 0);
}

static void an_update_says_whether_it_is_final(void **state)
{
	struct update update;
	assert_true(update_read(SLICE("{\"delta\":{},\"events\":[],\"final\":true}"), *state, &update));
	assert_int_equal(update.final, UPDATE_FINAL_TRUE);
	assert_true(update_read(SLICE("{\"delta\":{},\"events\":[],\"final\":false}"), *state, &update));
	assert_int_equal(update.final, UPDATE_FINAL_FALSE);
	assert_true(update_read(SLICE("{\"delta\":{},\"final\":null}"), *state, &update));
	assert_int_equal(update.final, UPDATE_FINAL_NULL);
	assert_true(update_read(SLICE("{\"delta\":{}}"), *state, &update));
	assert_int_equal(update.final, UPDATE_FINAL_ABSENT);
	assert_int_equal(update.events.len, 0);
}

static void other_objects_are_no_updates(void **state)
{
	struct update update;
	assert_false(update_read(SLICE("{\"name\":\"x\"}"), *state, &update));
	assert_false(update_read(SLICE("[]"), *state, &update));
	assert_false(update_read(SLICE(""), *state, &update));
}

static void a_delta_is_walked_substate_by_substate(void **state)
{
	(void)state;
	struct update_walk walk = update_walk_delta(
	    SLICE("{\"" ROOT "\":{},\"" APP "\":{\"rows_rx_state_\":[1],\"ratio_rx_state_\":NaN}}"));
	struct update_item item;
	assert_true(update_next_item(&walk, &item));
	assert_true(update_item_is_state(&item));
	assert_text(item.state, ROOT);
	assert_true(update_next_item(&walk, &item));
	assert_true(update_item_is_state(&item));
	assert_text(item.state, APP);
	assert_true(update_next_item(&walk, &item));
	assert_false(update_item_is_state(&item));
	assert_text(item.state, APP);
	assert_text(item.var, "rows_rx_state_");
	assert_text(item.value, "[1]");
	assert_true(update_next_item(&walk, &item));
	assert_text(item.var, "ratio_rx_state_");
	assert_text(item.value, "NaN");
	assert_false(update_next_item(&walk, &item));
}

static void a_substate_that_is_no_object_has_no_vars(void **state)
{
	(void)state;
	struct update_walk walk = update_walk_delta(SLICE("{\"a\":5,\"b\":[1]}"));
	struct update_item item;
	assert_true(update_next_item(&walk, &item));
	assert_text(item.state, "a");
	assert_true(update_next_item(&walk, &item));
	assert_text(item.state, "b");
	assert_true(update_next_item(&walk, &item));
	assert_int_equal(item.var.len, 0);
	assert_false(update_next_item(&walk, &item));
}

static void only_a_dump_has_substates_without_vars(void **state)
{
	(void)state;
	assert_true(update_is_whole(SLICE("{\"" ROOT "\":{\"is_hydrated_rx_state_\":false},\"" ROOT
	                                  ".reflex___state____on_load_internal_state\":{}}")));
	assert_false(update_is_whole(SLICE("{\"" ROOT "\":{\"is_hydrated_rx_state_\":false}}")));
	assert_false(update_is_whole(SLICE("{}")));
}

static void hydration_is_recognised_by_the_root_state_alone(void **state)
{
	(void)state;
	bool hydrated = false;
	assert_true(update_read_hydrated(SLICE("{\"" ROOT "\":{\"is_hydrated_rx_state_\":true}}"), &hydrated));
	assert_true(hydrated);
	assert_true(update_read_hydrated(SLICE("{\"state\":{\"is_hydrated\":false}}"), &hydrated));
	assert_false(hydrated);
	assert_false(update_read_hydrated(SLICE("{\"" APP "\":{\"is_hydrated_rx_state_\":true}}"), &hydrated));
}

static void names_with_an_underscore_stay_with_the_client(void **state)
{
	(void)state;
	assert_true(update_is_client_side(SLICE("\"_redirect\"")));
	assert_false(update_is_client_side(SLICE("\"" ROOT ".set_is_hydrated\"")));
	assert_false(update_is_client_side(SLICE("\"\"")));
}

/* As 0.8.28 sent it (i1_computed_throws). */
#define TOAST                                                                                                         \
	"{\"token\":\"t\",\"name\":\"_call_function\",\"payload\":{\"function\":\"(() => (isTrue(refs['__toast']) ? " \
	"(refs['__toast']?.[\\\"error\\\"](\\\"An error occurred.\\\", ({ [\\\"description\\\"] : "                   \
	"\\\"KeyError: 'bid_str'.<br/>See logs for details.\\\", [\\\"position\\\"] : \\\"top-center\\\" }))) : "     \
	"0))\","                                                                                                      \
	"\"callback\":null}}"

static void a_handlers_error_is_read_from_the_toast(void **state)
{
	struct buffer *text = *state;
	buffer_clear(text);
	assert_true(update_read_error(SLICE(TOAST), text));
	assert_text(buffer_slice(text), "KeyError: 'bid_str'");
}

/* As 0.5.10 sent it, and 0.4.9. */
static void a_handlers_error_is_read_from_older_forms(void **state)
{
	struct buffer *text = *state;
	buffer_clear(text);
	assert_true(update_read_error(
	    SLICE("{\"name\":\"_call_script\",\"payload\":{\"javascript_code\":\"refs['__toast'].error("
	          "`An error occurred.`, {\\\"description\\\": \\\"Contact the website administrator.\\\", "
	          "\\\"id\\\": \\\"backend_error\\\"})\"}}"),
	    text));
	assert_text(buffer_slice(text), "Contact the website administrator.");
	buffer_clear(text);
	assert_true(update_read_error(
	    SLICE("{\"name\":\"_alert\",\"payload\":{\"message\":\"An error occurred. See logs for details.\"}}"),
	    text));
	assert_text(buffer_slice(text), "An error occurred. See logs for details.");
}

static void an_applications_own_alert_is_no_error(void **state)
{
	struct buffer *text = *state;
	buffer_clear(text);
	assert_false(update_read_error(
	    SLICE("{\"name\":\"_alert\",\"payload\":{\"message\":\"Saved. An error occurred. in the log\"}}"), text));
	assert_false(update_read_error(SLICE("{\"name\":\"_alert\",\"payload\":{}}"), text));
	assert_int_equal(text->len, 0);
}

static void another_call_is_no_error(void **state)
{
	struct buffer *text = *state;
	buffer_clear(text);
	assert_false(update_read_error(SLICE("{\"name\":\"_call_function\",\"payload\":{\"function\":\"(() => "
	                                     "(console?.[\\\"log\\\"](\\\"done\\\")))\",\"callback\":null}}"),
	    text));
	assert_false(update_read_error(SLICE("{\"name\":\"_redirect\",\"payload\":{\"path\":\"/\"}}"), text));
	assert_false(
	    update_read_error(SLICE("{\"name\":\"x\",\"payload\":{\"function\":\"An error occurred.\"}}"), text));
	assert_int_equal(text->len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_an_event_name_and_payload_are_read),
	    cmocka_unit_test(an_event_as_a_string_of_json_is_read),
	    cmocka_unit_test(an_event_without_a_name_is_none),
	    cmocka_unit_test(only_reflexs_own_handlers_are_its_handlers),
	    cmocka_unit_test(the_hydrate_inside_connect_is_found),
	    cmocka_unit_test(an_update_answers_the_oldest_event_all_or_none),
	    cmocka_unit_test(an_update_says_whether_it_is_final),
	    cmocka_unit_test(other_objects_are_no_updates),
	    cmocka_unit_test(a_delta_is_walked_substate_by_substate),
	    cmocka_unit_test(a_substate_that_is_no_object_has_no_vars),
	    cmocka_unit_test(only_a_dump_has_substates_without_vars),
	    cmocka_unit_test(hydration_is_recognised_by_the_root_state_alone),
	    cmocka_unit_test(names_with_an_underscore_stay_with_the_client),
	    cmocka_unit_test(a_handlers_error_is_read_from_the_toast),
	    cmocka_unit_test(a_handlers_error_is_read_from_older_forms),
	    cmocka_unit_test(an_applications_own_alert_is_no_error),
	    cmocka_unit_test(another_call_is_no_error),
	};
	return cmocka_run_group_tests_name("update", tests, make_buffer, free_buffer);
}
