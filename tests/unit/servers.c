/* The tables of servers/: each row that names a capture is held to it, and what the look-ups promise. */
#include "base/mask.h"
#include "servers/server.h"
#include "socketio/engine.h"
#include "socketio/software.h"
#include "source/source.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

/* ---- captures */

struct seen {
	struct observer observer;
	const struct server *server;          /* it is about this one */
	const struct server_refusal *refusal; /* NULL: it is about the sessions, or a filter */
	const struct server_filter *filter;
	bool refuses;    /* an exchange fits the row */
	bool recognised; /* a session can be of this server */
	timestamp interval, timeout;
	uint64_t payload;
	bool interval_fits, timeout_fits, payload_fits;
};

static void seen_event(void *self, const struct event *event)
{
	struct seen *seen = self;
	if (event->kind != EVENT_HTTP || event->exchange->status < SERVER_REFUSES)
		return;
	const struct server_answer answer = software_answer(event->exchange);
	if (seen->refusal)
		seen->refuses |= server_refusal_matches(seen->refusal, &answer);
	if (seen->filter)
		seen->refuses |= servers_find_filter(&answer) == seen->filter;
}

static void seen_session(void *self, const struct session *session)
{
	struct seen *seen = self;
	for (size_t i = 0; i < servers_count(); i++)
		if (servers_table[i] == seen->server)
			seen->recognised |= (session->software.matched & ~session->software.excluded & 1u << i) != 0;
	seen->interval_fits |= session->ping_interval == seen->interval;
	seen->timeout_fits |= session->ping_timeout == seen->timeout;
	seen->payload_fits |= session->max_payload == seen->payload;
}

/* The captures lie in tests/captures, or in the shared folder beside a clone (SHARED). */
static struct source *captures_open(const char *name)
{
	static const char *const sets[] = {"protocol", "timing", "field", "frameworks", "field3", "field4", "field5"};
	const char *shared = getenv("SHARED");
	char why[256] = "", path[512];
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		snprintf(path, sizeof path, "tests/captures/%s/%s/capture.pcap.zst", sets[i], name);
		if (access(path, R_OK) == 0)
			return capture_file_open(strdup(path), NULL, why, sizeof why);
		snprintf(
		    path, sizeof path, "%s/captures/%s/%s/capture.pcap", shared ? shared : "../shared", sets[i], name);
		if (access(path, R_OK) == 0)
			return capture_file_open(strdup(path), NULL, why, sizeof why);
	}
	fail_msg("no capture %s in tests/captures or %s/captures", name, shared ? shared : "../shared");
	return NULL;
}

static void seen_read(struct seen *seen, const char *capture)
{
	const struct limits limits = limits_default();
	struct source *source = captures_open(capture);
	struct packet packet;
	seen->observer = (struct observer){.self = seen, .event = seen_event, .session_closed = seen_session};
	const struct observer *observers[] = {&seen->observer};
	struct engine *engine = engine_new(&limits, observers, 1);
	assert_non_null(engine);
	assert_non_null(source);
	while (source_next(source, &packet) == SOURCE_PACKET)
		engine_take_packet(engine, &packet);
	engine_end(engine);
	engine_free(engine);
	free((char *)source->name);
	source_free(source);
}

static void each_refusal_is_as_its_capture_shows(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < servers_count(); i++)
		for (size_t j = 0; j < servers_table[i]->refusal_count; j++) {
			const struct server_refusal *row = &servers_table[i]->refusals[j];
			struct seen seen = {.server = servers_table[i], .refusal = row};
			if (!row->proof.capture)
				continue;
			seen_read(&seen, row->proof.capture);
			if (seen.refuses)
				continue;
			wrong++;
			print_error("%s: %s (status %d, body %s): %s shows none\n", servers_table[i]->name,
			    server_meaning_text(row->meaning), row->status, row->body ? row->body : "any",
			    row->proof.capture);
		}
	assert_int_equal(wrong, 0);
}

static void each_trait_s_capture_is_recognised(void **state)
{
	(void)state;
	for (size_t i = 0; i < servers_count(); i++)
		for (size_t j = 0; j < servers_table[i]->trait_count; j++) {
			const struct server_trait_row *row = &servers_table[i]->traits[j];
			struct seen seen = {.server = servers_table[i]};
			if (!row->proof.capture || servers_table[i]->family == SERVER_PROXY)
				continue;
			seen_read(&seen, row->proof.capture);
			if (!seen.recognised)
				fail_msg("%s is not recognised in %s", servers_table[i]->name, row->proof.capture);
		}
}

