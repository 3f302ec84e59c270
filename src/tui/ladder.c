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

void ladder_reset(struct ladder *ladder, const uint64_t *sessions, size_t count, const struct query *filter)
{
	ladder->source_count = count < LADDER_SESSIONS ? count : LADDER_SESSIONS;
	for (size_t i = 0; i < ladder->source_count; i++)
		ladder->sources[i] = (struct ladder_source){.session = sessions[i]};
	ladder->filter = filter;
	ladder->count = ladder->lane_count = 0;
	ladder->taken_log = ladder->findings = ladder->hidden = 0;
	for (size_t i = 0; i < LADDER_LANES; i++) {
		struct ladder_lane *lane = &ladder->lanes[i];
		*lane = (struct ladder_lane){.stays = lane->stays, .stay_room = lane->stay_room};
	}
}

bool ladder_is_of(const struct ladder *ladder, const uint64_t *sessions, size_t count)
{
	size_t most = count < LADDER_SESSIONS ? count : LADDER_SESSIONS;
	for (size_t i = 0; i < most && i < ladder->source_count; i++)
		if (ladder->sources[i].session != sessions[i])
			return false;
	return ladder->source_count == most;
}

/* ---- lanes */

const char *ladder_connection(const struct event *event, uint8_t leg)
{
	if (leg)
		return leg < event->leg_count ? event->legs[leg].connection : NULL;
	return event->connection ? event->connection->text : NULL;
}

static bool lane_is_of(const struct ladder_lane *lane, const char *connection)
{
	return connection && lane->connection && strcmp(lane->connection, connection) == 0;
}

/* A lane whose connection is over is free for the next; when all are in use the one longest idle is shared. */
static uint8_t ladder_lane(struct ladder *ladder, const char *connection)
{
	size_t idle = 0;
	for (size_t i = 0; i < ladder->lane_count; i++)
		if (lane_is_of(&ladder->lanes[i], connection))
			return (uint8_t)i;
	for (size_t i = 0; i < ladder->lane_count; i++) {
		if (ladder->lanes[i].over)
			return (uint8_t)i;
		if (ladder->lanes[i].last_event < ladder->lanes[idle].last_event)
			idle = i;
	}
	return (uint8_t)(ladder->lane_count < LADDER_LANES ? ladder->lane_count++ : idle);
}

/* The row at `at` shows `event`, the first of a connection in this lane. Without memory the head keeps the one before.
 */
static void ladder_begin_stay(
    struct ladder_lane *lane, struct budget *memory, uint64_t at, const struct event *event, uint8_t leg)
{
	if (lane->stay_count == lane->stay_room) {
		size_t room = lane->stay_room ? lane->stay_room * 2 : 8;
		struct ladder_stay *grown = budget_resize(memory, lane->stays, room * sizeof *grown);
		if (!grown)
			return;
		lane->stays = grown;
		lane->stay_room = room;
	}
	if (lane->stay_count && at < lane->stays[lane->stay_count - 1].row)
		at = lane->stays[lane->stay_count - 1].row;
	lane->stays[lane->stay_count++] = (struct ladder_stay){at, event->index, leg};
}

/* A log line belongs to no connection, and is shown in the first lane. `at`: the row that shows the event. */
static uint8_t ladder_take_lane(
    struct ladder *ladder, const struct query_data *data, uint64_t at, const struct event *event, uint8_t leg)
{
	if (event->kind == EVENT_LOG)
		return 0;
	const char *connection = ladder_connection(event, leg);
	uint8_t nth = ladder_lane(ladder, connection);
	struct ladder_lane *lane = &ladder->lanes[nth];
	struct ladder_stay *last = lane->stays && lane->stay_count ? &lane->stays[lane->stay_count - 1] : NULL;
	if (!last || !lane_is_of(lane, connection))
		ladder_begin_stay(lane, data->memory, at, event, leg);
	else if (!leg && (last->leg || record_event(data->record, last->event)->transport == TRANSPORT_NONE))
		*last = (struct ladder_stay){last->row, event->index, 0};
	lane->connection = connection;
	lane->last_event = event->index;
	lane->over = !leg && (event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_TLS);
	return nth;
}

