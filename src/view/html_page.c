/* The HTML report as a whole: its head and policy, the order of its parts, the ledger, and what is left out of it. */
#include "base/numbering.h"
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
	if (!sum && report->summary->counted[true])
		html_put(html, ledger_find_blinding(report->summary->ledger) == LEDGER_REASONS
		                   ? "No problems found"
		                   : "No problems found in what could be seen");
	else if (!sum)
		html_put(html, report->summary->counted[false]
		                   ? "No Engine.IO session that a server confirms in this capture"
		                   : "No Engine.IO session in this capture");
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

/* What the headline is not about: payload that is missing, and segments that were lost between the hosts. */
static void page_write_blind(struct html *html, const struct summary *summary)
{
	char text[LEDGER_TEXT], size[TEXT_SIZE];
	const struct ledger *ledger = summary->ledger;
	enum ledger_reason reason = ledger_find_blinding(ledger);
	uint64_t seen, between = summary_lost_between(&summary->input, &seen);
	uint64_t missing = ledger_sum(ledger, LEDGER_COLUMN_LOST) + ledger_sum(ledger, LEDGER_COLUMN_CUT);
	if (reason < LEDGER_REASONS || missing) {
		html_put(html, "<p class=\"note\"><a href=\"#unseen\">Not all could be seen</a>: ");
		if (missing)
			html_format(html, "%.1f %% of the payload (%s) was not captured%s",
			    ledger_missing_share(ledger), text_size(missing, size),
			    reason < LEDGER_REASONS ? "; " : "");
		const char *separator = "";
		for (; reason < LEDGER_REASONS; reason++)
			if (ledger_reason(reason)->one && ledger_is_blinded_by(ledger, reason)) {
				html_text(html, "%s%s", separator, ledger_describe(ledger, reason, text));
				separator = "; ";
			}
		html_put(html, ".</p>\n");
	}
	if (between)
		html_format(html,
		    "<p class=\"note\"><a href=\"#hosts\">Between the hosts</a> %" PRIu64 " of %" PRIu64
		    " segments did not arrive: TCP sends them again, which delays what they carry.</p>\n",
		    between, seen);
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
	page_write_blind(html, report->summary);
}

