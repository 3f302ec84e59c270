"""An echo server whose calls of the system are chosen, for what no framework does on demand.

Usage: raw_server.py KIND ADDRESS RECORD; ADDRESS and RECORD as of echo_server.py, without TLS. WebSocket alone, of which the
frames are the package websockets'; Engine.IO and Socket.IO as far as an echo needs them.
KIND: plain; zerocopy (sends with MSG_ZEROCOPY, asks the queue of errors after each, looks before it reads, and reads and
writes nothing now and then); dup (goes on with another descriptor of the socket, and closes the first); proxied (takes a balancer's
header off, in calls of its own); handoff (a process that accepts and reads the first request, and passes the connection on to
another, as @socket.io/sticky does); halves (sends the first half of the third echo, and the rest of it after 15 s).
"""
import contextlib
import json
import os
import socket
import struct
import sys
import threading
import time

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

kind, address, record = sys.argv[1:4]
scheme, where = address.split(":", 1)
out = open(record, "w", buffering=1)
SO_ZEROCOPY, MSG_ZEROCOPY, MSG_ERRQUEUE = 60, 0x4000000, 0x2000
HELLO = {"sid": "rawAAAAAAAAAAAAAAAAB", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 8_000_000}


def write(direction, name, data):
    out.write(json.dumps({"dir": direction, "name": name, "data": data}) + "\n")


def receive(connection):
    if kind == "zerocopy" and connection.recv(10, socket.MSG_PEEK):  # something waits: no call waits for it
        connection.recv(0)
        connection.recvmsg(0)
        os.readv(connection.fileno(), [bytearray(0)])
    return connection.recv(65536)


def send(connection, data):
    if kind == "halves" and b'"n": 2' in data:
        connection.sendall(data[:len(data) // 2])
        time.sleep(15)
        data = data[len(data) // 2:]
    while data:
        data = data[connection.send(data, MSG_ZEROCOPY if kind == "zerocopy" else 0):]
        if kind == "zerocopy":
            with contextlib.suppress(BlockingIOError):
                connection.recvmsg(0, 512, MSG_ERRQUEUE)
            connection.send(b"")


def answer(text):
    """What Engine.IO's packet is answered by."""
    if text.startswith("40"):
        return ['40{"sid":"rawCCCCCCCCCCCCCCCCD"}']
    if not text.startswith("42"):
        return []
    start = text.index("[")
    name, data = json.loads(text[start:])
    write("c>s", name, [data])
    write("s>c", "echoed", [data])
    return ["42" + json.dumps(["echoed", data]), "43" + text[2:start] + '["taken"]']


def take_header(connection):
    if connection.recv(1, socket.MSG_PEEK) == b"\r":
        connection.recv(struct.unpack("!14xH", connection.recv(16, socket.MSG_WAITALL))[0], socket.MSG_WAITALL)
        return
    while connection.recv(1) != b"\n":
        pass


def serve(connection, begun=b""):
    protocol = ServerProtocol()
    if kind == "proxied":
        take_header(connection)
    if kind == "zerocopy":
        connection.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
    data = begun
    while data := data or receive(connection):
        if kind == "dup":
            before, connection = connection, connection.dup()
            before.close()
        protocol.receive_data(data)
        data = b""
        for event in protocol.events_received():
            if not isinstance(event, Frame):
                protocol.send_response(protocol.accept(event))
                protocol.send_text(("0" + json.dumps(HELLO)).encode())
            elif event.opcode is Opcode.TEXT:
                for text in answer(event.data.decode()):
                    protocol.send_text(text.encode())
        for part in protocol.data_to_send():
            send(connection, part)
        if protocol.close_expected():
            break
    connection.close()


listener = socket.socket(socket.AF_UNIX if scheme == "unix" else socket.AF_INET)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(where if scheme == "unix" else ("127.0.0.1", int(where)))
listener.listen()
if kind == "handoff":
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork():
        while True:
            with listener.accept()[0] as taken:
                socket.send_fds(ours, [taken.recv(65536)], [taken.fileno()])
    while True:
        begun, (number,), *_ = socket.recv_fds(theirs, 65536, 1)
        threading.Thread(target=serve, args=(socket.socket(fileno=number), begun), daemon=True).start()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
