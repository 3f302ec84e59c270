/*
 * The names of secrets. A name is cut into words (`accessToken`, `X-Api-Key`, `auth[token]`), and each end of a word is
 * an end at which a name of the table may end; the words before it are run together, so that api_key, apiKey, sessionID
 * and passWord need one row each.
 */
#include "base/mask_names.h"

#include "base/hash.h"

enum { NAME_ANYWHERE = 1 << 16 }; /* it may begin within a word as well: mypassword, usertoken */

struct name_row {
	struct slice text;
	unsigned means;
	const char *why;
};

static const struct name_row name_table[] = {
    /* what proves who somebody is */
    {SLICE("auth"), MASK_WHOLE, "what a client sends to prove who it is: Socket.IO's auth, a Reflex state's auth"},
    {SLICE("authn"), MASK_WHOLE, "the same, abbreviated otherwise"},
    {SLICE("authz"), MASK_WHOLE, "the same, abbreviated otherwise"},
    {SLICE("authorization"), MASK_WHOLE | MASK_LINE, "RFC 9110 §11.6.2: scheme and credentials"},
    {SLICE("authentication"), MASK_WHOLE, "as some APIs call it"},
    {SLICE("credential"), MASK_WHOLE | NAME_ANYWHERE,
        "says so itself; X-Amz-Credential names the account of a signature"},
    {SLICE("bearer"), MASK_WHOLE, "RFC 6750: who bears it is let in"},
    {SLICE("assertion"), MASK_RANDOM, "RFC 7521: a signed statement; in tests the word is an ordinary one"},
    {SLICE("samlresponse"), MASK_WHOLE, "SAML 2.0: a signed statement"},
    {SLICE("samlrequest"), MASK_WHOLE, "SAML 2.0"},
    /* tokens */
    {SLICE("token"), MASK_WHOLE | NAME_ANYWHERE, "says so itself: client_token, csrftoken, id_token, new_token"},
    {SLICE("tokens"), MASK_STRING | NAME_ANYWHERE, "tokens; but as a number it counts a model's tokens"},
    {SLICE("jwt"), MASK_WHOLE | NAME_ANYWHERE, "RFC 7519"},
    {SLICE("csrf"), MASK_WHOLE, "a token against forged requests"},
    {SLICE("xsrf"), MASK_WHOLE, "a token against forged requests"},
    {SLICE("refresh"), MASK_RANDOM, "OAuth's refresh token; but also an ordinary verb"},
    {SLICE("ticket"), MASK_RANDOM, "CAS's service ticket; but also what help desks number"},
    {SLICE("nonce"), MASK_RANDOM, "used once to prove that a request is fresh; a number counts"},
    {SLICE("challenge"), MASK_RANDOM, "what is to be signed; but also a game's"},
    {SLICE("verifier"), MASK_RANDOM, "RFC 7636: the secret behind a code challenge"},
    {SLICE("code"), MASK_RANDOM | MASK_DIGITS, "OAuth's code, a one-time code; but also 404, ECONNRESET, KeyA"},
    /* passwords, and what stands for one */
    {SLICE("password"), MASK_WHOLE | NAME_ANYWHERE, "says so itself"},
    {SLICE("passwd"), MASK_WHOLE | NAME_ANYWHERE, "the same, abbreviated"},
    {SLICE("passwort"), MASK_WHOLE | NAME_ANYWHERE, "the same in German"},
    {SLICE("senha"), MASK_WHOLE, "the same in Portuguese"},
    {SLICE("contrasena"), MASK_WHOLE, "the same in Spanish, as names have it"},
    {SLICE("motdepasse"), MASK_WHOLE, "the same in French"},
    {SLICE("wachtwoord"), MASK_WHOLE, "the same in Dutch"},
    {SLICE("pwd"), MASK_WHOLE, "the same, abbreviated"},
    {SLICE("pw"), MASK_WHOLE, "the same, abbreviated"},
    {SLICE("pass"), MASK_STRING, "the same, abbreviated; a number counts tests that passed"},
    {SLICE("passphrase"), MASK_WHOLE | MASK_LINE | NAME_ANYWHERE, "several words"},
    {SLICE("passcode"), MASK_WHOLE | NAME_ANYWHERE, "a password of digits"},
    {SLICE("passkey"), MASK_WHOLE | NAME_ANYWHERE, "WebAuthn's, or a password"},
    {SLICE("pin"), MASK_RANDOM | MASK_DIGITS | MASK_NUMBER,
        "four to eight digits; but a map's pin has a place, a colour, an icon"},
    {SLICE("puk"), MASK_WHOLE, "unlocks a card"},
    {SLICE("otp"), MASK_WHOLE, "RFC 6238: a password for once"},
    {SLICE("totp"), MASK_WHOLE, "RFC 6238"},
    {SLICE("mfa"), MASK_WHOLE, "a second factor"},
    {SLICE("secret"), MASK_WHOLE | NAME_ANYWHERE, "says so itself"},
    /* keys: an API key is a secret, a primary key is not */
    {SLICE("apikey"), MASK_WHOLE | NAME_ANYWHERE, "lets a program in"},
    {SLICE("accesskey"), MASK_WHOLE | NAME_ANYWHERE, "lets a program in"},
    {SLICE("authkey"), MASK_WHOLE | NAME_ANYWHERE, "lets a program in"},
    {SLICE("secretkey"), MASK_WHOLE | NAME_ANYWHERE, "says so itself"},
    {SLICE("privatekey"), MASK_WHOLE | MASK_LINE | NAME_ANYWHERE, "says so itself"},
    {SLICE("sshkey"), MASK_WHOLE | MASK_LINE | NAME_ANYWHERE, "a key of SSH, in most apps the private one"},
    {SLICE("sessionkey"), MASK_WHOLE | NAME_ANYWHERE, "encrypts or names a session"},
    {SLICE("signingkey"), MASK_WHOLE | NAME_ANYWHERE, "signs what others trust"},
    {SLICE("encryptionkey"), MASK_WHOLE | NAME_ANYWHERE, "decrypts"},
    {SLICE("key"), MASK_RANDOM, "an API key in a query; but also a row's or a keyboard's"},
    {SLICE("websocketkey"), 0, "Sec-WebSocket-Key, RFC 6455 §1.3: a nonce that lets nobody in"},
    {SLICE("publickey"), 0, "public"},
    /* signatures */
    {SLICE("signature"), MASK_RANDOM, "of a request, X-Amz-Signature: who has the URL has what it opens"},
    {SLICE("sig"), MASK_RANDOM, "the same, abbreviated (Azure)"},
    {SLICE("sign"), MASK_RANDOM, "the same (WeChat); but also a verb"},
    {SLICE("hmac"), MASK_WHOLE, "RFC 2104"},
    /* sessions of applications; the sid of Engine.IO is needed to read a report: src/README.md */
    {SLICE("cookie"), MASK_WHOLE | MASK_LINE | NAME_ANYWHERE, "RFC 6265: Cookie, Set-Cookie, HTTP_COOKIE"},
    {SLICE("sessionid"), MASK_WHOLE | NAME_ANYWHERE,
        "JSESSIONID, ASP.NET_SessionId; Socket.IO's documentation: sessionID"},
    {SLICE("sessid"), MASK_WHOLE | NAME_ANYWHERE, "PHPSESSID"},
    {SLICE("session"), MASK_RANDOM, "the cookie of Flask and Rails; but also an object, or a number"},
    {SLICE("sess"), MASK_RANDOM, "the same, abbreviated"},
    {SLICE("connectsid"), MASK_WHOLE, "connect.sid, the cookie of express-session"},
    {SLICE("koasid"), MASK_WHOLE, "koa.sid, the cookie of koa-session"},
    {SLICE("koasess"), MASK_WHOLE, "koa.sess, the cookie of koa-session"},
    /* people and cards */
    {SLICE("cvv"), MASK_WHOLE, "proves that one holds a card"},
    {SLICE("cvc"), MASK_WHOLE, "the same"},
    {SLICE("cardnumber"), MASK_WHOLE | NAME_ANYWHERE, "pays"},
    {SLICE("creditcard"), MASK_WHOLE | NAME_ANYWHERE, "pays"},
    {SLICE("ssn"), MASK_WHOLE, "a number by which people are known to the state"},
};

