# SPDX-License-Identifier: GPL-2.0-or-later
"""A crash that is repaired inside the lease is no event on the wire (I8).

The next agent finds the pinned maps and goes on as what the killed one was; where it cannot, it is
an ordinary start. Configuration and pins may have changed in between.
"""

import json
import re
import time
import types

import pytest

from lab import VIP, VRID, Instance, median, virtual_mac, wait_until, wire
from lab.loss import AddressWatch, Client
from lab.nets import run
from lab.oracle import MS
from lab.service import Service, service_pair
from lab.stalls import on_a_machine_that_runs

SECOND_VIP, THIRD_VIP = "192.0.2.2", "192.0.2.3"
ROUNDS = {1.0: 3, 0.1: 8, 0.01: 10}
SLOW = 0.5
ONE_BURST = ("garp_master_delay 0",)  # else a second one is due 5 s after the takeover
TOLERANCE_NS = 20 * MS
# What a start takes at the most on a machine that is busy with other things.
START_NS = 500 * MS


def adverts_of(capture, service, since_ns, **wanted):
    return capture.adverts_from(service.node.port(), since_ns, **wanted)


def next_advert_ns(capture, service, since_ns, deadline_s=15.0, **wanted):
    """When the first one after a time came; waits for it."""
    return wait_until(lambda: adverts_of(capture, service, since_ns, **wanted),
                      f"{service.node.name} advertises", deadline_s)[0].time_ns


def last_advert_ns(capture, service, before_ns):
    return [a.time_ns for a in adverts_of(capture, service, 0) if a.time_ns < before_ns][-1]


def wait_advert(capture, service):
    """An advertisement from now on; its time."""
    return next_advert_ns(capture, service, time.time_ns())


def lines(service, pattern):
    return [line for line in service.log().splitlines() if re.search(pattern, line)]


def filter_macs(node):
    """The virtual MACs that the interface lets in."""
    return set(re.findall(r"00:00:5e:00:01:..", node.run("bridge", "fdb", "show", "dev", "eth0")))


def slots_in_use(agent):
    return json.loads(run("bpftool", "-j", "map", "dump", "pinned", agent.pin_dir / "vr_index"))


# ---- the Active ----

def restart(capture, active):
    """Kill it right after an advertisement, start it at once: (last, fired, first) in ns."""
    active.arm()
    wait_advert(capture, active)
    active.kill()
    fired_ns = active.fire()
    first_ns = next_advert_ns(capture, active, fired_ns)
    active.wait_ready()
    return last_advert_ns(capture, active, fired_ns), fired_ns, first_ns


@pytest.mark.parametrize("interval", [1.0, 0.1])
def test_killed_active_goes_on(lan, interval, record_property):
    """The peer sees no transition, a client loses nothing, the addresses never leave."""
    first, second = service_pair(lan, Instance(200, interval, extra=ONE_BURST),
                                 Instance(100, interval))
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address on the Active")
    everywhere = ("ff:ff:ff:ff:ff:ff", virtual_mac(VRID), lan.r1.mac())

    def run():
        wait_until(lambda: [s.state() for s in (first, second)] == ["active", "backup"], "order")
        seen = types.SimpleNamespace(capture=lan.capture(), active=first.vr(), backup=second.vr(),
                                     began_ns=time.time_ns())
        with AddressWatch(lan.r1) as seen.watch, Client(lan.client, VIP, everywhere) as seen.client:
            seen.rounds = [restart(seen.capture, first) for _ in range(ROUNDS[interval])]
            wait_advert(seen.capture, first)
        return seen

    seen = on_a_machine_that_runs(run, 3 * interval * 1e9)
    start_ms = median([(first_ns - fired_ns) / MS for _, fired_ns, first_ns in seen.rounds])
    lost = (seen.client.lost_arps(), seen.client.lost_pings())
    record_property("exec_to_advertisement_ms", start_ms)
    print(f"{start_ms:.2f} ms from exec to the first advertisement at {interval:g} s; lost: "
          f"{len(lost[0])} answers of ARP, {len(lost[1])} pings")

    after, before = first.vr(), seen.active
    for key in ("state", "last_transition", "last_event", "new_active_reason",
                "discontinuity_time"):
        assert after[key] == before[key], key
        assert second.vr()[key] == seen.backup[key], key
    numbers, numbers_before = after["statistics"], before["statistics"]
    assert numbers["active_transitions"] == numbers_before["active_transitions"] > 0
    assert numbers["advertisements_sent"] > numbers_before["advertisements_sent"]
    assert seen.capture.gratuitous(VIP, seen.began_ns) == []
    assert adverts_of(seen.capture, second, seen.began_ns) == []
    assert f"{VIP}/24" not in seen.watch.removed()
    assert lost == ([], [])
    assert start_ms < 60
    assert len(lines(first, "adopted the data plane")) == 1


