"""Python servers of the set field5: servers.py NAME PORT. One function a situation: the application, and uvicorn's options."""
import os, resource, sys


def answers(sio):
    @sio.on("connect")
    async def connect(sid, environ, auth=None):
        await sio.emit("welcome", {"n": 1}, to=sid)

    @sio.on("say")
    async def say(sid, text):
        await sio.emit("said", text, to=sid)
        return "ok"
    return sio


def asgi(**options):
    import socketio
    return socketio.ASGIApp(answers(socketio.AsyncServer(async_mode="asgi", **options)))


def page():
    """A page that loads the client's script from the server, as node's server would have it."""
    import socketio
    html = b'<!doctype html><title>chat</title><script src="/socket.io/socket.io.js"></script><script>io()</script>'

    async def other(scope, receive, send):
        found = scope["path"] == "/"
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": html if found else b"not found"})
    return socketio.ASGIApp(answers(socketio.AsyncServer(async_mode="asgi")), other)


def own_origin():
    return asgi()


def milliseconds():
    return asgi(ping_interval=25000, ping_timeout=60000, cors_allowed_origins="*")


def five_minutes():
    return asgi(ping_interval=300, ping_timeout=60)


def few_files():
    """The process may open four files more than it has open when it listens."""
    app = asgi()

    async def counting(scope, receive, send):
        if scope["type"] == "lifespan":
            used = len(os.listdir("/proc/self/fd"))
            resource.setrlimit(resource.RLIMIT_NOFILE, (used + 5, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        await app(scope, receive, send)
    return counting


def async_mode_guessed():
    """AsyncServer without async_mode takes aiohttp, where that is installed, and then serves no ASGI."""
    import socketio
    return socketio.ASGIApp(answers(socketio.AsyncServer()))


if __name__ == "__main__":
    import uvicorn
    uvicorn.run(globals()[sys.argv[1]](), host="127.0.0.1", port=int(sys.argv[2]), log_level="info", loop="asyncio")
