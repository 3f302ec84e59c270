/* The frontend that the capture shows: scripts in whatever order, again, of another app. */
#include "reflex/frontend.h"
#include "unit.h"

#define ROOT "reflex___state____state"
#define STATES(vars)                                                               \
	"export const initialState = {\"" ROOT "\": {\"a_rx_state_\": 1}, \"" ROOT \
	".shop___cart____cart_state\": {" vars "}}"
#define TWO_VARS STATES("\"total_rx_state_\": 0, \"items_rx_state_\": []")
#define ONE_VAR STATES("\"total_rx_state_\": 0")
#define USE "const s = useContext(StateContexts." ROOT "__shop___cart____cart_state); x(s.total_rx_state_)"

static void take(struct frontend *frontend, const char *target, const char *script)
{
	if (frontend_wants_script(frontend, slice_of_text(target)))
		frontend_take_script(frontend, slice_of_text(target), slice_of_text(script));
}

static int begin(void **state)
{
	static struct frontend frontend;
	*state = &frontend;
	return frontend_begin_captured(&frontend) ? 0 : -1;
}

static int end(void **state)
{
	frontend_free(*state);
	return 0;
}

static const struct manifest_var *total_of(const struct frontend *frontend)
{
	const struct manifest *manifest = frontend_states(frontend);
	assert_non_null(manifest);
	const struct manifest_state *cart = manifest_find_state(manifest, SLICE(ROOT ".shop___cart____cart_state"));
	assert_non_null(cart);
	return manifest_find_var(cart, SLICE("total_rx_state_"));
}

static void nothing_is_known_before_a_script_says_it(void **state)
{
	assert_null(frontend_states(*state));
}

static void scripts_alone_are_wanted(void **state)
{
	assert_true(frontend_wants_script(*state, SLICE("/assets/context-a1.js")));
	assert_true(frontend_wants_script(*state, SLICE("/assets/context-a1.js?v=2")));
	assert_true(frontend_wants_script(*state, SLICE("/assets/app.mjs")));
	assert_false(frontend_wants_script(*state, SLICE("/assets/context.css")));
	assert_false(frontend_wants_script(*state, SLICE("/search?for=a.js")));
	assert_false(frontend_wants_script(NULL, SLICE("/assets/context-a1.js")));
}

static void one_that_was_given_wants_no_scripts(void **state)
{
	struct frontend *frontend = *state;
	frontend->is_captured = false;
	assert_false(frontend_wants_script(frontend, SLICE("/assets/context-a1.js")));
}

static void states_and_uses_are_read_in_whatever_order_they_come(void **state)
{
	take(*state, "/assets/page.js", USE);
	assert_null(frontend_states(*state));
	take(*state, "/assets/context.js", TWO_VARS);
	assert_int_equal(total_of(*state)->reads, 1);
	take(*state, "/assets/other.js", USE ";");
	assert_int_equal(total_of(*state)->reads, 2);
}

static void a_page_that_is_loaded_again_counts_once(void **state)
{
	take(*state, "/assets/context.js", TWO_VARS);
	take(*state, "/assets/page.js", USE);
	take(*state, "/assets/context.js", TWO_VARS);
	take(*state, "/assets/page.js", USE);
	assert_int_equal(total_of(*state)->reads, 1);
}

static void of_two_frontends_nothing_is_compared(void **state)
{
	take(*state, "/assets/context.js", TWO_VARS);
	take(*state, "/assets/context-2.js", ONE_VAR);
	assert_null(frontend_states(*state));
}

static void the_same_states_in_another_script_are_the_same_frontend(void **state)
{
	take(*state, "/assets/context.js", TWO_VARS);
	take(*state, "/assets/context-2.js", TWO_VARS ";");
	assert_non_null(frontend_states(*state));
}

static void what_is_taken_has_a_limit(void **state)
{
	struct frontend *frontend = *state;
	frontend->taken_bytes = FRONTEND_CAPTURED_BYTES;
	assert_false(frontend_wants_script(frontend, SLICE("/assets/context.js")));
}

static void what_waits_for_the_states_has_a_limit(void **state)
{
	struct frontend *frontend = *state;
	size_t len = FRONTEND_WAITING_BYTES / 2 + 1;
	char *script = calloc(1, len);
	memset(script, ' ', len);
	frontend_take_script(frontend, SLICE("/a.js"), slice_of(script, len));
	script[0] = ';';
	frontend_take_script(frontend, SLICE("/b.js"), slice_of(script, len));
	assert_int_equal(frontend->waiting_bytes, len);
	assert_int_equal(frontend->left_out, 1);
	free(script);
}

#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CAPTURED(nothing_is_known_before_a_script_says_it),
	    CAPTURED(scripts_alone_are_wanted),
	    CAPTURED(one_that_was_given_wants_no_scripts),
	    CAPTURED(states_and_uses_are_read_in_whatever_order_they_come),
	    CAPTURED(a_page_that_is_loaded_again_counts_once),
	    CAPTURED(of_two_frontends_nothing_is_compared),
	    CAPTURED(the_same_states_in_another_script_are_the_same_frontend),
	    CAPTURED(what_is_taken_has_a_limit),
	    CAPTURED(what_waits_for_the_states_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
