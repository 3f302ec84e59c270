"""What a page of Reflex sends (0.8: one event at a time, each after the last update of the one before; 0.10: hydration in the
CONNECT). py_reflex.py LINE URL ORIGIN TOKEN EVENT…; an event `sleep` waits."""
import asyncio, sys, time
import socketio

line, url, origin, token, *events = sys.argv[1:]
state = "reflex___state____state"
app = state + ".app1___app1____state"
router = {"pathname": "/", "asPath": "/", **({"query": {}} if line == "8" else {})}


async def main():
    sio = socketio.AsyncClient(reconnection=False)
    done = asyncio.Event()

    @sio.on("event", namespace="/_event")
    async def update(data):
        print(f"{time.time():.3f}", str(data)[:150], flush=True)
        if data.get("final", True) is not False:
            done.set()

    async def send(name, payload):
        event = {"name": name, "payload": payload, "router_data": router}
        if line == "8":
            event = {"name": name, "payload": payload, "handler": None, "event_actions": {}, "token": token, "router_data": router}
        done.clear()
        await sio.emit("event", event, namespace="/_event")
        try:
            await asyncio.wait_for(done.wait(), 20)
        except asyncio.TimeoutError:
            print("no answer to", name, flush=True)

    auth = {"event": {"name": state + ".hydrate_and_load", "payload": {"hashes": []}, "router_data": router}} if line == "10" else None
    await sio.connect(f"{url}/?token={token}", namespaces=["/_event"], socketio_path="_event", transports=["websocket"],
                      headers={"Origin": origin}, auth=auth, wait_timeout=10)
    if line == "8":
        await send(state + ".hydrate", {})
        await send(state + ".reflex___state____on_load_internal_state.on_load_internal", {})
        await send(state + ".set_is_hydrated", {"value": True})
    else:
        await asyncio.sleep(1)
    for name in events:
        if name == "sleep":
            await asyncio.sleep(3)
        else:
            await send(f"{app}.{name}", {})
            await asyncio.sleep(0.3)
    await sio.disconnect()

try:
    asyncio.run(main())
except Exception as e:
    print("ended", repr(e), flush=True)
