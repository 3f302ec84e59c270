/*
 * `sioscope check`: expectations on captured traffic. Exit code 0: all held; 1: one was broken; 2: it could not tell
 * (or was not able to ask).
 */
#include "base/json.h"
#include "base/text.h"
#include "cmd/examine.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/run.h"
#include "query/query.h"
#include "view/writers.h"

#include <errno.h>
#include <stdlib.h>

/* ---- baseline: findings that are known, in a file
 *
 * It is JSON: {"version":1,"findings":[{"code":…,"subject":…},…]}. The session is no part of it, because its number is
 * another one in each run: a known finding is known in every session. */

enum { BASELINE_BYTES = 16 << 20 };

/* A subject may quote what came over the wire: its secrets are no part of it. */
static bool baseline_write_subject(struct buffer *out, const struct finding *finding)
{
	const struct mask nameless = {.nameless = true};
	mask_write_text(&nameless, slice_of_text(finding->subject), out);
	return buffer_append_byte(out, '\0');
}

/* ---- reading */

struct baseline {
	const char *path; /* NULL: there is none */
	struct buffer text;
	struct slice list; /* of it: the array */
	uint64_t known;
	struct budget memory; /* unlimited; counts what was refused */
};

static bool baseline_read(struct buffer *text, const char *path)
{
	char bytes[4096];
	size_t count;
	FILE *file = fopen(path, "rb");
	if (!file)
		return false;
	while ((count = fread(bytes, 1, sizeof bytes, file)) > 0 && buffer_append(text, slice_of(bytes, count)))
		;
	bool good = !ferror(file) && !text->truncated;
	(void)fclose(file);
	if (text->truncated)
		errno = EFBIG;
	return good;
}

static bool baseline_has_memory(const struct baseline *baseline)
{
	if (baseline->memory.refused)
		complain("%s: no memory for the baseline", baseline->path);
	return !baseline->memory.refused;
}

/* Before the capture: afterwards nothing is opened. `path` NULL: none. False, and a line on stderr, when the file
 * cannot be read or is no baseline. Either way the text is to be freed. */
static bool baseline_open(struct baseline *baseline, const char *path)
{
	*baseline = (struct baseline){.path = path, .memory = {.limit = SIZE_MAX}};
	buffer_init(&baseline->text, BASELINE_BYTES, &baseline->memory);
	if (!path)
		return true;
	bool read = baseline_read(&baseline->text, path);
	int why = errno;
	struct slice all = buffer_slice(&baseline->text);
	bool good = read && json_is_valid(all) && json_find_member(all, "findings", &baseline->list);
	if (!good && baseline_has_memory(baseline))
		complain("%s: %s", path, read ? "is no baseline (write one with --write-baseline)" : strerror(why));
	return good;
}

static bool baseline_names(struct baseline *baseline, const struct finding *finding)
{
	struct json_walk walk = json_walk_into(baseline->list);
	struct slice code, subject;
	struct buffer own;
	bool named = false;
	buffer_init(&own, BUFFER_NO_LIMIT, &baseline->memory);
	bool whole = baseline_write_subject(&own, finding);
	while (!named && whole && json_walk_next(&walk))
		named = json_find_member(walk.value, "code", &code) &&
		        json_find_member(walk.value, "subject", &subject) &&
		        json_string_is(code, code_entry(finding->code)->name) &&
		        json_string_is(subject, (const char *)own.at);
	buffer_free(&own);
	return named;
}

static bool baseline_stays(void *self, const struct finding *finding)
{
	struct baseline *baseline = self;
	if (!baseline_names(baseline, finding))
		return true;
	baseline->known++;
	return false;
}

/* Takes the findings that it names out of the list, and counts them. False, and a line on stderr: no memory. */
static bool baseline_apply(struct baseline *baseline, struct findings *findings)
{
	findings_keep_those(findings, baseline_stays, baseline);
	return baseline_has_memory(baseline);
}

/* ---- writing */

static cJSON *baseline_item(const struct finding *finding)
{
	cJSON *item = tree_object();
	struct buffer subject;
	buffer_init(&subject, BUFFER_NO_LIMIT, NULL);
	tree_add_word(item, "code", code_entry(finding->code)->name);
	bool whole = baseline_write_subject(&subject, finding);
	tree_add(item, "subject", whole ? tree_text((const char *)subject.at) : NULL);
	tree_add_word(item, "title", code_entry(finding->code)->title);
	buffer_free(&subject);
	return item;
}

