/* In place of handshake.c where libcurl is missing. */
#include "reflex/bundle.h"

#include <stdio.h>

bool handshake_ask(struct bundle_server *server, const char *url, const struct frontend *frontend)
{
	(void)server;
	(void)url;
	(void)frontend;
	fputs("sioscope: --server: this sioscope was built without libcurl: install it (with its headers) and build "
	      "sioscope again\n",
	    stderr);
	return false;
}
