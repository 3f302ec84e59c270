/*
 * Regular expressions over text from the wire: POSIX extended syntax (IEEE Std 1003.1, chapter 9.4), matched by TRE in
 * a time that is proportional to the text, whatever the text is. glibc's regexec is quadratic and worse over text that
 * the other side has chosen. Back references, which no matcher bounds, are refused when the pattern is compiled, and so
 * is a pattern of more than 1,024 characters with its repetitions written out: TRE's memory goes with their square.
 *
 * Text is matched character by character as UTF-8; a byte that is none counts as one character, U+FFFD. The locale
 * decides no more than which letters [[:alpha:]] has besides those of ASCII.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include "base/bytes.h"

enum pattern_answer {
	PATTERN_DIFFERS,
	PATTERN_MATCHES,
	PATTERN_UNDECIDED, /* the text is longer than the limit, and does not match already in its beginning */
	PATTERN_REFUSED,   /* there was no memory */
};

struct pattern; /* opaque */

/* NULL: `why` says what is wrong with the pattern, or that there is no memory. */
struct pattern *pattern_new(const char *text, char *why, size_t why_size);
void pattern_free(struct pattern *pattern); /* may be NULL */

/* Searches `text`, of which no more than the first `limit` bytes are looked at. */
enum pattern_answer pattern_search(const struct pattern *pattern, struct slice text, size_t limit);

#endif
