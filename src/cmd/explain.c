/* `sioscope explain [CODE]`: what a finding means, how it is told, what to do. */
#include "cmd/command.h"
#include "cmd/output.h"
#include "detect/codes.h"
#include "reflex/name.h"

enum { EXPLAIN_SEVERITIES = 256 };

/* "error; warning late, …": what the reports' severities come from. */
static void explain_severities(enum code code, char text[EXPLAIN_SEVERITIES])
{
	int len = snprintf(text, EXPLAIN_SEVERITIES, "%s", severity_name(code_table[code].severity));
	for (size_t i = 0; i < CODE_CASES; i++)
		if (code_cases[i].code == code)
			len += snprintf(text + len, EXPLAIN_SEVERITIES - (size_t)len, "; %s %s",
			    severity_name(code_cases[i].severity), code_cases[i].when);
}

static void explain_code(const struct paper *paper, enum code code)
{
	const struct code_entry *entry = &code_table[code];
	char severities[EXPLAIN_SEVERITIES];
	explain_severities(code, severities);
	paper_heading(paper, "%s (%s): %s", entry->name, severities, entry->title);
	paper_write(paper, INK_PLAIN, 2, "%s", entry->explanation);
	paper_label(paper, INK_GOOD, 2, "do: ", "%s", entry->remedy);
}

static void explain_all(const struct paper *paper)
{
	for (enum code code = 0; code < CODES; code++) {
		char label[40];
		snprintf(label, sizeof label, "%-20s ", code_table[code].name);
		paper_label(paper, INK_HEADING, 2, label, "%s", code_table[code].title);
	}
}

static void explain_refuse(const char *name)
{
	const char *meant = name_nearest(slice_of_text(name), code_word);
	fprintf(stderr, "sioscope: explain: %s is no finding's code; %s%s%s\n", name,
	    meant ? "did you mean " : "'sioscope explain' lists them", meant ? meant : "", meant ? "?" : "");
}

static int explain_run(const struct options *options)
{
	const struct paper paper = output_paper(options);
	if (!options->filter) {
		explain_all(&paper);
		return EXIT_DONE;
	}
	enum code code = code_named(options->filter);
	if (code == CODES) {
		explain_refuse(options->filter);
		return EXIT_UNABLE;
	}
	explain_code(&paper, code);
	return EXIT_DONE;
}

const struct command command_explain = {
    "explain", FOR_EXPLAIN, "[CODE]", "what a finding's code means, how it is told, what to do", explain_run, NULL};
