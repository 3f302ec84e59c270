"""Systems that are well and resemble the faults of scenes.py, which writes these as well."""
import itertools, struct
from wire import *


@scene
def healthy_character_split():
    """Text frames in fragments that part within a character, with a ping frame between them."""
    capture = Capture()
    user = WebSocket(capture, 1, HERE, 1200)
    part = lambda data, opcode, last: bytes([(0x80 if last else 0) | opcode]) + frame(data, True)[1:]
    for turn in range(6):
        data = f'42["name",{{"user":"Zoë Müller {turn}"}}]'.encode()
        at = 3 + turn * 4
        middle = data.index("ë".encode()) + 1
        user.c(at, part(data[:middle], 1, False))
        user.c(at + 0.3, frame(b"still here", True, 9))
        user.s(at + 0.301, frame(b"still here", False, 10))
        user.c(at + 0.6, part(data[middle:], 0, True))
        user.down(at + 0.61, '42["welcome","Zoë Müller"]')
    user.leaves(26)
    return capture


@scene
def healthy_mask_of_zeros():
    """A client for microcontrollers masks with 00000000, as the rule allows."""
    capture = Capture()
    device = Tcp(capture, 1, HERE)
    masked = lambda data, opcode=1: bytes([0x80 | opcode, 0x80 | len(data), 0, 0, 0, 0]) + data
    device.c(1.013, upgrade(target(transport="websocket"), agent="arduino-WebSocket-Client"))
    device.s(1.015, switched())
    device.s(1.0155, frame(opened(sid(1201), "")))
    device.c(1.04, masked(b"40"))
    device.s(1.041, frame(f'40{{"sid":"{sid(1701)}"}}'))
    for turn in range(8):
        device.c(2 + turn * 2.5, masked(b'42["temperature",21.%d]' % turn))
        device.s(2.002 + turn * 2.5, frame('42["stored"]'))
    device.c(22, masked(b"41"))
    device.c(22.001, masked(b"", 8))
    device.s(22.002, frame(b"", False, 8))
    device.close(22.003, "s")
    return capture


@scene
def healthy_attachments():
    """Events and acknowledgements with one to three attachments, in two namespaces, both ways."""
    capture = Capture()
    user = WebSocket(capture, 1, HERE, 1202)
    user.up(1.1, "40/files,")
    user.down(1.102, f'40/files,{{"sid":"{sid(1702)}"}}')
    block = lambda masked, byte: frame(bytes([byte]) * 40, masked, 2)
    place = lambda number: f'{{"_placeholder":true,"num":{number}}}'
    for turn in range(4):
        at = 2 + turn * 4
        user.up(at, f'453-/files,{turn}["save",{place(0)},{place(1)},{place(2)}]')
        for number in range(3):
            user.c(at + 0.0001 * (number + 1), block(True, number))
        user.down(at + 0.01, f'461-/files,{turn}[{place(0)}]')
        user.s(at + 0.0101, block(False, 9))
        user.down(at + 1, f'452-["images",{place(0)},{place(1)}]')
        user.s(at + 1.0001, block(False, 1))
        user.s(at + 1.0002, block(False, 2))
        user.down(at + 1.5, '42["list",[1,2,3]]')
    user.leaves(20)
    return capture


@scene
def healthy_cloudfront():
    """Polling and its POSTs through CloudFront, which says Miss each time."""
    by = lambda: ("Connection: keep-alive", "X-Cache: Miss from cloudfront", "Via: 1.1 4f2a.cloudfront.net (CloudFront)", "X-Amz-Cf-Pop: FRA56-P4", f"X-Amz-Cf-Id: m4deUp{next(counter)}==")
    capture = Capture()
    user = Polling(capture, 1, HERE, 1203, answer=lambda body: answer(body, more=by()), ok=lambda: ok(by()))
    user.poll(1.06, '42["list",[1,2,3]]', 1)
    user.post(2.2, '42["thanks"]')
    user.leaves(60, user.beats(2.3, 55))
    return capture


