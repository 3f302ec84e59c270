"""Pages of Reflex 0.4 to 0.10 on the wire: what goes wrong with them, and what resembles it and is well."""
import itertools, json
from wire import *
import reflex_app
from reflex_app import APP, LOADS, ROOT, TOKEN, VERSION, Page, page_request, visits


def toast(message):
    """Reflex's own report of an exception, as 0.8 writes it."""
    text = json.dumps(message + "<br/>See logs for details.")
    return {"token": TOKEN.format(1), "name": "_call_function", "router_data": {"pathname": "/", "query": {}, "asPath": "/"}, "payload": {
        "function": "(() => (isTrue(refs['__toast']) ? (refs['__toast']?.[\"error\"](\"An error occurred.\", ({ [\"description\"] : " + text +
                    ", [\"position\"] : \"top-center\", [\"id\"] : \"backend_error\", [\"style\"] : ({ [\"width\"] : \"500px\" }) }))) : (window.alert(\"An error occurred.\"))))",
        "callback": None}}


class OldPage(Page):
    """0.4 and 0.5: the event and the update are each a JSON text within the packet's JSON, and states have short names in 0.4."""

    def __init__(self, capture, time, seed, root="state", **more):
        super().__init__(capture, time, seed, version="0.4.9", marker="", **more)
        self.root = root
        self.loads = root + (".on_load_internal_state" if root == "state" else ".reflex___state____on_load_internal_state")
        self.app = root + (".app_state" if root == "state" else ".shop___shop____app_state")

    def says(self, at, name, payload=None):
        body = {"name": name, "payload": payload or {}, "handler": None, "token": TOKEN.format(self.token), "router_data": {"pathname": "/", "query": {}, "asPath": "/"}}
        self.up(at, "42/_event," + json.dumps(["event", json.dumps(body, separators=(",", ":"))], separators=(",", ":")))

    def hears(self, at, delta, events=(), final=True):
        self.down(at, "42/_event," + json.dumps(["event", json.dumps({"delta": delta, "events": list(events), "final": final})], separators=(",", ":")))

    def hydrates(self, at, loaded=True):
        self.says(at, self.root + ".hydrate")
        self.hears(at + 0.01, {self.root: {"is_hydrated": False, "router": {"session": {"client_token": TOKEN.format(self.token)}}}, self.app: {"status": "", "items": [], "total": 0}})
        self.says(at + 0.025, self.loads + ".on_load_internal")
        chain = [{"token": TOKEN.format(self.token), "name": name, "router_data": {"pathname": "/", "query": {}, "asPath": "/"}, "payload": payload}
                 for name, payload in ((self.app + ".on_load", {}), (self.root + ".set_is_hydrated", {"value": True}))]
        self.hears(at + 0.03, {self.root: {"is_hydrated": False}}, chain)
        self.says(at + 0.045, self.app + ".on_load")
        if not loaded:
            return at + 0.045
        self.hears(at + 0.065, {self.app: {"status": "ready", "items": [["apple", 3]], "total": 3}})
        self.says(at + 0.08, self.root + ".set_is_hydrated", {"value": True})
        self.hears(at + 0.084, {self.root: {"is_hydrated": True}})
        return at + 0.1

    def clicks(self, at, turns, every=4):
        for turn in range(turns):
            self.says(at, self.app + ".add", {"item": "pear"})
            self.hears(at + 0.008, {self.app: {"total": 9 + turn}})
            at += every
        return at


# ---- what goes wrong


@scene
def rx_new_token_on_reconnect():
    """The page's connection dies with its Wi-Fi, it connects again with its token, and the backend, which has not missed the old one, gives it a new token and an empty state."""
    capture = Capture()
    first = Page(capture, 1, 1400)
    ready = first.hydrates(1.05)
    with first:
        first.clicks(ready + 1, 8)
        first.beats(1, 30)
    second = Page(capture, 34, 1401, token=1400, client="203.0.113.77")
    second.down(34.034, f'42/_event,["new_token","{TOKEN.format(1499)}"]')
    second.token = 1499
    ready = second.hydrates(34.05)
    second.clicks(ready + 3, 5)
    # the server's next ping to the dead connection, sent again and again
    first.send("s", first.begun + 50.01, frame("2"), acked=False)
    sent = frame("2")
    for wait in (0.21, 0.63, 1.47, 3.2, 6.6, 13.4):
        first.raw("s", first.begun + 50.01 + wait, ACK | PSH, sent, seq=first.seq["s"] - len(sent))
    with second:
        second.beats(34, 90)
    second.leaves(91)
    return capture


