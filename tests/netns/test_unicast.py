# SPDX-License-Identifier: GPL-2.0-or-later
"""Advertisements to a list of peers instead of a group (H-3, H-40, F-8, A-64)."""

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VRID, Asker, Instance, NeighbourAsker, Xvrrpd, elected,
                 only_speaker, unicast, wait_until, wire)
from lab.life import SOURCES

FAMILIES = [4, 6]
COUNT = 5


def instance(own, priority, family=4, extra=(), ttl=None, peer=None, **fields):
    """Of one of two routers that are each other's peer."""
    ends = SOURCES[family]
    peer = peer or ends["r2" if own == "r1" else "r1"]
    addresses = ADDRESSES6 if family == 6 else (f"{VIP}/24",)
    return Instance(priority, addresses=addresses,
                    extra=unicast(ends[own], peer, **(ttl or {})) + extra, **fields)


def unicast_pair(lan, family=4, **fields):
    agents = (Xvrrpd(lan.r1, instance("r1", 200, family, **fields)),
              Xvrrpd(lan.r2, instance("r2", 100, family, **fields)))
    elected(*agents)
    return agents


@pytest.mark.parametrize("family", FAMILIES)
def test_peers_and_nobody_else(lan6, family):
    """H-40: to the peer's address, all of it with the interface's own MAC."""
    capture = lan6.capture()
    first, _ = unicast_pair(lan6, family)
    only_speaker(capture, "r1", 0.1)
    assert capture.adverts_from("r2") == []
    ends = SOURCES[family]
    for advert in capture.adverts_from("r1"):
        assert (advert.source, advert.destination) == (ends["r1"], ends["r2"])
        assert (advert.eth_src, advert.eth_dst) == (lan6.r1.mac(), lan6.r2.mac())
        assert advert.ttl == 255
        assert advert.form in (("good",) if family == 6 else ("rfc9568", "pseudo"))
    asker = (NeighbourAsker if family == 6 else Asker)(lan6, capture)
    answer, = asker.answers()
    assert (answer.port, answer.eth_src) == ("r1", lan6.r1.mac())
    assert (answer.mac() if family == 6 else answer.sender_mac) == lan6.r1.mac()
    assert first.vr()["virtual_mac"] == lan6.r1.mac()


@pytest.mark.parametrize("family", FAMILIES)
def test_failover_and_return(lan6, family):
    first, second = unicast_pair(lan6, family)
    capture = lan6.capture()
    first.kill()
    wait_until(lambda: second.state() == "active", "failover")
    only_speaker(capture, "r2", 0.1)
    first = Xvrrpd(lan6.r1, instance("r1", 200, family))
    elected(first, second)
    first.stop()
    wait_until(lambda: second.state() == "active", "farewell")
    assert second.vr()["statistics"]["priority_zero_received"] == 1
    assert second.vr()["new_active_reason"] == "priority"


def forged(source, family, own="r1", **how):
    """A better router's advertisement, to r1's own address."""
    to = SOURCES[family][own]
    addresses = ("fe80::1", VIP6) if family == 6 else (VIP,)
    message = wire.vrrp_message(VRID, 250, 10, addresses, pseudo=(source, to))
    return wire.advert(source, message, dst=to, dst_mac=how.pop("dst_mac"), **how)


@pytest.mark.parametrize("family", FAMILIES)
def test_strangers_are_refused(lan6, family):
    """F-8: however good their advertisements are; and multicast is not heard."""
    first, _ = unicast_pair(lan6, family)
    strange = "fe80::66" if family == 6 else "192.0.2.66"
    mac = lan6.r1.mac()
    before = first.vr()["statistics"]["advertisements_received"]
    with lan6.port_socket("r1") as sock:
        for _ in range(COUNT):
            sock.send(forged(strange, family, dst_mac=mac))
        wait_until(lambda: first.errors()["unicast_source"] == COUNT, "counted")
        group = wire.GROUP6 if family == 6 else wire.GROUP
        message = wire.vrrp_message(VRID, 250, 10, ("fe80::1", VIP6) if family == 6 else (VIP,),
                                    pseudo=(SOURCES[family]["r2"], group))
        for _ in range(COUNT):
            sock.send(wire.advert(SOURCES[family]["r2"], message))
        wait_until(lambda: first.errors()["non_group_destination"] == COUNT, "counted")
    assert first.state() == "active"
    assert first.vr()["statistics"]["advertisements_received"] == before


@pytest.mark.parametrize("family", FAMILIES)
def test_a_peer_is_believed(lan6, family):
    """The opposite of the above, by the same frames."""
    first, second = unicast_pair(lan6, family)
    second.kill()
    hops = {"hop_limit": 3} if family == 6 else {"ttl": 3}
    with lan6.port_socket("r1") as sock:
        sock.send(forged(SOURCES[family]["r2"], family, dst_mac=lan6.r1.mac(), **hops))
    wait_until(lambda: first.state() == "backup", "yields", 5)


