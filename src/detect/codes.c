/* The table of findings. `sioscope explain` prints it. */
#include "detect/codes.h"

const struct code_entry code_table[CODES] = {
    [CODE_TRANSPORT_REJECTED] = {"transport-rejected", SEVERITY_ERROR, "The server refuses the transport",
        "Client and server do not agree on a transport: the client asks for polling where the server allows only "
        "WebSocket, or the other way round. Servers say so with HTTP 400 (\"Invalid transport\", \"Transport "
        "unknown\"). An ASGI server that refuses a WebSocket can only answer a bare 403; a refused origin looks the "
        "same, and the finding then names both.",
        "Give both sides the same transports. Reflex: `transport` in rxconfig.py is baked into the frontend at export; "
        "export again after changing it. Others: `transports` of the client's options and of the server's."},
    [CODE_PROTOCOL_VERSION] = {"protocol-version", SEVERITY_ERROR, "Client and server speak different revisions",
        "The query's EIO names the Engine.IO revision: 3 for clients of the 1.x and 2.x lines, 4 since 3.x. The server "
        "says that it does not support the client's, or answers in the form of another revision.",
        "Update the older side, or let a node server take old clients with allowEIO3: true."},
    [CODE_SESSION_UNKNOWN] = {"session-unknown", SEVERITY_ERROR, "A server does not know the session asked for",
        "A request carries a sid, and the server that answers does not know it: it was restarted, it had closed the "
        "session before, or the sid was given out by another server behind the same address. The finding names the "
        "server that gave it out, where that was captured.",
        "With several workers or backends: sticky sessions (by cookie or address), or WebSocket alone, which needs "
        "none. After a restart clients reconnect by themselves."},
    [CODE_HANDSHAKE_REJECTED] = {"handshake-rejected", SEVERITY_ERROR, "The server refuses the request",
        "A handshake, or a request of a session, is refused for a reason other than transport, revision or sid: "
        "origin, authorisation, a wrong path, a proxy that cannot reach the server, a malformed request.",
        "Read the answer that is quoted; it names the reason in the server's own words where it gives one."},
    [CODE_CORS_BLOCKED] = {"cors-blocked", SEVERITY_ERROR, "The browser drops the server's answers (CORS)",
        "The page comes from another origin than the server, and the answer's Access-Control-Allow-Origin is missing, "
        "doubled, or does not fit; the page's script sees only an error. WebSockets are not subject to it, and "
        "same-origin pages are not affected.",
        "Set the header in one place only: the framework's CORS middleware, Engine.IO's own setting or the proxy. With "
        "credentials it must name the origin, not *."},
    [CODE_UPGRADE_FAILED] = {"upgrade-failed", SEVERITY_WARNING, "The upgrade to WebSocket failed",
        "The client tried to move the session from polling to a WebSocket and did not get there: refused, the probe "
        "was not answered, or not committed. The session goes on with polling.",
        "Check that each proxy on the way passes Upgrade and Connection on, and answers HTTP/1.1 (nginx: "
        "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\")."},
    [CODE_NAMESPACE_REJECTED] = {"namespace-rejected", SEVERITY_ERROR, "The server refuses a namespace",
        "A CONNECT was answered by CONNECT_ERROR (by python servers that connect always: by a DISCONNECT with a "
        "reason): the namespace does not exist on this server, or a middleware or connect handler refused.",
        "\"Invalid namespace\": register it on the server, or correct the client's URL, whose path is the namespace. "
        "Otherwise the quoted answer comes from the application's own check."},
    [CODE_ENVIRON_RACE] = {"environ-race", SEVERITY_ERROR, "An event met no registered session",
        "An event reached the server outside the life of its registration. Early: before the CONNECT was acknowledged. "
        "Late: while the session was going away; then the server logs \"Socket.IO environ is not initialized\", and "
        "nobody misses the answer, for the client has left. With polling it is certain to happen when an event and "
        "the disconnect travel in one POST. The wire shows an unanswered event; only the server's log proves the "
        "race (--server-log).",
        "Late: harmless; silence the log line, do not retry. Early: let the client wait for the CONNECT's answer "
        "before it sends (stock clients do)."},
    [CODE_ENVIRON_ABSENT] = {"environ-absent", SEVERITY_ERROR, "The server lost its registration of a live session",
        "The server's log says that the environ is not initialised while the session was alive and nobody was leaving. "
        "That is no race: the code that looks it up asks another server object than the one that took the "
        "connection (a module imported twice, a second app instance), registers late, or is wrapped.",
        "Look for two instances: a module imported under two names (usual in bundles made by Nuitka or PyInstaller), "
        "two App objects, a custom on_event. Remove retry patches: they hide the log line and cure nothing."},
    [CODE_CONNECT_UNANSWERED] = {"connect-unanswered", SEVERITY_ERROR, "A CONNECT was never answered",
        "The client asked to join a namespace, and the server neither accepted nor refused while the connection lived. "
        "Stock clients hold back all events until then.",
        "The connect handler hangs or died with an exception: look at the server's log at the time given."},
    [CODE_EVENT_UNANSWERED] = {"event-unanswered", SEVERITY_WARNING, "An event was never answered",
        "The application answers this kind of event, and did not answer this one, although the connection lived on.",
        "Look at the server's log at the time given: an exception in the handler, a handler that never returns, an "
        "event swallowed by a patch."},
    [CODE_HANDLER_ERROR] = {"handler-error", SEVERITY_ERROR, "An event handler raised an error",
        "The server answered an event with its own error report (Reflex: the toast \"An error occurred\" carries the "
        "exception's text).",
        "Mend the handler or the computed var that the text names; until then nothing that it should have changed "
        "changes."},
    [CODE_ACK_MISSING] = {"ack-missing", SEVERITY_WARNING, "An acknowledgement was asked for and never sent",
        "An event carried an ack id, and no ack with that id came back while the connection lived on.",
        "The handler must call its ack callback (node) or return a value (python)."},
    [CODE_EVENT_DROPPED] = {"event-dropped", SEVERITY_ERROR, "The server threw an event away",
        "By the server's own rules: sent before the namespace was connected, sent by polling after the upgrade, or one "
        "of too many packets in a POST. Python servers even answer OK.",
        "Events before the connection: wait for it. Too many packets in a POST (python: more than 16): raise "
        "max_decode_packets, or use WebSocket."},
    [CODE_HEARTBEAT_LOST] = {"heartbeat-lost", SEVERITY_ERROR, "The heartbeat stopped",
        "A ping was not answered within pingTimeout, or did not come within pingInterval and pingTimeout. One side was "
        "asleep, blocked or cut off; the finding says which.",
        "Server late: its event loop is blocked, move blocking work to threads. Client late: a browser tab in the "
        "background, a sleeping computer, a lost network."},
    [CODE_SERVER_STALL] = {"server-stall", SEVERITY_WARNING, "The server stood still",
        "The server went silent on every session at once for longer than it ever did, with requests waiting, and then "
        "answered all at once: its event loop was blocked.",
        "Find the blocking call: synchronous I/O or heavy work in an async handler; run it in a thread or a process."},
    [CODE_PAYLOAD_TOO_LARGE] = {"payload-too-large", SEVERITY_ERROR, "A message was larger than the server takes",
        "HTTP 413, or a WebSocket closed with code 1009. The client usually reconnects and sends the same again.",
        "Send less, or raise the limit: maxHttpBufferSize (node), max_http_buffer_size (python), client_max_body_size "
        "(nginx)."},
    [CODE_ABNORMAL_CLOSE] = {"abnormal-close", SEVERITY_WARNING, "A connection ended without saying goodbye",
        "A WebSocket's TCP connection was ended or reset without a close frame, or closed with an error code; a server "
        "ended the connection of a poll that it had not answered, for good; or one side ended the session at once "
        "after "
        "a packet of the other that it does not allow, or cannot read.",
        "A crashed or killed process, a proxy's timeout, a lost network: the side that is named went away."},
    [CODE_IDLE_CUT] = {"idle-cut", SEVERITY_WARNING, "Connections are cut after the same silence each time",
        "Several connections ended after the same time without traffic, which is no rule of either end: something "
        "between them has an idle timeout below the ping interval.",
        "Raise the proxy's timeout above the ping interval (nginx: proxy_read_timeout), or lower pingInterval."},
    [CODE_LOST_BETWEEN] = {"lost-between", SEVERITY_ERROR, "An event entered a proxy and never came out",
        "The session was captured on both sides of a hop (a proxy, an address translation). The event was seen on one "
        "side, and never on the other, while the session went on.",
        "Look at the hop named in the text: its limits (body size, buffers, timeouts), its error log at that time, and "
        "whether it changes or filters what it passes on."},
    [CODE_DUPLICATE_SESSION] = {"duplicate-session", SEVERITY_WARNING, "One client holds several live sessions",
        "The same client (by its token) has more than one session open at a time: connect was called twice, or a "
        "component mounts twice.",
        "Make one socket and share it; in React's strict mode effects run twice."},
    [CODE_RECONNECT_LOOP] = {"reconnect-loop", SEVERITY_ERROR, "A client connects again and again",
        "The same client opens session after session, none of which lives.",
        "See the finding that ends each session; without one, look at the server's log at those times."},
    [CODE_DELTA_UNKNOWN_STATE] = {"delta-unknown-state", SEVERITY_ERROR,
        "The backend sends a substate that the frontend does not have",
        "An update names a substate that the exported frontend does not declare. Up to Reflex 0.8 the frontend throws "
        "there, silently, and never sends another event; since 0.10 it skips it.",
        "Frontend and backend are of different builds: export the frontend again from the backend's very code "
        "(renamed classes and moved modules change names)."},
    [CODE_DELTA_UNKNOWN_VAR] = {"delta-unknown-var", SEVERITY_ERROR,
        "The backend sends a var that the frontend does not show",
        "An update names a var that the frontend's substate does not declare: it is merged without a word, and nothing "
        "renders it. It is renamed, and pages lack what it was called before; or, when all came that pages show of "
        "that "
        "substate, new in the backend (info).",
        "Export the frontend again from the backend's very code; where an old name is likely, it is given."},
    [CODE_DELTA_MISSING_VAR] = {"delta-missing-var", SEVERITY_ERROR, "A var that the page shows never comes",
        "The backend sent the whole substate, and a var that the frontend declares and a page reads was not in it: it "
        "was renamed or removed in the backend, or is a computed var that is no longer one.",
        "Compare the names in the backend's state class with .web/utils/context.js; export again."},
    [CODE_DELTA_STALE_VAR] = {"delta-stale-var", SEVERITY_WARNING, "A var keeps its first value while others change",
        "A var that the page shows was sent once and never again, while its neighbours changed: most likely a computed "
        "var whose dependencies are not tracked.",
        "Check the computed var (@rx.var): give auto_deps or deps, or cache=False, so that it is computed when its "
        "source changes."},
    [CODE_DELTA_LOST] = {"delta-lost", SEVERITY_ERROR, "An update was sent that the client cannot have applied",
        "An update went out, and the client gave no sign of life after it until the connection was reset; or its bytes "
        "were never acknowledged. That TCP acknowledged them does not prove that the page took them.",
        "The page was frozen, killed or cut off. After it connects anew it must hydrate; check that it does."},
    [CODE_HYDRATE_MISSING] = {"hydrate-missing", SEVERITY_ERROR, "The page was never hydrated",
        "A Reflex page asks for its whole state first. That event was not sent, not answered, or the page was never "
        "told that it is hydrated; it shows its initial values only.",
        "See the finding about that first event; without one, look for on_load handlers that hang."},
    [CODE_FRONTEND_STUCK] = {"frontend-stuck", SEVERITY_ERROR, "The frontend stopped sending events",
        "Up to Reflex 0.8 the frontend has one event in flight. When an answer is lost, or an update throws in the "
        "page, it never sends another on this connection, while the connection looks healthy. Told by silence where an "
        "event was due.",
        "Cure what stopped it (the finding it is listed under); a reload frees the page until it happens again."},
    [CODE_FRONTEND_MISMATCH] = {"frontend-mismatch", SEVERITY_ERROR, "Frontend and backend say that they differ",
        "The backend told the frontend that their state schemas differ, or the versions that both name are not the "
        "same.",
        "Export the frontend again from the backend's very code and version, and ship both together."},
    [CODE_FRONTEND_ERROR] = {"frontend-error", SEVERITY_ERROR, "The frontend reported an error",
        "The page sent an error of its own to the backend.", "The quoted text says what failed in the page."},
    [CODE_BUNDLE_SYMLINKS] = {"bundle-symlinks", SEVERITY_WARNING, "The bundle holds symlinks",
        "node_modules/.bin is full of them. Archives, code signing and installers follow, break or refuse them; those "
        "that lead out of the folder are broken elsewhere.",
        "Ship only build/client, which has none, or copy with links followed: cp -RL."},
    [CODE_BUNDLE_FILE_COUNT] = {"bundle-file-count", SEVERITY_WARNING,
        "The bundle has more files than a command line takes",
        "A command line that names every file of the folder passes the limit of this system or of macOS (\"Argument "
        "list too long\").",
        "Ship only build/client; let find run commands in portions (-exec … {} +)."},
    [CODE_BUNDLE_INCOMPLETE] = {"bundle-incomplete", SEVERITY_ERROR, "The bundle lacks what pages need",
        "There is no build, no index.html in it, or its scripts declare no state.",
        "Export the frontend (reflex export --frontend-only) and ship build/client of that very export."},
    [CODE_BUNDLE_TRANSPORT] = {"bundle-transport", SEVERITY_INFO, "Where and how the bundle's pages connect",
        "URL and transport of the backend are baked into the build; env.json is not read any more. Reflex replaces "
        "localhost by the page's host, but not 127.0.0.1, and drops the port on https pages.",
        "Set api_url and transport in rxconfig.py as the pages will need them, then export again."},
    [CODE_BUNDLE_VERSION] = {"bundle-version", SEVERITY_INFO, "Which Reflex made the bundle",
        "The build names its Reflex version, and tells it the backend as its WebSocket subprotocol.",
        "Run the backend with the same version; export again after an update."},
    [CODE_BUNDLE_STATE] = {"bundle-state", SEVERITY_ERROR, "The bundle's sources and its build differ",
        "context.js declares other states or vars than the built chunks, and pages run the chunks: a backend started "
        "without Reflex's own command line rewrites the sources and leaves the build old.",
        "Export again; do not trust context.js in a running bundle."},
    [CODE_CAPTURE_INCOMPLETE] = {"capture-incomplete", SEVERITY_INFO, "Part of the traffic could not be seen",
        "Packets are missing or cut, connections were under way when the capture began, or something is encrypted. "
        "What rests on such sessions is told with less certainty.",
        "Capture with -s 0, from before the page is loaded, on the server itself."},
};