@scene
def rx_updates_to_the_dead_socket():
    """A background task goes on for the connection that died; the page that came back gets nothing of it."""
    capture = Capture()
    first = Page(capture, 1, 1402, version="0.8.3")
    ready = first.hydrates(1.05)
    first.event(ready + 1, APP + ".watch")
    first.update(ready + 1.01, {APP: {"status": "watching"}})
    for turn in range(10):
        first.update(ready + 1.5 + turn, {APP: {"total": turn}}, final=None)
    # from here on nothing is acknowledged
    lost = []
    for turn in range(10, 40):
        at = ready + 1.5 + turn
        data = frame('42/_event,' + json.dumps(["event", {"delta": {APP: {"total_rx_state_": turn}}, "events": [], "final": None}], separators=(",", ":")))
        first.send("s", at, data, acked=False)
        lost.append((at, data))
    base = first.seq["s"] - sum(len(data) for _, data in lost)
    for wait in (0.22, 0.66, 1.5, 3.3, 6.8, 13.7, 27.1):
        first.raw("s", lost[0][0] + wait, ACK | PSH, lost[0][1], seq=base)
    second = Page(capture, ready + 14, 1403, token=1402, version="0.8.3", client="203.0.113.78")
    after = second.hydrates(ready + 14.05)
    second.clicks(after + 6, 2)
    with second:
        second.beats(ready + 14, ready + 60)
    second.leaves(ready + 61)
    return capture


@scene
def rx_package_without_init():
    """The app's folder has no __init__.py: the frontend was compiled with shop___shop____app_state, the backend says shop____app_state; 0.10's page says so by client_error."""
    capture = Capture()
    other = ROOT + ".shop____app_state"
    schema = "2ec5d1b9a7f04c3388a1c0ffee0fa5a3"
    for number in range(2):
        at = 1 + number * 20
        user = Tcp(capture, at, HERE)
        token = TOKEN.format(1404 + number)
        user.c(at + 0.013, upgrade(f"/_event/?token={token}&EIO=4&transport=websocket", more=("Sec-WebSocket-Protocol: 0.10.1",)))
        user.s(at + 0.015, switched(more=("Sec-WebSocket-Protocol: 0.10.1",)))
        user.s(at + 0.0155, frame(opened(sid(1404 + number), "", timeout=120000)))
        up, down = lambda when, text: user.c(when, frame(text, True)), lambda when, text: user.s(when, frame(text))
        say = lambda when, name, body: up(when, "42/_event," + json.dumps([name, body], separators=(",", ":")))
        hear = lambda when, delta: down(when, "42/_event," + json.dumps(["event", {"delta": delta}], separators=(",", ":")))
        auth = {"event": {"name": ROOT + ".hydrate_and_load", "payload": {"hashes": ["0998f01deaa8eb32"]}, "router_data": {"pathname": "/", "asPath": "/"}}, "state_schema": schema}
        up(at + 0.03, "40/_event," + json.dumps(auth, separators=(",", ":")))
        down(at + 0.032, f'40/_event,{{"sid":"{sid(1904 + number)}"}}')
        hear(at + 0.04, {ROOT: {"is_hydrated_rx_state_": False}, other: {"items_rx_state_": [], "status_rx_state_": "new", "total_rx_state_": 0}})
        say(at + 0.055, "client_error", {"message": f"Cannot process state update: no dispatch function for substate(s) {other}", "error_type": "dispatch_missing", "substate": other})
        hear(at + 0.06, {ROOT: {"is_hydrated_rx_state_": True}})
        for turn in range(3):
            say(at + 3 + turn * 4, "event", {"name": ROOT + ".shop___shop____app_state.add", "payload": {"item": "pear"}, "router_data": {"pathname": "/", "asPath": "/"}})
        up(at + 17, "41/_event,")
        user.c(at + 17.0002, frame(b"", True, 8))
        user.s(at + 17.001, frame(b"", False, 8))
        user.close(at + 17.002, "s")
    return capture


