/*
 * Names as Reflex writes them: `reflex___state____state.shop___cart____cart_state` is class CartState of module
 * shop.cart below the root state, `total_rx_state_` its var `total`.
 */
#ifndef REFLEX_NAME_H
#define REFLEX_NAME_H

#include "base/buffer.h"

#define NAME_MARKER SLICE("_rx_state_") /* ends every var since 0.8.0 */
#define NAME_ROOT_STATE SLICE("reflex___state____state")

/* The var's name in Python: without the marker, when it has one. */
struct slice name_of_var(struct slice var);
bool name_has_marker(struct slice var);

/* What stands after the last dot of a state: `shop___cart____cart_state`. */
struct slice name_last_part(struct slice state);

/* The class of a state in snake case: `cart_state`; the whole last part when it names no module. */
struct slice name_of_class(struct slice state);

/* The state is Reflex's own (its root included), not the application's. */
bool name_is_framework(struct slice state);

/* Appends what the source calls the state: `shop.cart.CartState`. A class whose capitals are not those of plain snake
 * case (URLState) cannot be told from the name. */
bool name_write_class(struct buffer *out, struct slice state);

#endif
