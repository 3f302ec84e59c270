#!/usr/bin/env python3
"""scenes.py TARGET [SCENE…]: writes TARGET/SCENE/capture.pcap.zst. Each scene's first words say what happens in it: here
what is wrong, in healthy.py what resembles it and is well. Ports and numbers go on from scene to scene: all of them, in
order, give the same bytes again."""
import base64, struct, sys
from wire import *

@scene
def sso_session_expires():
    """A session by polling behind an SSO proxy, whose cookie expires after a minute: 302 to the login page of another origin."""
    capture = Capture()
    cookie = ("Referer: http://app.example.org/board", "Cookie: _oauth2_proxy=c2Vzc2lvbi1vZi1hbGljZQ")
    away = lambda: answer('<a href="https://login.corp.example/authorize?client_id=board">Found</a>.\n\n', "302 Found", "text/html; charset=utf-8",
                          ("Location: https://login.corp.example/authorize?approval_prompt=force&client_id=board&redirect_uri=http%3A%2F%2Fapp.example.org%2Foauth2%2Fcallback&response_type=code&state=Zm9v",
                           "Set-Cookie: _oauth2_proxy_csrf=bm90LWEtc2VjcmV0; Path=/; HttpOnly", "Connection: keep-alive"), store=False)
    alice = Polling(capture, 1, HERE, 1, more=cookie)
    at = alice.beats(1.06, 54)
    alice.post(55, '42["move",{"card":3,"to":"done"}]')
    alice.poll(at, '42["moved",{"card":3}]', 55.01 - at)
    alice.poll(55.03, '42["moved",{"card":4}]', 8)
    alice.polls.ask(63.05, get(alice.url(), more=cookie), away())
    for at in attempts(64):
        alice.polls.ask(at, get(target(), more=cookie), away())
    alice.polls.close(90)
    alice.posts.close(90, "s")
    return capture


CHALLENGE = ('<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
             '<meta name="robots" content="noindex,nofollow"></head><body><div class="main-wrapper" role="main"><noscript>'
             'Enable JavaScript and cookies to continue</noscript></div></body></html>')


@scene
def cloudflare_challenge():
    """socket.io-client in node meets Cloudflare's managed challenge: 403, cf-mitigated, a page that wants a browser."""
    capture = Capture()
    for at in attempts(1):
        web = Web(capture, at, HERE)
        web.ask(at + 0.013, get(target(), agent="node-XMLHttpRequest"),
                answer(CHALLENGE, "403 Forbidden", "text/html; charset=UTF-8", (
                    "Connection: close", "cf-mitigated: challenge", "Server: cloudflare", "CF-RAY: 8d1f00aa1bcd2e3f-FRA",
                    "Referrer-Policy: same-origin", "X-Frame-Options: SAMEORIGIN"), store=False), 0.02)
        web.close(at + 0.04, "s")
    return capture


def by_envoy(body="", status="200 OK", kind="text/plain; charset=UTF-8", more=(), store=True):
    body = body.encode()
    return lines(f"HTTP/1.1 {status}", kind and f"content-type: {kind}", f"content-length: {len(body)}", "cache-control: no-store" if store else None,
                 DATE.lower().replace("sat", "Sat").replace("nov", "Nov").replace("gmt", "GMT"), "x-envoy-upstream-service-time: 2" if store else None, "server: envoy", *more) + body


@scene
def envoy_refuses_upgrade():
    """Envoy without upgrade_configs answers each WebSocket request with a bare 403; polls pass. One client wants WebSocket alone."""
    capture = Capture()
    refused = by_envoy("", "403 Forbidden", None, ("connection: close",), store=False)
    for seed, at in ((2, 1), (3, 2.5)):
        user = Polling(capture, at, HERE, seed, answer=by_envoy, ok=lambda: by_envoy("ok", kind="text/html"), client=f"198.51.100.{20 + seed}")
        web = Web(capture, at + 0.1, HERE, client=f"198.51.100.{20 + seed}")
        web.ask(at + 0.115, upgrade(target(user.sid, "websocket")), refused)
        web.close(at + 0.12, "s")
        user.poll(at + 0.07, '42["hello",{"user":7}]', 4)
        held = user.beats(at + 4.1, at + 60)
        user.leaves(at + 62, held)
    for at in attempts(5):
        web = Web(capture, at, HERE, client="198.51.100.40")
        web.ask(at + 0.013, upgrade(target(transport="websocket")), refused)
        web.close(at + 0.02, "s")
    return capture


