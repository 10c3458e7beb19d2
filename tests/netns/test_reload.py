# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGHUP and `xvrrpctl reload`: what does not differ is not touched (I10)."""

import json
import os
import re
import signal
import time

import pytest

from lab import VIP, VRID, Instance, Xvrrpd, elected, mean_interval_ns, pair, wait_until
from lab import bpf
from lab.nets import run

INTERVAL_S = 0.05
SECOND = {"name": "VI_2", "vrid": 52, "addresses": ("192.0.2.2/24",)}
# Of a slot, what moves by itself while a virtual router runs.
VOLATILE = {"lease_until_ns", "decided_ns", "superior_ns", "advertisements_sent",
            "last_advert_ns", "authority_ns", "report_bucket_ns", "answer_bucket_ns",
            "down_timer_ns", "down_armed_ns", "steady_header", "reported", "late_wakeups",
            "late_microseconds"}


def slot(agent):
    """The slot of its only virtual router, without what moves by itself."""
    index = json.loads(run("bpftool", "-j", "map", "dump", "pinned", agent.pin_dir / "vr_index"))
    number, = (entry["formatted"]["value"] for entry in index)
    key = number.to_bytes(4, "little")
    dump = json.loads(run("bpftool", "-j", "map", "lookup", "pinned", agent.pin_dir / "vr_slots",
                          "key", *(f"{b:#04x}" for b in key)))

    def constant(value):
        if isinstance(value, dict):
            return {k: constant(v) for k, v in value.items() if k not in VOLATILE}
        return value

    return number, constant(dump["formatted"]["value"])


def times_reloaded(agent):
    return agent.log().count("was read again")


def reload(agent, how, nth):
    if how == "ctl":
        assert agent.json("reload") == {"changed": 0}
    else:
        agent.send(signal.SIGHUP)
        wait_until(lambda: times_reloaded(agent) >= nth, f"reloaded {nth} times")


@pytest.mark.parametrize("how", ["hup", "ctl"])
def test_unchanged_reload_is_no_event(lan, how):
    """Twenty times, on both: cadence, counters, slots, programs and addresses as before."""
    agents = pair(lan, first=Instance(200, INTERVAL_S), second=Instance(100, INTERVAL_S))
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address on the Active")
    capture = lan.capture()
    before = [(slot(a), bpf.attached(a.node), bpf.footprint(a), a.node.addresses())
              for a in agents]
    sent = agents[0].vr()["statistics"]["advertisements_sent"]
    began_ns = time.time_ns()
    for nth in range(1, 21):
        for agent in agents:
            reload(agent, how, nth)
    wait_until(lambda: len(capture.adverts_from("r1", began_ns)) >= 30, "cadence")
    ended_ns = time.time_ns()
    assert before == [(slot(a), bpf.attached(a.node), bpf.footprint(a), a.node.addresses())
                      for a in agents]
    told = [a.time_ns for a in capture.adverts_from("r1", began_ns) if a.time_ns < ended_ns]
    assert mean_interval_ns(told, 10) == pytest.approx(INTERVAL_S * 1e9, rel=0.01)
    due = (ended_ns - began_ns) / (INTERVAL_S * 1e9)
    assert len(told) <= due + 1, "one that was not due"
    assert {a.priority for a in capture.adverts} == {200}
    assert capture.gratuitous(VIP) == []
    assert [a.vr()["statistics"]["active_transitions"] for a in agents] == [1, 0]
    assert agents[0].vr()["statistics"]["advertisements_sent"] >= sent + len(told), "as before"
    assert [agent.state() for agent in agents] == ["active", "backup"]


BROKEN = (
    ("vrrp_instance VI_1 {\n    interface eth0\n    virtual_router_id 999\n}\n", 3, 23),
    ("vrrp_instance VI_1 {\n    interface eth0\n", None, None),
    # Written half, or not at all: a start would run what there is.
    (Instance(150).text().rpartition("}")[0], 1, 20),
    (Instance(150).text().partition("virtual_ipaddress {")[0], 1, 20),
    ("# a full disk\n", 1, 1),
    ("\x7fELF\x02\x01\n", 1, 1),
)


@pytest.mark.parametrize("text,line,column", BROKEN)
def test_broken_file(lan, text, line, column):
    """The running configuration stays; log and client say where it is wrong."""
    first, second = pair(lan)
    good = first.config.read_text(encoding="utf-8")
    before = slot(first)
    first.config.write_text(text, encoding="utf-8")
    where = rf"{re.escape(str(first.config))}:{line or '[0-9]+'}:{column or '[0-9]+'}: error: ."
    for options in ((), ("--json",)):
        done = first.ctl(*options, "reload")
        assert done.returncode == 1
        assert re.search(where, done.stderr), done.stderr
        assert done.stdout == ""
    first.send(signal.SIGHUP)
    wait_until(lambda: len(re.findall(where, first.log())) >= 3, "the log tells of each")
    assert slot(first) == before
    assert times_reloaded(first) == 0
    assert "priority 200" in first.ctl("config").stdout
    elected(first, second)
    first.config.write_text(good, encoding="utf-8")
    assert first.json("reload") == {"changed": 0}


