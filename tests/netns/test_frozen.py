# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGSTOP and SIGCONT: the process stands still while the programs go on (design: waking late)."""

import random
import re
import time

import pytest

from lab import VIP, ArpProber, Instance, Lab, hold, median, wait_until
from lab.campus import Chorus, Ears, Street, in_parallel
from lab.oracle import MS, double_answers, handovers, leaseless_answers
from lab.service import Service, service_pair
from lab.stalls import Stalls

LONG_S = 5.0
ROUNDS = 5
LATE_NS = 20 * MS  # what a wake-up on a machine that is busy with other things may take
ONE_BURST = ("garp_master_delay 0",)


def adverts_of(capture, service, since_ns=0, **wanted):
    return capture.adverts_from(service.node.port(), since_ns, **wanted)


def freeze_for(service, seconds):
    """SIGSTOP, and SIGCONT after a while; returns the times of both."""
    frozen_ns = time.time_ns()
    service.freeze()
    time.sleep(seconds)
    return frozen_ns, service.thaw()


def told_late(service, name="VI_1"):
    """How late its log says that a virtual router woke, in ms, and what it decided."""
    found = re.findall(rf"{name}: woke (\d+) ms late: (.*)", service.log())
    return [(int(late_ms), decision) for late_ms, decision in found]


# ---- a Backup ----

def test_frozen_backup_sends_nothing(lan):
    """I9. The deadlines of both are long past when it wakes, at 10 ms and at 1 s."""
    def both(priority):
        return (Instance(priority, 0.01),
                Instance(priority, 1.0, name="VI_2", vrid=52, addresses=("192.0.2.2/24",)))

    first, second = Service(lan.r1, *both(200)), Service(lan.r2, *both(100))
    first.start()
    wait_until(lambda: {first.state("VI_1"), first.state("VI_2")} == {"active"}, "Active")
    second.start()
    capture = lan.capture()
    wait_until(lambda: {second.vr(n)["active_address"] for n in ("VI_1", "VI_2")}
               == {"192.0.2.11"}, "the Backup has heard it")
    frozen_ns, thawed_ns = freeze_for(second, LONG_S)
    hold(lambda: [second.state("VI_1"), second.state("VI_2")] == ["backup"] * 2, "Backup", 1.0)
    assert adverts_of(capture, second) == []
    assert [a for a in capture.arps if a.port == "r2"] == []
    assert len(adverts_of(capture, first, frozen_ns, vrid=51)) > 400, "the Active was there"
    for name, deadline_s in (("VI_1", 0.04), ("VI_2", 4.0)):
        numbers = second.statistics(name)
        assert numbers["active_transitions"] == numbers["advertisements_sent"] == 0
        assert numbers["late_wakeups"] >= 1
        assert numbers["late_microseconds"] > (LONG_S - deadline_s) * 1e6 * 0.9
        late_ms, _ = max(told_late(second, name))
        assert (LONG_S - deadline_s) * 900 < late_ms <= (thawed_ns - frozen_ns) / MS + 100


# ---- an Active that lost the role ----

@pytest.mark.parametrize("interval", [0.01, 0.1])
def test_frozen_nopreempt_active_stays_backup(lan, interval):
    """It has the higher priority, and no claim: zero advertisements, zero gratuitous ARP."""
    first, second = service_pair(lan, Instance(200, interval, nopreempt=True, extra=ONE_BURST),
                                 Instance(100, interval, nopreempt=True))
    capture = lan.capture()
    before = first.statistics()
    with ArpProber.from_node(lan.client, VIP):
        _, thawed_ns = freeze_for(first, max(0.5, 6 * interval))
        wait_until(lambda: len(capture.replies(VIP, thawed_ns)) > 500, "somebody answers")
        assert [s.state() for s in (first, second)] == ["backup", "active"]
        hold(lambda: second.state() == "active", "it stays so", 5 * interval)
    spoke_ns = adverts_of(capture, second)[0].time_ns
    assert spoke_ns < thawed_ns
    assert {a.port for a in capture.replies(VIP, spoke_ns)} == {"r2"}
    assert adverts_of(capture, first, spoke_ns) == []
    assert capture.gratuitous(VIP, spoke_ns, "r1") == []
    status, after = first.vr(), first.statistics()
    assert status["last_event"] == "lease-expired"
    wait_until(lambda: first.vr()["active_address"] == "192.0.2.12", "it obeys the new one")
    assert after["late_wakeups"] == before["late_wakeups"] + 1
    assert after["late_yielded"] == before["late_yielded"] + 1
    assert after["late_resumed"] == before["late_resumed"]
    assert "Backup" in told_late(first)[-1][1]
    wait_until(lambda: lan.r1.addresses() == ["192.0.2.11/24"], "the address has left")