@scene
def rx_duplicated_tab_0_7():
    """0.7: a tab is duplicated with its token; the pushes of the first tab's background task go to the second from then on."""
    capture = Capture()
    first = Page(capture, 1, 1406, version="0.7.14", marker="")
    ready = first.hydrates(1.05)
    first.event(ready + 1, APP + ".watch")
    first.update(ready + 1.01, {APP: {"status": "watching"}})
    for turn in range(8):
        first.update(ready + 1.5 + turn, {APP: {"total": turn}}, final=None)
    second = Page(capture, 10.2, 1407, token=1406, version="0.7.14", marker="")
    after = second.hydrates(10.25)
    with first:
        first.beats(1, 64)
    with second:
        for turn in range(9, 40):
            second.update(ready + 1.5 + turn, {APP: {"total": turn}}, final=None)
        second.beats(10, 64)
    first.leaves(65)
    second.leaves(66)
    return capture


@scene
def rx_upload_500():
    """The upload's handler is not async: Reflex's /_upload answers 500, and the page says nothing."""
    capture = Capture()
    user = Page(capture, 1, 1408)
    ready = user.hydrates(1.05)
    with user:
        user.clicks(ready + 1, 6)
        user.beats(1, 40)
    for at in (6, 14, 23):
        body = b'------WebKitFormBoundarymadeup\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n' + b"1;2;3\n" * 80 + b"\r\n------WebKitFormBoundarymadeup--\r\n"
        web = Web(capture, at, HERE)
        head = lines("POST /_upload HTTP/1.1", "Host: app.example.org", "Connection: keep-alive", f"Content-Length: {len(body)}", f"User-Agent: {CHROME}",
                     f"Reflex-Client-Token: {TOKEN.format(1408)}", f"Reflex-Event-Handler: {APP}.handle_upload",
                     "Content-Type: multipart/form-data; boundary=----WebKitFormBoundarymadeup", "Accept: */*", "Origin: http://app.example.org")
        web.ask(at + 0.013, head + body, answer("Internal Server Error", "500 Internal Server Error", "text/plain; charset=utf-8", ("Server: uvicorn",), store=False), 0.02)
        web.close(at + 8)
    user.leaves(41)
    return capture


@scene
def rx_background_immutable():
    """A background task writes a var outside `async with self`: its updates end with ImmutableStateError in a toast."""
    capture = Capture()
    for number in range(2):
        at = 1 + number * 3
        user = Page(capture, at, 1410 + number)
        ready = user.hydrates(at + 0.05)
        ready = user.clicks(ready + 1, 2)
        user.event(ready, APP + ".import_orders")
        user.update(ready + 0.01, {}, final=True)
        user.update(ready + 1, {APP: {"status": "working"}}, final=None)
        user.update(ready + 4.2, {}, [toast("ImmutableStateError: Background task StateProxy is immutable outside of a context manager. Use `async with self` to modify state.")], final=None)
        user.clicks(ready + 8, 2)
        user.leaves(ready + 20)
    return capture


@scene
def rx_0_4_alert():
    """0.4: updates are JSON texts; a handler's exception is answered by _alert, whose text says no more than "See logs"."""
    capture = Capture()
    for number in range(2):
        at = 1 + number * 2
        user = OldPage(capture, at, 1412 + number)
        ready = user.hydrates(at + 0.05)
        ready = user.clicks(ready + 1, 3)
        for turn in range(2):
            user.says(ready, user.app + ".save", {"form": {"name": "Zoë"}})
            user.hears(ready + 0.02, {}, [{"token": TOKEN.format(1412 + number), "name": "_alert", "router_data": {"pathname": "/", "query": {}, "asPath": "/"},
                                           "payload": {"message": "An error occurred. See logs for details."}}])
            ready += 4
        user.leaves(ready + 1)
    return capture


@scene
def rx_0_5_on_load_never_ends():
    """0.5, whose updates are JSON texts: on_load waits for ever, the page is never hydrated, pings go on."""
    capture = Capture()
    for number in range(2):
        at = 1 + number * 5
        user = OldPage(capture, at, 1414 + number, root=ROOT)
        user.hydrates(at + 0.05, loaded=False)
        with user:
            user.beats(at, at + 110)
        user.leaves(at + 110)
    return capture


