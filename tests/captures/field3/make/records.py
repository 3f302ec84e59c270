"""What people have in place of packets: HAR files as Chrome exports them, and logs in forms that were not tried before."""
import datetime, itertools, json, os, subprocess
from wire import BACKOFF, CHROME, scene, stamp

LOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "logs", "py5-stale", "server.log")
BEGIN = datetime.datetime(2026, 11, 28, 8)


class Record:
    def __init__(self, name, data):
        self.name, self.data = name, data

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, self.name)
        with open(path, "wb") as out:
            out.write(self.data)
        if path.endswith(".har"):
            subprocess.run(["zstd", "-q", "-19", "-f", "--rm", path], check=True)


# ---- HAR


def entry(at, url, origin, error=None, status=0, body=""):
    """One request as WebInspector exports it; `error` is its _error."""
    fields = lambda *pairs: [{"name": name, "value": value} for name, value in pairs]
    headers = fields(("Accept", "*/*"), ("Origin", origin), ("Referer", origin + "/"), ("User-Agent", CHROME), ("Sec-Fetch-Mode", "cors"))
    answered = fields(("Content-Type", "text/plain; charset=UTF-8"), ("Access-Control-Allow-Origin", origin))
    return {"_priority": "High", "_resourceType": "xhr", "cache": {}, **({"connection": "443"} if status else {}),
            "request": {"method": "GET", "url": url, "httpVersion": "http/1.1" if status else "", "headers": headers,
                        "queryString": [], "cookies": [], "headersSize": -1, "bodySize": 0},
            "response": {"status": status, "statusText": "OK" if status else "", "httpVersion": "http/1.1" if status else "",
                         "headers": answered if status else [], "cookies": [],
                         "content": {"size": len(body), "mimeType": "text/plain" if status else "x-unknown", **({"text": body} if body else {})},
                         "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": 0, "_error": error,
                         "_fetchedViaServiceWorker": False},
            "serverIPAddress": "192.0.2.10" if status else "", "pageref": "page_1", "time": 12.5,
            "startedDateTime": (BEGIN + datetime.timedelta(seconds=at)).isoformat(timespec="milliseconds") + "Z",
            "timings": {"blocked": 1, "dns": -1, "ssl": -1, "connect": -1, "send": 0, "wait": 11.5 if status else 0, "receive": 0, "_blocked_queueing": -1}}


def failing(error, host="https://live.example.net"):
    page = "https://shop.example.org"
    url = lambda: f"{host}/socket.io/?EIO=4&transport=polling&t={stamp()}"
    entries = [entry(at, url(), page, error) for at in itertools.accumulate(BACKOFF[:5], initial=1)]
    return Record("trace.har", json.dumps({"log": {
        "version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": entries,
        "pages": [{"startedDateTime": BEGIN.isoformat() + ".000Z", "id": "page_1", "title": page + "/", "pageTimings": {"onContentLoad": 90, "onLoad": 120}}]}},
        indent=1).encode())


@scene
def har_blocked_by_extension():
    """An ad blocker's list has /socket.io/?, so the browser never sends the page's requests."""
    return failing("net::ERR_BLOCKED_BY_CLIENT")


@scene
def har_blocked_by_csp():
    """The page's Content-Security-Policy does not name the socket's origin in connect-src."""
    return failing("net::ERR_BLOCKED_BY_CSP")


@scene
def har_certificate():
    """The server's certificate is not trusted, and nobody has seen the browser's warning: the socket has a host of its own."""
    return failing("net::ERR_CERT_AUTHORITY_INVALID")


@scene
def har_name_not_resolved():
    """The built page has a development host's name, which the users' DNS does not know."""
    return failing("net::ERR_NAME_NOT_RESOLVED", "http://backend:8000")


@scene
def healthy_har_offline():
    """The visitor's laptop was offline for a while: six attempts fail by themselves; nothing is wrong with the server."""
    return failing("net::ERR_INTERNET_DISCONNECTED")


# ---- logs, of a real run of python-socketio


def log_lines():
    with open(LOG, encoding="utf-8") as source:
        return source.read().splitlines()


def timed(form):
    times = (BEGIN + datetime.timedelta(milliseconds=137 * each) for each in itertools.count())
    return Record("server.log", "".join(form(line, time) + "\n" for line, time in zip(log_lines(), times)).encode())


@scene
def log_powershell():
    """`python app.py > server.log` in Windows' PowerShell 5: UTF-16 with a byte order mark, CR LF."""
    return Record("server.log", "\ufeff".encode("utf-16-le") + "".join(line + "\r\n" for line in log_lines()).encode("utf-16-le"))


@scene
def log_structlog():
    """structlog's JSONRenderer as the formatter of all loggers: the line's words are the member `event`."""
    return timed(lambda line, time: json.dumps({"event": line, "level": "info", "logger": "engineio.server", "timestamp": time.isoformat() + "Z"}))


@scene
def log_rich():
    """rich's RichHandler, wide: its date is month/day/year, the source file stands at the end of each line."""
    return timed(lambda line, time: f"[{time:%m/%d/%y %H:%M:%S}] INFO     {line:<130} base_server.py:354")
