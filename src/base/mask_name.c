/* A key is read word by word; what it came to is remembered, for the same few keys come again and again. */
#include "base/mask_name.h"

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

/* All that its words mean together; once one is a secret's, that. */
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

/* Keys are told by all but the lowest bits of a digest that nobody can steer: a key that is taken for another one would
 * be more of a chance than a broken memory is. */
unsigned mask_name_read(const struct mask *mask, struct slice key)
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
