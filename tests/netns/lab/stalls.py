# SPDX-License-Identifier: GPL-2.0-or-later
"""When did the machine stand still? One process a CPU, above every real-time priority in use.

A virtual machine is not always given its CPUs. No program can be on time then, and a test that
blames it measures the host. What counts is that nothing could run: a gap on one CPU only
is a stall of that CPU, a gap on all of them at once is a stall of the machine. Processes of their
own, because the threads of a test wait for each other.
"""

import os
import subprocess
import sys
import time

TICK_S = 0.001
GAP_NS = 5_000_000
ATTEMPTS = 3
PRIORITY = 99


class Stalls:
    """Gaps of more than 5 ms in which a CPU did not run even the most urgent process."""

    def __init__(self):
        self._watchers = {}
        self.gaps = {}  # CPU -> [(start, end)], CLOCK_REALTIME nanoseconds; after stop()

    def __enter__(self):
        for cpu in sorted(os.sched_getaffinity(0)):
            self._watchers[cpu] = subprocess.Popen(
                [sys.executable, "-S", __file__, str(cpu)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True)
        for watcher in self._watchers.values():
            watcher.stdout.readline()
        return self

    def __exit__(self, *exc):
        for cpu, watcher in self._watchers.items():
            output, _ = watcher.communicate()
            pairs = [line.split() for line in output.splitlines()]
            self.gaps[cpu] = [(int(start), int(end)) for start, end in pairs]

    # ---- questions, after the block ----

    def of_machine(self):
        """Spans in which no CPU ran."""
        cpus = list(self.gaps.values())
        common = cpus[0] if cpus else []
        for gaps in cpus[1:]:
            both = [(max(a, c), min(b, d)) for a, b in common for c, d in gaps]
            common = [(start, end) for start, end in both if start < end]
        return common

    def of_any_cpu(self):
        return sorted(gap for gaps in self.gaps.values() for gap in gaps)

    def lost_ns(self, start_ns, end_ns):
        """How long the machine stood still between two times."""
        spans = ((max(a, start_ns), min(b, end_ns)) for a, b in self.of_machine())
        return sum(max(0, end - start) for start, end in spans)

    def disturbed(self, start_ns, end_ns):
        """Did any CPU stand still between two times?"""
        return any(a < end_ns and b > start_ns for a, b in self.of_any_cpu())

    def worst_ms(self):
        return max((end - start for start, end in self.of_any_cpu()), default=0) / 1e6

    def heaviest_ns(self, span_ns):
        """The most that one CPU was away within any span of this length."""
        return max((sum(max(0, min(b, start + span_ns) - a) for a, b in gaps if a >= start)
                    for gaps in self.gaps.values() for start, _ in gaps), default=0)


def on_a_machine_that_runs(run, lease_ns):
    """What run() returns, from a run in which no CPU was away for a third of a lease.

    That much belongs to the agent. On a machine that has no such moment the last run has to do.
    """
    for _ in range(ATTEMPTS):
        with Stalls() as stalls:
            outcome = run()
        if stalls.heaviest_ns(lease_ns) < lease_ns / 3:
            break
        print(f"a CPU was away for {stalls.heaviest_ns(lease_ns) / 1e6:.0f} ms in a lease")
    return outcome


def watch(cpu):
    """The watcher of one CPU, until its standard input ends."""
    os.sched_setaffinity(0, {cpu})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except PermissionError:
        print("stalls: no real-time scheduling here", file=sys.stderr)
    os.set_blocking(0, False)
    print("watching", flush=True)
    last_ns, gaps = time.time_ns(), []
    while True:
        time.sleep(TICK_S)
        now_ns = time.time_ns()
        if now_ns - last_ns > GAP_NS:
            gaps.append((last_ns, now_ns))
        last_ns = now_ns
        try:
            if os.read(0, 1) == b"":
                break
        except BlockingIOError:
            pass
    for start, end in gaps:
        print(start, end)


if __name__ == "__main__":
    watch(int(sys.argv[1]))
