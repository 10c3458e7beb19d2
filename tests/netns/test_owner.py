# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner of the addresses: priority 255 (D-1, D-33, D-34, E-2, E-23, B-9)."""

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VIP6_LL, VRID, Asker, Instance, NeighbourAsker, Xvrrpd,
                 elected, holds, only_speaker, virtual_mac, wait_until, wire)

FAMILIES = [4, 6]


def instance(priority, family, **fields):
    addresses = ADDRESSES6 if family == 6 else (f"{VIP}/24",)
    return Instance(priority, addresses=addresses, **fields)


def vip(family):
    return VIP6 if family == 6 else VIP


def answered_by(lan, family):
    """(port, MAC address told) of whoever answers for the address."""
    capture = lan.capture()
    if family == 6:
        return {(n.port, n.mac()) for n in NeighbourAsker(lan, capture).answers()}
    return {(a.port, a.sender_mac) for a in Asker(lan, capture).answers()}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_owner_is_active_at_once(lan6, family):
    """D-1, E-20, E-30: no Active_Down_Timer before it, which would take half a minute here."""
    capture = lan6.capture()
    owner = Xvrrpd(lan6.r1, instance(255, family, advert_int=10))
    wait_until(lambda: owner.state() == "active", "Active", 5)
    assert owner.vr()["is_owner"] is True
    assert capture.adverts_from("r1")[0].priority == 255
    wait_until(lambda: capture.announced(vip(family), port="r1"), "announced")
    assert capture.announced(vip(family))[0].time_ns > capture.adverts_from("r1")[0].time_ns
    assert answered_by(lan6, family) == {("r1", virtual_mac(VRID, family))}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_owner_preempts_whatever_is_configured(lan6, family):
    """D-33: also without Preempt_Mode, at once."""
    second = Xvrrpd(lan6.r2, instance(100, family))
    wait_until(lambda: second.state() == "active", "alone, hence Active")
    owner = Xvrrpd(lan6.r1, instance(255, family, nopreempt=True))
    elected(owner, second)
    assert answered_by(lan6, family) == {("r1", virtual_mac(VRID, family))}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("higher", ["r1", "r2"])
def test_two_owners_find_each_other(lan6, family, higher):
    """B-9, B-24, D-34 (erratum 8298): the higher address stays, the other is told of."""
    host = {"r1": 11, "r2": 12}
    if higher == "r1":
        for node, last in ((lan6.r1, 12), (lan6.r2, 11)):
            for prefix in ("192.0.2.{}/24", "fe80::{}/64"):
                node.ip("address", "del", prefix.format(host[node.name]), "dev", "eth0")
                nodad = ("nodad",) if ":" in prefix else ()
                node.ip("address", "add", prefix.format(last), "dev", "eth0", *nodad)
    agents = {node.name: Xvrrpd(node, instance(255, family)) for node in (lan6.r1, lan6.r2)}
    winner, loser = agents.pop(higher), agents.popitem()[1]
    elected(winner, loser)
    only_speaker(lan6.capture(), higher, 0.1)
    assert winner.errors()["owner_conflict"] + loser.errors()["owner_conflict"] > 0
    assert answered_by(lan6, family) == {(higher, virtual_mac(VRID, family))}
    winner.kill()
    wait_until(lambda: loser.state() == "active", "the other owner takes over")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_owner_returns_with_the_address_as_its_own(lan6, family):
    """A-1, E-23, E-34: the address is the kernel's own, before the agent starts and after it ends;
    while it is somebody else's, the kernel does not tell its own MAC address for it."""
    second = Xvrrpd(lan6.r2, instance(100, family))
    wait_until(lambda: second.state() == "active", "alone, hence Active")
    own = (f"{VIP6_LL}/64", f"{VIP6}/64") if family == 6 else (f"{VIP}/24",)
    for address in own:
        lan6.r1.ip("address", "add", address, "dev", "eth0",
                   *(("nodad",) if family == 6 else ()))
    capture = lan6.capture()
    owner = Xvrrpd(lan6.r1, instance(255, family))
    elected(owner, second)
    only_speaker(capture, "r1", 0.1)
    real = {"fe80::11", VIP6_LL} if family == 6 else {"192.0.2.11", VIP}
    sources = {a.source for a in capture.adverts_from("r1")}
    assert len(sources) == 1 and sources <= real, "an owner's address is a real one"
    assert answered_by(lan6, family) == {("r1", virtual_mac(VRID, family))}
    owner.stop()
    wait_until(lambda: second.state() == "active", "goodbye")
    for address in own:
        assert address in lan6.r1.addresses(family=family), "it is not ours to remove"


def test_an_owner_with_no_other_address_speaks_from_it(lan):
    """An owner may have the virtual address alone: it is a real one there (A-1)."""
    lan.r1.ip("address", "flush", "dev", "eth0")
    lan.r1.ip("address", "add", f"{VIP}/24", "dev", "eth0")
    capture = lan.capture()
    owner = Xvrrpd(lan.r1, Instance(255))
    second = Xvrrpd(lan.r2, Instance(100))
    elected(owner, second)
    assert {a.source for a in capture.adverts_from("r1")} == {VIP}
    wait_until(lambda: second.vr()["active_address"] == VIP, "obeyed")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_owner_takes_what_is_for_its_address(lan6, family):
    """E-2, E-11: whatever Accept_Mode says."""
    owner = Xvrrpd(lan6.r1, instance(255, family, extra=("no_accept",)))
    wait_until(lambda: owner.state() == "active", "Active")
    holds(lan6.r1, vip(family))
    lan6.client.run("ping", "-c", "2", "-i", "0.01", "-W", "2", vip(family))


def test_a_frozen_owner_is_silent_when_its_heir_speaks(lan):
    """I1 for the address that stays on the kernel's interface."""
    lan.r1.ip("address", "add", f"{VIP}/24", "dev", "eth0")
    owner, second = Xvrrpd(lan.r1, Instance(255)), Xvrrpd(lan.r2, Instance(100))
    elected(owner, second)
    owner.freeze()
    wait_until(lambda: second.state() == "active", "takeover")
    capture = lan.capture()
    straight = lan.port_socket("r1")
    lan.at_close(straight.close)
    for dst in (wire.BROADCAST, virtual_mac(VRID), lan.r1.mac()):
        assert Asker(lan, capture).answers(straight, dst=dst, wait_s=0.1) == []
    owner.thaw()
    elected(owner, second)
