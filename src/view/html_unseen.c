/* What could not be seen, in the HTML report: the ledger's reasons, where packets are missing, and what became of the
 * payload, column by column. */
#include "base/text.h"
#include "view/html.h"

#include <inttypes.h>

/* ---- the ledger */

static const char *const ledger_classes[] = {
    [LEDGER_COLUMN_DECODED] = "decoded",
    [LEDGER_COLUMN_OTHER] = "other",
    [LEDGER_COLUMN_NOT_UNDERSTOOD] = "not-understood",
    [LEDGER_COLUMN_REPEATED] = "repeated",
    [LEDGER_COLUMN_HELD_BACK] = "held-back",
    [LEDGER_COLUMN_LOST] = "lost",
    [LEDGER_COLUMN_CUT] = "cut",
};

static void ledger_write_bar(struct html *html, const struct ledger *ledger, double total)
{
	double from = 0;
	html_put(html, "<svg class=\"ledger\" width=\"100%\" height=\"26\" aria-hidden=\"true\">");
	for (enum ledger_column column = 0; column < LEDGER_COLUMN_NOTED; column++) {
		double share = 100 * (double)ledger_sum(ledger, column) / total;
		if (share > 0 && share < 0.3)
			share = 0.3;
		if (share > 0)
			html_format(html, "<rect class=\"%s\" x=\"%.2f%%\" y=\"0\" width=\"%.2f%%\" height=\"26\"/>",
			    ledger_classes[column], from, share);
		from += share;
	}
	html_put(html, "</svg>\n");
}

static void ledger_write_row(struct html *html, const struct ledger *ledger, enum ledger_column column, double total)
{
	char size[TEXT_SIZE];
	uint64_t sum = ledger_sum(ledger, column);
	const char *separator = "";
	bool is_missing = column >= LEDGER_COLUMN_LOST;
	if (!sum)
		return;
	html_format(html,
	    "<tr><th scope=\"row\"><i class=\"key %s\"></i> %s%s</th><td class=\"num\">%s</td><td class=\"num\">%.1f "
	    "%%%s</td><td class=\"wrap\">",
	    ledger_classes[column], ledger_column_text(column), is_missing ? " (not captured)" : "",
	    text_size(sum, size), 100 * (double)sum / (is_missing ? total : (double)ledger->captured),
	    is_missing ? " of all" : "");
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_reason(reason)->column == column && ledger_reason(reason)->text &&
		    ledger->entries[reason].bytes) {
			html_text(html, "%s%s %s", separator, text_size(ledger->entries[reason].bytes, size),
			    ledger_reason(reason)->text);
			separator = "; ";
		}
	html_put(html, "</td></tr>\n");
}

static void ledger_write_columns(struct html *html, const struct ledger *ledger)
{
	double total = 0;
	for (enum ledger_column column = 0; column < LEDGER_COLUMN_NOTED; column++)
		total += (double)ledger_sum(ledger, column);
	if (total <= 0)
		return;
	ledger_write_bar(html, ledger, total);
	html_put(html, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What became of the "
	               "payload\"><table><thead><tr><th scope=\"col\">TCP payload</th><th scope=\"col\" "
	               "class=\"num\">Bytes</th><th scope=\"col\" class=\"num\">Share of what was captured</th><th "
	               "scope=\"col\">What it is</th></tr></thead><tbody>\n");
	for (enum ledger_column column = 0; column < LEDGER_COLUMN_NOTED; column++)
		ledger_write_row(html, ledger, column, total);
	html_put(html, "</tbody></table></div>\n");
}

/* Gaps, by the session and the direction that they are in. */
static void gaps_write_row(
    struct html *html, const struct html_scan *scan, uint64_t session, const struct html_gaps *gaps)
{
	char size[TEXT_SIZE];
	if (session && scan->shown_sessions <= HTML_SESSION_ROWS)
		html_format(
		    html, "<tr><th scope=\"row\"><a href=\"#s%" PRIu64 "\">%" PRIu64 "</a></th>", session, session);
	else if (session)
		html_format(html, "<tr><th scope=\"row\">%" PRIu64 "</th>", session);
	else
		html_put(html, "<tr><th scope=\"row\">none</th>");
	for (size_t way = 0; way < 2; way++)
		html_format(html, "<td class=\"num\">%" PRIu64 "%s%s</td>", gaps->count[way],
		    gaps->lost[way] ? ", " : "", gaps->lost[way] ? text_size(gaps->lost[way], size) : "");
	html_format(html, "<td class=\"num\">+%.3f s</td><td class=\"num\">+%.3f s</td></tr>\n",
	    (double)(gaps->first - scan->first) / TIMESTAMP_SECOND,
	    (double)(gaps->last - scan->first) / TIMESTAMP_SECOND);
}

static uint64_t gaps_count(const struct html_gaps *gaps)
{
	return gaps->count[DIRECTION_TO_SERVER] + gaps->count[DIRECTION_TO_CLIENT];
}

static void page_write_gaps(struct html *html, const struct html_scan *scan)
{
	enum { ROWS = 12 };
	uint64_t rows = 0, having = gaps_count(&scan->gaps) != 0;
	for (size_t i = 0; i < scan->lane_count; i++)
		having += gaps_count(&scan->lanes[i].gaps) != 0;
	if (!having)
		return;
	html_put(html,
	    "<h3>Where packets are missing</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	    "aria-label=\"Where packets are missing\"><table id=\"gaps\"><thead><tr><th scope=\"col\">Session</th><th "
	    "scope=\"col\" class=\"num\">Gaps to the server</th><th scope=\"col\" class=\"num\">to the client</th><th "
	    "scope=\"col\" class=\"num\">First</th><th scope=\"col\" class=\"num\">Last</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < scan->lane_count && rows < ROWS; i++)
		if (gaps_count(&scan->lanes[i].gaps)) {
			gaps_write_row(html, scan, i + 1, &scan->lanes[i].gaps);
			rows++;
		}
	if (gaps_count(&scan->gaps)) {
		gaps_write_row(html, scan, 0, &scan->gaps);
		rows++;
	}
	html_put(html, "</tbody></table></div>\n");
	if (having > rows)
		html_format(html,
		    "<p class=\"faint\">And %" PRIu64 " more sessions: their lanes below show where.</p>\n",
		    having - rows);
}

void html_write_unseen(struct html *html, const struct html_scan *scan)
{
	const struct ledger *ledger = scan->report->summary->ledger;
	char text[LEDGER_TEXT];
	bool any = false;
	html_section_begin(html, "unseen", "What could not be seen");
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++) {
		const struct ledger_reason_facts *facts = ledger_reason(reason);
		if (!facts->one || !ledger_is_listed(ledger, reason))
			continue;
		html_put(html, any ? "" : "<ul class=\"unseen\">\n");
		html_format(html, "<li%s>", ledger_is_blinded_by(ledger, reason) ? " class=\"blinds\"" : "");
		html_text(html, "%s%s%s", ledger_describe(ledger, reason, text), facts->advice ? ". " : "",
		    facts->advice ? facts->advice : "");
		html_put(html, "</li>\n");
		any = true;
	}
	html_put(html, any ? "</ul>\n" : "<p class=\"good\">Nothing is known to be missing from this capture.</p>\n");
	page_write_gaps(html, scan);
	ledger_write_columns(html, ledger);
	html_section_end(html);
}
