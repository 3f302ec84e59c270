/* Requests of OTLP: what of a timeline becomes a span, a record or a line. tests/otlp holds their form. */
#include "view/otlp.h"

#include "base/numbering.h"
#include "http/exchange.h"
#include "unit.h"
#include "view/otlp_write.h"

#include <stdio.h>

#define TO_SERVER DIRECTION_TO_SERVER
#define TO_CLIENT DIRECTION_TO_CLIENT
#define SID "Xk3cQ9vZt7Lw2PbNAAAB"
#define HOUR (3600 * TIMESTAMP_SECOND)
#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

enum { ALL = (1 << OTLP_SIGNALS) - 1 };

struct given {
	struct otlp_encoder *encoder;
	struct session session;
	struct connection_facts connection;
	struct findings findings;
	struct ledger ledger;
	struct engine_counts counts;
	struct buffer lines[OTLP_SIGNALS]; /* what was written, a line each */
	size_t longest;
	uint64_t items, events;
	timestamp now;
};

static bool take_line(void *self, enum otlp_signal signal, struct slice line, uint64_t items)
{
	struct given *given = self;
	given->longest = line.len > given->longest ? line.len : given->longest;
	given->items += items;
	buffer_append(&given->lines[signal], line);
	return buffer_append_byte(&given->lines[signal], '\n');
}

static void encode(struct given *given, unsigned signals, const char *attributes)
{
	struct mask mask;
	mask_init(&mask);
	const struct otlp_settings settings = {.signals = signals,
	    .attributes = attributes,
	    .instance = "api-2:eth0",
	    .host = "api-2",
	    .version = "1.2",
	    .mask = &mask,
	    .interval = 60 * TIMESTAMP_SECOND};
	otlp_free(given->encoder);
	given->encoder = otlp_new(&settings, (struct otlp_sink){given, take_line}, NULL);
	assert_non_null(given->encoder);
	otlp_follow(given->encoder, &given->findings);
}

static int begin(void **state)
{
	struct given *given = calloc(1, sizeof *given);
	given->now = 100000 * TIMESTAMP_SECOND;
	given->counts = (struct engine_counts){.first = given->now, .last = given->now, .ledger = &given->ledger};
	given->session = (struct session){.number = 1,
	    .sid = (char *)SID,
	    .sid_len = strlen(SID),
	    .known = true,
	    .transport = TRANSPORT_POLLING,
	    .ping_interval = 25 * TIMESTAMP_SECOND,
	    .ping_timeout = 20 * TIMESTAMP_SECOND,
	    .closed = TIMESTAMP_NONE};
	for (size_t i = 0; i < OTLP_SIGNALS; i++)
		buffer_init(&given->lines[i], BUFFER_NO_LIMIT, NULL);
	findings_init(&given->findings, 1 << 20);
	encode(given, ALL, NULL);
	*state = given;
	return 0;
}

static int end(void **state)
{
	struct given *given = *state;
	otlp_free(given->encoder);
	findings_free(&given->findings);
	for (size_t i = 0; i < OTLP_SIGNALS; i++)
		buffer_free(&given->lines[i]);
	free(given);
	return 0;
}

static void emit(struct given *given, struct event *event)
{
	const struct observer *observer = otlp_observer(given->encoder);
	event->index = ++given->events;
	event->origin.time = given->now;
	event->session = &given->session;
	event->connection = &given->connection;
	if (!event->transport)
		event->transport = TRANSPORT_POLLING;
	if (event_is_packet(event) && event->kind <= EVENT_CONNECT_ERROR)
		event->packet.nsp = SLICE("/");
	observer->event(observer->self, event);
}

static void give(struct given *given, enum event_kind kind, enum direction direction)
{
	struct event event = {.kind = kind, .direction = direction};
	emit(given, &event);
}

/* An event `save` and its ack, `took` later. */
static void ack_after(struct given *given, timestamp took)
{
	struct event asked = {
	    .kind = EVENT_EVENT, .direction = TO_SERVER, .packet = {.name = SLICE("\"save\""), .ack = SLICE("7")}};
	emit(given, &asked);
	given->now += took;
	struct event ack = {
	    .kind = EVENT_ACK, .direction = TO_CLIENT, .answers = asked.index, .packet = {.ack = SLICE("7")}};
	emit(given, &ack);
}

