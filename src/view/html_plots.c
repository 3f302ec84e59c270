/* The plots of the HTML report, as SVG whose places are percentages: they fit any width, print, and need no script.
 * Each has a table of its numbers. */
#include "base/text.h"
#include "view/html.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- rates: both directions over one another, to the server above the line */

enum { RATE_HEIGHT = 70 };

static double rate_seconds(const struct html_scan *scan)
{
	double seconds = (double)(scan->last - scan->first) / TIMESTAMP_SECOND / HTML_BUCKETS;
	return seconds > 0 ? seconds : 1;
}

static uint64_t rate_most(const uint64_t counts[2][HTML_BUCKETS])
{
	uint64_t most = 1;
	for (size_t i = 0; i < HTML_BUCKETS; i++)
		for (size_t way = 0; way < 2; way++)
			most = counts[way][i] > most ? counts[way][i] : most;
	return most;
}

static void rate_write_bars(struct html *html, const uint64_t counts[2][HTML_BUCKETS], uint64_t most)
{
	for (size_t way = 0; way < 2; way++)
		for (size_t i = 0; i < HTML_BUCKETS; i++) {
			double height = (double)counts[way][i] / (double)most * RATE_HEIGHT;
			if (!counts[way][i])
				continue;
			height = height < 1 ? 1 : height;
			html_format(html,
			    "<rect class=\"%s\" x=\"%.3f%%\" y=\"%.1f\" width=\"%.3f%%\" height=\"%.1f\"/>",
			    way == DIRECTION_TO_SERVER ? "up" : "down", 100.0 * (double)i / HTML_BUCKETS,
			    way == DIRECTION_TO_SERVER ? RATE_HEIGHT - height : RATE_HEIGHT + 1, 80.0 / HTML_BUCKETS,
			    height);
		}
}

static const char *rate_format(double rate, bool bytes, char text[TEXT_SIZE])
{
	if (bytes)
		return text_size((uint64_t)rate, text);
	snprintf(text, TEXT_SIZE, rate >= 10 || rate == floor(rate) ? "%.0f" : "%.1f", rate);
	return text;
}

/* The numbers, in as few rows as a reader wants. */
static void rate_write_table(
    struct html *html, const struct html_scan *scan, const uint64_t counts[2][HTML_BUCKETS], bool bytes)
{
	enum { ROWS = 12, PER = HTML_BUCKETS / ROWS };
	char up[TEXT_SIZE], down[TEXT_SIZE];
	html_put(html, "<details><summary>As a table</summary><table><thead><tr><th scope=\"col\">From</th><th "
	               "scope=\"col\" class=\"num\">To server, per second</th><th scope=\"col\" class=\"num\">To "
	               "client, per second</th></tr></thead><tbody>\n");
	for (size_t row = 0; row < ROWS; row++) {
		double sums[2] = {0};
		for (size_t i = row * PER; i < (row + 1) * PER; i++)
			for (size_t way = 0; way < 2; way++)
				sums[way] += (double)counts[way][i] / (rate_seconds(scan) * PER);
		html_format(html, "<tr><td>+%.3f s</td><td class=\"num\">%s</td><td class=\"num\">%s</td></tr>\n",
		    rate_seconds(scan) * (double)(row * PER), rate_format(sums[DIRECTION_TO_SERVER], bytes, up),
		    rate_format(sums[DIRECTION_TO_CLIENT], bytes, down));
	}
	html_put(html, "</tbody></table></details>\n");
}

/* The most that one second had is what the interface's Live says too; a bar may be less than a second, or more. */
static void rate_write(struct html *html, const struct html_scan *scan, const char *title,
    const uint64_t counts[2][HTML_BUCKETS], const uint64_t busiest[2], bool bytes)
{
	uint64_t most = rate_most(counts);
	char highest[TEXT_SIZE], up[TEXT_SIZE], down[TEXT_SIZE], bar[TIMESTAMP_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE];
	rate_format((double)most, bytes, highest);
	rate_format((double)busiest[DIRECTION_TO_SERVER], bytes, up);
	rate_format((double)busiest[DIRECTION_TO_CLIENT], bytes, down);
	timestamp_format_span((timestamp)(rate_seconds(scan) * TIMESTAMP_SECOND), bar);
	timestamp_format_span(scan->last - scan->first, span);
	html_format(html,
	    "<figure><figcaption>%s over time <span class=\"faint\">above the line to the server, below it to the "
	    "client; a bar is %s, the highest has %s. The most in one second: %s to the server, %s to the "
	    "client</span></figcaption>\n",
	    title, bar, highest, up, down);
	html_format(html,
	    "<svg class=\"plot\" width=\"100%%\" height=\"%d\" role=\"img\" aria-label=\"%s over %s; in one second at "
	    "most %s to the server, %s to the client\">",
	    2 * RATE_HEIGHT + 2, title, span, up, down);
	rate_write_bars(html, counts, most);
	html_format(html, "<rect class=\"rule\" x=\"0\" y=\"%d\" width=\"100%%\" height=\"1\"/></svg>\n", RATE_HEIGHT);
	html_format(html, "<div class=\"axis\" aria-hidden=\"true\"><span>+0 s</span><span>+%s</span></div>\n", span);
	rate_write_table(html, scan, counts, bytes);
	html_put(html, "</figure>\n");
}

