# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to work on every kernel, at intervals that an emulated machine keeps up with.

`make vmtest` runs this file, and the bpf ring, on Debian's kernels under QEMU.
"""

import pytest

from lab import VIP, VRID, ArpProber, Instance, pair, virtual_mac, wait_until, wire

SLOW = {"advert_int": 1}


@pytest.mark.parametrize("mode", ["generic", "native", "tc"])
def test_failover(lan, mode):
    """I1: takeover from a killed Active, which answers nobody from then on; a clean stop."""
    if mode == "native":
        lan.pass_program("r1", "r2")
    first, second = pair(lan, ["--xdp-mode", mode], Instance(priority=200, **SLOW),
                         Instance(priority=100, **SLOW))
    assert first.interface()["xdp_mode"] == second.interface()["xdp_mode"] == mode
    capture = lan.capture()
    with ArpProber.from_node(lan.client, VIP, interval_s=0.01):
        wait_until(lambda: capture.replies(VIP, port="r1"), "an answer of the Active")
        first.kill()
        spoke_ns = wait_until(lambda: capture.adverts_from("r2"), "takeover")[0].time_ns
        wait_until(lambda: len(capture.replies(VIP, spoke_ns, "r2")) > 50, "new answers")
    assert capture.replies(VIP, spoke_ns, "r1") == []
    assert {reply.sender_mac for reply in capture.replies(VIP)} == {virtual_mac(VRID)}
    assert capture.gratuitous(VIP, spoke_ns, "r2")[0].eth_dst == wire.BROADCAST
    assert second.stop() == 0
    assert not any(second.pin_dir.glob("*"))
    assert lan.r2.addresses() == ["192.0.2.12/24"]
