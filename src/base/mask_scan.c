/*
 * Secrets in a text of any kind: log lines, query strings, heads, reprs of Python, JSON within strings, bytes.
 *
 * It is read once, name by name. A secret is recognised by the name before it (`token=…`, `"token": "…"`, `('token',
 * '…')`, `token is …`), by its shape (JWT, `Bearer …`, known prefixes, userinfo of a URL), or because it is a text in
 * base64, in hexadecimal or percent-encoded that holds one. Quotes and signs may be escaped, as JSON within JSON is, so
 * the same code reads a string between its quotes as it is spelt.
 *
 * Where a value ends may be far away, and it may then be no secret: names behind names without an end could make that
 * quadratic. What was looked at ahead is therefore counted, and a text that makes it many times its length is masked
 * from there on, unread.
 */
#include "base/mask_scan.h"

#include "base/text.h"

/* ---- what follows a name */

enum follows { FOLLOWS_NOTHING, FOLLOWS_VALUE, FOLLOWS_NEXT, FOLLOWS_WORD };

/* Past the brackets of `auth[token]`, `tokens[0]`: the name before them names what is in them as well. */
static size_t skip_brackets(struct slice text, size_t at)
{
	for (struct sign sign; (sign = mask_sign_at(text, at)).byte == '[';) {
		size_t end = at + sign.len;
		while ((sign = mask_sign_at(text, end)).len && mask_name_signs[sign.byte])
			end += sign.len;
		if (sign.byte != ']')
			break;
		at = end + sign.len;
	}
	return at;
}

/* The colon and the equals sign of Chinese and Japanese keyboards (U+FF1A, U+FF1D) in UTF-8; and a colon behind the
 * blank that French has before it (U+00A0, U+202F). */
static size_t wide_separator(struct slice text, size_t at)
{
	struct slice rest = slice_drop(text, at);
	if (slice_starts_with(rest, SLICE("\xc2\xa0:")))
		return 3;
	if (slice_starts_with(rest, SLICE("\xe2\x80\xaf:")))
		return 4;
	return slice_starts_with(rest, SLICE("\xef\xbc\x9a")) || slice_starts_with(rest, SLICE("\xef\xbc\x9d")) ? 3 : 0;
}

/* PHP's serialize(): `"password";s:4:"abc1";`. Where the value begins behind a name's quote and semicolon, at `at`; 0:
 * nothing like it is there. */
static size_t php_value(struct slice text, size_t at)
{
	struct sign sign = mask_sign_at(text, at);
	if (!sign.len || !strchr("sidba", sign.byte) || mask_sign_at(text, at + sign.len).byte != ':')
		return 0;
	bool is_sized = sign.byte == 's' || sign.byte == 'a';
	at += sign.len + 1;
	while (is_sized && (sign = mask_sign_at(text, at)).len && digits_is_decimal(sign.byte))
		at += sign.len;
	return is_sized && sign.byte == ':' ? at + sign.len : is_sized ? 0 : at;
}

/* How the name that ends at `at` is bound to what is behind it: `=` or `:` (VALUE), a comma between quotes (NEXT), or
 * blanks alone (WORD). `at` becomes where that begins. */
static enum follows read_separator(struct slice text, size_t *at)
{
	size_t here = skip_brackets(text, *at);
	struct sign sign = mask_sign_at(text, here);
	while (sign.byte == ']' || sign.byte == ')') {
		here += sign.len;
		sign = mask_sign_at(text, here);
	}
	here = mask_skip_backslashes(text, here);
	sign = mask_sign_at(text, here);
	bool quoted = mask_is_quote(sign.byte);
	size_t before = here + (quoted ? sign.len : 0);
	here = mask_skip_blanks(text, before);
	bool blank = here > before && !quoted;
	size_t wide = wide_separator(text, here), php;
	if (wide) {
		*at = mask_skip_blanks(text, here + wide);
		return FOLLOWS_VALUE;
	}
	sign = mask_sign_at(text, here);
	if (quoted && sign.byte == ';' && (php = php_value(text, here + sign.len))) {
		*at = php;
		return FOLLOWS_VALUE;
	}
	if (sign.byte == '=' || sign.byte == ':' || (sign.byte == '!' && mask_sign_at(text, here + 1).byte == '=')) {
		do
			here += sign.len;
		while ((sign = mask_sign_at(text, here)).byte == '=' || sign.byte == '>');
		*at = mask_skip_blanks(text, here);
		return FOLLOWS_VALUE;
	}
	if (quoted && sign.byte == ',') {
		*at = mask_skip_blanks(text, here + sign.len);
		return FOLLOWS_NEXT;
	}
	*at = here;
	return blank ? FOLLOWS_WORD : FOLLOWS_NOTHING;
}

