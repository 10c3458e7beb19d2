# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to work on every kernel, at intervals that an emulated machine keeps up with.

`make vmtest` runs this file, and the bpf ring, on Debian's kernels under QEMU.
"""

import pytest

from lab import VIP, VRID, ArpProber, Instance, bpf, hold, pair, virtual_mac, wait_until, wire
from lab.service import service_pair

SLOW = {"advert_int": 1}
REPAIRED_S = 5  # a second or so, where nothing is emulated


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


def uses_clsact(node):
    """Before Linux 6.6 there is no tcx."""
    return "clsact" in node.run("tc", "qdisc", "show", "dev", "eth0")


def test_adoption(lan):
    """I8: a crash that is repaired inside the lease is no event; another agent has other programs,
    which take the place of the old ones."""
    first, second = service_pair(lan, Instance(200, 2, extra=("garp_master_delay 0",)),
                                 Instance(100, 2))
    routers = first.vr(), second.vr()
    old = bpf.attached(lan.r1)
    assert [len(ids) for ids in old.values()] == [1, 1, 1]
    capture = lan.capture()
    first.arm()
    wait_until(lambda: capture.adverts_from("r1"), "an advertisement")
    killed_ns = first.kill()
    first.start()
    wait_until(lambda: not any(set(ids) & set(old[hook])
                               for hook, ids in bpf.attached(lan.r1).items()), "other programs")
    assert [len(ids) for ids in bpf.attached(lan.r1).values()] == [1, 1, 1]
    wait_until(lambda: len(capture.adverts_from("r1", killed_ns)) >= 3, "advertisements go on")
    for service, before in zip((first, second), routers):
        after = service.vr()
        assert (after["state"], after["last_transition"], after["last_event"]) == \
            (before["state"], before["last_transition"], before["last_event"])
    assert capture.adverts_from("r2") == capture.gratuitous(VIP) == []
    assert f"{VIP}/24" in lan.r1.addresses()


def test_programs_taken_away(lan):
    """By another tool, with clsact or from tcx: put back, reported, and no router notices."""
    agents = pair(lan, [], Instance(200, **SLOW), Instance(100, **SLOW))
    for agent in agents:
        if uses_clsact(agent.node):
            agent.node.run("tc", "qdisc", "del", "dev", "eth0", "clsact")
        else:
            bpf.detach(agent, "tc_in")
            bpf.detach(agent, "tc_out")
    for agent in agents:
        wait_until(lambda a=agent: a.interface()["programs_restored"] > 0 and
                   all(bpf.attached(a.node).values()), "put back and told", REPAIRED_S)
    hold(lambda: [a.state() for a in agents] == ["active", "backup"], "the roles", 4)
