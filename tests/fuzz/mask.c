/* The redactor: a canary, written down in one way and encoded in others, between any texts, survives in no form. */
#include "base/mask_scan.h"
#include "base/text.h"
#include "tests/fuzz/demand.h"

#include <ctype.h>

#define CANARY "CANARY7Z42xQ"

/* ---- how it is written down, and encoded */

static const char *const shapes[] = {"{\"token\":\"" CANARY "\"}", "{\"a\":[{\"passWord\": \"" CANARY "\"}]}",
    "password=" CANARY, "Bearer " CANARY, "('authorization', '" CANARY "')",
    "{\"name\":\"cookie\",\"value\":\"" CANARY "\"}", "{\"value\":\"" CANARY "\",\"name\":\"cookie\"}",
    "postgres://u:" CANARY "@h/db", "/x?a=1&access_token=" CANARY "&b", "Cookie: a=1; s=" CANARY "\nX: y",
    "eyJhbGciOi." CANARY, "token is " CANARY, "{'auth': {'inner': '" CANARY "'}}", "{\"tokens\":[\"" CANARY "\"]}",
    "[\"Cookie\",\"" CANARY "\"]", "sessionID: " CANARY, "auth[x]=" CANARY};

enum encoding { ENCODE_JSON, ENCODE_PERCENT, ENCODE_ALL_PERCENT, ENCODE_BASE64, ENCODE_HEX, ENCODE_MEMBER, ENCODINGS };

static void encode(enum encoding how, struct slice text, struct buffer *out)
{
	static const char plain[] = "-._~";
	if (how == ENCODE_BASE64) {
		base64_write(out, text);
	} else if (how == ENCODE_JSON) {
		json_write_string(out, text);
	} else if (how == ENCODE_MEMBER) {
		buffer_append_text(out, "{\"x\": ");
		json_write_string(out, text);
		buffer_append_byte(out, '}');
	} else {
		for (size_t i = 0; i < text.len; i++) {
			uint8_t byte = text.at[i];
			bool stays = how == ENCODE_PERCENT && byte && (isalnum(byte) || strchr(plain, byte));
			buffer_append_format(out, how == ENCODE_HEX ? "%02x" : stays ? "%c" : "%%%02X", byte);
		}
	}
}

/* ---- what must not be there: it, and its digits and letters in base64 (behind none, one or two bytes) and hexadecimal
 */

static bool holds(struct slice text, struct slice part)
{
	return slice_find(text, part) < text.len;
}

static bool shows(struct slice written)
{
	struct buffer form;
	buffer_init(&form, BUFFER_NO_LIMIT, NULL);
	encode(ENCODE_HEX, SLICE(CANARY), &form);
	bool found = holds(written, SLICE(CANARY)) || holds(written, buffer_slice(&form));
	for (size_t before = 0; before < 3; before++) {
		buffer_clear(&form);
		base64_write(&form, slice_of(&"??" CANARY[2 - before], before + sizeof CANARY - 1));
		/* Without the letters that have bits of what is before or behind. */
		size_t first = before ? 4 : 0, whole = (before + sizeof CANARY - 1) / 3 * 4;
		found |= holds(written, slice_take(slice_drop(buffer_slice(&form), first), whole - first));
	}
	buffer_free(&form);
	return found;
}

static void demand_hidden(struct slice written)
{
	demand(!shows(written));
}

/* The short ways of mask_text_holds say what the scan says. */
static void check_short_ways(const struct mask *mask, struct slice text)
{
	struct scan scan = {.mask = mask, .text = text};
	struct find find;
	demand(mask_text_holds(mask, text) == mask_scan_finds(&scan, 0, &find));
}

