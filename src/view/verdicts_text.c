/* The verdicts of `check` as text: for people, as TAP, as JUnit's XML, as GitHub workflow commands. */
#include "base/json.h"
#include "base/text.h"
#include "view/verdicts.h"

#include <inttypes.h>
#include <string.h>

/* An expectation is the name of a test: it is the same in each run, so a secret in it has no digest. */
static const struct mask verdict_names = {.nameless = true};

/* ---- for people */

/* Held, broken, could not tell: a line each, and under it what was found instead. */

static void text_write_row(const struct text_writer *writer, const struct verdict_row *row)
{
	char packets[ORIGIN_TEXT], label[ORIGIN_TEXT + 4];
	origin_format(&row->origin, packets);
	snprintf(label, sizeof label, "%s%s", packets, *packets ? ": " : "");
	text_label(writer, STYLE_FAINT, 8, label, "%s", row->what);
}

static void text_write_verdict(const struct text_writer *writer, const struct verdict *verdict)
{
	static const enum text_style styles[] = {STYLE_GOOD, STYLE_ERROR, STYLE_WARNING};
	static const char *const labels[] = {"held    ", "broken  ", "untold  "};
	text_label(writer, styles[verdict->outcome], 0, labels[verdict->outcome], "%s", verdict->text);
	if (verdict->file && verdict->outcome != OUTCOME_HELD)
		text_write(writer, STYLE_FAINT, 8, "(%s:%zu)", verdict->file, verdict->line);
	if (*verdict->found)
		text_write(writer, STYLE_PLAIN, 8, "%s", verdict->found);
	for (size_t i = 0; i < verdict->row_count; i++)
		text_write_row(writer, &verdict->rows[i]);
	if (verdict->more)
		text_write(writer, STYLE_FAINT, 8, "and %" PRIu64 " more", verdict->more);
}

bool verdicts_write_text(FILE *out, const struct verdicts_view *view)
{
	const struct text_writer writer = {.out = out, .colours = view->colours, .mask = view->mask};
	const uint64_t *counts = view->verdicts->counts;
	for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next)
		text_write_verdict(&writer, verdict);
	if (view->known)
		text_write(&writer, STYLE_FAINT, 0, "%" PRIu64 " known finding%s (baseline) did not count.",
		    view->known, plural_ending(view->known));
	text_blank(&writer);
	text_write(&writer, STYLE_HEADING, 0, "%" PRIu64 " held, %" PRIu64 " broken, %" PRIu64 " could not be told.",
	    counts[OUTCOME_HELD], counts[OUTCOME_BROKEN], counts[OUTCOME_UNTOLD]);
	if (counts[OUTCOME_UNTOLD] && view->unseen)
		text_write(&writer, STYLE_PLAIN, 0,
		    "Capture from before the first connection, without loss, or say --allow-incomplete.");
	return !ferror(out);
}

/* ---- TAP */

/* TAP version 13 (testanything.org): a line for each expectation, and what was found as a YAML block. */

/* `#` begins a directive, and a backslash escapes it. */
static void tap_write_description(FILE *out, const char *text)
{
	struct buffer shown = text_shown(&verdict_names, text);
	for (text = text_of_shown(&shown); *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	buffer_free(&shown);
}

/* A JSON string is a YAML string. */
static void tap_write_string(FILE *out, const struct mask *mask, const char *text)
{
	struct buffer shown = text_shown(mask, text), quoted;
	buffer_init(&quoted, BUFFER_NO_LIMIT, NULL);
	if (json_write_string(&quoted, slice_of_text(text_of_shown(&shown))))
		fwrite(quoted.at, 1, quoted.len, out);
	else
		fputs("\"(no memory for it)\"", out);
	buffer_free(&quoted);
	buffer_free(&shown);
	fputc('\n', out);
}

static void tap_write_trouble(FILE *out, const struct mask *mask, const struct verdict *verdict)
{
	char packets[ORIGIN_TEXT];
	fprintf(out, "  ---\n  outcome: %s\n  found: ", outcome_name(verdict->outcome));
	tap_write_string(out, mask, verdict->found);
	if (verdict->row_count)
		fputs("  rows:\n", out);
	for (size_t i = 0; i < verdict->row_count; i++) {
		fprintf(out, "    - packets: \"%s\"\n      what: ", origin_format(&verdict->rows[i].origin, packets));
		tap_write_string(out, mask, verdict->rows[i].what);
	}
	if (verdict->more)
		fprintf(out, "  more: %" PRIu64 "\n", verdict->more);
	fputs("  ...\n", out);
}

bool verdicts_write_tap(FILE *out, const struct verdicts_view *view)
{
	const uint64_t *counts = view->verdicts->counts;
	uint64_t number = 0;
	fprintf(out, "TAP version 13\n1..%" PRIu64 "\n",
	    counts[OUTCOME_HELD] + counts[OUTCOME_BROKEN] + counts[OUTCOME_UNTOLD]);
	for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next) {
		fprintf(out, "%s %" PRIu64 " - ", verdict->outcome == OUTCOME_HELD ? "ok" : "not ok", ++number);
		tap_write_description(out, verdict->text);
		fputc('\n', out);
		if (verdict->outcome != OUTCOME_HELD)
			tap_write_trouble(out, view->mask, verdict);
	}
	return !ferror(out);
}

