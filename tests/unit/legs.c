/* Requests that a hop repeats: one session, each event once. */
#include "socketio/legs.h"

#include "socketio/transports.h"
#include "unit.h"

#include <stdio.h>

#define OPEN(sid) "0{\"sid\":\"" sid "\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}"
#define SID "AbCdEfGhIjKlMnOpAAAA"
#define HANDSHAKE "/socket.io/?EIO=4&transport=polling&t=abc"
#define POLL(t) "/socket.io/?EIO=4&transport=polling&t=" t "&sid=" SID

enum side_of_hop { FRONT, BACK, ELSEWHERE };

struct scene {
	struct observer observer;
	const struct observer *observers[1];
	struct context context;
	struct connection connections[3];
	struct exchange *exchanges[8];
	size_t exchange_count;
	size_t opened, events, crossed, legs; /* legs of the last event */
	uint64_t crossed_index;
	bool has_behind; /* of the last exchange that was emitted, as long as its event lives */
	struct event_behind behind;
	struct session session; /* that was closed last */
	struct session_loss losses[SESSION_LOSSES];
	struct session_leg session_legs[SESSION_LEGS];
};

static void note_opened(void *self, const struct session *session)
{
	(void)session;
	((struct scene *)self)->opened++;
}

static void note_event(void *self, const struct event *event)
{
	struct scene *scene = self;
	if (event->kind == EVENT_HTTP)
		scene->has_behind = event->behind;
	if (event->kind == EVENT_HTTP && event->behind)
		scene->behind = *event->behind;
	if (event->kind != EVENT_EVENT && event->kind != EVENT_OPEN)
		return;
	scene->events++;
	scene->legs = event->leg_count;
}

static void note_crossed(void *self, uint64_t index, const struct event_leg *leg)
{
	struct scene *scene = self;
	(void)leg;
	scene->crossed++;
	scene->crossed_index = index;
}

static void note_closed(void *self, struct session *session)
{
	struct scene *scene = self;
	crossings_end_session(&scene->context, session);
	scene->session = *session;
	if (session->losses)
		memcpy(scene->losses, session->losses, sizeof scene->losses);
	scene->session.losses = scene->losses; /* its own are freed with it */
	memcpy(scene->session_legs, session->legs, session->leg_count * sizeof *session->legs);
	scene->session.legs = scene->session_legs;
}

static void begin(struct scene *scene)
{
	*scene = (struct scene){
	    .observer = {.self = scene, .session_opened = note_opened, .event = note_event, .crossed = note_crossed}};
	scene->observers[0] = &scene->observer;
	struct context *context = &scene->context;
	context->limits = limits_default();
	context->budget.limit = SIZE_MAX;
	context->timeline = (struct timeline){.observers = scene->observers, .observer_count = 1};
	context->sessions = sessions_new(100, &context->budget, note_closed, scene);
	context->legs = legs_new(&context->budget);
	buffer_init(&context->json, BUFFER_NO_LIMIT, NULL);
	for (int i = FRONT; i <= ELSEWHERE; i++) {
		struct connection_facts *facts = &scene->connections[i].facts;
		facts->client = (struct endpoint){
		    .address = {.version = 4, .bytes = {10, 0, 0, (uint8_t)i}}, .port = 5};
		facts->server = (struct endpoint){
		    .address = {.version = 4, .bytes = {10, 0, 1, (uint8_t)i}}, .port = 80};
		snprintf(facts->text, sizeof facts->text, "leg %d", i);
	}
}

static void end(struct scene *scene)
{
	legs_end(scene->context.legs);
	sessions_free(scene->context.sessions);
	legs_free(scene->context.legs);
	buffer_free(&scene->context.json);
	for (size_t i = 0; i < scene->exchange_count; i++)
		exchange_free(scene->exchanges[i]);
}

