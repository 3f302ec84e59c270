/* Copies what observers are lent into spills. */
#include "socketio/record.h"

#include "base/memory.h"
#include "http/exchange.h"
#include "socketio/engine.h"

#include <stdlib.h>

struct record_row {
	struct event event;
	uint64_t answer;
	uint64_t next, previous; /* of the same session */
};

/* Sessions are emitted while they change: each of their events makes the copy again. Its strings are the engine's
 * until it is closed, and the record's from then on. */
struct record_session {
	struct session session;
	uint64_t first, last; /* its events */
	const struct connection_facts
	    *connection; /* of its latest event, where numbers are not given in order (logs) */
};

struct record {
	struct observer observer;
	struct spill rows, sessions, bytes;
	struct spill
	    connections; /* by their numbers, which are given in order: const struct connection_facts * in `bytes` */
	uint64_t first_log, last_log;
	uint64_t left_out, outgrown;
	size_t limit;
	const uint64_t *input; /* bytes of it so far; NULL: nobody says */
	size_t growth;
};

/* ---- what events refer to */

/* No more than how much of a spill file is mapped changes. */
static void record_note_read(const struct spill *spill, const void *at, size_t size)
{
	spill_note_read((struct spill *)spill, at, size);
}

static struct record_session *record_slot(const struct record *record, uint64_t number)
{
	size_t count = record->sessions.len / sizeof(struct record_session);
	if (!number || number > count)
		return NULL;
	struct record_session *slot = (struct record_session *)record->sessions.at + (number - 1);
	record_note_read(&record->sessions, slot, sizeof *slot);
	return slot;
}

static const struct process *record_keep_process(struct record *record, const struct process *process)
{
	struct process *kept = process ? spill_alloc(&record->bytes, sizeof *kept) : NULL;
	if (!kept)
		return NULL;
	*kept = *process;
	kept->keeper = NULL;
	return kept;
}

/* Numbers are given in order, so a slot is at most a few ahead. */
static struct record_session *record_keep_session(struct record *record, const struct session *session)
{
	struct record_session *slot;
	while (!(slot = record_slot(record, session->number)))
		if (!spill_alloc(&record->sessions, sizeof *slot))
			return NULL;
	const struct process *process = slot->session.process; /* a session keeps its first */
	slot->session = *session;
	slot->session.legs = NULL; /* kept when it is over: they move as they grow */
	slot->session.process = process ? process : record_keep_process(record, session->process);
	return slot;
}

/* NULL: there is no room for it. */
static const struct connection_facts **record_connection_place(struct record *record, uint64_t number)
{
	struct spill *spill = &record->connections;
	size_t count = spill->len / sizeof(void *);
	if (number >= SIZE_MAX / sizeof(void *) ||
	    (number >= count && !spill_alloc(spill, (size_t)(number + 1 - count) * sizeof(void *))))
		return NULL;
	const struct connection_facts **place = (const struct connection_facts **)spill->at + number;
	record_note_read(spill, place, sizeof *place);
	if (*place)
		record_note_read(&record->bytes, *place, sizeof **place);
	return place;
}

/* `slot`: of the session; NULL: of none. */
static const struct connection_facts *record_keep_connection(
    struct record *record, struct record_session *slot, const struct connection_facts *facts)
{
	const struct connection_facts **place = facts ? record_connection_place(record, facts->number) : NULL;
	if (!facts)
		return NULL;
	if (!place && slot)
		place = &slot->connection;
	/* A HAR numbers its own. */
	if (place && *place && (*place)->number == facts->number && strcmp((*place)->text, facts->text) == 0)
		return *place;
	struct connection_facts *kept = spill_alloc(&record->bytes, sizeof *kept);
	if (!kept)
		return NULL;
	*kept = *facts;
	kept->stream = NULL;
	kept->process = record_keep_process(record, facts->process);
	if (place) /* else it is kept again for its next event */
		*place = kept;
	return kept;
}

static void record_keep_half(struct record *record, struct exchange_half *kept, const struct exchange_half *half)
{
	struct buffer nothing = {0};
	*kept = *half;
	kept->kept = kept->body = nothing;
	kept->head = http_head_in(&half->head, spill_copy(&record->bytes, half->head.bytes));
}

