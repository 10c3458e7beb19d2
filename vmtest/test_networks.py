# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks that take kernel modules, or a real driver: VLANs, bonds, VRFs, and virtio.

tests/run.sh runs this inside the machine that run.sh boots. Its network cards are on one hub; the
test puts one into each namespace. What is the same everywhere: two agents elect an Active in both
families, a client resolves the addresses to the virtual MAC and pings them, also after the Active
was killed.
"""

import dataclasses
import pathlib
import re

import pytest

from lab import Instance, Lab, Xvrrpd, nets, virtual_mac, wait_until, wire
from lab.wait import hold

START_S = 30
HOSTS = {"r1": 11, "r2": 12, "client": 100}
CARDS = {"virtio": "02:00:00:00:01", "e1000e": "02:00:00:00:02"}  # see run.sh
MAC4, MAC6 = virtual_mac(51), "00:00:5e:00:02:33"


@pytest.fixture(name="lab")
def fixture_lab():
    with Lab(lans=2) as lab:
        yield lab
        print(lab.logs())


# ---- interfaces ----

def card(driver, host):
    """The name that a network card has in this machine's own namespace, None = it is elsewhere."""
    mac = f"{CARDS[driver]}:{list(HOSTS).index(host) + 1:02d}"
    for path in pathlib.Path("/sys/class/net").glob("*/address"):
        if path.read_text(encoding="ascii").strip() == mac:
            return path.parent.name
    return None


def plug_card(driver, node):
    """A card as eth0 of a node. The kernel gives it back some time after a namespace has ended."""
    name = wait_until(lambda: card(driver, node.name), f"a network card, {driver}", START_S)
    nets.run("ip", "link", "set", name, "down")
    nets.run("ip", "link", "set", name, "netns", node.netns, "name", "eth0")
    node.ip("link", "set", "eth0", "up")


def plain(node):
    return "eth0"


def vlan(node, lower="eth0", vid=100, protocol="802.1Q"):
    name = f"{lower}.{vid}"
    node.ip("link", "add", name, "link", lower, "type", "vlan", "id", str(vid),
            "protocol", protocol)
    node.ip("link", "set", name, "up")
    return name


def provider_vlan(node):
    """802.1Q in 802.1ad."""
    return vlan(node, vlan(node, vid=10, protocol="802.1ad"), 20)


def double_vlan(node):
    """802.1Q in 802.1Q."""
    return vlan(node, vlan(node, vid=10), 20)


def bond(node):
    """Of one veth that carries, and one that could."""
    if node.name == "client":
        return "eth0"
    node.ip("link", "add", "bond0", "type", "bond", "mode", "active-backup", "miimon", "100")
    for name in ("eth0", "eth1"):
        node.ip("link", "set", name, "down")
        node.ip("link", "set", name, "master", "bond0")
    node.ip("link", "set", "bond0", "up")
    return "bond0"


def bridge(node):
    """One that snoops, and asks."""
    if node.name == "client":
        return "eth0"
    node.ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "1", "mcast_querier", "1")
    node.ip("link", "set", "eth0", "master", "br0")
    node.ip("link", "set", "br0", "up")
    return "br0"


def vrf(node):
    if node.name == "client":
        return "eth0"
    node.ip("link", "add", "red", "type", "vrf", "table", "1000")
    node.ip("link", "set", "red", "up")
    node.ip("link", "set", "eth0", "master", "red")
    return "eth0"


@dataclasses.dataclass
class Network:
    """Which interface the addresses are on, and what its programs are expected to be."""

    make: object
    port: str  # which interface carries the programs
    mode: str
    driver: str = ""  # empty = veth
    plugs: int = 1
    extra: tuple = ()


NETWORKS = {
    "virtio": Network(plain, "eth0", "native", "virtio"),
    "vlan": Network(vlan, "eth0", "native", "virtio"),
    "vlan-tc": Network(vlan, "eth0.100", "tc", "virtio", extra=("xdp_mode tc",)),
    "vlan-on-veth": Network(vlan, "eth0.100", "generic"),
    "qinq": Network(provider_vlan, "eth0", "native", "virtio"),
    "qinq-802.1q": Network(double_vlan, "eth0", "native", "virtio"),
    "bond": Network(bond, "bond0", "generic", plugs=2),
    "bridge": Network(bridge, "br0", "generic"),
    "vrf": Network(vrf, "eth0", "generic", extra=("no_accept",)),
}


