# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces deleted, made again, renamed and reshaped under a running agent (D-50).

Every test ends with exactly one Active, and with as many pins, links, keys and descriptors as
there were before.
"""

import pytest

from lab import (VIP, VRID, Asker, Instance, Xvrrpd, elected, holds, only_speaker, pair,
                 virtual_mac, wait_until)
from lab import bpf
from lab.nets import run

INTERVAL_S = 0.05


class Scene:
    """A pair, what it held at first, and the judgement at the end."""

    def __init__(self, lan, **kwargs):
        self.lan = lan
        self.agents = pair(lan, first=Instance(200, INTERVAL_S), second=Instance(100, INTERVAL_S),
                           **kwargs)
        self.capture = lan.capture()
        self.asker = Asker(lan, self.capture)
        self.before = [bpf.footprint(agent) for agent in self.agents]

    def check(self):
        """r1 is the only Active and answers, and nothing was left behind."""
        elected(*self.agents)
        only_speaker(self.capture, "r1", INTERVAL_S)
        holds(self.lan.r1)
        assert f"{VIP}/24" not in self.lan.r2.addresses()
        answers = self.asker.answers()
        assert [(a.port, a.sender_mac) for a in answers] == [("r1", virtual_mac(VRID))]
        self.lan.client.run("ping", "-c", "1", "-W", "2", VIP)
        wait_until(lambda: [bpf.footprint(agent) for agent in self.agents] == self.before,
                   f"as much as before ({self.before})", 3)
        for agent in self.agents:
            assert {k: len(v) for k, v in bpf.attached(agent.node).items()} == \
                dict.fromkeys(bpf.HOOKS, 1)
            assert agent.vr()["fault_reasons"] == []


def test_deleted_and_created_again(lan):
    """Another interface of the same name: another index, another MAC."""
    scene = Scene(lan)
    first, second = scene.agents
    for _ in range(2):
        old = bpf.if_index(lan.r1)
        lan.r1.ip("link", "delete", "eth0")
        wait_until(lambda: first.vr()["fault_reasons"] == ["no-interface"], "no interface")
        wait_until(lambda: second.state() == "active", "takeover")
        assert first.json("interfaces")["interfaces"] == []
        held = bpf.footprint(first)
        assert (held["links"], held["vr_index"]) == (0, 0)
        lan.r1.ip("link", "add", "other0", "type", "veth")  # so that the index is another one
        lan.replug(lan.r1)
        lan.r1.ip("address", "add", "192.0.2.11/24", "dev", "eth0")
        lan.r1.ip("link", "set", "eth0", "up")
        scene.check()
        assert bpf.if_index(lan.r1) != old
        lan.r1.ip("link", "delete", "other0")


def test_deleted_and_created_at_once(lan):
    """Faster than anybody can look."""
    scene = Scene(lan)
    lan.r1.ip("link", "delete", "eth0")
    lan.replug(lan.r1)
    lan.r1.ip("address", "add", "192.0.2.11/24", "dev", "eth0")
    lan.r1.ip("link", "set", "eth0", "up")
    new = bpf.if_index(lan.r1)
    wait_until(lambda: scene.agents[0].interface()["ifindex"] == new, "the new one")
    scene.check()


def test_renamed_away_and_back(lan):
    scene = Scene(lan)
    first, second = scene.agents
    lan.r1.ip("link", "set", "dev", "eth0", "down")
    lan.r1.ip("link", "set", "dev", "eth0", "name", "away0")
    lan.r1.ip("link", "set", "dev", "away0", "up")
    wait_until(lambda: first.vr()["fault_reasons"] == ["no-interface"], "no interface")
    wait_until(lambda: second.state() == "active", "takeover")
    wait_until(lambda: not any(bpf.attached(lan.r1, "away0").values()), "not ours any more")
    wait_until(lambda: lan.r1.addresses("away0") == ["192.0.2.11/24"], "nor its address")
    lan.r1.ip("link", "set", "dev", "away0", "down")
    lan.r1.ip("link", "set", "dev", "away0", "name", "eth0")
    lan.r1.ip("link", "set", "dev", "eth0", "up")
    scene.check()


@pytest.mark.parametrize("lab", [{"lans": 2}], indirect=True)
def test_another_interface_takes_the_name(lan):
    """eth0 becomes old0 and eth1, on the same LAN, becomes eth0: the role moves with the name."""
    lan.r3 = lan.node("r3", "192.0.2.13/24", "192.0.2.14/24")
    run("ip", "-n", lan.switch, "link", "set", "r3.1", "master", "br0")
    lan.r3.run("sysctl", "-q", "-w", "net.ipv4.conf.all.arp_ignore=1")  # else any of them answers
    first = Xvrrpd(lan.r3, Instance(200))
    second = Xvrrpd(lan.r2, Instance(100))
    elected(first, second)
    capture = lan.capture()
    before, old = bpf.footprint(first), bpf.if_index(lan.r3)
    for name in ("eth0", "eth1"):
        lan.r3.ip("link", "set", "dev", name, "down")
    lan.r3.ip("link", "set", "dev", "eth0", "name", "old0")
    lan.r3.ip("link", "set", "dev", "eth1", "name", "eth0")
    for name in ("old0", "eth0"):
        lan.r3.ip("link", "set", "dev", name, "up")
    elected(first, second)
    only_speaker(capture, "r3.1", 0.1)
    assert first.interface()["ifindex"] == bpf.if_index(lan.r3) != old
    assert first.vr()["primary_address"] == "192.0.2.14"
    assert not any(bpf.attached(lan.r3, "old0").values())
    assert lan.r3.addresses("old0") == ["192.0.2.13/24"]
    wait_until(lambda: f"{VIP}/24" in lan.r3.addresses("eth0"), "the address moved")
    assert {a.port for a in Asker(lan, capture).answers()} == {"r3.1"}
    assert bpf.footprint(first) == before


def test_primary_address_changed(lan):
    """Added, and the first one deleted; the kernel promotes secondary ones, ours among them."""
    lan.r1.run("sysctl", "-q", "-w", "net.ipv4.conf.eth0.promote_secondaries=1")
    scene = Scene(lan)
    first = scene.agents[0]
    count = first.vr()["statistics"]["active_transitions"]
    lan.r1.ip("address", "add", "192.0.2.21/24", "dev", "eth0")
    lan.r1.ip("address", "del", "192.0.2.11/24", "dev", "eth0")
    wait_until(lambda: first.vr()["primary_address"] == "192.0.2.21", "the other address")
    assert lan.r1.addresses()
    scene.check()
    assert scene.capture.adverts_from("r1")[-1].source == "192.0.2.21"
    assert first.vr()["statistics"]["active_transitions"] == count
    assert first.vr()["active_address"] == scene.agents[1].vr()["active_address"] == "192.0.2.21"


def test_primary_address_replaced(lan):
    """Deleted with all secondary ones, ours among them: a fault until there is another one."""
    lan.r1.run("sysctl", "-q", "-w", "net.ipv4.conf.eth0.promote_secondaries=0")
    scene = Scene(lan)
    first, second = scene.agents
    lan.r1.ip("address", "del", "192.0.2.11/24", "dev", "eth0")
    wait_until(lambda: first.vr()["fault_reasons"] == ["no-primary-ip-address"], "a fault")
    wait_until(lambda: second.state() == "active", "takeover")
    assert lan.r1.addresses() == []
    lan.r1.ip("address", "add", "192.0.2.22/24", "dev", "eth0")
    scene.check()
    assert first.vr()["primary_address"] == "192.0.2.22"


def test_carrier_flaps(lan):
    """Fifty times, faster than elections are held."""
    scene = Scene(lan)
    batch = "link set r1 down\nlink set r1 up\n" * 50
    run("ip", "-n", lan.switch, "-batch", "-", stdin=batch)
    scene.check()
    log = scene.agents[0].log()
    assert log.count("\n") < 500, "no more than a few lines for each"


@pytest.mark.parametrize("mode", ["generic", "native"])
def test_mtu_changes(lan, mode):
    """Nobody's role, and packets as large as it says."""
    lan.pass_program("r1", "r2")
    scene = Scene(lan, options=("--xdp-mode", mode))
    first = scene.agents[0]
    count = first.vr()["statistics"]["active_transitions"]
    holds(lan.r1)
    for mtu in (1280, 9000, 1500):
        run("ip", "-n", lan.switch, "link", "set", "client", "mtu", str(mtu))
        run("ip", "-n", lan.switch, "link", "set", "r1", "mtu", str(mtu))
        for node in (lan.client, lan.r1):
            node.ip("link", "set", "eth0", "mtu", str(mtu))
        size = str(mtu - 28)
        lan.client.run("ping", "-c", "3", "-i", "0.01", "-W", "2", "-M", "do", "-s", size, VIP)
        assert first.interface()["xdp_mode"] == mode
    scene.check()
    assert first.vr()["statistics"]["active_transitions"] == count
