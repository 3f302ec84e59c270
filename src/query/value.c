/* Rows and values: what all of them have, and how a value is set. */
#include "http/exchange.h"
#include "query/query.h"

/* ---- rows */

const struct session *query_row_session(const struct query_data *data, const struct query_row *row)
{
	switch (row->table) {
	case TABLE_SESSIONS:
		return row->session;
	case TABLE_EVENTS:
		return row->event->session;
	default:
		return data->record ? record_session(data->record, row->finding->session) : NULL;
	}
}

/* Which request an HTTP answer answers is a guess once some of both were lost; what says its session itself is certain:
 * a request, an open, a WebSocket's. */
static bool event_keeps_session(const struct event *event)
{
	if (event->kind == EVENT_HTTP)
		return event->exchange && event->exchange->target->sid_len;
	return event->transport != TRANSPORT_POLLING || event->direction == DIRECTION_TO_SERVER ||
	       event->kind == EVENT_OPEN;
}

bool query_row_keeps_session(const struct query_row *row)
{
	return row->table == TABLE_SESSIONS || (row->table == TABLE_EVENTS && event_keeps_session(row->event));
}

timestamp query_row_time(const struct query_row *row)
{
	switch (row->table) {
	case TABLE_SESSIONS:
		return row->session->first;
	case TABLE_EVENTS:
		return row->event->time;
	default:
		return row->finding->time;
	}
}

const char *query_table_name(enum query_table table)
{
	return table == TABLE_SESSIONS ? "sessions" : table == TABLE_EVENTS ? "events" : "findings";
}

/* ---- values */

const char *query_type_name(enum query_type type)
{
	static const char *const names[] = {
	    "null", "true or false", "a number", "a duration", "a time", "text", "a word", "JSON", "a row"};
	return names[type];
}

void value_set_number(struct query_value *value, double number)
{
	value->type = TYPE_NUMBER;
	value->number = number;
}

void value_set_bool(struct query_value *value, bool truth)
{
	value->type = TYPE_BOOL;
	value->number = truth;
}

void value_set_time(struct query_value *value, timestamp time)
{
	value->type = time == TIMESTAMP_NONE ? TYPE_NULL : TYPE_TIME;
	value->time = time;
}

void value_set_duration(struct query_value *value, timestamp span)
{
	value->type = span == TIMESTAMP_NONE ? TYPE_NULL : TYPE_DURATION;
	value->number = (double)span;
}

void value_set_text(struct query_value *value, struct slice text)
{
	value->type = TYPE_TEXT;
	value->text = text;
}

void value_set_word(struct query_value *value, const struct query_words *words, unsigned place)
{
	value->type = TYPE_WORD;
	value->number = place;
	value->text = slice_of_text(words->word(place));
}

void value_set_endpoint(struct query_value *value, const struct endpoint *endpoint)
{
	value_set_text(value, slice_of_text(endpoint_format(endpoint, value->small)));
}

void value_set_some_text(struct query_value *value, struct slice text)
{
	if (text.len)
		value_set_text(value, text);
}
