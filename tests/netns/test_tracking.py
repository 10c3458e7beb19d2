# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracked objects: scripts, files, processes, interfaces, and what they make of a priority."""

import datetime
import errno
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import time

import pytest

from lab import BUILD, Instance, Keepalived, Root, Xvrrpd, block, hold, wait_until, write_program


def script(name, command, *lines, interval=0.1):
    return Root(f"vrrp_script {name}", f'script "{command}"', f"interval {interval}",
                "user root", *lines)


def tracked(kind, *lines):
    return block(f"track_{kind}", *lines)


def track(agent, name="VI_1", at=0):
    return agent.vr(name)["tracking"][at]


def priority(agent, name="VI_1"):
    return agent.vr(name)["effective_priority"]


def wait_priority(agent, wanted, name="VI_1"):
    wait_until(lambda: priority(agent, name) == wanted, f"priority {wanted}")


def copies(path):
    """Processes that the agent has started with this file; not what forks off them."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if os.fsencode(path) in words and os.getsid(pid) == pid:
                found.append(pid)
        except OSError:
            continue
    return found


# ---- scripts ----

def test_a_script_moves_the_role(lan):
    """Two routers; the exit status of one's check decides. Each weight as keepalived has it."""
    flag = lan.dir / "well"
    flag.touch()
    first = Xvrrpd(lan.r1, script("chk", f"test -e {flag}", "weight 50", "rise 2", "fall 2"),
                   Instance(priority=100, extra=tracked("script", "chk")))
    second = Xvrrpd(lan.r2, script("chk", "false", "weight -10"),
                    Instance(priority=130, extra=tracked("script", "chk")))
    wait_until(lambda: (first.state(), second.state()) == ("active", "backup"), "roles")
    assert (priority(first), priority(second)) == (150, 120)
    assert track(first) == {
        "kind": "script", "name": "chk", "state": "up", "weight": 50, "reverse": False,
        "value": None, "last_result": "exit status 0", "since": track(first)["since"]}
    assert track(first)["since"]
    flag.unlink()
    wait_until(lambda: (first.state(), second.state()) == ("backup", "active"), "roles changed")
    assert priority(first) == 100
    assert track(first)["last_result"] == "exit status 1"
    flag.touch()
    wait_until(lambda: (first.state(), second.state()) == ("active", "backup"), "roles again")
    wait_until(lambda: "tracked script chk is down (exit status 1)" in first.log(), "it is logged")


def test_without_a_weight_it_is_a_fault(lan):
    """The first result is waited for; two instances, one check, one run at a time."""
    runs = lan.dir / "runs"
    flag, go = lan.dir / "well", lan.dir / "go"
    program = write_program(
        lan.dir / "check", f"echo >>{runs}\nwhile [ ! -e {go} ]; do sleep 0.02; done\n"
                           f"test -e {flag}")
    agent = Xvrrpd(lan.r1, script("chk", program, "timeout 10"),
                   Instance(extra=tracked("script", "chk")),
                   Instance(name="VI_2", vrid=52, addresses=("192.0.2.2/24",),
                            extra=tracked("script", "chk weight 0 reverse")))
    wait_until(runs.exists, "the check runs")
    assert agent.vr()["fault_reasons"] == ["tracking-pending"]
    assert track(agent)["state"] == "unknown"
    flag.touch()
    go.touch()
    wait_until(lambda: agent.state() == "active", "active")
    assert agent.vr("VI_2")["fault_reasons"] == ["tracked-object"]
    flag.unlink()
    wait_until(lambda: agent.state("VI_2") == "active", "the reversed one")
    assert agent.vr()["fault_reasons"] == ["tracked-object"]
    go.unlink()
    hold(lambda: len(copies(program)) <= 1, "never a second one", 0.5)
    wait_until(lambda: len(copies(program)) == 1, "one waits")
    wait_until(lambda: "still runs when its interval is over" in agent.log(), "it is logged")


