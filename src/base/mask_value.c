/* The values of names: where one begins, what it is quoted by, and where it ends, in the forms that many languages
 * have. */
#include "base/mask_scan.h"

size_t mask_skip_blanks(struct slice text, size_t at)
{
	for (struct sign sign; (sign = mask_sign_at(text, at)).len && (sign.byte == ' ' || sign.byte == '\t');)
		at += sign.len;
	return at;
}

size_t mask_skip_backslashes(struct slice text, size_t at)
{
	for (struct sign sign; (sign = mask_sign_at(text, at)).len && sign.byte == '\\';)
		at += sign.len;
	return at;
}

/* Whether this many backslashes leave the quote one that closes what a quote behind `opening` of them opened: each
 * level of JSON within JSON doubles them and adds one, and ends of strings may be backslashes. */
static bool quote_closes(size_t backslashes, size_t opening)
{
	return backslashes <= opening || (backslashes - opening) % (2 * (opening + 1)) == 0;
}

size_t mask_quoted_end(struct scan *scan, size_t begin, struct sign opening)
{
	struct slice text = scan->text;
	size_t at = begin;
	for (struct sign sign; (sign = mask_sign_at(text, at)).len; at += sign.len)
		if (sign.byte == opening.byte && quote_closes(sign.backslashes, opening.backslashes))
			break;
	return mask_look_ahead(scan, begin, at);
}

static bool is_same_sign(struct sign a, struct sign b)
{
	return a.len && a.byte == b.byte && a.backslashes == b.backslashes;
}

/* Python's and TOML's quotes of three, the first of which ends at `at`. */
static bool opens_triple(struct slice text, size_t at, struct sign quote)
{
	struct sign second = mask_sign_at(text, at);
	return is_same_sign(second, quote) && is_same_sign(mask_sign_at(text, at + second.len), quote);
}

static size_t triple_end(struct scan *scan, size_t at, struct sign quote)
{
	struct slice text = scan->text;
	while ((at = mask_quoted_end(scan, at, quote)) < text.len) {
		struct sign sign = mask_sign_at(text, at);
		if (opens_triple(text, at + sign.len, quote))
			break;
		at += sign.len;
	}
	return at;
}

/* Past the bracket that closes the one at `at`; the end, when there is none. */
static size_t bracket_end(struct scan *scan, size_t at)
{
	struct slice text = scan->text;
	size_t depth = 0;
	for (struct sign sign; (sign = mask_sign_at(text, at)).len;) {
		at += sign.len;
		if (sign.byte == '"' || sign.byte == '\'') {
			at = mask_quoted_end(scan, at, sign);
			at += mask_sign_at(text, at).len;
		} else if (sign.byte == '{' || sign.byte == '[' || sign.byte == '(') {
			depth++;
		} else if ((sign.byte == '}' || sign.byte == ']' || sign.byte == ')') && --depth == 0) {
			return at;
		}
	}
	return text.len;
}

static bool ends_value(uint8_t byte)
{
	return byte <= ' ' || strchr("&;,\"'}])>|", byte);
}

size_t mask_unquoted_end(struct scan *scan, size_t begin, bool line)
{
	size_t at = begin;
	for (struct sign sign; (sign = mask_sign_at(scan->text, at)).len; at += sign.len)
		if (sign.byte == '\n' || sign.byte == '\r' || (!line && ends_value(sign.byte)))
			break;
	return mask_look_ahead(scan, begin, at);
}

/* RFC 9110 §11.1 and what is used besides: the credentials are the word behind it. */
static bool is_scheme(struct slice word)
{
	return slice_equals_nocase(word, "bearer") || slice_equals_nocase(word, "basic") ||
	       slice_equals_nocase(word, "token") || slice_equals_nocase(word, "digest") ||
	       slice_equals_nocase(word, "negotiate") || slice_equals_nocase(word, "apikey") ||
	       slice_equals_nocase(word, "jwt");
}

struct sign mask_opening_quote(struct slice text, size_t *at)
{
	size_t begin = mask_skip_backslashes(text, *at);
	struct sign sign = mask_sign_at(text, begin), next = mask_sign_at(text, begin + sign.len);
	if ((sign.byte == 'b' || sign.byte == 'u' || sign.byte == 'r') && (next.byte == '"' || next.byte == '\'')) {
		begin += sign.len;
		sign = next;
	}
	if (!sign.len || !mask_is_quote(sign.byte))
		return (struct sign){0};
	*at = begin + sign.len;
	return sign;
}

/* YAML: `|` or `>`, and the value in the lines below, which are indented. `at` becomes where they begin. */
static bool block_begins(struct slice text, size_t *at)
{
	struct sign sign = mask_sign_at(text, *at);
	size_t here = *at + sign.len;
	if (sign.byte != '|' && sign.byte != '>')
		return false;
	while ((sign = mask_sign_at(text, here)).len && strchr("-+ \r123456789", sign.byte))
		here += sign.len;
	struct sign indent = mask_sign_at(text, here + sign.len);
	if (sign.byte != '\n' || indent.byte != ' ')
		return false;
	*at = here + sign.len;
	return true;
}

static size_t block_end(struct scan *scan, size_t at)
{
	struct slice text = scan->text;
	while (at < text.len) {
		at = mask_unquoted_end(scan, at, true);
		struct sign sign = mask_sign_at(text, at), next = mask_sign_at(text, at + sign.len);
		if (!sign.len || !next.len || !strchr(" \r\n", next.byte))
			return at;
		at += sign.len;
	}
	return text.len;
}

size_t mask_take_value(struct scan *scan, size_t at, unsigned means, struct find *find)
{
	struct slice text = scan->text;
	size_t begin = at, end;
	struct sign quote = mask_opening_quote(text, &begin);
	uint8_t first = mask_sign_at(text, begin).byte;
	if (quote.len && opens_triple(text, begin, quote)) {
		begin += 2 * quote.len;
		end = triple_end(scan, begin, quote);
	} else if (quote.len) {
		end = mask_quoted_end(scan, begin, quote);
	} else if (first == '{' || first == '[' || first == '(') {
		if (!(means & (MASK_WHOLE | MASK_STRING)))
			return at;
		end = bracket_end(scan, begin);
		if (end - begin <= 2)
			return end;
	} else if (block_begins(text, &begin)) {
		end = block_end(scan, begin);
	} else {
		end = mask_unquoted_end(scan, begin, means & MASK_LINE);
		size_t word = mask_skip_blanks(text, end);
		if (is_scheme(mask_part(text, begin, end)) && word > end)
			end = mask_unquoted_end(scan, word, false);
	}
	if (mask_takes_value(means, mask_part(text, begin, end))) {
		*find = (struct find){begin, end};
		return end;
	}
	return begin;
}
