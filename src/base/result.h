/* What every decoder answers. */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

/* A pull parser is called again and again with the bytes it has not taken yet:
 *     while ((result = x_next_item(&state, &bytes, &item)) == WIRE_ITEM) …
 * It takes what it consumed off the front of `bytes`, whatever it answers. What an item borrows is valid until the next
 * call with that state. */
enum wire_result {
	WIRE_MORE, /* all of `bytes` was taken; the next item needs more */
	WIRE_ITEM,
	WIRE_BAD, /* not this protocol; the state says why and stays bad until it is reset */
};

#endif
