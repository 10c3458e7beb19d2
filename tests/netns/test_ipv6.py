# SPDX-License-Identifier: GPL-2.0-or-later
"""IPv6, mostly on a LAN without IPv4: advertisements, Neighbor Discovery, groups (parts D, E)."""

import re
import time

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VIP6_LL, VRID, Instance, NeighbourAsker, NeighbourProber,
                 Xvrrpd, elected, holds, only_speaker, pair, virtual_mac, wait_until, wire)
from lab.oracle import PROMOTION_NS, double_answers, leaseless_answers

VMAC = virtual_mac(VRID, 6)
VIPS = (VIP6_LL, VIP6)
MANY = (f"{VIP6_LL}/64",) + tuple(f"2001:db8::1:{n:x}/64" for n in range(1, 20))


def instance(priority=100, advert_int=0.1, **fields):
    return Instance(priority, advert_int, **{"addresses": ADDRESSES6, **fields})


def pair6(lan, advert_int=0.1, **fields):
    return pair(lan, first=instance(200, advert_int, **fields),
                second=instance(100, advert_int, **fields))


def on(node, address):
    """The line of `ip address` of a virtual address, "" without it."""
    text = node.ip("-6", "-o", "address", "show", "dev", "eth0")
    return next((line for line in text.splitlines() if f" {address}/" in line), "")


def groups(node):
    """IPv6 groups that eth0 is a member of, as 32 digits."""
    return [line.split()[2] for line in node.run("cat", "/proc/net/igmp6").splitlines()
            if line.split()[1] == "eth0"]


def digits(address):
    return wire.ip_bytes(address).hex()


def test_advertisements(ipv6_lan):
    """A-1, A-2, A-4, A-6, A-7, A-29, E-37."""
    capture = ipv6_lan.capture()
    first, second = pair6(ipv6_lan)
    only_speaker(capture, "r1", 0.1)
    assert capture.adverts_from("r2") == []
    for advert in capture.adverts_from("r1"):
        assert (advert.eth_dst, advert.eth_src) == (wire.GROUP6_MAC, VMAC)
        assert (advert.source, advert.destination) == ("fe80::11", wire.GROUP6)
        assert (advert.ttl, advert.tos) == (255, 0xc0)
        assert (advert.version, advert.priority, advert.interval_cs) == (3, 200, 10)
        assert advert.addresses == VIPS
        assert advert.form == "good"
    assert first.vr()["active_address"] == second.vr()["active_address"] == "fe80::11"
    assert first.vr()["family"] == "ipv6"
    assert first.vr()["virtual_mac"] == VMAC


def test_announces_on_takeover(ipv6_lan):
    """D-11, E-30, E-33: for each address, the link-local one first, after the advertisement."""
    capture = ipv6_lan.capture()
    pair6(ipv6_lan)
    wait_until(lambda: all(capture.announced(a, port="r1") for a in VIPS), "announcements")
    said = [n for n in capture.nds if n.advert and not n.solicited]
    assert [n.target for n in said[:2]] == list(VIPS)
    assert said[0].time_ns > capture.adverts_from("r1")[0].time_ns
    for advert in said:
        assert advert.port == "r1"
        assert (advert.router, advert.override, advert.good) == (True, True, True)
        assert (advert.destination, advert.eth_dst) == (wire.ALL_NODES, wire.ALL_NODES_MAC)
        assert (advert.mac(), advert.eth_src, advert.hop_limit) == (VMAC, VMAC, 255)
        assert advert.source == advert.target
        assert len(advert.options) == 1


def test_addresses_are_there_at_once(ipv6_lan):
    """E-34: no duplicate address detection, which every interface here does otherwise."""
    ipv6_lan.r1.sysctl("net.ipv6.conf.eth0.dad_transmits=3")
    pair6(ipv6_lan)
    for address in VIPS:
        wait_until(lambda a=address: on(ipv6_lan.r1, a), f"{address} on the Active")
        assert not re.search("tentative|dadfailed", on(ipv6_lan.r1, address))
        assert on(ipv6_lan.r2, address) == ""


def test_a_backup_does_not_answer(ipv6_lan):
    """E-4; asked past the switch's table, by its own address too."""
    _, second = pair6(ipv6_lan)
    asker = NeighbourAsker(ipv6_lan, ipv6_lan.capture())
    straight = ipv6_lan.port_socket("r2")
    ipv6_lan.at_close(straight.close)
    ways = [{}, {"dst": VIP6, "dst_mac": VMAC}, {"dst": VIP6, "dst_mac": ipv6_lan.r2.mac()},
            {"source": "::"}]
    for way in ways:
        assert asker.answers(sock=straight, wait_s=0.1, **way) == []
    assert second.interface()["statistics"]["nd_suppressed"] == len(ways)


