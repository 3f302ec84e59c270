/*
 * One row per event, in the order of the timeline; pings and pongs share a row as long as no other event comes between.
 */
#include "tui/ladder.h"

#include "http/exchange.h"

#include <stdlib.h>

void ladder_free(struct ladder *ladder)
{
	budget_release(ladder->rows);
	for (size_t i = 0; i < LADDER_LANES; i++)
		budget_release(ladder->lanes[i].stays);
	*ladder = (struct ladder){0};
}

void ladder_reset(struct ladder *ladder, uint64_t session, const struct query *filter)
{
	ladder->session = session;
	ladder->filter = filter;
	ladder->count = ladder->lane_count = 0;
	ladder->taken = ladder->taken_log = ladder->findings = ladder->hidden = 0;
	for (size_t i = 0; i < LADDER_LANES; i++) {
		struct ladder_lane *lane = &ladder->lanes[i];
		*lane = (struct ladder_lane){.stays = lane->stays, .stay_room = lane->stay_room};
	}
}

/* ---- lanes */

/* A lane whose connection is over is free for the next; when all are in use the one longest idle is shared. */
static uint8_t ladder_lane(struct ladder *ladder, const struct event *event)
{
	uint64_t connection = event->connection ? event->connection->number : 0;
	size_t idle = 0;
	for (size_t i = 0; i < ladder->lane_count; i++)
		if (ladder->lanes[i].connection == connection)
			return (uint8_t)i;
	for (size_t i = 0; i < ladder->lane_count; i++) {
		if (ladder->lanes[i].over)
			return (uint8_t)i;
		if (ladder->lanes[i].last_event < ladder->lanes[idle].last_event)
			idle = i;
	}
	return (uint8_t)(ladder->lane_count < LADDER_LANES ? ladder->lane_count++ : idle);
}

/* The next row shows `event`, the first of a connection in this lane. Without memory the head keeps the one before. */
static void ladder_begin_stay(
    struct ladder *ladder, struct ladder_lane *lane, struct budget *memory, const struct event *event)
{
	if (lane->stay_count == lane->stay_room) {
		size_t room = lane->stay_room ? lane->stay_room * 2 : 8;
		struct ladder_stay *grown = budget_resize(memory, lane->stays, room * sizeof *grown);
		if (!grown)
			return;
		lane->stays = grown;
		lane->stay_room = room;
	}
	lane->stays[lane->stay_count++] = (struct ladder_stay){ladder->count, event->index};
}

/* A log line belongs to no connection, and is shown in the first lane. */
static uint8_t ladder_take_lane(struct ladder *ladder, const struct query_data *data, const struct event *event)
{
	if (event->kind == EVENT_LOG)
		return 0;
	uint8_t nth = ladder_lane(ladder, event);
	struct ladder_lane *lane = &ladder->lanes[nth];
	uint64_t connection = event->connection ? event->connection->number : 0;
	if (!lane->stay_count || lane->connection != connection)
		ladder_begin_stay(ladder, lane, data->memory, event);
	else if (record_event(data->record, lane->stays[lane->stay_count - 1].event)->transport == TRANSPORT_NONE)
		lane->stays[lane->stay_count - 1].event = event->index;
	lane->connection = connection;
	lane->last_event = event->index;
	lane->over = event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_TLS;
	return nth;
}

uint64_t ladder_event_of_lane(const struct ladder *ladder, size_t nth, uint64_t row)
{
	const struct ladder_lane *lane = &ladder->lanes[nth];
	size_t low = 0, high = lane->stay_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (lane->stays[middle].row <= row)
			low = middle + 1;
		else
			high = middle;
	}
	return lane->stay_count ? lane->stays[low ? low - 1 : 0].event : 0;
}

/* ---- rows */

static bool ladder_is_ping(const struct event *event)
{
	return event->kind == EVENT_PING || event->kind == EVENT_PONG;
}

/* Requests whose events are in the ladder add nothing, unless they were refused. */
static bool ladder_is_plain_request(const struct event *event)
{
	return event->kind == EVENT_HTTP && event->exchange &&
	       (event->exchange->status == 200 || event->exchange->status == 101);
}

static bool ladder_shows(struct ladder *ladder, const struct query_data *data, const struct event *event)
{
	const struct query_row row = {.table = TABLE_EVENTS, .event = event};
	if (ladder_is_plain_request(event) && !ladder->shows_http)
		return false;
	bool shows = !ladder->filter || query_accepts(ladder->filter, data, &row);
	ladder->hidden += !shows;
	return shows;
}

static bool ladder_folds(
    const struct ladder *ladder, const struct record *record, const struct event *event, uint8_t lane)
{
	if (ladder->unfolds || !ladder->count || !ladder_is_ping(event))
		return false;
	const struct ladder_row *last = &ladder->rows[ladder->count - 1];
	return last->lane == lane && !last->is_secured && ladder_is_ping(record_event(record, last->event));
}

static bool ladder_add(struct ladder *ladder, struct budget *memory, const struct ladder_row *row)
{
	if (ladder->count == ladder->room) {
		size_t room = ladder->room ? ladder->room * 2 : 256;
		struct ladder_row *grown = budget_resize(memory, ladder->rows, room * sizeof *grown);
		if (!grown)
			return false;
		ladder->rows = grown;
		ladder->room = room;
	}
	ladder->rows[ladder->count++] = *row;
	return true;
}

