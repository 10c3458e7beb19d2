# SPDX-License-Identifier: GPL-2.0-or-later
"""Full buffers, full disks, no memory, no descriptors, no time: the role stays right."""

import contextlib
import fcntl
import os
import re
import resource
import signal
import socket
import struct
import threading
import time

import pytest

from lab import (VIP, VRID, Instance, Xvrrpd, elected, hold, holds, median, pair, virtual_mac,
                 wait_until, wire)
from lab import nets
from lab.cadence import cadence
from lab.nets import run

FAST_S = 0.02


def total(agent, counter):
    """Of all its virtual routers."""
    numbers = [vr["statistics"] for vr in agent.json("status")["virtual_routers"]]
    return sum({**n, **n["errors"]}[counter] for n in numbers)


def states(agent):
    return {vr["state"] for vr in agent.json("status")["virtual_routers"]}


# ---- the ring buffer ----

MANY = 200  # each has 256 reports a second: together they fill the ring within a second


def many(priority):
    return [Instance(priority, 0.4, name=f"VI_{n}", vrid=n, addresses=(f"10.0.{n}.1/32",),
                     extra=("garp_master_delay 0",)) for n in range(1, MANY + 1)]


def flood_for(sock, seconds):
    """Accepted advertisements of ever different senders, and claims, to all virtual routers."""
    frames = []
    for n in range(1, MANY + 1):
        frames.append(wire.arp(1, "02:00:00:00:be:ef", f"10.0.{n}.1", f"10.0.{n}.1"))
        frames += [wire.advert(f"192.0.2.{20 + k}", wire.vrrp_message(
            n, 10 + k, 40, (f"10.0.{n}.1",))) for k in range(10)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for frame in frames:
            sock.send(frame)


def test_full_ring_of_a_frozen_backup(lan):
    """Its evidence is in the slots: it says nothing, though it slept past all its timers."""
    first, second = Xvrrpd(lan.r1, *many(200)), Xvrrpd(lan.r2, *many(100))
    wait_until(lambda: (states(first), states(second)) == ({"active"}, {"backup"}), "elected")
    capture = lan.capture()
    second.freeze()
    with lan.port_socket("r2") as sock:
        flood_for(sock, 2.0)
    second.thaw()
    wait_until(lambda: total(second, "advertisements_received") > 16384, "the flood was accepted")
    hold(lambda: states(second) == {"backup"}, "all stay Backup", 1.6, 0.1)
    assert capture.adverts_from("r2") == []
    assert states(first) == {"active"}
    assert total(second, "reports_lost") > 0, "the ring was not full"
    assert total(second, "reports_limited") > 0
    first.kill()
    wait_until(lambda: states(second) == {"active"}, "and yet it takes over")


# ---- standard error, and disks ----

def stderr_to(lan, where):
    """A wrapper that starts the agent with such a standard error."""
    path = lan.dir / f"stderr-{where}"
    if where == "closed":
        return "sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"
    if where == "blocked":
        os.mkfifo(path)
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        lan.at_close(lambda: os.close(fd))
        for chunk in (b"full\n" * 800, b"x"):  # a page takes a little more
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(fd, chunk)
        return "sh", "-c", 'exec "$@" 2<>"$0"', path
    if where == "full-disk":
        full_disk(path)
        path = path / "log"
    else:
        path = "/dev/full"
    return "sh", "-c", 'exec "$@" 2>>"$0"', path


def full_disk(path, fill=True):
    path.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path)
    if fill:
        fill_up(path)


def fill_up(path):
    with open(path / "filler", "ab", buffering=0) as out, contextlib.suppress(OSError):
        while out.write(b"x" * 512):
            pass


@pytest.mark.parametrize("where", ["blocked", "closed", "dev-full", "full-disk"])
def test_nobody_takes_the_log(lan, where):
    """Start, cadence under many log lines, takeover and stop as ever."""
    warned = ("no_such_keyword 1",)  # so that the configuration has something to say as well
    first, second = pair(lan, first=Instance(200, FAST_S, extra=warned),
                         second=Instance(100, FAST_S, extra=warned),
                         wrapper=stderr_to(lan, where))
    if where == "closed":  # nothing that matters may become a standard descriptor
        standard = {os.readlink(f"/proc/{first.pid}/fd/{n}") for n in range(3)}
        assert standard == {"/dev/null"}
    with cadence(lan, "r1") as heard:
        for _ in range(20):
            assert first.json("reload") == {"changed": 0}
        for _ in range(20):
            first.send(signal.SIGHUP)
            hold(lambda: True, "one after the other", 0.01)
    assert heard.gaps(2 * FAST_S) == []
    elected(first, second)
    capture = lan.capture()
    assert first.stop() == 0
    wait_until(lambda: second.state() == "active", "the other one takes over")
    assert len(capture.adverts_from("r1", priority_zero=True)) == 1


