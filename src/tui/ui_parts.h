/*
 * What the files of the interface's frame share with each other: ui.c (stack and loop), ui_draw.c, ui_ask.c (search,
 * filter, save), ui_keys.c. Screens see tui/ui.h only.
 */
#ifndef TUI_UI_PARTS_H
#define TUI_UI_PARTS_H

#include "tui/ui.h"

struct ui_layer *ui_top(struct ui *ui);
struct query **ui_filter_of(struct ui *ui, enum query_table table);
void ui_moved(struct ui *ui); /* tells the screen that another row is selected */

void ui_draw(struct ui *ui);

void ui_ask_search(struct ui *ui);
void ui_search_begin(struct ui *ui, bool forward);
void ui_search_work(struct ui *ui); /* a slice of it */
void ui_ask_filter(struct ui *ui);
void ui_ask_save(struct ui *ui);

void ui_take_key(struct ui *ui, int key);

#endif
