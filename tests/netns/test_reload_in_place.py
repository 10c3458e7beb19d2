# SPDX-License-Identifier: GPL-2.0-or-later
"""A reload that changes virtual routers where they stand: no role moves, nothing is said twice."""

import json
import os
import signal
import time

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VRID, ArpProber, Instance, Xvrrpd, block, elected, hold,
                 holds, pair, password, unicast, virtual_mac, wait_until)
from lab import bpf
from lab.nets import run

INTERVAL_S = 0.1
OLD, NEW, OTHER = "192.0.2.2", "192.0.2.3", "192.0.2.4"
SECOND_VRID = 52


def instance(priority=200, *addresses, **kwargs):
    addresses = tuple(f"{a}/24" for a in addresses or (VIP, OLD))
    return Instance(priority, INTERVAL_S, addresses=addresses, **kwargs)


def served(agent):
    """Address -> slot, as the programs have it."""
    dump = json.loads(run("bpftool", "-j", "map", "dump", "pinned", agent.pin_dir / "vip_index"))
    return {".".join(map(str, entry["formatted"]["key"]["address"]["b"][12:])):
            entry["formatted"]["value"] for entry in dump}


def told(capture, port="r1", since_ns=0, vrid=VRID):
    return capture.adverts_from(port, since_ns, vrid)


def transitions(agent, name="VI_1"):
    return agent.vr(name)["statistics"]["active_transitions"]


class Still:
    """While the block runs the roles stay, no role is given up, and nobody else speaks."""

    def __init__(self, lan, first, names=("VI_1",)):
        self.first, self.names = first, names
        self.capture = lan.capture()

    def __enter__(self):
        self.before = {name: self.first.vr(name) for name in self.names}
        wait_until(lambda: len(told(self.capture)) >= 2, "cadence")
        return self

    def __exit__(self, kind, *exc):
        if kind:
            return
        ended_ns = time.time_ns()
        wait_until(lambda: len(told(self.capture, since_ns=ended_ns)) >= 5, "cadence")
        for name in self.names:
            after = self.first.vr(name)
            assert after["state"] == "active"
            assert after["last_transition"] == self.before[name]["last_transition"]
        vrids = {vr["vrid"] for vr in self.before.values()}
        adverts = [a for a in self.capture.adverts if a.vrid in vrids]
        assert {a.port for a in adverts} == {"r1"}
        assert all(a.priority for a in adverts), "a goodbye"


def changed(agent, *instances, count=1, **kwargs):
    agent.configure(*instances, **kwargs)
    assert agent.json("reload") == {"changed": count}


@pytest.fixture
def two(lan):
    """An elected pair with two addresses, long enough for the announcements to be over."""
    agents = pair(lan, first=instance(), second=instance(100))
    wait_until(lambda: f"{OLD}/24" in lan.r1.addresses(), "the addresses")
    return agents


def test_addresses(lan, two):
    """What is new is announced, and only that; what is gone is gone everywhere."""
    first, _ = two
    number = served(first)[VIP]
    with Still(lan, first) as still:
        changed(first, instance(200, VIP, NEW))
        wait_until(lambda: len(still.capture.gratuitous(NEW)) >= 5, "announced")
        wait_until(lambda: set(lan.r1.addresses()) ==
                   {"192.0.2.11/24", f"{VIP}/24", f"{NEW}/24"}, "the kernel follows")
        wait_until(lambda: served(first) == {VIP: number, NEW: number}, "the programs follow")
    assert still.capture.gratuitous(VIP) == still.capture.gratuitous(OLD) == []
    assert len(still.capture.gratuitous(NEW)) == 5
    assert {a.sender_mac for a in still.capture.gratuitous(NEW)} == {virtual_mac(VRID)}
    assert told(still.capture)[-1].addresses == (VIP, NEW)
    assert first.vr()["virtual_addresses"] == [f"{VIP}/24", f"{NEW}/24"]
    since_ns = time.time_ns()
    with ArpProber.from_node(lan.client, OLD), ArpProber.from_node(lan.client, NEW):
        wait_until(lambda: len(still.capture.replies(NEW, since_ns)) >= 20, "answers for the new")
    assert {r.sender_mac for r in still.capture.replies(NEW, since_ns)} == {virtual_mac(VRID)}
    assert still.capture.replies(OLD, since_ns) == []


def test_order(lan, two):
    """The first one is the primary one: the list that is advertised, and nothing else."""
    first, _ = two
    with Still(lan, first) as still:
        changed(first, instance(200, OLD, VIP))
        wait_until(lambda: told(still.capture)[-1].addresses == (OLD, VIP), "the list")
    assert still.capture.gratuitous(VIP) == still.capture.gratuitous(OLD) == []


