# SPDX-License-Identifier: GPL-2.0-or-later
"""`xdp_virtual_mac off`: for clouds and hypervisors that let no other MAC address through."""

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VIP6_LL, VRID, Asker, Instance, Keepalived, NeighbourAsker,
                 Xvrrpd, elected, holds, only_speaker, virtual_mac, wait_until, wire)

OFF = ("xdp_virtual_mac off",)
FAMILIES = [4, 6]


def instance(priority, family, **fields):
    addresses = ADDRESSES6 if family == 6 else (f"{VIP}/24",)
    return Instance(priority, addresses=addresses, **{"extra": OFF, **fields})


def physical_pair(lan, family):
    agents = (Xvrrpd(lan.r1, instance(200, family)), Xvrrpd(lan.r2, instance(100, family)))
    elected(*agents)
    return agents


@pytest.mark.parametrize("family", FAMILIES)
def test_everything_is_the_interfaces_own(lan6, family):
    """A-6, C-10, E-9: advertisements, announcements and answers; no frame has the virtual one."""
    capture = lan6.capture()
    first, _ = physical_pair(lan6, family)
    address, mac = (VIP6, VIP)[family == 4], lan6.r1.mac()
    only_speaker(capture, "r1", 0.1)
    assert {a.eth_src for a in capture.adverts_from("r1")} == {mac}
    asker = (NeighbourAsker if family == 6 else Asker)(lan6, capture)
    answer, = asker.answers()
    assert (answer.port, answer.eth_src) == ("r1", mac)
    assert (answer.mac() if family == 6 else answer.sender_mac) == mac
    said = wait_until(lambda: capture.announced(address, port="r1"), "announced")[0]
    assert (said.mac() if family == 6 else said.sender_mac) == mac
    holds(lan6.r1, address)
    lan6.client.run("ping", "-c", "2", "-i", "0.01", "-W", "2", address)
    assert first.vr()["virtual_mac"] == mac
    vmac = virtual_mac(VRID, family)
    frames = capture.adverts + capture.arps + capture.nds + capture.echoes
    assert vmac not in {f.eth_src for f in frames} | {f.eth_dst for f in frames}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_client_learns_of_the_takeover(lan6, family):
    """By the announcement alone: the address it knows is no longer told."""
    first, second = physical_pair(lan6, family)
    address = (VIP6, VIP)[family == 4]
    holds(lan6.r1, address)
    lan6.client.run("ping", "-c", "2", "-i", "0.01", "-W", "2", address)
    first.kill()
    wait_until(lambda: second.state() == "active", "failover")
    wait_until(lambda: f"lladdr {lan6.r2.mac()} " in lan6.client.ip("neigh", "show", "to", address),
               "the client has learned")
    holds(lan6.r2, address)
    lan6.client.run("ping", "-c", "2", "-i", "0.01", "-W", "2", address)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_dead_do_not_answer(lan6, family):
    """I1: without a lease, the physical MAC is not told either."""
    first, second = physical_pair(lan6, family)
    first.freeze()
    wait_until(lambda: second.state() == "active", "takeover")
    capture = lan6.capture()
    straight = lan6.port_socket("r1")
    lan6.at_close(straight.close)
    asker = (NeighbourAsker if family == 6 else Asker)(lan6, capture)
    assert asker.answers(sock=straight, wait_s=0.2) == []
    unicast = {"dst": VIP6, "dst_mac": lan6.r1.mac()} if family == 6 else {"dst": lan6.r1.mac()}
    assert asker.answers(sock=straight, wait_s=0.2, **unicast) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_beside_a_keepalived_without_its_macvlan(lan6, family):
    """Which does the same."""
    theirs = Keepalived(lan6.r1, instance(200, family, extra=()))
    ours = Xvrrpd(lan6.r2, instance(100, family))
    elected(theirs, ours)
    theirs.kill()
    wait_until(lambda: ours.state() == "active", "failover")
    again = Keepalived(lan6.r1, instance(200, family, extra=()))
    elected(again, ours)


def test_no_accept_without_the_virtual_mac(lan6):
    """E-2, E-5: packets to the address are dropped, its neighbours are found all the same."""
    agent = Xvrrpd(lan6.r1, instance(100, 6, extra=OFF + ("no_accept",)))
    wait_until(lambda: agent.state() == "active", "Active")
    asker = NeighbourAsker(lan6, lan6.capture())
    for address in (VIP6, VIP6_LL):
        assert [n.mac() for n in asker.answers(address)] == [lan6.r1.mac()]
    text = lan6.client.run("ping", "-c", "2", "-i", "0.05", "-W", "0.3", VIP6, check=False)
    assert " 0 received" in text
    assert wire.mac_bytes(lan6.r1.mac()) != wire.mac_bytes(virtual_mac(VRID, 6))
