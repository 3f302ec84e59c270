/* Facts of .web folders, made here for each test: folders, links, sources, builds. */
#include "reflex/bundle.h"
#include "reflex_own_folder.h"

#define STATES "{reflex___state____state:{is_hydrated_rx_state_:!1},\"reflex___state____state.shop____app_state\":{"
#define SOURCE "export const initialState = " STATES "rows_rx_state_:[],total_rx_state_:0}}\n"
#define CHUNK "var version=`0.8.28`,project_hash=1;const initialState=" STATES "rows_rx_state_:[],total_rx_state_:0}};"
#define ROUTE "(i.reflex___state____state__shop____app_state);e.rows_rx_state_"

static void write_link(const char *folder, const char *below, const char *target)
{
	char *path = own_folder_reach(folder, below);
	assert_int_equal(symlink(target, path), 0);
	free(path);
}

/* A .web with source, build, and a package with a command. */
static void write_web(const char *folder)
{
	own_folder_write(folder, "utils/context.js", SOURCE);
	own_folder_write(folder, "env.json", "{\"EVENT\": \"ws://h:1/_event\", \"TRANSPORT\": \"polling\"}");
	own_folder_write(folder, "reflex.json", "{\"version\": \"0.8.28\", \"project_hash\": 1}");
	own_folder_write(folder, "package.json", "{\"dependencies\": {\"socket.io-client\": \"4.8.1\"}}");
	own_folder_write(folder, "build/client/index.html", "<html>");
	own_folder_write(folder, "build/client/assets/esm-Dc.js", CHUNK);
	own_folder_write(folder, "build/client/assets/_index-Dt.js", ROUTE);
	own_folder_write(
	    folder, "build/client/assets/reflex-env-Bz.js", "var e={EVENT:`ws://h:1/_event`,TRANSPORT:`websocket`}");
	own_folder_write(folder, "node_modules/esbuild/bin/esbuild", "#!");
	write_link(folder, "node_modules/.bin/esbuild", "../esbuild/bin/esbuild");
}

static struct bundle inspect(const char *folder)
{
	struct bundle bundle;
	assert_true(bundle_inspect(&bundle, folder));
	return bundle;
}

static void assert_text(struct slice found, const char *wanted)
{
	assert_int_equal(found.len, strlen(wanted));
	assert_memory_equal(found.at, wanted, found.len);
}

static const struct manifest_var *find_var(const struct manifest *manifest, const char *name)
{
	const struct manifest_state *state = manifest_find_state(
	    manifest, SLICE("reflex___state____state.shop____app_state"));
	return state ? manifest_find_var(state, slice_of_text(name)) : NULL;
}

static void what_is_there_is_counted(void **state)
{
	write_web(*state);
	struct bundle bundle = inspect(*state);
	assert_int_equal(bundle.all.files, 9);
	assert_int_equal(bundle.all.links, 1);
	assert_int_equal(bundle.packages.files, 1);
	assert_int_equal(bundle.packages.links, 1);
	assert_int_equal(bundle.served.files, 4);
	assert_int_equal(
	    bundle.served.bytes, strlen("<html>" CHUNK ROUTE "var e={EVENT:`ws://h:1/_event`,TRANSPORT:`websocket`}"));
	assert_false(bundle.cut);
	assert_int_equal(bundle.unreadable, 0);
	bundle_free(&bundle);
}

static void links_are_shown_with_their_targets(void **state)
{
	write_web(*state);
	struct bundle bundle = inspect(*state);
	assert_int_equal(bundle.example_count, 1);
	assert_string_equal(bundle.examples[0].below, "node_modules/.bin/esbuild");
	assert_string_equal(bundle.examples[0].target, "../esbuild/bin/esbuild");
	bundle_free(&bundle);
}

static void broken_and_outward_links_are_distinguished(void **state)
{
	write_web(*state);
	write_link(*state, "a-broken", "nowhere");
	write_link(*state, "b-outside", "/");
	struct bundle bundle = inspect(*state);
	assert_int_equal(bundle.all.links, 3);
	assert_int_equal(bundle.broken_links, 1);
	assert_int_equal(bundle.outside_links, 1);
	bundle_free(&bundle);
}

static void a_link_to_a_folder_is_not_followed(void **state)
{
	write_web(*state);
	write_link(*state, "node_modules/self", "..");
	struct bundle bundle = inspect(*state);
	assert_int_equal(bundle.all.files, 9);
	assert_int_equal(bundle.all.links, 2);
	bundle_free(&bundle);
}

static void only_the_first_links_are_kept(void **state)
{
	char name[32];
	write_web(*state);
	for (int index = 0; index < 2 * BUNDLE_EXAMPLES; index++) {
		snprintf(name, sizeof name, "link-%d", index);
		write_link(*state, name, "env.json");
	}
	struct bundle bundle = inspect(*state);
	assert_int_equal(bundle.all.links, 2 * BUNDLE_EXAMPLES + 1);
	assert_int_equal(bundle.example_count, BUNDLE_EXAMPLES);
	assert_string_equal(bundle.examples[0].below, "link-0");
	bundle_free(&bundle);
}

static void a_command_line_takes_every_path_its_end_and_a_pointer(void **state)
{
	(void)state;
	struct bundle_count count = {.files = 2, .links = 1, .directories = 7, .path_bytes = 30};
	assert_int_equal(bundle_argument_bytes(&count, 0), 30 + 3 * (1 + sizeof(char *)));
	assert_int_equal(bundle_argument_bytes(&count, 10), 30 + 3 * (10 + 1 + sizeof(char *)));
	assert_true(bundle_argument_limit() >= 4096);
}

