# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory itself: it must see what it is there to see, and leave nothing."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import pytest

from lab import VIP, ArpProber, Instance, Keepalived, wait_until, wire
from lab.nets import NETNS_DIR
from lab.topology import sweep_dead

BUILDER = """
import sys
sys.path.insert(0, sys.argv[1])
from lab import Instance, Keepalived, Lab, terminate_like_interrupt
terminate_like_interrupt()
with Lab() as lab:
    node = lab.node("r1", "192.0.2.11/24")
    lab.bpffs()
    daemon = Keepalived(node, Instance())
    print(lab.name, daemon.pid, flush=True)
    sys.stdin.read()
"""


def left_of(name):
    """What still exists of a laboratory."""
    mounts = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    found = [entry for entry in os.listdir(NETNS_DIR) if entry.startswith(name)]
    found += [str(path) for path in pathlib.Path(tempfile.gettempdir()).glob(f"{name}*")]
    return found + ([f"mount below {name}"] if name in mounts else [])


@pytest.fixture
def builder():
    process = subprocess.Popen([sys.executable, "-c", BUILDER, pathlib.Path(__file__).parent],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.lab_name, pid = process.stdout.readline().split()
    process.daemon_pid = int(pid)
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_terminated_run_leaves_nothing(builder):
    assert left_of(builder.lab_name)
    builder.send_signal(signal.SIGTERM)
    builder.wait()
    assert left_of(builder.lab_name) == []
    assert not pathlib.Path(f"/proc/{builder.daemon_pid}").exists()


def test_next_run_sweeps_after_a_killed_one(builder):
    sweep_dead()
    assert left_of(builder.lab_name), "swept while its process lives"
    builder.kill()
    builder.wait()
    wait_until(lambda: not pathlib.Path(f"/proc/{builder.daemon_pid}").exists(),
               "its daemons die with it")
    sweep_dead()
    assert left_of(builder.lab_name) == []


@pytest.mark.parametrize("pseudo, expected", [
    (None, "31336401 0064a865 c0000201"),
    (("192.0.2.2", "224.0.0.18"), "31336401 006405d4 c0000201"),
])
def test_frames_match_the_golden_vectors(pseudo, expected):
    message = wire.vrrp_message(pseudo=pseudo)
    assert message == bytes.fromhex(expected.replace(" ", ""))
    seen = wire.decode(7, "r1", wire.advert("192.0.2.2", message))
    assert (seen.form, seen.vrid, seen.priority) == ("pseudo" if pseudo else "rfc9568", 51, 100)
    assert seen.addresses == ("192.0.2.1",)
    broken = wire.decode(7, "r1", wire.advert("192.0.2.2", message[:2] + b"e" + message[3:]))
    assert broken.form == "bad"


def test_the_probe_sees_a_dead_router_that_answers(lan):
    """keepalived leaves the address behind when it is killed: two answers to each request.

    The violation that xvrrpd must not show; if this test cannot see it here, it proves nothing
    there.
    """
    capture = lan.capture()
    first, second = Keepalived(lan.r1, Instance(priority=200)), Keepalived(lan.r2, Instance())
    wait_until(lambda: first.state() == "active" and second.state() == "backup", "election")
    with ArpProber.from_node(lan.client, VIP):
        killed_ns = first.kill()
        took_over_ns = wait_until(lambda: capture.adverts_from("r2", killed_ns),
                                  "takeover")[0].time_ns
        wait_until(lambda: len(capture.replies(VIP, took_over_ns, "r1")) > 100, "it answers")
    assert len(capture.replies(VIP, took_over_ns, "r2")) > 0
    assert capture.dropped() == 0