const struct code_case_entry code_cases[CODE_CASES] = {
    [CASE_RACE_LATE] = {CODE_ENVIRON_RACE, SEVERITY_WARNING, "late"},
    [CASE_RACE_LATE_UNSURE] = {CODE_ENVIRON_RACE, SEVERITY_INFO, "late on a WebSocket, unless the log proves it"},
    [CASE_ABSENT_ELSEWHERE] = {CODE_ENVIRON_ABSENT, SEVERITY_INFO,
        "where no event that was captured went without its answer"},
    [CASE_TRANSPORT_LOOPBACK] = {CODE_BUNDLE_TRANSPORT, SEVERITY_WARNING, "where 127.0.0.1 is baked in"},
    [CASE_TRANSPORT_REFUSED] = {CODE_BUNDLE_TRANSPORT, SEVERITY_ERROR,
        "where the server that was asked gives no session"},
    [CASE_VERSION_OTHER] = {CODE_BUNDLE_VERSION, SEVERITY_WARNING, "where the page that ran is of another"},
};

enum code code_named(struct slice name)
{
	enum code code = 0;
	while (code < CODES && !slice_equals_text(name, code_table[code].name))
		code++;
	return code;
}

const char *code_word(size_t index)
{
	return index < CODES ? code_table[index].name : NULL;
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {"info", "warning", "error"};
	return names[severity];
}
