# SPDX-License-Identifier: GPL-2.0-or-later
"""Mistakes and missing things: each a message that says what is wrong and what to do."""

import os
import re
import subprocess

import pytest

from lab import BUILD, Instance, Xvrrpd, config_text, run_agent, wait_until

EXIT_CONFIG, EXIT_USAGE, EXIT_SYSTEM = 1, 2, 3


@pytest.fixture
def node(lab):
    return lab.node("r1", "192.0.2.11/24")


def write(lab, text):
    path = lab.dir / "bad.conf"
    path.write_text(text, encoding="utf-8")
    return path


def start(node, config, *options, **kwargs):
    lab = node.lab
    return run_agent(node, "-f", config, "--run-dir", lab.dir / "run", "--pin-dir",
                     lab.bpffs() / "bad", *options, **kwargs)


def test_missing_file(lab, node):
    done = start(node, lab.dir / "absent.conf")
    assert done.returncode == EXIT_CONFIG
    assert "absent.conf" in done.stderr and "No such file" in done.stderr


@pytest.mark.parametrize("line, replacement, words", [
    ("virtual_router_id 51", "virtual_router_id 0", r"1.*255"),
    ("virtual_router_id 51", "virtual_router_id 256", r"1.*255"),
    ("interface eth0", "interface sixteen-bytes-if", r"sixteen-bytes-if.*interface"),
])
@pytest.mark.parametrize("option", [(), ("-t",)])
def test_refused_values(lab, node, line, replacement, words, option):
    """With the place: FILE:LINE:COL."""
    text = config_text([Instance()]).replace(line, replacement)
    number = next(n for n, row in enumerate(text.splitlines(), 1) if replacement in row)
    done = start(node, write(lab, text), *option)
    assert done.returncode == EXIT_CONFIG
    assert re.search(rf"bad\.conf:{number}:\d+: error: .*{words}", done.stderr), done.stderr


def test_duplicate_vrid(lab, node):
    """B-8: one interface, one family, one virtual router of a number."""
    text = config_text([Instance(name="VI_1"), Instance(name="VI_2", addresses=("192.0.2.2/24",))])
    done = start(node, write(lab, text))
    assert done.returncode == EXIT_CONFIG
    assert re.search(r"bad\.conf:\d+:\d+: error: .*51", done.stderr), done.stderr
    assert "VI_1" in done.stderr


def test_what_is_not_safe_stays_in_fault(node):
    """keepalived runs it; we do not understand its peers. The others run."""
    header = Instance(name="AH", vrid=52, version=2, addresses=("192.0.2.2/24",),
                      extra=("authentication {", "    auth_type AH", "    auth_pass x", "}"))
    agent = Xvrrpd(node, header, Instance())
    wait_until(lambda: agent.state("VI_1") == "active", "the other is Active")
    faulty = agent.vr("AH")
    assert (faulty["state"], faulty["fault_reasons"]) == ("initialize", ["configuration"])


def test_unknown_interface_is_a_fault_not_an_end(node):
    agent = Xvrrpd(node, Instance(interface="nowhere0"))
    wait_until(lambda: agent.vr()["fault_reasons"] == ["no-interface"], "fault")
    wait_until(lambda: "nowhere0" in agent.log(), "it is logged")
    assert agent.stop() == 0


def test_unknown_option(node, lab):
    done = start(node, write(lab, config_text([Instance()])), "--no-such-option")
    assert done.returncode == EXIT_USAGE
    assert "no-such-option" in done.stderr and "--help" in done.stderr


def test_no_privilege(lab, node):
    run_dir = lab.dir / "run"
    run_dir.mkdir()
    os.chown(run_dir, 65534, 65534)
    done = start(node, write(lab, config_text([Instance()])),
                 prefix=("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"))
    assert done.returncode == EXIT_SYSTEM
    assert re.search(r"root|CAP_\w+", done.stderr), done.stderr


@pytest.mark.parametrize("prefix,words", [
    (("prlimit", "--nofile=30:30"), "raise the limit"),
    (("setpriv", "--bounding-set", "-bpf,-perfmon,-sys_admin"), "CAP_BPF"),
])
def test_programs_that_cannot_be_loaded(lab, node, prefix, words):
    """Found out when the virtual routers are there already; nothing of it is left."""
    done = start(node, write(lab, config_text([Instance()])), prefix=prefix)
    assert done.returncode == EXIT_SYSTEM, done.stderr
    assert words in done.stderr.splitlines()[-1], done.stderr
    assert not (lab.dir / "run").exists() and not (lab.bpffs() / "bad").exists()


def test_no_bpffs(lab, node):
    """None there, and no right to mount one."""
    config = write(lab, config_text([Instance()]))
    done = run_agent(node, "-f", config, "--run-dir", lab.dir / "run", "--pin-dir",
                     lab.dir / "plain", prefix=("setpriv", "--bounding-set", "-sys_admin"))
    assert done.returncode == EXIT_SYSTEM
    assert str(lab.dir / "plain") in done.stderr
    assert re.search(r"bpf file ?system|bpffs", done.stderr), done.stderr
    assert re.search(r"CAP_SYS_ADMIN|root|mount", done.stderr), done.stderr


def test_second_agent_on_the_same_run_directory(lab, node):
    agent = Xvrrpd(node, Instance())
    done = run_agent(node, "-f", agent.config, "--run-dir", agent.run_dir, "--pin-dir",
                     lab.bpffs() / "second")
    assert done.returncode == EXIT_SYSTEM
    assert str(agent.pid) in done.stderr and str(agent.run_dir) in done.stderr
    assert agent.state() in ("backup", "active"), "the first goes on"


def test_second_agent_on_the_same_pins(lab, node):
    agent = Xvrrpd(node, Instance())
    done = run_agent(node, "-f", agent.config, "--run-dir", lab.dir / "second.run", "--pin-dir",
                     agent.pin_dir)
    assert done.returncode == EXIT_SYSTEM
    assert str(agent.pin_dir) in done.stderr
    assert agent.state() in ("backup", "active"), "the first goes on"


def test_client_without_an_agent(lab):
    done = subprocess.run([BUILD / "xvrrpctl", "-s", lab.dir / "none" / "control.sock", "status"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=10,
                          check=False)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "control.sock" in done.stderr and re.search(r"xvrrpd|agent", done.stderr)


def test_client_after_a_killed_agent(node):
    """Its socket is still there, nobody listens."""
    agent = Xvrrpd(node, Instance())
    agent.kill()
    done = agent.ctl("status")
    assert done.returncode != 0
    assert re.search(r"xvrrpd|agent", done.stderr)


def test_unknown_name_and_command(node):
    agent = Xvrrpd(node, Instance())
    done = agent.ctl("status", "VI_9")
    assert done.returncode != 0 and "VI_9" in done.stderr
    done = agent.ctl("stauts")
    assert done.returncode != 0 and "stauts" in done.stderr