def test_address_of_two(lan):
    """The first has it; the second advertises it, and serves it once it is the only one."""
    shared, alone = instance(200, VIP, OLD), instance(200, VIP, name="VI_2", vrid=SECOND_VRID)
    first = Xvrrpd(lan.r1, shared, alone)
    wait_until(lambda: first.state() == first.state("VI_2") == "active", "both Active")
    holds(lan.r1)
    with Still(lan, first, ("VI_2",)) as still:
        assert served(first)[VIP] == served(first)[OLD]
        wait_until(lambda: told(still.capture, vrid=SECOND_VRID), "advertised")
        assert told(still.capture, vrid=SECOND_VRID)[-1].addresses == (VIP,)
        assert first.vr("VI_2")["virtual_addresses"] == [f"{VIP}/24"]
        first.ctl("drain", "VI_1")
        wait_until(lambda: first.state() == "backup", "drained")
        wait_until(lambda: f"{VIP}/24" not in lan.r1.addresses(), "nobody serves it")
        assert still.capture.gratuitous(VIP) == []
        changed(first, alone, count=2)
        wait_until(lambda: len(still.capture.gratuitous(VIP)) >= 5, "announced")
        assert {a.sender_mac for a in still.capture.gratuitous(VIP)} == {virtual_mac(SECOND_VRID)}
        holds(lan.r1)
        since_ns = time.time_ns()
        changed(first, shared, alone, count=2)
        wait_until(lambda: first.state() == "active", "back")
        wait_until(lambda: still.capture.gratuitous(VIP, since_ns), "announced")
        holds(lan.r1)
        assert served(first)[VIP] == served(first)[OLD]
    assert {a.sender_mac for a in still.capture.gratuitous(VIP, since_ns)} == {virtual_mac(VRID)}


def test_moved_to_another(lan):
    """From one virtual router to another, and back, each in one go."""
    def both(one, two):
        return (instance(200, *one), instance(200, *two, name="VI_2", vrid=SECOND_VRID))

    first = Xvrrpd(lan.r1, *both((VIP, OLD), (NEW,)))
    wait_until(lambda: first.state() == first.state("VI_2") == "active", "both Active")
    wait_until(lambda: len(lan.r1.addresses()) == 4, "the addresses")
    here, there = served(first)[VIP], served(first)[NEW]
    with Still(lan, first, ("VI_1", "VI_2")) as still:
        for one, two, owner, vrid in (((VIP,), (OLD, NEW), there, SECOND_VRID),
                                      ((OLD, VIP), (NEW,), here, VRID)):
            since_ns = time.time_ns()
            changed(first, *both(one, two), count=2)
            wait_until(lambda: len(still.capture.gratuitous(OLD, since_ns)) >= 5, "announced")
            assert {a.sender_mac for a in still.capture.gratuitous(OLD)
                    if a.time_ns >= since_ns} == {virtual_mac(vrid)}
            wait_until(lambda: served(first) == {VIP: here, OLD: owner, NEW: there}, "moved")
            wait_until(lambda: len(lan.r1.addresses()) == 4, "the kernel has all")
    assert still.capture.gratuitous(VIP) == still.capture.gratuitous(NEW) == []
    # Exchanged: neither may be in the way of the other.
    changed(first, *both((VIP, NEW), (OLD,)), count=2)
    wait_until(lambda: served(first) == {VIP: here, OLD: there, NEW: here}, "exchanged")
    assert "somebody removed" not in first.log()


def test_accept_mode(lan, two):
    """An address is the host's, or a route that drops, as the mode is."""
    first, _ = two
    with Still(lan, first):
        changed(first, instance(extra=("no_accept",)))
        wait_until(lambda: lan.r1.addresses() == ["192.0.2.11/24"], "no address")
        assert "blackhole" in lan.r1.ip("route", "show", "table", "all", VIP)
        changed(first, instance())
        wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the addresses")
        wait_until(lambda: "blackhole" not in lan.r1.ip("route", "show", "table", "all"),
                   "no route")


