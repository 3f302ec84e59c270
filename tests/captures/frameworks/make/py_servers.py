"""Servers of the field test: py_servers.py NAME PORT, or NAME under gunicorn (py_servers:NAME). One function a situation."""
import asyncio, os, sys, time

ASGI = dict(async_mode="asgi", cors_allowed_origins="*")


def answers(sio):
    """What every healthy server here does: greets, answers `ask`, acknowledges `save`."""
    @sio.on("connect")
    async def connect(sid, environ, auth=None):
        await sio.emit("welcome", {"n": 1}, to=sid)

    @sio.on("ask")
    async def ask(sid, data):
        await sio.emit("answer", {"to": data}, to=sid)

    @sio.on("save")
    async def save(sid, data):
        if isinstance(data, dict):
            await asyncio.sleep(data.get("after", 0))
        return "saved"

    @sio.on("leave")
    async def leave(sid, data=None):
        await sio.disconnect(sid)
    return sio


def asgi(**options):
    import socketio
    sio = answers(socketio.AsyncServer(**{**ASGI, **options}))
    return sio, socketio.ASGIApp(sio)


def healthy():
    return asgi()[1]


def quick_pings():
    return asgi(ping_interval=2, ping_timeout=3)[1]


def msgpack_rooms():
    sio, app = asgi(serializer="msgpack", ping_interval=3, ping_timeout=3)

    @sio.on("join")
    async def join(sid, room):
        await sio.enter_room(sid, room)
        await sio.emit("joined", {"room": room, "photo": b"\x00\x1e\xff" * 20}, room=room)
    return app


def gzip_polls():
    sio, app = asgi(ping_interval=5, max_http_buffer_size=300000)

    @sio.on("table")
    async def table(sid, data):
        await sio.emit("rows", [{"row": n, "name": "a name"} for n in range(2000)], to=sid)
        return len(data)
    return app


def fastapi_mount():
    """fastapi/fastapi#3666, fastapi-socketio#12: mounted at /ws, and the client asks for /socket.io."""
    import fastapi, socketio
    app = fastapi.FastAPI()
    app.mount("/ws", socketio.ASGIApp(answers(socketio.AsyncServer(**ASGI)), socketio_path="/ws/socket.io"))
    return app


def https_proxy_unknown():
    """Flask-SocketIO#1093, #1319: TLS ends before the server, so that https://… is another origin than its own."""
    import socketio
    sio = answers(socketio.AsyncServer(async_mode="asgi"))
    return socketio.ASGIApp(sio)


def handler_raises():
    sio, app = asgi(ping_interval=4)

    @sio.on("order")
    async def order(sid, data):
        return {"price": data["price"]}
    return app


def jwt():
    """A connect handler that checks a token: ConnectionRefusedError becomes a CONNECT_ERROR."""
    import jwt as pyjwt, socketio
    sio, app = asgi()

    @sio.on("connect")
    async def connect(sid, environ, auth):
        try:
            pyjwt.decode((auth or {}).get("token", ""), "a secret of thirty-two characters!", algorithms=["HS256"])
        except pyjwt.InvalidTokenError as e:
            raise socketio.exceptions.ConnectionRefusedError(f"authentication failed: {e}")
    return app


def always_connect_refused():
    sio, app = asgi(always_connect=True)

    @sio.on("connect")
    async def connect(sid, environ, auth):
        await asyncio.sleep(0.3)
        return False
    return app


def disconnects_after_connect():
    """A check that runs after the connect handler ends the session (in the handler itself disconnect() does nothing)."""
    sio, app = asgi()

    async def check(sid):
        await asyncio.sleep(0.1)
        await sio.disconnect(sid)

    @sio.on("connect")
    async def connect(sid, environ, auth):
        sio.start_background_task(check, sid)
    return app


def namespaces_only():
    """python-socketio since 5.8 refuses namespaces that have no handlers; a path in the client's URL is one."""
    import socketio
    sio = socketio.AsyncServer(**ASGI)

    class Chat(socketio.AsyncNamespace):
        async def on_connect(self, sid, environ, auth=None):
            await self.emit("welcome", {"in": self.namespace}, to=sid)

        async def on_say(self, sid, data):
            await self.emit("said", data)
    for name in ("/chat", "/news", "/admin"):
        sio.register_namespace(Chat(name))
    return socketio.ASGIApp(sio)


def connect_raises():
    """connect(sid) without environ: TypeError in the handler, and CONNECT is never answered."""
    sio, app = asgi(ping_interval=8)

    @sio.on("connect")
    async def connect(sid, environ, auth):
        raise KeyError("HTTP_X_TENANT")
    return app


def slow_connect():
    sio, app = asgi(ping_interval=3)

    @sio.on("connect")
    async def connect(sid, environ, auth):
        await asyncio.sleep(6)
    return app


def over_redis():
    import socketio
    manager = socketio.AsyncRedisManager(os.environ["REDIS"])
    sio, app = asgi(client_manager=manager, ping_interval=4)
    return app