static void each_default_is_as_its_capture_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < servers_count(); i++)
		for (size_t j = 0; j < servers_table[i]->fact_count; j++) {
			const struct server_fact_row *row = &servers_table[i]->facts[j];
			struct seen seen = {.server = servers_table[i],
			    .interval = row->value * TIMESTAMP_MILLISECOND,
			    .timeout = row->value * TIMESTAMP_MILLISECOND,
			    .payload = (uint64_t)row->value};
			if (!row->proof.capture)
				continue;
			seen_read(&seen, row->proof.capture);
			bool fits = row->fact == FACT_PING_INTERVAL ? seen.interval_fits
			            : row->fact == FACT_PING_TIMEOUT
			                ? seen.timeout_fits
			                : row->fact == FACT_MAX_PAYLOAD && seen.payload_fits;
			if (!fits)
				fail_msg("%s: %s is not %lld in %s", servers_table[i]->name,
				    server_fact_name(row->fact), (long long)row->value, row->proof.capture);
		}
}

static void each_filter_is_as_its_capture_shows(void **state)
{
	(void)state;
	for (const struct server_filter *filter = server_filters; filter->who; filter++) {
		struct seen seen = {.filter = filter};
		assert_true(*filter->refusal.proof.source && filter->refusal.meaning);
		if (!filter->refusal.proof.capture)
			continue;
		seen_read(&seen, filter->refusal.proof.capture);
		if (!seen.refuses)
			fail_msg("%s shows no answer of %s", filter->refusal.proof.capture, filter->who);
	}
}

static void no_advice_of_a_filter_looks_like_a_secret(void **state)
{
	(void)state;
	struct mask mask;
	mask_init(&mask);
	for (const struct server_filter *filter = server_filters; filter->who; filter++)
		if (filter->advice && mask_text_holds(&mask, slice_of_text(filter->advice)))
			fail_msg("masked: %s", filter->advice);
}

static void each_refusal_is_an_error_of_http(void **state)
{
	(void)state;
	for (const struct server_filter *filter = server_filters; filter->who; filter++)
		assert_true(filter->refusal.status >= SERVER_REFUSES);
	for (size_t i = 0; i < servers_count(); i++)
		for (size_t j = 0; j < servers_table[i]->refusal_count; j++) {
			int status = servers_table[i]->refusals[j].status;
			assert_true(status == 0 || status >= SERVER_REFUSES);
		}
}

static void each_row_says_where_it_comes_from(void **state)
{
	(void)state;
	for (size_t i = 0; i < servers_count(); i++) {
		const struct server *server = servers_table[i];
		for (size_t j = 0; j < server->refusal_count; j++)
			assert_true(*server->refusals[j].proof.source && server->refusals[j].meaning);
		for (size_t j = 0; j < server->log_line_count; j++)
			assert_true(*server->log_lines[j].proof.source && server->log_lines[j].meaning);
		for (size_t j = 0; j < server->trait_count; j++)
			assert_non_null(server->traits[j].proof.source);
		for (size_t j = 0; j < server->fact_count; j++)
			assert_non_null(server->facts[j].proof.source);
	}
}

/* ---- what lines of logs are about */

static void assert_about(const char *line, const char *subject)
{
	const struct server_log_line *row;
	assert_int_not_equal(servers_read_log(slice_of_text(line), NULL, &row), LOG_NOTHING);
	struct slice found = servers_read_subject(slice_of_text(line), row);
	if (!slice_equals_text(found, subject))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)found.len, found.at ? (const char *)found.at : "", subject);
}

static void each_implementation_names_in_its_words_what_a_line_is_about(void **state)
{
	(void)state;
	assert_about(
	    "WARNING engineio.server: Invalid session Pq2x-_AAAC (further occurrences of this error …)", "Pq2x-_AAAC");
	assert_about("'Session is disconnected' Pq2xAAAC", "Pq2xAAAC");
	assert_about("Cannot send to sid Pq2xAAAC", "Pq2xAAAC");
	assert_about("engineio.server: -L0QUSuyHg: Client is gone, closing socket", "-L0QUSuyHg");
	assert_about("http://other:3000 is not an accepted origin.", "http://other:3000");
	assert_about("engine unknown sid \"tailuJp0\" +2ms", "tailuJp0");
	assert_about("engine unknown transport \"flashsocket\" +2ms", "flashsocket");
	assert_about("4933e61f-5df1 is not registered. Closing connection", "4933e61f-5df1");
	assert_about("Unauthorized client with sessionId: 4933e61f-5df1 with ip: /127.0.0.1:58668. Channel closed!",
	    "4933e61f-5df1");
	assert_about("4933e61f-5df1 removed due to ping timeout", "4933e61f-5df1");
}

