"""python-socketio under uvicorn on asyncio: what comes as `echo` goes back as `echo`. Usage: echo_server.py PORT;
over TLS where CERT and KEY in the environment name the files of a certificate."""
import os
import sys

import socketio
import uvicorn

sio = socketio.AsyncServer(async_mode="asgi")


@sio.event
async def echo(sid, data):
    await sio.emit("echo", data, to=sid)


tls = {"ssl_certfile": os.environ["CERT"], "ssl_keyfile": os.environ["KEY"]} if "CERT" in os.environ else {}
uvicorn.run(socketio.ASGIApp(sio), host="127.0.0.1", port=int(sys.argv[1]), loop="asyncio", log_level="warning", **tls)
