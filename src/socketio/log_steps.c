/* Lines of a server's log become packets and events of sessions. */
#include "socketio/log_steps.h"

#include "base/hash.h"
#include "socketio/legs.h"

#include <stdio.h>
#include <stdlib.h>

/* A log, and the session of what names none. */
struct log_steps_log {
	struct log_steps_log *next;
	const char *name;
	struct session *mixed; /* held; NULL: none yet */
	/* What has to be added to its times, at least and at most, that they fit those of what shows its sessions too.
	 */
	timestamp least, most;
};

/* A step that waits. */
struct log_steps_held {
	struct log_steps_held *next;
	timestamp time;
	struct log_step step;
	uint8_t bytes[]; /* its own */
};

struct log_steps {
	struct context *context;
	struct entries *entries;
	struct log_steps_log *logs; /* as many as options name */
	struct log_steps_held *held, **held_end;
	size_t held_size;
	bool is_full; /* more than may wait came: nothing waits any more */
	struct log_steps_counts counts;
};

struct log_steps *log_steps_new(struct context *context, struct entries *entries)
{
	struct log_steps *steps = calloc(1, sizeof *steps);
	if (steps)
		*steps = (struct log_steps){.context = context,
		    .entries = entries,
		    .held_end = &steps->held,
		    .counts = {.first = TIMESTAMP_NONE, .last = TIMESTAMP_NONE}};
	return steps;
}

const struct log_steps_counts *log_steps_counts(const struct log_steps *steps)
{
	return &steps->counts;
}

/* ---- whose packets they are */

static const char *log_steps_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : strcmp(path, "-") == 0 ? "stdin" : path;
}

/* The ends of what a session's packets went over, as far as a log knows them. */
static struct connection_facts log_steps_facts(const struct log_step *step)
{
	uint64_t log = fnv_add(FNV_START, step->log, strlen(step->log));
	uint64_t client = fnv_add(fnv_add(log, "client", 6), step->sid.at, step->sid.len);
	struct connection_facts facts = {.number = client | UINT64_C(1) << 63,
	    .unrecorded = step->lacks_packets || !step->sid.len,
	    .client = {.address = address_of_name(client), .path = "client"},
	    .server = {.address = address_of_name(log), .path = log_steps_file(step->log)}};
	snprintf(facts.text, sizeof facts.text, "client-%.64s", facts.server.path);
	return facts;
}

/* NULL: no memory. */
static struct log_steps_log *log_steps_log_of(struct log_steps *steps, const char *name)
{
	struct log_steps_log *log = steps->logs;
	while (log && strcmp(log->name, name) != 0)
		log = log->next;
	if (log || !(log = budget_new(&steps->context->budget, sizeof *log)))
		return log;
	log->name = name;
	log->least = TIMESTAMP_NONE;
	log->most = TIMESTAMP_LAST;
	log->next = steps->logs;
	steps->logs = log;
	return log;
}

static struct session *log_steps_mixed(
    struct log_steps *steps, const struct log_step *step, const struct connection_facts *facts, timestamp now)
{
	struct log_steps_log *log = log_steps_log_of(steps, step->log);
	if (!log || log->mixed)
		return log ? log->mixed : NULL;
	log->mixed = context_new_session(steps->context, slice_of(NULL, 0), facts, now);
	if (log->mixed) {
		log->mixed->users++;
		log->mixed->is_mixed = true;
	}
	return log->mixed;
}

/* An open packet begins a new one: after a restart a server may give a sid out again. NULL: no memory. */
static struct session *log_steps_session(
    struct log_steps *steps, const struct log_step *step, const struct connection_facts *facts, timestamp now)
{
	if (!step->sid.len)
		return log_steps_mixed(steps, step, facts, now);
	struct session *session = sessions_find(steps->context->sessions, step->sid, &facts->server);
	bool opens = step->kind == LOG_STEP_PACKET && step->type == '0' && !step->received;
	return session && !(opens && session->handshake_seen)
	           ? session
	           : context_new_session(steps->context, step->sid, facts, now);
}

/* ---- by which transport */

