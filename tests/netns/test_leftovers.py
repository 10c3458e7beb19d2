# SPDX-License-Identifier: GPL-2.0-or-later
"""What an agent makes, it removes; and what it pins can be read with bpftool."""

import json
import os
import pathlib
import re

import pytest

from lab import Instance, Xvrrpd, holds, pair, virtual_mac, wait_until
from lab.nets import run

# Commands whose output is the same before an agent came and after it left.
VIEWS = (
    ("ip", "-o", "address", "show"),
    ("ip", "route", "show", "table", "all"),
    ("ip", "maddr", "show", "dev", "eth0"),
    ("bridge", "fdb", "show", "dev", "eth0"),
    ("tc", "qdisc", "show", "dev", "eth0"),
    ("tc", "filter", "show", "dev", "eth0", "ingress"),
    ("tc", "filter", "show", "dev", "eth0", "egress"),
)


def below(path):
    return sorted(str(entry) for entry in pathlib.Path(path).rglob("*"))


def snapshot(node):
    """Everything that an agent touches in a namespace."""
    views = {" ".join(view): node.run(*view, check=False) for view in VIEWS}
    link = node.ip("-d", "link", "show", "dev", "eth0")
    views["link"] = re.findall(r"promiscuity \d+|allmulti \d+|xdp\S*", link)
    views["bpf"] = below(node.lab.bpffs())
    return views


@pytest.mark.parametrize("accept", ["accept", "no_accept"])
@pytest.mark.parametrize("mode", ["native", "generic", "tc"])
def test_clean_stop_leaves_nothing(lan, mode, accept):
    lan.pass_program("r1")
    before = snapshot(lan.r1)
    agent = Xvrrpd(lan.r1, Instance(extra=(accept,)), options=("--xdp-mode", mode))
    wait_until(lambda: agent.state() == "active", "Active")
    wait_until(lambda: virtual_mac(51) in lan.r1.run("bridge", "fdb", "show", "dev", "eth0"),
               "the virtual MAC in the filter")
    during = snapshot(lan.r1)
    for view in ("ip maddr show dev eth0", "bridge fdb show dev eth0", "bpf"):
        assert during[view] != before[view], f"{view} would not show what is left"
    assert agent.stop() == 0
    after = snapshot(lan.r1)
    for view, text in before.items():
        assert after[view] == text, view
    assert not agent.run_dir.exists()


def test_pins_without_a_bpffs(lan):
    """One is mounted where none is, and gone after the stop."""
    pins = lan.dir / "own-pins"
    agent = Xvrrpd(lan.r1, Instance(), pin_dir=pins)
    assert os.path.ismount(pins)
    assert agent.stop() == 0
    assert not os.path.ismount(pins)
    assert below(pins) == []


def test_shared_clsact_stays(lan):
    """Never remove a clsact, or a filter, that others use."""
    lan.r1.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    lan.r1.run("tc", "filter", "add", "dev", "eth0", "ingress", "pref", "7", "matchall",
               "action", "pass", check=False)
    before = snapshot(lan.r1)
    agent = Xvrrpd(lan.r1, Instance())
    wait_until(lambda: agent.state() == "active", "Active")
    assert agent.stop() == 0
    assert "clsact" in before["tc qdisc show dev eth0"]
    for view in VIEWS:
        assert snapshot(lan.r1)[" ".join(view)] == before[" ".join(view)]


def test_killed_agent_leaves_no_program_behind_for_ever(lan):
    """The next agent with the same pin directory replaces them, the stop after it removes all."""
    views = snapshot(lan.r1)
    agent = Xvrrpd(lan.r1, Instance())
    wait_until(lambda: agent.state() == "active", "Active")
    agent.kill()
    assert below(agent.pin_dir), "the fence outlives the agent"
    again = Xvrrpd(lan.r1, Instance())
    wait_until(lambda: again.state() == "active", "Active")
    assert again.stop() == 0
    assert snapshot(lan.r1) == views


def test_every_pinned_map_dumps_named_fields(lan):
    """BTF for all of them: what an operator sees with bpftool alone."""
    first, _ = pair(lan)
    holds(lan.r1)
    lan.client.run("ping", "-c", "1", "-W", "2", "192.0.2.1")
    pins = {path.name: path for path in first.pin_dir.iterdir() if path.is_file()}
    expected = {"vr_index": "ifindex", "vip_index": "address", "vr_slots": "lease_until_ns",
                "vr_stats": "advertisements_received", "if_stats": "arp_replies",
                "abi": "version"}
    assert set(pins) == set(expected) | {"events", "peer_index"}
    for name, field in expected.items():
        entries = json.loads(run("bpftool", "-j", "map", "dump", "pinned", pins[name]))
        assert entries, f"{name} is empty"
        assert field in json.dumps(entries[0].get("formatted", {})), name
    assert json.loads(run("bpftool", "-j", "map", "show", "pinned", pins["events"]))
    # Nobody has peers here: empty, but the kernel knows its fields.
    assert json.loads(run("bpftool", "-j", "map", "show", "pinned", pins["peer_index"]))["btf_id"]
    slots = json.loads(run("bpftool", "-j", "map", "dump", "pinned", pins["vr_slots"]))
    assert max(s["formatted"]["value"]["lease_until_ns"] for s in slots) > 0
