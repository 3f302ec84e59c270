"""Passes connections on, and names their client first as HAProxy's PROXY protocol has it: balancer.py PORT TO VERSION (1, 2)."""
import asyncio
import socket
import struct
import sys

port, to, version = map(int, sys.argv[1:4])


def header(client):
    if version == 1:
        return f"PROXY TCP4 203.0.113.7 127.0.0.1 {client[1]} {to}\r\n".encode()
    ends = socket.inet_aton("203.0.113.7") + socket.inet_aton("127.0.0.1") + struct.pack("!HH", client[1], to)
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", len(ends)) + ends


async def pass_on(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def take(reader, writer):
    above_reader, above_writer = await asyncio.open_connection("127.0.0.1", to)
    above_writer.write(header(writer.get_extra_info("peername")))
    await asyncio.gather(pass_on(reader, above_writer), pass_on(above_reader, writer))


async def serve():
    await (await asyncio.start_server(take, "127.0.0.1", port)).serve_forever()


asyncio.run(serve())
