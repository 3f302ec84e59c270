/* Expressions: what they say of a short timeline made by hand, and what is wrong with those that say nothing. */
#include "query/query.h"

#include "base/mask.h"
#include "query/expectations.h"
#include "timeline_by_hand.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

/* Two sessions. The first: opens at 0 s, joins at 0.5 s, is welcomed at 0.6 s, asks at 1 s and is answered after 200
 * ms. The second: opens at 3 s and says nothing. */
static int give_timeline(void **state)
{
	struct timeline_by_hand *given = timeline_by_hand_new();
	given->sessions[0].handshake_seen = given->sessions[1].handshake_seen = true;
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "{\"sid\":\"first\"}");
	give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 0.5, "\"join\"",
	    "{\"room\":\"lobby\",\"seats\":[1,{\"n\":7}]},2");
	give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 0.6, "\"welcome\"", "");
	uint64_t question = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 1, "\"ask\"", "null");
	record_link(given->record, question, give(given, 1, EVENT_ACK, DIRECTION_TO_CLIENT, 1.2, "", "[]"));
	give(given, 2, EVENT_OPEN, DIRECTION_TO_CLIENT, 3, "", "{}");
	struct finding *finding = findings_claim(
	    &given->findings, CODE_EVENT_UNANSWERED, CONFIDENCE_LIKELY, &given->sessions[1], NULL, "");
	finding_say(&given->findings, finding, "nothing came");
	*state = given;
	return 0;
}

#define assert_holds(text) assert_true(timeline_holds(*state, text))
#define assert_broken(text) assert_false(timeline_holds(*state, text))

static void assert_wrong(const char *text, size_t column, const char *words)
{
	struct query_error error;
	struct query *query = query_parse(slice_of_text(text), 0, &error);
	assert_null(query);
	if (!strstr(error.message, words))
		fail_msg("%s: %s", text, error.message);
	assert_int_equal(error.column, column);
}

/* ---- what holds */

static void a_table_alone_means_that_it_has_rows(void **state)
{
	assert_holds("sessions");
	assert_holds("events where type == ack");
	assert_broken("events where type == gap");
	assert_holds("sessions == 2");
}

static void rows_are_counted(void **state)
{
	assert_holds("count(events) == 6");
	assert_holds("count(events where session == 1) == count(events) - 1");
	assert_broken("count(sessions) > 2");
}

static void none_some_and_every_ask_what_stands_behind_the_colon(void **state)
{
	assert_holds("none(events where type == event: name == \"leave\")");
	assert_holds("some(events: name == \"ask\")");
	assert_broken("every(sessions: count(findings) == 0)");
	assert_holds("every(sessions where session == 1: count(findings) == 0)");
}

static void every_of_nothing_is_broken(void **state)
{
	assert_broken("every(events where type == gap: session == 1)");
	assert_holds("none(events where type == gap: session == 1)");
}

static void data_is_asked_by_index_and_key(void **state)
{
	assert_holds("some(events where data[0].room == \"lobby\")");
	assert_holds("some(events where data.room == \"lobby\")");
	assert_holds("some(events where data[0][\"seats\"][1].n == 7 and data[1] == 2)");
	assert_broken("some(events where data[0].seats[2] == 1 or data[2] == 2)");
	assert_holds("some(events where name == \"ask\" and data[0] == null)");
}

static void what_is_not_there_equals_only_null(void **state)
{
	assert_holds("count(events where name != null) == 3");
	assert_broken("some(events where name == \"join\" and latency < 1h)");
	assert_broken("some(events where name == \"join\" and latency >= 0s)");
	assert_holds("some(events where name == \"join\" and latency == null)");
}

static void what_is_not_there_matches_no_pattern(void **state)
{
	assert_holds("count(events where name ~ \".\") == 3");
	assert_holds("count(events where name !~ \".\") == 3");
}

static void of_two_events_at_one_time_the_order_of_the_timeline_decides(void **state)
{
	give(*state, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 4, "\"one\"", "");
	give(*state, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 4, "\"two\"", "");
	assert_holds("first(events where name == \"one\") before first(events where name == \"two\")");
	assert_broken("first(events where name == \"two\") before first(events where name == \"one\")");
}

