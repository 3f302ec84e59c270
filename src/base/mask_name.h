/* What the words of a key say of its value: for mask.c. */
#ifndef BASE_MASK_NAME_H
#define BASE_MASK_NAME_H

#include "base/digits.h"
#include "base/mask.h"

enum mask_meaning {
	MASK_SECRET = 1,  /* what is called so is a secret */
	MASK_KEY = 2,     /* the same, after one of mask_keys */
	MASK_ADDRESS = 4, /* it may be an address, whose query or userinfo holds secrets */
	MASK_MEANINGS = MASK_SECRET | MASK_KEY | MASK_ADDRESS,
};

/* The meanings of all its words, a bit each; once one of them is a secret's, that alone. */
unsigned mask_name_read(const struct mask *mask, struct slice key);

/* Letters and digits of ASCII, `_` and `-`: what a name that stands in a text is made of. */
static inline bool mask_name_has(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26 || digits_is_decimal(byte) || byte == '_' || byte == '-';
}

#endif