@scene
def mtu_black_hole():
    """A tunnel on the way swallows full-size packets of the server: a large event never arrives, and what follows waits behind it."""
    capture = Capture()
    for at, seed in ((1, 4), (98, 5)):
        user = WebSocket(capture, at, HERE, seed, rtt=0.04)
        for tick in range(1, 8):
            user.down(at + tick * 3, f'42["tick",{tick}]')
            user.up(at + tick * 3 + 0.5, f'42["seen",{tick}]')
        user.beats(at + 51)
        big = frame('42["board",' + '["cell",42],' * 500 + '0]')
        hole, first = user.seq["s"], big[:MSS]
        user.send("s", at + 55, big, acked=False)
        tail = hole + len(big) // MSS * MSS
        end = user.seq["s"]
        user.raw("c", at + 55.04, ACK, ack=hole, sacked=(tail, end))
        wait, again = 0.24, at + 55.24
        while again < at + 95:
            user.raw("s", again, ACK, first, seq=hole)
            wait *= 2
            again += wait
        user.down(at + 75.12, "2", acked=False)
        user.raw("c", at + 75.16, ACK, ack=hole, sacked=(tail, user.seq["s"]))
        # the client heard nothing since the ping at 50 s: 45 s later it leaves, and so does the server
        user.raw("c", at + 95.1, ACK | PSH, frame(b"", True, 8), ack=hole, sacked=(tail, user.seq["s"]))
        user.raw("s", at + 95.1001, ACK)
        user.raw("s", at + 95.13, ACK | PSH | FIN, frame(b"", False, 8))
        user.raw("c", at + 95.3, RST | ACK, ack=hole)
    return capture


