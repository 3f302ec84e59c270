/* What is counted, by which labels, and how it is written. */
#include "view/metrics.h"

#include "unit.h"

#include <stdio.h>

#define TO_SERVER DIRECTION_TO_SERVER
#define TO_CLIENT DIRECTION_TO_CLIENT
#define SID "Xk3cQ9vZt7Lw2PbNAAAB"

struct given {
	struct outbound *outbound;
	struct metrics *metrics;
	struct session session;
	struct connection_facts connection;
	struct ledger ledger;
	struct buffer text;
	uint64_t events;
	timestamp now;
};

static int begin(void **state)
{
	struct given *given = calloc(1, sizeof *given);
	struct mask mask;
	mask_init(&mask);
	given->outbound = outbound_new(&mask, "api-2", NULL);
	given->metrics = metrics_new(given->outbound, NULL);
	given->session = (struct session){.number = 1,
	    .sid = (char *)SID,
	    .sid_len = strlen(SID),
	    .known = true,
	    .transport = TRANSPORT_POLLING,
	    .closed = TIMESTAMP_NONE};
	given->now = 1000 * TIMESTAMP_SECOND;
	buffer_init(&given->text, BUFFER_NO_LIMIT, NULL);
	*state = given;
	return given->metrics ? 0 : -1;
}

static int end(void **state)
{
	struct given *given = *state;
	metrics_free(given->metrics);
	outbound_free(given->outbound);
	buffer_free(&given->text);
	free(given);
	return 0;
}

/* `name` as a JSON token; the index of the event. `answers`: of which event. */
static uint64_t give(struct given *given, enum event_kind kind, enum direction direction, const char *name,
    const char *ack, uint64_t answers)
{
	const struct observer *observer = metrics_observer(given->metrics);
	const struct event event = {.index = ++given->events,
	    .origin.time = given->now,
	    .kind = kind,
	    .direction = direction,
	    .transport = TRANSPORT_POLLING,
	    .session = &given->session,
	    .connection = &given->connection,
	    .answers = answers,
	    .bytes = 10,
	    .packet = {.nsp = SLICE("/"), .name = slice_of_text(name), .ack = slice_of_text(ack)}};
	observer->event(observer->self, &event);
	return event.index;
}

static void say(struct given *given, const char *name)
{
	give(given, EVENT_EVENT, TO_SERVER, name, NULL, 0);
}

static void ack_after(struct given *given, timestamp took)
{
	uint64_t asked = give(given, EVENT_EVENT, TO_SERVER, "\"save\"", "7", 0);
	given->now += took;
	give(given, EVENT_ACK, TO_CLIENT, NULL, "7", asked);
}

static const char *text(struct given *given, enum metrics_form form)
{
	buffer_clear(&given->text);
	assert_true(metrics_write_text(given->metrics, &given->text, form));
	buffer_append_byte(&given->text, '\0');
	return (const char *)given->text.at;
}

static const char *scraped(struct given *given)
{
	return text(given, METRICS_PROMETHEUS);
}

static size_t lines_with(const char *text, const char *part)
{
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		count++;
	return count;
}

#define HAS(given, line)                                                     \
	do {                                                                 \
		if (!strstr(scraped(given), line))                           \
			fail_msg("no line %s in\n%s", line, scraped(given)); \
	} while (0)

#define LABELS(event, way)                         \
	"{messaging_socket_io_event_name=\"" event \
	"\",messaging_socket_io_namespace=\"/\",network_io_direction=\"" way "\",socket_io_transport=\"polling\"}"

static void messages_are_counted_by_event_and_direction(void **state)
{
	say(*state, "\"save\"");
	say(*state, "\"save\"");
	give(*state, EVENT_EVENT, TO_CLIENT, "\"save\"", NULL, 0);
	HAS(*state, "socket_io_messages_total" LABELS("save", "receive") " 2\n");
	HAS(*state, "socket_io_messages_total" LABELS("save", "transmit") " 1\n");
	HAS(*state, "socket_io_message_io_bytes_total" LABELS("save", "receive") " 20\n");
}

static void packets_without_a_name_have_one_of_ours(void **state)
{
	give(*state, EVENT_CONNECT, TO_SERVER, NULL, NULL, 0);
	give(*state, EVENT_DISCONNECT, TO_SERVER, NULL, NULL, 0);
	give(*state, EVENT_CONNECT_ERROR, TO_CLIENT, NULL, NULL, 0);
	give(*state, EVENT_ACK, TO_CLIENT, NULL, "1", 0);
	HAS(*state, LABELS("_connect", "receive") " 1\n");
	HAS(*state, LABELS("_disconnect", "receive") " 1\n");
	HAS(*state, LABELS("_connect_error", "transmit") " 1\n");
	HAS(*state, LABELS("_ack", "transmit") " 1\n");
}

