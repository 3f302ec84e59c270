/* JUnit's XML: a test case for each expectation. What could not be told is an error, what broke a failure. */
#include "base/encoding.h"
#include "base/numbers.h"
#include "view/verdicts.h"

#include <inttypes.h>

/* XML 1.0 has no way to write most control characters (§2.2): they become '?', and so do bytes that are not UTF-8. */
static bool xml_has(uint32_t code)
{
	return (code >= ' ' || code == '\n' || code == '\t') && code != 0x7f && code != 0xfffe && code != 0xffff;
}

static void xml_write_character(FILE *out, const char *at, size_t len, uint32_t code)
{
	const char *entity = code == '&'   ? "&amp;"
	                     : code == '<' ? "&lt;"
	                     : code == '>' ? "&gt;"
	                     : code == '"' ? "&quot;"
	                                   : NULL;
	if (entity)
		fputs(entity, out);
	else if (len && xml_has(code))
		fwrite(at, 1, len, out);
	else
		fputc('?', out);
}

static void xml_write(FILE *out, const char *text)
{
	while (*text) {
		uint32_t code = 0;
		size_t len = utf8_decode_text(text, &code);
		xml_write_character(out, text, len, len ? code : 0);
		text += len ? len : 1;
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
	char packets[PLURAL_PACKETS];
	for (size_t i = 0; i < verdict->row_count; i++) {
		xml_write(out, plural_packets(verdict->rows[i].first_packet, verdict->rows[i].last_packet, packets));
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
