# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that ask who has an address, one question at a time."""

import contextlib
import time

from . import wire
from .config import VIP, VIP6
from .wait import wait_until

SECOND_ANSWER_S = 0.02


class Asker:
    """Sends one ARP request at a time and collects every answer to it."""

    def __init__(self, lan, capture):
        self.capture = capture
        self.client = lan.client.packet_socket()
        self.mac = lan.client.mac()
        lan.at_close(self.client.close)

    def answers(self, sock=None, dst=wire.BROADCAST, sender_ip="192.0.2.100", wait_s=2.0):
        """Replies to one request. A second one, if there is any, comes in this time."""
        asked_ns = time.time_ns()
        (sock or self.client).send(wire.arp(1, self.mac, sender_ip, VIP, dst=dst, src=self.mac))
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.capture.replies(VIP, asked_ns), "an answer", wait_s)
        time.sleep(SECOND_ANSWER_S)
        return self.capture.replies(VIP, asked_ns)


class NeighbourAsker:
    """The same by Neighbor Solicitations."""

    def __init__(self, lan, capture, source="fe80::100"):
        self.capture = capture
        self.client = lan.client.packet_socket()
        self.mac = lan.client.mac()
        self.source = source
        lan.at_close(self.client.close)

    def answers(self, target=VIP6, sock=None, wait_s=2.0, source=None, **how):
        """Neighbor Advertisements for the target after one question."""
        asked_ns = time.time_ns()
        frame = wire.solicitation(self.mac, source or self.source, target, **how)
        (sock or self.client).send(frame)
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.capture.neighbour_adverts(target, asked_ns), "an answer",
                       wait_s)
        time.sleep(SECOND_ANSWER_S)
        return self.capture.neighbour_adverts(target, asked_ns)
