# SPDX-License-Identifier: GPL-2.0-or-later
"""Sync groups: members that are Active together or not at all, here on two networks."""

import signal
import time

import pytest

from lab import (Instance, Keepalived, Xvrrpd, block, elected, hold, wait_until)

GATES = {"VI_1": ("192.0.2.1", 51, "eth0"), "VI_2": ("198.51.100.1", 52, "eth1")}
GROUP = ("}", "vrrp_sync_group VG {", *block("group", *GATES))  # closes global_defs, and opens one
pytestmark = pytest.mark.parametrize("lab", [{"lans": 2}], indirect=True)


def instances(priority):
    return [Instance(priority, name=name, vrid=vrid, interface=interface,
                     addresses=(f"{address}/24",))
            for name, (address, vrid, interface) in GATES.items()]


@pytest.fixture
def two(lab):
    """Two routers, each on both networks."""
    lab.r1 = lab.node("r1", "192.0.2.11/24", "198.51.100.11/24")
    lab.r2 = lab.node("r2", "192.0.2.12/24", "198.51.100.12/24")
    return lab


def start(kind, node, priority, group=True):
    return kind(node, *instances(priority), global_lines=GROUP if group else ())


def together(first, second):
    for name in GATES:
        elected(first, second, name)


def group_pair(lab, kind=Xvrrpd):
    routers = start(kind, lab.r1, 200), start(Xvrrpd, lab.r2, 100)
    together(*routers)
    return routers


def states(router):
    return [router.state(name) for name in GATES]


def announced(capture, port, since_ns=0):
    """Each address, by the port of its own network."""
    return all(capture.gratuitous(address, since_ns, port if interface == "eth0" else f"{port}.1")
               for address, _, interface in GATES.values())


@pytest.mark.parametrize("interface", ["eth0", "eth1"])
def test_one_link_down_moves_both(two, interface):
    capture = two.capture()
    first, second = group_pair(two)
    assert first.vr()["sync_group"] == "VG"
    wait_until(lambda: announced(capture, "r1"), "every entry announces")
    moved_ns = time.time_ns()
    two.r1.ip("link", "set", "dev", interface, "down")
    wait_until(lambda: states(second) == ["active", "active"], "both have moved")
    assert "active" not in states(first)
    wait_until(lambda: announced(capture, "r2", moved_ns), "every entry announces")
    two.r1.ip("link", "set", "dev", interface, "up")
    back_ns = time.time_ns()
    together(first, second)
    wait_until(lambda: announced(capture, "r1", back_ns), "every entry announces")


def test_without_a_group_one_moves(two):
    """What the group is for."""
    first, second = (start(Xvrrpd, two.r1, 200, False), start(Xvrrpd, two.r2, 100, False))
    together(first, second)
    two.r1.ip("link", "set", "dev", "eth1", "down")
    wait_until(lambda: second.state("VI_2") == "active", "moved")
    hold(lambda: first.state("VI_1") == "active", "the other stays", 1.0, 0.1)


def test_death_and_stop_move_both(two):
    first, second = group_pair(two)
    first.kill()
    wait_until(lambda: states(second) == ["active", "active"], "both have moved")
    first = start(Xvrrpd, two.r1, 200)
    together(first, second)
    first.stop()
    wait_until(lambda: states(second) == ["active", "active"], "both have moved")


def test_a_better_one_on_one_network_takes_both(two):
    """Only one member hears it; what it leads is not torn in two."""
    first, second = group_pair(two)
    third = two.node("r3", "192.0.2.13/24", "198.51.100.13/24")
    better = start(Xvrrpd, third, 250)
    together(better, first)
    together(better, second)


def test_a_group_that_comes_by_reload_is_no_flap(two):
    """Membership is no reason to restart a router."""
    first = start(Xvrrpd, two.r1, 200, False)
    second = start(Xvrrpd, two.r2, 100, False)
    together(first, second)
    before = {name: first.vr(name)["statistics"]["active_transitions"] for name in GATES}
    capture = two.capture()
    for agent, priority in ((first, 200), (second, 100)):
        agent.configure(*instances(priority), global_lines=GROUP)
        agent.send(signal.SIGHUP)
        wait_until(lambda a=agent: a.vr()["sync_group"] == "VG", "reloaded")
    hold(lambda: states(first) == ["active", "active"], "no flap", 1.0, 0.05)
    assert states(second) == ["backup", "backup"]
    assert {name: first.vr(name)["statistics"]["active_transitions"] for name in GATES} == before
    assert {a.port for a in capture.adverts} == {"r1", "r1.1"}
    assert all(a.priority for a in capture.adverts)
    two.r1.ip("link", "set", "dev", "eth1", "down")
    wait_until(lambda: states(second) == ["active", "active"], "and it is a group now")


@pytest.mark.parametrize("interface", ["eth0", "eth1"])
def test_beside_a_keepalived_with_the_same_group(two, interface):
    theirs, ours = group_pair(two, Keepalived)
    two.r1.ip("link", "set", "dev", interface, "down")
    wait_until(lambda: states(ours) == ["active", "active"], "both have moved")
    two.r1.ip("link", "set", "dev", interface, "up")
    together(theirs, ours)
    theirs.kill()
    wait_until(lambda: states(ours) == ["active", "active"], "both have moved")


@pytest.mark.parametrize("interface", ["eth0", "eth1"])
def test_a_keepalived_takes_over_from_our_group(two, interface):
    first, second = start(Xvrrpd, two.r1, 200), start(Keepalived, two.r2, 100)
    together(first, second)
    two.r1.ip("link", "set", "dev", interface, "down")
    wait_until(lambda: states(second) == ["active", "active"], "both have moved")
    two.r1.ip("link", "set", "dev", interface, "up")
    together(first, second)


def test_a_member_without_address_holds_the_other(two):
    """Not for a moment does it run, whatever else changes in the world."""
    two.r1.ip("addr", "del", "198.51.100.11/24", "dev", "eth1")
    router = start(Xvrrpd, two.r1, 200)
    wait_until(lambda: router.vr("VI_1")["fault_reasons"] == ["sync-group"], "held")
    for number in range(1, 6):
        two.r1.ip("addr", "add", f"203.0.113.{number}/32", "dev", "eth0")
    hold(lambda: states(router) == ["initialize", "initialize"], "nobody runs", 0.5, 0.05)
    assert "sync-group is over" not in router.log()
    two.r1.ip("addr", "add", "198.51.100.11/24", "dev", "eth1")
    wait_until(lambda: states(router) == ["active", "active"], "both run")


def test_silence_on_one_network_is_not_enough(two):
    """Whose Active is still heard on the other one takes neither: there would be two."""
    first, second = group_pair(two)
    two.switch_run("ip", "link", "set", "dev", "r1.1", "nomaster")  # with carrier on both sides
    hold(lambda: states(second) == ["backup", "backup"], "waits for the other member", 1.5, 0.05)
    assert states(first) == ["active", "active"]
    first.kill()
    wait_until(lambda: states(second) == ["active", "active"], "silence on both")
