/* Of what libbpf and the verifier say the end is kept. */
#include "source/probe_messages.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct probe_messages messages;

static int empty(void **state)
{
	(void)state;
	messages = (struct probe_messages){0};
	return 0;
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	probe_messages_add(&messages, format, arguments);
	va_end(arguments);
}

static void assert_written(const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	probe_messages_write(&messages, "> ", out);
	(void)fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void nothing_said_is_nothing_written(void **state)
{
	(void)state;
	assert_written("");
}

static void each_line_of_a_message_is_one(void **state)
{
	(void)state;
	add("%s: first\n\nsecond\n", "libbpf");
	add("third");
	assert_written("> libbpf: first\n> second\n> third\n");
}

static void of_many_lines_the_last_are_kept_in_order(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		add("line %d\n", i);
	assert_written("> line 88\n> line 89\n> line 90\n> line 91\n> line 92\n> line 93\n> line 94\n> line 95\n"
	               "> line 96\n> line 97\n> line 98\n> line 99\n");
}

static void a_log_of_a_megabyte_leaves_its_end(void **state)
{
	(void)state;
	enum { MEGABYTE = 1 << 20 };
	char *log = malloc(MEGABYTE + 1);
	assert_non_null(log);
	for (size_t i = 0; i < MEGABYTE; i++)
		log[i] = i % 64 == 63 ? '\n' : 'x';
	log[MEGABYTE] = '\0';
	add("-- BEGIN --\n%sUnreleased reference id=5\n", log);
	free(log);
	assert_int_equal(messages.count, 1 + MEGABYTE / 64 + 1);
	assert_string_equal(messages.lines[(messages.count - 1) % PROBE_MESSAGE_LINES], "Unreleased reference id=5");
}

static void of_a_long_line_the_beginning_is_kept(void **state)
{
	(void)state;
	char line[2 * PROBE_MESSAGE_LENGTH + 1];
	memset(line, 'y', sizeof line);
	line[sizeof line - 1] = '\0';
	add("%s\nnext\n", line);
	assert_int_equal(messages.count, 2);
	assert_int_equal(strlen(messages.lines[0]), PROBE_MESSAGE_LENGTH - 1);
	assert_string_equal(messages.lines[1], "next");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(nothing_said_is_nothing_written, empty),
	    cmocka_unit_test_setup(each_line_of_a_message_is_one, empty),
	    cmocka_unit_test_setup(of_many_lines_the_last_are_kept_in_order, empty),
	    cmocka_unit_test_setup(a_log_of_a_megabyte_leaves_its_end, empty),
	    cmocka_unit_test_setup(of_a_long_line_the_beginning_is_kept, empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
