/* The core's table of findings, which of them explains which, and the plug-ins' beside it. `sioscope explain` prints
 * them. */
#include "detect/codes.h"

#include "base/plugin.h"

static const struct code_case handshake_rejected_cases[] = {
    [REDIRECT_UNSEEN] = {SEVERITY_WARNING,
        "a redirect to another host or scheme, where it cannot be seen whether the client followed"},
    [BACKEND_AWAY] = {SEVERITY_WARNING,
        "where a proxy did not reach its server for a short time, and reached it again: a restart"},
    {0},
};

static const struct code_case transport_rejected_cases[] = {
    [TRANSPORT_NOT_NAMED] = {SEVERITY_INFO, "where the request names no transport: scanners and health checks ask so"},
    {0},
};

static const struct code_case event_dropped_cases[] = {
    [DROPPED_BACKEND_AWAY] = {SEVERITY_WARNING,
        "where a proxy did not reach its server for a short time, and reached it again: a restart"},
    {0},
};

static const struct code_case session_unknown_cases[] = {
    [SESSION_OF_BEFORE_RESTART] = {SEVERITY_WARNING,
        "where the server was restarted: clients connect again by themselves"},
    {0},
};

static const struct code_case request_unanswered_cases[] = {
    [REQUEST_WAITS] = {SEVERITY_WARNING, "while it has waited for less than a documented limit"},
    [REQUEST_LEFT] = {SEVERITY_WARNING,
        "where the client gave a POST up once and early: it may have left while the handler worked"},
    {0},
};

static const struct code_case cors_blocked_cases[] = {
    [CORS_BEHIND_PROXY] = {SEVERITY_WARNING, "behind a proxy that does not say which host the page asked for"},
    {0},
};

static const struct code_case connect_unanswered_cases[] = {
    [CONNECT_SLOW] = {SEVERITY_WARNING,
        "while it has waited for less than a documented limit, or the client left before"},
    {0},
};

static const struct code_case server_unreachable_cases[] = {
    [UNREACHABLE_AT_TIMES] = {SEVERITY_INFO,
        "where the server was there before and accepts connections later: a restart"},
    [UNREACHABLE_LATE] = {SEVERITY_WARNING, "where connections are accepted, but late"},
    {0},
};

static const struct code_case server_stopped_cases[] = {
    [STOPPED_AGAIN] = {SEVERITY_ERROR,
        "where it stops again and again within a minute, and does not announce it: a crash loop"},
    {0},
};

static const struct code_case upgrade_failed_cases[] = {
    [UPGRADE_UNANSWERED] = {SEVERITY_ERROR, "where the WebSocket handshake was never answered"},
    {0},
};

static const struct code_case malformed_packet_cases[] = {
    [MALFORMED_FATAL] = {SEVERITY_ERROR, "where the session ends for it"},
    {0},
};

static const struct code_case tls_failed_cases[] = {
    [TLS_FAILED_AT_FIRST] = {SEVERITY_WARNING,
        "where later handshakes from the same address succeed: somebody accepted the certificate, or it was another "
        "client"},
    [TLS_FAILED_OF_OTHERS] = {SEVERITY_WARNING,
        "where the client may only have left, or where the server works with other clients, and this one was not seen "
        "to speak Engine.IO"},
    [TLS_FAILED_OF_SCANNERS] = {SEVERITY_INFO,
        "the same, of one that has nothing against the certificate, and names no server or does not try the same "
        "again: a scanner, perhaps"},
    [TLS_FAILED_UNUSED] = {SEVERITY_WARNING, "where handshakes succeed and the client leaves at once, again and again"},
    {0},
};

static const struct code_case duplicate_session_cases[] = {
    [DUPLICATE_STATES] = {SEVERITY_ERROR, "where two servers, or two workers, each keep a state for the one client"},
    {0},
};

