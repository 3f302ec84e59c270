"""record.py FOLDER [CASE…]: records the cases of this set, one folder each: capture.pcap.zst and truth.json.

Needs tcpdump (as root), zstd, curl, nginx, and by pip hypercorn, python-socketio, h2. All is on 127.0.0.1: the server on
31080 (what is captured), behind nginx on 31081."""
import json, os, re, signal, socket, ssl, subprocess, sys, tempfile, time

import h2.config, h2.connection, h2.events, h2.exceptions, h2.settings

FRONT, BACK = 31080, 31081
POLL = "/socket.io/?EIO=4&transport=polling"

SERVER = '''
import socketio
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", ping_interval=5, ping_timeout=5)
log = open(LOG, "a", buffering=1)
@sio.event
async def connect(sid, environ):
    await sio.emit("welcome", {"n": 1}, to=sid)
@sio.event
async def ask(sid, *args):
    print("ask", *args, file=log)
    await sio.emit("answer", args[0], to=sid)
    return "done"
inner = socketio.ASGIApp(sio)
async def app(scope, receive, send):
    if WRAPPED and scope["type"] == "websocket":
        scope["headers"] = [*scope["headers"], (b"upgrade", b"websocket"), (b"connection", b"upgrade")]
    await inner(scope, receive, send)
'''

NGINX = '''
daemon off; pid %(work)s/pid; error_log %(work)s/error.log; events {}
http {
  access_log off;
  client_body_temp_path %(work)s; proxy_temp_path %(work)s; fastcgi_temp_path %(work)s; uwsgi_temp_path %(work)s; scgi_temp_path %(work)s;
  server { listen 127.0.0.1:31080 http2; %(more)s location / { proxy_pass http://127.0.0.1:31081; proxy_http_version 1.1; proxy_read_timeout 60s; } }
}
'''


def wait_for(port):
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing listens on {port}")


class Stage:
    """What runs for a case: the server, nginx before it, tcpdump."""

    def __init__(self, folder):
        self.folder, self.work, self.running = folder, tempfile.mkdtemp(), []
        self.truth = {"client_sent": [], "client_received": [], "server_received": [], "server_sent": []}

    def start(self, *words, **more):
        self.running.append(subprocess.Popen(words, **more))

    def server(self, port, wrapped=False, tls=False):
        log = os.path.join(self.work, "app.log")
        with open(os.path.join(self.work, "served.py"), "w") as out:
            out.write(f"LOG, WRAPPED = {log!r}, {wrapped}\n{SERVER}")
        words = ["-b", f"127.0.0.1:{port}", "served:app"]
        if tls:
            files = [os.path.join(self.work, name) for name in ("key", "certificate")]
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-keyout", files[0], "-out", files[1], "-subj", "/CN=localhost", "-days", "3650"],
                           check=True, stderr=subprocess.DEVNULL)
            words += ["--keyfile", files[0], "--certfile", files[1]]
        self.start(sys.executable, "-m", "hypercorn", *words, cwd=self.work)
        wait_for(port)

    def nginx(self, more=""):
        path = os.path.join(self.work, "nginx.conf")
        with open(path, "w") as out:
            out.write(NGINX % {"work": self.work, "more": more})
        self.start("nginx", "-c", path)
        wait_for(FRONT)

    def capture(self):
        os.makedirs(self.folder, exist_ok=True)
        self.pcap = os.path.join(self.folder, "capture.pcap")
        self.start("tcpdump", "-q", "-i", "lo", "-U", "-w", self.pcap, f"tcp port {FRONT}", stderr=subprocess.DEVNULL)
        time.sleep(1)

    def end(self):
        time.sleep(1)
        for each in reversed(self.running):
            each.send_signal(signal.SIGINT)
            try:
                each.wait(10)
            except subprocess.TimeoutExpired:
                each.kill()
        subprocess.run(["zstd", "-q", "-f", "--rm", self.pcap], check=True)
        log = os.path.join(self.work, "app.log")
        self.truth["server_app_log"] = open(log).read().splitlines() if os.path.exists(log) else []
        with open(os.path.join(self.folder, "truth.json"), "w") as out:
            json.dump(self.truth, out, indent=1)


