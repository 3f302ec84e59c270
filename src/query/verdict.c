/* Asks each expectation, and keeps the answer as text: it outlives the timeline. */
#include "query/verdict.h"

#include "http/exchange.h"
#include "socketio/context.h"

#include <inttypes.h>

enum { VERDICT_TEXT = 1000, VERDICTS_MEMORY = 64 << 20 };

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = {"held", "broken", "could not tell"};
	return names[outcome];
}

void verdicts_init(struct verdicts *verdicts, const struct mask *mask)
{
	*verdicts = (struct verdicts){.refusals = {.limit = SIZE_MAX}, .mask = mask};
	arena_init(&verdicts->memory, VERDICTS_MEMORY);
}

void verdicts_free(struct verdicts *verdicts)
{
	arena_free(&verdicts->memory);
}

/* ---- rows in words */

static void describe_session(struct buffer *out, const struct session *session)
{
	char client[ENDPOINT_TEXT_SIZE];
	buffer_append_format(out, "session %" PRIu64 " of %s, %s", session->number,
	    endpoint_format(&session->client, client),
	    session->transport == TRANSPORT_NONE ? "no transport" : transport_name(session->transport));
	if (*session->close)
		buffer_append_format(out, ", closed: %s", session->close);
}

static void describe_event(struct buffer *out, const struct event *event)
{
	buffer_append_format(out, "%s %s", direction_name(event->direction), event_kind_name(event->kind));
	if (event->name.len) {
		buffer_append_byte(out, ' ');
		buffer_append(out, slice_take(event->name, 80));
	}
	if (event->exchange && event->exchange->status)
		buffer_append_format(out, " %d", event->exchange->status);
	if (event->kind == EVENT_WS_CLOSE)
		buffer_append_format(out, " %u", event->close_code);
	if (event->session)
		buffer_append_format(out, ", session %" PRIu64, event->session->number);
}

static void describe_finding(struct buffer *out, const struct finding *finding)
{
	buffer_append_format(out, "%s [%s, %s", code_entry(finding->code)->title, code_entry(finding->code)->name,
	    confidence_name(finding->confidence));
	if (finding->session)
		buffer_append_format(out, ", session %" PRIu64, finding->session);
	buffer_append_format(out, "]%s%s", *finding->seen ? ": " : "", finding->seen);
}

static const char *verdict_keep(struct verdicts *verdicts, const struct buffer *text)
{
	const char *kept = text->len ? arena_copy_text(&verdicts->memory, buffer_slice(text)) : "";
	if (!kept)
		budget_note_refusal(&verdicts->refusals);
	return kept ? kept : "";
}

static void verdict_add_row(struct verdicts *verdicts, struct verdict *verdict, const struct query_row *row)
{
	struct verdict_row *kept = &verdict->rows[verdict->row_count++];
	struct buffer text;
	buffer_init(&text, VERDICT_TEXT, &verdicts->refusals);
	*kept = (struct verdict_row){0};
	switch (row->table) {
	case TABLE_SESSIONS:
		describe_session(&text, row->session);
		break;
	case TABLE_EVENTS:
		kept->first_packet = row->event->first_packet;
		kept->last_packet = row->event->last_packet;
		describe_event(&text, row->event);
		break;
	default:
		if (row->finding->evidence_count) {
			kept->first_packet = row->finding->evidence[0].first_packet;
			kept->last_packet = row->finding->evidence[0].last_packet;
		}
		describe_finding(&text, row->finding);
	}
	kept->what = verdict_keep(verdicts, &text);
	buffer_free(&text);
}

/* ---- judging */

/* The expectation without comments and line ends, for lists and names. */
static void text_flatten(struct buffer *out, struct slice text)
{
	bool blank = true, comment = false;
	uint8_t quote = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];
		if (!comment && (byte == '"' || byte == '\'') && (!quote || quote == byte))
			quote = quote ? 0 : byte;
		comment = byte == '\n' ? false : comment || (byte == '#' && !quote);
		bool is_blank = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
		if (comment || (is_blank && blank))
			continue;
		buffer_append_byte(out, is_blank ? ' ' : byte);
		blank = is_blank;
	}
	if (out->len && out->at[out->len - 1] == ' ')
		out->len--;
}

