/*
 * stream-refused: an HTTP/2 stream that the server refused or ended, or one of the ends for a fault of the other.
 *
 * Seen: RST_STREAM, or a GOAWAY that leaves the stream out or has an error code (RFC 9113 §6.4, §6.8), on a request of
 * Engine.IO without a whole answer, or on its WebSocket. What else explains it: a client that leaves (CANCEL); a server
 * that goes away in order, whose client sends the request again on another stream: a stream that was refused before it
 * was processed may be sent again by itself (§8.7), over whatever version of HTTP, and nothing is lost. A request that
 * comes again is therefore let pass. That is seen only when its answer comes (live: at once), and a poll may be held
 * for as long as the session's heartbeat allows. HTTP_1_1_REQUIRED sends the client to HTTP/1.1, and a session that
 * either side closed is owed nothing.
 */
#include "base/hash.h"
#include "detect/detector.h"
#include "http/http2_frame.h"

#include <stdio.h>
#include <stdlib.h>

enum { STREAMS_WAITING = 512 };

/* A stream that was ended: reported unless its request is sent again soon. */
struct ended_stream {
	const struct session *session; /* NULL: none */
	struct endpoint server;
	struct address client;
	struct stream_reset reset;
	struct origin origin;  /* of the request, or of the WebSocket's end */
	timestamp begun, time; /* of the request; of its end */
	timestamp held;        /* so long after it is sent again its answer may take */
	uint64_t request;      /* a digest of its method and target; 0: a WebSocket */
	enum transport transport;
	bool carried; /* events, in a POST */
	char what[32];
};

struct streams {
	struct findings *findings;
	struct ended_stream waiting[STREAMS_WAITING]; /* the earliest first */
	size_t count;
	bool is_live; /* requests are seen when they are asked */
};

static void *streams_new(const struct detector_state *state)
{
	struct streams *streams = calloc(1, sizeof *streams);
	if (streams)
		streams->findings = state->findings;
	return streams;
}

/* ---- what is a refusal */

static bool reset_is_fault(const struct stream_reset *reset)
{
	if (reset->by == RESET_NONE || reset->code == HTTP2_HTTP_1_1_REQUIRED)
		return false;
	bool is_orderly = reset->code == HTTP2_NO_ERROR || reset->code == HTTP2_CANCEL;
	return reset->direction == DIRECTION_TO_CLIENT || !is_orderly;
}

/* The end of a WebSocket without a close frame is abnormal-close, unless a code says what was wrong. */
static bool reset_is_fault_of_websocket(const struct stream_reset *reset)
{
	return reset_is_fault(reset) && reset->code != HTTP2_NO_ERROR && reset->code != HTTP2_CANCEL;
}

static enum cause streams_cause(const struct stream_reset *reset)
{
	if (reset->code == HTTP2_REFUSED_STREAM)
		return CAUSE_STREAM_REFUSED;
	if (reset->by == RESET_GOAWAY && reset->code == HTTP2_NO_ERROR)
		return CAUSE_STREAM_LEFT_OUT;
	return reset->code == HTTP2_NO_ERROR || reset->code == HTTP2_CANCEL ? CAUSE_STREAM_ENDED : CAUSE_STREAM_ERROR;
}

static uint64_t streams_digest(const struct exchange *exchange)
{
	struct slice method = exchange->request.head.method, target = exchange->request.head.target;
	struct slice path = http_target_path(target), query = slice_drop(target, slice_find_byte(target, '?'));
	uint64_t digest = fnv_add(FNV_START, method.at, method.len);
	digest = fnv_add(digest, path.at, path.len);
	digest = fnv_add(digest, query.at, query.len);
	digest = fnv_add(digest, exchange->request.body.at, exchange->request.body.len);
	return digest ? digest : 1;
}

/* ---- reporting */

static void streams_report(struct streams *streams, const struct ended_stream *ended)
{
	static const char again[] =
	    "a client may send a stream that was refused again by itself, on a connection that was not captured";
	char server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 32];
	const struct stream_reset *reset = &ended->reset;
	enum cause cause = streams_cause(reset);
	bool is_unprocessed = cause == CAUSE_STREAM_REFUSED || cause == CAUSE_STREAM_LEFT_OUT;
	snprintf(subject, sizeof subject, "%s %s", endpoint_format(&ended->server, server), cause_table[cause].word);
	struct finding *finding = findings_claim(streams->findings, CODE_STREAM_REFUSED,
	    is_unprocessed ? CONFIDENCE_LIKELY : CONFIDENCE_PROVEN, ended->session, NULL, subject);
	if (!finding)
		return;
	if (finding->count == 1)
		finding_begin_at(finding, ended->time);
	finding_note_time(finding, ended->time);
	finding_prove(streams->findings, finding, &ended->origin, "%s: %s %s by the %s", ended->what,
	    reset->by == RESET_GOAWAY ? "GOAWAY" : "RST_STREAM", http2_code_name(reset->code),
	    direction_sender(reset->direction));
	if (finding->count > 1)
		return;
	finding_say(streams->findings, finding, "%s%s %s %s of stream %u with %s %s%s%s",
	    reset->direction == DIRECTION_TO_CLIENT ? "" : "the client of ", server,
	    is_unprocessed ? "refused" : "ended", ended->what, (unsigned)ended->origin.stream,
	    reset->by == RESET_GOAWAY ? "GOAWAY" : "RST_STREAM", http2_code_name(reset->code),
	    is_unprocessed ? ": it was not processed, and was not seen again" : "",
	    ended->carried && is_unprocessed ? "; what it carried is lost" : "");
	finding_set_cause(streams->findings, finding, cause, ended->session ? &ended->session->software : NULL);
	if (is_unprocessed)
		finding_doubt(streams->findings, finding, "%s", again);
}

