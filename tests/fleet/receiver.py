"""A receiver of OTLP/HTTP JSON that answers as it is asked to. Usage: receiver.py ADDRESS FILE WAY [WAY…]

ADDRESS is HOST:PORT, a port of 127.0.0.1 (0: any; it is printed), or unix:PATH; with CERT and KEY in the environment it speaks TLS, with CLIENTS it wants a
client's certificate. Each request takes the next WAY, the last one goes on: 200, 400, 404, 429, 503; 429:SECONDS or
503:SECONDS (Retry-After); partial:N (N items are rejected); poison (400 when "poison" is in the body, else 200); hang (no
answer); cut (the connection is closed). FILE gets a line of JSON for each request: its path, way, headers and body.
"""
import gzip
import http.server
import json
import os
import socket
import socketserver
import ssl
import sys
import threading
import time

address, path, ways = sys.argv[1], sys.argv[2], sys.argv[3:]
lock = threading.Lock()
seen = open(path, "a", buffering=1)
rejections = {"metrics": "rejectedDataPoints", "logs": "rejectedLogRecords", "traces": "rejectedSpans"}


def next_way():
    with lock:
        return ways.pop(0) if len(ways) > 1 else ways[0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def address_string(self):
        return "client"

    def answer(self, status, body, fields=()):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw
        way = next_way()
        with lock:
            seen.write(json.dumps({"time": time.time(), "path": self.path, "way": way, "headers": dict(self.headers),
                                   "body": json.loads(body)}) + "\n")
        kind, _, number = way.partition(":")
        if kind == "hang":
            time.sleep(3600)
        if kind == "cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if kind == "poison":
            kind = "400" if b"poison" in body else "200"
        if kind == "partial":
            name = rejections[self.path.rsplit("/", 1)[1]]
            self.answer(200, json.dumps({"partialSuccess": {name: number, "errorMessage": "no"}}).encode())
        elif kind == "200":
            self.answer(200, b'{"partialSuccess":{}}')
        else:
            fields = [("Retry-After", number)] if number else []
            self.answer(int(kind), b'{"code":3,"message":"not like this"}', fields)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True


if address.startswith("unix:"):
    Server.address_family = socket.AF_UNIX
    Server.server_bind = socketserver.TCPServer.server_bind
    server = Server(address[5:], Handler)
    os.chmod(address[5:], 0o666)
else:
    host, _, port = address.rpartition(":")
    server = Server((host or "127.0.0.1", int(port)), Handler)
if "CERT" in os.environ:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["CERT"], os.environ["KEY"])
    if "CLIENTS" in os.environ:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(os.environ["CLIENTS"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", "" if address.startswith("unix:") else server.server_address[1], flush=True)
server.serve_forever()
