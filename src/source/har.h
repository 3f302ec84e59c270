/*
 * HAR files: what a browser, or a proxy, recorded of HTTP and of WebSockets (HAR 1.2,
 * http://www.softwareishard.com/blog/har-12-spec/, and what exporters add: _webSocketMessages, _error, _failureText,
 * _connectionId). Measured: Chromium DevTools 156, Playwright 1.65, mitmproxy 11, Firefox 153, chrome-har 1.3.1. By
 * their sources alone: Safari (WebKit's HARBuilder.js of 2026), HTTP Toolkit (httptoolkit-ui's har.ts of 2026).
 */
#ifndef SOURCE_HAR_H
#define SOURCE_HAR_H

#include "net/packet.h"
#include "source/har_entry.h"
#include "source/source.h"

enum { HAR_FIRST_BYTE = '{' };

struct har; /* opaque */

/* Reads the head of a file, up to its entries. `stream` is borrowed and outlives it, as do the limits and `budget`, to
 * which all is charged that it holds; or NULL. NULL: `why`. */
struct har *har_open(FILE *stream, const struct limits *limits, struct budget *budget, char *why, size_t why_size);
void har_free(struct har *har);

/* The next step of an entry, in order of time as far as the limit of steps that wait reaches, or a quarter of the
 * budget. Lent until the next call. */
enum source_result har_next(struct har *har, struct packet *packet, char *why, size_t why_size);

const struct har_counts *har_counts(struct har *har);

/* Hosts whose address is not remembered, for there are too many. */
uint64_t har_other_hosts(const struct har *har);

/* Who wrote the file, for people: "DevTools of Chromium". Lives as long as it. */
const char *har_recorder_name(const struct har *har);

/* Does it leave out WebSockets, or what they carry? */
bool har_leaves_out_websockets(const struct har *har);

#endif
