/* Events in the HTML file: as data for the ladder and the search, a block for each session, those with findings first,
 * as many as there is room for; and a plain table of some. */
#include "view/dump.h"
#include "view/event_text.h"
#include "view/html.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	EVENT_LINE = 32 << 10, /* bytes of an event with its payload; of a longer one the beginning is there */
	EVENT_BEGINNING = 4 << 10,
	EVENTS_BESIDE = 10,  /* kept before and behind an event that a finding names */
	EVENTS_PROVING = 64, /* of one session, that are kept whatever else has no room */
	EVENT_USUAL = 600    /* bytes of one, to reckon with */
};

/* ---- one event */

/* The beginning of what is too long, as text: it is no JSON any more. */
static void event_write_beginning(struct buffer *out, const struct event *event, const struct mask *mask)
{
	struct slice begin = slice_take(event_packet(event)->data, EVENT_BEGINNING);
	struct buffer masked;
	if (!begin.len)
		return;
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	bool is_masked = mask_write_json(mask, begin, event_text_payload_name(event, mask), &masked);
	buffer_append_text(out, ",\"beginning\":");
	json_write_string(out, is_masked ? buffer_slice(&masked) : begin);
	out->truncated |= masked.truncated;
	buffer_free(&masked);
}

/* What a plug-in calls it. */
static void event_write_label(struct buffer *out, const struct event *event, const struct mask *mask)
{
	struct buffer label, masked;
	bool named = false;
	buffer_init(&label, 1 << 10, NULL);
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	for (size_t i = 0; !named && event->kind == EVENT_EVENT && plugins[i]; i++)
		named = plugins[i]->label && plugins[i]->label(&label, event);
	if (named) {
		mask_write_text(mask, buffer_slice(&label), &masked);
		buffer_append_text(out, ",\"label\":");
		json_write_string(out, buffer_slice(&masked));
	}
	out->truncated |= label.truncated || masked.truncated;
	buffer_free(&masked);
	buffer_free(&label);
}

/* The line of `sioscope dump`, and what only the whole timeline knows: its latency, its answer, what it is called.
 * False: there was no memory for it. */
static bool event_compose(struct buffer *out, const struct html_scan *scan, const struct event *event, bool *is_cut)
{
	const struct html_report *report = scan->report;
	uint64_t answer = record_answer(report->record, event->index);
	timestamp latency = record_latency(report->record, event->index);
	buffer_clear(out);
	out->limit = EVENT_LINE;
	enum line_result result = line_write(out, event, report->mask);
	out->limit = BUFFER_NO_LIMIT;
	if (result == LINE_REFUSED)
		return false;
	*is_cut = result == LINE_CUT;
	out->len--; /* the closing brace */
	if (*is_cut)
		event_write_beginning(out, event, report->mask);
	event_write_label(out, event, report->mask);
	if (answer)
		buffer_append_format(out, ",\"answer\":%" PRIu64, answer);
	if (latency != TIMESTAMP_NONE)
		buffer_append_format(out, ",\"latency_ns\":%" PRId64, latency);
	return buffer_append_byte(out, '}') && !out->truncated;
}

/* ---- a session's */

struct events_writer {
	struct html *html;
	const struct html_scan *scan;
	struct html_choice choice;
	struct buffer line;
	uint64_t skipped; /* since the last that was written */
	bool any;         /* in this block */
};

/* Of session 0: those that belong to none. */
static const struct event *events_get(const struct events_writer *writer, uint64_t session, uint64_t index)
{
	const struct event *event = index ? record_event(writer->scan->report->record, index) : NULL;
	while (!session && event && event->session)
		event = record_event(writer->scan->report->record, event->index + 1);
	return event;
}

static const struct event *events_first(const struct events_writer *writer, uint64_t session)
{
	return events_get(writer, session, session ? record_session_first(writer->scan->report->record, session) : 1);
}

static const struct event *events_next(const struct events_writer *writer, uint64_t session, const struct event *event)
{
	return events_get(writer, session,
	    session ? record_next_of_session(writer->scan->report->record, event->index) : event->index + 1);
}

static void events_write_skipped(struct events_writer *writer)
{
	if (writer->skipped)
		html_format(writer->html, "%s{\"left_out\":%" PRIu64 "}", writer->any ? ",\n" : "", writer->skipped);
	writer->any |= writer->skipped != 0;
	writer->skipped = 0;
}

