# SPDX-License-Identifier: GPL-2.0-or-later
"""xvrrpd beside a stock keepalived, in both roles.

keepalived sums VRRPv3 over IPv4 with a pseudo-header, RFC 9568 without one; from 2.3 on
keepalived's option v3_checksum_as_v2 chooses. The 2.2.7 of Debian 12 has no such option.
"""

import pathlib
import shutil
import time

import pytest

from lab import (VIP, ArpProber, Instance, Keepalived, Xvrrpd, elected, hold, life, only_speaker,
                 wait_until)

AS_V2 = "v3_checksum_as_v2"
KINDS = {"xvrrpd": Xvrrpd, "keepalived": Keepalived}


def has_option():
    path = shutil.which("keepalived")
    return bool(path) and AS_V2.encode() in pathlib.Path(path).read_bytes()


@pytest.fixture(params=["pseudo", "rfc9568"])
def peer_lines(request):
    """Lines for keepalived's global_defs that make it use one form of the checksum."""
    if request.param == "rfc9568" and not has_option():
        pytest.skip(f"this keepalived has no {AS_V2}")
    return (AS_V2,) if request.param == "rfc9568" else ()


def start(kind, node, instance, peer_lines):
    lines = peer_lines if kind == "keepalived" else ()
    return KINDS[kind](node, instance, global_lines=lines)


@pytest.mark.parametrize("interval", [0.01, 1])
@pytest.mark.parametrize("high, low", [("xvrrpd", "keepalived"), ("keepalived", "xvrrpd")])
def test_life_with_keepalived(lan, high, low, interval, peer_lines):
    """Election, death of the Active, its return, and its stop, with one Active in each rest."""
    form = "rfc9568" if peer_lines else "pseudo"
    capture = lan.capture()
    first = start(high, lan.r1, Instance(200, interval), peer_lines)
    second = start(low, lan.r2, Instance(100, interval), peer_lines)
    elected(first, second)
    wait_until(lambda: capture.adverts_from("r1")[-1].form == form, "understood by both")
    if interval < 1:
        only_speaker(capture, "r1", interval)

    first.kill()
    wait_until(lambda: second.state() == "active", "failover")
    first = start(high, lan.r1, Instance(200, interval), peer_lines)
    elected(first, second)  # preemption
    only_speaker(capture, "r1", interval)

    stopping_ns = time.time_ns()
    first.stop()
    spoke_ns = wait_until(lambda: capture.adverts_from("r2", stopping_ns, priority_zero=False),
                          "takeover")[0].time_ns
    farewell_ns = capture.adverts_from("r1", stopping_ns, priority_zero=True)[0].time_ns
    if interval == 1:  # long enough to tell a skew time from a down interval on any machine
        assert spoke_ns - farewell_ns < Instance(100, interval).down_ns() / 2
    assert spoke_ns - farewell_ns > 0.9 * Instance(100, interval).skew_ns()


def waits(capture, low, high, interval):
    """Watch for longer than a takeover takes: True if r1 kept silent and r2 did not.

    False if r2 itself fell silent for so long that anybody had to take over: a stall of the
    machine, no preemption.
    """
    began_ns = time.time_ns()
    wait_until(lambda: time.time_ns() > began_ns + (5 * interval + 0.5) * 1e9, "watched")
    taken = capture.adverts_from("r1", began_ns)
    if not taken:
        return (low.state(), high.state()) == ("active", "backup")
    last_ns = max(a.time_ns for a in capture.adverts_from("r2") if a.time_ns < taken[0].time_ns)
    assert taken[0].time_ns - last_ns > 0.9 * Instance(200, interval).down_ns(), "preempted"
    return False


@pytest.mark.parametrize("interval", [0.01, 1])
@pytest.mark.parametrize("waiting, ruling", [("xvrrpd", "keepalived"), ("keepalived", "xvrrpd")])
def test_nopreempt(lan, waiting, ruling, interval, peer_lines):
    """The higher priority waits if it must not preempt: each understands the other from the start.
    """
    lines = {"keepalived": peer_lines,
             "xvrrpd": ("xdp_checksum " + ("rfc9568" if peer_lines else "pseudo"),)}
    capture = lan.capture()
    for _ in range(5):
        low = KINDS[ruling](lan.r2, Instance(100, interval), global_lines=lines[ruling])
        wait_until(lambda: low.state() == "active", "alone, hence Active")
        high = KINDS[waiting](lan.r1, Instance(200, interval, nopreempt=True),
                              global_lines=lines[waiting])
        wait_until(lambda: high.state() != "init", "it runs")
        if waits(capture, low, high, interval):
            break
        high.stop()
        low.stop()
    else:
        pytest.fail("this machine stalls all the time")
    low.kill()
    wait_until(lambda: high.state() == "active", "but not for ever")