/* Blanks and then a word, as in prose: read_separator would say so as well, and takes longer. */
static bool is_before_word(struct slice text, size_t *at)
{
	size_t here = *at;
	while (here < text.len && text.at[here] == ' ')
		here++;
	if (here == *at || here == text.len || !mask_name_signs[text.at[here]])
		return false;
	*at = here;
	return true;
}

/* What looks like MessagePack may be a string of JSON as it is spelt: the value ends where an escape does. */
static struct slice packed_whole_signs(struct slice text, struct slice value)
{
	size_t begin = (size_t)(value.at - text.at), at = begin;
	if (!memchr(value.at, '\\', value.len))
		return value;
	while (at < begin + value.len)
		at += mask_sign_at(text, at).len;
	return mask_part(text, begin, at);
}

/* MessagePack: a string, or bytes, at `at`; what is cut reaches to the end. Empty: there is none, or it has control
 * characters, as bytes have that only look like it. */
static struct slice packed_string(struct scan *scan, size_t at)
{
	struct slice rest = slice_drop(scan->text, at);
	uint8_t head = rest.len ? rest.at[0] : 0;
	size_t size = 0, len = 0;
	if (head >= 0xa1 && head <= 0xbf) {
		size = 1;
		len = head & 0x1f;
	} else if ((head == 0xd9 || head == 0xc4) && rest.len > 1) {
		size = 2;
		len = rest.at[1];
	} else if ((head == 0xda || head == 0xc5) && rest.len > 2) {
		size = 3;
		len = network_read_16(rest.at + 1);
	} else if ((head == 0xdb || head == 0xc6) && rest.len > 4) {
		size = 5;
		len = network_read_32(rest.at + 1);
	}
	struct slice value = slice_take(slice_drop(rest, size), len);
	mask_look_ahead(scan, 0, value.len);
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] < ' ')
			return slice_of(NULL, 0);
	return size > 1 && memchr(rest.at, '\\', size) ? slice_of(NULL, 0) : packed_whole_signs(scan->text, value);
}

/* What a packed value is called by the member behind it. */
static unsigned packed_named_behind(struct scan *scan, struct slice value)
{
	size_t at = (size_t)(value.at + value.len - scan->text.at);
	struct slice key = packed_string(scan, at);
	if (!key.len || !(mask_name_means(scan->mask, key) & MASK_NAMING))
		return 0;
	at = (size_t)(key.at + key.len - scan->text.at);
	return mask_value_names(scan->mask, packed_string(scan, at));
}

/* What MessagePack has directly behind a name; of a container, all that follows is taken. */
static size_t take_packed(struct scan *scan, size_t at, unsigned means, struct find *find)
{
	struct slice value = packed_string(scan, at);
	uint8_t head = scan->text.at[at];
	bool is_container = head <= 0x9f || head == 0xdc || head == 0xdd || head == 0xde || head == 0xdf;
	unsigned names = value.len && (means & MASK_NAMING) ? mask_value_names(scan->mask, value) : 0;
	if (names) {
		scan->named_until = at + MASK_PAIR_REACH;
		scan->named_means = names;
		return (size_t)(value.at + value.len - scan->text.at);
	}
	if (value.len && (means & MASK_VALUE))
		means |= at < scan->named_until ? scan->named_means : packed_named_behind(scan, value);
	if (is_container && (means & (MASK_WHOLE | MASK_STRING)))
		value = slice_drop(scan->text, at + 1);
	if (!value.len || !mask_takes_value(means, value))
		return at;
	*find = (struct find){(size_t)(value.at - scan->text.at), (size_t)(value.at + value.len - scan->text.at)};
	return find->end;
}