def test_full_run_directory(lan):
    """What is running goes on, and what died comes back: a pid file is not worth the role."""
    run_dir = lan.dir / "xvrrpd-r1.run"
    full_disk(run_dir, fill=False)
    first, second = pair(lan)
    fill_up(run_dir)
    assert first.json("reload") == {"changed": 0}
    first.json("drain")
    elected(second, first)
    first.json("undrain")
    elected(first, second)
    first.kill()
    (run_dir / "xvrrpd.pid").unlink()
    fill_up(run_dir)
    first = Xvrrpd(lan.r1, Instance(200))
    elected(first, second)
    assert second.vr()["statistics"]["active_transitions"] == 1, "only while it was drained"


# ---- descriptors and memory ----

def agent_size(agent):
    with open(f"/proc/{agent.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def starve(agent, what):
    """Nothing more for a running agent; returns a function that takes the limit away."""
    if what == "descriptors":
        kind, limit = resource.RLIMIT_NOFILE, len(os.listdir(f"/proc/{agent.pid}/fd")) + 4
    else:
        kind, limit = resource.RLIMIT_AS, agent_size(agent) + 64 * 1024
    before = resource.prlimit(agent.pid, kind)
    resource.prlimit(agent.pid, kind, (limit, before[1]))
    return lambda: resource.prlimit(agent.pid, kind, before)


CROWD = (b"", b'{"command": "events"}\n', b'{"command": ', b'{"command": "status"}\n' * 500)


def crowd(lan, agent, count=100):
    """Clients of the control socket that say nothing, follow, do not end a line, or ask for much;
    none of them reads."""
    clients = []
    for n in range(count):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        lan.at_close(client.close)
        with contextlib.suppress(OSError):  # the queue of those not yet accepted is full
            client.connect(str(agent.run_dir / "control.sock"))
            client.send(CROWD[n % len(CROWD)])
        clients.append(client)
    return clients


def cpu_seconds(agent):
    with open(f"/proc/{agent.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("what", ["descriptors", "memory"])
def test_limits_of_a_running_agent(lan, what):
    """The cadence stays, it does not spin, and the starved Backup takes over like any other."""
    agents = pair(lan, first=Instance(200, FAST_S), second=Instance(100, FAST_S))
    wait_until(lambda: f"{VIP}/24" in lan.r1.addresses(), "the address on the Active")
    feed = [starve(agent, what) for agent in agents]
    clients = [crowd(lan, agent) for agent in agents]
    used = cpu_seconds(agents[0])
    with cadence(lan, "r1") as heard:
        hold(lambda: True, "a crowd at the door", 2.0)
    assert heard.gaps(2 * FAST_S) == []
    assert cpu_seconds(agents[0]) - used < 1.0, "it spins"
    assert {a.port for a in heard.capture.adverts} == {"r1"}

    capture = lan.capture()
    killed_ns = agents[0].kill()
    taken = wait_until(lambda: capture.adverts_from("r2"), "takeover")[0]
    assert (taken.time_ns - killed_ns) / 1e9 < 3 * FAST_S + 0.1
    holds(lan.r2)
    lan.client.run("ping", "-c", "1", "-W", "2", VIP)
    for client in clients[1]:
        client.close()
    feed[1]()
    wait_until(lambda: agents[1].ctl("status").returncode == 0, "it answers again")
    assert agents[1].state() == "active"
    assert agents[1].stop() == 0
    assert lan.r2.addresses() == ["192.0.2.12/24"]


# ---- the kernel's own locks and queues ----

def repeat(function):
    """Run it again and again in a thread; returns what ends that."""
    done, failures = threading.Event(), []

    def loop():
        try:
            while not done.is_set():
                function()
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)

    thread = threading.Thread(target=loop)
    thread.start()

    def finish():
        done.set()
        thread.join()
        assert not failures, failures[0]

    return finish


def lost_news(node):
    """Netlink messages that a socket in the namespace had no room for."""
    lines = node.run("cat", "/proc/net/netlink").splitlines()[1:]
    return sum(int(line.split()[8]) for line in lines)


def test_netlink_flood(lan):
    """Hundreds of addresses of somebody else come and go: news that the agent has to read, or that
    it loses while it stands still, and then looks for itself."""
    lan.r1.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    lan.r1.ip("link", "set", "other0", "up")
    agent = Xvrrpd(lan.r1, Instance(200, 0.01))
    wait_until(lambda: agent.state() == "active", "Active")
    add = "".join(f"address add 10.{n // 250}.{n % 250}.1/32 dev other0\n" for n in range(500))
    batch = add + add.replace("address add", "address del")
    finish = repeat(lambda: lan.r1.run("ip", "-batch", "-", stdin=batch))
    try:
        with cadence(lan, "r1") as heard:
            hold(lambda: True, "a flood of news", 2.5)
    finally:
        finish()
    assert len(heard.times_ns) > 200
    assert heard.gaps(0.02) == []
    agent.freeze()
    while not lost_news(lan.r1):
        lan.r1.run("ip", "-batch", "-", stdin=batch)
    lan.r1.ip("address", "del", "192.0.2.11/24", "dev", "eth0")
    agent.thaw()
    wait_until(lambda: agent.vr()["fault_reasons"] == ["no-primary-ip-address"], "a fault", 3)
    lan.r1.ip("address", "add", "192.0.2.11/24", "dev", "eth0")
    wait_until(lambda: agent.state() == "active", "Active again", 3)


def test_takeover_while_others_hold_the_routing_lock(lan):
    """Namespaces come and go: each holds it for long. Nothing of a takeover waits for that."""
    first, second = pair(lan, first=Instance(200, 0.01), second=Instance(100, 0.01))
    serial = iter(range(10 ** 6))

    def come_and_go():
        name = f"{lan.name}-t{next(serial)}"
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "add", "a0", "type", "veth", "peer", "name", "a1")
        run("ip", "netns", "delete", name)

    capture = lan.capture()
    late, announced = [], []
    finishers = [repeat(come_and_go) for _ in range(3)]
    try:
        with cadence(lan, "r2") as heard:
            for _ in range(8):
                elected(first, second)
                frozen_ns = time.time_ns()
                first.freeze()
                garp = wait_until(lambda: capture.gratuitous(VIP, frozen_ns, "r2"), "takeover")[0]
                took = capture.adverts_from("r2", frozen_ns)[0]
                last = [a for a in capture.adverts_from("r1") if a.time_ns < took.time_ns][-1]
                due_ns = last.time_ns + second.instances[0].down_ns()
                late.append((took.time_ns - due_ns) / 1e6)
                announced.append((garp.time_ns - took.time_ns) / 1e6)
                wait_until(lambda: f"{VIP}/24" in lan.r2.addresses(), "the address, in the end")
                first.thaw()
    finally:
        for finish in finishers:
            finish()
    print(f"late {late} ms, announced {announced} ms after it")
    assert median(late) < 5 and median(announced) < 2
    assert heard.capture.adverts_from("r2")
    elected(first, second)