def test_file_that_is_not_there(lan):
    first, second = pair(lan)
    first.config.unlink()
    done = first.ctl("reload")
    assert done.returncode == 1 and str(first.config) in done.stderr
    elected(first, second)


def test_an_include_that_is_gone(lan):
    """What it configured is not withdrawn, unless its line is taken away."""
    included = lan.dir / "included.conf"
    rest = Instance(200, **SECOND).text()
    included.write_text(rest, encoding="utf-8")
    agent = Xvrrpd(lan.r1, Instance(200))
    agent.config.write_text(f"include {included}\n{Instance(200).text()}", encoding="utf-8")
    assert agent.json("reload") == {"changed": 1}
    included.unlink()
    done = agent.ctl("reload")
    assert done.returncode == 1 and "include" in done.stderr
    wait_until(lambda: f"{included} is not included" in agent.log(), "the log names it")
    wait_until(lambda: agent.state("VI_2") == "active", "the router of the file")
    included.write_text(rest, encoding="utf-8")
    assert agent.json("reload") == {"changed": 0}
    agent.config.write_text(Instance(200).text(), encoding="utf-8")
    assert agent.json("reload") == {"changed": 1}


def test_changed_priority_of_one_of_two(lan):
    """The other one sees nothing; the changed one has the new priority."""
    first = Xvrrpd(lan.r1, Instance(200), Instance(200, **SECOND))
    second = Xvrrpd(lan.r2, Instance(100), Instance(100, **SECOND))
    for name in ("VI_1", "VI_2"):
        elected(first, second, name)
    capture = lan.capture()
    wait_until(lambda: len(capture.adverts_from("r1", vrid=VRID)) >= 5, "cadence before")
    first.configure(Instance(200), Instance(50, **SECOND))
    assert first.json("reload") == {"changed": 1}
    elected(second, first, "VI_2")
    wait_until(lambda: len(capture.adverts_from("r1", vrid=VRID)) >= 30, "cadence after")
    assert first.vr("VI_2")["priority"] == 50
    told = [a for a in capture.adverts_from("r1", vrid=VRID)]
    assert {a.priority for a in told} == {200}
    assert mean_interval_ns([a.time_ns for a in told], 10) == pytest.approx(1e8, rel=0.01)
    assert capture.adverts_from("r2", vrid=VRID) == capture.gratuitous(VIP) == []
    assert [a.vr()["statistics"]["active_transitions"] for a in (first, second)] == [1, 0]


def test_removed_and_added(lan):
    """What is gone withdraws, what is new takes part; the one that stays sees nothing."""
    first = Xvrrpd(lan.r1, Instance(200), Instance(200, **SECOND))
    wait_until(lambda: {first.state("VI_1"), first.state("VI_2")} == {"active"}, "both Active")
    wait_until(lambda: "192.0.2.2/24" in lan.r1.addresses(), "the second address")
    capture = lan.capture()
    held = bpf.footprint(first)
    first.configure(Instance(200))
    assert first.json("reload") == {"changed": 1}
    wait_until(lambda: capture.adverts_from("r1", vrid=52, priority_zero=True), "it withdraws")
    wait_until(lambda: "192.0.2.2/24" not in lan.r1.addresses(), "its address is gone")
    assert bpf.footprint(first)["vr_index"] == 1
    first.configure(Instance(200), Instance(200, **SECOND))
    assert first.json("reload") == {"changed": 1}
    wait_until(lambda: first.state("VI_2") == "active", "it is back")
    wait_until(lambda: bpf.footprint(first) == held, f"as much as before ({held})")
    assert first.vr("VI_1")["statistics"]["active_transitions"] == 1
    assert capture.gratuitous(VIP) == []


def test_removed_after_an_address_was_looked_up(lan):
    """Whose an address was is asked of those that run; sanitizers see the others asked."""
    agent = Xvrrpd(lan.r1, Instance(200), Instance(200, **SECOND))
    wait_until(lambda: {agent.state("VI_1"), agent.state("VI_2")} == {"active"}, "both Active")
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address")
    lan.r1.ip("address", "del", f"{VIP}/24", "dev", "eth0")
    wait_until(lambda: "somebody removed our address" in agent.log(), "it is looked up")
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "it is put back")
    agent.configure(Instance(200))
    assert agent.json("reload") == {"changed": 1}
    wait_until(lambda: "192.0.2.2/24" not in lan.r1.addresses(), "the other address is gone")
    assert agent.json("reload") == {"changed": 0}
    assert agent.vr("VI_1")["state"] == "active"


def test_a_file_that_nobody_writes_holds_up_nothing(lan):
    """A FIFO in the file's place: to read it would be to wait for ever."""
    agent = Xvrrpd(lan.r1, Instance(100, INTERVAL_S))
    wait_until(lambda: agent.state() == "active", "Active")
    agent.config.unlink()
    os.mkfifo(agent.config)
    done = agent.ctl("reload")
    assert done.returncode == 1
    assert f"{agent.config} is not a regular file" in done.stderr
    assert agent.state() == "active"
    assert agent.vr()["statistics"]["active_transitions"] == 1
    assert agent.stop() == 0