@pytest.mark.not_sanitized("a start takes longer than a lease of 30 ms")
def test_killed_active_goes_on_at_10_ms(lan, record_property):
    """The lease is 30 ms, of which the end of the dead process and the start have to take less."""
    first, second = service_pair(lan, Instance(200, 0.01, extra=ONE_BURST), Instance(1, 0.01))
    capture = lan.capture()
    kept = 0
    for _ in range(ROUNDS[0.01]):
        before = first.statistics()
        last_ns, fired_ns, _ = restart(capture, first)
        wait_until(lambda: len(adverts_of(capture, first, fired_ns)) > 20, "some routine")
        if not adverts_of(capture, second, last_ns):
            kept += 1
            assert capture.gratuitous(VIP, last_ns) == []
            assert first.statistics()["active_transitions"] == before["active_transitions"]
        wait_until(lambda: [s.state() for s in (first, second)] == ["active", "backup"], "order")
    record_property("kept_at_10_ms", kept)
    print(f"{kept} of {ROUNDS[0.01]} kept the role")
    assert kept > 0


TRACED = "execve,bpf,sendto,sendmsg,sendmmsg,mount,wait4,connect"


def test_nothing_slow_before_the_first_advertisement(lan):
    """I5: of what may wait (programs to load, netlink, addresses) nothing is done before it."""
    first = Service(lan.r1, Instance(200, SLOW))
    first.start()
    wait_until(lambda: first.state() == "active", "Active")
    capture = lan.capture()
    wait_advert(capture, first)
    first.kill()
    trace = lan.dir / "strace"
    agent = ["strace", "-f", "-x", "-s", "64", "-e", f"trace={TRACED}", "-o", trace]
    first.start(prefix=agent)
    assert first.vr()["statistics"]["active_transitions"] == 1, "strace has slowed it too much"
    calls = [line.split(None, 1)[1] for line in trace.read_text().splitlines()]
    spoke = next(n for n, call in enumerate(calls)
                 if re.match(r"send\w+\(", call) and r"\x01\x00\x5e\x00\x00\x12" in call)
    before = [call for call in calls[:spoke] if not call.startswith("execve")]
    assert not [call for call in before if "BPF_PROG_LOAD" in call]
    assert not [call for call in before if "BPF_MAP_CREATE" in call]
    assert not [call for call in before if re.match(r"send\w+\(", call)], "netlink"
    assert [call for call in calls[spoke:] if "BPF_PROG_LOAD" in call], "it is loaded later"


def test_both_restarted_at_once(lan):
    """Nobody is left who knows but the slots."""
    agents = service_pair(lan, Instance(200, SLOW, extra=ONE_BURST), Instance(100, SLOW))
    capture = lan.capture()
    wait_advert(capture, agents[0])
    began_ns = time.time_ns()
    for agent in agents:
        agent.arm()
        agent.kill()
    for agent in agents:
        agent.fire()
    for agent in agents:
        agent.wait_ready()
    wait_advert(capture, agents[0])
    assert [agent.state() for agent in agents] == ["active", "backup"]
    assert adverts_of(capture, agents[1], began_ns) == []
    assert capture.gratuitous(VIP, began_ns) == []
    assert [agent.statistics()["active_transitions"] for agent in agents] == [1, 0]


