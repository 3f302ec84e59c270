/* What signs are meant by their escapes; secrets by their shape: tokens, texts that hold one (in base64, in
 * hexadecimal, percent-encoded), addresses, keys, elements of XML. */
#include "base/mask_scan.h"
#include "base/text.h"

/* ---- signs as they are meant, whatever escapes they are spelt with */

/* Two hexadecimal digits at `at`, of a spelling that begins at `from`; len 0: there are none. */
static struct sign sign_hex(struct slice text, size_t at, size_t from)
{
	int high = at + 1 < text.len ? digits_read_hex(text.at[at]) : -1;
	int low = high < 0 ? -1 : digits_read_hex(text.at[at + 1]);
	return low < 0 ? (struct sign){0} : (struct sign){(uint8_t)(high << 4 | low), at + 2 - from, 0};
}

static struct sign sign_backslash(struct slice text, size_t from)
{
	size_t at = from, count;
	while (at < text.len && text.at[at] == '\\')
		at++;
	count = at - from;
	struct sign sign = {'\\', count, count};
	uint8_t next = at < text.len ? text.at[at] : 0;
	if (next == 'u' && at + 4 < text.len && text.at[at + 1] == '0' && text.at[at + 2] == '0')
		sign = sign_hex(text, at + 3, from);
	else if (next == 'u' && slice_equals_nocase(slice_take(slice_drop(text, at + 1), 4), "ff1a"))
		return (struct sign){':', count + 5, count}; /* as wide as a Chinese character */
	else if (next == 'x')
		sign = sign_hex(text, at + 1, from);
	else if (next == 'n' || next == 'r')
		return (struct sign){'\n', count + 1, count};
	else if (next == 't')
		return (struct sign){' ', count + 1, count};
	else if (next == '"' || next == '\'' || next == '/')
		return (struct sign){next, count + 1, count};
	return sign.len ? sign : (struct sign){'\\', count, count};
}

enum { ENTITY_LONGEST = 12 };

/* `&quot;`, `&#34;`, `&#x22;` and the others that stand between names and values. */
static struct sign sign_entity(struct slice rest)
{
	static const struct {
		struct slice text;
		uint8_t byte;
	} entities[] = {{SLICE("&quot;"), '"'}, {SLICE("&apos;"), '\''}, {SLICE("&amp;"), '&'}, {SLICE("&lt;"), '<'},
	    {SLICE("&gt;"), '>'}};
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
		if (slice_starts_with(rest, entities[i].text))
			return (struct sign){entities[i].byte, entities[i].text.len, 0};
	if (rest.len < 4 || rest.at[1] != '#')
		return (struct sign){'&', 1, 0};
	rest = slice_take(rest, ENTITY_LONGEST);
	bool hex = (rest.at[2] | 0x20) == 'x';
	unsigned code = 0;
	size_t at = hex ? 3 : 2;
	for (int digit;
	     at < rest.len && code < 0x80 && (digit = digits_read_hex(rest.at[at])) >= 0 && (hex || digit < 10); at++)
		code = code * (hex ? 16 : 10) + (unsigned)digit;
	bool good = at < rest.len && rest.at[at] == ';' && code && code < 0x80;
	return good ? (struct sign){(uint8_t)code, at + 1, 0} : (struct sign){'&', 1, 0};
}

struct sign mask_sign_escaped(struct slice text, size_t at)
{
	if (text.at[at] == '\\')
		return sign_backslash(text, at);
	if (text.at[at] == '&')
		return sign_entity(slice_drop(text, at));
	struct sign sign = sign_hex(text, at + 1, at);
	return sign.len ? sign : (struct sign){text.at[at], 1, 0};
}

struct sign mask_sign_before(struct slice text, size_t at)
{
	static const size_t lengths[] = {6, 5, 4, 3}; /* \u0022, &quot;, &#x22;; &#34;; \x22, &lt;; %22 */
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct sign sign = at >= lengths[i] ? mask_sign_at(text, at - lengths[i]) : (struct sign){0};
		if (sign.len == lengths[i])
			return sign;
	}
	return at ? (struct sign){text.at[at - 1], 1, 0} : (struct sign){0};
}

/* ---- shapes */

enum { MASK_MARGIN = 18 }; /* bytes at the beginning of what is decoded, by which it is a text or none */

static bool is_base64(uint8_t byte)
{
	return mask_name_signs[byte] ? byte != '.' && byte != '$' : byte == '+' || byte == '/';
}

static size_t run_of(struct slice text, size_t at, bool (*has)(uint8_t))
{
	while (at < text.len && has(text.at[at]))
		at++;
	return at;
}

