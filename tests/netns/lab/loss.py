# SPDX-License-Identifier: GPL-2.0-or-later
"""What a client loses, question by question, and an interface its addresses."""

import re
import select
import socket
import struct
import threading
import time

from . import nets, wire
from .capture import SO_TIMESTAMPNS
from .probe import Pinger, Ticker
from .process import Daemon
from .wait import wait_until

LAST_ANSWER_S = 0.1
NUMBERS = 1 << 24


class NumberedProber(Ticker):
    """ARP requests whose sender address, 10.x.x.x, numbers them: the reply carries it back."""

    def __init__(self, node, address, destinations=(wire.BROADCAST,), interval_s=0.001):
        super().__init__(interval_s)
        self.sent_ns = {}      # number -> when it was asked
        self.answered_ns = {}  # number -> when the first answer came
        self._address = wire.ip_bytes(address)
        self._sock = nets.open_socket(node.netns, socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        with nets.inside(node.netns):
            self._sock.bind(("eth0", nets.ETH_P_ARP))
        mac = node.mac()
        self._frames = [wire.arp(1, mac, "10.0.0.0", address, dst=d) for d in destinations]
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def start(self):
        self._listener.start()
        return super().start()

    def tick(self, number):
        frame = self._frames[number % len(self._frames)]
        sender = (10 * NUMBERS + number).to_bytes(4, "big")
        self.sent_ns[number] = time.time_ns()
        self._sock.send(frame[:28] + sender + frame[32:])

    def _listen(self):
        while not self._stop.is_set() or select.select([self._sock], [], [], LAST_ANSWER_S)[0]:
            if select.select([self._sock], [], [], LAST_ANSWER_S)[0]:
                self._receive()

    def _receive(self):
        frame, ancillary, _, _ = self._sock.recvmsg(256, 64)
        if frame[20:22] == b"\0\2" and frame[28:32] == self._address and ancillary:
            seconds, nanoseconds = struct.unpack_from("qq", ancillary[0][2])
            number = int.from_bytes(frame[39:42], "big")
            self.answered_ns.setdefault(number, seconds * 1_000_000_000 + nanoseconds)

    def stop(self):
        super().stop()
        if self._listener.is_alive():
            self._listener.join()
        self._sock.close()

    def lost(self):
        """When those were asked that got no answer; once it is stopped."""
        return [self.sent_ns[n] for n in sorted(set(self.sent_ns) - set(self.answered_ns))]


class Client:
    """A ping and an ARP request a millisecond, while the block lasts."""

    def __init__(self, node, address, destinations=(wire.BROADCAST,)):
        self.pings = Pinger(node, address)
        self.arps = NumberedProber(node, address, destinations)

    def __enter__(self):
        self.pings.start()
        self.arps.start()
        wait_until(lambda: len(self.pings.received_ns) > 20 and len(self.arps.answered_ns) > 20,
                   "somebody answers")
        self.since_ns = time.time_ns()
        return self

    def __exit__(self, *exc):
        self.pings.stop()
        self.arps.stop()

    def lost_pings(self):
        """When those were sent that got no answer, after the first few."""
        times = [self.pings.sent_ns[n] for n in self.pings.lost()]
        return [t for t in times if t > self.since_ns]

    def lost_arps(self):
        return [t for t in self.arps.lost() if t > self.since_ns]


class AddressWatch:
    """`ip monitor`: every address that came or went in a namespace, while the block lasts."""

    MARK = "127.7.7.7/32"

    def __init__(self, node):
        self.node = node
        self._monitor = node.lab.track(Daemon(node.netns, ["ip", "-4", "-o", "monitor", "address"],
                                              node.lab.dir / f"monitor-{node.name}.log"))

    def __enter__(self):
        def heard():
            self.node.ip("address", "add", self.MARK, "dev", "lo", check=False)
            self.node.ip("address", "del", self.MARK, "dev", "lo", check=False)
            return self.MARK in self._monitor.log()

        wait_until(heard, "ip monitor listens")
        return self

    def __exit__(self, *exc):
        self._monitor.kill()

    def removed(self):
        return [a for a in re.findall(r"^Deleted .*? inet (\S+)", self._monitor.log(),
                                      re.MULTILINE) if a != self.MARK]

    def added(self):
        return [a for a in re.findall(r"^\d+: .*? inet (\S+)", self._monitor.log(), re.MULTILINE)
                if a != self.MARK]
