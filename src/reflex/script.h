/* Places in a script, found without parsing it: where a name is given a value, and which names it uses. Scripts and
 * JSON files alike; what stands in a comment or a string counts too, so the finder's user checks what he gets. */
#ifndef REFLEX_SCRIPT_H
#define REFLEX_SCRIPT_H

#include "base/buffer.h"

struct script_place {
	struct slice before; /* the script up to the key (and its quote) */
	struct slice value;  /* the script from the value on */
};

/* The next `key = …`, `key: …` or `"key": …` at or after *offset, which moves behind the key. */
bool script_next_place(struct slice script, struct slice key, size_t *offset, struct script_place *place);

/* When the key is the first in its object: the script from the object's brace on; else empty. */
struct slice script_enclosing_object(struct slice script, struct script_place place);

/* The value is a string: appends what it stands for and sets `after` to the script behind it. */
bool script_take_text(struct slice value, struct buffer *text, struct slice *after);

/* The next run of letters, digits, _, $, dots and non-ASCII (`e.total_rx_state_`, `shop____cart.add`); empty at the
 * end. */
struct slice script_next_word(struct slice *rest);

/* White space passed over. */
struct slice script_skip_space(struct slice text);

#endif
