"""Python servers of the set networks: servers.py NAME PORT, or NAME under gunicorn. One function a situation."""
import sys


def answers(sio):
    @sio.on("connect")
    async def connect(sid, environ, auth=None):
        await sio.emit("welcome", {"n": 1}, to=sid)

    @sio.on("say")
    async def say(sid, text):
        await sio.emit("said", text, to=sid)
        return "ok"

    @sio.on("save")
    async def save(sid, text):
        return len(text)
    return sio


def asgi(**options):
    import socketio
    sio = answers(socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", **options))
    return sio, socketio.ASGIApp(sio)


def uvicorn_ws_max_size():
    return asgi()[1], {"ws_max_size": 20000}


def wsproto():
    return asgi(ping_interval=2, ping_timeout=3)[1], {"ws": "wsproto"}


def static_files_first():
    import tempfile
    from fastapi import FastAPI
    from starlette.staticfiles import StaticFiles
    app = FastAPI()
    app.mount("/", StaticFiles(directory=tempfile.mkdtemp(), html=True))
    app.mount("/socket.io", asgi()[1])
    return app, {}


def static_files_last():
    import tempfile
    from fastapi import FastAPI
    from starlette.staticfiles import StaticFiles
    app = FastAPI()
    app.mount("/socket.io", asgi()[1])
    app.mount("/", StaticFiles(directory=tempfile.mkdtemp(), html=True))
    return app, {}


def flask_app():
    import flask, flask_socketio
    app = flask.Flask("app")
    io = flask_socketio.SocketIO(app, async_mode="threading", cors_allowed_origins="*")

    @io.on("connect")
    def connect(auth=None):
        flask_socketio.emit("welcome", {"n": 1})

    @io.on("say")
    def say(text):
        flask_socketio.emit("said", text)
        return "ok"
    return app


if __name__ == "__main__":
    name, port = sys.argv[1], int(sys.argv[2])
    import uvicorn
    app, options = globals()[name]()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", **options)
