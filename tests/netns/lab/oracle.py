# SPDX-License-Identifier: GPL-2.0-or-later
"""Judgements over who advertised and who answered, from captured times alone (I1).

An event is (time_ns, port): the port of the switch tells the router, since all of them use one
virtual MAC. A term is the time from a router's first advertisement to another router's.
"""

import bisect

MS = 1_000_000
# A promotion flips the lease first and advertises next: an answer may come in between.
PROMOTION_NS = 5 * MS


def terms(adverts):
    """[(since, until, port)] of wire.Advert, in order; the last one ends never."""
    changes = []
    for advert in sorted(adverts, key=lambda a: a.time_ns):
        if advert.priority and (not changes or changes[-1][1] != advert.port):
            changes.append((advert.time_ns, advert.port))
    ends = [time_ns for time_ns, _ in changes[1:]] + [float("inf")]
    return [(since, until, port) for (since, port), until in zip(changes, ends)]


def between(times, start_ns, end_ns):
    """The part of a sorted list that lies in (start, end)."""
    return times[bisect.bisect_right(times, start_ns):bisect.bisect_left(times, end_ns)]


def double_answers(adverts, answers):
    """[(time, port)] of those who answered after another's first advertisement.

    `answers`: {port: [time, ...]}. Not for live handovers, where the old one first has to hear it.
    """
    order = terms(adverts)
    found = []
    for (since, until, holder), heir in zip(order, [t[2] for t in order[1:]] + [None]):
        for port, times in answers.items():
            if port != holder:
                end = until - PROMOTION_NS if port == heir else until
                found += [(time_ns, port) for time_ns in between(times, since, end)]
    return found


def leaseless_answers(adverts, answers, lease_ns):
    """[(time, port)] of those who answered later than a lease after their own advertisement."""
    found = []
    for port, times in answers.items():
        mine = sorted(a.time_ns for a in adverts if a.port == port)
        for before, after in zip([0] + mine, mine + [float("inf")]):
            found += [(t, port) for t in between(times, before + lease_ns, after - PROMOTION_NS)]
    return found


def handovers(adverts):
    """[(last advertisement of the old one, first of the new one, old port, new port)]."""
    order, times = terms(adverts), {}
    for advert in sorted(adverts, key=lambda a: a.time_ns):
        times.setdefault(advert.port, []).append(advert.time_ns)
    return [(times[old][bisect.bisect_left(times[old], until) - 1], since, old, new)
            for (_, until, old), (since, _, new) in zip(order, order[1:])]