class Client:
    """Frames by hand, over one connection, with prior knowledge."""

    def __init__(self, port=FRONT, keys=None):
        self.socket = socket.create_connection(("127.0.0.1", port))
        if keys:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode, context.keylog_filename = False, ssl.CERT_NONE, keys
            context.set_alpn_protocols(["h2", "http/1.1"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False))
        self.h2.initiate_connection()
        self.answers = {}

    def ask(self, path, method="GET", body=None, length=True, more=()):
        number = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":path", path), (":scheme", "http"), (":authority", f"127.0.0.1:{FRONT}"),
                  *more, ("user-agent", "record.py")]
        if body is not None and length:
            fields.append(("content-length", str(len(body))))
        connects = method == "CONNECT"
        self.h2.send_headers(number, fields, end_stream=body is None and not connects)
        if body is not None:
            self.h2.send_data(number, body, end_stream=True)
        self.answers[number] = {"status": None, "body": b"", "over": False, "reset": None}
        return number

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def run(self, until, seconds=10):
        """Takes what comes until until() holds."""
        self.flush()
        end = time.time() + seconds
        while not until() and time.time() < end:
            self.socket.settimeout(max(0.05, end - time.time()))
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                break
            if not data:
                break
            try:
                events = self.h2.receive_data(data)
            except h2.exceptions.ProtocolError:  # the library takes no more after a GOAWAY
                continue
            for event in events:
                answer = self.answers.get(getattr(event, "stream_id", None))
                if isinstance(event, h2.events.ResponseReceived):
                    answer["status"] = dict(event.headers)[":status"]
                elif isinstance(event, h2.events.DataReceived):
                    answer["body"] += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    answer["over"] = True
                elif isinstance(event, h2.events.StreamReset):
                    answer["over"], answer["reset"] = True, int(event.error_code)
            try:
                self.flush()
            except OSError:
                break

    def get(self, path):
        number = self.ask(path)
        self.run(lambda: self.answers[number]["over"])
        return self.answers[number]["body"].decode()

    def post(self, path, text, length=True):
        number = self.ask(path, "POST", text.encode(), length)
        self.run(lambda: self.answers[number]["over"])
        return self.answers[number]["body"].decode()

    def open(self):
        """A session, joined. Its path, and what came."""
        path = POLL + "&sid=" + re.search(r'"sid":"([^"]+)"', self.get(POLL)).group(1)
        self.post(path, "40")
        return path, self.get(path)

    def close(self):
        try:
            self.h2.close_connection()
            self.flush()
        except Exception:
            pass
        self.socket.close()


def note(stage, text):
    for packet in text.split("\x1e"):
        if packet.startswith("42"):
            stage.truth["client_received"].append(json.loads(packet[2:]))
            stage.truth["server_sent"].append(json.loads(packet[2:]))


def posts(stage, length):
    stage.server(FRONT)
    stage.capture()
    client = Client()
    path, text = client.open()
    note(stage, text)
    if "welcome" not in text:
        note(stage, client.get(path))
    for number in (1, 2):
        stage.truth["client_sent"].append(["ask", number])
        stage.truth["posted"] = client.post(path, f'42{number}["ask",{number}]', length)
    waiting = client.ask(path)
    client.run(lambda: client.answers[waiting]["over"], 6)
    note(stage, client.answers[waiting]["body"].decode())
    if length:
        note(stage, client.get(path)) if "answer" not in client.answers[waiting]["body"].decode() else None
    client.post(path, "1")
    client.close()


def post_without_length(stage):
    posts(stage, False)


def post_with_length(stage):
    posts(stage, True)