/* A request of the session (or its handshake), begun `took` ago and answered now; 0 for no status: it never was. */
static void ask(struct given *given, const char *head, int status, timestamp took)
{
	struct slice text = slice_of_text(head);
	struct target target;
	struct exchange exchange = {.target = &target, .status = status};
	struct http_stream stream;
	struct http_item item;
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(&stream, &text, &item), WIRE_ITEM);
	exchange.request.head = item.head;
	exchange.request.begun = given->now - took;
	exchange.answer.begun = given->now;
	exchange.state = status ? EXCHANGE_ANSWERED : EXCHANGE_UNANSWERED;
	target_read(&target, item.head.target);
	struct event event = {.kind = EVENT_HTTP, .direction = TO_SERVER, .exchange = &exchange};
	emit(given, &event);
	http_stream_free(&stream);
}

#define HANDSHAKE "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
#define POLL "GET /socket.io/?EIO=4&transport=polling&sid=" SID " HTTP/1.1\r\n"
#define POST "POST /socket.io/?EIO=4&transport=polling&sid=" SID " HTTP/1.1\r\n"

static void close_session(struct given *given)
{
	const struct observer *observer = otlp_observer(given->encoder);
	given->session.closed = given->now;
	give(given, EVENT_CLOSE, TO_SERVER);
	observer->session_closed(observer->self, &given->session);
}

/* All that was written of a signal, once everything is. */
static const char *written(struct given *given, enum otlp_signal signal)
{
	otlp_end(given->encoder, &given->counts);
	buffer_append_byte(&given->lines[signal], '\0');
	given->lines[signal].len--;
	return (const char *)given->lines[signal].at;
}

static size_t occurrences(const char *text, const char *part)
{
	size_t found = 0;
	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		found++;
	return found;
}

#define HAS(text, part)                                       \
	do {                                                  \
		if (!strstr(text, part))                      \
			fail_msg("no %s in\n%s", part, text); \
	} while (0)

/* The trace of an hour of the session, in hexadecimal; valid until the next call. */
static const char *trace_of_sid(unsigned part)
{
	static char hex[2 * TRACE_ID + 1];
	uint8_t trace[TRACE_ID];
	outbound_trace_id(SLICE(SID), part, trace);
	for (size_t i = 0; i < TRACE_ID; i++)
		snprintf(hex + 2 * i, 3, "%02x", trace[i]);
	return hex;
}

#define ROOT "\"name\":\"socket.io session\""
#define CHILD "\"parentSpanId\""

/* ---- spans */

static void the_root_begins_with_the_handshakes_request(void **state)
{
	struct given *given = *state;
	give(given, EVENT_OPEN, TO_CLIENT);
	ask(given, HANDSHAKE "\r\n", 200, TIMESTAMP_MILLISECOND);
	close_session(given);
	HAS(written(given, OTLP_TRACES),
	    "\"startTimeUnixNano\":\"99999999000000\",\"endTimeUnixNano\":\"100000000000000\"");
}

static void the_root_ends_after_its_last_child_and_no_span_is_0_long(void **state)
{
	struct given *given = *state;
	ack_after(given, 0);
	close_session(given);
	const char *text = written(given, OTLP_TRACES);
	assert_int_equal(
	    occurrences(text, "\"startTimeUnixNano\":\"100000000000000\",\"endTimeUnixNano\":\"100000000000001\""), 2);
}

static void a_root_without_a_child_is_not_0_long(void **state)
{
	struct given *given = *state;
	give(given, EVENT_OPEN, TO_CLIENT);
	close_session(given);
	HAS(written(given, OTLP_TRACES), "\"endTimeUnixNano\":\"100000000000001\"");
}

static void a_root_reaches_as_far_as_a_child_that_took_no_time(void **state)
{
	struct given *given = *state;
	give(given, EVENT_OPEN, TO_CLIENT);
	given->now += TIMESTAMP_SECOND;
	ack_after(given, 0);
	close_session(given);
	assert_int_equal(occurrences(written(given, OTLP_TRACES), "\"endTimeUnixNano\":\"100001000000001\""), 2);
}

static void the_root_of_an_hour_covers_what_began_before_it(void **state)
{
	struct given *given = *state;
	give(given, EVENT_OPEN, TO_CLIENT);
	given->now += HOUR - TIMESTAMP_SECOND;
	ack_after(given, 2 * TIMESTAMP_SECOND);
	close_session(given);
	assert_int_equal(occurrences(written(given, OTLP_TRACES), "\"startTimeUnixNano\":\"103599000000000\""), 2);
}

