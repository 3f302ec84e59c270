/*
 * Packets that the other side does not take: malformed-packet (its parser rejects it), payload-too-large (more bytes
 * than the server allows), event-dropped (more packets in one POST than it takes).
 */
#include "base/text.h"
#include "detect/detector.h"
#include "detect/refusal.h"
#include "socketio/socketio.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what a parser rejects */

/*
 * malformed-packet: a packet that the other side's parser rejects.
 *
 * Seen: what is no Engine.IO payload or packet, or no Socket.IO packet in a session that speaks Socket.IO; an event
 * with a name that node reserves; a binary packet that announces no attachment; a CONNECT by another parser than the
 * default one, a text that is not UTF-8 (RFC 6455 §8.1) or a frame with or without a mask where it must not be (§5.1),
 * for which the session ends. An error when the session ends for it: the other side closes it, ends its connection or
 * refuses the POST at once, and says nothing before. Ruled out: what was cut or lost bytes, what is beyond this
 * program's own limits, pages in answer to polls (handshakes.c), and applications' own messages in sessions that speak
 * no Socket.IO. Whether the other side rejects it, only its parser knows.
 */

/* RFC 6455 §7.4.1 */
enum { CLOSE_PROTOCOL_ERROR = 1002, CLOSE_WITHOUT_CODE = 1005 };

enum { MALFORMED_WHY = 80, MALFORMED_KINDS = 12, MALFORMED_GROUPS = 32, MALFORMED_TEXT = 1200 };

/* The last such packet of a session, until it is known what came of it. */
struct malformed_packet {
	bool waits; /* nothing came from the other side since */
	bool by_polling;
	const struct malformed_suspicion *suspicion; /* it counts when the session ends for it; or NULL */
	enum direction direction;
	struct origin origin;
	char why[MALFORMED_WHY + 1];
	bool counted[2]; /* the session, in the group of those that went on, and of those that ended for it */
};

struct malformed_session {
	struct malformed_packet *packet; /* NULL: there was none, as in most sessions */
};

/* What was sent in one direction at one server, and ended the session at once or did not: one finding. */
struct malformed_group {
	struct endpoint server;
	enum direction direction;
	bool ended;
	uint64_t packets, sessions;
	struct {
		uint64_t count;
		char why[MALFORMED_WHY + 1];
	} kinds[MALFORMED_KINDS];
	size_t kind_count;
	uint64_t more; /* of other kinds */
	struct finding *finding;
};

struct malformed {
	struct detector_state state;
	struct malformed_group groups[MALFORMED_GROUPS];
	size_t group_count;
};

static void malformed_free_packet(void *per_session)
{
	budget_release(((struct malformed_session *)per_session)->packet);
}

/* That of a session; made for the `first` of it. NULL: there is none. */
static struct malformed_packet *malformed_packet_of(
    struct detector_state *state, const struct session *session, bool first)
{
	struct malformed_session *per_session = first ? session_state_of(&state->sessions, session)
	                                              : session_state_find(&state->sessions, session);
	if (per_session && !per_session->packet && first)
		per_session->packet = budget_new(&state->findings->memory, sizeof *per_session->packet);
	return per_session ? per_session->packet : NULL;
}

/* Why it is none that the other side's parser takes; empty: it is one, or that cannot be known. */
static struct slice malformed_why(const struct event *event)
{
	struct slice none = slice_of(NULL, 0);
	if (event->incomplete || event->unreadable)
		return none;
	if (event_packet(event)->flaw)
		return slice_of_text(event_packet(event)->flaw);
	bool page = event->transport == TRANSPORT_POLLING && event_raw(event) &&
	            refusal_is_foreign(*event_raw(event)) && event->direction == DIRECTION_TO_CLIENT;
	if (event->kind != EVENT_MALFORMED || page || slice_equals_text(event_text(event), socketio_too_deep))
		return none;
	bool ours = !strcmp(event->malformed.layer, "engineio") || !strcmp(event->malformed.layer, "socketio");
	return ours ? event_text(event) : none;
}

