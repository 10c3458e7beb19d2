# SPDX-License-Identifier: GPL-2.0-or-later
"""No CPU to spare: a Backup takes nothing over, an Active keeps its cadence (I9, section 4).

XVRRPD_STARVED_SECONDS sets for how long; 60 by default.
"""

import os
import re
import subprocess
import sys

import pytest

from lab import Instance, Xvrrpd, elected, hold, pair, wait_until
from lab import nets
from lab.cadence import cadence

SECONDS = float(os.environ.get("XVRRPD_STARVED_SECONDS", "60"))
INTERVAL_S = 0.01
LOOPS = 8


class BusyLoops:
    """Processes that never sleep; half of them in sessions, hence in autogroups, of their own."""

    def __init__(self, count=LOOPS):
        self._count = count
        self._processes = []

    def __enter__(self):
        for n in range(self._count):
            self._processes.append(subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-S", "-c", "while True: pass"],
                start_new_session=n % 2 == 0))
        return self

    def __exit__(self, *exc):
        for process in self._processes:
            process.kill()
            process.wait()


def late_wakeups(agent):
    statistics = agent.vr()["statistics"]
    numbers = {**statistics, **statistics["errors"]}
    return numbers["late_wakeups"], numbers["late_microseconds"]


def takeovers(heard, port):
    """(silence before it, of this the machine's) of each first word of a port, in milliseconds.

    An Active whose CPU stands still for two intervals or more has lost its lease when it wakes.
    """
    found, last_ns = [], heard.times_ns[0]
    for advert in heard.capture.adverts:
        if advert.port == heard.port:
            last_ns = advert.time_ns
        elif advert.port == port and advert.priority and last_ns:
            found.append(((advert.time_ns - last_ns) / 1e6,
                          heard.lost_ns(last_ns, advert.time_ns) / 1e6, advert.time_ns))
            last_ns = 0  # the next ones are its cadence
    return found


def test_eight_busy_loops(lan, record_property):
    """No takeover, and no gap of more than 20 ms that is not the machine's own."""
    first, second = pair(lan, first=Instance(200, INTERVAL_S), second=Instance(100, INTERVAL_S))
    with BusyLoops(), cadence(lan, "r1") as heard:
        hold(lambda: True, "no CPU to spare", SECONDS, every_s=1.0)
    intervals = [(b - a) / 1e6 for a, b in zip(heard.times_ns, heard.times_ns[1:])]
    longest, stalled = max(intervals), heard.stalls.worst_ms()
    for name, value in (("longest_gap_ms", longest), ("worst_stall_ms", stalled)):
        record_property(name, value)
    lost = takeovers(heard, "r2")
    print(f"{len(intervals)} intervals, the longest {longest:.1f} ms; worst stall of a CPU "
          f"{stalled:.1f} ms; late wake-ups {late_wakeups(first)}, {late_wakeups(second)}; "
          f"takeovers {lost}")
    assert len(intervals) > 0.9 * SECONDS / INTERVAL_S
    assert [t for t in lost if t[1] < 1.5e3 * INTERVAL_S] == [], "from a living Active"
    assert heard.gaps(2 * INTERVAL_S, [time_ns for _, _, time_ns in lost]) == []
    elected(first, second)
    assert first.vr()["statistics"]["active_transitions"] == 1 + len(lost)


# ---- what a takeover asks of the kernel ----

# Nothing that waits for a lock or a disk, and nothing that makes or finds a thing.
HARMLESS = {"epoll_wait", "epoll_pwait", "epoll_pwait2", "clock_gettime", "timerfd_settime",
            "sendto", "sendmsg", "sendmmsg"}
CALL = re.compile(r"^(\d+) +(\d+\.\d+) (?:<\.\.\. )?(\w+)(?:\(| resumed)")


