# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that stands still, or whose clock is set, with its peer outside.

run.sh runs this on one kernel, $VMTEST_KERNEL. The agent in the machine has two virtual routers of
higher priority; between two tests it is alone, and Active for both.
"""

import os
import time

import pytest
from machine import Agent, Machine

from lab import (ArpProber, Instance, Lab, Xvrrpd, hold, mean_interval_ns,
                 terminate_like_interrupt, wait_until)

PAUSE_S = 10
SLACK_NS = 700_000_000  # what an emulated machine may be late by
START_S = 60
HOURS = ("+5 hours", "-11 hours")


def routers(priority):
    """At intervals that an emulated machine keeps up with, without preemption."""
    return [Instance(priority, 1, name="VI_1", vrid=51, addresses=("192.0.2.1/24",),
                     nopreempt=True),
            Instance(priority, 0.2, name="VI_2", vrid=52, addresses=("192.0.2.2/24",),
                     nopreempt=True)]


INSIDE = routers(200)


def address(instance):
    return instance.addresses[0].split("/")[0]


@pytest.fixture(scope="module", name="lab")
def fixture_lab():
    terminate_like_interrupt()
    with Lab() as lab:
        lab.r2 = lab.node("r2", "192.0.2.12/24")
        lab.client = lab.node("client", "192.0.2.100/24")
        yield lab
        print(lab.logs())


@pytest.fixture(scope="module", name="machine")
def fixture_machine(lab):
    machine = Machine(lab, os.environ["VMTEST_KERNEL"], "192.0.2.11/24")
    lab.seen = lab.capture()
    return machine


@pytest.fixture(scope="module", name="agent")
def fixture_agent(machine):
    return Agent(machine, *INSIDE)


@pytest.fixture(name="inside")
def fixture_inside(lab, machine, agent):
    """The agent in the machine, alone and Active for a while."""
    def settled():
        adverts = lab.seen.adverts_from(machine.port, since_ns, INSIDE[0].vrid)
        return len(adverts) >= 4 and all(agent.vr(i.name)["state"] == "active" for i in INSIDE)

    since_ns = time.time_ns()
    wait_until(settled, "two Actives in the machine", START_S, 0.2)
    yield agent
    print(agent.log())


@pytest.fixture(name="outside")
def fixture_outside(lab, inside):
    """The peer, which obeys the machine."""
    peer = Xvrrpd(lab.r2, *routers(100))
    for instance in inside and INSIDE:
        wait_until(lambda i=instance: peer.vr(i.name)["active_address"] == "192.0.2.11", "a Backup")
    yield peer
    print(peer.log())
    peer.stop()


def stand_still(machine, how, seconds=PAUSE_S):
    """Returns when it went on."""
    machine.pause(how)
    time.sleep(seconds)
    now_ns = time.time_ns()
    machine.go_on(how)
    return now_ns


def stand_still_in_a_crowd(lab, machine, how, seconds=PAUSE_S):
    """Requests fill the queue of the network card, so that no advertisement fits in it.

    Not to be judged at the short interval: an emulated machine needs it to work off the queue.
    """
    with ArpProber.from_node(lab.client, address(INSIDE[0]), interval_s=0.001):
        machine.pause(how)
        time.sleep(seconds)
    now_ns = time.time_ns()
    machine.go_on(how)
    return now_ns


def transitions(agent):
    return [(agent.vr(i.name)["statistics"]["active_transitions"],
             agent.vr(i.name)["last_transition"]) for i in INSIDE]


def cadence_ns(lab, instance, since_ns):
    adverts = lab.seen.adverts_from(Machine.port, since_ns, instance.vrid)
    return mean_interval_ns([a.time_ns for a in adverts], 5)


def becomes_backup(machine, inside, outside):
    """By a pause in which the peer takes over."""
    stand_still(machine, "emulator", 5)
    for instance in INSIDE:
        wait_until(lambda i=instance: inside.vr(i.name)["state"] == "backup", "Backup")
        assert outside.state(instance.name) == "active"


@pytest.mark.parametrize("how", ["machine", "emulator"])
def test_paused_active_stays_backup(lab, machine, inside, outside, how):
    """The peer took over, and keeps the role: nothing is said, and soon nothing is answered."""
    with ArpProber.from_node(lab.client, address(INSIDE[0]), interval_s=0.05):
        on_ns = stand_still(machine, how)
        for instance in INSIDE:
            wait_until(lambda i=instance: inside.vr(i.name)["state"] == "backup", "Backup")
        wait_until(lambda: time.time_ns() > on_ns + 5e9, "five intervals")
    assert lab.seen.adverts_from(machine.port, on_ns) == []
    for instance in INSIDE:
        assert lab.seen.gratuitous(address(instance), on_ns, machine.port) == []
        assert lab.seen.replies(address(instance), on_ns + SLACK_NS, machine.port) == []
        assert inside.vr(instance.name)["state"] == "backup"
        assert outside.vr(instance.name)["statistics"]["active_transitions"] == 1


@pytest.mark.parametrize("how", ["machine", "emulator"])
def test_paused_active_hears_nothing_at_first(lab, machine, inside, outside, how):
    """The queue of the network card was full before the peer took over."""
    slow = INSIDE[0]
    on_ns = stand_still_in_a_crowd(lab, machine, how)
    wait_until(lambda: inside.vr(slow.name)["state"] == "backup", "Backup")
    wait_until(lambda: time.time_ns() > on_ns + 5e9, "five intervals")
    assert lab.seen.adverts_from(machine.port, on_ns, slow.vrid) == []
    assert lab.seen.gratuitous(address(slow), on_ns, machine.port) == []
    assert outside.vr(slow.name)["statistics"]["active_transitions"] == 1


@pytest.mark.parametrize("how", ["machine", "emulator"])
def test_paused_alone_goes_on(lab, machine, inside, how):
    """Nobody took over: after an interval of listening it is heard again, and announces."""
    before = transitions(inside)
    on_ns = stand_still(machine, how)
    for instance in INSIDE:
        interval_ns = instance.advert_int * 1e9
        first = wait_until(lambda i=instance: lab.seen.adverts_from(machine.port, on_ns, i.vrid),
                           "an advertisement")[0]
        assert interval_ns <= first.time_ns - on_ns <= interval_ns + SLACK_NS
        announced = wait_until(
            lambda i=instance: lab.seen.gratuitous(address(i), on_ns, machine.port), "announcing")
        assert announced[0].time_ns >= first.time_ns
    assert transitions(inside) == before


def test_clock_of_an_active_set_by_hours(lab, machine, inside, outside):
    """The time of day is for people. Judged at the interval at which an emulated machine that
    stands still now and then does not lose its role for that."""
    slow, before, since_ns = INSIDE[0], transitions(inside), time.time_ns()
    for step in HOURS:
        machine.run(f"date -s '{step}'")
        hold(lambda: outside.state(slow.name) == "backup", "Backup", 4)
    assert lab.seen.adverts_from("r2", since_ns, slow.vrid) == []
    assert transitions(inside)[0] == before[0]
    for instance in INSIDE:
        assert cadence_ns(lab, instance, since_ns) == \
            pytest.approx(instance.advert_int * 1e9, rel=0.02)


def test_backup_is_not_moved(lab, machine, inside, outside):
    """Neither by pauses longer than its timer nor by a clock that is set."""
    slow = INSIDE[0]
    becomes_backup(machine, inside, outside)
    before, since_ns = transitions(inside)[0], time.time_ns()
    for disturb in (lambda: stand_still_in_a_crowd(lab, machine, "emulator", 6),
                    lambda: stand_still(machine, "machine", 5),
                    *(lambda step=step: machine.run(f"date -s '{step}'") for step in HOURS)):
        disturb()
        hold(lambda: outside.state(slow.name) == "active", "the Active", 4)
    assert lab.seen.adverts_from(machine.port, since_ns, slow.vrid) == []
    assert transitions(inside)[0] == before


def test_clock_set_by_hours_at_10_ms(lab, machine, agent):
    """Alone, and the last test: the agent gets another configuration."""
    agent.stop()
    fast = Instance(200, 0.01, name="VI_3", vrid=53)
    since_ns = time.time_ns()
    agent = Agent(machine, fast)
    wait_until(lambda: len(lab.seen.adverts_from(machine.port, since_ns, 53)) > 200, "adverts")
    before = agent.vr("VI_3")
    for step in HOURS:
        since_ns = time.time_ns()
        machine.run(f"date -s '{step}'")
        wait_until(lambda: len(lab.seen.adverts_from(machine.port, since_ns, 53)) > 200, "adverts")
        assert cadence_ns(lab, fast, since_ns) == pytest.approx(10_000_000, rel=0.02)
    after = agent.vr("VI_3")
    assert (after["state"], after["last_transition"]) == ("active", before["last_transition"])
