/* What a name says of the value that is called so: a key of JSON, a parameter, a field of a head. For mask_*.c alone.
 */
#ifndef BASE_MASK_NAMES_H
#define BASE_MASK_NAMES_H

#include "base/mask.h"

enum mask_meaning {
	MASK_WHOLE = 1,    /* a secret, whatever it looks like; and so is all within it */
	MASK_STRING = 2,   /* a string is one, and the strings within; a number only counts something */
	MASK_RANDOM = 4,   /* a string is one when it looks like one (mask_is_random) */
	MASK_DIGITS = 8,   /* and also when it is four to eight digits */
	MASK_LINE = 16,    /* in a text it reaches to the end of its line: it may hold spaces */
	MASK_LAST = 32,    /* the last word of the name says so: then it may name a value beside it */
	MASK_NAMING = 64,  /* its own value is the name of a value beside it: {"name": …, "value": …} */
	MASK_VALUE = 128,  /* that value */
	MASK_NUMBER = 256, /* with MASK_DIGITS: four digits are enough, and a number may be one */
	MASK_SECRET = MASK_WHOLE | MASK_STRING | MASK_RANDOM,
	MASK_HOLDS = 512, /* mask_key_means: the name itself holds a secret */
	MASK_MEANINGS = 1023,
};

/* A bit for each meaning. `name` may have escapes of JSON and URLs; it is read word by word. */
unsigned mask_name_means(const struct mask *mask, struct slice name);

/* The same of a key of JSON, and MASK_HOLDS. */
unsigned mask_key_means(const struct mask *mask, struct slice key);

/* What a value means as the name of another value, {"name": "cookie", "value": …}, by its last word; 0: it names no
 * secret. */
unsigned mask_value_names(const struct mask *mask, struct slice value);

/* Letters and digits mixed, as in tokens, ids and digests, and in no word: `least` of them in one piece, or a UUID. A
 * date is none. */
enum { MASK_RANDOM_PROSE = 7, MASK_RANDOM_SHORT = 8, MASK_RANDOM_LONG = 16 };
bool mask_is_random(struct slice value, size_t least);

/* A name that is spelt as programs spell theirs, and means a secret: an element of a list of names, not a value. */
bool mask_is_plain_name(const struct mask *mask, struct slice value);

/* The value itself, without quotes, is a secret under a name that means this. */
bool mask_takes_value(unsigned means, struct slice value);

#endif
