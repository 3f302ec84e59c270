/* Several captures in the report as text: their clocks, what passed between the hosts and what did not arrive, and
 * where the time to an ack went, place by place. (html_hosts.c writes the same into the page.) */
#include "base/numbering.h"
#include "base/text.h"
#include "net/packet.h"
#include "view/report.h"

#include <inttypes.h>

/* ---- between two captures */

/* What passed the two inputs: how long it was under way, and what did not arrive. */
static void report_text_way(
    const struct text_writer *writer, const struct summary_input *input, const struct summary_skew *skew, bool back)
{
	const struct summary_way *way = &skew->ways[back];
	const char *one = numbering_short(input->numbering, skew->peer),
	           *other = numbering_short(input->numbering, skew->input);
	const char *from = back ? other : one, *to = back ? one : other;
	char least[TIMESTAMP_TEXT_SIZE], median[TIMESTAMP_TEXT_SIZE], lost[64] = "";
	if (way->lost)
		snprintf(
		    lost, sizeof lost, "; %" PRIu64 " of %" PRIu64 " segments did not arrive", way->lost, way->seen);
	if (way->median == TIMESTAMP_NONE && way->lost)
		text_write(writer, STYLE_FAINT, 2, "from %s to %s: its delay is not known%s", from, to, lost);
	if (way->median == TIMESTAMP_NONE)
		return;
	text_write(writer, STYLE_FAINT, 2, "from %s to %s: %s at least, median %s%s", from, to,
	    milliseconds_format(way->least, skew->bound, least), milliseconds_format(way->median, skew->bound, median),
	    lost);
}

static void report_text_skew(
    const struct text_writer *writer, const struct summary_input *input, const struct summary_skew *skew)
{
	char text[SKEW_TEXT];
	text_write(writer, skew->is_contradicted ? STYLE_WARNING : STYLE_PLAIN, 0, "%s",
	    skew_format(skew, input->numbering, text));
	for (int back = 0; back < 2 && !skew->is_given; back++)
		report_text_way(writer, input, skew, back);
}

void report_text_write_inputs(const struct text_writer *writer, const struct summary_input *input)
{
	for (size_t i = 0; i < input->skew_count; i++)
		report_text_skew(writer, input, &input->skews[i]);
	for (size_t i = 0; i < input->vantage_count; i++)
		text_write(writer, STYLE_PLAIN, 0,
		    "%" PRIu64 " connection%s that several files have: read from %s (--vantage chooses)",
		    input->vantages[i].connections, plural_ending(input->vantages[i].connections),
		    numbering_short(input->numbering, input->vantages[i].input));
}

/* ---- the places at which a session was seen */

/* "acks came after 48.7 ms at the edge, 25.6 ms behind it", and for each of the places where that is, and how much of
 * the time passes between it and the next. */
void report_text_write_hops(const struct text_writer *writer, const struct summary_session *session)
{
	const struct hop_times *hops = session->hops;
	char text[160], time[TIMESTAMP_TEXT_SIZE], p95[TIMESTAMP_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	struct buffer line = buffer_over(text, sizeof text - 1);
	for (size_t leg = 0; leg < hops->legs; leg++)
		buffer_append_format(&line, "%s%s %s", leg ? ", " : "",
		    milliseconds_format(hops->medians[leg], TIMESTAMP_MILLISECOND, time), hop_place(leg));
	text_write(
	    writer, STYLE_PLAIN, 6, "acks came after %.*s (median of %" PRIu64 ")", (int)line.len, text, hops->count);
	for (size_t leg = 0; leg < hops->legs && leg < session->leg_count; leg++) {
		line.len = 0;
		if (leg + 1 < hops->legs)
			buffer_append_format(&line, "; between here and the next %s, p95 %s",
			    milliseconds_format(hops->between_medians[leg], TIMESTAMP_MILLISECOND, time),
			    milliseconds_format(hops->between_p95s[leg], TIMESTAMP_MILLISECOND, p95));
		text_write(writer, STYLE_PLAIN, 8, "%s (%s): p95 %s%.*s", hop_place(leg),
		    endpoint_format(&session->legs[leg].server, server),
		    milliseconds_format(hops->p95s[leg], TIMESTAMP_MILLISECOND, time), (int)line.len, text);
	}
}
