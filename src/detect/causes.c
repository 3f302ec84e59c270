/* The table of causes. `sioscope explain` prints those of a code. */
#include "base/plugin.h"
#include "detect/findings.h"

#define PASS_UPGRADE                                                                                             \
	"nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "    \
	"\"upgrade\". Apache: ProxyPass with upgrade=websocket, or mod_proxy_wstunnel. Varnish: return (pipe). " \
	"lighttpd: proxy.header = (\"upgrade\" => \"enable\")."
#define PASS_ENVOY                                                                                           \
	"Let the proxy pass WebSockets on. Envoy: upgrade_configs with upgrade_type: websocket in the HTTP " \
	"connection manager or on the route; Contour: enableWebsockets: true on the route."
#define KEEP_ALIVE_LONGER                                                                                         \
	"Let the server keep idle connections longer than what is before it (AWS ALB: idle timeout 60 s; Google " \
	"Cloud: 600 s; nginx: keepalive_timeout of the upstream, 60 s). node: server.keepAliveTimeout = 65000, "  \
	"and headersTimeout above it; uvicorn: --timeout-keep-alive 65; gunicorn: --keep-alive 65 (defaults: 5, " \
	"5 and 2 s). "

#define SEND_LENGTH                                                                                              \
	"Let the client send its body whole, with Content-Length (a client in code that streams its body sends " \
	"chunks: give it the bytes), or let what answers take chunks (nginx since 1.3.9; a WAF or an older "     \
	"proxy: its setting for chunked requests)."

#define CORRECT_HEADERS                                                                                         \
	"The proxy reaches the server: correct what is wrong with the answer's headers. The proxy's error log " \
	"says it (nginx: \"upstream sent …\"): a header that comes twice, Content-Length beside "             \
	"Transfer-Encoding, or more headers than the proxy's buffer holds (nginx: proxy_buffer_size). The "     \
	"server's framework sets Content-Length and Transfer-Encoding itself: take out the middleware or "      \
	"application code that sets them as well."

#define PASS_CONNECTION                                                                                            \
	"Let the proxy before this point set both headers. nginx: beside proxy_set_header Upgrade $http_upgrade "  \
	"also proxy_set_header Connection \"upgrade\"; where upstream keepalive needs an empty Connection, a map " \
	"from $http_upgrade sets it (upgrade for WebSockets, \"\" for the rest)."

#define OWN_ACCEPT                                                                                                \
	"Look for what answers the handshake besides the server: a cache or a mock that replays an earlier 101, " \
	"a proxy or firewall that writes the answer by itself, a second handler. Compare with a capture on the "  \
	"server itself. The right value is made of each request's own key (RFC 6455, section 4.2.2), so a fixed " \
	"one is never right."
#define OWN_SUBPROTOCOL                                                                                            \
	"Let the server answer with one of the subprotocols that the client offers (node: handleProtocols of ws, " \
	"which takes the first by default; python's ASGI: accept(subprotocol=…)), or let the client offer none " \
	"(socket.io-client: no option protocols; a token belongs into the option auth). Let the proxy pass "       \
	"Sec-WebSocket-Protocol on in both heads."
#define OWN_EXTENSION                                                                                             \
	"Something on the way drops Sec-WebSocket-Extensions from one of the two heads of the handshake, or the " \
	"server adds an extension by itself: let the header pass in both, or switch compression off (node: "      \
	"perMessageDeflate: false)."
#define OWN_SWITCH                                                                                                \
	"A proxy drops Upgrade or Connection from the answer 101, as proxies do that do not know WebSocket: let " \
	"it pass both on. " PASS_UPGRADE
#define NEVER_NEXT                                                                                                 \
	"A middleware never called next(): look at io.use() and at use() of the namespace, and at a function "     \
	"that is given to io.of(). Each path must end in next() or next(new Error(…)): an await without end, a " \
	"promise that is rejected and not caught, a return before next(), a check of a token or in a database "    \
	"without a time limit."
#define NO_PREFLIGHT                                                                                  \
	"Or let the page need no preflight: the token in socket.io-client's option auth in place of " \
	"extraHeaders, or the page and the server at one origin."

/* socket.io-client, socket.ts: `auth` is called for each CONNECT when it is a function; an object is sent again as it
 * is. python-socketio, client.py: the same of `auth`, `headers` and `url`. */
#define RENEW_TOKEN                                                                                                \
	"Let the client get a new token before it connects again. socket.io-client sends the object `auth` "       \
	"unchanged with each reconnection: give it a function in place of the object, which hands over the "       \
	"current token each time (in python-socketio's client functions as auth, headers or url), and renew the "  \
	"token before it expires, at the latest in connect_error, followed by socket.connect(). What is in query " \
	"or extraHeaders has to be set again in socket.io.opts before each attempt."
/* jsonwebtoken: clockTolerance; PyJWT, jose: leeway, clockTolerance; golang-jwt: WithLeeway. */
#define COMPARE_CLOCKS                                                                                             \
	"Compare the clocks of the host that issues the tokens and of the one that checks them (date -u on both, " \
	"timedatectl, chronyc tracking), and let NTP set them; containers have their host's. Let the check "       \
	"tolerate some seconds (clockTolerance in jsonwebtoken and jose, leeway in PyJWT, WithLeeway in "          \
	"golang-jwt)."
/* Fetch, "serializing a request origin", and HTML, "opaque origin". */
#define NULL_ORIGIN_IS                                                                                         \
	"the page has no origin (null): it was opened as a file, is in a sandboxed iframe, or a redirect led " \
	"from one origin to another"
#define NULL_ORIGIN_ADVICE                                                                                       \
	"Serve the page by http or https in place of opening it as a file (file://; for a try: python3 -m "      \
	"http.server), and allow that origin. An iframe with the attribute sandbox needs allow-same-origin in "  \
	"it. Where a redirect led the request from one origin to another, give the client the last URL. Do not " \
	"allow the origin null: every file and every sandboxed iframe has it."

#define HOST_IS                                                                                                       \
	"a proxy passes the request on with a Host of its own, so the page does not look like the server's own, and " \
	"python-engineio refuses pages of others"
#define HOST_ADVICE                                                                                                \
	"Let the proxy pass the page's host on (nginx: proxy_set_header Host $host; or X-Forwarded-Host; Apache: " \
	"ProxyPreserveHost On), or name the page's origin, with scheme and port, in cors_allowed_origins."
#define SCHEME_IS                                                                                                     \
	"the page came by https, which does not arrive: python-engineio takes itself for http, and refuses the page " \
	"as another's"
#define SCHEME_ADVICE                                                                                               \
	"Let the proxy that ends TLS say so (nginx: proxy_set_header X-Forwarded-Proto $scheme; the value must be " \
	"https, also for WebSockets, where Traefik writes wss), or name the page's origin, with https, in "         \
	"cors_allowed_origins."