/* Of a session that offers an upgrade it is polling until that; of another one the log may not say. */
static enum transport log_steps_transport(
    struct log_steps *steps, const struct session *session, const struct log_step *step)
{
	struct engineio_open open;
	if (step->by_websocket || session->transport == TRANSPORT_WEBSOCKET)
		return TRANSPORT_WEBSOCKET;
	buffer_clear(&steps->context->base64);
	bool offers = step->kind == LOG_STEP_PACKET && step->type == '0'
	                  ? engineio_read_open(step->bytes, &steps->context->base64, &open) &&
	                        open.upgrades_to_websocket
	                  : session->offers_websocket;
	return offers || step->kind == LOG_STEP_PAYLOAD ? TRANSPORT_POLLING : session->transport;
}

static void log_steps_note_websocket(struct session *session)
{
	session->transport = TRANSPORT_WEBSOCKET;
	session->transports |= 1u << TRANSPORT_WEBSOCKET;
}

/* A session that offers no upgrade, and is asked for a WebSocket, began with it (engineio: handle_get_request). */
static void log_steps_note_upgrading(struct session *session)
{
	if (session->handshake_seen && !session->offers_websocket)
		log_steps_note_websocket(session);
}

/* ---- what it carried */

static void log_steps_take_line(struct log_steps *steps, struct carrier *carrier, const struct log_step *step)
{
	struct event event = context_event(carrier, EVENT_LOG);
	event.line = step->text;
	event.bytes = step->text.len;
	context_emit(steps->context, carrier, &event);
}

static void log_steps_take_packet(struct log_steps *steps, struct carrier *carrier, const struct log_step *step)
{
	struct engineio_packet packet = {
	    .type = (enum engineio_type)(step->type - '0'), .binary = step->is_binary, .data = step->bytes};
	packets_take(steps->context, carrier, &packet);
}

static void log_steps_take_payload(struct log_steps *steps, struct carrier *carrier, const struct log_step *step)
{
	struct engineio_payload payload;
	struct engineio_packet packet;
	enum wire_result result;
	engineio_payload_init(&payload, carrier->session->revision, step->bytes, &steps->context->budget);
	while ((result = engineio_next_packet(&payload, &packet)) == WIRE_ITEM)
		packets_take(steps->context, carrier, &packet);
	if (result == WIRE_BAD)
		context_emit_malformed(steps->context, carrier, "engineio", payload.why, payload.rest);
	engineio_payload_free(&payload);
}

/* Its name alone is known, not what it carried. */
static void log_steps_take_event(struct log_steps *steps, struct carrier *carrier, const struct log_step *step)
{
	struct event event = context_event(carrier, EVENT_EVENT);
	event.packet.nsp = step->nsp;
	event.packet.name = step->bytes;
	event.incomplete = true;
	context_emit(steps->context, carrier, &event);
}

static void log_steps_take_session(struct log_steps *steps, struct carrier *carrier, const struct log_step *step)
{
	struct session *session = carrier->session;
	if (!session->revision)
		session->revision = step->revision;
	carrier->transport = log_steps_transport(steps, session, step);
	switch (step->kind) {
	case LOG_STEP_PACKET:
		log_steps_take_packet(steps, carrier, step);
		break;
	case LOG_STEP_PAYLOAD:
		log_steps_take_payload(steps, carrier, step);
		break;
	case LOG_STEP_EVENT:
		log_steps_take_event(steps, carrier, step);
		break;
	case LOG_STEP_UPGRADING:
		log_steps_note_upgrading(session);
		break;
	case LOG_STEP_UPGRADED:
		log_steps_note_websocket(session);
		break;
	case LOG_STEP_CLOSED:
		log_steps_take_line(
		    steps, &(struct carrier){.origin = carrier->origin, .direction = DIRECTION_TO_CLIENT}, step);
		session_note_logged_end(session, carrier->origin.time, step->bytes);
		break;
	case LOG_STEP_LINE:
	case LOG_STEP_REFUSED:
		break;
	}
}

/* ---- lines */

/* The session, as packets or a recording show it; NULL: they do not, or not what its WebSocket carried. */
static const struct session *log_steps_find_shown(const struct log_steps *steps, const struct log_step *step)
{
	const struct session *session = sessions_newest(steps->context->sessions, step->sid);
	return session && session->number && session->seen_in != ORIGIN_LINES && !session->unrecorded ? session : NULL;
}

/* ---- requests that were refused */

