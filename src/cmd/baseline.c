/*
 * A baseline is JSON: {"version":1,"findings":[{"code":…,"subject":…},…]}. The session is no part of it, for its number
 * is another in each run; so a known finding is known in every session.
 */
#include "cmd/baseline.h"

#include "base/json.h"
#include "cmd/beside.h"
#include "view/tree.h"

#include <errno.h>
#include <stdlib.h>

enum { BASELINE_BYTES = 16 << 20 };

/* A subject may quote what came over the wire: its secrets are no part of it. */
static bool baseline_write_subject(struct buffer *out, const struct finding *finding)
{
	const struct mask nameless = {.nameless = true};
	mask_write_text(&nameless, slice_of_text(finding->subject), out);
	return buffer_append_byte(out, '\0');
}

/* ---- reading */

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
	return good;
}

struct baseline {
	struct slice list; /* the array */
	uint64_t *known;
	struct budget memory; /* unlimited; counts what was refused */
};

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
	++*baseline->known;
	return false;
}

bool baseline_apply(struct findings *findings, const char *path, uint64_t *known)
{
	struct buffer text;
	struct baseline baseline = {.known = known, .memory = {.limit = SIZE_MAX}};
	buffer_init(&text, BASELINE_BYTES, &baseline.memory);
	bool read = baseline_read(&text, path);
	struct slice all = buffer_slice(&text);
	bool good = read && json_is_valid(all) && json_find_member(all, "findings", &baseline.list);
	if (good)
		findings_keep_those(findings, baseline_stays, &baseline);
	if (baseline.memory.refused)
		fprintf(stderr, "sioscope: %s: no memory for the baseline\n", path);
	else if (!good)
		fprintf(stderr, "sioscope: %s: %s\n", path,
		    read ? "is no baseline (write one with --write-baseline)" : strerror(errno));
	buffer_free(&text);
	return good && !baseline.memory.refused;
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

bool baseline_write(const struct findings *findings, const char *path)
{
	struct beside file;
	bool opened = beside_open(&file, path);
	bool written = opened && tree_print(file.out, baseline_tree(findings)) && fputc('\n', file.out) != EOF;
	if (opened && beside_close(&file, written))
		return true;
	fprintf(stderr, "sioscope: %s: %s\n", path, strerror(errno));
	return false;
}
