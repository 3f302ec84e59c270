"""A browser: its six connections for a host, and what Chrome says in HAR files of attempts that it makes none of."""
import collections, heapq, itertools
from wire import *
from records import failing


def tabs(number, until, backoff=1.4):
    """That many tabs of one browser poll by HTTP/1.1. Six connections carry the requests of all, first come, first served, as
    a server with engine.io's timers answers them: a ping is due 25 s after the open packet or a pong, and a pong within 20 s of it."""
    capture = Capture()
    spare, queue, agenda, order, sessions = [], collections.deque(), [], itertools.count(), {}
    seeds = itertools.count(1100)
    connections = 0

    def later(at, call, *arguments):
        if at < until:
            heapq.heappush(agenda, (at, next(order), call, arguments))

    def wants(at, kind, of, body=None):
        queue.append((kind, of, body))
        serve(at)

    def serve(at):
        nonlocal connections
        while queue and (spare or connections < 6):
            if not spare:
                connections += 1
                spare.append(Web(capture, at, HERE))
                at += 0.013
            web, (kind, of, body) = spare.pop(), queue.popleft()
            web.c(at, post(target(of), body) if kind == "post" else get(target(of)))
            arrived(at, web, kind, of, body)

    def free(at, web):
        spare.append(web)
        serve(at)

    def replies(at, web, reply):
        web.s(at, reply)
        later(at + 0.013, free, web)

    def arrived(at, web, kind, of, body):
        if kind == "open":
            of = sid(next(seeds))
            sessions[of] = {"buffer": [], "held": None, "pinged": None}
            replies(at + 0.002, web, answer(opened(of)))
            later(at + 25.002, ping, of)
            later(at + 0.015, wants, "post", of, "40")
            later(at + 0.016, wants, "poll", of)
            return
        session = sessions.get(of)
        if session is None:
            replies(at + 0.001, web, answer('{"code":1,"message":"Session ID unknown"}', "400 Bad Request", "application/json", store=False))
            later(at + backoff, wants, "open", None)
        elif kind == "post":
            replies(at + 0.002, web, ok())
            if body == "40":
                session["buffer"].append(f'40{{"sid":"{of[::-1]}"}}')
                flush(at + 0.003, of)
            else:
                session["pinged"] = None
                later(at + 25, ping, of)
        else:
            session["held"] = web
            flush(at + 0.001, of)

    def flush(at, of):
        session = sessions[of]
        if session["held"] and session["buffer"]:
            text = "\x1e".join(session["buffer"])
            replies(at, session["held"], answer(text))
            if text.endswith("2"):
                later(at + 0.0125, wants, "post", of, "3")
            if text.endswith("1"):
                later(at + backoff, wants, "open", None)
            else:
                later(at + 0.0127, wants, "poll", of)
            session["buffer"], session["held"] = [], None

    def ping(at, of):
        sessions[of]["buffer"].append("2")
        sessions[of]["pinged"] = at
        flush(at, of)
        later(at + 20, gives_up, of, at)

    def gives_up(at, of, since):
        if of in sessions and sessions[of]["pinged"] == since:
            sessions[of]["buffer"] = ["1"]
            flush(at, of)
            del sessions[of]

    for each in range(number):
        later(1 + each * 0.7, wants, "open", None)
    while agenda:
        at, _, call, arguments = heapq.heappop(agenda)
        call(at, *arguments)
    return capture


@scene
def fourteen_tabs_poll():
    """Fourteen tabs poll by HTTP/1.1: a browser has six connections for a host, all are held, pongs wait behind polls, and the server gives tabs up."""
    return tabs(14, 150)


@scene
def healthy_five_tabs_poll():
    """Five tabs poll by HTTP/1.1: one connection is left for what they send."""
    return tabs(5, 110)


@scene
def har_unsafe_port():
    """The server listens at port 6666, which browsers refuse to ask."""
    return failing("net::ERR_UNSAFE_PORT", "http://live.example.net:6666")


@scene
def har_private_network():
    """A public page asks a server in the visitor's own network: Chrome's checks of private networks block it."""
    return failing("net::ERR_BLOCKED_BY_PRIVATE_NETWORK_ACCESS_CHECKS", "http://192.168.1.20:3000")


@scene
def har_ssl_protocol():
    """https:// to a port that speaks plain HTTP: Chrome's ERR_SSL_PROTOCOL_ERROR."""
    return failing("net::ERR_SSL_PROTOCOL_ERROR", "https://live.example.net:3000")


@scene
def har_too_many_redirects():
    """Cloudflare's flexible TLS before a server that redirects to https: each request is redirected to itself."""
    return failing("net::ERR_TOO_MANY_REDIRECTS")