@scene
def rx_reload_loop():
    """The state manager forgets each state at once (Redis evicts it): every click is answered by reload, the page hydrates again, and the click is done never."""
    capture = Capture()
    user = Page(capture, 1, 1416)
    at = user.hydrates(1.05)
    for turn in range(12):
        click = {"name": APP + ".add", "payload": {"item": "pear"}, "handler": None, "event_actions": {}, "token": TOKEN.format(1416), "router_data": {"pathname": "/", "query": {}, "asPath": "/"}}
        at += 1.4
        user.event(at, APP + ".add", {"item": "pear"})
        user.down(at + 0.006, '42/_event,["reload",' + json.dumps(click, separators=(",", ":")) + "]")
        user.update(at + 0.007, {}, final=True)
        at = user.hydrates(at + 0.02)
    user.leaves(at + 5)
    return capture


@scene
def rx_chained_event_never_comes():
    """An update hands the page an event to send back; the page throws at the function before it, and sends nothing more."""
    capture = Capture()
    for number in range(2):
        at = 1 + number * 3
        user = Page(capture, at, 1418 + number)
        ready = user.hydrates(at + 0.05)
        ready = user.clicks(ready + 1, 3)
        user.event(ready, APP + ".checkout")
        chain = [{"token": TOKEN.format(1418 + number), "name": name, "router_data": {"pathname": "/", "query": {}, "asPath": "/"}, "payload": payload} for name, payload in (
            ("_call_function", {"function": "(() => window.pay.open())", "callback": None}), (APP + ".paid", {}))]
        user.update(ready + 0.02, {APP: {"status": "paying"}}, chain)
        with user:
            user.beats(at, at + 80)
        user.leaves(at + 80)
    return capture


@scene
def rx_reconnects_in_mid_handler():
    """A handler works for eight seconds; a proxy cuts the connection after three, the page is back with its token at once, and the handler's update is sent to nobody."""
    capture = Capture()
    for number in range(2):
        at = 1 + number * 40
        user = Page(capture, at, 1420 + number)
        ready = user.hydrates(at + 0.05)
        ready = user.clicks(ready + 1, 12, 1)
        user.event(ready, APP + ".import_orders")
        user.update(ready + 0.02, {APP: {"status": "working"}}, final=False)
        user.raw("s", ready + 3, FIN | ACK)
        user.raw("c", ready + 3.012, FIN | ACK)
        user.raw("s", ready + 3.0122, ACK)
        again = Page(capture, ready + 3.05, 1422 + number, token=1420 + number)
        again.hydrates(ready + 3.1)
        again.beats(ready, ready + 20)
        again.leaves(ready + 20)
    return capture


# ---- and what is well


@scene
def healthy_rx_reconnect_keeps_token():
    """A page loses its connection for a moment; the backend saw the end, the token stays, and the state is as it was."""
    capture = Capture()
    first = Page(capture, 1, 1440)
    ready = first.hydrates(1.05)
    at = first.clicks(ready + 1, 5)
    first.close(at + 1)
    second = Page(capture, at + 1.4, 1441, token=1440)
    ready = second.hydrates(at + 1.45)
    with second:
        second.clicks(ready + 1, 6)
        second.beats(at, at + 60)
    second.leaves(at + 61)
    return capture


@scene
def healthy_rx_handler_survives_reconnect():
    """A background task's page reconnects between two of its updates, which then come by the new connection (0.8.20)."""
    capture = Capture()
    first = Page(capture, 1, 1442)
    ready = first.hydrates(1.05)
    first.event(ready + 1, APP + ".watch")
    first.update(ready + 1.01, {APP: {"status": "watching"}})
    for turn in range(6):
        first.update(ready + 1.5 + turn, {APP: {"total": turn}}, final=None)
    first.close(ready + 7)
    second = Page(capture, ready + 7.3, 1443, token=1442)
    second.hydrates(ready + 7.35)
    for turn in range(7, 24):
        second.update(ready + 1.5 + turn, {APP: {"total": turn}}, final=None)
    second.leaves(ready + 30)
    return capture


