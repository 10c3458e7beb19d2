#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A failover, seen from the client: `sudo make demo`.

Two routers and a client in network namespaces. The Active router is killed with SIGKILL while the
client pings the shared address every millisecond; then the timeline is printed, from frames that
were captured on the switch. With --keepalived the same is done to a pair of keepalived.
"""

import argparse
import dataclasses
import os
import shutil
import sys
import time

from lab import (BUILD, VIP, ArpProber, Instance, Keepalived, Lab, Pinger, Xvrrpd, only_speaker,
                 terminate_like_interrupt, wait_until)
from lab.nets import CommandError

NAMES = ("router-a", "router-b")
PICTURE = """
    client 192.0.2.100     one ping and one ARP request a millisecond
        |
    ----+----+-----------------+----   switch
             |                 |
         router-a          router-b
       192.0.2.11        192.0.2.12
     priority {0}      priority {1}    advertisements every {2:g} ms

    The address that both guard, one at a time: 192.0.2.1
"""
COLUMNS = 60
CALM_S = 0.5  # of pings before the kill, at least
MS = 1_000_000


def say(text=""):
    print(text, flush=True)


@dataclasses.dataclass
class Story:
    """What happened, in CLOCK_REALTIME nanoseconds."""

    routers: tuple
    capture: object
    ping: object
    started_ns: int = 0
    killed_ns: int = 0
    back_ns: int = 0
    ended_ns: int = 0

    def interval_ns(self):
        return self.routers[0].advert_int * 1e9

    def last_advert_ns(self):
        """Of the dead router."""
        return [a.time_ns for a in self.capture.adverts_from(NAMES[0])
                if a.time_ns <= self.takeover_ns()][-1]

    def first_advert_ns(self, name, since_ns=0):
        return self.capture.adverts_from(name, since_ns, priority_zero=False)[0].time_ns

    def takeover_ns(self):
        return self.first_advert_ns(NAMES[1], self.killed_ns)

    def answers(self, name, since_ns=0):
        """Times of the echo replies that came in through the router's port."""
        return [e.time_ns for e in self.capture.echoes
                if e.reply and e.port == name and e.time_ns >= since_ns]

    def arp_answers(self, name, since_ns=0):
        return [a.time_ns for a in self.capture.replies(VIP, since_ns, name)]


# ---- what is done ----

def build(lab, args):
    """The LAN, with both routers running and the first one Active."""
    instances = (Instance(priority=200, advert_int=args.interval),
                 Instance(priority=100, advert_int=args.interval))
    kind = Keepalived if args.keepalived else Xvrrpd
    nodes = [lab.node(name, f"192.0.2.{11 + i}/24") for i, name in enumerate(NAMES)]
    client = lab.node("client", "192.0.2.100/24")
    capture = lab.capture()
    started_ns = time.time_ns()
    daemons = [kind(node, instance) for node, instance in zip(nodes, instances)]
    wait_until(lambda: daemons[0].state() == "active" and daemons[1].state() == "backup",
               "an election")
    story = Story(instances, capture, Pinger(client, VIP), started_ns)
    return story, daemons, client


def probers(lab, client):
    """ARP requests: from the client, and straight to each router, past the switch's table."""
    mac = client.mac()
    return [ArpProber.from_node(client, VIP)] + [
        ArpProber(lab.port_socket(name), mac, "192.0.2.100", VIP) for name in NAMES]


def play(lab, args):
    """Everything that happens; returns the story."""
    say("1. Both routers start. Each listens first; the higher priority becomes Active.")
    story, daemons, client = build(lab, args)
    say("2. The client pings. Then the Active gets SIGKILL: no goodbye.")
    probing = probers(lab, client)
    threads = [story.ping] + probing
    for thread in threads:
        thread.start()
    try:
        time.sleep(CALM_S)
        # A machine that stood still may have moved the role, which comes back by itself.
        only_speaker(story.capture, NAMES[0], args.interval)
        story.killed_ns = daemons[0].kill()
        say("3. The other one takes over, by itself.")
        wait_until(lambda: story.capture.adverts_from(NAMES[1], story.killed_ns), "a takeover")
        time.sleep(max(1.0, 5 * args.interval))
    finally:
        for thread in threads:
            thread.stop()
    story.ended_ns = time.time_ns()
    story.capture.close()
    return story


# ---- what is told ----

def timeline(story, leases):
    """(time, words) of every event worth a line."""
    dead, heir = NAMES
    killed, took = story.killed_ns, story.takeover_ns()
    lease_end = story.last_advert_ns() + 3 * story.interval_ns()
    events = [
        (story.started_ns, "both routers are started"),
        (story.first_advert_ns(dead), f"{dead} is Active: its first advertisement"),
        (story.ping.sent_ns[0], "the client begins to ping"),
        (story.last_advert_ns(), f"{dead} advertises for the last time"),
        (killed, f"{dead} is killed (SIGKILL)"),
        (took, f"{heir} is Active: its first advertisement"),
    ]
    if leases:
        events.append((lease_end, f"the lease of {dead} ends: 3 intervals after it last spoke"))
    last = [t for t in story.answers(dead) if t < took][-1:]
    garps = [a.time_ns for a in story.capture.gratuitous(VIP, killed, heir)][:1]
    first = story.answers(heir, killed)[:1]
    for times, words in ((last, f"last ping answered by {dead}"),
                         (garps, f"{heir} announces the address (gratuitous ARP)"),
                         (first, f"first ping answered by {heir}")):
        events += [(when, words) for when in times]
    return sorted(events, key=lambda event: event[0])