/* "token is abc1", "token -> abc1", `token "abc1"`: only what looks like a secret, or is quoted behind a verb, is one.
 */
static size_t take_word(struct scan *scan, size_t at, unsigned means, struct find *find)
{
	struct slice text = scan->text;
	static const struct slice verbs[] = {
	    SLICE("is "), SLICE("was "), SLICE("are "), SLICE("were "), SLICE("is: "), SLICE("was: "), SLICE("-> ")};
	bool verb = false;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs && !verb; i++)
		if (slice_starts_with(slice_drop(text, at), verbs[i])) {
			at = mask_skip_blanks(text, at + verbs[i].len);
			verb = true;
		}
	size_t begin = at;
	struct sign quote = mask_opening_quote(text, &begin);
	size_t end = quote.len ? mask_quoted_end(scan, begin, quote) : mask_unquoted_end(scan, begin, false);
	struct slice value = mask_part(text, begin, end);
	bool is_secret = mask_is_random(value, MASK_RANDOM_PROSE) || (verb && quote.len);
	if (!(means & MASK_WHOLE) || !is_secret || !mask_takes_value(means, value))
		return at;
	*find = (struct find){begin, end};
	return end;
}

/* `("token", "abc")`, `[b'cookie', b'…']`; in longer lists only what looks like a secret. A list of names is none. */
static size_t take_next(struct scan *scan, size_t at, unsigned means, struct find *find)
{
	struct slice text = scan->text;
	size_t begin = at;
	struct sign quote = mask_opening_quote(text, &begin);
	if (!quote.len)
		return at;
	size_t end = mask_quoted_end(scan, begin, quote);
	struct slice value = mask_part(text, begin, end);
	uint8_t behind = mask_sign_at(text, mask_skip_blanks(text, end + mask_sign_at(text, end).len)).byte;
	bool is_pair = behind == ']' || behind == ')' || (means & MASK_LINE);
	if (!(means & MASK_LAST) || !mask_takes_value(is_pair ? means : MASK_RANDOM, value) ||
	    mask_is_plain_name(scan->mask, value))
		return at;
	*find = (struct find){begin, end};
	return end;
}

/* The name that begins at `at` is an element, and no member's value: `"name": "cookie", …` is no pair. */
static bool is_element(struct slice text, size_t at)
{
	struct sign sign;
	while ((sign = mask_sign_before(text, at)).len && strchr("\"'\\ bu`", sign.byte))
		at -= sign.len;
	return sign.byte != ':' && sign.byte != '=';
}

/* `"name": "cookie"`: the value beside it is a secret. */
static void note_naming(struct scan *scan, size_t at)
{
	size_t begin = at;
	struct sign quote = mask_opening_quote(scan->text, &begin);
	struct slice value = mask_part(scan->text, begin, quote.len ? mask_quoted_end(scan, begin, quote) : begin);
	unsigned means = mask_value_names(scan->mask, value);
	if (means) {
		scan->named_until = at + value.len + MASK_PAIR_REACH;
		scan->named_means = means;
	}
}

/* `"value": "…", "name": "cookie"`: what the value at `at` is called behind it. */
static unsigned named_behind(struct scan *scan, size_t at)
{
	struct slice text = scan->text;
	size_t begin = at;
	struct sign quote = mask_opening_quote(text, &begin);
	if (!quote.len)
		return 0;
	at = mask_quoted_end(scan, begin, quote);
	at = mask_skip_blanks(text, at + mask_sign_at(text, at).len);
	if (mask_sign_at(text, at).byte != ',')
		return 0;
	at = mask_skip_blanks(text, at + 1);
	if (!mask_opening_quote(text, &at).len)
		return 0;
	begin = at;
	while (at < text.len && mask_name_signs[text.at[at]])
		at++;
	if (!(mask_name_means(scan->mask, mask_part(text, begin, at)) & MASK_NAMING) ||
	    read_separator(text, &at) != FOLLOWS_VALUE)
		return 0;
	struct scan ahead = *scan;
	ahead.named_means = 0;
	note_naming(&ahead, at);
	scan->effort = ahead.effort;
	return ahead.named_means;
}