/* What the other side may reject, and some do not, with what to do for it. */
static const struct malformed_suspicion {
	const char *why, *advice; /* NULL: what the code's table says */
} malformed_suspicions[] = {
    {"a CONNECT by another parser than the default one (MessagePack, JSON)", NULL},
    {"text that is not UTF-8",
        "Encode what is sent as UTF-8: a client in C, C++, PHP or on a microcontroller that passes latin-1 or bytes on "
        "as they are, a database or file of another encoding. Bytes that are no text go as a binary attachment."},
    {"an unmasked frame from the client",
        "The client's WebSocket library breaks a rule (each frame of a client is masked): update or replace it, and "
        "look for code that writes frames by itself. A proxy that ends WebSockets and begins new ones behind it has to "
        "mask as well."},
    {"a masked frame from the server",
        "The server's WebSocket library breaks a rule (no frame of a server is masked): update or replace it, and look "
        "for code that writes frames by itself, or a proxy that passes a client's frames back."},
};

/* NULL: nothing. */
static const struct malformed_suspicion *malformed_suspect(const struct event *event)
{
	const struct event_packet *packet = event_packet(event);
	bool text = event->transport == TRANSPORT_WEBSOCKET && !event->incomplete && !event->unreadable &&
	            (event->kind == EVENT_EVENT || event->kind == EVENT_ACK);
	/* The first packet of a client: a server that has not the same parser ends the session. */
	if (event->kind == EVENT_CONNECT && event->direction == DIRECTION_TO_SERVER && packet->by_other_parser)
		return &malformed_suspicions[0];
	if (text && !packet->by_other_parser && !(utf8_is_valid(packet->name) && utf8_is_valid(packet->data)))
		return &malformed_suspicions[1];
	for (size_t i = 2;
	     event->kind == EVENT_MALFORMED && i < sizeof malformed_suspicions / sizeof *malformed_suspicions; i++)
		if (slice_equals_text(event_text(event), malformed_suspicions[i].why))
			return &malformed_suspicions[i];
	return NULL;
}

/* ---- gathering */

static struct malformed_group *malformed_group_of(
    struct malformed *malformed, const struct session *session, enum direction direction, bool ended)
{
	for (size_t i = 0; i < malformed->group_count; i++) {
		struct malformed_group *group = &malformed->groups[i];
		if (group->direction == direction && group->ended == ended &&
		    endpoint_equals(&group->server, &session->server))
			return group;
	}
	if (malformed->group_count == MALFORMED_GROUPS)
		return NULL;
	struct malformed_group *group = &malformed->groups[malformed->group_count++];
	*group = (struct malformed_group){.server = session->server, .direction = direction, .ended = ended};
	return group;
}

/* The same but for its numbers: "1 of 1 attachments", "99 of 99 attachments". */
static bool malformed_is_same(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b || !*a)
			return *a == *b;
	}
}

/* True when it is the first of its kind. */
static bool malformed_count_kind(struct malformed_group *group, const char *why)
{
	for (size_t i = 0; i < group->kind_count; i++)
		if (malformed_is_same(group->kinds[i].why, why)) {
			group->kinds[i].count++;
			return false;
		}
	if (group->kind_count == MALFORMED_KINDS) {
		group->more++;
		return false;
	}
	group->kinds[group->kind_count].count = 1;
	snprintf(group->kinds[group->kind_count++].why, MALFORMED_WHY + 1, "%s", why);
	return true;
}

static void malformed_say(struct malformed *malformed, const struct malformed_group *group)
{
	char text[MALFORMED_TEXT];
	struct buffer kinds = buffer_over(text, sizeof text - 1);
	const char *sender = direction_sender(group->direction),
	           *other = direction_sender(direction_other(group->direction));
	for (size_t i = 0; i < group->kind_count; i++) {
		buffer_append_format(&kinds, "%s%s", i ? "; " : "", group->kinds[i].why);
		if (group->kinds[i].count > 1)
			buffer_append_format(&kinds, " (%" PRIu64 " times)", group->kinds[i].count);
	}
	if (group->more)
		buffer_append_format(&kinds, "; and %" PRIu64 " others", group->more);
	text[kinds.len] = '\0';
	if (group->packets == 1)
		finding_say(malformed->state.findings, group->finding,
		    "the %s sent a packet that the %s's parser rejects: %s%s%s%s", sender, other, text,
		    group->ended ? "; the " : "", group->ended ? other : "",
		    group->ended ? " ended the session at once after it" : "");
	else
		finding_say(malformed->state.findings, group->finding,
		    "the %s sent %" PRIu64 " packets, in %" PRIu64 " session%s, that the %s's parser rejects: %s%s%s%s",
		    sender, group->packets, group->sessions, plural_ending(group->sessions), other, text,
		    group->ended ? "; the " : "", group->ended ? other : "",
		    group->ended ? " ended the session at once after each" : "");
}