BAD = {
    "hangs": ("exec sleep 1000", "timed out"),
    "ignores": ("trap '' TERM; while :; do sleep 1000; done", "timed out"),
    "prints": ("head -c 30000000 /dev/zero; head -c 30000000 /dev/zero >&2; exit 3",
               "exit status 3"),
    "forks": ("sleep 1 & sleep 1 & exit 4", "exit status 4"),
    "dies": ("kill -9 $$", "ended by signal 9"),
}


def test_bad_manners(lan):
    """Each fails in its own way, none stands in another's, nor in the way of advertisements."""
    programs = {name: write_program(lan.dir / name, text) for name, (text, _) in BAD.items()}
    blocks = [script(name, path, "timeout 0.2", "weight -1") for name, path in programs.items()]
    agent = Xvrrpd(lan.r1, *blocks,
                   Instance(priority=200, advert_int=0.02, extra=tracked("script", *programs)))
    most = dict.fromkeys(programs, 0)

    def all_failed():
        for name, path in programs.items():
            most[name] = max(most[name], len(copies(path)))
        return [t["last_result"] for t in agent.vr()["tracking"]] == [
            result for _, result in BAD.values()]

    wait_until(all_failed, "all have failed")
    wait_priority(agent, 200 - len(BAD))
    assert agent.state() == "active"
    assert max(most.values()) <= 1, most
    late = agent.log().count("woke")
    assert late == 0, agent.log()
    assert agent.stop() == 0
    wait_until(lambda: not any(copies(path) for path in programs.values()), "none is left")


def test_one_that_cannot_be_run(lan):
    """Counts as not tracked, as in keepalived; said once; counts once it is there."""
    late = write_program(lan.dir / "late", "")
    late.write_text("#!/nonexistent/sh\n", encoding="ascii")
    agent = Xvrrpd(lan.r1, script("late", late), script("never", lan.dir / "never"),
                   Instance(extra=tracked("script", "late", "never")))
    wait_until(lambda: agent.state() == "active", "active")
    assert [(t["name"], t["state"]) for t in agent.vr()["tracking"]] == [("late", "unusable")]
    write_program(late, "exit 1")
    wait_until(lambda: agent.vr()["fault_reasons"] == ["tracked-object"], "it counts")
    write_program(late, "exit 0")
    wait_until(lambda: agent.state() == "active", "active again")
    late.unlink()
    wait_until(lambda: agent.log().count("vrrp_script late cannot be run") == 2, "said again")
    assert agent.state() == "active"


def test_one_that_can_be_run_now_counts_in_the_state_it_had(lan):
    """Down by init_fail, and then down by its first result: no change of state, but it counts."""
    broken = write_program(lan.dir / "broken", "")
    broken.write_text("#!/nonexistent/sh\n", encoding="ascii")
    late = write_program(lan.dir / "late", "")
    late.write_text("#!/nonexistent/sh\n", encoding="ascii")
    instance = Instance(extra=tracked("script", "late"))
    agent = Xvrrpd(lan.r1, script("late", broken, "init_fail", "weight -50"), instance)
    wait_until(lambda: track(agent)["state"] == "unusable", "not looked at")
    wait_until(lambda: "192.0.2.1/24" in lan.r1.addresses(), "nothing else is to happen")
    wait_priority(agent, 100)
    agent.configure(script("late", late, "init_fail", "weight -50"), instance)
    assert agent.ctl("reload").returncode == 0
    assert (track(agent)["state"], priority(agent)) == ("unusable", 100)
    write_program(late, "exit 1")
    wait_until(lambda: track(agent)["state"] == "down", "its result")
    wait_priority(agent, 50)


