"""In a guest whose first process is systemd: the service is started as its file says, with a probe and with packets.

Usage: service.py UNIT, as a service of systemd. Writes to the second serial line: which kernel this is, and a line for
each demand in the form of watch.py; then `end`, and the guest ends.
"""
import ctypes
import os
import pathlib
import re
import subprocess
import sys
import termios
import time
import traceback
import urllib.request

unit_file = pathlib.Path(sys.argv[1])
out = open("/dev/ttyS1", "w", buffering=1)
work = pathlib.Path("/root/service")
SECONDS = 600  # for each step: an emulated processor is slow

SERVER = '''
import http.server, sys
class Polling(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b'0{"sid":"abcdefghijklmnopqrst","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Polling)
with open(sys.argv[1] + ".part", "w") as file:
    print(server.server_port, file=file)
import os
os.rename(sys.argv[1] + ".part", sys.argv[1])
server.serve_forever()
'''


def run(*words):
    return subprocess.run(words, capture_output=True, text=True).stdout.strip()


def tell(kind, demand, good, otherwise):
    words = " ".join(str(otherwise).split())[-400:]
    print("systemd", kind, demand, "same" if good else "differs", "" if good else words, sep="\t", file=out)


def await_that(holds):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.3)
    return False


def journal(unit):
    return run("journalctl", "-q", "--no-pager", "-o", "cat", "-u", unit)


def status_of(unit):
    process = run("systemctl", "show", "-P", "MainPID", unit)
    path = pathlib.Path(f"/proc/{process}/status")
    return path.read_text() if process != "0" and path.exists() else ""


def ask(server_name, port_file):
    """A server that is called so, and one request to it."""
    server = subprocess.Popen([server_name, str(work / "server.py"), str(port_file)])
    if not await_that(port_file.exists):
        return server
    time.sleep(2)
    port = int(port_file.read_text())
    urllib.request.urlopen(f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling", timeout=SECONDS).read()
    return server


def watch(kind, instance, server_name):
    unit = f"sioscope@{instance}.service"
    kept = pathlib.Path("/var/lib/sioscope") / instance / "kept-00001.pcapng"
    subprocess.run(["systemctl", "start", unit])
    # systemd has a filter of its own around it: that its capabilities are gone says that its sandbox is entered.
    confined = await_that(lambda: "CapEff:\t0000000000000000" in status_of(unit))
    status = status_of(unit)
    tell(kind, "starts and confines itself", confined, journal(unit))
    user = re.search(r"^Uid:\t(\d+)", status, re.M)
    tell(kind, "has a user of its own", user and int(user[1]) >= 61184, status)
    tell(kind, "has no capability left", re.search(r"^CapPrm:\t0+$", status, re.M), status[:300])
    process = run("systemctl", "show", "-P", "MainPID", unit)
    adjusted = pathlib.Path(f"/proc/{process}/oom_score_adj")
    tell(kind, "goes first when memory is short", adjusted.exists() and adjusted.read_text().strip() == "800", adjusted)
    group = pathlib.Path("/sys/fs/cgroup" + run("systemctl", "show", "-P", "ControlGroup", unit))
    limit = group / "memory.max"
    tell(kind, "has its memory limited by the kernel", limit.exists() and limit.read_text().strip() == str(512 << 20), limit)
    server = ask(server_name, work / f"port-{kind}")
    seen = await_that(lambda: kept.exists() and kept.stat().st_size > 0)
    tell(kind, "keeps what it sees", seen, journal(unit))
    tell(kind, "for nobody else", seen and kept.stat().st_mode & 0o777 == 0o600, kept)
    peak = group / "memory.peak"
    print(f"{kind}: {peak.read_text().strip() if peak.exists() else 'no'} bytes at most", flush=True)
    subprocess.run(["systemctl", "stop", unit])
    tell(kind, "leaves its report in the journal", await_that(lambda: "1 session" in journal(unit)), journal(unit))
    ended = run("systemctl", "show", "-P", "ActiveState", unit), run("systemctl", "show", "-P", "Result", unit)
    tell(kind, "ends without a failure", ended == ("inactive", "success"), ended)
    server.kill()


def write_packets_drop_in():
    """What the unit's first comment says about packets, taken from there."""
    lines = re.search(r"^#   \[Service\]\n(?:#   .*\n)+", unit_file.read_text(), re.M)[0]
    folder = unit_file.parent / "sioscope@lo.service.d"
    folder.mkdir()
    (folder / "packets.conf").write_text(re.sub("^#   ", "", lines, flags=re.M))


try:
    print("kernel", f"{os.uname().release} systemd", sep="\t", file=out)
    work.mkdir(parents=True)
    (work / "server.py").write_text(SERVER)
    os.symlink(sys.executable, "/usr/bin/watched-server")
    write_packets_drop_in()
    subprocess.run(["systemctl", "daemon-reload"])
    watch("probe", r"watched\x2dserver", "/usr/bin/watched-server")
    watch("packets", "lo", sys.executable)
    print("end", file=out)
except Exception:
    traceback.print_exc()
out.flush()
for line in 1, 2:
    try:
        termios.tcdrain(line)
    except termios.error:
        pass
termios.tcdrain(out.fileno())
ctypes.CDLL(None).reboot(0x01234567)  # qemu is told to end where others start again
time.sleep(60)
