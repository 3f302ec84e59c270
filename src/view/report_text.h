/* `sioscope report` for a person in a hurry. */
#ifndef VIEW_REPORT_TEXT_H
#define VIEW_REPORT_TEXT_H

#include "view/paper.h"
#include "view/summary.h"

enum { REPORT_SESSIONS = 20, REPORT_FINDINGS = 40 }; /* more are counted, not listed */

/* The findings alone, causes before what they explain. */
void report_text_write_findings(const struct paper *paper, const struct findings *findings);

/* False when the stream refused it. */
bool report_text_write(const struct paper *paper, const struct summary *summary);

#endif
