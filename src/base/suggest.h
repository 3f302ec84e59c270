/* "Did you mean …?": which known name somebody probably meant by an unknown one. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include "base/bytes.h"

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
