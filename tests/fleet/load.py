"""The clients of check-fleet. Usage: load.py URL SESSIONS SECONDS CANARY [fail] [crash]

Every second session polls, the others are WebSockets. Each asks (with waits of 1 to 120 ms, the same in every run) and notes until the
time is over, and leaves. CANARY goes where secrets go: auth, a header, a cookie, payloads. `fail`: each also asks once for what
always fails. `crash`: they do not leave, the process ends.
Prints what it counted.
"""
import asyncio
import collections
import json
import os
import sys
import time

import socketio

url, sessions, seconds, canary = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
counts = collections.Counter()
waits = [1, 3, 4, 8, 12, 20, 30, 40, 60, 120]


async def talk(number):
    client = socketio.AsyncClient(reconnection=False)

    @client.on("tick")
    async def tick(data):
        counts["transmit tick"] += 1

    await client.connect(url, transports=["polling"] if number % 2 else ["websocket"],
                         auth={"token": canary}, headers={"Authorization": f"Bearer {canary}", "Cookie": f"session={canary}"})
    end, turn = time.monotonic() + seconds, number
    while time.monotonic() < end:
        await client.call("ask", {"ms": waits[turn % len(waits)], "password": canary}, timeout=30)
        counts["receive ask"] += 1
        await client.emit("note", {"token": canary, "n": turn})
        counts["receive note"] += 1
        turn += 1
    if "fail" in sys.argv[5:]:
        await client.emit("fail", {"n": 1}, callback=lambda *words: None)
        counts["receive fail"] += 1
        await asyncio.sleep(1)
    await asyncio.sleep(0.5)
    if "crash" not in sys.argv[5:]:
        await client.disconnect()


async def main():
    await asyncio.gather(*(talk(number) for number in range(sessions)))


async def run():
    await main()
    print(json.dumps(counts), flush=True)
    if "crash" in sys.argv[5:]:
        os._exit(0)


asyncio.run(run())
