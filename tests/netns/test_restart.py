# SPDX-License-Identifier: GPL-2.0-or-later
"""What a killed agent leaves in the kernel, and the one that comes after it."""

from lab import VIP, VRID, ArpProber, Instance, Xvrrpd, holds, pair, virtual_mac, wait_until, wire


def test_no_answer_with_another_mac_across_a_restart(lan):
    """I1, E-10. The address is in the kernel when the dead agent's programs go: nobody may hear."""
    first, second = pair(lan)
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address on the Active")
    capture = lan.capture()
    destinations = (wire.BROADCAST, lan.r1.mac(), virtual_mac(VRID))
    prober = ArpProber(lan.port_socket(lan.r1.port()), lan.client.mac(), "192.0.2.100", VIP,
                       destinations=destinations).start()
    wait_until(lambda: len(capture.replies(VIP)) > 100, "the Active answers")
    first.kill()
    wait_until(lambda: second.state() == "active", "takeover")
    again = Xvrrpd(lan.r1, Instance(priority=200, nopreempt=True))
    asked = len(prober.sent_ns)
    wait_until(lambda: len(prober.sent_ns) > asked + 300, "some more requests")
    assert again.state() == "backup"
    prober.stop()
    capture.close()
    assert {(r.eth_src, r.sender_mac) for r in capture.replies(VIP)} == {(virtual_mac(VRID),) * 2}


def test_what_left_the_configuration_is_removed(lan):
    """An address on an interface that the new configuration does not name has no guard."""
    lan.r1.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    lan.r1.ip("link", "set", "other0", "up")
    lan.r1.ip("link", "set", "other1", "up")
    lan.r1.ip("address", "add", "198.51.100.11/24", "dev", "other0")
    elsewhere = Instance(name="VI_2", interface="other0", vrid=52, addresses=("198.51.100.1/24",))
    agent = Xvrrpd(lan.r1, Instance(), elsewhere)
    wait_until(lambda: "198.51.100.1/24" in lan.r1.addresses("other0"), "the second address")
    agent.kill()
    Xvrrpd(lan.r1, Instance())
    assert lan.r1.addresses("other0") == ["198.51.100.11/24"]


def test_drop_route_of_a_killed_agent_is_removed(lan):
    """E-12: it belongs to no interface."""
    agent = Xvrrpd(lan.r1, Instance(extra=("no_accept",)))
    wait_until(lambda: "blackhole" in lan.r1.ip("route", "show"), "the drop route")
    agent.kill()
    Xvrrpd(lan.r1, Instance(addresses=("192.0.2.2/24",)))
    assert "blackhole" not in lan.r1.ip("route", "show")


def test_owner_whose_interface_comes_later(lan):
    """D-1 with D-50: no moment in between in which it would start without an address."""
    owner = Instance(255, name="VI_2", interface="later0", vrid=52, addresses=("198.51.100.1/24",))
    agent = Xvrrpd(lan.r1, Instance(), owner)
    assert agent.vr("VI_2")["fault_reasons"] == ["no-interface"]
    lan.r1.ip("link", "add", "later0", "type", "veth", "peer", "name", "later1")
    wait_until(lambda: set(agent.vr("VI_2")["fault_reasons"]) ==
               {"interface-down", "no-primary-ip-address"}, "its faults")
    assert agent.vr("VI_2")["last_event"] == "none", "it has not started"
    lan.r1.ip("address", "add", "198.51.100.1/24", "dev", "later0")
    lan.r1.ip("link", "set", "later1", "up")
    lan.r1.ip("link", "set", "later0", "up")
    wait_until(lambda: agent.state("VI_2") == "active", "the owner is Active")
    assert agent.vr("VI_2")["primary_address"] == "198.51.100.1"
    assert agent.stop() == 0
    assert lan.r1.addresses("later0") == ["198.51.100.1/24"], "its own address stays"


def test_address_on_loopback(lan):
    """Nobody can ask for it there: it is answered for on the interface of the instance."""
    instance = Instance(100, 0.5, addresses=(f"{VIP}/32 dev lo",))
    agent = Xvrrpd(lan.r1, instance)
    holds(lan.r1, interface="lo")
    lan.client.run("ping", "-c", "3", "-i", "0.01", "-W", "2", VIP)
    assert virtual_mac(VRID) in lan.client.ip("neigh", "show", VIP)
    agent.kill()
    again = Xvrrpd(lan.r1, instance)
    assert f"{VIP}/32" in lan.r1.addresses("lo"), "adopted (I8)"
    assert again.stop() == 0
    assert f"{VIP}/32" not in lan.r1.addresses("lo")


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_two_hundred_routers_with_five_addresses_each(lan):
    """The kernel tells of every address of a mass takeover: looking at all for each is too much."""
    agent = Xvrrpd(lan.r1, *(
        Instance(100, 0.5, name=f"VI_{n}", vrid=n,
                 addresses=tuple(f"10.{n}.{k}.1/32" for k in range(5)))
        for n in range(1, 201)))
    wait_until(lambda: len(lan.r1.addresses()) == 1001, "all addresses", 20)
    states = {vr["state"] for vr in agent.json("status")["virtual_routers"]}
    assert states == {"active"}
    assert cpu_ticks(agent.pid) < 300, "3 s of CPU; it was the whole lease, for ever"
    assert agent.stop() == 0
    assert lan.r1.addresses() == ["192.0.2.11/24"]