static cJSON *baseline_tree(const struct findings *findings)
{
	cJSON *object = tree_object();
	tree_add_count(object, "version", 1);
	cJSON *list = tree_add_array(object, "findings");
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		tree_append(list, baseline_item(finding));
	return object;
}

static bool baseline_forgets(void *self, const struct finding *finding)
{
	struct baseline *baseline = self;
	(void)finding;
	baseline->known++;
	return false;
}

/* Writes the current findings, whole or not at all. False, and a line on stderr, when that fails. */
static bool baseline_write(const struct findings *findings, const struct options *options, const char *path)
{
	const struct mask nameless = {.nameless = true};
	struct atomic_write file;
	bool opened = atomic_write_open(&file, options, path, FILE_RESULT);
	bool written = opened && tree_print(file.out, &nameless, baseline_tree(findings)) &&
	               fputc('\n', file.out) != EOF;
	if (opened && atomic_write_close(&file, written))
		return true;
	complain("%s: %s", path, strerror(errno));
	return false;
}

/* ---- check */

static bool check_add_default(const struct options *options, struct expectations *expectations)
{
	char text[120];
	snprintf(text, sizeof text, "none(findings where severity >= %s and confidence >= %s)",
	    severity_name(options->fail_on), confidence_name(options->min_confidence));
	return expectations_add(expectations, text, stderr);
}

/* Reports all errors, not only the first. */
static bool check_read_expectations(const struct options *options, struct expectations *expectations)
{
	bool good = true;
	for (size_t i = 0; i < options->expectation_count; i++) {
		const struct option_expectation *each = &options->expectations[i];
		good = (each->is_file ? expectations_add_file(expectations, each->text, stderr)
		                      : expectations_add(expectations, each->text, stderr)) &&
		       good;
	}
	return good && (expectations->count || check_add_default(options, expectations));
}

struct check {
	const struct options *options;
	const struct expectations *expectations;
	const struct formats *formats;
	struct examination examination;
	struct verdicts verdicts;
	struct baseline baseline;
};

/* What holds of traffic in which no Engine.IO is (another port, a client that never came) holds of anything. */
static bool check_judge(struct check *check, const char *unseen)
{
	const struct expectation *each = check->expectations->first;
	bool good = true;
	if (!check->options->allow_incomplete && !engine_counts(check->examination.run.engine)->engineio)
		check->verdicts.nothing = "no connection in it speaks Engine.IO";
	for (; good && each; each = each->next)
		good = verdicts_judge(
		    &check->verdicts, each, &check->examination.data, check->options->allow_incomplete ? NULL : unseen);
	if (!good)
		fputs("sioscope: no memory for the verdicts\n", stderr);
	return good;
}

/* The findings that were written are all known from then on. */
static bool check_apply_baseline(struct check *check)
{
	const struct options *options = check->options;
	struct findings *findings = check->examination.findings;
	if (!options->write_baseline)
		return !options->baseline || baseline_apply(&check->baseline, findings);
	if (!baseline_write(findings, options, options->write_baseline))
		return false;
	complain("%s: %zu %s known from now on", options->write_baseline, findings->count,
	    plural_choose(findings->count, "finding is", "findings are"));
	findings_keep_those(findings, baseline_forgets, &check->baseline);
	return true;
}

static int check_report(struct check *check)
{
	char text[LEDGER_TEXT];
	const struct html_report page = examine_page(&check->examination);
	struct verdicts_view view = {.verdicts = &check->verdicts,
	    .findings = check->examination.findings,
	    .sources = check->examination.run.input.sources,
	    .source_count = check->examination.run.input.source_count,
	    .unseen = examine_unseen(&check->examination, text),
	    .colours = output_writer(check->options).colours,
	    .mask = &check->options->mask,
	    .report = &page};
	run_report_unseen(&check->examination.run);
	bool applied = check_apply_baseline(check);
	view.known = check->baseline.known;
	if (!applied || !check_judge(check, view.unseen) || !formats_write(check->formats, check->options, &view))
		return EXIT_UNABLE;
	enum outcome outcome = verdicts_outcome(&check->verdicts);
	return outcome == OUTCOME_HELD ? EXIT_DONE : outcome == OUTCOME_BROKEN ? EXIT_BROKEN : EXIT_UNABLE;
}