class Call:
    """A line of strace."""

    def __init__(self, match, line):
        self.thread = int(match[1])
        self.time_s = float(match[2])
        self.name = match[3]
        self.line = line

    def __repr__(self):
        return f"{self.line[:200]}\n"

    def sends_frames(self):
        return self.name in ("sendto", "sendmmsg", "sendmsg") and "AF_PACKET" in self.line

    def harmless(self):
        """Whatever it is called with, or because of what it is called with."""
        if self.name in HARMLESS:
            return "NETLINK" not in self.line
        if self.name in ("read", "write"):  # timers, and words between our threads
            return re.search(r"\(\d+<(anon_inode:\[(timerfd|eventfd)\]|pipe:)|resumed", self.line)
        if self.name in ("recvmsg", "recvfrom"):  # what the first takeovers of many bring about
            return "NETLINK" in self.line or "resumed" in self.line
        if self.name == "futex":
            return "FUTEX_WAKE" in self.line
        return self.name == "poll" and re.search(r", 0( |\))|resumed", self.line)


class Trace:
    """strace of every thread of an agent."""

    def __init__(self, lan, agent):
        self.path = lan.dir / "strace.log"
        self._process = subprocess.Popen(
            nets.enter_argv(agent.node.netns) +
            ["strace", "-f", "-ttt", "-T", "-yy", "-s", "64", "-o", self.path, "-p",
             str(agent.pid)], stderr=subprocess.PIPE, text=True)
        lan.at_close(self.close)
        assert "attached" in self._process.stderr.readline()

    def close(self):
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
            self._process.stderr.close()

    def calls(self):
        """In the order in which strace saw them."""
        lines = self.path.read_text(errors="replace").splitlines()
        matches = ((CALL.match(line), line) for line in lines)
        return [Call(match, line) for match, line in matches if match]


def takeover_path(calls):
    """From the wake-up before the first advertisement to the last gratuitous ARP."""
    sends = [n for n, call in enumerate(calls) if call.sends_frames()]
    announcements = [n for n in sends if "ETH_P_ARP" in calls[n].line]
    assert announcements, "it did not take over"
    began = max(n for n in range(sends[0]) if calls[n].name.startswith("epoll"))
    return calls[began:announcements[-1] + 1]


@pytest.mark.parametrize("instances", [1, 20])
def test_system_calls_of_a_takeover(lan, instances):
    """From the timer to the last announcement: the loop only sends; others do what may wait."""
    def configuration(priority):
        return [Instance(priority, 0.1, name=f"VI_{n}", vrid=50 + n,
                         addresses=(f"192.0.2.{200 + n}/32", f"10.0.{n}.1/32"))
                for n in range(1, instances + 1)]

    first, second = Xvrrpd(lan.r1, *configuration(200)), Xvrrpd(lan.r2, *configuration(100))
    for n in range(1, instances + 1):
        elected(first, second, f"VI_{n}")
    capture = lan.capture()
    trace = Trace(lan, second)
    try:
        first.kill()
        wait_until(lambda: len(lan.r2.addresses()) == 1 + 2 * instances, "all addresses")
        wait_until(lambda: len(capture.adverts_from("r2")) > 3 * instances, "some routine")
    finally:
        trace.close()
    assert {a.vrid for a in capture.adverts_from("r2")} == set(range(51, 51 + instances))
    path = takeover_path([call for call in trace.calls() if call.thread == second.pid])
    frames = [call for call in path if call.sends_frames()]
    assert len(frames) >= 2, "advertisements and announcements"
    assert instances == 1 or len(frames) < 2 * instances, "those of one tick in one call"
    wrong = [call for call in path if not call.harmless()]
    assert wrong == [], sorted({call.name for call in wrong})
    assert "NETLINK" in "".join(call.line for call in trace.calls()
                                if call.thread != second.pid and "RTM_NEWADDR" in call.line), \
        "the addresses are another thread's work"
    spent = [float(m[1]) for m in (re.search(r"<(\d+\.\d+)>$", call.line) for call in path
                                   if not call.name.startswith("epoll")) if m]
    print(f"{len(path)} calls, the longest {1e3 * max(spent):.2f} ms (with strace's part): "
          f"{sorted({call.name for call in path})}")
    assert max(spent) < 0.1, "a call that waited"
