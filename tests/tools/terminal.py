"""The interface in a terminal of its own (tmux's), for tests that look at its screens. It waits for what a screen shows and
never for a time, so a busy machine makes it slow and not wrong. Keys may be typed ahead: the interface works at each, and
draws what it did, before it takes the next."""
import itertools, os, shlex, subprocess, time

_numbers = itertools.count()
PATIENCE = 60  # seconds for what must come; only a failure takes so long
ESCAPE = 0.3  # what follows an escape at once is taken for a part of it


class Terminal:
    def __init__(self, words, width=200, height=50, environment=None):
        self.server = f"sioscope-test-{os.getpid()}-{next(_numbers)}"
        command = " ".join(map(shlex.quote, words))
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), command + "; sleep 600",
                  environment=environment)

    def tmux(self, *words, environment=None):
        return subprocess.run(["tmux", "-L", self.server, *words], capture_output=True, text=True, errors="replace",
                              env={**os.environ, **(environment or {})}).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def wait(self, good):
        """The screen, once it is so."""
        end = time.monotonic() + PATIENCE
        while not good(text := self.screen()):
            if time.monotonic() > end:
                raise TimeoutError("the screen that is waited for does not come; there is:\n" + text)
            time.sleep(0.02)
        return text

    @staticmethod
    def is_read(text):
        """The first screen, with all of the capture."""
        head = text.split("\n", 1)[0]
        return " Sessions " in head and " packet" in head and " loading " not in head

    def wait_until_read(self):
        return self.wait(self.is_read)

    def press(self, *keys):
        self.tmux("send-keys", *keys)
        if keys[-1] == "Escape":
            time.sleep(ESCAPE)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def end(self):
        self.tmux("kill-server")