static void an_application_cannot_count_as_one_of_ours(void **state)
{
	say(*state, "\"_ack\"");
	HAS(*state, LABELS("__ack", "receive") " 1\n");
}

static void events_beyond_a_hundred_names_are_others(void **state)
{
	char name[16];
	for (int i = 0; i < 250; i++) {
		snprintf(name, sizeof name, "\"e%d\"", i);
		say(*state, name);
	}
	say(*state, "\"e3\"");
	HAS(*state, LABELS("e99", "receive") " 1\n");
	HAS(*state, LABELS("e3", "receive") " 2\n");
	HAS(*state, LABELS("_other", "receive") " 150\n");
	assert_int_equal(lines_with(scraped(*state), "socket_io_messages_total{"), 101);
}

static void a_label_is_short_and_without_controls(void **state)
{
	say(*state, "\"0123456789012345678901234567890123456789012345678901234567890123456789\"");
	say(*state, "\"a\\nb\\u0000\"");
	HAS(*state, LABELS("0123456789012345678901234567890123456789012345678901234567890\xe2\x80\xa6", "receive"));
	HAS(*state, LABELS("a\xef\xbf\xbd"
	                   "b\xef\xbf\xbd",
	                "receive") " 1\n");
}

static void names_that_become_the_same_are_one_series(void **state)
{
	say(*state, "\"a\\u0001\"");
	say(*state, "\"a\\u0002\"");
	HAS(*state, LABELS("a\xef\xbf\xbd", "receive") " 2\n");
}

static void a_label_is_escaped(void **state)
{
	say(*state, "\"a \\\"b\\\" \\\\\"");
	HAS(*state, LABELS("a \\\"b\\\" \\\\", "receive") " 1\n");
}

static void no_sid_is_a_label(void **state)
{
	say(*state, "\"for-" SID "\"");
	assert_null(strstr(scraped(*state), SID));
}

static void an_ack_falls_into_the_bucket_that_holds_its_time(void **state)
{
	ack_after(*state, 5 * TIMESTAMP_MILLISECOND);
	ack_after(*state, 5 * TIMESTAMP_MILLISECOND + 1);
	ack_after(*state, 20 * TIMESTAMP_SECOND);
	HAS(*state, "direction=\"receive\",socket_io_transport=\"polling\",le=\"0.005\"} 1\n");
	HAS(*state, "le=\"0.01\"} 2\n");
	HAS(*state, "le=\"10\"} 2\n");
	HAS(*state, "le=\"+Inf\"} 3\n");
	HAS(*state, "socket_io_ack_duration_seconds_sum" LABELS("save", "receive") " 20.010000001\n");
	HAS(*state, "socket_io_ack_duration_seconds_count" LABELS("save", "receive") " 3\n");
}

static void a_connect_is_no_ack(void **state)
{
	uint64_t asked = give(*state, EVENT_CONNECT, TO_SERVER, NULL, NULL, 0);
	give(*state, EVENT_CONNECT, TO_CLIENT, NULL, NULL, asked);
	assert_null(strstr(scraped(*state), "ack_duration"));
}

static void a_session_is_open_by_the_transport_that_carries_it(void **state)
{
	struct given *given = *state;
	const struct observer *observer = metrics_observer(given->metrics);
	say(given, "\"a\"");
	HAS(given, "socket_io_sessions{socket_io_transport=\"polling\"} 1\n");
	given->session.transport = TRANSPORT_WEBSOCKET;
	say(given, "\"a\"");
	HAS(given, "socket_io_sessions{socket_io_transport=\"polling\"} 0\n");
	HAS(given, "socket_io_sessions{socket_io_transport=\"websocket\"} 1\n");
	given->session.closed = given->now;
	say(given, "\"a\"");
	HAS(given, "socket_io_sessions{socket_io_transport=\"websocket\"} 0\n");
	observer->session_closed(observer->self, &given->session);
	HAS(given, "socket_io_sessions{socket_io_transport=\"websocket\"} 0\n");
	HAS(given, "socket_io_sessions_opened_total 1\n");
}

static void a_session_that_nobody_knows_is_none(void **state)
{
	struct given *given = *state;
	given->session.known = false;
	say(given, "\"a\"");
	HAS(given, "socket_io_sessions_opened_total 0\n");
	assert_null(strstr(scraped(given), "socket_io_sessions{"));
}

