# SPDX-License-Identifier: GPL-2.0-or-later
"""What passes through the switch, port by port, with the kernel's time stamps.

Two routers share one virtual MAC, so a source address never tells who spoke; the port of the
switch through which a frame came in does. Frames are counted on the way in only, once each.
Times are CLOCK_REALTIME nanoseconds, comparable with time.time_ns().
"""

import os
import select
import socket
import struct
import threading

from . import nets, wire

SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
SO_ATTACH_FILTER = 26
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_IGNORE_OUTGOING = 23
BUFFER_BYTES = 32 << 20
FRAME_BYTES = 9216


class Capture:
    """A thread that decodes frames into lists which only ever grow."""

    def __init__(self, netns):
        self.adverts = []  # wire.Advert
        self.arps = []     # wire.Arp
        self.nds = []      # wire.Nd
        self.echoes = []   # wire.Echo
        self.others = []   # wire.Other
        self._sock = nets.open_socket(netns, socket.AF_PACKET, socket.SOCK_RAW,
                                      socket.htons(nets.ETH_P_ALL))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self._ports = self._port_names(netns)
        self._wake_r, self._wake_w = os.pipe()
        self._sock.setblocking(False)
        self._thread = threading.Thread(target=self._loop, name="capture", daemon=True)
        self._thread.start()

    @staticmethod
    def _port_names(netns):
        """Enslaved interfaces: the bridges themselves are a second view of the same frames."""
        with nets.inside(netns):
            names = [name for _, name in socket.if_nameindex()]
        return {name for name in names if not name.startswith(("br", "lo"))}

    def _loop(self):
        lists = {wire.Advert: self.adverts, wire.Arp: self.arps, wire.Nd: self.nds,
                 wire.Echo: self.echoes, wire.Other: self.others}
        while True:
            ready, _, _ = select.select([self._sock, self._wake_r], [], [])
            while self._receive(lists):
                pass
            if self._wake_r in ready:
                return

    def _receive(self, lists):
        try:
            frame, ancillary, _, address = self._sock.recvmsg(FRAME_BYTES, 64)
        except BlockingIOError:
            return False
        # The first frames may have come before the options were set.
        if address[0] not in self._ports or address[2] == socket.PACKET_OUTGOING or not ancillary:
            return True
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
        item = wire.decode(seconds * 1_000_000_000 + nanoseconds, address[0], frame)
        lists[type(item)].append(item)
        return True

    def dropped(self):
        """Frames that this capture missed since the last call."""
        raw = self._sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        return struct.unpack("II", raw)[1]

    def close(self):
        """Read what is still queued, then end."""
        if self._thread.is_alive():
            os.write(self._wake_w, b"x")
            self._thread.join()
            self._sock.close()
            os.close(self._wake_r)
            os.close(self._wake_w)

    # ---- questions ----

    def adverts_from(self, port, since_ns=0, vrid=None, priority_zero=None):
        """Advertisements that came in through a port; priority 0 only, not at all, or any."""
        return [a for a in self.adverts if a.port == port and a.time_ns >= since_ns
                and (vrid is None or a.vrid == vrid)
                and (priority_zero is None or (a.priority == 0) == priority_zero)]

    def speakers(self, since_ns, vrid):
        """The ports that have claimed the role of a virtual router since then."""
        return {a.port for a in self.adverts
                if a.vrid == vrid and a.priority > 0 and a.time_ns >= since_ns}

    def replies(self, address, since_ns=0, port=None):
        """ARP replies for an address."""
        return [a for a in self.arps if a.op == 2 and a.sender_ip == address
                and a.time_ns >= since_ns and port in (None, a.port)]

    def gratuitous(self, address, since_ns=0, port=None):
        return [a for a in self.arps if a.gratuitous and a.sender_ip == address
                and a.time_ns >= since_ns and port in (None, a.port)]

    def neighbour_adverts(self, address, since_ns=0, port=None, solicited=None):
        """Neighbor Advertisements for an address."""
        return [n for n in self.nds if n.advert and n.target == address and n.time_ns >= since_ns
                and port in (None, n.port) and solicited in (None, n.solicited)]

    def announced(self, address, since_ns=0, port=None):
        """Gratuitous ARP or unsolicited Neighbor Advertisements."""
        if ":" in address:
            return self.neighbour_adverts(address, since_ns, port, solicited=False)
        return self.gratuitous(address, since_ns, port)
