/* What a JSON token stands for: a string's text, a number's value. */
#include "base/bytes.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPLACEMENT = 0xfffd };

/* ---- Strings. */

/* The text between the quotes; false when the token has none. */
static bool strip_quotes(struct slice token, struct slice *body)
{
	if (token.len < 2 || token.at[0] != '"' || token.at[token.len - 1] != '"')
		return false;
	*body = slice_of(token.at + 1, token.len - 2);
	return true;
}

/* The four digits of \uXXXX, taken off; -1 when they are not there. */
static int32_t take_unit(struct slice *body)
{
	int32_t unit = 0;
	if (body->len < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = digits_read_hex(body->at[i]);
		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	*body = slice_drop(*body, 4);
	return unit;
}

/* After "\u": one code point, of two escapes where they are a surrogate pair. */
static int32_t take_code_point(struct slice *body)
{
	int32_t unit = take_unit(body);
	if (unit < 0xd800 || unit > 0xdfff)
		return unit;
	struct slice after = *body;
	if (unit > 0xdbff || !slice_starts_with(after, SLICE("\\u")))
		return REPLACEMENT;
	after = slice_drop(after, 2);
	int32_t low = take_unit(&after);
	if (low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT;
	*body = after;
	return 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
}

/* After a backslash; -1 when no escape follows. */
static int32_t take_escape(struct slice *body)
{
	static const char kinds[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	if (!body->len)
		return -1;
	uint8_t kind = body->at[0];
	*body = slice_drop(*body, 1);
	if (kind == 'u')
		return take_code_point(body);
	const char *hit = kind ? strchr(kinds, kind) : NULL;
	return hit ? meant[hit - kinds] : -1;
}

static size_t encode_utf8(int32_t point, uint8_t *to)
{
	size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
	to[0] = (uint8_t)(leads[more] | point >> 6 * more);
	for (size_t i = 1; i <= more; i++)
		to[i] = (uint8_t)(0x80 | (point >> 6 * (more - i) & 0x3f));
	return more + 1;
}

/* Takes a piece of text off the front: a run as it stands, or what one escape stands for, written to `room`. False: a
 * quote or a backslash that does not belong. */
static bool take_piece(struct slice *body, uint8_t room[4], struct slice *piece)
{
	if (body->at[0] != '\\') {
		*piece = slice_take(*body, slice_find_byte(*body, '\\'));
		*body = slice_drop(*body, piece->len);
		return slice_find_byte(*piece, '"') == piece->len;
	}
	*body = slice_drop(*body, 1);
	int32_t point = take_escape(body);
	if (point < 0)
		return false;
	*piece = slice_of(room, encode_utf8(point, room));
	return true;
}

bool json_unescape(struct slice token, struct buffer *out)
{
	size_t before = out->len;
	struct slice body, piece;
	uint8_t room[4];
	if (!strip_quotes(token, &body))
		return false;
	while (body.len)
		if (!take_piece(&body, room, &piece) || !buffer_append(out, piece)) {
			out->len = before;
			return false;
		}
	return true;
}

/* Byte by byte, because most keys differ early from what is looked for. */
bool json_string_is(struct slice token, const char *text)
{
	struct slice wanted = slice_of_text(text);
	struct slice body, piece;
	uint8_t room[4];
	if (!strip_quotes(token, &body))
		return false;
	while (body.len && body.at[0] != '\\') {
		if (!wanted.len || body.at[0] != wanted.at[0] || body.at[0] == '"')
			return false;
		body = slice_drop(body, 1);
		wanted = slice_drop(wanted, 1);
	}
	while (body.len) {
		if (!take_piece(&body, room, &piece) || !slice_starts_with(wanted, piece))
			return false;
		wanted = slice_drop(wanted, piece.len);
	}
	return !wanted.len;
}

/* ---- Numbers. */

static bool is_whole_token(struct slice token)
{
	struct slice rest = token, value;
	return json_take_value(&rest, &value) && slice_equals(value, token);
}

bool json_read_integer(struct slice token, int64_t *number)
{
	if (json_kind_of(token) != JSON_NUMBER || !is_whole_token(token))
		return false;
	bool negative = token.at[0] == '-';
	int64_t sum = 0;
	for (size_t i = negative; i < token.len; i++) {
		uint8_t digit = token.at[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_sub_overflow(sum, (int64_t)digit, &sum))
			return false;
	}
	return !__builtin_mul_overflow(sum, negative ? 1 : -1, number);
}

/* A number as decimal digits and the power of ten that its last digit stands for. 768 digits decide any double's
 * rounding; of more, only whether one of them is not zero matters. */
struct decimal {
	char digits[800];
	size_t count;
	int64_t exponent;
	bool more; /* a digit that is not zero was left out */
};

enum { DIGITS_THAT_MATTER = 768 };

static void add_digit(struct decimal *decimal, char digit, bool fraction)
{
	if (decimal->count < DIGITS_THAT_MATTER) {
		if (decimal->count || digit != '0')
			decimal->digits[decimal->count++] = digit;
		decimal->exponent -= fraction;
	} else {
		decimal->more |= digit != '0';
		decimal->exponent += !fraction;
	}
}

/* Holds at a size that no length of text can outweigh. */
static int64_t read_exponent(struct slice text)
{
	bool negative = text.len && text.at[0] == '-';
	int64_t sum = 0;
	if (text.len && (text.at[0] == '-' || text.at[0] == '+'))
		text = slice_drop(text, 1);
	for (size_t i = 0; i < text.len && sum < INT64_MAX / 100; i++)
		sum = sum * 10 + (text.at[i] - '0');
	return negative ? -sum : sum;
}

static struct decimal read_decimal(struct slice token)
{
	struct decimal decimal = {.count = 0};
	bool fraction = false;
	for (size_t i = token.at[0] == '-'; i < token.len; i++) {
		if ((token.at[i] | 0x20) == 'e') {
			decimal.exponent += read_exponent(slice_drop(token, i + 1));
			break;
		}
		if (token.at[i] == '.')
			fraction = true;
		else
			add_digit(&decimal, (char)token.at[i], fraction);
	}
	return decimal;
}

/* Spelt without a point, so that strtod reads it alike in every locale. */
bool json_read_number(struct slice token, double *number)
{
	if (json_kind_of(token) != JSON_NUMBER || !is_whole_token(token))
		return false;
	struct decimal decimal = read_decimal(token);
	if (decimal.more) {
		decimal.digits[decimal.count++] = '1';
		decimal.exponent--;
	}
	snprintf(decimal.digits + decimal.count, sizeof decimal.digits - decimal.count, "%se%" PRId64,
	    decimal.count ? "" : "0", decimal.exponent);
	double size = strtod(decimal.digits, NULL);
	*number = token.at[0] == '-' ? -size : size;
	return true;
}