static void findings_are_counted_once_and_stay(void **state)
{
	struct given *given = *state;
	struct findings findings;
	findings_init(&findings, 1 << 20);
	findings_claim(&findings, CODE_ACK_MISSING, CONFIDENCE_LIKELY, NULL, NULL, "a");
	struct finding *gone = findings_claim(&findings, CODE_SERVER_STALL, CONFIDENCE_LIKELY, NULL, NULL, "b");
	metrics_take_findings(given->metrics, &findings);
	findings_withdraw(&findings, gone);
	findings_claim(&findings, CODE_ACK_MISSING, CONFIDENCE_LIKELY, NULL, NULL, "a");
	metrics_take_findings(given->metrics, &findings);
	findings_claim(&findings, CODE_ACK_MISSING, CONFIDENCE_LIKELY, NULL, NULL, "c");
	findings_note_left_out(&findings, CODE_ACK_MISSING);
	metrics_take_findings(given->metrics, &findings);
	metrics_take_findings(given->metrics, &findings);
	char line[200];
	snprintf(line, sizeof line,
	    "sioscope_findings_total{sioscope_finding_code=\"ack-missing\",sioscope_finding_severity=\"%s\"} 3\n",
	    severity_name(code_entry(CODE_ACK_MISSING)->severity));
	HAS(given, line);
	HAS(given, "sioscope_finding_code=\"server-stall\"");
	findings_free(&findings);
}

static void what_was_dropped_says_where(void **state)
{
	struct given *given = *state;
	const struct engine_counts counts = {
	    .packets = 7, .first = TIMESTAMP_NONE, .last = TIMESTAMP_NONE, .ledger = &given->ledger};
	ledger_set(&given->ledger, LEDGER_DROPPED, 3);
	metrics_take_counts(given->metrics, &counts);
	metrics_add_dropped(given->metrics, OTLP_TRACES, METRICS_DROP_QUEUE, 5);
	HAS(given, "sioscope_capture_packets_total 7\n");
	HAS(given, "sioscope_capture_dropped_total 3\n");
	HAS(given, "sioscope_export_dropped_total{sioscope_export_signal=\"traces\",sioscope_export_reason=\"queue-"
	           "full\"} 5\n");
}

static void openmetrics_has_an_end_exemplars_and_types_without_total(void **state)
{
	struct given *given = *state;
	const uint8_t trace[TRACE_ID] = {0xab, [15] = 1}, span[SPAN_ID] = {0xcd, [7] = 2};
	uint64_t asked = give(given, EVENT_EVENT, TO_SERVER, "\"save\"", "7", 0);
	given->now += 600 * TIMESTAMP_MILLISECOND;
	metrics_set_exemplar(given->metrics, trace, span);
	give(given, EVENT_ACK, TO_CLIENT, NULL, "7", asked);
	const char *open = text(given, METRICS_OPENMETRICS);
	assert_non_null(strstr(open, "# TYPE socket_io_messages counter\n"));
	assert_non_null(strstr(open, "le=\"1.0\"} 1\n"));
	assert_non_null(strstr(open,
	    "le=\"0.75\"} 1 # {trace_id=\"ab000000000000000000000000000001\",span_id=\"cd00000000000002\"} 0.600000000 "
	    "1000.600000000\n"));
	assert_string_equal(open + strlen(open) - strlen("# EOF\n"), "# EOF\n");
	assert_null(strstr(scraped(given), "trace_id"));
}

static void an_exemplar_is_of_one_ack(void **state)
{
	const uint8_t trace[TRACE_ID] = {1}, span[SPAN_ID] = {1};
	struct given *given = *state;
	metrics_set_exemplar(given->metrics, trace, span);
	say(given, "\"a\"");
	ack_after(given, TIMESTAMP_MILLISECOND);
	assert_null(strstr(text(given, METRICS_OPENMETRICS), "trace_id"));
}

static void without_memory_the_sums_stay_right(void **state)
{
	struct given *given = *state;
	static struct budget budget = {.limit = 1 << 20};
	metrics_free(given->metrics);
	given->metrics = metrics_new(given->outbound, &budget);
	budget.limit = 0;
	say(given, "\"save\"");
	say(given, "\"load\"");
	assert_non_null(
	    strstr(scraped(given), "socket_io_messages_total{messaging_socket_io_event_name=\"_other\",messaging_"
	                           "socket_io_namespace=\"_other\","
	                           "network_io_direction=\"receive\",socket_io_transport=\"polling\"} 2\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(messages_are_counted_by_event_and_direction),
	    TEST(packets_without_a_name_have_one_of_ours),
	    TEST(an_application_cannot_count_as_one_of_ours),
	    TEST(events_beyond_a_hundred_names_are_others),
	    TEST(a_label_is_short_and_without_controls),
	    TEST(names_that_become_the_same_are_one_series),
	    TEST(a_label_is_escaped),
	    TEST(no_sid_is_a_label),
	    TEST(an_ack_falls_into_the_bucket_that_holds_its_time),
	    TEST(a_connect_is_no_ack),
	    TEST(a_session_is_open_by_the_transport_that_carries_it),
	    TEST(a_session_that_nobody_knows_is_none),
	    TEST(findings_are_counted_once_and_stay),
	    TEST(what_was_dropped_says_where),
	    TEST(openmetrics_has_an_end_exemplars_and_types_without_total),
	    TEST(an_exemplar_is_of_one_ack),
	    TEST(without_memory_the_sums_stay_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