static void streams_drop(struct streams *streams, size_t nth)
{
	streams->count--;
	memmove(&streams->waiting[nth], &streams->waiting[nth + 1], (streams->count - nth) * sizeof *streams->waiting);
}

static void streams_settle_old(struct streams *streams, timestamp now)
{
	for (size_t i = 0; i < streams->count;) {
		const struct ended_stream *ended = &streams->waiting[i];
		timestamp held = streams->is_live ? 0 : ended->held;
		if (ended->time + threshold_time(THRESHOLD_STREAM_AGAIN) + held >= now) {
			i++;
			continue;
		}
		streams_report(streams, ended);
		streams_drop(streams, i);
	}
}

static void streams_add(struct streams *streams, const struct ended_stream *ended)
{
	if (streams->count < STREAMS_WAITING)
		streams->waiting[streams->count++] = *ended;
	else
		findings_note_beyond(streams->findings, &ended->client, &ended->server);
}

/* ---- events */

static const char *streams_what(const struct exchange *exchange)
{
	if (exchange->target->transport == TRANSPORT_WEBSOCKET)
		return "a WebSocket's handshake";
	if (!exchange->target->sid_len)
		return "a handshake";
	return slice_equals(exchange->request.head.method, SLICE("POST")) ? "a POST" : "a poll";
}

static bool streams_is_owed(const struct event *event)
{
	const struct session *session = event->session;
	return !session || (!session->left && session->closed == TIMESTAMP_NONE);
}

/* A request that was sent, whatever became of it: is it one that waits to be sent again? */
static void streams_note_sent(struct streams *streams, const struct exchange *exchange)
{
	uint64_t digest = streams->count ? streams_digest(exchange) : 0;
	for (size_t i = 0; i < streams->count; i++) {
		const struct ended_stream *ended = &streams->waiting[i];
		if (ended->request == digest && exchange->request.begun >= ended->begun &&
		    exchange->request.begun <= ended->time + threshold_time(THRESHOLD_STREAM_AGAIN)) {
			streams_drop(streams, i);
			return;
		}
	}
}

static timestamp streams_hold(const struct session *session)
{
	return session && session->ping_interval ? session->ping_interval + session->ping_timeout
	                                         : threshold_time(THRESHOLD_POLL_LIMIT);
}

static void streams_take_exchange(struct streams *streams, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	streams_note_sent(streams, exchange);
	if (!event->origin.stream || !reset_is_fault(&exchange->reset) || !streams_is_owed(event))
		return;
	struct ended_stream ended = {.session = event->session,
	    .server = event->connection->server,
	    .client = event->connection->client.address,
	    .reset = exchange->reset,
	    .origin = event->origin,
	    .begun = exchange->request.begun,
	    .time = event->origin.time,
	    .held = streams_hold(event->session),
	    .request = streams_digest(exchange),
	    .carried = exchange->request.body_bytes > 0};
	snprintf(ended.what, sizeof ended.what, "%s", streams_what(exchange));
	if (exchange->reset.packet > ended.origin.last)
		ended.origin.last = exchange->reset.packet;
	streams_add(streams, &ended);
}

static void streams_take_event(void *self, const struct event *event)
{
	struct streams *streams = self;
	if (streams->count)
		streams_settle_old(streams, event->origin.time);
	if (event->kind == EVENT_HTTP)
		streams_take_exchange(streams, event);
	if (!event->origin.stream || event->kind != EVENT_TCP_CLOSE || event->transport != TRANSPORT_WEBSOCKET ||
	    !event->session || !reset_is_fault_of_websocket(&event->tcp_close.reset))
		return;
	struct ended_stream ended = {.session = event->session,
	    .server = event->connection->server,
	    .client = event->connection->client.address,
	    .reset = event->tcp_close.reset,
	    .origin = event->origin,
	    .time = event->origin.time,
	    .what = "the WebSocket"};
	streams_add(streams, &ended);
}

static void streams_take_closed(void *self, const struct session *session)
{
	struct streams *streams = self;
	for (size_t i = 0; i < streams->count;) {
		if (streams->waiting[i].session != session) {
			i++;
			continue;
		}
		streams_report(streams, &streams->waiting[i]);
		streams_drop(streams, i);
	}
}

static void streams_take_asked(void *self, const struct event *event)
{
	streams_note_sent(self, event->exchange);
}

static void streams_clock(void *self, timestamp now)
{
	struct streams *streams = self;
	streams->is_live = true;
	streams_settle_old(streams, now);
}

static void streams_end(void *self, const struct engine_counts *counts)
{
	struct streams *streams = self;
	(void)counts;
	while (streams->count) {
		streams_report(streams, &streams->waiting[0]);
		streams_drop(streams, 0);
	}
}

const struct detector detector_streams = {
    .new = streams_new,
    .event = streams_take_event,
    .asked = streams_take_asked,
    .session_closed = streams_take_closed,
    .clock = streams_clock,
    .end = streams_end,
};