/* One more packet of the group. The text follows when the count doubles, and at the end: it is kept each time. */
static void malformed_report(struct malformed *malformed, struct malformed_packet *packet,
    const struct session *session, const struct event *end)
{
	struct findings *findings = malformed->state.findings;
	struct malformed_group *group = packet->suspicion && !end
	                                    ? NULL
	                                    : malformed_group_of(malformed, session, packet->direction, end != NULL);
	char subject[ENDPOINT_TEXT_SIZE + 32], server[ENDPOINT_TEXT_SIZE];
	if (!group)
		return;
	endpoint_format(&group->server, server);
	snprintf(subject, sizeof subject, "%s %s%s", server, direction_sender(group->direction), end ? " ended" : "");
	group->finding = findings_claim(findings, CODE_MALFORMED_PACKET, CONFIDENCE_LIKELY, NULL, NULL, subject);
	group->packets++;
	group->sessions += !packet->counted[end != NULL];
	packet->counted[end != NULL] = true;
	bool first = malformed_count_kind(group, packet->why);
	if (!group->finding)
		return;
	finding_note_time(group->finding, packet->origin.time);
	/* Of one session it is said; of several it is a matter of none. */
	group->finding->session = group->sessions == 1 ? session->number : 0;
	if (end)
		finding_set_case(group->finding, MALFORMED_FATAL);
	if (packet->by_polling && packet->direction == DIRECTION_TO_CLIENT)
		finding_advise(findings, group->finding,
		    "Look for what changes the bodies of answers on the way (a proxy, a middleware, a firewall) and "
		    "leaves their Content-Length as it was, or cuts them: compare both sides of it. Else give both "
		    "sides the same parser and the same version.");
	if (packet->suspicion && packet->suspicion->advice)
		finding_advise(findings, group->finding, "%s", packet->suspicion->advice);
	if (first)
		finding_prove(findings, group->finding, &packet->origin, "%s", packet->why);
	if (end && group->packets == 1)
		finding_prove(findings, group->finding, &end->origin, "the end");
	if (!(group->packets & (group->packets - 1)))
		malformed_say(malformed, group);
	bool by_code = end && end->kind == EVENT_WS_CLOSE && end->ws_close.code >= CLOSE_PROTOCOL_ERROR &&
	               end->ws_close.code != CLOSE_WITHOUT_CODE;
	finding_doubt(findings, group->finding,
	    by_code ? "the close code fits, and does not say for which packet the other side ends the session"
	    : end   ? "the other side does not say why it ends the session"
	            : "implementations differ: node closes the session for it, python ignores it");
}

/* ---- the session ends for it */

static bool malformed_is_end(const struct event *event)
{
	bool refused = event->kind == EVENT_HTTP && event->exchange->status >= 400 &&
	               slice_equals(event->exchange->request.head.method, SLICE("POST"));
	return refused || event->kind == EVENT_CLOSE || event->kind == EVENT_WS_CLOSE ||
	       (event->kind == EVENT_TCP_CLOSE && event->transport == TRANSPORT_WEBSOCKET);
}

/* The event of an HTTP answer has the direction of its request. */
static bool malformed_is_of_other(const struct malformed_packet *per_session, const struct event *event)
{
	return event->kind == EVENT_HTTP ? per_session->direction == DIRECTION_TO_SERVER
	                                 : event->direction != per_session->direction;
}

/* The other side's next sign decides what came of the packet: an end at once, or anything else. */
static void malformed_look_at_end(
    struct malformed *malformed, struct malformed_packet *packet, const struct event *event)
{
	bool says = (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO)) && event->kind != EVENT_NOOP;
	if (!packet->waits || !malformed_is_of_other(packet, event))
		return;
	bool at_once = event->origin.time - packet->origin.time <= threshold_time(THRESHOLD_CLOSE_AT_ONCE);
	bool ends = malformed_is_end(event) && at_once;
	if (!ends && !says && at_once)
		return;
	packet->waits = false;
	malformed_report(malformed, packet, event->session, ends ? event : NULL);
}

