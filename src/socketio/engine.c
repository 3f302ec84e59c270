/* Assembles the stack: packets go down into net/, http/ gives exchanges and messages, and this room makes events of
 * them. */
#include "socketio/engine.h"

#include "http/connection.h"
#include "http/entries.h"
#include "net/clock.h"
#include "net/net.h"
#include "net/packet.h"
#include "socketio/legs.h"
#include "socketio/log_steps.h"
#include "socketio/packets.h"
#include "socketio/transports.h"
#include "tls/tls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct engine {
	struct context context;
	struct http_sink sink;
	struct http *http;
	struct entries *entries;
	struct log_steps *log_steps;
	struct keylog *keylog;
	struct tls *tls;
	struct buffer *embedded; /* secrets are copied into it; or NULL */
	struct net *net;
	struct clock *clock;
	struct engine_counts *counts; /* as engine_counts gave them last */
	timestamp expired;            /* when sessions were last looked at for age */
	unsigned kinds;               /* bit (1 << enum origin_kind) for each that was taken */
	bool ended;
};

#define ENGINE_EXPIRY_INTERVAL TIMESTAMP_SECOND

/* ---- beginning and end */

/* The time up to which was seen what there was: of the clock, or of the last packet, entry of a HAR file or line. */
static timestamp engine_latest(const struct engine *engine)
{
	timestamp latest = net_counts(engine->net)->latest, last = engine_counts(engine)->last;
	return latest > last ? latest : last;
}

/* A capture that ends at once says nothing of whether it went on by polling. */
#define ENGINE_HIDDEN TIMESTAMP_SECOND

static void engine_note_webtransport(struct engine *engine, struct session *session)
{
	struct ledger *ledger = &engine->context.ledger;
	char detail[LEDGER_DETAIL], server[ENDPOINT_TEXT_SIZE];
	if (!session->hidden || engine_latest(engine) - session->hidden < ENGINE_HIDDEN)
		return;
	bool speaks = net_speaks_quic(engine->net, &session->server.address, session_begin(session));
	snprintf(detail, sizeof detail,
	    "session %" PRIu64 ", of the server %s, whose polls ended as for an upgrade, and no WebSocket followed; %s",
	    session->number, endpoint_format(&session->server, server),
	    speaks ? "QUIC connections to it were seen" : "QUIC (UDP) to it is not in the capture");
	session_note_hidden(session);
	ledger_add(ledger, LEDGER_WEBTRANSPORT, 0, 1);
	ledger_note_detail(ledger, LEDGER_WEBTRANSPORT, detail);
}

static void engine_close_session(void *self, struct session *session)
{
	struct engine *engine = self;
	struct context *context = &engine->context;
	context->queued = 0;
	packets_end_session(context, session);
	crossings_end_session(context, session);
	engine_note_webtransport(engine, session);
	session->watched = engine_latest(engine);
	session->missed |= context->ledger.entries[LEDGER_UNPLACED].items ||
	                   context->ledger.entries[LEDGER_HIDDEN].items;
	if (session->number)
		timeline_close_session(&context->timeline, session);
}

static void engine_init_context(
    struct context *context, const struct limits *limits, const struct observer *const *observers, size_t count)
{
	*context = (struct context){.limits = *limits, .budget = {.limit = limits->memory}};
	context->ledger.limits = &context->limits;
	context->resources = (struct resources){
	    .limits = &context->limits, .budget = &context->budget, .ledger = &context->ledger};
	context->timeline = (struct timeline){
	    .observers = observers, .observer_count = count, .budget = &context->budget};
	buffer_init(&context->inflated, limits->inflated, &context->budget);
	buffer_init(&context->unwrapped, limits->inflated, &context->budget);
	buffer_init(&context->base64, limits->inflated, &context->budget);
	buffer_init(&context->json, limits->inflated, &context->budget);
}

static void engine_free_buffers(struct context *context)
{
	buffer_free(&context->inflated);
	buffer_free(&context->unwrapped);
	buffer_free(&context->base64);
	buffer_free(&context->json);
}

static bool engine_goes_on(void *self, const struct packet *packet)
{
	const struct engine *engine = self;
	return net_goes_on(engine->net, packet);
}

static bool engine_make_parts(struct engine *engine)
{
	struct context *context = &engine->context;
	engine->counts = calloc(1, sizeof *engine->counts);
	context->legs = legs_new(&context->budget);
	context->sessions = sessions_new(context->limits.sessions, &context->budget, engine_close_session, engine);
	engine->sink = transports_sink(context);
	engine->http = http_new(&context->resources, &engine->sink);
	engine->entries = entries_new(&context->resources, &engine->sink);
	engine->log_steps = log_steps_new(context, engine->entries);
	engine->keylog = keylog_new(&context->budget);
	if (engine->http && engine->keylog)
		engine->tls = tls_new(&context->resources, engine->keylog, http_stream_sink(engine->http));
	engine->net = engine->tls ? net_new(&context->resources, tls_stream_sink(engine->tls)) : NULL;
	struct clock_witness witness = {.self = engine, .goes_on = engine_goes_on};
	engine->clock = clock_new(witness, &context->budget);
	return engine->counts && engine->entries && engine->log_steps && context->legs && context->sessions &&
	       engine->net && engine->clock;
}

