/* An address and a port, compared and written. */
#include "engine/endpoint.h"

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
	char address[ADDRESS_TEXT_SIZE];
	uint64_t number;
	if (endpoint->path)
		return endpoint_format_path(endpoint->path, text);
	address_format(&endpoint->address, true, address);
	if (address_is_unix(&endpoint->address, &number))
		snprintf(text, ENDPOINT_TEXT_SIZE, "%s", address);
	else
		snprintf(text, ENDPOINT_TEXT_SIZE, "%s:%u", address, endpoint->port);
	return text;
}
