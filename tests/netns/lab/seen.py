# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames as they were captured, decoded nowhere near the code under test."""

import dataclasses
import ipaddress
import socket
import struct

from .frames import (ICMPV6, ND_ADVERTISEMENT, ND_SOLICITATION, OPT_SOURCE, OPT_TARGET,
                     VRRP_PROTOCOL, checksum, mac_text, pseudo_header)


@dataclasses.dataclass(frozen=True)
class Arp:
    time_ns: int
    port: str
    eth_dst: str
    eth_src: str
    op: int
    sender_mac: str
    sender_ip: str
    target_mac: str
    target_ip: str

    @property
    def gratuitous(self):
        return self.sender_ip == self.target_ip


@dataclasses.dataclass(frozen=True)
class Advert:
    time_ns: int
    port: str
    eth_dst: str
    eth_src: str
    source: str
    destination: str
    ttl: int
    tos: int
    version: int
    type_: int
    vrid: int
    priority: int
    interval_cs: int
    addresses: tuple
    form: str  # of the checksum: "rfc9568" or "pseudo" of v3 over IPv4, else "good"; or "bad"
    auth_type: int = 0  # of v2, with the data
    auth_data: bytes = b""


@dataclasses.dataclass(frozen=True)
class Echo:
    time_ns: int
    port: str
    eth_dst: str
    eth_src: str
    source: str
    destination: str
    reply: bool
    ident: int
    sequence: int


@dataclasses.dataclass(frozen=True)
class Nd:
    """A Neighbor Solicitation or Advertisement."""

    time_ns: int
    port: str
    eth_dst: str
    eth_src: str
    source: str
    destination: str
    hop_limit: int
    advert: bool
    router: bool     # the flags of an advertisement
    solicited: bool
    override: bool
    target: str
    options: tuple   # of (kind, bytes)
    good: bool       # code and checksum

    def option(self, kind):
        """Its first option of a kind as bytes, None without."""
        return next((data for this, data in self.options if this == kind), None)

    def mac(self):
        """The link-layer address it tells: the target's of an advertisement, else the source's."""
        data = self.option(OPT_TARGET if self.advert else OPT_SOURCE)
        return data and mac_text(data[:6])


@dataclasses.dataclass(frozen=True)
class Other:
    time_ns: int
    port: str
    frame: bytes


def _decode_arp(time_ns, port, eth_dst, eth_src, frame):
    op, smac, sip, tmac, tip = struct.unpack_from("!H6s4s6s4s", frame, 20)
    return Arp(time_ns, port, eth_dst, eth_src, op, mac_text(smac), socket.inet_ntoa(sip),
               mac_text(tmac), socket.inet_ntoa(tip))


def _form(src, dst, message):
    """Which sum it carries; version 2 has none with a pseudo-header, IPv6 none without."""
    plain = checksum(message) == 0
    pseudo = checksum(pseudo_header(src, dst, len(message)) + message) == 0
    if ":" in src:
        return "good" if pseudo else "bad"
    if message[0] >> 4 == 2:
        return "good" if plain else "bad"
    return "rfc9568" if plain else "pseudo" if pseudo else "bad"


def _decode_advert(time_ns, port, macs, ends, hops, tos, payload):
    """`ends` are source and destination."""
    vt, vrid, priority, count, interval = struct.unpack_from("!BBBBH", payload)
    size = 16 if ":" in ends[0] else 4
    end = 8 + size * min(count, (len(payload) - 8) // size)
    addresses = tuple(str(ipaddress.ip_address(payload[at:at + size]))
                      for at in range(8, end, size))
    auth = {}
    if vt >> 4 == 2:
        auth = {"auth_type": interval >> 8, "auth_data": payload[end:]}
        interval = (interval & 0xff) * 100
    return Advert(time_ns, port, *macs, *ends, hops, tos, vt >> 4, vt & 15, vrid, priority,
                  interval & 0xfff if vt >> 4 == 3 else interval, addresses,
                  _form(*ends, payload), **auth)


def _decode_echo(time_ns, port, macs, ends, payload):
    ident, sequence = struct.unpack_from("!HH", payload, 4)
    return Echo(time_ns, port, *macs, *ends, payload[0] in (0, 129), ident, sequence)


def _nd_options(raw):
    """Stops at what is no option: a reader of the fields sees what is missing."""
    found, at = [], 0
    while at + 2 <= len(raw) and raw[at + 1] and at + 8 * raw[at + 1] <= len(raw):
        found.append((raw[at], raw[at + 2:at + 8 * raw[at + 1]]))
        at += 8 * raw[at + 1]
    return tuple(found) if at == len(raw) else tuple(found) + ((0, raw[at:]),)


def _decode_nd(time_ns, port, macs, ends, hops, payload):
    flags, target = payload[4], str(ipaddress.IPv6Address(payload[8:24]))
    over = pseudo_header(*ends, len(payload), ICMPV6) + payload
    return Nd(time_ns, port, *macs, *ends, hops, payload[0] == ND_ADVERTISEMENT,
              bool(flags & 0x80), bool(flags & 0x40), bool(flags & 0x20), target,
              _nd_options(payload[24:]), payload[1] == 0 and checksum(over) == 0)


def _decode_ipv4(time_ns, port, macs, frame):
    ihl = (frame[14] & 15) * 4
    tos, total, ttl, protocol = frame[15], int.from_bytes(frame[16:18], "big"), frame[22], frame[23]
    ends = socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])
    payload = frame[14 + ihl:14 + total]
    if protocol == VRRP_PROTOCOL and len(payload) >= 8:
        return _decode_advert(time_ns, port, macs, ends, ttl, tos, payload)
    if protocol == 1 and len(payload) >= 8 and payload[0] in (0, 8):
        return _decode_echo(time_ns, port, macs, ends, payload)
    return Other(time_ns, port, frame)


def _decode_ipv6(time_ns, port, macs, frame):
    first, length, protocol, hops = struct.unpack_from("!IHBB", frame, 14)
    ends = tuple(str(ipaddress.IPv6Address(frame[at:at + 16])) for at in (22, 38))
    payload = frame[54:54 + length]
    if protocol == VRRP_PROTOCOL and len(payload) >= 8:
        return _decode_advert(time_ns, port, macs, ends, hops, first >> 20 & 0xff, payload)
    if protocol == ICMPV6 and len(payload) >= 8 and payload[0] in (128, 129):
        return _decode_echo(time_ns, port, macs, ends, payload)
    is_nd = payload[:1] in (bytes([ND_SOLICITATION]), bytes([ND_ADVERTISEMENT]))
    if protocol == ICMPV6 and len(payload) >= 24 and is_nd:
        return _decode_nd(time_ns, port, macs, ends, hops, payload)
    return Other(time_ns, port, frame)


def decode(time_ns, port, frame):
    """An Arp, an Advert, an Echo, an Nd or an Other."""
    ethertype = int.from_bytes(frame[12:14], "big")
    macs = mac_text(frame[:6]), mac_text(frame[6:12])
    if ethertype == 0x0806 and len(frame) >= 42:
        return _decode_arp(time_ns, port, *macs, frame)
    if ethertype == 0x0800 and len(frame) >= 34:
        return _decode_ipv4(time_ns, port, macs, frame)
    if ethertype == 0x86dd and len(frame) >= 54:
        return _decode_ipv6(time_ns, port, macs, frame)
    return Other(time_ns, port, frame)
