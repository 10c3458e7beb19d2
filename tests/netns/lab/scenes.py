# SPDX-License-Identifier: GPL-2.0-or-later
"""Situations that many tests start from, and judgements that many end with."""

import time

from .config import VIP, VRID, Instance
from .wait import wait_until
from .xvrrpd import Xvrrpd


def elected(active, backup, name="VI_1"):
    """Wait until two routers agree on who is who."""
    wait_until(lambda: active.state(name) == "active" and backup.state(name) == "backup",
               f"{active.node.name} Active and {backup.node.name} Backup")


def holds(node, address=VIP, interface="eth0"):
    """Wait until a node's kernel has an address, which comes after the role and its answers: a
    client that is quick loses its first packets."""
    family = 6 if ":" in address else 4
    wait_until(lambda: address in {a.partition("/")[0] for a in node.addresses(interface, family)},
               f"{address} on {node.name}")


def write_program(path, text):
    """A shell script, replaced as a whole: nobody can write to one that is being run."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    new.chmod(0o755)
    return new.replace(path)


def pair(lan, options=(), first=None, second=None, **kwargs):
    """Two agents on r1 and r2, elected: r1 is Active.

    `first` and `second` are their instances; both are given `options` (of the command line).
    """
    first, second = first or Instance(priority=200), second or Instance(priority=100)
    agents = (Xvrrpd(lan.r1, first, options=options, **kwargs),
              Xvrrpd(lan.r2, second, options=options, **kwargs))
    elected(*agents)
    return agents


def only_speaker(capture, port, interval_s, vrid=VRID):
    """Wait for a span in which this port, and no other, claims the role.

    A stall of the machine may hand the role over and back at short intervals; two routers that
    do not understand each other never show such a span.
    """
    intervals = min(20, max(2, int(2 / interval_s)))
    span_ns = int(intervals * interval_s * 1e9)
    began_ns = time.time_ns()

    def alone():
        since_ns = time.time_ns() - span_ns
        claims = [a for a in capture.adverts_from(port, since_ns, vrid) if a.priority]
        return (since_ns >= began_ns and len(claims) >= 0.6 * intervals
                and capture.speakers(since_ns, vrid) == {port})

    wait_until(alone, f"only {port} advertises", 15 + 2 * span_ns / 1e9)