def plug(lab, network, name):
    """A node of this network, with addresses of both families where they belong."""
    if network.driver:
        node = lab.node(name)
        node.run("sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=0",
                 "net.ipv6.conf.default.disable_ipv6=0", "net.ipv6.conf.default.addr_gen_mode=1")
        plug_card(network.driver, node)
    else:
        node = lab.node(name, *[("fe80::ff/64",)] * network.plugs)
        for index in range(network.plugs):
            lab.switch_run("ip", "link", "set", node.port(index), "master", "br0")
            node.ip("address", "flush", "dev", f"eth{index}")
    node.interface = network.make(node)
    give_addresses(node, node.interface, 0)
    return node


def give_addresses(node, interface, number):
    """192.0.2.0/24 is the first network."""
    host = HOSTS[node.name]
    for address in (f"192.0.{2 + number}.{host}/24", f"fe80::{host}/64",
                    f"2001:db8:{number}::{host}/64"):
        node.ip("address", "add", address, "dev", interface,
                *(("nodad",) if ":" in address else ()))


def instances(priority, interface, number=0, extra=()):
    return [Instance(priority, 1, name=f"V4_{number}", interface=interface, extra=extra,
                     addresses=(f"192.0.{2 + number}.1/24",)),
            Instance(priority, 1, name=f"V6_{number}", interface=interface, extra=extra,
                     addresses=(f"fe80::{number + 1}:1/64", f"2001:db8:{number}::1/64"))]


# ---- what a client sees ----

def forget_neighbours(client):
    client.ip("neigh", "flush", "all", check=False)


def neighbour_mac(client, address):
    found = re.search(r"lladdr (\S+)", client.ip("neigh", "show", address))
    return found.group(1) if found else None


def pings(client, address):
    return " 0% packet loss" in client.run("ping", "-c", "1", "-W", "2", address, check=False)


def is_served(client, number=0, accepts=True):
    """By ARP and by ND, anew; without accept mode nobody answers pings."""
    for address, mac in ((f"192.0.{2 + number}.1", MAC4), (f"2001:db8:{number}::1", MAC6)):
        forget_neighbours(client)
        wait_until(lambda a=address: pings(client, a) or not accepts, f"{address} answers", 10)
        wait_until(lambda a=address, m=mac: neighbour_mac(client, a) == m,
                   f"the virtual MAC of {address}", 5)
        assert pings(client, address) == accepts
    return True


def roles(agent):
    return {vr["name"]: vr["state"] for vr in agent.json("status")["virtual_routers"]}


def become(agent, state):
    wait_until(lambda: set(roles(agent).values()) == {state}, f"{agent.name} is {state}", START_S)


# ---- tests ----

@pytest.mark.parametrize("name", NETWORKS)
def test_failover(lab, name):
    network = NETWORKS[name]
    r1, r2, client = (plug(lab, network, host) for host in HOSTS)
    first = Xvrrpd(r1, *instances(200, r1.interface, extra=network.extra))
    second = Xvrrpd(r2, *instances(100, r2.interface, extra=network.extra))
    become(first, "active")
    become(second, "backup")
    assert first.interface(network.port)["xdp_mode"] == network.mode
    accepts = "no_accept" not in network.extra
    assert is_served(client, accepts=accepts)
    if not accepts:
        assert "blackhole 192.0.2.1" in r1.ip("route", "show", "table", "1000")
    first.kill()
    become(second, "active")
    assert is_served(client, accepts=accepts)
    assert second.stop() == 0
    assert "192.0.2.1/24" not in r2.ip("address", "show")
    assert MAC4 not in r2.run("bridge", "fdb", "show")


def cross_request(client, interface, address):
    """An ARP request in a VLAN for an address of another."""
    frame = wire.arp(1, client.mac(interface), "192.0.2.100", address)
    with client.packet_socket(interface) as sock:
        sock.send(frame)


def trunk(lab, driver, *vids):
    """A router and a client with VLANs beside what is untagged, and the names of their interfaces.
    """
    network = Network(plain, "eth0", "", driver)
    router, client = plug(lab, network, "r1"), plug(lab, network, "client")
    interfaces = ["eth0"]
    for number, vid in enumerate(vids, 1):
        for node in (router, client):
            name = vlan(node, vid=vid)
            give_addresses(node, name, number)
        interfaces.append(name)
    return router, client, interfaces


def test_same_vrid_in_several_vlans(lab):
    """And untagged, on one card with native XDP."""
    router, client, interfaces = trunk(lab, "virtio", 100, 200)
    agent = Xvrrpd(router, *(instance for number, interface in enumerate(interfaces)
                             for instance in instances(200, interface, number)))
    become(agent, "active")
    assert [i["name"] for i in agent.json("status")["interfaces"]] == ["eth0"]
    for number in range(3):
        assert is_served(client, number)
    forget_neighbours(client)
    before = agent.interface("eth0")["statistics"]["arp_replies"]
    for interface, address in (("eth0", "192.0.3.1"), ("eth0.100", "192.0.2.1"),
                               ("eth0.200", "192.0.3.1")):
        cross_request(client, interface, address)
    hold(lambda: agent.interface("eth0")["statistics"]["arp_replies"] == before,
         "no answer in another VLAN", 2)