/* A word of these after the secret's says that the value is only about it: token_type, password_length. It is masked
 * then when it looks random all the same. */
static const char *const name_about[] = {"count", "type", "length", "len", "size", "limit", "expires", "expiry",
    "expiration", "expired", "ttl", "age", "lifetime", "method", "mode", "enabled", "required", "valid", "verified",
    "at", "in", "status", "error", "errors", "reason", "policy", "strength", "scheme", "provider", "url", "uri",
    "endpoint"};

/* And these before it: max_tokens, has_password. */
static const char *const name_before[] = {
    "max", "min", "total", "num", "is", "has", "needs", "requires", "use", "with", "no", "prompt", "completion"};

/* Names whose value names another's, and what that one is called: HAR (name, value), Reflex's storage (key, value),
 * Kubernetes (name, value), header lists, the lines of dump (name, data). */
static const char *const name_naming[] = {"name", "key", "header", "field", "k", "n", "event", "param"};
static const char *const name_value[] = {
    "value", "val", "v", "values", "data", "content", "payload", "args", "default", "newvalue", "oldvalue"};

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

static bool name_is_one_of(struct slice word, const char *const *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equals_nocase(word, table[i]))
			return true;
	return false;
}

/* ---- words */

enum name_class { CLASS_OTHER, CLASS_SMALL, CLASS_DIGIT, CLASS_CAPITAL };

