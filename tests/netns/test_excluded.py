# SPDX-License-Identifier: GPL-2.0-or-later
"""virtual_ipaddress_excluded: served like the other addresses, of either family, unadvertised."""

from lab import VIP, VRID, ArpProber, Instance, Xvrrpd, pair, virtual_mac, wait_until
from lab.config import block

OTHER, OTHER6 = "192.0.2.40", "2001:db8::40"
EXCLUDED = block("virtual_ipaddress_excluded", f"{OTHER}/24 dev eth0",
                 f"{OTHER6}/64 dev eth0 preferred_lft forever", "fe80::40/64")


def both(node, family=4):
    return node.addresses("eth0", family)


def ping(node, address):
    return " 0 received" not in node.run("ping", "-c", "2", "-i", "0.02", "-W", "0.5", address,
                                         check=False)


def test_served_under_the_lease(lan6):
    """Answers, announcements and addresses of both families carry the one virtual MAC, and all of
    them move together; the advertisement names what virtual_ipaddress names."""
    capture = lan6.capture()
    first, second = pair(lan6, first=Instance(200, extra=EXCLUDED),
                         second=Instance(100, extra=EXCLUDED))
    wait_until(lambda: f"{OTHER6}/64" in both(lan6.r1, 6), "the last address")
    assert f"{OTHER}/24" in both(lan6.r1)
    assert {a.addresses for a in capture.adverts_from("r1")} == {(VIP,)}
    for address in (OTHER, OTHER6, VIP):
        assert ping(lan6.client, address)
        assert f"lladdr {virtual_mac(VRID)} " in lan6.client.ip("neigh", "show", "to", address)
        assert capture.announced(address, port="r1")
        assert not capture.announced(address, port="r2")
    assert first.vr()["virtual_addresses"] == [f"{VIP}/24"]
    assert first.vr()["excluded_addresses"] == [f"{OTHER}/24", f"{OTHER6}/64", "fe80::40/64"]
    first.kill()
    wait_until(lambda: second.state() == "active", "takeover")
    wait_until(lambda: f"{OTHER6}/64" in both(lan6.r2, 6), "the address on the next Active")
    wait_until(lambda: capture.announced(OTHER6, port="r2"), "its announcement")
    assert ping(lan6.client, OTHER) and ping(lan6.client, OTHER6)
    capture.close()


def test_a_backup_is_silent(lan6):
    """E-10, E-3: the address lies on its interface, put there by somebody, and it says nothing."""
    pair(lan6, first=Instance(200, extra=EXCLUDED), second=Instance(100, extra=EXCLUDED))
    for address in (f"{OTHER}/24", f"{OTHER6}/64"):
        lan6.r2.ip("address", "add", address, "dev", "eth0", "nodad")
    capture = lan6.capture()
    probers = [ArpProber(lan6.port_socket(node.port()), lan6.client.mac(), "192.0.2.100",
                         OTHER).start() for node in (lan6.r1, lan6.r2)]
    wait_until(lambda: len(capture.replies(OTHER, port="r1")) > 50, "answers of the Active")
    assert ping(lan6.client, OTHER6)
    wait_until(lambda: capture.neighbour_adverts(OTHER6, port="r1", solicited=True), "another")
    wait_until(lambda: len(probers[1].sent_ns) > 50, "as many requests to the Backup")
    for prober in probers:
        prober.stop()
    capture.close()
    assert capture.replies(OTHER, port="r2") == []
    assert capture.neighbour_adverts(OTHER6, port="r2") == []


def test_many_of_them_and_no_other(lan):
    """More than an advertisement has room for; and none that could be advertised."""
    many = [f"192.0.2.{n}/32" for n in range(101, 201)]
    many += [f"198.51.100.{n}/32" for n in range(1, 251)]
    agent = Xvrrpd(lan.r1, Instance(addresses=(),
                                    extra=block("virtual_ipaddress_excluded", *many)))
    capture = lan.capture()
    wait_until(lambda: set(many) <= set(both(lan.r1)), "all addresses")
    assert {a.addresses for a in capture.adverts_from("r1")} <= {()}
    assert agent.vr()["fault_reasons"] == []
    assert ping(lan.client, "192.0.2.150")
    agent.stop()
    capture.close()
    assert not set(many) & set(both(lan.r1))
    assert capture.adverts_from("r1", priority_zero=True)
