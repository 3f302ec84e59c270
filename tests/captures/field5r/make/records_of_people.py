"""HAR files of Charles, Fiddler, HTTP Toolkit, Safari, Firefox and Chrome, and logs in forms of loggers and collectors."""
import datetime, json
from wire import BACKOFF, CHROME, scene, stamp, sid, itertools
from records import BEGIN, Record
import origins

HOST = "https://live.example.net"


def when(seconds, form="Z"):
    at = BEGIN + datetime.timedelta(seconds=seconds)
    if form == "zone":
        return at.replace(tzinfo=datetime.timezone.utc).astimezone(datetime.timezone(datetime.timedelta(hours=1))).isoformat(timespec="microseconds")
    return at.isoformat(timespec="milliseconds") + "Z"


def url(of=None, transport="polling", host=HOST):
    return f"{host}/socket.io/?EIO=4&transport={transport}&t={stamp()}" + (f"&sid={of}" if of else "")


def entry(at, link, status=200, body=None, method="GET", posted=None, took=12.0, kind="text/plain; charset=UTF-8", form="Z", of_response=None, of_content=None, headers=(), more=None, text=None, asks=()):
    size = len(body or "")
    pairs = lambda fields: [{"name": name, "value": value} for name, value in fields]
    return {
        "startedDateTime": when(at, form), "time": took,
        "request": {"method": method, "url": link, "httpVersion": "HTTP/1.1", "cookies": [], "headers": pairs((("Accept", "*/*"), ("User-Agent", CHROME), *asks)), "queryString": [],
                    "headersSize": -1, "bodySize": len(posted or ""), **({"postData": {"mimeType": "text/plain;charset=UTF-8", "text": posted}} if posted else {})},
        "response": {"status": status, "statusText": text if text is not None else {200: "OK", 400: "Bad Request", 101: "Switching Protocols"}.get(status, ""), "httpVersion": "HTTP/1.1", "cookies": [],
                     "headers": pairs((*((("Content-Type", kind),) if kind else ()), *headers)), "content": {"size": size, "mimeType": kind or "x-unknown", **({"text": body} if body else {}), **(of_content or {})},
                     "redirectURL": "", "headersSize": -1, "bodySize": size, **(of_response or {})},
        "cache": {}, "timings": {"send": 0, "wait": took, "receive": 0, "blocked": -1, "dns": -1, "connect": -1, "ssl": -1}, **(more or {})}


def har(name, version, entries, bom=False, pages=None, **log):
    data = json.dumps({"log": {"version": "1.2", "creator": {"name": name, "version": version}, "pages": pages or [], "entries": entries, **log}}, indent=1).encode()
    return Record("trace.har", (b"\xef\xbb\xbf" if bom else b"") + data)