@scene
def zero_window():
    """A page halts in the debugger and reads nothing: its window closes while the server sends; the heartbeat times out; then it goes on."""
    capture = Capture()
    user = WebSocket(capture, 1, HERE, 6)
    user.beats(27)
    at, room, rest = 30.0, 64128, b""
    while room > 0 and at < 44:
        data = frame('42["positions",[' + ",".join(["[12.5,48.25]"] * 150) + "]]")
        rest, data = data[room:], data[:room]
        room -= len(data)
        user.send("s", at, data, acked=False)
        user.raw("c", at + 0.012, ACK, window=room // 128)
        at += 0.4
    user.window["c"] = 0
    stuck = at
    wait, probe = 0.2, stuck + 0.3
    while probe < 95:
        user.raw("s", probe, ACK, seq=user.seq["s"] - 1)
        user.raw("c", probe + 0.012, ACK)
        wait = min(wait * 2, 12)
        probe += wait
    # pings at 50 s and the close frame at 70 s wait in the server's socket: it cannot send them. The debugger goes on at 96 s.
    user.window["c"] = 502
    user.raw("c", 96, ACK)
    user.s(96.01, rest)
    user.down(96.02, "2")
    user.up(96.04, "3")
    user.s(96.05, frame(b"", False, 8))
    user.raw("s", 96.06, FIN | ACK)
    user.raw("c", 96.08, RST | ACK)
    WebSocket(capture, 97.5, HERE, 7).leaves(120)
    return capture


@scene
def keep_alive_race():
    """The server's side of AWS's balancer: node ends idle connections after 5 s, just when the balancer sends a POST on one; RST."""
    capture = Capture()
    forwarded = ("X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443", "X-Amzn-Trace-Id: Root=1-6749a1c2-0b1c2d3e4f5a6b7c8d9e0f1a")
    at = 1.0
    for seed in range(8, 11):
        user = Polling(capture, at, HERE, seed, client="10.0.1.77", rtt=0.001, more=forwarded)
        user.poll(at + 0.06, '42["prices",[1,2,3]]', 3)
        user.post(at + 3.5, '42["watch","EURUSD"]')
        user.polls.c(at + 3.1, get(user.url(), more=forwarded))
        idle = at + 8.503 + (seed - 8) * 2.37
        user.post(idle - 5.003, '42["look",1]') if seed > 8 else None
        user.posts.raw("s", idle, FIN | ACK)
        user.posts.raw("c", idle + 0.0002, ACK | PSH, post(user.url(), '42["order",{"lots":2}]', more=forwarded), ack=user.posts.seq["s"] - 1)
        user.posts.raw("s", idle + 0.00025, RST, seq=user.posts.seq["s"])
        # the browser got 502 for its POST: transport error, it aborts the poll; the balancer ends that connection
        user.polls.close(idle + 0.06)
        at = idle + 1.1
    last = Polling(capture, at, HERE, 11, client="10.0.1.77", rtt=0.001, more=forwarded)
    last.leaves(at + 20, at + 0.1)
    return capture


@scene
def token_in_query_414():
    """A token of 9 kB in the query: nginx answers 414, for its buffer of a request line is 8 kB."""
    capture = Capture()
    token = "eyJhbGciOiJSUzI1NiJ9." + base64.urlsafe_b64encode(bytes(range(65, 91)) * 255).decode().rstrip("=") + ".c2ln"
    page = "<html>\r\n<head><title>414 Request-URI Too Large</title></head>\r\n<body>\r\n<center><h1>414 Request-URI Too Large</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n"
    for at in attempts(1):
        web = Web(capture, at, HERE)
        web.ask(at + 0.013, get(target(query="&token=" + token)),
                answer(page, "414 Request-URI Too Large", "text/html", ("Server: nginx/1.24.0", "Connection: close"), store=False))
        web.close(at + 0.02, "s")
    return capture


@scene
def preflight_401():
    """A page with extraHeaders at another origin: basic authentication refuses the preflight, which never carries credentials."""
    capture = Capture()
    page = "<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center><h1>401 Authorization Required</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n"
    web = Web(capture, 1, HERE)
    for at in attempts(1.02):
        web.ask(at, preflight(target()), answer(page, "401 Unauthorized", "text/html", (
            "Server: nginx/1.24.0", "Connection: keep-alive", 'WWW-Authenticate: Basic realm="staging"'), store=False))
    web.close(40)
    return capture


@scene
def preflight_header_not_allowed():
    """node's cors has allowedHeaders without authorization, which the page's extraHeaders send: the browser stops at the preflight."""
    capture = Capture()
    web = Web(capture, 1, HERE)
    for at in attempts(1.02):
        web.ask(at, preflight(target()), lines(
            "HTTP/1.1 204 No Content", "Access-Control-Allow-Origin: http://shop.example.org", "Vary: Origin", "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE",
            "Access-Control-Allow-Headers: content-type,x-client-version", "Content-Length: 0", DATE, "Connection: keep-alive", "Keep-Alive: timeout=5"))
    web.close(40)
    return capture


class Revision3(Tcp):
    """A WebSocket session of socket.io 2: the client pings, the namespace / is joined without a CONNECT of the client."""

    def __init__(self, capture, time, seed, interval=25000, timeout=5000, **more):
        super().__init__(capture, time, HERE, **more)
        self.c(time + 0.013, upgrade(target(transport="websocket", eio=3)))
        self.s(time + 0.015, switched())
        self.s(time + 0.016, frame(f'0{{"sid":"{sid(seed)}","upgrades":[],"pingInterval":{interval},"pingTimeout":{timeout}}}'))
        self.s(time + 0.0165, frame("40"))

    def ping(self, time):
        self.c(time, frame("2", True))
        self.s(time + 0.0005, frame("3"))


@scene
def hidden_tab_revision_3():
    """socket.io 2, pingTimeout 5 s: a hidden tab's timers run once a minute, so its pings come too late; the server gives up each time."""
    capture = Capture()
    tab = Revision3(capture, 1, 16)
    with tab:
        for at in (26, 51.1, 76.2):
            tab.ping(at)
        for tick in range(10):
            tab.s(5 + tick * 10, frame(f'42["price",{tick}]'))
    tab.s(106.2, frame(b"", False, 8))  # 30 s after the last ping
    tab.c(106.215, frame(b"", True, 8))
    tab.close(106.23, "s")
    for seed, begin in ((17, 136.2), (18, 196.2), (19, 256.2)):
        tab = Revision3(capture, begin, seed)
        tab.s(begin + 10, frame('42["price",20]'))
        tab.s(begin + 20, frame('42["price",21]'))
        tab.s(begin + 30.02, frame(b"", False, 8))
        tab.c(begin + 30.035, frame(b"", True, 8))
        tab.close(begin + 30.05, "s")
    return capture


@scene
def client_never_acknowledges():
    """The server emits with acknowledgement and timeout to couriers whose page has no handler for it: it never comes; other acks do."""
    capture = Capture()
    for number in range(3):
        courier = WebSocket(capture, 1 + number, HERE, 20 + number, client=f"198.51.100.{60 + number}")
        with courier:
            for turn in range(5):
                at = 3 + number + turn * 10
                courier.up(at, f'42{turn}["position",{{"lat":48.1,"lon":11.{turn}}}]')
                courier.down(at + 0.004, f'43{turn}["ok"]')
                courier.down(at + 1, f'42{turn}["order:assign",{{"order":{100 + turn}}}]')
            courier.beats(70)
        courier.leaves(71 + number)
    return capture


@scene
def middleware_never_calls_next():
    """A namespace's middleware awaits for ever: CONNECT is not answered, and after connectTimeout (45 s) node ends each connection."""
    capture = Capture()
    for number in range(3):
        begin = 1 + number * 7.3
        for turn in range(3):
            user = WebSocket(capture, begin, HERE, 24 + number * 3 + turn, joins=False, auth='{"token":"made-up"}', client=f"198.51.100.{70 + number}")
            user.beats(begin + 44)
            user.s(begin + 45.016, frame(b"", False, 8))
            user.c(begin + 45.03, frame(b"", True, 8))
            user.close(begin + 45.04, "s")
            begin += 45.1 + BACKOFF[turn]
    return capture


@scene
def waf_blocks_one_post():
    """A web firewall at AWS's balancer answers 403 to the POST that holds markup; others pass. The client connects and sends it again."""
    capture = Capture()
    page = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n"
    for turn, at in enumerate((1, 12.3, 24.9)):
        user = Polling(capture, at, HERE, 36 + turn)
        user.poll(at + 0.06, '42["message",{"from":"bob","text":"hi"}]', 2)
        user.post(at + 3, '42["message",{"text":"hello bob"}]')
        user.polls.c(at + 2.1, get(user.url()))
        user.posts.ask(at + 6, post(user.url(), '42["message",{"text":"use <script>alert(document.cookie)</script> for that"}]'),
                       answer(page, "403 Forbidden", "text/html", ("Server: awselb/2.0", "Connection: keep-alive"), store=False))
        user.polls.close(at + 6.02)
        user.posts.close(at + 6.5)
    return capture


@scene
def docker_proxy_without_backend():
    """docker-proxy accepts each connection, finds nobody at the container's address (the server listens at its loopback), and resets."""
    capture = Capture()
    for at in attempts(1):
        web = Web(capture, at, HERE)
        web.raw("c", at + 0.0131, ACK | PSH, get(target()))
        web.raw("s", at + 0.01315, ACK)
        web.raw("s", at + 0.0134, RST | ACK)
    return capture


@scene
def icmp_host_prohibited():
    """firewalld rejects the port: each SYN is answered by ICMP, host administratively prohibited."""
    capture = Capture()
    for at in attempts(1):
        only = Capture(link=lambda packet, time: [(time, packet)])
        Tcp(only, at, HERE, opened=False).raw("c", at, SYN)
        packet = only.packets[0][1]
        capture.add(at, packet)
        body = struct.pack(">BBHI", 3, 10, 0, 0) + packet
        body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
        capture.add(at + 4e-5, ipv4(HERE[0], "198.51.100.20", 1, body))
    return capture


@scene
def proxy_407():
    """A company's proxy wants credentials, which node's client with a proxy agent does not have: 407."""
    capture = Capture()
    page = "<html><head><title>ERROR: Cache Access Denied</title></head><body><h1>Cache Access Denied</h1><p>(squid/5.7)</p></body></html>"
    for at in attempts(1):
        web = Web(capture, at, ("192.0.2.3", 3128))
        web.ask(at + 0.013, get("http://chat.example.org" + target(), host="chat.example.org", agent=None), answer(
            page, "407 Proxy Authentication Required", "text/html;charset=utf-8", (
                "Server: squid/5.7", "Mime-Version: 1.0", "X-Squid-Error: ERR_CACHE_ACCESS_DENIED 0", "Proxy-Authenticate: Negotiate",
                "Proxy-Authenticate: NTLM", "Via: 1.1 proxy.corp.example (squid/5.7)", "Connection: close"), store=False))
        web.close(at + 0.02, "s")
    return capture


def chunked(body, size=4096):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + size]), body[at:at + size]) for at in range(0, len(body), size))


