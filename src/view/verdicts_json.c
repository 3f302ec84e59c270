/* `check` as one JSON object: the expectations with their outcomes, and the findings as in the report. */
#include "view/report_json.h"
#include "view/tree.h"
#include "view/verdicts.h"

static cJSON *json_row(const struct verdict_row *row)
{
	cJSON *object = tree_object();
	cJSON *packets = tree_add_array(object, "packets");
	if (row->first_packet) {
		tree_append(packets, tree_count(row->first_packet));
		tree_append(packets, tree_count(row->last_packet));
	}
	tree_add_text(object, "what", row->what);
	return object;
}

static cJSON *json_verdict(const struct verdict *verdict)
{
	cJSON *object = tree_object();
	tree_add_text(object, "expectation", verdict->text);
	tree_add_text(object, "file", verdict->file);
	tree_add_count(object, "line", verdict->line);
	tree_add_text(object, "outcome", outcome_name(verdict->outcome));
	tree_add_text(object, "found", verdict->found);
	cJSON *rows = tree_add_array(object, "rows");
	for (size_t i = 0; i < verdict->row_count; i++)
		tree_append(rows, json_row(&verdict->rows[i]));
	tree_add_count(object, "more", verdict->more);
	return object;
}

static cJSON *json_head(const struct verdicts_view *view)
{
	cJSON *object = tree_object();
	cJSON *sources = tree_add_array(object, "sources");
	for (size_t i = 0; i < view->source_count; i++)
		tree_append(sources, tree_text(view->sources[i]));
	tree_add_text(object, "unseen", view->unseen);
	tree_add_count(object, "known_findings", view->known);
	return object;
}

bool verdicts_write_json(FILE *out, const struct verdicts_view *view)
{
	fprintf(out, "{\"version\":1,\"tool\":\"sioscope %s\",\"outcome\":\"%s\",\"input\":", SIOSCOPE_VERSION,
	    outcome_name(verdicts_outcome(view->verdicts)));
	bool good = tree_print(out, json_head(view));
	fputs(",\"expectations\":[", out);
	for (const struct verdict *verdict = view->verdicts->first; good && verdict; verdict = verdict->next) {
		if (verdict != view->verdicts->first)
			fputc(',', out);
		good = tree_print(out, json_verdict(verdict));
	}
	fputs("],\"findings\":", out);
	good = good && report_json_write_findings(out, view->findings);
	fputs("}\n", out);
	return good && !ferror(out);
}