static struct exchange *ask(struct scene *scene, enum side_of_hop where, timestamp time, const char *method,
    const char *target, const char *body)
{
	struct exchange *exchange = exchange_new(&scene->context.limits, &scene->context.budget);
	scene->exchanges[scene->exchange_count++] = exchange;
	exchange->wanted = true;
	exchange->request.head.method = slice_of_text(method);
	exchange->request.head.target = slice_of_text(target);
	exchange->target = target_new(exchange->request.head.target, &scene->context.budget);
	exchange->request.begun = exchange->request.ended = exchange->request.given = time;
	exchange->request.origin.first = exchange->request.origin.last = (uint64_t)time;
	buffer_append(&exchange->request.body, slice_of_text(body));
	transports_sink(&scene->context).request(&scene->context, &scene->connections[where], exchange);
	return exchange;
}

static void answer(struct scene *scene, enum side_of_hop where, timestamp time, struct exchange *exchange, int status,
    const char *body)
{
	exchange->status = status;
	exchange->answer.begun = exchange->answer.ended = exchange->answer.given = time;
	exchange->answer.origin.first = exchange->answer.origin.last = (uint64_t)time;
	buffer_append(&exchange->answer.body, slice_of_text(body));
	transports_sink(&scene->context).answer(&scene->context, &scene->connections[where], exchange);
}

/* The handshake, by a hop. */
static void open_by_hop(struct scene *scene)
{
	struct exchange *outer = ask(scene, FRONT, 1, "GET", HANDSHAKE, "");
	struct exchange *inner = ask(scene, BACK, 2, "GET", HANDSHAKE, "");
	answer(scene, BACK, 3, inner, 200, OPEN(SID));
	answer(scene, FRONT, 4, outer, 200, OPEN(SID));
}

static void both_legs_of_a_hop_are_one_session(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	open_by_hop(&scene);
	assert_int_equal(scene.opened, 1);
	assert_int_equal(scene.events, 1);
	assert_int_equal(scene.legs, 2);
	end(&scene);
	assert_int_equal(scene.session.leg_count, 2);
	assert_true(endpoint_equals(&scene.session.client, &scene.connections[FRONT].facts.client));
	assert_true(endpoint_equals(&scene.session.legs[1].server, &scene.connections[BACK].facts.server));
}

static void nothing_is_emitted_before_it_comes_out_at_the_client(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	ask(&scene, FRONT, 1, "GET", HANDSHAKE, "");
	answer(&scene, BACK, 3, ask(&scene, BACK, 2, "GET", HANDSHAKE, ""), 200, OPEN(SID));
	assert_int_equal(scene.opened, 0);
	end(&scene);
}

static void what_the_client_sends_is_emitted_once(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	open_by_hop(&scene);
	ask(&scene, FRONT, 5, "POST", POLL("b"), "42[\"a\"]");
	assert_int_equal(scene.events, 2);
	assert_int_equal(scene.crossed, 0);
	ask(&scene, BACK, 6, "POST", POLL("b"), "42[\"a\"]");
	assert_int_equal(scene.events, 2);
	assert_int_equal(scene.crossed, 1);
	assert_int_equal(scene.crossed_index, scene.context.timeline.events);
	end(&scene);
	assert_int_equal(scene.session.loss_count, 0);
}

static void an_event_that_the_hop_keeps_is_lost(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	open_by_hop(&scene);
	ask(&scene, FRONT, 5, "POST", POLL("b"), "42[\"a\"]");
	ask(&scene, FRONT, 6, "POST", POLL("c"), "42[\"b\"]");
	ask(&scene, BACK, 7, "POST", POLL("c"), "42[\"b\"]");
	end(&scene);
	assert_int_equal(scene.session.loss_count, 1);
	assert_string_equal(scene.session.losses[0].name, "\"a\"");
	assert_true(scene.session.losses[0].is_sure);
	assert_int_equal(scene.session.losses[0].origin.first, 5);
}

/* It may be on its way. */
static void an_event_just_before_the_end_is_not_lost(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	open_by_hop(&scene);
	ask(&scene, FRONT, 5, "POST", POLL("b"), "42[\"a\"]");
	end(&scene);
	assert_int_equal(scene.session.loss_count, 0);
}

static void an_event_that_did_not_come_out_while_its_session_went_on_is_lost_but_not_for_sure(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	open_by_hop(&scene);
	ask(&scene, FRONT, 5, "POST", POLL("b"), "42[\"a\"]");
	ask(&scene, FRONT, 6 * TIMESTAMP_SECOND, "POST", POLL("c"), "3");
	end(&scene);
	assert_int_equal(scene.session.loss_count, 1);
	assert_false(scene.session.losses[0].is_sure);
}