@scene
def chunks_break_off():
    """nginx cannot write its temporary file: chunked answers above 64 kB break off without the last chunk, small ones pass."""
    capture = Capture()
    head = lines("HTTP/1.1 200 OK", "Server: nginx/1.24.0", DATE, "Content-Type: text/plain; charset=UTF-8", "Transfer-Encoding: chunked", "Connection: keep-alive", "Cache-Control: no-store")
    whole = lambda body: head + chunked(body.encode()) + b"0\r\n\r\n"
    for turn, at in enumerate((1, 9.7, 20.2)):
        user = Polling(capture, at, HERE, 40 + turn, answer=whole)
        user.poll(at + 0.06, '42["progress",10]', 2)
        user.post(at + 2.2, '42["rows",{"from":0}]')
        user.polls.c(at + 2.1, get(user.url()))
        large = ('42["rows",[' + '{"id":1,"name":"row","price":12.5},' * 3000).encode()
        end = user.polls.s(at + 2.4, head + chunked(large[:69632]))
        user.polls.close(end + 0.05, "s")
        user.posts.close(end + 0.3)
    return capture


@scene
def wrong_sec_websocket_accept():
    """Something on the way computes Sec-WebSocket-Accept of another key: browsers drop the connection at the 101."""
    capture = Capture()
    for turn, at in enumerate(attempts(1)):
        web = Web(capture, at, HERE)
        web.c(at + 0.013, upgrade(target(transport="websocket")))
        web.s(at + 0.016, switched("AAAAAAAAAAAAAAAAAAAAAA=="))
        web.s(at + 0.0165, frame(opened(sid(44 + turn), "")))
        web.raw("c", at + 0.03, FIN | ACK)
        web.raw("s", at + 0.0301, ACK)
        web.raw("s", at + 0.031, FIN | ACK)
        web.raw("c", at + 0.043, ACK)
    return capture