static void a_number_in_json_beside_a_duration_is_in_milliseconds(void **state)
{
	give(*state, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 4, "\"slow\"", "{\"wait\":250}");
	assert_holds("some(events where name == \"slow\" and data.wait == 250ms)");
	assert_broken("some(events where name == \"slow\" and data.wait < 250ms)");
}

static void what_is_divided_by_zero_is_not_there(void **state)
{
	assert_broken("count(events) / (count(events) - 6) > 0");
	assert_holds("count(events) / (count(events) - 6) == null");
}

static void latency_is_the_time_to_the_answer(void **state)
{
	assert_holds("some(events where name == \"ask\" and latency == 200ms and answered)");
	assert_holds("max(latency of events) == 200ms");
	assert_broken("p95(latency of events where name == \"join\") < 1h");
}

static void percentiles_are_of_the_nearest_rank(void **state)
{
	assert_holds("p50(index of events) == 3");
	assert_holds("p99(index of events) == 6");
	assert_holds("mean(index of events) == 3.5 and sum(index of events) == 21");
}

static void the_first_and_the_last_have_an_order(void **state)
{
	assert_holds("first(events where name == \"join\") before first(events where name == \"welcome\")");
	assert_broken("first(events where name == \"join\") after first(events where name == \"welcome\")");
	assert_broken("first(events where name == \"join\") before first(events where name == \"leave\")");
	assert_holds("last(events).time - first(events).time == 3s");
}

static void within_is_asked_of_each_session_in_its_time(void **state)
{
	assert_broken("within 1s of open: some(events where name == \"join\")");
	assert_holds("within 1s of open: some(events where type == open)");
	assert_holds("within 200ms of first(events where name == \"join\"): some(events where name == \"welcome\")");
	assert_broken("within 50ms of first(events where name == \"join\"): some(events where name == \"welcome\")");
	assert_broken("within 1s of first(events where name == \"leave\"): events");
}

/* Asks `format`, in which %s stands for the text, of a timeline with an event `long` whose one argument it is. */
static bool holds_of_long_text(void **state, const char *format)
{
	enum { LONG = 6000 };
	struct timeline_by_hand *given = *state;
	char text[LONG + 1], data[LONG + 3], asked[LONG + 200];
	memset(text, 'x', LONG);
	text[LONG] = '\0';
	snprintf(data, sizeof data, "\"%s\"", text);
	give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 1.5, "\"long\"", data);
	give(given, 2, EVENT_EVENT, DIRECTION_TO_SERVER, 3.5, "\"long\"", data);
	snprintf(asked, sizeof asked, format, text);
	return timeline_holds(*state, asked);
}

static void text_of_any_length_is_compared_whole(void **state)
{
	assert_true(holds_of_long_text(state, "first(data[0] of events where name == \"long\") == \"%s\""));
	assert_true(holds_of_long_text(state, "last(data[0] of events where name == \"long\") == \"%s\""));
	assert_false(holds_of_long_text(state, "first(data[0] of events where name == \"long\") == \"%sx\""));
}

static void within_asks_as_much_text_as_there_is(void **state)
{
	assert_true(holds_of_long_text(state,
	    "within 2s of open: first(events where name == \"long\").data[0] == \"%s\" and first(events where name == "
	    "\"long\").data[0] ~ \"xxx$\" and first(events where name == \"long\").data[0] ~ \"^xxx\""));
}

static void words_may_stand_with_quotes_or_without(void **state)
{
	assert_holds("count(findings where severity == warning) == count(findings where severity == \"warning\")");
	assert_holds("some(findings where severity >= warning and confidence < proven)");
	assert_holds("some(events where type in [ack, \"gap\"]) and not some(events where type in [\"log\"])");
}

static void regular_expressions_match_anywhere(void **state)
{
	assert_holds("some(events where name ~ \"^w.*e$\")");
	assert_holds("some(events where data ~ 'lobby')");
	assert_holds("none(events where name !~ \".\" and name != null)");
}

static void a_comment_ends_with_its_line(void **state)
{
	assert_holds("sessions # where nothing\n and events");
}

/* ---- what is proven by what was seen */

static void assert_proof(const struct timeline_by_hand *given, const char *text, bool proven)
{
	if (!timeline_holds(given, text))
		fail_msg("does not hold: %s", text);
	if (timeline_says(given, text, query_is_proven) != proven)
		fail_msg("%s: %s", proven ? "is not proven" : "is proven", text);
}