static void page_write_sources(struct html *html, const struct summary *summary)
{
	const struct summary_input *input = &summary->input;
	html_put(html, "<p class=\"sources\">");
	for (size_t i = 0; i < input->source_count; i++)
		html_text(html, "%s%s", i ? " and " : "", input->sources[i]);
	html_put(html, "</p>\n");
	if (summary->part) {
		char of[SUMMARY_PART_TEXT];
		html_format(html,
		    "<p class=\"note\" id=\"part\">This report is of %s alone. " SUMMARY_PART_REST "</p>\n",
		    summary_part_format(summary->part, of));
	}
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

static void page_write_facts(struct html *html, const struct html_scan *scan)
{
	const struct html_report *report = scan->report;
	const struct engine_counts *counts = report->summary->counts;
	char text[TIMESTAMP_TEXT_SIZE];
	html_put(html, "<dl class=\"facts\">\n");
	if (counts->first != TIMESTAMP_NONE) {
		page_write_fact(html, "Captured from", text_time(counts->first, text));
		page_write_fact(html, "for", timestamp_format_span(counts->last - counts->first, text));
	}
	page_write_count(html, "Packets", counts->packets);
	page_write_count(html, "HAR entries", report->summary->input.entries);
	page_write_count(html, "Log lines", report->summary->input.lines);
	page_write_fact(html, "Payload", text_size(report->summary->ledger->captured, text));
	page_write_count(html, "Connections", counts->connections);
	page_write_count(html, "Sessions", report->summary->counted[true]);
	page_write_count(html, "Attempts without a session", report->summary->counted[false]);
	page_write_count(html, "Events", scan->event_count);
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
		    "other %" PRIu64
		    " had no room in %s (--max-html). Findings, the plots and the numbers are of all of them.</p>\n",
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
	html_put(html, "<li><a href=\"#findings\">Found</a></li>\n");
	if (report->summary->log.lines)
		html_put(html, "<li><a href=\"#log\">Logged</a></li>\n");
	html_put(html, "<li><a href=\"#unseen\">Not seen</a></li>\n");
	if (html_has_hosts(report->summary))
		html_put(html, "<li><a href=\"#hosts\">Hosts</a></li>\n");
	html_put(html, "<li><a href=\"#sessions\">Sessions</a></li>\n<li><a href=\"#ladder\">Ladder</a></li>\n");
	for (size_t i = 0; plugins[i]; i++)
		if (scan->shows[i])
			html_format(
			    html, "<li><a href=\"#%s\">%s</a></li>\n", plugins[i]->page->id, plugins[i]->page->title);
	html_put(html, "<li><a href=\"#events\">Events</a></li>\n<li><a href=\"#plots\">Traffic</a></li>\n</ul><div "
	               "id=\"page-tools\"></div></nav>\n");
}

static void page_write_header(struct html *html, const struct html_scan *scan, const struct html_choice *choice)
{
	char time[TIMESTAMP_TEXT_SIZE];
	const struct html_report *report = scan->report;
	html_put(html, "<body>\n<a class=\"skip\" href=\"#findings\">Skip to what was found</a>\n<header>\n"
	               "<p class=\"brand\">sioscope report</p>\n");
	page_write_headline(html, report);
	page_write_sources(html, report->summary);
	page_write_facts(html, scan);
	if (scan->first)
		html_format(html,
		    "<p class=\"faint\">Times such as +1.250 s count from the beginning of the capture, %s.</p>\n",
		    timestamp_format(scan->first, time));
	page_write_left_out(html, report, choice);
	html_put(html, "</header>\n");
	page_write_navigation(html, scan);
	html_put(html, "<main>\n");
}

/* ---- what scripts show */

static void page_write_ladder(struct html *html)
{
	html_section_begin(html, "ladder", "Ladder");
	html_put(html, "<noscript><p class=\"note\">The ladder of a session is drawn by JavaScript, which is off. Its "
	               "events are in the table of events below.</p></noscript>\n<div id=\"ladder-view\"></div>\n");
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

/* Of merged files: the name of each, and the end of it that people read. */
static void page_list_files(struct buffer *out, const struct html_scan *scan)
{
	const struct summary_input *input = &scan->report->summary->input;
	for (size_t i = 0; input->numbering && i < input->source_count; i++) {
		buffer_append_text(out, i ? ",[" : "[");
		json_write_string(out, slice_of_text(input->sources[i]));
		buffer_append_byte(out, ',');
		json_write_string(out, slice_of_text(numbering_short(input->numbering, input->sources[i])));
		buffer_append_byte(out, ']');
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
	    scan->shown_sessions);
	page_list_fields(&out);
	buffer_append_text(&out, "],\"files\":[");
	page_list_files(&out, scan);
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
	html_write_log(html, scan);
	html_write_unseen(html, scan);
	html_write_hosts(html, report->summary);
	html_write_timeline(html, scan, report->limit * 3 / 10);
	page_write_ladder(html);
	page_write_plugins(html, scan);
	page_write_events(html, scan, choice);
	html_write_plots(html, scan);
	html_put(html, "</main>\n<footer><p>Made by sioscope " SIOSCOPE_VERSION
	               ". Secrets are masked. This file needs no network and sends nothing.</p></footer>\n");
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

/* Measured first: what of the events has room depends on all else, and is said at the top. False: no memory. */
static bool page_write_whole(FILE *out, struct html_scan *scan)
{
	enum { PAGE_SLACK = 4096 };
	const struct html_report *report = scan->report;
	struct html measure = {.mask = report->mask}, html = {.out = out, .mask = report->mask};
	struct html_choice choice = {0};
	if (!page_write(&measure, scan, &choice))
		return false;
	page_write_end(&measure);
	uint64_t left = measure.written + PAGE_SLACK < report->limit ? report->limit - measure.written - PAGE_SLACK : 0;
	choice = html_write_events(&measure, scan, left);
	if (measure.failed || !page_write(&html, scan, &choice))
		return false;
	html_write_events(&html, scan, left);
	page_write_end(&html);
	return !html.failed;
}

bool html_write(FILE *out, const struct html_report *report)
{
	struct html_scan scan;
	bool good = html_scan(&scan, report) && page_write_whole(out, &scan);
	html_scan_free(&scan);
	return good && fflush(out) == 0 && !ferror(out);
}

bool verdicts_write_html(FILE *out, const struct verdicts_view *view)
{
	struct html_report report = *view->report;
	report.verdicts = view;
	return html_write(out, &report);
}
