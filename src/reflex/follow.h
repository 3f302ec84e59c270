/* Reads a Socket.IO event as what a Reflex page or its backend says, and takes it into the page's model. */
#ifndef REFLEX_FOLLOW_H
#define REFLEX_FOLLOW_H

#include "reflex/model.h"
#include "socketio/event.h"

enum follow_kind { FOLLOW_NOTHING, FOLLOW_SENT, FOLLOW_UPDATE };

struct follow_item {
	enum follow_kind kind;
	struct update_event sent; /* FOLLOW_SENT */
	struct update update;     /* FOLLOW_UPDATE */
};

/* `text` holds what had to be unescaped: the item's slices may lie in it. */
enum follow_kind follow_read(const struct event *event, struct buffer *text, struct follow_item *item);

/* An empty effect for what is no update with a delta. */
struct model_effect follow_apply(struct model *model, const struct event *event, const struct follow_item *item);

#endif
