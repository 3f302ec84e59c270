/* GitHub workflow commands: what broke or could not be told stands beside the line that expected it. */
#include "base/numbers.h"
#include "view/verdicts.h"

#include <inttypes.h>
#include <string.h>

/* Values end at the line, properties also at ',' and ':'; these are written as percent codes. */
static void annotation_write(FILE *out, const char *text, bool property)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte == '%' || byte < ' ' || byte == 0x7f || (property && strchr(":,", byte)))
			fprintf(out, "%%%02X", byte);
		else
			fputc(byte, out);
	}
}

static void annotation_write_rows(FILE *out, const struct verdict *verdict)
{
	char packets[PLURAL_PACKETS];
	for (size_t i = 0; i < verdict->row_count; i++) {
		plural_packets(verdict->rows[i].first_packet, verdict->rows[i].last_packet, packets);
		fprintf(out, "%%0A%s%s", packets, *packets ? ": " : "");
		annotation_write(out, verdict->rows[i].what, false);
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
			annotation_write(out, verdict->file, true);
			fprintf(out, ",line=%zu,", verdict->line);
		}
		fprintf(out, "title=sioscope%%3A %s::", outcome_name(verdict->outcome));
		annotation_write(out, verdict->text, false);
		fputs("%0A", out);
		annotation_write(out, verdict->found, false);
		annotation_write_rows(out, verdict);
		fputc('\n', out);
	}
	return !ferror(out);
}
