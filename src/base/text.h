/*
 * Text: base64 and UTF-8; numbers for people (quantities as options take them, plurals, percentiles); "did you mean
 * …?": which known name somebody probably meant by an unknown one.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- base64 */

/* Base64 (RFC 4648 §4). */

/* Both append; false when the buffer refused or (reading) `text` is not base64. Reading tolerates missing padding and
 * the URL alphabet. */
bool base64_write(struct buffer *out, struct slice bytes);
bool base64_read(struct buffer *out, struct slice text);

/* ---- UTF-8 */

enum { UTF8_LONGEST = 4 };

/* The code point that begins the text, and its length in bytes; length 0: no UTF-8 (overlong forms and surrogates are
 * none). `text` is not empty. */
static inline size_t utf8_decode(struct slice text, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = text.at[0];
	size_t len = first < 0x80             ? 1
	             : (first & 0xe0) == 0xc0 ? 2
	             : (first & 0xf0) == 0xe0 ? 3
	             : (first & 0xf8) == 0xf0 ? 4
	                                      : 0;
	if (!len || len > text.len)
		return 0;
	*code = len == 1 ? first : first & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((text.at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text.at[i] & 0x3f);
	}
	bool wrong = (len > 1 && *code < least[len]) || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000);
	return wrong ? 0 : len;
}

/* Is all of it UTF-8? Text without a byte above 127 is looked through eight bytes at a time. */
bool utf8_is_valid(struct slice text);

/* The beginning of the text, at most so many bytes of it; no character is cut in its middle. */
static inline struct slice utf8_take(struct slice text, size_t most)
{
	size_t len = text.len < most ? text.len : most;
	while (len && len < text.len && (text.at[len] & 0xc0) == 0x80)
		len--;
	return slice_take(text, len);
}

/* Characters that no output shows as they are, since they steer a terminal or make text look like another: controls
 * (C0, U+007F, C1), marks of direction and their isolates (Unicode 15, UAX #9), line and paragraph separators (U+2028,
 * U+2029), what has no width or no ink (Unicode 15, Default_Ignorable_Code_Point: U+200B, fillers of Hangul, tags,
 * variation selectors of U+E0100 and above; not those below, which emoji and Mongolian have), deprecated format
 * characters (U+206A to U+206F, U+FFF9 to U+FFFB), and U+FFFE and U+FFFF, which neither XML 1.0 nor YAML 1.2 lets be.
 */
bool utf8_is_steering(uint32_t code);

/* Appends UTF-8 text of which a reader sees every character: those above as JSON writes them (\u202e, \n), bytes that
 * are not UTF-8 as \x9b. What is not theirs stays. False when the buffer refused. */
bool utf8_write_visible(struct buffer *out, struct slice text);

/* A line for people on `out`, behind "sioscope: ", of which a reader sees every character: names of files and words of
 * the command line may hold any. Without memory it is cut. */
void complain_to(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define complain(...) complain_to(stderr, __VA_ARGS__)

/* utf8_decode of text that ends with NUL and is not at its end. */
static inline size_t utf8_decode_text(const char *text, uint32_t *code)
{
	return utf8_decode(slice_of(text, strnlen(text, UTF8_LONGEST)), code);
}

/* ---- quantities */

/*
 * Numbers as people write them for options, and as they are printed. K, M and G are powers of 1024. Bytes may have a
 * unit as well, in any case: KiB, MiB, GiB are the same powers, kB, MB, GB those of 1000, B is one; fractions are taken
 * (1.5GB).
 */

struct quantity_range {
	bool bytes;
	uint64_t least, most;
};

enum { QUANTITY_TEXT = 32, QUANTITY_WHY = 160 };

/* False: `text` is no such number or out of its range, and `why` says what is wanted. */
bool quantity_read(const char *text, const struct quantity_range *range, uint64_t *value, char why[QUANTITY_WHY]);

/* "64KiB", "100MB", "5000B", or "5000" for what is no bytes: exact, in the largest unit that fits. Returns `text`. */
char *quantity_format(uint64_t value, bool bytes, char text[QUANTITY_TEXT]);

/* ---- plurals */

/* What so many are called: `one` or `many`, "session" or "sessions", "was" or "were". */
static inline const char *plural_choose(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* The ending of a regular plural: "" or "s". */
static inline const char *plural_ending(uint64_t count)
{
	return plural_choose(count, "", "s");
}

/* ---- percentiles */

/* Percentiles of the nearest rank: the least number that so many are not above. */

void percentile_sort(double *numbers, size_t count);

/* Of sorted numbers, at least one; `share` from 0 to 1. */
double percentile_of(const double *sorted, size_t count, double share);

/* ---- suggestions */

/* How alike two names are, in percent: the better of their letters' edit distance and the words they share (a plural is
 * its singular). 100 only when they are equal. Names of more than SUGGEST_LONGEST bytes are alike only when equal. */
enum { SUGGEST_LONGEST = 200 };
unsigned suggest_likeness(struct slice a, struct slice b);

/* The word that is most like `name`, at least SUGGEST_MEANT percent of it: somebody may have meant it. NULL: none is.
 * `word` gives the one at an index, NULL behind the last. */
enum { SUGGEST_MEANT = 60 };
const char *suggest_nearest(struct slice name, const char *(*word)(size_t index));

/* The names share a word of at least three letters: `position_rows` and `positions`. */
bool suggest_shares_word(struct slice a, struct slice b);

#endif
