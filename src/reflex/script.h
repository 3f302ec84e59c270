/*
 * JavaScript, as far as an exported frontend has to be read: character classes, places in a script, and
 * object literals turned into JSON.
 */
#ifndef REFLEX_SCRIPT_H
#define REFLEX_SCRIPT_H

#include "base/bytes.h"
#include "base/memory.h"

/* ---- character classes */

/* Any byte of a name; those above ASCII are letters of other scripts, which Python and JavaScript both allow. */
static inline bool character_is_of_word(uint8_t byte)
{
	return digits_is_decimal(byte) || ((byte | 32) >= 'a' && (byte | 32) <= 'z') || byte == '_' || byte == '$' ||
	       byte >= 0x80;
}

static inline bool character_is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static inline bool character_is_quote(uint8_t byte)
{
	return byte == '"' || byte == '\'' || byte == '`';
}

/* ---- in a script */

struct script_place {
	struct slice before; /* the script up to the key (and its quote) */
	struct slice value;  /* the script from the value on */
};

/* The next `key = …`, `key: …` or `"key": …` at or after *offset, which moves past the key. */
bool script_next_place(struct slice script, struct slice key, size_t *offset, struct script_place *place);

/* When the key is the first in its object: the script from the object's brace on; else empty. */
struct slice script_enclosing_object(struct slice script, struct script_place place);

/* The value is a string: appends its text and sets `after` to the script after it. */
bool script_take_text(struct slice value, struct buffer *text, struct slice *after);

/* The next run of letters, digits, _, $, dots and non-ASCII (`e.total_rx_state_`, `shop____cart.add`); empty at the
 * end. */
struct slice script_next_word(struct slice *rest);

/* White space passed over. */
struct slice script_skip_space(struct slice text);

/* ---- literals */

/*
 * JavaScript object literals, turned into JSON: what `utils/context.js` and a minifier's chunks hold.
 *
 * Read are the values that a compiler writes for data: objects (bare, quoted and ["computed"] keys), arrays, strings in
 * all three quotes, numbers in every base, and the minifier's spellings !0, !1, void 0, 1/0. Whatever would have to be
 * run (names, calls, `${…}`, spreads) ends the reading. Nothing here recurses.
 */
enum { LITERAL_DEPTH = 256 };

/* Reads one literal from the front of `text` (white space and comments before it are passed over) and appends its JSON,
 * which json_take_value accepts; NaN and ±Infinity stay bare, undefined becomes null. True: `text` is what follows.
 * False: *why says what cannot be read, `text` begins there, and `json` is as it was. */
bool literal_take_value(struct slice *text, struct buffer *json, const char **why);

#endif
