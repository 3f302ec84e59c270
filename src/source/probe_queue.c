/* What is to be told next, in order. */
#include "source/probe_parts.h"

#include <stdlib.h>

bool probe_queue_add(struct telling_queue *queue, const struct telling *telling)
{
	if (queue->first == queue->count)
		queue->first = queue->count = 0;
	if (queue->count == queue->room) {
		size_t room = queue->room ? queue->room * 2 : 16;
		struct telling *grown = realloc(queue->list, room * sizeof *grown);
		if (!grown)
			return false;
		queue->list = grown;
		queue->room = room;
	}
	queue->list[queue->count++] = *telling;
	return true;
}

bool probe_queue_take(struct telling_queue *queue, struct telling *telling)
{
	if (queue->first == queue->count)
		return false;
	*telling = queue->list[queue->first++];
	return true;
}

bool probe_queue_is_empty(const struct telling_queue *queue)
{
	return queue->first == queue->count;
}

void probe_queue_free(struct telling_queue *queue)
{
	struct telling telling;
	while (probe_queue_take(queue, &telling))
		free(telling.owned);
	free(queue->list);
	*queue = (struct telling_queue){0};
}
