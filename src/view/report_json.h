/* `sioscope report --json`. */
#ifndef VIEW_REPORT_JSON_H
#define VIEW_REPORT_JSON_H

#include "view/summary.h"

#include <stdio.h>

/* Writes one object and a line end. False: no memory, or the stream refused it. */
bool report_json_write(FILE *out, const struct summary *summary);

/* The findings alone, as the list that stands in the report. */
bool report_json_write_findings(FILE *out, const struct findings *findings);

#endif
