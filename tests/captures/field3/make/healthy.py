"""Systems that are well and resemble the faults of scenes.py, which writes these as well."""
import socket, struct, subprocess, zlib
from wire import *

@scene
def healthy_408_to_preconnects():
    """Chrome opens spare connections; HAProxy answers 408 to those that ask nothing for 5 s. The session beside them is well."""
    capture = Capture()
    late = lambda: (b"HTTP/1.0 408 Request Time-out\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n"
                    b"<html><body><h1>408 Request Time-out</h1>\nYour browser didn't send a complete request in time.\n</body></html>\n")
    user = WebSocket(capture, 1, HERE, 64)
    for at in (1.001, 1.002, 31, 61):
        spare = Tcp(capture, at, HERE)
        spare.s(at + 5, late())
        spare.close(at + 5.001, "s")
    with user:
        for tick in range(20):
            user.down(3 + tick * 4, f'42["tick",{tick}]')
        user.beats(85)
    user.leaves(88)
    return capture


@scene
def healthy_negotiate_401():
    """Windows authentication: the first request of each connection gets 401 Negotiate and is sent again on it with a ticket."""
    capture = Capture()
    denied = lambda: answer("", "401 Unauthorized", None, ("WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM", "Server: Microsoft-IIS/10.0", "X-Powered-By: ARR/3.0"), store=False)
    ticket = ("Authorization: Negotiate YIIHMADEUPTICKET",)
    polls = Web(capture, 1, HERE)
    polls.ask(1.02, get(target()), denied())
    polls.ask(1.05, get(target(), more=ticket), answer(opened(sid(66))))
    posts = Web(capture, 1.1, HERE)
    url = target(sid(66))
    posts.ask(1.12, post(url, ""), denied())
    posts.ask(1.15, post(url, "40", more=ticket), ok())
    polls.ask(1.16, get(target(sid(66)), more=ticket), answer(f'40{{"sid":"{sid(566)}"}}'))
    for turn in range(4):
        polls.ask(2 + turn * 20, get(target(sid(66)), more=ticket), answer(f'42["news",{turn}]' if turn % 2 else "2"), 19.9)
        posts.ask(2 + turn * 20 + 19.95, post(target(sid(66)), "3" if turn % 2 == 0 else '42["read",1]', more=ticket), ok())
    polls.c(82, get(target(sid(66)), more=ticket))
    posts.ask(90, post(target(sid(66)), "41\x1e1", more=ticket), ok())
    polls.s(90.004, answer("6"))
    polls.close(91)
    posts.close(91)
    return capture


def idle_users(capture, seed, until=140, users=2):
    for number in range(users):
        user = WebSocket(capture, 1 + number * 0.7, HERE, seed + number, client=f"198.51.100.{80 + number}")
        with user:
            for tick in range(20):
                user.down(2 + number + tick * 6.5, f'42["tick",{tick}]')
                user.up(2.2 + number + tick * 6.5, f'42["seen",{tick}]')
            user.beats(until)
        user.leaves(until + number)


@scene
def healthy_clock_steps_an_hour():
    """The clock of the capturing host is set an hour ahead amid two sessions; TCP's own timestamps and the sessions go on."""
    capture = Capture(clock=lambda time: time + (3600 if time > 61 else 0))
    idle_users(capture, 70)
    return capture


@scene
def healthy_one_direction():
    """Asymmetric routes: the capture has the clients' packets alone, of polling and WebSocket."""
    capture = Capture(sees=lambda packet: packet[12:16] != socket.inet_aton(HERE[0]))
    idle_users(capture, 74)
    user = Polling(capture, 2, HERE, 76)
    user.leaves(100, user.beats(2.06, 95))
    return capture


