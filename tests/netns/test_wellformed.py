# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark reads everything that a pair sends in its life, and finds nothing to say about it.

By default it sums VRRPv3 over IPv4 with a pseudo-header, by a preference as in VRRPv2, without;
so each form of ours is read by who expects it.
"""

import collections
import csv
import io

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VRID, Asker, Instance, NeighbourAsker, Xvrrpd, elected,
                 nets, password, unicast, virtual_mac, wait_until, wire)
from lab.process import Daemon

FIELDS = ("frame.number", "frame.protocols", "eth.src", "_ws.expert.message",
          "_ws.expert.severity", "_ws.malformed", "ip.checksum.status", "vrrp.checksum.status",
          "icmpv6.checksum.status", "vrrp.version", "vrrp.auth_type", "vrrp.prio", "arp.opcode",
          "icmpv6.type", "ip.dst", "ipv6.dst", "eth.dst")
CHAT = 0x200000  # a severity that is no complaint
GOOD = "1"


class Recorder:
    """tcpdump on a port of the switch, of what comes in."""

    def __init__(self, lab, port):
        self.path = lab.dir / f"{port}.pcap"
        self._daemon = lab.track(Daemon(lab.switch, [
            "tcpdump", "-i", port, "-Q", "in", "-U", "--immediate-mode", "-Z", "root", "-w",
            self.path], lab.dir / f"tcpdump-{port}.log"))
        wait_until(lambda: "listening" in self._daemon.log(), "tcpdump listens")

    def read(self, form):
        """Wireshark's view of each frame, as dictionaries of FIELDS."""
        self._daemon.stop()
        summed_as_v2 = "TRUE" if form == "rfc9568" else "FALSE"
        argv = ["tshark", "-n", "-r", self.path, "-T", "fields", "-E", "header=n", "-E",
                "separator=,", "-E", "quote=d", "-o", "ip.check_checksum:TRUE",
                "-o", f"vrrp.v3_checksum_as_in_v2:{summed_as_v2}"]
        text = nets.run(*argv, *(word for field in FIELDS for word in ("-e", field)))
        return [dict(zip(FIELDS, row)) for row in csv.reader(io.StringIO(text))]


def complaints(frames):
    """What Wireshark has against a frame."""
    found = []
    for frame in frames:
        severities = [int(word) for word in frame["_ws.expert.severity"].split(",") if word]
        if any(severity > CHAT for severity in severities) or frame["_ws.malformed"]:
            found.append(frame)
        sums = [frame[name] for name in FIELDS if name.endswith(".status") and frame[name]]
        if any(word != GOOD for status in sums for word in status.split(",")):
            found.append(frame)
    return found


def instances(priority, own, peer):
    """Everything that can be sent, at once."""
    def one(name, vrid, **fields):
        return Instance(priority, name=name, vrid=vrid, **fields)

    v2 = {"version": 2, "advert_int": 1}
    return [
        one("V3", VRID), one("V6", VRID, addresses=ADDRESSES6),
        one("V2", 52, addresses=("192.0.2.2/24",), **v2),
        one("PASS", 53, addresses=("192.0.2.3/24",), extra=password("secret"), **v2),
        one("U3", 54, addresses=("192.0.2.4/24",),
            extra=unicast(f"192.0.2.{own}", f"192.0.2.{peer}")),
        one("U6", 54, addresses=("fe80::4/64", "2001:db8::4/64"),
            extra=unicast(f"fe80::{own}", f"fe80::{peer}")),
        one("ODD", 55, advert_int=0.05, addresses=tuple(f"192.0.2.{n}/32" for n in range(20, 31))),
    ]


def kernel_asks(node):
    """So that the guard of what leaves has something to dress."""
    node.ip("neigh", "flush", "dev", "eth0")
    for source, target in ((VIP, "192.0.2.100"), (VIP6, "2001:db8::100")):
        node.run("ping", "-c", "1", "-W", "2", "-I", source, target)


def live(lan, form):
    """Start, election, questions, drain, death, return, stop."""
    def agent(node, priority, own, peer):
        return Xvrrpd(node, *instances(priority, own, peer), global_lines=(
            f"xdp_checksum {form}", "vrrp_garp_master_delay 1"))

    first, second = agent(lan.r1, 200, 11, 12), agent(lan.r2, 100, 12, 11)
    names = [i.name for i in first.instances]
    for name in names:
        elected(first, second, name)
    kernel_asks(lan.r1)
    capture = lan.capture()
    assert Asker(lan, capture).answers() and Asker(lan, capture).answers(sender_ip="0.0.0.0")
    asker = NeighbourAsker(lan, capture)
    for way in ({}, {"source": "::"}, {"dst": VIP6, "dst_mac": virtual_mac(VRID, 6)}):
        assert asker.answers(**way)
    first.ctl("drain")
    for name in names:
        elected(second, first, name)
    second.kill()
    first.ctl("undrain")
    for name in names:
        wait_until(lambda n=name: first.state(n) == "active", "back")
    first.stop()


def kinds(frames):
    """How many of each kind of frame there were."""
    found = collections.Counter()
    for frame in frames:
        if frame["vrrp.version"]:
            family = "6" if frame["ipv6.dst"] else "4"
            to = frame["ip.dst"] or frame["ipv6.dst"]
            kind = "" if to in (wire.GROUP, wire.GROUP6) else " unicast"
            found[f"v{frame['vrrp.version']} ipv{family}{kind}"] += 1
            found["farewell"] += frame["vrrp.prio"] == "0"
        elif frame["arp.opcode"]:
            virtual = "virtual" if frame["eth.src"] == virtual_mac(VRID) else "own"
            found[f"arp {frame['arp.opcode']} {virtual}"] += 1
        elif frame["icmpv6.type"]:
            virtual = "virtual" if frame["eth.src"] == virtual_mac(VRID, 6) else "own"
            found[f"icmpv6 {frame['icmpv6.type']} {virtual}"] += 1
    return found


@pytest.mark.parametrize("form", ["rfc9568", "pseudo"])
def test_nothing_is_malformed(lan6, form):
    recorders = [Recorder(lan6, port) for port in ("r1", "r2")]
    live(lan6, form)
    frames = [frame for recorder in recorders for frame in recorder.read(form)]
    assert complaints(frames) == []
    seen = kinds(frames)
    for kind in ("v2 ipv4", "v3 ipv4", "v3 ipv6", "v3 ipv4 unicast", "v3 ipv6 unicast", "farewell",
                 "arp 1 virtual", "arp 2 virtual", "icmpv6 135 virtual", "icmpv6 136 virtual"):
        assert seen[kind], f"{kind} was not among what was read: {seen}"


@pytest.mark.parametrize("wrong", ["checksum", "form", "short"])
def test_wireshark_would_tell(lan6, wrong):
    """Of an advertisement that is not as it should be, there is a complaint."""
    message = wire.vrrp_message()
    message = {"checksum": message[:6] + b"xx" + message[8:], "short": message[:10],
               "form": wire.vrrp_message(pseudo=("192.0.2.66", wire.GROUP))}[wrong]
    recorder = Recorder(lan6, "r1")
    capture = lan6.capture()
    with lan6.r1.packet_socket() as sock:
        sock.send(wire.advert("192.0.2.66", message))
    wait_until(lambda: capture.adverts, "it is on the wire")
    wait_until(lambda: recorder.path.stat().st_size > 24, "and recorded")
    assert len(complaints(recorder.read("rfc9568"))) >= 1