/* multipart/form-data (RFC 7578): `name="password"`, an empty line, and the value up to the next boundary. */
static size_t take_form_part(struct scan *scan, size_t at, struct find *find)
{
	struct slice text = scan->text;
	size_t begin = at, ends = 0;
	struct sign quote = mask_opening_quote(text, &begin), sign;
	if (!quote.len)
		return at;
	size_t end = mask_quoted_end(scan, begin, quote);
	unsigned means = mask_value_names(scan->mask, mask_part(text, begin, end));
	if (!means)
		return at;
	begin = end + mask_sign_at(text, end).len;
	for (; (sign = mask_sign_at(text, begin)).byte == '\n' || sign.byte == '\r'; begin += sign.len)
		ends++;
	end = mask_unquoted_end(scan, begin, true);
	if (ends < 2 || !mask_takes_value(means, mask_part(text, begin, end)))
		return at;
	*find = (struct find){begin, end};
	return end;
}

static size_t take_named(struct scan *scan, size_t at, unsigned means, struct find *find)
{
	if (means & MASK_NAMING) {
		note_naming(scan, at);
		size_t behind = take_form_part(scan, at, find);
		if (find->end)
			return behind;
	}
	if (means & MASK_VALUE) {
		unsigned named = at < scan->named_until ? scan->named_means : named_behind(scan, at);
		scan->named_until = 0;
		if (named)
			return mask_take_value(scan, at, named, find);
	}
	return at;
}

/* ---- the walk */

/* The last word of those that are looked for before blanks: none is shorter, none ends otherwise. */
static bool may_be_in_prose(struct slice name)
{
	uint8_t last = name.at[name.len - 1] | 0x20;
	return name.len >= 3 && strchr("nsdteykphrc", last);
}

/* Past the name that begins at `at`; some of its signs may be escaped. */
static size_t name_end(struct slice text, size_t at)
{
	for (;;) {
		while (at < text.len && mask_name_signs[text.at[at]])
			at++;
		bool is_escaped = at < text.len && (text.at[at] == '%' || text.at[at] == '\\');
		struct sign sign = is_escaped ? mask_sign_at(text, at) : (struct sign){0};
		if (!sign.len || !mask_name_signs[sign.byte])
			return at;
		at += sign.len;
	}
}

/* What is read as a name, from `at` to `end`, is a secret itself, or begins one, by its shape. */
static bool take_shape(struct scan *scan, size_t at, size_t end, struct find *find)
{
	struct slice text = scan->text, name = mask_part(text, at, end);
	uint8_t behind = end < text.len ? text.at[end] : 0;
	if (behind == '%' && mask_take_percent(scan, at, find))
		return true;
	if (mask_take_token(scan, at, name, find))
		return true;
	bool is_encoded = name.len >= MASK_RUN || behind == '/' || behind == '+';
	return is_encoded && at >= scan->encoded_until && mask_take_encoded(scan, at, find);
}

/* The name from `at` to `end` is bound to what begins at `behind` as `follows` says. */
static size_t take_bound(
    struct scan *scan, size_t at, size_t end, enum follows follows, size_t behind, struct find *find)
{
	struct slice text = scan->text, name = mask_part(text, at, end);
	if (at && text.at[at - 1] == '/' && text.at[end] == ':') /* a path, "namespace /secret: refused" */
		return end;
	if (follows == FOLLOWS_WORD && !may_be_in_prose(name))
		return end;
	unsigned means = mask_name_means(scan->mask, name);
	if (follows == FOLLOWS_VALUE && at < scan->digest_until && text.at[end] != ':') {
		scan->digest_until = end + MASK_DIGEST_REACH;
		if (slice_equals_nocase(name, "response"))
			means = MASK_WHOLE; /* RFC 7616 §3.4.1: who has it and the request may send that again */
	}
	if (follows == FOLLOWS_WORD && slice_equals_nocase(name, "digest") &&
	    mask_sign_at(text, mask_skip_blanks(text, name_end(text, behind))).byte == '=')
		scan->digest_until = end + MASK_DIGEST_REACH;
	if (follows == FOLLOWS_WORD) {
		size_t until = mask_take_element(scan, at, end, means, find);
		return !find->end && (means & MASK_WHOLE) ? take_word(scan, behind, means, find) : until;
	}
	if (!(means & (MASK_SECRET | MASK_NAMING | MASK_VALUE)))
		return end;
	if (follows == FOLLOWS_NEXT)
		return (means & MASK_SECRET) && is_element(text, at) ? take_next(scan, behind, means, find) : end;
	size_t from = take_named(scan, behind, means, find);
	if (!find->end && (means & MASK_SECRET))
		from = mask_take_value(scan, behind, means & ~(unsigned)(text.at[end] == '=' ? MASK_NAMING : 0), find);
	return from;
}

