/* The table of fields, and how each is read. */
#include "base/json.h"
#include "base/plugin.h"
#include "base/text.h"
#include "http/exchange.h"
#include "net/packet.h"
#include "query/query.h"
#include "socketio/engine.h"

#include <stdio.h>

/* ---- the words, as all outputs write them */

static const char *word_severity(unsigned place)
{
	return severity_name((enum severity)place);
}

static const char *word_confidence(unsigned place)
{
	return confidence_name((enum confidence)place);
}

static const char *word_direction(unsigned place)
{
	return direction_name((enum direction)place);
}

static const char *word_transport(unsigned place)
{
	return place == TRANSPORT_NONE ? "none" : transport_name((enum transport)place);
}

static const char *word_type(unsigned place)
{
	return event_kind_name((enum event_kind)place);
}

static const char *word_how(unsigned place)
{
	return tcp_end_name((enum tcp_end)place);
}

static const struct query_words severities = {word_severity, SEVERITY_ERROR + 1, true},
                                confidences = {word_confidence, CONFIDENCE_PROVEN + 1, true},
                                directions = {word_direction, DIRECTION_TO_CLIENT + 1, false},
                                transports = {word_transport, TRANSPORT_UNKNOWN + 1, false},
                                types = {word_type, EVENT_KINDS, false}, hows = {word_how, TCP_END_RST + 1, false};

/* ---- of rows of several tables */

typedef const struct query_data query_data;
typedef const struct query_row query_row;
typedef struct query_value query_value;

static void read_session(query_data *data, query_row *row, query_value *value)
{
	const struct session *session = query_row_session(data, row);
	if (session)
		value_set_number(value, (double)session->number);
}

static void read_sid(query_data *data, query_row *row, query_value *value)
{
	const struct session *session = query_row_session(data, row);
	if (session && session->sid)
		value_set_text(value, slice_of(session->sid, session->sid_len));
}

static const struct endpoint *row_endpoint(query_data *data, query_row *row, bool server)
{
	const struct connection_facts *connection = row->table == TABLE_EVENTS ? row->event->connection : NULL;
	const struct session *session = connection ? NULL : query_row_session(data, row);
	if (connection)
		return server ? &connection->server : &connection->client;
	return !session ? NULL : server ? &session->server : &session->client;
}

static void read_client(query_data *data, query_row *row, query_value *value)
{
	const struct endpoint *endpoint = row_endpoint(data, row, false);
	if (endpoint)
		value_set_endpoint(value, endpoint);
}

static void read_server(query_data *data, query_row *row, query_value *value)
{
	const struct endpoint *endpoint = row_endpoint(data, row, true);
	if (endpoint)
		value_set_endpoint(value, endpoint);
}

static void read_time(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_time(value, query_row_time(row));
}

static void read_transport(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_word(
	    value, &transports, row->table == TABLE_EVENTS ? row->event->transport : row->session->transport);
}

static void read_age(query_data *data, query_row *row, query_value *value)
{
	const struct session *session = query_row_session(data, row);
	if (!session)
		return;
	timestamp end = row->table == TABLE_EVENTS ? row->event->origin.time : session_end(session);
	value_set_duration(value, end - session_begin(session));
}

/* ---- sessions */

static const struct process *row_process(query_data *data, query_row *row)
{
	const struct session *session = query_row_session(data, row);
	const struct connection_facts *connection = row->table == TABLE_EVENTS ? row->event->connection : NULL;
	return connection ? connection->process : session ? session->process : NULL;
}

static void read_pid(query_data *data, query_row *row, query_value *value)
{
	const struct process *process = row_process(data, row);
	if (process)
		value_set_number(value, process->id);
}

static void read_process(query_data *data, query_row *row, query_value *value)
{
	const struct process *process = row_process(data, row);
	if (process)
		value_set_text(value, slice_of_text(process->command));
}

static void read_container(query_data *data, query_row *row, query_value *value)
{
	const struct process *process = row_process(data, row);
	if (process)
		value_set_some_text(value, slice_of_text(process->container));
}

static void read_queued(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->queued)
		value_set_duration(value, row->event->queued);
}