@pytest.mark.parametrize("interval", [0.01, 0.1])
def test_frozen_active_with_preemption_follows_the_ordinary_rules(lan, interval):
    """D-14: Backup first; it takes the role back when its timer runs out, and not before."""
    first, second = service_pair(lan, Instance(200, interval), Instance(100, interval))
    capture = lan.capture()
    with ArpProber.from_node(lan.client, VIP):
        _, thawed_ns = freeze_for(first, max(0.3, 6 * interval))
        back_ns = wait_until(lambda: adverts_of(capture, first, thawed_ns), "preemption")[0].time_ns
        wait_until(lambda: [s.state() for s in (first, second)] == ["active", "backup"], "order")
        wait_until(lambda: len(capture.replies(VIP, back_ns, "r1")) > 300, "it answers")
    heirs = [a.time_ns for a in adverts_of(capture, second) if a.time_ns < thawed_ns]
    assert heirs, "the other one has taken over"
    assert back_ns - heirs[-1] >= first.instances[0].down_ns() - interval * 1e9
    assert first.vr()["new_active_reason"] == "preempted"
    assert [a for a in capture.replies(VIP, heirs[0], "r1") if a.time_ns < back_ns - 5 * MS] == []


@pytest.mark.parametrize("interval", [0.01, 0.1])
def test_frozen_active_alone_listens_first(lan, interval, record_property):
    """Nobody was heard, but the machine may have stood still: one interval, fenced, and then on."""
    agent = Service(lan.r1, Instance(200, interval, extra=ONE_BURST + ("xdp_checksum rfc9568",)))
    agent.start()
    wait_until(lambda: agent.state() == "active", "Active")
    capture, late_ms = lan.capture(), []
    before = agent.statistics()
    with ArpProber.from_node(lan.client, VIP):
        for _ in range(ROUNDS):
            wait_until(lambda: adverts_of(capture, agent, time.time_ns() - 20 * MS), "routine")
            frozen_ns, thawed_ns = freeze_for(agent, max(0.1, 4.5 * interval))
            spoke_ns = wait_until(lambda t=thawed_ns: adverts_of(capture, agent, t),
                                  "it goes on")[0].time_ns
            late_ms.append((spoke_ns - thawed_ns) / MS - interval * 1000)
            last_ns = [a.time_ns for a in adverts_of(capture, agent) if a.time_ns < spoke_ns][-1]
            wait_until(lambda t=spoke_ns: len(capture.replies(VIP, t)) > 20, "it answers")
            silence = (last_ns + 3 * interval * 1e9, spoke_ns - 5 * MS)
            assert [r for r in capture.replies(VIP, frozen_ns)
                    if silence[0] < r.time_ns < silence[1]] == []
            said_ns = wait_until(lambda t=thawed_ns: capture.gratuitous(VIP, t),
                                 "the announcement")[0].time_ns
            assert 0 < said_ns - spoke_ns < LATE_NS
    record_property("resumed_late_ms", median(late_ms))
    print(f"alone at {interval:g} s: on the wire {median(late_ms):.3f} ms after one interval")
    assert min(late_ms) > -1, "it has not listened"
    assert median(late_ms) < LATE_NS / MS
    after = agent.statistics()
    assert after["late_resumed"] == before["late_resumed"] + ROUNDS
    assert after["late_wakeups"] >= before["late_wakeups"] + ROUNDS
    assert agent.vr()["last_event"] == "active-timeout", "no transition"


def test_short_freeze_inside_the_lease_is_no_event(lan):
    """The peer sees a late advertisement, and the log tells of it."""
    first, second = service_pair(lan, Instance(200, 0.1, extra=ONE_BURST), Instance(100, 0.1))
    capture = lan.capture()
    wait_until(lambda: adverts_of(capture, first), "routine")
    before, began_ns = first.statistics(), time.time_ns()
    frozen_ns, thawed_ns = freeze_for(first, 0.22)
    wait_until(lambda: len(adverts_of(capture, first, thawed_ns)) > 3, "routine")
    assert adverts_of(capture, second) == []
    assert capture.gratuitous(VIP, began_ns) == []
    assert adverts_of(capture, first, thawed_ns)[0].time_ns - thawed_ns < LATE_NS
    after = first.statistics()
    assert after["active_transitions"] == before["active_transitions"]
    assert after["late_wakeups"] == before["late_wakeups"] + 1
    late_ms = (after["late_microseconds"] - before["late_microseconds"]) / 1000
    assert 100 <= late_ms < (thawed_ns - frozen_ns) / MS + 100


