/* What the bytes of a script are. */
#ifndef REFLEX_LETTERS_H
#define REFLEX_LETTERS_H

#include "base/digits.h"

/* Any byte of a name; those above ASCII are letters of other scripts, which Python and JavaScript both allow. */
static inline bool letter_is_of_word(uint8_t byte)
{
	return digits_is_decimal(byte) || ((byte | 32) >= 'a' && (byte | 32) <= 'z') || byte == '_' || byte == '$' ||
	       byte >= 0x80;
}

static inline bool letter_is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static inline bool letter_is_quote(uint8_t byte)
{
	return byte == '"' || byte == '\'' || byte == '`';
}

#endif
