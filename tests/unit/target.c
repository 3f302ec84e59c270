/* Request targets: which are Engine.IO's, and what they say. */
#include "socketio/engineio.h"
#include "unit.h"

#include <stdio.h>

static struct target read_target(const char *text)
{
	struct target target;
	target_read(&target, slice_of_text(text));
	return target;
}

static void assert_engineio(const char *text)
{
	if (!read_target(text).engineio)
		fail_msg("not taken for Engine.IO: %s", text);
}

static void assert_other(const char *text)
{
	if (read_target(text).engineio)
		fail_msg("taken for Engine.IO: %s", text);
}

static void a_handshake_is_recognised_by_its_query(void **state)
{
	(void)state;
	assert_engineio("/socket.io/?EIO=4&transport=polling");
	assert_engineio("/any/path/at/all?transport=websocket&EIO=3");
	assert_engineio("/?x=1&EIO=4&transport=polling&t=abc");
}

static void the_path_alone_shows_nothing(void **state)
{
	(void)state;
	assert_other("/socket.io/");
	assert_other("/socket.io/socket.io.js");
	assert_other("/socket.io/?v=2");
}

static void a_path_that_names_a_query_shows_nothing(void **state)
{
	(void)state;
	assert_other("/EIO=4&transport=polling");
	assert_other("/docs#?EIO=4&transport=polling");
}

static void a_revision_with_a_sid_is_enough(void **state)
{
	(void)state;
	assert_engineio("/x?EIO=4&sid=abc");
}

static void a_known_transport_with_a_sid_is_enough(void **state)
{
	(void)state;
	assert_engineio("/x?transport=polling&sid=abc");
	assert_other("/x?transport=bicycle&sid=abc");
}

static void a_revision_or_a_transport_is_enough_at_the_usual_paths(void **state)
{
	(void)state;
	assert_engineio("/socket.io/?EIO=4");
	assert_engineio("/engine.io?EIO=3");
	assert_engineio("/app/socket.io//?transport=polling");
	assert_other("/app?EIO=4");
	assert_other("/app?transport=polling");
}

static void a_parameter_whose_name_only_ends_alike_is_another(void **state)
{
	(void)state;
	assert_other("/x?xEIO=4&xtransport=polling");
	assert_other("/x?eio=4&Transport=polling");
}

static void nothing_is_read_of_a_target_that_is_not_engineio(void **state)
{
	(void)state;
	struct target target = read_target("/x?transport=polling&t=1");
	assert_int_equal(target.transport, TRANSPORT_NONE);
	assert_int_equal(target.sid_len, 0);
}

static void an_empty_target_is_not_engineio(void **state)
{
	(void)state;
	struct target target;
	target_read(&target, slice_of(NULL, 0));
	assert_false(target.engineio);
	assert_other("?");
}

static void what_is_no_revision_is_not_taken_for_one(void **state)
{
	(void)state;
	assert_int_equal(read_target("/?EIO=4&transport=polling").revision, 4);
	assert_int_equal(read_target("/?EIO=3&transport=polling").revision, 3);
	assert_int_equal(read_target("/?EIO=2&transport=polling").revision, 3);
	assert_int_equal(read_target("/?EIO=04&transport=polling").revision, 0);
	assert_int_equal(read_target("/?EIO=&transport=polling").revision, 0);
}

static void without_a_revision_it_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(read_target("/x?transport=polling&sid=abc").revision, 0);
}

static void the_revisions_spelling_is_kept(void **state)
{
	(void)state;
	assert_true(slice_equals_text(read_target("/?EIO=five&transport=polling").eio, "five"));
}

static void each_transport_has_its_name(void **state)
{
	(void)state;
	for (enum transport known = TRANSPORT_POLLING; known < TRANSPORT_UNKNOWN; known++) {
		char text[64];
		snprintf(text, sizeof text, "/?EIO=4&transport=%s", transport_name(known));
		assert_int_equal(read_target(text).transport, known);
	}
}

