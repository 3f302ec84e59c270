/* What replaces a secret, and secrets in JSON. */
#include "base/mask.h"

#include "base/block.h"
#include "base/mask_names.h"
#include "base/text.h"
#include "platform/system.h"

#include <time.h>

void mask_init(struct mask *mask)
{
	*mask = (struct mask){0};
	if (!platform_fill_random(&mask->salt, sizeof mask->salt))
		mask->salt = (uint64_t)time(NULL) * UINT64_C(0x9e3779b97f4a7c15);
}

/* ---- what replaces it */

enum { MASK_DIGEST = 6 };

/* FNV-1a from the salt on, with a last mixing so that all bits count. */
static uint64_t mask_digest(const struct mask *mask, struct slice secret)
{
	uint64_t hash = fnv_add(mask->salt ^ FNV_START, secret.at, secret.len);
	hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ (hash >> 29) ^ mask->salt;
}

void mask_write(const struct mask *mask, struct slice secret, struct buffer *out)
{
	static const char hex[] = "0123456789abcdef";
	char digest[MASK_DIGEST];
	if (mask->nameless) {
		buffer_append_text(out, "‹masked›");
		return;
	}
	uint64_t number = mask_digest(mask, secret);
	for (size_t i = MASK_DIGEST; i--; number >>= 4)
		digest[i] = hex[number & 15];
	buffer_append_text(out, "‹masked ");
	buffer_append(out, slice_of(digest, MASK_DIGEST));
	buffer_append_text(out, "›");
}

/* ---- JSON */

/* An object or an array that is being read. */
struct mask_level {
	uint16_t means; /* all within is a secret, as the name before it says: MASK_WHOLE, MASK_STRING */
	uint16_t named; /* of an object: a member has named the secret beside it; of an array: the element before */
	bool is_beside; /* that name is a member's value: names within are no secrets, {"key": "theme"} */
	bool is_object;
	bool is_even;    /* of an array: the next element is the first, third, … */
	bool is_connect; /* a line of the timeline about a CONNECT packet: its data, when it is a string, is its auth */
};

enum { MASK_LEVELS = JSON_DEPTH + 16 }; /* ours are around those of the wire */

/* Members of our own lines, which are at depth 1. */
enum json_own {
	OWN_NONE,
	OWN_SHOWN, /* times, addresses, and the sid, without which no report can be read */
	OWN_TYPE,
	OWN_DATA,
};

struct mask_json {
	const struct mask *mask;
	struct buffer *out;
	const uint8_t *at, *end;
	const uint8_t *run; /* what lies between here and `at` is still to be copied */
	bool changed;
	unsigned key_means; /* of the member whose value comes next */
	enum json_own own;  /* its key is one of our own lines */
	bool is_base64;
	struct mask_level *levels; /* MASK_LEVELS */
	size_t depth;
};

static struct slice json_span(const uint8_t *from, const uint8_t *to)
{
	return slice_of(from, (size_t)(to - from));
}

/* Puts what `instead` holds, or the mask of `value`, in place of `value`. */
static void json_replace(struct mask_json *json, struct slice value, const struct buffer *instead, bool quoted)
{
	buffer_append(json->out, json_span(json->run, value.at));
	buffer_append(json->out, quoted ? SLICE("\"") : SLICE(""));
	if (instead)
		buffer_append(json->out, buffer_slice(instead));
	else
		mask_write(json->mask, value, json->out);
	buffer_append(json->out, quoted ? SLICE("\"") : SLICE(""));
	json->run = value.at + value.len;
	json->changed = true;
}

static void json_replace_text(struct mask_json *json, struct slice inside)
{
	struct buffer masked;
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	mask_write_text(json->mask, inside, &masked);
	json_replace(json, inside, &masked, false);
	json->out->truncated |= masked.truncated;
	buffer_free(&masked);
}

/* Bytes in base64 stay base64. What is none is masked wholly. */
static void json_mask_base64(struct mask_json *json, struct slice inside)
{
	struct buffer bytes, masked;
	buffer_init(&bytes, BUFFER_NO_LIMIT, NULL);
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	bool good = base64_read(&bytes, inside);
	if (good && mask_text_holds(json->mask, buffer_slice(&bytes))) {
		struct buffer again;
		buffer_init(&again, BUFFER_NO_LIMIT, NULL);
		mask_write_text(json->mask, buffer_slice(&bytes), &masked);
		base64_write(&again, buffer_slice(&masked));
		json_replace(json, inside, masked.truncated || again.truncated ? NULL : &again, false);
		buffer_free(&again);
	} else if (!good && mask_text_holds(json->mask, inside)) {
		json_replace_text(json, inside);
	}
	buffer_free(&bytes);
	buffer_free(&masked);
}

/* What is between the quotes; the closing one is missing when the JSON is cut. */
static struct slice json_inside(struct slice token)
{
	size_t closes = token.len > 1 && token.at[token.len - 1] == '"';
	return slice_of(token.at + 1, token.len - 1 - closes);
}