static void events_write_one(struct events_writer *writer, const struct event *event)
{
	bool is_cut = false;
	if (!event_compose(&writer->line, writer->scan, event, &is_cut)) {
		writer->html->failed = true;
		return;
	}
	events_write_skipped(writer);
	html_put(writer->html, writer->any ? ",\n" : "");
	html_json(writer->html, buffer_slice(&writer->line));
	writer->any = true;
	writer->choice.events++;
	writer->choice.payloads_cut += is_cut;
}

/* Do they fit into `most` bytes? */
static bool events_fit(struct events_writer *writer, uint64_t session, uint64_t most)
{
	uint64_t total = 0;
	bool is_cut;
	for (const struct event *event = events_first(writer, session); event;
	     event = events_next(writer, session, event)) {
		if (!event_compose(&writer->line, writer->scan, event, &is_cut) || total + writer->line.len > most)
			return false;
		total += writer->line.len + 2;
	}
	return true;
}

/* Where in the session the events are that findings name: places from 0, in order. */
static size_t events_list_proving(struct events_writer *writer, uint64_t session, uint64_t places[EVENTS_PROVING])
{
	uint64_t place = 0;
	size_t count = 0;
	for (const struct event *event = events_first(writer, session); event;
	     event = events_next(writer, session, event)) {
		if (count < EVENTS_PROVING && html_is_proving(writer->scan, event->index))
			places[count++] = place;
		place++;
	}
	return count;
}

static bool events_are_near(const uint64_t *places, size_t count, uint64_t place, uint64_t beside)
{
	for (size_t i = 0; i < count; i++)
		if (place + beside >= places[i] && place <= places[i] + beside)
			return true;
	return false;
}

static void events_write_all(struct events_writer *writer, uint64_t session)
{
	for (const struct event *event = events_first(writer, session); event;
	     event = events_next(writer, session, event))
		events_write_one(writer, event);
}

/* The beginning, and what is around the events that findings name. */
static void events_write_some(struct events_writer *writer, uint64_t session, uint64_t most)
{
	uint64_t places[EVENTS_PROVING], place = 0, begin = writer->html->written;
	size_t proving = events_list_proving(writer, session, places);
	uint64_t reserve = (uint64_t)proving * (2 * EVENTS_BESIDE + 1) * EVENT_USUAL;
	uint64_t head = most - (reserve < most / 2 ? reserve : most / 2);
	bool is_head = true;
	for (const struct event *event = events_first(writer, session); event;
	     event = events_next(writer, session, event)) {
		uint64_t used = writer->html->written - begin;
		is_head &= used + EVENT_USUAL < head;
		if (used + EVENT_USUAL < most && (is_head || events_are_near(places, proving, place, EVENTS_BESIDE)))
			events_write_one(writer, event);
		else
			writer->skipped++;
		place++;
	}
	events_write_skipped(writer);
}

enum { EVENTS_BLOCK = 96 /* bytes of a block's tags */, EVENTS_LEAST = 16 << 10 };

static void events_write_session(struct events_writer *writer, uint64_t session, uint64_t most)
{
	if (most < EVENTS_LEAST)
		return;
	most -= EVENTS_BLOCK;
	writer->any = false;
	html_format(writer->html, "<script type=\"application/json\" class=\"events\" data-session=\"%" PRIu64 "\">[\n",
	    session);
	if (events_fit(writer, session, most))
		events_write_all(writer, session);
	else
		events_write_some(writer, session, most);
	html_put(writer->html, "\n]</script>\n");
	writer->choice.sessions++;
}

/* ---- all */

/* So that one long session leaves room for others: a quarter of what is left, and all of it for the last. */
static uint64_t events_share(uint64_t left, uint64_t sessions)
{
	return sessions <= 1 ? left : left / 4;
}

struct html_choice html_write_events(struct html *html, const struct html_scan *scan, uint64_t most)
{
	struct events_writer writer = {.html = html, .scan = scan};
	struct html_walk walk = html_walk_of(scan);
	const struct session *session;
	uint64_t end = html->written + most, waiting = scan->shown_sessions + (scan->outside != 0);
	writer.choice.of_sessions = scan->shown_sessions;
	writer.choice.of_events = scan->event_count;
	buffer_init(&writer.line, BUFFER_NO_LIMIT, NULL);
	while (html->written + EVENTS_LEAST < end && (session = html_walk_next(&walk)))
		events_write_session(&writer, session->number, events_share(end - html->written, waiting--));
	if (scan->outside && html->written < end)
		events_write_session(&writer, 0, end - html->written);
	buffer_free(&writer.line);
	return writer.choice;
}