/* As an exchange of which the request's line and the status are known. uvicorn, which refuses a WebSocket, writes no
 * body. */
static void log_steps_take_refused(struct log_steps *steps, const struct log_step *step, timestamp time)
{
	char answer[32];
	struct buffer request;
	bool is_websocket = slice_equals(step->method, SLICE("WebSocket"));
	struct connection_facts facts = log_steps_facts(step);
	int len = snprintf(answer, sizeof answer, "HTTP/1.1 %d \r\n\r\n", step->status);
	buffer_init(&request, steps->context->limits.message, &steps->context->budget);
	buffer_append(&request, is_websocket ? SLICE("GET") : step->method);
	buffer_append_byte(&request, ' ');
	buffer_append(&request, step->bytes);
	buffer_append_text(&request, " HTTP/1.1\r\n");
	buffer_append_text(&request, is_websocket ? "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n" : "\r\n");
	struct recorded_entry entry = {.number = step->line,
	    .host = facts.server.path,
	    .address = facts.server.address,
	    .status = step->status,
	    .request_head = buffer_slice(&request),
	    .request_is_cut = slice_equals(step->method, SLICE("POST")),
	    .answer_head = slice_of(answer, (size_t)len),
	    .answer_is_cut = !is_websocket,
	    .is_logged = true};
	for (enum recorded_kind kind = RECORDED_REQUEST; kind <= RECORDED_END; kind++) {
		struct recorded recorded = {.kind = kind, .entry = &entry};
		const struct packet packet = {.time = time, .recorded = &recorded};
		if (kind == RECORDED_REQUEST || kind == RECORDED_ANSWER || kind == RECORDED_END)
			entries_take(steps->entries, &packet, false);
	}
	buffer_free(&request);
}

/* ---- clocks */

enum { LOG_STEPS_TOLERANCE = 100 }; /* milliseconds: a log's line may come so late (source.c) */

/* Logs have milliseconds, or seconds alone. */
static timestamp log_steps_resolution(timestamp time)
{
	return time % TIMESTAMP_SECOND ? TIMESTAMP_MILLISECOND : TIMESTAMP_SECOND;
}

/*
 * What the server sends it logs before it is seen on its way; what it receives, after that. The first packet of a
 * client was seen before any line that says that one was received; that of the server, its open packet, is the same in
 * both. Of a session that was joined in mid-life, and of a log without dates, nothing is known.
 */
static void log_steps_compare_clocks(
    struct log_steps *steps, const struct session *shown, const struct log_step *step, timestamp time)
{
	bool is_packet = step->kind == LOG_STEP_PACKET || step->kind == LOG_STEP_PAYLOAD;
	bool opens = step->kind == LOG_STEP_PACKET && step->type == '0' && !step->received;
	enum direction direction = step->received ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT;
	struct log_steps_log *log = log_steps_log_of(steps, step->log);
	if (!log || time < TIMESTAMP_DATED || !shown->handshake_seen || !shown->packets[direction])
		return;
	timestamp apart = shown->spoke[direction] - time, least = apart - log_steps_resolution(time);
	if (opens)
		log->most = apart < log->most ? apart : log->most;
	else if (is_packet && step->received)
		log->least = least > log->least ? least : log->least;
}

/* At the end. */
static void log_steps_note_clock(const struct log_steps *steps, const struct log_steps_log *log)
{
	char span[TIMESTAMP_TEXT_SIZE], detail[LEDGER_DETAIL];
	const timestamp tolerance = LOG_STEPS_TOLERANCE * TIMESTAMP_MILLISECOND;
	bool is_behind = log->least > tolerance, is_ahead = log->most < -tolerance;
	if (!is_behind && !is_ahead)
		return;
	bool is_bounded = log->least != TIMESTAMP_NONE && log->most != TIMESTAMP_LAST;
	timestamp apart = is_bounded ? log->least / 2 + log->most / 2 : is_behind ? log->least : log->most;
	snprintf(detail, sizeof detail, "%s%s is %s %s, and its lines are shown at the times that it gives",
	    log_steps_file(log->name), is_bounded ? "" : ", as far as can be known,",
	    timestamp_format_span(apart < 0 ? -apart : apart, span), apart < 0 ? "ahead" : "behind");
	ledger_add(&steps->context->ledger, LEDGER_LOG_CLOCK, 0, 1);
	ledger_note_detail(&steps->context->ledger, LEDGER_LOG_CLOCK, detail);
}