static bool is_token(uint8_t byte)
{
	return is_base64(byte) || byte == '.' || byte == '~' || byte == '=';
}

/* Beginnings that only secrets have, by who gives them out. */
static const struct slice known_prefixes[] = {
    SLICE("ghp_"), SLICE("gho_"), SLICE("ghs_"), SLICE("ghu_"), SLICE("github_pat_"), /* GitHub */
    SLICE("glpat-"),                                                                  /* GitLab */
    SLICE("xoxb-"), SLICE("xoxp-"), SLICE("xoxa-"), SLICE("xoxs-"),                   /* Slack */
    SLICE("sk_live_"), SLICE("rk_live_"), SLICE("sk_test_"),                          /* Stripe */
    SLICE("AKIA"), SLICE("ASIA"),                                                     /* AWS */
    SLICE("AIza"), SLICE("ya29."),                                                    /* Google */
    SLICE("sk-proj-"), SLICE("sk-ant-"), SLICE("sk-svcacct-"), SLICE("hf_"),          /* makers of models */
    SLICE("shpat_"), SLICE("dop_v1_"), SLICE("whsec_"), /* Shopify, DigitalOcean, webhooks */
    SLICE("npm_"), SLICE("pypi-"),                      /* package registries */
};

/* A JWT (RFC 7519) begins with the base64 of `{"`; its parts are parted by dots. */
static bool is_jwt(struct slice token)
{
	size_t dot = slice_find_byte(token, '.');
	return slice_starts_with(token, SLICE("eyJ")) && dot >= 8 && dot + 4 < token.len;
}

static bool is_known(struct slice token)
{
	for (size_t i = 0; token.len >= MASK_RUN && i < sizeof known_prefixes / sizeof *known_prefixes; i++)
		if (slice_starts_with(token, known_prefixes[i]))
			return mask_is_random(token, MASK_RANDOM_SHORT);
	return false;
}

bool mask_take_token(struct scan *scan, size_t at, struct slice name, struct find *find)
{
	struct slice text = scan->text;
	size_t end = at + name.len;
	if (slice_starts_with(name, SLICE("eyJ"))) {
		size_t token = mask_look_ahead(scan, at, run_of(text, at, is_token));
		end = is_jwt(mask_part(text, at, token)) ? token : 0;
	} else if (!is_known(name)) {
		end = 0;
	}
	*find = end ? (struct find){at, end} : (struct find){0};
	return end;
}

/* Between a scheme and its credentials; a comma in Sec-WebSocket-Protocol, where browsers have no other place for them.
 */
static bool sign_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '+' || byte == ',';
}

/* "Bearer abc1": the word behind it, when it looks like credentials. */
bool mask_take_scheme(struct scan *scan, struct slice name, size_t at, struct find *find)
{
	struct slice text = scan->text;
	bool basic = slice_equals_nocase(name, "basic");
	if (!basic && !slice_equals_nocase(name, "bearer"))
		return false;
	size_t begin = at;
	for (struct sign sign; (sign = mask_sign_at(text, begin)).len && sign_is_blank(sign.byte);)
		begin += sign.len;
	size_t end = mask_look_ahead(scan, begin, run_of(text, begin, is_token));
	struct slice word = mask_part(text, begin, end);
	bool is_secret = mask_is_random(word, MASK_RANDOM_SHORT) || word.len >= 2 * MASK_RUN || is_jwt(word);
	if (begin == at || (basic && word.len % 4) || !is_secret)
		return false;
	*find = (struct find){begin, end};
	return true;
}

/* -u and its like; of curl also behind other letters, -su. */
static bool is_login_option(struct slice text, struct slice name)
{
	static const struct slice options[] = {SLICE("-u"), SLICE("-U"), SLICE("--user"), SLICE("--proxy-user")};
	enum { LETTERS = 6, COMMAND_REACH = 256 };
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (name.len == options[i].len && slice_starts_with(name, options[i]))
			return true;
	if (name.len < 3 || name.len > LETTERS || name.at[0] != '-' || name.at[1] == '-' ||
	    name.at[name.len - 1] != 'u')
		return false;
	size_t at = (size_t)(name.at - text.at), from = at > COMMAND_REACH ? at - COMMAND_REACH : 0;
	struct slice before = mask_part(text, from, at);
	return slice_find(before, SLICE("curl")) < before.len;
}

enum { USERINFO_REACH = 512 };

