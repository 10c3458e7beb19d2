# SPDX-License-Identifier: GPL-2.0-or-later
"""Two xvrrpd: who becomes Active, who follows, and what a stop or a death looks like (part D)."""

import time

import pytest

from lab import (VIP, VRID, ArpProber, Instance, Xvrrpd, elected, hold, only_speaker, pair,
                 virtual_mac, wait_until, wire)


def separate(lan, apart):
    """Routers that do not hear each other, though both have carrier and hear the client."""
    for node in (lan.r1, lan.r2):
        lan.switch_run("bridge", "link", "set", "dev", node.port(), "isolated",
                       "on" if apart else "off")


def test_higher_priority_becomes_active(lan):
    capture = lan.capture()
    first, second = pair(lan)
    only_speaker(capture, "r1", 0.1)
    assert first.vr()["active_address"] == second.vr()["active_address"] == "192.0.2.11"
    assert capture.adverts_from("r2") == []
    advert = capture.adverts_from("r1")[0]
    assert (advert.eth_dst, advert.eth_src) == (wire.GROUP_MAC, virtual_mac(VRID))
    assert (advert.source, advert.destination) == ("192.0.2.11", wire.GROUP)
    assert (advert.ttl, advert.tos) == (255, 0xc0)
    assert (advert.version, advert.priority, advert.interval_cs) == (3, 200, 10)
    assert advert.addresses == (VIP,)
    assert advert.form == "rfc9568"


def test_active_holds_the_address_and_backup_does_not(lan):
    pair(lan)
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address on the Active")
    assert lan.r2.addresses() == ["192.0.2.12/24"]


def test_announces_on_takeover(lan):
    """D-11, E-20, E-21: gratuitous ARP after the advertisement, by the virtual MAC throughout."""
    capture = lan.capture()
    pair(lan)
    wait_until(lambda: capture.gratuitous(VIP, port="r1"), "gratuitous ARP")
    announced = capture.gratuitous(VIP)[0]
    assert announced.time_ns > capture.adverts_from("r1")[0].time_ns
    assert announced.eth_dst == wire.BROADCAST
    assert announced.eth_src == announced.sender_mac == announced.target_mac == virtual_mac(VRID)


def test_equal_priority_after_a_partition_goes_to_the_higher_address(lan):
    """D-23, D-30, D-31."""
    separate(lan, True)
    agents = [Xvrrpd(node, Instance()) for node in (lan.r1, lan.r2)]
    wait_until(lambda: [a.state() for a in agents] == ["active", "active"], "both Active, apart")
    capture = lan.capture()
    separate(lan, False)
    elected(agents[1], agents[0])
    only_speaker(capture, "r2", 0.1)
    assert agents[0].vr()["last_event"] == "higher-priority-backup"


def test_equal_priority_does_not_unseat_a_running_active(lan):
    """D-31: the tie is broken between two Actives only."""
    first = Xvrrpd(lan.r1, Instance())
    wait_until(lambda: first.state() == "active", "alone, hence Active")
    second = Xvrrpd(lan.r2, Instance())
    hold(lambda: (first.state(), second.state()) == ("active", "backup"), "no change", 1.0, 0.1)


def test_preemption(lan):
    """D-14: the running Active is not obeyed, and its successor takes over in due time."""
    low = Xvrrpd(lan.r1, Instance(priority=100))
    wait_until(lambda: low.state() == "active", "alone, hence Active")
    capture = lan.capture()
    high = Xvrrpd(lan.r2, Instance(priority=200))
    elected(high, low)
    only_speaker(capture, "r2", 0.1)
    assert high.vr()["new_active_reason"] == "preempted"
    assert low.vr()["last_event"] == "higher-priority-backup"


def test_nopreempt(lan):
    """D-13: with Preempt_Mode off the running Active is obeyed, whatever its priority."""
    low = Xvrrpd(lan.r1, Instance(priority=100))
    wait_until(lambda: low.state() == "active", "alone, hence Active")
    high = Xvrrpd(lan.r2, Instance(priority=200, nopreempt=True))
    hold(lambda: (low.state(), high.state()) == ("active", "backup"), "no preemption", 1.5, 0.1)
    assert high.vr()["preempt"] is False
    low.kill()
    wait_until(lambda: high.state() == "active", "it takes over from a dead one all the same")


def test_higher_priority_wins_after_a_partition_also_without_preemption(lan):
    """D-32: Preempt_Mode means nothing to an Active."""
    separate(lan, True)
    low = Xvrrpd(lan.r1, Instance(priority=100, nopreempt=True))
    high = Xvrrpd(lan.r2, Instance(priority=200, nopreempt=True))
    wait_until(lambda: low.state() == high.state() == "active", "both Active, apart")
    separate(lan, False)
    elected(high, low)


