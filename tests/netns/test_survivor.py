# SPDX-License-Identifier: GPL-2.0-or-later
"""After any moment in which two may have been Active, the one that stays announces again.

Neighbours may have learnt from the other one. Announcements are rate limited: nobody who shouts
makes the Active shout back as loudly.
"""

import json
import re
import subprocess
import time

import pytest

from lab import BUILD, VIP, VRID, Instance, Xvrrpd, hold, pair, virtual_mac, wait_until, wire

CLAIMANT = "02:00:00:00:be:ef"
FLOOD_S = 2.0
# Announcements to a flood, in a second; each is `vrrp_garp_master_repeat` messages long.
RATE = 3
ROUNDS = 5


@pytest.fixture
def active(lan):
    """An Active that has said all that follows a takeover, with a capture and a client's socket."""
    agent = Xvrrpd(lan.r1, Instance(extra=("garp_master_delay 0",)))
    lan.capture_now = lan.capture()
    wait_until(lambda: agent.state() == "active", "Active")
    wait_until(lambda: len(lan.capture_now.gratuitous(VIP)) >= ROUNDS, "announced")
    lan.sock = lan.client.packet_socket()
    lan.at_close(lan.sock.close)
    return agent


def announced(lan, since_ns):
    """Gratuitous ARP of the router, in due form (E-20, E-21)."""
    found = lan.capture_now.gratuitous(VIP, since_ns, "r1")
    assert {(a.eth_src, a.sender_mac) for a in found} <= {(virtual_mac(VRID),) * 2}
    return found


def wait_announced(lan, since_ns, what):
    wait_until(lambda: announced(lan, since_ns), f"announced after {what}", 3)
    return announced(lan, since_ns)[0]


CLAIMS = {
    "reply": lambda lan: wire.arp(2, CLAIMANT, VIP, "192.0.2.50", wire.BROADCAST),
    "request": lambda lan: wire.arp(1, CLAIMANT, VIP, "192.0.2.50"),
    "gratuitous request": lambda lan: wire.arp(1, CLAIMANT, VIP, VIP),
    "gratuitous reply": lambda lan: wire.arp(2, CLAIMANT, VIP, VIP, wire.BROADCAST),
    "unicast reply": lambda lan: wire.arp(2, CLAIMANT, VIP, "192.0.2.11", lan.r1.mac(),
                                          dst=lan.r1.mac()),
}


class Followed:
    """`xvrrpctl events` in the background."""

    def __init__(self, lan, agent):
        self._path = lan.dir / "events.log"
        self._out = open(self._path, "wb")  # pylint: disable=consider-using-with
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            [BUILD / "xvrrpctl", "-s", agent.run_dir / "control.sock", "events"],
            stdout=self._out)
        lan.at_close(self.close)

    def close(self):
        self._process.kill()
        self._process.wait()
        self._out.close()

    def events(self, kind):
        lines = self._path.read_text(encoding="utf-8").splitlines()
        return [e for e in map(json.loads, lines) if e["event"] == kind]


def follow(lan, agent):
    """It listens when it tells of something: have a claim made until it does."""
    followed = Followed(lan, agent)

    def told():
        lan.sock.send(CLAIMS["gratuitous request"](lan))
        return followed.events("foreign-claim")

    wait_until(told, "xvrrpctl events tells of a claim", every_s=0.3)
    return followed


def pause(what="the limiter has rested"):
    """No claim for so long that the next is the first again."""
    hold(lambda: True, what, 1.1)


def test_foreign_claims(lan, active):
    """Each form is an event with the claimant's MAC, and the Active announces."""
    followed = follow(lan, active)
    for kind, frame in CLAIMS.items():
        pause()
        seen, since_ns = len(followed.events("foreign-claim")), time.time_ns()
        lan.sock.send(frame(lan))
        wait_announced(lan, since_ns, kind)
        wait_until(lambda: len(followed.events("foreign-claim")) > seen, f"event: {kind}")
        event = followed.events("foreign-claim")[-1]
        assert (event["name"], event["address"], event["claimant_mac"]) == ("VI_1", VIP, CLAIMANT)
    wait_until(lambda: re.search(rf"{CLAIMANT} claims our address {VIP}", active.log()),
               "it is logged")
    assert active.vr()["statistics"]["foreign_claims"] > len(CLAIMS)
    assert active.vr()["statistics"]["active_transitions"] == 1
    assert [e["state"] for e in followed.events("transition")] == []