/* Of names only: no locale has a say. */
static const uint8_t name_classes[256] = {
    ['0' ... '9'] = CLASS_DIGIT, ['A' ... 'Z'] = CLASS_CAPITAL, ['a' ... 'z'] = CLASS_SMALL};

/* A word begins at a capital after a small letter or digit (accessToken), and at one before a small letter (XSRFToken).
 */
static bool name_begins_word(struct slice text, size_t at)
{
	if (name_classes[text.at[at]] != CLASS_CAPITAL)
		return false;
	return name_classes[text.at[at - 1]] != CLASS_CAPITAL ||
	       (at + 1 < text.len && name_classes[text.at[at + 1]] == CLASS_SMALL);
}

/* The next word of a key: letters and digits up to another sign or the next word; digits at its end do not count. */
static struct slice name_next_word(struct slice *rest)
{
	size_t begin = 0;
	while (begin < rest->len && name_classes[rest->at[begin]] == CLASS_OTHER)
		begin++;
	size_t end = begin < rest->len ? begin + 1 : begin;
	while (end < rest->len && name_classes[rest->at[end]] != CLASS_OTHER && !name_begins_word(*rest, end))
		end++;
	struct slice word = slice_of(rest->at + begin, end - begin);
	*rest = slice_drop(*rest, end);
	while (word.len > 1 && name_classes[word.at[word.len - 1]] == CLASS_DIGIT)
		word.len--;
	return word;
}

/* ---- the names of the user (--secret) */

/* `name`'s words follow each other in `key`. */
static bool name_holds_words(struct slice key, struct slice name)
{
	struct slice key_rest = key, name_rest = name, wanted;
	while ((wanted = name_next_word(&name_rest)).len) {
		struct slice word = name_next_word(&key_rest);
		if (word.len != wanted.len ||
		    strncasecmp((const char *)word.at, (const char *)wanted.at, word.len) != 0)
			return false;
	}
	return true;
}

static bool name_is_own(const struct mask *mask, struct slice from)
{
	for (size_t i = 0; i < mask->name_count; i++)
		if (name_holds_words(from, slice_of_text(mask->names[i])))
			return true;
	return false;
}

/* ---- the names of the table */

enum { NAME_LONGEST = 32 }; /* the last so many letters of what is run together; no row is longer */

struct name_tail {
	char text[NAME_LONGEST];
	bool begins[NAME_LONGEST]; /* a word begins here */
	size_t len;
};

static void name_add(struct name_tail *tail, struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (tail->len == NAME_LONGEST) {
			tail->len--;
			memmove(tail->text, tail->text + 1, tail->len);
			memmove(tail->begins, tail->begins + 1, tail->len * sizeof *tail->begins);
		}
		uint8_t byte = word.at[i];
		tail->begins[tail->len] = i == 0;
		tail->text[tail->len++] = (char)(name_classes[byte] == CLASS_CAPITAL ? byte | 0x20 : byte);
	}
}

