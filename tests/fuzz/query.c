/* Expressions: what parses can be asked and explained, of rows of every kind; what does not says where it is wrong. */
#include "base/mask.h"
#include "http/exchange.h"
#include "query/expectations.h"
#include "socketio/engine.h"
#include "tests/fuzz/demand.h"

#include <stdlib.h>

/* A short life: a session that opens, connects, asks and is answered, and a close. */
static struct record *make_record(void)
{
	static struct connection_facts connection = {.number = 1, .text = "127.0.0.1:5-127.0.0.1:80"};
	static struct session session = {.number = 1,
	    .sid = (char *)"abc",
	    .sid_len = 3,
	    .opened = 1000,
	    .closed = TIMESTAMP_NONE,
	    .first = 1000,
	    .last = 9000};
	static struct exchange exchange = {.status = 200};
	struct record *made = record_new(1 << 20);
	demand(made);
	const struct observer *observer = record_observer(made);
	for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++) {
		struct event event = {.index = (uint64_t)kind + 1,
		    .origin.time = 1000 + 1000 * (timestamp)kind,
		    .kind = kind,
		    .direction = kind % 2,
		    .session = kind % 5 ? &session : NULL,
		    .connection = &connection,
		    .answers = kind == EVENT_ACK ? 3 : 0};
		if (event_is_packet(&event)) {
			event.packet.ack = kind == EVENT_ACK ? SLICE("1") : SLICE("");
			event.packet.name = kind == EVENT_EVENT ? SLICE("\"na\\u006de\"") : SLICE("");
			event.packet.data = kind < EVENT_OPEN ? SLICE("{\"a\":[1,\"x\",null,true]},\"second\"")
			                                      : SLICE("");
		}
		if (kind == EVENT_HTTP)
			event.exchange = &exchange;
		struct slice *slices[EVENT_SLICES];
		size_t count = event_is_packet(&event) ? 0 : event_slices(&event, slices);
		for (size_t i = 0; i < count; i++)
			*slices[i] = SLICE("why");
		if (kind == EVENT_MALFORMED)
			event.malformed.layer = "http";
		observer->event(observer->self, &event);
	}
	observer->session_closed(observer->self, &session);
	return made;
}

static struct record *record;
static struct findings findings;
static FILE *nowhere;

static void make_findings(void)
{
	static const struct session session = {.number = 1, .sid = (char *)"abc"};
	findings_init(&findings, 1 << 20);
	struct finding *finding = findings_claim(&findings, CODE_EVENT_DROPPED, CONFIDENCE_LIKELY, &session, NULL, "x");
	demand(finding);
	finding_say(&findings, finding, "seen");
	finding_prove(&findings, finding, &(struct origin){.first = 1, .last = 2}, "evidence");
}

/* Regular expressions are the C library's: what it makes of heaped repetitions is its own affair. */
static bool is_fair(struct slice text)
{
	size_t repetitions = 0;
	for (size_t i = 0; i < text.len; i++)
		repetitions += strchr("*+{?", text.at[i]) && text.at[i];
	return repetitions < 8;
}

static void check_error(const struct query_error *error, struct slice text)
{
	demand(error->line >= 1 && error->column >= 1 && *error->message && error->at <= text.len + 1);
	expectations_complain(nowhere, "file", 1, text, error);
}

static void ask_filter(struct slice text, const struct query_data *data, const struct query_row *row)
{
	struct query_error error;
	struct query *query = query_parse(text, row->table, &error);
	if (query)
		query_accepts(query, data, row);
	else
		check_error(&error, text);
	query_free(query);
}

static void ask_expectation(struct slice text, const struct query_data *data)
{
	struct query_error error;
	struct verdicts verdicts;
	const struct mask mask = {.salt = 1};
	struct expectation expectation = {.query = query_parse(text, 0, &error)};
	if (!expectation.query) {
		check_error(&error, text);
		return;
	}
	verdicts_init(&verdicts, &mask);
	demand(verdicts_judge(&verdicts, &expectation, data, NULL));
	demand((verdicts.first->outcome == OUTCOME_HELD) == query_holds(expectation.query, data));
	demand(verdicts.first->outcome != OUTCOME_BROKEN || *verdicts.first->found);
	verdicts_free(&verdicts);
	query_free(expectation.query);
}

/* The leak checker does not look into the record's files. */
static void forget(void)
{
	record_free(record);
	findings_free(&findings);
	demand(fclose(nowhere) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct slice text = slice_of(bytes, size);
	if (!record) {
		record = make_record();
		make_findings();
		nowhere = fopen("/dev/null", "w");
		demand(nowhere);
		atexit(forget);
	}
	if (!is_fair(text))
		return 0;
	const struct query_data data = {.record = record, .findings = &findings};
	const struct query_row rows[] = {
	    {.table = TABLE_EVENTS, .event = record_event(record, 3)},
	    {.table = TABLE_SESSIONS, .session = record_session(record, 1)},
	    {.table = TABLE_FINDINGS, .finding = findings.first},
	};
	for (size_t i = 0; i < 3; i++)
		ask_filter(text, &data, &rows[i]);
	ask_expectation(text, &data);
	return 0;
}
