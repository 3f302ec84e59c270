/* JUnit's XML: a test case for each expectation. What could not be told is an error, what broke a failure. */
#include "view/verdicts.h"

#include <inttypes.h>

/* XML 1.0 has no way to write most control characters (§2.2): they become '?'. Bytes that are not UTF-8 were put right
 * before, for all text here went through the findings or the query's own buffers; lone ones become '?' too. */
static size_t utf8_length(const unsigned char *at)
{
	size_t len = *at < 0x80             ? 1
	             : (*at & 0xe0) == 0xc0 ? 2
	             : (*at & 0xf0) == 0xe0 ? 3
	             : (*at & 0xf8) == 0xf0 ? 4
	                                    : 0;
	for (size_t i = 1; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static void xml_write_character(FILE *out, const unsigned char *at, size_t len)
{
	const char *entity = *at == '&'   ? "&amp;"
	                     : *at == '<' ? "&lt;"
	                     : *at == '>' ? "&gt;"
	                     : *at == '"' ? "&quot;"
	                                  : NULL;
	bool refused = !len || (*at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7f;
	if (entity)
		fputs(entity, out);
	else if (refused)
		fputc('?', out);
	else
		fwrite(at, 1, len, out);
}

static void xml_write(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	while (*at) {
		size_t len = utf8_length(at);
		xml_write_character(out, at, len);
		at += len ? len : 1;
	}
}

static void xml_write_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	xml_write(out, value);
	fputc('"', out);
}

static void junit_write_rows(FILE *out, const struct verdict *verdict)
{
	char packets[PACKETS_TEXT];
	for (size_t i = 0; i < verdict->row_count; i++) {
		xml_write(out, verdict_row_packets(&verdict->rows[i], packets));
		fputs(*packets ? ": " : "", out);
		xml_write(out, verdict->rows[i].what);
		fputc('\n', out);
	}
	if (verdict->more)
		fprintf(out, "and %" PRIu64 " more\n", verdict->more);
}

static void junit_write_trouble(FILE *out, const struct verdict *verdict)
{
	const char *element = verdict->outcome == OUTCOME_BROKEN ? "failure" : "error";
	fprintf(out, "\n      <%s", element);
	xml_write_attribute(out, "message", verdict->found);
	xml_write_attribute(out, "type", outcome_name(verdict->outcome));
	fputc('>', out);
	xml_write(out, verdict->found);
	fputc('\n', out);
	junit_write_rows(out, verdict);
	fprintf(out, "</%s>\n    ", element);
}

static void junit_write_case(FILE *out, const struct verdict *verdict, const char *suite)
{
	fputs("    <testcase", out);
	xml_write_attribute(out, "classname", verdict->file ? verdict->file : suite);
	xml_write_attribute(out, "name", verdict->text);
	fputs(" time=\"0\">", out);
	if (verdict->outcome != OUTCOME_HELD)
		junit_write_trouble(out, verdict);
	fputs("</testcase>\n", out);
}

static void junit_write_counts(FILE *out, const uint64_t *counts)
{
	fprintf(out, " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64 "\" time=\"0\"",
	    counts[OUTCOME_HELD] + counts[OUTCOME_BROKEN] + counts[OUTCOME_UNTOLD], counts[OUTCOME_BROKEN],
	    counts[OUTCOME_UNTOLD]);
}

bool verdicts_write_junit(FILE *out, const struct verdicts_view *view)
{
	const char *suite = view->source_count ? view->sources[0] : "sioscope";
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
	xml_write_attribute(out, "name", "sioscope check");
	junit_write_counts(out, view->verdicts->counts);
	fputs(">\n  <testsuite", out);
	xml_write_attribute(out, "name", suite);
	junit_write_counts(out, view->verdicts->counts);
	fputs(" skipped=\"0\">\n", out);
	for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next)
		junit_write_case(out, verdict, suite);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return !ferror(out);
}
