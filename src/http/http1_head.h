/* The head of an HTTP message, read when it is whole. */
#ifndef HTTP_HTTP1_HEAD_H
#define HTTP_HTTP1_HEAD_H

#include "http/http1.h"

/* NULL, or what is wrong with it. The slices of `head` lie in `bytes`. */
const char *http_head_read(enum http_role role, struct slice bytes, struct http_head *head);

#endif