/* ---- the table */

enum { TABLE_BESIDE = 2 };

/* The events that findings name, and the slowest of each name, in order. */
static size_t table_list_proving(const struct html_scan *scan, uint64_t indices[HTML_ROWS / 2])
{
	size_t count = 0;
	for (const struct finding *finding = scan->report->findings->first; finding; finding = finding->next)
		for (size_t i = 0; i < finding->evidence_count && count < HTML_ROWS / 2; i++)
			if ((indices[count] = html_event_of(scan, finding, i)))
				count++;
	for (size_t i = 0; i < scan->name_count && count < HTML_ROWS / 2; i++)
		if ((indices[count] = scan->names[i].slowest_event))
			count++;
	qsort(indices, count, sizeof *indices, html_compare_events);
	return count;
}

static void table_write_row(struct html *html, const struct html_scan *scan, const struct event *event)
{
	char origin[ORIGIN_TEXT], size[TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE] = "";
	uint64_t session = event->session ? event->session->number : 0;
	timestamp latency = record_latency(scan->report->record, event->index);
	struct buffer line;
	buffer_init(&line, BUFFER_NO_LIMIT, NULL);
	event_text_line(&line, event, html->mask);
	html->failed |= line.truncated;
	if (latency != TIMESTAMP_NONE)
		timestamp_format_span(latency, span);
	html_format(html,
	    "<tr id=\"s%" PRIu64 "e%" PRIu64 "\"><td><a href=\"#s%" PRIu64 "e%" PRIu64 "\">+%.6f s</a></td><td>",
	    session, event->index, session, event->index,
	    (double)(event->origin.time - scan->first) / TIMESTAMP_SECOND);
	if (session && scan->shown_sessions <= HTML_SESSION_ROWS)
		html_format(html, "<a href=\"#s%" PRIu64 "\">%" PRIu64 "</a>", session, session);
	else if (session)
		html_format(html, "%" PRIu64, session);
	html_format(html, "</td><td>%s</td><td>%s</td><td class=\"wrap\">", origin_format(&event->origin, origin),
	    event->kind == EVENT_LOG                  ? ""
	    : event->direction == DIRECTION_TO_SERVER ? "to server"
	                                              : "to client");
	html_slice(html, buffer_slice(&line));
	html_format(html, "</td><td class=\"num\">%s</td><td class=\"num\">%s</td></tr>\n",
	    event->bytes ? text_size(event->bytes, size) : "", span);
	buffer_free(&line);
}

void html_write_table(struct html *html, const struct html_scan *scan, const struct html_choice *choice)
{
	const struct html_report *report = scan->report;
	uint64_t proving[HTML_ROWS / 2], count = record_event_count(report->record), rows = 0, place = 0, before = 0;
	size_t proving_count = table_list_proving(scan, proving);
	uint64_t first = HTML_ROWS - (proving_count ? HTML_ROWS / 2 : 0);
	html_put(html,
	    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of events\"><table "
	    "id=\"event-table\"><thead><tr><th scope=\"col\">Time</th><th scope=\"col\">Session</th><th "
	    "scope=\"col\">Where</th><th scope=\"col\">Direction</th><th scope=\"col\">Event</th><th scope=\"col\" "
	    "class=\"num\">Size</th><th scope=\"col\" class=\"num\">Latency</th></tr></thead><tbody>\n");
	for (uint64_t index = 1; index <= count && rows < HTML_ROWS; index++) {
		const struct event *event = record_event(report->record, index);
		if (!summary_has(report->summary, event->session))
			continue;
		if (++place > first && !events_are_near(proving, proving_count, index, TABLE_BESIDE))
			continue;
		if (place > before + 1)
			html_format(html, "<tr class=\"left-out\"><td colspan=\"7\">%" PRIu64 " more</td></tr>\n",
			    place - before - 1);
		table_write_row(html, scan, event);
		before = place;
		rows++;
	}
	html_put(html, "</tbody></table></div>\n");
	html_format(html,
	    "<p class=\"faint\" id=\"table-note\">%" PRIu64 " of %" PRIu64 " events are in this table: the "
	    "first ones, and those that findings and plots name. With JavaScript it searches the %" PRIu64
	    " events that are in this file.</p>\n",
	    rows, scan->event_count, choice->events);
}