static const struct code_entry code_table[CODES] = {
    [CODE_TRANSPORT_REJECTED] = {"transport-rejected", SEVERITY_ERROR, "The server refuses the transport",
        "Client and server do not agree on a transport: the client asks for polling where the server allows only "
        "WebSocket, or the other way round. Servers say so with HTTP 400 (\"Invalid transport\", \"Transport "
        "unknown\"). An ASGI server that refuses a WebSocket can only answer a bare 403; a refused origin looks the "
        "same, and the finding then names both.",
        "Give both sides the same transports: `transports` of the client's options and of the server's.",
        transport_rejected_cases,
        "ASGI servers answer a refused origin and a wrong path with the same bare 403: the finding then lists "
        "all three and is not proven. The WebSocket of a session that goes on with polling is upgrade-failed."},
    [CODE_PROTOCOL_VERSION] = {"protocol-version", SEVERITY_ERROR, "Client and server speak different revisions",
        "The query's EIO names the Engine.IO revision: 3 for clients of the 1.x and 2.x lines, 4 since 3.x. The server "
        "says that it does not support the client's, or answers in the form of another revision.",
        "Update the older side, or let a node server take old clients with allowEIO3: true.", NULL,
        "A query that a proxy rewrote on the way. The words of the answer and the query itself show which it "
        "is."},
    [CODE_SESSION_UNKNOWN] = {"session-unknown", SEVERITY_ERROR, "A server does not know the session asked for",
        "A request carries a sid, and the server that answers does not know it: it was restarted, it had closed the "
        "session before, or the sid was given out by another server behind the same address. The finding names the "
        "server that gave it out, where that was captured.",
        "With several workers or backends: sticky sessions (by cookie or address), or WebSocket alone, which needs "
        "none. After a restart clients reconnect by themselves.",
        session_unknown_cases,
        "A request that crossed either side's close gets the same answer, and nothing was lost: the order of "
        "both rules it out."},
    [CODE_HANDSHAKE_REJECTED] = {"handshake-rejected", SEVERITY_ERROR, "The server refuses the request",
        "A handshake, or a request of a session, is refused for a reason other than transport, revision or sid: "
        "origin, authorisation, a wrong path, a proxy that cannot reach the server, a malformed request.",
        "Read the answer that is quoted; it names the reason in the server's own words where it gives one.",
        handshake_rejected_cases,
        "A proxy whose server restarts answers 502 or 503 for a short time: a warning, when it reaches the "
        "server again. Redirects that the client follows, and requests that crossed a close, are left out."},
    [CODE_CORS_BLOCKED] = {"cors-blocked", SEVERITY_ERROR, "The browser drops the server's answers (CORS)",
        "The page comes from another origin than the server, and the answer's Access-Control-Allow-Origin is missing, "
        "doubled, or does not fit; the page's script sees only an error. WebSockets are not subject to it, and "
        "same-origin pages are not affected.",
        "Set the header in one place only: the framework's CORS middleware, Engine.IO's own setting or the proxy. With "
        "credentials it must name the origin, not *.",
        cors_blocked_cases,
        "Clients that are no browsers ignore CORS. A page of the same origin behind a proxy shows another Host "
        "(Sec-Fetch-Site and X-Forwarded-Host tell). A page that goes on with its session was not "
        "blocked."},
    [CODE_UPGRADE_FAILED] = {"upgrade-failed", SEVERITY_WARNING, "The upgrade to WebSocket failed",
        "The client tried to move the session from polling to a WebSocket and did not get there: refused, the probe "
        "was not answered, or not committed. The session goes on with polling.",
        "Check that each proxy on the way passes Upgrade and Connection on, and answers HTTP/1.1 (nginx: "
        "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\").",
        upgrade_failed_cases,
        "A client that leaves while it upgrades, and a try that a later one makes good: the session must go "
        "on with polling after the try."},
    [CODE_NAMESPACE_REJECTED] = {"namespace-rejected", SEVERITY_ERROR, "The server refuses a namespace",
        "A CONNECT was answered by CONNECT_ERROR (by python servers that connect always: by a DISCONNECT with a "
        "reason): the namespace does not exist on this server, or a middleware or connect handler refused.",
        "\"Invalid namespace\": register it on the server, or correct the client's URL, whose path is the namespace. "
        "Otherwise the quoted answer comes from the application's own check.",
        NULL, "Nothing: the server itself says so. Its words show whether the name or a check was the reason."},
    [CODE_CONNECT_UNANSWERED] = {"connect-unanswered", SEVERITY_ERROR, "A CONNECT was never answered",
        "The client asked to join a namespace, and the server neither accepted nor refused while the connection lived. "
        "Stock clients hold back all events until then.",
        "The connect handler hangs or died with an exception: look at the server's log at the time given.",
        connect_unanswered_cases,
        "A slow login. Before a documented limit of either side it is a warning and only possible; a client "
        "that leaves meanwhile is not the server's fault."},
    [CODE_EVENT_UNANSWERED] = {"event-unanswered", SEVERITY_WARNING, "An event was never answered",
        "The application answers this kind of event, and did not answer this one, although the connection lived on.",
        "Look at the server's log at the time given: an exception in the handler, a handler that never returns, an "
        "event swallowed by a patch.",
        NULL,
        "A slow handler, and events that are never answered: events of this name must have been answered "
        "before, again and again, and much faster."},
    [CODE_ACK_MISSING] = {"ack-missing", SEVERITY_WARNING, "An acknowledgement was asked for and never sent",
        "An event carried an ack id, and no ack with that id came back while the connection lived on.",
        "The handler must call its ack callback (node) or return a value (python).", NULL,
        "A long job. A later acknowledgement of the same event must have overtaken it, or a documented limit "
        "of either side must be over."},
    [CODE_EVENT_DROPPED] = {"event-dropped", SEVERITY_ERROR, "The server dropped an event",
        "By the server's own rules: sent before the namespace was connected, sent by polling after the upgrade, or one "
        "of too many packets in a POST. Python servers even answer OK.",
        "Events before the connection: wait for it. Too many packets in a POST (python: more than 16): raise "
        "max_decode_packets, or use WebSocket.",
        event_dropped_cases,
        "A refused POST that carries no event (a pong, a close) loses nothing. A proxy whose server restarts "
        "drops events for a short time: a warning."},
    [CODE_HEARTBEAT_LOST] = {"heartbeat-lost", SEVERITY_ERROR, "The heartbeat stopped",
        "A ping was not answered within pingTimeout, or did not come within pingInterval and pingTimeout. One side was "
        "asleep, blocked or cut off, or TCP shows what stood in the way: a side that did not read, packets that were "
        "lost again and again, a large message before it. The finding says which.",
        "Server late: its event loop is blocked, move blocking work to threads. Client late: a browser tab in the "
        "background, a sleeping computer, a lost network.",
        NULL,
        "A side that has closed owes no ping or pong. A server cannot ping while no poll is open. Packets that were "
        "not captured may hold the missing one: the finding is then only possible. A side is not called late where the "
        "other's receive window was 0, where its bytes were not acknowledged though they were sent again, or where it "
        "was sending something large, for most of the wait; a window that closes for a moment, a "
        "retransmission that arrives and a message that ends in time change nothing."},
    [CODE_SERVER_STALL] = {"server-stall", SEVERITY_WARNING, "The server was blocked for a while",
        "The server went silent on every session at once for longer than it ever did, with requests waiting, and then "
        "answered all at once: its event loop was blocked.",
        "Find the blocking call: synchronous I/O or heavy work in an async handler; run it in a thread or a process.",
        NULL,
        "One slow handler or one slow network: all sessions of the server must be silent at the same time, "
        "and be served together afterwards."},
    [CODE_SERVER_STOPPED] = {"server-stopped", SEVERITY_WARNING, "The server ended all its sessions together",
        "All sessions that were alive at one address ended within a moment, by the server's side and without a goodbye "
        "of Socket.IO: it stopped, crashed or was restarted, whatever its clients had sent before.",
        "A deployment or a restart: nothing to repair, clients connect again by themselves. Otherwise look at the "
        "server's log and the kernel's (dmesg) at that time: a crash, the out-of-memory killer, a supervisor.",
        server_stopped_cases,
        "A proxy at that address that ends all its connections looks the same. A single session that ends so "
        "is abnormal-close."},
    [CODE_PAYLOAD_TOO_LARGE] = {"payload-too-large", SEVERITY_ERROR, "A message was larger than the server takes",
        "HTTP 413, or a WebSocket closed with code 1009. The client usually reconnects and sends the same again.",
        "Send less, or raise the limit: maxHttpBufferSize (node), max_http_buffer_size (python), client_max_body_size "
        "(nginx).",
        NULL,
        "A session that ends for another reason after a large message: HTTP 413 or close code 1009 must say "
        "it, or the message must exceed the handshake's maxPayload."},
    [CODE_ABNORMAL_CLOSE] = {"abnormal-close", SEVERITY_WARNING, "A connection ended without saying goodbye",
        "A WebSocket's TCP connection was ended or reset without a close frame, or closed with an error code; a server "
        "ended the connection of a poll that it had not answered, for good; or one side ended the session at once "
        "after a packet of the other that it does not allow, or cannot read.",
        "A crashed or killed process, a proxy's timeout, a lost network: the side that is named went away.", NULL,
        "A close frame, an Engine.IO close or a DISCONNECT before it makes an end orderly. A server that ends "
        "all its sessions together is server-stopped; connections cut after equal times are idle-cut."},
    [CODE_IDLE_CUT] = {"idle-cut", SEVERITY_WARNING, "Connections are cut after a fixed time",
        "Several connections ended after the same time, which is no rule of either end: WebSockets after the same time "
        "without traffic, or at the same age; held polls after the same wait. Something between client and server has "
        "a timeout below pingInterval + pingTimeout, or a limit on the life of a connection. The finding says which.",
        "Raise the proxy's timeout above pingInterval + pingTimeout (nginx: proxy_read_timeout), or lower "
        "pingInterval.",
        NULL,
        "Missed heartbeats, a server that ends all sessions at once, clients that reset their own "
        "connections: the cuts must be apart in time and equal in length, and not the clients' own."},
    [CODE_LOST_BETWEEN] = {"lost-between", SEVERITY_ERROR, "An event entered a proxy and never came out",
        "The session was captured on both sides of a hop (a proxy, an address translation). The event was seen on one "
        "side, and never on the other, while the session went on.",
        "Look at the hop named in the text: its limits (body size, buffers, timeouts), its error log at that time, and "
        "whether it changes or filters what it passes on.",
        NULL,
        "An event that was still on its way when the capture ended, and bytes of one side that were not "
        "captured. It is proven when later events came through."},
    [CODE_DUPLICATE_SESSION] = {"duplicate-session", SEVERITY_WARNING, "One client holds several live sessions",
        "The same client (by its token) has more than one session open at a time: connect was called twice, or a "
        "component mounts twice.",
        "Make one socket and share it; in React's strict mode effects run twice.", duplicate_session_cases,
        "Two tabs of one user, and users who share a token: the first session must go on sending for a while "
        "after the second began."},
    [CODE_RECONNECT_LOOP] = {"reconnect-loop", SEVERITY_ERROR, "A client connects again and again",
        "The same client opens session after session, none of which lives.",
        "See the finding that ends each session; without one, look at the server's log at those times.", NULL,
        "A user who reloads the page, many users behind one address (X-Forwarded-For and cookies tell them "
        "apart), a load test: the sessions must follow one another, and each must fail soon."},
    [CODE_REQUEST_UNANSWERED] = {"request-unanswered", SEVERITY_ERROR, "A request was never answered",
        "An Engine.IO request (a handshake, a poll, a POST, a WebSocket's handshake) got no answer, although its "
        "connection was open: the client gave up, or the request still waits when the capture ends. A held poll may "
        "wait for pingInterval + pingTimeout, everything else is answered at once by servers that work. A poll of a "
        "session that either side closed is owed no answer.",
        "Find out why the server takes connections and does not answer: all its threads or workers are busy (gunicorn: "
        "one thread for each client that polls or has a WebSocket), its event loop is blocked, or what listens there "
        "is no HTTP server.",
        request_unanswered_cases,
        "A held poll, a slow handler, a client that left, a server that restarts between two requests. Each "
        "has its own time or its own sign, which the finding names."},
    [CODE_SERVER_UNREACHABLE] = {"server-unreachable", SEVERITY_ERROR, "Connections fail or are late",
        "Connections to a port of Engine.IO (one that was asked for, or where it was seen) are refused (RST), rejected "
        "(an error of ICMP) or not answered at all, again and again. One that another address of the same host takes "
        "instead (::1, then 127.0.0.1) is left out.",
        "Refused: start the server, or correct address and port; a server that listens on 127.0.0.1 alone is not "
        "reached from elsewhere. Rejected: a firewall or a router says so, by its address. Not answered: a firewall "
        "drops the packets, or the host is down.",
        server_unreachable_cases,
        "A host name with several addresses, of which the client takes another at once; a server that is not "
        "there yet."},
    [CODE_EVENT_LOST] = {"event-lost", SEVERITY_ERROR, "Events were sent where the other side cannot have read them",
        "The server put events into an answer that no client reads: the body of a WebSocket handshake that it answered "
        "as a poll, or the answer to a poll whose client had ended the connection before. The server counts them as "
        "delivered and does not send them again. Or the client sent them where the server does not read them: in a "
        "POST over HTTP/2 without Content-Length, to python-engineio, which answers ok. Or the server did not recover "
        "the session of a client that asked for it (connection state recovery).",
        "In the answer to a WebSocket handshake: repair the upgrade (the proxy must pass Upgrade on), and update "
        "python-engineio, whose current versions refuse such a request. In the answer to a poll that was given up: "
        "raise the timeout of whoever gives up above pingInterval; connection state recovery (socket.io 4.6 and later) "
        "sends such events again.",
        NULL, "A client that left wants no more events: the session must go on afterwards."},
    [CODE_MALFORMED_PACKET] = {"malformed-packet", SEVERITY_WARNING, "A packet that the other side's parser rejects",
        "A packet is not what Engine.IO or Socket.IO allows: an unknown type, JSON that does not parse, a payload of "
        "the wrong form, an event without a name or with a reserved one. Node servers end the session for it, python "
        "servers ignore it.",
        "Give both sides the same parser and the same version; look for something that writes to the connection "
        "besides the library, or changes its messages on the way.",
        malformed_packet_cases,
        "A packet that lost segments or the end of the capture cut short, and a page with which a proxy "
        "answers a poll (handshake-rejected), are left out."},
    [CODE_TLS_FAILED] = {"tls-failed", SEVERITY_ERROR, "TLS handshakes fail",
        "A TLS handshake ended before any data could be exchanged: one end sent a fatal alert, ended the connection, "
        "or speaks no TLS. Reported for clients that speak Engine.IO elsewhere, for servers and ports of Engine.IO, "
        "and where nothing else comes. A client that gets through a moment later by another version is left out. TLS "
        "1.3 encrypts most alerts: without keys only their length shows.",
        "Look at the alert that is named, and at who sent it: the client's is about the server's certificate or "
        "choices, the server's about what the client offers.",
        tls_failed_cases,
        "A client that tries one version of TLS after another: it must not get through a moment later."},
    [CODE_STREAM_REFUSED] = {"stream-refused", SEVERITY_WARNING, "An HTTP/2 stream was refused or ended",
        "The server refused a stream with Engine.IO on it (REFUSED_STREAM, or a GOAWAY whose last stream is an earlier "
        "one), ended it before its answer was whole, or one end found a fault in what the other sent. A client that "
        "cancels its poll because it leaves is none, nor is a request that is answered when it is sent again, as "
        "browsers do by themselves.",
        "Look at the limits of the HTTP/2 server or proxy (streams at once, requests of a connection) and at its log "
        "at that time.",
        NULL, "A client that cancels its poll because it leaves; a request that is answered when it is sent again."},
    [CODE_EXCEPTION_LOGGED] = {"exception-logged", SEVERITY_ERROR, "The server logged an exception",
        "A log that is the evidence (-r server.log) has an error that nobody caught: of an event handler, of a "
        "background task, of the server itself. The client is not told: what it waited for does not come.",
        "Fix what the exception names; its traceback is in the log, at the lines that are named.", NULL,
        "An exception that the application catches itself and logs."},
    [CODE_CAPTURE_INCOMPLETE] = {"capture-incomplete", SEVERITY_INFO, "Part of the traffic could not be seen",
        "Packets are missing or cut, connections were under way when the capture began, or something is encrypted. "
        "Findings that rest on such sessions are less certain.",
        "Capture with -s 0, from before the page is loaded, on the server itself.", NULL, NULL},
};