@pytest.mark.parametrize("family", FAMILIES)
def test_multicast_does_not_hear_unicast(lan6, family):
    """B-1 the other way round."""
    addresses = ADDRESSES6 if family == 6 else (f"{VIP}/24",)
    agent = Xvrrpd(lan6.r1, Instance(addresses=addresses))
    wait_until(lambda: agent.state() == "active", "Active")
    with lan6.port_socket("r1") as sock:
        for _ in range(COUNT):
            sock.send(forged(SOURCES[family]["r2"], family, dst_mac=lan6.r1.mac()))
    wait_until(lambda: agent.errors()["non_group_destination"] == COUNT, "counted")
    assert agent.state() == "active"


@pytest.mark.parametrize("ttl, counted", [(63, True), (64, False), (100, False), (101, True)])
def test_ttl_range(lan, ttl, counted):
    """B-3 for peers: min_ttl and max_ttl."""
    agent = Xvrrpd(lan.r1, instance("r1", 100, ttl={"min_ttl": 64, "max_ttl": 100}))
    wait_until(lambda: agent.state() == "active", "Active")
    with lan.port_socket("r1") as sock:
        sock.send(forged("192.0.2.12", 4, dst_mac=lan.r1.mac(), ttl=ttl))
    if counted:
        wait_until(lambda: agent.errors()["ttl"] == 1, "counted")
        assert agent.state() == "active"
    else:
        wait_until(lambda: agent.state() == "backup", "obeyed")
        assert agent.errors()["ttl"] == 0


def test_unicast_ttl_is_sent(lan):
    capture = lan.capture()
    unicast_pair(lan, extra=("unicast_ttl 17",))
    assert {a.ttl for a in capture.adverts} == {17}


@pytest.mark.parametrize("extra, form", [
    ((), "pseudo"), (("old_unicast_checksum",), "old")])
def test_old_unicast_checksum(lan, extra, form):
    """H-3: keepalived up to 1.3.6 sums the group; both ends understand it either way."""
    capture = lan.capture()
    first = Xvrrpd(lan.r1, instance("r1", 200, extra=("xdp_checksum pseudo", *extra)))
    second = Xvrrpd(lan.r2, instance("r2", 100, extra=("xdp_checksum pseudo",)))
    elected(first, second)
    only_speaker(capture, "r1", 0.1)
    # The sum with the group in place of the peer is "bad" to who knows the present form alone.
    assert {a.form for a in capture.adverts_from("r1")} == {"bad" if form == "old" else "pseudo"}
    assert second.errors()["checksum"] == 0


def test_one_silent_peer_does_not_keep_others_waiting(lan):
    """An unreachable peer costs nothing but its own advertisements."""
    lan.r3 = lan.node("r3", "192.0.2.13/24")
    peers = ("192.0.2.200", "192.0.2.12", "192.0.2.13")
    first = Xvrrpd(lan.r1, Instance(200, extra=unicast("192.0.2.11", *peers)))
    second = Xvrrpd(lan.r2, Instance(100, extra=unicast("192.0.2.12", "192.0.2.11", "192.0.2.13")))
    third = Xvrrpd(lan.r3, Instance(50, extra=unicast("192.0.2.13", "192.0.2.11", "192.0.2.12")))
    elected(first, second)
    elected(first, third)
    capture = lan.capture()
    only_speaker(capture, "r1", 0.1)
    heard = {a.destination for a in capture.adverts_from("r1")}
    assert heard == {"192.0.2.12", "192.0.2.13"}
    first.kill()
    elected(second, third)


@pytest.mark.parametrize("lab", [{"lans": 2}], indirect=True)
def test_through_a_router(lab):
    """Peers in two networks: the advertisements are routed, and arrive with TTL 254."""
    lab.r1 = lab.node("r1", "192.0.2.11/24")
    lab.r2 = lab.node("r2", "198.51.100.12/24", lan=1)
    hop = lab.node("hop", "192.0.2.254/24", "198.51.100.254/24")
    hop.sysctl("net.ipv4.ip_forward=1")
    lab.r1.ip("route", "add", "default", "via", "192.0.2.254")
    lab.r2.ip("route", "add", "default", "via", "198.51.100.254")
    ends = "192.0.2.11", "198.51.100.12"
    first = Xvrrpd(lab.r1, Instance(200, extra=unicast(*ends, min_ttl=254)))
    second = Xvrrpd(lab.r2, Instance(100, extra=unicast(*reversed(ends), min_ttl=254)))
    elected(first, second)
    assert second.vr()["active_address"] in (None, ends[0])
    capture = lab.capture()
    wait_until(lambda: [a for a in capture.adverts if a.port == "hop.1"], "routed")
    assert {a.ttl for a in capture.adverts if a.port == "hop.1"} == {254}
    first.kill()
    wait_until(lambda: second.state() == "active", "failover")
    again = Xvrrpd(lab.r1, Instance(200, extra=unicast(*ends, min_ttl=254)))
    elected(again, second)
