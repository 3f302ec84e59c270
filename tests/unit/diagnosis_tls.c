/* tls-failed on handshakes made by hand. */
#include "stage.h"

/* What became of the next handshake of a client (its address's last byte) with the stage's server. */
static void handshake(struct stage *stage, uint8_t client, struct tls_handshake what)
{
	what.connection = ++stage->packets;
	what.client = stage->connection.client;
	what.client.address.bytes[15] = client;
	what.server = stage->connection.server;
	what.begun = stage->now;
	what.alert_name = "an alert";
	what.protocols = what.certificate = "";
	what.name = what.name ? what.name : "";
	stage_wait(stage, 0.1);
	what.origin = (struct origin){.first = stage->packets, .last = stage->packets, .time = stage->now};
	stage->observer->secured(stage->observer->self, &what);
}

#define ALERT(number, by_the_client) \
	((struct tls_handshake){.result = TLS_FAILED_ALERT, .alert = (number), .by_client = (by_the_client)})
#define DONE ((struct tls_handshake){.result = TLS_DONE})

/* ---- what it must see */

static void an_alert_is_proven_and_names_its_cause(void **state)
{
	static const struct {
		uint8_t alert;
		bool by_client;
		const char *cause;
	} cases[] = {{48, true, "unknown-ca"}, {48, false, "client-certificate"}, {46, true, "certificate-refused"},
	    {45, true, "certificate-expired"}, {40, false, "no-common-parameters"}, {70, false, "version"},
	    {112, false, "unknown-name"}, {116, false, "client-certificate"}, {120, false, "no-application-protocol"},
	    {80, false, "server-error"}, {10, true, "alert"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stage stage;
		stage_begin(&stage);
		handshake(&stage, 1, ALERT(cases[i].alert, cases[i].by_client));
		const struct finding *found = SEES(&stage, CODE_TLS_FAILED);
		assert_string_equal(found->cause, cases[i].cause);
		assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
		assert_int_equal(found->severity, SEVERITY_ERROR);
		assert_int_equal(found->evidence_count, 1);
		stage_end(&stage);
	}
}

static void an_encrypted_alert_is_likely(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 1, (struct tls_handshake){.result = TLS_FAILED_UNREAD, .by_client = true, .answered = true});
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->confidence, CONFIDENCE_LIKELY);
}

/* As clients of node and of python's asyncio do. */
static void a_client_that_leaves_at_the_certificate_again_and_again_is_likely(void **state)
{
	struct stage *stage = *state;
	const struct tls_handshake left = {.result = TLS_FAILED_END, .by_client = true, .answered = true};
	handshake(stage, 1, left);
	handshake(stage, 1, left);
	const struct finding *found = SEES(stage, CODE_TLS_FAILED);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_string_equal(found->cause, "left-at-certificate");
	assert_int_equal(found->count, 2);
}

static void a_client_that_leaves_at_the_certificate_once_is_only_possible(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 1, (struct tls_handshake){.result = TLS_FAILED_END, .by_client = true, .answered = true});
	const struct finding *found = SEES(stage, CODE_TLS_FAILED);
	assert_int_equal(found->confidence, CONFIDENCE_POSSIBLE);
	assert_int_equal(found->severity, SEVERITY_WARNING);
}

static void a_server_that_speaks_no_tls_is_named(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 1, (struct tls_handshake){.result = TLS_FAILED_FOREIGN, .is_plain_http = true});
	assert_string_equal(SEES(stage, CODE_TLS_FAILED)->cause, "plain-http");
}

static void one_that_another_clients_success_follows_stays(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 1, ALERT(48, true));
	handshake(stage, 2, DONE);
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_WARNING);
}

/* As clients of TLS 1.3 refuse a certificate, where their keys are not known. */
static void so_does_one_with_an_alert_that_cannot_be_read(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 1, (struct tls_handshake){.result = TLS_FAILED_UNREAD, .by_client = true, .answered = true});
	handshake(stage, 2, DONE);
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_WARNING);
}

