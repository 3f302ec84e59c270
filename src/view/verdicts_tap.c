/* TAP version 13 (testanything.org): a line for each expectation, and what was found as a YAML block. */
#include "base/json.h"
#include "base/numbers.h"
#include "view/verdicts.h"

#include <inttypes.h>

/* `#` begins a directive, and a backslash escapes it. */
static void tap_write_description(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', out);
		fputc((unsigned char)*text < ' ' ? '?' : *text, out);
	}
}

/* A JSON string is a YAML string. */
static void tap_write_string(FILE *out, const char *text)
{
	struct buffer quoted;
	buffer_init(&quoted, BUFFER_NO_LIMIT, NULL);
	if (json_write_string(&quoted, slice_of_text(text)))
		fwrite(quoted.at, 1, quoted.len, out);
	else
		fputs("\"(no memory for it)\"", out);
	buffer_free(&quoted);
	fputc('\n', out);
}

static void tap_write_trouble(FILE *out, const struct verdict *verdict)
{
	char packets[PLURAL_PACKETS];
	fprintf(out, "  ---\n  outcome: %s\n  found: ", outcome_name(verdict->outcome));
	tap_write_string(out, verdict->found);
	if (verdict->row_count)
		fputs("  rows:\n", out);
	for (size_t i = 0; i < verdict->row_count; i++) {
		fprintf(out, "    - packets: \"%s\"\n      what: ",
		    plural_packets(verdict->rows[i].first_packet, verdict->rows[i].last_packet, packets));
		tap_write_string(out, verdict->rows[i].what);
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
			tap_write_trouble(out, verdict);
	}
	return !ferror(out);
}
