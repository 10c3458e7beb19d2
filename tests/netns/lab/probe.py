# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients: ARP requests and pings at a steady rate, each with its time.

Who answered is the capture's to say; these only ask, except that the pinger, being the client,
knows what came back to it.
"""

import os
import select
import socket
import struct
import threading
import time

from . import wire
from .capture import SO_TIMESTAMPNS

LAST_ANSWER_S = 0.1


class Ticker:
    """A thread that calls `tick(number)` at absolute times; late ticks are made up for."""

    def __init__(self, interval_s):
        self.interval_s = interval_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def _loop(self):
        due, number = time.monotonic(), 0
        while not self._stop.is_set():
            self.tick(number)
            number += 1
            due += self.interval_s
            time.sleep(max(0.0, due - time.monotonic()))

    def tick(self, number):
        raise NotImplementedError

    def stop(self):
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()


class ArpProber(Ticker):
    """Asks for an address, in turn by each of the given Ethernet destinations."""

    def __init__(self, sock, sender_mac, sender_ip, address, destinations=(wire.BROADCAST,),
                 interval_s=0.001):
        super().__init__(interval_s)
        self._sock = sock
        self._frames = [wire.arp(1, sender_mac, sender_ip, address, dst=d) for d in destinations]
        self.sent_ns = []

    @classmethod
    def from_node(cls, node, address, **kwargs):
        """As a client on the LAN."""
        ip = node.addresses()[0].split("/")[0]
        return cls(node.packet_socket(), node.mac(), ip, address, **kwargs)

    def tick(self, number):
        self.sent_ns.append(time.time_ns())
        try:
            self._sock.send(self._frames[number % len(self._frames)])
        except OSError:  # a full queue, or an interface that is down for a moment
            pass

    def stop(self):
        super().stop()
        self._sock.close()


class NeighbourProber(Ticker):
    """The same for an IPv6 address: to its group, and to its virtual MAC address, in turn."""

    def __init__(self, sock, sender_mac, source, address, virtual_mac, interval_s=0.001):
        super().__init__(interval_s)
        self._sock = sock
        self._frames = [wire.solicitation(sender_mac, source, address),
                        wire.solicitation(sender_mac, source, address, dst=address,
                                          dst_mac=virtual_mac)]

    def tick(self, number):
        try:
            self._sock.send(self._frames[number % len(self._frames)])
        except OSError:
            pass

    def stop(self):
        super().stop()
        self._sock.close()


class Pinger(Ticker):
    """ICMP echo requests through the client's own stack: its neighbour table, its routes."""

    def __init__(self, node, address, interval_s=0.001):
        super().__init__(interval_s)
        self.address = address
        self.ident = os.getpid() & 0xffff
        self.sent_ns = []      # by sequence number
        self.received_ns = {}  # sequence number -> time of the first reply
        self._sock = node.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sock.setblocking(False)
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def start(self):
        self._listener.start()
        return super().start()

    def tick(self, number):
        head = struct.pack("!BBHHH", 8, 0, 0, self.ident, number & 0xffff)
        head = head[:2] + struct.pack("!H", wire.checksum(head)) + head[4:]
        self.sent_ns.append(time.time_ns())
        try:
            self._sock.sendto(head, (self.address, 0))
        except OSError:  # no neighbour yet: a lost ping like any other
            pass

    def _listen(self):
        while not self._stop.is_set():
            if select.select([self._sock], [], [], LAST_ANSWER_S)[0]:
                self._receive()
        end = time.monotonic() + LAST_ANSWER_S  # others may ping here, and go on
        while select.select([self._sock], [], [], max(0, end - time.monotonic()))[0] and \
                time.monotonic() < end:
            self._receive()

    def _receive(self):
        packet, ancillary, _, (source, _) = self._sock.recvmsg(2048, 64)
        ihl = (packet[0] & 15) * 4
        kind, _, _, ident, sequence = struct.unpack_from("!BBHHH", packet, ihl)
        if kind != 0 or ident != self.ident or source != self.address:
            return
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
        self.received_ns.setdefault(sequence, seconds * 1_000_000_000 + nanoseconds)

    def stop(self):
        super().stop()
        if self._listener.is_alive():
            self._listener.join()
        self._sock.close()

    # ---- questions, once it is stopped ----

    def lost(self):
        """Sequence numbers without a reply."""
        return [n for n in range(len(self.sent_ns)) if n & 0xffff not in self.received_ns]

    def gap(self):
        """(start, end, lost) of the longest silence: times of the replies around it."""
        answered = sorted(self.received_ns)
        pairs = list(zip(answered, answered[1:]))
        before, after = max(pairs, key=lambda p: p[1] - p[0])
        return self.received_ns[before], self.received_ns[after], after - before - 1
