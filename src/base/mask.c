/* Secrets are recognised by the name before them. A name is read word by word. */
#include "base/mask.h"

#include "base/hash.h"
#include "platform/system.h"

#include <time.h>

/* ---- names: what its words say of a value */

enum mask_meaning {
	MASK_SECRET = 1,  /* what is called so is a secret */
	MASK_KEY = 2,     /* the same, after one of mask_keys */
	MASK_ADDRESS = 4, /* it may be an address, whose query or userinfo holds secrets */
	MASK_MEANINGS = MASK_SECRET | MASK_KEY | MASK_ADDRESS,
};

/* Letters and digits of ASCII, `_` and `-`: what a name in a text is made of. */
static bool mask_name_has(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26 || digits_is_decimal(byte) || byte == '_' || byte == '-';
}

struct mask_word {
	unsigned char len, means;
	const char *text;
};

#define WORD(text, means)                     \
	{                                     \
		sizeof(text) - 1, means, text \
	}

enum { MASK_ALIKE = 7 }; /* words that begin with one letter */

/* What the words of a key mean, by their first letter. */
static const struct mask_word mask_words[26][MASK_ALIKE] = {
    ['a' - 'a'] = {WORD("auth", MASK_SECRET), WORD("authorization", MASK_SECRET), WORD("authtoken", MASK_SECRET),
        WORD("apikey", MASK_SECRET), WORD("apisecret", MASK_SECRET), WORD("accesstoken", MASK_SECRET)},
    ['b' - 'a'] = {WORD("bearer", MASK_SECRET)},
    ['c' - 'a'] = {WORD("cookie", MASK_SECRET | MASK_ADDRESS), WORD("cookies", MASK_SECRET),
        WORD("credential", MASK_SECRET), WORD("credentials", MASK_SECRET), WORD("csrf", MASK_SECRET),
        WORD("csrftoken", MASK_SECRET)},
    ['h' - 'a'] = {WORD("header", MASK_ADDRESS), WORD("headers", MASK_ADDRESS), WORD("href", MASK_ADDRESS)},
    ['i' - 'a'] = {WORD("idtoken", MASK_SECRET)},
    ['j' - 'a'] = {WORD("jwt", MASK_SECRET)},
    ['k' - 'a'] = {WORD("key", MASK_KEY)},
    ['l' - 'a'] = {WORD("location", MASK_ADDRESS)},
    ['m' - 'a'] = {WORD("message", MASK_ADDRESS)},
    ['o' - 'a'] = {WORD("otp", MASK_SECRET)},
    ['p' - 'a'] = {WORD("password", MASK_SECRET), WORD("passwords", MASK_SECRET), WORD("passwd", MASK_SECRET),
        WORD("passphrase", MASK_SECRET), WORD("pwd", MASK_SECRET), WORD("path", MASK_ADDRESS),
        WORD("page", MASK_ADDRESS)},
    ['q' - 'a'] = {WORD("query", MASK_ADDRESS)},
    ['r' - 'a'] = {WORD("refreshtoken", MASK_SECRET), WORD("referer", MASK_ADDRESS), WORD("referrer", MASK_ADDRESS)},
    ['s' - 'a'] = {WORD("secret", MASK_SECRET), WORD("secrets", MASK_SECRET), WORD("secretkey", MASK_SECRET),
        WORD("sessionid", MASK_SECRET)},
    ['t' - 'a'] = {WORD("token", MASK_SECRET), WORD("tokens", MASK_SECRET), WORD("text", MASK_ADDRESS)},
    ['u' - 'a'] = {WORD("url", MASK_ADDRESS), WORD("uri", MASK_ADDRESS)},
    ['x' - 'a'] = {WORD("xsrf", MASK_SECRET)},
};

/* A key is a secret after these: an API key is, a primary key is not. */
static const char *const mask_keys[] = {"api", "access", "private", "session", "secret", "signing", "encryption"};

enum { MASK_NAME = 128 }; /* longer keys are no names */

enum mask_class { CLASS_OTHER, CLASS_SMALL, CLASS_DIGIT, CLASS_CAPITAL };

/* Of names only: no locale has a say. */
static const uint8_t mask_classes[256] = {
    ['0' ... '9'] = CLASS_DIGIT, ['A' ... 'Z'] = CLASS_CAPITAL, ['a' ... 'z'] = CLASS_SMALL};

/* A word begins at a capital after a small letter or digit (accessToken), and at one before a small letter (XSRFToken).
 */
