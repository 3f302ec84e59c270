"""Reflex on the wire: events, updates and hydration as versions 0.6 to 0.8 write them, and what goes wrong with pages of theirs."""
import json
from wire import *

ROOT = "reflex___state____state"
LOADS = ROOT + ".reflex___state____on_load_internal_state"
APP = ROOT + ".shop___shop____app_state"
TOKEN = "7c1e3b52-0d4a-4f6e-9b8a-{:012d}"


def page_request(seed, more=(), path="/_event/", **words):
    return upgrade(f"{path}?token={TOKEN.format(seed)}&EIO=4&transport=websocket", more=more, **words)


class Page(Tcp):
    """A page of a Reflex app: its WebSocket, opened and joined by the namespace /_event."""

    def __init__(self, capture, time, seed, token=None, version="0.8.28.post1", marker="_rx_state_", server=HERE, path="/_event/", **more):
        super().__init__(capture, time, server, **more)
        self.token, self.marker, self.keyed = token or seed, marker, version >= "0.7"
        spoken = (f"Sec-WebSocket-Protocol: {version}",) if self.keyed else ()
        self.c(time + 0.013, page_request(self.token, spoken, path))
        self.s(time + 0.015, switched(more=spoken))
        self.s(time + 0.0155, frame(opened(sid(seed), "", timeout=120000)))
        self.begun = time + 0.0155
        self.up(time + 0.03, "40/_event,")
        self.down(time + 0.032, f'40/_event,{{"sid":"{sid(seed + 500)}"}}')

    def up(self, at, text):
        self.c(at, frame(text, True))

    def down(self, at, text):
        self.s(at, frame(text))

    def named(self, variables):
        return {name + self.marker: value for name, value in variables.items()}

    def event(self, at, name, payload=None, chained=False):
        routed = {"pathname": "/", "query": {}, "asPath": "/"}
        body = {"token": TOKEN.format(self.token), "name": name, "router_data": routed, "payload": payload or {}} if chained else {
            "name": name, "payload": payload or {}, "handler": None, "event_actions": {}, "token": TOKEN.format(self.token), "router_data": routed}
        self.up(at, '42/_event,["event",' + json.dumps(body, separators=(",", ":")) + "]")

    def update(self, at, delta, events=(), final=True):
        states = {state: self.named(variables) for state, variables in delta.items()}
        self.down(at, '42/_event,["event",' + json.dumps({"delta": states, "events": list(events), "final": final}, separators=(",", ":")) + "]")

    def hydrates(self, at, on_load=True, loaded=True):
        """The page's first events and their updates; the time after them."""
        self.event(at, ROOT + ".hydrate")
        self.update(at + 0.01, {ROOT: {"is_hydrated": False, "router": {"session": {"client_token": TOKEN.format(self.token)}, "page": {"path": "/"}}},
                                LOADS: {}, APP: {"status": "", "items": [], "total": 0}})
        self.event(at + 0.025, LOADS + ".on_load_internal")
        chain = [{"token": TOKEN.format(self.token), "name": name, "router_data": {"pathname": "/index", "query": {}, "asPath": "/"}, "payload": payload}
                 for name, payload in (*([(APP + ".on_load", {})] if on_load else []), (ROOT + ".set_is_hydrated", {"value": True}))]
        self.update(at + 0.03, {ROOT: {"is_hydrated": False}}, chain)
        at += 0.045
        if on_load:
            self.event(at, APP + ".on_load", chained=True)
            if not loaded:
                return at
            self.update(at + 0.02, {APP: {"status": "ready", "items": [["apple", 3], ["pear", 5]], "total": 8}})
            at += 0.035
        self.event(at, ROOT + ".set_is_hydrated", {"value": True}, chained=True)
        self.update(at + 0.004, {ROOT: {"is_hydrated": True}})
        return at + 0.02

    def clicks(self, at, turns, every=4):
        for turn in range(turns):
            self.event(at, APP + ".add", {"item": "pear"})
            self.update(at + 0.008, {APP: {"total": 9 + turn, "items": [["apple", 3], ["pear", 6 + turn]]}})
            at += every
        return at

    def beats(self, since, until):
        at = self.begun + 25
        while at < until:
            if at > since:
                self.down(at, "2")
                self.up(at + 0.013, "3")
            at += 25.013

    def leaves(self, at):
        self.up(at, "41/_event,")
        self.c(at + 0.0002, frame(b"", True, 8))
        self.s(at + 0.0006, frame(b"", False, 8))
        self.close(at + 0.001, "s")


def visits(capture, at, seed, until=70, **more):
    """A page that is well."""
    user = Page(capture, at, seed, **more)
    ready = user.hydrates(at + 0.05)
    with user:
        user.clicks(ready + 1, 12)
        user.beats(at, at + until)
    user.leaves(at + until)
    return user


def tries(request, reply, begin=1, server=HERE, count=14):
    """Reflex's own reconnection: 200 ms more each time."""
    capture = Capture()
    at = begin
    for number in range(count):
        web = Web(capture, at, server)
        web.ask(at + 0.013, request(), reply)
        web.close(at + 0.03, "s")
        at += min(2, 0.2 * (number + 1)) + 0.03
    return capture


