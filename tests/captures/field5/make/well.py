"""Systems that are well and resemble the faults of scenes.py, which writes these as well."""
import struct
from wire import *


def datagram(capture, time, source, target, payload):
    head = struct.pack(">HHHH", source[1], target[1], 8 + len(payload), 0)
    capture.add(time, ipv4(source[0], target[0], 17, head + payload))


@scene
def healthy_webtransport_taken():
    """The server offers WebTransport too, the client moves to it (QUIC at the same port), and its polling ends with a noop."""
    capture = Capture()
    client = ("198.51.100.20", 51820)
    user = Polling(capture, 1, HERE, 2100, upgrades='"websocket","webtransport"')
    long = bytes([0xc3]) + struct.pack(">I", 1) + b"\x08" + bytes(range(8)) + b"\x00\x00\x44\x9e"
    short = lambda number, size: bytes([0x40 | number % 4]) + bytes((number * 37 + at * 11) & 255 for at in range(size))
    datagram(capture, 1.06, client, HERE, long + short(1, 1180))
    datagram(capture, 1.062, HERE, client, long + short(2, 1180))
    datagram(capture, 1.075, client, HERE, short(3, 90))
    user.poll(1.056, '42["welcome",{"room":"lobby"}]', 0.002)
    user.polls.c(1.06, get(user.url()))
    for number in range(6):
        datagram(capture, 1.1 + number * 0.013, *((client, HERE) if number % 2 else (HERE, client)), short(number, 60))
    user.polls.s(1.19, answer("6"))
    for number in range(40):
        datagram(capture, 2 + number, HERE, client, short(number, 40 + number % 30))
        datagram(capture, 2.013 + number, client, HERE, short(number + 1, 30))
    user.posts.close(6.06, "s")
    user.polls.close(6.2, "s")
    return capture


@scene
def healthy_azure_hub_path():
    """Azure Web PubSub for Socket.IO: WebSocket alone, at /clients/socketio/hubs/NAME."""
    capture = Capture()
    for number in range(2):
        user = Tcp(capture, 1 + number, HERE, client=f"198.51.100.{70 + number}")
        at = 1.0 + number
        user.c(at + 0.013, upgrade(target(transport="websocket", path="/clients/socketio/hubs/chat/"), agent=None))
        user.s(at + 0.03, switched())
        user.s(at + 0.031, frame(opened(sid(2110 + number), "")))
        user.c(at + 0.05, frame("40", True))
        user.s(at + 0.08, frame(f'40{{"sid":"{sid(2610 + number)}"}}'))
        with user:
            for tick in range(9):
                user.c(at + 2 + tick * 3, frame(f'42{tick}["say","hello"]', True))
                user.s(at + 2.03 + tick * 3, frame(f'43{tick}[{{"ok":true}}]'))
            user.s(at + 25.04, frame("2"))
            user.c(at + 25.06, frame("3", True))
        user.c(at + 31, frame("41", True))
        user.c(at + 31.0002, frame(b"", True, 8))
        user.s(at + 31.02, frame(b"", False, 8))
        user.close(at + 31.03, "s")
    return capture


@scene
def healthy_cookie_of_one_server():
    """A balancer sets its cookie, the page does not send it back, and there is one server: nothing fails."""
    capture = Capture()
    by = ("Connection: keep-alive", "Set-Cookie: SERVERID=app1; path=/; HttpOnly; Secure")
    for number in range(2):
        user = Polling(capture, 1 + number * 3, HERE, 2120 + number, answer=lambda body: answer(body, more=by), ok=lambda: ok(by),
                       more=("Referer: http://app.example.org/", "Cookie: lang=de"), upgrades="", client=f"198.51.100.{73 + number}")
        user.leaves(60 + number, user.beats(1.06 + number * 3, 55))
    return capture


