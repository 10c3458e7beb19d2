# SPDX-License-Identifier: GPL-2.0-or-later
"""Daemons in namespaces: started, signalled and ended by pid, their output in a file each."""

import itertools
import os
import pathlib
import signal
import subprocess
import time

from . import nets
from .wait import wait_until

STOP_DEADLINE_S = 10.0


def unused(path):
    """A second run of the same daemon gets a log of its own."""
    candidates = (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2))
    return next(p for p in itertools.chain([path], candidates) if not p.exists())


class Daemon:
    """A process that runs until it is ended, by us or by the kernel when we die."""

    def __init__(self, netns, argv, log_path, env=None):
        self.argv = [str(a) for a in argv]
        self.log_path = unused(pathlib.Path(log_path))
        # setpriv and nsenter exec what follows, so that the pid is the daemon's own.
        command = ["setpriv", "--pdeathsig", "KILL"] + nets.enter_argv(netns) + self.argv
        with open(self.log_path, "wb") as log:
            log.write(f"$ {' '.join(self.argv)}\n".encode())
            log.flush()
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                start_new_session=True)
        self.pid = self._process.pid

    def alive(self):
        return self._process.poll() is None

    def exit_code(self):
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def children(self):
        """Pids of the processes below it, nearest first."""
        found, todo = [], [self.pid]
        while todo:
            pid = todo.pop(0)
            try:
                text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
            except OSError:
                continue
            below = [int(word) for word in text.split()]
            found += below
            todo += below
        return found

    def send(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def freeze(self):
        """SIGSTOP; returns when the process stands still."""
        self.send(signal.SIGSTOP)
        wait_until(lambda: self._scheduler_state() in "TtZ", f"pid {self.pid} stopped")

    def thaw(self):
        self.send(signal.SIGCONT)

    def _scheduler_state(self):
        try:
            stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return "Z"
        return stat.rpartition(")")[2].split()[0]

    def kill(self):
        """SIGKILL the process and everything below it. Returns the time of the first signal.

        A parent that only watches is stopped first: it must not clean up after its child.
        """
        family = [self.pid] + self.children() if self.alive() else []
        began_ns = time.time_ns()
        if len(family) > 1:
            os.kill(self.pid, signal.SIGSTOP)
        for pid in reversed(family):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()
        return began_ns

    def stop(self, number=signal.SIGTERM):
        """Ask it to end and wait; returns the exit code. SIGKILL, and an error, if it does not."""
        self.send(signal.SIGCONT)
        self.send(number)
        try:
            return self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.argv[0]} (pid {self.pid}) did not stop") from None

    def voluntary_switches(self):
        """Times that the process gave the CPU away, over all threads: its wake-ups."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            for line in (task / "status").read_text(encoding="utf-8").splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
        return total