bool mask_take_login(struct slice text, struct slice name, size_t behind, struct find *find)
{
	if (!is_login_option(text, name))
		return false;
	size_t begin = behind, end, digits = 0;
	uint8_t quote = 0;
	for (struct sign sign; strchr("\"'\\", (sign = mask_sign_at(text, begin)).byte) && sign.len; begin += sign.len)
		quote = sign.byte == '\\' ? quote : sign.byte;
	struct slice near = slice_take(text, begin + USERINFO_REACH);
	for (end = begin; end < near.len && near.at[end] >= ' ' && !strchr("\"'\\", near.at[end]); end++) {
		if (near.at[end] == ' ' && !quote)
			break;
		digits += digits_is_decimal(near.at[end]);
	}
	struct slice login = mask_part(text, begin, end);
	size_t colon = slice_find_byte(login, ':') + 1;
	bool is_user_id = digits + 1 == login.len;        /* docker run -u 1000:1000 */
	bool is_format = login.len && login.at[0] == '+'; /* date -u +%H:%M */
	if (colon >= login.len || is_user_id || is_format)
		return false;
	*find = (struct find){begin + colon, end};
	return true;
}

/* Of MASK_MARGIN bytes at the beginning. */
static bool is_text(struct slice bytes)
{
	size_t printable = 0;
	bytes = slice_take(bytes, MASK_MARGIN);
	for (size_t i = 0; i < bytes.len; i++)
		printable += bytes.at[i] >= ' ' && bytes.at[i] < 0x7f;
	return printable * 10 >= bytes.len * 7;
}

/* The run is base64 or hexadecimal of a text that holds a secret: decodes it into `plain`, which is over `room` bytes
 * or grows. */
static bool read_encoded(struct slice run, bool hex, struct buffer *plain)
{
	buffer_clear(plain);
	if (!hex)
		return base64_read(plain, run.len % 4 == 1 ? slice_take(run, run.len - 1) : run);
	for (size_t i = 0; i + 1 < run.len; i += 2)
		if (!buffer_append_byte(
		        plain, (uint8_t)(digits_read_hex(run.at[i]) << 4 | digits_read_hex(run.at[i + 1]))))
			return false;
	return true;
}

/* The first letter of each four has the upper six bits of a byte: for printable ASCII it is one of these. */
static const bool text_letters[256] = {['I' ... 'Z'] = true, ['a' ... 'f'] = true};

static bool may_be_text(struct slice base64)
{
	size_t all = 0, printable = 0;
	for (size_t i = 0; i < base64.len && i < MASK_MARGIN / 3 * 4; i += 4) {
		printable += text_letters[base64.at[i]];
		all++;
	}
	return printable * 2 > all;
}

static bool encodes_secret(const struct scan *scan, struct slice run, bool hex)
{
	if (!hex && !may_be_text(run))
		return false;
	uint8_t room[MASK_MARGIN];
	struct buffer margin = buffer_over(room, sizeof room), plain;
	if (!read_encoded(slice_take(run, hex ? 2 * MASK_MARGIN : MASK_MARGIN / 3 * 4), hex, &margin) ||
	    !is_text(buffer_slice(&margin)))
		return false;
	if (scan->depth >= MASK_DEPTH)
		return true;
	buffer_init(&plain, BUFFER_NO_LIMIT, NULL);
	bool holds = !read_encoded(run, hex, &plain) || mask_scan_holds(scan, buffer_slice(&plain));
	buffer_free(&plain);
	return holds;
}

static bool is_hex(uint8_t byte)
{
	return digits_read_hex(byte) >= 0;
}

/* A long run of letters, digits and the signs of base64 begins at `at`. Base64 may have anything before it that looks
 * alike, a path say, so it is read from each of the first four letters, and from behind each slash. */
bool mask_take_encoded(struct scan *scan, size_t at, struct find *find)
{
	struct slice text = scan->text;
	size_t end = mask_look_ahead(scan, at, run_of(text, at, is_base64)), hex_end = run_of(text, at, is_hex);
	scan->encoded_until = end;
	if (hex_end - at >= MASK_RUN && encodes_secret(scan, mask_part(text, at, hex_end), true)) {
		*find = (struct find){at, hex_end};
		return true;
	}
	for (size_t i = 0; i < 4 && end - at >= MASK_RUN + i; i++)
		if (encodes_secret(scan, mask_part(text, at + i, end), false)) {
			while (end < text.len && text.at[end] == '=')
				end++;
			*find = (struct find){at, end};
			return true;
		}
	return false;
}

/* ---- percent-encoded runs */

static bool is_percent_run(uint8_t byte)
{
	return byte > ' ' && byte < 0x7f && !strchr("\"'<>&;#\\`", byte);
}