static void malformed_take_event(void *self, const struct event *event)
{
	struct malformed *malformed = self;
	struct slice why = event->session ? malformed_why(event) : slice_of(NULL, 0);
	const struct malformed_suspicion *suspicion = event->session && !why.len ? malformed_suspect(event) : NULL;
	if (suspicion)
		why = slice_of_text(suspicion->why);
	struct malformed_packet *packet = event->session
	                                      ? malformed_packet_of(&malformed->state, event->session, why.len > 0)
	                                      : NULL;
	if (!packet)
		return;
	malformed_look_at_end(malformed, packet, event);
	if (!why.len)
		return;
	if (packet->waits)
		malformed_report(malformed, packet, event->session, NULL);
	packet->waits = true;
	packet->suspicion = suspicion;
	packet->by_polling = event->transport == TRANSPORT_POLLING;
	packet->direction = event->direction;
	packet->origin = event->origin;
	why = slice_take(why, MALFORMED_WHY);
	snprintf(packet->why, sizeof packet->why, "%.*s", (int)why.len, (const char *)why.at);
}

static void malformed_judge_session(void *self, const struct session *session)
{
	struct malformed *malformed = self;
	struct malformed_packet *packet = malformed_packet_of(&malformed->state, session, false);
	if (!packet || !packet->waits)
		return;
	packet->waits = false;
	malformed_report(malformed, packet, session, NULL);
}

static void malformed_end(void *self, const struct engine_counts *counts)
{
	struct malformed *malformed = self;
	(void)counts;
	for (size_t i = 0; i < malformed->group_count; i++)
		if (malformed->groups[i].finding)
			malformed_say(malformed, &malformed->groups[i]);
}

static void *malformed_new(const struct detector_state *state)
{
	struct malformed *malformed = calloc(1, sizeof *malformed);
	if (malformed)
		malformed->state = *state;
	return malformed;
}

const struct detector detector_malformed = {
    .session_size = sizeof(struct malformed_session),
    .free_session = malformed_free_packet,
    .new = malformed_new,
    .event = malformed_take_event,
    .session_over = malformed_judge_session,
    .end = malformed_end,
};

/* ---- too many bytes */

/*
 * payload-too-large: more than the server said it takes.
 *
 * Seen: a request's body or a WebSocket message of the client that is larger than the handshake's maxPayload, and the
 * session ended soon after, or the request was not answered well. Ruled out: servers that do not mind (the session goes
 * on, the request is answered well), and clients that leave by themselves. HTTP 413 and close code 1009 say it
 * themselves: refusals.c and closing.c report them.
 */

struct size_session {
	uint64_t bytes; /* of the first that was too large; 0: none */
	struct origin origin;
	bool taken; /* the server sent something a while later, or the client ended it */
	bool over;
};

static void size_note_large(struct detector_state *state, const struct event *event, uint64_t bytes)
{
	struct size_session *per_session = session_state_of(&state->sessions, event->session);
	if (per_session && !per_session->bytes)
		*per_session = (struct size_session){.bytes = bytes, .origin = event->origin};
}

/* The largest WebSocket message of a packet. Compressed, it is smaller on the wire than what the server weighs. */
static uint64_t size_of_messages(const struct event *event)
{
	uint64_t largest = event_packet(event)->name.len + event_packet(event)->data.len;
	if (!event_packet(event)->attachment_count && event->bytes > largest)
		largest = event->bytes;
	for (size_t i = 0; i < event_packet(event)->attachment_count; i++)
		if (event_packet(event)->attachments[i].len > largest)
			largest = event_packet(event)->attachments[i].len;
	return largest;
}

static uint64_t size_of(const struct event *event)
{
	if (event->kind == EVENT_HTTP)
		return event->exchange->request.body_bytes;
	bool message = event->transport == TRANSPORT_WEBSOCKET && event->direction == DIRECTION_TO_SERVER &&
	               event_kind_layer(event->kind) == LAYER_SOCKETIO;
	return message ? size_of_messages(event) : 0;
}

/* Others report 413. */
static bool size_is_settled(const struct event *event)
{
	int status = event->kind == EVENT_HTTP ? event->exchange->status : 0;
	return status == 413 || (status >= 200 && status < 300);
}

/* The first to end the connection ends the session. A client whose request was refused leaves for that reason; over a
 * WebSocket, nothing was refused yet. */
static void size_note_end(struct size_session *per_session, const struct event *event)
{
	per_session->taken |= !per_session->over && event->direction == DIRECTION_TO_SERVER &&
	                      event->transport == TRANSPORT_WEBSOCKET;
	per_session->over = true;
}

