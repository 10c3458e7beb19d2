# SPDX-License-Identifier: GPL-2.0-or-later
"""xvrrpctl beside a running agent."""

import datetime
import json
import pathlib
import re
import signal
import subprocess
import time

from lab import BUILD, VIP, Instance, Xvrrpd, pair, run_agent, wait_until

# Names that scripts outside this repository rely on.
ROUTER_KEYS = {
    "name", "interface", "vlan", "vrid", "family", "version", "state", "fault_reasons", "priority",
    "effective_priority", "is_owner", "preempt", "preempt_delay_us", "accept_mode",
    "advertise_interval_us", "active_adver_interval_us", "skew_time_us",
    "active_down_interval_us", "virtual_mac", "virtual_addresses", "primary_address",
    "active_address", "lease_remaining_us", "last_event", "new_active_reason", "last_transition",
    "sync_group", "tracking", "statistics", "drained", "unicast_peers", "up_since",
    "excluded_addresses", "discontinuity_time"}
STATISTICS = {"active_transitions", "advertisements_received", "advertisements_sent",
              "priority_zero_received", "priority_zero_sent", "errors"}
ERRORS = {"ttl", "version", "type", "length", "checksum", "interval", "address_list", "auth",
          "own_packet"}


def test_status_as_designed(lan):
    first, second = pair(lan)
    status = first.json("status")
    assert set(status) == {"version", "virtual_routers", "interfaces"}
    router, = status["virtual_routers"]
    assert set(router) == ROUTER_KEYS
    assert STATISTICS <= set(router["statistics"])
    assert ERRORS <= set(router["statistics"]["errors"])
    expected = {
        "name": "VI_1", "interface": "eth0", "vlan": 0, "vrid": 51, "family": "ipv4", "version": 3,
        "state": "active", "fault_reasons": [], "priority": 200, "effective_priority": 200,
        "is_owner": False, "preempt": True, "accept_mode": True, "preempt_delay_us": 0,
        "advertise_interval_us": 100000, "active_adver_interval_us": 100000,
        "skew_time_us": 21875, "active_down_interval_us": 321875,
        "virtual_mac": "00:00:5e:00:01:33", "virtual_addresses": [f"{VIP}/24"],
        "primary_address": "192.0.2.11", "active_address": "192.0.2.11", "sync_group": None,
        "tracking": [], "last_event": "active-timeout", "new_active_reason": "no-response"}
    assert {key: router[key] for key in expected} == expected
    assert 0 < router["lease_remaining_us"] <= 300000
    began = datetime.datetime.fromisoformat(router["discontinuity_time"])
    assert abs(began.timestamp() - time.time()) < 60
    assert second.vr()["lease_remaining_us"] == 0
    interface, = status["interfaces"]
    assert interface["name"] == "eth0" and interface["ifindex"] > 0
    assert {"vrid_unknown", "arp_replies", "arp_suppressed",
            "nd_replies"} <= set(interface["statistics"])


def test_table_for_people(lan):
    first, _ = pair(lan)
    done = first.ctl("status")
    assert done.returncode == 0
    for word in ("VI_1", "eth0", "51", "200", VIP):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_events_tell_a_transition(lan):
    first, second = pair(lan)
    command = [BUILD / "xvrrpctl", "--json", "-s", second.run_dir / "control.sock", "events"]
    descriptors = pathlib.Path(f"/proc/{second.pid}/fd")
    before = len(list(descriptors.iterdir()))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        try:
            wait_until(lambda: len(list(descriptors.iterdir())) > before, "it is connected")
            first.kill()
            event = json.loads(follower.stdout.readline())
        finally:
            follower.kill()
    assert (event["event"], event["name"]) == ("transition", "VI_1")
    assert (event["from"], event["state"]) == ("backup", "active")
    assert event["new_active_reason"] == "no-response"


def test_configuration_can_be_read_back(lan):
    """What the agent prints is what it runs, and a configuration that it accepts."""
    agent = Xvrrpd(lan.r1, Instance(priority=150))
    text = agent.ctl("config").stdout
    assert "priority 150" in text
    path = lan.dir / "printed.conf"
    path.write_text(text, encoding="utf-8")
    assert run_agent(lan.r1, "-t", "-f", path).returncode == 0
    assert run_agent(lan.r1, "-T", "-f", path).stdout == text


def test_signals_that_ask_keepalived_for_something(lan):
    """State, JSON, statistics anew, threads: nothing that a router dies of."""
    agent = Xvrrpd(lan.r1)
    wait_until(lambda: agent.state() == "active", "active")
    for number in (signal.SIGUSR1, signal.SIGRTMIN + 2, signal.SIGRTMAX - 1, signal.SIGRTMAX):
        agent.send(number)
    wait_until(lambda: "xvrrpctl --json status" in agent.log(), "told what to ask instead")
    assert agent.state() == "active"
    assert len(re.findall(r"signal \d+ .* does nothing", agent.log())) == 1
    assert agent.stop() == 0