@scene
def healthy_brotli():
    """A CDN compresses polls by brotli, which the browser accepts."""
    packed = lambda text: subprocess.run(["node", "-e", "process.stdout.write(require('zlib').brotliCompressSync(require('fs').readFileSync(0)))"],
                                         input=text.encode(), capture_output=True, check=True).stdout
    by_cdn = lambda body: answer(packed(body), more=("Connection: keep-alive", "Server: cloudflare", "CF-RAY: 8d1f00aa1bcd2e3f-FRA",
                                                     "CF-Cache-Status: DYNAMIC", "Content-Encoding: br", "Vary: Accept-Encoding"))
    asks = lambda url, more=(): get(url, more=more).replace(b"gzip, deflate", b"gzip, deflate, br, zstd")
    capture = Capture()
    user = Polling(capture, 1, HERE, 80, answer=by_cdn, get=asks)
    user.poll(1.06, '42["list",' + str(list(range(300))) + "]", 1)
    user.post(2.2, '42["thanks"]')
    user.leaves(60, user.beats(2.3, 55))
    return capture


@scene
def healthy_half_close():
    """A client that ends its sending side after each request (one request a connection) and reads the answer."""
    capture = Capture()

    def ask(at, request, reply, after=0.003):
        web = Tcp(capture, at, HERE)
        web.c(at + 0.013, request.replace(b"keep-alive", b"close"))
        web.raw("c", at + 0.0131, FIN | ACK)
        web.raw("s", at + 0.0132, ACK)
        web.s(at + 0.013 + after, reply)
        web.raw("s", at + 0.014 + after, FIN | ACK)
        web.raw("c", at + 0.026 + after, ACK)

    closing = ("Connection: close",)
    plain = lambda url: get(url, agent="embedded-client/1.4")
    sends = lambda body: post(target(sid(84)), body, agent="embedded-client/1.4")
    ask(1, plain(target()), answer(opened(sid(84), ""), more=closing))
    ask(1.1, sends("40"), ok(closing))
    ask(1.2, plain(target(sid(84))), answer(f'40{{"sid":"{sid(584)}"}}', more=closing))
    for turn in range(3):
        ask(1.3 + turn * 25, plain(target(sid(84))), answer("2", more=closing), 24.7)
        ask(1.3 + turn * 25 + 24.8, sends("3"), ok(closing))
    ask(76.4, plain(target(sid(84))), answer("6", more=closing), 3.7)
    ask(80, sends("41\x1e1"), ok(closing))
    return capture


@scene
def healthy_docker_any_interface():
    """tcpdump -i any on a Docker host: each packet is seen on the outer interface, on the bridge and on the veth, by two address pairs."""
    inner = ("172.17.0.2", 3000)

    def cooked(packet, interface, kind, time):
        return time, struct.pack(">HHIHBB8s", 0x0800, 0, interface, 1, kind, 6, bytes.fromhex("02005e0053010000")) + packet

    def translated(packet):
        source, target_, head = packet[12:16], packet[16:20], packet[:20]
        outer, inside = socket.inet_aton(HERE[0]), socket.inet_aton(inner[0])
        segment = packet[20:]
        if target_ == outer:
            target_, segment = inside, segment[:2] + struct.pack(">H", inner[1]) + segment[4:]
        else:
            source, segment = inside, struct.pack(">H", inner[1]) + segment[2:]
        pseudo = source + target_ + struct.pack(">BBH", 0, 6, len(segment))
        segment = segment[:16] + b"\0\0" + segment[18:]
        segment = segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]
        head = head[:8] + bytes([head[8] - 1]) + head[9:10] + b"\0\0" + source + target_
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + segment

    def seen(packet, time):
        if packet[16:20] == socket.inet_aton(HERE[0]):
            order = [(packet, 2, 0), (translated(packet), 5, 4), (translated(packet), 9, 4)]
        else:
            order = [(translated(packet), 9, 0), (translated(packet), 5, 0), (packet, 2, 4)]
        return [cooked(each, interface, kind, time + step * 3e-6) for step, (each, interface, kind) in enumerate(order)]

    capture = Capture(linktype=276, link=seen)
    idle_users(capture, 88)
    return capture


