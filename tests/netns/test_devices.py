# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces of other kinds than veth: a tap whose far end the test plays, and a macvlan."""

import fcntl
import os
import select
import struct

import pytest

from lab import VIP, VRID, Instance, Xvrrpd, holds, virtual_mac, wait_until, wire
from lab.nets import CommandError, inside

VMAC = virtual_mac(VRID)
CLIENT_MAC, CLIENT_IP = "02:00:00:00:00:64", "192.0.2.100"
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x0002, 0x1000


class Tap:
    """A tap in a node's namespace; this end of it is the wire, with one client on it."""

    def __init__(self, node, name="tap0"):
        with inside(node.netns):
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.fd, TUNSETIFF, struct.pack("16sH22x", name.encode(),
                                                        IFF_TAP | IFF_NO_PI))
        node.lab.at_close(lambda: os.close(self.fd))
        node.ip("link", "set", name, "up")
        node.ip("address", "add", "192.0.2.11/24", "dev", name)

    def receive(self, kind, wanted):
        """The next frame that decodes to `kind` and is wanted."""
        def read():
            while select.select([self.fd], [], [], 0)[0]:
                item = wire.decode(0, "tap", os.read(self.fd, 2048))
                if isinstance(item, kind) and wanted(item):
                    return item
            return None
        return wait_until(read, f"a frame: {kind.__name__}")

    def send(self, frame):
        os.write(self.fd, frame)


@pytest.fixture
def node(lab):
    return lab.node("r1")


@pytest.fixture
def tap(node):
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("this machine has no /dev/net/tun")
    return Tap(node)


def echo_request():
    icmp = bytes.fromhex("0800f7fe00000001")
    return wire.ethernet(VMAC, CLIENT_MAC, 0x0800, wire.ipv4(CLIENT_IP, VIP, 1, icmp, ttl=64))


@pytest.mark.parametrize("mode", ["auto", "native", "generic", "tc"])
def test_service_on_a_tap(node, tap, mode):
    """A driver with native XDP that is no veth: auto uses it."""
    agent = Xvrrpd(node, Instance(interface="tap0"), options=("--xdp-mode", mode))
    wait_until(lambda: agent.state() == "active", "Active")
    assert agent.interface("tap0")["xdp_mode"] == ("native" if mode == "auto" else mode)
    tap.receive(wire.Advert, lambda a: a.eth_src == VMAC)
    tap.send(wire.arp(1, CLIENT_MAC, CLIENT_IP, VIP))
    answer = tap.receive(wire.Arp, lambda a: a.op == 2)
    assert (answer.eth_src, answer.sender_mac, answer.sender_ip) == (VMAC, VMAC, VIP)
    assert (answer.eth_dst, answer.target_mac) == (CLIENT_MAC, CLIENT_MAC)
    # The address comes a little after the role.
    wait_until(lambda: VIP in node.ip("address", "show", "dev", "tap0"), "the address")
    tap.send(echo_request())
    # The kernel asks for the client before it answers: XDP keeps our request from its table.
    tap.receive(wire.Arp, lambda a: a.op == 1 and a.target_ip == CLIENT_IP)
    tap.send(wire.arp(2, CLIENT_MAC, CLIENT_IP, VIP, target_mac=VMAC, dst=VMAC))
    assert tap.receive(wire.Echo, lambda e: e.reply).source == VIP


def test_service_on_a_macvlan(lab, node):
    """In passthru mode: in the others a macvlan takes frames to its own MAC address only."""
    router = lab.node("r2", None)
    client = lab.node("client", "192.0.2.100/24")
    try:
        router.ip("link", "add", "mac0", "link", "eth0", "type", "macvlan", "mode", "passthru")
    except CommandError as error:
        pytest.skip(f"no macvlan here: {error}")
    router.ip("address", "add", "192.0.2.12/24", "dev", "mac0")
    router.ip("link", "set", "mac0", "up")
    agent = Xvrrpd(router, Instance(interface="mac0"))
    wait_until(lambda: agent.state() == "active", "Active")
    holds(router, interface="mac0")
    client.run("ping", "-c", "3", "-i", "0.01", "-W", "2", VIP)
    assert VMAC in client.ip("neigh", "show", VIP)
