/* What a 101 agreed on. */
#include "http/message.h"
#include "unit.h"

enum { OFF = 0, ON = 1, SERVER_TAKES_NONE_OVER = 2, CLIENT_TAKES_NONE_OVER = 4 };

static void assert_agreed(const char *list, int expected)
{
	struct deflate_agreement agreed = extensions_read(slice_of_text(list));
	int given = (agreed.on ? ON : OFF) | (agreed.server_no_context_takeover ? SERVER_TAKES_NONE_OVER : 0) |
	            (agreed.client_no_context_takeover ? CLIENT_TAKES_NONE_OVER : 0);
	assert_int_equal(given, expected);
}

static void no_extension_is_no_deflate(void **state)
{
	(void)state;
	assert_agreed("", OFF);
	assert_agreed(" , ,", OFF);
	assert_agreed("x-webkit-deflate-frame", OFF);
}

static void extensions_are_read_as_servers_write_them(void **state)
{
	(void)state;
	assert_agreed("permessage-deflate", ON);
	assert_agreed("permessage-deflate; server_max_window_bits=12; client_max_window_bits=12", ON);
	assert_agreed("permessage-deflate;server_no_context_takeover;client_no_context_takeover",
	    ON | SERVER_TAKES_NONE_OVER | CLIENT_TAKES_NONE_OVER);
	assert_agreed("Permessage-Deflate ; Server_No_Context_Takeover", ON | SERVER_TAKES_NONE_OVER);
	assert_agreed("permessage-deflate; client_max_window_bits = \"9\" ; client_no_context_takeover",
	    ON | CLIENT_TAKES_NONE_OVER);
}

static void the_first_of_several_counts(void **state)
{
	(void)state;
	assert_agreed("permessage-deflate, permessage-deflate; server_no_context_takeover", ON);
}

static void other_extensions_are_passed_over(void **state)
{
	(void)state;
	assert_agreed("permessage-bzip2; level=\"a,b;\\\"c\", permessage-deflate", ON);
	assert_agreed("permessage-bzip2; server_no_context_takeover, permessage-deflate; surprise=1", ON);
}

static void what_is_quoted_is_a_value(void **state)
{
	(void)state;
	assert_agreed("x; y=\"1, permessage-deflate\"", OFF);
	assert_agreed("permessage-deflate; surprise=\"; server_no_context_takeover\"", ON);
}

static void an_unended_quoted_value_is_read_to_the_end(void **state)
{
	(void)state;
	assert_agreed("permessage-deflate; server_max_window_bits=\"10; server_no_context_takeover", ON);
	assert_agreed("permessage-deflate; surprise=\"\\", ON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_extension_is_no_deflate),
	    cmocka_unit_test(extensions_are_read_as_servers_write_them),
	    cmocka_unit_test(the_first_of_several_counts),
	    cmocka_unit_test(other_extensions_are_passed_over),
	    cmocka_unit_test(what_is_quoted_is_a_value),
	    cmocka_unit_test(an_unended_quoted_value_is_read_to_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