@scene
def healthy_preflight():
    """The same page with extraHeaders, where the preflight allows them and is remembered for ten minutes; one upgrade to WebSocket is not used."""
    capture = Capture()
    allowed = ("Access-Control-Allow-Origin: http://shop.example.org", "Vary: Origin", "Access-Control-Allow-Credentials: true", "Connection: keep-alive", "Keep-Alive: timeout=5")
    bearer = (*ORIGIN, "Authorization: Bearer made-up")
    spare = Web(capture, 0.9, HERE)
    spare.ask(0.92, preflight(target()), lines("HTTP/1.1 204 No Content", *allowed[:3], "Access-Control-Allow-Methods: GET,POST",
              "Access-Control-Allow-Headers: authorization", "Access-Control-Max-Age: 600", "Content-Length: 0", DATE, "Connection: keep-alive"))
    user = Polling(capture, 1, HERE, 92, get=lambda url, more: get(url, host="api.example.org", more=more), post=lambda url, body, more: post(url, body, host="api.example.org", more=more),
                   answer=lambda body, **more: answer(body, more=allowed), ok=lambda: ok(allowed), more=bearer, upgrades="")
    spare.close(6, "s")
    user.leaves(60, user.beats(1.06, 55))
    return capture


@scene
def healthy_load_test():
    """A load test: 40 clients of one address connect within two seconds, stay together for 20 s, call and are answered, and leave."""
    capture = Capture()
    for number in range(40):
        user = WebSocket(capture, 1 + number * 0.05, HERE, 96 + number, agent=None, client="198.51.100.99")
        for turn in range(4):
            user.up(3 + turn * 5 + number * 0.05, f'42{turn}["echo","{number}"]')
            user.down(3.004 + turn * 5 + number * 0.05, f'43{turn}["{number}"]')
        user.leaves(22 + number * 0.05)
    return capture


@scene
def healthy_scanner():
    """A vulnerability scanner asks a node server for /socket.io/ without a query, and for much that is not there; users are well."""
    capture = Capture()
    idle_users(capture, 140)
    web = Web(capture, 20, HERE, client="203.0.113.66")
    agent = "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)"
    for turn, (path, reply) in enumerate((
            ("/", answer("Cannot GET /", "404 Not Found", "text/html; charset=utf-8", store=False)),
            ("/socket.io/", answer('{"code":0,"message":"Transport unknown"}', "400 Bad Request", "application/json", store=False)),
            ("/.git/config", answer("Cannot GET /.git/config", "404 Not Found", "text/html; charset=utf-8", store=False)),
            ("/socket.io/?EIO=4", answer('{"code":0,"message":"Transport unknown"}', "400 Bad Request", "application/json", store=False)),
            ("/.env", answer("Cannot GET /.env", "404 Not Found", "text/html; charset=utf-8", store=False)))):
        web.ask(20.1 + turn * 0.3, get(path, host="192.0.2.10:24001", agent=agent), reply)
    web.close(23)
    return capture


@scene
def healthy_vxlan_mirror():
    """AWS traffic mirroring: the packets of a session come inside VXLAN over UDP port 4789."""
    def wrapped(packet, time):
        inner = struct.pack(">II", 0x08000000, 0x00abcd00) + ethernet(packet)
        return [(time, ethernet(ipv4("10.9.0.4", "10.9.0.200", 17, struct.pack(">HHHH", 65333, 4789, 8 + len(inner), 0) + inner)))]

    capture = Capture(link=wrapped)
    idle_users(capture, 150, users=1)
    return capture


