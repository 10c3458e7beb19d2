# SPDX-License-Identifier: GPL-2.0-or-later
"""Router Advertisements follow the role, by notify scripts and a stock radvd (E-7, E-35)."""

import os
import pathlib
import signal
import socket
import struct
import threading
import time

import pytest

from lab import (ADDRESSES6, VIP6_LL, Instance, Xvrrpd, nets, virtual_mac, wait_until, wire,
                 write_program)

VRID = 51
ROUTER_ADVERTISEMENT = 134
RADVD = """interface eth0 {
    AdvSendAdvert on;
    MinRtrAdvInterval 3;
    MaxRtrAdvInterval 4;
    AdvDefaultLifetime 60;
    AdvSourceLLAddress off;
    AdvRASrcAddress { fe80::1; };
    prefix 2001:db8::/64 { };
};
"""


class Sniffer:
    """Router Advertisements that come in at the client: (source, MAC, lifetime), with the time."""

    def __init__(self, node):
        self.seen = []
        with nets.inside(node.netns):
            self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
        self._sock.bind(("eth0", 0x86dd))
        self._sock.settimeout(0.1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _loop(self):
        while not self._stop.is_set():
            try:
                frame = self._sock.recv(2048)
            except TimeoutError:
                continue
            if frame[20] == wire.ICMPV6 and frame[54] == ROUTER_ADVERTISEMENT:
                source = socket.inet_ntop(socket.AF_INET6, frame[22:38])
                lifetime, = struct.unpack("!H", frame[60:62])
                self.seen.append((time.time_ns(), source, wire.mac_text(frame[6:12]), lifetime))

    def since(self, time_ns):
        return [ra for ra in self.seen if ra[0] > time_ns]

    def close(self):
        self._stop.set()
        self._thread.join()
        self._sock.close()


class Radvd:
    """The files of one router: what its notify scripts need."""

    def __init__(self, node):
        base = node.lab.dir / f"radvd-{node.name}"
        self.pid_file = base.with_suffix(".pid")
        config = base.with_suffix(".conf")
        config.write_text(RADVD, encoding="ascii")
        node.lab.at_close(self.kill)
        self.start = self._script(base, "start", f"radvd -C {config} -p {self.pid_file} "
                                                 "-m stderr_syslog -u root")
        self.end = self._script(base, "end", f"[ ! -e {self.pid_file} ] || "
                                             f"kill -KILL $(cat {self.pid_file}); "
                                             f"rm -f {self.pid_file}")

    @staticmethod
    def _script(base, name, text):
        return write_program(pathlib.Path(f"{base}.{name}"), text)

    def lines(self):
        return (f"notify_master {self.start}",) + tuple(
            f"notify_{state} {self.end}" for state in ("backup", "fault", "stop"))

    def pid(self):
        """None also of one that has not written its number yet."""
        try:
            return int(self.pid_file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None

    def kill(self):
        if pid := self.pid():
            os.kill(pid, signal.SIGKILL)


def router(lab, name, priority):
    node = lab.node(name, f"fe80::{priority}/64")
    nets.run(*nets.enter_argv(node.netns), "sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1")
    radvd = Radvd(node)
    agent = Xvrrpd(node, Instance(priority=priority, addresses=ADDRESSES6, extra=radvd.lines()))
    return agent, radvd


@pytest.fixture
def client(lab):
    """A host that takes its default route from Router Advertisements."""
    node = lab.node("client", "fe80::100/64")
    nets.run(*nets.enter_argv(node.netns), "sysctl", "-q", "-w", "net.ipv6.conf.eth0.accept_ra=1")
    return node


def default_route(client):
    return client.ip("-6", "route", "show", "default").strip()


def test_advertisements_follow_the_role(lab, client):
    sniffer = Sniffer(client)
    lab.at_close(sniffer.close)
    second, its_radvd = router(lab, "r2", 100)
    wait_until(lambda: second.state() == "active", "active")
    wait_until(lambda: f"via {VIP6_LL} " in default_route(client), "a default route")
    first, radvd = router(lab, "r1", 200)
    wait_until(lambda: (first.state(), second.state()) == ("active", "backup"), "preempted")
    wait_until(lambda: radvd.pid() and not its_radvd.pid(), "one radvd")
    moved_ns = time.time_ns()
    wait_until(lambda: len(sniffer.since(moved_ns)) >= 2, "its advertisements")
    assert f"via {VIP6_LL} " in default_route(client)

    first.stop()
    wait_until(lambda: second.state() == "active" and its_radvd.pid(), "back")
    assert not radvd.pid()
    moved_ns = time.time_ns()
    wait_until(lambda: len(sniffer.since(moved_ns)) >= 2, "its advertisements")
    assert f"via {VIP6_LL} " in default_route(client)
    # From the virtual router, all of them; and no farewell, which would end the route.
    assert {ra[1:] for ra in sniffer.seen} == {(VIP6_LL, virtual_mac(VRID, 6), 60)}


def test_a_backup_is_not_heard(lab, client):
    """E-7, the second fence: also if a radvd runs there, and if one says farewell."""
    sniffer = Sniffer(client)
    lab.at_close(sniffer.close)
    agent, radvd = router(lab, "r1", 100)
    wait_until(lambda: agent.state() == "active" and sniffer.seen, "its advertisements")
    agent.ctl("drain")
    wait_until(lambda: agent.state() == "backup" and not radvd.pid(), "given away")
    silent_ns = time.time_ns()
    before = agent.interface()["statistics"]["egress_suppressed"]
    agent.node.ip("address", "add", f"{VIP6_LL}/64", "dev", "eth0", "nodad")
    agent.node.run(radvd.start)
    wait_until(radvd.pid, "it runs")
    wait_until(lambda: agent.interface()["statistics"]["egress_suppressed"] > before, "dropped")
    os.kill(radvd.pid(), signal.SIGTERM)
    wait_until(lambda: not radvd.pid(), "it has ended")
    assert sniffer.since(silent_ns) == []