struct engine *engine_new(const struct limits *limits, const struct observer *const *observers, size_t count)
{
	struct engine *engine = calloc(1, sizeof *engine);
	if (!engine)
		return NULL;
	engine_init_context(&engine->context, limits, observers, count);
	if (engine_make_parts(engine))
		return engine;
	engine_free(engine);
	return NULL;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	if (engine->net)
		net_end(engine->net);
	if (engine->entries)
		entries_end(engine->entries);
	if (engine->log_steps)
		log_steps_end(engine->log_steps);
	legs_free(engine->context.legs);
	sessions_free(engine->context.sessions);
	clock_free(engine->clock);
	net_free(engine->net);
	tls_free(engine->tls);
	keylog_free(engine->keylog);
	entries_free(engine->entries);
	log_steps_free(engine->log_steps);
	http_free(engine->http);
	engine_free_buffers(&engine->context);
	free(engine->counts);
	free(engine);
}

void engine_set_vantage(struct engine *engine, struct vantage *vantage)
{
	net_set_vantage(engine->net, vantage);
}

void engine_set_window(struct engine *engine, size_t input, timestamp first, timestamp last)
{
	engine->context.windows[input] = (struct capture_window){first, last};
	engine->context.has_windows = true;
}

/* ---- packets */

/* By one clock: a browser's and a log's need not be that of the packets, whose sessions the others have to find. */
static void engine_expire(struct engine *engine, enum origin_kind kind, timestamp now)
{
	engine->kinds |= 1u << kind;
	if (engine->kinds != 1u << kind || now - engine->expired < ENGINE_EXPIRY_INTERVAL)
		return;
	engine->expired = now;
	sessions_expire(engine->context.sessions, now - limits_idle(&engine->context.limits));
}

/* Its time is put right. */
static void engine_take_timed(struct engine *engine, const struct packet *packet)
{
	if (packet->number)
		net_count_packet(engine->net, packet);
	engine_expire(engine, ORIGIN_PACKETS, packet->time);
	if (packet->probed && packet->probed->kind == PROBED_LOG)
		engine_take_log(engine, packet->time, packet->probed->bytes, packet->probed->process);
	else
		net_take_packet(engine->net, packet);
}

/* What waits for its time to be put right: no packets follow. */
static void engine_take_waiting(struct engine *engine)
{
	struct packet timed;
	clock_end(engine->clock);
	while (clock_next(engine->clock, &timed))
		engine_take_timed(engine, &timed);
}

void engine_take_packet(struct engine *engine, const struct packet *packet)
{
	struct packet timed;
	if (packet->recorded) {
		engine_take_waiting(engine);
		engine_expire(engine, ORIGIN_ENTRIES, packet->time);
		entries_take(engine->entries, packet, net_counts(engine->net)->packets > 0);
		return;
	}
	if (packet->logged) {
		engine_expire(engine, ORIGIN_LINES, packet->time);
		log_steps_take(engine->log_steps, packet, engine->kinds == 1u << ORIGIN_LINES);
		return;
	}
	if (clock_passes(engine->clock, packet)) {
		engine_take_timed(engine, packet);
		return;
	}
	clock_take(engine->clock, packet);
	while (clock_next(engine->clock, &timed))
		engine_take_timed(engine, &timed);
}

void engine_take_log(struct engine *engine, timestamp time, struct slice line, uint32_t process)
{
	struct carrier carrier = {
	    .origin = {.time = time}, .transport = TRANSPORT_NONE, .direction = DIRECTION_TO_CLIENT};
	struct event event = context_event(&carrier, EVENT_LOG);
	event.line = line;
	event.process = process;
	event.bytes = line.len;
	context_emit(&engine->context, &carrier, &event);
}

void engine_take_secrets(struct engine *engine, struct slice text, bool whole)
{
	keylog_take(engine->keylog, text, whole);
}

void engine_await_secrets(struct engine *engine)
{
	tls_await_keys(engine->tls);
}

void engine_embed_secrets(struct engine *engine, struct buffer *text)
{
	engine->embedded = text;
}

void engine_copy_secrets(struct engine *engine)
{
	if (engine->embedded)
		keylog_write_claimed(engine->keylog, engine->embedded);
}