def test_what_is_no_claim(lan, active):
    """Our own messages, and those of others about other addresses."""
    since_ns = time.time_ns()
    for frame in (wire.arp(1, virtual_mac(VRID), VIP, VIP),
                  wire.arp(1, CLAIMANT, "0.0.0.0", VIP),
                  wire.arp(1, CLAIMANT, "192.0.2.77", VIP),
                  wire.arp(2, CLAIMANT, "192.0.2.77", "192.0.2.77")):
        lan.sock.send(frame)
    hold(lambda: not announced(lan, since_ns), "nothing to answer", 0.7, 0.05)
    assert active.vr()["statistics"]["foreign_claims"] == 0


def test_losing_advertisement(lan, active):
    """D-24, and whoever sent it has told the neighbours too."""
    message = wire.vrrp_message(VRID, 50, 10, pseudo=None)
    since_ns = time.time_ns()
    lan.sock.send(wire.advert("192.0.2.99", message))
    garp = wait_announced(lan, since_ns, "a losing advertisement")
    first = lan.capture_now.adverts_from("r1", since_ns)[0]
    assert first.time_ns < garp.time_ns, "the advertisement first"
    assert active.state() == "active"


def test_a_backup_announces_nothing(lan):
    """It has nothing to say, whatever is claimed."""
    _, second = pair(lan)
    capture = lan.capture()
    since_ns = time.time_ns()
    with lan.port_socket("r2") as sock:
        for frame in CLAIMS.values():
            sock.send(frame(lan))
    wait_until(lambda: second.vr()["statistics"]["foreign_claims"] == len(CLAIMS), "all seen")
    hold(lambda: capture.gratuitous(VIP, since_ns, "r2") == [], "silence", 0.7, 0.05)
    assert second.state() == "backup"
    # The Active may be a keepalived with a MAC address of its own: no cause for alarm.
    assert "claims our address" not in second.log()
    findings = json.loads(second.ctl("--json", "doctor").stdout)["findings"]
    assert "foreign_claims" not in {finding["check"] for finding in findings}


def test_late_wake_up_that_resumes(lan, active):
    """Alone, longer asleep than its lease: within an interval or two it is back, and says so."""
    active.freeze()
    hold(lambda: True, "longer than the lease", 0.8)
    since_ns = time.time_ns()
    active.thaw()
    garp = wait_announced(lan, since_ns, "it woke")
    assert (garp.time_ns - since_ns) / 1e6 < 250
    adverts = lan.capture_now.adverts_from("r1", since_ns)
    assert (adverts[0].time_ns - since_ns) / 1e6 >= 95, "it listens for an interval first"
    assert adverts[0].time_ns < garp.time_ns
    statistics = active.vr()["statistics"]
    numbers = {**statistics, **statistics["errors"]}
    assert (numbers["late_resumed"], numbers["late_yielded"]) == (1, 0)
    assert numbers["late_wakeups"] >= 1 and numbers["late_microseconds"] > 500_000
    wait_until(lambda: re.search(r"woke \d+ ms late", active.log()), "it is logged")
    assert numbers["active_transitions"] == 1


def flood(lan, frames):
    """1000 frames a second; returns how many there were."""
    end, sent = time.monotonic() + FLOOD_S, 0
    due = time.monotonic()
    while time.monotonic() < end:
        lan.sock.send(frames[sent % len(frames)])
        sent += 1
        due += 0.001
        time.sleep(max(0.0, due - time.monotonic()))
    return sent


@pytest.mark.parametrize("kind", ["claims", "advertisements"])
def test_flood(lan, active, kind):
    """A few announcements a second, a few log lines, and the cadence stays."""
    if kind == "claims":
        frames = [frame(lan) for frame in CLAIMS.values()]
    else:
        frames = [wire.advert(f"192.0.2.{n}", wire.vrrp_message(VRID, 50 + n % 7, 10))
                  for n in range(60, 90)]
    followed = follow(lan, active)
    pause()
    lines, events = active.log().count("\n"), len(followed.events("foreign-claim"))
    before = active.vr()["statistics"]
    since_ns = time.time_ns()
    sent = flood(lan, frames)
    seconds = (time.time_ns() - since_ns) / 1e9
    count = len(announced(lan, since_ns))
    assert 1 <= count <= (RATE * seconds + 1) * ROUNDS
    assert active.log().count("\n") - lines <= RATE * seconds + 4
    statistics = active.vr()["statistics"]
    counter = "foreign_claims" if kind == "claims" else "advertisements_received"
    assert statistics[counter] - before[counter] == sent, "all of them are counted"
    assert len(followed.events("foreign-claim")) - events <= RATE * seconds + 4
    told = lan.capture_now.adverts_from("r1", since_ns)
    gaps = [b.time_ns - a.time_ns for a, b in zip(told, told[1:])]
    assert max(gaps) < 2e8
    assert statistics["active_transitions"] == 1 and active.state() == "active"