def test_one_that_is_being_written(lan):
    """... cannot be run just now, which says nothing: not even at first, and of no state."""
    first = write_program(lan.dir / "first", "exit 0")
    flag = lan.dir / "flag"
    later = write_program(lan.dir / "later", f"test ! -e {flag}")

    def busy(path):
        with open(path, "ab"):
            try:
                subprocess.run([path], check=False)
            except OSError as error:
                return error.errno == errno.ETXTBSY
        return False

    if not busy(first):
        pytest.skip("this kernel runs what is being written")
    with open(first, "ab"):
        agent = Xvrrpd(lan.r1, script("first", first, "timeout 0.2", interval=600),
                       script("later", later, "timeout 1"),
                       Instance(extra=tracked("script", "first", "later")))
        wait_until(lambda: track(agent)["last_result"] == f"not run: {first}: Text file busy",
                   "tried")
        assert (track(agent)["state"], agent.vr()["fault_reasons"]) == (
            "unknown", ["tracking-pending"])
    wait_until(lambda: agent.state() == "active", "tried again long before the interval is over")
    with open(later, "ab"):
        flag.touch()
        wait_until(lambda: track(agent, at=1)["last_result"].startswith("not run"), "tried")
        assert (track(agent, at=1)["state"], agent.state()) == ("up", "active")
    wait_until(lambda: agent.vr()["fault_reasons"] == ["tracked-object"], "it counts again")
    assert "cannot be run" in agent.log() and "not tracked" not in agent.log()