VERSION = ("Sec-WebSocket-Protocol: 0.8.28.post1",)


@scene
def rx_api_url_is_the_frontend():
    """api_url was built as the frontend's own address: the static server answers the WebSocket with its page."""
    page = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>Shop</title></head><body><div id="root"></div></body></html>'
    return tries(lambda: page_request(1300, VERSION, host="shop.example.org:3000"), answer(page, "200 OK", "text/html;charset=utf-8", (
        "Cache-Control: no-cache", "ETag: W/\"131-1795852800000\"", "Connection: keep-alive", "Keep-Alive: timeout=5"), store=False))


@scene
def rx_prefix_not_stripped():
    """The ingress sends /api/_event/ on as it is, and the backend serves /_event: uvicorn refuses the WebSocket with a bare 403."""
    return tries(lambda: page_request(1301, VERSION, "/api/_event/", host="shop.example.org"), lines(
        "HTTP/1.1 403 Forbidden", DATE, "Content-Type: text/plain", "Content-Length: 0", "Connection: close"))


@scene
def rx_nginx_without_upgrade():
    """nginx before the backend sets no Upgrade headers: the backend sees a GET and says "Invalid websocket upgrade"."""
    return tries(lambda: page_request(1302, VERSION, host="shop.example.org"), answer('"Invalid websocket upgrade"', "400 Bad Request", "text/plain", (
        "Server: nginx/1.24.0", "Connection: keep-alive"), store=False))


@scene
def rx_frontend_of_0_7():
    """The exported frontend is of 0.7.14 (its subprotocol says so), the backend is of 0.8 (its vars end with _rx_state_): nothing is shown."""
    capture = Capture()
    for number in range(2):
        visits(capture, 1 + number * 9, 1304 + number, version="0.7.14")
    return capture


@scene
def rx_on_load_never_ends():
    """A page's on_load waits for ever (a request without a timeout): the page is never hydrated, while pings go on."""
    capture = Capture()
    for number in range(2):
        at = 1 + number * 5
        user = Page(capture, at, 1306 + number)
        user.hydrates(at + 0.05, loaded=False)
        user.beats(at, at + 110)
        user.leaves(at + 110)
    return capture


@scene
def rx_lock_expired():
    """With Redis, a handler works for longer than the lock lasts: its update is lost, and a toast says LockExpiredError."""
    capture = Capture()
    for number in range(2):
        at = 1 + number * 3
        user = Page(capture, at, 1308 + number)
        ready = user.hydrates(at + 0.05)
        ready = user.clicks(ready + 1, 3)
        user.event(ready, APP + ".import_orders")
        message = (f"LockExpiredError: Lock expired for token {TOKEN.format(1308 + number)}_{APP} while processing. Consider increasing `app.state_manager.lock_expiration` (currently 10000) "
                   "or use `@rx.event(background=True)` decorator for long-running tasks.")
        call = {"token": TOKEN.format(1308 + number), "name": "_call_function", "router_data": {"pathname": "/index", "query": {}, "asPath": "/"}, "payload": {
            "function": "(() => (isTrue(refs['__toast']) ? (refs['__toast']?.[\"error\"](\"An error occurred.\", ({ [\"description\"] : " + json.dumps(message + "<br/>See logs for details.") +
                        ", [\"position\"] : \"top-center\", [\"id\"] : \"backend_error\" }))) : (window.alert(\"An error occurred.\"))))", "callback": None}}
        user.update(ready + 12.4, {}, [call])
        user.clicks(ready + 14, 2)
        user.leaves(ready + 22.9)
    return capture


@scene
def rx_upload_413():
    """rx.upload sends 3 MB to /_upload, and nginx takes 1 MB: 413. The socket is well, and the handler never runs."""
    capture = Capture()
    body = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n"
    user = Page(capture, 1, 1310)
    ready = user.hydrates(1.05)
    with user:
        user.clicks(ready + 1, 6)
        user.beats(1, 40)
    for at in (6, 14, 23):
        web = Web(capture, at, HERE)
        head = lines("POST /_upload HTTP/1.1", "Host: app.example.org", "Connection: keep-alive", "Content-Length: 3145920", f"User-Agent: {CHROME}",
                     f"Reflex-Client-Token: {TOKEN.format(1310)}", f"Reflex-Event-Handler: {APP}.handle_upload",
                     "Content-Type: multipart/form-data; boundary=----WebKitFormBoundarymadeup", "Accept: */*", "Origin: http://app.example.org")
        web.c(at + 0.013, head + b'------WebKitFormBoundarymadeup\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n' + b"1;2;3\n" * 200)
        web.s(at + 0.016, answer(body, "413 Request Entity Too Large", "text/html", ("Server: nginx/1.24.0", "Connection: close"), store=False))
        web.raw("s", at + 0.017, FIN | ACK)
        web.raw("c", at + 0.03, RST | ACK)
    user.leaves(41)
    return capture


