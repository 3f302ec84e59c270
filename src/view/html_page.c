/* The HTML report as a whole: its head and policy, the order of its parts, the ledger, and what is left out of it. */
#include "base/text.h"
#include "query/query.h"
#include "view/html.h"

#include <inttypes.h>

/* ---- head */

static bool page_add_hash(struct buffer *list, const char *block)
{
	char hash[HTML_HASH_TEXT];
	return html_hash(block, hash) && buffer_append_byte(list, ' ') && buffer_append_text(list, hash);
}

/* Nothing but the blocks of this file (CSP 3 §2.3.1: hash-source); no form, no other base, no string becomes markup
 * (Trusted Types). */
static bool page_write_policy(struct html *html)
{
	char style_text[512], script_text[512];
	struct buffer styles = buffer_over(style_text, sizeof style_text - 1);
	struct buffer scripts = buffer_over(script_text, sizeof script_text - 1);
	bool good = page_add_hash(&styles, html_assets.style) && page_add_hash(&scripts, html_assets.script);
	for (size_t i = 0; good && plugins[i]; i++)
		if (plugins[i]->page)
			good = page_add_hash(&styles, plugins[i]->page->style) &&
			       page_add_hash(&scripts, plugins[i]->page->script);
	html_format(html,
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src%.*s; script-src%.*s; "
	    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'\">\n",
	    (int)styles.len, style_text, (int)scripts.len, script_text);
	return good;
}

static void page_write_block(struct html *html, const char *tag, const char *text)
{
	html_format(html, "<%s>", tag);
	html_put(html, text);
	html_format(html, "</%s>\n", tag);
}

static bool page_write_head(struct html *html, const struct html_report *report)
{
	const struct summary_input *input = &report->summary->input;
	html_put(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	bool good = page_write_policy(html);
	html_put(html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	               "<meta name=\"color-scheme\" content=\"light dark\">\n"
	               "<meta name=\"referrer\" content=\"no-referrer\">\n"
	               "<meta name=\"generator\" content=\"sioscope " SIOSCOPE_VERSION "\">\n<title>");
	html_text(html, "%s: sioscope report", input->source_count ? input->sources[0] : "capture");
	html_put(html, "</title>\n");
	page_write_block(html, "style", html_assets.style);
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->page)
			page_write_block(html, "style", plugins[i]->page->style);
	html_put(html, "</head>\n");
	return good;
}

/* ---- the first lines */

static void page_count_severities(const struct findings *findings, uint64_t counts[SEVERITY_ERROR + 1])
{
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		counts[finding->severity] += finding->code != CODE_CAPTURE_INCOMPLETE;
}

/* "2 errors, 1 warning and 3 notes" */
static void page_write_outcome(struct html *html, const struct html_report *report)
{
	uint64_t counts[SEVERITY_ERROR + 1] = {0}, sum = 0, kinds = 0;
	static const char *const one[] = {"note", "warning", "error"}, *const many[] = {"notes", "warnings", "errors"};
	page_count_severities(report->findings, counts);
	for (size_t i = 0; i <= SEVERITY_ERROR; i++) {
		sum += counts[i];
		kinds += counts[i] != 0;
	}
	if (!sum)
		html_put(html,
		    report->summary->counted[true] ? "No problems found" : "No Engine.IO session in this capture");
	for (size_t i = SEVERITY_ERROR + 1; i--;)
		if (counts[i]) {
			html_format(html, "%" PRIu64 " %s", counts[i], plural_choose(counts[i], one[i], many[i]));
			html_put(html, --kinds > 1 ? ", " : kinds ? " and " : "");
		}
}

/* Of check the verdicts come first: "2 of 3 expectations are broken". */
static void page_write_verdict(struct html *html, const struct verdicts *verdicts)
{
	const uint64_t *counts = verdicts->counts;
	uint64_t all = counts[OUTCOME_HELD] + counts[OUTCOME_BROKEN] + counts[OUTCOME_UNTOLD];
	enum outcome worst = verdicts_outcome(verdicts);
	if (worst == OUTCOME_HELD)
		html_format(html, "%s%" PRIu64 " expectation%s held", all == 1 ? "" : "All ", all, plural_ending(all));
	else
		html_format(html, "%" PRIu64 " of %" PRIu64 " expectation%s %s", counts[worst], all, plural_ending(all),
		    worst == OUTCOME_UNTOLD ? "could not be told"
		                            : plural_choose(counts[worst], "is broken", "are broken"));
}

