/*
 * The timeline kept: every event, session and connection, for those who must look back (`check`, the TUI). An observer.
 *
 * All of it lives in spills (base/memory.h): it stays where it is, and outside of memory when memory is short. An event
 * that is read back is the event that was emitted; its slices, session, connection and exchange live as long as the
 * record.
 */
#ifndef SOCKETIO_RECORD_H
#define SOCKETIO_RECORD_H

#include "socketio/event.h"
#include "socketio/session.h"

struct record; /* opaque */

/* No more than about `limit` bytes are kept; what comes later is counted. NULL: no memory, or no room for its files. */
struct record *record_new(size_t limit);
void record_free(struct record *record);
const struct observer *record_observer(const struct record *record);

uint64_t record_event_count(const struct record *record);
uint64_t record_left_out(const struct record *record); /* events, and parts of them, that found no room */

/* Beyond RECORD_FREE bytes it keeps `growth` bytes of payload for each of the `*input` bytes that were read: what is
 * compressed a thousandfold does not fill the disk. Events beyond that are kept without their payload, incomplete. */
enum { RECORD_FREE = 64 << 20 };
void record_follow(struct record *record, const uint64_t *input, size_t growth);
uint64_t record_outgrown(const struct record *record); /* how many */

/* The event with this index (from 1); NULL when there is none. Of an exchange the bodies are not kept, of `plain` only
 * the first RECORD_PLAIN bytes. */
enum { RECORD_PLAIN = 4096 };
const struct event *record_event(const struct record *record, uint64_t index);

/* The event that answers this one (acks, connects, pongs, and what record_link said); 0: none. */
uint64_t record_answer(const struct record *record, uint64_t index);

/* `answer` answers `question`, as someone knows who knows the application's protocol. The first answer stays. */
void record_link(struct record *record, uint64_t question, uint64_t answer);

/* Time to the answer; of an HTTP request from its last byte to the first of its answer. TIMESTAMP_NONE while there is
 * none.
 */
timestamp record_latency(const struct record *record, uint64_t index);

/* Sessions are numbered from 1; NULL when it was not kept. What is returned is its last state. */
uint64_t record_session_count(const struct record *record);
const struct session *record_session(const struct record *record, uint64_t number);

/* The events of one session: its first and last, and those after and before one; 0 when there is none. */
uint64_t record_session_first(const struct record *record, uint64_t number);
uint64_t record_session_last(const struct record *record, uint64_t number);
uint64_t record_next_of_session(const struct record *record, uint64_t index);
uint64_t record_previous_of_session(const struct record *record, uint64_t index);

/* The lines of the server's log, and TLS handshakes that failed, belong to no session: the first; the next by
 * record_next_of_session. */
uint64_t record_first_log(const struct record *record);

#endif
