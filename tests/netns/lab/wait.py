# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting for a state, with a deadline, and the statistics of a test."""

import statistics
import time

DEADLINE_S = 15.0


def wait_until(predicate, what, deadline_s=DEADLINE_S, every_s=0.005):
    """Poll until `predicate()` is true and return its value; AssertionError after the deadline.

    The deadline is for a machine that stands still now and then, not an expectation: what has to
    be on time is measured from captured frames.
    """
    end = time.monotonic() + deadline_s
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s:g} s: {what} (last: {value!r})")
        time.sleep(every_s)


def hold(predicate, what, for_s, every_s=0.01):
    """The predicate stays true for a while."""
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        assert predicate(), f"did not stay so for {for_s:g} s: {what}"
        time.sleep(every_s)


def median(values):
    assert values, "no samples"
    return statistics.median(values)


def mean_interval_ns(times_ns, span):
    """The mean distance of successive times, robust against a single late one.

    The median over all pairs that are `span` apart: a stall moves the pairs that contain it. Give
    several times as many times as the span.
    """
    pairs = [(b - a) / span for a, b in zip(times_ns, times_ns[span:])]
    return median(pairs)
