/*
 * Long lines that a container's runtime cuts in parts, each a line of its file. CRI marks them (kubelet's
 * docs/…/logging: "P" for a part, "F" for the last one, or a line that is whole); Docker's json-file cuts at 16 KiB,
 * and only the last part ends the line; collectors keep CRI's mark as `logtag`.
 */
#include "base/json.h"
#include "source/log_line.h"

enum { PARTS_DOCKER = 16 << 10 };

/* ---- CRI: time, stream, mark, text */

struct cri_line {
	struct slice stream, text;
	bool is_part;
};

static bool parts_read_cri(struct slice line, struct cri_line *cri)
{
	struct slice rest = slice_take(line, LOG_PREFIX), time = slice_take_until(&rest, ' ');
	cri->stream = slice_take_until(&rest, ' ');
	struct slice marks = slice_take_until(&rest, ' '), first = marks;
	struct slice mark = slice_take_until(&first, ':'); /* others may follow */
	bool is_cri = time.len >= 20 && time.at[10] == 'T' && marks.len &&
	              (slice_equals(cri->stream, SLICE("stdout")) || slice_equals(cri->stream, SLICE("stderr")));
	if (!is_cri)
		return false;
	cri->is_part = slice_equals(mark, SLICE("P"));
	cri->text = slice_drop(line, (size_t)(marks.at + marks.len - line.at) + 1);
	return cri->is_part || slice_equals(mark, SLICE("F"));
}

/* ---- JSON: the text between its quotes */

struct json_line {
	struct slice text, stream;
	bool is_part;
};

static bool parts_read_json(struct slice line, struct json_line *json)
{
	struct slice object = log_find_object(line), value;
	*json = (struct json_line){0};
	if (!object.len || !json_find_member(object, "log", &value) || json_kind_of(value) != JSON_STRING)
		return false;
	json->text = json_inside_quotes(value);
	if (json_find_member(object, "stream", &value))
		json->stream = json_inside_quotes(value);
	bool is_marked = json_find_member(object, "logtag", &value);
	json->is_part = is_marked ? json_string_is(value, "P")
	                          : json->text.len >= PARTS_DOCKER && !slice_ends_with(json->text, SLICE("\\n"));
	return true;
}

/* ---- both */

bool log_is_part(struct slice line)
{
	struct cri_line cri;
	struct json_line json;
	if (slice_starts_with(line, SLICE("{")))
		return parts_read_json(line, &json) && json.is_part;
	return parts_read_cri(line, &cri) && cri.is_part;
}

/* The mark of the whole is that of its last part. */
static bool parts_join_cri(struct buffer *whole, const struct cri_line *known, const struct cri_line *more)
{
	uint8_t *mark = whole->at + (known->text.at - whole->at) - 2;
	if (!slice_equals(known->stream, more->stream))
		return false;
	*mark = more->is_part ? 'P' : 'F';
	return buffer_append(whole, more->text);
}

static bool parts_join_json(struct buffer *whole, const struct json_line *known, struct slice line)
{
	struct json_line more;
	struct buffer joined;
	if (!parts_read_json(line, &more) || !slice_equals(known->stream, more.stream))
		return false;
	/* What is behind the text is the last part's, with its mark. */
	buffer_init(&joined, whole->limit, NULL);
	buffer_append(&joined, slice_of(whole->at, (size_t)(known->text.at + known->text.len - whole->at)));
	buffer_append(&joined, more.text);
	buffer_append(&joined, slice_drop(line, (size_t)(more.text.at + more.text.len - line.at)));
	bool fits = !joined.truncated;
	if (fits) {
		buffer_clear(whole);
		buffer_append(whole, buffer_slice(&joined));
	}
	buffer_free(&joined);
	return fits;
}

bool log_join_part(struct buffer *whole, struct slice line)
{
	struct slice known = buffer_slice(whole);
	struct cri_line cri, more;
	struct json_line json;
	if (slice_starts_with(known, SLICE("{")))
		return parts_read_json(known, &json) && parts_join_json(whole, &json, line);
	return parts_read_cri(known, &cri) && parts_read_cri(line, &more) && parts_join_cri(whole, &cri, &more);
}
