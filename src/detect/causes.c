/* The table of causes. `sioscope explain` prints those of a code. */
#include "detect/causes.h"

#define RAISE_NGINX "nginx: client_max_body_size, in the location of Socket.IO."

const struct cause_entry cause_table[CAUSES] = {
    [CAUSE_WEBSOCKET_NOT_ALLOWED] = {"websocket-not-allowed", "transport-rejected",
        "the client asks for WebSocket, and the server takes only polling", NULL, {{0}}},
    [CAUSE_POLLING_NOT_ALLOWED] = {"polling-not-allowed", "transport-rejected",
        "the client asks for polling, and the server takes only WebSocket", NULL, {{0}}},
    [CAUSE_BARE_403] = {"bare-403", "transport-rejected",
        "an ASGI server refuses the WebSocket without a word: transport, revision, origin or the application", NULL,
        {{0}}},
    [CAUSE_REVISION_NOT_SUPPORTED] = {"revision-not-supported", "protocol-version",
        "the server says that it does not take the client's revision", NULL,
        {{"socket.io (Node.js)", "Update the client to the 3.x line or later, or set allowEIO3: true on the server."},
            {"python-engineio", "Update the side that is older: python-socketio 5 takes clients of socket.io 3 and 4 "
                                "alone, python-socketio 4 those of 1 and 2 alone."}}},
    [CAUSE_SERVER_OF_REVISION_3] = {"server-of-revision-3", "protocol-version",
        "the server answers a client of revision 4 in the form of revision 3", NULL, {{0}}},
    [CAUSE_SID_OF_OTHER_SERVER] = {"sid-of-other-server", "session-unknown",
        "another server gave the sid out: a balancer sends the session's requests to several", NULL, {{0}}},
    [CAUSE_SESSION_GONE] = {"session-gone", "session-unknown",
        "the same address gave the sid out: the session was closed there, the server was restarted, or several workers "
        "share the address",
        NULL, {{0}}},
    [CAUSE_SID_OF_BEFORE] = {"sid-of-before", "session-unknown", "the sid was given out before the capture began", NULL,
        {{0}}},
    [CAUSE_NOT_SOCKETIO] = {"not-socketio", "handshake-rejected",
        "something that is not Socket.IO answers with success: a page, another application", NULL, {{0}}},
    [CAUSE_NO_SUCH_PATH] = {"no-such-path", "handshake-rejected", "nothing is served at the path that was asked for",
        "Give client and server the same path (client: path, server: path or socketio_path; default /socket.io/), and "
        "let the proxy pass it on unchanged.",
        {{0}}},
    [CAUSE_BACKEND_GONE] = {"backend-gone", "handshake-rejected", "a proxy answers that it reaches no server behind it",
        "Start the server behind the proxy, or correct the address and port that the proxy sends to.", {{0}}},
    [CAUSE_BACKEND_SLOW] = {"backend-slow", "handshake-rejected",
        "a proxy answers that the server behind it did not answer in its time",
        "Find out why the server does not answer (its log, a blocked event loop), and set the proxy's read timeout "
        "above "
        "pingInterval + pingTimeout.",
        {{0}}},
    [CAUSE_BACKEND_BROKE_OFF] = {"backend-broke-off", "handshake-rejected",
        "a proxy answers that the server behind it broke off, or sent no HTTP",
        "Look at the server's log at that time: it ended the connection in mid-answer, or speaks TLS where the proxy "
        "speaks "
        "none.",
        {{0}}},
    [CAUSE_RATE_LIMIT] = {"rate-limit", "handshake-rejected", "a proxy limits requests or connections",
        "Exempt the path of Socket.IO from the limit, or raise it: a session that polls sends several requests a "
        "second "
        "(nginx: limit_req, limit_conn).",
        {{0}}},
    [CAUSE_ORIGIN] = {"origin", "handshake-rejected", "the server does not accept the page's origin",
        "Add the page's origin, with scheme and port, to the server's allowed origins (cors.origin, origins).",
        {{"python-engineio", "Add the page's origin, with scheme and port, to cors_allowed_origins of the server."},
            {"socket.io (Node.js)", "Add the page's origin, with scheme and port, to cors.origin (2.x: origins) of the "
                                    "server."}}},
    [CAUSE_APPLICATION] = {"application", "handshake-rejected", "the application refuses the connection",
        "The application's own check refuses (a connect handler, allowRequest, a request checker): look there, and at "
        "the "
        "credentials that the client sends.",
        {{0}}},
    [CAUSE_UPGRADE_HEADER_REMOVED] = {"upgrade-header-removed", "handshake-rejected",
        "the request asks for a WebSocket and has no Upgrade header: something before this point removed it",
        "Let the proxy pass Upgrade on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
        "proxy_set_header Connection \"upgrade\").",
        {{0}}},
    [CAUSE_POST_RATE_LIMIT] = {"post-rate-limit", "event-dropped", "a proxy limits requests, and refused this POST",
        "Exempt the path of Socket.IO from the limit, or raise it (nginx: limit_req, limit_conn); what the POST "
        "carried is "
        "lost.",
        {{0}}},
    [CAUSE_POST_BACKEND] = {"post-backend", "event-dropped", "a proxy could not pass this POST on",
        "Find out why the server behind the proxy was not reached or did not answer; what the POST carried is lost.",
        {{0}}},
    [CAUSE_POST_AFTER_UPGRADE] = {"post-after-upgrade", "event-dropped",
        "the client sent by polling after the session had moved to the WebSocket", NULL, {{0}}},
    [CAUSE_BATCH] = {"batch", "event-dropped", "a POST carried more packets than the server takes",
        "Raise max_decode_packets (python: Payload.max_decode_packets), send fewer events at once, or use WebSocket.",
        {{0}}},
    [CAUSE_PROXY_LIMIT] = {"proxy-limit", "payload-too-large", "a proxy refuses the size of the request",
        "Raise the proxy's limit. " RAISE_NGINX, {{0}}},
    [CAUSE_SERVER_LIMIT] = {"server-limit", "payload-too-large", "the server refuses the size of the message",
        "Send less, or raise the server's limit: maxHttpBufferSize (node), max_http_buffer_size (python), or as it is "
        "called "
        "there.",
        {{"socket.io (Node.js)", "Send less, or raise maxHttpBufferSize of the server (1 MB by default since 3.x)."},
            {"python-engineio", "Send less, or raise max_http_buffer_size of the server (1 MB by default since 4.0)."},
            {"netty-socketio", "Send less, or raise maxHttpContentLength and maxFramePayloadLength of the server's "
                               "Configuration (64 kB by default)."},
            {"socketioxide", "Send less, or raise max_payload of the server (100 kB by default)."}}},
    [CAUSE_UPGRADE_WITHOUT_HEADER] = {"upgrade-header-removed", "upgrade-failed",
        "the request asks for a WebSocket and has no Upgrade header: something before this point removed it",
        "Let the proxy before this point pass Upgrade on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade "
        "$http_upgrade; proxy_set_header Connection \"upgrade\").",
        {{0}}},
    [CAUSE_UPGRADE_WITHOUT_LIBRARY] = {"no-websocket-library", "upgrade-failed",
        "the request has its Upgrade header, and the server cannot take WebSockets",
        "Install what the server needs for WebSockets: uvicorn[standard] (or websockets, or wsproto) for uvicorn, "
        "simple-websocket or gevent-websocket for Flask-SocketIO.",
        {{0}}},
    [CAUSE_UPGRADE_REFUSED] = {"refused", "upgrade-failed", "the WebSocket handshake was refused", NULL, {{0}}},
    [CAUSE_PROBE_NOT_SENT] = {"probe-not-sent", "upgrade-failed", "the WebSocket opened, and the client sent no probe",
        NULL, {{0}}},
    [CAUSE_PROBE_UNANSWERED] = {"probe-unanswered", "upgrade-failed",
        "the WebSocket opened, and the client's probe was not answered", NULL, {{0}}},
    [CAUSE_NOT_COMMITTED] = {"not-committed", "upgrade-failed",
        "the probe was answered, and the client never committed", NULL, {{0}}},
    [CAUSE_SERVER_LATE] = {"server-late", "heartbeat-lost", "the server did not send its ping or its pong in time",
        "Its event loop is blocked, or the machine is: move blocking work to threads or processes.", {{0}}},
    [CAUSE_CLIENT_LATE] = {"client-late", "heartbeat-lost", "the client did not send its ping or its pong in time",
        "A browser tab in the background, a sleeping computer, a lost network: nothing to repair on the server; a "
        "longer "
        "pingTimeout forgives more.",
        {{0}}},
};

static const char *cause_advice(const struct cause_entry *entry, const struct recognition *software)
{
	const struct server *server = software ? recognition_server(software) : NULL;
	for (size_t i = 0; server && i < sizeof entry->own / sizeof *entry->own && entry->own[i].software; i++)
		if (strcmp(entry->own[i].software, server->software) == 0)
			return entry->own[i].advice;
	return entry->advice;
}

void finding_set_cause(
    struct findings *findings, struct finding *finding, enum cause cause, const struct recognition *software)
{
	const struct cause_entry *entry = &cause_table[cause];
	const char *advice = cause_advice(entry, software);
	finding->cause = entry->word;
	if (advice)
		finding_advise(findings, finding, "%s", advice);
}
