/* Several captures in the HTML report: their clocks, what passed between the hosts and what did not arrive, and where
 * the time to an ack went, place by place. */
#include "base/numbering.h"
#include "base/text.h"
#include "view/html.h"

#include <inttypes.h>

/* ---- between two captures */

static void way_write_row(
    struct html *html, const struct summary_input *input, const struct summary_skew *skew, bool back)
{
	const struct summary_way *way = &skew->ways[back];
	char least[TIMESTAMP_TEXT_SIZE], median[TIMESTAMP_TEXT_SIZE], most[TIMESTAMP_TEXT_SIZE];
	if (!way->seen)
		return;
	html_put(html, "<tr><td class=\"wrap\">");
	html_text(html, "%s", numbering_short(input->numbering, back ? skew->input : skew->peer));
	html_put(html, "</td><td class=\"wrap\">");
	html_text(html, "%s", numbering_short(input->numbering, back ? skew->peer : skew->input));
	html_format(html, "</td><td class=\"num\">%" PRIu64 "</td><td class=\"num%s\">%" PRIu64 " (%.1f %%)</td>",
	    way->seen, way->lost ? " bad" : "", way->lost, 100 * (double)way->lost / (double)way->seen);
	if (way->median == TIMESTAMP_NONE)
		html_put(html, "<td class=\"faint\" colspan=\"3\">not known</td></tr>\n");
	else
		html_format(html, "<td class=\"num\">%s</td><td class=\"num\">%s</td><td class=\"num\">%s</td></tr>\n",
		    milliseconds_format(way->least, skew->bound, least),
		    milliseconds_format(way->median, skew->bound, median),
		    milliseconds_format(way->most, skew->bound, most));
}

static void ways_write(struct html *html, const struct summary_input *input)
{
	uint64_t seen;
	summary_lost_between(input, &seen);
	if (!seen)
		return;
	html_put(html, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What passed between the "
	               "captures\"><table><thead><tr><th scope=\"col\">From</th><th scope=\"col\">To</th><th "
	               "scope=\"col\" class=\"num\">Segments</th><th scope=\"col\" class=\"num\">Did not "
	               "arrive</th><th scope=\"col\" class=\"num\">Least delay</th><th scope=\"col\" "
	               "class=\"num\">Median</th><th scope=\"col\" class=\"num\">Most</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < input->skew_count; i++)
		for (int back = 0; back < 2 && !input->skews[i].is_given; back++)
			way_write_row(html, input, &input->skews[i], back);
	html_put(html, "</tbody></table></div>\n<p class=\"faint\">What does not arrive TCP sends again: it delays "
	               "what it carries, and nothing of it is missing in the sessions.</p>\n");
}

/* ---- the places at which a session was seen */

static void hops_write_row(struct html *html, const struct summary_session *session, size_t leg)
{
	const struct hop_times *hops = session->hops;
	char text[ENDPOINT_TEXT_SIZE], median[TIMESTAMP_TEXT_SIZE], p95[TIMESTAMP_TEXT_SIZE];
	if (leg)
		html_put(html, "<tr><td></td>");
	else
		html_format(html, "<tr><th scope=\"row\"><a href=\"#s%" PRIu64 "\">%" PRIu64 "</a></th>",
		    session->number, session->number);
	html_format(html, "<td>%s, ", hop_place(leg));
	html_text(html, "%s", endpoint_format(&session->legs[leg].server, text));
	html_format(html, "</td><td class=\"num\">%s</td><td class=\"num\">%s</td>",
	    milliseconds_format(hops->medians[leg], TIMESTAMP_MILLISECOND, median),
	    milliseconds_format(hops->p95s[leg], TIMESTAMP_MILLISECOND, p95));
	if (leg + 1 < hops->legs)
		html_format(html, "<td class=\"num\">%s</td><td class=\"num\">%s</td>",
		    milliseconds_format(hops->between_medians[leg], TIMESTAMP_MILLISECOND, median),
		    milliseconds_format(hops->between_p95s[leg], TIMESTAMP_MILLISECOND, p95));
	else
		html_put(html, "<td></td><td></td>");
	if (leg)
		html_put(html, "<td></td></tr>\n");
	else
		html_format(html, "<td class=\"num\">%" PRIu64 "</td></tr>\n", hops->count);
}

static void hops_write(struct html *html, const struct summary *summary)
{
	bool any = false;
	for (size_t i = 0; i < summary->session_count; i++) {
		const struct summary_session *session = &summary->sessions[i];
		if (!session->hops)
			continue;
		if (!any)
			html_put(html,
			    "<h3>Where the time to an ack went</h3>\n<div class=\"scroll\" tabindex=\"0\" "
			    "role=\"region\" aria-label=\"Time to an ack at each place\"><table><thead><tr><th "
			    "scope=\"col\">Session</th><th scope=\"col\">Seen</th><th scope=\"col\" "
			    "class=\"num\">Median</th><th scope=\"col\" class=\"num\">p95</th><th scope=\"col\" "
			    "class=\"num\">Between here and the next</th><th scope=\"col\" class=\"num\">p95 of "
			    "that</th><th scope=\"col\" class=\"num\">Acks</th></tr></thead><tbody>\n");
		any = true;
		for (size_t leg = 0; leg < session->hops->legs && leg < session->leg_count; leg++)
			hops_write_row(html, session, leg);
	}
	if (any)
		html_put(html, "</tbody></table></div>\n<p class=\"faint\">At the edge is where the client connects (a "
		               "proxy's front); behind it, where that proxy connects to. What the last place shows is "
		               "the time of the server and of the way to it.</p>\n");
	if (any && summary->counted[true] > summary->session_count)
		html_format(html, "<p class=\"faint\">Of the first %zu sessions.</p>\n", summary->session_count);
}

/* ---- the section */

bool html_has_hosts(const struct summary *summary)
{
	bool has_hops = false;
	for (size_t i = 0; i < summary->session_count; i++)
		has_hops |= summary->sessions[i].hops != NULL;
	return has_hops || summary->input.skew_count || summary->input.vantage_count;
}

void html_write_hosts(struct html *html, const struct summary *summary)
{
	const struct summary_input *input = &summary->input;
	char text[SKEW_TEXT];
	if (!html_has_hosts(summary))
		return;
	html_section_begin(html, "hosts", "Hosts and hops");
	for (size_t i = 0; i < input->skew_count; i++) {
		html_put(html, "<p>");
		html_text(html, "%s", skew_format(&input->skews[i], input->numbering, text));
		html_put(html, ".</p>\n");
	}
	for (size_t i = 0; i < input->vantage_count; i++) {
		html_format(html, "<p>%" PRIu64 " connection%s that several files have: read from ",
		    input->vantages[i].connections, plural_ending(input->vantages[i].connections));
		html_text(html, "%s", numbering_short(input->numbering, input->vantages[i].input));
		html_put(html, " (<code>--vantage</code> chooses).</p>\n");
	}
	ways_write(html, input);
	hops_write(html, summary);
	html_section_end(html);
}