@scene
def healthy_rx_client_side_events():
    """Updates whose events are for the browser alone (download, focus, cookie, script), and a user who then reads for a minute."""
    capture = Capture()
    user = Page(capture, 1, 1444)
    ready = user.hydrates(1.05)
    router = {"pathname": "/", "query": {}, "asPath": "/"}
    for turn, (name, payload) in enumerate((("_download", {"url": "/report.csv", "filename": "report.csv"}), ("_set_focus", {"ref": "ref_name"}), ("_remove_cookie", {"key": "theme", "options": {}}),
                                            ("_call_script", {"javascript_code": "window.scrollTo(0,0)", "callback": None}), ("_redirect", {"path": "#top", "external": False, "replace": False}))):
        user.event(ready + 1 + turn * 2, APP + ".act", {"turn": turn})
        user.update(ready + 1.01 + turn * 2, {APP: {"total": turn}}, [{"token": TOKEN.format(1444), "name": name, "router_data": router, "payload": payload}])
    with user:
        user.beats(1, 75)
    user.leaves(76)
    return capture


@scene
def healthy_rx_client_storage():
    """Cookies and localStorage: update_vars_internal between hydrate and on_load, and another tab's change later."""
    capture = Capture()
    user = Page(capture, 1, 1446)
    store = ROOT + ".reflex___state____update_vars_internal_state.update_vars_internal"
    user.event(1.05, ROOT + ".hydrate")
    user.update(1.06, {ROOT: {"is_hydrated": False}, LOADS: {}, ROOT + ".reflex___state____update_vars_internal_state": {}, APP: {"status": "", "items": [], "total": 0, "theme": "light"}})
    user.event(1.075, store, {"vars": {APP + ".theme_rx_state_": "dark"}})
    user.update(1.08, {APP: {"theme": "dark"}})
    user.event(1.095, LOADS + ".on_load_internal")
    user.update(1.1, {ROOT: {"is_hydrated": False}}, [{"token": TOKEN.format(1446), "name": ROOT + ".set_is_hydrated", "router_data": {"pathname": "/", "query": {}, "asPath": "/"}, "payload": {"value": True}}])
    user.event(1.115, ROOT + ".set_is_hydrated", {"value": True}, chained=True)
    user.update(1.12, {ROOT: {"is_hydrated": True}})
    ready = user.clicks(2, 6)
    user.event(ready, store, {"vars": {APP + ".theme_rx_state_": "light"}})
    user.update(ready + 0.006, {APP: {"theme": "light"}})
    user.leaves(ready + 3)
    return capture


@scene
def healthy_rx_navigates():
    """A user goes from page to page (dynamic routes): on_load_internal each time, is_hydrated false and true again, one connection."""
    capture = Capture()
    user = Page(capture, 1, 1448)
    at = user.hydrates(1.05)
    for turn in range(6):
        at += 3
        user.event(at, LOADS + ".on_load_internal")
        user.update(at + 0.005, {ROOT: {"is_hydrated": False, "router": {"page": {"path": f"/order/{turn}", "params": {"order": str(turn)}}}}}, [
            {"token": TOKEN.format(1448), "name": name, "router_data": {"pathname": "/order/[order]", "query": {"order": str(turn)}, "asPath": f"/order/{turn}"}, "payload": payload}
            for name, payload in ((APP + ".on_load", {}), (ROOT + ".set_is_hydrated", {"value": True}))])
        user.event(at + 0.02, APP + ".on_load", chained=True)
        user.update(at + 0.05, {APP: {"total": turn}})
        user.event(at + 0.065, ROOT + ".set_is_hydrated", {"value": True}, chained=True)
        user.update(at + 0.07, {ROOT: {"is_hydrated": True}})
    user.leaves(at + 5)
    return capture


@scene
def healthy_rx_0_4():
    """0.4.9: short names of states, events and updates as JSON texts within the packets."""
    capture = Capture()
    user = OldPage(capture, 1, 1450)
    ready = user.hydrates(1.05)
    with user:
        user.clicks(ready + 1, 14)
        user.beats(1, 60)
    user.leaves(62)
    return capture