@scene
def upload_delays_pong():
    """A phone sends a photo over a slow link (4 kB/s) by WebSocket: its pong waits behind it, and the server gives up after pingTimeout."""
    capture = Capture()
    for at, seed in ((1, 50), (52, 51)):
        phone = WebSocket(capture, at, HERE, seed, rtt=0.3)
        phone.up(at + 3, '42["chat","a photo follows"]')
        phone.down(at + 3.1, '42["chat","ok"]')
        phone.up(at + 20, '451-["photo",{"_placeholder":true,"num":0}]')
        photo = frame(bytes(i * 7 % 251 for i in range(400000)), True, 2)
        ping = phone.begun + 25
        part = 0
        while at + 20.3 + part * 0.362 < ping + 20.1:
            phone.raw("c", at + 20.3 + part * 0.362, ACK | PSH, photo[part * MSS:(part + 1) * MSS])
            phone.raw("s", at + 20.3 + part * 0.362 + 4e-5, ACK)
            part += 1
            if abs(at + 20.3 + part * 0.362 - ping) < 0.19:
                phone.down(ping, "2")
        end = ping + 20.11
        phone.raw("s", end, ACK | PSH, frame(b"", False, 8))
        phone.raw("c", end + 0.3, ACK)
        phone.raw("c", end + 0.31, ACK | PSH, photo[part * MSS:(part + 1) * MSS])
        phone.raw("c", end + 0.35, RST | ACK)
    return capture