/* Has the event's connection a lane? */
static bool ladder_knows(const struct ladder *ladder, const struct event *event)
{
	for (size_t i = 0; event->connection && i < ladder->lane_count; i++)
		if (ladder->lanes[i].connection == event->connection->number)
			return true;
	return false;
}

static void ladder_take(struct ladder *ladder, const struct query_data *data, const struct event *event)
{
	if (!ladder_shows(ladder, data, event))
		return;
	bool is_new = !ladder_knows(ladder, event);
	uint8_t lane = ladder_take_lane(ladder, data, event);
	if (is_new && event->connection && event->connection->tls)
		ladder_add(ladder, data->memory,
		    &(struct ladder_row){.event = event->index, .lane = lane, .is_secured = true});
	if (ladder_folds(ladder, data->record, event, lane))
		ladder->rows[ladder->count - 1].folded++;
	else
		ladder_add(ladder, data->memory, &(struct ladder_row){.event = event->index, .lane = lane});
}

static uint64_t ladder_next_event(const struct ladder *ladder, const struct record *record)
{
	return ladder->taken ? record_next_of_session(record, ladder->taken)
	                     : record_session_first(record, ladder->session);
}

/* Is it of no session, and of another server, or before this session? */
static bool ladder_is_foreign(const struct session *session, const struct event *event)
{
	return event->origin.time < session->first ||
	       (event->kind == EVENT_TLS && !endpoint_equals(&event->connection->server, &session->server));
}

/* The next log line or failed TLS handshake of the session's time, and of a moment after it: the last words of a log
 * may come late. */
static uint64_t ladder_next_log(const struct ladder *ladder, const struct record *record)
{
	const struct session *session = record_session(record, ladder->session);
	uint64_t index = ladder->taken_log ? record_next_of_session(record, ladder->taken_log)
	                                   : record_first_log(record);
	while (index && session && ladder_is_foreign(session, record_event(record, index)))
		index = record_next_of_session(record, index);
	return index && session && record_event(record, index)->origin.time <= session->last + TIMESTAMP_SECOND ? index
	                                                                                                        : 0;
}

bool ladder_extend(struct ladder *ladder, const struct query_data *data, size_t most)
{
	uint64_t event = ladder_next_event(ladder, data->record), log = ladder_next_log(ladder, data->record);
	while ((event || log) && most--) {
		bool takes_log = log && (!event || log < event);
		ladder_take(ladder, data, record_event(data->record, takes_log ? log : event));
		*(takes_log ? &ladder->taken_log : &ladder->taken) = takes_log ? log : event;
		if (takes_log)
			log = ladder_next_log(ladder, data->record);
		else
			event = ladder_next_event(ladder, data->record);
	}
	return event || log;
}

/* ---- findings */

/* The row of the event in which `origin` begins; `count` when there is none. */
static size_t ladder_find_origin(const struct ladder *ladder, const struct record *record, const struct origin *origin)
{
	for (size_t i = 0; origin->first && i < ladder->count; i++)
		if (origin_holds(&record_event(record, ladder->rows[i].event)->origin, origin))
			return i;
	return ladder->count;
}

static void ladder_mark(struct ladder *ladder, const struct record *record, const struct finding *finding)
{
	for (size_t i = 0; i < finding->evidence_count; i++) {
		size_t row = ladder_find_origin(ladder, record, &finding->evidence[i].origin);
		if (row < ladder->count && ladder->rows[row].worst < 1 + finding->severity)
			ladder->rows[row].worst = (uint8_t)(1 + finding->severity);
	}
}

void ladder_mark_findings(struct ladder *ladder, const struct findings *findings, const struct record *record)
{
	if (ladder->findings == findings->changes)
		return;
	ladder->findings = findings->changes;
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		if (finding->session == ladder->session || !finding->session)
			ladder_mark(ladder, record, finding);
}

/* ---- finding rows: they are in order of events */

size_t ladder_find(const struct ladder *ladder, uint64_t event)
{
	size_t low = 0, high = ladder->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ladder->rows[middle].event <= event)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

bool ladder_is_related(const struct record *record, uint64_t of, uint64_t event)
{
	const struct event *one = record_event(record, of);
	if (!one || of == event)
		return false;
	return record_answer(record, of) == event || (one->answers && one->answers == event) ||
	       (one->answers && record_answer(record, one->answers) == event);
}

/* ---- tints */

enum tint event_tint(const struct event *event)
{
	switch (event->kind) {
	case EVENT_GAP:
	case EVENT_MALFORMED:
	case EVENT_TLS:
	case EVENT_CONNECT_ERROR:
		return TINT_ERROR;
	case EVENT_PING:
	case EVENT_PONG:
	case EVENT_NOOP:
	case EVENT_TCP_CLOSE:
		return TINT_FAINT;
	case EVENT_LOG:
		return TINT_INFO;
	case EVENT_HTTP:
		return event->exchange && event->exchange->status >= 400 ? TINT_ERROR : TINT_FAINT;
	default:
		return event->direction == DIRECTION_TO_SERVER ? TINT_UP : TINT_DOWN;
	}
}

enum tint severity_tint(enum severity severity)
{
	static const enum tint tints[] = {TINT_INFO, TINT_WARNING, TINT_ERROR};
	return tints[severity];
}
