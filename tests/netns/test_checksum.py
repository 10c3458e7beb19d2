# SPDX-License-Identifier: GPL-2.0-or-later
"""The two forms of the VRRPv3 checksum over IPv4 (A-60..A-68): neither makes two Actives.

The peer is a script here, so that both forms are tried whatever keepalived is installed.
"""

import pytest

from lab import VIP, VRID, Instance, Xvrrpd, elected, only_speaker, wait_until, wire
from lab.probe import Ticker

SPEAKER = "192.0.2.66"
FORMS = ["rfc9568", "pseudo"]


class Speaker(Ticker):
    """An Active of priority 200 that advertises every 100 ms, and hears nothing."""

    def __init__(self, lan, form):
        super().__init__(0.1)
        self._sock = lan.client.packet_socket()
        message = wire.vrrp_message(vrid=VRID, priority=200, interval_cs=10, addresses=(VIP,),
                                    pseudo=(SPEAKER, wire.GROUP) if form == "pseudo" else None)
        self._frame = wire.advert(SPEAKER, message)

    def tick(self, number):
        self._sock.send(self._frame)

    def stop(self):
        super().stop()
        self._sock.close()


@pytest.mark.parametrize("form", FORMS)
def test_both_forms_are_understood_and_answered_in_kind(lan, form):
    """A-66, A-67: the form last heard is the one to speak."""
    with Speaker(lan, form):
        agent = Xvrrpd(lan.r1, Instance())
        capture = lan.capture()
        wait_until(lambda: agent.vr()["statistics"]["advertisements_received"] >= 10, "heard")
        assert agent.state() == "backup"
        assert agent.vr()["active_address"] == SPEAKER
        assert agent.vr()["statistics"][f"checksum_form_{form}"] >= 10
        assert capture.adverts_from("r1") == []
    wait_until(lambda: capture.adverts_from("r1"), "takeover")
    assert capture.adverts_from("r1")[0].form == form


@pytest.mark.parametrize("forced", FORMS)
@pytest.mark.parametrize("form", FORMS)
def test_a_forced_form_stays(lan, form, forced):
    agent = Xvrrpd(lan.r1, Instance(), global_lines=(f"xdp_checksum {forced}",))
    capture = lan.capture()
    with Speaker(lan, form):
        wait_until(lambda: agent.vr()["statistics"]["advertisements_received"] >= 3, "heard")
        assert agent.state() == "backup"
    wait_until(lambda: capture.adverts_from("r1"), "takeover")
    assert {a.form for a in capture.adverts_from("r1")} == {forced}


def test_routers_of_different_forms_agree_on_one_active(lan):
    capture = lan.capture()
    first = Xvrrpd(lan.r1, Instance(priority=200), global_lines=("xdp_checksum rfc9568",))
    second = Xvrrpd(lan.r2, Instance(priority=100), global_lines=("xdp_checksum pseudo",))
    elected(first, second)
    only_speaker(capture, "r1", 0.1)
    first.kill()
    wait_until(lambda: second.state() == "active", "failover")
    again = Xvrrpd(lan.r1, Instance(priority=200), global_lines=("xdp_checksum rfc9568",))
    elected(again, second)
