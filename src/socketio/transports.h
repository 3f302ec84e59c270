/*
 * What http/ gives becomes packets and events of sessions: exchanges of long-polling (protocol.md §3), WebSocket
 * messages (§4.3, §5), gaps and ends of connections.
 *
 * - The request of a POST is whole: its packets are emitted. The answer is whole, or will not come: the exchange is
 *   emitted, then the packets of a poll's answer.
 * - A WebSocket's session is the query's sid, or a new one that the open packet will name. Of a WebSocket that was
 * joined in mid-stream no sid is known; its session is made with the first packet that can be read.
 */
#ifndef SOCKETIO_TRANSPORTS_H
#define SOCKETIO_TRANSPORTS_H

#include "http/sink.h"
#include "socketio/packets.h"

/* What takes the exchanges and messages. `context` is borrowed and outlives it. */
struct http_sink transports_sink(struct context *context);

#endif