def test_ipv6(ipv6_lan):
    """Solicited-node groups of what the kernel does not have follow (E-6)."""
    def one(*addresses):
        return Instance(200, INTERVAL_S, addresses=addresses, extra=("no_accept",))

    lan, added = ipv6_lan, "2001:db8::5:6"
    first = Xvrrpd(lan.r1, one(*ADDRESSES6))
    wait_until(lambda: first.state() == "active", "Active")
    groups = "ff02::1:ff00:1", "ff02::1:ff05:6"
    joined = [lambda g=g: g in lan.r1.ip("-6", "maddress", "show", "dev", "eth0") for g in groups]
    wait_until(joined[0], "the group of the first")
    with Still(lan, first) as still:
        changed(first, one(*ADDRESSES6, f"{added}/64"))
        wait_until(joined[1], "the new group")
        wait_until(lambda: still.capture.neighbour_adverts(added), "announced")
        changed(first, one(*ADDRESSES6))
        wait_until(lambda: not joined[1](), "it is left")
        assert joined[0]()
    assert still.capture.neighbour_adverts(VIP6) == []


V2 = {"version": 2}


@pytest.mark.parametrize("what", [
    {"priority": 150}, {"priority": 255}, {"nopreempt": True}, {"extra": ("preempt_delay 3",)},
    {"extra": ("garp_master_repeat 3",)}, {"extra": ("xdp_checksum pseudo",)},
    {"extra": ("xdp_consume_adverts on",)}, {"extra": ("notify_master /bin/true",)},
    {"extra": ("down_timer_adverts 4",)}, {"extra": ("lower_prio_no_advert",)},
    {"extra": block("track_interface", "lo weight 10")}], ids=str)
def test_one_thing(lan, two, what):
    """It is in force, and no role has moved."""
    first, _ = two
    slots, held = served(first), bpf.footprint(first)
    with Still(lan, first) as still:
        changed(first, instance(**what))
    assert served(first) == slots
    scripts = "notify" in str(what)  # of which the first one needs some descriptors
    assert scripts or bpf.footprint(first) == held
    assert still.capture.gratuitous(VIP) == []
    if "priority" in what:
        assert told(still.capture)[-1].priority == first.vr()["priority"] == what["priority"]
    assert first.vr()["preempt"] is not what.get("nopreempt", False)
    assert f"{VIP}/24" in lan.r1.addresses()


def test_lowered_priority_moves_the_role(lan, two):
    """By the election, with no loss of the role in between."""
    first, second = two
    capture = lan.capture()
    changed(first, instance(50))
    elected(second, first)
    assert not capture.adverts_from("r1", priority_zero=True)
    changed(first, instance(200))
    elected(first, second)


def test_interval(lan, two):
    """The other one learns it; neither shorter nor longer is there a second Active."""
    first, second = two
    for interval_s in (0.05, 0.2, INTERVAL_S):
        with Still(lan, first):
            first_of = instance()
            first_of.advert_int = interval_s
            changed(first, first_of)
            wait_until(lambda: second.vr()["active_adver_interval_us"] == interval_s * 1e6,
                       "learned")
    assert transitions(first) == 1 and transitions(second) == 0


def test_password(lan):
    """On both, one after the other: what is not understood in between is not obeyed."""
    def one(priority, text):
        return Instance(priority, 1, version=2, extra=password(text))

    first, second = pair(lan, first=one(200, "a"), second=one(100, "a"))
    capture = lan.capture()
    changed(second, one(100, "b"))
    changed(first, one(200, "b"))
    since_ns = time.time_ns()
    wait_until(lambda: len(told(capture, since_ns=since_ns)) >= 2, "cadence")
    assert second.state() == "backup" and transitions(first) == 1
    assert {a.port for a in capture.adverts} == {"r1"}
    assert all(a.priority for a in capture.adverts)


def test_peers(lan):
    """One more, and another one less; the role stays."""
    def one(*peers):
        return instance(extra=unicast("192.0.2.11", *peers))

    first = Xvrrpd(lan.r1, one("192.0.2.12"))
    wait_until(lambda: first.state() == "active", "Active")
    with Still(lan, first) as still:
        changed(first, one("192.0.2.12", "192.0.2.100"))
        changed(first, one("192.0.2.100"))
    assert still.capture.gratuitous(VIP) == []
    dump = json.loads(run("bpftool", "-j", "map", "dump", "pinned", first.pin_dir / "peer_index"))
    assert [entry["formatted"]["key"]["address"]["b"][15] for entry in dump] == [100]


def test_virtual_mac(lan, two):
    """Every address is announced with the other MAC address."""
    first, _ = two
    with Still(lan, first) as still:
        for extra, mac in ((("xdp_virtual_mac off",), lan.r1.mac()), ((), virtual_mac(VRID))):
            since_ns = time.time_ns()
            changed(first, instance(extra=extra))
            for address in (VIP, OLD):
                wait_until(lambda a=address: len(still.capture.gratuitous(a, since_ns)) >= 5,
                           "announced")
                assert {a.sender_mac for a in still.capture.gratuitous(address, since_ns)} == {mac}


