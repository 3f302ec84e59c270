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
};

struct log_steps {
	struct context *context;
	struct log_steps_log *logs; /* as many as options name */
	struct log_steps_counts counts;
};

struct log_steps *log_steps_new(struct context *context)
{
	struct log_steps *steps = calloc(1, sizeof *steps);
	if (steps)
		*steps = (struct log_steps){
		    .context = context, .counts = {.first = TIMESTAMP_NONE, .last = TIMESTAMP_NONE}};
	return steps;
}

const struct log_steps_counts *log_steps_counts(const struct log_steps *steps)
{
	return &steps->counts;
}

void log_steps_end(struct log_steps *steps)
{
	struct log_steps_log *log;
	while ((log = steps->logs)) {
		steps->logs = log->next;
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
		break;
	}
}

/* ---- lines */

/* Packets show the session: what the log says of it is passed over. */
static bool log_steps_is_shown(const struct log_steps *steps, const struct log_step *step)
{
	const struct session *session = sessions_newest(steps->context->sessions, step->sid);
	return session && session->number && session->seen_in == ORIGIN_PACKETS;
}

void log_steps_take(struct log_steps *steps, const struct packet *packet)
{
	const struct log_step *step = packet->logged;
	struct connection_facts facts = log_steps_facts(step);
	struct carrier carrier = {.direction = step->received ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT,
	    .origin = {.first = step->line, .last = step->line, .time = packet->time, .kind = ORIGIN_LINES},
	    .begun = packet->time,
	    .incomplete = step->is_cut || step->is_binary};
	timestamp_widen(&steps->counts.first, &steps->counts.last, packet->time);
	if (step->kind == LOG_STEP_LINE) {
		log_steps_take_line(steps, &carrier, step);
		return;
	}
	if (log_steps_is_shown(steps, step)) {
		ledger_add(&steps->context->ledger, LEDGER_LINES_SHOWN, 0, 1);
		if (step->kind == LOG_STEP_CLOSED)
			log_steps_take_line(steps, &carrier, step);
		return;
	}
	steps->context->ledger.engineio = true;
	carrier.connection = &facts;
	carrier.session = log_steps_session(steps, step, &facts, packet->time);
	if (carrier.session)
		log_steps_take_session(steps, &carrier, step);
}