#define assert_proven(text) assert_proof(*state, text, true)
#define assert_unproven(text) assert_proof(*state, text, false) /* more packets could break what holds */

static void what_is_there_is_proven(void **state)
{
	assert_proven("sessions");
	assert_proven("events where type == event");
	assert_proven("some(events where name == \"join\" and data[0].room == \"lobby\")");
	assert_proven("some(events: name ~ \"^jo\" and dir in [\"c>s\"] and ack == null or type == open)");
	assert_proven("some(sessions where transport == websocket: sid == \"first\")");
	assert_unproven("none(events where name == \"leave\")");
	assert_unproven("every(events: type != gap)");
}

static void a_count_is_proven_that_more_rows_cannot_undo(void **state)
{
	assert_proven("count(events where type == event) >= 3");
	assert_proven("count(events where type == event) > 1 + 1");
	assert_proven("2 <= sessions");
	assert_proven("count(events where type == event) != 2");
	assert_unproven("count(events where type == event) == 3");
	assert_unproven("count(events where type == event) <= 3");
	assert_unproven("count(events where type == event) != 4");
	assert_unproven("count(events) > count(sessions)");
}

static void what_is_disproven_is_proven_not_to_be(void **state)
{
	assert_proven("not none(events where type == open)");
	assert_proven("not every(events: name == \"join\")");
	assert_proven("not count(events where type == event) < 3");
	assert_proven("not (3 > count(events where type == event) or count(events where type == event) == 2)");
	assert_unproven("not some(events where type == gap)");
	assert_unproven("not count(events where type == event) > 3");
}

static void of_an_and_all_must_be_proven_of_an_or_one(void **state)
{
	assert_proven("sessions and some(events where type == ack)");
	assert_unproven("sessions and none(events where type == gap)");
	assert_proven("sessions or none(events where type == gap)");
	assert_proven("not (none(sessions) and none(events where type == gap))");
	assert_unproven("not (none(sessions) or some(events where type == gap))");
}

static void a_row_is_proven_with_what_its_condition_asks(void **state)
{
	assert_proven("some(sessions: count(events where type == event) >= 2)");
	assert_proven("some(sessions where some(events where name == \"ask\"))");
	assert_unproven("some(sessions: count(events where type == event) == 3)");
	assert_unproven("some(sessions: none(events where name == \"join\"))");
	assert_unproven("count(sessions where none(events where name == \"leave\")) >= 1");
}

static void values_that_others_change_prove_nothing(void **state)
{
	assert_unproven("some(events where latency == 200ms)");
	assert_unproven("some(events where name == \"join\" and not answered)");
	assert_unproven("some(events where index == 1)");
	assert_unproven("some(events where name == null)");
	assert_unproven("some(events where name != \"join\" and type == open)");
	assert_unproven("some(sessions where closed == null)");
	assert_unproven("max(index of events) > 1");
	assert_unproven("first(events where name == \"join\") before first(events where name == \"welcome\")");
	assert_unproven("within 1h of open: some(events where type == open)");
	assert_unproven("findings");
}

/* A WebSocket that was joined in mid-stream: nothing but its messages says what it is. */
static void without_a_sid_only_an_event_with_its_name_is_proven(void **state)
{
	struct timeline_by_hand *given = *state;
	given->sessions[0].sid = NULL;
	give(given, 1, EVENT_PING, DIRECTION_TO_CLIENT, 1, "", "");
	give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 1, "\"tick\"", "1");
	assert_proof(given, "events where type == ping", false);
	assert_proof(given, "events where name == \"tick\"", true);
}

static void each_session_is_proven_by_its_handshake(void **state)
{
	struct timeline_by_hand *given = *state;
	given->sessions[0].handshake_seen = true;
	given->sessions[0].transport = TRANSPORT_POLLING;
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "{}");
	give(given, 2, EVENT_PONG, DIRECTION_TO_CLIENT, 0, "", "");
	assert_proof(given, "sessions >= 1", true);
	assert_proof(given, "sessions >= 2", false);
	assert_proof(given, "sessions where handshake", true);
	assert_proof(given, "sessions where not handshake", false);
	assert_proof(given, "sessions where transport == polling", false); /* it may have been upgraded */
}