def opened(of, upgrades=()):
    return json.dumps({"sid": of, "upgrades": list(upgrades), "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1000000}, separators=(",", ":"))


def visit(make, begin, seed, beats=2, upgrades=()):
    """A session by polling that is well: entries by `make(at, url, …)`."""
    of = sid(seed)
    link = lambda: url(of)
    entries = [make(begin, url(), body="0" + opened(of, upgrades)), make(begin + 0.03, link(), body="ok", method="POST", posted="40", kind="text/html"),
               make(begin + 0.04, link(), body=f'40{{"sid":"{sid(seed + 500)}"}}'), make(begin + 0.1, link(), body='42["list",["apple","pear"]]', took=2100)]
    at = begin + 2.3
    entries.append(make(at, link(), body="ok", method="POST", posted='42["look",7]', kind="text/html"))
    for beat in range(beats):
        entries.append(make(at + 0.02, link(), body="2", took=(begin + 25 * (beat + 1) - at) * 1000))
        at = begin + 25.02 * (beat + 1)
        entries.append(make(at, link(), body="ok", method="POST", posted="3", kind="text/html"))
    return of, at, entries


# ---- HAR, ill


@scene
def har_charles_session_unknown():
    """Charles: sessions that the next request's backend does not know; its own _charlesStatus, statusText null, times of a zone."""
    entries = []
    make = lambda *words, **more: entry(*words, form="zone", more={"serverIPAddress": "192.0.2.10", "connection": str(60 + len(entries))}, of_response={"_charlesStatus": "COMPLETE", "statusText": None}, **more)
    for turn, at in enumerate(itertools.accumulate(BACKOFF[:4], initial=1)):
        of = sid(1600 + turn)
        entries += [make(at, url(), body="0" + opened(of, ["websocket"])), make(at + 0.04, url(of), 400, '{"code":1,"message":"Session ID unknown"}', "POST", "40", kind="application/json")]
    return har("Charles Proxy", "4.6.7", entries)


@scene
def har_fiddler_refused():
    """Fiddler, whose file begins with a byte order mark: it answers 502 in the server's place, whose port refused it."""
    said = "[Fiddler] The connection to 'live.example.net' failed. <br />Error: ConnectionRefused (0x274d). <br />System.Net.Sockets.SocketException No connection could be made because the target machine actively refused it 192.0.2.10:3000"
    entries = [entry(at, url(host="http://live.example.net:3000"), 502, said.ljust(512), kind="text/html; charset=UTF-8", text="Fiddler - Connection Failed", took=2030, form="zone",
                     headers=(("Connection", "close"), ("Cache-Control", "no-cache, must-revalidate"), ("Timestamp", "09:00:03.295")), more={"comment": "[#%d]" % number})
               for number, at in enumerate(itertools.accumulate(BACKOFF[:5], initial=1))]
    return har("Fiddler", "5.0.20245.10105", entries, bom=True, comment="exported @ 11/28/2026 9:01:12 AM")


@scene
def har_http_toolkit_aborted():
    """HTTP Toolkit: handshakes that the server never answers; the client gives up after 20 s, which is status 0 and no word of an error."""
    entries = [entry(at, url(), 0, kind=None, took=20003, text="", of_response={"httpVersion": "", "content": {"size": 0, "mimeType": "application/x-unknown"}, "bodySize": -1}, more={"pageref": "Chrome"})
               for at in (1, 22.4, 45.1, 68.7)]
    return har("HTTP Toolkit", "1.19.0", entries, pages=[{"id": "Chrome", "title": "Chrome", "startedDateTime": when(1), "pageTimings": {}}])


@scene
def har_safari_origin():
    """Safari: python-engineio refuses the page's origin by 400, whose body the browser does not give; _error is in the system's words."""
    entries = [entry(at, url(), 400, kind="text/plain", asks=(("Origin", "https://shop.example.org"),), of_response={"_error": "Origin https://shop.example.org is not allowed by Access-Control-Allow-Origin. Status code: 400"},
                     more={"pageref": "page_0", "serverIPAddress": "192.0.2.10", "connection": "3", "_fetchType": "Network Load"}) for at in itertools.accumulate(BACKOFF[:5], initial=1)]
    return har("WebKit Web Inspector", "20621.1.15.11.10", entries, pages=[{"startedDateTime": when(0), "id": "page_0", "title": "https://shop.example.org/", "pageTimings": {"onContentLoad": 300, "onLoad": 400}}])


# ---- HAR, well


@scene
def healthy_har_safari():
    """Safari: a session by polling that is upgraded; the file has nothing of what the WebSocket carried, and the poll that noop answered."""
    make = lambda *words, **more: entry(*words, more={"pageref": "page_0", "serverIPAddress": "192.0.2.10", "connection": "3", "_fetchType": "Network Load"}, **more)
    of, at, entries = visit(make, 1, 1620, beats=0, upgrades=("websocket",))
    entries.append(make(at + 0.05, url(of), body="6", took=60))
    return har("WebKit Web Inspector", "20621.1.15.11.10", entries, pages=[{"startedDateTime": when(0), "id": "page_0", "title": "https://shop.example.org/", "pageTimings": {"onContentLoad": 300, "onLoad": 400}}])


@scene
def healthy_har_pending_and_evicted():
    """Chrome: a service worker passes the requests on, bodies were evicted from the inspector's cache, and the last poll is pending at the export."""
    def make(at, link, status=200, body=None, **more):
        keep = at < 5
        done = entry(at, link, status, body if keep else None, of_response={"_transferSize": 180, "_error": None, "_fetchedViaServiceWorker": True, "_responseCacheStorageCacheName": "v1"},
                     more={"_resourceType": "fetch", "pageref": "page_1", "serverIPAddress": "192.0.2.10", "connection": "443", "_priority": "High"}, **more)
        if not keep:
            done["response"]["content"] = {"size": len(body), "mimeType": "text/plain"}
        return done
    of, at, entries = visit(make, 1, 1622, beats=3)
    pending = entry(at + 0.02, url(of), 0, kind=None, text="", took=9100, of_response={"httpVersion": "", "_transferSize": 0, "_error": None, "_fetchedViaServiceWorker": False}, more={"_resourceType": "fetch", "pageref": "page_1", "serverIPAddress": ""})
    return har("WebInspector", "537.36", [*entries, pending], pages=[{"startedDateTime": when(0), "id": "page_1", "title": "https://shop.example.org/", "pageTimings": {"onContentLoad": 90, "onLoad": 120}}])


@scene
def healthy_har_http_toolkit():
    """HTTP Toolkit: a session by polling with one answer of over 40 kB, whose text it leaves out, and a last poll that the client ended by itself."""
    make = lambda *words, **more: entry(*words, more={"pageref": "Chrome"}, **more)
    of, at, entries = visit(make, 1, 1624)
    large = entry(at + 0.02, url(of), body=None, took=900, of_content={"size": 65000}, of_response={"bodySize": 65000}, more={"pageref": "Chrome"})
    last = entry(at + 1.1, url(of), 0, kind=None, took=4400, text="", of_response={"httpVersion": "", "bodySize": -1}, more={"pageref": "Chrome"})
    bye = make(at + 5.5, url(of), body="ok", method="POST", posted="41\x1e1", kind="text/html")
    return har("HTTP Toolkit", "1.19.0", [*entries, large, last, bye], pages=[{"id": "Chrome", "title": "Chrome", "startedDateTime": when(1), "pageTimings": {}}])


# ---- logs, ill

log = lambda rows: Record("server.log", ("\n".join(rows) + "\n").encode())
millis = lambda at: int((BEGIN - datetime.datetime(1970, 1, 1)).total_seconds() * 1000 + at * 1000)
STALE = "Qm4dEup0aSessionAAAB"


@scene
def log_pino_connection_error():
    """pino: the application logs engine.io's connection_error (code, message, context), as socket.io's manual shows."""
    rows = [json.dumps({"level": 30, "time": millis(0), "pid": 18, "hostname": "web-6f9c", "msg": "listening on 3000"})]
    for turn, at in enumerate((31, 32.4, 34.9, 39, 44.2)):
        rows.append(json.dumps({"level": 30, "time": millis(at - 0.4), "pid": 18, "hostname": "web-6f9c", "req": {"method": "GET", "url": "/health"}, "res": {"statusCode": 200}, "msg": "request completed"}))
        rows.append(json.dumps({"level": 40, "time": millis(at), "pid": 18, "hostname": "web-6f9c", "code": 1, "message": "Session ID unknown", "context": {"sid": STALE}, "req": {"method": "POST", "url": f"/socket.io/?EIO=4&transport=polling&t=P{turn}xY&sid={STALE}"}, "msg": "engine connection_error"}))
    return log(rows)


@scene
def log_winston_connection_error():
    """winston's printf: connection_error with code 2, the handshake's method was wrong, and code 0, its transport."""
    rows = ["2026-11-28 08:00:00 [info]: listening on 3000"]
    for at in (12, 13, 16, 20):
        rows.append(f'2026-11-28 08:00:{at} [warn]: connection_error {{"code":0,"message":"Transport unknown","context":{{"transport":"websockets"}},"url":"/socket.io/?EIO=4&transport=websockets&t=P{at}"}}')
    return log(rows)


@scene
def log_loguru_invalid_transport():
    """loguru with an InterceptHandler: its own prefix with the place in the source, arrows and colours."""
    rows = []
    for at, level, name, where, text in (
            (0.1, "INFO", "uvicorn.server", "serve:84", "Started server process [7]"), (0.4, "INFO", "uvicorn.server", "_log_started_message:217", "Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)"),
            (11.2, "ERROR", "engineio.base_server", "_log_error_once:339", "Invalid transport (further occurrences of this error will be logged with level INFO)"),
            (11.21, "INFO", "uvicorn.protocols.http.httptools_impl", "send:483", '198.51.100.20:51022 - "GET /_event/?token=7c1e3b52-0d4a-4f6e-9b8a-000000001400&EIO=4&transport=polling&t=f5plwb56 HTTP/1.1" 400'),
            (11.6, "INFO", "engineio.base_server", "_log_error_once:339", "Invalid transport"),
            (11.61, "INFO", "uvicorn.protocols.http.httptools_impl", "send:483", '198.51.100.20:51024 - "GET /_event/?token=7c1e3b52-0d4a-4f6e-9b8a-000000001400&EIO=4&transport=polling&t=f5plwc12 HTTP/1.1" 400')):
        at = BEGIN + datetime.timedelta(seconds=at)
        rows.append(f"\x1b[32m{at.isoformat(sep=' ', timespec='milliseconds')}\x1b[0m | \x1b[1m{level: <8}\x1b[0m | \x1b[36m{name}\x1b[0m:\x1b[36m{where}\x1b[0m - \x1b[1m{text}\x1b[0m")
    return log(rows)


STALE_LOG = ((0.2, "Server initialized for asgi."), (0.5, "INFO:     Started server process [1]"), (0.8, "INFO:     Application startup complete."),
             (1.9, f"Invalid session {STALE} (further occurrences of this error will be logged with level INFO)"),
             (1.901, f'INFO:     198.51.100.20:51022 - "GET /socket.io/?EIO=4&transport=polling&t=f5plwb56&sid={STALE} HTTP/1.1" 400 Bad Request'),
             (2.4, f"Invalid session {STALE}"), (2.401, f'INFO:     198.51.100.20:51024 - "POST /socket.io/?EIO=4&transport=polling&t=f5plwb99&sid={STALE} HTTP/1.1" 400 Bad Request'))


@scene
def log_journal_json():
    """journalctl -o json: one object a line, the text in MESSAGE, once as a list of bytes, the time in microseconds."""
    rows = []
    for number, (at, text) in enumerate(STALE_LOG):
        rows.append(json.dumps({"__CURSOR": f"s=4711;i={number}", "__REALTIME_TIMESTAMP": str(millis(at) * 1000), "__MONOTONIC_TIMESTAMP": str(int(at * 1e6)), "_BOOT_ID": "0" * 32, "PRIORITY": "6",
                                "_HOSTNAME": "shop", "SYSLOG_IDENTIFIER": "uvicorn", "_PID": "811", "_SYSTEMD_UNIT": "shop.service", "MESSAGE": list(("\x1b[32m" + text + "\x1b[0m").encode()) if number == 3 else text}))
    return log(rows)


@scene
def log_cri_partial_lines():
    """A container runtime's own file: time, stream, P or F; a long line comes in parts, one of them within the words that say what is wrong."""
    rows = []
    for at, text in STALE_LOG:
        stamp_ = (BEGIN + datetime.timedelta(seconds=at)).isoformat(timespec="microseconds") + "123Z"
        if text.startswith("Invalid session") and "further" in text:
            rows += [f"{stamp_} stderr P Invalid ses", f"{stamp_} stderr F " + text[len("Invalid ses"):]]
        else:
            rows.append(f"{stamp_} stderr F {text}")
    return log(rows)


@scene
def log_google_cloud_json():
    """gcloud logging read --format=json: one list of objects over many lines, the newest first, the text in textPayload."""
    rows = [{"insertId": f"65f0{number}", "labels": {"instanceId": "0069"}, "logName": "projects/shop/logs/run.googleapis.com%2Fstderr", "receiveTimestamp": when(at + 0.2), "resource": {"labels": {"service_name": "shop"}, "type": "cloud_run_revision"},
             "textPayload": text, "timestamp": when(at)} for number, (at, text) in enumerate(STALE_LOG)]
    return Record("server.log", json.dumps(rows[::-1], indent=2).encode())


@scene
def log_uvicorn_rejects_websocket():
    """uvicorn's own lines alone: each WebSocket of a Reflex page is answered 403."""
    rows = ["INFO:     Started server process [7]", "INFO:     Waiting for application startup.", "INFO:     Application startup complete.", "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)"]
    for turn in range(7):
        rows += [f'INFO:     172.18.0.1:{50100 + turn * 2} - "WebSocket /_event/?token=7c1e3b52-0d4a-4f6e-9b8a-000000001400&EIO=4&transport=websocket" 403', "INFO:     connection rejected (403 Forbidden)", "INFO:     connection closed"]
    return log(rows)


def combined(at, line, status, size, upstream=None):
    return f'198.51.100.{20 + int(at) % 3} - - [28/Nov/2026:09:{int(at) // 60:02}:{int(at) % 60:02} +0100] "{line}" {status} {size} "https://shop.example.org/" "{CHROME}"' + (f' upstream="{upstream}" urt=0.004' if upstream else "")


@scene
def log_nginx_session_unknown():
    """nginx's access log with the upstream's address: a sid is answered 200 by one backend, 400 by the other."""
    rows = []
    for turn in range(5):
        of, at = sid(1640 + turn), 3 + turn * 4
        a, b = ("10.0.0.11:3000", "10.0.0.12:3000") if turn % 2 else ("10.0.0.12:3000", "10.0.0.11:3000")
        rows += [combined(at, "GET /app.js HTTP/1.1", 200, 51234), combined(at, f"GET /socket.io/?EIO=4&transport=polling&t=P{turn}a HTTP/1.1", 200, 118, a), combined(at + 1, f"POST /socket.io/?EIO=4&transport=polling&t=P{turn}b&sid={of} HTTP/1.1", 400, 41, b),
                 combined(at + 1, f"GET /socket.io/?EIO=4&transport=polling&t=P{turn}c&sid={of} HTTP/1.1", 400, 41, b)]
    return log(rows)


# ---- logs, well


@scene
def healthy_log_nginx():
    """nginx's access log of a well system: 101 when a WebSocket ends, 499 of a user who left, a scanner's 400 and 404."""
    rows = []
    for turn in range(6):
        of, at = sid(1650 + turn), 3 + turn * 4
        rows += [combined(at, f"GET /socket.io/?EIO=4&transport=polling&t=P{turn}a HTTP/1.1", 200, 118, "10.0.0.11:3000"), combined(at, f"POST /socket.io/?EIO=4&transport=polling&t=P{turn}b&sid={of} HTTP/1.1", 200, 2, "10.0.0.11:3000"),
                 combined(at, f"GET /socket.io/?EIO=4&transport=polling&t=P{turn}c&sid={of} HTTP/1.1", 200, 32, "10.0.0.11:3000"), combined(at + 30, f"GET /socket.io/?EIO=4&transport=websocket&sid={of} HTTP/1.1", 101, 4120, "10.0.0.11:3000")]
    rows += [combined(41, "GET /socket.io/?EIO=4&transport=polling&t=P9z&sid=" + sid(1656) + " HTTP/1.1", 499, 0, "10.0.0.11:3000"), combined(44, "GET /wp-login.php HTTP/1.1", 404, 153), combined(50, "GET /.env HTTP/1.1", 404, 153)]
    return log(rows)


class Beside(Record):
    """A capture of a well system, and its application's log."""

    def write(self, folder):
        origins.well(origins.Kept()).write(folder)
        super().write(folder)


@scene
def healthy_pino_beside_capture():
    """pino: connections come and go, with reasons that are no trouble; a customer's complaint has the words "Session ID unknown" in it, and a job's record the code 1."""
    rows = [json.dumps({"level": 30, "time": millis(0), "pid": 18, "hostname": "web-6f9c", "msg": "listening on 3000"})]
    for turn in range(6):
        at = 5 + turn * 7
        rows += [json.dumps({"level": 30, "time": millis(at), "pid": 18, "hostname": "web-6f9c", "sid": sid(1660 + turn), "msg": "user connected"}),
                 json.dumps({"level": 30, "time": millis(at + 3), "pid": 18, "hostname": "web-6f9c", "ticket": 4711 + turn, "text": "my browser said Session ID unknown yesterday", "msg": "ticket opened"}),
                 json.dumps({"level": 40, "time": millis(at + 4), "pid": 18, "hostname": "web-6f9c", "code": 1, "message": "mail job will try again", "msg": "job failed"}),
                 json.dumps({"level": 30, "time": millis(at + 6), "pid": 18, "hostname": "web-6f9c", "sid": sid(1660 + turn), "reason": "client namespace disconnect", "msg": "user left"})]
    return Beside("app.log", ("\n".join(rows) + "\n").encode())
