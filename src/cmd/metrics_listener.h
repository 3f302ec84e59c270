/*
 * An HTTP server for one thing: GET /metrics, for Prometheus and what scrapes like it (--metrics-listen). It lives in
 * the sender process. Everything of it has a bound: connections, bytes of a request, seconds of a client; one answer a
 * connection. The text is made by the process that captures, when a scrape asks for it.
 */
#ifndef CMD_METRICS_LISTENER_H
#define CMD_METRICS_LISTENER_H

#include "base/memory.h"
#include "view/metrics.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	METRICS_CLIENTS = 8,       /* at once; a further one waits in the kernel's queue */
	METRICS_REQUEST = 8 << 10, /* bytes of a request's head */
	METRICS_WHY = 192,
	METRICS_FORMS = METRICS_OPENMETRICS + 1,
};

#define METRICS_DEFAULT_PORT "9464"

/* ---- the address: "127.0.0.1:9464", "9464" or ":9464" (on 127.0.0.1), "[::1]:9464", "0.0.0.0:9464" */

enum { METRICS_HOST = 64 };
struct metrics_address {
	char host[METRICS_HOST], port[8];
};

/* Numbers alone, no names: what listens says where. False: `why` says what to write. */
bool metrics_address_read(const char *text, struct metrics_address *address, char why[METRICS_WHY]);

/* A socket that listens there, close-on-exec and non-blocking; -1: `why`. */
int metrics_listen(const struct metrics_address *address, char why[METRICS_WHY]);

/* ---- requests */

enum metrics_request {
	METRICS_INCOMPLETE,
	METRICS_TEXT,    /* text/plain; version=0.0.4 */
	METRICS_OPEN,    /* application/openmetrics-text; version=1.0.0 */
	METRICS_UNKNOWN, /* 404: another path */
	METRICS_METHOD,  /* 405: not GET */
	METRICS_BAD,     /* 400: no HTTP/1 */
};

/* What a request's head asks for (RFC 9112 §2, §3). Of OpenMetrics' Accept any quality above 0 counts: who names it
 * reads it. */
enum metrics_request metrics_read_request(struct slice head);

/* ---- the server */

struct metrics_client {
	int socket; /* -1: none */
	int64_t deadline;
	enum metrics_request asks;
	size_t request_len, sent;
	struct buffer answer;
	uint8_t request[METRICS_REQUEST];
};

struct metrics_listener {
	int socket; /* -1: nothing listens */
	struct metrics_client clients[METRICS_CLIENTS];
	struct buffer pages[METRICS_FORMS]; /* the last text in each form */
	bool waits[METRICS_FORMS];          /* a client waits for a new one */
};

/* `limit`: bytes of a page. */
void metrics_listener_init(struct metrics_listener *listener, int socket, size_t limit);
void metrics_listener_free(struct metrics_listener *listener);

/* What to poll for; at most 1 + METRICS_CLIENTS of them. Returns how many. */
size_t metrics_listener_files(const struct metrics_listener *listener, struct pollfd *files);

/* Takes what those files brought. `asked(self, form)` is called once for each form of which a new text is wanted. */
void metrics_listener_step(struct metrics_listener *listener, const struct pollfd *files, size_t count, int64_t now,
    void (*asked)(void *self, enum metrics_form form), void *self);

/* A new text, of which those get a copy who wait for it. */
void metrics_listener_publish(struct metrics_listener *listener, enum metrics_form form, struct slice text);

/* When the next client has waited long enough; INT64_MAX: none waits. */
int64_t metrics_listener_next(const struct metrics_listener *listener);

#endif