static void an_unknown_transport_keeps_its_word(void **state)
{
	(void)state;
	struct target target = read_target("/?EIO=4&transport=flashsocket&t=1");
	assert_int_equal(target.transport, TRANSPORT_UNKNOWN);
	assert_true(slice_equals_text(target.word, "flashsocket"));
}

static void a_handshake_has_no_sid(void **state)
{
	(void)state;
	assert_int_equal(read_target("/?EIO=4&transport=polling").sid_len, 0);
	assert_int_equal(read_target("/?EIO=4&transport=polling&sid=").sid_len, 0);
}

static void a_sid_is_decoded(void **state)
{
	(void)state;
	struct target target = read_target("/?EIO=4&transport=polling&sid=a%2Fb%3d-_x");
	assert_string_equal(target.sid, "a/b=-_x");
	assert_int_equal(target.sid_len, 7);
}

static void a_sid_may_hold_a_zero_byte(void **state)
{
	(void)state;
	struct target target = read_target("/?EIO=4&transport=polling&sid=a%00b");
	assert_int_equal(target.sid_len, 3);
	assert_memory_equal(target.sid, "a\0b", 3);
}

static void a_sid_that_is_too_long_is_cut(void **state)
{
	(void)state;
	char text[400] = "/?EIO=4&transport=polling&sid=";
	memset(text + strlen(text), 's', 300);
	struct target target = read_target(text);
	assert_int_equal(target.sid_len, TARGET_SID_SIZE - 1);
	assert_int_equal(strlen(target.sid), TARGET_SID_SIZE - 1);
}

static void the_first_of_two_sids_holds(void **state)
{
	(void)state;
	assert_string_equal(read_target("/?EIO=4&transport=polling&sid=first&sid=second").sid, "first");
}

static void jsonp_is_recognised_by_its_index(void **state)
{
	(void)state;
	assert_true(read_target("/?EIO=3&transport=polling&j=0").jsonp);
	assert_false(read_target("/?EIO=3&transport=polling&jj=0").jsonp);
}

static void an_absolute_target_is_read_like_any(void **state)
{
	(void)state;
	struct target target = read_target("http://example.org/socket.io/?EIO=4&sid=abc#top");
	assert_true(target.engineio);
	assert_string_equal(target.sid, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_handshake_is_recognised_by_its_query),
	    cmocka_unit_test(the_path_alone_shows_nothing),
	    cmocka_unit_test(a_path_that_names_a_query_shows_nothing),
	    cmocka_unit_test(a_revision_with_a_sid_is_enough),
	    cmocka_unit_test(a_known_transport_with_a_sid_is_enough),
	    cmocka_unit_test(a_revision_or_a_transport_is_enough_at_the_usual_paths),
	    cmocka_unit_test(a_parameter_whose_name_only_ends_alike_is_another),
	    cmocka_unit_test(nothing_is_read_of_a_target_that_is_not_engineio),
	    cmocka_unit_test(an_empty_target_is_not_engineio),
	    cmocka_unit_test(what_is_no_revision_is_not_taken_for_one),
	    cmocka_unit_test(without_a_revision_it_is_not_known),
	    cmocka_unit_test(the_revisions_spelling_is_kept),
	    cmocka_unit_test(each_transport_has_its_name),
	    cmocka_unit_test(an_unknown_transport_keeps_its_word),
	    cmocka_unit_test(a_handshake_has_no_sid),
	    cmocka_unit_test(a_sid_is_decoded),
	    cmocka_unit_test(a_sid_may_hold_a_zero_byte),
	    cmocka_unit_test(a_sid_that_is_too_long_is_cut),
	    cmocka_unit_test(the_first_of_two_sids_holds),
	    cmocka_unit_test(jsonp_is_recognised_by_its_index),
	    cmocka_unit_test(an_absolute_target_is_read_like_any),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