/* The next handshake asks for a server by its name, and fails by this alert of the server. */
static void fail_by_name(struct stage *stage, uint8_t client, uint8_t alert)
{
	struct tls_handshake failed = ALERT(alert, false);
	failed.name = "app";
	handshake(stage, client, failed);
}

static void an_old_client_that_tries_the_same_again_is_a_warning(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 2, DONE);
	fail_by_name(stage, 1, 70);
	fail_by_name(stage, 1, 70);
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_WARNING);
}

static void an_address_that_got_through_before_nobody_accepted_the_certificate_is_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	handshake(stage, 2, DONE);
	handshake(stage, 0, DONE);
	handshake(stage, 0, ALERT(45, true));
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_ERROR);
}

static void a_client_of_engineio_is_an_error_where_the_server_works_for_others(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage); /* its client's last byte is 0 */
	handshake(stage, 2, DONE);
	handshake(stage, 0, ALERT(48, true));
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_ERROR);
}

static void a_certificate_that_is_accepted_later_is_a_warning(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 1, ALERT(48, true));
	handshake(stage, 1, DONE);
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_WARNING);
}

static void handshakes_that_are_never_used_are_possible(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		handshake(stage, 1, (struct tls_handshake){.result = TLS_UNUSED, .by_client = true, .name = "app"});
	}
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->confidence, CONFIDENCE_POSSIBLE);
}

/* ---- what it must not */

static void a_scanner_beside_clients_that_get_through_is_a_hint(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 2, DONE);
	for (int i = 0; i < 3; i++)
		handshake(stage, 1, ALERT(70, false));
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_INFO);
}

static void a_scanner_that_names_the_server_tries_different_things(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 2, DONE);
	fail_by_name(stage, 1, 70);
	fail_by_name(stage, 1, 40);
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_INFO);
}

static void another_user_of_a_clients_address_is_not_the_client(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage); /* its client's last byte is 0 */
	handshake(stage, 0, DONE);
	handshake(stage, 0, ALERT(48, true));
	handshake(stage, 0, ALERT(48, true));
	handshake(stage, 2, DONE);
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_WARNING);
}

static void a_scanner_with_a_clients_address_is_a_hint(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	handshake(stage, 0, DONE);
	stage_wait(stage, 60);
	handshake(stage, 0, ALERT(70, false));
	assert_int_equal(SEES(stage, CODE_TLS_FAILED)->severity, SEVERITY_INFO);
}

/* Each left once, in the moment in which a client that does not accept the certificate leaves. */
static void users_of_one_address_who_leave_now_and_then_are_healthy(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		handshake(
		    stage, 1, (struct tls_handshake){.result = TLS_FAILED_END, .by_client = true, .answered = true});
		stage_wait(stage, 60);
		handshake(stage, 1, DONE);
		stage_wait(stage, 60);
	}
	DOES_NOT_SEE(stage, CODE_TLS_FAILED);
}

static void a_client_that_tries_another_version_is_healthy(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 1, ALERT(70, false));
	handshake(stage, 1, ALERT(70, false));
	handshake(stage, 1, DONE);
	DOES_NOT_SEE(stage, CODE_TLS_FAILED);
}

static void a_success_long_afterwards_excuses_nothing(void **state)
{
	struct stage *stage = *state;
	handshake(stage, 1, ALERT(70, false));
	stage_wait(stage, 60);
	handshake(stage, 1, DONE);
	SEES(stage, CODE_TLS_FAILED);
}

static void health_checks_without_a_name_are_healthy(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 10; i++)
		handshake(stage, 1, (struct tls_handshake){.result = TLS_UNUSED, .by_client = true});
	DOES_NOT_SEE(stage, CODE_TLS_FAILED);
}

static void handshakes_that_are_not_used_beside_engineio_are_healthy(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	for (int i = 0; i < 10; i++)
		handshake(stage, 1, (struct tls_handshake){.result = TLS_UNUSED, .by_client = true, .name = "app"});
	DOES_NOT_SEE(stage, CODE_TLS_FAILED);
}

static void a_client_that_leaves_before_an_answer_is_healthy(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		handshake(stage, 1, (struct tls_handshake){.result = TLS_FAILED_END, .by_client = true});
	DOES_NOT_SEE(stage, CODE_TLS_FAILED);
}