def upgrade_by_curl(stage):
    stage.server(FRONT)
    stage.capture()
    url = f"http://127.0.0.1:{FRONT}{POLL}"
    first = subprocess.run(["curl", "-s", "--http2", url, "--next", "--http2", "-s", url], capture_output=True, text=True)
    stage.truth["curl"] = first.stdout


def websocket(stage, path):
    client = Client()
    client.run(lambda: h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL in client.h2.remote_settings, 2)
    number = client.ask(path, "CONNECT", more=((":protocol", "websocket"), ("sec-websocket-version", "13")))
    fields = None
    client.run(lambda: client.answers[number]["status"], 5)
    stage.truth["status"] = client.answers[number]["status"]
    return client, number


def frame(text, opcode=1):
    payload = text if isinstance(text, bytes) else text.encode()
    mask = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked


def extended_connect_refused(stage):
    stage.server(FRONT)
    stage.capture()
    client, _ = websocket(stage, "/socket.io/?EIO=4&transport=websocket")
    client.close()


def extended_connect(stage):
    stage.server(FRONT, wrapped=True)
    stage.capture()
    client, number = websocket(stage, "/socket.io/?EIO=4&transport=websocket")
    client.h2.send_data(number, frame("40"))
    client.run(lambda: b"welcome" in client.answers[number]["body"], 5)
    client.h2.send_data(number, frame('420["ask",7]'))
    client.run(lambda: b"done" in client.answers[number]["body"], 5)
    client.h2.send_data(number, frame("41") + frame(b"\x03\xe8", 8))
    client.run(lambda: client.answers[number]["over"], 2)
    stage.truth.update(client_sent=[["ask", 7]], client_received=[["welcome", {"n": 1}], ["answer", 7]])
    stage.truth["server_sent"] = stage.truth["client_received"]
    client.close()


def tls_polls_and_websocket(stage):
    """Over TLS with ALPN h2: a session by polling, and another by extended CONNECT on the same connection, by turns."""
    stage.server(FRONT, wrapped=True, tls=True)
    stage.capture()
    client = Client(keys=os.path.join(stage.folder, "keys.log"))
    path, text = client.open()
    client.run(lambda: h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL in client.h2.remote_settings, 2)
    received = [["welcome", {"n": 1}]] * 2
    if "welcome" not in text:
        client.get(path)
    number = client.ask("/socket.io/?EIO=4&transport=websocket", "CONNECT",
                        more=((":protocol", "websocket"), ("sec-websocket-version", "13")))
    client.run(lambda: client.answers[number]["status"], 5)
    client.h2.send_data(number, frame("40"))
    client.run(lambda: b"welcome" in client.answers[number]["body"], 5)
    for turn in range(3):
        client.post(path, f'42["ask",{turn}]')
        client.h2.send_data(number, frame(f'42["ask",{turn + 10}]'))
        client.run(lambda: b'"answer",%d' % (turn + 10) in client.answers[number]["body"], 5)
        client.get(path)
        received += [["answer", turn], ["answer", turn + 10]]
        stage.truth["client_sent"] += [["ask", turn], ["ask", turn + 10]]
    client.h2.send_data(number, frame("41") + frame(b"\x03\xe8", 8))
    client.run(lambda: client.answers[number]["over"], 2)
    client.post(path, "1")
    stage.truth.update(client_received=received, server_sent=received, sessions=2)
    client.close()


def opened_by_http1():
    """A session over HTTP/1.1, straight to the server behind nginx."""
    opened = subprocess.run(["curl", "-s", f"http://127.0.0.1:{BACK}{POLL}"], capture_output=True, text=True).stdout
    path = POLL + "&sid=" + re.search(r'"sid":"([^"]+)"', opened).group(1)
    subprocess.run(["curl", "-s", "-d", "40", f"http://127.0.0.1:{BACK}{path}"], capture_output=True)
    subprocess.run(["curl", "-s", f"http://127.0.0.1:{BACK}{path}"], capture_output=True)
    return path


