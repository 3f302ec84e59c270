/* The sessions of the HTML report: a table with a lane each, and the same as data, which the script zooms and pages. */
#include "base/text.h"
#include "net/packet.h"
#include "view/html.h"

#include <inttypes.h>

enum { TIMELINE_BLOCK = 256 };

/* ---- a lane */

static void lane_write_part(
    struct html *html, const struct html_scan *scan, const char *kind, timestamp begin, timestamp end)
{
	double from = html_percent(scan, begin), width = html_percent(scan, end) - from;
	html_format(html, "<rect class=\"%s\" x=\"%.3f%%\" y=\"5\" width=\"%.3f%%\" height=\"8\" rx=\"2\"/>", kind,
	    from, width > 0.2 ? width : 0.2);
}

static void lane_write_parts(
    struct html *html, const struct html_scan *scan, const struct html_lane *lane, const struct session *session)
{
	timestamp end = session_end(session);
	if (!lane->part_count)
		lane_write_part(html, scan, "none", session->first, end);
	for (size_t i = 0; i < lane->part_count; i++) {
		timestamp begin = i ? lane->part_begin[i] : session->first;
		if (begin <= end)
			lane_write_part(html, scan, transport_name(lane->part_transport[i]), begin,
			    i + 1 < lane->part_count && lane->part_begin[i + 1] < end ? lane->part_begin[i + 1] : end);
	}
}

static const char *lane_mark_class(char kind)
{
	return kind == 'g' ? "gap" : kind == 'm' ? "malformed" : "close";
}

static const struct html_mark *lane_find_mark(const struct html_lane *lane, size_t from, bool closes)
{
	while (from < lane->mark_count && (lane->marks[from].kind == 'c') != closes)
		from++;
	return from < lane->mark_count ? &lane->marks[from] : NULL;
}

/* Closes come last, and so above a gap at the same place. NULL: before the first, behind the last. */
static const struct html_mark *lane_next_mark(const struct html_lane *lane, const struct html_mark *mark)
{
	bool closes = mark && mark->kind == 'c';
	const struct html_mark *next = lane_find_mark(lane, mark ? (size_t)(mark - lane->marks) + 1 : 0, closes);
	return next || closes ? next : lane_find_mark(lane, 0, true);
}

static void lane_write_marks(struct html *html, const struct html_scan *scan, const struct html_lane *lane)
{
	for (const struct html_mark *mark = lane_next_mark(lane, NULL); mark; mark = lane_next_mark(lane, mark)) {
		double from = html_percent(scan, mark->time), to = html_percent(scan, mark->until);
		const char *kind = lane_mark_class(mark->kind);
		html_format(html, "<rect class=\"%s\" x=\"%.3f%%\" y=\"2\" width=\"2\" height=\"14\"/>", kind, from);
		if (mark->count > 1)
			html_format(html,
			    "<rect class=\"%s several\" x=\"%.3f%%\" y=\"2\" width=\"%.3f%%\" height=\"14\"/><rect "
			    "class=\"%s\" x=\"%.3f%%\" y=\"2\" width=\"2\" height=\"14\"/>",
			    kind, from, to - from, kind, to);
	}
}

/* Marks at its findings. */
static void lane_write_findings(struct html *html, const struct html_scan *scan, uint64_t session)
{
	unsigned most = 40;
	for (const struct finding *finding = scan->report->findings->first; finding && most; finding = finding->next)
		if (finding->session == session && finding->time != TIMESTAMP_NONE) {
			html_format(html, "<circle class=\"%s\" cx=\"%.3f%%\" cy=\"9\" r=\"4.5\"/>",
			    severity_name(finding->severity), html_percent(scan, finding->time));
			most--;
		}
}

static void lane_write(struct html *html, const struct html_scan *scan, const struct session *session)
{
	const struct html_lane *lane = html_lane_of(scan, session->number);
	char span[TIMESTAMP_TEXT_SIZE];
	if (!lane)
		return;
	timestamp_format_span(session_end(session) - session_begin(session), span);
	html_format(html,
	    "<svg class=\"lane\" width=\"100%%\" height=\"18\" role=\"img\" aria-label=\"From +%.3f s, for %s%s%s\">",
	    (double)(session_begin(session) - scan->first) / TIMESTAMP_SECOND, span, lane->part_count ? ", by " : "",
	    lane->part_count ? transport_name(lane->part_transport[0]) : "");
	lane_write_parts(html, scan, lane, session);
	lane_write_marks(html, scan, lane);
	if (lane->findings)
		lane_write_findings(html, scan, session->number);
	html_put(html, "</svg>");
}

/* ---- a row */

static void timeline_write_close(struct html *html, const struct session *session)
{
	if (session->closed == TIMESTAMP_NONE)
		html_put(html, session->known ? "still open at the end" : "not confirmed by a server");
	else
		html_text(html, "%s%s", session->close, session->known ? "" : " (not confirmed by a server)");
}