@scene
def ip_hash_two_exits():
    """nginx's ip_hash, and a company that leaves by two addresses in turn: the same sid comes to two servers, and one does not know it."""
    capture = Capture()
    backends = {"198.51.100.7": ("10.0.0.11", 24002), "198.51.100.8": ("10.0.0.12", 24003)}
    through = lambda exit: ("X-Real-IP: " + exit, "X-Forwarded-For: " + exit, "X-Forwarded-Proto: https")
    unknown = lambda: answer('{"code":1,"message":"Session ID unknown"}', "400 Bad Request", "application/json", store=False)
    for turn, at in enumerate((1, 3.1, 6.4, 11.2)):
        exits = ("198.51.100.7", "198.51.100.8") if turn % 2 == 0 else ("198.51.100.8", "198.51.100.7")
        one = Web(capture, at, backends[exits[0]], client="10.0.0.2", rtt=0.0005)
        one.ask(at + 0.001, get(target(), more=through(exits[0])), answer(opened(sid(54 + turn))))
        url = target(sid(54 + turn))
        two = Web(capture, at + 0.04, backends[exits[1]], client="10.0.0.2", rtt=0.0005)
        two.ask(at + 0.042, post(url, "40", more=through(exits[1])), unknown())
        # the POST's 400 is a transport error: the client aborts its poll and connects again
        one.c(at + 0.0435, get(target(sid(54 + turn)), more=through(exits[0])))
        one.close(at + 0.07)
        two.close(at + 6, "s")
    lucky = Polling(capture, 15, backends["198.51.100.7"], 60, client="10.0.0.2", rtt=0.0005, more=through("198.51.100.9"))
    lucky.leaves(30, 15.1)
    return capture


@scene
def s3_access_denied():
    """A page on CloudFront and S3 whose behaviour for /socket.io/ is missing: S3 answers 403 AccessDenied, for WebSockets too."""
    capture = Capture()
    denied = ('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>'
              '<RequestId>5K1QX0MADEUP0001</RequestId><HostId>bWFkZXVw</HostId></Error>')
    reply = lambda: answer(denied, "403 Forbidden", "application/xml", ("Connection: close", "Server: AmazonS3", "X-Cache: Error from cloudfront",
                           "Via: 1.1 0a1b2c3d4e5f.cloudfront.net (CloudFront)", "X-Amz-Cf-Pop: FRA60-P4", "X-Amz-Cf-Id: bWFkZXVwbWFkZXVw"), store=False)
    for turn, at in enumerate(attempts(1)):
        web = Web(capture, at, HERE)
        web.ask(at + 0.013, get(target()) if turn < 3 else upgrade(target(transport="websocket")), reply(), 0.03)
        web.close(at + 0.06, "s")
    return capture