static void an_ack_is_a_span_below_the_root(void **state)
{
	struct given *given = *state;
	ack_after(given, TIMESTAMP_MILLISECOND);
	close_session(given);
	const char *text = written(given, OTLP_TRACES);
	assert_int_equal(occurrences(text, trace_of_sid(0)), 2);
	assert_int_equal(occurrences(text, CHILD), 1);
	HAS(text, "\"kind\":5,\"flags\":1");
	HAS(text, "\"name\":\"save /\"");
	HAS(text, "{\"key\":\"messaging.socket.io.event_name\",\"value\":{\"stringValue\":\"save\"}}");
	HAS(text, "{\"key\":\"socket.io.ack.id\",\"value\":{\"stringValue\":\"7\"}}");
	assert_null(strstr(text, SID));
}

static void a_refused_connect_is_a_failed_span(void **state)
{
	struct given *given = *state;
	struct event refused = {.kind = EVENT_CONNECT_ERROR, .direction = TO_CLIENT, .answers = 1};
	give(given, EVENT_CONNECT, TO_SERVER);
	emit(given, &refused);
	close_session(given);
	HAS(written(given, OTLP_TRACES),
	    "{\"key\":\"error.type\",\"value\":{\"stringValue\":\"connect_error\"}}],\"status\":{\"code\":2}}");
}

static void only_slow_and_failed_requests_are_spans(void **state)
{
	struct given *given = *state;
	ask(given, POST "\r\n", 200, TIMESTAMP_SECOND);
	ask(given, POLL "\r\n", 200, 45 * TIMESTAMP_SECOND);
	assert_null(strstr(written(given, OTLP_TRACES), CHILD));
	ask(given, POST "\r\n", 200, TIMESTAMP_SECOND + 1);
	ask(given, POLL "\r\n", 200, 45 * TIMESTAMP_SECOND + 1);
	ask(given, "GET /socket.io/?EIO=4&transport=websocket&sid=" SID " HTTP/1.1\r\n\r\n", 101, 2 * TIMESTAMP_SECOND);
	ask(given, POST "\r\n", 400, 1);
	ask(given, POLL "\r\n", 0, 1);
	const char *text = written(given, OTLP_TRACES);
	assert_int_equal(occurrences(text, CHILD), 5);
	HAS(text, "\"name\":\"POST /socket.io/\"");
	HAS(text, "{\"key\":\"error.type\",\"value\":{\"stringValue\":\"400\"}}");
	HAS(text, "{\"key\":\"error.type\",\"value\":{\"stringValue\":\"unanswered\"}}");
	assert_null(strstr(text, "EIO=4"));
}

static void a_poll_that_waits_when_the_client_leaves_did_not_fail(void **state)
{
	struct given *given = *state;
	give(given, EVENT_CLOSE, TO_SERVER);
	given->session.goodbye = given->events;
	ask(given, POLL "\r\n", 0, 1);
	close_session(given);
	assert_null(strstr(written(given, OTLP_TRACES), CHILD));
}

static void a_trace_has_a_thousand_children_and_counts_the_rest(void **state)
{
	struct given *given = *state;
	for (int i = 0; i < 1003; i++)
		ack_after(given, TIMESTAMP_MILLISECOND);
	close_session(given);
	const char *text = written(given, OTLP_TRACES);
	assert_int_equal(occurrences(text, CHILD), 1000);
	HAS(text, "{\"key\":\"sioscope.spans.left_out\",\"value\":{\"intValue\":\"3\"}}");
}

static void an_hour_is_a_trace_linked_to_the_one_before(void **state)
{
	struct given *given = *state;
	ack_after(given, TIMESTAMP_MILLISECOND);
	given->now += HOUR;
	ack_after(given, TIMESTAMP_MILLISECOND);
	close_session(given);
	const char *text = written(given, OTLP_TRACES);
	assert_int_equal(occurrences(text, ROOT), 2);
	assert_int_equal(occurrences(text, "\"the hour before\""), 1);
	assert_int_equal(occurrences(text, trace_of_sid(0)), 3); /* the child, the root, the link */
	assert_int_equal(occurrences(text, trace_of_sid(1)), 2);
}