static const struct exchange *record_keep_exchange(struct record *record, const struct exchange *exchange)
{
	struct exchange *kept = exchange ? spill_alloc(&record->bytes, sizeof *kept) : NULL;
	struct target *target = kept ? spill_alloc(&record->bytes, sizeof *target) : NULL;
	if (!target)
		return NULL;
	*kept = *exchange;
	kept->next = NULL;
	kept->target = target;
	record_keep_half(record, &kept->request, &exchange->request);
	record_keep_half(record, &kept->answer, &exchange->answer);
	target_read(target, kept->request.head.target);
	kept->plain = spill_copy(&record->bytes, slice_take(exchange->plain, RECORD_PLAIN));
	return kept;
}

static void record_keep_attachments(struct record *record, struct event_packet *packet)
{
	size_t count = packet->attachment_count;
	struct slice *kept = count ? spill_alloc(&record->bytes, count * sizeof *kept) : NULL;
	for (size_t i = 0; kept && i < count; i++)
		kept[i] = spill_copy(&record->bytes, packet->attachments[i]);
	packet->attachments = kept;
	packet->attachment_count = kept ? count : 0;
}

/* ---- events */

static struct record_row *record_row(const struct record *record, uint64_t index)
{
	size_t count = record->rows.len / sizeof(struct record_row);
	if (!index || index > count)
		return NULL;
	struct record_row *row = (struct record_row *)record->rows.at + (index - 1);
	record_note_read(&record->rows, row, sizeof *row);
	return row;
}

/* The sightings, in the order in which they came: the first is that of the leg nearest to the client. */
static bool record_keep_legs(struct record *record, struct event *kept, const struct event_leg *legs, size_t count)
{
	struct event_leg *copy = spill_alloc(&record->bytes, (kept->leg_count + count) * sizeof *copy);
	if (!copy)
		return false;
	if (kept->leg_count)
		memcpy(copy, kept->legs, kept->leg_count * sizeof *copy);
	for (size_t i = 0; i < count; i++) {
		struct event_leg *leg = &copy[kept->leg_count + i];
		struct slice text = slice_of(legs[i].connection, strlen(legs[i].connection) + 1);
		*leg = legs[i];
		leg->connection = (const char *)spill_copy(&record->bytes, text).at;
		if (!leg->connection)
			leg->connection = "";
	}
	kept->legs = copy;
	kept->leg_count += count;
	return true;
}

static void record_keep_payload(struct record *record, struct event *kept, const struct event *event)
{
	struct slice *slices[EVENT_SLICES];
	size_t count = event_slices(kept, slices);
	for (size_t i = 0; i < count; i++)
		*slices[i] = spill_copy(&record->bytes, *slices[i]);
	if (event_is_packet(kept))
		record_keep_attachments(record, &kept->packet);
	if (event_exchange(kept))
		kept->exchange = record_keep_exchange(record, kept->exchange);
	if (kept->wire.len)
		kept->wire = spill_copy(&record->bytes, kept->wire);
	kept->leg_count = 0;
	if (event->leg_count)
		record_keep_legs(record, kept, event->legs, event->leg_count);
}

static void record_chain(struct record *record, uint64_t *first, uint64_t *last, uint64_t index)
{
	struct record_row *before = record_row(record, *last);
	record_row(record, index)->previous = *last;
	*(before ? &before->next : first) = index;
	*last = index;
}

static bool record_has_room(const struct record *record, const struct event *event)
{
	size_t used = record->rows.len + record->sessions.len + record->bytes.len;
	const struct slice *raw = event_raw(event);
	size_t payload = event_packet(event)->data.len + (raw ? raw->len : 0);
	return used < record->limit && payload < record->limit - used;
}

/* Too much for what it came from: it goes without its payload. */
static bool record_outgrows(const struct record *record, const struct event *event)
{
	struct event borrowed = *event;
	struct slice *parts[EVENT_SLICES];
	size_t payload = event->wire.len, count = event_slices(&borrowed, parts);
	for (size_t i = 0; i < count; i++)
		payload += parts[i]->len;
	for (size_t i = 0; i < event_packet(event)->attachment_count; i++)
		payload += event->packet.attachments[i].len;
	return record->input && record->bytes.len + payload > RECORD_FREE &&
	       (record->bytes.len + payload - RECORD_FREE) / record->growth > *record->input;
}

