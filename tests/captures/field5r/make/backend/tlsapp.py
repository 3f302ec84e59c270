import socketio
sio = socketio.AsyncServer(async_mode="asgi", transports=["polling"], cors_allowed_origins=[])
app = socketio.ASGIApp(sio)
@sio.event
async def look(sid, data):
    return "seen"
