"""Writes captures packet by packet: Ethernet, IPv4, TCP with timestamps, HTTP/1.1 and WebSocket, as a server's host sees them.
Times are seconds since the capture's begin. A peer's acknowledgement comes one round trip after what it acknowledges."""
import base64, hashlib, itertools, os, socket, struct, subprocess

BEGIN = 1795852800  # 2026-11-28 08:00 UTC
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MSS = 1448


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, target, protocol, payload, ttl=64, ident=itertools.count(1)):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), next(ident) & 0xffff, 0x4000, ttl, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ethernet(packet):
    return bytes.fromhex("02005e00530a02005e00530b0800") + packet


class Capture:
    """Packets by time; `link` wraps an IP packet, and may make several of it; `clock` maps the time."""

    def __init__(self, linktype=1, link=lambda packet, time: [(time, ethernet(packet))], clock=lambda time: time,
                 sees=lambda packet: True):
        self.linktype, self.link, self.clock, self.sees, self.packets = linktype, link, clock, sees, []

    def add(self, time, packet):
        if self.sees(packet):
            self.packets += self.link(packet, time)

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "capture.pcap")
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, self.linktype))
            for time, packet in sorted(self.packets, key=lambda each: each[0]):
                micros = round((BEGIN + self.clock(time)) * 1e6)
                out.write(struct.pack("<IIII", micros // 1000000, micros % 1000000, len(packet), len(packet)) + packet)
        subprocess.run(["zstd", "-q", "-19", "-f", "--rm", path], check=True)


class Tcp:
    """One connection. `c` and `s` send as client and server and have it acknowledged; `raw` sends one segment as told."""

    ports = itertools.count(40000)

    def __init__(self, capture, time, server, client="198.51.100.20", port=None, rtt=0.012, isn=None, opened=True):
        self.capture, self.rtt = capture, rtt
        self.ends = {"c": (client, port or next(Tcp.ports)), "s": server}
        self.isn = isn or 1000003 * (self.ends["c"][1] % 1999) + 77
        self.seq = {"c": self.isn, "s": self.isn ^ 0x5a5a5a}
        self.window = {"c": 502, "s": 509}
        self.plan = None
        if opened:
            self.raw("c", time, SYN)
            self.raw("s", time + 2e-5, SYN | ACK)
            self.raw("c", time + rtt, ACK)

    def __enter__(self):
        """Within `with`, what is sent is sorted by time first: sequence numbers follow it."""
        self.plan = []
        return self

    def __exit__(self, *_):
        plan, self.plan = sorted(self.plan, key=lambda each: each[0]), None
        for time, call, arguments, more in plan:
            call(arguments[0], time, *arguments[1:], **more)

    def planned(self, time, call, *arguments, **more):
        if self.plan is None:
            return False
        self.plan.append((time, call, arguments, more))
        return True

    def raw(self, side, time, flags, data=b"", seq=None, window=None, moves=True, options=b"", sacked=None, ack=None):
        if self.planned(time, self.raw, side, flags, data, seq=seq, window=window, moves=moves, options=options, sacked=sacked, ack=ack):
            return time
        other = "s" if side == "c" else "c"
        stamp = b"\x01\x01\x08\x0a" + struct.pack(">II", int(time * 1000) + (700000 if side == "c" else 9000000) & 0xffffffff, 1)
        if flags & SYN:
            options = b"\x02\x04\x05\xb4\x01\x03\x03\x07" + options
        if sacked:
            options += b"\x01\x01\x05\x0a" + struct.pack(">II", *[each & 0xffffffff for each in sacked])
        options = stamp + options
        at = self.seq[side] if seq is None else seq
        acked = self.seq[other] if ack is None else ack
        window = self.window[side] if window is None else window
        head = struct.pack(">HHIIBBHHH", self.ends[side][1], self.ends[other][1], at & 0xffffffff,
                           acked & 0xffffffff if flags & ACK else 0, (20 + len(options)) // 4 << 4, flags, window, 0, 0)
        segment = head + options + data
        pseudo = socket.inet_aton(self.ends[side][0]) + socket.inet_aton(self.ends[other][0]) + struct.pack(">BBH", 0, 6, len(segment))
        segment = segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]
        if seq is None and moves:
            self.seq[side] += len(data) + bool(flags & SYN) + bool(flags & FIN)
        self.capture.add(time, ipv4(self.ends[side][0], self.ends[other][0], 6, segment, 52 if side == "c" else 64))
        return time

    def send(self, side, time, data, pace=1e-5, acked=True):
        if self.planned(time, self.send, side, data, pace=pace, acked=acked):
            return time
        other = "s" if side == "c" else "c"
        for at in range(0, len(data), MSS):
            self.raw(side, time, ACK | PSH if at + MSS >= len(data) else ACK, data[at:at + MSS])
            if acked and (at + MSS >= len(data) or pace > 0.01):
                self.raw(other, time + (self.rtt if side == "s" else 3e-5), ACK)
            time += pace
        return time

    def c(self, time, data, **more):
        return self.send("c", time, data, **more)

    def s(self, time, data, **more):
        return self.send("s", time, data, **more)

    def close(self, time, first="c"):
        """Both ends' FIN, `first`'s before."""
        other = "s" if first == "c" else "c"
        self.raw(first, time, FIN | ACK)
        self.raw(other, time + self.rtt, FIN | ACK)
        self.raw(first, time + self.rtt + 2e-4, ACK)


CHROME = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36")
counter = itertools.count(11)
keys = []  # of Sec-WebSocket-Key: the last one is answered next


def lines(*parts):
    return "".join(part + "\r\n" for part in parts if part).encode() + b"\r\n"


def stamp():
    """The t parameter, by which a browser does not cache."""
    return "P" + base64.b32encode(struct.pack(">I", next(counter) * 7919)).decode()[:6]


def target(sid=None, transport="polling", eio=4, path="/socket.io/", query=""):
    return f"{path}?EIO={eio}&transport={transport}&t={stamp()}" + (f"&sid={sid}" if sid else "") + query


def get(url, host="app.example.org", agent=CHROME, more=()):
    return lines(f"GET {url} HTTP/1.1", f"Host: {host}", "Connection: keep-alive", agent and f"User-Agent: {agent}",
                 "Accept: */*", *more, "Accept-Encoding: gzip, deflate", "Accept-Language: en-US,en;q=0.9")


def post(url, body, host="app.example.org", agent=CHROME, more=()):
    return lines(f"POST {url} HTTP/1.1", f"Host: {host}", "Connection: keep-alive", f"Content-Length: {len(body)}",
                 agent and f"User-Agent: {agent}", "Content-type: text/plain;charset=UTF-8", "Accept: */*", *more,
                 "Accept-Encoding: gzip, deflate", "Accept-Language: en-US,en;q=0.9") + body.encode()


def upgrade(url, host="app.example.org", agent=CHROME, more=()):
    keys.append(base64.b64encode(hashlib.md5(b"key %d" % next(counter)).digest()).decode())
    return lines(f"GET {url} HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Pragma: no-cache",
                 "Cache-Control: no-cache", agent and f"User-Agent: {agent}", "Upgrade: websocket",
                 f"Origin: http://{host}" if agent else None, "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {keys[-1]}", *more)


DATE = "Date: Sat, 28 Nov 2026 08:00:10 GMT"


def answer(body="", status="200 OK", kind="text/plain; charset=UTF-8", more=("Connection: keep-alive", "Keep-Alive: timeout=5"),
           store=True):
    body = body if isinstance(body, bytes) else body.encode()
    return lines(f"HTTP/1.1 {status}", kind and f"Content-Type: {kind}", f"Content-Length: {len(body)}",
                 "cache-control: no-store" if store else None, DATE, *more) + body


def ok(more=("Connection: keep-alive", "Keep-Alive: timeout=5")):
    return answer("ok", kind="text/html", more=more)


def switched(key=None, more=()):
    accept = base64.b64encode(hashlib.sha1(((key or keys[-1]) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    return lines("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}", *more)


def frame(payload, masked=False, opcode=1, rsv1=False):
    payload = payload if isinstance(payload, bytes) else payload.encode()
    size = len(payload)
    long = b"" if size < 126 else struct.pack(">H", size) if size < 65536 else struct.pack(">Q", size)
    head = bytes([0x80 | (0x40 if rsv1 else 0) | opcode, (0x80 if masked else 0) | (size if size < 126 else 126 if size < 65536 else 127)])
    mask = bytes([0x37, 0xfa, 0x21, 0x3d])
    if masked:
        payload = mask + (int.from_bytes(payload, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")).to_bytes(size, "big")
    return head + long + payload


def sid(seed):
    return base64.urlsafe_b64encode(hashlib.sha1(f"field3 {seed}".encode()).digest())[:16].decode() + "AA" + "ABCDEFGHIJKLMNOP"[seed // 16 % 16] + "ABCDEFGHIJKLMNOP"[seed % 16]


def opened(of, upgrades='"websocket"', interval=25000, timeout=20000):
    return f'0{{"sid":"{of}","upgrades":[{upgrades}],"pingInterval":{interval},"pingTimeout":{timeout},"maxPayload":1000000}}'


class Web(Tcp):
    """A connection that carries requests: `ask` sends one, and its answer comes `after` seconds later."""

    def ask(self, time, request, reply, after=0.003):
        self.c(time, request)
        self.s(time + after, reply)
        return time + after


class WebSocket(Tcp):
    """A session by WebSocket alone, of a node server and socket.io-client: opened, joined."""

    def __init__(self, capture, time, server, seed, joins=True, upgrade_more=(), interval=25000, timeout=20000, agent=CHROME,
                 auth="", **more):
        super().__init__(capture, time, server, **more)
        self.sid = sid(seed)
        self.c(time + 0.013, upgrade(target(transport="websocket"), more=upgrade_more, agent=agent))
        self.s(time + 0.015, switched())
        self.s(time + 0.0155, frame(opened(self.sid, "", interval, timeout)))
        self.begun = time + 0.0155
        self.up(time + 0.03, "40" + auth)
        if joins:
            self.down(time + 0.032, f'40{{"sid":"{sid(seed + 500)}"}}')

    def up(self, time, text, **more):
        return self.c(time, frame(text, True), **more)

    def down(self, time, text, **more):
        return self.s(time, frame(text), **more)

    def beats(self, until, interval=25, first=None):
        """Pings and pongs since the open packet, up to `until`."""
        at = first or self.begun + interval
        while at < until:
            self.down(at, "2")
            self.up(at + self.rtt + 0.001, "3")
            at += interval + self.rtt

    def leaves(self, time):
        """The client leaves: close frame, the server's, FIN."""
        self.up(time, "41")
        self.c(time + 0.0002, frame(b"", True, 8))
        self.s(time + 0.0006, frame(b"", False, 8))
        self.close(time + 0.001, "s")


class Polling:
    """A session by polling, of a node server and a browser: polls on one connection, POSTs on another."""

    def __init__(self, capture, time, server, seed, get=get, post=post, answer=answer, ok=ok, joins=True, interval=25000,
                 timeout=20000, upgrades='"websocket"', more=(), path="/socket.io/", query="", **tcp):
        self.capture, self.server, self.tcp, self.sid = capture, server, tcp, sid(seed)
        self.answer, self.ok, self.more, self.path, self.query = answer, ok, more, path, query
        self.get, self.posting = get, post
        self.polls = Web(capture, time, server, **tcp)
        self.polls.ask(time + 0.013, get(target(path=path, query=query), more=more), answer(opened(self.sid, upgrades, interval, timeout)))
        self.begun = time + 0.016
        self.posts = Web(capture, time + 0.03, server, **tcp)
        self.post(time + 0.045, "40")
        if joins:
            self.poll(time + 0.05, f'40{{"sid":"{sid(seed + 500)}"}}', 0.004)

    def url(self):
        return target(self.sid, path=self.path, query=self.query)

    def poll(self, time, body, after):
        return self.polls.ask(time, self.get(self.url(), more=self.more), self.answer(body), after)

    def post(self, time, body, after=0.003):
        return self.posts.ask(time, self.posting(self.url(), body, more=self.more), self.ok(), after)

    def beats(self, time, until, interval=25):
        """Polls held until the next ping; each ping is answered by POST. Gives back when the last poll was answered."""
        at = self.begun + interval
        while at < until:
            self.poll(time, "2", at - time)
            self.post(at + 0.014, "3")
            time, at = at + 0.015, at + interval + 0.02
        return time

    def leaves(self, time, held_since):
        """The goodbye: the held poll gets noop, the POST says 41 and 1."""
        self.polls.c(held_since, self.get(self.url(), more=self.more))
        self.posts.c(time, self.posting(self.url(), "41\x1e1", more=self.more))
        self.polls.s(time + 0.002, self.answer("6"))
        self.posts.s(time + 0.003, self.ok())
        self.polls.close(time + 0.02)
        self.posts.close(time + 0.02)


# ---- scenes

SCENES = {}


def scene(function):
    SCENES[function.__name__.replace("_", "-")] = function
    return function


HERE = ("192.0.2.10", 24001)
BACKOFF = (0.8, 2.1, 4.4, 5.3, 4.7, 5.1)  # socket.io-client's reconnection delays, with their randomness


def attempts(begin):
    """The times of connection attempts: each comes a reconnection delay after the one before ended."""
    return list(itertools.accumulate(BACKOFF[:5], initial=begin))


ORIGIN = ("Origin: http://shop.example.org", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-site")


def preflight(url, host="api.example.org"):
    return lines(f"OPTIONS {url} HTTP/1.1", f"Host: {host}", "Connection: keep-alive", "Accept: */*", "Access-Control-Request-Method: GET",
                 "Access-Control-Request-Headers: authorization", *ORIGIN, "Sec-Fetch-Dest: empty", f"User-Agent: {CHROME}")