@scene
def ngrok_interstitial():
    """ngrok's free plan puts its warning page before browsers: the handshake by polling is answered by 200 and HTML."""
    capture = Capture()
    page = ('<!DOCTYPE html>\n<html class="h-full" lang="en-US" dir="ltr">\n  <head>\n    <meta charset="utf-8">\n    <meta name="author" content="ngrok">\n'
            '    <meta name="robots" content="noindex, nofollow">\n  </head>\n  <body class="h-full" id="ngrok">\n    <div id="root" data-payload="bWFkZXVw"></div>\n  </body>\n</html>\n')
    for at in attempts(1):
        web = Web(capture, at, HERE)
        web.ask(at + 0.013, get(target(), host="made-up-name.ngrok-free.app"), answer(page, kind="text/html", more=(
            "Connection: close", "Ngrok-Error-Code: ERR_NGROK_6024", "Referrer-Policy: no-referrer", "X-Content-Type-Options: nosniff"), store=False), 0.03)
        web.close(at + 0.06, "s")
    return capture


@scene
def server_host_vanishes():
    """The clients' side: the server's host loses power. Nothing is acknowledged any more; clients give up after 45 s; SYNs are not
    answered; after the boot they are refused for a while, until the server is started."""
    capture = Capture()
    for number in range(3):
        client = f"198.51.100.{100 + number}"
        begin = 1 + number * 2.3
        user = WebSocket(capture, begin, HERE, 192 + number, client=client)
        user.beats(60)
        user.up(61 + number * 0.3, '42["cursor",[1,2]]')
        # gone at 70 s
        said, begun = frame('42["save",{"page":3}]', True), user.seq["c"]
        at, wait = 72.0 + number, 0.21
        user.raw("c", at, ACK | PSH, said)
        last = user.begun + 25 * int((60 - user.begun) // 25) + 0.013 * int((60 - user.begun) // 25)
        over = last + 45
        while at + wait < over + 20:
            at, wait = at + wait, wait * 2
            user.raw("c", at, ACK | PSH, said, seq=begun)
        user.raw("c", over, ACK | PSH, frame(b"", True, 8))
        user.raw("c", over + 30, RST | ACK)
        for turn, after in enumerate((0.9, 21.7, 45.2)):
            attempt = Tcp(capture, over + after, HERE, client=client, opened=False)
            for again in (0, 1.02, 3.05, 7.2):
                attempt.raw("c", over + after + again, SYN, seq=attempt.isn)
        for after in (70, 75.1, 79.9):
            refused = Tcp(capture, over + after, HERE, client=client, opened=False)
            refused.raw("c", over + after, SYN)
            refused.raw("s", over + after + 0.0004, RST | ACK, seq=0)
        back = WebSocket(capture, over + 84.8, HERE, 196 + number, client=client)
        back.beats(over + 115)
    return capture


@scene
def nginx_502_duplicate_header():
    """Both sides of nginx 1.24: a framework sets Transfer-Encoding: chunked twice, nginx takes that for an invalid answer: 502 each time."""
    capture = Capture()
    page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n"
    for turn, at in enumerate(attempts(1)):
        url = target()
        front = Web(capture, at, HERE)
        front.c(at + 0.013, get(url))
        back = Web(capture, at + 0.0132, ("10.0.0.11", 8080), client="10.0.0.2", rtt=0.0004)
        back.c(at + 0.0138, lines(f"GET {url} HTTP/1.1", "Host: app.example.org", "X-Forwarded-For: 198.51.100.20", f"User-Agent: {CHROME}", "Accept: */*"))
        body = opened(sid(176 + turn)).encode()
        back.s(at + 0.016, lines("HTTP/1.1 200 OK", "Content-Type: text/plain;charset=UTF-8", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked",
                                 "Cache-Control: no-store", DATE) + chunked(body) + b"0\r\n\r\n")
        back.close(at + 0.0165)
        front.s(at + 0.0166, answer(page, "502 Bad Gateway", "text/html", ("Server: nginx/1.24.0", "Connection: close"), store=False))
        front.close(at + 0.03, "s")
    return capture


@scene
def subprotocol_not_answered():
    """A page passes its token as a WebSocket subprotocol; the server's 101 names none: browsers end the connection at once."""
    capture = Capture()
    for turn, at in enumerate(attempts(1)):
        web = Web(capture, at, HERE)
        web.c(at + 0.013, upgrade(target(transport="websocket"), more=("Sec-WebSocket-Protocol: access_token, eyJhbGciOiJIUzI1NiJ9.bWFkZXVw.bWFkZXVw",)))
        web.s(at + 0.016, switched())
        web.s(at + 0.0165, frame(opened(sid(200 + turn), "")))
        web.raw("c", at + 0.03, FIN | ACK)
        web.raw("s", at + 0.0301, ACK)
        web.raw("s", at + 0.031, FIN | ACK)
        web.raw("c", at + 0.043, ACK)
    return capture


@scene
def post_too_slow_408():
    """Apache's mod_reqtimeout (body=20,MinRate=500): a large POST over a bad mobile link gets 408 after 20 s; the event is lost."""
    capture = Capture()
    page = '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>408 Request Timeout</title>\n</head><body>\n<h1>Request Timeout</h1>\n<p>Server timeout waiting for the HTTP request from the client.</p>\n</body></html>\n'
    for turn, at in enumerate((1, 34.5)):
        user = Polling(capture, at, HERE, 208 + turn, rtt=0.4)
        report = post(user.url(), '42["report",{"notes":"' + "all is well here, " * 2000 + '"}]')
        user.polls.c(at + 2, get(user.url()))
        part = 0
        while part * 3.1 < 20:
            user.posts.raw("c", at + 3 + part * 3.1, ACK | PSH, report[part * MSS:(part + 1) * MSS])
            user.posts.raw("s", at + 3 + part * 3.1 + 4e-5, ACK)
            part += 1
        user.posts.s(at + 23.01, answer(page, "408 Request Timeout", "text/html; charset=iso-8859-1", ("Server: Apache/2.4.58 (Ubuntu)", "Connection: close"), store=False))
        user.posts.raw("s", at + 23.011, FIN | ACK)
        user.posts.raw("c", at + 23.42, RST | ACK)
        user.polls.close(at + 23.5)
    return capture


@scene
def host_not_served_400():
    """HTTP.SYS (IIS) has no binding for the Host that clients send: 400 Invalid Hostname, before any application."""
    capture = Capture()
    page = ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n<HTML><HEAD><TITLE>Bad Request</TITLE>\r\n'
            '<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n<BODY><h2>Bad Request - Invalid Hostname</h2>\r\n'
            '<hr><p>HTTP Error 400. The request hostname is invalid.</p>\r\n</BODY></HTML>\r\n')
    for at in attempts(1):
        web = Web(capture, at, HERE)
        web.ask(at + 0.013, get(target(), host="192.0.2.10:24001"), answer(page, "400 Bad Request", "text/html; charset=us-ascii",
                ("Server: Microsoft-HTTPAPI/2.0", "Connection: close"), store=False))
        web.close(at + 0.02, "s")
    return capture


@scene
def ingress_default_backend():
    """A Kubernetes ingress without a rule for the host: its default backend answers 404 in its own words."""
    capture = Capture()
    for at in attempts(1):
        web = Web(capture, at, HERE)
        web.ask(at + 0.013, get(target(), host="chat.example.org"), answer("default backend - 404", "404 Not Found", "text/plain; charset=utf-8", ("Connection: close",), store=False))
        web.close(at + 0.02, "s")
    return capture


import healthy, records, behind

if __name__ == "__main__":
    for name in sys.argv[2:] or SCENES:
        SCENES[name]().write(f"{sys.argv[1]}/{name}")