/* Of structures that begin with a number each, and are in order of it: the last that is not above `most`, or the first.
 */
static size_t ladder_last(const void *list, size_t count, size_t size, uint64_t most)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t number;
		memcpy(&number, (const uint8_t *)list + middle * size, sizeof number);
		if (number <= most)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

const struct ladder_stay *ladder_stay_of_lane(const struct ladder *ladder, size_t nth, uint64_t row)
{
	const struct ladder_lane *lane = &ladder->lanes[nth];
	size_t at = ladder_last(lane->stays, lane->stay_count, sizeof *lane->stays, row);
	return lane->stay_count ? &lane->stays[at] : NULL;
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

timestamp ladder_time(const struct ladder_row *row, const struct record *record)
{
	const struct event *event = record_event(record, row->event);
	return row->is_secured                           ? event->connection->tls_done
	       : row->leg && row->leg < event->leg_count ? event->legs[row->leg].origin.time
	                                                 : event->origin.time;
}

/* Where a row belongs: legs see an event at different times, and what was seen first comes first. Else it is the last.
 */
static size_t ladder_place(const struct ladder *ladder, const struct record *record, const struct ladder_row *row)
{
	timestamp time = ladder->shows_legs ? ladder_time(row, record) : TIMESTAMP_NONE;
	size_t at = ladder->count;
	while (ladder->shows_legs && at && ladder_time(&ladder->rows[at - 1], record) > time)
		at--;
	return at;
}

/* A row comes at this place: who begins behind it begins a row later. */
static void ladder_move_stays(struct ladder *ladder, size_t at)
{
	for (size_t i = 0; i < ladder->lane_count; i++)
		for (size_t nth = ladder->lanes[i].stay_count; nth && ladder->lanes[i].stays[nth - 1].row >= at; nth--)
			ladder->lanes[i].stays[nth - 1].row += at < ladder->count;
}

static bool ladder_add(struct ladder *ladder, struct budget *memory, size_t at, const struct ladder_row *row)
{
	if (ladder->count == ladder->room) {
		size_t room = ladder->room ? ladder->room * 2 : 256;
		struct ladder_row *grown = budget_resize(memory, ladder->rows, room * sizeof *grown);
		if (!grown)
			return false;
		ladder->rows = grown;
		ladder->room = room;
	}
	memmove(ladder->rows + at + 1, ladder->rows + at, (ladder->count - at) * sizeof *ladder->rows);
	ladder->rows[at] = *row;
	ladder->count++;
	return true;
}

/* Has the event's connection a lane? */
static bool ladder_knows(const struct ladder *ladder, const struct event *event)
{
	for (size_t i = 0; event->connection && i < ladder->lane_count; i++)
		if (lane_is_of(&ladder->lanes[i], event->connection->text))
			return true;
	return false;
}

static void ladder_show(
    struct ladder *ladder, const struct query_data *data, const struct event *event, struct ladder_row row)
{
	row.event = event->index;
	size_t at = ladder_place(ladder, data->record, &row);
	ladder_move_stays(ladder, at);
	row.lane = ladder_take_lane(ladder, data, at, event, row.leg);
	if (!row.is_secured && !row.leg && ladder_folds(ladder, data->record, event, row.lane))
		ladder->rows[ladder->count - 1].folded++;
	else
		ladder_add(ladder, data->memory, at, &row);
}

static void ladder_take(struct ladder *ladder, const struct query_data *data, const struct event *event)
{
	if (!ladder_shows(ladder, data, event))
		return;
	bool is_new = !ladder_knows(ladder, event);
	if (is_new && event->connection && event->connection->tls)
		ladder_show(ladder, data, event, (struct ladder_row){.is_secured = true});
	ladder_show(ladder, data, event, (struct ladder_row){0});
	for (uint8_t leg = 1; ladder->shows_legs && leg < event->leg_count && leg < UINT8_MAX; leg++)
		ladder_show(ladder, data, event, (struct ladder_row){.leg = leg});
}

/* The next event, and whose it is: of its sessions the one whose next comes first. */
static uint64_t ladder_next_event(struct ladder *ladder, const struct record *record, struct ladder_source **of)
{
	uint64_t first = 0;
	for (size_t i = 0; i < ladder->source_count; i++) {
		struct ladder_source *source = &ladder->sources[i];
		uint64_t next = source->taken ? record_next_of_session(record, source->taken)
		                              : record_session_first(record, source->session);
		if (!next || (first && next > first))
			continue;
		first = next;
		*of = source;
	}
	return first;
}

/* Is it of the time of the session, and of a moment after it (the last words of a log may come late)? And of its
 * server?
 */
static bool session_has_log(const struct session *session, const struct event *event)
{
	return event->origin.time >= session->first && event->origin.time <= session->last + TIMESTAMP_SECOND &&
	       (event->kind != EVENT_TLS || endpoint_equals(&event->connection->server, &session->server));
}

static bool ladder_has_log(const struct ladder *ladder, const struct record *record, const struct event *event)
{
	for (size_t i = 0; i < ladder->source_count; i++) {
		const struct session *session = record_session(record, ladder->sources[i].session);
		if (session && session_has_log(session, event))
			return true;
	}
	return false;
}

/* The next log line or failed TLS handshake of the sessions' time. */
static uint64_t ladder_next_log(const struct ladder *ladder, const struct record *record)
{
	uint64_t index = ladder->taken_log ? record_next_of_session(record, ladder->taken_log)
	                                   : record_first_log(record);
	while (index && !ladder_has_log(ladder, record, record_event(record, index)))
		index = record_next_of_session(record, index);
	return index;
}

bool ladder_extend(struct ladder *ladder, const struct query_data *data, size_t most)
{
	struct ladder_source *of = NULL;
	uint64_t event = ladder_next_event(ladder, data->record, &of), log = ladder_next_log(ladder, data->record);
	while ((event || log) && most--) {
		bool takes_log = log && (!event || log < event);
		ladder_take(ladder, data, record_event(data->record, takes_log ? log : event));
		*(takes_log ? &ladder->taken_log : &of->taken) = takes_log ? log : event;
		if (takes_log)
			log = ladder_next_log(ladder, data->record);
		else
			event = ladder_next_event(ladder, data->record, &of);
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

static bool ladder_has_session(const struct ladder *ladder, uint64_t number)
{
	for (size_t i = 0; i < ladder->source_count; i++)
		if (ladder->sources[i].session == number)
			return true;
	return false;
}

void ladder_mark_findings(struct ladder *ladder, const struct findings *findings, const struct record *record)
{
	if (ladder->findings == findings->changes)
		return;
	ladder->findings = findings->changes;
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		if (!finding->session || ladder_has_session(ladder, finding->session))
			ladder_mark(ladder, record, finding);
}

/* ---- finding rows: they are in order of events, unless legs are shown */

size_t ladder_find(const struct ladder *ladder, uint64_t event)
{
	size_t before = 0;
	for (size_t i = 0; ladder->shows_legs && i < ladder->count; i++) {
		uint64_t shown = ladder->rows[i].event;
		if (!ladder->rows[i].leg && shown <= event && shown > ladder->rows[before].event)
			before = i;
		if (!ladder->rows[i].leg && shown == event)
			return i;
	}
	if (ladder->shows_legs)
		return before;
	return ladder_last(ladder->rows, ladder->count, sizeof *ladder->rows, event);
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