/* A name begins at `at`. Returns where to look on; `find` holds the value when that is a secret. */
static size_t take_name(struct scan *scan, size_t at, struct find *find)
{
	struct slice text = scan->text;
	size_t end = name_end(text, at), behind = end;
	struct slice name = mask_part(text, at, end);
	if (end == text.len && name.len < MASK_RUN)
		return end;
	if (take_shape(scan, at, end, find))
		return find->end;
	if (end == text.len)
		return end;
	if (text.at[end] >= 0x80 && !wide_separator(text, end)) {
		unsigned means = mask_name_means(scan->mask, name);
		return means & (MASK_SECRET | MASK_NAMING | MASK_VALUE) ? take_packed(scan, end, means, find) : end;
	}
	enum follows follows = is_before_word(text, &behind) ? FOLLOWS_WORD : read_separator(text, &behind);
	if (follows != FOLLOWS_VALUE && mask_take_scheme(scan, name, end, find))
		return find->end;
	if (follows == FOLLOWS_NOTHING && mask_sign_at(text, end).byte == '>')
		return mask_take_element(scan, at, end, mask_name_means(scan->mask, name), find);
	if (follows == FOLLOWS_NOTHING || behind >= text.len)
		return end;
	if (mask_take_login(text, name, behind, find))
		return find->end;
	return take_bound(scan, at, end, follows, behind, find);
}

/* Behind backslashes: "\\nCookie" is a line's end and a name, "C:\\new" is no line's end. The name is read in both
 * ways. */
static size_t take_escaped(struct scan *scan, size_t at, struct sign sign, struct find *find)
{
	size_t behind = at + sign.len, until = scan->encoded_until;
	bool is_letter = sign.len > sign.backslashes && strchr("\n ", sign.byte);
	if (!is_letter || behind >= scan->text.len || !mask_name_signs[scan->text.at[behind]])
		return behind;
	size_t on = take_name(scan, behind, find);
	if (!find->end) {
		scan->encoded_until = until;
		size_t other = take_name(scan, behind - 1, find);
		on = find->end ? other : on;
	}
	return on;
}

static const bool begins_something[256] = {['0' ... '9'] = true,
    ['A' ... 'Z'] = true,
    ['a' ... 'z'] = true,
    ['_'] = true,
    ['$'] = true,
    ['-'] = true,
    [':'] = true,
    ['%'] = true,
    ['\\'] = true};

bool mask_scan_finds(struct scan *scan, size_t at, struct find *find)
{
	struct slice text = scan->text;
	*find = (struct find){0};
	while (!find->end) {
		while (at < text.len && !begins_something[text.at[at]])
			at++;
		if (at >= text.len)
			return false;
		if (scan->effort / MASK_EFFORT > text.len + MASK_EFFORT_LEAST) {
			*find = (struct find){at, text.len};
			break;
		}
		uint8_t byte = text.at[at];
		if (byte == ':') {
			at = mask_take_userinfo(text, at, find);
			continue;
		}
		if (byte == '-' && mask_take_pem(text, at, find))
			break;
		if (byte == '%' && mask_take_percent(scan, at, find))
			break;
		struct sign sign = byte == '%' || byte == '\\' ? mask_sign_at(text, at) : (struct sign){byte, 1, 0};
		if (mask_name_signs[sign.byte])
			at = take_name(scan, at, find);
		else
			at = byte == '\\' ? take_escaped(scan, at, sign, find) : at + sign.len;
	}
	return true;
}

bool mask_scan_holds(const struct scan *outer, struct slice text)
{
	struct find find;
	struct scan inner = {.mask = outer->mask, .text = text, .depth = outer->depth + 1};
	return mask_scan_finds(&inner, 0, &find);
}