static void size_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	const struct session *session = event->session;
	if (!session || !session->max_payload)
		return;
	uint64_t bytes = size_of(event);
	if (bytes > session->max_payload && !size_is_settled(event))
		size_note_large(state, event, bytes);
	struct size_session *per_session = session_state_find(&state->sessions, session);
	if (!per_session)
		return;
	if (event->kind == EVENT_CLOSE || event->kind == EVENT_WS_CLOSE || event->kind == EVENT_TCP_CLOSE)
		size_note_end(per_session, event);
	else
		per_session->taken |= event->direction == DIRECTION_TO_CLIENT;
}

static void size_report(
    struct detector_state *state, const struct size_session *per_session, const struct session *session)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_PAYLOAD_TOO_LARGE, detector_absence(session), session, NULL, "max payload");
	if (!finding)
		return;
	finding_begin_at(finding, per_session->origin.time);
	finding_set_cause(state->findings, finding, CAUSE_SERVER_LIMIT, &session->software);
	finding_say(state->findings, finding,
	    "the client sent %llu bytes, the handshake allows %llu, and the session ended",
	    (unsigned long long)per_session->bytes, (unsigned long long)session->max_payload);
	finding_prove(
	    state->findings, finding, &per_session->origin, "%llu bytes", (unsigned long long)per_session->bytes);
	detector_doubt_absence(state->findings, finding, session);
}

static void size_judge_session(void *self, const struct session *session)
{
	struct detector_state *state = self;
	const struct size_session *per_session = session_state_find(&state->sessions, session);
	bool ended = per_session && per_session->bytes && !per_session->taken && session->closed != TIMESTAMP_NONE &&
	             session->closed - per_session->origin.time < threshold_time(THRESHOLD_SIZE_END);
	if (ended)
		size_report(state, per_session, session);
}

const struct detector detector_size = {
    .session_size = sizeof(struct size_session),
    .event = size_take_event,
    .session_over = size_judge_session,
};

/* ---- too many packets */

/*
 * event-dropped: too many packets in one POST.
 *
 * Seen: a POST with more packets than the server takes (python-engineio: 16), answered as taken: it throws the whole
 * payload away and logs an error. Ruled out: servers that have no such limit, as they are recognised (servers/). What
 * could still be: the limit was raised (Payload.max_decode_packets), which the wire does not show.
 */

struct batch_session {
	uint64_t first_packet; /* of the POST whose packets are counted */
	uint64_t count;
};

static void batch_count(struct detector_state *state, const struct event *event)
{
	struct batch_session *per_session = session_state_of(&state->sessions, event->session);
	if (!per_session)
		return;
	if (per_session->first_packet != event->origin.first)
		*per_session = (struct batch_session){.first_packet = event->origin.first};
	per_session->count += 1 + event_packet(event)->attachment_count; /* each attachment is a packet of its own */
}

static void batch_judge(struct detector_state *state, const struct event *event)
{
	const struct batch_session *per_session = session_state_find(&state->sessions, event->session);
	const struct exchange *exchange = event->exchange;
	const struct recognition *software = &event->session->software;
	int64_t limit, dropped;
	bool taken = per_session && exchange->status == 200 &&
	             per_session->first_packet == exchange->request.origin.first;
	if (!taken || !recognition_get_fact(software, FACT_BATCH_DROPPED, &dropped) || !dropped ||
	    !recognition_get_fact(software, FACT_BATCH, &limit) || per_session->count <= (uint64_t)limit)
		return;
	struct finding *finding = findings_claim(
	    state->findings, CODE_EVENT_DROPPED, CONFIDENCE_LIKELY, event->session, event, "too many packets");
	if (!finding)
		return;
	finding_say(state->findings, finding,
	    "a POST carried %llu packets; %s takes %lld, answers OK and drops all of them",
	    (unsigned long long)per_session->count, recognition_server(software)->software, (long long)limit);
	finding_set_cause(state->findings, finding, CAUSE_BATCH, software);
	finding_doubt(state->findings, finding, "the server may have raised Payload.max_decode_packets");
	finding_prove(
	    state->findings, finding, &event->origin, "POST of %llu packets", (unsigned long long)per_session->count);
}

static void batch_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	enum layer layer = event_kind_layer(event->kind);
	if (!event->session || event->transport != TRANSPORT_POLLING)
		return;
	if (event->direction == DIRECTION_TO_SERVER && (layer & (LAYER_ENGINEIO | LAYER_SOCKETIO)))
		batch_count(state, event);
	if (event->kind == EVENT_HTTP && slice_equals(event->exchange->request.head.method, SLICE("POST")))
		batch_judge(state, event);
}

const struct detector detector_batch = {
    .session_size = sizeof(struct batch_session),
    .event = batch_take_event,
};