static bool name_ends_with(const struct name_tail *tail, size_t len, const struct name_row *row)
{
	size_t wanted = row->text.len;
	return wanted <= len && row->text.at[wanted - 1] == (uint8_t)tail->text[len - 1] &&
	       memcmp(tail->text + len - wanted, row->text.at, wanted) == 0 &&
	       ((row->means & NAME_ANYWHERE) || tail->begins[len - wanted]);
}

/* What may be before the last letter, by that: most words are no end of a row. */
static const char *const name_last_letters[26] = {['c' - 'a'] = "av",
    ['d' - 'a'] = "irw",
    ['e' - 'a'] = "cdgirs",
    ['f' - 'a'] = "r",
    ['g' - 'a'] = "i",
    ['h' - 'a'] = "ts",
    ['k' - 'a'] = "u",
    ['l' - 'a'] = "a",
    ['n' - 'a'] = "eghios",
    ['p' - 'a'] = "t",
    ['r' - 'a'] = "e",
    ['s' - 'a'] = "ns",
    ['t' - 'a'] = "srwe",
    ['v' - 'a'] = "v",
    ['w' - 'a'] = "p",
    ['y' - 'a'] = "e",
    ['a' - 'a'] = "fhn",
    ['z' - 'a'] = "h"};

/* Both are small letters. */
static bool name_letters_may_end(uint8_t before, uint8_t last)
{
	last -= 'a';
	return last < 26 && before >= 'a' && name_last_letters[last] && strchr(name_last_letters[last], before);
}

static bool name_may_end(const struct name_tail *tail, size_t len)
{
	return len >= 2 && name_letters_may_end((uint8_t)tail->text[len - 2], (uint8_t)tail->text[len - 1]);
}

/* What the longest row says with which the words so far end, in the plural as well. */
static unsigned name_read_tail(const struct name_tail *tail)
{
	if (!name_may_end(tail, tail->len) &&
	    (tail->len < 3 || tail->text[tail->len - 1] != 's' || !name_may_end(tail, tail->len - 1)))
		return 0;
	const struct name_row *best = NULL;
	size_t longest = 0;
	for (size_t i = 0; i < COUNT_OF(name_table); i++) {
		const struct name_row *row = &name_table[i];
		bool plural = tail->len > 3 && tail->text[tail->len - 1] == 's';
		size_t len = row->text.len + plural;
		if (len > longest &&
		    (name_ends_with(tail, tail->len, row) || (plural && name_ends_with(tail, tail->len - 1, row)))) {
			best = row;
			longest = len;
		}
	}
	return best ? best->means & MASK_MEANINGS : 0;
}

/* The meanings of all words together. */
static unsigned name_read_words(const struct mask *mask, struct slice key)
{
	struct name_tail tail = {.len = 0};
	struct slice from = key, rest = key, word;
	unsigned means = 0;
	bool about = false;
	for (; (word = name_next_word(&rest)).len; from = rest) {
		name_add(&tail, word);
		unsigned now = name_is_own(mask, from) ? MASK_WHOLE : name_read_tail(&tail);
		about |= name_is_one_of(word, name_before, COUNT_OF(name_before)) ||
		         ((means & MASK_SECRET) && name_is_one_of(word, name_about, COUNT_OF(name_about)));
		if (!(means & (MASK_WHOLE | MASK_STRING))) /* session_idle is none, session_cookie is */
			means = 0;
		means = (means & ~MASK_LAST) | now | (now & MASK_SECRET ? MASK_LAST : 0);
	}
	if (about && (means & (MASK_WHOLE | MASK_STRING)))
		means = (means & ~(MASK_WHOLE | MASK_STRING | MASK_LINE | MASK_LAST)) | MASK_RANDOM;
	if (name_is_one_of(key, name_naming, COUNT_OF(name_naming)))
		means |= MASK_NAMING;
	if (name_is_one_of(key, name_value, COUNT_OF(name_value)))
		means |= MASK_VALUE;
	return means;
}

/* ---- escapes in names */

