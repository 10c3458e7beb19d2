# SPDX-License-Identifier: GPL-2.0-or-later
"""Every counter of counters.def, reached from outside: it moves, and no other one does (I4).

A case says which agent it needs, what is done to it, and which counters move beside the one it is
for. What other tests provoke is named in ELSEWHERE; the last test finds who was forgotten.
"""

import contextlib
import dataclasses
import json
import pathlib
import re
import struct
import subprocess

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VRID, Instance, Lab, Xvrrpd, password, unicast, virtual_mac,
                 wait_until, wire)

ROOT = pathlib.Path(__file__).parents[2]
STRANGER, STRANGER6 = "192.0.2.66", "fe80::66"
STRANGER_MAC = "02:00:00:00:00:66"
PEER, PEER6 = "192.0.2.12", "fe80::12"
OWN, OWN6 = "192.0.2.11", "fe80::11"
COUNT = 3
# They move by themselves while a router is Active.
ALWAYS = {"advertisements_sent"}


def defined():
    text = (ROOT / "include/counters.def").read_text(encoding="utf-8")
    return re.findall(r"^(?:VR|AGENT|IF)_COUNTER\((?:ERROR|STAT), (\w+),", text, re.MULTILINE)


# ---- agents ----


@dataclasses.dataclass
class Scene:
    """An agent alone in its network."""

    lab: object
    node: object
    agent: object

    def counts(self):
        """All of them by name, those of the router and of its interface."""
        status = self.agent.json("status")
        statistics = dict(status["virtual_routers"][0]["statistics"])
        counts = statistics.pop("errors")
        for interface in status["interfaces"]:
            statistics |= interface["statistics"]
        return counts | statistics

    def send(self, *frames):
        with self.lab.port_socket("r1") as sock:
            for frame in frames:
                sock.send(frame)


BEST = {"priority": 200}
LAST = {"priority": 1}
AGENTS = {
    "v3": (Instance(**BEST), "active"),
    "v3_no_accept": (Instance(**BEST, extra=("no_accept",)), "active"),
    "v3_owner": (Instance(priority=255), "active"),
    "v2": (Instance(**BEST, version=2, advert_int=1), "active"),
    "v2_pass": (Instance(**BEST, version=2, advert_int=1, extra=password("secret")), "active"),
    "unicast": (Instance(**BEST, extra=unicast(OWN, PEER, min_ttl=200, max_ttl=254)), "active"),
    "v6": (Instance(**BEST, addresses=ADDRESSES6), "active"),
    # It takes a minute to become Active.
    "backup": (Instance(**LAST, advert_int=20), "backup"),
    "backup6": (Instance(**LAST, advert_int=20, addresses=ADDRESSES6), "backup"),
}


@pytest.fixture(scope="module")
def scene_of():
    """scene_of(name) -> Scene; each is made once."""
    scenes = {}
    with contextlib.ExitStack() as stack:
        def get(name):
            if name not in scenes:
                instance, state = AGENTS[name]
                lab = stack.enter_context(Lab())
                ipv6 = ":" in instance.addresses[0]
                node = lab.node("r1", f"{OWN6}/64" if ipv6 else f"{OWN}/24")
                # It would ask for who does not answer, seconds later.
                node.ip("neighbour", "add", STRANGER6 if ipv6 else STRANGER,
                        "lladdr", STRANGER_MAC, "dev", "eth0", "nud", "permanent")
                scene = Scene(lab, node, Xvrrpd(node, instance))
                wait_until(lambda: scene.agent.state() == state, state)
                scenes[name] = scene
            return scenes[name]
        yield get


# ---- frames ----


def v3(src=STRANGER, ip=None, **fields):
    values = {"vrid": VRID, "priority": 1, "interval_cs": 10, "addresses": (VIP,), **fields}
    return wire.advert(src, wire.vrrp_message(**values), **(ip or {}))


def v2(src=STRANGER, ip=None, **fields):
    values = {"vrid": VRID, "priority": 1, "interval_s": 1, "addresses": (VIP,), **fields}
    return wire.advert(src, wire.vrrp2_message(**values), **(ip or {}))


