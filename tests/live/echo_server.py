"""A server that writes down what its application heard and said.

Usage: echo_server.py KIND ADDRESS RECORD
KIND: asyncio or uvloop (under uvicorn), aiohttp, hypercorn, granian (its own HTTP, and rustls), forking (the process
listens; a child of it that is forked at SIGUSR1 serves), gunicorn (a master, and a worker that SIGHUP replaces), reuseport
(two processes that listen at the same port), inherited (the listening socket is descriptor 3, as systemd passes it on),
reload (uvicorn --reload: a file reload.py beside RECORD that is touched replaces the worker). ADDRESS: tcp:PORT, unix:PATH, tls:PORT (CERT and KEY in the
environment). RECORD: a file that gets a line of JSON for each event.

Events: `echo` is answered by an event `echoed` and an ack; `block` SECONDS stands still; `fail` behaves as Reflex does when
the environ of a session is gone: its task dies of a RuntimeError that asyncio logs. The namespace /_event takes
Reflex's `event` and answers with a delta, unless the event's name ends in `slowly`: then the same failure follows.
"""
import asyncio
import base64
import json
import logging
import os
import signal
import ssl
import sys
import time

import socketio

kind, address, record = sys.argv[1:4]
scheme, where = address.split(":", 1)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM] if kind == "forking" else [])
logging.basicConfig(stream=sys.stderr, level=logging.INFO)
sio = socketio.AsyncServer(async_mode="aiohttp" if kind == "aiohttp" else "asgi", cors_allowed_origins="*",
                           max_http_buffer_size=8_000_000, ping_interval=5, ping_timeout=5)
out = open(record, "a", buffering=1)  # of several processes


def plain(value):
    if isinstance(value, bytes):
        return {"$binary": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def write(direction, name, data):
    out.write(json.dumps({"dir": direction, "name": name, "data": plain(data)}) + "\n")


@sio.on("connect", namespace="*")
async def connect(namespace, sid, environ, auth=None):
    pass


@sio.event
async def echo(sid, data):
    write("c>s", "echo", [data])
    write("s>c", "echoed", [data])
    await sio.emit("echoed", data, to=sid)
    return "taken"


@sio.event
async def block(sid, seconds):
    write("c>s", "block", [seconds])
    time.sleep(seconds)
    return "awake"


async def lose_environ(sid, namespace):
    for _ in range(50):
        await asyncio.sleep(0.02)
        if not sio.manager.is_connected(sid, namespace):
            break
    raise RuntimeError("Socket.IO environ is not initialized.")


@sio.on("event", namespace="/_event")
async def reflex_event(sid, event):
    write("c>s", "event", [event])
    if event["name"].endswith("slowly"):
        asyncio.get_running_loop().create_task(lose_environ(sid, "/_event"))
        return
    delta = {"delta": {"app___state": {"count_rx_state_": 1}}, "events": [], "final": True}
    write("s>c", "event", [delta])
    await sio.emit("event", delta, to=sid, namespace="/_event")


def context():
    if scheme != "tls":
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(os.environ["CERT"], os.environ["KEY"])
    return made


def files():
    return {"ssl_certfile": os.environ["CERT"], "ssl_keyfile": os.environ["KEY"]} if scheme == "tls" else {}


def serve_aiohttp():
    from aiohttp import web
    app = web.Application()
    sio.attach(app)
    place = {"path": where} if scheme == "unix" else {"host": "127.0.0.1", "port": int(where)}
    web.run_app(app, ssl_context=context(), print=None, **place)


def serve_uvicorn():
    import uvicorn
    place = {"uds": where} if scheme == "unix" else {"host": "127.0.0.1", "port": int(where)}
    uvicorn.run(socketio.ASGIApp(sio), loop=kind, log_level="warning", **place, **files())


def serve_gunicorn():
    import gunicorn.app.base

    class Application(gunicorn.app.base.BaseApplication):
        def load_config(self):
            tls = {"certfile": os.environ["CERT"], "keyfile": os.environ["KEY"]} if scheme == "tls" else {}
            given = {"bind": f"127.0.0.1:{where}", "workers": 1, "worker_class": "uvicorn_worker.UvicornWorker", **tls}
            for name, value in given.items():
                self.cfg.set(name, value)

        def load(self):
            return app

    Application().run()


def serve_reuseport():
    import socket
    import uvicorn
    os.fork()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", int(where)))
    uvicorn.run(app, loop="asyncio", log_level="warning", fd=listener.fileno(), **files())


def serve_inherited():
    import uvicorn
    uvicorn.run(app, loop="asyncio", log_level="warning", fd=3, **files())


def serve_reload():
    import uvicorn
    here, watched = os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.abspath(record))
    uvicorn.run("echo_server:app", app_dir=here, host="127.0.0.1", port=int(where), reload=True, reload_dirs=[watched],
                reload_includes=["reload.py"], log_level="warning", **files())


def serve_hypercorn():
    import hypercorn.asyncio
    import hypercorn.config
    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{where}"]
    config.certfile, config.keyfile = (os.environ["CERT"], os.environ["KEY"]) if scheme == "tls" else (None, None)
    asyncio.run(hypercorn.asyncio.serve(app, config))


def serve_forking():
    import socket
    import uvicorn
    context()  # the library is loaded, as in a master of gunicorn
    listener = socket.create_server(("127.0.0.1", int(where)))
    signal.sigwait([signal.SIGUSR1])
    child = os.fork()
    if child:
        signal.sigwait([signal.SIGTERM])
        os.kill(child, signal.SIGKILL)
        return
    uvicorn.run(app, loop="asyncio", log_level="warning", fd=listener.fileno(), **files())


def serve_granian():
    import pathlib

    import granian
    tls = {"ssl_cert": pathlib.Path(os.environ["CERT"]), "ssl_key": pathlib.Path(os.environ["KEY"])} if scheme == "tls" else {}
    sys.path.insert(0, os.path.dirname(__file__))  # its worker imports this file
    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
    granian.Granian("echo_server:app", address="127.0.0.1", port=int(where), interface="asgi", **tls).serve()


app = socketio.ASGIApp(sio)
if __name__ == "__main__":
    globals().get("serve_" + kind, serve_uvicorn)()