/* In order: the first row that fits names what explains a finding. A plug-in knows more of its application, so its rows
 * come first. What harms nothing (info) explains nothing. */
const struct code_explanation code_explanations[] = {
    {CODE_TRANSPORT_REJECTED, CODE_CORS_BLOCKED, EXPLAINS_ANYWHERE, NULL},
    {CODE_TRANSPORT_REJECTED, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, NULL},
    {CODE_CORS_BLOCKED, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, NULL},
    {CODE_SESSION_UNKNOWN, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, NULL},
    {CODE_NAMESPACE_REJECTED, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, NULL},
    {CODE_PAYLOAD_TOO_LARGE, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, NULL},
    {CODE_IDLE_CUT, CODE_HANDSHAKE_REJECTED, EXPLAINS_ANYWHERE, "backend-slow"},
    {CODE_SESSION_UNKNOWN, CODE_UPGRADE_FAILED, EXPLAINS_ANYWHERE, "session-unknown"},
    {CODE_HANDSHAKE_REJECTED, CODE_ABNORMAL_CLOSE, EXPLAINS_IN_SESSION, NULL},
    {CODE_MALFORMED_PACKET, CODE_SESSION_UNKNOWN, EXPLAINS_IN_SESSION, NULL},
    {CODE_UPGRADE_FAILED, CODE_ABNORMAL_CLOSE, EXPLAINS_IN_SESSION, NULL},
    {CODE_MALFORMED_PACKET, CODE_ABNORMAL_CLOSE, EXPLAINS_IN_SESSION, NULL},
    {CODE_MALFORMED_PACKET, CODE_ABNORMAL_CLOSE, EXPLAINS_ANYWHERE, "undecodable-packet"},
    {CODE_MALFORMED_PACKET, CODE_ABNORMAL_CLOSE, EXPLAINS_ANYWHERE, "frames-rejected"},
    {CODE_MALFORMED_PACKET, CODE_SESSION_UNKNOWN, EXPLAINS_ANYWHERE, "server-had-closed"},
    {CODE_MALFORMED_PACKET, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, NULL},
    {CODE_IDLE_CUT, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, ""},
    {CODE_HANDSHAKE_REJECTED, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, ""},
    {CODE_HEARTBEAT_LOST, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, ""},
    {CODE_ABNORMAL_CLOSE, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, ""},
    {CODE_TLS_FAILED, CODE_UPGRADE_FAILED, EXPLAINS_ANYWHERE, "probe-not-sent"},
    {CODE_STREAM_REFUSED, CODE_ABNORMAL_CLOSE, EXPLAINS_IN_SESSION, NULL},
    {CODE_STREAM_REFUSED, CODE_CONNECT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_STREAM_REFUSED, CODE_EVENT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_STREAM_REFUSED, CODE_ACK_MISSING, EXPLAINS_IN_SESSION, NULL},
    {CODE_STREAM_REFUSED, CODE_REQUEST_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_EVENT_LOST, CODE_CONNECT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_EVENT_LOST, CODE_ACK_MISSING, EXPLAINS_IN_SESSION, NULL},
    {CODE_EVENT_LOST, CODE_EVENT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_SERVER_STALL, CODE_HEARTBEAT_LOST, EXPLAINS_ANYWHERE, "server-late"},
    {CODE_REQUEST_UNANSWERED, CODE_CONNECT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_REQUEST_UNANSWERED, CODE_HEARTBEAT_LOST, EXPLAINS_IN_SESSION, NULL},
    {CODE_UPGRADE_FAILED, CODE_EVENT_LOST, EXPLAINS_IN_SESSION, NULL},
    {CODE_PROTOCOL_VERSION, CODE_CONNECT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_PROTOCOL_VERSION, CODE_HEARTBEAT_LOST, EXPLAINS_IN_SESSION, NULL},
    {CODE_CONNECT_UNANSWERED, CODE_EVENT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_CONNECT_UNANSWERED, CODE_EVENT_DROPPED, EXPLAINS_IN_SESSION, NULL},
    {CODE_EVENT_DROPPED, CODE_EVENT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_PAYLOAD_TOO_LARGE, CODE_ABNORMAL_CLOSE, EXPLAINS_IN_SESSION, NULL},
    {CODE_PAYLOAD_TOO_LARGE, CODE_LOST_BETWEEN, EXPLAINS_IN_SESSION, NULL},
    {CODE_SERVER_STOPPED, CODE_SESSION_UNKNOWN, EXPLAINS_OF_SERVER, "session-gone"},
    {CODE_SERVER_STOPPED, CODE_SESSION_UNKNOWN, EXPLAINS_OF_SERVER, "restarted"},
    {CODE_SERVER_UNREACHABLE, CODE_SESSION_UNKNOWN, EXPLAINS_OF_SERVER, "restarted"},
    {CODE_PAYLOAD_TOO_LARGE, CODE_SESSION_UNKNOWN, EXPLAINS_ANYWHERE, "ended-by-size"},
    {CODE_IDLE_CUT, CODE_SESSION_UNKNOWN, EXPLAINS_ANYWHERE, "poll-aborted"},
    {CODE_ABNORMAL_CLOSE, CODE_SESSION_UNKNOWN, EXPLAINS_IN_SESSION, NULL},
    {CODE_IDLE_CUT, CODE_ABNORMAL_CLOSE, EXPLAINS_ANYWHERE, "cut"},
    {CODE_SERVER_STOPPED, CODE_ABNORMAL_CLOSE, EXPLAINS_AT_ONCE, NULL},
    {CODE_SERVER_STOPPED, CODE_REQUEST_UNANSWERED, EXPLAINS_AT_ONCE, "post-broken-off"},
    {CODE_SERVER_STOPPED, CODE_REQUEST_UNANSWERED, EXPLAINS_AT_ONCE, "keep-alive-race"},
    {CODE_SERVER_STOPPED, CODE_SERVER_UNREACHABLE, EXPLAINS_OF_SERVER, "refused"},
    {CODE_ABNORMAL_CLOSE, CODE_RECONNECT_LOOP, EXPLAINS_ANYWHERE, "not-let-in"},
    {CODE_HEARTBEAT_LOST, CODE_ABNORMAL_CLOSE, EXPLAINS_IN_SESSION, NULL},
    {CODE_HEARTBEAT_LOST, CODE_HANDSHAKE_REJECTED, EXPLAINS_IN_SESSION, NULL},
    {CODE_HEARTBEAT_LOST, CODE_SESSION_UNKNOWN, EXPLAINS_IN_SESSION, NULL},
    {0},
};