static void a_websocket_is_named_by_the_sid_that_comes_later(void **state)
{
	struct given *given = *state;
	char *sid = given->session.sid;
	given->session.sid = NULL;
	given->session.sid_len = 0;
	struct exchange exchange = {.state = EXCHANGE_ANSWERED, .status = 101, .request.begun = given->now};
	struct event opened = {.kind = EVENT_WS_OPEN, .transport = TRANSPORT_WEBSOCKET, .exchange = &exchange};
	ask(given, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n", 101, 2 * TIMESTAMP_SECOND);
	emit(given, &opened);
	give(given, EVENT_CONNECT, TO_SERVER); /* a client may send before it is answered */
	given->session.sid = sid;
	given->session.sid_len = strlen(sid);
	ack_after(given, TIMESTAMP_MILLISECOND);
	close_session(given);
	const char *text = written(given, OTLP_TRACES);
	assert_int_equal(occurrences(text, trace_of_sid(0)), 3);
	HAS(text, "\"name\":\"GET /socket.io/\""); /* it was slow */
}

static void the_handshakes_traceparent_is_a_link(void **state)
{
	struct given *given = *state;
	ask(given, HANDSHAKE "traceparent: " TRACEPARENT "\r\n\r\n", 200, 1);
	ask(given, POST "traceparent: 00-11111111111111111111111111111111-1111111111111111-01\r\n\r\n", 200, 1);
	close_session(given);
	const char *text = written(given, OTLP_TRACES);
	HAS(text, "\"links\":[{\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b7169203331\","
	          "\"flags\":769");
	assert_null(strstr(text, "11111111111111111111111111111111"));
}

static void what_is_no_traceparent_is_no_link(void **state)
{
	static const char *const fields[] = {"00-00000000000000000000000000000000-b7ad6b7169203331-01",
	    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
	    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", (TRACEPARENT "-more"),
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01", "00-1-2-3", ""};
	struct given *given = *state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		char head[256];
		snprintf(head, sizeof head, HANDSHAKE "traceparent: %s\r\n\r\n", fields[i]);
		ask(given, head, 200, 1);
	}
	close_session(given);
	assert_null(strstr(written(given, OTLP_TRACES), "\"links\""));
}

/* ---- findings */

static struct finding *find_of(struct given *given, unsigned code, const struct session *session)
{
	struct finding *finding = findings_claim(&given->findings, code, CONFIDENCE_PROVEN, session, NULL, "a");
	finding_say(&given->findings, finding, "the server does not know session %s", SID);
	finding_note_time(finding, given->now);
	return finding;
}

static void a_finding_is_a_record_of_its_sessions_root(void **state)
{
	struct given *given = *state;
	ack_after(given, TIMESTAMP_MILLISECOND);
	find_of(given, CODE_SESSION_UNKNOWN, &given->session);
	close_session(given);
	const char *roots = strstr(written(given, OTLP_TRACES), ROOT), *text = written(given, OTLP_FINDINGS);
	HAS(text, "\"eventName\":\"sioscope.finding\"");
	HAS(text, "\"severityNumber\":17,\"severityText\":\"ERROR\"");
	HAS(text, "{\"key\":\"sioscope.finding.code\",\"value\":{\"stringValue\":\"session-unknown\"}}");
	assert_null(strstr(text, SID));
	char ids[96];
	snprintf(ids, sizeof ids, "%.*s", 71, roots - 72);
	HAS(text, ids);
}

static void a_root_says_what_was_found_of_its_session(void **state)
{
	struct given *given = *state;
	ack_after(given, TIMESTAMP_MILLISECOND);
	find_of(given, CODE_SESSION_UNKNOWN, &given->session);
	close_session(given);
	HAS(written(given, OTLP_TRACES), "\"status\":{\"code\":2,\"message\":\"session-unknown\"}}");
}

static void a_finding_without_a_session_has_no_ids(void **state)
{
	struct given *given = *state;
	find_of(given, CODE_SERVER_UNREACHABLE, NULL);
	const char *text = written(given, OTLP_FINDINGS);
	HAS(text, "server-unreachable");
	assert_null(strstr(text, "traceId"));
}

static void of_merged_files_a_finding_says_which_packet_of_which(void **state)
{
	static const char *const names[] = {"front.pcap", "back.pcap"};
	struct given *given = *state;
	struct numbering *numbering = numbering_new(names, 2);
	numbering_add(numbering, 0, 7);
	numbering_add(numbering, 1, 12);
	given->findings.numbering = numbering;
	struct finding *finding = find_of(given, CODE_SERVER_UNREACHABLE, NULL);
	finding_prove(&given->findings, finding, &(struct origin){.first = 2, .last = 2}, "refused");
	const char *text = written(given, OTLP_FINDINGS);
	HAS(text, "{\"key\":\"sioscope.finding.packets\",\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":\"2\"},");
	HAS(text, "{\"key\":\"sioscope.finding.where\",\"value\":{\"stringValue\":\"packet 12 of back.pcap\"}}");
	given->findings.numbering = NULL;
	numbering_free(numbering);
}

static void a_finding_of_the_first_hour_is_in_its_trace(void **state)
{
	struct given *given = *state;
	ack_after(given, TIMESTAMP_MILLISECOND);
	find_of(given, CODE_SESSION_UNKNOWN, &given->session);
	given->now += HOUR;
	ack_after(given, TIMESTAMP_MILLISECOND);
	close_session(given);
	HAS(written(given, OTLP_FINDINGS), trace_of_sid(0));
}

static void a_finding_is_recorded_once(void **state)
{
	struct given *given = *state;
	find_of(given, CODE_SERVER_UNREACHABLE, NULL);
	otlp_tick(given->encoder, &given->counts, given->now);
	otlp_tick(given->encoder, &given->counts, given->now);
	find_of(given, CODE_TLS_FAILED, NULL);
	otlp_tick(given->encoder, &given->counts, given->now);
	assert_int_equal(occurrences(written(given, OTLP_FINDINGS), "\"sioscope.finding\""), 2);
}

/* ---- metrics, events */

static void live_metrics_are_exported_at_their_interval(void **state)
{
	struct given *given = *state;
	encode(given, 1 << OTLP_METRICS, NULL);
	for (int i = 0; i <= 120; i++)
		otlp_tick(given->encoder, &given->counts, given->now + i * TIMESTAMP_SECOND);
	assert_int_equal(occurrences(written(given, OTLP_METRICS), "\n"), 3); /* after 60 s, 120 s, and at the end */
}

static void an_exemplar_is_exported_once_and_its_span_too(void **state)
{
	struct given *given = *state;
	ack_after(given, TIMESTAMP_MILLISECOND);
	for (int i = 0; i <= 120; i++)
		otlp_tick(given->encoder, &given->counts, given->now + i * TIMESTAMP_SECOND);
	close_session(given);
	const char *text = written(given, OTLP_METRICS), *exemplar = strstr(text, "\"exemplars\"");
	assert_int_equal(occurrences(text, "\"exemplars\""), 1);
	char ids[96];
	snprintf(ids, sizeof ids, "%.*s", 71, strstr(exemplar, "\"traceId\""));
	HAS(written(given, OTLP_TRACES), ids);
}

static void an_event_is_a_record_of_names_and_sizes(void **state)
{
	struct given *given = *state;
	struct event event = {.kind = EVENT_EVENT,
	    .direction = TO_CLIENT,
	    .bytes = 44,
	    .packet = {.name = SLICE("\"save\""), .data = SLICE("\"PAYLOAD\"")}};
	emit(given, &event);
	const char *text = written(given, OTLP_EVENTS);
	HAS(text, "\"eventName\":\"socket.io.event\"");
	HAS(text, "{\"key\":\"messaging.message.body.size\",\"value\":{\"intValue\":\"9\"}}");
	HAS(text, "{\"key\":\"network.io.direction\",\"value\":{\"stringValue\":\"transmit\"}}");
	assert_null(strstr(text, "PAYLOAD"));
}

/* ---- lines */

static void a_line_is_shorter_than_a_mebibyte_and_nothing_is_lost(void **state)
{
	enum { EVENTS = 5000 };
	struct given *given = *state;
	encode(given, 1 << OTLP_EVENTS, NULL);
	for (int i = 0; i < EVENTS; i++)
		give(given, EVENT_PING, TO_CLIENT);
	const char *text = written(given, OTLP_EVENTS);
	assert_int_equal(occurrences(text, "engine.io.ping"), EVENTS);
	assert_int_equal(given->items, EVENTS);
	assert_true(given->longest < OTLP_LINE && given->longest > OTLP_LINE - 2000);
	assert_int_equal(occurrences(text, "{\"resourceLogs\""), occurrences(text, "]}]}]}\n"));
}

/* Each part of a group is an object of its own when the line ends within it. */
static void a_group_goes_on_in_the_next_line(void **state)
{
	struct given *given = *state;
	struct buffer resource;
	struct otlp_batch batch;
	buffer_init(&resource, BUFFER_NO_LIMIT, NULL);
	buffer_append_text(&resource, "\"resource\":{}");
	otlp_batch_init(&batch, OTLP_METRICS, &resource, "1", (struct otlp_sink){given, take_line}, NULL);
	static const char group[] = "{\"g\":[";
	for (int i = 0; i < 3; i++) {
		struct buffer *item = otlp_batch_item(&batch);
		buffer_append_byte(item, '"');
		for (int byte = 0; byte < 400000; byte++)
			buffer_append_byte(item, 'x');
		buffer_append_byte(item, '"');
		otlp_batch_add(&batch, group, "]}");
	}
	otlp_batch_flush(&batch);
	buffer_append_byte(&given->lines[OTLP_METRICS], '\0');
	const char *text = (const char *)given->lines[OTLP_METRICS].at;
	assert_int_equal(occurrences(text, "{\"resourceMetrics\""), 2);
	assert_int_equal(occurrences(text, "{\"g\":[\""), 2);
	assert_int_equal(occurrences(text, "\"]}]}]}]}\n"), 2);
	assert_int_equal(batch.lost, 0);
	otlp_batch_free(&batch);
	buffer_free(&resource);
}

/* ---- the resource */

static void attributes_come_from_the_environment(void **state)
{
	struct given *given = *state;
	encode(given, ALL, " team = a%2Cb%20c ,service.instance.id=i-1, service.name=chat,");
	give(given, EVENT_PING, TO_CLIENT);
	const char *text = written(given, OTLP_EVENTS);
	HAS(text, "{\"key\":\"team\",\"value\":{\"stringValue\":\"a,b c\"}}");
	HAS(text, "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"i-1\"}}");
	HAS(text, "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"chat\"}}");
	assert_int_equal(occurrences(text, "\"service.instance.id\""), 1);
}

static void attributes_that_are_none_are_not_used(void **state)
{
	struct given *given = *state;
	assert_false(otlp_reads_attributes("a=b,c"));
	assert_false(otlp_reads_attributes("=b"));
	assert_false(otlp_reads_attributes("a=%00"));
	assert_true(otlp_reads_attributes(""));
	assert_true(otlp_reads_attributes("a=,b=%zz,"));
	encode(given, ALL, "team=a,b");
	give(given, EVENT_PING, TO_CLIENT);
	const char *text = written(given, OTLP_EVENTS);
	assert_null(strstr(text, "team"));
	HAS(text, "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"api-2:eth0\"}}");
	HAS(text, "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"sioscope\"}}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_root_begins_with_the_handshakes_request),
	    TEST(the_root_ends_after_its_last_child_and_no_span_is_0_long),
	    TEST(a_root_without_a_child_is_not_0_long),
	    TEST(a_root_reaches_as_far_as_a_child_that_took_no_time),
	    TEST(the_root_of_an_hour_covers_what_began_before_it),
	    TEST(an_ack_is_a_span_below_the_root),
	    TEST(a_refused_connect_is_a_failed_span),
	    TEST(only_slow_and_failed_requests_are_spans),
	    TEST(a_poll_that_waits_when_the_client_leaves_did_not_fail),
	    TEST(a_trace_has_a_thousand_children_and_counts_the_rest),
	    TEST(an_hour_is_a_trace_linked_to_the_one_before),
	    TEST(a_websocket_is_named_by_the_sid_that_comes_later),
	    TEST(the_handshakes_traceparent_is_a_link),
	    TEST(what_is_no_traceparent_is_no_link),
	    TEST(a_finding_is_a_record_of_its_sessions_root),
	    TEST(a_root_says_what_was_found_of_its_session),
	    TEST(a_finding_without_a_session_has_no_ids),
	    TEST(of_merged_files_a_finding_says_which_packet_of_which),
	    TEST(a_finding_of_the_first_hour_is_in_its_trace),
	    TEST(a_finding_is_recorded_once),
	    TEST(live_metrics_are_exported_at_their_interval),
	    TEST(an_exemplar_is_exported_once_and_its_span_too),
	    TEST(an_event_is_a_record_of_names_and_sizes),
	    TEST(a_line_is_shorter_than_a_mebibyte_and_nothing_is_lost),
	    TEST(a_group_goes_on_in_the_next_line),
	    TEST(attributes_come_from_the_environment),
	    TEST(attributes_that_are_none_are_not_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
