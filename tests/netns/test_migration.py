# SPDX-License-Identifier: GPL-2.0-or-later
"""A keepalived pair becomes an xvrrpd pair and a keepalived pair again, as docs/MIGRATING.md says.

One file for each node, which both daemons read, has every kind of virtual router: version 2 with a
password and version 3, multicast and unicast, IPv4 and IPv6. A client asks all of them all the
time; what it does not get is what the protocol takes to notice.
"""

import contextlib
import pathlib
import time

import pytest

from lab import (ArpProber, Instance, Keepalived, NeighbourProber, Pinger, Xvrrpd, password,
                 unicast, virtual_mac, wait_until)
from lab.config import config_text

EVERY_S = 0.005
# Beyond what the timers allow, for a machine that has other things to do as well.
SLACK_NS = 1_000_000_000
BEFORE_NS = 50_000_000  # to have the last answers of the old one
SOURCES = {"r1": "192.0.2.11", "r2": "192.0.2.12"}
PEER = {"r1": "r2", "r2": "r1"}
PRIORITY = {"r1": 200, "r2": 100}
KINDS = {"keepalived": Keepalived, "xvrrpd": Xvrrpd}
V2 = {"version": 2, "advert_int": 1}
V3 = {"version": 3, "advert_int": 0.5}


def instances(own):
    """Those of the file of one node."""
    alone = unicast(SOURCES[own], SOURCES[PEER[own]])
    secret = password("s3cr3t")

    def one(name, vrid, *addresses, extra=(), **fields):
        return Instance(PRIORITY[own], name=name, vrid=vrid, addresses=addresses,
                        extra=extra, **fields)

    return [one("OLD", 51, "192.0.2.51/24", extra=secret, **V2),
            one("OLD_UNICAST", 52, "192.0.2.52/24", extra=secret + alone, **V2),
            one("NEW", 53, "192.0.2.53/24", **V3),
            one("NEW_UNICAST", 54, "192.0.2.54/24", extra=alone, **V3),
            one("SIX", 55, "fe80::55/64", "2001:db8::55/64", **V3)]


class Pair:
    """A daemon on each node, and what the client has seen since it began."""

    def __init__(self, lan):
        self.lan = lan
        self.files = {own: config_text(instances(own)) for own in SOURCES}
        self.daemons = {}
        self.capture = lan.capture()
        self.pingers = {}

    def start(self, own, kind):
        daemon = KINDS[kind](getattr(self.lan, own), *instances(own))
        read = pathlib.Path(daemon.argv[daemon.argv.index("-f") + 1])
        assert read.read_text(encoding="utf-8") == self.files[own]  # both read the same
        self.daemons[own] = daemon

    def stop(self, own):
        assert self.daemons.pop(own).stop() == 0

    def replace(self, own, kind):
        self.stop(own)
        self.start(own, kind)

    def rules(self, own):
        return all(self.daemons[own].state(i.name) == "active" for i in instances(own))

    def obeys(self, own):
        return all(self.daemons[own].state(i.name) == "backup" for i in instances(own))

    def settle(self, active):
        wait_until(lambda: self.rules(active) and self.obeys(PEER[active]), f"{active} is Active")

    @contextlib.contextmanager
    def client(self):
        """Somebody who asks for each address, and pings it."""
        node, asking = self.lan.client, contextlib.ExitStack()
        with asking:
            for instance in instances("r1"):
                address = instance.addresses[-1].split("/")[0]
                if ":" in address:
                    asking.enter_context(NeighbourProber(
                        node.packet_socket(), node.mac(), "fe80::100", address,
                        virtual_mac(instance.vrid, 6), EVERY_S))
                    continue
                asking.enter_context(ArpProber.from_node(node, address, interval_s=EVERY_S))
                self.pingers[instance.name] = asking.enter_context(Pinger(node, address, EVERY_S))
            yield

    # ---- what it has seen ----

    def answers(self, instance, since_ns, until_ns):
        """[(time, port)] of the answers about an address."""
        address = instance.addresses[-1].split("/")[0]
        seen = self.capture.neighbour_adverts(address, since_ns, solicited=True) \
            if ":" in address else self.capture.replies(address, since_ns)
        return sorted((a.time_ns, a.port) for a in seen if a.time_ns <= until_ns)

    def longest_silence(self, instance, since_ns, until_ns):
        """Of answers, and of pings that came back."""
        kinds = [[t for t, _ in self.answers(instance, since_ns, until_ns)]]
        if instance.name in self.pingers:
            kinds.append(sorted(t for t in self.pingers[instance.name].received_ns.copy().values()
                                if since_ns <= t <= until_ns))
        return max(max(b - a for a, b in zip([since_ns, *times], [*times, until_ns]))
                   for times in kinds)

    def quiet(self, active, since_ns):
        """The clients notice nothing: the Backup's is nobody's business."""
        until_ns = time.time_ns()
        for instance in instances("r1"):
            assert {p for _, p in self.answers(instance, since_ns, until_ns)} == {active}
            assert self.longest_silence(instance, since_ns, until_ns) < SLACK_NS, instance.name

    def handed_over(self, old, since_ns, allowed):
        """From `old` to its peer, with a silence that `allowed(instance)` bounds; returns, by
        name, for how long both have answered."""
        until_ns, both = time.time_ns(), {}
        since_ns -= BEFORE_NS
        for instance in instances(PEER[old]):
            answers = self.answers(instance, since_ns, until_ns)
            last = max(t for t, p in answers if p == old)
            first = min(t for t, p in answers if p == PEER[old])
            both[instance.name] = last - first
            silence = self.longest_silence(instance, since_ns, until_ns)
            assert silence < allowed(instance) + SLACK_NS, (instance.name, silence)
        return both


@pytest.fixture
def pair(lan6):
    those = Pair(lan6)
    for own in ("r1", "r2"):
        those.start(own, "keepalived")
    those.settle("r1")
    return those


def settled(those, active):
    """Both know their role, and the client has been answered by the Active for a moment."""
    those.settle(active)
    now_ns = time.time_ns()
    wait_until(lambda: all(len(those.answers(i, now_ns, time.time_ns())) > 20
                           for i in instances("r1")), "the Active answers")


def replace_pair(those, kind):
    """The Backup first, then the Active: as the manual says."""
    began_ns = time.time_ns()
    those.replace("r2", kind)
    settled(those, "r1")
    those.quiet("r1", began_ns)

    began_ns = time.time_ns()
    those.stop("r1")
    wait_until(lambda: those.rules("r2"), "r2 takes over")
    settle_ns = time.time_ns()
    wait_until(lambda: all(len(those.answers(i, settle_ns, time.time_ns())) > 20
                           for i in instances("r2")), "r2 answers")
    both = those.handed_over("r1", began_ns, lambda instance: instance.skew_ns())
    assert max(both.values()) < 0, both  # one was silent before the other spoke

    began_ns = time.time_ns()
    those.start("r1", kind)
    settled(those, "r1")
    both = those.handed_over("r2", began_ns, lambda instance: 0)
    assert max(both.values()) < SLACK_NS, both  # until the old one has heard of the new one


def test_there_and_back(pair):
    with pair.client():
        settled(pair, "r1")
        replace_pair(pair, "xvrrpd")
        replace_pair(pair, "keepalived")
    for node in (pair.lan.r1, pair.lan.r2):
        assert "xdp" not in node.ip("link", "show", "dev", "eth0")
    assert not list(pair.lan.bpffs().glob("xvrrpd-*/*"))  # nothing is pinned
