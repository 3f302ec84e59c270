"""A python-socketio client. Usage: client.py PORT PATH TICKS EXIT-CODE."""
import sys

import socketio

port, path, ticks, code = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
sio = socketio.Client()
sio.connect(f"http://127.0.0.1:{port}", socketio_path=path)
for number in range(ticks):
    sio.call("tick", {"n": number, "token": "a secret"})
sio.disconnect()
sys.exit(code)