static void source_and_build_are_read_apart(void **state)
{
	write_web(*state);
	struct bundle bundle = inspect(*state);
	assert_text(bundle.frontend.source->transport, "polling");
	assert_text(bundle.frontend.built->transport, "websocket");
	assert_text(bundle.frontend.source->version, "0.8.28");
	assert_text(bundle.frontend.built->version, "0.8.28");
	assert_true(bundle.has_index);
	bundle_free(&bundle);
}

static void the_builds_routes_show_what_is_shown(void **state)
{
	struct frontend frontend;
	write_web(*state);
	assert_true(frontend_open(&frontend, *state));
	const struct manifest_var *rows = find_var(frontend_manifest(&frontend), "rows_rx_state_");
	assert_int_equal(rows->reads, 1);
	assert_text(rows->read_in, "assets/_index-Dt.js");
	assert_int_equal(find_var(frontend_manifest(&frontend), "total_rx_state_")->reads, 0);
	frontend_free(&frontend);
}

static void a_folder_of_scripts_is_a_build(void **state)
{
	struct frontend frontend;
	write_web(*state);
	char *assets = directory_join(*state, "build/client");
	assert_true(frontend_open(&frontend, assets));
	assert_non_null(frontend_states(&frontend));
	assert_ptr_equal(frontend_manifest(&frontend), frontend.built);
	assert_null(frontend.web);
	frontend_free(&frontend);
	free(assets);
}

static void a_context_alone_is_a_source(void **state)
{
	struct frontend frontend;
	own_folder_write(*state, "context.js", SOURCE);
	char *context = directory_join(*state, "context.js");
	assert_true(frontend_open(&frontend, context));
	assert_ptr_equal(frontend_manifest(&frontend), frontend.source);
	assert_non_null(find_var(frontend.source, "rows_rx_state_"));
	frontend_free(&frontend);
	free(context);
}

static void the_folder_of_the_app_will_do(void **state)
{
	struct frontend frontend;
	own_folder_write(*state, ".web/utils/context.jsx", SOURCE);
	assert_true(frontend_open(&frontend, *state));
	assert_non_null(frontend_states(&frontend));
	frontend_free(&frontend);
}

static void without_a_build_the_pages_sources_show_what_is_shown(void **state)
{
	struct frontend frontend;
	own_folder_write(*state, "utils/context.js", SOURCE);
	own_folder_write(*state, "app/routes/_index.jsx",
	    "jsx(\"p\",{},reflex___state____state__shop____app_state.total_rx_state_)");
	assert_true(frontend_open(&frontend, *state));
	assert_int_equal(find_var(frontend_manifest(&frontend), "total_rx_state_")->reads, 1);
	frontend_free(&frontend);
}

static void nexts_export_is_a_build(void **state)
{
	struct frontend frontend;
	own_folder_write(*state, "_static/_next/static/chunks/pages/_app-1.js", CHUNK);
	assert_true(frontend_open(&frontend, *state));
	assert_ptr_equal(frontend_manifest(&frontend), frontend.built);
	assert_non_null(frontend_states(&frontend));
	frontend_free(&frontend);
}

static void scripts_of_packages_are_not_read(void **state)
{
	struct frontend frontend;
	own_folder_write(*state, "build/client/node_modules/a/index.js", CHUNK);
	assert_true(frontend_open(&frontend, *state));
	assert_null(frontend_states(&frontend));
	frontend_free(&frontend);
}

static void an_empty_folder_is_a_bundle_without_anything(void **state)
{
	struct bundle bundle = inspect(*state);
	assert_int_equal(bundle.all.files, 0);
	assert_false(bundle.has_index);
	assert_null(frontend_states(&bundle.frontend));
	bundle_free(&bundle);
}

static void what_is_not_there_cannot_be_inspected(void **state)
{
	struct bundle bundle;
	struct frontend frontend;
	char *path = directory_join(*state, "nowhere");
	assert_false(bundle_inspect(&bundle, path));
	assert_false(frontend_open(&frontend, path));
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_A_FOLDER(what_is_there_is_counted),
	    IN_A_FOLDER(links_are_shown_with_their_targets),
	    IN_A_FOLDER(broken_and_outward_links_are_distinguished),
	    IN_A_FOLDER(a_link_to_a_folder_is_not_followed),
	    IN_A_FOLDER(only_the_first_links_are_kept),
	    cmocka_unit_test(a_command_line_takes_every_path_its_end_and_a_pointer),
	    IN_A_FOLDER(source_and_build_are_read_apart),
	    IN_A_FOLDER(the_builds_routes_show_what_is_shown),
	    IN_A_FOLDER(a_folder_of_scripts_is_a_build),
	    IN_A_FOLDER(a_context_alone_is_a_source),
	    IN_A_FOLDER(the_folder_of_the_app_will_do),
	    IN_A_FOLDER(without_a_build_the_pages_sources_show_what_is_shown),
	    IN_A_FOLDER(nexts_export_is_a_build),
	    IN_A_FOLDER(scripts_of_packages_are_not_read),
	    IN_A_FOLDER(an_empty_folder_is_a_bundle_without_anything),
	    IN_A_FOLDER(what_is_not_there_cannot_be_inspected),
	};
	return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
