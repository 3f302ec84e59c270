/* Secrets are told by the name that stands before them. */
#include "base/mask.h"

#include "base/fnv.h"
#include "base/mask_name.h"
#include "platform/random.h"

#include <time.h>

void mask_init(struct mask *mask)
{
	*mask = (struct mask){0};
	if (!platform_fill_random(&mask->salt, sizeof mask->salt))
		mask->salt = (uint64_t)time(NULL) * UINT64_C(0x9e3779b97f4a7c15);
}

/* ---- values */

enum { MASK_DIGITS = 6 };

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
	char digest[MASK_DIGITS];
	if (mask->nameless) {
		buffer_append_text(out, "‹masked›");
		return;
	}
	uint64_t number = mask_digest(mask, secret);
	for (size_t i = MASK_DIGITS; i--; number >>= 4)
		digest[i] = hex[number & 15];
	buffer_append_text(out, "‹masked ");
	buffer_append(out, slice_of(digest, MASK_DIGITS));
	buffer_append_text(out, "›");
}

/* ---- text */

static size_t mask_name_length(struct slice text)
{
	size_t len = 0;
	while (len < text.len && mask_name_has(text.at[len]))
		len++;
	return len;
}

static size_t mask_skip_blank(struct slice text, size_t at)
{
	while (at < text.len && (text.at[at] == ' ' || text.at[at] == '\t'))
		at++;
	return at;
}

/* The quote that may close a key, blanks, `=` or `:` (or %3D), blanks, the quote that may open the value: how long all
 * that is; 0 when no value follows. */
static size_t mask_separator_length(struct slice text, uint8_t *quote)
{
	size_t at = 0;
	*quote = 0;
	if (at < text.len && text.at[at] == '\\')
		at++;
	if (at < text.len && (text.at[at] == '"' || text.at[at] == '\''))
		at++;
	at = mask_skip_blank(text, at);
	if (at >= text.len || (text.at[at] != '=' && text.at[at] != ':'))
		return 0;
	at = mask_skip_blank(text, at + 1);
	if (at + 1 < text.len && text.at[at] == '\\')
		at++;
	if (at < text.len && (text.at[at] == '"' || text.at[at] == '\''))
		*quote = text.at[at++];
	return at;
}

/* The values of these go to the end of their line: they hold blanks and semicolons. */
static bool mask_takes_line(struct slice name)
{
	return slice_equals_nocase(name, "cookie") || slice_equals_nocase(name, "set-cookie") ||
	       slice_equals_nocase(name, "authorization") || slice_equals_nocase(name, "proxy-authorization");
}

static bool mask_ends_value(uint8_t byte, uint8_t quote, bool line)
{
	if (byte == '\r' || byte == '\n')
		return true;
	if (quote)
		return byte == quote || byte == '\\';
	return !line && (byte <= ' ' || strchr("&;,\"'}])>", byte));
}

static size_t mask_value_length(struct slice text, uint8_t quote, bool line)
{
	size_t len = 0;
	while (len < text.len && !mask_ends_value(text.at[len], quote, line))
		len++;
	return len;
}

/* Something that must not be shown, in a text. */
struct mask_find {
	size_t begin, end; /* of the secret itself */
};

/* A name stands at `at`. Returns where to look on; `find` holds the value when that is a secret. */
static size_t mask_read_name(const struct mask *mask, struct slice text, size_t at, struct mask_find *find)
{
	uint8_t quote;
	struct slice rest = slice_drop(text, at);
	struct slice name = slice_take(rest, mask_name_length(rest));
	size_t after = at + name.len;
	size_t separator = mask_separator_length(slice_drop(text, after), &quote);
	if (!separator || !mask_is_secret(mask, name))
		return after;
	struct slice value = slice_drop(text, after + separator);
	value = slice_take(value, mask_value_length(value, quote, mask_takes_line(name)));
	bool opens = value.len && (*value.at == '{' || *value.at == '[');
	size_t begin = after + separator;
	if (!value.len || (opens && !quote) || slice_starts_with(value, SLICE("‹masked")))
		return begin;
	*find = (struct mask_find){begin, begin + value.len};
	return find->end;
}

/* "://user:password@" at `at`: where to look on, or the next byte: it is no such thing. */
static size_t mask_read_userinfo(struct slice text, size_t at, struct mask_find *find)
{
	size_t end = at + 3, colon = 0;
	if (!slice_starts_with(slice_drop(text, at), SLICE("://")))
		return at + 1;
	while (end < text.len && text.at[end] > ' ' && !strchr("/?#\"'<>@", text.at[end])) {
		if (!colon && text.at[end] == ':')
			colon = end + 1;
		end++;
	}
	if (end >= text.len || text.at[end] != '@' || !colon || colon == end)
		return at + 1;
	if (!slice_starts_with(slice_drop(text, colon), SLICE("‹masked")))
		*find = (struct mask_find){colon, end};
	return end;
}

/* The first secret from `at` on; false when there is none. */
static bool mask_find_next(const struct mask *mask, struct slice text, size_t at, struct mask_find *find)
{
	*find = (struct mask_find){0};
	while (at < text.len && !find->end) {
		if (mask_name_has(text.at[at]))
			at = mask_read_name(mask, text, at, find);
		else if (text.at[at] == ':')
			at = mask_read_userinfo(text, at, find);
		else
			at++;
	}
	return find->end;
}

void mask_write_text(const struct mask *mask, struct slice text, struct buffer *out)
{
	struct mask_find find = {0};
	size_t at = 0;
	while (!mask->shows && mask_find_next(mask, text, at, &find)) {
		buffer_append(out, slice_take(slice_drop(text, at), find.begin - at));
		mask_write(mask, slice_take(slice_drop(text, find.begin), find.end - find.begin), out);
		at = find.end;
	}
	buffer_append(out, slice_drop(text, at));
}

/* ---- JSON */

static struct slice mask_unquote(struct slice token)
{
	return token.len >= 2 ? slice_of(token.at + 1, token.len - 2) : token;
}

static bool mask_concerns(void *self, struct slice key)
{
	return mask_name_read(self, mask_unquote(key)) != 0;
}

/* A string in which a secret may stand with its name: the token's own escapes stay as they are. */
static bool mask_replace_address(const struct mask *mask, struct slice value, struct buffer *out)
{
	struct mask_find find;
	struct buffer masked;
	if (!mask_find_next(mask, value, 0, &find))
		return false;
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	mask_write_text(mask, value, &masked);
	json_write_value(out, buffer_slice(&masked), NULL);
	buffer_free(&masked);
	return true;
}

/* An object is no secret by its key alone: its own members are looked at. A key may be a
 * module's name, `app___auth____auth_state`. */
static bool mask_replace(void *self, struct slice key, struct slice value, struct buffer *out)
{
	enum json_kind kind = json_kind_of(value);
	if (!mask_is_secret(self, mask_unquote(key)))
		return kind == JSON_STRING && mask_replace_address(self, value, out);
	bool is_secret = (kind == JSON_STRING && value.len > 2) || kind == JSON_NUMBER ||
	                 (kind == JSON_ARRAY && value.len > 2);
	if (!is_secret)
		return false;
	buffer_append_byte(out, '"');
	mask_write(self, kind == JSON_STRING ? mask_unquote(value) : value, out);
	buffer_append_byte(out, '"');
	return true;
}

struct json_rules mask_rules(const struct mask *mask)
{
	if (mask->shows)
		return (struct json_rules){0};
	return (struct json_rules){.concerns = mask_concerns, .replace = mask_replace, .self = (void *)mask};
}
