# SPDX-License-Identifier: GPL-2.0-or-later
"""Many small LANs in one laboratory: each one or two routers and a client that asks at 1 kHz.

One thread asks on all LANs, one hears all ports of the switch; both do as little as they can, so
that the processes under test have the CPUs. Time stamps are the kernel's: hearing late is no harm.
"""

import ctypes
import socket
import struct
import threading
import time

from . import wire
from .capture import SO_ATTACH_FILTER, Capture
from .config import VIP, VRID
from .probe import Ticker
from .service import Service
from .wait import wait_until

CLIENT = "192.0.2.100"
HEAR_EVERY_S = 0.005
ARP_REPLY = 2

# ARP but the clients' own, and VRRP: (code, jump if true, jump if false, operand).
FILTER = (
    (0x28, 0, 0, 12),                                               # EtherType
    (0x15, 0, 2, 0x0806),
    (0x20, 0, 0, 28),                                               # sender of an ARP message
    (0x15, 4, 3, int.from_bytes(socket.inet_aton(CLIENT), "big")),
    (0x15, 0, 3, 0x0800),
    (0x30, 0, 0, 23),                                               # protocol
    (0x15, 0, 1, wire.VRRP_PROTOCOL),
    (0x06, 0, 0, 0x40000),
    (0x06, 0, 0, 0),
)


def attach_filter(sock, program):
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer)))


class Ears(Capture):
    """Advertisements as usual, answers as bare times by port."""

    def __init__(self, netns):
        self.answers = {}  # port -> [time]
        super().__init__(netns)
        attach_filter(self._sock, FILTER)

    def _receive(self, lists):
        try:
            frame, ancillary, _, address = self._sock.recvmsg(256, 64)
        except BlockingIOError:
            time.sleep(HEAR_EVERY_S)
            return False
        port = address[0]
        if port not in self._ports or address[2] == socket.PACKET_OUTGOING or not ancillary:
            return True
        seconds, nanoseconds = struct.unpack_from("qq", ancillary[0][2])
        time_ns = seconds * 1_000_000_000 + nanoseconds
        if frame[12:14] == b"\x08\x06" and frame[21] == ARP_REPLY and frame[28:32] != frame[38:42]:
            if frame[28:32] == VIP_BYTES:
                self.answers.setdefault(port, []).append(time_ns)
            return True
        item = wire.decode(time_ns, port, frame)
        lists[type(item)].append(item)
        return True


VIP_BYTES = wire.ip_bytes(VIP)


class Chorus(Ticker):
    """The clients of all LANs: each asks once a tick, each time another way."""

    def __init__(self, streets, interval_s=0.001):
        super().__init__(interval_s)
        self._voices = [street.questions() for street in streets]

    def tick(self, number):
        for questions in self._voices:
            sock, frame = questions[number % len(questions)]
            sock.send(frame)


class Street:
    """One LAN: routers, a client, and what was done to them."""

    def __init__(self, lab, number, *instances):
        self.lab = lab
        self.number = number
        self.interval_ns = int(instances[0].advert_int * 1e9)
        self.client = lab.node(f"c{number}", f"{CLIENT}/24", lan=number)
        self.services = []
        for letter, address, instance in zip("ab", ("192.0.2.11", "192.0.2.12"), instances):
            node = lab.node(f"{letter}{number}", f"{address}/24", lan=number)
            self.services.append(Service(node, instance))
        self.strikes = []  # (time, port, kind, seconds)

    def ports(self):
        return [service.node.port() for service in self.services]

    def questions(self):
        """Everything a client can do to find one that answers wrongly: broadcast, unicast to each
        MAC address, and past the switch's table straight into each port."""
        mac, vmac = self.client.mac(), wire.virtual_mac(VRID)
        mine = self.client.packet_socket()
        found = [(mine, wire.BROADCAST)]
        for service in self.services:
            straight = self.lab.port_socket(service.node.port())
            self.lab.at_close(straight.close)
            found += [(mine, service.node.mac()), (straight, vmac)]
        self.lab.at_close(mine.close)
        return [(sock, wire.arp(1, mac, CLIENT, VIP, dst=dst)) for sock, dst in found]

    def start(self):
        for service in self.services:
            service.start()
        self.converge()

    def converge(self, deadline_s=15.0):
        """Exactly one Active, and it has a lease; returns it."""
        def agreed():
            status = [service.vr() for service in self.services]
            leases = [vr["lease_remaining_us"] > 0 for vr in status if vr["state"] == "active"]
            if leases == [True]:
                return self.services[[vr["state"] for vr in status].index("active")]
            return None

        return wait_until(agreed, f"LAN {self.number} has one Active", deadline_s, every_s=0.02)


def in_parallel(function, items):
    """Run function(item) for all, a thread each; raises the first that was raised.

    The threads end together: a process is killed with the thread that started it.
    """
    errors, everybody = [], threading.Barrier(len(items))

    def run(item):
        try:
            function(item)
        except BaseException as error:  # pylint: disable=broad-except
            errors.append(error)
        everybody.wait()

    threads = [threading.Thread(target=run, args=(item,), daemon=True) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
