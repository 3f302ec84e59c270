"""What a page sends to a backend of Reflex 0.4 to 0.8: page.py VERSION URL TOKEN EVENT…; `sleep` waits 3 s, `stay` longer, `/shop` first is that page, which has an on_load."""
import asyncio, json, sys, time
import socketio
version, url, token, *events = sys.argv[1:]
old = version < "0.6"
root = "state" if version < "0.5" else "reflex___state____state"
load = root + (".on_load_internal_state" if version < "0.5" else ".reflex___state____on_load_internal_state") + ".on_load_internal"
route = events.pop(0) if events[0].startswith("/") else "/"
router = {"pathname": route, "query": {}, "asPath": route}
names = {}

async def main():
    sio = socketio.AsyncClient(reconnection=False, websocket_extra_options={} if old else {"protocols": ["0.8.28.post1"]})
    done = asyncio.Event()
    @sio.on("event", namespace="/_event")
    async def update(data):
        data = json.loads(data) if isinstance(data, str) else data
        print(f"{time.time():.3f}", str(data)[:400], flush=True)
        for state in data.get("delta", {}):
            if "app1" in state or (version < "0.5" and state == "state.state"): names["app"] = state
        if data.get("final", True) is not False:
            done.set()
        for each in data.get("events") or []:
            if not each["name"].startswith("_"):
                asyncio.ensure_future(send(each["name"], each["payload"], True))
    @sio.on("*", namespace="/_event")
    async def other(name, data):
        print("OTHER", name, str(data)[:200], flush=True)
    async def send(name, payload, chained=False):
        event = {"token": token, "name": name, "router_data": router, "payload": payload} if chained else {"name": name, "payload": payload, "handler": None, "event_actions": {}, "token": token, "router_data": router}
        done.clear()
        await sio.emit("event", json.dumps(event, separators=(",", ":")) if old else event, namespace="/_event")
        try:
            await asyncio.wait_for(done.wait(), 15)
        except asyncio.TimeoutError:
            print("no answer to", name, flush=True)
    async def begins():
        await sio.connect(f"{url}/?token={token}", namespaces=["/_event"], socketio_path="_event", transports=["websocket"], headers={"Origin": "http://localhost:3000", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"}, wait_timeout=10)
        await send(root + ".hydrate", {})
        await send(load, {})
        await asyncio.sleep(0.3)
    await begins()
    for name in events:
        if name == "sleep":
            await asyncio.sleep(3)
        elif name == "stay":
            await asyncio.sleep(35)
        else:
            await send(f"{names['app']}.{name}", {})
            await asyncio.sleep(0.5)
    await sio.disconnect()
asyncio.run(main())