static void page_write_headline(struct html *html, const struct html_report *report)
{
	html_put(html, "<h1>");
	if (report->verdicts) {
		page_write_verdict(html, report->verdicts->verdicts);
		html_put(html, "</h1>\n<p class=\"outcome\">");
	}
	page_write_outcome(html, report);
	html_put(html, report->verdicts ? "</p>\n" : "</h1>\n");
}

static void page_write_sources(struct html *html, const struct summary_input *input)
{
	html_put(html, "<p class=\"sources\">");
	for (size_t i = 0; i < input->source_count; i++)
		html_text(html, "%s%s", i ? " and " : "", input->sources[i]);
	html_put(html, "</p>\n");
}

static void page_write_fact(struct html *html, const char *name, const char *value)
{
	html_format(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void page_write_count(struct html *html, const char *name, uint64_t count)
{
	char text[32];
	snprintf(text, sizeof text, "%" PRIu64, count);
	if (count)
		page_write_fact(html, name, text);
}

static void page_write_facts(struct html *html, const struct html_report *report)
{
	const struct engine_counts *counts = report->summary->counts;
	char text[2 * TIMESTAMP_TEXT_SIZE];
	html_put(html, "<dl class=\"facts\">\n");
	if (counts->first != TIMESTAMP_NONE) {
		timestamp_format(counts->first, text);
		text[10] = ' ';
		memcpy(text + 19, " UTC", 5);
		page_write_fact(html, "Captured from", text);
		page_write_fact(html, "for", timestamp_format_span(counts->last - counts->first, text));
	}
	page_write_count(html, "Packets", counts->packets);
	page_write_count(html, "HAR entries", report->summary->input.entries);
	page_write_count(html, "Log lines", report->summary->input.lines);
	page_write_fact(html, "Payload", text_size(report->summary->ledger->captured, text));
	page_write_count(html, "Connections", counts->connections);
	page_write_count(html, "Sessions", report->summary->counted[true]);
	page_write_count(html, "Attempts without a session", report->summary->counted[false]);
	page_write_count(html, "Events", record_event_count(report->record));
	html_put(html, "</dl>\n");
}

/* What is left out is said at the top: what is not here was not necessarily not captured. */
static void page_write_left_out(struct html *html, const struct html_report *report, const struct html_choice *choice)
{
	char limit[QUANTITY_TEXT];
	uint64_t left = choice->of_events - choice->events, record = record_left_out(report->record);
	if (left)
		html_format(html,
		    "<p class=\"note\" id=\"left-out\">%" PRIu64 " of %" PRIu64 " events are in this file; the "
		    "other %" PRIu64 " had no room in %s (--max-html). Findings, the plots and the numbers are of "
		    "all of them.</p>\n",
		    choice->events, choice->of_events, left, quantity_format(report->limit, true, limit));
	if (choice->payloads_cut)
		html_format(html,
		    "<p class=\"note\">Of %" PRIu64 " long payload%s only the beginning is in this file: "
		    "<code>sioscope dump</code> writes %s whole.</p>\n",
		    choice->payloads_cut, plural_ending(choice->payloads_cut),
		    plural_choose(choice->payloads_cut, "it", "them"));
	if (record)
		html_format(html,
		    "<p class=\"note\">%" PRIu64 " events, or parts of them, were not kept (--max-record).</p>\n",
		    record);
}

static void page_write_navigation(struct html *html, const struct html_scan *scan)
{
	const struct html_report *report = scan->report;
	html_put(html, "<nav aria-label=\"Parts of this report\"><ul>\n");
	if (report->verdicts)
		html_put(html, "<li><a href=\"#verdicts\">Expected</a></li>\n");
	html_put(html, "<li><a href=\"#findings\">Found</a></li>\n<li><a href=\"#unseen\">Not seen</a></li>\n"
	               "<li><a href=\"#sessions\">Sessions</a></li>\n<li><a href=\"#ladder\">Ladder</a></li>\n");
	for (size_t i = 0; plugins[i]; i++)
		if (scan->shows[i])
			html_format(
			    html, "<li><a href=\"#%s\">%s</a></li>\n", plugins[i]->page->id, plugins[i]->page->title);
	html_put(html, "<li><a href=\"#events\">Events</a></li>\n<li><a href=\"#plots\">Traffic</a></li>\n</ul><div "
	               "id=\"page-tools\"></div></nav>\n");
}

static void page_write_header(struct html *html, const struct html_scan *scan, const struct html_choice *choice)
{
	const struct html_report *report = scan->report;
	html_put(html, "<body>\n<a class=\"skip\" href=\"#findings\">Skip to what was found</a>\n<header>\n"
	               "<p class=\"brand\">sioscope report</p>\n");
	page_write_headline(html, report);
	page_write_sources(html, &report->summary->input);
	page_write_facts(html, report);
	page_write_left_out(html, report, choice);
	html_put(html, "</header>\n");
	page_write_navigation(html, scan);
	html_put(html, "<main>\n");
}

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
	if (!sum)
		return;
	html_format(html,
	    "<tr><th scope=\"row\"><i class=\"key %s\"></i> %s%s</th><td class=\"num\">%s</td><td "
	    "class=\"num\">%.1f %%</td><td class=\"wrap\">",
	    ledger_classes[column], ledger_column_text(column), column >= LEDGER_COLUMN_LOST ? " (not captured)" : "",
	    text_size(sum, size), 100 * (double)sum / total);
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
	html_put(html,
	    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What became of the payload\"><table>"
	    "<thead><tr><th scope=\"col\">TCP payload</th><th scope=\"col\">Bytes</th><th scope=\"col\">Share</th>"
	    "<th scope=\"col\">What it is</th></tr></thead><tbody>\n");
	for (enum ledger_column column = 0; column < LEDGER_COLUMN_NOTED; column++)
		ledger_write_row(html, ledger, column, total);
	html_put(html, "</tbody></table></div>\n");
}

static void page_write_unseen(struct html *html, const struct ledger *ledger)
{
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
	ledger_write_columns(html, ledger);
	html_section_end(html);
}

/* ---- what scripts show */

static void page_write_ladder(struct html *html)
{
	html_section_begin(html, "ladder", "Ladder");
	html_put(html,
	    "<noscript><p class=\"note\">The ladder of a session is drawn by JavaScript, which is off. Its events "
	    "are in the table of events below.</p></noscript>\n<div id=\"ladder-view\"></div>\n");
	html_section_end(html);
}

static void page_write_events(struct html *html, const struct html_scan *scan, const struct html_choice *choice)
{
	html_section_begin(html, "events", "Events");
	html_put(html, "<div id=\"event-tools\"></div>\n");
	html_write_table(html, scan, choice);
	html_section_end(html);
}

/* The fields that a filter may name: the script says of those that it does not know where they are known. */
static void page_list_fields(struct buffer *out)
{
	static const char *const types[] = {
	    "null", "bool", "number", "duration", "time", "text", "word", "json", "row"};
	const struct query_field *field;
	const char *separator = "";
	for (size_t nth = 0; (field = query_field_nth(nth)); nth++) {
		if (!(field->tables & TABLE_EVENTS))
			continue;
		buffer_append_format(out, "%s[\"%s\",\"%s\"", separator, field->name, types[field->type]);
		for (unsigned i = 0; field->words && i < field->words->count; i++)
			buffer_append_format(out, "%s\"%s\"", i ? "," : ",[", field->words->word(i));
		buffer_append_text(out, field->words ? "]]" : "]");
		separator = ",";
	}
}

static void page_list_findings(struct buffer *out, const struct html_scan *scan)
{
	const char *separator = "";
	for (size_t i = 0; i < scan->proof_count; i++) {
		const struct finding *finding = scan->proofs[i].finding;
		if (!scan->proofs[i].event)
			continue;
		buffer_append_format(out, "%s[%" PRIu64 ",\"%s\",\"%s\"]", separator, scan->proofs[i].event,
		    code_entry(finding->code)->name, severity_name(finding->severity));
		separator = ",";
	}
}

/* Where the lanes of sessions have marks. */
static void page_list_marks(struct buffer *out, const struct html_scan *scan)
{
	const char *separator = "";
	for (const struct finding *finding = scan->report->findings->first; finding; finding = finding->next) {
		if (!finding->session || finding->time == TIMESTAMP_NONE)
			continue;
		buffer_append_format(out, "%s[%" PRIu64 ",%" PRId64 ",\"%s\"]", separator, finding->session,
		    finding->time - scan->first, severity_name(finding->severity));
		separator = ",";
	}
}

static void page_write_data(struct html *html, const struct html_scan *scan, const struct html_choice *choice)
{
	char time[TIMESTAMP_TEXT_SIZE];
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	buffer_append_format(&out,
	    "{\"version\":1,\"begin\":\"%s\",\"span\":%" PRId64 ",\"events\":%" PRIu64 ",\"of_events\":%" PRIu64
	    ",\"of_sessions\":%" PRIu64 ",\"fields\":[",
	    timestamp_format(scan->first, time), scan->last - scan->first, choice->events, choice->of_events,
	    scan->session_count);
	page_list_fields(&out);
	buffer_append_text(&out, "],\"findings\":[");
	page_list_findings(&out, scan);
	buffer_append_text(&out, "],\"marks\":[");
	page_list_marks(&out, scan);
	buffer_append_text(&out, "]}");
	html_data_begin(html, "report");
	html_json(html, buffer_slice(&out));
	html_data_end(html);
	html->failed |= out.truncated;
	buffer_free(&out);
}

static void page_write_plugins(struct html *html, struct html_scan *scan)
{
	const struct html_report *report = scan->report;
	size_t count = 0;
	for (size_t i = 0; plugins[i]; i++)
		count += plugins[i]->page != NULL;
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->page)
			scan->shows[i] = plugins[i]->page->write(
			    html, report, report->plugged->of[i], report->limit * 3 / 20 / count);
}