/* %6b and %256b; \u006b, behind any number of backslashes. What is no letter of ASCII parts words. */
static size_t name_take_letter(struct slice from, uint8_t *letter)
{
	size_t at = 0;
	*letter = from.at[0];
	if (*letter == '%') {
		at = 1;
		while (at + 4 <= from.len && from.at[at] == '2' && from.at[at + 1] == '5')
			at += 2;
	} else if (*letter == '\\') {
		while (at < from.len && from.at[at] == '\\')
			at++;
		bool is_short = at < from.len && from.at[at] == 'x';
		if (!is_short && !slice_starts_with(slice_drop(from, at), SLICE("u00")))
			return at;
		at += is_short ? 1 : 3;
	}
	if (!at)
		return 1;
	int high = at + 1 < from.len ? digits_read_hex(from.at[at]) : -1;
	int low = high < 0 ? -1 : digits_read_hex(from.at[at + 1]);
	if (low < 0)
		return at < from.len ? at : from.len;
	*letter = (uint8_t)(high << 4 | low);
	return at + 2;
}

enum { NAME_ESCAPED = 256 }; /* of a longer name with escapes the end is read */

static unsigned name_read_escaped(const struct mask *mask, struct slice key)
{
	uint8_t plain[NAME_ESCAPED];
	size_t len = 0;
	key = slice_drop(key, key.len > NAME_ESCAPED ? key.len - NAME_ESCAPED : 0);
	for (size_t at = 0; at < key.len;)
		at += name_take_letter(slice_drop(key, at), &plain[len++]);
	return name_read_words(mask, slice_of(plain, len));
}

/* Reflex ends each var's name with this (0.8, reflex/vars/base.py). */
#define NAME_REFLEX SLICE("_rx_state_")

static unsigned name_read(const struct mask *mask, struct slice key)
{
	if (slice_ends_with(key, NAME_REFLEX))
		key.len -= NAME_REFLEX.len;
	bool escaped = key.len && (memchr(key.at, '\\', key.len) || memchr(key.at, '%', key.len));
	return escaped ? name_read_escaped(mask, key) : name_read_words(mask, key);
}

void mask_memory_init(struct mask_memory *memory)
{
	*memory = (struct mask_memory){.secret = hash_secret()};
}

/* A name is recognised by all but the lowest bits of a digest that nobody can steer: to take one for another is less
 * likely than broken memory. Each has two places, of which the later name takes the first. */
static unsigned name_remember(const struct mask *mask, struct slice name, bool is_key)
{
	enum { KIND_KEY = 1 << 20 };
	struct mask_memory *memory = mask->memory;
	uint64_t digest = hash_digest(memory->secret, name.at, name.len) ^ (is_key ? KIND_KEY : 0);
	uint64_t *slots = &memory->slots[(digest >> 32) % (MASK_REMEMBERED / 2) * 2];
	digest &= ~(uint64_t)MASK_MEANINGS;
	for (int i = 0; i < 2; i++)
		if ((slots[i] & ~(uint64_t)MASK_MEANINGS) == digest)
			return slots[i] & MASK_MEANINGS;
	unsigned means = name_read(mask, name);
	if (is_key && mask_text_holds(mask, name))
		means |= MASK_HOLDS;
	slots[1] = slots[0];
	slots[0] = digest | means;
	return means;
}

unsigned mask_name_means(const struct mask *mask, struct slice name)
{
	return mask->memory ? name_remember(mask, name, false) : name_read(mask, name);
}

unsigned mask_key_means(const struct mask *mask, struct slice key)
{
	if (mask->memory)
		return name_remember(mask, key, true);
	return name_read(mask, key) | (mask_text_holds(mask, key) ? MASK_HOLDS : 0);
}

/* A row may end as the value does, digits and the plural apart. */
static bool value_may_end(const struct mask *mask, struct slice value)
{
	if (mask->name_count || memchr(value.at, '\\', value.len) || memchr(value.at, '%', value.len))
		return true;
	while (value.len && (name_classes[value.at[value.len - 1]] == CLASS_DIGIT ||
	                        name_classes[value.at[value.len - 1]] == CLASS_OTHER))
		value.len--;
	if (value.len < 2)
		return false;
	return name_letters_may_end(value.at[value.len - 2] | 0x20, value.at[value.len - 1] | 0x20) ||
	       (value.len > 2 && (value.at[value.len - 1] | 0x20) == 's' &&
	           name_letters_may_end(value.at[value.len - 3] | 0x20, value.at[value.len - 2] | 0x20));
}