static void read_eio(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->session->revision)
		value_set_number(value, row->session->revision);
}

/* "polling,websocket": in the order in which a session can have them. */
static void read_transports(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	size_t used = 0;
	for (enum transport transport = TRANSPORT_POLLING; transport <= TRANSPORT_UNKNOWN; transport++)
		if (row->session->transports & (1u << transport))
			used += (size_t)snprintf(value->small + used, sizeof value->small - used, "%s%s",
			    used ? "," : "", transport_name(transport));
	value_set_text(value, slice_of_text(value->small));
}

static void read_opened(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_time(value, row->session->opened);
}

static void read_closed(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_time(value, row->session->closed);
}

static void read_close(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_some_text(value, slice_of_text(row->session->close));
}

static void read_sent(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, (double)row->session->events[DIRECTION_TO_SERVER]);
}

static void read_received(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, (double)row->session->events[DIRECTION_TO_CLIENT]);
}

static void read_user(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->session->user)
		value_set_text(value, slice_of_text(row->session->user));
}

static void read_gaps(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, (double)row->session->gaps);
}

static void read_malformed(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, (double)row->session->malformed);
}

static void read_namespaces(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, (double)row->session->namespace_count);
}

static void read_handshake(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_bool(value, row->session->handshake_seen);
}

static void read_bytes(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, row->table == TABLE_EVENTS ? (double)row->event->bytes
	                                                   : (double)(row->session->bytes[0] + row->session->bytes[1]));
}

/* ---- events */

static void read_index(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, (double)row->event->index);
}

static void read_conn(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->connection)
		value_set_text(value, slice_of_text(row->event->connection->text));
}

static void read_packet(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, (double)row->event->origin.first);
}

/* Of one file there is no other number. */
static void read_file_packet(query_data *data, query_row *row, query_value *value)
{
	uint64_t numbers[2] = {row->event->origin.first, 0};
	(void)data;
	(void)origin_in_file(&row->event->origin, 0, numbers, NULL);
	value_set_number(value, (double)numbers[0]);
}

static void read_file(query_data *data, query_row *row, query_value *value)
{
	uint64_t numbers[2];
	const char *file = origin_in_file(&row->event->origin, 0, numbers, NULL);
	(void)data;
	if (file)
		value_set_text(value, slice_of_text(file));
}

static void read_dir(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_word(value, &directions, row->event->direction);
}

static void read_type(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_word(value, &types, row->event->kind);
}

static void read_nsp(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_some_text(value, event_packet(row->event)->nsp);
}

static void read_name(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (event_packet(row->event)->name.len) {
		value->type = TYPE_JSON;
		value->text = event_packet(row->event)->name;
	}
}

static void read_ack(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	double id;
	if (json_read_number(event_packet(row->event)->ack, &id))
		value_set_number(value, id);
}

static void read_data(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (event_packet(row->event)->data.len) {
		value->type = TYPE_JSON;
		value->text = event_packet(row->event)->data;
	}
}

static void read_method(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (event_exchange(row->event))
		value_set_some_text(value, row->event->exchange->request.head.method);
}

static void read_target(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (event_exchange(row->event))
		value_set_some_text(value, row->event->exchange->request.head.target);
}

static void read_status(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (event_exchange(row->event) && row->event->exchange->status)
		value_set_number(value, row->event->exchange->status);
}

static void read_stream(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->origin.stream)
		value_set_number(value, row->event->origin.stream);
}

static void read_code_of_close(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->kind == EVENT_WS_CLOSE)
		value_set_number(value, row->event->ws_close.code);
}

static void read_reason(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->kind == EVENT_WS_CLOSE)
		value_set_text(value, event_text(row->event));
}

static void read_how(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->kind == EVENT_TCP_CLOSE)
		value_set_word(value, &hows, row->event->tcp_close.how);
}

static void read_layer(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->kind == EVENT_MALFORMED)
		value_set_some_text(value, slice_of_text(row->event->malformed.layer));
}

static void read_why(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->kind == EVENT_MALFORMED || row->event->kind == EVENT_GAP || row->event->kind == EVENT_TLS)
		value_set_text(value, event_text(row->event));
}

