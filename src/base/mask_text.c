/* Texts with their secrets replaced, by what mask_scan.c finds; and texts of which a glance shows that they have none.
 */
#include "base/mask_scan.h"
#include "base/text.h"

/* ---- what is written instead */

void mask_write_text(const struct mask *mask, struct slice text, struct buffer *out)
{
	struct scan scan = {.mask = mask, .text = text};
	struct find find;
	size_t at = 0;
	for (; !mask->shows && mask_scan_finds(&scan, at, &find); at = find.end) {
		buffer_append(out, mask_part(text, at, find.begin));
		mask_write(mask, mask_part(text, find.begin, find.end), out);
	}
	buffer_append(out, slice_drop(text, at));
}

void mask_write_visible(const struct mask *mask, struct slice text, struct buffer *out)
{
	struct buffer masked;
	if (!mask_text_holds(mask, text)) {
		utf8_write_visible(out, text);
		return;
	}
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	mask_write_text(mask, text, &masked);
	utf8_write_visible(out, buffer_slice(&masked));
	out->truncated |= masked.truncated;
	buffer_free(&masked);
}

/* ---- texts that need no scan, which most are */

enum { PROSE_RUN = 12 }; /* shorter than a JWT, whose parts are parted by dots, and than MASK_RUN */

enum { SIGN_OTHER, SIGN_LETTER = 1, SIGN_DIGIT = 2, SIGN_JOINS = 4, SIGN_BETWEEN = 8, SIGN_BEYOND = 16 };

static const uint8_t prose_signs[256] = {['0' ... '9'] = SIGN_DIGIT,
    ['A' ... 'Z'] = SIGN_LETTER,
    ['a' ... 'z'] = SIGN_LETTER,
    ['_'] = SIGN_JOINS,
    ['.'] = SIGN_JOINS,
    ['/'] = SIGN_JOINS,
    ['$'] = SIGN_JOINS,
    [' '] = SIGN_BETWEEN,
    [','] = SIGN_BETWEEN,
    [';'] = SIGN_BETWEEN,
    ['('] = SIGN_BETWEEN,
    [')'] = SIGN_BETWEEN,
    ['['] = SIGN_BETWEEN,
    [']'] = SIGN_BETWEEN,
    ['?'] = SIGN_BETWEEN,
    ['*'] = SIGN_BETWEEN,
    ['|'] = SIGN_BETWEEN,
    [0x80 ... 0xff] = SIGN_BEYOND};

/* Short words and numbers with blanks between: no sign binds a value to a name, nothing is quoted or encoded, and no
 * word mixes letters and digits as what follows "token is" or "Bearer" does. Beyond ASCII are letters too, but directly
 * behind a name it may be MessagePack. */
static bool is_prose_from(struct slice text, size_t at)
{
	size_t run = 0;
	unsigned seen = 0;
	for (; at < text.len; at++) {
		unsigned sign = prose_signs[text.at[at]];
		if (sign & (SIGN_BETWEEN | SIGN_BEYOND)) {
			if (sign == SIGN_BEYOND && run)
				return false;
			run = seen = 0;
			continue;
		}
		seen |= sign;
		if (sign == SIGN_OTHER || ++run >= PROSE_RUN ||
		    (seen & (SIGN_LETTER | SIGN_DIGIT)) == (SIGN_LETTER | SIGN_DIGIT))
			return false;
	}
	return true;
}

/* Prose, or one short word: nothing in that can be a name with its value, nor an encoded text. */
static bool is_plain(struct slice text)
{
	size_t at = 0;
	while (at < text.len && mask_name_signs[text.at[at]])
		at++;
	return at == text.len ? at < MASK_RUN : is_prose_from(text, 0);
}

enum { MASK_REMEMBERED_LEN = 512 }; /* of a text; longer ones do not come again */

/* Names of events and of states, paths, addresses come again and again: the digest says that one holds nothing. */
static uint64_t *text_place(const struct mask *mask, struct slice text, uint64_t *digest)
{
	if (!mask->memory || text.len > MASK_REMEMBERED_LEN)
		return NULL;
	*digest = hash_digest(mask->memory->secret, text.at, text.len);
	return &mask->memory->texts[(*digest >> 32) % MASK_REMEMBERED];
}

bool mask_text_holds(const struct mask *mask, struct slice text)
{
	struct scan scan = {.mask = mask, .text = text};
	struct find find;
	uint64_t digest, *place;
	if (mask->shows || is_plain(text))
		return false;
	place = text_place(mask, text, &digest);
	if (place && *place == digest)
		return false;
	bool holds = mask_scan_finds(&scan, 0, &find);
	if (place && !holds)
		*place = digest;
	return holds;
}

void mask_fill_bytes(const struct mask *mask, uint8_t *bytes, size_t len)
{
	struct scan scan = {.mask = mask, .text = slice_of(bytes, len)};
	struct find find;
	for (size_t at = 0; !mask->shows && mask_scan_finds(&scan, at, &find); at = find.end)
		memset(bytes + find.begin, MASK_FILL, find.end - find.begin);
}
