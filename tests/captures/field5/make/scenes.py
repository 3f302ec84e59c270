#!/usr/bin/env python3
"""scenes.py TARGET [SCENE…]: writes each scene's capture into TARGET/SCENE, packet by packet, by field3's wire.py; each
scene's first words say what happens in it. Balancers' cookies, gateways and hosters, ports of other programs, limits of
firewalls; and what is well and resembles them (well.py). What real software can show is recorded by record.js."""
import os, struct, sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "field3", "make")]
from wire import *


def refused(reply, request=lambda at: get(target()), begin=1, after=0.02, capture=None, closes=True, **tcp):
    """Attempts, each by a connection of its own, with the same answer."""
    capture = capture or Capture()
    for at in attempts(begin):
        web = Web(capture, at, HERE, **tcp)
        web.ask(at + 0.013, request(at), reply, after)
        if closes:
            web.close(at + 0.02 + after, "s")
    return capture


def page(body, status, *more, kind="text/html"):
    return answer(body, status, kind, more, store=False)


def talks(user, begin, every, turns):
    """Events with acknowledgements, and the server's pings between them."""
    with user:
        user.beats(begin + every * turns)
        for turn in range(turns):
            user.up(begin + turn * every, f'42{turn}["say","hello"]')
            user.down(begin + turn * every + 0.004, f'43{turn}["ok"]')


# ---- a balancer's cookie that browsers do not send back

UNKNOWN = '{"code":1,"message":"Session ID unknown"}'


def cookie_lost(set_cookie, seed, asks, sends=(), extra=()):
    """Two servers behind a balancer that is sticky by a cookie; each handshake sets it, and no later request has it."""
    capture = Capture()
    for number, at in enumerate(attempts(1)):
        of = sid(seed + number)
        by = ("Connection: keep-alive", f"Set-Cookie: {set_cookie(number)}", *extra)
        more = (*asks, *sends)
        polls = Web(capture, at, HERE)
        polls.ask(at + 0.013, get(target(), more=more), answer(opened(of), more=by), 0.006)
        posts = Web(capture, at + 0.04, HERE)
        reply = answer(UNKNOWN, "400 Bad Request", "application/json", by, store=False)
        posts.ask(at + 0.053, post(target(of), "40", more=more), reply)
        polls.ask(at + 0.054, get(target(of), more=more), reply)
        posts.close(at + 0.1)
        polls.close(at + 0.1)
    return capture