# ---- transmission ----

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000


class Tap:
    """An interface whose cable is this process: what is not read, fills its short queue."""

    def __init__(self, lan, node, name="tap0", queue=4):
        with nets.inside(node.netns):
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            request = struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI)
            fcntl.ioctl(self.fd, TUNSETIFF, request)
        lan.at_close(lambda: os.close(self.fd))
        node.ip("link", "set", name, "txqueuelen", str(queue))
        node.ip("link", "set", name, "up")

    def read(self):
        """All frames that wait, decoded."""
        frames = []
        with contextlib.suppress(BlockingIOError):
            while True:
                frames.append(wire.decode(time.time_ns(), "tap0", os.read(self.fd, 2048)))
        return frames

    def write(self, frame):
        os.write(self.fd, frame)

    def heard(self, kind, seconds=0.0):
        """Read for a while; those of a kind."""
        found, end = [], time.monotonic() + seconds
        while True:
            found += [frame for frame in self.read() if isinstance(frame, kind)]
            if time.monotonic() >= end:
                return found
            time.sleep(FAST_S / 4)


def errors_and_statistics(agent):
    statistics = agent.vr()["statistics"]
    return {**statistics, **statistics["errors"]}


def test_transmission_fails(lan):
    """ENOBUFS: the lease is not extended by what did not leave (I1), and all heals by itself."""
    tap = Tap(lan, lan.r1)
    lan.r1.ip("address", "add", "198.51.100.11/24", "dev", "tap0")
    agent = Xvrrpd(lan.r1, Instance(200, 0.1, interface="tap0", addresses=("198.51.100.1/24",)))
    finish = repeat(lambda: tap.heard(wire.Advert, 0.05))
    wait_until(lambda: agent.state() == "active", "Active")
    wait_until(lambda: agent.vr()["lease_remaining_us"] > 0, "a lease")
    finish()

    wait_until(lambda: errors_and_statistics(agent)["send_failed"] > 0, "the queue is full")
    failed_ns = time.time_ns()
    wait_until(lambda: agent.vr()["lease_remaining_us"] == 0, "the lease runs out")
    assert (time.time_ns() - failed_ns) / 1e9 < 0.3 + 0.2
    before = agent.interface("tap0")["statistics"]
    request = wire.arp(1, "02:00:00:00:00:77", "198.51.100.77", "198.51.100.1")
    for _ in range(5):
        tap.write(request)
    wait_until(lambda: agent.interface("tap0")["statistics"]["arp_suppressed"] ==
               before["arp_suppressed"] + 5, "no answers without a lease")
    assert agent.interface("tap0")["statistics"]["arp_replies"] == before["arp_replies"]
    hold(lambda: agent.vr()["lease_remaining_us"] == 0, "no lease while nothing leaves", 1.0, 0.02)
    assert errors_and_statistics(agent)["send_failed"] >= 3
    assert 1 <= len(re.findall("could not be sent", agent.log())) <= 3

    told = tap.heard(wire.Advert, 1.0)
    finish = repeat(lambda: tap.heard(wire.Advert, 0.05))
    try:
        wait_until(lambda: agent.state() == "active" and agent.vr()["lease_remaining_us"] > 0,
                   "it serves again")
    finally:
        finish()
    assert told, "it goes on trying"
    tap.write(request)
    replies = [a for a in tap.heard(wire.Arp, 0.1) if a.op == 2 and a.target_ip == "198.51.100.77"]
    assert [a.sender_mac for a in replies] == [virtual_mac(VRID)]