@scene
def healthy_joins_mid_deflate():
    """A capture that begins amid a WebSocket with permessage-deflate and context takeover: what came before cannot be had."""
    capture = Capture(sees=lambda packet: capture.on)
    capture.on = False
    agreed = ("Sec-WebSocket-Extensions: permessage-deflate",)
    user = Tcp(capture, 1, HERE)
    user.c(1.013, upgrade(target(transport="websocket"), more=("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",)))
    user.s(1.015, switched(more=agreed))
    packer = {side: zlib.compressobj(9, zlib.DEFLATED, -15) for side in "cs"}

    def send(side, at, text):
        data = packer[side].compress(text.encode()) + packer[side].flush(zlib.Z_SYNC_FLUSH)
        user.send(side, at, frame(data[:-4], side == "c", rsv1=True))

    send("s", 1.02, opened(sid(156), ""))
    send("c", 1.04, "40")
    send("s", 1.05, f'40{{"sid":"{sid(656)}"}}')
    for turn in range(60):
        capture.on = turn > 8
        send("s", 3 + turn * 2, f'42["positions",[{{"symbol":"EURUSD","price":1.{turn:04}}},{{"symbol":"GBPUSD","price":1.{turn + 3:04}}}]]')
        send("c", 3.3 + turn * 2, f'42["seen",{{"turn":{turn},"symbol":"EURUSD"}}]')
        if turn % 12 == 11:
            send("s", 4 + turn * 2, "2")
            send("c", 4.02 + turn * 2, "3")
    user.c(130, frame(b"", True, 8))
    user.s(130.001, frame(b"", False, 8))
    user.close(130.002, "s")
    return capture


@scene
def healthy_keep_alives_and_port_reuse():
    """Keep-alive probes of one byte at what is already acknowledged; later a new connection with the same port, its numbers below."""
    capture = Capture()
    first = WebSocket(capture, 1, HERE, 160, port=50123, isn=4000000000)
    for ping in (25, 50.013):
        first.beats(first.begun + ping + 1, first=first.begun + ping)
        for at in (first.begun + ping + 10, first.begun + ping + 20):
            first.raw("c", at, ACK, b"\0", seq=first.seq["c"] - 1)
            first.raw("s", at + 4e-5, ACK, sacked=(first.seq["c"] - 1, first.seq["c"]))
    first.leaves(76)
    second = WebSocket(capture, 140, HERE, 161, port=50123, isn=1000)
    second.beats(200)
    second.leaves(201)
    return capture


@scene
def healthy_token_refresh():
    """A page renews its token each minute: it leaves properly and connects at once with the new one."""
    capture = Capture()
    for turn in range(8):
        at = 1 + turn * 60
        user = WebSocket(capture, at, HERE, 164 + turn, auth=f'{{"token":"made-up-{turn}"}}')
        with user:
            for tick in range(5):
                user.down(at + 2 + tick * 9, f'42["balance",{tick}]')
            user.beats(at + 58)
        user.leaves(at + 59.9)
    return capture


@scene
def healthy_ipip():
    """A capture on a Kubernetes node of Calico: IP in IP (protocol 4) between nodes."""
    capture = Capture(link=lambda packet, time: [(time, ethernet(ipv4("10.240.0.4", "10.240.0.5", 4, packet)))])
    idle_users(capture, 216, users=1)
    return capture


@scene
def healthy_offload_length_zero():
    """A capture on Windows with segmentation offload: large packets of the server have total length 0 in their IP header."""
    def large(packet, time):
        if len(packet) > 3000:
            packet = packet[:2] + b"\0\0" + packet[4:]
        return [(time, ethernet(packet))]

    capture = Capture(link=large)
    user = WebSocket(capture, 1, HERE, 218)
    for turn in range(3):
        data = frame('42["rows",[' + ",".join(str(each) for each in range(4000)) + "]]")
        at = 3 + turn * 4
        for part in range(0, len(data), 9000):
            user.raw("s", at + part * 1e-7, ACK | PSH, data[part:part + 9000])
        user.raw("c", at + 0.013, ACK)
    user.beats(60)
    user.leaves(61)
    return capture


@scene
def healthy_page_to_page():
    """A site of many pages, each with its own session: the visitor goes on every few seconds; WebSockets end by 1001, polls are aborted."""
    capture = Capture()
    at = 1.0
    for turn, stay in enumerate((3.1, 2.4, 6.0, 1.7, 4.2, 2.9, 3.3, 5.1, 2.2)):
        page = Web(capture, at, HERE)
        page.ask(at + 0.013, get(f"/articles/{turn}"), answer("<!doctype html><title>An article</title><p>words</p>", kind="text/html; charset=utf-8", store=False))
        if turn % 3 == 2:
            user = Polling(capture, at + 0.2, HERE, 224 + turn)
            user.poll(at + 0.26, f'42["viewers",{turn}]', 0.5)
            user.polls.c(at + 0.77, get(user.url()))
            user.polls.raw("c", at + stay, RST | ACK)
            user.posts.close(at + stay)
        else:
            user = WebSocket(capture, at + 0.2, HERE, 224 + turn)
            user.down(at + 0.4, f'42["viewers",{turn}]')
            user.c(at + stay, frame(struct.pack(">H", 1001), True, 8))
            user.s(at + stay + 0.0004, frame(struct.pack(">H", 1001), False, 8))
            user.close(at + stay + 0.0006, "s")
        page.close(at + stay + 0.1)
        at += stay + 0.15
    WebSocket(capture, at, HERE, 240).beats(at + 30)
    return capture


