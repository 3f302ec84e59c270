/* The top of the HTML report: what was found, worst first, each with when, where, why and what to do; and the verdicts
 * of `check`. */
#include "base/text.h"
#include "view/html.h"

#include <inttypes.h>

/* ---- where to look */

/* "11:45:57.524", with the whole time for programs. */
static void finding_write_time(struct html *html, timestamp time)
{
	char text[TIMESTAMP_TEXT_SIZE];
	if (time == TIMESTAMP_NONE)
		return;
	timestamp_format(time, text);
	html_format(html, "<time datetime=\"%s\">%.12s</time> · ", text, text + 11);
}

/* Into the ladder, when the event is known; else to its session. */
static void finding_write_link(
    struct html *html, const struct html_scan *scan, const struct finding *finding, size_t nth, const char *words)
{
	uint64_t event = nth < finding->evidence_count ? html_event_of(scan, finding, nth) : 0;
	const struct event *shown = event ? record_event(scan->report->record, event) : NULL;
	uint64_t session = shown ? (shown->session ? shown->session->number : 0) : finding->session;
	if (event)
		html_format(html, "<a href=\"#s%" PRIu64 "e%" PRIu64 "\">%s</a>", session, event, words);
	else if (session)
		html_format(html, "<a href=\"#s%" PRIu64 "\">%s</a>", session, words);
	else
		html_put(html, words);
}

static void finding_write_where(struct html *html, const struct html_scan *scan, const struct finding *finding)
{
	char origin[ORIGIN_TEXT];
	html_put(html, "<p class=\"where\">");
	finding_write_time(html, finding->time);
	if (finding->evidence_count && *origin_format(&finding->evidence[0].origin, origin)) {
		finding_write_link(html, scan, finding, 0, origin);
		html_put(html, " · ");
	}
	if (finding->session)
		html_format(
		    html, "<a href=\"#s%" PRIu64 "\">session %" PRIu64 "</a> · ", finding->session, finding->session);
	html_format(html, "<code>%s</code>, %s", code_entry(finding->code)->name, confidence_name(finding->confidence));
	if (finding->count > 1)
		html_format(html, " · %" PRIu64 " times", finding->count);
	html_put(html, "</p>\n");
}

/* ---- evidence: what shows the same is one line */

static bool finding_evidence_is_like(const struct finding *finding, size_t a, size_t b)
{
	return strcmp(finding->evidence[a].what, finding->evidence[b].what) == 0;
}

static bool finding_evidence_was_written(const struct finding *finding, size_t nth)
{
	for (size_t i = 0; i < nth; i++)
		if (finding_evidence_is_like(finding, i, nth))
			return true;
	return false;
}

static void finding_write_evidence_line(
    struct html *html, const struct html_scan *scan, const struct finding *finding, size_t nth)
{
	char origin[ORIGIN_TEXT];
	const char *separator = "";
	html_put(html, "<li>");
	for (size_t i = nth; i < finding->evidence_count; i++) {
		if (!finding_evidence_is_like(finding, i, nth))
			continue;
		html_put(html, separator);
		finding_write_link(html, scan, finding, i, origin_format(&finding->evidence[i].origin, origin));
		separator = ", ";
	}
	html_put(html, ": ");
	html_text(html, "%s", finding->evidence[nth].what);
	html_put(html, "</li>\n");
}

static void finding_write_evidence(struct html *html, const struct html_scan *scan, const struct finding *finding)
{
	if (!finding->evidence_count)
		return;
	html_put(html, "<h4>Evidence</h4>\n<ul>\n");
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (!finding_evidence_was_written(finding, i))
			finding_write_evidence_line(html, scan, finding, i);
	if (finding->count > finding->evidence_count)
		html_format(html, "<li>%" PRIu64 " times in all</li>\n", finding->count);
	html_put(html, "</ul>\n");
}

/* ---- a card */

enum { FINDING_TWINS = 24 };

static void finding_write_twins(struct html *html, const struct findings *findings, const struct finding *finding)
{
	uint64_t twins = 0;
	for (const struct finding *later = finding->next; later; later = later->next) {
		if (!report_is_twin(finding, later))
			continue;
		if (twins++ < FINDING_TWINS)
			html_format(html, "%s<a href=\"#s%" PRIu64 "\">%" PRIu64 "</a>",
			    twins == 1 ? "<p class=\"faint\">The same in sessions " : ", ", later->session,
			    later->session);
	}
	if (twins > FINDING_TWINS)
		html_format(html, " and %s%" PRIu64 " more", findings->left_out[finding->code] ? "at least " : "",
		    twins - FINDING_TWINS);
	if (twins)
		html_put(html, "</p>\n");
}