static void of_sessions_without_handshake_one_is_proven(void **state)
{
	struct timeline_by_hand *given = *state;
	given->sessions[0].revision = 4;
	give(given, 1, EVENT_PONG, DIRECTION_TO_CLIENT, 0, "", "");
	give(given, 2, EVENT_PONG, DIRECTION_TO_CLIENT, 0, "", "");
	assert_proof(given, "sessions", true);
	assert_proof(given, "sessions >= 1 and some(sessions where sid == \"first\")", true);
	assert_proof(given, "sessions >= 2", false);
	assert_proof(given, "sessions where eio == 4", false);
}

/* What a hop passes on is seen on both, and may not have been recognised. */
static void events_on_two_legs_of_a_session_may_be_copies(void **state)
{
	struct timeline_by_hand *given = *state;
	given->sessions[0].handshake_seen = true;
	given->sessions[0].leg_count = 2;
	given->connections[1].server.port = 8001;
	give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 1, "\"tick\"", "1");
	given->connection = 1;
	give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 1, "\"tick\"", "1");
	assert_proof(given, "events where name == \"tick\"", true);
	assert_proof(given, "count(events where name == \"tick\") >= 2", false);
	give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 2, "\"tick\"", "1");
	assert_proof(given, "count(events where name == \"tick\") >= 2", true);
}

static void what_a_joined_session_runs_over_is_not_proven(void **state)
{
	struct timeline_by_hand *given = *state;
	given->sessions[0].transport = TRANSPORT_WEBSOCKET;
	give(given, 1, EVENT_PONG, DIRECTION_TO_CLIENT, 0, "", "");
	assert_proof(given, "sessions where transport == websocket", false);
}

/* An event of the first session, with what is set of it. */
static void give_as(struct timeline_by_hand *given, struct event event)
{
	const struct observer *observer = record_observer(given->record);
	event.index = ++given->events;
	event.kind = EVENT_EVENT;
	event.session = &given->sessions[0];
	event.connection = &given->connections[0];
	observer->event(observer->self, &event);
}

static void an_event_that_was_not_read_whole_proves_nothing(void **state)
{
	struct timeline_by_hand *given = *state;
	give_as(given, (struct event){.packet.nsp = SLICE("/whole")});
	give_as(given, (struct event){.packet.nsp = SLICE("/cut"), .incomplete = true});
	give_as(given, (struct event){.packet.nsp = SLICE("/compressed"), .unreadable = true});
	give_as(given, (struct event){.packet.nsp = SLICE("/raw"), .packet.has_raw = true});
	assert_proof(given, "events where nsp == \"/whole\"", true);
	assert_proof(given, "events where nsp == \"/cut\"", false);
	assert_proof(given, "events where nsp == \"/compressed\"", false);
	assert_proof(given, "events where nsp == \"/raw\"", false);
}

/* Of HTTP answers, some of which were lost, the next may be taken for that of another request. */
static void what_an_answer_brings_is_not_proven_to_be_its_session_s(void **state)
{
	struct timeline_by_hand *given = *state;
	given->sessions[0].handshake_seen = true;
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "{}");
	give_as(
	    given, (struct event){
	               .packet.nsp = SLICE("/up"), .transport = TRANSPORT_POLLING, .direction = DIRECTION_TO_SERVER});
	give_as(
	    given, (struct event){
	               .packet.nsp = SLICE("/down"), .transport = TRANSPORT_POLLING, .direction = DIRECTION_TO_CLIENT});
	assert_proof(given, "some(events where nsp == \"/down\")", true);
	assert_proof(given, "some(events where nsp == \"/down\" and sid == \"first\")", false);
	assert_proof(given, "some(events where nsp == \"/up\" and sid == \"first\")", true);
	assert_proof(given, "some(sessions: some(events where nsp == \"/down\"))", false);
	assert_proof(given, "some(sessions: some(events where nsp == \"/up\"))", true);
}

static void what_a_gap_makes_or_may_be_another_s_proves_nothing(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 1, EVENT_GAP, DIRECTION_TO_CLIENT, 0, "", "");
	give(given, 1, EVENT_TCP_CLOSE, DIRECTION_TO_CLIENT, 0, "", "");
	give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 1, "\"tick\"", "1");
	assert_proof(given, "events where type == gap", false);
	given->connection = 1;
	given->connections[1].doubtful = true;
	give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 2, "\"tock\"", "1");
	assert_proof(given, "events where type == gap", false);
	assert_proof(given, "events where type == \"tcp-close\"", false);
	assert_proof(given, "events where name == \"tick\"", true);
	assert_proof(given, "events where name == \"tock\"", false);
}