_Static_assert((int)CODES <= (int)CODE_BLOCK, "a plug-in's codes begin behind the core's");

const struct code_entry *code_entry(unsigned code)
{
	if (code < CODES)
		return &code_table[code];
	for (size_t i = 0; plugins[i]; i++) {
		const struct code_block *block = plugins[i]->codes;
		if (block && code >= block->first && code < block->first + block->count)
			return &block->entries[code - block->first];
	}
	return NULL;
}

unsigned code_next(unsigned code)
{
	do
		code++;
	while (code < CODES_MOST && !code_entry(code));
	return code;
}

const char *code_advice(unsigned code)
{
	for (size_t i = 0; plugins[i]; i++)
		for (const struct code_advice *advice = plugins[i]->codes ? plugins[i]->codes->advice : NULL;
		     advice && advice->text; advice++)
			if (advice->code == code)
				return advice->text;
	return "";
}

unsigned code_named(struct slice name)
{
	unsigned code = 0;
	while (code < CODES_MOST && !slice_equals_text(name, code_entry(code)->name))
		code = code_next(code);
	return code;
}

const char *code_word(size_t index)
{
	unsigned code = 0;
	while (index-- && code < CODES_MOST)
		code = code_next(code);
	return code < CODES_MOST ? code_entry(code)->name : NULL;
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {"info", "warning", "error"};
	return names[severity];
}
