/* The fields that a query may ask for: what each is worth, on a timeline in which there is something of everything. */
#include "http/exchange.h"
#include "net/packet.h"
#include "query/query.h"
#include "timeline_by_hand.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static const struct process process = {.id = 4711, .command = "uvicorn", .container = "c0ffee"};

static struct endpoint endpoint_of(uint8_t last, uint16_t port)
{
	return (struct endpoint){.address = {.version = 4, .bytes = {10, 0, 0, last}}, .port = port};
}

static void describe_session(struct timeline_by_hand *given)
{
	struct connection_facts *connection = &given->connections[0];
	struct session *session = &given->sessions[0];
	connection->client = endpoint_of(1, 50000);
	connection->server = endpoint_of(2, 8000);
	connection->process = &process;
	snprintf(connection->text, sizeof connection->text, "10.0.0.1:50000-10.0.0.2:8000");
	session->client = connection->client;
	session->server = connection->server;
	session->process = &process;
	session->revision = 4;
	session->handshake_seen = true;
	session->closed = 1009 * TIMESTAMP_SECOND;
	snprintf(session->close, sizeof session->close, "client left");
	session->events[DIRECTION_TO_SERVER] = 3;
	session->events[DIRECTION_TO_CLIENT] = 5;
	session->bytes[DIRECTION_TO_SERVER] = 100;
	session->bytes[DIRECTION_TO_CLIENT] = 23;
	session->user = (char *)"203.0.113.7";
	session->gaps = 2;
	session->malformed = 1;
}

/* Of two files packet about packet, of which the second was filtered: 10 is its 5000th. */
static void give_numbering(struct timeline_by_hand *given)
{
	static const char *const files[] = {"front.pcap", "captures/back.pcap"};
	given->numbering = numbering_new(files, 2);
	for (uint64_t i = 1; i <= 100; i++)
		numbering_add(given->numbering, i % 2 == 0, i % 2 ? i / 2 + 1 : i * 500);
}

static void give_event(struct timeline_by_hand *given, struct event event)
{
	const struct observer *observer = record_observer(given->record);
	event.index = ++given->events;
	event.origin.time = (1000 + (timestamp)given->events) * TIMESTAMP_SECOND;
	event.origin.first = event.origin.last = given->events * 10;
	event.origin.numbering = given->numbering;
	event.connection = event.kind == EVENT_LOG ? NULL : &given->connections[0];
	event.session = event.kind == EVENT_LOG ? NULL : &given->sessions[0];
	observer->event(observer->self, &event);
}

static void give_events(struct timeline_by_hand *given)
{
	struct exchange exchange = {.status = 400};
	exchange.request.head.bytes = SLICE("POST /socket.io/?sid=first HTTP/1.1");
	exchange.request.head.method = slice_take(exchange.request.head.bytes, 4);
	exchange.request.head.target = slice_take(slice_drop(exchange.request.head.bytes, 5), 21);
	const struct event_leg legs[] = {{"a", {10, 10, 1001 * TIMESTAMP_SECOND, ORIGIN_PACKETS, 0, NULL}, false},
	    {"b", {11, 11, 1001 * TIMESTAMP_SECOND + 2 * TIMESTAMP_MILLISECOND, ORIGIN_PACKETS, 0, NULL}, false}};
	give_event(given, (struct event){.kind = EVENT_EVENT,
	                      .legs = legs,
	                      .leg_count = 2,
	                      .transport = TRANSPORT_WEBSOCKET,
	                      .direction = DIRECTION_TO_SERVER,
	                      .packet.nsp = SLICE("/chat"),
	                      .packet.name = SLICE("\"ask\""),
	                      .packet.data = SLICE("{\"a\":true}"),
	                      .packet.ack = SLICE("7"),
	                      .origin.stream = 5,
	                      .bytes = 42,
	                      .queued = 300 * TIMESTAMP_MILLISECOND,
	                      .incomplete = true});
	give_event(
	    given, (struct event){
	               .kind = EVENT_ACK, .direction = DIRECTION_TO_CLIENT, .packet.ack = SLICE("7"), .answers = 1});
	give_event(given, (struct event){.kind = EVENT_HTTP, .transport = TRANSPORT_POLLING, .exchange = &exchange});
	give_event(
	    given, (struct event){.kind = EVENT_WS_CLOSE, .ws_close.code = 1009, .ws_close.reason = SLICE("too big")});
	give_event(given, (struct event){.kind = EVENT_TCP_CLOSE, .tcp_close.how = TCP_END_RST});
	give_event(given,
	    (struct event){.kind = EVENT_MALFORMED, .malformed.layer = "socketio", .malformed.why = SLICE("no type")});
	give_event(given, (struct event){.kind = EVENT_LOG, .line = SLICE("ERROR: late")});
}