@scene
def healthy_syn_lost_once():
    """Mobile users whose first SYN is lost now and then, and comes again a second later."""
    capture = Capture()
    for number in range(6):
        at, client = 1 + number * 3, f"198.51.100.{120 + number}"
        if number % 3 == 1:
            lost = Tcp(capture, at - 1.02, HERE, client=client, opened=False)
            lost.raw("c", at - 1.02, SYN)
            port, isn = lost.ends["c"][1], lost.isn
            user = WebSocket(capture, at, HERE, 1204 + number, client=client, port=port, isn=isn)
        else:
            user = WebSocket(capture, at, HERE, 1204 + number, client=client)
        with user:
            for tick in range(5):
                user.up(at + 1 + tick * 3, f'42{tick}["look",{tick}]')
                user.down(at + 1.003 + tick * 3, f'43{tick}["ok"]')
        user.leaves(at + 18)
    return capture


@scene
def healthy_any_origin():
    """Any origin is allowed (*), and the page sends no credentials; another page was opened as a file, and null is allowed."""
    capture = Capture()
    for seed, allowed, origin in ((1214, "*", "http://shop.example.org"), (1215, "null", "null")):
        fields = (f"Access-Control-Allow-Origin: {allowed}", "Connection: keep-alive", "Keep-Alive: timeout=5")
        asks = (f"Origin: {origin}", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site")
        begin = 1 + (seed - 1214) * 4
        user = Polling(capture, begin, HERE, seed, get=lambda url, more: get(url, host="api.example.org", more=more), post=lambda url, body, more: post(url, body, host="api.example.org", more=more),
                       answer=lambda body, fields=fields: answer(body, more=fields), ok=lambda fields=fields: ok(fields), more=asks, upgrades="", client=f"198.51.100.{seed - 1100}")
        user.leaves(begin + 60, user.beats(begin + 0.06, begin + 55))
    return capture


@scene
def healthy_lower_case_101():
    """A 101 whose fields are in lower case, with Connection: keep-alive, upgrade, and the one of two subprotocols that was chosen."""
    capture = Capture()
    for number in range(3):
        at = 1 + number
        user = Tcp(capture, at, HERE, client=f"198.51.100.{130 + number}")
        user.c(at + 0.013, upgrade(target(transport="websocket"), more=("Sec-WebSocket-Protocol: v2.chat, v1.chat",)))
        head = switched(more=("sec-websocket-protocol: v1.chat",)).decode().replace("Connection: Upgrade", "connection: keep-alive, upgrade")
        user.s(at + 0.015, head.replace("Upgrade: websocket", "upgrade: WebSocket").replace("Sec-WebSocket-Accept", "sec-websocket-accept").encode())
        user.s(at + 0.0155, frame(opened(sid(1220 + number), "")))
        user.c(at + 0.03, frame("40", True))
        user.s(at + 0.032, frame(f'40{{"sid":"{sid(1720 + number)}"}}'))
        for tick in range(8):
            user.s(at + 1 + tick * 2, frame(f'42["tick",{tick}]'))
        user.c(at + 20, frame("41", True))
        user.c(at + 20.0002, frame(b"", True, 8))
        user.s(at + 20.001, frame(b"", False, 8))
        user.close(at + 20.002, "s")
    return capture


@scene
def healthy_names_nearly_reserved():
    """Events that are named as people name them: connected, disconnected, message, error, ping."""
    capture = Capture()
    user = WebSocket(capture, 1, HERE, 1230)
    with user:
        for turn, name in enumerate(("connected", "message", "error", "ping", "disconnected", "connect_failed") * 3):
            user.down(2 + turn, f'42["{name}",{{"message":"all is well"}}]')
            user.up(2.3 + turn, f'42["{name}",1]')
    user.leaves(22)
    return capture


@scene
def healthy_post_307_followed():
    """A POST is answered by 307 on its first way, and the client sends it again, body and all, where the answer says."""
    capture = Capture()
    agent = "python-requests/2.31.0"
    asks = lambda url, more=(): get(url, agent=agent, more=more)
    user = Polling(capture, 1, HERE, 1231, get=asks, post=lambda url, body, more=(): post(url, body, agent=agent, more=more), upgrades="")
    for turn in range(5):
        at = 3 + turn * 4
        url = user.url()
        user.poll(at - 0.5, f'42["news",{turn}]', 0.1)
        user.posts.ask(at, post("/old" + url, f'42["look",{turn}]', agent=agent), answer("", "307 Temporary Redirect", "text/html", (f"Location: http://app.example.org{url}", "Connection: keep-alive"), store=False))
        user.posts.ask(at + 0.02, post(url, f'42["look",{turn}]', agent=agent), ok())
    user.leaves(22, 20.0)
    return capture