/* ---- latency: of each name in order of its latencies; a histogram of eight steps a decade and less */

enum { LATENCY_STEPS = 24 };
static const double latency_least = 1e-4, latency_most = 1e2; /* seconds: six decades */

static int latency_compare(const void *a, const void *b)
{
	const struct html_latency *left = a, *right = b;
	if (left->name != right->name)
		return left->name < right->name ? -1 : 1;
	return left->seconds < right->seconds ? -1 : left->seconds > right->seconds;
}

static size_t latency_step(double seconds)
{
	double place = log(seconds / latency_least) / log(latency_most / latency_least) * LATENCY_STEPS;
	return place < 0 || seconds <= 0 ? 0 : place >= LATENCY_STEPS ? LATENCY_STEPS - 1 : (size_t)place;
}

static const char *latency_format(double seconds, char text[TIMESTAMP_TEXT_SIZE])
{
	return timestamp_format_span((timestamp)(seconds * TIMESTAMP_SECOND), text);
}

/* Nearest rank, as p95() of check: the least that so many are not above. */
static double latency_at(const struct html_latency *sorted, size_t count, double share)
{
	size_t rank = (size_t)ceil(share * (double)count);
	return sorted[rank ? rank - 1 : 0].seconds;
}

static void latency_write_histogram(struct html *html, const struct html_latency *sorted, size_t count)
{
	size_t steps[LATENCY_STEPS] = {0}, most = 1;
	for (size_t i = 0; i < count; i++)
		steps[latency_step(sorted[i].seconds)]++;
	for (size_t i = 0; i < LATENCY_STEPS; i++)
		most = steps[i] > most ? steps[i] : most;
	html_put(html, "<svg class=\"plot small\" width=\"100%\" height=\"22\" role=\"img\" aria-label=\"Histogram of "
	               "these latencies, from 0.1 ms to 100 s\">");
	for (size_t i = 0; i < LATENCY_STEPS; i++) {
		double height = (double)steps[i] / (double)most * 20;
		if (steps[i])
			html_format(html,
			    "<rect class=\"bar\" x=\"%.2f%%\" y=\"%.1f\" width=\"%.2f%%\" height=\"%.1f\"/>",
			    100.0 * (double)i / LATENCY_STEPS, 21 - (height < 1.5 ? 1.5 : height), 85.0 / LATENCY_STEPS,
			    height < 1.5 ? 1.5 : height);
	}
	html_put(html, "<rect class=\"rule\" x=\"0\" y=\"21\" width=\"100%\" height=\"1\"/></svg>");
}

static void latency_write_row(
    struct html *html, const struct html_name *name, const struct html_latency *sorted, size_t count)
{
	char p50[TIMESTAMP_TEXT_SIZE], p95[TIMESTAMP_TEXT_SIZE], p99[TIMESTAMP_TEXT_SIZE], most[TIMESTAMP_TEXT_SIZE];
	html_put(html, "<tr><th scope=\"row\" class=\"wrap\">");
	html_text(html, "%s", *name->text ? name->text : "(all other names)");
	html_format(html,
	    "</th><td class=\"num\">%" PRIu64 "</td><td class=\"num\">%" PRIu64 "</td><td class=\"num\">%zu</td>",
	    name->events[DIRECTION_TO_SERVER], name->events[DIRECTION_TO_CLIENT], count);
	if (!count) {
		html_put(html, "<td class=\"faint\" colspan=\"5\">no answers</td></tr>\n");
		return;
	}
	html_format(html,
	    "<td class=\"num\">%s</td><td class=\"num\">%s</td><td class=\"num\">%s</td><td class=\"num\">"
	    "<a href=\"#s%" PRIu64 "e%" PRIu64 "\">%s</a></td><td class=\"hist\">",
	    latency_format(latency_at(sorted, count, 0.5), p50), latency_format(latency_at(sorted, count, 0.95), p95),
	    latency_format(latency_at(sorted, count, 0.99), p99), name->slowest_session, name->slowest_event,
	    timestamp_format_span(name->slowest, most));
	latency_write_histogram(html, sorted, count);
	html_put(html, "</td></tr>\n");
}