@pytest.mark.parametrize("interval", [0.1, 0.01])
def test_after_the_lease_it_is_an_ordinary_start(lan, interval):
    """D-2: Backup first, for a whole down interval."""
    first = Service(lan.r1, Instance(100, interval))
    first.start()
    wait_until(lambda: first.state() == "active", "Active")
    capture = lan.capture()
    died_ns = wait_advert(capture, first)
    first.kill()
    wait_until(lambda: time.time_ns() > died_ns + 4 * interval * 1e9, "the end of the lease")
    fired_ns = first.start()
    spoke_ns = next_advert_ns(capture, first, fired_ns)
    assert spoke_ns - fired_ns >= first.instances[0].down_ns()
    wait_until(lambda: capture.gratuitous(VIP, spoke_ns), "announcement")
    assert first.statistics()["active_transitions"] >= 1


# ---- the Backup ----

@pytest.mark.parametrize("interval", [1.0, 0.1])
def test_killed_backup_goes_on(lan, interval):
    first, second = service_pair(lan, Instance(200, interval), Instance(100, interval))
    capture = lan.capture()
    wait_advert(capture, first)
    before, began_ns = second.vr(), time.time_ns()
    for _ in range(3):
        second.arm()
        second.kill()
        second.fire()
        second.wait_ready()
        wait_advert(capture, first)
    after = second.vr()
    assert adverts_of(capture, second, began_ns) == []
    assert after["state"] == "backup"
    assert (after["statistics"]["advertisements_received"]
            > before["statistics"]["advertisements_received"])
    for key in ("last_transition", "last_event", "active_address", "active_adver_interval_us"):
        assert after[key] == before[key], key
    assert second.statistics()["active_transitions"] == 0


@pytest.mark.parametrize("active_dies", ["before the restart", "after the restart"])
def test_restarted_backup_keeps_its_down_timer(lan, active_dies):
    """The takeover is counted from the last advertisement and not from the start."""
    first, second = service_pair(lan, Instance(200, SLOW), Instance(100, SLOW))
    capture = lan.capture()
    second.arm()
    wait_advert(capture, first)
    second.kill()
    if active_dies == "before the restart":
        first.kill()
        last_ns = last_advert_ns(capture, first, time.time_ns())
        wait_until(lambda: time.time_ns() > last_ns + 2 * SLOW * 1e9, "a part of the down interval")
        second.fire()
        second.wait_ready()
    else:
        second.fire()
        second.wait_ready()
        first.kill()
    spoke_ns = next_advert_ns(capture, second, 0)
    last_ns = last_advert_ns(capture, first, spoke_ns)
    late_ms = (spoke_ns - last_ns - second.instances[0].down_ns()) / MS
    print(f"takeover {late_ms:.3f} ms after it was due")
    assert -1 < late_ms < TOLERANCE_NS / MS
    assert second.vr()["new_active_reason"] == "no-response"


# ---- another configuration ----

@pytest.fixture
def alone(lan):
    """An Active with two virtual routers and nobody else, killed; its lease runs for 1.5 s."""
    lan.agent = Service(lan.r1, *routers())
    lan.agent.start()
    wait_until(lambda: [lan.agent.state(n) for n in ("VI_1", "VI_2")] == ["active"] * 2, "Active")
    wait_until(lambda: len(lan.r1.addresses()) == 4, "the addresses")
    lan.seen = lan.capture()
    wait_advert(lan.seen, lan.agent)
    lan.killed_ns = lan.agent.kill()
    return lan


def routers(addresses=(VIP, SECOND_VIP), second=True, interval=SLOW, priority=150, vrid=VRID):
    found = [Instance(priority, interval, vrid=vrid, addresses=tuple(f"{a}/24" for a in addresses))]
    if second:
        found.append(Instance(150, SLOW, name="VI_2", vrid=52, addresses=("192.0.2.4/24",)))
    return found