static void finding_write_labelled(struct html *html, const char *class, const char *label, const char *text)
{
	html_format(html, "<p class=\"%s\"><b>%s</b> ", class, label);
	html_text(html, "%s", text);
	html_put(html, "</p>\n");
}

static void finding_write(
    struct html *html, const struct html_scan *scan, const struct finding *finding, unsigned number)
{
	const struct code_entry *code = code_entry(finding->code);
	const struct cause_entry *cause = finding->cause ? cause_find(code->name, finding->cause) : NULL;
	const char *severity = severity_name(finding->severity);
	html_format(html,
	    "<article class=\"finding %s%s\" id=\"f%u\" aria-labelledby=\"hf%u\">\n<h3 id=\"hf%u\"><span class=\"badge "
	    "%s\">%s</span> ",
	    severity, finding->explained_by ? " result" : "", number, number, number, severity, severity);
	html_text(html, "%s", code->title);
	html_put(html, "</h3>\n<div class=\"columns\"><div>\n");
	finding_write_where(html, scan, finding);
	if (*finding->seen) {
		html_put(html, "<p>");
		html_text(html, "%s", finding->seen);
		html_put(html, "</p>\n");
	}
	if (finding->explained_by)
		finding_write_labelled(html, "why", "Caused by", code_entry(finding->explained_by->code)->title);
	if (cause)
		finding_write_labelled(html, "why", "Why", cause->meaning);
	if (!finding->explained_by && finding->severity != SEVERITY_INFO)
		finding_write_labelled(html, "do", "Do", finding->advice);
	if (finding->doubt)
		finding_write_labelled(html, "faint", "Why not certain", finding->doubt);
	html_put(html, "</div><div class=\"evidence\">\n");
	finding_write_evidence(html, scan, finding);
	finding_write_twins(html, scan->report->findings, finding);
	if (finding->session || finding->evidence_count) {
		html_put(html, "<p class=\"actions\">");
		finding_write_link(html, scan, finding, 0, "Show it in the ladder");
		html_put(html, "</p>\n");
	}
	html_put(html, "</div></div>\n</article>\n");
}

/* ---- all of them */

static void findings_write_health(struct html *html, const struct html_scan *scan)
{
	const struct summary *summary = scan->report->summary;
	bool whole = ledger_find_blinding(summary->ledger) == LEDGER_REASONS;
	char more_text[320], lack_text[320];
	struct buffer more = buffer_over(more_text, sizeof more_text - 1);
	struct buffer lack = buffer_over(lack_text, sizeof lack_text - 1);
	sections_health(&summary->sections, &more, &lack);
	html_format(html, "<p class=\"%s\">", whole ? "good" : "note");
	if (!summary->counted[true])
		html_put(html, summary->counted[false]
		                   ? "No server confirms a session in this capture, so nothing was checked."
		                   : "No Engine.IO session was captured, so nothing was checked.");
	else
		html_text(html,
		    "No problems found%s (checked: transports, handshakes, heartbeats, namespaces, acks and "
		    "closes%.*s).%.*s",
		    whole ? "" : " in the part that was captured", (int)more.len, more_text, (int)lack.len, lack_text);
	html_put(html, "</p>\n");
}

void html_write_findings(struct html *html, const struct html_scan *scan)
{
	const struct findings *findings = scan->report->findings;
	uint64_t end = html->written + scan->report->limit * 3 / 20, left = 0;
	unsigned listed = 0;
	html_section_begin(html, "findings", "What was found");
	for (const struct finding *finding = findings->first; finding; finding = finding->next) {
		if (finding->code == CODE_CAPTURE_INCOMPLETE)
			continue;
		if (listed >= HTML_CARDS || html->written > end)
			left++;
		else if (!report_is_repeated(findings, finding))
			finding_write(html, scan, finding, ++listed);
	}
	if (!listed)
		findings_write_health(html, scan);
	left += findings_left_out(findings);
	if (left)
		html_format(html,
		    "<p class=\"note\">%" PRIu64
		    " more findings are not in this file. <code>sioscope report --json</code> lists them.</p>\n",
		    left);
	html_section_end(html);
}

/* ---- what the server logged */

enum { HTML_LOGGED = 50 }; /* entries; more are counted */

