"""The same few troubles and well systems, captured as people capture them: link layers, file formats and tools of odd origin."""
import json, os, socket, struct, subprocess, tempfile, zlib
from wire import *

UNKNOWN = '{"code":1,"message":"Session ID unknown"}'


def lost_sessions(capture):
    """Three clients' sessions, each unknown to the server in its next requests: two backends without sticky sessions."""
    for number in range(3):
        for turn in range(3):
            at = 1 + number * 0.7 + turn * 5
            of = sid(1500 + number * 3 + turn)
            polls = Web(capture, at, HERE, client=f"198.51.100.{20 + number}")
            polls.ask(at + 0.013, get(target()), answer(opened(of)))
            posts = Web(capture, at + 0.03, HERE, client=f"198.51.100.{20 + number}")
            posts.ask(at + 0.045, post(target(of), "40"), answer(UNKNOWN, "400 Bad Request", "application/json", store=False))
            posts.close(at + 0.06)
            polls.close(at + 0.08)
    return capture


def well(capture, polling=True):
    """A WebSocket with events and acknowledgements, and a session by polling."""
    user = WebSocket(capture, 1, HERE, 1520)
    with user:
        for tick in range(14):
            user.up(2 + tick * 3, f'42{tick}["look",{{"shelf":{tick}}}]')
            user.down(2.003 + tick * 3, f'43{tick}[{{"items":["apple","pear","plum","quince"],"of":{tick}}}]')
        user.beats(48)
    user.leaves(50)
    if polling:
        other = Polling(capture, 3, HERE, 1521, client="198.51.100.31", upgrades="")
        other.leaves(50, other.beats(3.06, 48))
    return capture