def restart_with(lan, *instances):
    lan.agent.configure(*instances)
    return lan.agent.start()


def ask(lan, *addresses):
    """One ARP request for each."""
    with lan.client.packet_socket() as sock:
        for address in addresses:
            sock.send(wire.arp(1, lan.client.mac(), "192.0.2.100", address))


def test_changed_priority_is_advertised_at_once(alone):
    fired_ns = restart_with(alone, *routers(priority=160))
    advert = adverts_of(alone.seen, alone.agent, fired_ns, vrid=VRID)[0]
    assert advert.priority == 160
    assert advert.time_ns < fired_ns + START_NS
    status = alone.agent.vr()
    assert (status["state"], status["effective_priority"]) == ("active", 160)
    assert status["statistics"]["active_transitions"] == 1


def test_changed_interval_is_used_at_once(alone):
    fired_ns = restart_with(alone, *routers(interval=0.2))
    wait_until(lambda: len(adverts_of(alone.seen, alone.agent, fired_ns, vrid=VRID)) > 5,
               "advertisements")
    adverts = adverts_of(alone.seen, alone.agent, fired_ns, vrid=VRID)
    assert {a.interval_cs for a in adverts} == {20}
    gaps = [b.time_ns - a.time_ns for a, b in zip(adverts, adverts[1:])]
    assert median(gaps) == pytest.approx(200 * MS, rel=0.02)
    assert alone.agent.statistics()["active_transitions"] == 1


def test_removed_and_added_address(alone):
    """One stays, one goes and is silent, one comes and is announced."""
    with AddressWatch(alone.r1) as watch:
        fired_ns = restart_with(alone, *routers((VIP, THIRD_VIP)))
        wait_until(lambda: f"{THIRD_VIP}/24" in alone.r1.addresses(), "the new address")
    assert f"{SECOND_VIP}/24" not in alone.r1.addresses()
    assert f"{VIP}/24" not in watch.removed()
    wait_until(lambda: alone.seen.gratuitous(THIRD_VIP, fired_ns), "its announcement")
    assert alone.agent.statistics()["active_transitions"] == 1
    adverts = adverts_of(alone.seen, alone.agent, fired_ns, vrid=VRID)
    assert {a.addresses for a in adverts} == {(VIP, THIRD_VIP)}
    asked_ns = time.time_ns()
    ask(alone, SECOND_VIP, THIRD_VIP, VIP)
    wait_until(lambda: alone.seen.replies(VIP, asked_ns), "the answer to the last question")
    assert alone.seen.replies(SECOND_VIP, asked_ns) == []
    for address in (THIRD_VIP, VIP):
        assert {a.sender_mac for a in alone.seen.replies(address, asked_ns)} == {virtual_mac(VRID)}


def test_removed_virtual_router_is_withdrawn(alone):
    """Priority 0 by its old identity; its address, its MAC filter and its slot are free."""
    fired_ns = restart_with(alone, *routers(second=False))
    farewell = adverts_of(alone.seen, alone.agent, fired_ns, vrid=52)
    assert [(a.priority, a.source) for a in farewell] == [(0, "192.0.2.11")]
    assert farewell[0].eth_src == virtual_mac(52)
    assert farewell[0].time_ns < fired_ns + START_NS
    wait_until(lambda: "192.0.2.4/24" not in alone.r1.addresses(), "its address is gone")
    wait_until(lambda: filter_macs(alone.r1) == {virtual_mac(VRID)}, "its filter is gone")
    wait_until(lambda: len(slots_in_use(alone.agent)) == 1, "its slot is free")
    assert alone.agent.statistics()["active_transitions"] == 1, "the other one goes on"
    silent_ns = time.time_ns()
    ask(alone, "192.0.2.4", VIP)
    wait_until(lambda: alone.seen.replies(VIP, silent_ns), "the answer to the second question")
    assert alone.seen.replies("192.0.2.4", farewell[0].time_ns) == []


