/* What the tables of servers/ say of an exchange and of a session: what an answer refuses, which implementation speaks.
 */
#ifndef SOCKETIO_SOFTWARE_H
#define SOCKETIO_SOFTWARE_H

#include "http/exchange.h"
#include "servers/server.h"
#include "socketio/session.h"

/* The answer as the tables ask for it; borrowed from the exchange. */
struct server_answer software_answer(const struct exchange *exchange);

/* What the exchange's answer means; MEANING_NONE when it is no error, or no row fits. */
enum server_meaning software_read_refusal(const struct exchange *exchange);

/* The same of an answer to a request of this session (may be NULL): what its server is known to mean goes first. */
enum server_meaning software_read_refusal_of(const struct session *session, const struct exchange *exchange);

/* Does the answer say that the server does not know the request's sid, or no longer? */
bool software_disowns_session(const struct session *session, const struct exchange *exchange);

/* What the event shows of the implementation: its handshake, what it answers to a POST, to a CONNECT. */
void software_note_event(struct session *session, const struct event *event);

#endif
