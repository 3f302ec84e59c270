"""Writes the file system that the kernels are started with: the programs of this machine that watch.py needs, where they
are here, with the libraries that they are linked to.

Usage: root.py OUT SIOSCOPE LIVE CERT KEY, all with their whole paths. LIVE is what tests/live/prepare filled; to be run
by its Python. OUT is a cpio archive (of the kind "newc": the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst).
"""
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import sysconfig

out, sioscope, live, cert, key = sys.argv[1:6]
here = pathlib.Path(__file__).resolve().parent

LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pip", "setuptools", "pkg_resources",
            "uvloop", "rpds", "@microsoft"}
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


archive = Archive(out)
for folder in ("dev", "proc", "sys", "tmp", "run", "root"):
    archive.put(folder, stat.S_IFDIR | 0o755)
archive.put("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
archive.put_path(sys.executable)
archive.put_tree(sysconfig.get_path("stdlib"), {"site-packages", "dist-packages"})
archive.put_tree(pathlib.Path(live) / "venv")
archive.put_tree(pathlib.Path(live) / "node" / "node_modules")
archive.put_tree(here)
archive.put_tree(here.parent / "live")
node = os.path.abspath(shutil.which("node"))
for path in (sioscope, node, cert, key):
    archive.put_path(path)
for path in sorted(set(libraries_of(archive.names))):
    archive.put_path(path)
archive.put("init", stat.S_IFREG | 0o755, f"""#!{sys.executable} -BI
import runpy, sys
sys.argv = {[str(here / "init.py"), sioscope, node, os.path.join(live, "node", "node_modules"), cert, key]}
runpy.run_path(sys.argv[0], run_name="__main__")
""".encode())
archive.end()