/* Where the latencies of a name are. */
struct latency_range {
	size_t begin, count;
	uint32_t name;
	double p95;
	uint64_t events;
};

static int range_compare(const void *a, const void *b)
{
	const struct latency_range *left = a, *right = b;
	if (left->p95 != right->p95)
		return left->p95 > right->p95 ? -1 : 1;
	return left->events > right->events ? -1 : left->events < right->events;
}

static void latency_list(const struct html_scan *scan, struct latency_range ranges[HTML_NAMES])
{
	for (uint32_t i = 0; i < HTML_NAMES; i++)
		ranges[i] = (struct latency_range){
		    .name = i, .p95 = -1, .events = scan->names[i].events[0] + scan->names[i].events[1]};
	for (size_t i = 0; i < scan->latency_count; i++) {
		struct latency_range *range = &ranges[scan->latencies[i].name];
		range->begin = range->count++ ? range->begin : i;
	}
	for (size_t i = 0; i < HTML_NAMES; i++)
		if (ranges[i].count)
			ranges[i].p95 = latency_at(&scan->latencies[ranges[i].begin], ranges[i].count, 0.95);
	qsort(ranges, HTML_NAMES, sizeof *ranges, range_compare);
}

static void latency_write(struct html *html, struct html_scan *scan)
{
	struct latency_range ranges[HTML_NAMES];
	size_t rows = 0, names = 0;
	qsort(scan->latencies, scan->latency_count, sizeof *scan->latencies, latency_compare);
	latency_list(scan, ranges);
	for (size_t i = 0; i < HTML_NAMES; i++)
		names += ranges[i].events != 0;
	html_put(html,
	    "<figure class=\"wide\"><figcaption>Latency by event name <span class=\"faint\">from the event to its ack "
	    "or answer; the slowest first</span></figcaption>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	    "aria-label=\"Latency by event name\"><table id=\"names\"><thead><tr><th scope=\"col\">Event</th><th "
	    "scope=\"col\" class=\"num\">To server</th><th scope=\"col\" class=\"num\">To client</th><th scope=\"col\" "
	    "class=\"num\">Answered</th><th scope=\"col\" class=\"num\">p50</th><th scope=\"col\" "
	    "class=\"num\">p95</th><th scope=\"col\" class=\"num\">p99</th><th scope=\"col\" "
	    "class=\"num\">Slowest</th><th scope=\"col\">0.1 ms to 100 s</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < HTML_NAMES && rows < HTML_NAME_ROWS; i++) {
		if (!ranges[i].events)
			continue;
		latency_write_row(
		    html, &scan->names[ranges[i].name], &scan->latencies[ranges[i].begin], ranges[i].count);
		rows++;
	}
	if (!rows)
		html_put(html, "<tr><td colspan=\"9\">No events in this capture.</td></tr>\n");
	html_put(html, "</tbody></table></div>\n");
	if (names > rows)
		html_format(html, "<p class=\"faint\">%zu more names are left out.</p>\n", names - rows);
	if (scan->latencies_left_out)
		html_format(html,
		    "<p class=\"note\">Of the first %d answers; %" PRIu64 " later ones are left out.</p>\n",
		    HTML_LATENCIES, scan->latencies_left_out);
	html_put(html, "</figure>\n");
}

/* ---- latency over time: of each stretch of it the median and what 95 % keep within, on a scale of decades */

enum { COURSE_HEIGHT = 180, COURSE_ROWS = 12, COURSE_BAR = 3 };

static int course_compare(const void *a, const void *b)
{
	const struct html_latency *left = a, *right = b;
	if (left->bucket != right->bucket)
		return left->bucket < right->bucket ? -1 : 1;
	return left->seconds < right->seconds ? -1 : left->seconds > right->seconds;
}

enum { COURSE_PER = HTML_BUCKETS / COURSE_ROWS };

/* The same for the rows of the table, which are longer. */
static int course_compare_rows(const void *a, const void *b)
{
	const struct html_latency *left = a, *right = b;
	if (left->bucket / COURSE_PER != right->bucket / COURSE_PER)
		return left->bucket < right->bucket ? -1 : 1;
	return left->seconds < right->seconds ? -1 : left->seconds > right->seconds;
}

/* From the top. */
static double course_place(double seconds)
{
	double place = seconds <= 0 ? 0 : log(seconds / latency_least) / log(latency_most / latency_least);
	return COURSE_HEIGHT * (1 - (place < 0 ? 0 : place > 1 ? 1 : place));
}