def test_graceful_stop(lan):
    """D-20, D-12: one priority 0, and the peer follows after its skew time, not a down interval."""
    slow = {"advert_int": 0.5}
    first, second = pair(lan, first=Instance(priority=200, **slow),
                         second=Instance(priority=100, **slow))
    capture = lan.capture()
    assert first.stop() == 0
    elected_ns = wait_until(lambda: capture.adverts_from("r2"), "takeover")[0].time_ns
    farewells = capture.adverts_from("r1", priority_zero=True)
    assert len(farewells) == 1
    silence_ns = elected_ns - farewells[0].time_ns
    skew_ns = second.instances[0].skew_ns()
    assert skew_ns <= silence_ns < second.instances[0].down_ns() / 2
    assert capture.adverts_from("r1", farewells[0].time_ns + 1) == []
    wait_until(lambda: second.state() == "active", "Active")
    status = second.vr()
    assert status["statistics"]["priority_zero_received"] == 1
    assert status["new_active_reason"] == "priority"
    assert lan.r1.addresses() == ["192.0.2.11/24"]


def probe_everywhere(lan):
    """1 kHz each: from the client, and straight to each router past the switch's table; broadcast
    and unicast in turn."""
    how = {"destinations": (wire.BROADCAST, virtual_mac(VRID))}
    mac = lan.client.mac()
    return [ArpProber.from_node(lan.client, VIP, **how)] + [
        ArpProber(lan.port_socket(node.port()), mac, "192.0.2.100", VIP, **how)
        for node in (lan.r1, lan.r2)]


@pytest.mark.parametrize("interval", [0.01, 0.1])
@pytest.mark.parametrize("death", ["kill", "freeze"])
def test_the_dead_never_answer_after_the_next_has_spoken(lan, death, interval):
    """I1. nopreempt, so that the one that thaws has no claim: it must stay silent as well."""
    agents = {node.port(): Xvrrpd(node, Instance(100, interval, nopreempt=True))
              for node in (lan.r1, lan.r2)}
    wait_until(lambda: sorted(a.state() for a in agents.values()) == ["active", "backup"],
               "an election")
    capture = lan.capture()
    probers = [prober.start() for prober in probe_everywhere(lan)]
    wait_until(lambda: len(capture.replies(VIP)) > 100, "the Active answers")

    victim = capture.replies(VIP)[-1].port
    heir = "r2" if victim == "r1" else "r1"
    struck_ns = time.time_ns()
    getattr(agents[victim], death)()
    spoke_ns = wait_until(lambda: capture.adverts_from(heir, struck_ns), "takeover")[0].time_ns
    wait_until(lambda: len(capture.replies(VIP, spoke_ns, heir)) > 500, "the new one answers")
    if death == "freeze":
        agents[victim].thaw()
        wait_until(lambda: agents[victim].state() == "backup", "the thawed one is Backup")
        thawed_ns = time.time_ns()
        wait_until(lambda: len(capture.replies(VIP, thawed_ns, heir)) > 500, "and goes on")
    for prober in probers:
        prober.stop()
    capture.close()
    assert capture.replies(VIP, spoke_ns, victim) == []
    assert capture.adverts_from(victim, spoke_ns) == []
    assert capture.gratuitous(VIP, spoke_ns, victim) == []
    assert agents[heir].vr()["new_active_reason"] == "no-response"


def test_backup_after_a_kill_has_nothing_of_the_active(lan):
    """What the killed Active left in the kernel is gone before the new agent says a word."""
    first, second = pair(lan)
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address on the Active")
    first.kill()
    assert f"{VIP}/24" in lan.r1.addresses(), "nobody to remove it"
    wait_until(lambda: second.state() == "active", "takeover")
    again = Xvrrpd(lan.r1, Instance(priority=200, nopreempt=True))
    assert lan.r1.addresses() == ["192.0.2.11/24"]
    assert virtual_mac(VRID) not in lan.r1.run("bridge", "fdb", "show", "dev", "eth0")
    assert again.state() == "backup"


def test_restart_after_a_kill(lan):
    """Leftovers of the killed agent hinder nobody: not its address, its pins, its socket."""
    first, second = pair(lan)
    first.kill()
    wait_until(lambda: second.state() == "active", "takeover")
    again = Xvrrpd(lan.r1, Instance(priority=200))
    elected(again, second)
    assert again.stop() == 0
    assert lan.r1.addresses() == ["192.0.2.11/24"]
