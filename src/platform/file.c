/* posix_fallocate and fopencookie, and what Darwin has in their place. */
#include "platform/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __APPLE__

/* F_PREALLOCATE takes blocks behind the end of the file; only ftruncate moves the end (fcntl(2) of macOS). */
bool platform_reserve_file(int file, off_t begin, off_t end)
{
	fstore_t room = {.fst_flags = F_ALLOCATEALL, .fst_posmode = F_PEOFPOSMODE, .fst_length = end - begin};
	return fcntl(file, F_PREALLOCATE, &room) == 0 && ftruncate(file, end) == 0;
}

#else

bool platform_reserve_file(int file, off_t begin, off_t end)
{
	return posix_fallocate(file, begin, end - begin) == 0;
}

#endif

#if defined __linux__ || defined __FreeBSD__

FILE *platform_open_stream(struct platform_stream stream)
{
	const cookie_io_functions_t functions = {.read = stream.read, .close = stream.close};
	return fopencookie(stream.self, "r", functions);
}

#else

/* funopen's functions take and return int where fopencookie's take size_t and return ssize_t. */
static int stream_read(void *cookie, char *out, int room)
{
	const struct platform_stream *stream = cookie;
	return room < 0 ? -1 : (int)stream->read(stream->self, out, (size_t)room);
}

static int stream_close(void *cookie)
{
	struct platform_stream *stream = cookie;
	int result = stream->close(stream->self);
	free(stream);
	return result;
}

FILE *platform_open_stream(struct platform_stream stream)
{
	struct platform_stream *copy = malloc(sizeof *copy);
	if (!copy)
		return NULL;
	*copy = stream;
	FILE *file = funopen(copy, stream_read, NULL, NULL, stream_close);
	if (!file)
		free(copy);
	return file;
}

#endif
