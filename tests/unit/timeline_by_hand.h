/* A kept timeline of two sessions, made by hand: what queries and the interface's models look at. */
#ifndef TESTS_TIMELINE_BY_HAND_H
#define TESTS_TIMELINE_BY_HAND_H

#include "base/numbering.h"
#include "detect/findings.h"
#include "query/query.h"
#include "socketio/engine.h"
#include "socketio/record.h"
#include "unit.h"

struct timeline_by_hand {
	struct record *record;
	struct findings findings;
	struct query_data data;
	struct session sessions[2];
	struct connection_facts connections[2];
	unsigned connection; /* 0 or 1: that carries the next events */
	uint64_t events;
	struct numbering *numbering; /* of a test that has several files; or NULL */
};

/* Tells an event of a session (1 or 2), so many seconds after the first one's open; returns its index. Its packet's
 * number is ten times that. */
static inline uint64_t give(struct timeline_by_hand *given, unsigned session, enum event_kind kind,
    enum direction direction, double seconds, const char *name, const char *data)
{
	const struct observer *observer = record_observer(given->record);
	struct event event = {.index = ++given->events,
	    .origin.time = 1000 * TIMESTAMP_SECOND + (timestamp)(seconds * TIMESTAMP_SECOND),
	    .origin.first = given->events * 10,
	    .origin.last = given->events * 10,
	    .kind = kind,
	    .direction = direction,
	    .transport = TRANSPORT_WEBSOCKET,
	    .session = &given->sessions[session - 1],
	    .connection = &given->connections[given->connection],
	    .packet.name = slice_of_text(name),
	    .packet.data = slice_of_text(data)};
	observer->event(observer->self, &event);
	return given->events;
}

/* Two sessions over WebSocket, opened at 0 s and at 3 s; no event yet. */
static inline struct timeline_by_hand *timeline_by_hand_new(void)
{
	struct timeline_by_hand *given = calloc(1, sizeof *given);
	given->record = record_new(1 << 20);
	findings_init(&given->findings, 1 << 20);
	given->data = (struct query_data){.record = given->record, .findings = &given->findings};
	for (unsigned i = 0; i < 2; i++)
		given->connections[i] = (struct connection_facts){.number = i + 1, .text = {(char)('a' + i)}};
	for (unsigned i = 0; i < 2; i++)
		given->sessions[i] = (struct session){.number = i + 1,
		    .sid = (char *)(i ? "second" : "first"),
		    .sid_len = i ? 6 : 5,
		    .transport = TRANSPORT_WEBSOCKET,
		    .transports = 1u << TRANSPORT_WEBSOCKET,
		    .opened = (1000 + 3 * (timestamp)i) * TIMESTAMP_SECOND,
		    .first = (1000 + 3 * (timestamp)i) * TIMESTAMP_SECOND,
		    .last = (1001 + 3 * (timestamp)i) * TIMESTAMP_SECOND,
		    .closed = TIMESTAMP_NONE};
	return given;
}

static inline void timeline_by_hand_free(struct timeline_by_hand *given)
{
	record_free(given->record);
	findings_free(&given->findings);
	numbering_free(given->numbering);
	free(given);
}

/* A test's setup and teardown: it finds an empty timeline in its state. */
static inline int begin_timeline(void **state)
{
	*state = timeline_by_hand_new();
	return *state ? 0 : -1;
}

static inline int forget_timeline(void **state)
{
	timeline_by_hand_free(*state);
	return 0;
}

#define BY_HAND(test) cmocka_unit_test_setup_teardown(test, begin_timeline, forget_timeline)

/* What is asked of an expression. */
static inline bool timeline_says(const struct timeline_by_hand *given, const char *text,
    bool (*ask)(const struct query *query, const struct query_data *data))
{
	struct query_error error;
	struct query *query = query_parse(slice_of_text(text), 0, &error);
	if (!query)
		fail_msg("%s: column %zu: %s", text, error.column, error.message);
	bool result = ask(query, &given->data);
	query_free(query);
	return result;
}

/* What an expression is worth for it. */
static inline bool timeline_holds(const struct timeline_by_hand *given, const char *text)
{
	return timeline_says(given, text, query_holds);
}

#endif
