"""ClickHouse's engine (chdb) behind the part of its HTTP interface that clickhouse-go uses, for check-fleet.

Usage: clickhouse.py HOST PORT FOLDER. POST: the query is the parameter `query`, the data of an INSERT the body; or the body is the
query. Answers are in the format that the query or `default_format` names.
"""
import gzip
import http.server
import os
import sys
import tempfile
import threading
import urllib.parse

import chdb.session

host, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
session = chdb.session.Session(os.path.join(folder, "chdb"))
lock = threading.Lock()


def text(word):
    return bytes([len(word)]) + word.encode()


def hello():
    """The first answer is read as of a protocol that has block infos; revision 0 says that the others have none."""
    version = session.query("SELECT version()", "TabSeparated").bytes().decode().strip()
    columns = [("displayName()", "String", text("chdb")), ("version()", "String", text(version)),
               ("revision()", "UInt32", bytes(4)), ("timezone()", "String", text("UTC"))]
    info = b"\x01\x00\x02\xff\xff\xff\xff\x00"
    return info + bytes([len(columns), 1]) + b"".join(text(name) + text(kind) + b"\x00" + data for name, kind, data in columns)


def run(query, body, form, database):
    if query.startswith("SELECT displayName()"):
        return hello()
    with lock:
        if database and not query.lstrip().upper().startswith("CREATE DATABASE"):
            session.query(f"CREATE DATABASE IF NOT EXISTS {database}")
            session.query(f"USE {database}")
        words = query.rstrip().rstrip(";").split()
        if words[0].upper() != "INSERT" or not body:
            return session.query(query, form).bytes()
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".native") as data:
            data.write(body)
            data.flush()
            head = query[: query.upper().rfind("FORMAT")] if "FORMAT" in query.upper() else query
            session.query(f"{head} FROM INFILE '{data.name}' COMPRESSION 'none' FORMAT Native")
        return b""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                parts.append(self.rfile.read(size))
                self.rfile.readline()
                if not size:
                    break
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def do_POST(self):
        given = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = self.read_body()
        query = given.get("query", "")
        if not query:
            query, body = body.decode(), b""
        try:
            status, answer = 200, run(query, body, given.get("default_format", "TabSeparated"), given.get("database"))
        except Exception as error:  # the engine's own, of many kinds
            status, answer = 500, str(error).encode()
            print(query[:300], error, file=sys.stderr, flush=True)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        if status != 200:
            self.send_header("X-ClickHouse-Exception-Code", "1")
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST


server = http.server.ThreadingHTTPServer((host, port), Handler)
server.daemon_threads = True
print("ready", flush=True)
server.serve_forever()