static void give_findings(struct timeline_by_hand *given)
{
	struct finding *cause = findings_claim(
	    &given->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_PROVEN, &given->sessions[0], NULL, "cause");
	struct finding *finding = findings_claim(
	    &given->findings, CODE_EVENT_DROPPED, CONFIDENCE_LIKELY, &given->sessions[0], NULL, "");
	finding_say(&given->findings, finding, "it was late");
	finding_advise(&given->findings, finding, "wait");
	finding->phase = "late";
	finding->cause = "client-late";
	finding->explained_by = cause;
}

static int give_everything(void **state)
{
	struct timeline_by_hand *given = timeline_by_hand_new();
	const struct observer *observer = record_observer(given->record);
	struct session_namespace chat = {.name = (char *)"/chat", .name_len = 5};
	describe_session(given);
	given->sessions[0].namespaces = &chat;
	given->sessions[0].namespace_count = 1;
	give_numbering(given);
	give_events(given);
	observer->session_closed(observer->self, &given->sessions[0]);
	give_findings(given);
	*state = given;
	return 0;
}

static void assert_all_hold(const struct timeline_by_hand *given, const char *const *texts)
{
	for (; *texts; texts++)
		if (!timeline_holds(given, *texts))
			fail_msg("does not hold: %s", *texts);
}

static void no_field_is_worth_nothing_everywhere(void **state)
{
	static const struct {
		enum query_table table;
		const char *name;
	} tables[] = {{TABLE_SESSIONS, "sessions"}, {TABLE_EVENTS, "events"}, {TABLE_FINDINGS, "findings"}};
	const struct query_field *field;
	for (size_t nth = 0; (field = query_field_nth(nth)); nth++)
		for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
			char text[128];
			snprintf(text, sizeof text, "some(%s where %s != null)", tables[i].name, field->name);
			if ((field->tables & tables[i].table) && !timeline_holds(*state, text))
				fail_msg("does not hold: %s", text);
		}
}

static void fields_of_a_session_are_its_facts(void **state)
{
	static const char *const texts[] = {"some(sessions where sid == 'first' and eio == 4 and handshake)",
	    "some(sessions where client == '10.0.0.1:50000' and server == '10.0.0.2:8000')",
	    "some(sessions where pid == 4711 and process == 'uvicorn' and container == 'c0ffee')",
	    "some(sessions where sent == 3 and received == 5 and bytes == 123)",
	    "some(sessions where user == '203.0.113.7')",
	    "some(sessions where gaps == 2 and malformed == 1 and namespaces == 1)",
	    "some(sessions where close == 'client left' and closed - opened == 9s and age == 9s)",
	    "some(sessions where transport == websocket and transports == 'websocket')", NULL};
	assert_all_hold(*state, texts);
}

static void fields_of_an_event_are_those_of_its_kind(void **state)
{
	static const char *const texts[] = {
	    "some(events where nsp == '/chat' and ack == 7 and bytes == 42 and queued == 300ms and incomplete)",
	    "some(events where conn == '10.0.0.1:50000-10.0.0.2:8000' and pid == 4711 and packet == 10 and age == 1s)",
	    "some(events where type == ack and answers == 1)", "count(events where hop_latency == 2ms) == 1",
	    "count(events where packet == 10 and file == 'captures/back.pcap' and file_packet == 5000) == 1",
	    "some(events where method == 'POST' and target ~ 'sid=' and status == 400)",
	    "some(events where code == 1009 and reason == 'too big')", "some(events where how == rst)",
	    "some(events where layer == 'socketio' and why == 'no type')",
	    "some(events where text ~ 'late' and session == null and client == null and pid == null)",
	    "none(events where type != 'ws-close' and code != null)", NULL};
	assert_all_hold(*state, texts);
}

static void fields_of_a_finding_are_what_is_reported(void **state)
{
	static const char *const texts[] = {"some(findings where code == 'event-dropped' and severity == error)",
	    "some(findings where seen == 'it was late' and do == 'wait' and count == 1)",
	    "some(findings where explained_by == 'abnormal-close' and title != '')",
	    "some(findings where cause == 'client-late')",
	    "some(findings where sid == 'first' and client == '10.0.0.1:50000')", NULL};
	assert_all_hold(*state, texts);
}

#define GIVEN(test) cmocka_unit_test_setup_teardown(test, give_everything, forget_timeline)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    GIVEN(no_field_is_worth_nothing_everywhere),
	    GIVEN(fields_of_a_session_are_its_facts),
	    GIVEN(fields_of_an_event_are_those_of_its_kind),
	    GIVEN(fields_of_a_finding_are_what_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
