# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces that come and go, several of them, and what others have attached there (D-50)."""

import pytest

from lab import VIP, Instance, Xvrrpd, elected, holds, pair, run_agent, wait_until
from lab.config import config_text


def faults(agent, name="VI_1"):
    return agent.vr(name)["fault_reasons"]


def wait_fault(agent, reason, name="VI_1"):
    wait_until(lambda: reason in faults(agent, name), reason)
    assert agent.state(name) == "initialize"


@pytest.mark.parametrize("lab", [{"lans": 2}], indirect=True)
def test_several_virtual_routers_and_interfaces(lab):
    """Two on eth0, one with the same VRID on eth1, shared out between two agents."""
    nodes = [lab.node(f"r{n}", f"192.0.2.1{n}/24", f"198.51.100.1{n}/24") for n in (1, 2)]
    agents = []
    for node, mine in zip(nodes, (200, 100)):
        agents.append(Xvrrpd(
            node, Instance(mine, name="VI_1", vrid=51),
            Instance(300 - mine, name="VI_2", vrid=52, addresses=("192.0.2.2/24",)),
            Instance(mine, name="VI_3", vrid=51, interface="eth1",
                     addresses=("198.51.100.1/24", "198.51.100.2/24"))))
    elected(*agents, name="VI_1")
    elected(*reversed(agents), name="VI_2")
    elected(*agents, name="VI_3")
    wait_until(lambda: "198.51.100.2/24" in nodes[0].addresses("eth1"), "addresses on eth1")
    assert nodes[0].addresses("eth0") == ["192.0.2.11/24", f"{VIP}/24"]
    interfaces = agents[0].json("interfaces")["interfaces"]
    assert sorted(i["name"] for i in interfaces) == ["eth0", "eth1"]

    agents[0].kill()
    wait_until(lambda: {agents[1].state(f"VI_{n}") for n in (1, 2, 3)} == {"active"}, "all three")


@pytest.mark.parametrize("lab", [{"lans": 2}], indirect=True)
def test_an_address_on_another_interface(lab):
    """E-27: announced and answered where it lives, by the virtual MAC of its virtual router."""
    nodes = [lab.node(f"r{n}", f"192.0.2.1{n}/24", f"198.51.100.1{n}/24") for n in (1, 2)]
    capture = lab.capture()
    instances = [Instance(priority, addresses=(f"{VIP}/24", "198.51.100.1/24 dev eth1"))
                 for priority in (200, 100)]
    agents = [Xvrrpd(node, instance) for node, instance in zip(nodes, instances)]
    elected(*agents)
    wait_until(lambda: capture.gratuitous("198.51.100.1", 0, "r1.1"), "announced there")
    wait_until(lambda: "198.51.100.1/24" in nodes[0].addresses("eth1"), "and added")
    assert not capture.gratuitous("198.51.100.1", 0, "r1"), "not on the instance's own interface"
    assert agents[0].interface("eth1")["xdp_mode"]
    agents[0].kill()
    wait_until(lambda: capture.gratuitous("198.51.100.1", 0, "r2.1"), "the other one does")


def test_interface_down_and_up(lan):
    first, second = pair(lan)
    lan.r1.ip("link", "set", "eth0", "down")
    wait_fault(first, "interface-down")
    wait_until(lambda: second.state() == "active", "failover")
    lan.r1.ip("link", "set", "eth0", "up")
    elected(first, second)
    assert faults(first) == []


def test_carrier_lost_and_back(lan):
    first, second = pair(lan)
    lan.switch_run("ip", "link", "set", "r1", "down")
    wait_fault(first, "interface-down")
    wait_until(lambda: second.state() == "active", "failover")
    lan.switch_run("ip", "link", "set", "r1", "up")
    elected(first, second)


def test_primary_address_removed_and_added(lan):
    """The virtual address itself is no primary address (A-1)."""
    first, second = pair(lan)
    lan.r1.ip("address", "del", "192.0.2.11/24", "dev", "eth0")
    wait_fault(first, "no-primary-ip-address")
    wait_until(lambda: second.state() == "active", "failover")
    lan.r1.ip("address", "add", "192.0.2.21/24", "dev", "eth0")
    elected(first, second)
    assert first.vr()["primary_address"] == "192.0.2.21"


def test_unknown_interface_faults_alone(lan):
    """One bad instance is put into fault, the rest run; it starts when the interface appears."""
    agent = Xvrrpd(lan.r1, Instance(name="VI_1"),
                   Instance(name="VI_2", interface="later0", vrid=52,
                            addresses=("198.51.100.1/24",)))
    wait_until(lambda: agent.state("VI_1") == "active", "the good one")
    wait_fault(agent, "no-interface", "VI_2")
    lan.r1.ip("link", "add", "later0", "type", "veth", "peer", "name", "other0")
    lan.r1.ip("address", "add", "198.51.100.11/24", "dev", "later0")
    lan.r1.ip("link", "set", "later0", "up")
    lan.r1.ip("link", "set", "other0", "up")
    wait_until(lambda: agent.state("VI_2") == "active", "the late one")


def attach_foreign(lan, hook):
    """Somebody else's XDP program on the router's interface; returns its name.

    It takes fragments: in generic mode it is then given copies of the frames, and tc gets these.
    """
    lan.pass_program()  # builds it
    program = ("obj", lan.dir / "pass.o", "sec", "xdp.frags")
    lan.r1.ip("link", "set", "dev", "eth0", hook, *program)
    return "pass"


@pytest.mark.parametrize("hook", ["xdpdrv", "xdpgeneric"])
def test_foreign_program_is_named_and_auto_goes_on_in_tc(lan, hook):
    name = attach_foreign(lan, hook)
    # Addresses that look like EtherTypes where a header has lost its place.
    lan.client.ip("link", "set", "dev", "eth0", "address", "02:00:00:00:08:06")
    lan.client.ip("address", "add", "8.0.0.100/24", "dev", "eth0")
    lan.r1.ip("address", "add", "8.0.0.11/24", "dev", "eth0")
    first, second = pair(lan)
    status = first.interface()
    assert status["xdp_mode"] == "tc"
    assert name in status["xdp_mode_reason"]
    assert second.interface()["xdp_mode"] == "generic"
    holds(lan.r1)
    lan.client.run("ping", "-c", "2", "-i", "0.01", "-W", "2", VIP)
    lan.client.run("ping", "-c", "2", "-i", "0.01", "-W", "2", "-I", "8.0.0.100", VIP)
    assert first.interface()["statistics"]["arp_replies"] > 0
    assert first.stop() == 0
    assert "xdp" in lan.r1.ip("link", "show", "dev", "eth0"), "the foreign program stays"


def test_explicit_mode_that_cannot_be_had_is_an_error(lan):
    name = attach_foreign(lan, "xdpdrv")
    config = lan.dir / "explicit.conf"
    config.write_text(config_text([Instance()]), encoding="utf-8")
    done = run_agent(lan.r1, "-f", config, "--run-dir", lan.dir / "run", "--pin-dir",
                     lan.bpffs() / "explicit", "--xdp-mode", "native")
    assert done.returncode == 3, done.stderr
    assert "eth0" in done.stderr and name in done.stderr
