/* What scripts tell of a frontend's declared state. */
#include "reflex/frontend.h"
#include "unit.h"

#include <stdlib.h>

#define ROOT "reflex___state____state"
#define APP ROOT ".shop___shop____app_state"
#define CART APP ".shop___cart____cart_state"

/* As utils/context.js has it. */
#define CONTEXT                                                                                                   \
	"import { jsx } from \"@emotion/react\";\n\nexport const initialState = {\"" ROOT                         \
	"\": {\"is_hydrated_rx_state_\": false}, \"" APP                                                          \
	"\": {\"position_rows_rx_state_\": [], \"positions_rx_state_\": [], \"ratio_rx_state_\": NaN}, \"" CART   \
	"\": {\"total_rx_state_\": 0, \"user_rx_state_\": \"\"}}\n\nexport const defaultColorMode = \"system\"\n" \
	"export const clientStorage = {\"cookies\": {}, \"local_storage\": {\"" CART                              \
	".user_rx_state_\": {\"name\": \"user\"}}, \"session_storage\": {}}\n"

/* As a minifier has it: other places where the root's name is a key come first. */
#define CHUNK                                                                                                       \
	"var x={" ROOT ":(0,c.createContext)(null)},y=({" ROOT ":dispatch});const version=`1.2.3`,k={version:`9`};" \
	"const version$1=`0`;var version=`0.8.28.post1`,project_hash=12e22;const a={" ROOT                          \
	":{is_hydrated_rx_state_:!1},\"" APP                                                                        \
	"\":{position_rows_rx_state_:[],positions_rx_state_:[],ratio_rx_state_:0},\"" CART                          \
	"\":{total_rx_state_:0,user_rx_state_:``}},b=`system`,d={cookies:{},local_storage:{\"" CART                 \
	".user_rx_state_\":{name:`user`}},session_storage:{}},stateSchema=`2ec505a5bd79f220309b7366eb6992a3`;"

static int make_manifest(void **state)
{
	*state = manifest_new();
	return *state ? 0 : -1;
}

static int free_manifest(void **state)
{
	manifest_free(*state);
	return 0;
}

static void assert_text(struct slice found, const char *wanted)
{
	assert_int_equal(found.len, strlen(wanted));
	assert_memory_equal(found.at, wanted, found.len);
}

static const struct manifest_var *find_var(const struct manifest *manifest, const char *state, const char *var)
{
	const struct manifest_state *found = manifest_find_state(manifest, slice_of_text(state));
	assert_non_null(found);
	return manifest_find_var(found, slice_of_text(var));
}

static void assert_declares_the_shop(const struct manifest *manifest)
{
	assert_int_equal(HASH_COUNT(manifest->states), 3);
	assert_int_equal(manifest->var_count, 6);
	assert_non_null(find_var(manifest, ROOT, "is_hydrated_rx_state_"));
	assert_text(find_var(manifest, APP, "positions_rx_state_")->initial, "[]");
	assert_non_null(find_var(manifest, CART, "total_rx_state_"));
	assert_null(find_var(manifest, CART, "positions_rx_state_"));
}

static void the_state_of_a_context_is_read(void **state)
{
	assert_true(manifest_read_states(*state, SLICE(CONTEXT)));
	assert_declares_the_shop(*state);
}

static void the_state_of_a_minified_chunk_is_the_same(void **state)
{
	assert_true(manifest_read_states(*state, SLICE(CHUNK)));
	assert_declares_the_shop(*state);
}

static void a_root_of_another_name_is_found_by_initial_state(void **state)
{
	assert_true(manifest_read_states(*state, SLICE("initialState={base___state____state:{a:1}}")));
	assert_non_null(find_var(*state, "base___state____state", "a"));
}

static void what_is_no_map_of_states_is_not_taken(void **state)
{
	assert_false(manifest_read_states(*state, SLICE("const initialState = {items: {}, count: {}}")));
	assert_false(manifest_read_states(*state, SLICE("x={" ROOT ":{},other:5}")));
	assert_false(manifest_read_states(*state, SLICE("x={" ROOT ":{a:call()}}")));
	assert_false(manifest_read_states(*state, SLICE("x={" ROOT ":{a:1}")));
	assert_false(manifest_read_states(*state, SLICE("")));
	assert_null(((struct manifest *)*state)->states);
}

static void the_first_state_found_stays(void **state)
{
	assert_true(manifest_read_states(*state, SLICE(CHUNK)));
	assert_false(manifest_read_states(*state, SLICE("x={" ROOT ":{late:1}}")));
	assert_declares_the_shop(*state);
}

static void reflexs_version_is_distinguished_from_other_versions(void **state)
{
	manifest_read_facts(*state, SLICE(CHUNK));
	assert_text(((struct manifest *)*state)->version, "0.8.28.post1");
}

static void the_version_of_a_json_file_is_read(void **state)
{
	manifest_read_facts(*state, SLICE("{\n  \"version\": \"0.10.1\",\n  \"project_hash\": 307\n}"));
	assert_text(((struct manifest *)*state)->version, "0.10.1");
}