static void where_bytes_are_missing_nothing_is_lost_on_the_way(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	open_by_hop(&scene);
	struct event gap = {.kind = EVENT_GAP};
	struct carrier carrier = {.session = sessions_newest(scene.context.sessions, SLICE(SID)),
	    .connection = &scene.connections[BACK].facts};
	crossings_take_event(&scene.context, &carrier, &gap);
	ask(&scene, FRONT, 5, "POST", POLL("b"), "42[\"a\"]");
	ask(&scene, FRONT, 6, "POST", POLL("c"), "42[\"b\"]");
	ask(&scene, BACK, 7, "POST", POLL("c"), "42[\"b\"]");
	end(&scene);
	assert_int_equal(scene.session.loss_count, 0);
}

static void a_request_after_the_answer_repeats_nothing(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	answer(&scene, FRONT, 2, ask(&scene, FRONT, 1, "GET", HANDSHAKE, ""), 200, OPEN("1"));
	answer(&scene, BACK, 4, ask(&scene, BACK, 3, "GET", HANDSHAKE, ""), 200, OPEN("1"));
	assert_int_equal(scene.opened, 2);
	assert_int_equal(scene.events, 2);
	end(&scene);
}

static void two_servers_that_count_are_no_hop(void **state)
{
	(void)state; /* googollee: both give out 1, to clients that write no cache buster */
	struct scene scene;
	begin(&scene);
	struct exchange *one = ask(&scene, FRONT, 1, "GET", "/socket.io/?EIO=4&transport=polling", "");
	struct exchange *two = ask(&scene, BACK, 2, "GET", "/socket.io/?EIO=4&transport=polling", "");
	answer(&scene, BACK, 3, two, 200, OPEN("1"));
	answer(&scene, FRONT, 4, one, 200, OPEN("1"));
	assert_int_equal(scene.opened, 2);
	end(&scene);
}

static void a_sid_that_may_be_a_counter_names_nobody_at_another_server(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	answer(&scene, FRONT, 2, ask(&scene, FRONT, 1, "GET", HANDSHAKE, ""), 200, OPEN("12345678901234567890"));
	ask(&scene, ELSEWHERE, 9, "POST", "/socket.io/?EIO=4&transport=polling&sid=12345678901234567890", "42[\"a\"]");
	assert_int_equal(scene.opened, 2);
	end(&scene);
}

static void any_other_sid_is_the_same_session_at_another_address(void **state)
{
	(void)state; /* localhost's other family, another network of the client */
	struct scene scene;
	begin(&scene);
	answer(&scene, FRONT, 2, ask(&scene, FRONT, 1, "GET", HANDSHAKE, ""), 200, OPEN(SID));
	ask(&scene, ELSEWHERE, 9, "POST", POLL("z"), "42[\"a\"]");
	assert_int_equal(scene.opened, 1);
	assert_int_equal(scene.events, 2);
	end(&scene);
	assert_int_equal(scene.session.leg_count, 2);
}

/* A handshake that the hop refuses, after its server did with it as `inner` says. */
static void refuse_by_hop(struct scene *scene, const char *head, enum direction ended_by)
{
	begin(scene);
	struct exchange *outer = ask(scene, FRONT, 1, "GET", HANDSHAKE, "");
	struct exchange *inner = ask(scene, BACK, 2, "GET", HANDSHAKE, "");
	if (*head) {
		struct http_stream stream;
		struct http_item item;
		struct slice bytes = slice_of_text(head);
		http_stream_init(&stream, HTTP_RESPONSES, &http_default_limits, NULL);
		assert_int_equal(http_next_item(&stream, &bytes, &item), WIRE_ITEM);
		exchange_keep_head(&inner->answer, &item.head);
		http_stream_free(&stream);
		answer(scene, BACK, 3, inner, 200, OPEN(SID));
	} else {
		inner->ended_by = ended_by;
		exchange_decide(inner, EXCHANGE_UNANSWERED, 3);
		transports_sink(&scene->context).answer(&scene->context, &scene->connections[BACK], inner);
	}
	answer(scene, FRONT, 4, outer, 502, "");
	end(scene);
}

