/* The names of events, and the layer each belongs to. */
#include "socketio/event.h"

static const struct {
	const char *name;
	enum layer layer;
} event_kinds[EVENT_KINDS] = {
    [EVENT_CONNECT] = {"connect", LAYER_SOCKETIO},
    [EVENT_DISCONNECT] = {"disconnect", LAYER_SOCKETIO},
    [EVENT_EVENT] = {"event", LAYER_SOCKETIO},
    [EVENT_ACK] = {"ack", LAYER_SOCKETIO},
    [EVENT_CONNECT_ERROR] = {"connect-error", LAYER_SOCKETIO},
    [EVENT_OPEN] = {"open", LAYER_ENGINEIO},
    [EVENT_CLOSE] = {"close", LAYER_ENGINEIO},
    [EVENT_PING] = {"ping", LAYER_ENGINEIO},
    [EVENT_PONG] = {"pong", LAYER_ENGINEIO},
    [EVENT_PROBE] = {"probe", LAYER_ENGINEIO},
    [EVENT_PROBE_ACK] = {"probe-ack", LAYER_ENGINEIO},
    [EVENT_UPGRADE] = {"upgrade", LAYER_ENGINEIO},
    [EVENT_NOOP] = {"noop", LAYER_ENGINEIO},
    [EVENT_HTTP] = {"http", LAYER_HTTP},
    [EVENT_WS_OPEN] = {"ws-open", LAYER_HTTP},
    [EVENT_WS_CLOSE] = {"ws-close", LAYER_HTTP},
    [EVENT_TCP_CLOSE] = {"tcp-close", LAYER_TCP},
    [EVENT_GAP] = {"gap", LAYER_TCP},
    [EVENT_MALFORMED] = {"malformed", LAYER_TCP},
    [EVENT_LOG] = {"log", LAYER_LOG},
};

const char *event_kind_name(enum event_kind kind)
{
	return event_kinds[kind].name;
}

enum layer event_kind_layer(enum event_kind kind)
{
	return event_kinds[kind].layer;
}

const char *direction_name(enum direction direction)
{
	return direction == DIRECTION_TO_SERVER ? "c>s" : "s>c";
}

const char *direction_sender(enum direction direction)
{
	return direction == DIRECTION_TO_SERVER ? "client" : "server";
}

const char *tcp_end_name(enum tcp_end how)
{
	return how == TCP_END_FIN ? "fin" : "rst";
}
