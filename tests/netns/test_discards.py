# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad packets change their counter and nothing else (I4, part B)."""

import threading
import time

import pytest

from lab import VIP, VRID, Instance, mean_interval_ns, pair, wait_until, wire

STRANGER = "192.0.2.66"
COUNT = 20


def message(**fields):
    """A message that would win any election, if it were taken."""
    values = {"vrid": VRID, "priority": 254, "interval_cs": 10, "addresses": (VIP,)}
    values.update(fields)
    return wire.vrrp_message(**values)


def bad_checksum():
    good = message()
    return good[:6] + bytes([good[6] ^ 0x55]) + good[7:]


def short():
    """Two addresses announced, one there; the padding of the frame must not serve as the other."""
    return message(count=2)


BAD = {
    "fragment": lambda: wire.advert(STRANGER, message(), fragment=0x2000),
    "non_group_destination": lambda: wire.advert(STRANGER, message(), dst="192.0.2.11"),  # B-1
    "own_packet": lambda: wire.advert("192.0.2.11", message()),                       # B-2
    "ttl": lambda: wire.advert(STRANGER, message(), ttl=254),                         # B-3
    "version": lambda: wire.advert(STRANGER, message(version=2)),                     # B-4
    "type": lambda: wire.advert(STRANGER, message(type_=2)),                          # B-5
    "length": lambda: wire.advert(STRANGER, short()),                                 # B-6
    "checksum": lambda: wire.advert(STRANGER, bad_checksum()),                        # B-7
    "addr_count_zero": lambda: wire.advert(STRANGER, message(addresses=())),          # B-11
    "interval_zero": lambda: wire.advert(STRANGER, message(interval_cs=0)),           # B-14
}
# What describes the role and what was learned; none of it may move.
FIXED = ("state", "effective_priority", "active_adver_interval_us", "skew_time_us",
         "active_down_interval_us", "active_address", "last_event", "last_transition")


def role(agent):
    status = agent.vr()
    return {key: status[key] for key in FIXED}


def other_errors(agent, but):
    return {name: value for name, value in agent.errors().items() if name != but}


@pytest.fixture
def quiet_pair(lan):
    """Elected, and long enough ago that the greetings of the first moments are over."""
    first, second = pair(lan)
    wait_until(lambda: second.vr()["statistics"]["advertisements_received"] > 3, "routine")
    return first, second


def send_to(lan, port, frame, count=COUNT):
    with lan.port_socket(port) as sock:
        for _ in range(count):
            sock.send(frame)


@pytest.mark.parametrize("reason", BAD)
def test_discarded_advertisement(lan, quiet_pair, reason):
    """Each check, at the Active as well as at the Backup."""
    capture = lan.capture()
    frame = BAD[reason]()
    for agent, port in zip(quiet_pair, ("r1", "r2")):
        if reason == "own_packet":
            frame = wire.advert(agent.vr()["primary_address"], message())
        before = role(agent), agent.errors()[reason], other_errors(agent, reason)
        send_to(lan, port, frame)
        wait_until(lambda a=agent, b=before: a.errors()[reason] >= b[1] + COUNT, "counted")
        assert agent.errors()[reason] == before[1] + COUNT
        assert role(agent) == before[0]
        assert other_errors(agent, reason) == before[2]
    assert quiet_pair[0].vr()["statistics"]["advertisements_received"] == 0
    assert capture.adverts_from("r2") == []


def test_foreign_virtual_router_passes(lan, quiet_pair):
    """B-8, I6: counted for the interface, no error of ours."""
    agent = quiet_pair[1]
    before = agent.interface()["statistics"]["vrid_unknown"]
    errors = agent.errors()
    send_to(lan, "r2", wire.advert(STRANGER, message(vrid=52)))
    wait_until(lambda: agent.interface()["statistics"]["vrid_unknown"] == before + COUNT, "counted")
    assert agent.errors() == errors


@pytest.mark.parametrize("field, reason", [
    ({"interval_cs": 20}, "interval"),                          # B-13
    ({"addresses": ("192.0.2.1", "192.0.2.9")}, "address_list"),  # B-12
])
def test_soft_findings_are_obeyed(lan, quiet_pair, field, reason):
    """VRRPv3 counts these and takes the message: here, the Backup follows a better router."""
    agent = quiet_pair[1]
    send_to(lan, "r2", wire.advert(STRANGER, message(**field)), count=1)
    wait_until(lambda: agent.errors()[reason] == 1, "counted")
    assert agent.vr()["statistics"]["advertisements_received"] > 3
    assert agent.state() == "backup"


def test_reserved_bits_padding_and_options_do_not_matter(lan, quiet_pair):
    """A-25, B-6, A-9: nothing but the message counts."""
    agent = quiet_pair[1]
    errors = agent.errors()
    capture = lan.capture()
    for frame in (wire.advert(STRANGER, message(reserved=15)),
                  wire.advert(STRANGER, message()) + b"\xff" * 40,
                  wire.advert(STRANGER, message(), options=b"\x94\x04\0\0")):
        send_to(lan, "r2", frame, count=1)
        wait_until(lambda: agent.vr()["active_address"] == STRANGER, "obeyed")
        wait_until(lambda: agent.vr()["active_address"] == "192.0.2.11", "its Active again")
    assert agent.errors() == errors
    assert capture.adverts_from("r2") == []


class Flood:
    """Frames to a port as fast as Python sends them, twenty at a time."""

    PACE_S = 0.001

    def __init__(self, lan, port, frame):
        self.sent = 0
        self._sock, self._frame = lan.port_socket(port), frame
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def _loop(self):
        while not self._stop.is_set():
            for _ in range(20):
                try:
                    self.sent += bool(self._sock.send(self._frame))
                except OSError:
                    pass
            time.sleep(self.PACE_S)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()
        self._sock.close()


def test_flood_does_not_disturb_the_cadence(lan, quiet_pair):
    """D-37: the Active goes on as if nothing came, and sends not one advertisement more."""
    agent = quiet_pair[0]
    capture = lan.capture()
    with Flood(lan, "r1", wire.advert(STRANGER, bad_checksum())) as flood:
        wait_until(lambda: len(capture.adverts_from("r1")) >= 25, "advertisements")
    times = [a.time_ns for a in capture.adverts_from("r1")]
    assert mean_interval_ns(times, 10) == pytest.approx(100e6, rel=0.02)
    assert flood.sent > 1000
    assert agent.errors()["checksum"] == flood.sent


def test_flood_does_not_delay_the_takeover(lan, quiet_pair):
    """D-37: a Backup's timer runs on under it."""
    first, second = quiet_pair
    capture = lan.capture()
    with Flood(lan, "r2", wire.advert(STRANGER, bad_checksum())):
        wait_until(lambda: capture.adverts_from("r1"), "routine")
        first.kill()
        wait_until(lambda: second.state() == "active", "takeover")
    gap_ns = capture.adverts_from("r2")[0].time_ns - capture.adverts_from("r1")[-1].time_ns
    assert gap_ns < 2 * Instance(100).down_ns()
