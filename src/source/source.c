/* Waiting for live sources. */
#include "source/source.h"

#include <poll.h>

enum { SOURCE_FILES = 64 };

size_t source_list_ready(const struct source *source, int *files, size_t room)
{
	if (source->operations->list_ready)
		return source->operations->list_ready(source, files, room);
	if (!room || source->ready < 0)
		return 0;
	files[0] = source->ready;
	return 1;
}

void source_wait(const struct source *source, int milliseconds)
{
	int files[SOURCE_FILES];
	struct pollfd polled[SOURCE_FILES];
	size_t count = source_list_ready(source, files, SOURCE_FILES);
	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){.fd = files[i], .events = POLLIN};
	poll(polled, count, milliseconds);
}