/* ---- what is wrong */

static void an_unknown_field_names_the_nearest(void **state)
{
	(void)state;
	assert_wrong("events where nmae == 1", 14, "did you mean name?");
	assert_wrong("findings where kind == 1", 16, "findings have no field 'kind'; they have ");
	assert_wrong("findings where name == 1", 16, "code");
	assert_wrong("events where name == welcome", 22, "a text is written in quotes: \"welcome\"");
	assert_wrong("findings where latency > 1s", 16, "findings have no field 'latency'");
}

static void an_unknown_word_names_the_nearest(void **state)
{
	(void)state;
	assert_wrong("findings where severity == eror", 28, "did you mean \"error\"?");
	assert_wrong("events where type == \"evnt\"", 22, "did you mean \"event\"?");
	assert_wrong("findings where code == \"cors-bloked\"", 24, "did you mean \"cors-blocked\"?");
	assert_wrong("findings where code == \"xyz\"", 24, "no finding has this code; 'sioscope explain' lists them");
}

static void a_misspelt_keyword_is_named(void **state)
{
	(void)state;
	assert_wrong("count(evnts)", 7, "did you mean events?");
	assert_wrong("count(events wher type == ack)", 14, "did you mean where?");
}

static void types_that_do_not_fit_are_reported(void **state)
{
	(void)state;
	assert_wrong("events where latency < 500", 14, "write a unit");
	assert_wrong("events where type < ack", 14, "cannot be compared like this");
	assert_wrong("count(events)", 1, "true or false is wanted here");
	assert_wrong("some(events where session ~ \"1\")", 19, "text is wanted here");
	assert_wrong("p95(name of sessions) < 1s", 5, "sessions have no field 'name'");
}

static void what_is_not_whole_is_reported(void **state)
{
	(void)state;
	assert_wrong("count(events", 13, "')' is missing here");
	assert_wrong("events where name == \"x", 22, "closing quote");
	assert_wrong("every(sessions)", 15, "what every one must be");
	assert_wrong("some(events where name ~ \"(\")", 26, "no regular expression");
	assert_wrong("sessions sessions", 10, "the end");
	assert_wrong("", 1, "a value is missing here");
}

static void depth_and_length_have_limits(void **state)
{
	(void)state;
	char deep[1000] = "", *longest = malloc(QUERY_TEXT + 2);
	struct query_error error;
	memset(deep, '(', sizeof deep - 1);
	assert_null(query_parse(slice_of_text(deep), 0, &error));
	assert_non_null(strstr(error.message, "less deep"));
	memset(longest, ' ', QUERY_TEXT + 1);
	assert_null(query_parse(slice_of(longest, QUERY_TEXT + 1), 0, &error));
	assert_non_null(strstr(error.message, "more than"));
	free(longest);
}

/* ---- reckoning */

static void numbers_are_reckoned_with_products_first(void **state)
{
	assert_holds("1 + 2 * 3 == 7 and (1 + 2) * 3 == 9 and 7 - 2 - 1 == 4 and 9 / 2 == 4.5");
	assert_holds("-1 < 0 and 2 - 3 == -1");
	assert_holds("count(events) - count(sessions) * 2 == 2");
}

static void durations_scale_and_have_ratios(void **state)
{
	assert_holds("2s * 3 == 6s and 3s / 2 == 1500ms and 3s / 2s == 1.5 and 1min - 1s == 59s");
	assert_holds("-1s < 0s");
}

static void times_differ_by_durations(void **state)
{
	assert_holds("first(events).time + 3s == last(events).time");
	assert_holds("last(events).time - 3s == first(events).time");
	assert_holds("last(events).time - first(events).time == 3s");
}

static void what_is_reckoned_from_nothing_is_nothing(void **state)
{
	assert_broken("first(events where type == gap).index + 1 > 0");
	assert_holds("first(events where type == gap).index + 1 == null");
}