static size_t course_count(const struct html_scan *scan, size_t from, size_t end)
{
	size_t count = 0;
	while (from + count < scan->latency_count && scan->latencies[from + count].bucket < end)
		count++;
	return count;
}

static void course_write_bars(struct html *html, const struct html_scan *scan)
{
	for (size_t from = 0, count; from < scan->latency_count; from += count) {
		size_t bucket = scan->latencies[from].bucket;
		count = course_count(scan, from, bucket + 1);
		double p50 = course_place(latency_at(&scan->latencies[from], count, 0.5));
		double p95 = course_place(latency_at(&scan->latencies[from], count, 0.95));
		double x = 100.0 * (double)bucket / HTML_BUCKETS, width = 80.0 / HTML_BUCKETS;
		html_format(html,
		    "<rect class=\"bar several\" x=\"%.3f%%\" y=\"%.1f\" width=\"%.3f%%\" height=\"%.1f\"/><rect "
		    "class=\"bar\" x=\"%.3f%%\" y=\"%.1f\" width=\"%.3f%%\" height=\"%d\"/>",
		    x, p95, width, p50 - p95 + COURSE_BAR, x, p50, width, COURSE_BAR);
	}
}

static void course_write_scale(struct html *html)
{
	static const char *const steps[] = {"100 s", "10 s", "1 s", "100 ms", "10 ms", "1 ms"};
	enum { STEPS = sizeof steps / sizeof *steps };
	for (size_t i = 1; i < STEPS; i++)
		html_format(html,
		    "<rect class=\"rule\" x=\"0\" y=\"%zu\" width=\"100%%\" height=\"1\"/><text class=\"scale\" "
		    "x=\"0\" y=\"%zu\">%s</text>",
		    i * COURSE_HEIGHT / STEPS, i * COURSE_HEIGHT / STEPS - 2, steps[i]);
}

static void course_write_table(struct html *html, struct html_scan *scan)
{
	char p50[TIMESTAMP_TEXT_SIZE], p95[TIMESTAMP_TEXT_SIZE], most[TIMESTAMP_TEXT_SIZE];
	html_put(html,
	    "<details><summary>As a table</summary><table><thead><tr><th scope=\"col\">From</th><th "
	    "scope=\"col\" class=\"num\">Answers</th><th scope=\"col\" class=\"num\">p50</th><th scope=\"col\" "
	    "class=\"num\">p95</th><th scope=\"col\" class=\"num\">Slowest</th></tr></thead><tbody>\n");
	qsort(scan->latencies, scan->latency_count, sizeof *scan->latencies, course_compare_rows);
	for (size_t row = 0, from = 0, count; row < COURSE_ROWS; row++, from += count) {
		const struct html_latency *sorted = &scan->latencies[from];
		count = course_count(scan, from, (row + 1) * COURSE_PER);
		html_format(html, "<tr><td>+%.3f s</td><td class=\"num\">%zu</td>",
		    rate_seconds(scan) * (double)(row * COURSE_PER), count);
		if (count)
			html_format(html,
			    "<td class=\"num\">%s</td><td class=\"num\">%s</td><td class=\"num\">%s</td></tr>\n",
			    latency_format(latency_at(sorted, count, 0.5), p50),
			    latency_format(latency_at(sorted, count, 0.95), p95),
			    latency_format(sorted[count - 1].seconds, most));
		else
			html_put(html, "<td></td><td></td><td></td></tr>\n");
	}
	html_put(html, "</tbody></table></details>\n");
}

/* Puts the latencies in order of time. */
static void course_write(struct html *html, struct html_scan *scan)
{
	char span[TIMESTAMP_TEXT_SIZE];
	if (!scan->latency_count)
		return;
	qsort(scan->latencies, scan->latency_count, sizeof *scan->latencies, course_compare);
	timestamp_format_span(scan->last - scan->first, span);
	html_format(html,
	    "<figure id=\"course\" class=\"wide\"><figcaption>Latency over time <span class=\"faint\">by when the "
	    "event was sent: the line is the median (p50), the bar above it reaches to p95</span></figcaption>\n<svg "
	    "class=\"plot\" width=\"100%%\" height=\"%d\" role=\"img\" aria-label=\"Latency over %s, median and p95; "
	    "the numbers are in the table below\">",
	    COURSE_HEIGHT + COURSE_BAR, span);
	course_write_bars(html, scan);
	course_write_scale(html);
	html_format(
	    html, "</svg>\n<div class=\"axis\" aria-hidden=\"true\"><span>+0 s</span><span>+%s</span></div>\n", span);
	course_write_table(html, scan);
	html_put(html, "</figure>\n");
}