const struct cause_entry cause_table[CAUSES] = {
    [CAUSE_WEBSOCKET_NOT_ALLOWED] = {"websocket-not-allowed", "transport-rejected",
        "the client asks for WebSocket, and the server takes only polling", NULL, {{0}}},
    [CAUSE_POLLING_NOT_ALLOWED] = {"polling-not-allowed", "transport-rejected",
        "the client asks for polling, and the server takes only WebSocket", NULL, {{0}}},
    [CAUSE_BARE_403] = {"bare-403", "transport-rejected",
        "an ASGI server refuses the WebSocket without a word: transport, revision, origin or the application", NULL,
        {{0}}},
    [CAUSE_HOST_NOT_PASSED] = {"host-not-passed", "transport-rejected", HOST_IS, HOST_ADVICE, {{0}}},
    [CAUSE_SCHEME_NOT_PASSED] = {"scheme-not-passed", "transport-rejected", SCHEME_IS, SCHEME_ADVICE, {{0}}},
    [CAUSE_EXTENDED_CONNECT] = {"extended-connect", "transport-rejected",
        "the WebSocket was asked for by extended CONNECT (HTTP/2), and python-engineio wants an Upgrade header, which "
        "HTTP/2 does not have",
        "Serve WebSockets over HTTP/1.1: let the server offer that alone (hypercorn: alpn_protocols = [\"http/1.1\"]), "
        "or put a proxy before it that does not announce extended CONNECT (nginx), whose client then opens its "
        "WebSocket over HTTP/1.1. Or wrap the ASGI application so that a websocket scope gets the header upgrade: "
        "websocket.",
        {{0}}},
    [CAUSE_REVISION_NOT_SUPPORTED] = {"revision-not-supported", "protocol-version",
        "the server says that it does not take the client's revision", NULL,
        {{"socket.io (Node.js)", "Update the client to the 3.x line or later, or set allowEIO3: true on the server."},
            {"python-engineio", "Update the side that is older: python-socketio 5 takes clients of socket.io 3 and 4 "
                                "alone, python-socketio 4 those of 1 and 2 alone."}}},
    [CAUSE_REVISION_UNKNOWN] = {"revision-unknown", "protocol-version",
        "the query names no revision, or one that Engine.IO does not have: 3 and 4 are in use",
        "Let the client send EIO=4 (clients of the 3.x and 4.x lines do), or EIO=3 for an old server. Some clients of "
        "the 2.x line send no EIO at all (socket.io-client-swift up to 15): update them, or let a server of Node.js "
        "take them (allowEIO3: true). Else the request was written by hand or by a client of another protocol, or "
        "something on the way changed its query.",
        {{0}}},
    [CAUSE_SERVER_OF_REVISION_3] = {"server-of-revision-3", "protocol-version",
        "the server answers a client of revision 4 in the form of revision 3", NULL, {{0}}},
    [CAUSE_QUERY_LOWER_CASE] = {"query-lower-case", "protocol-version",
        "the query has eio in lower case and no EIO: something on the way writes queries in lower case",
        "Let the query pass unchanged: its parameters are case-sensitive (EIO). Look for what rewrites URLs in lower "
        "case between client and server: a rewrite rule of the proxy, a CDN or firewall, a middleware.",
        {{0}}},
    [CAUSE_QUERY_CHANGED] = {"query-changed", "protocol-version",
        "the client asks for revision 4, and a node server answers as if it had not: the query changed on the way",
        "Compare the request at the client with the one that reaches the server (capture both sides of the proxy): "
        "what stands between them changes or drops EIO=4, for example by writing the query in lower case.",
        {{0}}},
    [CAUSE_COOKIE_OF_OTHER_PATH] = {"cookie-of-other-path", "session-unknown",
        "the balancer's cookie is for another path than Socket.IO's, so browsers do not send it back",
        "Let the balancer set its cookie for the whole host (Path=/), or for the path that Socket.IO is asked at.",
        {{0}}},
    [CAUSE_COOKIE_SECURE] = {"cookie-secure", "session-unknown",
        "the balancer's cookie is Secure and the page is loaded by http, so browsers do not send it back",
        "Serve the page and Socket.IO by https, or let the balancer set its cookie without Secure as long as there is "
        "none.",
        {{0}}},
    [CAUSE_COOKIE_SAME_SITE] = {"cookie-same-site", "session-unknown",
        "the balancer's cookie lacks SameSite=None and the page is of another site, so browsers do not send it back",
        "Let the balancer set its cookie with SameSite=None; Secure (HAProxy: cookie … attr SameSite=None secure; "
        "nginx: sticky cookie … samesite=none secure; ingress-nginx: session-cookie-samesite None), which wants https. "
        "Or serve page and Socket.IO from one site. Browsers that block cookies of third parties want the latter, or "
        "WebSocket alone.",
        {{0}}},
    [CAUSE_COOKIE_NOT_RETURNED] = {"cookie-not-returned", "session-unknown",
        "a balancer set its cookie in the answer that opened the session, and this request came without it",
        "Let the client send the balancer's cookie back (browsers: withCredentials set to true, and CORS credentials "
        "on the server; other clients keep cookies only when told to), make the balancer sticky by address, or let "
        "clients use WebSocket alone.",
        {{0}}},
    [CAUSE_SID_OF_OTHER_SERVER] = {"sid-of-other-server", "session-unknown",
        "another server gave the sid out: a balancer sends the session's requests to several",
        "Make the balancer sticky (by cookie or by the client's address), or let clients use WebSocket alone "
        "(transports: [\"websocket\"]).",
        {{0}}},
    [CAUSE_SID_OF_OTHER_EXIT] = {"sid-of-other-exit", "session-unknown",
        "another server gave the sid out, and the client's requests come from several addresses (a company with two "
        "exits, a mobile network, a VPN, IPv4 beside IPv6), which a balancer that is sticky by address takes for "
        "several clients",
        "Sticky by address does not help these clients. Let a cookie of the balancer decide (nginx: hash by a cookie "
        "in place of ip_hash; HAProxy: cookie … insert in place of balance source; AWS: stickiness of the target "
        "group; Kubernetes: the ingress's cookie affinity in place of sessionAffinity ClientIP), or let clients use "
        "WebSocket alone (transports: [\"websocket\"]), which is one connection.",
        {{0}}},
    [CAUSE_GIVEN_TWICE] = {"given-twice", "session-unknown",
        "one handshake's answer was given to two clients: something on the way caches it",
        "Let the cache pass requests to the path of Socket.IO through (Varnish: return (pass); nginx: proxy_cache off; "
        "CDN: a rule that bypasses the cache; a service worker: no fetch handler for it), and let the server answer "
        "with Cache-Control: no-store.",
        {{0}}},
    [CAUSE_CLIENT_HAD_CLOSED] = {"client-had-closed", "session-unknown",
        "the client itself had closed the session before",
        "The server is right. In the client something goes on with a socket after it was closed: a request that is "
        "sent by hand, a retry, a tab that was restored. Open a new connection instead (socket.connect()).",
        {{0}}},
    [CAUSE_SERVER_HAD_CLOSED] = {"server-had-closed", "session-unknown", "the server had closed the session before",
        "The client comes to know of it by this answer and connects again by itself. Look at why the server closed the "
        "session: the finding of that time, or the application (disconnect).",
        {{0}}},
    [CAUSE_ENDED_BY_SIZE] = {"ended-by-size", "session-unknown",
        "a request of the session was refused for its size, which ended the session", "See payload-too-large.", {{0}}},
    [CAUSE_POLL_ABORTED] = {"poll-aborted", "session-unknown",
        "the connection of a held poll was ended from the client's side, which ends the session at servers of node",
        "Find out who ended the poll: a timeout of the client or of a proxy before this point that is below "
        "pingInterval (raise it above pingInterval + pingTimeout), or a page that was left.",
        {{0}}},
    [CAUSE_TIMED_OUT] = {"timed-out", "session-unknown",
        "the client was silent for longer than pingInterval + pingTimeout, so the server gave the session up",
        "The client slept (a laptop that was closed, a tab in the background) or was cut off: it connects again by "
        "itself. A longer pingTimeout forgives more; connection state recovery (socket.io 4.6) keeps missed events.",
        {{0}}},
    [CAUSE_RESTARTED] = {"restarted", "session-unknown", "the server was restarted since it gave the sid out",
        "Clients connect again by themselves. Without a deployment at that time: look at the server's log and the "
        "kernel's (dmesg) for a crash.",
        {{0}}},
    [CAUSE_WORKER_RECYCLED] = {"worker-recycled", "session-unknown",
        "a worker was replaced since it gave the sid out, because it had answered as many requests as it may",
        "Each poll is a request, and the sessions of a worker end with it: give no limit of requests (gunicorn: "
        "max_requests, uvicorn: limit_max_requests), or one that is reached when nobody is connected.",
        {{0}}},
    [CAUSE_SEVERAL_WORKERS] = {"several-workers", "session-unknown",
        "several workers answer at one address, each with sessions of its own",
        "Let one worker answer each session: one worker alone, sticky sessions before them (Heroku: heroku "
        "features:enable http-session-affinity), or WebSocket alone. Events between workers need a message queue or an "
        "adapter besides.",
        {{"python-engineio", "Run one worker (gunicorn -w 1, uvicorn without --workers), or several behind a sticky "
                             "balancer with client_manager=AsyncRedisManager(...) for events between them."},
            {"socket.io (Node.js)", "With the cluster module or pm2 -i: use @socket.io/sticky and "
                                    "@socket.io/cluster-adapter (or another adapter); or let clients use WebSocket "
                                    "alone."}}},
    [CAUSE_SESSION_GONE] = {"session-gone", "session-unknown",
        "the same address gave the sid out: the server was restarted, ended the session without a word, or several "
        "workers share the address",
        NULL, {{0}}},
    [CAUSE_SID_OF_BEFORE] = {"sid-of-before", "session-unknown", "the sid was given out before the capture began",
        "Clients connect again by themselves. If it goes on: several workers or servers without sticky sessions.",
        {{0}}},
    [CAUSE_NOT_SOCKETIO] = {"not-socketio", "handshake-rejected",
        "something that is not Socket.IO answers with success: a page, another application", NULL, {{0}}},
    [CAUSE_CACHED] = {"cached", "handshake-rejected",
        "a cache answers handshakes or polls in place of the server: clients share sessions and get packets again",
        "Let the cache pass requests to the path of Socket.IO through (Varnish: return (pass); nginx: proxy_cache off; "
        "CDN: a rule that bypasses the cache; a service worker: no fetch handler for it), and let the server answer "
        "with Cache-Control: no-store (node since engine.io 6.5).",
        {{0}}},
    [CAUSE_CODING_HIDDEN] = {"coding-hidden", "handshake-rejected",
        "the answer's body is compressed (gzip), and no Content-Encoding header says so",
        "Something on the way removes Content-Encoding and leaves the body compressed (nginx: proxy_hide_header; a "
        "middleware or firewall that writes its own headers): let the header pass, or let the server not compress "
        "(node: httpCompression: false).",
        {{0}}},
    [CAUSE_BYTE_ORDER_MARK] = {"byte-order-mark", "handshake-rejected",
        "a byte order mark (EF BB BF) stands before the packets, which clients take for the first packet's type",
        "Something on the way writes a byte order mark before the text: a filter that rewrites answers, or a server's "
        "file of templates that was saved with one (\"UTF-8 with BOM\"). Compare the answer before and behind it (curl "
        "-s URL | xxd | head -1), and let it leave the path of Socket.IO alone.",
        {{0}}},
    [CAUSE_OTHER_SUCCESS] = {"post-not-200", "handshake-rejected",
        "a POST is answered by a success other than 200, which clients take for a failure: they end the session",
        "socket.io-client takes 200 alone (\"xhr post error\"): something on the way, or the server, answers a POST "
        "with another status in place of the server's 200 and ok, as gateways do for answers that they think empty. "
        "Let the answer of Socket.IO through as it is.",
        {{0}}},
    [CAUSE_EMPTY_POLL] = {"empty-poll", "handshake-rejected",
        "a poll is answered by 200 and an empty body, which clients cannot decode: they end the session",
        "Engine.IO answers a poll with a packet at least (a ping, or 6). Something on the way answers in its place, or "
        "drops the body: a filter or gateway that waits only for so long, a service worker, a buffer that ends. "
        "Compare both sides of it, and exempt the path of Socket.IO.",
        {{0}}},
    [CAUSE_NO_SUCH_PATH] = {"no-such-path", "handshake-rejected", "nothing is served at the path that was asked for",
        "Give client and server the same path (client: path, server: path or socketio_path; default /socket.io/), and "
        "let the proxy pass it on unchanged.",
        {{0}}},
    [CAUSE_PATH_CHANGED] = {"path-changed", "handshake-rejected",
        "a proxy passes the request on with another path than the client asked for",
        "Let the proxy keep the path (nginx: proxy_pass http://backend; without a path or slash behind the port; "
        "Traefik and ingress-nginx: no StripPrefix, no rewrite-target), or set the server's path to what arrives there "
        "(node: path, python: socketio_path).",
        {{0}}},
    [CAUSE_BACKEND_GONE] = {"backend-gone", "handshake-rejected", "a proxy answers that it reaches no server behind it",
        "Start the server behind the proxy, or correct the address and port that the proxy sends to; where the proxy "
        "checks its health, see why the check fails (a path that the server does not have, another status than 200).",
        {{0}}},
    [CAUSE_BACKEND_FULL] = {"backend-full", "handshake-rejected",
        "a proxy has no free connection to the server behind it: it reaches the server for other requests at the same "
        "time, or says so",
        "Raise the proxy's limit of connections to the server: each client that polls holds one all the time, and so "
        "does each WebSocket (HAProxy: maxconn of the server line, timeout queue; nginx: max_conns; Apache: max= of "
        "ProxyPass; Envoy: circuit_breakers; Caddy: unhealthy_request_count). Or the server does not take connections "
        "in time, or its health check fails at times: look at the proxy's log.",
        {{0}}},
    [CAUSE_REQUEST_CHANGED] = {"request-changed", "handshake-rejected",
        "a node server could not parse as HTTP what is a well-formed request here",
        "Look at what stands between this point and the server: it changes the request or puts bytes before it. A "
        "balancer that sends the PROXY protocol (HAProxy: send-proxy; AWS NLB: proxy protocol v2) needs a server that "
        "expects it: switch it off, or put a proxy that reads it before node (nginx: listen … proxy_protocol).",
        {{0}}},
    [CAUSE_BACKEND_SLOW] = {"backend-slow", "handshake-rejected",
        "a proxy answers that the server behind it did not answer in its time",
        "Polls are held: the proxy's read timeout must be above pingInterval + pingTimeout (nginx: proxy_read_timeout, "
        "HAProxy: timeout server, Apache: ProxyTimeout, Envoy: timeout of the route, Varnish: "
        "first_byte_timeout). Handshakes and POSTs are answered at once: find out why the server does not (its log, a "
        "blocked event loop), or whether its host is reached at all (nginx: proxy_connect_timeout ends in 504 as "
        "well).",
        {{0}}},
    [CAUSE_BACKEND_BROKE_OFF] = {"backend-broke-off", "handshake-rejected",
        "a proxy answers that the server behind it broke off, or sent no HTTP",
        "Look at the server's log at that time: it ended the connection in mid-answer, or speaks TLS where the proxy "
        "speaks none.",
        {{0}}},
    [CAUSE_BACKEND_SILENT] = {"backend-silent", "handshake-rejected",
        "the server behind the proxy has the request, and does not answer it in the proxy's time",
        "The proxy reaches the server, which answers handshakes and POSTs at once when it is well: find out what it "
        "waits for (a blocked event loop, all threads or workers busy, a database in a connect handler), by its log or "
        "a stack of its process (py-spy dump --pid, node --inspect). A poll of a session is held on purpose: for these "
        "the proxy's read timeout must be above pingInterval + pingTimeout (nginx: proxy_read_timeout, HAProxy: "
        "timeout server).",
        {{0}}},
    [CAUSE_BACKEND_KEEP_ALIVE_RACE] = {"backend-keep-alive-race", "handshake-rejected",
        "the server ends idle connections sooner than the proxy before it stops using them: a request and that end "
        "cross on their way, and the proxy does not repeat it",
        KEEP_ALIVE_LONGER "Or let the proxy open a connection for each request.", {{0}}},
    [CAUSE_ANSWER_NOT_TAKEN] = {"answer-not-taken", "handshake-rejected",
        "the server behind the proxy answered, and the proxy did not take its answer", CORRECT_HEADERS, {{0}}},
    [CAUSE_RATE_LIMIT] = {"rate-limit", "handshake-rejected",
        "a limit on requests or connections, of a proxy or of the server",
        "Exempt the path of Socket.IO from the limit, or raise it: a session that polls sends several requests a "
        "second, and holds one open all the time, as a WebSocket does (nginx: limit_req, limit_conn; uvicorn: "
        "--limit-concurrency).",
        {{0}}},
    [CAUSE_ORIGIN] = {"origin", "handshake-rejected", "the server does not accept the page's origin",
        "Add the page's origin, with scheme and port, to the server's allowed origins (cors.origin, origins).",
        {{"python-engineio", "Add the page's origin, with scheme and port, to cors_allowed_origins of the server, "
                             "exactly as it is sent: no slash at its end, lower case."},
            {"socket.io (Node.js)", "Add the page's origin, with scheme and port, to cors.origin (2.x: origins) of the "
                                    "server."}}},
    [CAUSE_ORIGIN_HOST_NOT_PASSED] = {"host-not-passed", "handshake-rejected", HOST_IS, HOST_ADVICE, {{0}}},
    [CAUSE_ORIGIN_SCHEME_NOT_PASSED] = {"scheme-not-passed", "handshake-rejected", SCHEME_IS, SCHEME_ADVICE, {{0}}},
    [CAUSE_ORIGIN_NULL] = {"null-origin", "handshake-rejected", NULL_ORIGIN_IS, NULL_ORIGIN_ADVICE, {{0}}},
    [CAUSE_SCRIPT_MISSING] = {"client-script-missing", "handshake-rejected",
        "a page asks for Socket.IO's client (socket.io.js) where no Socket.IO server answers",
        "Let what is below /socket.io/ reach the Socket.IO server: a location of its own in the proxy, before the one "
        "for static files; the server's option path, when the page names another. Express: listen on the http.Server "
        "that Socket.IO was given (server.listen), since app.listen makes another one. Or load the client without the "
        "server: as a module of the page's own bundle (socket.io-client), or from a CDN.",
        {{0}}},
    [CAUSE_SCRIPT_SWITCHED_OFF] = {"client-script-off", "handshake-rejected",
        "a page asks a Socket.IO server for its client (socket.io.js), which it does not serve (serveClient: false)",
        "Take serveClient: false out of the server's options (NestJS: of the gateway's, or of its adapter's), or load "
        "the client without the server: as a module of the page's own bundle (socket.io-client), or from a CDN.",
        {{0}}},
    [CAUSE_SCRIPT_NOT_SERVED] = {"client-script-not-served", "handshake-rejected",
        "a page asks a server in Python for Socket.IO's client (socket.io.js): python-socketio serves no client",
        "Load the client from elsewhere: from a CDN, as a module of the page's own bundle (socket.io-client), or as a "
        "static file of the application, outside /socket.io/ (static_files of socketio.ASGIApp or WSGIApp). Its "
        "version must go with the server's: client 3 or 4 for python-socketio 5, client 2 for python-socketio 4.",
        {{0}}},
    [CAUSE_REQUEST_TOKEN_EXPIRED] = {"token-expired", "handshake-rejected", "the client's token has expired",
        RENEW_TOKEN, {{0}}},
    [CAUSE_REQUEST_TOKEN_EARLY] = {"token-not-yet-valid", "handshake-rejected",
        "the client's token is not valid yet: the clock of its issuer is ahead", COMPARE_CLOCKS, {{0}}},
    [CAUSE_REQUEST_TOKEN_CLOCK] = {"token-clock", "handshake-rejected",
        "the server takes the client's token for expired or not valid yet, and by the capture's clock it is valid",
        "Either the server's clock is wrong, or the server means another token than this one (a cookie, a refresh "
        "token), or the capture's clock is wrong. " COMPARE_CLOCKS,
        {{0}}},
    [CAUSE_REQUEST_TOKEN_UNITS] = {"token-in-milliseconds", "handshake-rejected",
        "a date in the client's token is in milliseconds, where seconds are due",
        "Correct the code that writes iat, nbf and exp: they count seconds since 1970, and Date.now() of JavaScript "
        "counts milliseconds (divide by 1000 and round down). Then let clients log in again.",
        {{0}}},
    [CAUSE_WEBSOCKET_NOT_POSSIBLE] = {"no-websocket-support", "handshake-rejected",
        "the request has its Upgrade header, and the server cannot take WebSockets",
        "Give the server WebSocket support: uvicorn[standard] (or websockets, or wsproto) for uvicorn; for "
        "Flask-SocketIO simple-websocket, eventlet, or gevent with gevent-websocket and its worker. Or let clients "
        "poll.",
        {{0}}},
    [CAUSE_RAISED] = {"exception", "handshake-rejected",
        "the application raised an exception while it handled the request, before it answered",
        "Look in the server's log at this time for the traceback (uvicorn: \"Exception in ASGI application\"): its "
        "last line names the error, the one before it where it was raised.",
        {{0}}},
    [CAUSE_ASYNC_MODE] = {"async-mode", "handshake-rejected",
        "the Socket.IO server was made for another framework than it runs under",
        "Name the framework when the server is made: socketio.AsyncServer(async_mode=\"asgi\") under uvicorn, "
        "hypercorn or daphne. Without it python-engineio takes the first that is installed, aiohttp before all "
        "others, whose requests have another form.",
        {{0}}},
    [CAUSE_APPLICATION] = {"application", "handshake-rejected", "the application refuses the connection",
        "The application's own check refuses (a connect handler, allowRequest, a request checker): look there, and at "
        "the credentials that the client sends.",
        {{0}}},
    [CAUSE_UPGRADE_HEADER_REMOVED] = {"upgrade-header-removed", "handshake-rejected",
        "the request asks for a WebSocket and has no Upgrade header: something before this point removed it",
        "Let the proxy pass Upgrade on. " PASS_UPGRADE, {{0}}},
    [CAUSE_CONNECTION_HEADER] = {"connection-header", "handshake-rejected",
        "the request has its Upgrade header, and a Connection header that does not say upgrade: servers take it for a "
        "plain request",
        PASS_CONNECTION, {{0}}},
    [CAUSE_REMOVED_BEHIND] = {"upgrade-header-removed-behind", "handshake-rejected",
        "here the request has its Upgrade header, and the server answers as to one that lost it: a proxy between "
        "removed it",
        "Let the proxy behind this point pass Upgrade on. " PASS_UPGRADE, {{0}}},
    [CAUSE_HEADERS_TOO_LARGE] = {"headers-too-large", "handshake-rejected",
        "the request's headers are larger than the server takes",
        "Find out which header is large (mostly Cookie, or a token in Authorization) and make it small, or raise the "
        "limit (node: --max-http-header-size, 16 kB by default; nginx: large_client_header_buffers; Apache: "
        "LimitRequestFieldSize).",
        {{0}}},
    [CAUSE_LENGTH_REQUIRED] = {"length-required", "handshake-rejected",
        "whoever answers wants a Content-Length, and the request has none", SEND_LENGTH, {{0}}},
    [CAUSE_TARGET_TOO_LONG] = {"target-too-long", "handshake-rejected",
        "the request's URL is longer than whoever answers takes",
        "Make the query short: what is in it (mostly a token) goes into the option auth, which Socket.IO sends in a "
        "packet, or into a header. Or raise the limit (nginx: large_client_header_buffers, 8 kB a line by default; "
        "gunicorn: --limit-request-line, 4094; Apache: LimitRequestLine; HAProxy: tune.bufsize; node: "
        "--max-http-header-size).",
        {{0}}},
    [CAUSE_WORKER_TIMEOUT] = {"worker-timeout", "handshake-rejected",
        "gunicorn ended the worker that held a poll: a sync worker serves one request at a time, and a poll is one for "
        "seconds",
        "Use a worker that serves many requests at once: gunicorn -k gthread --threads 100 (a thread for each client), "
        "or -k eventlet, gevent, or uvicorn's worker for ASGI; its log says WORKER TIMEOUT.",
        {{0}}},
    [CAUSE_TLS_EXPECTED] = {"tls-expected", "handshake-rejected",
        "the request came as plain HTTP to a port that expects TLS",
        "Use https or wss in the client's URL, or let the proxy speak TLS to this port (https:// in its target).",
        {{0}}},
    [CAUSE_CREDENTIALS] = {"credentials", "handshake-rejected",
        "credentials are asked for and the request has none that are accepted",
        "Let the client send what the server or proxy asks for (WWW-Authenticate in the answer): browsers send no "
        "Authorization header with a WebSocket, cookies they do.",
        {{0}}},
    [CAUSE_PROXY_CREDENTIALS] = {"proxy-credentials", "handshake-rejected",
        "a forward proxy on the client's way asks for credentials (HTTP 407)",
        "The proxy of the client's network asks who the user is, and the request does not say it in a way that it "
        "takes (its Proxy-Authenticate names the ways). Browsers log in by themselves; give other clients the proxy "
        "with a name and a password (node: an agent for proxies; python: proxies with user and password), or leave the "
        "server's address out of the proxy (NO_PROXY, a PAC file).",
        {{0}}},
    [CAUSE_FILTERED] = {"filtered", "handshake-rejected",
        "a firewall of web applications (WAF) or a check for bots refuses the request before it reaches the server",
        "Look into the firewall's log at that time: it names the rule. Exempt the path of Socket.IO (/socket.io/ or "
        "the application's own) from it.",
        {{"Cloudflare",
             "Cloudflare asks for a proof that a browser is there (a challenge), which a script's request cannot give: "
             "exempt the path by a WAF custom rule with the action Skip, and look at Security, Events for the rule "
             "that matched (Bot Fight Mode, Under Attack, a managed rule). Clients that are no browsers never pass "
             "one."},
            {"AWS", "AWS's load balancer answered itself: look for the rule in the log of AWS WAF (terminatingRuleId) "
                    "or among the listener's rules, and exempt the path of Socket.IO from it."},
            {"Envoy", "Envoy's RBAC filter or authorization policy refuses: allow the path of Socket.IO to this client "
                      "(Istio: AuthorizationPolicy)."}}},
    [CAUSE_WEBSOCKET_NOT_PASSED] = {"websocket-not-passed", "handshake-rejected",
        "a proxy refuses the WebSocket by itself: it is not configured to let upgrades through", PASS_ENVOY, {{0}}},
    [CAUSE_STORAGE] = {"storage", "handshake-rejected",
        "the path leads to a store of files (a bucket, a static site), and not to the server",
        "Let the path of Socket.IO lead to the server: a behaviour of CloudFront (or a rule of whatever is before the "
        "bucket) for /socket.io/* with the server as its origin, all HTTP methods, all headers and query strings, and "
        "no caching. Or give the client the server's own address.",
        {{0}}},
    [CAUSE_NO_RULE] = {"no-rule", "handshake-rejected",
        "the proxy has no rule for this host and path, and its default page answers",
        "Look at the Host that the client asks for, and at the ingress or router: its rule needs that host, and a path "
        "that holds /socket.io/ (pathType: Prefix), in the namespace of the service. A rule for / alone with pathType: "
        "Exact does not.",
        {{0}}},
    [CAUSE_INTERSTITIAL] = {"interstitial", "handshake-rejected",
        "ngrok answers with its warning page for browsers in place of passing the request on",
        "Send the header ngrok-skip-browser-warning with any value (extraHeaders of the client; browsers cannot with a "
        "WebSocket, which is not asked for the page), or use WebSocket alone (transports: [\"websocket\"]), or a paid "
        "domain of ngrok.",
        {{0}}},
    [CAUSE_NO_TRANSPORT] = {"no-transport", "transport-rejected",
        "the request names no transport: no client of Engine.IO asks so",
        "Nothing, when a scanner or a health check asked (its User-Agent and address show it). A client of one's own "
        "has to say transport=polling or transport=websocket, and a proxy that rewrites the path must keep the query.",
        {{0}}},
    [CAUSE_POST_FILTERED] = {"post-filtered", "event-dropped",
        "a firewall of web applications (WAF) or another filter before the server refuses what this POST carries",
        "What the POST carried is lost. Look into the log of whatever refuses at that time for the rule that matched: "
        "payloads with markup, SQL or paths look like attacks. Exempt the path of Socket.IO from it, or use WebSocket "
        "alone, whose messages filters do not read.",
        {{"AWS", "What the POST carried is lost. AWS's load balancer answered itself: the log of AWS WAF names the "
                 "rule (terminatingRuleId; CrossSiteScripting_BODY, SQLi_BODY and SizeRestrictions_BODY are usual). "
                 "Exclude the path of Socket.IO from that rule, or use WebSocket alone, whose messages are not "
                 "inspected."},
            {"Cloudflare",
                "What the POST carried is lost. Cloudflare's Security, Events names the rule: exempt the path of "
                "Socket.IO from it (a WAF custom rule with the action Skip), or use WebSocket alone."}}},
    [CAUSE_POST_METHOD] = {"post-method", "event-dropped", "what answers at this path takes no POST",
        "What the POST carried is lost: no session works by polling without POST. The path leads to something that "
        "serves files, or to an edge that lets only some methods through (nginx: a location without proxy_pass; "
        "CloudFront: Allowed HTTP methods must have POST).",
        {{"CloudFront", "What the POST carried is lost. Give the distribution's behaviour for this path the Allowed "
                        "HTTP methods with POST, and no caching."}}},
    [CAUSE_POST_REFUSED] = {"post-refused", "event-dropped", "the POST was refused, by the answer's own words",
        "What the POST carried is lost. The answer that is quoted says who refuses and why: where it is not Socket.IO "
        "itself (a proxy, a check of logins or of forgeries in the web framework), exempt the path of Socket.IO from "
        "it.",
        {{0}}},
    [CAUSE_POST_RATE_LIMIT] = {"post-rate-limit", "event-dropped",
        "a limit on requests or connections refused this POST",
        "Exempt the path of Socket.IO from the limit, or raise it (nginx: limit_req, limit_conn; uvicorn: "
        "--limit-concurrency, which counts each held poll and WebSocket); what the POST carried is lost.",
        {{0}}},
    [CAUSE_POST_BACKEND] = {"post-backend", "event-dropped", "a proxy could not pass this POST on",
        "What the POST carried is lost. Find out why the server behind the proxy was not reached, or did not answer "
        "(the proxy's error log). Where only large POSTs are refused, a limit on their size shows so (Caddy: "
        "request_body max_size).",
        {{0}}},
    [CAUSE_POST_KEEP_ALIVE_RACE] = {"post-keep-alive-race", "event-dropped",
        "the server ends idle connections sooner than the proxy before it stops using them: a POST and that end cross "
        "on their way, and the proxy repeats no POST",
        "What the POST carried is lost. " KEEP_ALIVE_LONGER
        "Or let the proxy open a connection for each request (nginx: no keepalive in the upstream).",
        {{0}}},
    [CAUSE_POST_LENGTH_REQUIRED] = {"post-length-required", "event-dropped",
        "whoever answers wants a Content-Length, and the POST has none", "What the POST carried is lost. " SEND_LENGTH,
        {{0}}},
    [CAUSE_POST_ANSWER_NOT_TAKEN] = {"post-answer-not-taken", "event-dropped",
        "the server behind the proxy took the POST and answered, and the proxy did not take its answer",
        "The server has the events, and the client takes them for lost. " CORRECT_HEADERS, {{0}}},
    [CAUSE_POST_AFTER_UPGRADE] = {"post-after-upgrade", "event-dropped",
        "the client sent by polling after the session had moved to the WebSocket", NULL, {{0}}},
    [CAUSE_BATCH] = {"batch", "event-dropped", "a POST carried more packets than the server takes",
        "Raise max_decode_packets (python: Payload.max_decode_packets), send fewer events at once, or use WebSocket.",
        {{0}}},
    [CAUSE_PROXY_LIMIT] = {"proxy-limit", "payload-too-large", "a proxy refuses the size of the request",
        "Raise the proxy's limit for the path of Socket.IO (nginx: client_max_body_size, Apache: LimitRequestBody, "
        "Caddy: request_body max_size), or send less.",
        {{"nginx", "Raise nginx's limit, in the location of Socket.IO: client_max_body_size."},
            {"Apache httpd", "Raise Apache's limit, in the Location of Socket.IO: LimitRequestBody."},
            {"Caddy", "Raise Caddy's limit for the route of Socket.IO: request_body { max_size … }."},
            {"aiohttp", "Raise aiohttp's own limit, which comes before Socket.IO's max_http_buffer_size: "
                        "web.Application(client_max_size=…), 1 MiB by default."}}},
    [CAUSE_SERVER_LIMIT] = {"server-limit", "payload-too-large", "the server refuses the size of the message",
        "Send less, or raise the server's limit: maxHttpBufferSize (node), max_http_buffer_size (python), or as it is "
        "called there.",
        {{"socket.io (Node.js)", "Send less, or raise maxHttpBufferSize of the server (1 MB by default since 3.x)."},
            {"python-engineio",
                "Send less, or raise max_http_buffer_size of the server (1 MB by default since 4.0); uvicorn "
                "has a limit of its own for WebSockets (--ws-max-size, 16 MiB by default)."},
            {"netty-socketio", "Send less, or raise maxHttpContentLength and maxFramePayloadLength of the server's "
                               "Configuration (64 kB by default)."},
            {"socketioxide", "Send less, or raise max_payload of the server (100 kB by default)."}}},
    [CAUSE_UPGRADE_WITHOUT_HEADER] = {"upgrade-header-removed", "upgrade-failed",
        "the request asks for a WebSocket and has no Upgrade header: something before this point removed it",
        "Let the proxy before this point pass Upgrade on. " PASS_UPGRADE, {{0}}},
    [CAUSE_UPGRADE_WITHOUT_CONNECTION] = {"connection-header", "upgrade-failed",
        "the request has its Upgrade header, and a Connection header that does not say upgrade: servers take it for a "
        "plain request",
        PASS_CONNECTION, {{0}}},
    [CAUSE_UPGRADE_REMOVED_BEHIND] = {"upgrade-header-removed-behind", "upgrade-failed",
        "here the request has its Upgrade header, and the server answers as to one that lost it: a proxy between "
        "removed it",
        "Let the proxy behind this point pass Upgrade on. " PASS_UPGRADE, {{0}}},
    [CAUSE_UPGRADE_WITHOUT_LIBRARY] = {"no-websocket-library", "upgrade-failed",
        "the request has its Upgrade header, and the server cannot take WebSockets",
        "Install what the server needs for WebSockets: uvicorn[standard] (or websockets, or wsproto) for uvicorn, "
        "simple-websocket or gevent-websocket for Flask-SocketIO.",
        {{0}}},
    [CAUSE_UPGRADE_CREDENTIALS] = {"credentials", "upgrade-failed",
        "the WebSocket handshake came without the credentials that are asked for",
        "Browsers send no Authorization header with a WebSocket, and clients that give extraHeaders to polling alone "
        "send none either: let the check accept a cookie or a token in the query, or exempt the path of Socket.IO and "
        "check in the application.",
        {{0}}},
    [CAUSE_UPGRADE_FORBIDDEN] = {"forbidden", "upgrade-failed",
        "the WebSocket handshake is not allowed, although polls are",
        "Look for what treats WebSockets differently: the server's or proxy's list of origins (browsers send Origin "
        "with every WebSocket), a firewall's rule, a check of the application.",
        {{0}}},
    [CAUSE_UPGRADE_PATH] = {"no-such-path", "upgrade-failed",
        "WebSocket handshakes reach something else than polls do, which serves nothing at that path",
        "Look at the rules by which the proxy tells WebSockets from polls (a location or a backend chosen by the "
        "Upgrade header): both must lead to the same server and path.",
        {{0}}},
    [CAUSE_UPGRADE_BACKEND] = {"backend", "upgrade-failed", "a proxy could not pass the WebSocket handshake on",
        "Look at the proxy's error log at that time: the server behind it was not reached, did not answer, or a limit "
        "of requests or connections was hit.",
        {{0}}},
    [CAUSE_UPGRADE_SESSION] = {"session-unknown", "upgrade-failed",
        "the server that got the WebSocket handshake does not know the session", "See session-unknown.", {{0}}},
    [CAUSE_UPGRADE_EXTENDED] = {"extended-connect", "upgrade-failed",
        "the WebSocket was asked for by extended CONNECT (HTTP/2), and python-engineio wants an Upgrade header, which "
        "HTTP/2 does not have",
        "Serve WebSockets over HTTP/1.1: let the server offer that alone (hypercorn: alpn_protocols = [\"http/1.1\"]), "
        "or put a proxy before it that does not announce extended CONNECT (nginx), whose client then opens its "
        "WebSocket over HTTP/1.1. Or wrap the ASGI application so that a websocket scope gets the header upgrade: "
        "websocket.",
        {{0}}},
    [CAUSE_UPGRADE_REFUSED] = {"refused", "upgrade-failed", "the WebSocket handshake was refused",
        "Read the answer that is quoted. Each proxy on the way must pass Upgrade and Connection on. " PASS_UPGRADE,
        {{0}}},
    [CAUSE_UPGRADE_NOT_PASSED] = {"upgrade-not-passed", "upgrade-failed",
        "a proxy refuses the WebSocket by itself: it is not configured to let upgrades through", PASS_ENVOY, {{0}}},
    [CAUSE_UPGRADE_TUNNEL] = {"tunnel-refused", "upgrade-failed",
        "a proxy refuses the tunnel (CONNECT) that the WebSocket needs",
        "Let the proxy open tunnels to this host and port (Squid: add the port to SSL_ports, which is what its default "
        "http_access deny CONNECT !SSL_ports allows, or allow CONNECT for it); or serve Socket.IO over HTTPS on port "
        "443, which proxies let pass; or let the client do without a proxy for this host (no_proxy). Polling goes on "
        "meanwhile where the proxy passes plain requests on.",
        {{0}}},
    [CAUSE_TUNNEL_REFUSED] = {"tunnel-refused", "handshake-rejected",
        "a proxy refuses the tunnel (CONNECT) through which the client wants to reach the server",
        "Let the proxy open tunnels to this host and port (Squid: add the port to SSL_ports, which is what its default "
        "http_access deny CONNECT !SSL_ports allows, or allow CONNECT for it); or serve Socket.IO over HTTPS on port "
        "443, which proxies let pass; or let the client do without a proxy for this host (no_proxy). Polling goes on "
        "meanwhile where the proxy passes plain requests on.",
        {{0}}},
    [CAUSE_UPGRADE_UNANSWERED] = {"upgrade-unanswered", "upgrade-failed",
        "the server ended the connection of the WebSocket handshake without an answer",
        "Look at the log of what listens there at that time. It may not allow WebSocket (its option transports), have "
        "no WebSocket handler at this path, take no more connections, or be a proxy that could not reach its server. "
        "With transports: [\"polling\"] the client does not try.",
        {{"netty-socketio",
            "netty-socketio ends a WebSocket handshake without an answer when Configuration.setTransports leaves "
            "WEBSOCKET out, or when it does not know the session: allow both transports, or give the "
            "client transports: [\"polling\"]."}}},
    [CAUSE_PROBE_NOT_SENT] = {"probe-not-sent", "upgrade-failed", "the WebSocket opened, and the client sent no probe",
        NULL, {{0}}},
    [CAUSE_PROBE_UNANSWERED] = {"probe-unanswered", "upgrade-failed",
        "the WebSocket opened, and the client's probe was not answered", NULL, {{0}}},
    [CAUSE_NOT_COMMITTED] = {"not-committed", "upgrade-failed",
        "the probe was answered, and the client never committed: it waits for its held poll, which the server must "
        "answer with a noop",
        "Nothing that the client sends goes out meanwhile. Update the server (it must end the held poll when it "
        "answers the probe), or give clients transports: [\"websocket\"], which need no upgrade.",
        {{0}}},
    [CAUSE_REDIRECT] = {"redirect", "handshake-rejected",
        "the answer is a redirect, and the client does not follow it: browsers and node clients follow none for a "
        "WebSocket, and a POST that is redirected by 301 or 302 becomes a GET",
        "Give the client the URL that the redirect names (path with or without its last slash, https in place of "
        "http), or let the proxy answer at the path that clients ask for, without a redirect.",
        {{0}}},
    [CAUSE_POST_AS_GET] = {"post-as-get", "handshake-rejected",
        "a POST is redirected by 301, 302 or 303, after which clients ask by GET: what it carried is lost",
        "Give the client the URL that the redirect names (path with or without its last slash, https in place of http, "
        "the other path or host), so that it meets none. Where there has to be a redirect, use 308 or 307, which keep "
        "the POST (nginx: return 308; Apache: Redirect 308).",
        {{0}}},
    [CAUSE_QUERY_DROPPED] = {"query-dropped", "handshake-rejected",
        "the query string does not arrive at the server, which then knows no transport",
        "Look in the server's access log whether requests arrive with ?EIO=…&transport=…: if not, let what is before "
        "it pass the query on. nginx: proxy_pass with a variable or a rewrite needs $is_args$args (or $request_uri); "
        "Apache: RewriteRule without QSD, with QSA; a CDN or API gateway: forward all query strings, and cache nothing "
        "at this path. If they do arrive, correct the server's option transports.",
        {{"CloudFront", "Let CloudFront forward the query string: give the behavior of this path the origin request "
                        "policy AllViewer and the cache policy CachingDisabled (or query strings: all in one's own "
                        "policy; in an old distribution: forward all, cache based on all)."}}},
    [CAUSE_SIGN_IN] = {"sign-in", "handshake-rejected",
        "the answer sends the client to a page where users sign in: the login has ended, or the request does not show "
        "it, and no client of Engine.IO can sign in there",
        "Let the user sign in again (reload the page), and let the page do so by itself when connect_error comes. "
        "Where the user is signed in: the request lacks the cookie (withCredentials, SameSite, another domain). Let "
        "the login's proxy answer 401 at the path of Socket.IO, in place of a redirect, or exempt the path and let the "
        "application check (oauth2-proxy: api_routes, skip_auth_routes).",
        {{0}}},
    [CAUSE_ENDED_AT_ONCE] = {"ended-at-once", "handshake-rejected",
        "the WebSocket was accepted (101), and the connection ended before the server said anything in it",
        "Something accepts WebSockets for this path and has no Socket.IO behind it: another WebSocket server (a dev "
        "server's), or a proxy whose own connection to the server failed. Look at its log at that time.",
        {{0}}},
    [CAUSE_SILENT_WEBSOCKET] = {"silent-websocket", "handshake-rejected",
        "the WebSocket was accepted (101), and the server never sent the open packet with which Engine.IO begins",
        "What accepts WebSockets at this path is not Socket.IO: another WebSocket server (the client needs a plain "
        "WebSocket for it, not socket.io-client), or a proxy that accepts before it reaches the server. Correct the "
        "client's URL and path.",
        {{0}}},
    [CAUSE_WRONG_ACCEPT] = {"wrong-accept", "handshake-rejected",
        "the 101 has no Sec-WebSocket-Accept, or one that belongs to another request's key: clients refuse the "
        "WebSocket",
        OWN_ACCEPT, {{0}}},
    [CAUSE_WRONG_SUBPROTOCOL] = {"wrong-subprotocol", "handshake-rejected",
        "the 101 names a subprotocol that the client did not offer, or none of those that it offered: clients refuse "
        "the WebSocket",
        OWN_SUBPROTOCOL, {{0}}},
    [CAUSE_WRONG_EXTENSION] = {"wrong-extension", "handshake-rejected",
        "the 101 agrees on an extension that the client did not offer: clients refuse the WebSocket", OWN_EXTENSION,
        {{0}}},
    [CAUSE_WRONG_SWITCH] = {"wrong-switch", "handshake-rejected",
        "the 101 lacks Upgrade: websocket or Connection: Upgrade: clients refuse the WebSocket", OWN_SWITCH, {{0}}},
    [CAUSE_UPGRADE_WRONG_ACCEPT] = {"wrong-accept", "upgrade-failed",
        "the 101 has no Sec-WebSocket-Accept, or one that belongs to another request's key: clients refuse the "
        "WebSocket",
        OWN_ACCEPT, {{0}}},
    [CAUSE_UPGRADE_WRONG_SUBPROTOCOL] = {"wrong-subprotocol", "upgrade-failed",
        "the 101 names a subprotocol that the client did not offer, or none of those that it offered: clients refuse "
        "the WebSocket",
        OWN_SUBPROTOCOL, {{0}}},
    [CAUSE_UPGRADE_WRONG_EXTENSION] = {"wrong-extension", "upgrade-failed",
        "the 101 agrees on an extension that the client did not offer: clients refuse the WebSocket", OWN_EXTENSION,
        {{0}}},
    [CAUSE_UPGRADE_WRONG_SWITCH] = {"wrong-switch", "upgrade-failed",
        "the 101 lacks Upgrade: websocket or Connection: Upgrade: clients refuse the WebSocket", OWN_SWITCH, {{0}}},
    [CAUSE_HANDLED_TWICE] = {"handled-twice", "upgrade-failed",
        "the upgrade was answered twice: there is a second HTTP answer inside the WebSocket",
        "Two handlers take each upgrade of this server. With http-proxy-middleware give ws: true, or call "
        "server.on('upgrade', proxy.upgrade), not both; with a second WebSocket server (a dev server, another library) "
        "give each its own path.",
        {{0}}},
    [CAUSE_ANSWERED_TWICE] = {"answered-twice", "handshake-rejected",
        "the WebSocket's handshake was answered twice: there is a second HTTP answer inside it",
        "Two handlers take each upgrade of this server: remove one, or give each its own path (http-proxy-middleware: "
        "ws: true, or server.on('upgrade', proxy.upgrade), not both).",
        {{0}}},
    [CAUSE_CLIENT_GAVE_UP] = {"client-gave-up", "request-unanswered", "the client ended the connection, unanswered",
        NULL, {{0}}},
    [CAUSE_SERVER_BROKE_OFF] = {"server-broke-off", "request-unanswered",
        "the server ended the connection without an answer, again and again",
        "What listens there ends each connection without a word: a server that speaks TLS and gets plain HTTP, one "
        "that takes no more connections (server.maxConnections), one whose handler crashes, a proxy without a server "
        "behind it, or no HTTP server at all: Redis (which takes a Host header for an attack), PostgreSQL, Kafka and "
        "ZooKeeper end such connections. Compare the port with the server's own, and look at the log of what listens "
        "there at that time.",
        {{0}}},
    [CAUSE_HOST_NOT_SERVED] = {"host-not-served", "request-unanswered",
        "the server ends the connection of each request for one host, and answers those for another",
        "Let what listens there serve this host as well (nginx: add it to server_name of the server that has "
        "Socket.IO's location; one that returns 444, as a default_server often does, ends all "
        "other connections without a word), or let clients use the host that it knows.",
        {{0}}},
    [CAUSE_PORT_OF_HTTP2] = {"port-of-http2", "request-unanswered",
        "the port takes HTTP/2 alone, and the request came in HTTP/1.1",
        "Let this port take HTTP/1.1 as well: Socket.IO's clients ask in it, and their WebSockets need it (node: "
        "http.createServer, or over TLS http2.createSecureServer with allowHTTP1: true). Where a proxy asks, let it "
        "speak the protocol that the server has (Envoy: http2_protocol_options of the cluster; Kubernetes and Istio: "
        "appProtocol, or the port's name; Cloud Run: --use-http2 only where the server takes h2c). Or it is the port "
        "of another service, as of gRPC: compare it with the server's own.",
        {{0}}},
    [CAUSE_PORT_OF_TLS] = {"port-of-tls", "request-unanswered",
        "the port expects TLS, and the request came as plain HTTP",
        "Use https:// and wss:// in the client's URL, or in the proxy that asks (nginx: proxy_pass https://…; HAProxy: "
        "ssl in the server line): what listens there answered a plain request with an alert of TLS.",
        {{0}}},
    [CAUSE_PORT_OF_OTHER_PROTOCOL] = {"port-of-other-protocol", "request-unanswered",
        "what listens at this port is no HTTP server",
        "Compare the port with that on which the Socket.IO server listens: in the client's URL, in the proxy before it "
        "(nginx: proxy_pass; HAProxy: server; Kubernetes: targetPort) and where ports are mapped (docker run -p "
        "HOST:CONTAINER).",
        {{0}}},
    [CAUSE_WEBSOCKET_BROKEN_OFF] = {"websocket-broken-off", "request-unanswered",
        "the server ended the connections of WebSocket handshakes without an answer, again and again",
        "Compare the path with the server's (client: path, server: path or socketio_path): a node server with "
        "Socket.IO ends a WebSocket for any other path without an answer, after 1 s (destroyUpgradeTimeout). Else: a "
        "server or firewall that takes no more connections (server.maxConnections), or one that speaks TLS and gets "
        "plain HTTP.",
        {{0}}},
    [CAUSE_POST_BROKEN_OFF] = {"post-broken-off", "request-unanswered",
        "the server ended the connection of a POST that carried events, and the client did not send it again",
        "Treat the event as lost: Socket.IO clients do not send it again. Where it matters, let the client emit with "
        "an acknowledgement and a timeout (retries and ackTimeout of socket.io-client), and let the server answer what "
        "it has in hand before it stops (node: io.close() and server.close() on SIGTERM; uvicorn and gunicorn: a "
        "graceful timeout longer than the handlers).",
        {{"socket.io (Node.js)",
            "Treat the event as lost: Socket.IO clients do not send it again. Servers of the 2.x and 3.x lines end the "
            "connection so when a POST is larger than maxHttpBufferSize: raise it, or send less. Any of them does when "
            "its process ends: close it gracefully (io.close() on SIGTERM), and let the client emit with an "
            "acknowledgement and a timeout where the event matters (retries and ackTimeout of "
            "socket.io-client)."}}},
    [CAUSE_KEEP_ALIVE_RACE] = {"keep-alive-race", "request-unanswered",
        "the server ends idle connections sooner than the balancer, proxy or client before it stops using them: a "
        "request and that end cross on their way, and nobody reads the request",
        KEEP_ALIVE_LONGER
        "Balancers answer 502 for each such request, browsers alone send it again. Or let clients use WebSocket alone.",
        {{0}}},
    [CAUSE_WEBSOCKETS_NOT_TAKEN] = {"websockets-not-taken", "request-unanswered",
        "the same address answers polls meanwhile, and WebSocket handshakes never",
        "What listens there passes requests on and no WebSockets: give the proxy or dev server its own switch for them "
        "(vite: ws: true; http-proxy-middleware: ws: true, and proxy.upgrade as the server's upgrade listener). Or "
        "each WebSocket needs a thread and all are busy (gunicorn: --threads).",
        {{0}}},
    [CAUSE_ANSWER_NOT_WHOLE] = {"answer-not-whole", "request-unanswered",
        "the answer announces more bytes (Content-Length) than it brings, and the client waits for the rest",
        "Look for what changes the bodies of answers on the way (a proxy, a middleware that rewrites pages, a "
        "firewall) and leaves their Content-Length as it was: compare both sides of it.",
        {{0}}},
    [CAUSE_ANSWER_BROKEN_OFF] = {"answer-broken-off", "request-unanswered",
        "the connection ended from the server's side in the middle of an answer, which a client does not take then",
        "Look at the error log of what answers here, a proxy first, at that time. nginx: it cannot write its buffer to "
        "disk (proxy_temp: permission denied, no space left; proxy_max_temp_file_size), or \"upstream prematurely "
        "closed connection\": then the server behind it broke off (a crash, out of memory, an exception while it "
        "writes, a timeout). Where it is about as many bytes each time, a buffer or a limit of that size is full.",
        {{0}}},
    [CAUSE_STILL_WAITING] = {"still-waiting", "request-unanswered", "it waits when the capture ends", NULL, {{0}}},
    [CAUSE_REFUSED_MEANWHILE] = {"refused-meanwhile", "server-unreachable",
        "new connections are refused, while those that were there before go on",
        "Where one client alone is refused, a rule before the server does it: a limit of connections for each address, "
        "which all users of an office or a mobile network share (iptables connlimit, nftables ct count, a cloud's "
        "firewall), or a ban (fail2ban-client status; fail2ban-client set JAIL unbanip ADDRESS). Where all are, the "
        "server no longer listens, though its process lives: it drains before its end, or has closed its listening "
        "socket.",
        {{0}}},
    [CAUSE_CONNECTION_REFUSED] = {"refused", "server-unreachable", "each SYN is answered by RST: nothing listens there",
        "Start the server, or correct address and port; a server that listens on 127.0.0.1 alone is not reached from "
        "elsewhere, nor one on ::1 alone by 127.0.0.1.",
        {{0}}},
    [CAUSE_NO_REPLY] = {"no-reply", "server-unreachable", "SYNs are not answered at all",
        "A firewall drops the packets, the address is not the server's, or the host is down. If the capture was taken "
        "where only one direction passes, take it elsewhere. What a firewall or router says by ICMP a filter of a port "
        "leaves out: capture \"port N or icmp or icmp6\".",
        {{0}}},
    [CAUSE_ACCEPTED_LATE] = {"accepted-late", "server-unreachable",
        "SYNs are answered only after they were sent several times: the queue of connections that wait to be accepted "
        "is full",
        "The server does not accept connections as fast as they come: look for what blocks it (ss -ltn shows the queue "
        "of the port, nstat -az TcpExtListenDrops what was dropped), or give it a longer queue (node: backlog of "
        "listen(); gunicorn, uvicorn: --backlog; net.core.somaxconn) or more workers. A firewall that limits new "
        "connections (iptables: limit, connlimit) drops SYNs as well.",
        {{0}}},
    [CAUSE_FIREWALL_REJECTS] = {"firewall-rejects", "server-unreachable",
        "SYNs are answered by an error of ICMP that says that they are not allowed: a firewall rejects them",
        "Open the port in the firewall of the host that says so: its own address is the server's (firewalld: "
        "firewall-cmd --add-port; iptables, nftables: a rule above the one that says REJECT), another one is a "
        "router's, a VPN's or a cloud's filter. The server itself was not asked: its log shows nothing.",
        {{0}}},
    [CAUSE_NO_ROUTE] = {"no-route", "server-unreachable",
        "SYNs are answered by an error of ICMP of a router: it does not reach the network or the host",
        "Look at the router that says so: the host is down or has another address (host unreachable), or a route is "
        "missing or leads in a circle (network unreachable, time exceeded). In containers: the network that both are "
        "in, and an address of a container that is gone.",
        {{0}}},
    [CAUSE_IN_UPGRADE] = {"in-upgrade", "event-lost",
        "the server answered a WebSocket handshake as a poll and put events into the body, which no client reads",
        "Repair the upgrade: the proxy before this point must pass the Upgrade header on (nginx: proxy_http_version "
        "1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"), or let clients use "
        "polling alone. Update python-engineio: current versions refuse such a request and keep the events.",
        {{0}}},
    [CAUSE_IN_ABORTED_POLL] = {"in-aborted-poll", "event-lost",
        "the server answered a poll after its client had ended the connection", NULL, {{0}}},
    [CAUSE_NO_LENGTH] = {"no-content-length", "event-lost",
        "a POST over HTTP/2 without Content-Length: python-engineio reads as many bytes as that says, so none, and "
        "answers ok",
        "Let the client send Content-Length (browsers, httpx and curl with -d do), or put a proxy before the server "
        "that speaks HTTP/1.1 to it (nginx adds the length).",
        {{0}}},
    [CAUSE_RECOVERY_REFUSED] = {"recovery-refused", "event-lost",
        "the client asked for the recovery of its session, and the server does not know it",
        "The adapter in memory keeps sessions in one process: let a client come back to the same one (sticky "
        "sessions), or use one that all processes share (@socket.io/redis-streams-adapter, "
        "@socket.io/mongo-adapter; the Redis adapter that publishes and subscribes keeps none). A server that was "
        "restarted in between has forgotten all of them. Whatever keeps them: where socket.recovered is false, let "
        "the client fetch what it missed.",
        {{0}}},
    [CAUSE_RECOVERY_WITHOUT_OFFSET] = {"recovery-without-offset", "event-lost",
        "the client asked for the recovery of its session without an offset: it had got no event that carries one",
        "Let the server send each client an event as soon as it has connected: only with the offset of an event is a "
        "session recovered, and neither events with an acknowledgement nor volatile ones carry one. Where "
        "socket.recovered is false, let the client fetch what it missed.",
        {{0}}},
    [CAUSE_SAME_SILENCE] = {"same-silence", "idle-cut", "WebSockets are cut after the same silence", NULL, {{0}}},
    [CAUSE_PING_OF_SECONDS] = {"ping-of-seconds", "idle-cut",
        "connections are cut after the same silence, and the heartbeat that would break it is hours apart, as if "
        "milliseconds had been meant",
        "python-socketio takes ping_interval and ping_timeout in seconds: write 25 and 20 (the defaults), not 25000 "
        "and 20000. Then the heartbeat comes before what stands between gives a silent connection up; and the server "
        "notices clients that are gone, for which it waits for hours now.",
        {{0}}},
    [CAUSE_SAME_AGE] = {"same-age", "idle-cut", "WebSockets are cut at the same age, whatever passes through them",
        "A limit on the life of a connection ends them (a load balancer's backend timeout or connection draining, a "
        "gateway's maximum duration, a serverless platform's time limit, daphne's --websocket_timeout): raise it for "
        "the path of Socket.IO, or let clients reconnect and recover.",
        {{0}}},
    [CAUSE_POLL_HELD] = {"poll-held", "idle-cut", "held polls are cut after the same time",
        "The read timeout of a gateway, or of the server's own HTTP layer, is below pingInterval, for which a server "
        "may hold a poll: raise it above pingInterval + pingTimeout (nginx: proxy_read_timeout, haproxy: timeout "
        "server, Envoy: timeout of the route, 15 s by default; Istio: timeout of the VirtualService's route; Varnish: "
        "first_byte_timeout, AWS ALB: idle timeout, daphne: -t, Sanic: RESPONSE_TIMEOUT), or lower pingInterval: "
        "Cloudflare's 100 s (but for Enterprise plans) and Heroku's 30 s cannot be raised.",
        {{0}}},
    [CAUSE_NAMESPACE_ABSENT] = {"namespace-absent", "namespace-rejected", "the server has no such namespace",
        "Register the namespace on the server, or correct the client's URL: what stands behind its host is the "
        "namespace, and no part of the path (which is the option `path`).",
        {{"python-engineio",
            "Register the namespace on the server (python-socketio since 5.8 refuses those without a handler; or name "
            "it in its option namespaces), or correct the client's URL: what stands behind its host is the "
            "namespace, and no part of the path (which is the option `path`, or `socketio_path`)."}}},
    [CAUSE_NAMESPACE_REFUSED] = {"refused-by-application", "namespace-rejected",
        "a middleware or connect handler of the application refuses the client",
        "The words that are quoted come from the application's own check (a token that is missing, expired or of "
        "another server; a page of another instance): look at what the client sends with its CONNECT, and at that "
        "check.",
        {{0}}},
    [CAUSE_TOKEN_EXPIRED] = {"token-expired", "namespace-rejected", "the client's token has expired", RENEW_TOKEN,
        {{0}}},
    [CAUSE_TOKEN_EARLY] = {"token-not-yet-valid", "namespace-rejected",
        "the client's token is not valid yet: the clock of its issuer is ahead", COMPARE_CLOCKS, {{0}}},
    [CAUSE_TOKEN_CLOCK] = {"token-clock", "namespace-rejected",
        "the server takes the client's token for expired or not valid yet, and by the capture's clock it is valid",
        "Either the server's clock is wrong, or the server means another token than this one (a cookie, a refresh "
        "token), or the capture's clock is wrong. " COMPARE_CLOCKS,
        {{0}}},
    [CAUSE_TOKEN_UNITS] = {"token-in-milliseconds", "namespace-rejected",
        "a date in the client's token is in milliseconds, where seconds are due",
        "Correct the code that writes iat, nbf and exp: they count seconds since 1970, and Date.now() of JavaScript "
        "counts milliseconds (divide by 1000 and round down). Then let clients log in again.",
        {{0}}},
    [CAUSE_CONNECT_TIMEOUT] = {"connect-timeout", "connect-unanswered",
        "the server had not decided about the client's CONNECT when its limit for that was over (connectTimeout), and "
        "ended the session",
        NEVER_NEXT " connectTimeout (45 s by default) only ends what waits: a longer one repairs nothing. "
                   "socketioxide: a middleware (with(…)) that never returns, connect_timeout.",
        {{0}}},
    [CAUSE_CONNECT_UNDECIDED] = {"connect-undecided", "connect-unanswered",
        "the server neither accepts nor refuses the client's CONNECT", NULL, {{"socket.io (Node.js)", NEVER_NEXT}}},
    [CAUSE_EXCEPTION] = {"exception", "ack-missing",
        "the server answered with an event called exception in place of the acknowledgement: the handler threw",
        "Let the client listen to \"exception\", and not only wait for the acknowledgement; or let the server catch "
        "the exception and return the error (NestJS: an exception filter that calls the acknowledgement, "
        "host.getArgByIndex).",
        {{0}}},
    [CAUSE_SENT_AGAIN] = {"sent-again", "ack-missing",
        "an event is sent again and again, for nothing acknowledges it (socket.io-client: the option retries)",
        "Let the handler acknowledge each event, also where the client has no callback of its own: with the option "
        "retries socket.io-client adds one to everything it sends, holds back what comes next until then, and throws "
        "the event away at last (node: call the last argument; python: return a value from the handler; NestJS: "
        "return one). Let it know what it has done already: what is acknowledged too late comes twice.",
        {{0}}},
    [CAUSE_LOOP_NEVER_JOINED] = {"never-joined", "reconnect-loop",
        "the client gives each session up before its CONNECT is answered",
        "Find out why the connect handler takes so long, or fails (the server's log), or let the client wait longer "
        "(python-socketio: connect(wait_timeout=…), 1 s by default).",
        {{0}}},
    [CAUSE_LOOP_NOT_LET_IN] = {"not-let-in", "reconnect-loop",
        "the server ends each session after the client's CONNECT, without an answer to it",
        "Compare both sides' parsers (the option parser: socket.io-msgpack-parser and the like must be set on both) "
        "and versions; then look at the server's log for an error in a connect handler or a middleware.",
        {{0}}},
    [CAUSE_LOOP_SENT_AWAY] = {"sent-away", "reconnect-loop",
        "the server's application disconnects the client each time",
        "Look at what the application checks after it has accepted the client (a login, a limit of sessions, an error "
        "in its handler). A client that connects again by itself on \"io server disconnect\" goes on for ever.",
        {{0}}},
    [CAUSE_NO_CONNECT] = {"no-connect", "abnormal-close",
        "the client opened a session and sent no CONNECT; servers close such sessions after a time",
        "What connects speaks Engine.IO and not Socket.IO 3 or later (a plain WebSocket client, a health check, a "
        "client of the 2.x line, which waits for the server's CONNECT): use a client library of the server's version.",
        {{"socket.io (Node.js)",
            "The server waits connectTimeout (45 s) for CONNECT. What connects is no Socket.IO client "
            "of the 3.x or 4.x line: use one, or let old ones in with allowEIO3: true."}}},
    [CAUSE_SERVER_LATE] = {"server-late", "heartbeat-lost", "the server did not send its ping or its pong in time",
        "Its event loop is blocked, or the machine is: move blocking work to threads or processes.", {{0}}},
    [CAUSE_PING_TIMEOUT_TOO_SHORT] = {"ping-timeout-too-short", "heartbeat-lost",
        "the server gives clients up before they have to ping",
        "Set the server's pingTimeout to more than pingInterval (defaults of python-engineio 3: ping_timeout 60, "
        "ping_interval 25): it gives up after the longer of both, and clients ping every pingInterval.",
        {{0}}},
    [CAUSE_PING_OF_MILLISECONDS] = {"ping-of-milliseconds", "heartbeat-lost",
        "pingInterval and pingTimeout are some milliseconds, as if seconds had been meant",
        "node's Socket.IO takes pingInterval and pingTimeout in milliseconds: write 25000 and 20000 for 25 s and 20 s "
        "(the defaults).",
        {{0}}},
    [CAUSE_CLIENT_RETURNED] = {"client-returned", "heartbeat-lost",
        "the client is back in another session, from another network or by another connection",
        "Nothing is wrong: a phone or a laptop changed its network, and connected again. The server keeps the old "
        "session until pingTimeout: who counts users by sessions counts this one twice until then.",
        {{0}}},
    [CAUSE_CLIENT_LATE] = {"client-late", "heartbeat-lost", "the client did not send its ping or its pong in time",
        "A browser tab in the background, a sleeping computer, a lost network: nothing to repair on the server; a "
        "longer pingTimeout forgives more.",
        {{0}}},
    [CAUSE_BROWSER_CONNECTIONS] = {"browser-connections", "heartbeat-lost",
        "all six connections that a browser opens to one host are held by polls of its tabs and pages",
        "Over HTTP/1.1 a browser opens six connections to one host, for all its tabs together, and each session that "
        "polls holds one: with more sessions, all requests wait for a free one. Let the sessions upgrade to WebSocket "
        "(look why they poll), or serve HTTP/2, where one connection carries all. Until then: fewer sessions in one "
        "browser (one a page; a SharedWorker for all tabs).",
        {{0}}},
    [CAUSE_CLIENT_NOT_READING] = {"client-does-not-read", "heartbeat-lost",
        "the client does not take what the server sends: its receive window stays 0, and the ping waits behind",
        "The server is right. Look at the client at that time: a page that is halted in a debugger or frozen by the "
        "browser, a main thread that works for long, a program that does not read its socket. If the client is only "
        "slower than what is sent: send less, or drop what it cannot take (volatile events; node: look at "
        "socket.conn.transport.writable before).",
        {{0}}},
    [CAUSE_SERVER_NOT_READING] = {"server-does-not-read", "heartbeat-lost",
        "the server does not take what the client sends: its receive window stays 0, and the heartbeat waits behind",
        "Look at what the server does at that time: an event loop that is blocked, a handler that holds the reading up "
        "(back-pressure), a machine that stands still. The client cannot get anything through meanwhile.",
        {{0}}},
    [CAUSE_PATH_MTU] = {"path-mtu", "heartbeat-lost",
        "packets of full size are lost on the way and smaller ones arrive: a tunnel or link with a smaller MTU, and "
        "nobody says so to the sender, or it does not listen (path MTU discovery is blocked)",
        "Let ICMP \"fragmentation needed\" (ICMPv6 \"packet too big\") pass in every firewall between the two, the "
        "sender's own too; or set a smaller MTU on the sender's interface (VPN, overlay, PPPoE: 1400 is a safe try); "
        "or let the router before the link clamp the MSS (iptables -j TCPMSS --clamp-mss-to-pmtu). To test: ping -M do "
        "-s 1472 to the other host. Linux finds the size by itself with net.ipv4.tcp_mtu_probing=1.",
        {{0}}},
    [CAUSE_NOT_DELIVERED] = {"not-delivered", "heartbeat-lost",
        "what was sent was not acknowledged by TCP, however often it was sent again: the network lost it, or the other "
        "host was gone",
        "Neither program is to blame: what was sent did not reach the other host, or its acknowledgments did not come "
        "back. Look at the way between: a phone or laptop that left its network, a NAT or firewall that forgot the "
        "connection, a link that was down, a host that died. Clients connect again by themselves.",
        {{0}}},
    [CAUSE_BEHIND_MESSAGE] = {"behind-large-message", "heartbeat-lost",
        "ping or pong waits behind a large message that is still on its way over a slow line",
        "Send large data by another way than this connection (an upload by HTTP), or in pieces of which the next is "
        "sent when the one before is acknowledged, so that pings and pongs come between; or raise pingTimeout above "
        "the time that the largest message takes over the slowest line.",
        {{0}}},
    [CAUSE_SECOND_CONNECT] = {"second-connect", "abnormal-close",
        "the client sent a second CONNECT to a namespace that was connected",
        "Connect each socket once: look for two calls of connect() or io() for one socket, a component that mounts "
        "twice (React's strict mode), or a CONNECT that is sent by hand.",
        {{0}}},
    [CAUSE_NOT_CONNECTED] = {"not-connected", "abnormal-close",
        "the client sent an event to a namespace that was not connected",
        "Let the client send its first event when it is connected (in its connect handler): stock clients hold events "
        "back until then, so look for a client that writes packets by hand or skips CONNECT.",
        {{0}}},
    [CAUSE_COMPRESSION] = {"compression", "abnormal-close",
        "the server compresses its messages, and the answer that reached the client does not agree to it",
        "Something on the way drops Sec-WebSocket-Extensions from one of the two heads of the handshake (nginx: "
        "proxy_hide_header; a firewall): let it pass in both, or switch compression off (node: perMessageDeflate: "
        "false).",
        {{0}}},
    [CAUSE_STOPS_AGAIN] = {"stops-again", "server-stopped", "it stops and starts again and again within a minute",
        "This is no deployment. Look at what clients sent right before each of these ends (packets above), and at the "
        "server's log: an exception that ends the process, the out-of-memory killer (dmesg), a supervisor's health "
        "check.",
        {{0}}},
    [CAUSE_UNDECODABLE] = {"undecodable-packet", "abnormal-close", "a packet could not be decoded by the other side",
        "Look at that packet (sioscope dump): both sides must have the same parser and protocol revision, and what "
        "lies between them must not change messages.",
        {{0}}},
    [CAUSE_WRONG_HEARTBEAT] = {"wrong-heartbeat", "abnormal-close",
        "the client sent a ping or pong that this revision does not expect from it",
        "Client and server follow different revisions: in revision 3 the client pings, in revision 4 the server does. "
        "Update the client, or whatever sends pings by hand.",
        {{0}}},
    [CAUSE_PACKET_NOT_ALLOWED] = {"packet-not-allowed", "abnormal-close",
        "the server ended the session right after a packet of the client",
        "Look at the server's log at that time: an exception in a handler or a middleware, or the application's own "
        "disconnect. A client of another version, or one that is no Socket.IO client, is ended in the same way.",
        {{0}}},
    [CAUSE_CUT] = {"cut", "abnormal-close", "something cuts the connections to this server after a fixed time",
        "See idle-cut.", {{0}}},
    [CAUSE_SERVER_WENT] = {"server-went", "abnormal-close",
        "the connection was ended from the server's side: its process, or a proxy between here and it",
        "Look at the logs of the server and of the proxy before it at that time: a crash, a kill (out of memory: "
        "dmesg), a restart, a reload of the proxy, a read timeout.",
        {{0}}},
    [CAUSE_CLIENT_WENT] = {"client-went", "abnormal-close",
        "the connection was ended from the client's side: its process, its network, or a proxy between it and here",
        "A tab or an app that was killed, a phone that slept, a network that changed: nothing to repair on the server. "
        "Many clients at the same time: look at the proxy or the network between them and here.",
        {{0}}},
    [CAUSE_PROCESS_ENDED] = {"process-ended", "abnormal-close", "the process ended while the WebSocket was open",
        "Find out why it ended: a crash, the kernel's out-of-memory killer (dmesg), a restart, a deployment.", {{0}}},
    [CAUSE_GOING] = {"restart", "abnormal-close", "the server says that it goes away or restarts",
        "A deployment or a restart: clients connect again by themselves.", {{0}}},
    [CAUSE_CLOSE_CODE] = {"close-code", "abnormal-close", "one side closed the WebSocket with an error code",
        "Look at the log of the side that closed it. 1008: a policy of the server or a firewall. 1011: an exception in "
        "the server.",
        {{0}}},
    [CAUSE_FRAMES_REJECTED] = {"frames-rejected", "abnormal-close",
        "one side's close code says that it does not take what the other sent (1002, 1003, 1007)",
        "Look at the log of the side that closed it. Something on the way changes frames, or the other side's "
        "WebSocket library breaks a rule, or it is no Socket.IO.",
        {{0}}},
    [CAUSE_TLS_UNKNOWN_CA] = {"unknown-ca", "tls-failed",
        "the client does not trust who issued the server's certificate, or the server leaves an intermediate "
        "certificate out",
        "Let the server send its whole chain (fullchain.pem of certbot; nginx: ssl_certificate with the "
        "intermediates). A CA of your own: node: NODE_EXTRA_CA_CERTS=ca.pem or the client's option ca; python: "
        "SSL_CERT_FILE=ca.pem, or an ssl_context or requests session with it; browsers: import the CA. openssl "
        "s_client -connect HOST:PORT -showcerts shows what the server sends.",
        {{0}}},
    [CAUSE_TLS_CERTIFICATE] = {"certificate-refused", "tls-failed",
        "the client does not accept the server's certificate: another name than it asked for, not trusted, revoked, or "
        "a kind that it does not take (browsers do not say which)",
        "Open the URL in the browser, which names the reason, or run openssl s_client -connect HOST:PORT -servername "
        "HOST -verify_hostname HOST. The certificate must be for the name in the client's URL and issued by a CA that "
        "the client trusts.",
        {{0}}},
    [CAUSE_TLS_EXPIRED] = {"certificate-expired", "tls-failed",
        "the server's certificate has expired, or is not valid yet by the client's clock",
        "Renew the certificate and reload the server (certbot renew; nginx -s reload; node reads it at its start), and "
        "check the client's clock.",
        {{0}}},
    [CAUSE_TLS_CLIENT_CERTIFICATE] = {"client-certificate", "tls-failed",
        "the server wants a certificate of the client, and does not get one that it accepts",
        "Give the client its certificate and key (node: cert, key; python: an ssl_context with load_cert_chain), or "
        "stop the server from asking for it (nginx: ssl_verify_client off; node: requestCert: false).",
        {{0}}},
    [CAUSE_TLS_PARAMETERS] = {"no-common-parameters", "tls-failed",
        "client and server have no cipher suite, group or signature algorithm in common, or the server has no "
        "certificate for what is asked",
        "Compare the lists of both (nginx: ssl_ciphers, ssl_ecdh_curve; node: ciphers, ecdhCurve; python: "
        "ssl_context.set_ciphers; openssl: its security level), and check that the server has a certificate for this "
        "name.",
        {{0}}},
    [CAUSE_TLS_VERSION] = {"version", "tls-failed", "client and server have no version of TLS in common",
        "Update the older side, or allow TLS 1.2 and 1.3 on both (nginx: ssl_protocols TLSv1.2 TLSv1.3; node: "
        "minVersion; python: ssl_context.minimum_version).",
        {{0}}},
    [CAUSE_TLS_NAME] = {"unknown-name", "tls-failed",
        "the server has no certificate for the name that the client asks for",
        "Use the name that the certificate is for in the client's URL, or add this name to the server (nginx: "
        "server_name and ssl_certificate of that server).",
        {{0}}},
    [CAUSE_TLS_PROTOCOL] = {"no-application-protocol", "tls-failed",
        "client and server have no protocol in common (ALPN)",
        "A WebSocket's client offers http/1.1: let the server, or the balancer before it, accept that beside h2 (node: "
        "allowHTTP1: true or ALPNProtocols; HAProxy: alpn h2,http/1.1).",
        {{0}}},
    [CAUSE_TLS_SERVER_ERROR] = {"server-error", "tls-failed",
        "the server fails by itself: often it has no certificate for the name, or cannot read it",
        "Look at the server's log at that time, and at its certificate for this name (Caddy and Go answer so where "
        "they have none).",
        {{0}}},
    [CAUSE_TLS_ALERT] = {"alert", "tls-failed", "one end ends the handshake by an alert", NULL, {{0}}},
    [CAUSE_TLS_ENCRYPTED_ALERT] = {"encrypted-alert", "tls-failed",
        "the client ends the handshake once it has seen the server's certificate, and its alert is encrypted: most "
        "often it does not trust the certificate, or the name is another",
        "Read the client's own error (node: err.code of connect_error's description; python: ssl.SSLError; browsers: "
        "open the URL), or give its key log (--tls-keylog), which opens the alert.",
        {{0}}},
    [CAUSE_TLS_PLAIN_HTTP] = {"plain-http", "tls-failed",
        "the client speaks TLS, and the server plain HTTP on this port",
        "Let the client use http:// or ws:// for this port, or use the port on which the server or its proxy speaks "
        "TLS.",
        {{0}}},
    [CAUSE_TLS_FOREIGN] = {"no-tls", "tls-failed", "what listens there answers the client's hello by something else",
        "Check the port in the client's URL: what listens there speaks no TLS.", {{0}}},
    [CAUSE_TLS_BROKEN_OFF] = {"broken-off", "tls-failed",
        "the server ends the connection during the handshake and gives no reason",
        "Look at the server's log at that time. What does so: a server that speaks no TLS on this port, a firewall "
        "that filters by name (SNI), a server without a certificate, one that wants the PROXY protocol's line first.",
        {{0}}},
    [CAUSE_TLS_LEFT_AT_CERTIFICATE] = {"left-at-certificate", "tls-failed",
        "the client ends the connection as soon as it has the server's certificate, without an alert: clients of node "
        "and of python's asyncio do so when they do not accept it (not trusted, expired, or for another name)",
        "Read the client's own error (node: connect_error, its description; python: the log of "
        "socketio.AsyncClient(logger=True, engineio_logger=True)), or run openssl s_client -connect HOST:PORT "
        "-servername HOST -verify_hostname HOST. A CA of your own: node: NODE_EXTRA_CA_CERTS=ca.pem; python: "
        "SSL_CERT_FILE=ca.pem. The server must send its whole chain (fullchain.pem).",
        {{0}}},
    [CAUSE_TLS_UNUSED] = {"left-after-handshake", "tls-failed",
        "the client finishes each handshake and leaves without a request: a client that checks the certificate only "
        "then, or a health check",
        "Read the client's own error: it may not accept the certificate, or have no use for the protocol that was "
        "agreed on (ALPN).",
        {{0}}},
    [CAUSE_BROWSER_EXTENSION] = {"blocked-by-extension", "request-unanswered",
        "an extension of the browser, a content blocker or its tracking protection stopped the request before it was "
        "sent (or DevTools did: \"Block request URL\", \"Enable network request blocking\")",
        "Nothing is wrong with the server. Open the page in a private window without extensions: if it works there, an "
        "ad blocker's list has this URL. Ask the user to allow the site, or give Socket.IO a path and a host that no "
        "list knows (path: \"/live/\" on both sides; no words as analytics, track, ads), best on the page's own "
        "origin.",
        {{0}}},
    [CAUSE_BROWSER_CSP] = {"content-security-policy", "request-unanswered",
        "the page's Content-Security-Policy does not allow a connection to this host: the browser did not send the "
        "request",
        "Add the server to connect-src in the page's Content-Security-Policy, both forms: https://HOST and wss://HOST "
        "(connect-src 'self' wss://HOST; old browsers do not count ws: to 'self'). The policy comes with the page: a "
        "header of its server or proxy (helmet, nginx add_header, a CDN) or a <meta http-equiv>; of several all must "
        "allow it. The browser's console names the directive.",
        {{0}}},
    [CAUSE_BROWSER_MIXED_CONTENT] = {"mixed-content", "request-unanswered",
        "the page came over https and asks for http: or ws:, which browsers do not send (mixed content)",
        "Give the client a URL of https:// or wss://, or leave the URL out where the page and the server share an "
        "origin; let the proxy before the server end TLS. A page that builds the URL by itself must use "
        "location.protocol.",
        {{0}}},
    [CAUSE_BROWSER_LOCAL_NETWORK] = {"local-network-access", "request-unanswered",
        "a page of the internet asks for an address of a private network or of the computer itself, which the browser "
        "does not allow without the user's permission",
        "Serve page and server from the same network, or give the server a public name. Otherwise the page must be of "
        "https and the user must allow \"local network access\"; older versions of Chromium ask by a preflight: let "
        "the server answer it with Access-Control-Allow-Private-Network: true. A URL of localhost in a page that is "
        "deployed is a setting that was forgotten.",
        {{0}}},
    [CAUSE_BROWSER_POLICY] = {"blocked-by-policy", "request-unanswered",
        "a policy of the computer (its administrator's, its firewall's or its operating system's) keeps the browser "
        "from sending the request",
        "Ask who administers the computer: chrome://policy shows URLBlocklist; a local firewall or antivirus may deny "
        "the browser this network. An Android app that asks for http:// must allow it (android:usesCleartextTraffic), "
        "better: use https.",
        {{0}}},
    [CAUSE_BROWSER_PORT] = {"blocked-port", "request-unanswered",
        "the port is of another protocol (6000, 6665 to 6669, 5060 and others), to which browsers do not connect",
        "Give the server another port (443, 3000, 8000, 8080), or put a proxy before it: the fetch standard lists the "
        "ports that browsers do not use.",
        {{0}}},
    [CAUSE_BROWSER_RESET] = {"connection-broken", "request-unanswered",
        "the connection was accepted, and ended before an answer came",
        "Look at the server's log at that time: a process that crashes at this request, a proxy that ends connections, "
        "plain HTTP and TLS mixed up, or a firewall on the way that resets what it does not know. curl -v URL from the "
        "same network shows whether it meets all clients.",
        {{0}}},
    [CAUSE_BROWSER_REDIRECTS] = {"browser-redirect-loop", "request-unanswered",
        "each answer redirects the request, in a circle",
        "curl -v on the URL shows where each redirect leads. Mostly the proxy ends TLS and the server sends http: to "
        "https: again and again: let the server trust X-Forwarded-Proto, and the proxy set it (Cloudflare: SSL/TLS "
        "mode full in place of flexible), or take the rule that redirects out for the path of Socket.IO (http to "
        "https, a slash at the end, www).",
        {{0}}},
    [CAUSE_BROWSER_BROKEN_ANSWER] = {"answer-broken", "request-unanswered",
        "an answer came, and is not as HTTP wants it: cut in the middle, or with a head, a length or a coding that is "
        "wrong",
        "Look at the error log of the proxy and the server at that time (disk full of a proxy's buffer, a timeout, a "
        "process that ended), and whether something compresses an answer twice. chrome://net-export shows which part "
        "is wrong.",
        {{0}}},
    [CAUSE_BROWSER_UNSAID] = {"no-reason", "request-unanswered",
        "the browser shows no answer, and the file does not say why",
        "Read the browser's console, which names the reason: CORS, Content-Security-Policy, mixed content, an "
        "extension, a certificate, a name that is not resolved. Try the URL in a tab of its own, and curl -v URL.",
        {{0}}},
    [CAUSE_BROWSER_NO_NAME] = {"name-not-resolved", "server-unreachable",
        "the name in the client's URL has no address where the client is",
        "Correct the host in the client's URL: names of containers and of services (backend, db, app.default.svc) "
        "exist inside Docker and Kubernetes alone, a browser needs the public name. A name that should exist: nslookup "
        "HOST on the client's computer; look at the DNS record, a VPN that is off, a hosts file.",
        {{0}}},
    [CAUSE_BROWSER_TIMED_OUT] = {"timed-out", "server-unreachable",
        "the browser got no answer to its attempts to connect, or none in the time that it waits",
        "curl -v URL from the client's network: if that hangs at \"Trying\", a firewall or a security group drops the "
        "packets, the address is another host's, or the host is down. If it connects, the server does not answer: "
        "capture there.",
        {{0}}},
    [CAUSE_BROWSER_NO_ROUTE] = {"no-route", "server-unreachable",
        "there is no way from the client to the server's address",
        "The address is private or of a network that the client has no route to (a VPN that is off, IPv6 alone), or a "
        "router rejects it: let the name point to an address that clients reach.",
        {{0}}},
    [CAUSE_BROWSER_NO_PROXY] = {"client-proxy", "server-unreachable",
        "the proxy that the client's browser is set to was not reached, or did not let the connection through",
        "Look at the proxy settings of the client's computer (or its PAC file). ERR_TUNNEL_CONNECTION_FAILED: the "
        "proxy answers CONNECT with an error: the company's filter does not allow this host or port (use 443).",
        {{0}}},
    [CAUSE_BROWSER_ISOLATED] = {"cross-origin-policy", "cors-blocked",
        "the answer came, and the browser kept it from the page by Cross-Origin-Resource-Policy, the page's "
        "Cross-Origin-Embedder-Policy, or opaque response blocking",
        "Let the server (or the proxy or helmet before it) answer Socket.IO's path with Cross-Origin-Resource-Policy: "
        "cross-origin. A page with Cross-Origin-Embedder-Policy: require-corp may load nothing else. A script that is "
        "blocked (ORB) is an answer that is no JavaScript: an error page in its place.",
        {{0}}},
    [CAUSE_BROWSER_NO_TLS] = {"answer-is-no-tls", "tls-failed",
        "what the server answers to the client's hello is no TLS: most often it speaks plain HTTP on this port",
        "Use http:// or ws:// for this port, or the port on which the server or its proxy speaks TLS (nginx: listen "
        "443 ssl). openssl s_client -connect HOST:PORT shows what comes.",
        {{0}}},
    [CAUSE_BROWSER_BAD_TLS] = {"handshake", "tls-failed",
        "the browser ended the TLS handshake for the reason that it names",
        "Run openssl s_client -connect HOST:PORT -servername HOST, and look at what inspects TLS on the way (an "
        "antivirus, a company's proxy).",
        {{0}}},
    [CAUSE_CORS_ERROR_UNREAD] = {"error-answer-unread", "cors-blocked",
        "the answer is an error without CORS headers, whose text cannot be seen: so servers of python refuse an origin "
        "that they do not list, and every other HTTP 400 looks the same",
        "Python: list the page's origin in cors_allowed_origins (the server's log says that it is not an accepted "
        "origin). Else repair the error itself (its status is named here), and the CORS error goes with it.",
        {{0}}},
    [CAUSE_CORS_ERROR] = {"error-answer", "cors-blocked",
        "the answer is an error, whose sender sets no CORS headers: the browser shows a CORS error in place of it",
        "CORS is not the cause: repair the error itself (its status is named here), and the CORS error goes with it.",
        {{0}}},
    [CAUSE_CORS_NO_FIELD] = {"no-header", "cors-blocked", "the answer has no Access-Control-Allow-Origin",
        "Let the server allow the page's origin (scheme, host and port).",
        {{"python-engineio", "Add the page's origin to cors_allowed_origins of the Socket.IO server (CORS middleware "
                             "of the web framework does not see these requests)."},
            {"socket.io (Node.js)", "Add the page's origin: new Server({cors: {origin: [...]}}) (without `cors`, "
                                    "socket.io 3 and later send no header)."}}},
    [CAUSE_CORS_TWICE] = {"header-twice", "cors-blocked", "the answer has Access-Control-Allow-Origin more than once",
        "Two places set the header: the Socket.IO server and a proxy or a middleware. Remove one (nginx: add_header or "
        "proxy_hide_header Access-Control-Allow-Origin; Flask-CORS: leave Socket.IO's path out).",
        {{0}}},
    [CAUSE_CORS_OTHER_ORIGIN] = {"other-origin", "cors-blocked", "the answer allows another origin than the page's",
        "Add the page's origin with scheme and port to the allowed ones: http and https, localhost and 127.0.0.1, and "
        "each port are different origins. Where several origins are allowed, the answer has to name the one that asks, "
        "with Vary: Origin, so that no cache gives one page's answer to another.",
        {{0}}},
    [CAUSE_CORS_ORIGIN_SPELLING] = {"origin-spelling", "cors-blocked",
        "the page's origin is allowed, but not spelled as browsers send it",
        "The origin is there, but browsers compare it letter by letter: correct it where the server (or the proxy that "
        "sets the header) is configured, until it is exactly what the page sends: scheme://host in lower case, the "
        "port only where it is not 80 of http or 443 of https, and no slash, path or quotes (node: cors.origin; "
        "python: cors_allowed_origins).",
        {{0}}},
    [CAUSE_CORS_NOT_ONE_ORIGIN] = {"not-one-origin", "cors-blocked",
        "Access-Control-Allow-Origin holds something that is not one origin: a pattern, a list, a word",
        "Browsers take one origin or * alone. Let the server compare the request's Origin with its list or pattern by "
        "itself, and answer with the one that asks and Vary: Origin (node: cors.origin takes an array, a RegExp or a "
        "function, but sends a string as it is; python: cors_allowed_origins takes a list or a function).",
        {{0}}},
    [CAUSE_CORS_NULL_ORIGIN] = {"null-origin", "cors-blocked", NULL_ORIGIN_IS, NULL_ORIGIN_ADVICE, {{0}}},
    [CAUSE_CORS_STAR] = {"star-with-credentials", "cors-blocked",
        "the answer allows *, which browsers refuse for requests with credentials",
        "Let the server name the page's origin and allow credentials, or let the client do without withCredentials.",
        {{0}}},
    [CAUSE_CORS_NO_CREDENTIALS] = {"no-allow-credentials", "cors-blocked",
        "the answer does not allow the credentials that were sent",
        "Let the server send Access-Control-Allow-Credentials: true (node: cors.credentials, python: "
        "cors_credentials), or let the client do without withCredentials.",
        {{0}}},
    [CAUSE_PREFLIGHT_CREDENTIALS] = {"preflight-credentials", "cors-blocked",
        "credentials are asked of the preflight (OPTIONS), and browsers never send any with it",
        "Let OPTIONS pass without authentication at the path of Socket.IO (nginx: limit_except OPTIONS { auth_basic …; "
        "}, or return 204 for OPTIONS before auth_request; Apache: <LimitExcept OPTIONS>; Spring Security: "
        "http.cors(); an API gateway: OPTIONS without authorizer), and let its answer carry the Access-Control "
        "headers. Credentials "
        "that the client adds change nothing. " NO_PREFLIGHT,
        {{0}}},
    [CAUSE_PREFLIGHT_REDIRECT] = {"preflight-redirect", "cors-blocked",
        "the preflight (OPTIONS) is answered by a redirect, which browsers do not follow",
        "Give the client the URL that answers without a redirect (https in place of http, the path with or without its "
        "last slash, the host that the proxy prefers). Where the redirect leads to a login, let OPTIONS pass without "
        "one. " NO_PREFLIGHT,
        {{0}}},
    [CAUSE_PREFLIGHT_REFUSED] = {"preflight-refused", "cors-blocked",
        "the preflight (OPTIONS) is refused by the server or by a proxy, firewall or gateway before it",
        "Let OPTIONS pass to the Socket.IO server at its path, and give the server its CORS option, which makes it "
        "answer preflights (node: cors: {origin: [...]}; python: cors_allowed_origins); or let the proxy answer "
        "OPTIONS with 204 and the Access-Control headers. " NO_PREFLIGHT,
        {{0}}},
    [CAUSE_PREFLIGHT_METHOD] = {"preflight-method", "cors-blocked",
        "the answer to the preflight (OPTIONS) does not allow the request's method",
        "Add the method that is named to Access-Control-Allow-Methods (node: cors.methods). Clients of Socket.IO send "
        "only GET and POST, which need not be named: look for what changes the method.",
        {{0}}},
    [CAUSE_PREFLIGHT_HEADER] = {"preflight-header", "cors-blocked",
        "the answer to the preflight (OPTIONS) does not allow a header that the page sends (extraHeaders)",
        "Add the header that is named to Access-Control-Allow-Headers (node: cors.allowedHeaders; without that option "
        "all that are asked for are allowed; nginx: add_header Access-Control-Allow-Headers … always). * does not "
        "cover authorization, nor anything when the page sends credentials. " NO_PREFLIGHT,
        {{0}}},
    [CAUSE_STREAM_REFUSED] = {"refused", "stream-refused",
        "the server refused the stream before it read it: more were open than it allows at once, or it is shutting "
        "down",
        "Raise the limit of streams at once (nginx: http2_max_concurrent_streams; hypercorn: "
        "h2_max_concurrent_streams; node: settings.maxConcurrentStreams): each tab holds one for its poll, beside "
        "those for its POSTs.",
        {{0}}},
    [CAUSE_STREAM_LEFT_OUT] = {"left-out", "stream-refused",
        "the server went away (GOAWAY) and left out a stream that was on its way",
        "Browsers send such a request again; other clients may not, and then what it carried is lost. Let the server "
        "serve more requests on a connection (nginx: keepalive_requests), and give the client a library that sends "
        "again (RFC 9113, section 8.7).",
        {{0}}},
    [CAUSE_STREAM_ENDED] = {"ended", "stream-refused", "the server ended the stream before its answer was whole",
        "Look at the log of the server or proxy at that time: its handler ended without an answer, or the server "
        "behind a proxy broke off.",
        {{0}}},
    [CAUSE_STREAM_ERROR] = {"error", "stream-refused", "an error of HTTP/2 or of the server, which the code names",
        "PROTOCOL_ERROR, FLOW_CONTROL_ERROR, COMPRESSION_ERROR and FRAME_SIZE_ERROR: one end, or a proxy between, "
        "breaks the protocol: update it. INTERNAL_ERROR: the server's log says more. ENHANCE_YOUR_CALM: the client "
        "sends too much for a limit of the server.",
        {{0}}},
};

