/* What a 101's Sec-WebSocket-Extensions agreed on (RFC 6455 §9.1, RFC 7692 §7.1). */
#ifndef HTTP_EXTENSIONS_H
#define HTTP_EXTENSIONS_H

#include "base/bytes.h"

/* permessage-deflate. The windows need not be known: the largest, with which all is inflated, reads any smaller one. */
struct deflate_agreement {
	bool on;
	bool server_no_context_takeover, client_no_context_takeover;
};

/* Reads the Sec-WebSocket-Extensions of the answer's fields. They may be on several lines, which are one list (RFC 9110
 * §5.3). */
struct deflate_agreement extensions_read_fields(struct slice fields);

/* Reads the answer's list; of several permessage-deflates the first counts. What else was agreed on is passed over: its
 * frames tell by their reserved bits. */
struct deflate_agreement extensions_read(struct slice list);

#endif