@scene
def rx_redirect_loop():
    """on_load redirects to the page itself: it loads, hydrates and redirects, about once in a second."""
    capture = Capture()
    at = 1.0
    for number in range(16):
        user = Page(capture, at, 1320 + number, token=1320)
        ready = user.hydrates(at + 0.05, loaded=False)
        user.update(ready + 0.01, {}, [{"name": "_redirect", "payload": {"path": "/", "external": True, "replace": False}}])
        user.leaves(ready + 0.06)
        at = ready + 0.9
    return capture


@scene
def rx_one_token_two_workers():
    """Two backend workers without Redis, and a duplicated tab: the other worker does not know that the token is taken, and both tabs keep it."""
    capture = Capture()
    first = Page(capture, 1, 1340, token=1340, server=("192.0.2.10", 8001))
    second = Page(capture, 8, 1341, token=1340, server=("192.0.2.10", 8002))
    for user, at in ((first, 1), (second, 8)):
        ready = user.hydrates(at + 0.05)
        with user:
            user.clicks(ready + 1, 12)
            user.beats(at, 70)
    first.leaves(71)
    second.leaves(73)
    return capture


# ---- and what is well


@scene
def healthy_rx_0_6():
    """Reflex 0.6.8: vars without a suffix, no subprotocol."""
    capture = Capture()
    visits(capture, 1, 1350, version="0.6.8", marker="")
    return capture


@scene
def healthy_rx_0_7():
    """Reflex 0.7.14: vars without a suffix, the version as subprotocol."""
    capture = Capture()
    visits(capture, 1, 1351, version="0.7.14", marker="")
    return capture


@scene
def healthy_rx_background():
    """A background task pushes for a minute (final: null), with tables of 300 kB in between."""
    capture = Capture()
    user = Page(capture, 1, 1352)
    ready = user.hydrates(1.05)
    user.event(ready + 1, APP + ".watch")
    user.update(ready + 1.01, {APP: {"status": "watching"}})
    with user:
        for turn in range(60):
            user.update(ready + 1.5 + turn, {APP: {"total": turn}}, final=None)
        for turn in range(3):
            user.update(ready + 10.7 + turn * 18, {APP: {"items": [["a row of a table", 12345]] * 12000}}, final=None)
        user.beats(1, 63)
    user.leaves(64.5)
    return capture


@scene
def healthy_rx_slow_on_load():
    """on_load yields its progress for 40 s (final: false) and ends: the page is hydrated then."""
    capture = Capture()
    user = Page(capture, 1, 1353)
    at = user.hydrates(1.05, loaded=False)
    with user:
        for turn in range(20):
            user.update(at + 1 + turn * 2, {APP: {"status": f"step {turn}"}}, final=False)
        user.update(at + 42, {APP: {"status": "ready"}})
        user.event(at + 42.02, ROOT + ".set_is_hydrated", {"value": True}, chained=True)
        user.update(at + 42.03, {ROOT: {"is_hydrated": True}})
        user.clicks(at + 44, 4)
        user.beats(1, 62)
    user.leaves(63)
    return capture


@scene
def healthy_rx_upload():
    """rx.upload: a POST to /_upload, answered by updates a line each; the socket goes on beside it."""
    capture = Capture()
    user = Page(capture, 1, 1354)
    ready = user.hydrates(1.05)
    with user:
        user.clicks(ready + 1, 5)
        user.beats(1, 30)
    body = b'------WebKitFormBoundarymadeup\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n' + b"1;2;3\n" * 800 + b"\r\n------WebKitFormBoundarymadeup--\r\n"
    web = Web(capture, 6, HERE)
    head = lines("POST /_upload HTTP/1.1", "Host: app.example.org", "Connection: keep-alive", f"Content-Length: {len(body)}", f"User-Agent: {CHROME}",
                 f"Reflex-Client-Token: {TOKEN.format(1354)}", f"Reflex-Event-Handler: {APP}.handle_upload",
                 "Content-Type: multipart/form-data; boundary=----WebKitFormBoundarymadeup", "Accept: */*", "Origin: http://app.example.org")
    text = json.dumps({"delta": {APP: {"status_rx_state_": "uploaded"}}, "events": [], "final": True}) + "\n"
    web.ask(6.013, head + body, lines("HTTP/1.1 200 OK", DATE, "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked") + f"{len(text):x}\r\n{text}\r\n0\r\n\r\n".encode(), 0.3)
    web.close(12)
    user.leaves(31)
    return capture


@scene
def healthy_rx_state_expired():
    """The state expired while the user was away for 70 s: the backend asks for a reload of it once, and the page hydrates again."""
    capture = Capture()
    user = Page(capture, 1, 1355)
    user.hydrates(1.05)
    user.beats(1, 74)
    click = {"name": APP + ".add", "payload": {"item": "pear"}, "handler": None, "event_actions": {}, "token": TOKEN.format(1355), "router_data": {"pathname": "/", "query": {}, "asPath": "/"}}
    user.event(77, APP + ".add", {"item": "pear"})
    user.down(77.006, '42/_event,["reload",' + json.dumps(click, separators=(",", ":")) + "]")
    user.update(77.007, {}, final=True)
    ready = user.hydrates(77.02)
    user.clicks(ready + 1, 3)
    user.leaves(95)
    return capture