def test_renamed(lan, two):
    """The same virtual router by interface, VRID and family, with all that it has counted."""
    first, _ = two
    slots, sent = served(first), first.vr()["statistics"]["advertisements_sent"]
    with Still(lan, first) as still:
        changed(first, instance(name="GW"))
        first.vr("GW")
        changed(first, instance())
    assert served(first) == slots and still.capture.gratuitous(VIP) == []
    assert first.vr()["statistics"]["advertisements_sent"] > sent


@pytest.mark.parametrize("what", [{"vrid": 99}, {"version": 2, "advert_int": 1}], ids=str)
def test_restarted(lan, what):
    """It withdraws and starts; the other one sees nothing."""
    second = Instance(200, INTERVAL_S, name="VI_2", vrid=SECOND_VRID, addresses=(f"{NEW}/24",))
    agent = Xvrrpd(lan.r1, second, Instance(200, INTERVAL_S))
    wait_until(lambda: agent.state() == agent.state("VI_2") == "active", "both Active")
    wait_until(lambda: f"{NEW}/24" in lan.r1.addresses(), "the address")
    before, capture = agent.vr("VI_2"), lan.capture()
    changed(agent, second, Instance(**{"priority": 200, "advert_int": INTERVAL_S} | what),
            count=2 if "vrid" in what else 1)
    wait_until(lambda: told(capture) and told(capture)[-1].priority == 0, "it withdraws")
    wait_until(lambda: agent.state() == "active", "Active again")
    after = agent.vr("VI_2")
    assert after["last_transition"] == before["last_transition"]
    assert capture.gratuitous(NEW) == []
    assert all(a.priority for a in told(capture, vrid=SECOND_VRID))


def test_other_programs(lan):
    """All of an interface restart for that."""
    agent = Xvrrpd(lan.r1, instance())
    wait_until(lambda: agent.state() == "active", "Active")
    for extra, mode in ((("xdp_mode tc",), "tc"), ((), "generic")):
        changed(agent, instance(extra=extra))
        assert agent.interface()["xdp_mode"] == mode
        wait_until(lambda: agent.state() == "active", "Active again")


def test_adopted_after_it(lan, two):
    """A successor finds what the reload has changed: goes on, and announces nothing (I8)."""
    first, _ = two
    changed(first, instance(210, VIP, NEW))
    wait_until(lambda: f"{NEW}/24" in lan.r1.addresses(), "the kernel follows")
    wait_until(lambda: set(served(first)) == {VIP, NEW}, "the programs follow")
    capture = lan.capture()
    first.kill()
    successor = Xvrrpd(lan.r1, instance(210, VIP, NEW))
    wait_until(lambda: len(told(capture)) >= 20, "cadence")
    wait_until(lambda: "goes on as active" in successor.log(), "it is logged")
    assert {a.priority for a in capture.adverts} == {210}
    assert {a.port for a in capture.adverts} == {"r1"}
    assert capture.gratuitous(VIP) == capture.gratuitous(NEW) == []
    assert set(lan.r1.addresses()) == {"192.0.2.11/24", f"{VIP}/24", f"{NEW}/24"}


def test_drained_through_it(lan, two):
    """A reload that changes it does not undrain it, nor one while it drains."""
    first, second = two
    first.json("drain")
    changed(first, instance(220, VIP, NEW))
    elected(second, first)
    changed(first, instance(230, VIP, OTHER))
    hold(lambda: first.state() == "backup", "stays away", 0.5, 0.05)
    first.json("undrain")
    elected(first, second)
    wait_until(lambda: set(lan.r1.addresses()) >= {f"{VIP}/24", f"{OTHER}/24"}, "the addresses")
    assert f"{NEW}/24" not in lan.r1.addresses()


def test_one_after_the_other(lan, two):
    """While the worker still has what the one before has given it: the last one counts."""
    first, _ = two
    many = [f"192.0.2.{n}" for n in range(100, 160)]
    with Still(lan, first) as still:
        for n in range(10):
            first.configure(instance(200 + n, VIP, *many[n:n + 40]))
            if n % 2:
                first.json("reload")
            else:
                first.send(signal.SIGHUP)
        assert first.json("reload")["changed"] in (0, 1)
        expected = {VIP, *many[9:49]}
        wait_until(lambda: set(served(first)) == expected, "the programs")
        wait_until(lambda: set(lan.r1.addresses()) ==
                   {"192.0.2.11/24"} | {f"{a}/24" for a in expected}, "the kernel")
    assert still.capture.gratuitous(VIP) == []
    assert first.stop() == 0
    assert lan.r1.addresses() == ["192.0.2.11/24"]


