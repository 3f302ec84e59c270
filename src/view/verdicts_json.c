/* `check` as one JSON object: the expectations with their outcomes, and the findings as in the report. */
#include "view/report_json.h"
#include "view/tree.h"
#include "view/verdicts.h"

static cJSON *json_row(const struct verdict_row *row)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *packets = cJSON_AddArrayToObject(object, "packets");
	if (row->first_packet) {
		cJSON_AddItemToArray(packets, cJSON_CreateNumber((double)row->first_packet));
		cJSON_AddItemToArray(packets, cJSON_CreateNumber((double)row->last_packet));
	}
	tree_add_text(object, "what", row->what);
	return object;
}

static cJSON *json_verdict(const struct verdict *verdict)
{
	cJSON *object = cJSON_CreateObject();
	tree_add_text(object, "expectation", verdict->text);
	tree_add_text(object, "file", verdict->file);
	tree_add_count(object, "line", verdict->line);
	tree_add_text(object, "outcome", outcome_name(verdict->outcome));
	tree_add_text(object, "found", verdict->found);
	cJSON *rows = cJSON_AddArrayToObject(object, "rows");
	for (size_t i = 0; i < verdict->row_count; i++)
		cJSON_AddItemToArray(rows, json_row(&verdict->rows[i]));
	tree_add_count(object, "more", verdict->more);
	return object;
}

static cJSON *json_head(const struct verdicts_view *view)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *sources = cJSON_AddArrayToObject(object, "sources");
	for (size_t i = 0; i < view->source_count; i++)
		cJSON_AddItemToArray(sources, tree_text(view->sources[i]));
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