/* ---- the whole */

/* All but the events that are data. */
static bool page_write(struct html *html, struct html_scan *scan, const struct html_choice *choice)
{
	const struct html_report *report = scan->report;
	bool good = page_write_head(html, report);
	page_write_header(html, scan, choice);
	if (report->verdicts)
		html_write_verdicts(html, report->verdicts);
	html_write_findings(html, scan);
	page_write_unseen(html, report->summary->ledger);
	html_write_timeline(html, scan, report->limit * 3 / 10);
	page_write_ladder(html);
	page_write_plugins(html, scan);
	page_write_events(html, scan, choice);
	html_write_plots(html, scan);
	html_put(html,
	    "</main>\n<footer><p>Made by sioscope " SIOSCOPE_VERSION ". Secrets are masked. This file needs no "
	    "network and sends nothing.</p></footer>\n");
	page_write_data(html, scan, choice);
	return good;
}

static void page_write_end(struct html *html)
{
	page_write_block(html, "script", html_assets.script);
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->page)
			page_write_block(html, "script", plugins[i]->page->script);
	html_put(html, "</body>\n</html>\n");
}

/* Measured first: what of the events has room depends on all else, and is said at the top. */
bool html_write(FILE *out, const struct html_report *report)
{
	enum { PAGE_SLACK = 4096 };
	struct html_scan scan;
	struct html measure = {.mask = report->mask}, html = {.out = out, .mask = report->mask};
	struct html_choice choice = {0};
	bool good = html_scan(&scan, report) && page_write(&measure, &scan, &choice);
	page_write_end(&measure);
	uint64_t left = measure.written + PAGE_SLACK < report->limit ? report->limit - measure.written - PAGE_SLACK : 0;
	choice = html_write_events(&measure, &scan, left);
	good = good && !measure.failed && page_write(&html, &scan, &choice);
	if (good) {
		html_write_events(&html, &scan, left);
		page_write_end(&html);
	}
	html_scan_free(&scan);
	return good && !html.failed && fflush(out) == 0 && !ferror(out);
}

bool verdicts_write_html(FILE *out, const struct verdicts_view *view)
{
	struct html_report report = *view->report;
	report.verdicts = view;
	return html_write(out, &report);
}