@scene
def healthy_three_tabs():
    """One person with three tabs, opened one after another, with the same cookie: three live sessions, as intended."""
    capture = Capture()
    cookie = ("Cookie: connect.sid=s%3Amade-up.made-up",)
    tabs = []
    for turn, at in enumerate((1, 22, 57)):
        page = Web(capture, at - 0.5, HERE)
        page.ask(at - 0.48, get(f"/board/{turn}", more=cookie), answer("<!doctype html><title>Board</title>", kind="text/html; charset=utf-8", store=False))
        page.close(at + 5)
        tabs.append(WebSocket(capture, at, HERE, 244 + turn, upgrade_more=cookie))
    for turn, tab in enumerate(tabs):
        with tab:
            for tick in range(4):
                tab.up(60 + turn + tick * 12, f'42["look",{tick}]')
                tab.down(60.1 + turn + tick * 12, f'42["seen",{tick}]')
            tab.beats(118)
        tab.leaves(119 + turn)
    return capture


@scene
def healthy_proxy_ntlm_407():
    """A company's proxy asks each new connection for NTLM: two 407, then the tunnel, in which a WebSocket session lives."""
    capture = Capture()
    proxy = Tcp(capture, 1, ("192.0.2.3", 3128))
    ask = lambda more=(): lines("CONNECT chat.example.org:80 HTTP/1.1", "Host: chat.example.org:80", "Proxy-Connection: keep-alive", f"User-Agent: {CHROME}", *more)
    deny = lambda how: answer("", "407 Proxy Authentication Required", "text/html", ("Server: squid/5.7", f"Proxy-Authenticate: NTLM{how}", "Connection: keep-alive"), store=False)
    proxy.c(1.02, ask())
    proxy.s(1.021, deny(""))
    proxy.c(1.04, ask(("Proxy-Authorization: NTLM TlRMTVNTUAABAAAA",)))
    proxy.s(1.041, deny(" TlRMTVNTUAACAAAA"))
    proxy.c(1.06, ask(("Proxy-Authorization: NTLM TlRMTVNTUAADAAAA",)))
    proxy.s(1.09, b"HTTP/1.1 200 Connection established\r\n\r\n")
    proxy.c(1.11, upgrade(target(transport="websocket"), host="chat.example.org"))
    proxy.s(1.13, switched())
    proxy.s(1.1305, frame(opened(sid(248), "")))
    proxy.c(1.15, frame("40", True))
    proxy.s(1.16, frame(f'40{{"sid":"{sid(748)}"}}'))
    for turn in range(3):
        proxy.s(26.13 + turn * 25.02, frame("2"))
        proxy.c(26.15 + turn * 25.02, frame("3", True))
    proxy.c(80, frame("41", True))
    proxy.c(80.0002, frame(b"", True, 8))
    proxy.s(80.01, frame(b"", False, 8))
    proxy.close(80.02, "s")
    return capture


