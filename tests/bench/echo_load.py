"""A load of echoes, as cheap as can be: so many WebSockets, each sends its next event when the last came back.

Usage: echo_load.py PORT CLIENTS SECONDS [tls]; prints how many echoes came back. Speaks Engine.IO's frames itself (RFC 6455 by
hand: a client that does more would be the bottleneck).
"""
import asyncio
import ssl
import sys

port, clients, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
echoes = 0
context = ssl.create_default_context() if sys.argv[4:] == ["tls"] else None
if context:
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


def frame(text):
    body = text.encode()
    head = bytes([0x81, 0x80 | len(body)]) if len(body) < 126 else bytes([0x81, 0xFE]) + len(body).to_bytes(2, "big")
    return head + b"\0\0\0\0" + body  # a mask of zeros masks nothing


async def read(reader):
    head = await reader.readexactly(2)
    length = head[1] & 0x7F
    if length == 126:
        length = int.from_bytes(await reader.readexactly(2), "big")
    return await reader.readexactly(length)


async def client(end):
    global echoes
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                 b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await read(reader)
    writer.write(frame("40"))
    await read(reader)
    event = frame('42["echo","' + "x" * 290 + '"]')
    while asyncio.get_running_loop().time() < end:
        writer.write(event)
        if (await read(reader))[:2] == b"42":
            echoes += 1
    writer.close()


async def main():
    end = asyncio.get_running_loop().time() + seconds
    await asyncio.gather(*(client(end) for _ in range(clients)))
    print(echoes)


asyncio.run(main())
