/* The verdicts of `check` as JSON: as an object of our own, and as SARIF. */
#include "base/text.h"
#include "view/report.h"
#include "view/verdicts.h"
#include "view/writers.h"

/* ---- JSON */

/* `check` as one JSON object: the expectations with their outcomes, and the findings as in the report. */

static cJSON *json_row(const struct verdict_row *row)
{
	cJSON *object = tree_object();
	cJSON *packets = tree_add_array(object, origin_kind_name(row->origin.kind));
	if (row->origin.first) {
		tree_append(packets, tree_count(row->origin.first));
		tree_append(packets, tree_count(row->origin.last));
	}
	if (row->origin.stream)
		tree_add_count(object, "stream", row->origin.stream);
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
	bool good = tree_print(out, view->mask, json_head(view));
	fputs(",\"expectations\":[", out);
	for (const struct verdict *verdict = view->verdicts->first; good && verdict; verdict = verdict->next) {
		if (verdict != view->verdicts->first)
			fputc(',', out);
		good = tree_print(out, view->mask, json_verdict(verdict));
	}
	fputs("],\"findings\":", out);
	good = good && report_json_write_findings(out, view->mask, view->findings);
	fputs("}\n", out);
	return good && !ferror(out);
}

/* ---- SARIF */

/*
 * SARIF 2.1.0 (OASIS): findings are results under rules of their codes, and so are expectations that broke or could not
 * be told. A capture has no lines, so a result points to the capture as a whole and names the packets; an expectation
 * points to its own line.
 */

static const char *const sarif_expectation_rules[OUTCOMES] = {"", "expectation-broken", "expectation-untold"};
static const char *const sarif_expectation_titles[OUTCOMES] = {
    "", "An expectation does not hold", "An expectation could not be told from what was captured"};

/* ---- rules */

/* `text` NULL: there was no memory for it. */
static void sarif_add_message(cJSON *object, const char *key, const char *text)
{
	cJSON *message = tree_add_object(object, key);
	tree_add(message, "text", text ? tree_text(*text ? text : "-") : NULL);
}

static cJSON *sarif_rule(const char *id, const char *title, const char *explanation, const char *remedy)
{
	cJSON *rule = tree_object();
	tree_add_word(rule, "id", id);
	sarif_add_message(rule, "shortDescription", title);
	sarif_add_message(rule, "fullDescription", explanation);
	sarif_add_message(rule, "help", remedy);
	return rule;
}

static bool sarif_has_code(const struct findings *findings, unsigned code)
{
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		if (finding->code == code)
			return true;
	return false;
}

static cJSON *sarif_driver(const struct verdicts_view *view)
{
	cJSON *driver = tree_object();
	tree_add_word(driver, "name", "sioscope");
	tree_add_word(driver, "version", SIOSCOPE_VERSION);
	cJSON *rules = tree_add_array(driver, "rules");
	for (unsigned code = 0; code < CODES_MOST; code = code_next(code)) {
		const struct code_entry *entry = code_entry(code);
		char help[1024];
		snprintf(help, sizeof help, "%s%s%s", entry->remedy, *code_advice(code) ? " " : "", code_advice(code));
		if (sarif_has_code(view->findings, code))
			tree_append(rules, sarif_rule(entry->name, entry->title, entry->explanation, help));
	}
	for (enum outcome outcome = OUTCOME_BROKEN; outcome < OUTCOMES; outcome++)
		if (view->verdicts->counts[outcome])
			tree_append(rules,
			    sarif_rule(sarif_expectation_rules[outcome], sarif_expectation_titles[outcome],
			        "sioscope check was given this expectation.", "Look at the packets that are named."));
	return driver;
}

/* ---- places */