static void a_line_that_names_nothing_is_about_nothing(void **state)
{
	(void)state;
	assert_about("Invalid transport", "");
	assert_about("{\"log\":\"Invalid transport\"}", "");
	assert_about("Invalid session ", "");
	assert_about("invalid session", "");
}

/* ---- text */

static void words_are_found_in_their_order(void **state)
{
	(void)state;
	assert_true(
	    server_text_matches(SLICE("RuntimeError: Socket.IO environ is not initialized."), "environ*not initiali"));
	assert_true(server_text_matches(
	    SLICE("on_event: environ not initialized after 5 retries, skipping"), "environ*not initiali"));
	assert_false(server_text_matches(SLICE("not initialized: environ"), "environ*not initiali"));
	assert_true(server_text_matches(SLICE("INVALID Transport"), "invalid transport"));
}

static void ends_can_be_asked_for(void **state)
{
	(void)state;
	assert_true(server_text_matches(SLICE("Bad Gateway"), "^bad gateway$"));
	assert_false(server_text_matches(SLICE("502 Bad Gateway"), "^bad gateway$"));
	assert_false(server_text_matches(SLICE("Bad Gateway."), "^bad gateway$"));
	assert_true(server_text_matches(SLICE("a b a"), "a*a$"));
	assert_false(server_text_matches(SLICE("a"), "a*a$"));
}

/* ---- recognition */

static const char *recognised(const char *keys, const char *sid, const char *revision, char text[RECOGNITION_TEXT])
{
	struct recognition recognition = {0};
	recognition_note(&recognition, TRAIT_HANDSHAKE, slice_of_text(keys));
	recognition_note(&recognition, TRAIT_SID, slice_of_text(sid));
	recognition_note(&recognition, TRAIT_REVISION, slice_of_text(revision));
	return recognition_format(&recognition, text);
}

static void an_implementation_is_what_is_left(void **state)
{
	(void)state;
	char text[RECOGNITION_TEXT];
	assert_string_equal(
	    recognised("sid,upgrades,pingTimeout,pingInterval,maxPayload", "O0VmxAKg9prFwDiRAAAe", "4", text),
	    "python-engineio 4.11 and later");
	assert_string_equal(
	    recognised("sid,upgrades,pingTimeout,pingInterval", "4d108e47b746473d8fd694e7c75b6ae7", "3", text),
	    "python-engineio 3.0 to 3.14");
	assert_string_equal(
	    recognised("sid,upgrades,pingInterval,pingTimeout", "27fed42b-36bf-41ea-8294-03fc7b6c35ab", "4", text),
	    "netty-socketio 1.7 and later");
}

static void what_fits_nothing_is_not_known(void **state)
{
	(void)state;
	char text[RECOGNITION_TEXT];
	struct recognition none = {0};
	assert_null(recognised("sid,other", "O0VmxAKg9prFwDiRAAAe", "4", text));
	assert_null(recognition_format(&none, text));
	assert_null(recognition_server(&none));
}

static void a_proxy_s_server_field_leaves_out_nobody(void **state)
{
	(void)state;
	struct recognition recognition = {0};
	recognition_note(&recognition, TRAIT_SOFTWARE, SLICE("nginx/1.22.1"));
	assert_int_equal(recognition.excluded, 0);
	recognition_note(&recognition, TRAIT_SOFTWARE, SLICE("netty-socketio/2.0.13"));
	assert_string_equal(recognition_server(&recognition)->name, "netty");
}

static void two_implementations_that_are_left_are_none(void **state)
{
	(void)state;
	struct recognition recognition = {0};
	for (size_t i = 0; i < servers_count(); i++)
		if (strcmp(servers_table[i]->software, "netty-socketio") == 0 ||
		    strcmp(servers_table[i]->software, "socketioxide") == 0)
			recognition.matched |= 1u << i;
	assert_null(recognition_server(&recognition));
}