static int check_examine(struct check *check)
{
	verdicts_init(&check->verdicts, &check->options->mask);
	int code = examine(&check->examination, check->options) ? check_report(check) : EXIT_UNABLE;
	if (check->examination.run.command_code > 0)
		complain("the command ended with exit code %d", check->examination.run.command_code);
	if (code == EXIT_DONE && !run_kept(&check->examination.run))
		code = EXIT_UNABLE;
	if (code == EXIT_DONE && check->examination.run.command_code > 0)
		code = check->examination.run.command_code;
	examine_end(&check->examination);
	verdicts_free(&check->verdicts);
	return code;
}

static bool check_spares_inputs(const struct options *options, const struct formats *formats)
{
	const char *held = options->write_baseline && inputs_hold(options, options->write_baseline)
	                       ? options->write_baseline
	                       : NULL;
	for (size_t i = 0; i < formats->count && !held; i++)
		if (formats->wanted[i].file && inputs_hold(options, formats->wanted[i].file))
			held = formats->wanted[i].file;
	if (held)
		complain("%s: is read by this run and would be written over", held);
	return !held;
}

static int check_run(const struct options *options)
{
	struct expectations expectations;
	struct formats formats;
	struct check check = {.options = options, .expectations = &expectations, .formats = &formats};
	expectations_init(&expectations);
	bool good = formats_read(&formats, options->format) && check_spares_inputs(options, &formats) &&
	            check_read_expectations(options, &expectations) &&
	            baseline_open(&check.baseline, options->write_baseline ? NULL : options->baseline);
	int code = good ? check_examine(&check) : EXIT_UNABLE;
	buffer_free(&check.baseline.text);
	formats_free(&formats);
	expectations_free(&expectations);
	return code;
}

/* ---- help */

static const char *const check_help[] = {
    "  sioscope check -r run.pcap --expect e2e.expect",
    "  sioscope check -r run.pcap -e 'none(findings where severity == error)'",
    "  sioscope check -i lo --expect e2e.expect port 3000 -- npm test",
    "",
    "An expectation is a condition over three tables. A file has one per line; a line",
    "that begins with white space continues the previous one; # begins a comment.",
    "",
    "  sessions                                     there is at least one",
    "  count(sessions where transport == websocket) >= 1",
    "  none(findings where code == \"environ-race\" and confidence >= likely)",
    "  every(sessions: count(findings) == 0)",
    "  some(events where name == \"join\" and data[0].room == \"lobby\")",
    "  p95(latency of events where name == \"save\") < 500ms",
    "  first(events where name == \"welcome\") before first(events where name == \"join\")",
    "  within 2s of open: some(events where type == connect and dir == \"s>c\")",
    "",
    "count none some every first last min max sum mean p50 p95 p99 take a table, or",
    "`FIELD of` a table, with an optional `where`; none, some and every also take `:`",
    "and a condition on each row. Operators: == != < <= > >=, ~ and !~ (regular",
    "expression), in [a, b], and or not, + - * /. A missing value is null; null equals",
    "only null, and every < or > with it is false. Tables inside a row's condition are",
    "those of the row's session.",
    "",
    "Exit code: 0 held; 1 broken; 2 could not tell, because part of the traffic was not",
    "captured (--allow-incomplete accepts that). What was seen stays proven even then",
    "(some, count(...) >= 3).",
    "",
    "Fields (latency and answered look ahead to the event's answer or ack):",
};

static void check_describe_fields(enum query_table table)
{
	const struct text_writer writer = {.out = stdout};
	char label[24], names[1024] = "";
	size_t used = 0;
	const struct query_field *field;
	for (size_t nth = 0; (field = query_field_nth(nth)); nth++)
		if (field->tables & table)
			used += (size_t)snprintf(
			    names + used, sizeof names - used, "%s%s", used ? " " : "", field->name);
	snprintf(label, sizeof label, "%-9s ", query_table_name(table));
	text_label(&writer, STYLE_PLAIN, 2, label, "%s", names);
}

static void check_describe(void)
{
	for (size_t i = 0; i < sizeof check_help / sizeof *check_help; i++)
		puts(check_help[i]);
	check_describe_fields(TABLE_SESSIONS);
	check_describe_fields(TABLE_EVENTS);
	check_describe_fields(TABLE_FINDINGS);
}

const struct command command_check = {
    .name = "check",
    .bit = FOR_CHECK,
    .words = "[options] -r CAPTURE ['BPF filter'] [-- COMMAND]",
    .summary = "expectations on a capture: held, broken, could not tell",
    .run = check_run,
    .describe = check_describe,
};