static void what_cannot_be_reckoned_is_reported(void **state)
{
	(void)state;
	assert_wrong("first(events).time + first(events).time == 1s", 1, "cannot be computed like this");
	assert_wrong("2s * 2s == 4s", 1, "cannot be computed like this");
	assert_wrong("1 + \"a\" == 2", 1, "cannot be computed like this");
	assert_wrong("1 - 1s == 0s", 1, "cannot be computed like this");
}

static void sizes_and_durations_have_units(void **state)
{
	assert_holds("1KiB == 1024 and 1kB == 1000 and 2MiB == 2 * 1024 * 1024");
	assert_holds("1h == 60min and 1min == 60s and 1s == 1000ms and 1ms == 1000us and 1us == 1000ns");
}

static void json_is_true_false_or_a_number(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 2, EVENT_EVENT, DIRECTION_TO_CLIENT, 3.5, "\"flags\"", "{\"on\":true,\"off\":false,\"n\":2}");
	assert_holds("some(events where data.on == true and data.off == false and data.n == 2)");
	assert_broken("some(events where data.on == false)");
}

/* ---- signs and numbers */

static void what_is_no_number_or_sign_is_reported_where_it_stands(void **state)
{
	(void)state;
	assert_wrong("count(events) == 5parsecs", 18, "there are ns us ms s min h");
	assert_wrong("count(events) == 1.2.3", 18, "no number");
	assert_wrong("count(events) == 1234567890123456789012345678901234567890", 18, "too long for a number");
	assert_wrong("count(events) = 5", 15, "write == to compare");
	assert_wrong("count(events) ? 5", 15, "this sign means nothing here");
	assert_wrong("count(events) == -\"a\"", 19, "a number is wanted here");
}

static void a_path_needs_keys_and_indices(void **state)
{
	(void)state;
	assert_wrong("some(events where data[x] == 1)", 24, "an index or a key in quotes");
	assert_wrong("some(events where data.[0] == 1)", 24, "a key");
}

static void a_backslash_stands_for_the_quote_behind_it(void **state)
{
	assert_broken("some(events where name == \"a\\\"b\")");
	assert_holds("\"a\\\"b\" == 'a\"b'");
}

static void a_table_is_wanted_where_values_come_from(void **state)
{
	(void)state;
	assert_wrong("max(latency) < 1s", 5, "a table (sessions, events, findings) is wanted here");
	assert_wrong("max(latency of name) < 1s", 16, "sessions, events, findings");
	assert_wrong("max(nsp of events) < 1s", 5, "a number or a duration is wanted here");
	assert_wrong("within 5 of open: events", 8, "a duration");
	assert_wrong("within 1s of 5: events", 14, "open, start, or first");
	assert_wrong("sessions before events", 1, "first(…) or last(…)");
	assert_wrong("some(events where name ~ 5)", 26, "a regular expression in quotes");
}

/* ---- why not */

static void assert_explained(void **state, const char *text, const char *sentence, size_t culprits)
{
	const struct timeline_by_hand *given = *state;
	struct query_error error;
	struct buffer words;
	struct query *query = query_parse(slice_of_text(text), 0, &error);
	assert_non_null(query);
	buffer_init(&words, 1000, NULL);
	const struct mask mask = {.salt = 1};
	struct query_blame blame = {.sentence = &words, .mask = &mask};
	query_explain(query, &given->data, &blame);
	buffer_append_byte(&words, '\0');
	assert_string_equal((const char *)words.at, sentence);
	assert_int_equal(blame.culprit_count, culprits);
	buffer_free(&words);
	query_free(query);
}

static void what_was_found_instead_is_reported(void **state)
{
	assert_explained(state, "count(events where type == event) >= 10", "count(events where type == event) is 3", 3);
	assert_explained(state, "none(events where type == event)", "there are 3", 3);
	assert_explained(state, "some(events where type == gap)", "none of 6 events matches", 0);
	assert_explained(state, "every(events where type == open: session == 1)", "1 of 2 events does not match", 1);
	assert_explained(state, "max(latency of events) < 100ms", "max(latency of events) is 200 ms", 1);
	assert_explained(state, "sessions and some(events where type == log)", "none of 6 events matches", 0);
}

