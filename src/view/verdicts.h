/* What `check` found, in the forms that people and CI systems read. */
#ifndef VIEW_VERDICTS_H
#define VIEW_VERDICTS_H

#include "query/expectations.h"
#include "view/writers.h"

struct html_report; /* view/html.h */

struct verdicts_view {
	const struct verdicts *verdicts;
	const struct findings *findings;
	const char *const *sources; /* names of the captures */
	size_t source_count;
	const char *unseen;               /* what could not be seen; NULL: nothing is known to be missing */
	uint64_t known;                   /* findings that the baseline took away */
	bool colours;                     /* for text */
	const struct mask *mask;          /* borrowed */
	const struct html_report *report; /* for verdicts_write_html, which writes it below the verdicts */
};

/* Each writes the whole; false when the stream or memory refused. */
typedef bool verdicts_write(FILE *out, const struct verdicts_view *view);

verdicts_write verdicts_write_text;        /* for people */
verdicts_write verdicts_write_junit;       /* XML as Jenkins and GitLab read it */
verdicts_write verdicts_write_sarif;       /* SARIF 2.1.0 */
verdicts_write verdicts_write_tap;         /* TAP version 13 */
verdicts_write verdicts_write_json;        /* one object */
verdicts_write verdicts_write_html;        /* the report in HTML, with the verdicts on top */
verdicts_write verdicts_write_annotations; /* GitHub workflow commands */

#endif