def test_changed_vrid_is_another_router(alone):
    """The old one is withdrawn, the new one starts: Backup first, and by another MAC."""
    fired_ns = restart_with(alone, *routers(vrid=61))
    farewell = adverts_of(alone.seen, alone.agent, fired_ns, vrid=VRID)
    assert [a.priority for a in farewell] == [0]
    spoke_ns = next_advert_ns(alone.seen, alone.agent, fired_ns, vrid=61)
    assert spoke_ns - fired_ns >= alone.agent.instances[0].down_ns()
    ask(alone, VIP)
    wait_until(lambda: alone.seen.replies(VIP, spoke_ns), "an answer")
    macs = {a.sender_mac for a in alone.seen.replies(VIP, farewell[0].time_ns)}
    assert macs == {virtual_mac(61)}
    wait_until(lambda: filter_macs(alone.r1) == {virtual_mac(61), virtual_mac(52)}, "the filter")
    wait_until(lambda: len(slots_in_use(alone.agent)) == 2, "the old slot is free")
    assert alone.agent.statistics("VI_2")["active_transitions"] == 1, "the other one goes on"


# ---- pins that cannot be adopted ----

def test_changed_prefix_length_is_another_address(alone):
    """The old one is gone after the start, not only after a stop that does not know it."""
    first, second = routers()
    first.addresses = (f"{VIP}/28", f"{SECOND_VIP}/24")
    restart_with(alone, first, second)
    expected = {"192.0.2.11/24", f"{VIP}/28", f"{SECOND_VIP}/24", "192.0.2.4/24"}
    wait_until(lambda: set(alone.r1.addresses()) == expected, "one of each")
    assert alone.agent.statistics()["active_transitions"] == 1


def test_changed_mac_is_announced(alone):
    """Whoever has the virtual MAC in its neighbour table must hear of the other one."""
    first, second = routers()
    first.extra = (*first.extra, "xdp_virtual_mac off")
    fired_ns = restart_with(alone, first, second)
    wait_until(lambda: all(a.sender_mac == alone.r1.mac()
                           for a in alone.seen.gratuitous(VIP, fired_ns)[-1:]) and
               alone.seen.gratuitous(VIP, fired_ns), "an announcement with the interface's MAC")
    assert alone.agent.statistics()["active_transitions"] == 1


def test_failed_start_leaves_what_it_found(alone):
    """The programs keep the kernel from answering for addresses that are still there."""
    addresses = alone.r1.addresses()
    alone.agent.arm(prefix=("prlimit", "--nofile=34:34"))
    fired_ns = alone.agent.fire()
    wait_until(lambda: alone.agent.process.exit_code() is not None, "the start fails")
    assert alone.agent.process.exit_code() == 3, alone.agent.log()
    assert "leaving without withdrawing" in alone.agent.log()
    assert alone.r1.addresses() == addresses
    assert 0 not in [a.priority for a in adverts_of(alone.seen, alone.agent, fired_ns)]
    wait_until(lambda: time.time_ns() > alone.killed_ns + 2_000 * MS, "the lease is over")
    asked_ns = time.time_ns()
    ask(alone, VIP)
    ask(alone, "192.0.2.11")
    wait_until(lambda: alone.seen.replies("192.0.2.11", asked_ns), "an answer of the kernel")
    assert alone.seen.replies(VIP, asked_ns) == [], "the fence stands"
    alone.agent.start()
    wait_until(lambda: alone.agent.state() == "active", "the next try")


def test_drained_whatever_else_changes(lan):
    """What cannot be adopted is stopped and started, but the operator's word stands."""
    agent = Service(lan.r1, Instance(100, 1))
    agent.start()
    agent.ask("drain")
    agent.kill()
    agent.configure(Instance(100, 1, extra=("version 2",)))
    agent.start()
    assert (agent.vr()["version"], agent.vr()["drained"]) == (2, True)
    agent.ask("undrain")
    assert agent.vr()["drained"] is False