static void each_kind_of_sentence_is_explained_in_its_words(void **state)
{
	assert_explained(state, "some(events where type == gap: session == 1)", "none of 6 events matches", 0);
	assert_explained(state, "some(events where type == ack: session == 2)", "of 1 such event none matches", 0);
	assert_explained(state, "every(events where type == gap: session == 1)", "none of 6 events matches", 0);
	assert_explained(state, "not sessions", "this is true: sessions", 2);
	assert_explained(
	    state, "first(events) after last(events)", "first(events) is packet 10, last(events) is packet 60", 2);
	assert_explained(state, "last(sessions) before first(sessions)",
	    "last(sessions) is session 2, first(sessions) is session 1", 2);
	assert_explained(state, "1 == 2", "this is never true", 0);
	assert_explained(state, "count(events) + count(sessions) == 9", "count(events) + count(sessions) is 8", 8);
	assert_explained(state, "first(events).time > last(events).time",
	    "first(events).time is 1970-01-01T00:16:40.000000000Z, last(events).time is 1970-01-01T00:16:43.000000000Z",
	    2);
	assert_explained(state, "first(findings).code == \"x\"", "first(findings).code is \"event-unanswered\"", 1);
	assert_explained(state, "first(sessions).handshake", "first(sessions).handshake is false", 0);
}

static void within_is_explained_by_the_sessions_that_broke_it(void **state)
{
	assert_explained(
	    state, "within 1s of open: some(events where name == \"join\")", "in session 2 none of 1 event matches", 0);
	assert_explained(state, "within 1s of first(events where type == gap): events",
	    "there is no session in which that could have begun", 0);
}

static void a_secret_is_not_reported_in_an_explanation(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 1, EVENT_CONNECT, DIRECTION_TO_SERVER, 0.1, "", "{\"token\":\"s3cret\",\"password\":5}");
	const char *texts[] = {"first(events where type == connect).data.token == \"x\"",
	    "first(events where type == connect).data.password == 6"};
	for (size_t i = 0; i < 2; i++) {
		struct query_error error;
		struct buffer words;
		struct query *query = query_parse(slice_of_text(texts[i]), 0, &error);
		const struct mask mask = {.salt = 1};
		struct query_blame blame = {.sentence = &words, .mask = &mask};
		assert_non_null(query);
		buffer_init(&words, 1000, NULL);
		query_explain(query, &given->data, &blame);
		buffer_append_byte(&words, '\0');
		assert_non_null(strstr((const char *)words.at, "masked"));
		assert_null(strstr((const char *)words.at, "s3cret"));
		assert_null(strstr((const char *)words.at, " is 5"));
		buffer_free(&words);
		query_free(query);
	}
}

static void what_has_no_other_side_is_explained_by_its_one(void **state)
{
	assert_explained(state, "1.5s in []", "this is never true", 0);
	assert_explained(state, "max(latency of events) in []", "max(latency of events) is 200 ms", 6);
	assert_explained(state, "max(latency of events) in [1s]", "max(latency of events) is 200 ms", 6);
	assert_explained(state, "\"a\" ~ \"b\"", "this is never true", 0);
}

/* ---- files */

static void a_line_that_begins_with_white_space_goes_on(void **state)
{
	(void)state;
	char path[] = "/tmp/sioscope-expect-XXXXXX";
	int file = mkstemp(path);
	FILE *out = fdopen(file, "w");
	fputs(
	    "# a comment\nsessions\n\ncount(events\n# between\n    where type == ack) == 1\n  # and another\nevents\n",
	    out);
	assert_int_equal(fclose(out), 0);
	struct expectations expectations;
	expectations_init(&expectations);
	assert_true(expectations_add_file(&expectations, path, stderr));
	remove(path);
	assert_int_equal(expectations.count, 3);
	assert_int_equal(expectations.first->line, 2);
	assert_int_equal(expectations.first->next->line, 4);
	assert_int_equal(expectations.last->line, 8);
	expectations_free(&expectations);
}

static void assert_refused_file(const char *path, const char *words)
{
	struct expectations expectations;
	char said[512] = "";
	FILE *complaints = fmemopen(said, sizeof said, "w");
	assert_non_null(complaints);
	expectations_init(&expectations);
	assert_false(expectations_add_file(&expectations, path, complaints));
	assert_int_equal(fclose(complaints), 0);
	assert_non_null(strstr(said, words));
	expectations_free(&expectations);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	(void)state;
	assert_refused_file("/nowhere/at/all.expect", "/nowhere/at/all.expect: No such file");
	assert_refused_file("/", "/: Is a directory");
}