def test_groups_follow_the_role(ipv6_lan):
    """E-6: solicited-node groups come with the role and go with it; ff02::12 stays."""
    first, second = pair6(ipv6_lan)
    mine = {digits(wire.solicited_node(a)[0]) for a in VIPS}
    wait_until(lambda: mine <= set(groups(ipv6_lan.r1)), "the Active's groups")
    assert not mine & set(groups(ipv6_lan.r2))
    assert first.ctl("drain").returncode == 0
    elected(second, first)
    wait_until(lambda: mine <= set(groups(ipv6_lan.r2)), "the new Active's groups")
    wait_until(lambda: not mine & set(groups(ipv6_lan.r1)), "none of them on the other")
    for node in (ipv6_lan.r1, ipv6_lan.r2):
        assert groups(node).count(digits(wire.GROUP6)) == 1


def test_reports_leave_with_the_physical_mac(ipv6_lan):
    """H-20: a switch must not learn the virtual MAC from a membership report."""
    capture = ipv6_lan.capture()
    first, second = pair6(ipv6_lan)
    first.stop()
    wait_until(lambda: second.state() == "active", "takeover")

    def reports():
        return [o for o in capture.others if o.frame[12:14] == b"\x86\xdd" and o.frame[20] == 0]

    wait_until(lambda: {o.port for o in reports()} >= {"r1", "r2"}, "reports of both")
    macs = {o.port: wire.mac_text(o.frame[6:12]) for o in reports()}
    for node in (ipv6_lan.r1, ipv6_lan.r2):
        assert macs[node.port()] == node.mac()


@pytest.mark.parametrize("death", ["kill", "freeze"])
def test_the_dead_never_answer_after_the_next_has_spoken(ipv6_lan, death):
    """I1 for Neighbor Solicitations: to the group and to the virtual MAC."""
    lan = ipv6_lan
    first, second = pair6(lan, nopreempt=True)
    capture = lan.capture()
    wait_until(lambda: capture.adverts_from("r1"), "routine")
    mac = lan.client.mac()
    probers = [NeighbourProber(sock, mac, "fe80::100", VIP6, VMAC).start()
               for sock in (lan.client.packet_socket(), lan.port_socket("r1"),
                            lan.port_socket("r2"))]
    wait_until(lambda: len(capture.neighbour_adverts(VIP6, port="r1", solicited=True)) > 100,
               "the Active answers")
    getattr(first, death)()
    wait_until(lambda: second.state() == "active", "takeover")
    wait_until(lambda: len(capture.neighbour_adverts(VIP6, port="r2", solicited=True)) > 300,
               "the heir answers")
    if death == "freeze":
        first.thaw()
        elected(second, first)
    for prober in probers:
        prober.stop()
    capture.close()
    answers = {port: sorted(n.time_ns for n in capture.neighbour_adverts(VIP6, port=port))
               for port in ("r1", "r2")}
    assert double_answers(capture.adverts, answers) == []
    assert leaseless_answers(capture.adverts, answers, 3e8) == []


def test_takeover_and_its_time(ipv6_lan):
    first, second = pair6(ipv6_lan, 0.2)
    capture = ipv6_lan.capture()
    wait_until(lambda: capture.adverts_from("r1"), "routine")
    killed_ns = first.kill()
    wait_until(lambda: second.state() == "active", "takeover")
    last = [a for a in capture.adverts_from("r1") if a.time_ns < killed_ns + 1e9][-1]
    silence_ns = capture.adverts_from("r2")[0].time_ns - last.time_ns
    assert silence_ns > second.instances[0].down_ns() - PROMOTION_NS


def egress_source(node, address):
    """Have the kernel ask for the client, in the name of a virtual address."""
    node.ip("-6", "neigh", "flush", "dev", "eth0")
    node.run("ping", "-6", "-c", "1", "-W", "0.5", "-I", address, "2001:db8::100", check=False)


def solicitations(capture, port, since_ns=0):
    return [n for n in capture.nds if not n.advert and n.port == port and n.time_ns >= since_ns
            and n.target == "2001:db8::100"]


def test_the_kernel_asks_by_the_virtual_mac(ipv6_lan):
    """E-10, E-32."""
    pair6(ipv6_lan)
    wait_until(lambda: on(ipv6_lan.r1, VIP6), "the address")
    capture = ipv6_lan.capture()
    egress_source(ipv6_lan.r1, VIP6)
    asked = wait_until(lambda: solicitations(capture, "r1"), "a solicitation")
    assert {(n.source, n.eth_src, n.mac(), n.good) for n in asked} == {(VIP6, VMAC, VMAC, True)}


def test_nothing_leaves_without_a_lease(ipv6_lan):
    """E-32, E-33: a frozen agent's kernel still has the address."""
    first, second = pair6(ipv6_lan)
    wait_until(lambda: on(ipv6_lan.r1, VIP6), "the address")
    before = first.interface()["statistics"]["egress_suppressed"]
    first.freeze()
    wait_until(lambda: second.state() == "active", "takeover")
    capture = ipv6_lan.capture()
    egress_source(ipv6_lan.r1, VIP6)
    ipv6_lan.client.run("ping", "-6", "-c", "1", "-W", "2", "2001:db8::11")  # it can speak
    wait_until(lambda: capture.echoes, "that was heard")
    assert solicitations(capture, "r1") == []
    first.thaw()
    wait_until(lambda: first.interface()["statistics"]["egress_suppressed"] > before, "counted")


