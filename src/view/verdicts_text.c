/* Held, broken, could not tell: a line each, and under it what was found instead. */
#include "base/words.h"
#include "view/verdicts.h"

#include <inttypes.h>

static void text_write_row(const struct paper *paper, const struct verdict_row *row)
{
	char packets[WORDS_PACKETS], label[WORDS_PACKETS + 4];
	words_packets(row->first_packet, row->last_packet, packets);
	snprintf(label, sizeof label, "%s%s", packets, *packets ? ": " : "");
	paper_label(paper, INK_FAINT, 8, label, "%s", row->what);
}

static void text_write_verdict(const struct paper *paper, const struct verdict *verdict)
{
	static const enum ink inks[] = {INK_GOOD, INK_ERROR, INK_WARNING};
	static const char *const labels[] = {"held    ", "broken  ", "untold  "};
	paper_label(paper, inks[verdict->outcome], 0, labels[verdict->outcome], "%s", verdict->text);
	if (verdict->file && verdict->outcome != OUTCOME_HELD)
		paper_write(paper, INK_FAINT, 8, "(%s:%zu)", verdict->file, verdict->line);
	if (*verdict->found)
		paper_write(paper, INK_PLAIN, 8, "%s", verdict->found);
	for (size_t i = 0; i < verdict->row_count; i++)
		text_write_row(paper, &verdict->rows[i]);
	if (verdict->more)
		paper_write(paper, INK_FAINT, 8, "and %" PRIu64 " more", verdict->more);
}

bool verdicts_write_text(FILE *out, const struct verdicts_view *view)
{
	const struct paper paper = {.out = out, .colours = view->colours};
	const uint64_t *counts = view->verdicts->counts;
	for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next)
		text_write_verdict(&paper, verdict);
	if (view->known)
		paper_write(&paper, INK_FAINT, 0, "%" PRIu64 " known finding%s (baseline) did not count.", view->known,
		    words_plural(view->known));
	paper_blank(&paper);
	paper_write(&paper, INK_HEADING, 0, "%" PRIu64 " held, %" PRIu64 " broken, %" PRIu64 " could not be told.",
	    counts[OUTCOME_HELD], counts[OUTCOME_BROKEN], counts[OUTCOME_UNTOLD]);
	if (counts[OUTCOME_UNTOLD])
		paper_write(&paper, INK_PLAIN, 0,
		    "Capture from before the first connection, without loss, or say --allow-incomplete.");
	return !ferror(out);
}