static void the_baked_transport_and_address_are_read(void **state)
{
	struct manifest *manifest = *state;
	manifest_read_facts(
	    manifest, SLICE("var e={PING:`http://h:1/ping`,EVENT:`ws://h:1/_event`,TRANSPORT:`polling`};"));
	assert_text(manifest->transport, "polling");
	assert_text(manifest->endpoint, "ws://h:1/_event");
}

static void env_json_is_read_like_the_chunk(void **state)
{
	struct manifest *manifest = *state;
	manifest_read_facts(manifest, SLICE("{\"EVENT\": \"ws://h:1/_event\", \"TRANSPORT\": \"websocket\"}"));
	assert_text(manifest->transport, "websocket");
	assert_text(manifest->endpoint, "ws://h:1/_event");
}

static void declaring_a_var_is_not_reading_it(void **state)
{
	manifest_read_states(*state, SLICE(CHUNK));
	manifest_read_uses(*state, SLICE(CHUNK), SLICE("esm.js"));
	assert_int_equal(find_var(*state, APP, "positions_rx_state_")->reads, 0);
}

static void a_route_reads_vars_by_context_or_by_name(void **state)
{
	manifest_read_states(*state, SLICE(CHUNK));
	manifest_read_uses(*state,
	    SLICE("let "
	          "e=(0,h.useContext)(i.reflex___state____state__shop___shop____app_state);e.position_rows_rx_state_??["
	          "]"),
	    SLICE("_index.js"));
	manifest_read_uses(*state, SLICE("n(`" CART "`)?.total_rx_state_.toFixed(2)"), SLICE("cart.js"));
	assert_int_equal(find_var(*state, APP, "position_rows_rx_state_")->reads, 1);
	assert_text(find_var(*state, APP, "position_rows_rx_state_")->read_in, "_index.js");
	assert_text(find_var(*state, CART, "total_rx_state_")->read_in, "cart.js");
	assert_int_equal(find_var(*state, APP, "positions_rx_state_")->reads, 0);
}

static void sources_read_vars_of_the_context_itself(void **state)
{
	manifest_read_states(*state, SLICE(CONTEXT));
	manifest_read_uses(*state,
	    SLICE("jsx(\"p\",{},reflex___state____state__shop___shop____app_state.ratio_rx_state_)"),
	    SLICE("index.jsx"));
	assert_int_equal(find_var(*state, APP, "ratio_rx_state_")->reads, 1);
}

static void a_var_read_beside_another_state_is_still_found(void **state)
{
	manifest_read_states(*state, SLICE(CHUNK));
	manifest_read_uses(
	    *state, SLICE("t(`" APP "`),n(`" CART "`);return [t.ratio_rx_state_,n.total_rx_state_]"), SLICE("a.js"));
	assert_int_equal(find_var(*state, APP, "ratio_rx_state_")->reads, 1);
	assert_int_equal(find_var(*state, CART, "total_rx_state_")->reads, 1);
}

static void without_markers_a_var_is_read_only_of_the_state_named_last(void **state)
{
	manifest_read_states(*state, SLICE("initialState = {\"" ROOT "\": {}, \"" APP "\": {\"name\": \"\"}}"));
	manifest_read_uses(*state, SLICE("window.name"), SLICE("lib.js"));
	assert_int_equal(find_var(*state, APP, "name")->reads, 0);
	manifest_read_uses(*state, SLICE("c(`" APP "`).name"), SLICE("index.js"));
	assert_int_equal(find_var(*state, APP, "name")->reads, 1);
}

static void a_renamed_state_is_known_by_its_vars(void **state)
{
	manifest_read_states(*state, SLICE(CHUNK));
	const struct manifest_state *near = manifest_nearest_state(*state, SLICE(ROOT ".shop___shop____trading_state"),
	    SLICE("{\"position_rows_rx_state_\":[],\"positions_rx_state_\":[]}"));
	assert_non_null(near);
	assert_text(near->name, APP);
}

static void a_state_in_another_module_is_known_by_its_class(void **state)
{
	manifest_read_states(*state, SLICE(CHUNK));
	const struct manifest_state *near = manifest_nearest_state(
	    *state, SLICE(ROOT ".main___basket____cart_state"), SLICE("{}"));
	assert_non_null(near);
	assert_text(near->name, CART);
}

static void a_state_like_none_has_no_neighbour(void **state)
{
	manifest_read_states(*state, SLICE(CHUNK));
	assert_null(manifest_nearest_state(*state, SLICE(ROOT ".zzz____quux"), SLICE("{\"q_rx_state_\":1}")));
	assert_null(manifest_nearest_state(*state, SLICE(ROOT ".reflex___istate____shared_state"), SLICE("{}")));
}

/* `self` is the name of the one that may not be it. */
static bool may_be(const void *self, const struct manifest_var *var)
{
	return !slice_equals(var->name, slice_of_text(self));
}