# ---- at any moment ----

def street_storm(street):
    """SIGSTOPs of both around the deadline of the Backup, at 10 ms advertisements."""
    rng = street.rng
    street.start()
    for _ in range(street.rounds):
        active = street.converge()
        backup = next(s for s in street.services if s is not active)
        active.freeze()
        time.sleep(rng.uniform(0.02, 0.05))  # its down timer runs out in here
        backup.freeze()
        time.sleep(rng.uniform(0.0, 0.06))
        order = [active, backup]
        rng.shuffle(order)
        for service in order:
            service.thaw()
            time.sleep(rng.uniform(0.0, 0.03))
        time.sleep(rng.uniform(0.0, 0.1))
    street.converge()
    street.strikes.append(time.time_ns())


def street_starts(street):
    """SIGSTOPs of a router that starts, with an Active there that it has to obey."""
    rng, newcomer = street.rng, street.services[1]
    street.start()
    street.newcomer_port = newcomer.node.port()
    for _ in range(street.rounds // 2):
        newcomer.kill()
        newcomer.arm()
        newcomer.fire()
        time.sleep(rng.uniform(0.0, 0.15))
        newcomer.freeze()
        time.sleep(rng.uniform(0.02, 0.3))
        newcomer.thaw()
        newcomer.wait_ready()
        street.converge()
    street.strikes.append(time.time_ns())


STORMS = (street_storm, street_storm, street_storm, street_starts)
SEED = random.randrange(1, 1 << 32)


def test_frozen_at_any_moment():
    """During a takeover and during the start: never two, and in the end exactly one."""
    with Lab(lans=len(STORMS)) as lab:
        streets = []
        for number, storm in enumerate(STORMS):
            street = Street(lab, number, *(Instance(p, 0.01, nopreempt=True) for p in (150, 100)))
            street.storm, street.rng = storm, random.Random(f"{SEED} {number}")
            street.rounds = 50
            streets.append(street)
        ears = Ears(lab.switch)
        lab.captures.append(ears)
        with Stalls() as stalls, Chorus(streets):
            in_parallel(lambda street: street.storm(street), streets)
        assert ears.dropped() == 0
        ears.close()
        for street in streets:
            judge(street, ears, stalls)


def judge(street, ears, stalls):
    where = f"LAN {street.number}, seed {SEED}, longest stall {stalls.worst_ms():.0f} ms"
    adverts = [a for port in street.ports() for a in ears.adverts_from(port)]
    answers = {port: sorted(ears.answers.get(port, [])) for port in street.ports()}
    assert double_answers(adverts, answers) == [], where
    assert leaseless_answers(adverts, answers, 3 * street.interval_ns) == [], where
    changes = handovers(adverts)
    if street.storm is street_starts:
        spoke = ears.adverts_from(street.newcomer_port)
        assert spoke == [] or stalls.disturbed(spoke[0].time_ns - 50 * MS, spoke[0].time_ns), where
    else:
        assert len(changes) > street.rounds / 10, "no takeover was ever due"
    for last_ns, first_ns, _, _ in changes:
        assert first_ns - last_ns >= 3 * street.interval_ns, where


def test_frozen_active_is_silent_for_one_that_preempts(lan):
    """D-23 by the programs: its agent cannot yield, and its lease has a second to go."""
    old, new = Service(lan.r2, Instance(100, 0.5)), Service(lan.r1, Instance(200, 0.5))
    old.start()
    wait_until(lambda: old.state() == "active", "the one of lower priority is Active")
    capture = lan.capture()
    prober = ArpProber.from_node(lan.client, VIP).start()
    started_ns = new.start()
    wait_until(lambda: time.time_ns() > started_ns + 1_000 * MS, "most of its down interval")
    old.freeze()
    wait_until(lambda: capture.adverts_from(lan.r1.port()), "takeover")
    spoke_ns = capture.adverts_from(lan.r1.port())[0].time_ns
    wait_until(lambda: len(capture.replies(VIP, spoke_ns, lan.r1.port())) > 300, "its answers")
    assert capture.replies(VIP, started_ns, lan.r2.port()), "it was asked, and answered"
    assert capture.replies(VIP, spoke_ns + MS, lan.r2.port()) == []
    old.thaw()
    wait_until(lambda: old.state() == "backup", "it yields")
    prober.stop()
    capture.close()
