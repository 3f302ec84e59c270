/* What breaks when an exported frontend is shipped: folders made here, findings out. */
#include "detect/frontend_check.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#define STATES(var) "const initialState = {\"reflex___state____state\": {\"" var "\": false}}"

struct shop {
	char folder[64];
	struct findings findings;
};

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int open_shop(void **state)
{
	static struct shop shop;
	snprintf(shop.folder, sizeof shop.folder, "%s/sioscope-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(shop.folder));
	findings_init(&shop.findings, 1 << 20);
	*state = &shop;
	return 0;
}

static int close_shop(void **state)
{
	struct shop *shop = *state;
	char command[128];
	findings_free(&shop->findings);
	snprintf(command, sizeof command, "rm -rf '%s'", shop->folder);
	return system(command); /* NOLINT(cert-env33-c): a folder of this test's own, by a fixed command */
}

static const struct finding *inspect(struct shop *shop, enum code code)
{
	struct bundle bundle;
	assert_true(bundle_inspect(&bundle, shop->folder));
	bundle_check(&shop->findings, &bundle, shop->folder);
	bundle_free(&bundle);
	for (const struct finding *finding = shop->findings.first; finding; finding = finding->next)
		if (finding->code == code)
			return finding;
	return NULL;
}

static void write_build(struct shop *shop, const char *script)
{
	write_file(shop->folder, "build/client/index.html", "<!doctype html>");
	write_file(shop->folder, "build/client/assets/a.js", script);
}

static void a_bundle_that_is_whole_is_let_pass(void **state)
{
	struct shop *shop = *state;
	write_build(shop, STATES("a_rx_state_"));
	write_file(shop->folder, "utils/context.js", "export " STATES("a_rx_state_"));
	inspect(shop, CODES);
	assert_int_equal(shop->findings.count, 0);
}

static void sources_that_differ_from_the_build_are_told_with_the_first_name(void **state)
{
	struct shop *shop = *state;
	write_build(shop, STATES("a_rx_state_"));
	write_file(shop->folder, "utils/context.js", "export " STATES("b_rx_state_"));
	const struct finding *finding = inspect(shop, CODE_BUNDLE_STATE);
	assert_non_null(finding);
	assert_non_null(strstr(finding->seen, "first b_rx_state_"));
	assert_non_null(strstr(finding->seen, "first a_rx_state_"));
}

static void a_folder_without_a_build_is_incomplete(void **state)
{
	struct shop *shop = *state;
	write_file(shop->folder, "utils/context.js", "export " STATES("a_rx_state_"));
	assert_non_null(inspect(shop, CODE_BUNDLE_INCOMPLETE));
}

static void symlinks_are_counted_and_the_first_is_shown(void **state)
{
	struct shop *shop = *state;
	char link[128];
	write_build(shop, STATES("a_rx_state_"));
	write_file(shop->folder, "node_modules/.bin/placeholder", "");
	snprintf(link, sizeof link, "%s/node_modules/.bin/vite", shop->folder);
	assert_int_equal(symlink("../vite/bin/vite.js", link), 0);
	const struct finding *finding = inspect(shop, CODE_BUNDLE_SYMLINKS);
	assert_non_null(finding);
	assert_non_null(strstr(finding->seen, "1 symlinks"));
	assert_non_null(strstr(finding->seen, "1 broken"));
	assert_non_null(strstr(finding->seen, "../vite/bin/vite.js"));
}

static void an_address_that_no_page_corrects_is_a_warning(void **state)
{
	struct shop *shop = *state;
	write_build(shop, STATES("a_rx_state_") ";var e={EVENT:`ws://127.0.0.1:8000/_event`,TRANSPORT:`websocket`}");
	const struct finding *finding = inspect(shop, CODE_BUNDLE_TRANSPORT);
	assert_non_null(finding);
	assert_int_equal(finding->severity, SEVERITY_WARNING);
}

static void localhost_is_put_right_by_the_page_and_no_warning(void **state)
{
	struct shop *shop = *state;
	write_build(shop, STATES("a_rx_state_") ";var e={EVENT:`ws://localhost:8000/_event`,TRANSPORT:`polling`}");
	const struct finding *finding = inspect(shop, CODE_BUNDLE_TRANSPORT);
	assert_non_null(finding);
	assert_int_equal(finding->severity, SEVERITY_INFO);
	assert_non_null(strstr(finding->seen, "polling"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_bundle_that_is_whole_is_let_pass, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(
	        sources_that_differ_from_the_build_are_told_with_the_first_name, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(a_folder_without_a_build_is_incomplete, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(symlinks_are_counted_and_the_first_is_shown, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(an_address_that_no_page_corrects_is_a_warning, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(localhost_is_put_right_by_the_page_and_no_warning, open_shop, close_shop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