/* Most values are none, and not worth remembering: they are longer, have spaces, or end otherwise. */
unsigned mask_value_names(const struct mask *mask, struct slice value)
{
	enum { NAME_USUAL = 64 };
	if (!value.len || value.len > NAME_USUAL || memchr(value.at, ' ', value.len) || !value_may_end(mask, value))
		return 0;
	unsigned means = mask_name_means(mask, value);
	return (means & MASK_LAST) && (means & MASK_SECRET) ? means : 0;
}

bool mask_is_plain_name(const struct mask *mask, struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (name_classes[value.at[i]] != CLASS_SMALL && value.at[i] != '_' && value.at[i] != '-')
			return false;
	return mask_name_means(mask, value) & (MASK_WHOLE | MASK_STRING);
}

bool mask_ends_secret(const struct mask *mask, struct slice name)
{
	unsigned means = mask_name_means(mask, name);
	return (means & MASK_LAST) && (means & (MASK_WHOLE | MASK_STRING));
}

bool mask_is_secret(const struct mask *mask, struct slice key)
{
	return mask_name_means(mask, key) & (MASK_WHOLE | MASK_STRING);
}

/* ---- what values look like */

enum { UUID_LEN = 36, CODE_LEAST = 6, PIN_LEAST = 4, PIN_MOST = 8 };

static bool value_is_uuid(struct slice value)
{
	size_t digits = 0;
	for (size_t i = 0; i < value.len; i++)
		digits += digits_read_hex(value.at[i]) >= 0;
	return value.len == UUID_LEN && digits == UUID_LEN - 4 && value.at[8] == '-' && value.at[23] == '-';
}

static bool value_is_date(struct slice value)
{
	return value.len >= 10 && value.at[4] == '-' && value.at[7] == '-' && digits_is_decimal(value.at[0]) &&
	       digits_is_decimal(value.at[3]) && digits_is_decimal(value.at[5]);
}

bool mask_is_random(struct slice value, size_t least)
{
	size_t letters = 0, digits = 0;
	if (value_is_date(value))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t class = name_classes[value.at[i]];
		if (value.at[i] <= ' ')
			return false;
		digits += class == CLASS_DIGIT;
		letters += class == CLASS_SMALL || class == CLASS_CAPITAL;
		if (class == CLASS_OTHER)
			digits = letters = 0;
		else if (digits && letters && digits + letters >= least)
			return true;
	}
	return value_is_uuid(value);
}

/* A code of digits for one time has six or more; shorter ones are those of HTTP and of WebSockets. */
static bool value_is_pin(struct slice value, size_t least)
{
	size_t digits = 0;
	while (digits < value.len && digits_is_decimal(value.at[digits]))
		digits++;
	return digits == value.len && digits >= least && digits <= PIN_MOST;
}

/* A count, a time, a version: digits and dots. */
static bool value_is_number(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!digits_is_decimal(value.at[i]) && value.at[i] != '.' && (i || value.at[i] != '-'))
			return false;
	return value.len > 0;
}

/* What says that there is no value, or only whether there is one. */
static bool value_is_word(struct slice value)
{
	static const char *const words[] = {"null", "true", "false", "none", "undefined", "nil", "yes", "no"};
	return name_is_one_of(value, words, COUNT_OF(words));
}

/* Signs alone are no value. */
static bool value_is_empty(struct slice value)
{
	size_t at = 0;
	while (at < value.len && name_classes[value.at[at]] == CLASS_OTHER && value.at[at] < 0x80)
		at++;
	return at == value.len;
}

bool mask_takes_value(unsigned means, struct slice value)
{
	if (!(means & MASK_SECRET) || value_is_empty(value) || slice_starts_with(value, SLICE("‹masked")) ||
	    value_is_word(value))
		return false;
	if (means & MASK_WHOLE)
		return true;
	if (means & MASK_STRING)
		return !value_is_number(value);
	return mask_is_random(value, means & MASK_NAMING ? MASK_RANDOM_LONG : MASK_RANDOM_SHORT) ||
	       ((means & MASK_DIGITS) && value_is_pin(value, means & MASK_NUMBER ? PIN_LEAST : CODE_LEAST));
}
