/* `sioscope report` for a person in a hurry. */
#ifndef VIEW_REPORT_TEXT_H
#define VIEW_REPORT_TEXT_H

#include "view/summary.h"
#include "view/text_writer.h"

enum { REPORT_SESSIONS = 20, REPORT_FINDINGS = 40 }; /* more are counted, not listed */

/* The findings alone, causes before what they explain. */
void report_text_write_findings(const struct text_writer *writer, const struct findings *findings);

/* False when the stream refused it. */
bool report_text_write(const struct text_writer *writer, const struct summary *summary);

#endif
