# SPDX-License-Identifier: GPL-2.0-or-later
"""Tags on frames to an interface without VLANs (H-23): a priority tag is none, any other is of a
network that the interface is not in. What takes VLAN devices is in vmtest/test_networks.py.
"""

import struct

import pytest

from lab import VIP, Instance, Xvrrpd, wait_until, wire

CUSTOMER, PROVIDER = 0x8100, 0x88a8
PRIORITY = 0xe000  # VLAN id 0
OTHERS = [((CUSTOMER, 100),), ((PROVIDER, 100),), ((CUSTOMER, PRIORITY), (CUSTOMER, 100)),
          ((PROVIDER, 100), (CUSTOMER, PRIORITY)), ((PROVIDER, 10), (CUSTOMER, 20)),
          ((CUSTOMER, PRIORITY),) * 3]


def tagged(frame, tags):
    return frame[:12] + b"".join(struct.pack("!HH", *tag) for tag in tags) + frame[12:]


@pytest.mark.parametrize("mode", ["native", "generic", "tc"])
def test_priority_tags_are_none(lan, mode):
    """Answered in each mode; frames of VLANs are not, though they come first."""
    if mode == "native":
        lan.pass_program("r1")
    if mode != "tc":  # XDP sees what is in the frame; a veth may carry a tag beside it
        lan.switch_run("ethtool", "-K", "r1", "txvlan", "off", "tx-vlan-stag-hw-insert", "off")
    agent = Xvrrpd(lan.r1, Instance(), options=("--xdp-mode", mode))
    wait_until(lambda: agent.state() == "active", "Active")
    capture = lan.capture()
    request = wire.arp(1, lan.client.mac(), "192.0.2.100", VIP)
    with lan.client.packet_socket() as sock:
        for tags in OTHERS:
            sock.send(tagged(request, tags))
        for count, tags in enumerate((((CUSTOMER, PRIORITY),), ((CUSTOMER, PRIORITY),) * 2), 1):
            sock.send(tagged(request, tags))
            wait_until(lambda n=count: len(capture.replies(VIP, port="r1")) >= n, f"answer {count}")
    assert len(capture.replies(VIP)) == 2
    assert agent.interface()["statistics"]["arp_replies"] == 2