static void timeline_write_row(struct html *html, const struct html_scan *scan, const struct session *session)
{
	const struct html_lane *lane = html_lane_of(scan, session->number);
	char client[ENDPOINT_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE];
	timestamp_format_span(session_end(session) - session_begin(session), span);
	html_format(html,
	    "<tr id=\"s%" PRIu64 "\"><th scope=\"row\"><a href=\"#s%" PRIu64 "\">%" PRIu64 "</a></th><td>",
	    session->number, session->number, session->number);
	if (lane && lane->worst)
		html_format(html,
		    "<span class=\"badge %s\">%" PRIu32 "<span class=\"sr\"> finding%s, worst: %s</span></span>",
		    severity_name(lane->worst - 1u), lane->findings, plural_ending(lane->findings),
		    severity_name(lane->worst - 1u));
	html_put(html, "</td><td class=\"ends\">");
	html_text(
	    html, "%s → %s", endpoint_format(&session->client, client), endpoint_format(&session->server, server));
	html_put(html, "</td><td class=\"lane-cell\">");
	lane_write(html, scan, session);
	html_format(html,
	    "</td><td class=\"num\">%s</td><td class=\"num\">%" PRIu64 "</td><td class=\"num\">%" PRIu64
	    "</td><td class=\"wrap\">",
	    span, session->events[DIRECTION_TO_SERVER], session->events[DIRECTION_TO_CLIENT]);
	timeline_write_close(html, session);
	html_put(html, "</td></tr>\n");
}

/* ---- as data */

static void data_number(struct buffer *out, const char *key, uint64_t number)
{
	if (!number)
		return;
	buffer_append_format(out, ",\"%s\":%" PRIu64, key, number);
}

/* What is empty is left out: there may be thousands. */
static void data_text(struct buffer *out, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	buffer_append_format(out, ",\"%s\":", key);
	json_write_string(out, slice_of_text(text));
}

static void data_time(struct buffer *out, const char *key, const struct html_scan *scan, timestamp time)
{
	buffer_append_format(out, ",\"%s\":%" PRId64, key, time - scan->first);
}

