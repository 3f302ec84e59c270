/*
 * capture-incomplete: what could not be seen, so that nobody takes silence for health.
 *
 * Seen: each reason of the ledger for which events may be missing, at the end. Nothing else could explain them, and
 * nothing is ruled out: each is reported as it was counted, in whichever session it was.
 */
#include "detect/detector.h"

static void visibility_report(struct findings *findings, const struct ledger *ledger, enum ledger_reason reason)
{
	const struct ledger_reason_facts *facts = ledger_reason(reason);
	char text[LEDGER_TEXT];
	struct finding *finding = findings_claim(
	    findings, CODE_CAPTURE_INCOMPLETE, CONFIDENCE_PROVEN, NULL, NULL, facts->name);
	if (!finding)
		return;
	finding->count = ledger->entries[reason].items;
	finding_say(findings, finding, "%s", ledger_describe(ledger, reason, text));
	if (facts->advice)
		finding_advise(findings, finding, "%s", facts->advice);
}

static void visibility_take_end(void *self, const struct engine_counts *counts)
{
	struct detector_state *state = self;
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_is_listed(counts->ledger, reason) && ledger_reason(reason)->weight >= LEDGER_BLINDS_ALONE)
			visibility_report(state->findings, counts->ledger, reason);
}

const struct detector detector_visibility = {
    .end = visibility_take_end,
};