/* ---- which strings are secrets */

static enum json_own json_own_key(struct slice key)
{
	static const struct slice shown[] = {SLICE("time"), SLICE("conn"), SLICE("sid"), SLICE("dir"),
	    SLICE("transport"), SLICE("asked"), SLICE("requested")};
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		if (slice_equals(key, shown[i]))
			return OWN_SHOWN;
	return slice_equals(key, SLICE("type")) ? OWN_TYPE : slice_equals(key, SLICE("data")) ? OWN_DATA : OWN_NONE;
}

enum { MASK_BESIDE = 256 }; /* how far behind a value its name is looked for */

/* {"value": "…", "name": "cookie"}: what the value that ends at `at` is called behind it. */
static unsigned json_named_behind(const struct mask_json *json)
{
	struct slice rest = json_span(json->at, json->end), key, value;
	rest = slice_take(rest, MASK_BESIDE);
	while (rest.len && json_is_space(*rest.at))
		rest = slice_drop(rest, 1);
	while (rest.len && *rest.at == ',') {
		rest = slice_drop(rest, 1);
		if (!json_take_value(&rest, &key))
			return 0;
		while (rest.len && (json_is_space(*rest.at) || *rest.at == ':'))
			rest = slice_drop(rest, 1);
		if (!json_take_value(&rest, &value))
			return 0;
		unsigned means = mask_value_names(json->mask, json_inside_quotes(value));
		if (means && (mask_name_means(json->mask, json_inside_quotes(key)) & MASK_NAMING))
			return means;
	}
	return 0;
}

/* What the names before a value say of it: its key's, its object's, one beside it. */
static unsigned json_value_means(const struct mask_json *json)
{
	const struct mask_level *level = &json->levels[json->depth];
	unsigned means = json->key_means & (MASK_SECRET | MASK_DIGITS | MASK_NUMBER | MASK_NAMING);
	if (json->key_means & MASK_VALUE) {
		unsigned named = level->named ? level->named : json_named_behind(json);
		means |= named & (MASK_SECRET | MASK_DIGITS);
	}
	bool is_name = level->is_beside && (json->key_means & MASK_NAMING);
	return means | (is_name ? 0 : level->means);
}

/* The string is the last of its array. */
static bool json_ends_array(const struct mask_json *json)
{
	const uint8_t *at = json->at;
	while (at < json->end && json_is_space(*at))
		at++;
	return at < json->end && *at == ']';
}

/* ["authorization", "…"]: the second of a pair; in a longer list of names and values, what looks like a secret. */
static unsigned json_element_means(struct mask_json *json, struct slice inside)
{
	struct mask_level *level = &json->levels[json->depth];
	unsigned named = level->named, means = level->means;
	level->named = 0;
	if (level->is_even)
		level->named = (uint16_t)mask_value_names(json->mask, inside);
	else if (named && !mask_is_plain_name(json->mask, inside))
		means |= json_ends_array(json) || (named & MASK_LINE) ? named & MASK_SECRET : MASK_RANDOM;
	return means;
}

/* `token` has its quotes; json->at is behind it. */
static void json_take_string(struct mask_json *json, struct slice token)
{
	struct slice inside = json_inside(token);
	struct mask_level *level = &json->levels[json->depth];
	if (json->own == OWN_TYPE)
		level->is_connect = slice_equals_text(inside, "connect");
	if (json->own == OWN_TYPE || json->own == OWN_SHOWN)
		return;
	unsigned means = !level->is_object && json->depth ? json_element_means(json, inside) : json_value_means(json);
	if (level->is_object && (json->key_means & MASK_NAMING)) {
		unsigned named = mask_value_names(json->mask, inside);
		level->named = named ? (uint16_t)named : level->named;
	}
	if (level->is_connect && json->own == OWN_DATA)
		means |= MASK_WHOLE;
	if (mask_takes_value(means, inside))
		json_replace(json, inside, NULL, false);
	else if (json->is_base64)
		json_mask_base64(json, inside);
	else if (mask_text_holds(json->mask, inside))
		json_replace_text(json, inside);
}

static void json_take_number(struct mask_json *json, struct slice number)
{
	const struct mask_level *level = &json->levels[json->depth];
	unsigned means = level->is_object || !json->depth ? json_value_means(json) : level->means;
	bool may_be = (means & MASK_WHOLE) || (json->key_means & MASK_NUMBER);
	if (may_be && mask_takes_value(means, number))
		json_replace(json, number, NULL, true);
}

/* ---- the walk */

static void json_forget_key(struct mask_json *json)
{
	json->key_means = 0;
	json->own = OWN_NONE;
	json->is_base64 = false;
}