void engine_advance(struct engine *engine, timestamp now)
{
	engine->context.is_live = true;
	if (net_counts(engine->net)->latest == TIMESTAMP_NONE)
		return;
	net_advance(engine->net, now);
	timeline_advance(&engine->context.timeline, net_counts(engine->net)->latest);
}

void engine_end(struct engine *engine)
{
	struct context *context = &engine->context;
	if (engine->ended)
		return;
	engine->ended = true;
	engine_take_waiting(engine);
	net_end(engine->net);
	entries_end(engine->entries);
	log_steps_end(engine->log_steps);
	ledger_note_limit(&context->ledger, LIMIT_SESSIONS, sessions_evicted(context->sessions));
	ledger_note_limit(
	    &context->ledger, LIMIT_MEMORY, context->budget.refused + net_counts(engine->net)->fragments_refused);
	ledger_set(&context->ledger, LEDGER_CLOCK_OUTLIERS, clock_counts(engine->clock).outliers);
	ledger_set(&context->ledger, LEDGER_CLOCK_STEPS, clock_counts(engine->clock).steps);
	engine_copy_secrets(engine);
	keylog_clear(engine->keylog);
	legs_end(engine->context.legs);
	sessions_close_all(context->sessions);
	timeline_end(&context->timeline);
	engine_free_buffers(context);
}

struct budget *engine_budget(struct engine *engine)
{
	return &engine->context.budget;
}

size_t engine_held(const struct engine *engine)
{
	return engine->context.budget.used;
}

static void engine_count_net(struct engine_counts *counts, const struct net_counts *net)
{
	counts->packets = net->packets;
	counts->bytes = net->bytes;
	counts->tcp_packets = net->tcp_packets;
	counts->first = net->first;
	counts->last = net->last;
	counts->connections = net->connections;
	counts->retransmitted = net->retransmitted;
	counts->out_of_order = net->out_of_order;
}

/* The browser's clock, or a log's, counts as the capture's. */
static void engine_count_time(struct engine_counts *counts, timestamp first, timestamp last)
{
	if (first == TIMESTAMP_NONE)
		return;
	timestamp_widen(&counts->first, &counts->last, first);
	timestamp_widen(&counts->first, &counts->last, last);
}

static void engine_count_entries(struct engine_counts *counts, const struct entries_counts *entries)
{
	counts->engineio += entries->wanted;
	counts->connections += entries->wanted;
	engine_count_time(counts, entries->first, entries->last);
}

static void engine_count_ledger(struct engine_counts *counts, const struct ledger *ledger)
{
	const struct ledger_entry *entries = ledger->entries;
	counts->tls = entries[LEDGER_TLS].items;
	counts->other = entries[LEDGER_OTHER_PROTOCOL].items;
	counts->joined = entries[LEDGER_JOINED].items;
	counts->one_sided = entries[LEDGER_ONE_SIDED].items;
	counts->hidden = entries[LEDGER_HIDDEN].items;
	counts->unplaced = entries[LEDGER_UNPLACED].items;
	counts->gaps = entries[LEDGER_GAP].items;
	counts->lost = entries[LEDGER_GAP].bytes;
	counts->broken = entries[LEDGER_BROKEN].items;
	counts->unread = entries[LEDGER_UNREAD].items;
	counts->snapped = entries[LEDGER_SNAPPED].items;
	counts->turned_back = entries[LEDGER_TURNED_BACK].items;
	counts->conflicts = entries[LEDGER_CONFLICTS].items;
	counts->fragments_abandoned = entries[LEDGER_FRAGMENTS].items;
	counts->incomplete = entries[LEDGER_INCOMPLETE].items;
	counts->unreadable = entries[LEDGER_UNREADABLE].items;
	counts->malformed = entries[LEDGER_MALFORMED].items;
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
		counts->hits[limit] = entries[ledger_limit(limit)].items;
	counts->ledger = ledger;
}

const struct engine_counts *engine_counts(const struct engine *engine)
{
	const struct http_counts *http = http_counts(engine->http);
	struct engine_counts *counts = engine->counts;
	engine_count_net(counts, net_counts(engine->net));
	counts->clock_outliers = clock_counts(engine->clock).outliers;
	counts->clock_steps = clock_counts(engine->clock).steps;
	engine_count_ledger(counts, &engine->context.ledger);
	counts->engineio = counts->captured = http->wanted;
	counts->http2 = http->http2;
	engine_count_entries(counts, entries_counts(engine->entries));
	const struct log_steps_counts *logged = log_steps_counts(engine->log_steps);
	engine_count_time(counts, logged->first, logged->last);
	return counts;
}

struct ledger *engine_ledger(struct engine *engine)
{
	return &engine->context.ledger;
}

const struct limits *engine_limits(const struct engine *engine)
{
	return &engine->context.limits;
}
