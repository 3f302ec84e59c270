"""The application of check-fleet: a python-socketio server under uvicorn. Usage: app.py ADDRESS PORT TRUTH

`ask` {ms}: acknowledged after so many milliseconds. `note`: answered by an event `tick`. `fail`: the handler raises, and nothing
is acknowledged. When it is ended (SIGINT) TRUTH gets what it counted: events by direction and name, each ask's duration in
seconds, the sids of its sessions.
"""
import asyncio
import collections
import json
import sys
import time

import socketio
import uvicorn

address, port, truth = sys.argv[1], int(sys.argv[2]), sys.argv[3]
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
counts = collections.Counter()
durations, sids = [], []


@sio.event
async def connect(sid, environ, auth):
    sids.extend([sid, sio.manager.eio_sid_from_sid(sid, "/")])


@sio.event
async def ask(sid, data):
    begin = time.monotonic()
    counts["receive ask"] += 1
    await asyncio.sleep(data["ms"] / 1000)
    durations.append(time.monotonic() - begin)
    return "taken"


@sio.event
async def note(sid, data):
    counts["receive note"] += 1
    counts["transmit tick"] += 1
    await sio.emit("tick", data, to=sid)


@sio.event
async def fail(sid, data):
    counts["receive fail"] += 1
    raise RuntimeError("this handler always fails")


try:
    uvicorn.run(socketio.ASGIApp(sio), host=address, port=port, log_level="warning")
except KeyboardInterrupt:  # uvicorn raises the signal again that has ended it
    pass
with open(truth, "w") as out:
    json.dump({"counts": counts, "durations": sorted(durations), "sids": sids}, out)
