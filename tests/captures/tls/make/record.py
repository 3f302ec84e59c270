#!/usr/bin/env python3
"""record.py TARGET [SCENE…]: records the captures of this set on a loopback interface, as root: a server of
python-socketio on aiohttp, its clients, openssl's s_server and s_client, Go's TLS, node's socket.io-client (NODE_PATH says where),
tcpdump and editcap. What each scene is about stands in expect.json and the README of the captures."""
import asyncio, os, socket, ssl, subprocess, sys, threading, time

import aiohttp, socketio
from aiohttp import web

PORT, PLAIN, TUNNEL = 31543, 31580, 31528


def certificates(folder):
    """A CA of our own, and certificates by it: for localhost, for another name, one that has expired."""
    openssl = lambda *words: subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
            "-subj", "/CN=Laboratory CA")
    for name, days in (("localhost", "30"), ("other.example", "30"), ("expired", "-1")):
        with open(f"{folder}/{name}.ext", "w") as extensions:
            extensions.write(f"subjectAltName=DNS:{'localhost' if name == 'expired' else name}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                f"/CN={'localhost' if name == 'expired' else name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                f"{name}.pem", "-days", days, "-extfile", f"{name}.ext")


class Scene:
    def __init__(self, folder, target, name):
        self.folder, self.target, self.name = folder, target, name
        self.keys = f"{target}/{name}/keys.log"

    def __enter__(self):
        os.makedirs(f"{self.target}/{self.name}", exist_ok=True)
        self.pcap = f"{self.target}/{self.name}/capture.pcap"
        self.tcpdump = subprocess.Popen(["tcpdump", "-q", "-Z", "root", "-i", "lo", "-U", "-s", "0", "-w", self.pcap,
                                         f"tcp portrange {PLAIN - 60}-{PLAIN}"], stderr=subprocess.DEVNULL)
        time.sleep(1)
        return self

    def __exit__(self, *_):
        time.sleep(1)
        self.tcpdump.terminate()
        self.tcpdump.wait()
        subprocess.run(["zstd", "-q", "-19", "--rm", "-f", self.pcap], check=True)

    def context(self, name="localhost", keys=False, least=None, most=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.folder}/{name}.pem", f"{self.folder}/{name}.key")
        if keys:
            context.keylog_filename = self.keys
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = least or ssl.TLSVersion.TLSv1_2
        context.maximum_version = most or ssl.TLSVersion.TLSv1_3
        return context

    def client_context(self, trusts=True, most=None, keys=False):
        context = ssl.create_default_context(cafile=f"{self.folder}/ca.pem" if trusts else None)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = most or ssl.TLSVersion.TLSv1_3
        if keys:
            context.keylog_filename = self.keys
        return context


class Server:
    """python-socketio in a thread of its own."""

    def __init__(self, context, port=PORT):
        self.context, self.port, self.ready = context, port, threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)

    async def serve(self):
        sio = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins=[])
        sio.on("ask", lambda sid, data: {"answer": data})
        application = web.Application()
        sio.attach(application)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port, ssl_context=self.context).start()
        self.loop, self.end = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        await self.end.wait()
        await runner.cleanup()

    def __enter__(self):
        self.thread.start()
        self.ready.wait()

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join()


async def talk(context, url=f"https://localhost:{PORT}", events=3, proxy=None):
    """A client that sends some events; nothing where it cannot connect."""
    connector = aiohttp.TCPConnector(ssl=context, family=socket.AF_INET, force_close=bool(proxy))
    async with aiohttp.ClientSession(connector=connector, proxy=proxy) as session:
        sio = socketio.AsyncClient(http_session=session, reconnection=False)
        try:
            await sio.connect(url, transports=["polling"] if proxy else None)
        except socketio.exceptions.ConnectionError:
            return
        for number in range(events):
            await sio.call("ask", number)
        await sio.disconnect()


def hand(version, port=PORT):
    """openssl's client: its handshake, and then the end."""
    subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", *version],
                   input=b"", capture_output=True, timeout=10)


class Openssl:
    def __init__(self, scene, *words):
        self.command = ["openssl", "s_server", "-accept", str(PORT), "-cert", f"{scene.folder}/localhost.pem", "-key",
                        f"{scene.folder}/localhost.key", "-quiet", *words]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Proxy:
    """A proxy that takes CONNECT and passes bytes on."""

    def __init__(self):
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)

    async def pass_on(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        writer.close()

    async def take(self, reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        host, port = request.split()[1].decode().rsplit(":", 1)
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port), family=socket.AF_INET)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(self.pass_on(reader, inner_writer), self.pass_on(inner_reader, writer))

    async def serve(self):
        server = await asyncio.start_server(self.take, "127.0.0.1", TUNNEL)
        self.loop, self.end = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        async with server:
            await self.end.wait()

    def __enter__(self):
        self.thread.start()
        self.ready.wait()

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.end.set)
        time.sleep(0.3)


# ---- the scenes