def test_answers_in_the_form_it_heard(lan, peer_lines):
    """A-67: stock keepalived understands us from the second word on."""
    peer = Keepalived(lan.r1, Instance(priority=200), global_lines=peer_lines)
    agent = Xvrrpd(lan.r2, Instance(priority=100))
    elected(peer, agent)
    capture = lan.capture()
    peer.stop()
    wait_until(lambda: agent.state() == "active", "takeover")
    wait_until(lambda: capture.adverts_from("r2"), "its first advertisement")
    assert capture.adverts_from("r2")[0].form == ("rfc9568" if peer_lines else "pseudo")
    again = Keepalived(lan.r1, Instance(priority=50), global_lines=peer_lines)
    hold(lambda: again.state() in ("init", "backup"), "it obeys from the first", 1.0)
    assert agent.vr()["statistics"]["errors"]["checksum"] == 0


def test_a_killed_agent_leaves_the_address_to_keepalived_alone(lan):
    capture = lan.capture()
    first, second = Xvrrpd(lan.r1, Instance(priority=200)), Keepalived(lan.r2, Instance())
    elected(first, second)
    only_speaker(capture, "r1", 0.1)
    with ArpProber.from_node(lan.client, VIP), \
            ArpProber(lan.port_socket("r1"), lan.client.mac(), "192.0.2.100", VIP):
        wait_until(lambda: len(capture.replies(VIP, port="r1")) > 100, "the Active answers")
        killed_ns = first.kill()
        took_ns = wait_until(lambda: capture.adverts_from("r2", killed_ns),
                             "takeover")[0].time_ns
        wait_until(lambda: len(capture.replies(VIP, took_ns, "r2")) > 500, "keepalived answers")
    capture.close()
    assert capture.replies(VIP, took_ns, "r1") == []


@pytest.mark.parametrize("high", ["xvrrpd", "keepalived"])
def test_two_actives_that_never_heard_each_other_find_together(lan, high):
    """After a partition. keepalived says nothing while it refuses advertisements faster than its
    own, so that waiting to hear it is waiting for ever."""
    for node in (lan.r1, lan.r2):
        lan.switch_run("bridge", "link", "set", "dev", node.port(), "isolated", "on")
    priority = {"xvrrpd": 100, "keepalived": 100, high: 200}
    ours = Xvrrpd(lan.r1, Instance(priority["xvrrpd"], 0.1))
    theirs = Keepalived(lan.r2, Instance(priority["keepalived"], 0.5))
    wait_until(lambda: ours.state() == theirs.state() == "active", "both Active, apart")
    for node in (lan.r1, lan.r2):
        lan.switch_run("bridge", "link", "set", "dev", node.port(), "isolated", "off")
    elected(*((ours, theirs) if high == "xvrrpd" else (theirs, ours)))


@pytest.mark.parametrize("high, low", [("xvrrpd", "keepalived"), ("keepalived", "xvrrpd")])
@pytest.mark.parametrize("setting", [*life.SETTINGS, "ipv6-vmac"])
def test_the_matrix(lan6, setting, high, low):
    """Versions, families, unicast, a password; keepalived with its macvlan, too."""
    extra = ("use_vmac",) if setting == "ipv6-vmac" else ()
    setting = setting.replace("-vmac", "")

    def routers(kind, own, peer, priority):
        those = life.instances(setting, own, peer, priority)
        for instance in those if kind == "keepalived" else ():
            instance.extra += extra
        return those, lambda: KINDS[kind](getattr(lan6, own), *those)

    first, start_first = routers(high, "r1", "r2", 200)
    second, start_second = routers(low, "r2", "r1", 100)
    life.live(lan6, start_first, start_second, first, second)
