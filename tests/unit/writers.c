/* Text for people, on writer made of memory. */
#include "view/writers.h"

#include "unit.h"

static void assert_label(const char *label, const char *text, const char *wanted)
{
	char *written = NULL;
	size_t size = 0;
	struct text_writer writer = {.out = open_memstream(&written, &size)};
	assert_non_null(writer.out);
	text_label(&writer, STYLE_PLAIN, 2, label, "%s", text);
	assert_int_equal(fclose(writer.out), 0);
	assert_string_equal(written, wanted);
	free(written);
}

static void what_could_steer_a_terminal_is_escaped_in_the_text(void **state)
{
	(void)state;
	assert_label("a = ", "x\033[2J\x7f\xc2\x9b\xff", "  a = x\\u001b[2J\\u007f\\u009b\\xff\n");
}

static void what_could_steer_a_terminal_is_escaped_in_the_label(void **state)
{
	(void)state;
	assert_label("x\033[2J\r\xff = ", "1", "  x\\u001b[2J\\r\\xff = 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_could_steer_a_terminal_is_escaped_in_the_text),
	    cmocka_unit_test(what_could_steer_a_terminal_is_escaped_in_the_label),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