static const char *verdict_text(struct verdicts *verdicts, const struct query *query)
{
	struct buffer text;
	buffer_init(&text, QUERY_TEXT, &verdicts->refusals);
	text_flatten(&text, query_text(query));
	const char *kept = verdict_keep(verdicts, &text);
	buffer_free(&text);
	return kept;
}

/* All that is blamed is that part of the traffic could not be seen: that breaks nothing, it leaves it untold. */
static bool blame_is_of_capture(const struct query_blame *blame)
{
	for (size_t i = 0; i < blame->culprit_count; i++) {
		const struct finding *finding = blame->culprits[i].finding;
		if (!finding || finding->code != CODE_CAPTURE_INCOMPLETE)
			return false;
	}
	return blame->culprit_count > 0 && !blame->more;
}

/* What is missing may be among what was not captured; what was seen is there. */
static void verdict_explain(struct verdicts *verdicts, struct verdict *verdict, const struct query *query,
    const struct query_data *data, const char *unseen)
{
	struct buffer sentence;
	buffer_init(&sentence, VERDICT_TEXT, &verdicts->refusals);
	struct query_blame blame = {.sentence = &sentence, .mask = verdicts->mask};
	query_explain(query, data, &blame);
	if (unseen && (!blame.seen || blame_is_of_capture(&blame))) {
		verdict->outcome = OUTCOME_UNTOLD;
		buffer_append_format(&sentence, "; but %s", unseen);
	}
	for (size_t i = 0; i < blame.culprit_count; i++)
		verdict_add_row(verdicts, verdict, &blame.culprits[i]);
	verdict->more = blame.more;
	verdict->found = verdict_keep(verdicts, &sentence);
	buffer_free(&sentence);
}

static void verdict_doubt(struct verdicts *verdicts, struct verdict *verdict, const char *unseen)
{
	struct buffer sentence;
	buffer_init(&sentence, VERDICT_TEXT, &verdicts->refusals);
	buffer_append_format(&sentence, "it holds for what was seen, but %s", unseen);
	verdict->outcome = OUTCOME_UNTOLD;
	verdict->found = verdict_keep(verdicts, &sentence);
	buffer_free(&sentence);
}

bool verdicts_judge(
    struct verdicts *verdicts, const struct expectation *expectation, const struct query_data *data, const char *unseen)
{
	struct verdict *verdict = arena_alloc(&verdicts->memory, sizeof *verdict);
	if (!verdict)
		return false;
	const struct query_data asked = {data->record, data->findings, &verdicts->refusals};
	bool holds = query_holds(expectation->query, &asked);
	*verdict = (struct verdict){.text = verdict_text(verdicts, expectation->query),
	    .file = expectation->file,
	    .line = expectation->line,
	    .outcome = holds ? OUTCOME_HELD : OUTCOME_BROKEN,
	    .found = ""};
	if (!holds)
		verdict_explain(verdicts, verdict, expectation->query, &asked, unseen);
	else if (verdicts->nothing || (unseen && !query_is_proven(expectation->query, &asked)))
		verdict_doubt(verdicts, verdict, unseen ? unseen : verdicts->nothing);
	verdicts->counts[verdict->outcome]++;
	*(verdicts->last ? &verdicts->last->next : &verdicts->first) = verdict;
	verdicts->last = verdict;
	return !verdicts->refusals.refused;
}

enum outcome verdicts_outcome(const struct verdicts *verdicts)
{
	return verdicts->counts[OUTCOME_BROKEN]   ? OUTCOME_BROKEN
	       : verdicts->counts[OUTCOME_UNTOLD] ? OUTCOME_UNTOLD
	                                          : OUTCOME_HELD;
}
