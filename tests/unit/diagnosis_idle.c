/* idle-cut on timelines told by hand. */
#include "stage.h"

/* A WebSocket that is silent for so long, and then ends without a goodbye. */
static void cut(struct stage *stage, double silence)
{
	stage_begin_session(stage);
	stage_connect(stage);
	stage_wait(stage, silence - 0.01); /* which the last packet took */
	stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
}

/* ---- what it must see */

static void three_cuts_after_the_same_silence_are_an_idle_timeout(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut(stage, 10);
	const struct finding *idle = SEES(stage, CODE_IDLE_CUT);
	assert_int_equal(idle->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(idle->seen, "3 WebSockets"));
	assert_non_null(strstr(idle->seen, "ping interval is 25"));
}

static void cuts_of_nearly_the_same_silence_are_alike(void **state)
{
	struct stage *stage = *state;
	cut(stage, 10);
	cut(stage, 10.3);
	cut(stage, 9.8);
	SEES(stage, CODE_IDLE_CUT);
}

static void the_silence_counts_from_the_last_packet_of_either_side(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_wait(stage, 3 * i);
		stage_say(stage, TO_SERVER, "\"hello\"", "");
		stage_wait(stage, 10);
		stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	SEES(stage, CODE_IDLE_CUT);
}

/* ---- what looks alike */

static void two_cuts_are_too_few(void **state)
{
	struct stage *stage = *state;
	cut(stage, 10);
	cut(stage, 10);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void cuts_after_different_silences_have_no_rule(void **state)
{
	struct stage *stage = *state;
	cut(stage, 7);
	cut(stage, 10);
	cut(stage, 14);
	cut(stage, 18);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void a_goodbye_is_no_cut(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_tell(stage, EVENT_WS_CLOSE, TO_SERVER);
		stage_wait(stage, 8); /* the connection lingers */
		stage_tell(stage, EVENT_TCP_CLOSE, TO_SERVER);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void short_silences_have_many_reasons(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++)
		cut(stage, 2);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void a_client_that_gave_up_on_the_servers_pings_went_by_its_own_rule(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut(stage, 45);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void a_server_that_gave_up_on_the_clients_pongs_went_by_its_own_rule(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut(stage, 20);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void cuts_at_different_servers_do_not_add_up(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++) {
		stage->connection.server.port = (uint16_t)(8000 + i);
		cut(stage, 10);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void connections_of_polls_come_and_go(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++) {
		stage_begin_session(stage);
		stage_connect_by_polling(stage);
		stage_wait(stage, 10);
		stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

/* ---- what is not sure */

static void cut_after_gap(struct stage *stage)
{
	stage_begin_session(stage);
	stage_tell(stage, EVENT_GAP, TO_CLIENT);
	stage_connect(stage);
	stage_wait(stage, 10);
	stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
}

static void in_a_capture_with_gaps_a_timeout_is_only_possible(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut_after_gap(stage);
	assert_only_possible(SEES(stage, CODE_IDLE_CUT));
}

static void one_whole_session_among_others_with_gaps_makes_it_no_surer(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++)
		cut_after_gap(stage);
	cut(stage, 10);
	assert_int_equal(SEES(stage, CODE_IDLE_CUT)->confidence, CONFIDENCE_POSSIBLE);
}

static void bytes_found_missing_at_the_end_break_the_silence(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_wait(stage, 10);
		stage_tell(stage, EVENT_GAP, TO_CLIENT);
		stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void sessions_joined_in_mid_stream_have_unknown_rules_and_are_only_possibly_cut(void **state)
{
	struct stage *stage = *state;
	stage->session.ping_interval = stage->session.ping_timeout = 0;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_beat(stage);
		stage_wait(stage, 10);
		stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	const struct finding *idle = SEES(stage, CODE_IDLE_CUT);
	assert_int_equal(idle->confidence, CONFIDENCE_POSSIBLE);
	assert_null(strstr(idle->seen, "ping interval"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(three_cuts_after_the_same_silence_are_an_idle_timeout),
	    ON_STAGE(cuts_of_nearly_the_same_silence_are_alike),
	    ON_STAGE(the_silence_counts_from_the_last_packet_of_either_side),
	    ON_STAGE(two_cuts_are_too_few),
	    ON_STAGE(cuts_after_different_silences_have_no_rule),
	    ON_STAGE(a_goodbye_is_no_cut),
	    ON_STAGE(short_silences_have_many_reasons),
	    ON_STAGE(a_client_that_gave_up_on_the_servers_pings_went_by_its_own_rule),
	    ON_STAGE(a_server_that_gave_up_on_the_clients_pongs_went_by_its_own_rule),
	    ON_STAGE(cuts_at_different_servers_do_not_add_up),
	    ON_STAGE(connections_of_polls_come_and_go),
	    ON_STAGE(in_a_capture_with_gaps_a_timeout_is_only_possible),
	    ON_STAGE(one_whole_session_among_others_with_gaps_makes_it_no_surer),
	    ON_STAGE(bytes_found_missing_at_the_end_break_the_silence),
	    ON_STAGE(sessions_joined_in_mid_stream_have_unknown_rules_and_are_only_possibly_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