static void data_legs(struct buffer *out, const struct session *session)
{
	char client[ENDPOINT_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	if (session->leg_count < 2 || !session->legs)
		return;
	buffer_append_text(out, ",\"legs\":[");
	for (size_t i = 0; i < session->leg_count; i++) {
		buffer_append_text(out, i ? ",[" : "[");
		json_write_string(out, slice_of_text(endpoint_format(&session->legs[i].client, client)));
		buffer_append_byte(out, ',');
		json_write_string(out, slice_of_text(endpoint_format(&session->legs[i].server, server)));
		buffer_append_byte(out, ']');
	}
	buffer_append_byte(out, ']');
}

static void data_lane(struct buffer *out, const struct html_scan *scan, const struct html_lane *lane)
{
	buffer_append_text(out, ",\"parts\":[");
	for (size_t i = 0; i < lane->part_count; i++)
		buffer_append_format(out, "%s[%" PRId64 ",\"%s\"]", i ? "," : "", lane->part_begin[i] - scan->first,
		    transport_name(lane->part_transport[i]));
	buffer_append_text(out, "],\"marks\":[");
	const char *separator = "";
	for (const struct html_mark *mark = lane_next_mark(lane, NULL); mark; mark = lane_next_mark(lane, mark)) {
		buffer_append_format(out, "%s[%" PRId64 ",\"%s\",%" PRId64 ",%" PRIu32 "]", separator,
		    mark->time - scan->first, lane_mark_class(mark->kind), mark->until - scan->first, mark->count);
		separator = ",";
	}
	buffer_append_byte(out, ']');
	data_number(out, "findings", lane->findings);
	data_number(out, "worst", lane->worst);
}

static void data_session(struct buffer *out, const struct html_scan *scan, const struct session *session)
{
	static const struct html_lane none;
	const struct html_lane *lane = html_lane_of(scan, session->number);
	char text[ENDPOINT_TEXT_SIZE], software[RECOGNITION_TEXT];
	buffer_append_format(out, "{\"session\":%" PRIu64, session->number);
	data_text(out, "sid", session->sid);
	data_text(out, "client", endpoint_format(&session->client, text));
	data_text(out, "server", endpoint_format(&session->server, text));
	data_text(out, "user", session->user);
	data_text(out, "software", recognition_format(&session->software, software));
	data_number(out, "eio", session->revision);
	data_time(out, "first", scan, session->first);
	data_time(out, "begin", scan, session_begin(session));
	data_time(out, "end", scan, session_end(session));
	data_time(out, "last", scan, session->last > session_end(session) ? session->last : session_end(session));
	buffer_append_format(out, ",\"life\":%" PRId64, session_end(session) - session_begin(session));
	if (session->closed == TIMESTAMP_NONE)
		buffer_append_text(out, ",\"open\":true");
	if (!session->known)
		buffer_append_text(out, ",\"unknown\":true");
	data_text(out, "close", session->close);
	data_number(out, "up", session->events[DIRECTION_TO_SERVER]);
	data_number(out, "down", session->events[DIRECTION_TO_CLIENT]);
	data_legs(out, session);
	data_lane(out, scan, lane ? lane : &none);
	buffer_append_byte(out, '}');
}

static bool data_write_session(
    struct html *html, struct buffer *out, const struct html_scan *scan, const struct session *session, bool first)
{
	struct buffer masked;
	buffer_clear(out);
	data_session(out, scan, session);
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	bool is_masked = mask_write_json(html->mask, buffer_slice(out), slice_of(NULL, 0), &masked);
	html->failed |= out->truncated || masked.truncated;
	html_put(html, first ? "\n" : ",\n");
	if (!html->failed)
		html_json(html, is_masked ? buffer_slice(&masked) : buffer_slice(out));
	buffer_free(&masked);
	return !html->failed;
}

static uint64_t timeline_write_data(struct html *html, const struct html_scan *scan, uint64_t most)
{
	struct html_walk walk = html_walk_of(scan);
	const struct session *session;
	struct buffer out;
	uint64_t count = 0, end = html->written + most;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	html_data_begin(html, "sessions");
	html_put(html, "[");
	while (html->written < end && (session = html_walk_next(&walk)) &&
	       data_write_session(html, &out, scan, session, count == 0))
		count++;
	html_put(html, "]");
	html_data_end(html);
	buffer_free(&out);
	return count;
}

/* ---- the section */

static void timeline_write_axis(struct html *html, const struct html_scan *scan)
{
	char span[TIMESTAMP_TEXT_SIZE];
	html_put(html, "<span class=\"axis\" aria-hidden=\"true\">");
	for (int i = 0; i <= 4; i++)
		html_format(html, "<span>+%s</span>", timestamp_format_span((scan->last - scan->first) / 4 * i, span));
	html_put(html, "</span>");
}

static void timeline_write_legend(struct html *html)
{
	html_put(html, "<p class=\"legend\"><span><i class=\"key polling\"></i> polling</span><span><i class=\"key "
	               "websocket\"></i> WebSocket</span><span><i class=\"key none\"></i> no packet of it was "
	               "decoded</span><span><i class=\"key gap\"></i> gap in the capture</span><span><i class=\"key "
	               "close\"></i> close</span><span><i class=\"key error\"></i> finding: error, <i class=\"key "
	               "warning\"></i> warning, <i class=\"key info\"></i> note</span></p>\n");
}

void html_write_timeline(struct html *html, const struct html_scan *scan, uint64_t most)
{
	struct html_walk walk = html_walk_of(scan);
	const struct session *session;
	uint64_t rows = 0;
	html_section_begin(html, "sessions", "Sessions over time");
	timeline_write_legend(html);
	html_put(html, "<div id=\"timeline-tools\"></div><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	               "aria-label=\"Table of sessions\"><table id=\"session-table\"><thead><tr><th "
	               "scope=\"col\">Session</th><th scope=\"col\">Findings</th><th scope=\"col\">Client → "
	               "server</th><th scope=\"col\" class=\"lane-cell\">Over time");
	timeline_write_axis(html, scan);
	html_put(html, "</th><th scope=\"col\" class=\"num\">Life</th><th scope=\"col\" class=\"num\">Events to "
	               "server</th><th scope=\"col\" class=\"num\">Events to client</th><th scope=\"col\">How it "
	               "ended</th></tr></thead><tbody>\n");
	for (; rows < HTML_SESSION_ROWS && (session = html_walk_next(&walk)); rows++)
		timeline_write_row(html, scan, session);
	if (!scan->shown_sessions)
		html_put(html, "<tr><td colspan=\"8\">No Engine.IO session in this capture.</td></tr>\n");
	html_put(html, "</tbody></table></div>\n");
	html_format(html,
	    "<p class=\"faint\" id=\"session-note\">%" PRIu64 " of %" PRIu64
	    " session%s %s in this table, those with findings first.</p>\n",
	    rows, scan->shown_sessions, plural_ending(scan->shown_sessions), plural_choose(rows, "is", "are"));
	uint64_t listed = timeline_write_data(html, scan, most - TIMELINE_BLOCK);
	if (listed < scan->shown_sessions)
		html_format(html,
		    "<p class=\"note\">%" PRIu64 " more sessions are not in this file: it is bounded by --max-html. "
		    "<code>sioscope report --json</code> lists them all.</p>\n",
		    scan->shown_sessions - listed);
	html_section_end(html);
}
