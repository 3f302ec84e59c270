"""A client of echo_server.py. Usage: echo_client.py ADDRESS WHAT [COUNT]; ADDRESS as there, or tls:PORT. SERVER in the
environment: its address, if that is not 127.0.0.1; FROM: the client's own.

WHAT: talk (COUNT echoes, text and binary, small and large, from polling over to WebSocket), squeeze (the same, compressed),
poll (the same by polling alone), block (three sessions while the server stands still for COUNT seconds), race (an event
of Reflex in flight when the client leaves), many (COUNT connections that come and go), flood (COUNT large echoes, one
after the other), linger (COUNT small echoes, five a second), direct (COUNT small echoes by WebSocket alone), burst
(the server sends COUNT events at once).
"""
import asyncio
import os
import sys

import aiohttp
import socketio

address, what, count = sys.argv[1], sys.argv[2], int((sys.argv + ["5"])[3])
scheme, where = address.split(":", 1)
host, own = os.environ.get("SERVER", "127.0.0.1"), os.environ.get("FROM")
url = {"tcp": f"http://{host}:{where}", "tls": f"https://{host}:{where}", "unix": "http://localhost"}[scheme]


def connector():
    return aiohttp.UnixConnector(where) if scheme == "unix" else aiohttp.TCPConnector(ssl=False, local_addr=(own, 0) if own else None)


async def session(transports=None, namespaces=None, squeeze=False):
    http = aiohttp.ClientSession(connector=connector())
    extra = {"compress": 15} if squeeze else {}
    sio = socketio.AsyncClient(http_session=http, websocket_extra_options=extra, reconnection=False, ssl_verify=False)
    await sio.connect(url, transports=transports, namespaces=namespaces, wait_timeout=10)
    return sio, http


async def leave(sio, http):
    await sio.disconnect()
    await http.close()


async def talk(transports=None, squeeze=False):
    sio, http = await session(transports, squeeze=squeeze)
    for number in range(count):
        payload = {"n": number, "text": "ünï " * 10, "blob": bytes(range(number % 7)), "token": "not a secret"}
        if number % 5 == 4:
            payload["large"] = f"{number} " * 60_000
        await sio.call("echo", payload, timeout=20)
    await leave(sio, http)


async def block():
    sessions = [await session(["websocket"]) for _ in range(3)]
    for _ in range(12):
        for sio, _ in sessions:
            await sio.call("echo", {"n": 0})
        await asyncio.sleep(0.03)
    asleep = asyncio.ensure_future(sessions[0][0].call("block", count, timeout=20))
    await asyncio.sleep(0.2)
    await asyncio.gather(*(sio.call("echo", {"n": 1}, timeout=20) for sio, _ in sessions[1:]), asleep)
    for each in sessions:
        await leave(*each)


async def race():
    sio, http = await session(["websocket"], namespaces=["/_event"])
    answers = asyncio.Queue()
    sio.on("event", answers.put, namespace="/_event")
    named = {"token": "t", "router_data": {}, "payload": {}}
    for name in ("app___state.hydrate", "app___state.tick", "app___state.tick"):
        await sio.emit("event", {**named, "name": "reflex___" + name}, namespace="/_event")
        await answers.get()
    await sio.emit("event", {**named, "name": "reflex___app___state.tick_slowly"}, namespace="/_event")
    await asyncio.sleep(0.05)
    await leave(sio, http)
    await asyncio.sleep(1.5)


async def many():
    async def one(number):
        sio, http = await session(["websocket"] if number % 2 else None)
        await sio.call("echo", {"n": number}, timeout=20)
        await leave(sio, http)
    for start in range(0, count, 20):
        await asyncio.gather(*(one(number) for number in range(start, min(start + 20, count))))


async def flood():
    sio, http = await session(["websocket"])
    text = "x" * 500_000
    for _ in range(count):
        await sio.call("echo", {"text": text}, timeout=30)
    await leave(sio, http)


async def linger():
    sio, http = await session()
    for number in range(count):
        await sio.call("echo", {"n": number})
        await asyncio.sleep(0.2)
    await leave(sio, http)


async def burst():
    sio, http = await session(["websocket"])
    await sio.call("burst", count, timeout=60)
    await leave(sio, http)


async def direct():
    sio, http = await session(["websocket"])
    for number in range(count):
        await sio.call("echo", {"n": number}, timeout=20)
    await leave(sio, http)


asyncio.run({"talk": talk, "direct": direct, "burst": burst, "squeeze": lambda: talk(squeeze=True), "poll": lambda: talk(["polling"]), "block": block,
             "race": race, "many": many, "flood": flood,
             "linger": linger}[what]())
