/* From a packet down to its TCP segment, and into the flow table. */
#include "socketio/engine.h"

#include "net/fragment.h"
#include "net/link.h"
#include "net/probed.h"
#include "socketio/flows.h"
#include "socketio/packets.h"
#include "socketio/sockets.h"

#include <stdlib.h>

struct engine {
	struct context context;
	struct flows *flows;
	struct sockets *sockets;
	struct fragment_table *fragments;
	timestamp expired; /* when sessions were last looked at for age */
	bool ended;
};

#define ENGINE_EXPIRY_INTERVAL TIMESTAMP_SECOND

static void engine_close_session(void *self, struct session *session)
{
	struct engine *engine = self;
	packets_end_session(&engine->context, session);
	session->watched = engine->context.counts.last;
	session->missed |= engine->context.counts.unplaced || engine->context.counts.hidden;
	timeline_close_session(&engine->context.timeline, session);
}

static void engine_init_context(
    struct context *context, const struct limits *limits, const struct observer *const *observers, size_t count)
{
	*context = (struct context){.limits = *limits,
	    .message_limits = {.message = limits->message, .inflated = limits->inflated},
	    .reassembly_limits = reassembly_default_limits,
	    .budget = {.limit = limits->memory}};
	context->reassembly_limits.held_bytes = limits->held;
	context->timeline = (struct timeline){
	    .observers = observers, .observer_count = count, .budget = &context->budget};
	context->counts.first = context->counts.last = TIMESTAMP_NONE;
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

struct engine *engine_new(const struct limits *limits, const struct observer *const *observers, size_t count)
{
	struct engine *engine = calloc(1, sizeof *engine);
	if (!engine)
		return NULL;
	engine_init_context(&engine->context, limits, observers, count);
	engine->context.sessions = sessions_new(
	    limits->sessions, &engine->context.budget, engine_close_session, engine);
	engine->flows = flows_new(&engine->context);
	engine->sockets = sockets_new(&engine->context);
	engine->fragments = fragment_table_new(&fragment_default_limits);
	if (engine->context.sessions && engine->flows && engine->sockets && engine->fragments)
		return engine;
	engine_free(engine);
	return NULL;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	flows_free(engine->flows);
	sockets_free(engine->sockets);
	sessions_free(engine->context.sessions);
	fragment_table_free(engine->fragments);
	engine_free_buffers(&engine->context);
	free(engine);
}

static void engine_count_packet(struct engine_counts *counts, const struct packet *packet)
{
	counts->packets++;
	counts->bytes += packet->wire_len;
	counts->snapped += packet->bytes.len < packet->wire_len;
	if (counts->first == TIMESTAMP_NONE || packet->time < counts->first)
		counts->first = packet->time;
	counts->turned_back += counts->last != TIMESTAMP_NONE && packet->time < counts->last - TIMESTAMP_SECOND;
	if (counts->last == TIMESTAMP_NONE || packet->time > counts->last)
		counts->last = packet->time;
}

static void engine_expire(struct engine *engine, timestamp now)
{
	if (now - engine->expired < ENGINE_EXPIRY_INTERVAL)
		return;
	engine->expired = now;
	sessions_expire(engine->context.sessions, now - limits_idle(&engine->context.limits));
}

static void engine_take_probed(struct engine *engine, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	if (probed->kind == PROBED_LOG) {
		engine_take_log(engine, packet->time, probed->bytes);
		return;
	}
	engine->context.counts.tcp_packets++;
	sockets_take(engine->sockets, packet);
}

void engine_take_packet(struct engine *engine, const struct packet *packet)
{
	struct ip_packet ip;
	struct segment segment;
	uint64_t first_packet = packet->number;
	if (packet->number)
		engine_count_packet(&engine->context.counts, packet);
	engine_expire(engine, packet->time);
	if (packet->probed) {
		engine_take_probed(engine, packet);
		return;
	}
	struct slice network = link_find_network(packet->link_type, packet->bytes);
	if (!network.len || !ip_read_packet(network, &ip))
		return;
	if (ip.fragment && !fragment_join(engine->fragments, &ip, packet->time, packet->number, &first_packet))
		return;
	if (ip.protocol != IP_PROTOCOL_TCP || !tcp_read_segment(ip.payload, ip.missing, &segment))
		return;
	engine->context.counts.tcp_packets++;
	segment.packet = packet->number;
	segment.first_packet = first_packet;
	segment.time = packet->time;
	flows_take_segment(engine->flows, &ip.source, &ip.destination, &segment);
}

void engine_take_log(struct engine *engine, timestamp time, struct slice line)
{
	struct carrier carrier = {.time = time, .transport = TRANSPORT_NONE, .direction = DIRECTION_TO_CLIENT};
	struct event event = context_event(&carrier, EVENT_LOG);
	event.text = line;
	event.bytes = line.len;
	context_tell(&engine->context, &carrier, &event);
}

void engine_end(struct engine *engine)
{
	if (engine->ended)
		return;
	engine->ended = true;
	flows_end(engine->flows);
	sockets_end(engine->sockets);
	engine->context.counts.hits[LIMIT_SESSIONS] += sessions_evicted(engine->context.sessions);
	struct fragment_counts fragments = fragment_table_counts(engine->fragments);
	engine->context.counts.hits[LIMIT_MEMORY] += engine->context.budget.refused + fragments.refused;
	engine->context.counts.fragments_abandoned = fragments.abandoned;
	sessions_close_all(engine->context.sessions);
	timeline_end(&engine->context.timeline);
	engine_free_buffers(&engine->context);
}

void engine_note_unseen(struct engine *engine, uint64_t dropped, uint64_t untied)
{
	engine->context.counts.dropped = dropped;
	engine->context.counts.untied = untied;
}

size_t engine_held(const struct engine *engine)
{
	return engine->context.budget.used;
}

const struct engine_counts *engine_counts(const struct engine *engine)
{
	return &engine->context.counts;
}

const struct limits *engine_limits(const struct engine *engine)
{
	return &engine->context.limits;
}
