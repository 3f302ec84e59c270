/* Arithmetic that never leaves 0..count-1. */
#include "tui/list.h"

static void list_show_selected(struct list *list)
{
	uint64_t height = list->height > 0 ? (uint64_t)list->height : 1;
	if (list->selected < list->top)
		list->top = list->selected;
	if (list->selected >= list->top + height)
		list->top = list->selected - height + 1;
	/* No empty rows at the end while there are rows above. */
	if (list->top && list->top + height > list->count)
		list->top = list->count > height ? list->count - height : 0;
}

void list_select(struct list *list, uint64_t row)
{
	list->selected = row < list->count ? row : list->count ? list->count - 1 : 0;
	list_show_selected(list);
}

void list_move(struct list *list, enum list_motion motion)
{
	uint64_t page = list->height > 1 ? (uint64_t)list->height - 1 : 1, at = list->selected;
	switch (motion) {
	case LIST_UP:
		list_select(list, at ? at - 1 : 0);
		break;
	case LIST_DOWN:
		list_select(list, at + 1);
		break;
	case LIST_PAGE_UP:
		list_select(list, at > page ? at - page : 0);
		break;
	case LIST_PAGE_DOWN:
		list_select(list, at + page);
		break;
	case LIST_FIRST:
		list_select(list, 0);
		break;
	case LIST_LAST:
		list_select(list, list->count);
		break;
	}
}

void list_fit(struct list *list, uint64_t count, int height)
{
	list->count = count;
	list->height = height;
	list_select(list, list->selected);
}
