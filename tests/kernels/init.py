"""The first process of a kernel that check-kernels starts: makes ready what a system has, lets watch.py run, and ends.

Usage: init.py SIOSCOPE NODE NODE_MODULES CERT KEY. Results go to the second serial line, everything else to the first.
"""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
import termios
import time
import traceback

sioscope, node, node_modules, cert, key = sys.argv[1:6]
libc = ctypes.CDLL(None, use_errno=True)
RESULTS = "/dev/ttyS1"


def mount(kind, place):
    os.makedirs(place, exist_ok=True)
    if libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None) != 0:
        print(f"{kind} is not mounted: {os.strerror(ctypes.get_errno())}")


def raise_loopback():
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP, size = 0x8913, 0x8914, 1, 40  # struct ifreq; the flags follow the name
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16s24x", b"lo"))
        flags, = struct.unpack_from("h", asked, 16)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack(f"16sh{size - 18}x", b"lo", flags | IFF_UP))


def end():
    for line in (1, 2):
        termios.tcdrain(line)
    LINUX_REBOOT = 0x01234567  # qemu is told to end where others start again
    libc.reboot(LINUX_REBOOT)
    time.sleep(60)


try:
    for kind, place in (("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys"), ("cgroup2", "/sys/fs/cgroup")):
        mount(kind, place)
    raise_loopback()
    watch = os.path.join(os.path.dirname(sys.argv[0]), "watch.py")
    subprocess.run([sys.executable, "-B", watch, sioscope, node_modules, RESULTS],
                   env={"PATH": os.path.dirname(node), "CERT": cert, "KEY": key, "LC_ALL": "C.UTF-8", "HOME": "/root"})
except Exception:
    traceback.print_exc()
end()