/* A path as a URI reference (RFC 3986): what has a meaning there is escaped. */
static cJSON *sarif_uri(const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
	char uri[1024];
	size_t used = 0;
	for (; *path && used + 4 < sizeof uri; path++)
		used += (size_t)snprintf(
		    uri + used, sizeof uri - used, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
	uri[used] = '\0';
	return tree_word(used ? uri : "-");
}

static void sarif_add_location(cJSON *result, const char *path, size_t line)
{
	cJSON *locations = tree_add_array(result, "locations");
	cJSON *location = tree_object();
	cJSON *physical = tree_add_object(location, "physicalLocation");
	cJSON *artifact = tree_add_object(physical, "artifactLocation");
	tree_add(artifact, "uri", sarif_uri(path));
	cJSON *region = tree_add_object(physical, "region");
	tree_add_count(region, "startLine", line);
	tree_append(locations, location); /* last: without memory it is gone then */
}

/* ---- results */

static cJSON *sarif_result(const char *rule, const char *level, struct buffer *message)
{
	cJSON *result = tree_object();
	buffer_append_byte(message, '\0');
	tree_add_word(result, "ruleId", rule);
	tree_add_word(result, "level", level);
	sarif_add_message(result, "message", message->truncated ? NULL : (const char *)message->at);
	buffer_free(message);
	return result;
}

static cJSON *sarif_finding(const struct finding *finding, const char *capture)
{
	static const char *const levels[] = {"note", "warning", "error"};
	const struct code_entry *entry = code_entry(finding->code);
	struct buffer message;
	buffer_init(&message, BUFFER_NO_LIMIT, NULL);
	buffer_append_format(
	    &message, "%s (%s): %s", entry->title, confidence_name(finding->confidence), finding->seen);
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct evidence *evidence = &finding->evidence[i];
		char packets[ORIGIN_TEXT];
		buffer_append_format(&message, "\n%s: %s", origin_format(&evidence->origin, packets), evidence->what);
	}
	buffer_append_format(&message, "\n%s", finding->advice);
	cJSON *result = sarif_result(entry->name, levels[finding->severity], &message);
	sarif_add_location(result, capture, 1);
	return result;
}

static cJSON *sarif_verdict(const struct verdict *verdict, const char *capture)
{
	struct buffer message;
	char packets[ORIGIN_TEXT];
	buffer_init(&message, BUFFER_NO_LIMIT, NULL);
	buffer_append_format(&message, "%s: %s", verdict->text, verdict->found);
	for (size_t i = 0; i < verdict->row_count; i++)
		buffer_append_format(
		    &message, "\n%s %s", origin_format(&verdict->rows[i].origin, packets), verdict->rows[i].what);
	cJSON *result = sarif_result(sarif_expectation_rules[verdict->outcome],
	    verdict->outcome == OUTCOME_BROKEN ? "error" : "warning", &message);
	sarif_add_location(result, verdict->file ? verdict->file : capture, verdict->line);
	return result;
}

static cJSON *sarif_run(const struct verdicts_view *view)
{
	const char *capture = view->source_count ? view->sources[0] : "capture";
	cJSON *run = tree_object();
	cJSON *tool = tree_add_object(run, "tool");
	tree_add(tool, "driver", sarif_driver(view));
	cJSON *results = tree_add_array(run, "results");
	for (const struct verdict *verdict = view->verdicts->first; verdict; verdict = verdict->next)
		if (verdict->outcome != OUTCOME_HELD)
			tree_append(results, sarif_verdict(verdict, capture));
	for (const struct finding *finding = view->findings->first; finding; finding = finding->next)
		tree_append(results, sarif_finding(finding, capture));
	return run;
}

bool verdicts_write_sarif(FILE *out, const struct verdicts_view *view)
{
	cJSON *log = tree_object();
	tree_add_word(log, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	tree_add_word(log, "version", "2.1.0");
	cJSON *runs = tree_add_array(log, "runs");
	tree_append(runs, sarif_run(view));
	bool good = tree_print(out, view->mask, log);
	return fputc('\n', out) != EOF && good;
}