def test_the_physical_mac_is_never_told(ipv6_lan):
    """E-10, E-32, through a whole life."""
    capture = ipv6_lan.capture()
    first, second = pair6(ipv6_lan)
    holds(ipv6_lan.r1, VIP6)
    ipv6_lan.client.run("ping", "-6", "-c", "3", "-i", "0.01", VIP6)
    egress_source(ipv6_lan.r1, VIP6)
    first.stop()
    holds(ipv6_lan.r2, VIP6_LL)
    ipv6_lan.client.run("ping", "-6", "-c", "3", "-i", "0.01", f"{VIP6_LL}%eth0")
    capture.close()
    told = [n for n in capture.nds if n.port != "client"
            and (n.target if n.advert else n.source) in VIPS]
    assert {n.port for n in told} == {"r1", "r2"}
    assert {(n.eth_src, n.mac()) for n in told} == {(VMAC, VMAC)}


def test_global_addresses_alone(ipv6_lan):
    """B-15: heard with a count, obeyed; and the configuration is told of."""
    first, second = pair6(ipv6_lan, addresses=(f"{VIP6}/64",))
    wait_until(lambda: second.errors()["ll_first"] > 0, "counted")
    asker = NeighbourAsker(ipv6_lan, ipv6_lan.capture())
    assert [n.port for n in asker.answers()] == ["r1"]
    wait_until(lambda: "link-local" in first.log(), "it is logged")


def test_twenty_addresses(ipv6_lan):
    capture = ipv6_lan.capture()
    first, second = pair6(ipv6_lan, addresses=MANY)
    asker = NeighbourAsker(ipv6_lan, capture)
    addresses = [a.split("/")[0] for a in MANY]
    wait_until(lambda: all(capture.announced(a) for a in addresses), "all announced")
    assert len(capture.adverts_from("r1")[0].addresses) == 20
    assert all([n.mac() for n in asker.answers(a)] == [VMAC] for a in addresses)
    assert first.stop() == 0
    wait_until(lambda: second.state() == "active", "takeover")
    assert all({n.port for n in asker.answers(a)} == {"r2"} for a in addresses)
    assert not any(on(ipv6_lan.r1, a) for a in addresses)


def test_one_number_in_both_families(lan6):
    """C-1, E-50: two virtual routers with a life each."""
    def both(node, high4, high6):
        return Xvrrpd(node, Instance(high4, name="V4"), instance(high6, name="V6"))

    capture = lan6.capture()
    first, second = both(lan6.r1, 200, 100), both(lan6.r2, 100, 200)
    elected(first, second, "V4")
    elected(second, first, "V6")
    wait_until(lambda: capture.announced(VIP, port="r1") and capture.announced(VIP6, port="r2"),
               "announcements")
    assert {a.sender_mac for a in capture.gratuitous(VIP)} == {virtual_mac(VRID)}
    assert {n.mac() for n in capture.announced(VIP6)} == {VMAC}
    for address, name, node in ((VIP, "V4", lan6.r1), (VIP6, "V6", lan6.r2)):
        holds(node, address)
        lan6.client.run("ping", "-c", "2", "-i", "0.01", "-W", "2", address)
        assert first.vr(name)["vrid"] == VRID
    second.kill()
    wait_until(lambda: first.state("V6") == "active", "failover of the one")
    assert first.state("V4") == "active"


def test_no_address_is_made_of_the_virtual_mac(ipv6_lan):
    """E-36: no interface has it, so that nothing can be derived."""
    ipv6_lan.r1.sysctl("net.ipv6.conf.default.addr_gen_mode=0")
    pair6(ipv6_lan)
    started = time.monotonic()
    wait_until(lambda: on(ipv6_lan.r1, VIP6) and time.monotonic() > started + 0.2, "Active")
    assert VMAC not in ipv6_lan.r1.ip("link")
    assert "fe80::200:5eff:fe00" not in ipv6_lan.r1.ip("-6", "address")


def test_a_lost_link_local_address_ends_the_role(ipv6_lan):
    """D-50: without one there is no source to advertise from; it comes back by itself."""
    first, second = pair6(ipv6_lan)
    ipv6_lan.r1.ip("address", "del", "fe80::11/64", "dev", "eth0")
    wait_until(lambda: second.state() == "active" and first.state() == "initialize", "moved")
    assert not on(ipv6_lan.r1, VIP6)
    ipv6_lan.r1.ip("address", "add", "fe80::11/64", "dev", "eth0", "nodad")
    elected(first, second)