static void record_drop_payload(struct record *record, struct event *event)
{
	struct slice *parts[EVENT_SLICES];
	size_t count = event_slices(event, parts);
	for (size_t i = 0; i < count; i++)
		*parts[i] = slice_of(NULL, 0);
	event->wire = slice_of(NULL, 0);
	if (event_is_packet(event)) {
		event->packet.attachments = NULL;
		event->packet.attachment_count = 0;
	}
	event->incomplete = true;
	record->outgrown++;
}

/* Indices are the rows' places, so once one event is left out all that follow are. */
static void record_take_event(void *self, const struct event *event)
{
	struct record *record = self;
	struct record_session *slot = event->session ? record_keep_session(record, event->session) : NULL;
	bool refused = record->left_out || !record_has_room(record, event) || (event->session && !slot);
	struct record_row *row = refused ? NULL : spill_alloc(&record->rows, sizeof *row);
	if (!row) {
		record->left_out++;
		return;
	}
	row->event = *event;
	row->event.session = slot ? &slot->session : NULL;
	row->event.connection = record_keep_connection(record, slot, event->connection);
	if (record_outgrows(record, event))
		record_drop_payload(record, &row->event);
	record_keep_payload(record, &row->event, event);
	if (slot)
		record_chain(record, &slot->first, &slot->last, event->index);
	else if (event->kind == EVENT_LOG || event->kind == EVENT_TLS)
		record_chain(record, &record->first_log, &record->last_log, event->index);
	if (event->answers)
		record_link(record, event->answers, event->index);
}

static void record_take_opened(void *self, const struct session *session)
{
	record_keep_session(self, session);
}

static void record_keep_namespaces(struct record *record, struct session *kept)
{
	struct session_namespace *copy = spill_alloc(&record->bytes, kept->namespace_count * sizeof *copy);
	for (size_t i = 0; copy && i < kept->namespace_count; i++) {
		copy[i] = kept->namespaces[i];
		copy[i].name = spill_alloc(&record->bytes, copy[i].name_len + 1);
		if (copy[i].name)
			memcpy(copy[i].name, kept->namespaces[i].name, copy[i].name_len + 1);
		else
			copy[i].name_len = 0;
	}
	kept->namespaces = copy;
	kept->namespace_count = copy ? kept->namespace_count : 0;
}

static void record_take_closed(void *self, const struct session *session)
{
	struct record *record = self;
	struct record_session *slot = record_keep_session(record, session);
	if (!slot)
		return;
	char *sid = session->sid ? spill_alloc(&record->bytes, session->sid_len + 1) : NULL;
	if (sid)
		memcpy(sid, session->sid, session->sid_len);
	char *user = session->user ? spill_alloc(&record->bytes, strlen(session->user) + 1) : NULL;
	if (user)
		memcpy(user, session->user, strlen(session->user));
	slot->session.user = user;
	slot->session.sid = sid;
	slot->session.sid_len = sid ? session->sid_len : 0;
	record_keep_namespaces(record, &slot->session);
	slot->session.legs = (struct session_leg *)spill_copy(
	    &record->bytes, slice_of((const uint8_t *)session->legs, session->leg_count * sizeof *session->legs))
	                         .at;
	slot->session.answers = NULL;
	slot->session.waiting = NULL;
	slot->session.entry = NULL;
	slot->session.crossings = NULL;
	slot->session.losses = NULL;
	slot->session.loss_count = 0;
}

static void record_take_crossed(void *self, uint64_t index, const struct event_leg *leg)
{
	struct record *record = self;
	struct record_row *row = record_row(record, index);
	if (!row)
		return;
	struct event *event = &row->event;
	struct event_leg first = {event->connection ? event->connection->text : "", event->origin, false};
	if (event->leg_count || record_keep_legs(record, event, &first, 1))
		record_keep_legs(record, event, leg, 1);
}

/* ---- life */