/* ---- bars with a label each */

static void bars_write_one(struct html *html, const char *label, uint64_t count, uint64_t most)
{
	html_put(html, "<tr><th scope=\"row\" class=\"wrap\">");
	html_text(html, "%s", label);
	html_format(html,
	    "</th><td class=\"num\">%" PRIu64 "</td><td class=\"hist\"><svg class=\"plot small\" width=\"100%%\" "
	    "height=\"12\" aria-hidden=\"true\"><rect class=\"bar\" x=\"0\" y=\"1\" "
	    "width=\"%.2f%%\" height=\"10\" rx=\"2\"/></svg></td></tr>\n",
	    count, 100.0 * (double)count / (double)(most ? most : 1));
}

static void bars_begin(struct html *html, const char *title, const char *what)
{
	html_format(html,
	    "<figure><figcaption>%s</figcaption>\n<table class=\"bars\"><thead><tr><th scope=\"col\">%s</th><th "
	    "scope=\"col\" class=\"num\">Sessions</th><td></td></tr></thead><tbody>\n",
	    title, what);
}

static void closes_write(struct html *html, const struct html_scan *scan)
{
	uint64_t most = scan->open_at_end > scan->other_closes ? scan->open_at_end : scan->other_closes;
	for (size_t i = 0; i < scan->close_count; i++)
		most = scan->closes[i].count > most ? scan->closes[i].count : most;
	bars_begin(html, "How sessions ended", "Reason");
	for (uint64_t last = UINT64_MAX; last;) { /* the most frequent first */
		uint64_t next = 0;
		for (size_t i = 0; i < scan->close_count; i++) {
			if (scan->closes[i].count == last)
				bars_write_one(html, scan->closes[i].text, last, most);
			next = scan->closes[i].count < last && scan->closes[i].count > next ? scan->closes[i].count
			                                                                    : next;
		}
		last = next;
	}
	if (scan->other_closes)
		bars_write_one(html, "other reasons", scan->other_closes, most);
	if (scan->open_at_end || !most)
		bars_write_one(html, "still open at the end", scan->open_at_end, most);
	html_put(html, "</tbody></table></figure>\n");
}

static void lifetimes_write(struct html *html, const struct html_scan *scan)
{
	static const struct {
		timestamp below;
		const char *text;
	} steps[] = {
	    {TIMESTAMP_SECOND / 10, "less than 0.1 s"},
	    {TIMESTAMP_SECOND, "0.1 s to 1 s"},
	    {10 * TIMESTAMP_SECOND, "1 s to 10 s"},
	    {60 * TIMESTAMP_SECOND, "10 s to 1 min"},
	    {600 * TIMESTAMP_SECOND, "1 min to 10 min"},
	    {3600 * TIMESTAMP_SECOND, "10 min to 1 h"},
	    {TIMESTAMP_LAST, "more than 1 h"},
	};
	enum { STEPS = sizeof steps / sizeof *steps };
	uint64_t counts[STEPS] = {0}, most = 1;
	for (uint64_t number = 1; number <= scan->session_count; number++) {
		const struct session *session = record_session(scan->report->record, number);
		size_t step = 0;
		if (!session || !session->known || !summary_has(scan->report->summary, session))
			continue;
		while (step + 1 < STEPS && session_end(session) - session_begin(session) >= steps[step].below)
			step++;
		counts[step]++;
	}
	for (size_t i = 0; i < STEPS; i++)
		most = counts[i] > most ? counts[i] : most;
	bars_begin(html, "How long sessions lived <span class=\"faint\">as far as they were captured</span>", "Life");
	for (size_t i = 0; i < STEPS; i++)
		bars_write_one(html, steps[i].text, counts[i], most);
	html_put(html, "</tbody></table></figure>\n");
}

void html_write_plots(struct html *html, struct html_scan *scan)
{
	html_section_begin(html, "plots", "Traffic and latency");
	html_put(html,
	    "<p class=\"faint\">Of all events that were captured, also those that are not in this file.</p>\n"
	    "<div class=\"figures\">\n");
	rate_write(html, scan, "Events", scan->bucket_events, scan->busiest.events, false);
	rate_write(html, scan, "Bytes", scan->bucket_bytes, scan->busiest.bytes, true);
	course_write(html, scan);
	latency_write(html, scan);
	lifetimes_write(html, scan);
	closes_write(html, scan);
	html_put(html, "</div>\n");
	html_section_end(html);
}