static void check_text(const struct mask *mask, struct slice text)
{
	struct buffer out, again, copy, visible;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	buffer_init(&again, BUFFER_NO_LIMIT, NULL);
	buffer_init(&copy, BUFFER_NO_LIMIT, NULL);
	buffer_init(&visible, BUFFER_NO_LIMIT, NULL);
	mask_write_text(mask, text, &out);
	demand_hidden(buffer_slice(&out));
	demand(mask_text_holds(mask, text) == !slice_equals(buffer_slice(&out), text));
	buffer_append(&copy, text);
	mask_fill_bytes(mask, copy.at, copy.len);
	demand_hidden(buffer_slice(&copy));
	mask_write_visible(mask, text, &visible);
	demand_hidden(buffer_slice(&visible));
	buffer_free(&out);
	buffer_free(&again);
	buffer_free(&copy);
	buffer_free(&visible);
}

/* As one string of a line, as bytes in it, and as a payload when it is JSON itself. */
static void check_json(const struct mask *mask, struct slice text)
{
	struct buffer line, out, again;
	buffer_init(&line, BUFFER_NO_LIMIT, NULL);
	buffer_init(&again, BUFFER_NO_LIMIT, NULL);
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	buffer_append_text(&line, "{\"type\":\"event\",\"name\":\"e\",\"data\":[");
	json_write_string(&line, text);
	buffer_append_byte(&line, ',');
	json_write_binary(&line, text);
	if (json_is_valid(text)) {
		buffer_append_byte(&line, ',');
		json_write_value(&line, text, NULL);
	}
	buffer_append_text(&line, "]}");
	demand(json_is_valid(buffer_slice(&line)));
	demand(mask_write_json(mask, buffer_slice(&line), slice_of(NULL, 0), &out));
	demand(json_is_valid(buffer_slice(&out)));
	demand_hidden(buffer_slice(&out));
	mask_write_line(mask, buffer_slice(&line), strlen("{"), line.len, &again);
	demand(slice_equals(buffer_slice(&again), buffer_slice(&out)));
	buffer_free(&again);
	buffer_free(&line);
	buffer_free(&out);
}

/* Any bytes are read within their bounds, and what is no JSON as well. */
static void check_any(const struct mask *mask, struct slice bytes)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	check_short_ways(mask, bytes);
	mask_write_text(mask, bytes, &out);
	mask_write_json(mask, bytes, slice_take(bytes, 8), &out);
	buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { HEAD = 6, NESTED = 3 };
	static struct mask_memory memory;
	mask_memory_init(&memory);
	const struct mask mask = {.salt = 1, .memory = size & 1 ? &memory : NULL};
	struct buffer inner, outer;
	check_any(&mask, slice_of(data, size));
	/* The fuzzer learns what is looked for, and writes parts of it around. */
	struct slice input = slice_of(data, size);
	if (size < HEAD || shows(input) || holds(input, SLICE("NARY7Z")) || holds(input, SLICE("41525937")))
		return 0;
	buffer_init(&inner, BUFFER_NO_LIMIT, NULL);
	buffer_init(&outer, BUFFER_NO_LIMIT, NULL);
	buffer_append_text(&inner, shapes[data[0] % (sizeof shapes / sizeof *shapes)]);
	for (size_t i = 0; i < data[1] % (NESTED + 1u); i++) {
		buffer_clear(&outer);
		encode(data[2 + i] % ENCODINGS, buffer_slice(&inner), &outer);
		struct buffer swap = inner;
		inner = outer;
		outer = swap;
	}
	/* Between texts of the input, parted from them by a line's end: no quote or name of theirs reaches into it. */
	struct slice around = slice_of(data + HEAD, size - HEAD);
	struct slice before = slice_take(around, data[HEAD - 1]);
	buffer_clear(&outer);
	buffer_append(&outer, before);
	buffer_append_byte(&outer, '\n');
	buffer_append(&outer, buffer_slice(&inner));
	buffer_append_byte(&outer, '\n');
	buffer_append(&outer, slice_drop(around, before.len));
	check_text(&mask, buffer_slice(&outer));
	check_json(&mask, buffer_slice(&outer));
	check_json(&mask, buffer_slice(&inner));
	buffer_free(&inner);
	buffer_free(&outer);
	return 0;
}