static void a_renamed_var_is_looked_for_among_those_that_may_be_it(void **state)
{
	struct manifest *manifest = *state;
	manifest_read_states(manifest, SLICE(CHUNK));
	const struct manifest_state *app = manifest_find_state(manifest, SLICE(APP));
	struct slice name = SLICE("open_positions_rx_state_");
	assert_text(manifest_nearest_var(manifest, app, name, may_be, "")->name, "positions_rx_state_");
	assert_text(
	    manifest_nearest_var(manifest, app, name, may_be, "positions_rx_state_")->name, "position_rows_rx_state_");
}

static void a_var_without_its_marker_is_the_var(void **state)
{
	struct manifest *manifest = *state;
	manifest_read_states(manifest, SLICE(CHUNK));
	const struct manifest_state *app = manifest_find_state(manifest, SLICE(APP));
	assert_text(manifest_nearest_var(manifest, app, SLICE("ratio"), may_be, "")->name, "ratio_rx_state_");
}

static void a_var_that_moved_is_found_in_the_other_state(void **state)
{
	struct manifest *manifest = *state;
	manifest_read_states(manifest, SLICE(CHUNK));
	const struct manifest_state *app = manifest_find_state(manifest, SLICE(APP));
	const struct manifest_var *var = manifest_nearest_var(manifest, app, SLICE("user_rx_state_"), may_be, "");
	assert_text(var->state->name, CART);
	assert_null(manifest_nearest_var(manifest, app, SLICE("user_rx_state_"), may_be, "user_rx_state_"));
}

static void a_context_and_its_build_lack_nothing_of_each_other(void **state)
{
	struct manifest *built = manifest_new();
	struct manifest_cursor cursor = {0};
	manifest_read_states(*state, SLICE(CONTEXT));
	manifest_read_states(built, SLICE(CHUNK));
	assert_false(manifest_next_lacking(*state, built, &cursor));
	cursor = (struct manifest_cursor){0};
	assert_false(manifest_next_lacking(built, *state, &cursor));
	manifest_free(built);
}

static void what_a_stale_build_lacks_is_walked(void **state)
{
	struct manifest *built = manifest_new();
	struct manifest_cursor cursor = {0};
	manifest_read_states(*state, SLICE(CONTEXT));
	manifest_read_states(
	    built, SLICE("{" ROOT ":{is_hydrated_rx_state_:!1},\"" APP "\":{positions_rx_state_:[]}}"));
	assert_true(manifest_next_lacking(*state, built, &cursor));
	assert_text(cursor.var->name, "position_rows_rx_state_");
	assert_true(manifest_next_lacking(*state, built, &cursor));
	assert_text(cursor.var->name, "ratio_rx_state_");
	assert_true(manifest_next_lacking(*state, built, &cursor));
	assert_text(cursor.state->name, CART);
	assert_null(cursor.var);
	assert_false(manifest_next_lacking(*state, built, &cursor));
	manifest_free(built);
}

#define IN_A_MANIFEST(test) cmocka_unit_test_setup_teardown(test, make_manifest, free_manifest)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_A_MANIFEST(the_state_of_a_context_is_read),
	    IN_A_MANIFEST(the_state_of_a_minified_chunk_is_the_same),
	    IN_A_MANIFEST(a_root_of_another_name_is_found_by_initial_state),
	    IN_A_MANIFEST(what_is_no_map_of_states_is_not_taken),
	    IN_A_MANIFEST(the_first_state_found_stays),
	    IN_A_MANIFEST(reflexs_version_is_distinguished_from_other_versions),
	    IN_A_MANIFEST(the_version_of_a_json_file_is_read),
	    IN_A_MANIFEST(the_baked_transport_and_address_are_read),
	    IN_A_MANIFEST(env_json_is_read_like_the_chunk),
	    IN_A_MANIFEST(declaring_a_var_is_not_reading_it),
	    IN_A_MANIFEST(a_route_reads_vars_by_context_or_by_name),
	    IN_A_MANIFEST(sources_read_vars_of_the_context_itself),
	    IN_A_MANIFEST(a_var_read_beside_another_state_is_still_found),
	    IN_A_MANIFEST(without_markers_a_var_is_read_only_of_the_state_named_last),
	    IN_A_MANIFEST(a_renamed_state_is_known_by_its_vars),
	    IN_A_MANIFEST(a_state_in_another_module_is_known_by_its_class),
	    IN_A_MANIFEST(a_state_like_none_has_no_neighbour),
	    IN_A_MANIFEST(a_renamed_var_is_looked_for_among_those_that_may_be_it),
	    IN_A_MANIFEST(a_var_without_its_marker_is_the_var),
	    IN_A_MANIFEST(a_var_that_moved_is_found_in_the_other_state),
	    IN_A_MANIFEST(a_context_and_its_build_lack_nothing_of_each_other),
	    IN_A_MANIFEST(what_a_stale_build_lacks_is_walked),
	};
	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
