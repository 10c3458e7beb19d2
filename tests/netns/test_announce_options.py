# SPDX-License-Identifier: GPL-2.0-or-later
"""How often and how fast addresses are announced: the garp options of keepalived (E-20, E-26)."""

import time

from lab import Instance, Xvrrpd, wait_until
from lab.config import block

MANY = tuple(f"192.0.2.{n}/32" for n in range(101, 111))
MS = 1000000


def test_distance_between_announcements(lan):
    """The first of every address leaves at once, the repetitions keep their distance."""
    capture = lan.capture()
    agent = Xvrrpd(lan.r1, Instance(addresses=MANY, extra=("garp_master_repeat 3",)),
                   global_lines=("vrrp_garp_interval 0.02",))
    wait_until(lambda: all(len(capture.gratuitous(a.split("/")[0], port="r1")) >= 3
                           for a in MANY), "three of each")
    capture.close()
    times = sorted(seen.time_ns for a in MANY
                   for seen in capture.gratuitous(a.split("/")[0], port="r1"))[:30]
    assert times[9] - times[0] < 20 * MS
    gaps = [b - a for a, b in zip(times[9:], times[10:])]
    assert min(gaps) > 15 * MS and sum(gaps) / len(gaps) < 40 * MS
    assert agent.state() == "active"


def test_other_interfaces_again_and_again(lan):
    """garp_extra_if: no advertisement keeps the switches there informed."""
    for end in "other0", "other1":
        if end == "other0":
            lan.r1.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
        lan.r1.ip("link", "set", end, "up")
    extra = ("garp_extra_if 1", "garp_master_delay 0", "garp_master_repeat 1") + block(
        "virtual_ipaddress_excluded", "198.51.100.1/24 dev other0")
    agent = Xvrrpd(lan.r1, Instance(extra=extra))
    wait_until(lambda: agent.state() == "active", "Active")
    sent = "announcements_sent"
    wait_until(lambda: agent.vr()["statistics"][sent] >= 2, "the takeover's")
    since = time.monotonic()
    wait_until(lambda: agent.vr()["statistics"][sent] >= 4, "two more")
    assert 0.9 < time.monotonic() - since < 5