def stream_refused(stage):
    """One stream at a time is allowed; the client's first flight has two."""
    stage.server(BACK)
    stage.nginx("http2_max_concurrent_streams 1;")
    path = opened_by_http1()
    stage.capture()
    client = Client()
    poll, post = client.ask(path), client.ask(path, "POST", b'42["ask",1]')
    client.run(lambda: client.answers[post]["over"], 3)
    stage.truth["reset"] = client.answers[post]["reset"]
    stage.truth["client_sent"] = [["ask", 1]]
    client.run(lambda: client.answers[poll]["over"], 7)
    client.close()


def goaway_leaves_out(stage):
    """Two requests are served, then nginx goes away; the client's first flight has three."""
    stage.server(BACK)
    stage.nginx("keepalive_requests 2;")
    path = opened_by_http1()
    stage.capture()
    client = Client()
    numbers = [client.ask(path, "POST", b'42["ask",%d]' % i) for i in (1, 2, 3)]
    client.run(lambda: all(client.answers[n]["over"] for n in numbers), 3)
    stage.truth["answers"] = {n: str(client.answers[n]) for n in numbers}
    client.close()


def goaway_graceful(stage):
    """nginx goes away after each three requests; the client begins a connection for the next."""
    stage.server(BACK)
    stage.nginx("keepalive_requests 3;")
    stage.capture()
    client = Client()
    path, text = client.open()
    note(stage, text)
    client.close()
    client = Client()
    if "welcome" not in text:
        note(stage, client.get(path))
    stage.truth["client_sent"].append(["ask", 1])
    client.post(path, '42["ask",1]')
    note(stage, client.get(path))
    client.close()
    client = Client()
    client.post(path, "1")
    client.close()


def server_resets(stage):
    """A server of our own that opens a session, and then answers a poll by RST_STREAM INTERNAL_ERROR."""
    stage.capture()
    listener = socket.create_server(("127.0.0.1", FRONT))
    client = Client()
    client.ask(POLL)
    client.flush()
    peer, _ = listener.accept()
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    server.initiate_connection()

    def serve(answers):
        peer.settimeout(0.5)
        while True:
            try:
                data = peer.recv(65536)
            except TimeoutError:
                return
            for event in server.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    body = answers.pop(0)
                    if body is None:
                        server.reset_stream(event.stream_id, error_code=2)
                        continue
                    server.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/plain")])
                    server.send_data(event.stream_id, body, end_stream=True)
            peer.sendall(server.data_to_send())

    answers = [b'0{"sid":"Sd8oRbTMyTvI0jF7AAAA","upgrades":[],"pingInterval":5000,"pingTimeout":5000,"maxPayload":1000000}',
               b"ok", b'40{"sid":"Kq1"}', None]
    serve(answers)
    client.run(lambda: client.answers[1]["over"], 1)
    path = POLL + "&sid=Sd8oRbTMyTvI0jF7AAAA"
    for more in ("POST", "GET", "GET"):
        number = client.ask(path, more, b"40" if more == "POST" else None)
        client.flush()
        serve(answers)
        client.run(lambda: client.answers[number]["over"], 1)
    stage.truth["reset"] = client.answers[number]["reset"]
    client.close()
    time.sleep(0.2)
    peer.close()
    listener.close()


CASES = [post_without_length, post_with_length, upgrade_by_curl, extended_connect_refused, extended_connect, stream_refused,
         goaway_leaves_out, goaway_graceful, server_resets, tls_polls_and_websocket]

for case in CASES:
    name = case.__name__.replace("_", "-")
    if len(sys.argv) > 2 and name not in sys.argv[2:]:
        continue
    stage = Stage(os.path.join(sys.argv[1], name))
    try:
        case(stage)
    finally:
        stage.end()
    print(name, {k: v for k, v in stage.truth.items()})
