"""Both sides of nginx in one capture, as `tcpdump -i any` on its host has it: what it passes on, and what it does not."""
from wire import *

BEHIND = ("10.0.0.11", 8080)


def page(status):
    return answer(f"<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n",
                  status, "text/html", ("Server: nginx/1.24.0", "Connection: keep-alive"), store=False)


def inner(request):
    return request.replace(b"Connection: keep-alive\r\n", b"X-Forwarded-For: 198.51.100.20\r\n")


def behind(capture, time):
    return Web(capture, time, BEHIND, client="10.0.0.2", rtt=0.0004)


class Passed:
    """A user by polling through nginx, which keeps a connection to its server for each of the user's two."""

    def __init__(self, capture, at, seed):
        self.capture, self.sid = capture, sid(seed)
        self.fronts = [Web(capture, at, HERE), Web(capture, at + 0.03, HERE)]
        self.backs = [behind(capture, at + 0.0131), behind(capture, at + 0.0451)]
        self.pass_on(0, at + 0.013, get(target()), answer(opened(self.sid)), 0.002)
        self.post(at + 0.045, "40")
        self.poll(at + 0.06, f'40{{"sid":"{sid(seed + 500)}"}}', 0.002)

    def pass_on(self, which, at, request, reply, after):
        self.fronts[which].c(at, request)
        self.backs[which].c(at + 0.0006, inner(request))
        self.backs[which].s(at + 0.0006 + after, reply)
        self.fronts[which].s(at + 0.001 + after, reply)

    def poll(self, at, body, after):
        self.pass_on(0, at, get(target(self.sid)), answer(body), after)

    def post(self, at, body):
        self.pass_on(1, at, post(target(self.sid), body), ok(), 0.002)

    def race(self, which, at, request):
        """The server ends the kept connection while nginx sends on it."""
        back = self.backs[which]
        self.fronts[which].c(at, request)
        back.raw("s", at + 0.0005, FIN | ACK)
        back.raw("c", at + 0.0006, ACK | PSH, inner(request), ack=back.seq["s"] - 1)
        back.raw("s", at + 0.0008, RST, seq=back.seq["s"])


@scene
def proxy_post_meets_keep_alive_end():
    """node ends an idle connection after its keepAliveTimeout of 5 s just as nginx passes a POST on over it: nginx does not repeat POSTs, 502."""
    capture = Capture()
    at = 1.0
    for seed in (310, 311, 312):
        user = Passed(capture, at, seed)
        held = get(target(user.sid))
        user.fronts[0].c(at + 0.08, held)
        user.backs[0].c(at + 0.0806, inner(held))
        race = at + 0.0477 + 5.0004
        user.race(1, race, post(target(user.sid), '42["order",{"lots":2}]'))
        user.fronts[1].s(race + 0.001, page("502 Bad Gateway"))
        user.fronts[0].close(race + 0.03)
        user.backs[0].close(race + 0.031)
        user.fronts[1].close(race + 0.03)
        at = race + 1.5
    return capture


@scene
def proxy_504_server_never_answers():
    """The server behind nginx takes requests and answers none (a blocked event loop): nginx gives up after 60 s, 504."""
    capture = Capture()
    at = 1.0
    for _ in range(3):
        request = get(target())
        front, back = Web(capture, at, HERE), behind(capture, at + 0.0131)
        front.c(at + 0.013, request)
        back.c(at + 0.0136, inner(request))
        back.raw("c", at + 60.013, FIN | ACK)
        back.raw("s", at + 60.0134, ACK)
        front.s(at + 60.0136, page("504 Gateway Time-out"))
        front.close(at + 61)
        at += 62.5
    return capture


@scene
def proxy_502_server_resets():
    """The worker behind nginx dies of each handshake: its kernel resets the connection, nginx answers 502."""
    capture = Capture()
    for at in attempts(1):
        request = get(target())
        front, back = Web(capture, at, HERE), behind(capture, at + 0.0131)
        front.c(at + 0.013, request)
        back.c(at + 0.0136, inner(request))
        back.raw("s", at + 0.35, RST | ACK)
        front.s(at + 0.3506, page("502 Bad Gateway"))
        front.close(at + 0.4)
    return capture


@scene
def healthy_proxy_tries_again():
    """The same race with a poll: nginx repeats what is safe to repeat on a new connection, and the user notices nothing."""
    capture = Capture()
    user = Passed(capture, 1, 330)
    for turn in range(4):
        at = 2 + turn * 7
        user.poll(at, f'42["news",{turn}]', 1)
        request = get(target(user.sid))
        user.race(0, at + 6, request)
        user.backs[0] = behind(capture, at + 6.0011)
        user.backs[0].c(at + 6.0017, inner(request))
        user.backs[0].s(at + 6.2, answer(f'42["more",{turn}]'))
        user.fronts[0].s(at + 6.2005, answer(f'42["more",{turn}]'))
    return capture