def v6(src=STRANGER6, ip=None, **fields):
    values = {"vrid": VRID, "priority": 1, "interval_cs": 10, "addresses": ("fe80::1", VIP6),
              "pseudo": (src, wire.GROUP6), **fields}
    return wire.advert(src, wire.vrrp_message(**values), **(ip or {}))


def one_to_one(src=PEER, ip=None, **fields):
    return v3(src, ip={"dst": OWN, "dst_mac": "ff:ff:ff:ff:ff:ff", "ttl": 254, **(ip or {})},
              **fields)


def damaged(frame, at):
    return frame[:at] + bytes([frame[at] ^ 0x55]) + frame[at + 1:]


def carp():
    """H-30: 36 bytes, vhid in the place of the VRID, its length in that of the count."""
    head = struct.pack("!BBBBBB", 0x21, VRID, 0, 7, 0, 1)
    body = bytes(28)
    return wire.advert(STRANGER, head + struct.pack("!H", wire.checksum(head + body)) + body)


def to_host(mac, protocol=17):
    return wire.ethernet(mac, STRANGER_MAC, 0x0800,
                         wire.ipv4(STRANGER, VIP, protocol, struct.pack("!HHHH", 9, 9, 8, 0)))


def to_host6(mac):
    return wire.ethernet(mac, STRANGER_MAC, 0x86dd, wire.ipv6(
        STRANGER6, VIP6, 17, struct.pack("!HHHH", 9, 9, 8, 0)))


def solicit(target=VIP6):
    return wire.solicitation(STRANGER_MAC, STRANGER6, target)


def vmac(family=4):
    return virtual_mac(VRID, family)


ASK = wire.arp(1, STRANGER_MAC, STRANGER, VIP)
CLAIM = wire.arp(1, STRANGER_MAC, VIP, VIP)
CLAIM6 = wire.neighbour_advert(STRANGER_MAC, STRANGER6, VIP6)

# ---- the cases ----
# (counter, agent, frame, others that move as well)

HEARD = {"advertisements_received", "immediate_advert_suppressed", "checksum_form_rfc9568",
         "reports_limited", "announcements_sent"}