def curl(scene, version):
    subprocess.run(["curl", "-s", "-m", "5", *version, f"https://localhost:{PORT}/socket.io/?EIO=4&transport=polling"],
                   env={**os.environ, "SSLKEYLOGFILE": scene.keys}, capture_output=True)


def unknown_ca_12(scene):
    with Server(scene.context()):
        for _ in range(2):
            curl(scene, ["-4", "--tls-max", "1.2"])


def unknown_ca_13(scene):
    with Server(scene.context()):
        for _ in range(2):
            curl(scene, ["-4", "--tlsv1.3"])


def go_untrusted_13(scene):
    """Go's client encrypts its alert, by the keys of the handshake: no others are made."""
    program = f"{scene.folder}/client"
    subprocess.run(["go", "build", "-o", program, f"{os.path.dirname(os.path.abspath(__file__))}/client.go"], check=True)
    with Server(scene.context()):
        for _ in range(2):
            subprocess.run([program, scene.keys, f"127.0.0.1:{PORT}"], check=True)


def asyncio_untrusted_12(scene):
    with Server(scene.context()):
        for _ in range(2):
            asyncio.run(talk(scene.client_context(trusts=False, most=ssl.TLSVersion.TLSv1_2)))


def asyncio_untrusted_13(scene):
    with Server(scene.context()):
        for _ in range(2):
            asyncio.run(talk(scene.client_context(trusts=False)))


def untrusted_beside_session(scene):
    with Server(scene.context(keys=True)):
        asyncio.run(talk(scene.client_context()))
        curl(scene, ["-4", "--tls-max", "1.2"])


def certificate_expired(scene):
    with Server(scene.context("expired", most=ssl.TLSVersion.TLSv1_2)):
        subprocess.run(["curl", "-s", "-4", "--cacert", f"{scene.folder}/ca.pem", f"https://localhost:{PORT}/"])


def certificate_of_another(scene):
    """Python's clients check the name within the handshake; curl does it afterwards."""
    with Server(scene.context("other.example", most=ssl.TLSVersion.TLSv1_2)):
        for _ in range(2):
            asyncio.run(talk(scene.client_context()))


def client_certificate(scene):
    with Openssl(scene, "-Verify", "1", "-verify_return_error", "-tls1_2"):
        hand([])
        hand([])


def no_application_protocol(scene):
    with Openssl(scene, "-alpn", "h2"):
        hand(["-alpn", "http/1.1"])
        hand(["-alpn", "http/1.1"])


def version(scene):
    with Openssl(scene, "-tls1_3"):
        hand(["-tls1_2"])


def no_common_suite(scene):
    with Openssl(scene, "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"):
        hand(["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"])


def plain_http(scene):
    with Server(None):
        asyncio.run(talk(scene.client_context()))


def node_untrusted(scene):
    code = f"""const s = require("socket.io-client")("https://localhost:{PORT}", {{reconnectionDelay: 200,
        reconnectionDelayMax: 300}}); setTimeout(() => process.exit(), 2500)"""
    with Server(scene.context()):
        subprocess.run(["node", "--dns-result-order=ipv4first", "-e", code], check=True)


def healthy_version_probe(scene):
    """A scanner of versions, and a client that falls back; then sessions."""
    with Server(scene.context(keys=True)):
        asyncio.run(talk(scene.client_context()))
        for old in (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_2"]):
            hand(old)
        asyncio.run(talk(scene.client_context(most=ssl.TLSVersion.TLSv1_2)))


def healthy_health_checks(scene):
    """Connections without a byte, handshakes without a request (close notify), beside a session."""
    with Server(scene.context(keys=True)):
        asyncio.run(talk(scene.client_context()))
        for _ in range(4):
            socket.create_connection(("127.0.0.1", PORT)).close()
            hand([])
            time.sleep(0.2)
        asyncio.run(talk(scene.client_context()))


def healthy_checks_alone(scene):
    """The same with nothing else, as balancers check: no name is asked for."""
    with Server(scene.context()):
        for _ in range(4):
            socket.create_connection(("127.0.0.1", PORT)).close()
            subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-noservername"], input=b"",
                           capture_output=True)


def no_keys_12(scene):
    with Server(scene.context(most=ssl.TLSVersion.TLSv1_2)):
        asyncio.run(talk(scene.client_context()))


def through_connect(scene):
    with Server(scene.context(keys=True)), Proxy():
        asyncio.run(talk(scene.client_context(), proxy=f"http://127.0.0.1:{TUNNEL}"))


def main():
    target, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    folder = f"{target}/../.certificates"
    os.makedirs(folder, exist_ok=True)
    certificates(folder)
    for name, scene in list(globals().items()):
        if getattr(scene, "__module__", None) != "__main__" or scene.__class__.__name__ != "function":
            continue
        if name in ("certificates", "talk", "hand", "curl", "main") or (wanted and name.replace("_", "-") not in wanted):
            continue
        with Scene(folder, target, name.replace("_", "-")) as stage:
            scene(stage)
        print(name)


if __name__ == "__main__":
    main()
