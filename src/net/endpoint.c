/* An address and a port, compared and written. */
#include "net/endpoint.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

bool endpoint_equals(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equals(&a->address, &b->address);
}

static char *endpoint_format_path(const char *path, char *text)
{
	enum { PATH_MOST = ENDPOINT_TEXT_SIZE - 16 };
	size_t len = strlen(path);
	const char *shown = len > PATH_MOST ? path + len - PATH_MOST : path;
	snprintf(text, ENDPOINT_TEXT_SIZE, "unix:%s%s", shown == path ? "" : "...", shown);
	return text;
}

char *endpoint_format(const struct endpoint *endpoint, char *text)
{
	uint64_t number;
	if (endpoint->path)
		return endpoint_format_path(endpoint->path, text);
	address_format(&endpoint->address, true, text);
	if (address_is_unix(&endpoint->address, &number))
		return text;
	char *end = text + strlen(text);
	*end++ = ':';
	*digits_write(end, endpoint->port) = '\0';
	return text;
}
