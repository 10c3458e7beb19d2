# SPDX-License-Identifier: GPL-2.0-or-later
"""A switch that snoops (E-6, E-51): what reaches whom, and with which MAC reports leave.

The switch of these tests asks for members every second and sends groups to members only, which is
looked at first: a test on a switch that floods could not fail.
"""

import socket
import time

import pytest

from lab import VIP, VRID, Instance, Xvrrpd, hold, virtual_mac, wait_until, wire
from lab.config import ADDRESSES6, VIP6
from lab.nets import ETH_P_ALL

HEARING_S = 0.2
MAC4, MAC6 = virtual_mac(VRID), f"00:00:5e:00:02:{VRID:02x}"
STRANGER = "2001:db8::77:7777"  # whose group nobody is a member of
SETTINGS = ("mcast_query_response_interval", "50", "mcast_query_interval", "100",
            "mcast_startup_query_interval", "50", "mcast_snooping", "1", "mcast_querier", "1")
HOP_BY_HOP, IGMP, ROUTER_ALERT = 0, 2, b"\x05\x02\x00\x00"
MLD_REPORTS = {131, 132, 143}


def instances(priority, extra=()):
    return [Instance(priority, 0.2, name="V4", extra=extra),
            Instance(priority, 0.2, name="V6", extra=extra, addresses=ADDRESSES6)]


def both(agent, state):
    wait_until(lambda: agent.state("V4") == agent.state("V6") == state, f"{agent.name}: {state}")


def solicitation(client, target):
    return wire.solicitation(client.mac(), "2001:db8::100", target)


def frames(ears):
    """Until it is silent for a while, or for too long."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            yield ears.recv(2048)
        except TimeoutError:
            return


def reaches(lan, node, target):
    """Does a solicitation of the client for this address come to a node?"""
    group = wire.mac_bytes(wire.solicited_node(target)[1])
    with node.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as ears:
        ears.settimeout(HEARING_S)
        with lan.client.packet_socket() as mouth:
            mouth.send(solicitation(lan.client, target))
        return any(frame[:6] == group for frame in frames(ears))


@pytest.fixture(name="snooping")
def fixture_snooping(lan6):
    """The LAN of both families behind a switch that knows who is a member of what."""
    lan = lan6
    lan.switch_run("sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=0",
                   "net.ipv6.conf.br0.disable_ipv6=0", "net.ipv6.conf.br0.accept_dad=0")
    lan.switch_run("ip", "address", "add", "fe80::fe/64", "dev", "br0", "nodad")
    lan.switch_run("ip", "link", "set", "br0", "type", "bridge", *SETTINGS)
    wait_until(lambda: not reaches(lan, lan.r1, STRANGER), "a switch that snoops")
    return lan


def test_advertisements_arrive(snooping):
    """In both families; a Backup that did not hear them would take over."""
    first, second = Xvrrpd(snooping.r1, *instances(200)), Xvrrpd(snooping.r2, *instances(100))
    both(first, "active")
    both(second, "backup")
    members = snooping.switch_run("bridge", "mdb", "show", "dev", "br0")
    assert "port r2 grp ff02::12" in members
    hold(lambda: second.state("V4") == second.state("V6") == "backup", "a Backup that hears", 3)
    assert not reaches(snooping, snooping.r2, STRANGER)


@pytest.mark.parametrize("extra", [(), ("no_accept",)], ids=["accept", "no_accept"])
def test_solicitations_arrive(snooping, extra):
    """At the Active: by the kernel's membership, or by ours where the kernel has no address."""
    first, second = (Xvrrpd(node, *instances(priority, extra))
                     for node, priority in ((snooping.r1, 200), (snooping.r2, 100)))
    both(first, "active")
    both(second, "backup")
    wait_until(lambda: reaches(snooping, snooping.r1, VIP6), "a member, r1")
    assert resolves(snooping.client) == MAC6
    first.stop()
    both(second, "active")
    wait_until(lambda: reaches(snooping, snooping.r2, VIP6), "a member, r2")
    assert resolves(snooping.client) == MAC6
    wait_until(lambda: not reaches(snooping, snooping.r1, VIP6), "no member any more, r1", 20)


