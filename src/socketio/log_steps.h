/*
 * What a server's log says (net/packet.h) becomes packets and events of sessions: what its loggers wrote of packets of
 * Engine.IO, or of events of Socket.IO, and every other line as it is.
 *
 * What packets or a recording show is not taken a second time. Lines of a session that these have not shown yet wait
 * until no more of these come: the clocks need not agree.
 *
 * A session's server is the log; its client is not known: no two sessions have the same. Of packets whose session
 * neither their line nor the order of lines says, one session is made that is `mixed`: nothing is claimed of it. A
 * request that an access log has as refused is an exchange of which no more is known, where a log is all there is.
 */
#ifndef SOCKETIO_LOG_STEPS_H
#define SOCKETIO_LOG_STEPS_H

#include "http/entries.h"
#include "net/packet.h"
#include "socketio/packets.h"

struct log_steps; /* opaque */

/* Both are borrowed and outlive it, but for log_steps_free. NULL: no memory. */
struct log_steps *log_steps_new(struct context *context, struct entries *entries);

/* Takes what waits, and lets go of the sessions that it holds; before they are closed. Notes logs whose clock differs
 * from that of what shows their sessions too. */
void log_steps_end(struct log_steps *steps);
void log_steps_free(struct log_steps *steps);

/* In the order of the file. `is_alone`: there was nothing but logs so far. */
void log_steps_take(struct log_steps *steps, const struct packet *packet, bool is_alone);

struct log_steps_counts {
	timestamp first, last; /* of the lines; TIMESTAMP_NONE before the first */
};
const struct log_steps_counts *log_steps_counts(const struct log_steps *steps);

#endif