struct record *record_new(size_t limit)
{
	struct record *record = calloc(1, sizeof *record);
	if (!record)
		return NULL;
	record->limit = limit;
	record->observer = (struct observer){.self = record,
	    .session_opened = record_take_opened,
	    .event = record_take_event,
	    .crossed = record_take_crossed,
	    .session_closed = record_take_closed};
	if (spill_open(&record->rows, limit) && spill_open(&record->sessions, limit) &&
	    spill_open(&record->bytes, limit) && spill_open(&record->connections, limit))
		return record;
	record_free(record);
	return NULL;
}

void record_free(struct record *record)
{
	if (!record)
		return;
	spill_free(&record->connections);
	spill_free(&record->rows);
	spill_free(&record->sessions);
	spill_free(&record->bytes);
	free(record);
}

const struct observer *record_observer(const struct record *record)
{
	return &record->observer;
}

/* ---- asking */

uint64_t record_event_count(const struct record *record)
{
	return record->rows.len / sizeof(struct record_row);
}

uint64_t record_left_out(const struct record *record)
{
	return record->left_out + record->bytes.refused;
}

void record_follow(struct record *record, const uint64_t *input, size_t growth)
{
	record->input = input;
	record->growth = growth;
}

uint64_t record_outgrown(const struct record *record)
{
	return record->outgrown;
}

enum {
	RECORD_SESSIONS = 8 << 20
}; /* bytes of sessions that may stay mapped: events of many go to and fro among them */

const struct event *record_event(const struct record *record, uint64_t index)
{
	const struct record_row *row = record_row(record, index);
	if (!row)
		return NULL;
	const struct exchange *exchange = event_exchange(&row->event) ? row->event.exchange : NULL;
	struct slice data = event_packet(&row->event)->data;
	record_note_read(&record->bytes, exchange ? (const void *)exchange : data.at, data.len);
	record_note_read(&record->bytes, row->event.connection, sizeof *row->event.connection);
	if (record->sessions.len > RECORD_SESSIONS)
		record_note_read(&record->sessions, row->event.session, sizeof *row->event.session);
	return &row->event;
}

uint64_t record_answer(const struct record *record, uint64_t index)
{
	const struct record_row *row = record_row(record, index);
	return row ? row->answer : 0;
}

void record_link(struct record *record, uint64_t question, uint64_t answer)
{
	struct record_row *row = record_row(record, question), *answering = record_row(record, answer);
	if (!row || !answering || row->answer)
		return;
	row->answer = answer;
	if (!answering->event.answers)
		answering->event.answers = question;
}

timestamp record_latency(const struct record *record, uint64_t index)
{
	const struct record_row *row = record_row(record, index),
	                        *answer = row ? record_row(record, row->answer) : NULL;
	if (!row)
		return TIMESTAMP_NONE;
	const struct exchange *exchange = row->event.kind == EVENT_HTTP ? row->event.exchange : NULL;
	if (exchange && exchange->request.ended != TIMESTAMP_NONE && exchange->answer.begun != TIMESTAMP_NONE)
		return exchange->answer.begun - exchange->request.ended;
	return answer ? answer->event.origin.time - row->event.origin.time : TIMESTAMP_NONE;
}

uint64_t record_session_count(const struct record *record)
{
	return record->sessions.len / sizeof(struct record_session);
}

const struct session *record_session(const struct record *record, uint64_t number)
{
	const struct record_session *slot = record_slot(record, number);
	if (!slot || !slot->session.number)
		return NULL;
	record_note_read(&record->bytes, slot->session.sid, slot->session.sid_len);
	return &slot->session;
}

uint64_t record_session_first(const struct record *record, uint64_t number)
{
	const struct record_session *slot = record_slot(record, number);
	return slot ? slot->first : 0;
}

uint64_t record_session_last(const struct record *record, uint64_t number)
{
	const struct record_session *slot = record_slot(record, number);
	return slot ? slot->last : 0;
}

uint64_t record_next_of_session(const struct record *record, uint64_t index)
{
	const struct record_row *row = record_row(record, index);
	return row ? row->next : 0;
}

uint64_t record_previous_of_session(const struct record *record, uint64_t index)
{
	const struct record_row *row = record_row(record, index);
	return row ? row->previous : 0;
}

uint64_t record_first_log(const struct record *record)
{
	return record->first_log;
}
