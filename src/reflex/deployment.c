/* What the wire shows of how a Reflex app is deployed: for each setting or patch of it, whether it is in effect. An
 * observer, and a section of the report. */
#include "base/json.h"
#include "base/text.h"
#include "http/exchange.h"
#include "reflex/frontend.h"
#include "reflex/reflex.h"
#include "reflex/thresholds.h"
#include "socketio/session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

enum deployment_verdict { DEPLOYMENT_UNSEEN, DEPLOYMENT_IN_EFFECT, DEPLOYMENT_NOT_IN_EFFECT };

enum deployment_item {
	DEPLOYMENT_POLLING,   /* the server takes polling */
	DEPLOYMENT_WEBSOCKET, /* the server takes WebSocket */
	DEPLOYMENT_UPGRADE,   /* the server offers the upgrade */
	DEPLOYMENT_CLIENT,    /* pages connect by WebSocket alone */
	DEPLOYMENT_CORS,      /* answers carry Access-Control-Allow-Origin, once */
	DEPLOYMENT_DEFLATE,   /* WebSocket messages are compressed */
	DEPLOYMENT_RETRY,     /* events that meet no environ are tried again */
	DEPLOYMENT_ITEMS,
};

/* The retry patch that people copy tries again some times, with a wait between (thresholds.c). */
enum { DEPLOYMENT_DELAYS = 16 };

struct deployment {
	struct observer observer;
	const struct frontend *frontend; /* that states are compared with, once it is known; or NULL */
	bool reflex;                     /* a Reflex page was seen: else the section is empty */
	enum deployment_verdict verdicts[DEPLOYMENT_ITEMS];
	char why[DEPLOYMENT_ITEMS][96];
	timestamp ping_interval, ping_timeout;
	/* For the retry: updates, and those that came late by whole multiples of its delay. */
	timestamp asked;
	uint64_t answers, late[DEPLOYMENT_DELAYS]; /* by how many times the delay */
};

static const char *const item_names[] = {
    [DEPLOYMENT_POLLING] = "the server takes polling",
    [DEPLOYMENT_WEBSOCKET] = "the server takes WebSocket",
    [DEPLOYMENT_UPGRADE] = "upgrade from polling offered",
    [DEPLOYMENT_CLIENT] = "pages connect by WebSocket alone",
    [DEPLOYMENT_CORS] = "one Access-Control-Allow-Origin",
    [DEPLOYMENT_DEFLATE] = "messages are compressed",
    [DEPLOYMENT_RETRY] = "events are retried",
};

static const char *deployment_verdict_name(enum deployment_verdict verdict)
{
	static const char *const names[] = {"cannot be seen", "in effect", "not in effect"};
	return names[verdict];
}

__attribute__((format(printf, 4, 5))) static void deployment_judge(
    struct deployment *deployment, enum deployment_item item, enum deployment_verdict verdict, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	deployment->verdicts[item] = verdict;
	vsnprintf(deployment->why[item], sizeof deployment->why[item], format, arguments);
	va_end(arguments);
}

/* ---- handshakes */

/* As Reflex's server refuses one (reflex.md section 7). Any other answer is of something else, and says nothing of it.
 */
static bool deployment_refuses_transport(const struct exchange *exchange)
{
	return exchange->status == 400 || exchange->status == 403;
}

static void deployment_judge_transport(struct deployment *deployment, const struct event *event)
{
	char at[ORIGIN_TEXT];
	const struct exchange *exchange = event->exchange;
	bool websocket = exchange->target->transport == TRANSPORT_WEBSOCKET;
	bool taken = websocket ? exchange_grants_websocket(exchange) : exchange->status == 200 && event->session;
	enum deployment_item item = websocket ? DEPLOYMENT_WEBSOCKET : DEPLOYMENT_POLLING;
	origin_format(ORIGIN_OF(&event->origin, event->origin.last), at);
	if (taken || deployment_refuses_transport(exchange))
		deployment_judge(deployment, item, taken ? DEPLOYMENT_IN_EFFECT : DEPLOYMENT_NOT_IN_EFFECT,
		    "%s: HTTP %d", at, exchange->status);
	else if (exchange->status && deployment->verdicts[item] == DEPLOYMENT_UNSEEN)
		deployment_judge(
		    deployment, item, DEPLOYMENT_UNSEEN, "%s: HTTP %d, which opens no session", at, exchange->status);
	if (exchange_is_of_browser(exchange) && deployment->verdicts[DEPLOYMENT_CLIENT] != DEPLOYMENT_NOT_IN_EFFECT)
		deployment_judge(deployment, DEPLOYMENT_CLIENT,
		    websocket ? DEPLOYMENT_IN_EFFECT : DEPLOYMENT_NOT_IN_EFFECT, "%s: the page asks by %s",
		    origin_format(ORIGIN_OF(&event->origin, event->origin.first), at),
		    websocket ? "WebSocket" : "polling");
}