def show_timeline(story, leases):
    say("\nTimeline, in milliseconds; 0 is the kill\n")
    for when, words in timeline(story, leases):
        mark = "=>" if when == story.killed_ns else "  "
        say(f"  {mark} {(when - story.killed_ns) / MS:+10.1f}   {words}")


def strip(times, start_ns, step_ns):
    """One character a column: '#' all answered, '+' some, '.' none."""
    counts = [0] * COLUMNS
    for when in times:
        column = int((when - start_ns) // step_ns)
        if 0 <= column < COLUMNS:
            counts[column] += 1
    most = 0.6 * step_ns / MS
    return "".join("#" if c >= most else "+" if c else "." for c in counts)


def show_strips(story):
    gap_ns = max(story.takeover_ns() - story.killed_ns, 30 * MS)
    step_ns = max(MS, gap_ns * 2 // COLUMNS // MS * MS)
    start_ns = int(story.killed_ns - step_ns * COLUMNS / 4)
    say(f"\nWho answered the client's pings; a column is {step_ns / MS:g} ms "
        "(# most, + some, . none)\n")
    for name in NAMES:
        say(f"  {name:>10}  {strip(story.answers(name), start_ns, step_ns)}")
    marks = [" "] * COLUMNS
    marks[COLUMNS // 4] = "^"
    heir = min(COLUMNS - 1, int((story.takeover_ns() - start_ns) // step_ns))
    marks[heir] = "^"
    say(f"  {'':>10}  {''.join(marks).rstrip()}")
    say(f"  {'':>10}  {'killed':>{COLUMNS // 4 + 6}}"
        f"{'takes over':>{max(11, heir - COLUMNS // 4 + 4)}}")


def show_numbers(story):
    begin, end, _ = story.ping.gap()
    skew_ms = story.routers[1].skew_ns() / MS
    interval_ms = story.interval_ns() / MS
    lost = len(story.ping.lost())
    say("\nNumbers\n")
    say(f"  pings sent {len(story.ping.sent_ns)}, lost {lost}; "
        f"longest silence {(end - begin) / MS:.1f} ms")
    say(f"  least that the protocol allows: {skew_ms:.1f} ms, {NAMES[1]}'s skew time\n"
        f"    = (256 - {story.routers[1].priority}) / 256 x {interval_ms:g} ms. "
        f"{NAMES[0]} may serve for 3 intervals after it last\n"
        "    spoke, and nobody may speak before 3 intervals and the skew time are over.")
    took = story.takeover_ns()
    say(f"  {NAMES[1]} spoke {(took - story.last_advert_ns()) / MS:.1f} ms after {NAMES[0]} last "
        f"did; due after {story.routers[1].down_ns() / MS:.1f} ms")
    return len(story.arp_answers(NAMES[0], took)), len(story.answers(NAMES[0], took))


def show_verdict(arps, pings, keepalived):
    say(f"\n  After {NAMES[1]} spoke, the dead {NAMES[0]} answered {arps} ARP requests and "
        f"{pings} pings.")
    if keepalived:
        say("  A killed keepalived leaves the address on its interface, and the kernel answers\n"
            "  for it until somebody cleans up: two machines claim one address.")
    elif arps or pings:
        say("  That must be none: please report this run.")
    else:
        say("  Its role was a lease in the kernel; without an agent to extend it, it ran out.\n"
            "  keepalived and FRR go on answering in this place, for ever; see for yourself:\n"
            "  sudo /usr/bin/python3 tests/netns/demo.py --keepalived")


def missing(args):
    """Why this cannot run here, or None."""
    if os.geteuid() != 0:
        return "the demo makes network namespaces: run it as root (sudo make demo)"
    if not args.keepalived and not (BUILD / "xvrrpd").exists():
        return f"{BUILD / 'xvrrpd'} is not there: run make first"
    for program in ("ip", "nsenter", "setpriv") + (("keepalived",) if args.keepalived else ()):
        if not shutil.which(program):
            return f"the program {program} is missing: run make deps"
    return None


def parse_arguments():
    parser = argparse.ArgumentParser(description="Kill the Active router and watch.")
    parser.add_argument("--interval", type=float, default=0.1, metavar="SECONDS",
                        help="between advertisements, 0.01 to 2 (default 0.1)")
    parser.add_argument("--keepalived", action="store_true",
                        help="with keepalived as both routers, for contrast")
    args = parser.parse_args()
    if not 0.01 <= args.interval <= 2:
        parser.error("--interval is 0.01 to 2 seconds")
    return args


def main():
    args = parse_arguments()
    reason = missing(args)
    if reason:
        sys.exit(f"demo: {reason}")
    terminate_like_interrupt()
    say(PICTURE.format(200, 100, args.interval * 1000))
    try:
        with Lab() as lab:
            try:
                story = play(lab, args)
            except AssertionError as error:
                sys.exit(f"demo: {error}\n\n{lab.logs()}")
    except CommandError as error:
        sys.exit(f"demo: cannot build the network: {error}")
    except KeyboardInterrupt:
        sys.exit("\ndemo: stopped; everything is removed")
    show_timeline(story, leases=not args.keepalived)
    show_strips(story)
    arps, pings = show_numbers(story)
    show_verdict(arps, pings, args.keepalived)
    return 1 if (arps or pings) and not args.keepalived else 0


if __name__ == "__main__":
    sys.exit(main())
