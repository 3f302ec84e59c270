"""A python-socketio server under uvicorn. Usage: server.py PORT PATH TRANSPORTS; answers `tick` with an ack and an event."""
import sys

import socketio
import uvicorn

port, path, transports = int(sys.argv[1]), sys.argv[2], sys.argv[3].split(",")
sio = socketio.AsyncServer(async_mode="asgi", transports=transports, cors_allowed_origins="*")


@sio.on("tick", namespace="*")
async def tick(namespace, sid, data):
    await sio.emit("tock", data, to=sid, namespace=namespace)
    return "taken"


@sio.on("connect", namespace="*")
async def connect(namespace, sid, environ):
    pass


uvicorn.run(socketio.ASGIApp(sio, socketio_path=path), host="127.0.0.1", port=port, log_level="warning")
