/* The table of sessions: who is found by a sid, and who goes when there are too many. */
#include "socketio/session.h"
#include "unit.h"

struct closed {
	timestamp first[8]; /* of the sessions that were closed */
	size_t count;
};

static void note_closed(void *self, struct session *session)
{
	struct closed *closed = self;
	closed->first[closed->count++] = session->first;
}

static struct endpoint server_of_port(uint16_t port)
{
	return (struct endpoint){.address = {.version = 4, .bytes = {127, 0, 0, 1}}, .port = port};
}

static struct session *add(struct sessions *sessions, const char *sid, uint16_t port, timestamp now)
{
	struct session *session = sessions_add(sessions, now);
	session->server = server_of_port(port);
	session_add_leg(session, 0, &(struct session_leg){.server = session->server}, NULL);
	session->leg_count = 1;
	if (*sid)
		sessions_name(sessions, session, slice_of_text(sid));
	return session;
}

static void the_one_longest_without_traffic_goes_when_there_are_too_many(void **state)
{
	(void)state;
	struct closed closed = {0};
	struct sessions *sessions = sessions_new(2, NULL, note_closed, &closed);
	struct session *first = add(sessions, "a", 1, 10);
	add(sessions, "b", 1, 20);
	sessions_touch(sessions, first, 30);
	add(sessions, "c", 1, 40);
	assert_int_equal(closed.count, 1);
	assert_int_equal(closed.first[0], 20);
	assert_int_equal(sessions_evicted(sessions), 1);
	sessions_free(sessions);
}

static void one_that_a_websocket_holds_stays(void **state)
{
	(void)state;
	struct closed closed = {0};
	struct sessions *sessions = sessions_new(2, NULL, note_closed, &closed);
	add(sessions, "a", 1, 10)->users = 1;
	add(sessions, "b", 1, 20);
	add(sessions, "c", 1, 30);
	assert_int_equal(closed.count, 1);
	assert_int_equal(closed.first[0], 20);
	sessions_free(sessions);
}

static void one_that_had_ended_is_not_counted_as_given_up(void **state)
{
	(void)state;
	struct closed closed = {0};
	struct sessions *sessions = sessions_new(1, NULL, note_closed, &closed);
	add(sessions, "a", 1, 10)->closed = 15;
	add(sessions, "b", 1, 20);
	assert_int_equal(closed.count, 1);
	assert_int_equal(sessions_evicted(sessions), 0);
	sessions_free(sessions);
}

static void two_servers_may_give_out_one_sid(void **state)
{
	(void)state;
	struct closed closed = {0};
	struct endpoint one = server_of_port(1), two = server_of_port(2), other = server_of_port(3);
	struct sessions *sessions = sessions_new(9, NULL, note_closed, &closed);
	struct session *first = add(sessions, "1", 1, 10), *second = add(sessions, "1", 2, 20);
	assert_ptr_equal(sessions_find(sessions, SLICE("1"), &one), first);
	assert_ptr_equal(sessions_find(sessions, SLICE("1"), &two), second);
	assert_null(sessions_find(sessions, SLICE("1"), &other));
	assert_ptr_equal(sessions_newest(sessions, SLICE("1")), second);
	sessions_free(sessions);
}

static void sessions_know_that_another_has_their_sid(void **state)
{
	(void)state;
	struct closed closed = {0};
	struct sessions *sessions = sessions_new(9, NULL, note_closed, &closed);
	const struct session *alone = add(sessions, "alone", 1, 10);
	const struct session *one = add(sessions, "two servers", 1, 20), *other = add(sessions, "two servers", 2, 30);
	const struct session *former = add(sessions, "again", 1, 40), *latter = add(sessions, "again", 1, 50);
	assert_false(alone->shares_sid);
	assert_true(one->shares_sid && other->shares_sid);
	assert_true(former->shares_sid && latter->shares_sid);
	sessions_free(sessions);
}

static void a_sid_that_a_server_gives_out_again_names_the_new_session(void **state)
{
	(void)state;
	struct closed closed = {0};
	struct endpoint one = server_of_port(1);
	struct sessions *sessions = sessions_new(9, NULL, note_closed, &closed);
	add(sessions, "1", 1, 10);
	struct session *second = add(sessions, "1", 1, 20);
	assert_ptr_equal(sessions_find(sessions, SLICE("1"), &one), second);
	sessions_free(sessions);
	assert_int_equal(closed.count, 2);
}

static void a_session_is_found_at_the_server_of_any_leg(void **state)
{
	(void)state;
	struct closed closed = {0};
	struct endpoint two = server_of_port(2);
	struct sessions *sessions = sessions_new(9, NULL, note_closed, &closed);
	struct session *session = add(sessions, "a", 1, 10);
	session_add_leg(session, 1, &(struct session_leg){.server = two}, NULL);
	assert_ptr_equal(sessions_find(sessions, SLICE("a"), &two), session);
	sessions_free(sessions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_one_longest_without_traffic_goes_when_there_are_too_many),
	    cmocka_unit_test(one_that_a_websocket_holds_stays),
	    cmocka_unit_test(one_that_had_ended_is_not_counted_as_given_up),
	    cmocka_unit_test(two_servers_may_give_out_one_sid),
	    cmocka_unit_test(sessions_know_that_another_has_their_sid),
	    cmocka_unit_test(a_sid_that_a_server_gives_out_again_names_the_new_session),
	    cmocka_unit_test(a_session_is_found_at_the_server_of_any_leg),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
