# SPDX-License-Identifier: GPL-2.0-or-later
"""Leaving on purpose: a stop withdraws, USR2 leaves everything to a successor, and between the two
both routers of a pair are upgraded while a client asks a thousand times a second."""

import os
import pathlib
import subprocess
import time
import types

import pytest

from lab import BUILD, VIP, VRID, ArpProber, Instance, median, virtual_mac, wait_until, wire
from lab.loss import AddressWatch, Client
from lab.oracle import MS, handovers
from lab.service import service_pair
from lab.stalls import Stalls, on_a_machine_that_runs
from lab.xvrrpd import ROOT

OTHER_VERSION = "9.9.9"
BUILD_SECONDS = 300
INTERVAL_S = 0.1
USR2_ROUNDS = {1.0: 3, 0.1: 8}
DRAIN_ROUNDS = 2
ONE_BURST = ("garp_master_delay 0",)


@pytest.fixture(scope="session")
def other_build(tmp_path_factory):
    """The same sources as another version: same ABI, another binary, other programs."""
    build = tmp_path_factory.mktemp("other-build")
    clean = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "BUILD")}
    subprocess.run(["make", "-C", ROOT, "-j2", f"BUILD={build}", f"VERSION={OTHER_VERSION}",
                    build / "xvrrpd"], check=True, env=clean, timeout=BUILD_SECONDS,
                   stdout=subprocess.DEVNULL)
    return build


def version(service):
    return service.ask("status")["version"]


def other_than(service, other_build):
    """The build that does not run now."""
    return pathlib.Path(BUILD) if version(service) == OTHER_VERSION else other_build


def adverts_of(capture, service, since_ns, **wanted):
    return capture.adverts_from(service.node.port(), since_ns, **wanted)


def wait_advert(capture, service):
    since_ns = time.time_ns()
    return wait_until(lambda: adverts_of(capture, service, since_ns), "an advertisement")[0].time_ns


def upgrade(service, other_build):
    """USR2, and the other build at once."""
    build = other_than(service, other_build)
    before = version(service)
    service.arm(build)
    assert service.leave() == 0
    service.start()
    assert version(service) != before


def in_order(active, backup):
    wait_until(lambda: (active.state(), backup.state()) == ("active", "backup"),
               f"{active.node.name} Active, {backup.node.name} Backup")
    heard = active.vr()["primary_address"]
    wait_until(lambda: backup.vr()["active_address"] == heard, "it obeys the Active")


# ---- a stop ----

@pytest.mark.parametrize("interval", [0.5, 0.01])
def test_graceful_stop_withdraws(lan, interval):
    """D-20, D-12: silent first, then one farewell, and the next one follows after its skew time."""
    first, second = service_pair(lan, Instance(200, interval), Instance(100, interval))
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address")
    capture = lan.capture()
    everywhere = (wire.BROADCAST, virtual_mac(VRID), lan.r1.mac())
    with ArpProber(lan.port_socket("r1"), lan.client.mac(), "192.0.2.100", VIP,
                   destinations=everywhere, interval_s=0.0005):
        wait_until(lambda: len(capture.replies(VIP, port="r1")) > 100, "it answers")
        wait_advert(capture, first)
        assert first.stop() == 0
        heard_ns = wait_until(lambda: adverts_of(capture, second, 0), "the next one")[0].time_ns
        asked_ns = time.time_ns()
        wait_until(lambda: time.time_ns() > asked_ns + 100 * MS, "some more questions")
    farewells = adverts_of(capture, first, 0, priority_zero=True)
    assert len(farewells) == 1
    gone_ns = farewells[0].time_ns
    assert adverts_of(capture, first, gone_ns + 1) == []
    assert capture.replies(VIP, gone_ns, "r1") == []
    skew_ns = second.instances[0].skew_ns()
    assert skew_ns <= heard_ns - gone_ns < skew_ns + 20 * MS
    assert not first.pin_dir.exists() and not first.run_dir.exists()
    assert lan.r1.addresses() == ["192.0.2.11/24"]
    assert "00:00:5e" not in lan.r1.run("bridge", "fdb", "show", "dev", "eth0")
    assert "clsact" not in lan.r1.run("tc", "qdisc", "show", "dev", "eth0")
    assert "xdp" not in lan.r1.ip("link", "show", "dev", "eth0")


# ---- USR2 ----