static void deployment_judge_cors(struct deployment *deployment, const struct event *event)
{
	char at[ORIGIN_TEXT];
	const struct exchange *exchange = event->exchange;
	size_t count = exchange_count_fields(&exchange->answer, "Access-Control-Allow-Origin");
	if (!exchange->status || exchange->target->transport == TRANSPORT_WEBSOCKET ||
	    !exchange_field(&exchange->request, "Origin").len)
		return;
	if (deployment->verdicts[DEPLOYMENT_CORS] != DEPLOYMENT_NOT_IN_EFFECT)
		deployment_judge(deployment, DEPLOYMENT_CORS,
		    count == 1 ? DEPLOYMENT_IN_EFFECT : DEPLOYMENT_NOT_IN_EFFECT, "%s: it stands there %zu %s",
		    origin_format(ORIGIN_OF(&event->origin, event->origin.last), at), count,
		    plural_choose(count, "time", "times"));
}

static void deployment_judge_deflate(struct deployment *deployment, const struct event *event)
{
	char at[ORIGIN_TEXT];
	struct slice agreed = exchange_field(&event->exchange->answer, "Sec-WebSocket-Extensions");
	bool deflate = slice_find(agreed, SLICE("permessage-deflate")) < agreed.len;
	deployment_judge(deployment, DEPLOYMENT_DEFLATE, deflate ? DEPLOYMENT_IN_EFFECT : DEPLOYMENT_NOT_IN_EFFECT,
	    "%s: the server %s", origin_format(ORIGIN_OF(&event->origin, event->origin.last), at),
	    deflate ? "agreed" : "did not agree");
}

static void deployment_judge_open(struct deployment *deployment, const struct event *event)
{
	char at[ORIGIN_TEXT];
	deployment->ping_interval = event->session->ping_interval;
	deployment->ping_timeout = event->session->ping_timeout;
	if (event->transport == TRANSPORT_POLLING)
		deployment_judge(deployment, DEPLOYMENT_UPGRADE,
		    event->session->offers_websocket ? DEPLOYMENT_IN_EFFECT : DEPLOYMENT_NOT_IN_EFFECT,
		    "%s: upgrades of the handshake", origin_format(ORIGIN_OF(&event->origin, event->origin.last), at));
}

/* ---- the retry */

/* How many times the delay of a retry a latency is; 0: it is none. */
static int64_t deployment_count_retries(timestamp latency)
{
	timestamp delay = reflex_time(REFLEX_RETRY_DELAY);
	int64_t times = (latency + delay / 2) / delay;
	timestamp over = latency - times * delay;
	bool is_retry = times >= 1 && times <= (int64_t)reflex_count(REFLEX_RETRY_TRIES) &&
	                times <= DEPLOYMENT_DELAYS && over >= 0 &&
	                over < reflex_time(REFLEX_RETRY_PLAY) + TIMESTAMP_MILLISECOND;
	return is_retry ? times : 0;
}

static void deployment_take_reflex_event(struct deployment *deployment, const struct event *event)
{
	if (event->direction == DIRECTION_TO_SERVER) {
		deployment->asked = event->origin.time;
		return;
	}
	if (!deployment->asked)
		return;
	deployment->answers++;
	int64_t times = deployment_count_retries(event->origin.time - deployment->asked);
	if (times)
		deployment->late[times - 1]++;
	deployment->asked = 0;
}

