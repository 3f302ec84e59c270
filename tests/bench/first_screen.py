#!/usr/bin/env python3
"""How long the interface takes to its first screen, in a terminal of 120x40: milliseconds from exec until it names the
capture's sessions, the median of several runs.

    first_screen.py TIMES COMMAND..."""
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time

LONGEST = 30  # seconds


def first_screen(command):
    begin = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""
    try:
        while b"Sessions" not in seen or b"client" not in seen:
            left = begin + LONGEST - time.monotonic()
            if left <= 0 or not select.select([terminal], [], [], left)[0]:
                sys.exit("first_screen: no screen within %d s" % LONGEST)
            seen += os.read(terminal, 65536)
        return (time.monotonic() - begin) * 1000
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def main():
    times = [first_screen(sys.argv[2:]) for _ in range(int(sys.argv[1]))]
    print("%.0f" % statistics.median(times))


if __name__ == "__main__":
    main()
