# SPDX-License-Identifier: GPL-2.0-or-later
"""As many virtual routers as there may be (abi.h): started, asked, taken over, stopped.

Limits of time are for a busy machine; what has to be quick is judged by medians of frames.
"""

import collections
import signal

import pytest

from lab import Instance, Xvrrpd, median, wait_until

ALL = 4096
VRIDS = 255
MASS_LANS, MASS = 4, 1000
ANNOUNCED_NS = 50e6  # after a deadline
PATIENCE_S = 40

pytestmark = pytest.mark.not_sanitized("thousands of routers take minutes")


def ipv4(lan, vrid, priority):
    return Instance(name=f"V{lan}_{vrid}", interface=f"eth{lan}", vrid=vrid, priority=priority,
                    advert_int=1, addresses=(f"10.{lan}.1.{vrid}/32",))


def ipv6(lan, vrid, priority):
    return Instance(name=f"W{lan}_{vrid}", interface=f"eth{lan}", vrid=vrid, priority=priority,
                    advert_int=1, addresses=(f"fe80::1:{vrid:x}/128",))


def all_vrids(lan, priority):
    """Every VRID of both families on one interface."""
    return [family(lan, vrid, priority) for vrid in range(1, VRIDS + 1) for family in (ipv4, ipv6)]


def spread(count, lans, priority):
    """So many of IPv4, over these LANs."""
    return [ipv4(lans[i % len(lans)], i // len(lans) + 1, priority) for i in range(count)]


def node(lab, name, host):
    return lab.node(name, *((f"10.{lan}.0.{host}/16", f"fe80::{host}/64")
                            for lan in range(lab.lans)))


def states(agent):
    """How many are in which state."""
    return collections.Counter(vr["state"] for vr in agent.json("status")["virtual_routers"])


def await_all(agent, state, count):
    wait_until(lambda: states(agent)[state] == count, f"{count} of {agent.name} {state}",
               PATIENCE_S, 0.2)


def await_end(agent):
    wait_until(lambda: not agent.alive(), "a clean stop", PATIENCE_S)
    assert agent.exit_code() == 0


def hand_round(first, second, count):
    """The role of all: to the first, by its death to the other one."""
    await_all(first, "active", count)
    await_all(second, "backup", count)
    first.kill()
    await_all(second, "active", count)


def test_every_vrid_of_both_families_on_one_interface(lab):
    """E-50: the same VRID in IPv4 and IPv6 is two virtual routers."""
    agents = [Xvrrpd(node(lab, name, host), *all_vrids(0, priority))
              for name, host, priority in (("r1", 11, 200), ("r2", 12, 100))]
    hand_round(*agents, 2 * VRIDS)
    agents[1].send(signal.SIGTERM)
    await_end(agents[1])
    assert agents[1].node.addresses() == ["10.0.0.12/16"]


@pytest.mark.parametrize("lab", [{"lans": 16}], indirect=True)
def test_as_many_as_there_may_be(lab):
    def instances(priority):
        return all_vrids(0, priority) + spread(ALL - 2 * VRIDS, range(1, lab.lans), priority)

    first = Xvrrpd(node(lab, "r1", 11), *instances(200))
    second = Xvrrpd(node(lab, "r2", 12), *instances(100))
    assert first.ctl("reload").stdout.strip() == "unchanged"
    hand_round(first, second, ALL)
    second.send(signal.SIGUSR2)  # and its successor goes on (I8)
    await_end(second)
    third = Xvrrpd(second.node, *instances(100))
    assert states(third) == {"active": ALL}
    third.send(signal.SIGTERM)
    await_end(third)
    assert third.node.addresses("eth1") == ["10.1.0.12/16"]


def takeover_delays(capture, old, new, down_ns):
    """From the deadline of each virtual router to the first announcement of its address."""
    ports = [{agent.node.port(lan) for lan in range(MASS_LANS)} for agent in (old, new)]
    last = {advert.addresses[0]: advert.time_ns for advert in capture.adverts
            if advert.port in ports[0]}
    delays = {}
    for arp in capture.arps:
        if arp.gratuitous and arp.port in ports[1] and arp.sender_ip not in delays:
            delays[arp.sender_ip] = arp.time_ns - last[arp.sender_ip] - down_ns
    return delays


@pytest.mark.parametrize("lab", [{"lans": MASS_LANS}], indirect=True)
def test_a_thousand_are_taken_over_at_once(lab):
    """Every address is announced within 50 ms of its deadline (I5)."""
    old, new = [Xvrrpd(node(lab, name, host), *spread(MASS, range(MASS_LANS), priority))
                for name, host, priority in (("r1", 11, 200), ("r2", 12, 100))]
    await_all(old, "active", MASS)
    await_all(new, "backup", MASS)
    capture = lab.capture()
    wait_until(lambda: len(capture.adverts) >= 2 * MASS, "an advertisement of each", PATIENCE_S)
    old.kill()
    await_all(new, "active", MASS)
    wait_until(lambda: len(capture.arps) >= MASS, "announcements", PATIENCE_S)
    capture.close()
    delays = takeover_delays(capture, old, new, new.instances[0].down_ns())
    assert len(delays) == MASS
    assert median(delays.values()) <= ANNOUNCED_NS
    assert min(delays.values()) >= 0
