# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator may turn: Accept_Mode, delays, multipliers, extra advertisements (C-12, E-2)."""

import re
import time

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VRID, ArpProber, Instance, NeighbourAsker, Xvrrpd, elected,
                 hold, pair, virtual_mac, wait_until, wire)
from lab.oracle import double_answers, leaseless_answers

REAL = {4: "192.0.2.11", 6: "2001:db8::11"}
STRANGER = "192.0.2.66"


def instance(family, priority=100, **fields):
    return Instance(priority, addresses=ADDRESSES6 if family == 6 else (f"{VIP}/24",), **fields)


def received(node, address):
    """How many of three pings come back."""
    text = node.run("ping", "-c", "3", "-i", "0.02", "-W", "0.3", address, check=False)
    return int(re.search(r" (\d) received", text).group(1))


# ---- E-2 ----

@pytest.mark.parametrize("word, expected", [("accept", 3), ("no_accept", 0)])
@pytest.mark.parametrize("family", [4, 6])
def test_accept_mode(lan6, family, word, expected):
    """E-2, E-3 to E-5, E-13: the address is resolved in either mode, packets to it arrive in one,
    and those through the virtual MAC to a real address always."""
    agent = Xvrrpd(lan6.r1, instance(family, extra=(word,)))
    wait_until(lambda: agent.state() == "active", "Active")
    address, mac = (VIP6, VIP)[family == 4], virtual_mac(VRID, family)
    if expected:
        wait_until(lambda: f" {address}/" in lan6.r1.ip("address"), "the address")
    assert received(lan6.client, address) == expected
    assert f"lladdr {mac} " in lan6.client.ip("neigh", "show", "to", address)
    assert agent.vr()["accept_mode"] is (word == "accept")
    dropped = agent.vr()["statistics"]["accept_mode_dropped"]
    assert dropped >= 3 if expected == 0 else dropped == 0
    lan6.client.ip("neigh", "replace", REAL[family], "lladdr", mac, "dev", "eth0")
    assert received(lan6.client, REAL[family]) == 3
    assert agent.vr()["statistics"]["accept_mode_dropped"] == dropped


@pytest.mark.parametrize("word", ["accept", "no_accept"])
@pytest.mark.parametrize("family", [4, 6])
def test_a_backup_accepts_nothing(lan6, family, word):
    """E-1, E-2: neither through the virtual MAC nor through its own."""
    address, mac = (VIP6, VIP)[family == 4], virtual_mac(VRID, family)
    first, second = pair(lan6, first=instance(family, 200, extra=(word,)),
                         second=instance(family, 100, extra=(word,)))
    lan6.client.ip("link", "set", "dev", "eth0", "arp", "on")
    # Straight to the Backup, whatever the switch has learned.
    lan6.switch_run("bridge", "link", "set", "dev", "r1", "isolated", "on")
    lan6.switch_run("bridge", "link", "set", "dev", "client", "isolated", "on")
    for lladdr in (mac, lan6.r2.mac()):
        lan6.client.ip("neigh", "replace", address, "lladdr", lladdr, "dev", "eth0")
        assert received(lan6.client, address) == 0
    assert first.alive() and second.state() != "initialize"


def test_no_accept_still_discovers_neighbours(lan6):
    """E-5: solicitations and advertisements to and of the address are not dropped."""
    agent = Xvrrpd(lan6.r1, instance(6, extra=("no_accept",)))
    wait_until(lambda: agent.state() == "active", "Active")
    asker = NeighbourAsker(lan6, lan6.capture())
    for way in ({}, {"dst": VIP6, "dst_mac": virtual_mac(VRID, 6)}, {"source": "::"}):
        assert [n.port for n in asker.answers(**way)] == ["r1"]


# ---- delays ----

def test_preempt_delay(lan):
    """The running Active is obeyed for so long after the start, and not longer."""
    low = Xvrrpd(lan.r1, Instance(100))
    wait_until(lambda: low.state() == "active", "alone, hence Active")
    capture = lan.capture()
    started_ns = time.time_ns()
    high = Xvrrpd(lan.r2, Instance(200, extra=("preempt_delay 2",)))
    assert high.vr()["preempt_delay_us"] == 2_000_000
    elected(high, low)
    assert capture.adverts_from("r2")[0].time_ns - started_ns > 2e9


