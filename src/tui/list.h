/* What the arrows move in: some rows, the selected one, and the first that is shown. No drawing here. */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct list {
	uint64_t count, selected, top;
	int height; /* rows that are shown */
};

enum list_motion {
	LIST_UP,
	LIST_DOWN,
	LIST_PAGE_UP,
	LIST_PAGE_DOWN,
	LIST_FIRST,
	LIST_LAST,
};

void list_move(struct list *list, enum list_motion motion);
void list_select(struct list *list, uint64_t row);

/* There are so many rows now, and so many can be shown: keeps the selected one among them, and in sight. */
void list_fit(struct list *list, uint64_t count, int height);

#endif
