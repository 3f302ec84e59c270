/* What leaves: texts without sids and secrets, and ids that every host derives alike. */
#include "view/outbound.h"

#include "unit.h"

#include <stdio.h>

#define SID "Xk3cQ9vZt7Lw2PbNAAAB"

static int begin(void **state)
{
	struct mask mask;
	mask_init(&mask);
	*state = outbound_new(&mask, "api-2", NULL);
	return *state ? 0 : -1;
}

static int end(void **state)
{
	outbound_free(*state);
	return 0;
}

/* The text as it leaves; valid until the next call. */
static const char *leaving(struct outbound *outbound, struct slice text, size_t most, enum outbound_form form)
{
	static char kept[4096];
	struct buffer out = buffer_over(kept, sizeof kept - 1);
	outbound_write_text(outbound, &out, text, most, form);
	kept[out.len] = '\0';
	return kept;
}

static const char *shown(struct outbound *outbound, const char *text)
{
	return leaving(outbound, slice_of_text(text), 1000, OUTBOUND_TEXT);
}

static void a_known_sid_is_found_wherever_it_is(void **state)
{
	char id[SESSION_ID_SIZE], wanted[64];
	outbound_note_sid(*state, SLICE(SID));
	outbound_session_id(SLICE(SID), id);
	snprintf(wanted, sizeof wanted, "x%sy", id);
	assert_string_equal(shown(*state, "x" SID "y"), wanted);
	snprintf(wanted, sizeof wanted, "/chat#%s", id);
	assert_string_equal(shown(*state, "/chat#" SID), wanted);
	assert_null(strstr(shown(*state, SID SID), "Xk3c"));
}

static void of_two_sids_that_begin_alike_the_longer_one_is_meant(void **state)
{
	char id[SESSION_ID_SIZE];
	outbound_note_sid(*state, SLICE("Xk3cQ9vZ"));
	outbound_note_sid(*state, SLICE(SID));
	assert_string_equal(shown(*state, SID), outbound_session_id(SLICE(SID), id));
}

static void a_sid_that_is_named_need_not_be_known(void **state)
{
	static const char *const texts[] = {"GET /socket.io/?EIO=4&sid=" SID "&t=1", "{\"sid\":\"" SID "\"}",
	    "{\\\"sid\\\": \\\"" SID "\\\"}", "?sid%3D" SID, "sid: " SID, "SID=" SID};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strstr(shown(*state, texts[i]), "Xk3c"))
			fail_msg("%s leaves as %s", texts[i], shown(*state, texts[i]));
}

static void a_counter_that_is_named_is_a_sid(void **state)
{
	char id[SESSION_ID_SIZE], wanted[64];
	snprintf(wanted, sizeof wanted, "?sid=%s&t=x", outbound_session_id(SLICE("71"), id));
	assert_string_equal(shown(*state, "?sid=71&t=x"), wanted);
}

static void words_about_a_sid_stay(void **state)
{
	static const char text[] = "the sid was given out twice; inside: 4; sids=none";
	assert_string_equal(shown(*state, text), text);
}

static void a_sid_is_found_before_the_text_is_cut(void **state)
{
	outbound_note_sid(*state, SLICE(SID));
	assert_null(strstr(leaving(*state, SLICE("abcdef" SID), 12, OUTBOUND_LABEL), "Xk3"));
}

static void as_many_sids_are_known_as_is_said(void **state)
{
	enum { KNOWN = 131072 };
	char sid[32];
	for (int i = 0; i < KNOWN + 10; i++) {
		snprintf(sid, sizeof sid, "sid-number-%08d", i);
		outbound_note_sid(*state, slice_of_text(sid));
	}
	snprintf(sid, sizeof sid, "sid-number-%08d", 10);
	assert_null(strstr(shown(*state, sid), "sid-number"));
}

static void without_memory_for_a_sid_no_text_leaves(void **state)
{
	struct mask mask;
	struct budget budget = {.limit = 1500}; /* enough for texts */
	mask_init(&mask);
	struct outbound *blind = outbound_new(&mask, "api-2", &budget);
	outbound_note_sid(blind, SLICE(SID));
	assert_null(strstr(shown(blind, "x" SID), "Xk3c"));
	outbound_free(blind);
	(void)state;
}