def test_backup(lan, two):
    """Nothing of it is on the wire, and the takeover has what is new."""
    first, second = two
    with Still(lan, first):
        changed(second, instance(100, VIP, NEW))
    assert second.state() == "backup" and "192.0.2.12/24" in lan.r2.addresses()
    assert f"{NEW}/24" not in lan.r2.addresses()
    capture = lan.capture()
    first.stop()
    wait_until(lambda: len(capture.gratuitous(NEW, port="r2")) >= 5, "announced by the other one")
    assert capture.gratuitous(OLD, port="r2") == []


def grouped(*names, rest=()):
    """VI_1..VI_3, of which these are one sync group."""
    lines = ("}", "vrrp_sync_group G {", *block("group", *names)) if names else rest
    three = [Instance(200, INTERVAL_S, f"VI_{n}", vrid=VRID + n, addresses=(f"192.0.2.{n}/24",))
             for n in (1, 2, 3)]
    return three, {"global_lines": lines}


def test_groups(lan):
    """Made, joined, left and given up: nobody loses a role by it."""
    three, lines = grouped()
    agent = Xvrrpd(lan.r1, *three, **lines)
    names = [i.name for i in three]
    wait_until(lambda: all(agent.state(n) == "active" for n in names), "all Active")
    before = [agent.vr(n)["last_transition"] for n in names]
    capture = lan.capture()
    for members in (names[:2], names, names[1:], ()):
        three, lines = grouped(*members)
        agent.configure(*three, **lines)
        assert agent.json("reload")["changed"] > 0
        assert [agent.vr(n)["sync_group"] for n in names] == ["G" if n in members else None
                                                              for n in names]
        wait_until(lambda s=time.time_ns(): len(told(capture, "r1", s, VRID + 3)) >= 5, "cadence")
    assert [agent.vr(n)["last_transition"] for n in names] == before
    assert all(a.priority for a in capture.adverts)


def test_new_member_in_a_fault(lan):
    """It waits for its interface; the others go on."""
    three, lines = grouped("VI_1", "VI_2")
    agent = Xvrrpd(lan.r1, *three[:2], **lines)
    wait_until(lambda: agent.state("VI_1") == agent.state("VI_2") == "active", "both Active")
    three, lines = grouped("VI_1", "VI_2", "VI_3")
    three[2].interface = "eth7"
    changed(agent, *three, **lines)
    hold(lambda: agent.state("VI_1") == agent.state("VI_2") == "active", "go on", 0.5, 0.05)
    assert agent.vr("VI_3")["fault_reasons"]


def test_asked_while_it_starts(lan):
    """A reload that comes too early waits for the end of the start, and is not forgotten."""
    agent = Xvrrpd(lan.r1, instance(200))
    agent.kill()
    agent = Xvrrpd(lan.r1, instance(200), wrapper=(
        "env", "--block-signal=HUP", "sh", "-c", "kill -HUP $$; exec \"$@\"", "sh"))
    wait_until(lambda: agent.log().count("was read again: 0 virtual routers differ") == 1, "once")
    wait_until(lambda: agent.state() == "active", "Active")
    assert agent.json("reload") == {"changed": 0}


@pytest.mark.not_sanitized("they lock no memory")
def test_scheduling(lan):
    """Real-time priority and locked memory follow."""
    def now():
        locked = next(line for line in open(f"/proc/{agent.pid}/status", encoding="utf-8")
                      if line.startswith("VmLck:"))
        return os.sched_getscheduler(agent.pid), os.sched_getparam(agent.pid).sched_priority, \
            int(locked.split()[1]) > 0

    agent = Xvrrpd(lan.r1, instance())
    wait_until(lambda: agent.state() == "active", "Active")
    with Still(lan, agent):
        for lines, expected in ((("vrrp_rt_priority 7",), (os.SCHED_FIFO, 7, True)),
                                (("vrrp_rt_priority 0", "vrrp_no_swap off"),
                                 (os.SCHED_OTHER, 0, False)),
                                ((), (os.SCHED_FIFO, 50, True))):
            changed(agent, instance(), count=0, global_lines=lines)
            scheduler, priority, locked = now()
            assert (scheduler & ~os.SCHED_RESET_ON_FORK, priority, locked) == expected
