/*
 * TLS with keys: streams of bytes in, streams of bytes out. What a connection's records hold takes the place of the
 * records; whatever is no TLS goes through as it came. Versions 1.2 and 1.3 (RFC 5246, RFC 8446).
 *
 * Of a connection whose secrets are not in the key log, or not yet, nothing is given: the ledger counts it and names
 * it. Nothing is guessed: a record counts for what it authenticates as.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include "base/resources.h"
#include "net/stream.h"
#include "tls/keylog.h"

struct tls; /* opaque */

/* All are borrowed and outlive it. NULL: no memory. */
struct tls *tls_new(const struct resources *resources, struct keylog *keylog, const struct stream_sink *above);
void tls_free(struct tls *tls); /* once every connection was closed; may be NULL */

/* What takes the streams. Lives as long as `tls`. */
const struct stream_sink *tls_stream_sink(const struct tls *tls);

/* The key log is still written: what comes before its secrets waits for them, as far as the limit goes. */
void tls_await_keys(struct tls *tls);

/* How much work was done so far in looking for the record numbers of connections that were joined in mid-stream, or
 * lost bytes, in tries. */
uint64_t tls_trials(const struct tls *tls);

#endif
