/*
 * JavaScript object literals, turned into JSON: what `utils/context.js` and a minifier's chunks hold.
 *
 * Read are the values that a compiler writes for data: objects (bare, quoted and ["computed"] keys), arrays, strings in
 * all three quotes, numbers in every base, and the minifier's spellings !0, !1, void 0, 1/0. Whatever would have to be
 * run (names, calls, `${…}`, spreads) ends the reading. Nothing here recurses.
 */
#ifndef REFLEX_LITERAL_H
#define REFLEX_LITERAL_H

#include "base/buffer.h"

enum { LITERAL_DEPTH = 256 };

/* Reads one literal from the front of `text` (white space and comments before it are passed over) and appends its JSON,
 * which json_take_value accepts; NaN and ±Infinity stay bare, undefined becomes null. True: `text` is what follows.
 * False: *why says what stood in the way, `text` stands there, and `json` is as it was. */
bool literal_take_value(struct slice *text, struct buffer *json, const char **why);

#endif