static void deployment_judge_retry(struct deployment *deployment)
{
	uint64_t late = 0, delays = 0;
	for (size_t i = 0; i < DEPLOYMENT_DELAYS; i++) {
		late += deployment->late[i];
		delays += deployment->late[i] != 0;
	}
	if (late >= reflex_count(REFLEX_RETRY_ANSWERS) && delays >= reflex_count(REFLEX_RETRY_DELAYS) &&
	    late * 100 >= deployment->answers * reflex_count(REFLEX_RETRY_PART))
		deployment_judge(deployment, DEPLOYMENT_RETRY, DEPLOYMENT_IN_EFFECT,
		    "%" PRIu64 " of %" PRIu64 " answers came late by whole multiples of 100 ms", late,
		    deployment->answers);
	else if (deployment->answers)
		deployment_judge(deployment, DEPLOYMENT_RETRY, DEPLOYMENT_UNSEEN,
		    "answers did not come late by several multiples of 100 ms");
}

/* ---- the timeline */

static void deployment_take_event(void *self, const struct event *event)
{
	struct deployment *deployment = self;
	bool handshake = event->kind == EVENT_HTTP && !event->exchange->target->sid_len;
	struct slice path = handshake ? http_target_path(event->exchange->request.head.target) : slice_of(NULL, 0);
	if (handshake && slice_starts_with(path, SLICE("/_event"))) {
		deployment->reflex = true;
		deployment_judge_transport(deployment, event);
	}
	if (event->kind == EVENT_HTTP)
		deployment_judge_cors(deployment, event);
	if (event->kind == EVENT_WS_OPEN)
		deployment_judge_deflate(deployment, event);
	if (event->kind == EVENT_OPEN && event->session)
		deployment_judge_open(deployment, event);
	if (event->kind == EVENT_EVENT && json_string_is(event_packet(event)->name, "event") &&
	    slice_equals(event_packet(event)->nsp, SLICE("/_event")))
		deployment_take_reflex_event(deployment, event);
}

static void deployment_take_end(void *self)
{
	deployment_judge_retry(self);
}

/* ---- writing */

static void deployment_write(const struct text_writer *writer, const void *section)
{
	const struct deployment *deployment = section;
	if (!deployment->reflex)
		return;
	text_blank(writer);
	text_heading(writer, "What the wire shows of the Reflex deployment");
	for (enum deployment_item item = 0; item < DEPLOYMENT_ITEMS; item++) {
		char label[48];
		snprintf(label, sizeof label, "%-34s", item_names[item]);
		text_label(writer, STYLE_PLAIN, 2, label, "%s%s%s%s",
		    deployment_verdict_name(deployment->verdicts[item]), *deployment->why[item] ? " (" : "",
		    deployment->why[item], *deployment->why[item] ? ")" : "");
	}
	if (deployment->ping_interval) {
		char interval[TIMESTAMP_TEXT_SIZE], timeout[TIMESTAMP_TEXT_SIZE];
		text_label(writer, STYLE_PLAIN, 2, "ping interval and timeout         ", "%s, %s",
		    timestamp_format_span(deployment->ping_interval, interval),
		    timestamp_format_span(deployment->ping_timeout, timeout));
	}
}

/* ---- as a section of the report */

static void *section_new(const void *facts)
{
	struct deployment *deployment = malloc(sizeof *deployment);
	if (deployment)
		*deployment = (struct deployment){
		    .observer = {.self = deployment, .event = deployment_take_event, .end = deployment_take_end},
		    .frontend = facts};
	return deployment;
}

static const struct observer *section_observer(const void *section)
{
	return &((const struct deployment *)section)->observer;
}

/* Additional to version 1; an empty object when no Reflex page was seen. */
static cJSON *section_tree(const void *section)
{
	const struct deployment *deployment = section;
	cJSON *object = tree_object();
	for (enum deployment_item item = 0; deployment->reflex && item < DEPLOYMENT_ITEMS; item++)
		tree_add_word(object, item_names[item], deployment_verdict_name(deployment->verdicts[item]));
	return object;
}

static void section_health(const void *section, struct buffer *checked, struct buffer *unchecked)
{
	const struct deployment *deployment = section;
	const struct frontend *frontend = deployment->frontend;
	bool compares = frontend_states(frontend);
	if (!deployment->reflex)
		return;
	buffer_append_text(checked, ", and a Reflex app's events");
	buffer_append_text(compares ? checked : unchecked,
	    !compares
	        ? " Its states were compared with nothing: --frontend names the .web directory that they must fit."
	    : frontend->is_captured ? " and states, against the scripts that its pages loaded"
	                            : " and states");
}

const struct report_section reflex_deployment = {
    .new = section_new,
    .free = free,
    .observer = section_observer,
    .write = deployment_write,
    .key = "deployment",
    .tree = section_tree,
    .health = section_health,
};