static void secrets_are_masked_whatever_the_options_show(void **state)
{
	struct mask mask;
	mask_init(&mask);
	mask.shows = true;
	struct outbound *outbound = outbound_new(&mask, "api-2", NULL);
	assert_null(strstr(shown(outbound, "token=CANARY1Z"), "CANARY1Z"));
	outbound_free(outbound);
	(void)state;
}

static void what_is_no_text_is_put_right(void **state)
{
	const struct slice text = SLICE("a\0b\xff\xc3(\x01\n\xef\xbf\xbe");
	assert_string_equal(leaving(*state, text, 100, OUTBOUND_TEXT),
	    "a\xef\xbf\xbd"
	    "b\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\n\xef\xbf\xbd");
	assert_string_equal(leaving(*state, SLICE("a\nb\x7f"), 100, OUTBOUND_LABEL), "a\xef\xbf\xbd"
	                                                                             "b\xef\xbf\xbd");
}

static void a_text_is_cut_between_characters(void **state)
{
	assert_string_equal(
	    leaving(*state, SLICE("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"), 6, OUTBOUND_LABEL), "\xc3\xa4\xe2\x80\xa6");
	assert_string_equal(leaving(*state, SLICE("123456"), 6, OUTBOUND_LABEL), "123456");
}

static void hex(const uint8_t *id, size_t len, char *text)
{
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
}

static void ids_are_those_that_sha256_gives(void **state)
{
	/* printf 'trace\0SID' | sha256sum, and so on */
	uint8_t trace[TRACE_ID], span[SPAN_ID];
	char text[2 * TRACE_ID + 1], id[SESSION_ID_SIZE];
	outbound_trace_id(SLICE(SID), 0, trace);
	hex(trace, TRACE_ID, text);
	assert_string_equal(text, "b30cf724fec1e4be1f684d70044965c5");
	outbound_trace_id(SLICE(SID), 1, trace);
	hex(trace, TRACE_ID, text);
	assert_string_equal(text, "4c6076489a82d7f19882df09bfb17802");
	outbound_span_id(*state, "ack", SLICE(SID), 0, 7, span);
	hex(span, SPAN_ID, text);
	assert_string_equal(text, "b59016542b59dfe0");
	assert_string_equal(outbound_session_id(SLICE(SID), id), "a097441256424eeb");
}

static void two_hosts_make_two_spans(void **state)
{
	struct mask mask;
	uint8_t here[SPAN_ID], there[SPAN_ID];
	mask_init(&mask);
	struct outbound *other = outbound_new(&mask, "edge-1", NULL);
	outbound_span_id(*state, "session", SLICE(SID), 0, 1, here);
	outbound_span_id(other, "session", SLICE(SID), 0, 1, there);
	assert_memory_not_equal(here, there, SPAN_ID);
	outbound_free(other);
}

static void a_session_without_a_sid_or_with_a_counter_is_this_hosts_alone(void **state)
{
	char text[SESSION_KEY_SIZE];
	const struct session session = {.number = 3, .first = 5};
	const struct session counted = {.number = 3, .first = 5, .sid = (char *)"71", .sid_len = 2};
	assert_true(slice_ends_with(outbound_session_key(*state, &session, text), SLICE(" api-2")));
	assert_true(slice_ends_with(outbound_session_key(*state, &counted, text), SLICE(" api-2")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_known_sid_is_found_wherever_it_is),
	    TEST(of_two_sids_that_begin_alike_the_longer_one_is_meant),
	    TEST(a_sid_that_is_named_need_not_be_known),
	    TEST(a_counter_that_is_named_is_a_sid),
	    TEST(words_about_a_sid_stay),
	    TEST(a_sid_is_found_before_the_text_is_cut),
	    TEST(as_many_sids_are_known_as_is_said),
	    TEST(without_memory_for_a_sid_no_text_leaves),
	    TEST(secrets_are_masked_whatever_the_options_show),
	    TEST(what_is_no_text_is_put_right),
	    TEST(a_text_is_cut_between_characters),
	    TEST(ids_are_those_that_sha256_gives),
	    TEST(two_hosts_make_two_spans),
	    TEST(a_session_without_a_sid_or_with_a_counter_is_this_hosts_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