@scene
def healthy_network_change():
    """A phone goes from WLAN to the mobile network: its WebSocket falls silent, and it is back from another address two seconds
    later. The server gives the old connection up after a ping without an answer, as it should."""
    capture = Capture()
    auth = '{"token":"made-up-token-of-zoe"}'
    other = WebSocket(capture, 0.5, HERE, 2130, client="198.51.100.75")
    with other:
        other.beats(80)
        for tick in range(26):
            other.down(2 + tick * 3, f'42["tick",{tick}]')
    old = WebSocket(capture, 1, HERE, 2131, auth=auth, client="198.51.100.76")
    for tick in range(5):
        old.up(3 + tick * 3, f'42{tick}["say","hello"]')
        old.down(3.003 + tick * 3, f'43{tick}["ok"]')
    new = WebSocket(capture, 20, HERE, 2132, auth=auth, client="203.0.113.9")
    with new:
        new.beats(80)
        for tick in range(19):
            new.up(22 + tick * 3, f'42{tick}["say","hello"]')
            new.down(22.003 + tick * 3, f'43{tick}["ok"]')
    ping = frame("2")
    at = old.seq["s"]
    for wait in (0, 0.21, 0.63, 1.47, 3.2, 6.6, 13.4):
        old.raw("s", 26.0155 + wait, ACK | PSH, ping, seq=at)
    old.seq["s"] = at + len(ping)
    old.raw("s", 46.016, ACK | PSH, frame(b"", False, 8))
    for wait in (7.1, 30):
        old.raw("s", 46.016 + wait, ACK | PSH, frame(b"", False, 8), seq=at + len(ping))
    return capture


@scene
def healthy_other_protocols_beside():
    """Beside Socket.IO the capture has SSH, Redis (an adapter's channels), PostgreSQL and DNS, each with bytes of its own."""
    capture = Capture()
    shell = Tcp(capture, 0.2, ("192.0.2.10", 22), client="198.51.100.5")
    shell.s(0.22, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
    shell.c(0.24, b"SSH-2.0-OpenSSH_9.6\r\n")
    for turn in range(8):
        shell.c(0.5 + turn, bytes((turn * 29 + at * 17) & 255 for at in range(64)))
        shell.s(0.51 + turn, bytes((turn * 31 + at * 13) & 255 for at in range(96)))
    redis = Tcp(capture, 0.3, ("192.0.2.11", 6379), client="192.0.2.10", rtt=0.0003)
    redis.c(0.31, b"*2\r\n$10\r\nPSUBSCRIBE\r\n$13\r\nsocket.io#/#*\r\n")
    redis.s(0.311, b"*3\r\n$10\r\npsubscribe\r\n$13\r\nsocket.io#/#*\r\n:1\r\n")
    for turn in range(6):
        redis.s(3 + turn * 2, b"*4\r\n$8\r\npmessage\r\n$13\r\nsocket.io#/#*\r\n$12\r\nsocket.io#/#\r\n$9\r\n\x93\xa6abcdef\x80\r\n")
    base = Tcp(capture, 0.4, ("192.0.2.12", 5432), client="192.0.2.10", rtt=0.0003)
    base.c(0.41, struct.pack(">II", 38, 196608) + b"user\0app\0database\0chat\0\0\0\0\0\0\0\0")
    base.s(0.412, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I")
    for turn in range(5):
        base.c(2 + turn * 3, b"Q\0\0\0\x0dSELECT 1\0")
        base.s(2.001 + turn * 3, b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I")
    for turn in range(4):
        datagram(capture, 1 + turn * 4, ("192.0.2.10", 40000 + turn), ("192.0.2.53", 53), bytes([0, turn, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2]) + b"db\x07example\x03org\0\0\x01\0\x01")
    for number in range(2):
        user = WebSocket(capture, 1 + number, HERE, 2140 + number, client=f"198.51.100.{78 + number}")
        for tick in range(6):
            user.up(3 + number + tick * 2, f'42{tick}["say","hello"]')
            user.down(3.003 + number + tick * 2, f'43{tick}["ok"]')
        user.leaves(18 + number)
    return capture