/* ---- steps */

static void log_steps_take_step(struct log_steps *steps, const struct log_step *step, timestamp time)
{
	struct connection_facts facts = log_steps_facts(step);
	struct carrier carrier = {.direction = step->received ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT,
	    .origin = {.first = step->line, .last = step->line, .time = time, .kind = ORIGIN_LINES},
	    .begun = time,
	    .incomplete = step->is_cut || step->is_binary};
	bool is_line = step->kind == LOG_STEP_LINE || step->kind == LOG_STEP_REFUSED;
	const struct session *shown = is_line ? NULL : log_steps_find_shown(steps, step);
	if (shown) {
		ledger_add(&steps->context->ledger, LEDGER_LINES_SHOWN, 0, 1);
		log_steps_compare_clocks(steps, shown, step, time);
	}
	if (is_line || (shown && step->kind == LOG_STEP_CLOSED))
		log_steps_take_line(steps, &carrier, step);
	if (is_line || shown)
		return;
	steps->context->ledger.engineio = true;
	carrier.connection = &facts;
	carrier.session = log_steps_session(steps, step, &facts, time);
	if (carrier.session)
		log_steps_take_session(steps, &carrier, step);
}

static void log_steps_take_held(struct log_steps *steps)
{
	struct log_steps_held *held;
	while ((held = steps->held)) {
		steps->held = held->next;
		log_steps_take_step(steps, &held->step, held->time);
		budget_release(held);
	}
	steps->held_end = &steps->held;
	steps->held_size = 0;
}

static struct slice log_steps_keep(uint8_t **at, struct slice bytes)
{
	struct slice copy = slice_of(*at, bytes.len);
	if (bytes.len)
		memcpy(*at, bytes.at, bytes.len);
	*at += bytes.len;
	return copy;
}

/* False: it is more than may wait, or there is no memory. */
static bool log_steps_hold(struct log_steps *steps, const struct log_step *step, timestamp time)
{
	struct context *context = steps->context;
	size_t size = sizeof(struct log_steps_held) + step->sid.len + step->nsp.len + step->text.len + step->bytes.len;
	steps->is_full |= steps->held_size + size > context->limits.log_waiting;
	ledger_note_limit(&context->ledger, LIMIT_LOG_WAITING, steps->is_full);
	struct log_steps_held *held = steps->is_full ? NULL : budget_new(&context->budget, size);
	if (!held)
		return false;
	uint8_t *at = held->bytes;
	held->time = time;
	held->step = *step;
	held->step.sid = log_steps_keep(&at, step->sid);
	held->step.nsp = log_steps_keep(&at, step->nsp);
	held->step.text = log_steps_keep(&at, step->text);
	held->step.bytes = log_steps_keep(&at, step->bytes);
	steps->held_size += size;
	*steps->held_end = held;
	steps->held_end = &held->next;
	return true;
}

void log_steps_take(struct log_steps *steps, const struct packet *packet, bool is_alone)
{
	const struct log_step *step = packet->logged;
	timestamp_widen(&steps->counts.first, &steps->counts.last, packet->time);
	if (step->kind == LOG_STEP_REFUSED && is_alone && !packet->others_follow) {
		log_steps_take_refused(steps, step, packet->time);
		return;
	}
	bool waits = packet->others_follow && !steps->is_full && step->kind != LOG_STEP_LINE && step->sid.len &&
	             !log_steps_find_shown(steps, step);
	if (waits && log_steps_hold(steps, step, packet->time))
		return;
	if (waits || !packet->others_follow)
		log_steps_take_held(steps);
	log_steps_take_step(steps, step, packet->time);
}

void log_steps_end(struct log_steps *steps)
{
	struct log_steps_log *log;
	log_steps_take_held(steps);
	while ((log = steps->logs)) {
		steps->logs = log->next;
		log_steps_note_clock(steps, log);
		if (log->mixed)
			log->mixed->users--;
		budget_release(log);
	}
}

void log_steps_free(struct log_steps *steps)
{
	if (steps)
		log_steps_end(steps);
	free(steps);
}