#define GIVEN(test) cmocka_unit_test_setup_teardown(test, give_timeline, forget_timeline)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    GIVEN(a_table_alone_means_that_it_has_rows),
	    GIVEN(rows_are_counted),
	    GIVEN(none_some_and_every_ask_what_stands_behind_the_colon),
	    GIVEN(every_of_nothing_is_broken),
	    GIVEN(data_is_asked_by_index_and_key),
	    GIVEN(what_is_not_there_equals_only_null),
	    GIVEN(what_is_not_there_matches_no_pattern),
	    GIVEN(of_two_events_at_one_time_the_order_of_the_timeline_decides),
	    GIVEN(a_number_in_json_beside_a_duration_is_in_milliseconds),
	    GIVEN(what_is_divided_by_zero_is_not_there),
	    GIVEN(latency_is_the_time_to_the_answer),
	    GIVEN(percentiles_are_of_the_nearest_rank),
	    GIVEN(the_first_and_the_last_have_an_order),
	    GIVEN(within_is_asked_of_each_session_in_its_time),
	    GIVEN(text_of_any_length_is_compared_whole),
	    GIVEN(within_asks_as_much_text_as_there_is),
	    GIVEN(what_is_there_is_proven),
	    GIVEN(a_count_is_proven_that_more_rows_cannot_undo),
	    GIVEN(what_is_disproven_is_proven_not_to_be),
	    GIVEN(of_an_and_all_must_be_proven_of_an_or_one),
	    GIVEN(a_row_is_proven_with_what_its_condition_asks),
	    GIVEN(values_that_others_change_prove_nothing),
	    BY_HAND(without_a_sid_only_an_event_with_its_name_is_proven),
	    BY_HAND(each_session_is_proven_by_its_handshake),
	    BY_HAND(of_sessions_without_handshake_one_is_proven),
	    BY_HAND(events_on_two_legs_of_a_session_may_be_copies),
	    BY_HAND(what_a_joined_session_runs_over_is_not_proven),
	    BY_HAND(an_event_that_was_not_read_whole_proves_nothing),
	    BY_HAND(what_an_answer_brings_is_not_proven_to_be_its_session_s),
	    BY_HAND(what_a_gap_makes_or_may_be_another_s_proves_nothing),
	    GIVEN(words_may_stand_with_quotes_or_without),
	    GIVEN(regular_expressions_match_anywhere),
	    GIVEN(a_comment_ends_with_its_line),
	    cmocka_unit_test(an_unknown_field_names_the_nearest),
	    cmocka_unit_test(an_unknown_word_names_the_nearest),
	    cmocka_unit_test(a_misspelt_keyword_is_named),
	    cmocka_unit_test(types_that_do_not_fit_are_reported),
	    cmocka_unit_test(what_is_not_whole_is_reported),
	    cmocka_unit_test(depth_and_length_have_limits),
	    GIVEN(what_was_found_instead_is_reported),
	    GIVEN(what_has_no_other_side_is_explained_by_its_one),
	    cmocka_unit_test(a_line_that_begins_with_white_space_goes_on),
	    GIVEN(numbers_are_reckoned_with_products_first),
	    GIVEN(durations_scale_and_have_ratios),
	    GIVEN(times_differ_by_durations),
	    GIVEN(what_is_reckoned_from_nothing_is_nothing),
	    cmocka_unit_test(what_cannot_be_reckoned_is_reported),
	    GIVEN(sizes_and_durations_have_units),
	    GIVEN(json_is_true_false_or_a_number),
	    cmocka_unit_test(what_is_no_number_or_sign_is_reported_where_it_stands),
	    cmocka_unit_test(a_path_needs_keys_and_indices),
	    GIVEN(a_backslash_stands_for_the_quote_behind_it),
	    cmocka_unit_test(a_table_is_wanted_where_values_come_from),
	    GIVEN(each_kind_of_sentence_is_explained_in_its_words),
	    GIVEN(within_is_explained_by_the_sessions_that_broke_it),
	    GIVEN(a_secret_is_not_reported_in_an_explanation),
	    cmocka_unit_test(a_file_that_cannot_be_read_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