static void a_fact_is_known_only_when_all_that_are_left_agree(void **state)
{
	(void)state;
	struct recognition recognition = {0};
	int64_t value;
	recognition_note(&recognition, TRAIT_HANDSHAKE, SLICE("sid,upgrades,pingTimeout,pingInterval"));
	assert_true(recognition_get_fact(&recognition, FACT_BATCH, &value));
	assert_int_equal(value, 16);
	assert_false(recognition_get_fact(&recognition, FACT_GIVES_UP, &value)); /* python-engineio 3 and 4 differ */
}

/* ---- refusals */

static enum server_meaning meaning(enum server_place place, int status, const char *body)
{
	return servers_read_refusal(
	    &(struct server_answer){.place = place, .status = status, .body = slice_of_text(body)});
}

static void a_body_that_is_not_known_is_no_empty_one(void **state)
{
	(void)state;
	const struct server_answer unknown = {.place = AT_WEBSOCKET, .status = 403, .lacks_body = true};
	assert_int_equal(meaning(AT_WEBSOCKET, 403, ""), MEANING_FORBIDDEN_WEBSOCKET);
	assert_int_equal(servers_read_refusal(&unknown), MEANING_NONE);
}

static void a_proxy_s_page_is_not_the_server_s(void **state)
{
	(void)state;
	assert_int_equal(meaning(AT_POST, 413, "<html>…<hr><center>nginx/1.22.1</center>"), MEANING_SIZE);
	assert_int_equal(meaning(AT_POLL, 504, "<h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n"),
	    MEANING_BACKEND_SLOW);
	assert_int_equal(meaning(AT_HANDSHAKE, 503, "no healthy upstream"), MEANING_BACKEND_GONE);
	assert_int_equal(meaning(AT_POLL, 524, ""), MEANING_BACKEND_SLOW);
}

static void a_code_is_a_number_or_a_string(void **state)
{
	(void)state;
	assert_int_equal(meaning(AT_POLL, 400, "{\"code\":1,\"message\":\"Session ID unknown\"}"), MEANING_SESSION);
	assert_int_equal(meaning(AT_POLL, 400, "{\"code\":\"1\",\"message\":\"Session ID unknown\"}"), MEANING_SESSION);
	assert_int_equal(meaning(AT_HANDSHAKE, 400, "{\"code\":1}"), MEANING_NONE);
	assert_int_equal(meaning(AT_POLL, 200, "{\"code\":1}"), MEANING_NONE);
}

static void the_same_words_without_upgrade_are_another_refusal(void **state)
{
	(void)state;
	assert_int_equal(meaning(AT_UPGRADE, 400, "\"Invalid transport\""), MEANING_TRANSPORT);
	assert_int_equal(meaning(AT_STRIPPED_UPGRADE, 400, "\"Invalid transport\""), MEANING_STRIPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_refusal_is_as_its_capture_shows),
	    cmocka_unit_test(each_trait_s_capture_is_recognised),
	    cmocka_unit_test(each_default_is_as_its_capture_shows),
	    cmocka_unit_test(each_filter_is_as_its_capture_shows),
	    cmocka_unit_test(no_advice_of_a_filter_looks_like_a_secret),
	    cmocka_unit_test(each_refusal_is_an_error_of_http),
	    cmocka_unit_test(each_row_says_where_it_comes_from),
	    cmocka_unit_test(words_are_found_in_their_order),
	    cmocka_unit_test(ends_can_be_asked_for),
	    cmocka_unit_test(an_implementation_is_what_is_left),
	    cmocka_unit_test(what_fits_nothing_is_not_known),
	    cmocka_unit_test(a_proxy_s_server_field_leaves_out_nobody),
	    cmocka_unit_test(two_implementations_that_are_left_are_none),
	    cmocka_unit_test(a_fact_is_known_only_when_all_that_are_left_agree),
	    cmocka_unit_test(a_body_that_is_not_known_is_no_empty_one),
	    cmocka_unit_test(a_proxy_s_page_is_not_the_server_s),
	    cmocka_unit_test(a_code_is_a_number_or_a_string),
	    cmocka_unit_test(the_same_words_without_upgrade_are_another_refusal),
	    cmocka_unit_test(each_implementation_names_in_its_words_what_a_line_is_about),
	    cmocka_unit_test(a_line_that_names_nothing_is_about_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