static void read_text(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->kind == EVENT_LOG)
		value_set_text(value, event_text(row->event));
}

static void read_answers(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->event->answers)
		value_set_number(value, (double)row->event->answers);
}

static void read_incomplete(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_bool(value, row->event->incomplete || row->event->unreadable);
}

static void read_latency(query_data *data, query_row *row, query_value *value)
{
	if (data->record)
		value_set_duration(value, record_latency(data->record, row->event->index));
}

static void read_hop_latency(query_data *data, query_row *row, query_value *value)
{
	timestamp span = event_hop_time(row->event);
	(void)data;
	if (span != TIMESTAMP_NONE)
		value_set_duration(value, span);
}

static void read_answered(query_data *data, query_row *row, query_value *value)
{
	if (data->record)
		value_set_bool(value, record_answer(data->record, row->event->index) != 0);
}

/* ---- findings */

static void read_code(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_text(value, slice_of_text(code_entry(row->finding->code)->name));
}

static void read_severity(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_word(value, &severities, row->finding->severity);
}

static void read_confidence(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_word(value, &confidences, row->finding->confidence);
}

static void read_count(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_number(value, (double)row->finding->count);
}

static void read_title(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_text(value, slice_of_text(code_entry(row->finding->code)->title));
}

static void read_seen(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_text(value, slice_of_text(row->finding->seen));
}

static void read_do(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	value_set_text(value, slice_of_text(row->finding->advice));
}

static void read_cause(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->finding->cause)
		value_set_text(value, slice_of_text(row->finding->cause));
}

static void read_explained_by(query_data *data, query_row *row, query_value *value)
{
	(void)data;
	if (row->finding->explained_by)
		value_set_text(value, slice_of_text(code_entry(row->finding->explained_by->code)->name));
}

/* ---- what stays, whatever else had been captured */

static bool stays_always(query_row *row, const query_value *value)
{
	(void)row, (void)value;
	return true;
}

static bool stays_with_session(query_row *row, const query_value *value)
{
	(void)value;
	return query_row_keeps_session(row);
}

/* Of an event it is said by its own connection, of a session by whichever was seen first. */
static bool stays_of_event(query_row *row, const query_value *value)
{
	(void)value;
	return row->table == TABLE_EVENTS;
}

/* Until it was seen, something else may say so, and be wrong. */
static bool stays_with_handshake(query_row *row, const query_value *value)
{
	(void)value;
	return row->session->handshake_seen;
}

/* No session goes back from WebSocket. Of one that was joined a try may be all that was seen. */
static bool stays_of_transport(query_row *row, const query_value *value)
{
	return row->table == TABLE_EVENTS || (value->number == TRANSPORT_WEBSOCKET && row->session->handshake_seen);
}

enum { ANY_TABLE = TABLE_SESSIONS | TABLE_EVENTS | TABLE_FINDINGS, NOT_FINDINGS = TABLE_SESSIONS | TABLE_EVENTS };

