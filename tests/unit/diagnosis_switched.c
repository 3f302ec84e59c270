/* 101s that a client may not take, on timelines made by hand. The key and its Accept are those of RFC 6455 §1.3. */
#include "stage.h"

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define OTHER_KEY "Sec-WebSocket-Key: KQjbSDrmD1P3zwMPyjlKkw==\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define UPGRADES "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define HANDSHAKE(fields) "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" UPGRADES fields "\r\n"
#define UPGRADE(fields) "GET /socket.io/?EIO=4&transport=websocket&sid=sid HTTP/1.1\r\n" UPGRADES fields "\r\n"
#define GRANT(fields) "HTTP/1.1 101 Switching Protocols\r\n" UPGRADES fields "\r\n"

/* The WebSocket is granted, the server says hello, and the client ends it without a word. */
static void grant(struct stage *stage, const char *request, const char *answer)
{
	stage->transport = TRANSPORT_WEBSOCKET;
	stage_ask(stage, true, request, answer, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
}

static void judge(const char *request, const char *answer, const char *cause)
{
	struct stage stage;
	stage_begin(&stage);
	grant(&stage, request, answer);
	const struct finding *found = stage_expect(&stage, CODE_HANDSHAKE_REJECTED, cause != NULL);
	if (cause) {
		assert_string_equal(found->cause, cause);
		assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
		assert_null(stage_found(&stage, CODE_ABNORMAL_CLOSE));
	} else {
		assert_non_null(stage_found(&stage, CODE_ABNORMAL_CLOSE));
	}
	stage_end(&stage);
}

/* ---- what it must see */

static void an_accept_of_another_key_is_refused_by_clients(void **state)
{
	(void)state;
	judge(HANDSHAKE(OTHER_KEY), GRANT(ACCEPT), "wrong-accept");
}

static void a_101_without_an_accept_is_refused_by_clients(void **state)
{
	(void)state;
	judge(HANDSHAKE(KEY), GRANT(""), "wrong-accept");
}

static void an_accept_that_comes_again_for_another_key_is_named_as_replayed(void **state)
{
	struct stage *stage = *state;
	grant(stage, HANDSHAKE(OTHER_KEY), GRANT("Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n"));
	stage_begin_session(stage);
	grant(stage, HANDSHAKE(KEY), GRANT("Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n"));
	stage_finish(stage);
	bool replayed = false;
	for (const struct finding *found = stage->findings->first; found; found = found->next)
		replayed |= found->code == CODE_HANDSHAKE_REJECTED &&
		            strstr(found->seen, "the one of packet 1, for another key");
	assert_true(replayed);
}

static void none_of_the_subprotocols_that_were_offered_is_refused_by_clients(void **state)
{
	(void)state;
	judge(HANDSHAKE(KEY "Sec-WebSocket-Protocol: a, b\r\n"), GRANT(ACCEPT), "wrong-subprotocol");
}

static void a_subprotocol_that_was_not_offered_is_refused_by_clients(void **state)
{
	(void)state;
	judge(HANDSHAKE(KEY), GRANT(ACCEPT "Sec-WebSocket-Protocol: b\r\n"), "wrong-subprotocol");
}

static void an_extension_that_was_not_offered_is_refused_by_clients(void **state)
{
	(void)state;
	judge(HANDSHAKE(KEY "Sec-WebSocket-Extensions: x-a\r\n"),
	    GRANT(ACCEPT "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15\r\n"),
	    "wrong-extension");
}

static void a_101_that_lost_its_upgrade_fields_is_refused_by_clients(void **state)
{
	(void)state;
	judge(HANDSHAKE(KEY), "HTTP/1.1 101 X\r\nConnection: close\r\nUpgrade: websocket\r\n" ACCEPT "\r\n",
	    "wrong-switch");
	judge(HANDSHAKE(KEY), "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n" ACCEPT "\r\n", "wrong-switch");
}

static void a_client_that_stays_silent_in_it_likely_refused_it(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, HANDSHAKE(OTHER_KEY), GRANT(ACCEPT), "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage->lingers = 20 * TIMESTAMP_SECOND;
	assert_int_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->confidence, CONFIDENCE_LIKELY);
}

static void an_upgrade_whose_101_is_wrong_failed_for_that(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->transport = TRANSPORT_WEBSOCKET;
	stage_ask(stage, true, UPGRADE(OTHER_KEY), GRANT(ACCEPT), "");
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	stage->transport = TRANSPORT_POLLING;
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	const struct finding *found = SEES(stage, CODE_UPGRADE_FAILED);
	assert_string_equal(found->cause, "wrong-accept");
	assert_null(found->next);
}

/* ---- what looks alike */

static void a_client_that_leaves_a_right_101_at_once_left(void **state)
{
	(void)state;
	judge(HANDSHAKE(KEY), GRANT(ACCEPT), NULL);
	judge(HANDSHAKE(KEY "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate; "
	                    "client_max_window_bits, x-c\r\n"),
	    GRANT(ACCEPT "Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Extensions: x-c\r\n"
	                 "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"),
	    NULL);
}

static void a_client_that_sends_something_took_the_101_however_wrong(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, HANDSHAKE(OTHER_KEY), GRANT(ACCEPT), "");
	stage_join(stage);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	stage->lingers = 20 * TIMESTAMP_SECOND;
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_handshake_without_a_key_shows_nothing(void **state)
{
	(void)state;
	judge(HANDSHAKE(""), GRANT(ACCEPT), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_accept_of_another_key_is_refused_by_clients),
	    cmocka_unit_test(a_101_without_an_accept_is_refused_by_clients),
	    ON_STAGE(an_accept_that_comes_again_for_another_key_is_named_as_replayed),
	    cmocka_unit_test(none_of_the_subprotocols_that_were_offered_is_refused_by_clients),
	    cmocka_unit_test(a_subprotocol_that_was_not_offered_is_refused_by_clients),
	    cmocka_unit_test(an_extension_that_was_not_offered_is_refused_by_clients),
	    cmocka_unit_test(a_101_that_lost_its_upgrade_fields_is_refused_by_clients),
	    ON_STAGE(a_client_that_stays_silent_in_it_likely_refused_it),
	    ON_STAGE(an_upgrade_whose_101_is_wrong_failed_for_that),
	    cmocka_unit_test(a_client_that_leaves_a_right_101_at_once_left),
	    ON_STAGE(a_client_that_sends_something_took_the_101_however_wrong),
	    cmocka_unit_test(a_handshake_without_a_key_shows_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
