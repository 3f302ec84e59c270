"""Clients of the field test: py_clients.py WHAT URL [JSON OPTIONS]. Each says on stdout what it saw."""
import asyncio, json, sys, time
import socketio

what, url = sys.argv[1:3]
options = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
transports = options.pop("transports", None)
seconds = options.pop("seconds", 10)
every = options.pop("every", 1)
join = options.pop("namespaces", None)
wait = options.pop("wait_timeout", 5)
auth = options.pop("auth", None)
headers = options.pop("headers", {})
path = options.pop("path", "socket.io")


def say(*words):
    print(f"{time.time():.3f}", *words, flush=True)


async def connected(**more):
    sio = socketio.AsyncClient(**{"reconnection_delay": 1, "reconnection_delay_max": 2, **options, **more})
    for name in ("connect", "disconnect", "connect_error"):
        sio.on(name, lambda *a, name=name: say(name, *a))
    sio.on("*", lambda name, *a: say("got", name, str(a)[:60]))
    await sio.connect(url, transports=transports, namespaces=join, wait_timeout=wait, auth=auth, headers=headers, socketio_path=path, retry=False)
    return sio


async def talk(sio):
    until = time.time() + seconds
    n = 0
    while time.time() < until:
        n += 1
        try:
            await sio.emit("ask", {"n": n}, namespace=(join or ["/"])[0])
        except Exception as e:
            say("emit", e)
        await asyncio.sleep(every)


async def chat():
    sio = await connected()
    await talk(sio)
    await sio.disconnect()


async def save():
    """Acks: each `save` is acknowledged; one takes its time."""
    sio = await connected()
    say("ack", await sio.call("save", 1))
    say("late ack", await sio.call("save", {"after": 6}, timeout=20))
    await talk(sio)
    await sio.disconnect()


async def order():
    sio = await connected()
    say("ack", await sio.call("order", {"price": 3}))
    for n in range(3):
        try:
            say("ack", await sio.call("order", {"prise": n}, timeout=6))
        except Exception as e:
            say("no ack", repr(e))
    await talk(sio)
    await sio.disconnect()


async def confirm():
    sio = await connected()
    sio.on("sure?", lambda data: "yes")
    try:
        say("ack", await sio.call("confirm", "delete", timeout=15))
    except Exception as e:
        say("no ack", repr(e))
    await talk(sio)
    await sio.disconnect()


async def again():
    """A user who tries again and again, whatever happens."""
    until = time.time() + seconds
    while time.time() < until:
        try:
            sio = await connected(reconnection=False)
            await asyncio.sleep(2)
            await sio.disconnect()
        except Exception as e:
            say("failed", e)
        await asyncio.sleep(every)


async def burst():
    sio = await connected()
    count = 40 if seconds > 5 else 12
    await asyncio.gather(*(sio.emit("ask", {"n": n}) for n in range(count)))
    await asyncio.sleep(3)
    say("ack", await sio.call("save", 1))
    await sio.disconnect()


async def big():
    sio = await connected()
    for size in (5000, 15000, 30000):
        try:
            await sio.emit("save", b"\xff" * size if seconds > 5 else b"\xff" * 5000)
            await asyncio.sleep(2)
            await sio.emit("ask", size)
        except Exception as e:
            say("emit", e)
        await asyncio.sleep(1)
    await asyncio.sleep(3)
    await sio.disconnect()


async def rooms():
    sio = await connected()
    for room in ("a", "b"):
        await sio.emit("join", room)
        await asyncio.sleep(1)
    say("ack", await sio.call("save", {"after": 1}))
    await talk(sio)
    await sio.disconnect()


async def table():
    sio = await connected()
    say("ack", await sio.call("table", "x" * 120000))
    await talk(sio)
    await sio.disconnect()


async def render():
    """Asks for work that blocks a server which does it in its event loop; or, with `every` above 1, only talks meanwhile."""
    sio = await connected()
    await asyncio.sleep(3)
    if every <= 1:
        await sio.emit("render", 5)
    await talk(sio)
    await sio.disconnect()


async def stay():
    sio = await connected()
    await asyncio.sleep(seconds)
    await sio.disconnect()


async def main():
    try:
        await globals()[what]()
    except Exception as e:
        say("ended", repr(e))

asyncio.run(main())