DISCARDS = [
    ("fragment", "v3", v3(ip={"fragment": 0x2000}), ()),
    ("non_group_destination", "v3", v3(ip={"dst": OWN}), ()),
    ("own_packet", "v3", v3(OWN), ()),
    ("ttl", "v3", v3(ip={"ttl": 254}), ()),
    ("carp", "v3", carp(), ()),
    ("carp", "v2", carp(), ()),
    ("version", "v3", v2(), ()),
    ("version", "v2", v3(), ()),
    ("type", "v3", v3(type_=2), ()),
    ("length", "v3", v3(count=2), ()),
    ("length", "v2", v2(count=2), ()),
    ("checksum", "v3", damaged(v3(), 40), ()),
    ("checksum", "v2", damaged(v2(), 40), ()),
    ("addr_count_zero", "v3", v3(addresses=()), ()),
    ("interval_zero", "v3", v3(interval_cs=0), ()),
    ("auth_type_vendor", "v2", v2(auth_type=254, auth_data=bytes(8)), ()),
    ("auth_type_ah", "v2", v2(auth_type=2), ()),
    ("auth_type", "v2", v2(auth_type=1, auth_data=b"secret"), ()),
    ("auth_type", "v2_pass", v2(), ()),
    ("auth", "v2_pass", v2(auth_type=1, auth_data=b"wrong"), ()),
    ("interval", "v2", v2(interval_s=2), ()),
    ("address_list", "v2", v2(addresses=("192.0.2.9",)), ()),
    ("unicast_source", "unicast", one_to_one(STRANGER), ()),
    ("own_packet", "unicast", one_to_one(OWN), ()),
    ("ttl", "unicast", one_to_one(ip={"ttl": 255}), ()),
    ("ttl", "unicast", one_to_one(ip={"ttl": 199}), ()),
    ("non_group_destination", "unicast", v3(PEER), ()),
    ("source_address", "v3", v3("224.0.0.18"), ()),
    ("source_address", "v3", v3("255.255.255.255"), ()),
    ("source_address", "v3", v3("127.0.0.1"), ()),
    ("source_address", "v6", v6("2001:db8::66"), ()),
    ("non_group_destination", "v6", v6(ip={"dst": OWN6}), ()),
    ("own_packet", "v6", v6(OWN6), ()),
    ("ttl", "v6", v6(ip={"hop_limit": 254}), ()),
    ("version", "v6", v6(version=2), ()),
    ("type", "v6", v6(type_=3), ()),
    ("length", "v6", v6(count=3), ()),
    ("checksum", "v6", v6(pseudo=None), ()),
    ("addr_count_zero", "v6", v6(addresses=()), ()),
    ("interval_zero", "v6", v6(interval_cs=0), ()),
]
OTHERS = [
    ("address_list", "v3", v3(addresses=("192.0.2.9",)), HEARD),
    ("interval", "v3", v3(interval_cs=20), HEARD),
    ("interval", "v6", v6(interval_cs=20), HEARD),
    ("address_list", "v6", v6(addresses=("fe80::1", "2001:db8::9")), HEARD),
    ("ll_first", "v6", v6(addresses=(VIP6, "fe80::1")), HEARD),
    ("advertisements_received", "v3", v3(), HEARD),
    ("advertisements_received", "v2", v2(), HEARD),
    ("advertisements_received", "unicast", one_to_one(), HEARD),
    ("advertisements_received", "v6", v6(), HEARD),
    ("priority_zero_received", "v3", v3(priority=0), HEARD),
    ("priority_zero_received", "v6", v6(priority=0), HEARD),
    ("checksum_form_rfc9568", "v3", v3(), HEARD),
    ("checksum_form_pseudo", "v3", v3(pseudo=(STRANGER, wire.GROUP)),
     HEARD - {"checksum_form_rfc9568"}),
    ("owner_conflict", "v3_owner", v3("192.0.2.5", priority=255), HEARD),
    ("foreign_claims", "v3", CLAIM, {"announcements_sent", "arp_replies"}),
    ("foreign_claims", "v6", CLAIM6, {"announcements_sent"}),
    ("virtual_mac_accepted", "v3", to_host(vmac()), ()),
    ("virtual_mac_accepted", "v6", to_host6(vmac(6)), ()),
    ("virtual_mac_suppressed", "backup", to_host(vmac()), ()),
    ("virtual_mac_suppressed", "backup6", to_host6(vmac(6)), ()),
    ("accept_mode_dropped", "v3_no_accept", to_host(vmac()), {"virtual_mac_accepted"}),
    ("vrid_unknown", "v3", v3(vrid=99), ()),
    ("vrid_unknown", "v6", v6(vrid=99), ()),
    ("vrid_unknown", "v6", v3(), ()),  # IPv4's, of the same number
    ("arp_replies", "v3", ASK, ()),
    ("arp_suppressed", "backup", ASK, ()),
    ("nd_replies", "v6", solicit(), ()),
    ("nd_suppressed", "backup6", solicit(), ()),
]
# Until it has moved at all: how often depends on a token bucket. All of it within one batch.
FLOODS = [
    ("reports_limited", "v3", [v3(f"192.0.2.{100 + n}", priority=1 + n % 100)
                               for n in range(100)], HEARD),
    ("immediate_advert_suppressed", "v3", [v3(priority=1 + n % 100) for n in range(100)], HEARD),
]
# Counters that need more than a frame, and the functions below that provoke them.
BY_EVENTS = {
    "initialize": "test_without_an_address_nothing_is_heard",
    "advertisements_steady": "test_steady_advertisements",
    "egress_rewritten": "test_what_the_kernel_sends",
    "egress_suppressed": "test_what_the_kernel_sends",
    "active_transitions": "test_a_role_from_beginning_to_end",
    "advertisements_sent": "test_a_role_from_beginning_to_end",
    "announcements_sent": "test_a_role_from_beginning_to_end",
    "priority_zero_sent": "test_a_role_from_beginning_to_end",
    "send_failed": "test_an_interface_that_takes_nothing",
}
# file, text in it: the test that provokes it
ELSEWHERE = {
    "reports_lost": ("tests/netns/test_poor.py", "reports_lost"),
    # 100000 in a second: more than Python sends
    "arp_limited": ("tests/bpf/test_arp.c", "arp_limited"),
    "nd_limited": ("tests/bpf/test_nd.c", "nd_limited"),
    "late_wakeups": ("tests/netns/test_frozen.py", "late_wakeups"),
    "late_microseconds": ("tests/netns/test_frozen.py", "late_microseconds"),
    "late_yielded": ("tests/netns/test_frozen.py", "late_yielded"),
    "late_resumed": ("tests/netns/test_frozen.py", "late_resumed"),
}


