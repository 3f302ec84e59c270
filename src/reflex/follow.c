/* Reflex's events are all called `event`, on whatever namespace. */
#include "reflex/follow.h"

enum follow_kind follow_read(const struct event *event, struct buffer *text, struct follow_item *item)
{
	struct slice rest = event->data, argument;
	*item = (struct follow_item){0};
	if (event->kind != EVENT_EVENT || event->has_raw || !json_string_is(event->name, "event") ||
	    !json_take_checked(&rest, &argument))
		return FOLLOW_NOTHING;
	if (event->direction == DIRECTION_TO_SERVER)
		item->kind = update_read_event(argument, text, &item->sent) ? FOLLOW_SENT : FOLLOW_NOTHING;
	else
		item->kind = update_read(argument, text, &item->update) ? FOLLOW_UPDATE : FOLLOW_NOTHING;
	return item->kind;
}

struct model_effect follow_apply(struct model *model, const struct event *event, const struct follow_item *item)
{
	const struct model_point at = {event->index, event->time};
	if (item->kind == FOLLOW_SENT)
		model_note_event(model, &item->sent, at);
	if (item->kind == FOLLOW_UPDATE && item->update.delta.len)
		return model_apply(model, item->update.delta, at);
	return (struct model_effect){0};
}
