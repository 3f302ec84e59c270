/* Held, broken, could not tell: a line each, and under it what was found instead. */
#include "base/numbers.h"
#include "view/verdicts.h"

#include <inttypes.h>

static void text_write_row(const struct text_writer *writer, const struct verdict_row *row)
{
	char packets[PLURAL_PACKETS], label[PLURAL_PACKETS + 4];
	plural_packets(row->first_packet, row->last_packet, packets);
	snprintf(label, sizeof label, "%s%s", packets, *packets ? ": " : "");
	text_label(writer, STYLE_FAINT, 8, label, "%s", row->what);
}

static void text_write_verdict(const struct text_writer *writer, const struct verdict *verdict)
{
	static const enum text_style inks[] = {STYLE_GOOD, STYLE_ERROR, STYLE_WARNING};
	static const char *const labels[] = {"held    ", "broken  ", "untold  "};
	text_label(writer, inks[verdict->outcome], 0, labels[verdict->outcome], "%s", verdict->text);
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
	const struct text_writer writer = {.out = out, .colours = view->colours};
	const uint64_t *counts = view->verdicts->counts;
	for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next)
		text_write_verdict(&writer, verdict);
	if (view->known)
		text_write(&writer, STYLE_FAINT, 0, "%" PRIu64 " known finding%s (baseline) did not count.",
		    view->known, plural_ending(view->known));
	text_blank(&writer);
	text_write(&writer, STYLE_HEADING, 0, "%" PRIu64 " held, %" PRIu64 " broken, %" PRIu64 " could not be told.",
	    counts[OUTCOME_HELD], counts[OUTCOME_BROKEN], counts[OUTCOME_UNTOLD]);
	if (counts[OUTCOME_UNTOLD])
		text_write(&writer, STYLE_PLAIN, 0,
		    "Capture from before the first connection, without loss, or say --allow-incomplete.");
	return !ferror(out);
}