static const struct query_field query_fields[] = {
    {"session", ANY_TABLE, TYPE_NUMBER, NULL, false, read_session, NULL, "its number"},
    {"sid", ANY_TABLE, TYPE_TEXT, NULL, false, read_sid, stays_with_session, "as the server gave it out"},
    {"client", ANY_TABLE, TYPE_TEXT, NULL, false, read_client, stays_of_event, "address:port"},
    {"server", ANY_TABLE, TYPE_TEXT, NULL, false, read_server, stays_always, "address:port"},
    {"time", ANY_TABLE, TYPE_TIME, NULL, false, read_time, NULL, "when; of a session, its first packet"},
    {"pid", ANY_TABLE, TYPE_NUMBER, NULL, false, read_pid, stays_of_event,
        "of the watched process (-p); null of packets"},
    {"process", ANY_TABLE, TYPE_TEXT, NULL, false, read_process, stays_of_event, "its command; null of packets"},
    {"container", ANY_TABLE, TYPE_TEXT, NULL, false, read_container, stays_of_event,
        "the id of its container; null without"},
    {"transport", NOT_FINDINGS, TYPE_WORD, &transports, false, read_transport, stays_of_transport,
        "polling, websocket; a session's last"},
    {"age", NOT_FINDINGS, TYPE_DURATION, NULL, false, read_age, NULL,
        "since the session's open; of a session, its life"},
    {"bytes", NOT_FINDINGS, TYPE_NUMBER, NULL, false, read_bytes, NULL, "on the wire"},
    {"eio", TABLE_SESSIONS, TYPE_NUMBER, NULL, false, read_eio, NULL, "revision of Engine.IO"},
    {"transports", TABLE_SESSIONS, TYPE_TEXT, NULL, false, read_transports, NULL, "all it used: \"polling,websocket\""},
    {"opened", TABLE_SESSIONS, TYPE_TIME, NULL, false, read_opened, NULL,
        "its handshake; null when that was not captured"},
    {"closed", TABLE_SESSIONS, TYPE_TIME, NULL, false, read_closed, NULL, "null while it lives"},
    {"close", TABLE_SESSIONS, TYPE_TEXT, NULL, false, read_close, NULL, "who closed it and how"},
    {"sent", TABLE_SESSIONS, TYPE_NUMBER, NULL, false, read_sent, NULL, "events and acks, client to server"},
    {"received", TABLE_SESSIONS, TYPE_NUMBER, NULL, false, read_received, NULL, "events and acks, server to client"},
    {"user", TABLE_SESSIONS, TYPE_TEXT, NULL, false, read_user, NULL,
        "the client behind a proxy, by X-Forwarded-For, Forwarded or X-Real-IP; null when none names it"},
    {"gaps", TABLE_SESSIONS, TYPE_NUMBER, NULL, false, read_gaps, NULL, "places where packets are missing"},
    {"malformed", TABLE_SESSIONS, TYPE_NUMBER, NULL, false, read_malformed, NULL,
        "items that are not what they should be"},
    {"namespaces", TABLE_SESSIONS, TYPE_NUMBER, NULL, false, read_namespaces, NULL, "how many"},
    {"handshake", TABLE_SESSIONS, TYPE_BOOL, NULL, false, read_handshake, stays_with_handshake, "was captured"},
    {"index", TABLE_EVENTS, TYPE_NUMBER, NULL, false, read_index, NULL, "its place in the timeline"},
    {"conn", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_conn, stays_of_event, "client-server"},
    {"packet", TABLE_EVENTS, TYPE_NUMBER, NULL, false, read_packet, NULL,
        "the first of it, as Wireshark numbers them; of merged files in order of time"},
    {"file", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_file, NULL, "of several that are merged, the one that has it"},
    {"file_packet", TABLE_EVENTS, TYPE_NUMBER, NULL, false, read_file_packet, NULL, "the number of that packet there"},
    {"dir", TABLE_EVENTS, TYPE_WORD, &directions, false, read_dir, stays_always, "\"c>s\" or \"s>c\""},
    {"type", TABLE_EVENTS, TYPE_WORD, &types, false, read_type, stays_always, "event, ack, connect, http, ws-close, …"},
    {"nsp", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_nsp, stays_always, "namespace"},
    {"name", TABLE_EVENTS, TYPE_JSON, NULL, false, read_name, stays_always, "of an event"},
    {"ack", TABLE_EVENTS, TYPE_NUMBER, NULL, false, read_ack, stays_always, "its id"},
    {"data", TABLE_EVENTS, TYPE_JSON, NULL, false, read_data, stays_always, "the payload: data[0].name, data.a.b"},
    {"method", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_method, stays_always, "of an HTTP request"},
    {"target", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_target, stays_always, "of an HTTP request"},
    {"status", TABLE_EVENTS, TYPE_NUMBER, NULL, false, read_status, NULL, "of an HTTP answer"},
    {"stream", TABLE_EVENTS, TYPE_NUMBER, NULL, false, read_stream, stays_always, "of HTTP/2, that carried it"},
    {"code", TABLE_EVENTS, TYPE_NUMBER, NULL, false, read_code_of_close, stays_always, "of a ws-close"},
    {"reason", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_reason, stays_always, "of a ws-close"},
    {"how", TABLE_EVENTS, TYPE_WORD, &hows, false, read_how, NULL, "fin or rst, of a tcp-close"},
    {"layer", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_layer, NULL, "of what is malformed"},
    {"why", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_why, NULL, "of what is malformed or missing"},
    {"text", TABLE_EVENTS, TYPE_TEXT, NULL, false, read_text, stays_always, "of a log line"},
    {"answers", TABLE_EVENTS, TYPE_NUMBER, NULL, false, read_answers, NULL, "index of the event it answers"},
    {"incomplete", TABLE_EVENTS, TYPE_BOOL, NULL, false, read_incomplete, NULL, "part of it was not seen"},
    {"latency", TABLE_EVENTS, TYPE_DURATION, NULL, true, read_latency, NULL, "time to its answer or ack; null without"},
    {"hop_latency", TABLE_EVENTS, TYPE_DURATION, NULL, true, read_hop_latency, NULL,
        "time that the hops between its legs needed; null on one leg"},
    {"queued", TABLE_EVENTS, TYPE_DURATION, NULL, false, read_queued, NULL, "so long it lay unread, as a probe saw"},
    {"answered", TABLE_EVENTS, TYPE_BOOL, NULL, true, read_answered, NULL, "an answer or ack came"},
    {"code", TABLE_FINDINGS, TYPE_TEXT, NULL, false, read_code, NULL, "as sioscope explain lists them"},
    {"severity", TABLE_FINDINGS, TYPE_WORD, &severities, false, read_severity, NULL, "info < warning < error"},
    {"confidence", TABLE_FINDINGS, TYPE_WORD, &confidences, false, read_confidence, NULL, "possible < likely < proven"},
    {"count", TABLE_FINDINGS, TYPE_NUMBER, NULL, false, read_count, NULL, "how often"},
    {"title", TABLE_FINDINGS, TYPE_TEXT, NULL, false, read_title, NULL, "what it says"},
    {"seen", TABLE_FINDINGS, TYPE_TEXT, NULL, false, read_seen, NULL, "what was seen"},
    {"do", TABLE_FINDINGS, TYPE_TEXT, NULL, false, read_do, NULL, "what to do"},
    {"cause", TABLE_FINDINGS, TYPE_TEXT, NULL, false, read_cause, NULL, "why it is so, as a word"},
    {"explained_by", TABLE_FINDINGS, TYPE_TEXT, NULL, false, read_explained_by, NULL,
        "code of the finding that explains it"},
};