def resolves(client):
    """What an independent program is told, which asks the group."""
    return client.run("ndisc6", "-q", "-r", "5", "-w", "500", VIP6, "eth0").strip().lower()


def report_macs(capture, port):
    """Families and Ethernet sources of the membership reports that came in through a port."""
    found = set()
    for other in (o for o in capture.others if o.port == port):
        frame = other.frame
        if frame[12:14] == b"\x08\x00" and frame[23] == IGMP:
            found.add(("igmp", wire.mac_text(frame[6:12])))
        elif (frame[12:14] == b"\x86\xdd" and frame[20] == HOP_BY_HOP
              and frame[56 + 6] in MLD_REPORTS):
            found.add(("mld", wire.mac_text(frame[6:12])))
    return found


def test_reports_leave_with_the_physical_mac(snooping):
    """As Backup, as Active, and over a failover: a virtual MAC would move the switch's table."""
    first, second = Xvrrpd(snooping.r1, *instances(200)), Xvrrpd(snooping.r2, *instances(100))
    both(first, "active")
    both(second, "backup")
    macs = {node.name: node.mac() for node in (snooping.r1, snooping.r2)}
    expected = {name: {("igmp", mac), ("mld", mac)} for name, mac in macs.items()}

    def reported(name):
        capture = snooping.capture()
        wait_until(lambda: len(report_macs(capture, name)) >= 2, f"reports of {name}")
        return capture

    captures = [reported("r1"), reported("r2")]
    first.kill()
    both(second, "active")
    captures.append(reported("r2"))
    first = Xvrrpd(snooping.r1, *instances(200))
    both(first, "active")
    both(second, "backup")
    captures += [reported("r1"), reported("r2")]
    assert {a.eth_src for a in captures[0].adverts} == {MAC4, MAC6}
    for name, wanted in expected.items():
        assert set().union(*(report_macs(capture, name) for capture in captures)) == wanted


def test_a_bridge_as_the_interface(lan6):
    """Routers whose interface is a bridge of their own: answers and frames to the virtual MAC."""
    for node in (lan6.r1, lan6.r2):
        host = node.addresses()[0].split(".")[3].split("/")[0]
        node.ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "1", "mcast_querier", "1")
        node.ip("address", "flush", "dev", "eth0")
        node.ip("link", "set", "eth0", "master", "br0")
        for address in (f"192.0.2.{host}/24", f"fe80::{host}/64", f"2001:db8::{host}/64"):
            node.ip("address", "add", address, "dev", "br0",
                    *(("nodad",) if ":" in address else ()))
        node.ip("link", "set", "br0", "up")
    agents = [Xvrrpd(node, *(own_bridge(i) for i in instances(priority)))
              for node, priority in ((lan6.r1, 200), (lan6.r2, 100))]
    both(agents[0], "active")
    both(agents[1], "backup")
    served(lan6.client)
    agents[0].kill()
    both(agents[1], "active")
    served(lan6.client)
    assert MAC4 in lan6.r2.run("bridge", "fdb", "show", "dev", "br0") or \
        MAC4 in lan6.r2.run("bridge", "fdb", "show")
    agents[1].stop()
    assert MAC4 not in lan6.r2.run("bridge", "fdb", "show")
    # What the killed one left goes with the next start and stop.
    again = Xvrrpd(lan6.r1, *(own_bridge(i) for i in instances(200)))
    both(again, "active")
    again.stop()
    assert "00:00:5e" not in lan6.r1.run("bridge", "fdb", "show")


def own_bridge(instance):
    instance.interface = "br0"
    return instance


def served(client):
    client.ip("neigh", "flush", "all", check=False)
    for address, mac in ((VIP, MAC4), (VIP6, MAC6)):
        wait_until(lambda a=address: " 0% packet loss" in client.run(
            "ping", "-c", "1", "-W", "1", a, check=False), f"{address} answers")
        assert mac in client.ip("neigh", "show", address)