static void a_refusal_by_a_hop_has_what_was_answered_behind_it(void **state)
{
	(void)state;
	struct scene scene;
	refuse_by_hop(&scene, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", DIRECTION_TO_CLIENT);
	assert_true(scene.has_behind);
	assert_int_equal(scene.behind.status, 200);
	assert_int_equal(scene.behind.server.address.bytes[3], BACK);
	assert_int_equal(scene.behind.origin.first, 2);
	assert_int_equal(scene.behind.origin.last, 3);
	assert_false(scene.behind.is_dropped);
	assert_null(scene.behind.oddity);
}

static void headers_for_which_proxies_refuse_an_answer_are_named(void **state)
{
	static const char *const answers[][2] = {
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	        "Transfer-Encoding twice"},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n", "Content-Length twice"},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
	        "Content-Length beside Transfer-Encoding"}};
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct scene scene;
		refuse_by_hop(&scene, answers[i][0], DIRECTION_TO_CLIENT);
		assert_string_equal(scene.behind.oddity, answers[i][1]);
	}
}

static void a_server_behind_a_hop_that_ends_the_connection_has_dropped_the_request(void **state)
{
	(void)state;
	struct scene scene;
	refuse_by_hop(&scene, "", DIRECTION_TO_CLIENT);
	assert_true(scene.behind.is_dropped);
	assert_int_equal(scene.behind.status, 0);
}

static void a_hop_that_gives_up_waiting_is_not_dropped_by_its_server(void **state)
{
	(void)state;
	struct scene scene;
	refuse_by_hop(&scene, "", DIRECTION_TO_SERVER);
	assert_true(scene.has_behind);
	assert_false(scene.behind.is_dropped);
}

static void a_refusal_before_its_server_answers_has_the_request_behind_it(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	struct exchange *outer = ask(&scene, FRONT, 1, "GET", HANDSHAKE, "");
	ask(&scene, BACK, 2, "GET", HANDSHAKE, "");
	answer(&scene, FRONT, 4, outer, 504, "");
	assert_true(scene.has_behind);
	assert_int_equal(scene.behind.begun, 2);
	assert_int_equal(scene.behind.status, 0);
	end(&scene);
}

static void a_refusal_without_a_hop_has_nothing_behind_it(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	answer(&scene, BACK, 2, ask(&scene, BACK, 1, "GET", HANDSHAKE, ""), 200, OPEN(SID));
	answer(&scene, FRONT, 4, ask(&scene, FRONT, 3, "GET", HANDSHAKE, ""), 502, "");
	assert_false(scene.has_behind);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_refusal_by_a_hop_has_what_was_answered_behind_it),
	    cmocka_unit_test(headers_for_which_proxies_refuse_an_answer_are_named),
	    cmocka_unit_test(a_server_behind_a_hop_that_ends_the_connection_has_dropped_the_request),
	    cmocka_unit_test(a_hop_that_gives_up_waiting_is_not_dropped_by_its_server),
	    cmocka_unit_test(a_refusal_before_its_server_answers_has_the_request_behind_it),
	    cmocka_unit_test(a_refusal_without_a_hop_has_nothing_behind_it),
	    cmocka_unit_test(both_legs_of_a_hop_are_one_session),
	    cmocka_unit_test(nothing_is_emitted_before_it_comes_out_at_the_client),
	    cmocka_unit_test(what_the_client_sends_is_emitted_once),
	    cmocka_unit_test(an_event_that_the_hop_keeps_is_lost),
	    cmocka_unit_test(an_event_just_before_the_end_is_not_lost),
	    cmocka_unit_test(an_event_that_did_not_come_out_while_its_session_went_on_is_lost_but_not_for_sure),
	    cmocka_unit_test(where_bytes_are_missing_nothing_is_lost_on_the_way),
	    cmocka_unit_test(a_request_after_the_answer_repeats_nothing),
	    cmocka_unit_test(two_servers_that_count_are_no_hop),
	    cmocka_unit_test(a_sid_that_may_be_a_counter_names_nobody_at_another_server),
	    cmocka_unit_test(any_other_sid_is_the_same_session_at_another_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