class Kept(Capture):
    """A capture that tools then change; the last file is the one that is kept."""

    def __init__(self, *tools, snap=None, magic=0xa1b2c3d4, order="<", cut=0, **more):
        super().__init__(**more)
        self.tools, self.snap, self.magic, self.order, self.cut = tools, snap, magic, order, cut

    def save(self, path):
        unit = 1e9 if self.magic == 0xa1b23c4d else 1e6
        with open(path, "wb") as out:
            out.write(struct.pack(self.order + "IHHiIII", self.magic, 2, 4, 0, 0, self.snap or 262144, self.linktype))
            for time, packet in sorted(self.packets, key=lambda each: each[0]):
                at = round((BEGIN + self.clock(time)) * unit)
                kept = packet[:self.snap]
                out.write(struct.pack(self.order + "IIII", at // int(unit), at % int(unit), len(kept), len(packet)) + kept)
            out.truncate(out.tell() - self.cut)

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "capture.pcap")
        self.save(path)
        for tool in self.tools:
            tool(path)
        subprocess.run(["zstd", "-q", "-19", "-f", "--rm", path], check=True)


def tool(*words):
    """A program that reads IN and writes OUT in the file's place."""
    def run(path):
        subprocess.run([{"IN": path, "OUT": path + ".new"}.get(word, word) for word in words], check=True, stdout=subprocess.DEVNULL)
        os.replace(path + ".new", path)
    return run


def each(call):
    return lambda packet, time: [(time, call(packet))]


# ---- link layers


@scene
def link_sll2_veth_and_bridge():
    """tcpdump -i any on a Docker host, whose libpcap writes SLL2: each packet at the host's port, the bridge and the container's veth."""
    def seen(packet, time):
        outward = packet[12:16] == socket.inet_aton(HERE[0])
        places = ((2, 4, 0), (5, 0, 3e-6), (9, 4, 5e-6)) if outward else ((9, 0, 0), (5, 4, 3e-6), (2, 0, 6e-6))
        return [(time + late, struct.pack(">HHIHBB8s", 0x800, 0, index, 1, kind if outward else kind, 6, bytes.fromhex("02005e00530b0000")) + packet) for index, kind, late in places]
    return lost_sessions(Kept(linktype=276, link=seen))


@scene
def link_frame_check_sequences():
    """A network tap keeps Ethernet's padding and frame check sequences, and says so in the file's link type."""
    def framed(packet):
        data = ethernet(packet).ljust(60, b"\0")
        return data + struct.pack("<I", zlib.crc32(data))
    return lost_sessions(Kept(linktype=0x24000001, link=each(framed)))


def nflog(packet):
    """A group's message: the packet's header, a prefix, the payload."""
    part = lambda kind, data: struct.pack("<HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)
    return struct.pack(">BBH", 2, 0, 5) + part(1, struct.pack(">HBB", 0x800, 3, 0)) + part(10, b"socketio\0") + part(5, struct.pack(">I", 2)) + part(9, packet)


@scene
def link_nflog():
    """tcpdump -i nflog:5, where iptables sends one application's packets."""
    return lost_sessions(Kept(linktype=239, link=each(nflog)))


@scene
def link_provider_vlans():
    """A provider's network: a tag by 802.1ad with a tag by 802.1Q within."""
    return lost_sessions(Kept(link=each(lambda packet: bytes.fromhex("02005e00530a02005e00530b88a8006481000bb80800") + packet)))


@scene
def link_pppoe_and_mpls():
    """A line with PPPoE, behind a label of MPLS in the carrier's network: the client's packets by one, the server's by the other."""
    def carried(packet):
        if packet[12:16] == socket.inet_aton(HERE[0]):
            return bytes.fromhex("02005e00530a02005e00530b8847") + struct.pack(">I", 18 << 12 | 1 << 8 | 64) + packet
        return bytes.fromhex("02005e00530a02005e00530b8864") + struct.pack(">BBHHH", 0x11, 0, 0x4711, len(packet) + 2, 0x21) + packet
    return lost_sessions(Kept(link=each(carried)))


def six(packet, options=b"", first=6, loopback=False):
    """The same segment over IPv6, `options` between its header and the segment."""
    old, new = packet[12:20], []
    for at in (0, 4):
        new.append(socket.inet_pton(socket.AF_INET6, "::1" if loopback else "2001:db8::" + old[at:at + 4].hex()[:4] + ":" + old[at:at + 4].hex()[4:]))
    segment = packet[20:]
    segment = segment[:16] + b"\0\0" + segment[18:]
    pseudo = new[0] + new[1] + struct.pack(">IHBB", len(segment), 0, 0, 6)
    segment = segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]
    return struct.pack(">IHBB", 6 << 28, len(options) + len(segment), first, 64) + new[0] + new[1] + options + segment


@scene
def link_ipv6_extension_headers():
    """IPv6 with hop-by-hop options, destination options and, where a segment is large, fragments."""
    def extended(packet, time):
        whole = six(packet, bytes([60, 0, 5, 2, 0, 0, 1, 0]) + bytes([6, 0, 1, 4, 0, 0, 0, 0]), first=0)
        wrap = lambda data: bytes.fromhex("02005e00530a02005e00530b86dd") + data
        if len(packet) < 300:
            return [(time, wrap(whole))]
        head, rest = whole[:40], whole[48:]           # after hop-by-hop, all is in the fragments
        step, parts = 256, []
        for at in range(0, len(rest), step):
            data = rest[at:at + step]
            more = at + step < len(rest)
            hop = bytes([44, 0, 5, 2, 0, 0, 1, 0])
            frag = struct.pack(">BBHI", 60, 0, at | more, extended.number)
            parts.append((time + at * 1e-8, wrap(head[:4] + struct.pack(">H", len(data) + 16) + head[6:] + hop + frag + data)))
        extended.number += 1
        return parts
    extended.number = 0x5150
    return lost_sessions(Kept(link=extended))


@scene
def link_npcap_loopback():
    """Npcap's loopback adapter: localhost is ::1, the family of IPv6 is 24, in the order of the machine."""
    return lost_sessions(Kept(linktype=0, link=each(lambda packet: struct.pack("<I", 24) + six(packet, loopback=True))))


@scene
def link_time_stamp_trailers():
    """A switch's mirror adds twelve bytes behind each packet (a time stamp's trailer, as Arista and Metamako do)."""
    return lost_sessions(Kept(link=each(lambda packet: ethernet(packet) + bytes.fromhex("0a1b2c3d0000002a4d4d0001"))))


# ---- files


@scene
def file_nanoseconds_big_endian():
    """A pcap of a big-endian machine, with nanoseconds."""
    return lost_sessions(Kept(magic=0xa1b23c4d, order=">"))


@scene
def file_snapped_at_200():
    """tcpdump -s 200: of each answer, the status and some fields are left; the body that says why is cut off."""
    return lost_sessions(Kept(snap=200))


@scene
def file_two_interfaces_and_comments():
    """Wireshark's own pcapng of two interfaces with different link types, by mergecap, with comments of a colleague and a secrets block of nothing."""
    capture = Kept(link=lambda packet, time: [(time, ethernet(packet))])
    other = Kept(linktype=276, link=lambda packet, time: [(time + 4e-6, struct.pack(">HHIHBB8s", 0x800, 0, 3, 772, 0, 6, bytes(8)) + packet)])
    lost_sessions(capture)
    aside = Kept(linktype=276, link=other.link)
    for at in (2, 9):
        web = Web(aside, at, ("192.0.2.10", 8080), client="198.51.100.90")
        web.ask(at + 0.013, get("/metrics"), answer("up 1\n"))
        web.close(at + 1)

    def merges(path):
        aside.save(path + ".aside")
        subprocess.run(["mergecap", "-w", path + ".new", path, path + ".aside"], check=True)
        os.remove(path + ".aside")
        os.replace(path + ".new", path)
    capture.tools = (merges, tool("editcap", "--capture-comment", "user says it is slow since Tuesday", "-a", "7:here it starts?", "-a", "31:400 again", "IN", "OUT"))
    return capture


@scene
def file_answers_alone():
    """A mirror port that carries one direction: the server's answers, 400 "Session ID unknown" among them."""
    return lost_sessions(Kept(sees=lambda packet: packet[12:16] == socket.inet_aton(HERE[0])))


# ---- and what is well


@scene
def healthy_snapped_at_96():
    """tcpdump -s 96: headers, and a few bytes of what they carry."""
    return well(Kept(snap=96))


@scene
def healthy_mergecap_of_two_places():
    """The client's and the server's captures in one file by mergecap, one clock 180 ms behind: each packet comes twice."""
    capture = well(Kept())

    def other_place(path):
        there = Kept()
        for time, packet in capture.packets:
            outward = packet[26:30] == socket.inet_aton(HERE[0])
            head = packet[14:22] + bytes([packet[22] + (-12 if outward else 12)]) + packet[23:24] + b"\0\0" + packet[26:34]
            there.packets.append((time + (0.006 if outward else -0.006) - 0.18, packet[:14] + head[:10] + struct.pack(">H", checksum(head)) + head[12:] + packet[34:]))
        there.save(path + ".there")
        subprocess.run(["mergecap", "-w", path + ".new", path, path + ".there"], check=True)
        os.remove(path + ".there")
        os.replace(path + ".new", path)
    capture.tools = (other_place,)
    return capture


@scene
def healthy_pktmon_duplicates():
    """Windows' pktmon: each packet is seen at the miniport, a filter and the TCP/IP driver, microseconds apart."""
    return well(Kept(link=lambda packet, time: [(time, ethernet(packet)), (time + 2e-6, ethernet(packet)), (time + 5e-6, ethernet(packet))]))


@scene
def healthy_killed_tcpdump():
    """tcpdump was killed while it wrote: the last packet is not whole."""
    return well(Kept(cut=31))


class Rotated(Kept):
    """tcpdump -C: two files; the later one is the one that is named first."""

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        packets = sorted(self.packets, key=lambda each: each[0])
        for name, part in (("first.pcap", packets[:len(packets) // 2]), ("capture.pcap", packets[len(packets) // 2:])):
            self.packets = part
            self.save(os.path.join(folder, name))
            subprocess.run(["zstd", "-q", "-19", "-f", "--rm", os.path.join(folder, name)], check=True)


@scene
def healthy_rotated_in_wrong_order():
    """tcpdump -C 1 -w trouble.pcap: trouble.pcap and trouble.pcap1, given as the shell lists them the other way round."""
    return well(Rotated())


@scene
def healthy_nflog():
    """A well system as tcpdump -i nflog:5 writes it."""
    return well(Kept(linktype=239, link=each(nflog)))