CROSS = ("Origin: https://shop.example.net", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site", "X-Forwarded-Proto: https")
ALLOWED = ("Access-Control-Allow-Origin: https://shop.example.net", "Access-Control-Allow-Credentials: true", "Vary: Origin")


@scene
def cookie_without_samesite():
    """The page sends credentials (its consent cookie comes each time), but HAProxy's cookie has no SameSite=None; Secure:
    browsers do not send it to another site."""
    return cookie_lost(lambda number: f"SERVERID=app{number % 2 + 1}; path=/", 2000, CROSS, ("Cookie: consent=made-up-yes",), ALLOWED)


@scene
def cookie_secure_over_http():
    """The balancer's cookie is Secure, and the page and its requests are plain http: browsers drop it. The page's own cookie comes."""
    return cookie_lost(lambda number: f"SERVERID=app{number % 2 + 1}; path=/; HttpOnly; Secure", 2010,
                       ("Referer: http://app.example.org/",), ("Cookie: lang=de",))


@scene
def cookie_for_another_path():
    """The balancer's cookie is for Path=/app/, and Socket.IO is at /socket.io/: browsers do not send it there."""
    return cookie_lost(lambda number: f"ROUTEID=.app{number % 2 + 1}; path=/app/", 2020,
                       ("Referer: http://app.example.org/app/",), ("Cookie: lang=de",))


# ---- gateways and hosters


@scene
def envoy_overflow_503():
    """Envoy's circuit breaker lets three requests be under way: three users poll, and what comes besides gets 503, overflow."""
    capture = Capture()
    by = ("server: istio-envoy", "x-envoy-upstream-service-time: 2")
    for number in range(3):
        user = Polling(capture, 1 + number * 0.4, HERE, 2030 + number, answer=lambda body: answer(body, more=by), ok=lambda: ok(by), upgrades="", client=f"198.51.100.{60 + number}")
        begin = 1.1 + number * 0.4
        for turn in range(14):
            user.poll(begin + turn * 2, f'42["tick",{turn}]', 1.99)
    full = lambda: answer("upstream connect error or disconnect/reset before headers. reset reason: overflow", "503 Service Unavailable", "text/plain",
                          ("x-envoy-overloaded: true", "server: istio-envoy"), store=False)
    for at in attempts(4):
        web = Web(capture, at, HERE, client="198.51.100.70")
        web.ask(at + 0.013, get(target()), full(), 0.001)
        web.close(at + 0.05)
    return capture


@scene
def envoy_route_timeout():
    """Envoy's route has its default timeout, 15 s: each held poll gets 504 "upstream request timeout"; pingInterval is 25 s."""
    capture = Capture()
    by = ("server: envoy", "x-envoy-upstream-service-time: 2")
    at = 1.0
    for number in range(4):
        user = Polling(capture, at, HERE, 2040 + number, answer=lambda body: answer(body, more=by), ok=lambda: ok(by), upgrades="")
        user.poll(at + 0.1, '42["hello"]', 0.2)
        user.polls.ask(at + 0.4, get(user.url()), answer("upstream request timeout", "504 Gateway Timeout", "text/plain", ("server: envoy",), store=False), 15.001)
        user.polls.close(at + 15.5)
        user.posts.close(at + 5.1, "s")
        at += 15.5 + BACKOFF[number]
    return capture


@scene
def heroku_application_error():
    """The dyno has crashed at its start (H10): Heroku's router answers 503 with its page in a frame."""
    body = ('<!DOCTYPE html>\n\t<html>\n\t  <head>\n\t\t<meta name="viewport" content="width=device-width, initial-scale=1">\n\t\t<meta charset="utf-8">\n\t\t<title>Application Error</title>\n'
            '\t  </head>\n\t  <body>\n\t\t<iframe src="//www.herokucdn.com/error-pages/application-error.html"></iframe>\n\t  </body>\n\t</html>')
    return refused(page(body, "503 Service Unavailable", "Cache-Control: no-cache, no-store", "Server: Heroku", "Connection: keep-alive", "Via: 1.1 heroku-router", kind="text/html; charset=utf-8"), closes=False)


@scene
def azure_app_stopped():
    """The web app is stopped (its quota is used up): Azure App Service answers 403 in its place."""
    body = ('<!DOCTYPE html>\n<html>\n<head>\n    <title>Web App - Unavailable</title>\n</head>\n<body>\n<div id="content">\n<h1 id="unavailable">Error 403 - This web app is stopped.</h1>\n'
            '<p id="tryAgain">The web app you have attempted to reach is currently stopped and does not accept any requests. Please try to reload the page or visit it again soon.</p>\n'
            '<p id="toAdmin">If you are the web app administrator, please find the common 403 error scenarios and resolution <a href="https://go.microsoft.com/fwlink/?linkid=2095007" target="_blank">here</a>. '
            'For further troubleshooting tools and recommendations, please visit <a href="https://portal.azure.com/">Azure Portal</a>.</p>\n</div>\n</body>\n</html>\n')
    return refused(page(body, "403 Site Disabled", "Connection: close"))


@scene
def cloud_run_rate_exceeded():
    """Google Cloud Run has its greatest number of instances, each with as many requests as it may (polls and WebSockets last): 429."""
    capture = Capture()
    user = WebSocket(capture, 0.5, HERE, 2050, client="198.51.100.61")
    talks(user, 2, 2, 13)
    return refused(page("Rate exceeded.", "429 Too Many Requests", "x-cloud-trace-context: 1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f", "server: Google Frontend", "via: 1.1 google"), capture=capture, begin=3, closes=False)


@scene
def apache_421_without_sni():
    """nginx passes on to Apache 2.4.65 by https and names no server (proxy_ssl_server_name is off): Apache answers 421."""
    body = ('<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>421 Misdirected Request</title>\n</head><body>\n<h1>Misdirected Request</h1>\n<p>The client needs a new connection for this\n'
            "request as the requested host name does not match\nthe Server Name Indication (SNI) in use for this\nconnection.</p>\n<hr>\n<address>Apache Server at app.example.org Port 443</address>\n</body></html>\n")
    return refused(page(body, "421 Misdirected Request", "Server: nginx/1.24.0 (Ubuntu)", "Connection: keep-alive", kind="text/html; charset=iso-8859-1"), closes=False)


@scene
def passenger_incomplete_response():
    """A shared host's Passenger runs the application, which ends each answer too soon: 502 of Passenger's own."""
    return refused(page("<h2>Incomplete response received from application</h2>", "502 Bad Gateway", "Status: 502 Bad Gateway", "X-Powered-By: Phusion Passenger(R) 6.0.23", "Server: Apache",
                        "Keep-Alive: timeout=5, max=100", "Connection: Keep-Alive", kind="text/html; charset=UTF-8"), closes=False)


@scene
def draining_refuses_newcomers():
    """A server drains before a deployment that does not come: its users go on by WebSocket, and each handshake gets the application's 503."""
    capture = Capture()
    for number in range(3):
        user = WebSocket(capture, 0.2 + number * 0.2, HERE, 2060 + number, client=f"198.51.100.{80 + number}")
        talks(user, 2 + number * 0.3, 2.2, 13)
    return refused(answer('{"error":"server is draining"}', "503 Service Unavailable", "application/json; charset=utf-8", (
        "X-Powered-By: Express", "Retry-After: 30", "Connection: close"), store=False), capture=capture, begin=3)


# ---- clients


@scene
def swift_15_names_no_revision():
    """socket.io-client-swift 15 sends no EIO; node's server 4 answers "Unsupported protocol version"."""
    agent = "Chat/42 CFNetwork/1568.100.1 Darwin/24.0.0"
    asks = lambda at: lines("GET /socket.io/?transport=polling&b64=1 HTTP/1.1", "Host: app.example.org", "Accept: */*", f"User-Agent: {agent}",
                            "Accept-Language: en-GB,en;q=0.9", "Accept-Encoding: gzip, deflate", "Connection: keep-alive")
    return refused(answer('{"code":5,"message":"Unsupported protocol version"}', "400 Bad Request", "application/json", ("Connection: keep-alive", "Keep-Alive: timeout=5"), store=False), asks, closes=False)


# ---- ports of other programs


@scene
def port_of_ssh():
    """The client's URL has the port of an SSH server, which greets first and takes the request for a bad greeting."""
    capture = Capture()
    for at in attempts(1):
        web = Web(capture, at, HERE)
        web.c(at + 0.013, get(target()))
        web.s(at + 0.018, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
        web.s(at + 0.024, b"Invalid SSH identification string.\r\n")
        web.close(at + 0.0245, "s")
    return capture


# ---- firewalls


def syn(capture, at, client, reply):
    """A SYN of `client`, and the firewall's reply to it: "rst" or "icmp" (port unreachable, as iptables' REJECT sends it)."""
    only = Capture(link=lambda packet, time: [(time, packet)])
    wanting = Tcp(only, at, HERE, client=client, opened=False)
    wanting.raw("c", at, SYN)
    packet = only.packets[0][1]
    capture.add(at, packet)
    if reply == "rst":
        wanting.seq["s"] = 0
        wanting.raw("s", at + 4e-5, RST | ACK, window=0)
        capture.add(at + 4e-5, only.packets[-1][1])
    else:
        body = struct.pack(">BBHI", 3, 3, 0, 0) + packet
        capture.add(at + 4e-5, ipv4(HERE[0], client, 1, body[:2] + struct.pack(">H", checksum(body)) + body[4:]))


@scene
def fail2ban_bans_one_client():
    """A client with an old password gets 401 five times; then fail2ban bans its address, by ICMP. Other clients are served."""
    capture = Capture()
    for number in range(2):
        user = WebSocket(capture, 0.5 + number, HERE, 2070 + number, client=f"198.51.100.{91 + number}")
        talks(user, 3 + number, 3, 18)
    refuses = page("<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center><h1>401 Authorization Required</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n",
                   "401 Unauthorized", "Server: nginx/1.22.1", "Connection: keep-alive", 'WWW-Authenticate: Basic realm="chat"')
    refused(refuses, lambda at: get(target(), more=("Authorization: Basic bWFkZTp1cA==",)), 2, capture=capture, closes=False, client="198.51.100.90")
    for number in range(6):
        syn(capture, 26 + number * 5.2, "198.51.100.90", "icmp")
    late = WebSocket(capture, 40, HERE, 2075, client="198.51.100.95")
    late.up(42, '42["say","hello"]')
    return capture


@scene
def connlimit_resets_the_fifth():
    """An office behind one address has four WebSockets, and iptables' connlimit resets its fifth and later ones. Others come in."""
    capture = Capture()
    for number in range(4):
        user = WebSocket(capture, 0.5 + number * 0.5, HERE, 2080 + number, client="198.51.100.30")
        talks(user, 4 + number * 0.2, 2, 14)
    for at in attempts(5):
        syn(capture, at, "198.51.100.30", "rst")
    for number in range(2):
        user = WebSocket(capture, 9 + number * 6, HERE, 2090 + number, client=f"198.51.100.{97 + number}")
        user.up(10 + number * 6, '42["say","hello"]')
    return capture


import well

if __name__ == "__main__":
    here = {name for name, function in SCENES.items() if function.__module__ in ("__main__", "well")}
    for name in sys.argv[2:] or sorted(here):
        SCENES[name]().write(f"{sys.argv[1]}/{name}")