@scene
def healthy_uptime_monitor():
    """An uptime monitor asks by HEAD for the handshake's URL each 30 s; node answers 400, bad handshake method. Users are well."""
    capture = Capture()
    idle_users(capture, 252)
    for at in (10, 40, 70, 100, 130):
        web = Web(capture, at, HERE, client="203.0.113.77")
        head = lines("HEAD /socket.io/?EIO=4&transport=polling HTTP/1.1", "Host: app.example.org", "User-Agent: Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "Accept: */*", "Connection: close")
        web.ask(at + 0.013, head, lines("HTTP/1.1 400 Bad Request", "Content-Type: application/json", DATE, "Connection: close"))
        web.close(at + 0.02, "s")
    return capture


@scene
def healthy_path_mtu_found():
    """A tunnel with a smaller MTU says so by ICMP: the large event is sent again in smaller segments, and arrives."""
    capture = Capture()
    user = WebSocket(capture, 1, HERE, 256, rtt=0.04)
    user.beats(52)
    big = frame('42["board",' + '["cell",42],' * 500 + '0]')
    begun = user.seq["s"]
    user.send("s", 55, big, acked=False)
    head = ipv4(HERE[0], "198.51.100.20", 6, struct.pack(">HHI", 24001, user.ends["c"][1], begun & 0xffffffff))
    body = struct.pack(">BBHHH", 3, 4, 0, 0, 1400) + head
    capture.add(55.02, ipv4("203.0.113.1", HERE[0], 1, body[:2] + struct.pack(">H", checksum(body)) + body[4:]))
    at = 55.0201
    for part in range(0, len(big), 1348):
        user.raw("s", at, ACK | PSH, big[part:part + 1348], seq=begun + part)
        at += 1e-5
    user.raw("c", 55.07, ACK)
    user.beats(120, first=user.begun + 75.12)
    user.leaves(121)
    return capture


@scene
def healthy_window_closes_briefly():
    """A page is busy for 4 s while much comes: its window falls to 0 and opens again; the heartbeat is kept."""
    capture = Capture()
    user = WebSocket(capture, 1, HERE, 260)
    user.beats(27)
    data = frame('42["positions",[' + ",".join(["[12.5,48.25]"] * 4900) + "]]")
    user.send("s", 30, data[:63704], acked=False)
    user.raw("c", 30.013, ACK, window=0)
    for probe in (30.3, 30.7, 31.5, 33.1):
        user.raw("s", probe, ACK, seq=user.seq["s"] - 1)
        user.raw("c", probe + 0.012, ACK, window=0)
    user.raw("c", 34, ACK)
    user.s(34.013, data[63704:])
    user.beats(110, first=user.begun + 50.026)
    user.leaves(111)
    return capture


@scene
def healthy_pong_behind_upload():
    """A message of 40 kB on a slow link: the pong comes 9 s after the ping, behind it, and in time."""
    capture = Capture()
    phone = WebSocket(capture, 1, HERE, 264, rtt=0.3)
    photo = frame('42["photo","' + "made-up-bytes-" * 2900 + '"]', True)
    ping, part, at = phone.begun + 25, 0, 24.0
    pinged = False
    while part * MSS < len(photo):
        if at > ping and not pinged:
            phone.down(ping, "2")
            pinged = True
        phone.raw("c", at, ACK | PSH, photo[part * MSS:(part + 1) * MSS])
        phone.raw("s", at + 4e-5, ACK)
        part, at = part + 1, at + 0.362
    phone.up(at, "3")
    phone.down(at + 0.01, '42["photo:ok",1]')
    phone.beats(80, first=at + 25)
    phone.leaves(82)
    return capture


@scene
def healthy_keep_alive_retried():
    """node ends an idle connection just when the browser polls on it: RST, and the browser sends the poll again on a new one."""
    capture = Capture()
    user = Polling(capture, 1, HERE, 268)
    at = user.beats(1.06, 55)
    user.poll(at, '42["news",1]', 1)
    idle = at + 1 + 5
    url = user.url()
    user.polls.raw("s", idle, FIN | ACK)
    user.polls.raw("c", idle + 0.0002, ACK | PSH, get(url), ack=user.polls.seq["s"] - 1)
    user.polls.raw("s", idle + 0.00025, RST, seq=user.polls.seq["s"])
    user.polls = Web(capture, idle + 0.02, HERE)
    user.polls.ask(idle + 0.04, get(url), answer('42["news",2]'), 3)
    user.leaves(idle + 15, idle + 3.1)
    return capture
