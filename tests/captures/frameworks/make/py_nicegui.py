"""What NiceGUI's page does: gets the page from one address, opens its socket at another, and loads the page again when the
handshake of its client is refused. py_nicegui.py PAGE-URL SOCKET-URL SECONDS"""
import ast, re, sys, time, urllib.parse, urllib.request
import socketio

page, url, seconds = sys.argv[1:4]
until = time.time() + float(seconds)
while time.time() < until:
    html = urllib.request.urlopen(page).read().decode()
    query = ast.literal_eval(re.search(r"query: (\{[^{}]*client_id[^{}]*\})", html).group(1))
    query = {**query, "tab_id": "0b9c7d0e-0000-4000-8000-000000000001", "old_tab_id": "", "document_id": "0b9c7d0e-0000-4000-8000-000000000002"}
    query["implicit_handshake"] = str(query["implicit_handshake"]).lower()
    sio = socketio.Client(reconnection=False)
    try:
        sio.connect(url + "?" + urllib.parse.urlencode(query), socketio_path="_nicegui_ws/socket.io", transports=["websocket"])
        print("connected", flush=True)
        time.sleep(3)
        sio.disconnect()
    except Exception as e:
        print("refused", e, flush=True)
    time.sleep(0.4)