static void another_server_is_nobodys_matter_where_engineio_is_seen(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->connection.server.port = 4433;
	handshake(stage, 9, ALERT(48, true));
	DOES_NOT_SEE(stage, CODE_TLS_FAILED);
}

/* ---- more pairs than there is room for */

static void a_pair_beyond_the_table_is_counted(void **state)
{
	struct stage *stage = *state;
	for (unsigned client = 0; client < 256; client++)
		handshake(stage, (uint8_t)client, ALERT(48, true));
	stage->connection.server.port++;
	handshake(stage, 1, DONE);
	handshake(stage, 1, ALERT(48, true));
	handshake(stage, 2, ALERT(48, true));
	stage_finish(stage);
	assert_int_equal(findings_count_beyond(stage->findings), 2);
}

static void a_pair_without_trouble_makes_room_for_one_that_has(void **state)
{
	struct stage *stage = *state;
	for (unsigned client = 0; client < 256; client++)
		handshake(stage, (uint8_t)client, DONE);
	stage->connection.server.port++;
	handshake(stage, 1, ALERT(48, true));
	SEES(stage, CODE_TLS_FAILED);
	assert_int_equal(findings_count_beyond(stage->findings), 0);
}

/* Any of them may be the client of Engine.IO that has no room among the speakers. */
static void a_failing_client_counts_where_some_speakers_were_not_kept(void **state)
{
	struct stage *stage = *state;
	for (unsigned client = 0; client < 257; client++) {
		stage->connection.client.address.bytes[14] = (uint8_t)(client >> 8);
		stage->connection.client.address.bytes[15] = (uint8_t)client;
		stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app\r\n\r\n",
		    ANSWERED, "0{}");
	}
	stage->connection.server.port++;
	handshake(stage, 1, ALERT(48, true));
	DOES_NOT_SEE(stage, CODE_TLS_FAILED);
	assert_int_equal(findings_count_beyond(stage->findings), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_alert_is_proven_and_names_its_cause),
	    ON_STAGE(an_encrypted_alert_is_likely),
	    ON_STAGE(a_client_that_leaves_at_the_certificate_again_and_again_is_likely),
	    ON_STAGE(a_client_that_leaves_at_the_certificate_once_is_only_possible),
	    ON_STAGE(a_server_that_speaks_no_tls_is_named),
	    ON_STAGE(one_that_another_clients_success_follows_stays),
	    ON_STAGE(so_does_one_with_an_alert_that_cannot_be_read),
	    ON_STAGE(an_old_client_that_tries_the_same_again_is_a_warning),
	    ON_STAGE(an_address_that_got_through_before_nobody_accepted_the_certificate_is_an_error),
	    ON_STAGE(a_scanner_beside_clients_that_get_through_is_a_hint),
	    ON_STAGE(a_scanner_that_names_the_server_tries_different_things),
	    ON_STAGE(another_user_of_a_clients_address_is_not_the_client),
	    ON_STAGE(a_scanner_with_a_clients_address_is_a_hint),
	    ON_STAGE(users_of_one_address_who_leave_now_and_then_are_healthy),
	    ON_STAGE(a_client_of_engineio_is_an_error_where_the_server_works_for_others),
	    ON_STAGE(a_certificate_that_is_accepted_later_is_a_warning),
	    ON_STAGE(handshakes_that_are_never_used_are_possible),
	    ON_STAGE(a_client_that_tries_another_version_is_healthy),
	    ON_STAGE(a_success_long_afterwards_excuses_nothing),
	    ON_STAGE(health_checks_without_a_name_are_healthy),
	    ON_STAGE(handshakes_that_are_not_used_beside_engineio_are_healthy),
	    ON_STAGE(a_client_that_leaves_before_an_answer_is_healthy),
	    ON_STAGE(another_server_is_nobodys_matter_where_engineio_is_seen),
	    ON_STAGE(a_pair_beyond_the_table_is_counted),
	    ON_STAGE(a_pair_without_trouble_makes_room_for_one_that_has),
	    ON_STAGE(a_failing_client_counts_where_some_speakers_were_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