static void json_open(struct mask_json *json, bool is_object)
{
	const struct mask_level *outer = &json->levels[json->depth];
	unsigned means = outer->is_object ? json->key_means : 0;
	bool is_beside = (means & MASK_VALUE) && outer->named && !(means & MASK_SECRET);
	if (is_beside)
		means |= outer->named;
	if (json->depth + 1 < MASK_LEVELS)
		json->depth++;
	json->levels[json->depth] = (struct mask_level){.is_object = is_object,
	    .is_even = true,
	    .is_beside = is_beside || outer->is_beside,
	    .means = (uint16_t)((means & (MASK_WHOLE | MASK_STRING)) | outer->means)};
	json_forget_key(json);
}

/* A key under which all is a secret may be one itself, when it looks so: {"tokens": {"3fa9c1…": …}}. */
static void json_take_key(struct mask_json *json, struct slice token)
{
	struct slice inside = json_inside(token);
	json->own = json->depth == 1 ? json_own_key(inside) : OWN_NONE;
	json->is_base64 = slice_equals(inside, SLICE("$binary")) ||
	                  (json->depth == 1 && slice_equals(inside, SLICE("raw")));
	json->key_means = json->own == OWN_SHOWN || json->own == OWN_TYPE ? 0 : mask_key_means(json->mask, inside);
	if (json->levels[json->depth].means && mask_is_random(inside, MASK_RANDOM_SHORT))
		json_replace(json, inside, NULL, false);
	else if (json->key_means & MASK_HOLDS)
		json_replace_text(json, inside);
}

static const uint8_t *json_string_end(const uint8_t *at, const uint8_t *end)
{
	for (at++;;) {
		while (end - at >= BLOCK_SIZE) {
			block bytes = block_load(at);
			uint32_t bits = block_bits(block_or(block_equal(bytes, '"'), block_equal(bytes, '\\')));
			at += bits ? __builtin_ctz(bits) : BLOCK_SIZE;
			if (bits)
				break;
		}
		while (at < end && *at != '"' && *at != '\\')
			at++;
		if (at >= end || *at == '"')
			return at < end ? at + 1 : end;
		at += end - at > 1 ? 2 : 1;
	}
}

/* A string is a key when a colon follows it. */
static void json_take_token(struct mask_json *json)
{
	const uint8_t *first = json->at, *behind;
	json->at = behind = json_string_end(first, json->end);
	while (behind < json->end && json_is_space(*behind))
		behind++;
	bool is_key = behind < json->end && *behind == ':';
	if (is_key)
		json_take_key(json, json_span(first, json->at));
	else
		json_take_string(json, json_span(first, json->at));
	if (is_key)
		json->at = behind + 1;
}

static const bool json_in_number[256] = {
    ['0' ... '9'] = true, ['+'] = true, ['-'] = true, ['.'] = true, ['e'] = true, ['E'] = true};

static void json_take_digits(struct mask_json *json)
{
	const uint8_t *first = json->at;
	while (json->at < json->end && json_in_number[*json->at])
		json->at++;
	json_take_number(json, json_span(first, json->at));
}

static void json_take_sign(struct mask_json *json)
{
	struct mask_level *level = &json->levels[json->depth];
	switch (*json->at++) {
	case '{':
		json_open(json, true);
		break;
	case '[':
		json_open(json, false);
		break;
	case '}':
	case ']':
		json->depth -= json->depth > 0;
		break;
	case ',':
		level->is_even = !level->is_even;
		json_forget_key(json);
		break;
	default:
		break;
	}
}

static bool json_walk(struct mask_json *json)
{
	while (json->at < json->end) {
		uint8_t byte = *json->at;
		if (byte == '"')
			json_take_token(json);
		else if (digits_is_decimal(byte) || byte == '-')
			json_take_digits(json);
		else
			json_take_sign(json);
	}
	if (json->changed)
		buffer_append(json->out, json_span(json->run, json->end));
	return json->changed;
}

bool mask_write_json(const struct mask *mask, struct slice text, struct slice named, struct buffer *out)
{
	struct mask_level levels[MASK_LEVELS];
	if (mask->shows || !text.len)
		return false;
	struct mask_json json = {
	    .mask = mask, .out = out, .at = text.at, .end = text.at + text.len, .run = text.at, .levels = levels};
	json.key_means = named.len ? mask_name_means(mask, named) : 0;
	levels[0] = (struct mask_level){.means = json.key_means & (MASK_WHOLE | MASK_STRING), .is_even = true};
	return json_walk(&json);
}

bool mask_write_line(const struct mask *mask, struct slice line, size_t begin, size_t end, struct buffer *out)
{
	struct mask_level levels[MASK_LEVELS];
	if (mask->shows || begin >= end || end > line.len)
		return false;
	struct mask_json json = {.mask = mask,
	    .out = out,
	    .at = line.at + begin,
	    .end = line.at + end,
	    .run = line.at,
	    .levels = levels,
	    .depth = 1};
	levels[0] = (struct mask_level){.is_even = true};
	levels[1] = (struct mask_level){.is_object = true, .is_even = true};
	bool changed = json_walk(&json);
	if (changed)
		buffer_append(out, slice_drop(line, end));
	return changed;
}
