/* JSON: what is taken can be walked, and what is written reads back as itself. */
#include "base/json.h"

#include "tests/fuzz/demand.h"

#include <stdlib.h>

static bool lies_in(struct slice part, struct slice whole)
{
	return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

static void check_walk(struct slice value)
{
	struct slice found;
	size_t count = 0;
	for (struct json_walk walk = json_walk_into(value); json_walk_next(&walk); count++) {
		demand(walk.index == count && lies_in(walk.value, value) && json_is_valid(walk.value));
		demand(!walk.in_object || (lies_in(walk.key, value) && json_kind_of(walk.key) == JSON_STRING));
	}
	if (json_kind_of(value) == JSON_ARRAY) {
		demand(!json_find_element(value, count, &found));
		demand(!count || json_find_element(value, count - 1, &found));
	}
}

static void check_written(struct slice value)
{
	struct buffer once, twice;
	buffer_init(&once, BUFFER_NO_LIMIT, NULL);
	buffer_init(&twice, BUFFER_NO_LIMIT, NULL);
	demand(json_write_value(&once, value, NULL));
	demand(json_is_valid(buffer_slice(&once)));
	demand(json_write_value(&twice, buffer_slice(&once), NULL));
	demand(slice_equals(buffer_slice(&once), buffer_slice(&twice)));
	buffer_free(&once);
	buffer_free(&twice);
}

/* Any bytes as a string, its text, and as a string again. */
static void check_string(struct slice bytes)
{
	struct buffer token, text, again;
	buffer_init(&token, BUFFER_NO_LIMIT, NULL);
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	buffer_init(&again, BUFFER_NO_LIMIT, NULL);
	demand(json_write_string(&token, bytes) && json_is_valid(buffer_slice(&token)));
	demand(json_unescape(buffer_slice(&token), &text));
	demand(json_write_string(&again, buffer_slice(&text)));
	demand(slice_equals(buffer_slice(&token), buffer_slice(&again)));
	demand(buffer_append_byte(&text, 0));
	if (!memchr(text.at, 0, text.len - 1))
		demand(json_string_is(buffer_slice(&token), (const char *)text.at));
	buffer_free(&token);
	buffer_free(&text);
	buffer_free(&again);
}

static void check_number(struct slice value)
{
	int64_t whole;
	double number;
	bool read = json_read_number(value, &number);
	demand(read == (json_kind_of(value) == JSON_NUMBER));
	demand(!json_read_integer(value, &whole) || number == (double)whole);
}

static void check_rules(struct slice value)
{
	const struct slice attachments[] = {SLICE("foo"), SLICE("")};
	const struct json_rules rules = {.attachments = attachments, .attachment_count = 2};
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	demand(json_write_value(&out, value, &rules) && json_is_valid(buffer_slice(&out)));
	buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	struct slice value;
	check_string(text);
	while (json_take_value(&text, &value)) {
		demand(json_kind_of(value) != JSON_BAD && json_is_valid(value));
		check_walk(value);
		check_written(value);
		check_number(value);
		check_rules(value);
	}
	return 0;
}