@pytest.mark.parametrize("interval", [1.0, 0.1])
def test_another_build_takes_over(lan, other_build, interval, record_property):
    """No lost answer, no farewell, nothing that the peer could see; exit status 0."""
    first, second = service_pair(lan, Instance(200, interval, extra=ONE_BURST),
                                 Instance(100, interval))
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address")
    everywhere = (wire.BROADCAST, virtual_mac(VRID), lan.r1.mac())

    def run():
        in_order(first, second)
        seen = types.SimpleNamespace(capture=lan.capture(), active=first.vr(), backup=second.vr(),
                                     began_ns=time.time_ns())
        with AddressWatch(lan.r1) as seen.watch, Client(lan.client, VIP, everywhere) as seen.client:
            for _ in range(USR2_ROUNDS[interval]):
                wait_advert(seen.capture, first)
                upgrade(first, other_build)
            wait_advert(seen.capture, first)
        return seen

    seen = on_a_machine_that_runs(run, 3 * interval * 1e9)
    lost = (seen.client.lost_arps(), seen.client.lost_pings())
    record_property("lost", sum(map(len, lost)))
    for key in ("state", "last_transition", "last_event", "active_address", "new_active_reason"):
        assert first.vr()[key] == seen.active[key], key
        assert second.vr()[key] == seen.backup[key], key
    assert adverts_of(seen.capture, first, seen.began_ns, priority_zero=True) == []
    assert adverts_of(seen.capture, second, seen.began_ns) == []
    assert seen.capture.gratuitous(VIP, seen.began_ns) == []
    assert f"{VIP}/24" not in seen.watch.removed()
    assert lost == ([], [])
    assert second.statistics()["priority_zero_received"] == 0


# ---- a pair ----

def test_rolling_upgrade_in_place(lan, other_build):
    """The Backup first, then the Active, by USR2: the client and the roles notice nothing."""
    agents = service_pair(lan, Instance(200, INTERVAL_S, extra=ONE_BURST),
                          Instance(100, INTERVAL_S))
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address")

    def run():
        in_order(*agents)
        capture, began_ns = lan.capture(), time.time_ns()
        with Client(lan.client, VIP) as client:
            for _ in range(2):
                for agent in reversed(agents):
                    upgrade(agent, other_build)
                    wait_advert(capture, agents[0])
        return adverts_of(capture, agents[1], began_ns), client.lost_arps(), client.lost_pings()

    assert on_a_machine_that_runs(run, 3 * INTERVAL_S * 1e9) == ([], [], [])
    assert [agent.state() for agent in agents] == ["active", "backup"]


def lost_around(moments, times):
    """How many of those times belong to each of the moments."""
    counts = [0] * len(moments)
    for time_ns in times:
        counts[min(range(len(moments)), key=lambda n: abs(moments[n] - time_ns))] += 1
    return counts


def test_rolling_upgrade_by_drain(lan, other_build, record_property):
    """For what cannot be adopted: the role is given away, and taken back by preemption."""
    first, second = service_pair(lan, Instance(200, INTERVAL_S), Instance(100, INTERVAL_S))
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address")
    capture = lan.capture()
    wait_advert(capture, first)
    with Stalls() as stalls, Client(lan.client, VIP) as client:
        for _ in range(DRAIN_ROUNDS):
            build = other_than(second, other_build)
            assert second.stop() == 0
            second.start(build=build)
            in_order(first, second)
            first.ask("drain")
            in_order(second, first)
            assert first.vr()["drained"] is True
            assert first.stop() == 0
            first.start(build=build)
            in_order(first, second)
            assert first.vr()["drained"] is False
            wait_advert(capture, first)
    capture.close()
    moments = [since_ns for _, since_ns, _, _ in handovers(capture.adverts)]
    assert len(moments) == 2 * DRAIN_ROUNDS
    lost = lost_around(moments, client.lost_pings())
    record_property("pings_lost_by_handover", lost)
    print(f"pings lost by handover: {lost}, longest stall {stalls.worst_ms():.0f} ms")
    assert client.lost_arps() == []
    assert median(lost) <= 2
    assert capture.adverts_from("r1", priority_zero=True) == [], "it was not Active any more"


def test_left_drained_comes_back_drained(lan, other_build):
    """USR2 between drain and undrain: the successor stays away as well."""
    first, second = service_pair(lan, Instance(200, INTERVAL_S), Instance(100, INTERVAL_S))
    capture = lan.capture()
    first.ask("drain")
    in_order(second, first)
    since_ns = time.time_ns()
    upgrade(first, other_build)
    assert first.vr()["drained"] is True
    wait_until(lambda: len(adverts_of(capture, second, since_ns)) > 10, "some routine")
    assert adverts_of(capture, first, since_ns) == []
    first.ask("undrain")
    in_order(first, second)