/* What is left of a run when nothing in it is a secret as it is spelt: it may be one when it is decoded. */
bool mask_take_percent(struct scan *scan, size_t at, struct find *find)
{
	struct slice text = scan->text;
	struct buffer plain;
	if (at < scan->percent_until)
		return false;
	size_t begin = at, end = run_of(text, at, is_percent_run);
	struct scan spelt = *scan;
	spelt.text = slice_take(text, end);
	scan->percent_until = spelt.percent_until = end;
	bool is_spelt = mask_scan_finds(&spelt, at, find);
	scan->effort = spelt.effort;
	*find = (struct find){0};
	if (is_spelt)
		return false;
	buffer_init(&plain, BUFFER_NO_LIMIT, NULL);
	bool encodes = false;
	for (struct sign sign; at < end; at += sign.len) {
		sign = text.at[at] == '%' ? sign_hex(spelt.text, at + 1, at) : (struct sign){0};
		encodes |= sign.len > 0;
		if (!sign.len)
			sign = (struct sign){text.at[at] == '+' ? ' ' : text.at[at], 1, 0};
		buffer_append_byte(&plain, sign.byte);
	}
	bool holds = encodes &&
	             (plain.truncated || (scan->depth >= MASK_DEPTH ? is_text(buffer_slice(&plain))
	                                                            : mask_scan_holds(scan, buffer_slice(&plain))));
	buffer_free(&plain);
	if (holds)
		*find = (struct find){begin, end};
	return holds;
}

/* ---- addresses and keys */

static bool is_port(struct slice digits)
{
	size_t count = 0;
	while (count < digits.len && digits_is_decimal(digits.at[count]))
		count++;
	return count == digits.len;
}

/* "://user:password@" at `at`, or "://token@". A password may have slashes, if no port is before them. Returns where to
 * look on. */
size_t mask_take_userinfo(struct slice text, size_t at, struct find *find)
{
	if (!slice_starts_with(slice_drop(text, at), SLICE("://")))
		return at + 1;
	size_t begin = at + 3, end = begin, colon = 0, sign = 0;
	struct slice near = slice_take(text, begin + USERINFO_REACH);
	for (; end < near.len && near.at[end] > ' ' && !strchr("\"'<>`\\", near.at[end]); end++) {
		if (strchr("/?#", near.at[end]) && (!colon || sign || is_port(mask_part(near, colon, end))))
			break;
		if (near.at[end] == ':' && !colon)
			colon = end + 1;
		if (near.at[end] == '@')
			sign = end;
	}
	bool named = colon && colon <= sign;
	if (named)
		begin = colon;
	if (sign && mask_takes_value(named ? MASK_WHOLE : MASK_RANDOM, mask_part(text, begin, sign)))
		*find = (struct find){begin, sign};
	return find->end ? find->end : at + 3;
}

/* "-----BEGIN … PRIVATE KEY-----" (RFC 7468) up to its end. */
bool mask_take_pem(struct slice text, size_t at, struct find *find)
{
	struct slice rest = slice_drop(text, at);
	if (!slice_starts_with(rest, SLICE("-----BEGIN ")) ||
	    slice_find(slice_take(rest, 64), SLICE("PRIVATE KEY")) >= 64)
		return false;
	size_t end = slice_find(rest, SLICE("-----END"));
	*find = (struct find){at, at + end};
	return true;
}

enum { MASK_PREFIX = 32 }; /* the longest of a namespace of XML */

size_t mask_take_element(struct scan *scan, size_t at, size_t end, unsigned means, struct find *find)
{
	struct slice text = scan->text;
	struct sign before = mask_sign_before(text, at), sign;
	for (size_t prefix = at; (before.byte == ':' || mask_name_signs[before.byte]) && at - prefix < MASK_PREFIX;
	     before = mask_sign_before(text, prefix))
		prefix -= before.len;
	if (before.byte != '<' || !(means & MASK_SECRET))
		return end;
	size_t begin = end;
	while ((sign = mask_sign_at(text, begin)).len && sign.byte != '>' && sign.byte != '<' &&
	       begin - end < MASK_PAIR_REACH)
		begin += sign.len;
	struct sign last = begin > end ? mask_sign_before(text, begin) : before;
	if (sign.byte != '>' || last.byte == '/')
		return end;
	begin += sign.len;
	size_t until = begin;
	while ((sign = mask_sign_at(text, until)).len && sign.byte != '<')
		until += sign.len;
	mask_look_ahead(scan, at, until);
	uint8_t behind = mask_sign_at(text, until + sign.len).byte;
	bool closes = sign.len ? behind == '/' || behind == '!' : mask_sign_at(text, begin).byte > ' ';
	if (!closes || !mask_takes_value(means, mask_part(text, begin, until)))
		return end;
	*find = (struct find){begin, until};
	return until;
}