def strips_tags(node):
    return "rx-vlan-offload: on" in node.run("ethtool", "-k", "eth0")


def test_tags_that_a_card_strips(lab):
    """XDP would take a frame of a VLAN for an untagged one: the offload is off meanwhile, also for
    who comes after an agent that was killed."""
    router, client, _ = trunk(lab, "e1000e", 100)
    assert strips_tags(router)
    agent = Xvrrpd(router, *instances(200, "eth0"))
    become(agent, "active")
    assert agent.interface("eth0")["xdp_mode"] == "generic"
    assert not strips_tags(router)
    assert is_served(client)
    before = agent.interface("eth0")["statistics"]["arp_replies"]
    cross_request(client, "eth0.100", "192.0.2.1")
    hold(lambda: agent.interface("eth0")["statistics"]["arp_replies"] == before,
         "no answer in a VLAN", 2)
    agent.kill()
    assert not strips_tags(router)
    agent = Xvrrpd(router, *instances(200, "eth0"))
    become(agent, "active")
    assert agent.stop() == 0
    assert strips_tags(router)


def test_a_vlan_that_comes_and_goes(lab):
    """Made after the start, deleted while Active, made again with another id under its name."""
    network = Network(plain, "eth0", "", "virtio")
    router, client = plug(lab, network, "r1"), plug(lab, network, "client")
    agent = Xvrrpd(router, *instances(200, "vlan0", 1))
    for vid in (100, 200):
        for node in (router, client):
            node.ip("link", "add", "vlan0", "link", "eth0", "type", "vlan", "id", str(vid))
            node.ip("link", "set", "vlan0", "up")
            give_addresses(node, "vlan0", 1)
        become(agent, "active")
        assert (agent.vr("V4_1")["vlan"], agent.interface("eth0")["xdp_mode"]) == (vid, "native")
        assert is_served(client, 1)
        for node in (router, client):
            node.ip("link", "delete", "vlan0")
        become(agent, "initialize")
        assert MAC4 not in router.run("bridge", "fdb", "show")
    wait_until(lambda: not agent.json("status")["interfaces"], "no programs where nobody is")


def carries(node, name):
    """As the bond sees it: it loses its carrier with the last one."""
    wait_until(lambda: "mii_status UP" in node.ip("-d", "link", "show", "dev", name), f"{name} up")


def test_links_of_a_bond_change(lab):
    """No event for the role: another link carries, and one leaves the bond and comes back."""
    network = NETWORKS["bond"]
    router, client = plug(lab, network, "r1"), plug(lab, network, "client")
    agent = Xvrrpd(router, *instances(200, "bond0"))
    become(agent, "active")
    carries(router, "eth1")
    lab.switch_run("ip", "link", "set", "dev", router.port(0), "down")
    assert is_served(client)
    router.ip("link", "set", "eth0", "nomaster")
    lab.switch_run("ip", "link", "set", "dev", router.port(0), "up")
    router.ip("link", "set", "eth0", "down")
    router.ip("link", "set", "eth0", "master", "bond0")
    carries(router, "eth0")
    lab.switch_run("ip", "link", "set", "dev", router.port(1), "down")
    assert is_served(client)
    assert agent.vr("V4_0")["statistics"]["active_transitions"] == 1


def detach_xdp(agent):
    """As another tool does that wants the hook."""
    pin = next((agent.pin_dir / "links").glob("*-xdp"))
    nets.run("bpftool", "link", "detach", "pinned", pin)


def test_the_hook_of_a_parent_is_taken(lab):
    """The VLAN goes on in tc mode there, as its parent itself would."""
    router, client, _ = trunk(lab, "virtio", 100)
    lab.pass_program()
    agent = Xvrrpd(router, *instances(200, "eth0.100", 1))
    become(agent, "active")
    assert agent.interface("eth0")["xdp_mode"] == "native"
    agent.freeze()
    detach_xdp(agent)
    router.ip("link", "set", "dev", "eth0", "xdpdrv", "obj", lab.dir / "pass.o", "sec", "xdp.frags")
    agent.thaw()
    wait_until(lambda: agent.interface("eth0")["xdp_mode"] == "tc", "another hook", START_S)
    become(agent, "active")
    assert is_served(client, 1)
    router.ip("link", "set", "dev", "eth0", "xdpdrv", "off")
