"""Watches real servers by probes, in each way that chooses a process, and compares with what the client counted.

Usage: watch.py SIOSCOPE NODE_MODULES [OUT]. The program that speaks by io_uring is looked for beside NODE_MODULES. CERT and KEY name the files of a certificate. Writes to OUT (else stdout)
which kernel this is, and a line for each run: server, transport, mode, result, separated by tabs. The result is `same`
with what was counted, `refused` with what sioscope said, or `differs` with the first difference. The last line is
`end`.
"""
import asyncio
import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import aiohttp
import socketio

sioscope, node_modules = sys.argv[1:3]
out = open(sys.argv[3], "w", buffering=1) if len(sys.argv) > 3 else sys.stdout
live = pathlib.Path(__file__).resolve().parent.parent / "live"
work = pathlib.Path(tempfile.mkdtemp(prefix="sioscope-kernels-"))
cgroups = [words[1] for words in map(str.split, open("/proc/mounts")) if words[2] == "cgroup2"]
group = pathlib.Path(f"{cgroups[0]}/sioscope-kernels-{os.getpid()}")

EVENTS, FIRST_PORT, BEGAN = 12, 18501, time.monotonic()
START, WATCH, TALK, END = 900, 600, 600, 300  # seconds that each step may take: an emulated processor is slow


class Failure(Exception):
    pass


def await_that(what, seconds, holds):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Failure(f"after {seconds} s: {what()}")
        time.sleep(0.05)


def tail(path, size=400):
    return " ".join(path.read_text(errors="replace").split())[-size:]


# ---- a server

def listens(port):
    wanted = f":{port:04X}"
    for table in ("tcp", "tcp6"):
        for line in open("/proc/net/" + table).readlines()[1:]:
            words = line.split()
            if words[1].endswith(wanted) and words[3] == "0A":
                return True
    return False


class Server:
    def __init__(self, kind, scheme, port):
        command = {
            "python": [sys.executable, live / "echo_server.py", "asyncio"],
            "node": ["node", live / "echo_server.js"],
        }[kind]
        self.kind, self.scheme, self.port = kind, scheme, port
        self.log = work / f"server-{port}"
        self.process = subprocess.Popen([*map(str, command), f"{scheme}:{port}", str(work / f"heard-{port}")],
                                        stdout=self.log.open("w"), stderr=subprocess.STDOUT,
                                        env={**os.environ, "NODE_PATH": node_modules})
        self.url = {"tcp": "http", "tls": "https"}[scheme] + f"://127.0.0.1:{port}"

    def is_up(self):
        if self.process.poll() is not None:
            raise Failure("the server ended: " + tail(self.log))
        return listens(self.port)

    def stop(self):
        self.process.kill()
        self.process.wait()


# ---- the client: what it sends and gets, it writes down