static bool mask_begins_word(struct slice text, size_t at)
{
	if (mask_classes[text.at[at]] != CLASS_CAPITAL)
		return false;
	return mask_classes[text.at[at - 1]] != CLASS_CAPITAL ||
	       (at + 1 < text.len && mask_classes[text.at[at + 1]] == CLASS_SMALL);
}

/* The next word of a key: letters and digits up to another sign or the next word; digits at its end do not count. */
static struct slice mask_next_word(struct slice *rest)
{
	size_t begin = 0;
	while (begin < rest->len && mask_classes[rest->at[begin]] == CLASS_OTHER)
		begin++;
	size_t end = begin < rest->len ? begin + 1 : begin;
	while (end < rest->len && mask_classes[rest->at[end]] != CLASS_OTHER && !mask_begins_word(*rest, end))
		end++;
	struct slice word = slice_of(rest->at + begin, end - begin);
	*rest = slice_drop(*rest, end);
	while (word.len > 1 && mask_classes[word.at[word.len - 1]] == CLASS_DIGIT)
		word.len--;
	return word;
}

static unsigned mask_meaning_of(struct slice word)
{
	unsigned first = word.len ? (word.at[0] | 0x20U) - 'a' : 26;
	const struct mask_word *alike = first < 26 ? mask_words[first] : NULL;
	for (size_t i = 0; alike && i < MASK_ALIKE && alike[i].len; i++)
		if (alike[i].len == word.len && slice_equals_nocase(word, alike[i].text))
			return alike[i].means;
	return 0;
}

static bool mask_is_before_key(struct slice word)
{
	for (size_t i = 0; i < sizeof mask_keys / sizeof *mask_keys; i++)
		if (slice_equals_nocase(word, mask_keys[i]))
			return true;
	return false;
}

/* `name`'s words follow each other in `key`. */
static bool mask_holds_words(struct slice key, struct slice name)
{
	struct slice key_rest = key, name_rest = name, wanted;
	while ((wanted = mask_next_word(&name_rest)).len) {
		struct slice word = mask_next_word(&key_rest);
		if (word.len != wanted.len ||
		    strncasecmp((const char *)word.at, (const char *)wanted.at, word.len) != 0)
			return false;
	}
	return true;
}

static bool mask_is_own(const struct mask *mask, struct slice from)
{
	for (size_t i = 0; i < mask->name_count; i++)
		if (mask_holds_words(from, slice_of_text(mask->names[i])))
			return true;
	return false;
}

static unsigned mask_read_words(const struct mask *mask, struct slice key)
{
	struct slice before = slice_of(NULL, 0), word;
	bool is_name = key.len <= MASK_NAME;
	unsigned means = 0;
	for (struct slice rest = slice_take(key, MASK_NAME); rest.len; before = word) {
		struct slice from = rest;
		word = mask_next_word(&rest);
		unsigned meaning = mask_meaning_of(word);
		bool is_secret = (meaning & MASK_SECRET) || ((meaning & MASK_KEY) && mask_is_before_key(before)) ||
		                 (word.len && mask_is_own(mask, from));
		if (is_name && is_secret)
			return MASK_SECRET;
		means |= meaning & MASK_ADDRESS;
	}
	return means;
}

void mask_memory_init(struct mask_memory *memory)
{
	*memory = (struct mask_memory){.secret = hash_secret()};
}

/* The meanings of all its words, a bit each; once one of them is a secret's, that alone. A key is recognised by all but
 * the lowest bits of a digest that nobody can steer: to take one key for another is less likely than broken memory. */
static unsigned mask_name_read(const struct mask *mask, struct slice key)
{
	if (!mask->memory)
		return mask_read_words(mask, key);
	uint64_t digest = hash_digest(mask->memory->secret, key.at, key.len) & ~(uint64_t)MASK_MEANINGS;
	uint64_t *slot = &mask->memory->slots[(digest >> 32) % MASK_REMEMBERED];
	if ((*slot & ~(uint64_t)MASK_MEANINGS) != digest)
		*slot = digest | mask_read_words(mask, key);
	return *slot & MASK_MEANINGS;
}

bool mask_is_secret(const struct mask *mask, struct slice key)
{
	return mask_name_read(mask, key) & MASK_SECRET;
}

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

/* A name begins at `at`. Returns where to look on; `find` holds the value when that is a secret. */
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

/* A string that may hold a secret with its name: the token's own escapes stay as they are. */
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
