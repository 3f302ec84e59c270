#!/usr/bin/env python3
"""tls.py FOLDER PORT: a server that answers one Engine.IO handshake by TLS, and its client, which writes its keys to
FOLDER/keys.log. The certificate in FOLDER is made by openssl."""
import http.server, os, ssl, subprocess, sys, threading, time, urllib.request

folder, port = sys.argv[1], int(sys.argv[2])
os.chdir(folder)
subprocess.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost "
               "-addext subjectAltName=DNS:localhost".split(), check=True, stderr=subprocess.DEVNULL)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'0{"sid":"a-sid-by-tls","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server = http.server.HTTPServer(("127.0.0.1", port), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = ssl.create_default_context(cafile="cert.pem")
client.keylog_filename = "keys.log"
for _ in range(2):
    urllib.request.urlopen(f"https://localhost:{port}/socket.io/?EIO=4&transport=polling", context=client).read()
    time.sleep(0.3)
server.shutdown()