def names(cases):
    return [f"{case[0]}-{case[1]}-{number}" for number, case in enumerate(cases)]


def check_others(before, after, counter, others):
    moved = {name for name, count in after.items() if count != before[name]}
    assert moved - ALWAYS - {counter} <= set(others)


def settled(scene):
    """What the last test has stirred up is over when nothing but the routine moves any more."""
    def quiet():
        before = scene.counts()
        wait_until(lambda: scene.counts()["advertisements_sent"] > before["advertisements_sent"]
                   or scene.agent.state() != "active", "an advertisement")
        after = scene.counts()
        return all(after[name] == before[name] for name in after if name not in ALWAYS) and after
    return wait_until(quiet, "quiet")


@pytest.mark.parametrize("counter, agent, frame, others", DISCARDS + OTHERS,
                         ids=names(DISCARDS + OTHERS))
def test_one_counter(scene_of, counter, agent, frame, others):
    scene = scene_of(agent)
    before = settled(scene)
    scene.send(*[frame] * COUNT)
    wait_until(lambda: scene.counts()[counter] >= before[counter] + COUNT, counter)
    after = settled(scene)
    assert after[counter] == before[counter] + COUNT
    check_others(before, after, counter, others)
    assert scene.agent.state() == AGENTS[agent][1]


@pytest.mark.parametrize("counter, agent, frames, others", FLOODS, ids=names(FLOODS))
def test_token_buckets(scene_of, counter, agent, frames, others):
    scene = scene_of(agent)
    before = settled(scene)

    def moved():
        scene.send(*frames)
        return scene.counts()[counter] > before[counter]
    wait_until(moved, counter)
    check_others(before, settled(scene), counter, others)


# ---- events ----


@pytest.fixture
def alone(lab):
    """alone(instance, ...) -> Scene of a test's own."""
    def start(instance, state, *addresses):
        node = lab.node("r1", *(addresses or (f"{OWN}/24",)))
        scene = Scene(lab, node, Xvrrpd(node, instance))
        wait_until(lambda: scene.agent.state() == state, state)
        return scene
    return start


def test_without_an_address_nothing_is_heard(alone):
    """B-23"""
    scene = alone(Instance(), "active")
    scene.node.ip("address", "delete", f"{OWN}/24", "dev", "eth0")
    wait_until(lambda: scene.agent.state() == "initialize", "initialize")
    before = scene.counts()
    scene.send(*[v3()] * COUNT)
    wait_until(lambda: scene.counts()["initialize"] == before["initialize"] + COUNT, "counted")
    check_others(before, scene.counts(), "initialize", ())


def test_steady_advertisements(alone):
    """The first one is told to the agent, those that are the same only counted."""
    scene = alone(Instance(priority=1, advert_int=20), "backup")
    scene.send(v3(priority=200, interval_cs=2000))
    wait_until(lambda: scene.agent.vr()["active_address"] == STRANGER, "obeyed")
    before = scene.counts()
    scene.send(*[v3(priority=200, interval_cs=2000)] * COUNT)
    wait_until(lambda: scene.counts()["advertisements_received"] ==
               before["advertisements_received"] + COUNT, "received")
    after = scene.counts()
    assert after["advertisements_steady"] == before["advertisements_steady"] + COUNT
    check_others(before, after, "advertisements_steady", {"advertisements_received",
                                                          "checksum_form_rfc9568"})