def damage_slots(pins, find, offset, by):
    """In every slot that has the bytes `find`: `by` takes the place of what is `offset` behind."""
    slots = json.loads(run("bpftool", "-j", "map", "dump", "pinned", pins / "vr_slots"))
    found = 0
    for slot in slots:
        value = bytes(int(b, 16) for b in slot["value"])
        if find not in value:
            continue
        at = value.index(find) + offset
        value = value[:at] + by + value[at + len(by):]
        run("bpftool", "map", "update", "pinned", pins / "vr_slots",
            "key", *slot["key"], "value", *[str(b) for b in value])
        found += 1
    assert found


def test_slot_of_rubbish_is_withdrawn_in_silence(alone):
    """VI_2 left the configuration, and its slot is of a version that there is not."""
    damage_slots(alone.agent.pin_dir, bytes.fromhex("00005e000134"), 6, b"\x07")
    fired_ns = restart_with(alone, *routers(second=False))
    wait_until(lambda: len(slots_in_use(alone.agent)) == 1, "its slot is free")
    assert adverts_of(alone.seen, alone.agent, fired_ns, vrid=52) == []
    assert alone.agent.statistics()["active_transitions"] == 1, "the other one goes on"


def test_slot_without_an_address_to_send_from(alone):
    """An ordinary start: the state machine has nothing to go on with."""
    source = b"\xff\xff" + bytes([192, 0, 2, 11])
    damage_slots(alone.agent.pin_dir, source, 0, bytes(6))
    fired_ns = restart_with(alone, *routers())
    spoke_ns = next_advert_ns(alone.seen, alone.agent, fired_ns, vrid=VRID)
    assert spoke_ns - fired_ns >= alone.agent.instances[0].down_ns(), "Backup first"


def set_abi_version(pins, version):
    dump = run("bpftool", "-j", "map", "dump", "pinned", pins / "abi")
    slots = json.loads(dump)[0]["formatted"]["value"]["slots"]
    value = [str(b) for n in (version, slots) for b in n.to_bytes(4, "little")]
    run("bpftool", "map", "update", "pinned", pins / "abi", "key", *["0"] * 4, "value", *value)


def remove_pin(pins, name="vr_stats"):
    (pins / name).unlink()


def replace_pin(pins, name="vr_slots", kind="array", key=4, value=8, entries=4):
    remove_pin(pins, name)
    run("bpftool", "map", "create", pins / name, "type", kind, "key", key, "value", value,
        "entries", entries, "name", name)


DAMAGES = {
    "older ABI": lambda pins: set_abi_version(pins, 1),
    "newer ABI": lambda pins: set_abi_version(pins, 99),
    "no counters": remove_pin,
    "no slots": lambda pins: remove_pin(pins, "vr_slots"),
    "no abi": lambda pins: remove_pin(pins, "abi"),
    "another map of slots": replace_pin,
    "another map of keys": lambda pins: replace_pin(pins, "vr_index", "hash", 12, 8, 8192),
    "another ring": lambda pins: replace_pin(pins, "events", "array", 4, 4, 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_pins_are_replaced(lan, damage):
    """One log line that says why, an ordinary start, and nothing of the old set is left."""
    agent = Service(lan.r1, Instance(200, 0.1))
    agent.start()
    wait_until(lambda: agent.state() == "active", "Active")
    agent.kill()
    DAMAGES[damage](agent.pin_dir)
    capture = lan.capture()
    fired_ns = agent.start()
    replaced = lines(agent, "replaced the data plane")
    assert len(replaced) == 1, agent.log()
    spoke_ns = next_advert_ns(capture, agent, fired_ns)
    assert spoke_ns - fired_ns >= agent.instances[0].down_ns(), "Backup first"
    ask(lan, VIP)
    wait_until(lambda: capture.replies(VIP, spoke_ns), "an answer")
    assert agent.statistics()["active_transitions"] == 1
    assert agent.stop() == 0
    assert not agent.pin_dir.exists()
    assert lan.r1.addresses() == ["192.0.2.11/24"]
