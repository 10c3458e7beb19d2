# SPDX-License-Identifier: GPL-2.0-or-later
"""Is an Active on time? Judged from captured times, less what no program could have helped."""

import contextlib
import time

from .stalls import Stalls


class Cadence:
    """Advertisements of a port while the block runs: `with Cadence(lan, "r1") as c: ...`."""

    def __init__(self, lan, port, vrid=None):
        self.port = port
        self.vrid = vrid
        self.capture = lan.capture()
        self.stalls = Stalls()
        self.times_ns = []

    @contextlib.contextmanager
    def measured(self):
        with self.stalls:
            since_ns = time.time_ns()
            yield self
            until_ns = time.time_ns()
        self.capture.close()
        self.times_ns = [a.time_ns for a in self.capture.adverts_from(self.port, since_ns,
                                                                      self.vrid)
                         if a.priority and a.time_ns <= until_ns]

    def lost_ns(self, start_ns, end_ns):
        """How long the CPU that stood still longest did so between two times."""
        return max(sum(max(0, min(b, end_ns) - max(a, start_ns)) for a, b in gaps)
                   for gaps in self.stalls.gaps.values())

    def gaps(self, limit_s, excused_ns=()):
        """(milliseconds, of these the machine's) of gaps that are longer, the machine's aside.

        Without those in which an excused moment falls.
        """
        pairs = [(a, b) for a, b in zip(self.times_ns, self.times_ns[1:])
                 if b - a > limit_s * 1e9 and not any(a < t < b for t in excused_ns)]
        late = [(b - a, self.lost_ns(a, b)) for a, b in pairs]
        return [(gap / 1e6, lost / 1e6) for gap, lost in late if gap - lost > limit_s * 1e9]


@contextlib.contextmanager
def cadence(lan, port, vrid=None):
    """Measure; ask the Cadence that is given when the block is over."""
    with Cadence(lan, port, vrid).measured() as measured:
        yield measured