/* ---- JUnit */

/* JUnit's XML: a test case for each expectation. What could not be decided is an error, what broke a failure. */

/* XML 1.0 has no way to write these (§2.2), nor control characters, of which none is left in shown text. */
static bool xml_has(uint32_t code)
{
	return code >= ' ' && code != 0xfffe && code != 0xffff;
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

static void xml_write(FILE *out, const struct mask *mask, const char *text)
{
	struct buffer shown = text_shown(mask, text);
	for (text = text_of_shown(&shown); *text;) {
		uint32_t code = 0;
		size_t len = utf8_decode_text(text, &code);
		xml_write_character(out, text, len, len ? code : 0);
		text += len ? len : 1;
	}
	buffer_free(&shown);
}

static void xml_write_attribute(FILE *out, const struct mask *mask, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	xml_write(out, mask, value);
	fputc('"', out);
}

static void junit_write_rows(FILE *out, const struct mask *mask, const struct verdict *verdict)
{
	char packets[ORIGIN_TEXT];
	for (size_t i = 0; i < verdict->row_count; i++) {
		xml_write(out, NULL, origin_format(&verdict->rows[i].origin, packets));
		fputs(*packets ? ": " : "", out);
		xml_write(out, mask, verdict->rows[i].what);
		fputc('\n', out);
	}
	if (verdict->more)
		fprintf(out, "and %" PRIu64 " more\n", verdict->more);
}

static void junit_write_trouble(FILE *out, const struct mask *mask, const struct verdict *verdict)
{
	const char *element = verdict->outcome == OUTCOME_BROKEN ? "failure" : "error";
	fprintf(out, "\n      <%s", element);
	xml_write_attribute(out, mask, "message", verdict->found);
	xml_write_attribute(out, NULL, "type", outcome_name(verdict->outcome));
	fputc('>', out);
	xml_write(out, mask, verdict->found);
	fputc('\n', out);
	junit_write_rows(out, mask, verdict);
	fprintf(out, "</%s>\n    ", element);
}

static void junit_write_case(FILE *out, const struct mask *mask, const struct verdict *verdict, const char *suite)
{
	fputs("    <testcase", out);
	xml_write_attribute(out, NULL, "classname", verdict->file ? verdict->file : suite);
	xml_write_attribute(out, &verdict_names, "name", verdict->text);
	fputs(" time=\"0\">", out);
	if (verdict->outcome != OUTCOME_HELD)
		junit_write_trouble(out, mask, verdict);
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
	xml_write_attribute(out, NULL, "name", "sioscope check");
	junit_write_counts(out, view->verdicts->counts);
	fputs(">\n  <testsuite", out);
	xml_write_attribute(out, NULL, "name", suite);
	junit_write_counts(out, view->verdicts->counts);
	fputs(" skipped=\"0\">\n", out);
	for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next)
		junit_write_case(out, view->mask, verdict, suite);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return !ferror(out);
}

/* ---- annotations */

/* GitHub workflow commands: what broke or could not be decided is shown at the line that expected it. */

/* Values end at the line, properties also at ',' and ':'; these are written as percent codes. */
static void annotation_write(FILE *out, const struct mask *mask, const char *text, bool property)
{
	struct buffer shown = text_shown(mask, text);
	for (text = text_of_shown(&shown); *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte == '%' || (property && strchr(":,", byte)))
			fprintf(out, "%%%02X", byte);
		else
			fputc(byte, out);
	}
	buffer_free(&shown);
}

static void annotation_write_rows(FILE *out, const struct mask *mask, const struct verdict *verdict)
{
	char packets[ORIGIN_TEXT];
	for (size_t i = 0; i < verdict->row_count; i++) {
		origin_format(&verdict->rows[i].origin, packets);
		fprintf(out, "%%0A%s%s", packets, *packets ? ": " : "");
		annotation_write(out, mask, verdict->rows[i].what, false);
	}
	if (verdict->more)
		fprintf(out, "%%0Aand %" PRIu64 " more", verdict->more);
}

bool verdicts_write_annotations(FILE *out, const struct verdicts_view *view)
{
	for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next) {
		if (verdict->outcome == OUTCOME_HELD)
			continue;
		fprintf(out, "::%s ", verdict->outcome == OUTCOME_BROKEN ? "error" : "warning");
		if (verdict->file) {
			fputs("file=", out);
			annotation_write(out, NULL, verdict->file, true);
			fprintf(out, ",line=%zu,", verdict->line);
		}
		fprintf(out, "title=sioscope%%3A %s::", outcome_name(verdict->outcome));
		annotation_write(out, &verdict_names, verdict->text, false);
		fputs("%0A", out);
		annotation_write(out, view->mask, verdict->found, false);
		annotation_write_rows(out, view->mask, verdict);
		fputc('\n', out);
	}
	return !ferror(out);
}