enum { QUERY_FIELDS = sizeof query_fields / sizeof *query_fields };

/* ---- finding them */

const struct query_field *query_field_nth(size_t nth)
{
	if (nth < QUERY_FIELDS)
		return &query_fields[nth];
	nth -= QUERY_FIELDS;
	for (size_t i = 0; plugins[i]; i++)
		for (const struct query_field *field = plugins[i]->fields; field && field->name; field++)
			if (nth-- == 0)
				return field;
	return NULL;
}

const struct query_field *query_field_find(enum query_table table, struct slice name)
{
	const struct query_field *field = query_field_nth(0);
	for (size_t nth = 1; field && !((field->tables & table) && slice_equals_text(name, field->name)); nth++)
		field = query_field_nth(nth);
	return field;
}

const struct query_field *query_field_nearest(enum query_table table, struct slice name)
{
	const struct query_field *nearest = NULL;
	unsigned best = 0;
	const struct query_field *field;
	for (size_t nth = 0; (field = query_field_nth(nth)); nth++) {
		unsigned likeness = (field->tables & table) ? suggest_likeness(name, slice_of_text(field->name)) : 0;
		/* Two letters of a short name that changed places leave half of it: `nmae`, but not `kind` for `sid`.
		 */
		bool begins_so = name.len && field->name[0] == name.at[0];
		if (likeness > best && likeness >= (begins_so ? SUGGEST_MEANT - 10 : SUGGEST_MEANT)) {
			best = likeness;
			nearest = field;
		}
	}
	return nearest;
}