def test_preempt_delay_does_not_leave_a_dead_one_alone(lan):
    """C-12: it delays preemption, no failover."""
    low = Xvrrpd(lan.r1, Instance(100))
    wait_until(lambda: low.state() == "active", "alone, hence Active")
    capture = lan.capture()
    high = Xvrrpd(lan.r2, Instance(200, extra=("preempt_delay 60",)))
    wait_until(lambda: high.vr()["active_address"] == "192.0.2.11", "obeyed")
    hold(lambda: high.state() == "backup", "not yet", 1.0, 0.1)
    low.kill()
    wait_until(lambda: high.state() == "active", "takeover", 5)
    assert capture.adverts_from("r2")


def test_startup_delay(lan):
    """Nothing is done before it is over: not even as Backup."""
    capture = lan.capture()
    started_ns = time.time_ns()
    agent = Xvrrpd(lan.r1, Instance(255), global_lines=("vrrp_startup_delay 2",))
    assert agent.state() == "initialize"
    wait_until(lambda: agent.state() == "active", "Active")
    assert capture.adverts_from("r1")[0].time_ns - started_ns > 2e9


# ---- more advertisements, and less ----

def lower(lan):
    """An advertisement of a lower priority reaches r1 right after one of its own; its time."""
    capture = lan.capture()
    wait_until(lambda: capture.adverts_from("r1"), "routine")
    sent_ns = time.time_ns()
    with lan.port_socket("r1") as sock:
        sock.send(wire.advert(STRANGER, wire.vrrp_message(VRID, 50, 100, (VIP,))))
    wait_until(lambda: len(capture.adverts_from("r1")) >= 3, "routine goes on")
    return [(a.time_ns - sent_ns) / 1e6 for a in capture.adverts_from("r1", sent_ns)]


@pytest.mark.parametrize("extra, answered", [((), True), (("lower_prio_no_advert",), False)])
def test_lower_prio_no_advert(lan, extra, answered):
    """D-24 can be turned off, as before RFC 9568."""
    agent = Xvrrpd(lan.r1, Instance(100, 1, extra=extra))
    wait_until(lambda: agent.state() == "active", "Active")
    times_ms = lower(lan)
    assert (times_ms[0] < 400) == answered, times_ms


@pytest.mark.parametrize("extra, words", [((), 0), (("higher_prio_send_advert",), 1)])
def test_higher_prio_send_advert(lan, extra, words):
    """H-15: who yields says so once more, if it is told to."""
    agent = Xvrrpd(lan.r1, Instance(100, 1, extra=extra))
    wait_until(lambda: agent.state() == "active", "Active")
    capture = lan.capture()
    wait_until(lambda: capture.adverts_from("r1"), "routine")
    sent_ns = time.time_ns()
    with lan.port_socket("r1") as sock:
        sock.send(wire.advert(STRANGER, wire.vrrp_message(VRID, 150, 100, (VIP,))))
    wait_until(lambda: agent.state() == "backup", "yielded")
    wait_until(lambda: time.time_ns() > sent_ns + 5e8, "and nothing more")
    assert len(capture.adverts_from("r1", sent_ns)) == words


# ---- down_timer_adverts ----

@pytest.mark.parametrize("adverts", [2, 5])
def test_the_lease_follows_down_timer_adverts(lan, adverts):
    """C-21 with another multiplier, and I1: a frozen Active is silent in time."""
    extra = (f"down_timer_adverts {adverts}",)
    active, heir = pair(lan, first=Instance(100, 0.2, nopreempt=True, extra=extra),
                        second=Instance(50, 0.2, extra=extra))
    capture = lan.capture()
    wait_until(lambda: capture.adverts_from("r1"), "routine")
    mac = lan.client.mac()
    with ArpProber.from_node(lan.client, VIP), \
            ArpProber(lan.port_socket("r1"), mac, "192.0.2.100", VIP):
        wait_until(lambda: len(capture.replies(VIP, port="r1")) > 100, "the Active answers")
        active.freeze()
        wait_until(lambda: capture.adverts_from("r2"), "takeover")
        wait_until(lambda: len(capture.replies(VIP, port="r2")) > 100, "the heir answers")
    capture.close()
    down_ns = adverts * 0.2e9 + heir.instances[0].skew_ns()
    silence_ns = capture.adverts_from("r2")[0].time_ns - capture.adverts_from("r1")[-1].time_ns
    assert silence_ns == pytest.approx(down_ns, abs=0.1e9)
    answers = {port: [a.time_ns for a in capture.replies(VIP, port=port)] for port in ("r1", "r2")}
    assert double_answers(capture.adverts, answers) == []
    assert leaseless_answers(capture.adverts, answers, adverts * 0.2e9) == []