const struct cause_entry *cause_find(const char *code, const char *word)
{
	for (enum cause which = 0; which < CAUSES; which++)
		if (strcmp(cause_table[which].word, word) == 0 && strcmp(cause_table[which].code, code) == 0)
			return &cause_table[which];
	for (size_t i = 0; plugins[i]; i++)
		for (const struct cause_entry *entry = plugins[i]->codes ? plugins[i]->codes->causes : NULL;
		     entry && entry->word; entry++)
			if (strcmp(entry->word, word) == 0 && strcmp(entry->code, code) == 0)
				return entry;
	return NULL;
}

static const char *cause_advice(const struct cause_entry *entry, const char *software)
{
	for (size_t i = 0; software && i < sizeof entry->own / sizeof *entry->own && entry->own[i].software; i++)
		if (strncmp(entry->own[i].software, software, strlen(entry->own[i].software)) == 0)
			return entry->own[i].advice;
	return entry->advice;
}

void finding_set_cause_by(struct findings *findings, struct finding *finding, enum cause cause, const char *software)
{
	const struct cause_entry *entry = &cause_table[cause];
	const char *advice = cause_advice(entry, software);
	finding->cause = entry->word;
	if (advice)
		finding_advise(findings, finding, "%s", advice);
}

void finding_set_cause_row(struct findings *findings, struct finding *finding, const struct cause_entry *entry)
{
	finding->cause = entry->word;
	if (entry->advice)
		finding_advise(findings, finding, "%s", entry->advice);
}

void finding_set_cause(
    struct findings *findings, struct finding *finding, enum cause cause, const struct recognition *software)
{
	const struct server *server = software ? recognition_server(software) : NULL;
	finding_set_cause_by(findings, finding, cause, server ? server->software : NULL);
}