static void logged_write(struct html *html, const struct log_entry *entry, const struct findings *findings)
{
	char codes[LOG_CODES], place[LOG_PLACE], when[LOG_WHEN];
	const struct log_event *beside = &entry->beside;
	html_put(html, "<article class=\"logged\">\n<p class=\"where\">");
	if (entry->time == TIMESTAMP_NONE)
		html_put(html, "without time · ");
	finding_write_time(html, entry->time);
	if (entry->process)
		html_format(html, "process %" PRIu32 " · ", entry->process);
	if (*log_entry_place(entry, place)) {
		html_format(html, "<a href=\"#s%" PRIu64 "e%" PRIu64 "\">", beside->session, beside->index);
		html_text(html, "%s", place);
		html_put(html, "</a>");
	}
	if (*log_entry_findings(entry, findings, codes))
		html_format(html, " · <code>%s</code>", codes);
	if (entry->count > 1)
		html_format(
		    html, " · %" PRIu64 " times, the last at %s", entry->count, log_entry_when(entry->last, when));
	html_put(html, "</p>\n<pre>");
	struct slice text = slice_of_text(entry->text);
	while (text.len) {
		html_slice(html, slice_take_until(&text, '\n'));
		html_put(html, "\n");
	}
	html_put(html, "</pre>\n</article>\n");
}

void html_write_log(struct html *html, const struct html_scan *scan)
{
	const struct summary_log *log = &scan->report->summary->log;
	size_t shown = log->count < HTML_LOGGED ? log->count : HTML_LOGGED;
	if (!log->lines)
		return;
	html_section_begin(html, "log", "What the server logged");
	for (size_t i = 0; i < shown; i++)
		logged_write(html, &log->entries[i], scan->report->findings);
	if (log->count + log->left_out > shown)
		html_format(html, "<p class=\"faint\">and %" PRIu64 " more</p>\n", log->count + log->left_out - shown);
	html_section_end(html);
}

/* ---- verdicts */

/* An expectation is the name of a test: it is the same in each run, so a secret in it has no digest. */
static const struct mask verdict_names = {.nameless = true};

static void verdict_write(struct html *html, const struct verdict *verdict)
{
	static const char *const classes[] = {"good", "error", "warning"};
	struct html name = {.out = html->out, .mask = &verdict_names};
	html_format(html, "<article class=\"finding %s\"><h3><span class=\"badge %s\">%s</span> <code>",
	    classes[verdict->outcome], classes[verdict->outcome], outcome_name(verdict->outcome));
	html_text(&name, "%s", verdict->text);
	html->written += name.written;
	html->failed |= name.failed;
	html_put(html, "</code></h3>\n");
	if (verdict->file && verdict->outcome != OUTCOME_HELD) {
		html_put(html, "<p class=\"where\">");
		html_text(html, "%s:%zu", verdict->file, verdict->line);
		html_put(html, "</p>\n");
	}
	if (*verdict->found) {
		html_put(html, "<p>");
		html_text(html, "%s", verdict->found);
		html_put(html, "</p>\n");
	}
	html_put(html, verdict->row_count ? "<ul>\n" : "");
	for (size_t i = 0; i < verdict->row_count; i++) {
		char origin[ORIGIN_TEXT];
		html_put(html, "<li>");
		origin_format(&verdict->rows[i].origin, origin);
		html_text(html, "%s%s%s", origin, *origin ? ": " : "", verdict->rows[i].what);
		html_put(html, "</li>\n");
	}
	if (verdict->more)
		html_format(html, "<li>and %" PRIu64 " more</li>\n", verdict->more);
	html_put(html, verdict->row_count ? "</ul></article>\n" : "</article>\n");
}

void html_write_verdicts(struct html *html, const struct verdicts_view *view)
{
	const uint64_t *counts = view->verdicts->counts;
	html_section_begin(html, "verdicts", "What was expected");
	html_format(html, "<p>%" PRIu64 " held, %" PRIu64 " broken, %" PRIu64 " could not be told.</p>\n",
	    counts[OUTCOME_HELD], counts[OUTCOME_BROKEN], counts[OUTCOME_UNTOLD]);
	static const enum outcome worst_first[] = {OUTCOME_BROKEN, OUTCOME_UNTOLD, OUTCOME_HELD};
	for (size_t i = 0; i < OUTCOMES; i++)
		for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next)
			if (verdict->outcome == worst_first[i])
				verdict_write(html, verdict);
	if (view->known)
		html_format(html, "<p class=\"faint\">%" PRIu64 " known finding%s (baseline) did not count.</p>\n",
		    view->known, plural_ending(view->known));
	if (counts[OUTCOME_UNTOLD] && view->unseen)
		html_put(html, "<p class=\"note\">Capture from before the first connection, without loss, or say "
		               "<code>--allow-incomplete</code>.</p>\n");
	html_section_end(html);
}