@pytest.mark.parametrize("family", [4, 6])
def test_what_the_kernel_sends(alone, family):
    """E-10: a packet socket's frames pass the egress program as the kernel's do."""
    addresses, own = (ADDRESSES6, f"{OWN6}/64") if family == 6 else ((f"{VIP}/24",), f"{OWN}/24")
    scene = alone(Instance(addresses=addresses), "active", own)
    mac = scene.node.mac()
    frame = wire.neighbour_advert(mac, VIP6, VIP6) if family == 6 else \
        wire.arp(1, mac, VIP, STRANGER)
    with scene.node.packet_socket() as sock:
        for counter in ("egress_rewritten", "egress_suppressed"):
            before = settled(scene)
            for _ in range(COUNT):
                with contextlib.suppress(OSError):  # ENOBUFS: it was stopped
                    sock.send(frame)
            after = wait_until(
                lambda c=counter, b=before: (now := scene.counts())[c] >= b[c] + COUNT and now,
                counter)
            assert after[counter] == before[counter] + COUNT
            check_others(before, after, counter, ())
            scene.agent.ctl("drain")
            wait_until(lambda: scene.agent.state() == "backup", "backup")


def test_a_role_from_beginning_to_end(alone):
    """One transition; its advertisements and announcements; one goodbye."""
    scene = alone(Instance(addresses=(f"{VIP}/24", "192.0.2.2/24"),
                           extra=("garp_master_repeat 3", "garp_master_delay 0")), "active")
    capture = scene.lab.capture()
    before = scene.counts()
    assert before["active_transitions"] == 1
    assert before["announcements_sent"] == 3 * 2
    assert before["priority_zero_sent"] == 0
    scene.agent.ctl("drain")
    wait_until(lambda: scene.agent.state() == "backup", "backup")
    after = scene.counts()
    assert after["priority_zero_sent"] == 1
    assert after["active_transitions"] == 1
    sent = after["advertisements_sent"]
    wait_until(lambda: capture.adverts_from("r1", priority_zero=True), "its goodbye")
    seen = len(capture.adverts_from("r1"))
    assert before["advertisements_sent"] <= sent - seen + 1
    check_others(before, after, "priority_zero_sent", ())


def test_an_interface_that_takes_nothing(alone):
    """Its MTU is smaller than the message, which has no fragments."""
    many = tuple(f"192.0.2.{n}/24" for n in range(20, 40))
    scene = alone(Instance(addresses=many), "active")
    before = scene.counts()
    scene.node.ip("link", "set", "eth0", "mtu", "68")
    wait_until(lambda: scene.counts()["send_failed"] > before["send_failed"], "refused")
    assert scene.agent.state() == "active"
    check_others(before, scene.counts(), "send_failed", ())


# ---- names ----


def test_every_counter_has_its_test():
    here = {case[0] for case in DISCARDS + OTHERS + FLOODS} | set(BY_EVENTS)
    assert here | set(ELSEWHERE) == set(defined())
    assert not here & set(ELSEWHERE)
    for function in BY_EVENTS.values():
        assert function in globals()
    for name, (path, text) in ELSEWHERE.items():
        assert text in (ROOT / path).read_text(encoding="utf-8"), name


def dumped(path):
    """The names of the members of a map's values, by its BTF."""
    bpftool = "/usr/sbin/bpftool"
    text = subprocess.run([bpftool, "-j", "map", "dump", "pinned", str(path)], check=True,
                          stdout=subprocess.PIPE, timeout=30).stdout
    values = []

    def walk(value):
        if isinstance(value, dict):
            values.extend(value)
        for inner in value.values() if isinstance(value, dict) else \
                value if isinstance(value, list) else ():
            walk(inner)
    walk([entry.get("formatted", entry) for entry in json.loads(text)[:1]])
    return set(values)


def test_one_name_everywhere(scene_of):
    """I7: in the maps, in the status, in stats, and in its text."""
    agent = scene_of("v3").agent
    everywhere = set(defined())
    assert set(scene_of("v3").counts()) == everywhere
    pins = {name: dumped(agent.pin_dir / name) for name in ("vr_stats", "if_stats", "vr_slots")}
    assert everywhere <= set().union(*pins.values())
    stats = agent.json("stats")
    statistics = stats["virtual_routers"][0]["statistics"]
    assert set(statistics) - {"errors"} | set(statistics["errors"]) | \
        set(stats["interfaces"][0]["statistics"]) == everywhere
    text = agent.ctl("stats").stdout
    for name in everywhere:
        assert re.search(rf"^ +{name} +\d", text, re.MULTILINE), name