def plain(value):
    if isinstance(value, bytes):
        return {"$binary": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


async def talk(url, events=EVENTS, **how):
    counted = {"c>s": [], "s>c": []}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as http:
        client = socketio.AsyncClient(http_session=http, reconnection=False, ssl_verify=False)
        client.on("echoed", lambda data: counted["s>c"].append(["event", "echoed", [plain(data)]]))
        await client.connect(url, wait_timeout=30, **how)
        for number in range(events):
            payload = {"n": number, "text": "ünï " * 10} | ({} if how else {"blob": bytes(range(number % 7))})
            if number % 5 == 4 and not how:
                payload["large"] = f"{number} " * 60_000
            counted["c>s"].append(["event", "echo", [plain(payload)]])
            answer = await client.call("echo", payload, timeout=60)
            counted["s>c"].append(["ack", None, [answer]])
        await client.disconnect()
    return counted


# ---- sioscope

def is_watching(process):
    """Once all is open it gives its capabilities back, and takes a filter of system calls."""
    try:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return True
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return (int(fields["CapEff"], 16) == 0 and fields["Seccomp"] == "2") or process.poll() is not None


def seen_of(dump):
    """What was dumped of each server, by its port and the direction."""
    seen = {}
    for line in dump.open():
        event = json.loads(line)
        if event["type"] not in ("event", "ack", "gap", "incomplete", "unreadable"):
            continue
        port = int(event["conn"].rpartition(":")[2])
        of_server = seen.setdefault(port, {"c>s": [], "s>c": []})
        of_server[event["dir"]].append([event["type"], event.get("name"), event.get("data")])
    return seen


def difference(counted, seen):
    for direction, wanted in counted.items():
        got = seen[direction]
        for number, (one, other) in enumerate(zip(wanted, got)):
            if one != other:
                return f"{direction} {number}: counted {json.dumps(one)[:120]}, dumped {json.dumps(other)[:120]}"
        if len(wanted) != len(got):
            return f"{direction}: counted {len(wanted)}, dumped {len(got)}"
    return None


# ---- the runs: one sioscope for each mode, which watches all servers; the client talks to one after the other

def watch(servers, options, meanwhile):
    """`meanwhile` is called with the process once it watches. Yields (server, result, words) for each."""
    dump, said, counted = work / "dump", work / "said", {}
    began = time.monotonic()
    process = subprocess.Popen([sioscope, "dump", "--show-secrets", *options], stdout=dump.open("w"), stderr=said.open("w"))
    try:
        await_that(lambda: "it does not watch yet: " + tail(said), WATCH, lambda: is_watching(process))
        if process.poll() is not None:
            yield from ((server, "refused", tail(said, 2000)) for server in servers)
            return
        watches = time.monotonic()
        meanwhile(process)
        for server in servers:
            counted[server] = asyncio.run(asyncio.wait_for(talk(server.url), TALK))
        talked = time.monotonic()
        time.sleep(0.4)  # the reader looks ten times a second
        process.send_signal(signal.SIGINT)
        process.wait(END)
        print(f"{options[0]}: watched after {watches - began:.1f} s, talked for {talked - watches:.1f} s", file=sys.stderr)
    finally:
        process.kill()
        process.wait()
    seen = seen_of(dump)
    for server in servers:
        of_server = counted[server]
        differs = difference(of_server, seen.get(server.port, {"c>s": [], "s>c": []}))
        count = f"{len(of_server['c>s'])} sent, {len(of_server['s>c'])} received"
        yield server, "differs" if differs else "same", f"{differs}; {tail(said)}" if differs else count


def children_of(process):
    for each in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(each.read_text().rpartition(")")[2].split()[1]) == process:
                yield each.parent
        except OSError:
            pass  # it has ended


def settle(watching):
    """Until what attaches to libraries, a child of it, has opened nothing more for a while."""
    before, since = -1, time.monotonic()
    while time.monotonic() < since + 3:
        held = sum(len(list((each / "fd").iterdir())) for each in children_of(watching.pid))
        if held != before:
            before, since = held, time.monotonic()
        time.sleep(0.2)


def move(servers, to, watching=None):
    for server in servers:
        (to / "cgroup.procs").write_text(str(server.process.pid))
    if watching:
        settle(watching)


def modes(servers):
    def nothing(watching):
        pass
    yield "-p", [word for server in servers for word in ("-p", str(server.process.pid))], nothing
    yield "--process", [word for name in ("echo_server.py", "node") for word in ("--process", name)], nothing
    yield "--port", [word for server in servers for word in ("--port", str(server.port))], nothing
    (group / "below").mkdir(parents=True)
    move(servers, group)
    yield "--cgroup", ["--cgroup", group.name], nothing
    yield "moved", ["--cgroup", group.name + "/below"], lambda watching: move(servers, group / "below", watching)


def watch_ring():
    """What passes by io_uring is said, where the kernel shows which request is done."""
    program, port = pathlib.Path(node_modules).parent.parent / "made" / "ring" / "raw_echo", FIRST_PORT + 50
    if not program.exists():
        return "skipped", "tests/live/make ring was not run"
    shows = tuple(map(int, os.uname().release.split(".")[:2])) >= (5, 17)
    server = subprocess.Popen([program, str(port)], stderr=subprocess.DEVNULL)
    report, said = work / "report", work / "said"
    try:
        await_that(lambda: "the program does not listen", WATCH, lambda: listens(port) or server.poll() is not None)
        if server.poll() is not None:
            return "skipped", "this kernel has no io_uring"
        process = subprocess.Popen([sioscope, "report", "--json", "-p", str(server.pid)], stdout=report.open("w"), stderr=said.open("w"))
        await_that(lambda: "it does not watch yet: " + tail(said), WATCH, lambda: is_watching(process))
        asyncio.run(asyncio.wait_for(talk(f"http://127.0.0.1:{port}", 3, transports=["websocket"]), TALK))
        time.sleep(0.4)
        process.send_signal(signal.SIGINT)
        process.wait(END)
    finally:
        server.kill()
        server.wait()
    reasons = [each["reason"] for each in json.loads(report.read_text())["unseen"]]
    good = ("io-uring" in reasons) == shows
    return ("same", "") if good else ("differs", f"{reasons}, {tail(said)}")


def run(servers):
    for server in servers:
        await_that(lambda: f"{server.kind} over {server.scheme} does not listen: {tail(server.log)}", START, server.is_up)
    print(f"the servers listen after {time.monotonic() - BEGAN:.1f} s", file=sys.stderr)
    for mode, options, meanwhile in modes(servers):
        try:
            for server, result, words in watch(servers, options, meanwhile):
                print(server.kind, server.scheme, mode, result, words, sep="\t", file=out, flush=True)
        except (Failure, OSError, asyncio.TimeoutError, subprocess.TimeoutExpired, socketio.exceptions.SocketIOError) as why:
            print("all", "all", mode, "differs", f"{type(why).__name__}: {why}", sep="\t", file=out, flush=True)
    try:
        print("io_uring", "tcp", "-p", *watch_ring(), sep="\t", file=out, flush=True)
    except (Failure, OSError, asyncio.TimeoutError, subprocess.TimeoutExpired, socketio.exceptions.SocketIOError) as why:
        print("io_uring", "tcp", "-p", "differs", f"{type(why).__name__}: {why}", sep="\t", file=out, flush=True)


print("kernel", os.uname().release, sep="\t", file=out, flush=True)
servers = []
try:
    for kind in ("python", "node"):
        for scheme in ("tcp", "tls"):
            servers.append(Server(kind, scheme, FIRST_PORT + len(servers)))
    run(servers)
except Failure as why:
    print("all", "all", "all", "differs", why, sep="\t", file=out, flush=True)
finally:
    for server in servers:
        server.stop()
    for each in filter(pathlib.Path.exists, (group / "below", group)):
        await_that(lambda: "the cgroup is not empty", END, lambda: not (each / "cgroup.procs").read_text())
        each.rmdir()
print("end", file=out)
