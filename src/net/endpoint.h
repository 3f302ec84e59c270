/* An address and a port; the two ends of a connection. */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include "net/ip.h"

struct endpoint {
	struct address address;
	uint16_t port;
	const char *path; /* of a unix socket, when it is known; else NULL. Lives as long as the engine; not compared */
};

enum { ENDPOINT_TEXT_SIZE = ADDRESS_TEXT_SIZE + 8 };

bool endpoint_equals(const struct endpoint *a, const struct endpoint *b);

/* "127.0.0.1:8000", "[::1]:8000", "unix:/run/app.sock" (the end of a long path), "unix:[4711]". `text` has
 * ENDPOINT_TEXT_SIZE bytes; returns it. */
char *endpoint_format(const struct endpoint *endpoint, char *text);

#endif
