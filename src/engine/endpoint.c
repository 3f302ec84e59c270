/* An address and a port, compared and written. */
#include "engine/endpoint.h"

#include <stdio.h>

bool endpoint_equals(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equals(&a->address, &b->address);
}

char *endpoint_format(const struct endpoint *endpoint, char *text)
{
	char address[ADDRESS_TEXT_SIZE];
	snprintf(text, ENDPOINT_TEXT_SIZE, "%s:%u", address_format(&endpoint->address, true, address), endpoint->port);
	return text;
}
