# SPDX-License-Identifier: GPL-2.0-or-later
"""xvrrpd beside FRR's vrrpd, as it comes: VRRPv3 summed with a pseudo-header."""

import pytest

from lab import Frr, Instance, Xvrrpd, elected, life, only_speaker, wait_until
from lab.peers import FRR_DIR

KINDS = {"xvrrpd": Xvrrpd, "frr": Frr}

pytestmark = pytest.mark.skipif(not (FRR_DIR / "vrrpd").exists(), reason="FRR is not installed")


@pytest.mark.parametrize("high, low", [("xvrrpd", "frr"), ("frr", "xvrrpd")])
def test_election_and_failover(lan, high, low):
    capture = lan.capture()
    first = KINDS[high](lan.r1, Instance(priority=200))
    second = KINDS[low](lan.r2, Instance(priority=100))
    elected(first, second)
    only_speaker(capture, "r1", 0.1)
    first.kill()
    wait_until(lambda: second.state() == "active", "failover")
    only_speaker(capture, "r2", 0.1)


@pytest.mark.parametrize("high, low", [("xvrrpd", "frr"), ("frr", "xvrrpd")])
def test_priority_zero_on_stop(lan, high, low):
    slow = {"advert_int": 0.5}
    first = KINDS[high](lan.r1, Instance(priority=200, **slow))
    second = KINDS[low](lan.r2, Instance(priority=100, **slow))
    elected(first, second)
    capture = lan.capture()
    only_speaker(capture, "r1", 0.5)
    first.stop()
    farewell = wait_until(lambda: capture.adverts_from("r1", priority_zero=True), "farewell")[0]
    spoke = wait_until(lambda: capture.adverts_from("r2"), "takeover")[0]
    assert spoke.time_ns - farewell.time_ns < Instance(100, **slow).down_ns() / 2


def has_option():
    """Newer ones can be told to sum without it."""
    return b"checksum-with-ipv4-pseudoheader" in (FRR_DIR / "vrrpd").read_bytes()


@pytest.mark.parametrize("high, low", [("xvrrpd", "frr"), ("frr", "xvrrpd")])
@pytest.mark.parametrize("setting", ["v2", "v3", "v3-rfc9568", "ipv6"])
def test_the_matrix(lan6, setting, high, low):
    """Versions, families, forms of the checksum."""
    lines = ()
    if setting == "v3-rfc9568":
        if not has_option():
            pytest.skip("this FRR has no checksum-with-ipv4-pseudoheader")
        lines = ("no vrrp 51 checksum-with-ipv4-pseudoheader",)

    def routers(kind, own, peer, priority):
        those = life.instances(setting.partition("-")[0], own, peer, priority)[:1]
        more = {"vty_lines": lines} if kind == "frr" else {}
        return those, lambda: KINDS[kind](getattr(lan6, own), *those, **more)

    first, start_first = routers(high, "r1", "r2", 200)
    second, start_second = routers(low, "r2", "r1", 100)
    life.live(lan6, start_first, start_second, first, second)
