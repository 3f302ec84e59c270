/*
 * What a proxy passes on of the page that asks: by it the server decides whether the page is its own.
 *
 * Source: python-engineio 4 base_server.py, _cors_allowed_origins: without cors_allowed_origins a page may come from
 * SCHEME://HOST, of the Host header and X-Forwarded-Proto (else http), and with the first of X-Forwarded-Host in place
 * of Host. Other servers do not compare the two.
 */
#ifndef DETECT_FORWARDED_H
#define DETECT_FORWARDED_H

#include "http/exchange.h"

enum forwarded {
	FORWARDED_NONE,        /* the request names no origin: no page sent it, or a log does not say */
	FORWARDED_SAME,        /* the page is the server's own, as far as arrives here */
	FORWARDED_OTHER,       /* it is another's */
	FORWARDED_HOST_LOST,   /* a proxy passed it on with a Host of its own: the page's may be the proxy's */
	FORWARDED_SCHEME_LOST, /* the host is the page's, which came by https, and that does not arrive */
};

/* A proxy passed it on, as its headers say. */
bool forwarded_is(const struct exchange_half *request);

/* The host that the page asked for, as a proxy passes it on beside the Host that it writes (X-Forwarded-Host, or
 * `host=` of Forwarded, RFC 7239); empty: it does not. */
struct slice forwarded_host(const struct exchange_half *request);

/* `is_encrypted`: the request came by TLS, whose end may be a proxy that writes X-Forwarded-Proto only behind it. */
enum forwarded forwarded_judge(const struct exchange_half *request, bool is_encrypted);

#endif
