/* The head of an HTTP message, read when it is whole. */
#ifndef WIRE_HTTP_HEAD_H
#define WIRE_HTTP_HEAD_H

#include "wire/http.h"

/* NULL, or what is wrong with it. The slices of `head` lie in `bytes`. */
const char *http_head_read(enum http_role role, struct slice bytes, struct http_head *head);

#endif
