/* Secrets that need no name: tokens by their shape, and texts that hold one, in base64, in hexadecimal,
 * percent-encoded. */
#include "base/mask_scan.h"
#include "base/text.h"

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
    SLICE("npm_"), SLICE("pypi-"),                                                    /* package registries */
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

bool mask_take_token(struct slice text, size_t at, struct slice name, struct find *find)
{
	size_t end = at + name.len;
	if (slice_starts_with(name, SLICE("eyJ"))) {
		size_t token = run_of(text, at, is_token);
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
bool mask_take_scheme(const struct scan *scan, struct slice name, size_t at, struct find *find)
{
	struct slice text = scan->text;
	bool basic = slice_equals_nocase(name, "basic");
	if (!basic && !slice_equals_nocase(name, "bearer"))
		return false;
	size_t begin = at;
	for (struct sign sign; (sign = mask_sign_at(text, begin)).len && sign_is_blank(sign.byte);)
		begin += sign.len;
	size_t end = run_of(text, begin, is_token);
	struct slice word = mask_part(text, begin, end);
	bool is_secret = mask_is_random(word, MASK_RANDOM_SHORT) || word.len >= 2 * MASK_RUN || is_jwt(word);
	if (begin == at || (basic && word.len % 4) || !is_secret)
		return false;
	*find = (struct find){begin, end};
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
	size_t end = run_of(text, at, is_base64), hex_end = run_of(text, at, is_hex);
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
	*find = (struct find){0};
	if (is_spelt)
		return false;
	buffer_init(&plain, BUFFER_NO_LIMIT, NULL);
	bool encodes = false;
	for (struct sign sign; at < end; at += sign.len) {
		sign = text.at[at] == '%' ? mask_sign_hex(spelt.text, at + 1, at) : (struct sign){0};
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

enum { USERINFO_REACH = 512 };

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
