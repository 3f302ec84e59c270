"""Writes captures that no terminal should meet as they are. Usage:
hostile.py escapes|huge|many|lanes|refused|cut|secret [COUNT] FILE. lanes: COUNT connections of one session at once; refused:
COUNT sessions that ask for one of two namespaces that the server does not have; cut: the file ends in the middle of a packet;
secret: the same secret masked, in the clear, and compressed."""
import base64
import hashlib
import json
import struct
import sys
import zlib

what, *number_given, path = sys.argv[1:]
count = int(number_given[0]) if number_given else 100000
out = open(path, "wb")
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
clock = [1_700_000_000_000_000]
sequences = {}


def segment(up, payload, flags=0x18, port=40000):
    sequence = sequences.setdefault(port, {True: 1000, False: 5000})
    source, destination = (port, 80) if up else (80, port)
    for at in range(0, max(len(payload), 1), 60000):
        piece = payload[at:at + 60000]
        tcp = struct.pack(">HHIIBBHHH", source, destination, sequence[up], sequence[not up], 0x50, flags, 65535, 0, 0)
        hosts = (b"\x7f\0\0\1", b"\x7f\0\0\2") if up else (b"\x7f\0\0\2", b"\x7f\0\0\1")
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(piece), 0, 0, 64, 6, 0) + hosts[0] + hosts[1]
        data = ip + tcp + piece
        clock[0] += 1000
        out.write(struct.pack("<IIII", clock[0] // 1000000, clock[0] % 1000000, len(data), len(data)) + data)
        sequence[up] += len(piece) + (1 if flags & 2 else 0)


def frame(up, text, port=40000, key=b"\0\0\0\0", first=b"\x81"):
    payload = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    size = len(payload)
    head = first
    mask = 0x80 if up else 0
    if size < 126:
        head += bytes([mask | size])
    elif size < 65536:
        head += bytes([mask | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask | 127]) + struct.pack(">Q", size)
    if up:
        head += key
        payload = payload if key == b"\0\0\0\0" else bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    segment(up, head + payload, port=port)


def begin(port=40000):
    segment(True, b"", 2, port)
    segment(False, b"", 0x12, port)
    segment(True, b"", 0x10, port)


def poll(port, body):
    segment(True, f"POST /socket.io/?EIO=4&transport=polling&sid=abc HTTP/1.1\r\nHost: x\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode(), port=port)
    segment(False, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", port=port)


key = base64.b64encode(b"0123456789abcdef").decode()
accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def websocket(sid, port=40000):
    begin(port)
    segment(True, f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode(), port=port)
    segment(False, f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n".encode(), port=port)
    opening = {"sid": sid, "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 100000000}
    frame(False, "0" + json.dumps(opening, separators=(",", ":")), port)


extensions = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if what == "secret" else ""
websocket("abc")
frame(True, "40")
frame(False, '40{"sid":"def"}')
if what == "escapes":
    frame(True, '42["\\u001b[31mred\\u001b]0;title\\u0007","\\u001b[2J\\u0000\\u202eright to left"]')
    frame(True, b'42["raw \x1b[2J\x9b31m and \xff\xfe bytes",1]')
    frame(False, '42["wide 漢字 é é 🙂","tab\\tand\\nline"]')
    frame(False, '42["' + "long" * 100 + '",{"' + "key" * 100 + '":"' + "value" * 100 + '"}]')
elif what == "huge":
    frame(False, "42" + json.dumps(["big", {"rows": [{"n": n, "text": "x" * 50} for n in range(20000)]}]))
    frame(False, "42" + json.dumps(["deep", json.loads("[" * 200 + "]" * 200)]))
elif what == "many":
    for number in range(count):
        frame(number % 2 == 0, f'42["event-{number % 7}",{number}]')
elif what == "lanes":
    for port in range(40001, 40001 + count):
        begin(port)
        poll(port, f'42["from-{port}",{port}]')
    for port in range(40001, 40001 + count, 2):
        poll(port, f'42["again-{port}",{port}]')
elif what == "refused":
    for number in range(count):
        port, name = 40001 + number, "/admin" if number % 5 else "/chat"
        websocket(f"abc{number}", port)
        frame(True, f"40{name},", port)
        frame(False, f'44{name},{{"message":"Invalid namespace"}}', port)
elif what == "secret":
    login = '42["login",{"password":"hunter2-hunter2","user":"ann"}]'
    frame(True, login, key=b"\x37\xfa\x21\x3d")
    frame(False, login)
    deflate = zlib.compressobj(wbits=-15)
    frame(False, deflate.compress(login.encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)[:-4], first=b"\xc1")
    frame(True, '42["token","abcdefgh12345678"]', key=b"\x37\xfa\x21\x3d")
elif what == "cut":
    frame(True, '42["one",1]')
    frame(False, '42["two",2]')
    out.truncate(out.tell() - 9)
    sys.exit()
segment(True, b"", 0x11)
