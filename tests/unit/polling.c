/* What polling requests and answers carry. */
#include "scene.h"

#define ANSWER(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body
#define ASK_UPGRADE "GET /socket.io/?EIO=4&transport=websocket&sid=a HTTP/1.1\r\n\r\n"
#define POST_TO(path) "POST " path "?EIO=4&transport=polling&sid=a HTTP/1.1\r\nContent-Length: 7\r\n\r\n42[\"x\"]"
#define REDIRECT(status) "HTTP/1.1 " status " X\r\nLocation: /io/\r\nContent-Length: 0\r\n\r\n"

static void the_body_of_an_upgrade_that_is_answered_as_a_poll_is_decoded_and_was_not_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, ASK_UPGRADE);
	say(scene, 6, DIRECTION_TO_CLIENT, ANSWER("7", "42[\"x\"]"));
	assert_int_equal(find_given(scene, EVENT_EVENT)->unread, UNREAD_IN_UPGRADE);
}

static void a_page_in_answer_to_an_upgrade_is_no_payload(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, ASK_UPGRADE);
	say(scene, 6, DIRECTION_TO_CLIENT, ANSWER("6", "<html>"));
	assert_int_equal(count_given(scene, EVENT_MALFORMED), 0);
}

static void what_comes_after_the_client_had_ended_was_not_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	give(scene, 6, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_FIN | TCP_ACK, "");
	say(scene, 7, DIRECTION_TO_CLIENT, ANSWER("7", "42[\"x\"]"));
	assert_int_equal(find_given(scene, EVENT_EVENT)->unread, UNREAD_IN_ABORTED_POLL);
}

static void what_comes_while_the_client_waits_was_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, ANSWER("7", "42[\"x\"]"));
	give(scene, 7, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_FIN | TCP_ACK, "");
	assert_int_equal(find_given(scene, EVENT_EVENT)->unread, UNREAD_NOT);
}

static void a_post_that_is_redirected_and_sent_again_carries_one_event(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_TO("/socket.io/"));
	say(scene, 6, DIRECTION_TO_CLIENT, REDIRECT("308"));
	say(scene, 7, DIRECTION_TO_SERVER, POST_TO("/io/"));
	say(scene, 8, DIRECTION_TO_CLIENT, ANSWER("2", "ok"));
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
}

static void the_same_event_in_the_post_after_that_is_another(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_TO("/socket.io/"));
	say(scene, 6, DIRECTION_TO_CLIENT, REDIRECT("307"));
	for (uint64_t i = 0; i < 2; i++) {
		say(scene, 7 + 2 * i, DIRECTION_TO_SERVER, POST_TO("/io/"));
		say(scene, 8 + 2 * i, DIRECTION_TO_CLIENT, ANSWER("2", "ok"));
	}
	assert_int_equal(count_given(scene, EVENT_EVENT), 2);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE(the_body_of_an_upgrade_that_is_answered_as_a_poll_is_decoded_and_was_not_read),
	    SCENE(a_page_in_answer_to_an_upgrade_is_no_payload),
	    SCENE(what_comes_after_the_client_had_ended_was_not_read),
	    SCENE(what_comes_while_the_client_waits_was_read),
	    SCENE(a_post_that_is_redirected_and_sent_again_carries_one_event),
	    SCENE(the_same_event_in_the_post_after_that_is_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