def test_many_scripts_keep_their_times(lan):
    """Of twenty with one interval none drifts, and they do not run all at once."""
    times = lan.dir / "times"
    program = write_program(lan.dir / "check", f"echo $1 $(date +%s%N) >>{times}")
    names = [f"c{i}" for i in range(20)]
    agent = Xvrrpd(lan.r1, *(script(n, f"{program} {n}", interval=0.5) for n in names),
                   Instance(extra=tracked("script", *names)))

    def stamps():
        found = {}
        for line in times.read_text(encoding="ascii").splitlines():
            name, _, stamp = line.partition(" ")
            found.setdefault(name, []).append(int(stamp))
        return found

    wait_until(lambda: times.exists() and len(stamps()) == 20 and
               min(map(len, stamps().values())) >= 6, "six runs of each")
    phases = []
    for name, ends in stamps().items():
        spans = [b - a for a, b in zip(ends[1:], ends[2:6])]
        mean = sum(spans) / len(spans)
        assert abs(mean - 0.5e9) < 0.06e9, (name, spans)
        phases.append(ends[1] % int(0.5e9))
    assert len({phase // int(0.05e9) for phase in phases}) >= 4, sorted(phases)
    assert agent.state() == "active"


# ---- files ----

def test_a_file(lan):
    """Written, replaced, removed, made by us; through a link and a directory that comes later."""
    there, link, later = lan.dir / "there", lan.dir / "link", lan.dir / "dir" / "later"
    made = lan.dir / "made"
    there.write_text("7\n", encoding="ascii")
    link.symlink_to(there)
    agent = Xvrrpd(lan.r1,
                   Root("track_file a", f"file {link}", "weight 2"),
                   Root("track_file b", f"file {later}"),
                   Root("track_file m", f"file {made}", "init_file 3 overwrite"),
                   Instance(extra=tracked("file", "a", "b weight -1", "m weight 1 reverse")))
    wait_priority(agent, 100 + 14 - 3)
    assert made.read_text(encoding="ascii") == "3\n"
    assert track(agent)["value"] == 7
    there.write_text("10", encoding="ascii")
    wait_priority(agent, 100 + 20 - 3)
    later.parent.mkdir()
    later.write_text("50\n", encoding="ascii")
    wait_priority(agent, 100 + 20 - 50 - 3)
    fresh = lan.dir / "fresh"
    fresh.write_text("0x10 and more", encoding="ascii")
    fresh.rename(later)
    wait_priority(agent, 100 + 20 - 16 - 3)
    later.unlink()
    os.mkfifo(later)
    wait_priority(agent, 100 + 20 - 3)
    wait_until(lambda: "track_file b: not a regular file" in agent.log(), "told so")
    link.unlink()
    wait_priority(agent, 100 - 3)
    fresh.write_text("-1", encoding="ascii")
    fresh.rename(link)
    wait_priority(agent, 100 - 2 - 3)
    link.write_text("99999999999", encoding="ascii")
    wait_until(lambda: "its number is too large" in agent.log(), "told so")
    wait_priority(agent, 100 - 2 - 3)


def test_a_file_is_a_switch(lan):
    """Without a weight: anything but 0 is a fault."""
    switch = lan.dir / "switch"
    agent = Xvrrpd(lan.r1, Root("track_file s", f"file {switch}", "weight 0"),
                   Instance(extra=tracked("file", "s")))
    wait_until(lambda: agent.state() == "active", "active")
    assert track(agent)["state"] == "up"
    switch.write_text("1", encoding="ascii")
    wait_until(lambda: agent.vr()["fault_reasons"] == ["tracked-object"], "fault")
    assert track(agent)["state"] == "down"
    switch.write_text("0", encoding="ascii")
    wait_until(lambda: agent.state() == "active", "active again")


def test_a_number_can_be_a_fault(lan):
    """One that takes off all that there can be, reversed or not; it is down then, and says so."""
    number = lan.dir / "number"
    number.write_text("-127", encoding="ascii")
    agent = Xvrrpd(lan.r1, Root("track_file n", f"file {number}", "weight 2"),
                   Instance(extra=tracked("file", "n")),
                   Instance(name="VI_2", vrid=52, addresses=("192.0.2.2/24",),
                            extra=tracked("file", "n weight 2 reverse")))
    wait_until(lambda: (agent.state(), agent.state("VI_2")) == ("initialize", "active"), "a fault")
    assert (track(agent)["state"], track(agent, "VI_2")["state"]) == ("down", "up")
    number.write_text("127", encoding="ascii")
    wait_until(lambda: (agent.state(), agent.state("VI_2")) == ("active", "initialize"), "reversed")
    assert (track(agent)["state"], track(agent, "VI_2")["state"]) == ("up", "down")


# ---- processes ----

NAME = f"trk{os.getpid()}"  # others may run this test at the same time


class Program:
    """A copy of sleep under a name of its own."""

    def __init__(self, lan, name):
        self.path = lan.dir / name
        self.path.write_bytes(pathlib.Path("/bin/sleep").read_bytes())
        self.path.chmod(0o755)
        self.running = []

    def start(self, *words, wrapper=()):
        self.running.append(subprocess.Popen([*wrapper, self.path, *(words or ("1000",))]))
        return self.running[-1]

    def end(self, number=signal.SIGKILL):
        process = self.running.pop()
        process.send_signal(number)
        return process

    def end_all(self):
        while self.running:
            self.end().wait()


@pytest.fixture
def program(lan):
    one = Program(lan, NAME)
    yield one
    one.end_all()


def test_a_process(lan, program):
    """Quorum, parameters, and a priority that follows."""
    agent = Xvrrpd(lan.r1,
                   Root("vrrp_track_process p", f"process {NAME}", "quorum 2", "quorum_max 3",
                        "weight 10"),
                   Root("vrrp_track_process q", f"process {program.path} 1001", "weight -20"),
                   Root("vrrp_track_process r", f"process {program.path} 10",
                        "param_match initial", "weight 100"),
                   Instance(extra=tracked("process", "p", "q", "r")))
    wait_priority(agent, 80)
    program.start()
    wait_priority(agent, 180)
    program.start()
    wait_priority(agent, 190)
    assert track(agent) == {**track(agent), "state": "up", "value": 2, "weight": 10}
    program.start("1001")
    wait_priority(agent, 210)
    program.start("2000")
    wait_priority(agent, 200)
    program.end().wait()
    wait_priority(agent, 210)
    program.end_all()
    wait_priority(agent, 80)


def test_the_delays_of_a_process(lan, program):
    """A restart within terminate_delay is no event."""
    agent = Xvrrpd(lan.r1, Root("vrrp_track_process p", f"process {NAME}", "weight 10",
                                "terminate_delay 1"),
                   Instance(extra=tracked("process", "p")))
    program.start()
    wait_priority(agent, 110)
    program.end().wait()
    program.start()
    wait_until(lambda: track(agent)["value"] == 1, "seen")
    assert agent.log().count("tracked process p is") <= 2
    began = time.monotonic()
    program.end().wait()
    wait_priority(agent, 100)
    assert time.monotonic() - began >= 0.9


class Followed:
    """`xvrrpctl events` in the background: those of priorities."""

    def __init__(self, lan, agent):
        self._path = lan.dir / "events.log"
        with open(self._path, "wb") as file:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                [BUILD / "xvrrpctl", "-s", agent.run_dir / "control.sock", "events"], stdout=file)
        lan.at_close(self.close)

    def close(self):
        self._process.kill()
        self._process.wait()

    def listens(self):
        return self._path.stat().st_size > 0

    def last(self, priority_now):
        """When the priority became so, in seconds; None if it is another one, or unknown."""
        lines = self._path.read_text(encoding="utf-8").splitlines()
        events = [e for e in map(json.loads, lines) if e["event"] == "priority"]
        if not events or events[-1]["priority"] != priority_now:
            return None
        time_text = events[-1]["time"].replace("Z", "+00:00")
        return datetime.datetime.fromisoformat(time_text).timestamp()


def test_the_end_of_a_process_is_known_at_once(lan, program):
    """By the median, within a millisecond, in a network namespace that is not the first.

    It dies with real-time scheduling: on a busy machine it would wait for a CPU to die on.
    """
    agent = Xvrrpd(lan.r1, Root("vrrp_track_process p", f"process {NAME}", "weight 10"),
                   Instance(extra=tracked("process", "p")))
    followed = Followed(lan, agent)
    spans = []
    while len(spans) < 15:
        program.start(wrapper=("chrt", "-f", "1"))
        wait_priority(agent, 110)
        began = time.time()
        process = program.end()
        wait_priority(agent, 100)
        process.wait()
        if followed.listens():
            spans.append(wait_until(lambda: followed.last(100), "told") - began)
    assert statistics.median(spans) < 1e-3, spans


# ---- interfaces ----

def test_an_interface(lan):
    """Weights, faults, its own one left out, one that comes and goes."""
    agent = Xvrrpd(lan.r1,
                   Instance(extra=tracked("interface", "trk0 weight 30", "trk1 weight -40")
                            + ("dont_track_primary",)),
                   Instance(name="VI_2", vrid=52, addresses=("192.0.2.2/24",),
                            extra=tracked("interface", "trk0")))
    wait_until(lambda: agent.state() == "active", "active")
    assert priority(agent) == 60
    assert agent.vr("VI_2")["fault_reasons"] == ["tracked-object"]
    lan.r1.ip("link", "add", "trk0", "type", "bridge")
    lan.r1.ip("link", "set", "trk0", "up")
    wait_priority(agent, 90)
    wait_until(lambda: agent.state("VI_2") == "active", "the other one")
    lan.r1.ip("link", "add", "trk1", "type", "bridge")
    lan.r1.ip("link", "set", "trk1", "up")
    wait_priority(agent, 130)
    lan.r1.ip("link", "set", "trk0", "down")
    wait_priority(agent, 100)
    wait_until(lambda: agent.state("VI_2") == "initialize", "fault")
    lan.r1.ip("link", "del", "trk1")
    wait_priority(agent, 60)
    lan.r1.ip("link", "set", "eth0", "down")
    wait_until(lambda: agent.state("VI_2") == "initialize" and
               "interface-down" in agent.vr("VI_2")["fault_reasons"], "seen")
    assert agent.state() == "active"


# ---- restart ----

def test_a_restart_is_no_event(lan):
    """The priority in the slot stands until the objects are known, slow as they are."""
    slow = write_program(lan.dir / "slow", f"[ -e {lan.dir}/fast ] || sleep 1\nexit 1")
    (lan.dir / "fast").touch()
    blocks = (script("slow", slow, "weight -60", "timeout 5"), script("ok", "true"),
              Instance(priority=150, extra=tracked("script", "slow", "ok")))
    agent = Xvrrpd(lan.r1, *blocks)
    wait_until(lambda: agent.state() == "active" and priority(agent) == 90, "active at 90")
    peer = Xvrrpd(lan.r2, Instance(priority=80))
    wait_until(lambda: peer.state() == "backup", "peer is backup")
    before = peer.vr()["last_transition"]
    (lan.dir / "fast").unlink()
    agent.send(signal.SIGUSR2)
    wait_until(lambda: not agent.alive(), "gone")
    again = Xvrrpd(lan.r1, *blocks)
    assert (again.state(), priority(again)) == ("active", 90)
    wait_until(lambda: track(again)["state"] == "down", "known")
    assert (again.state(), priority(again)) == ("active", 90)
    assert "priority 90 ->" not in again.log() and "priority 150 ->" not in again.log()
    assert (peer.state(), peer.vr()["last_transition"]) == ("backup", before)


# ---- reload ----

def test_a_reload_keeps_what_is_known(lan):
    """Weights change in place; a new object is no fault before its result; runs are not cut."""
    runs = lan.dir / "runs"
    program = write_program(lan.dir / "check", f"echo >>{runs}")
    slow = write_program(lan.dir / "slow", "sleep 0.7; exit 1")
    known = script("known", program, interval=600)
    agent = Xvrrpd(lan.r1, known, Instance(extra=tracked("script", "known weight 10")))
    wait_priority(agent, 110)
    wait_until(lambda: agent.state() == "active", "active")
    since = track(agent)["since"]
    agent.configure(known, script("slow", slow, "timeout 5"),
                    Instance(extra=tracked("script", "known weight 20", "slow")))
    assert agent.ctl("reload").returncode == 0
    assert (agent.state(), priority(agent)) == ("active", 120)
    assert track(agent)["since"] == since
    assert track(agent, at=1)["state"] == "unknown"
    wait_until(lambda: agent.vr()["fault_reasons"] == ["tracked-object"], "its result")
    agent.configure(script("known", f"{program} now", interval=600),
                    Instance(extra=tracked("script", "known")))
    assert agent.ctl("reload").returncode == 0
    wait_until(lambda: agent.state() == "active", "active again")
    assert agent.vr()["fault_reasons"] == []
    wait_until(lambda: len(runs.read_text(encoding="ascii")) == 2, "the changed one has run")


def test_the_status_in_words(lan):
    agent = Xvrrpd(lan.r1, script("chk", "false", "weight -20"),
                   Instance(extra=tracked("script", "chk")))
    wait_priority(agent, 80)
    assert "script chk: down (exit status 1) for " in agent.ctl("status", "VI_1").stdout
    assert ", weight -20\n" in agent.ctl("status", "VI_1").stdout


# ---- keepalived ----

CASES = {
    "up, positive": ("true", "weight 20"),
    "up, negative": ("true", "weight -20"),
    "down, positive": ("false", "weight 20"),
    "down, negative": ("false", "weight -20"),
    "up, reverse": ("true", "weight 20 reverse"),
    "down, reverse": ("false", "weight -20 reverse"),
}


def test_weights_as_keepalived_has_them(lan):
    """Six instances with the same checks on both; each pair agrees on the priority."""
    blocks = [script(f"c{i}", f"/bin/{command}", line)
              for i, (command, line) in enumerate(CASES.values())]
    instances = [Instance(name=f"VI_{i}", vrid=60 + i, addresses=(f"192.0.2.{60 + i}/24",),
                          advert_int=1, extra=tracked("script", f"c{i}"))
                 for i in range(len(CASES))]
    agent = Xvrrpd(lan.r1, *blocks, *instances)
    peer = Keepalived(lan.r2, *blocks, *instances)
    for i in range(len(CASES)):
        wait_until(lambda name=f"VI_{i}": agent.vr(name)["tracking"][0]["last_result"], "known")
    ours = {f"VI_{i}": priority(agent, f"VI_{i}") for i in range(len(CASES))}

    def theirs():
        found = dict.fromkeys(ours, 100)
        for name, value in re.findall(r"\((VI_\d)\) Changing effective priority from \d+ to "
                                      r"(\d+)", peer.log()):
            found[name] = int(value)
        return found

    wait_until(lambda: theirs() == ours, f"keepalived has {ours}")
    assert set(ours.values()) == {80, 100, 120}