def call_in_handler():
    """A handler that asks its client back, and answers with what it said: two acks, one inside the other."""
    sio, app = asgi(ping_interval=3, ping_timeout=3)

    @sio.on("confirm")
    async def confirm(sid, data):
        return await sio.call("sure?", data, to=sid, timeout=12)
    return app


def small_buffer():
    return asgi(max_http_buffer_size=20000, ping_interval=5)[1]


def tiny_ping_timeout():
    return asgi(ping_interval=1, ping_timeout=0.1)[1]


def django_without_socketio():
    import django
    from django.conf import settings
    settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x")
    django.setup()
    from django.core.asgi import get_asgi_application
    return get_asgi_application()


urlpatterns = []


def cors_twice():
    """Socket.IO allows every origin, and the middleware of the framework around it allows one: two headers."""
    return cors_middleware("*")


def cors_once():
    return cors_middleware([])


def cors_middleware(allowed):
    import fastapi, socketio
    from fastapi.middleware.cors import CORSMiddleware
    app = fastapi.FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000"], allow_credentials=True)
    sio = answers(socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=allowed))
    app.mount("/", socketio.ASGIApp(sio))
    return app


def blocking_sleep():
    """time.sleep() in an async handler: everybody waits."""
    sio, app = asgi()

    @sio.on("render")
    async def render(sid, data):
        time.sleep(data)
        await sio.emit("answer", {"to": data}, to=sid)
    return app


def busy_pushes():
    sio, app = asgi(ping_interval=3)

    async def push():
        n = 0
        while True:
            n += 1
            await sio.emit("price", {"n": n, "value": n * 7 % 100})
            await asyncio.sleep(0.05)

    @sio.on("connect")
    async def connect(sid, environ, auth=None):
        if not hasattr(sio, "pushing"):
            sio.pushing = sio.start_background_task(push)
    return app


def flask_app(**options):
    import flask, flask_socketio
    flask_application = flask.Flask("field")
    sio = flask_socketio.SocketIO(flask_application, cors_allowed_origins="*", **options)

    @sio.on("connect")
    def connect(auth=None):
        flask_socketio.emit("welcome", {"pid": 1})

    @sio.on("ask")
    def ask(data):
        flask_socketio.emit("answer", {"to": data})

    @sio.on("save")
    def save(data):
        time.sleep(data.get("after", 0) if isinstance(data, dict) else 0)
        return "saved"

    @sio.on("burn")
    def burn(data):
        until = time.time() + data["seconds"]
        while time.time() < until:
            pass
        flask_socketio.emit("answer", {"to": data})
    return sio, flask_application


def flask_threads():
    return flask_app(async_mode="threading", ping_interval=5)[1]


def flask_gevent():
    return flask_app(async_mode="gevent", ping_interval=3, ping_timeout=5)[1]


def flask_old():
    import flask, flask_socketio
    application = flask.Flask("field")
    sio = flask_socketio.SocketIO(application, cors_allowed_origins="*", async_mode="threading", ping_interval=4, ping_timeout=4)

    @sio.on("ask")
    def ask(data):
        flask_socketio.emit("answer", {"to": data})

    @sio.on("save")
    def save(data):
        return "saved"
    return application


def sanic_application(response_timeout):
    import sanic, socketio
    app = sanic.Sanic("field", configure_logging=False)
    app.config.RESPONSE_TIMEOUT = response_timeout
    sio = answers(socketio.AsyncServer(async_mode="sanic", cors_allowed_origins="*", ping_interval=20))
    sio.attach(app)
    return app


def tornado_run(port):
    import socketio, tornado.web
    sio = answers(socketio.AsyncServer(async_mode="tornado", cors_allowed_origins="*", ping_interval=3, ping_timeout=4))

    async def main():
        app = tornado.web.Application([(r"/socket.io/", socketio.get_tornado_handler(sio))])
        app.listen(port, "127.0.0.1")
        await asyncio.Event().wait()
    asyncio.run(main())


def aiohttp_run(port):
    import aiohttp.web, socketio
    sio = answers(socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*", ping_interval=3, ping_timeout=4, cookie="io"))
    app = aiohttp.web.Application()
    sio.attach(app)
    aiohttp.web.run_app(app, host="127.0.0.1", port=port, print=None, shutdown_timeout=1)


def nicegui_run(port):
    from nicegui import ui

    @ui.page("/")
    def page():
        ui.label("hello")
        ui.button("press", on_click=lambda: ui.notify("pressed"))
    ui.run(host="127.0.0.1", port=port, reload=False, show=False, storage_secret="x", reconnect_timeout=3)


if __name__ in ("__main__", "__mp_main__"):
    name, port = sys.argv[1], int(sys.argv[2])
    if name.endswith("_run"):
        globals()[name](port)
    elif name == "sanic_run_timeout" or name.startswith("sanic"):
        sanic_application(5 if "timeout" in name else 60).run("127.0.0.1", port, single_process=True, motd=False, access_log=False)
    elif name.startswith("flask"):
        import logging
        from werkzeug.serving import run_simple
        run_simple("127.0.0.1", port, globals()[name](), threaded=True)
    else:
        import uvicorn
        uvicorn.run(globals()[name](), host="127.0.0.1", port=port, log_level="info")
