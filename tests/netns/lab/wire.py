# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet, ARP and VRRP frames, built and decoded here and nowhere near the code under test.

Builders take every field as a keyword, so that a test can break exactly one.
"""

import dataclasses
import ipaddress
import socket
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"
ZERO_MAC = "00:00:00:00:00:00"
GROUP = "224.0.0.18"
GROUP_MAC = "01:00:5e:00:00:12"
VRRP_PROTOCOL = 112


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def mac_text(raw):
    return ":".join(f"{b:02x}" for b in raw)


def ip_bytes(text):
    return ipaddress.IPv4Address(text).packed


def virtual_mac(vrid):
    """E-50."""
    return f"00:00:5e:00:01:{vrid:02x}"


def checksum(data):
    """The Internet checksum (RFC 1071); 0 over data that carries a right one."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(dst, src, ethertype, payload, pad=True):
    frame = mac_bytes(dst) + mac_bytes(src) + struct.pack("!H", ethertype) + payload
    return frame.ljust(60, b"\0") if pad else frame


def ipv4(src, dst, protocol, payload, ttl=255, fragment=0, tos=0xc0, options=b""):
    words = 5 + len(options) // 4
    header = struct.pack("!BBHHHBBH4s4s", 0x40 | words, tos, words * 4 + len(payload), 0, fragment,
                         ttl, protocol, 0, ip_bytes(src), ip_bytes(dst)) + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def pseudo_header(src, dst, length):
    """A-64."""
    return ip_bytes(src) + ip_bytes(dst) + struct.pack("!BBH", 0, VRRP_PROTOCOL, length)


def vrrp_message(vrid=51, priority=100, interval_cs=100, addresses=("192.0.2.1",), version=3,
                 type_=1, count=None, reserved=0, pseudo=None):
    """A VRRPv3 message; `pseudo` = (source, destination) sums with the IPv4 pseudo-header."""
    count = len(addresses) if count is None else count
    head = struct.pack("!BBBBH", version << 4 | type_, vrid, priority, count,
                       reserved << 12 | interval_cs)
    body = b"".join(ip_bytes(a) for a in addresses)
    text = head + b"\0\0" + body
    over = pseudo_header(*pseudo, len(text)) + text if pseudo else text
    return head + struct.pack("!H", checksum(over)) + body


def advert(src, message, dst=GROUP, src_mac=None, dst_mac=GROUP_MAC, vrid=None, **ip):
    """A whole frame around a VRRP message."""
    mac = src_mac or virtual_mac(message[1] if vrid is None else vrid)
    return ethernet(dst_mac, mac, 0x0800, ipv4(src, dst, VRRP_PROTOCOL, message, **ip))


def arp(op, sender_mac, sender_ip, target_ip, target_mac=ZERO_MAC, dst=BROADCAST, src=None):
    payload = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, op, mac_bytes(sender_mac),
                          ip_bytes(sender_ip), mac_bytes(target_mac), ip_bytes(target_ip))
    return ethernet(dst, src or sender_mac, 0x0806, payload)


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
    form: str  # of the checksum: "rfc9568", "pseudo" or "bad"


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
class Other:
    time_ns: int
    port: str
    frame: bytes


def _decode_arp(time_ns, port, eth_dst, eth_src, frame):
    op, smac, sip, tmac, tip = struct.unpack_from("!H6s4s6s4s", frame, 20)
    return Arp(time_ns, port, eth_dst, eth_src, op, mac_text(smac), socket.inet_ntoa(sip),
               mac_text(tmac), socket.inet_ntoa(tip))


def _form(src, dst, message):
    if checksum(message) == 0:
        return "rfc9568"
    if checksum(pseudo_header(src, dst, len(message)) + message) == 0:
        return "pseudo"
    return "bad"


def _decode_ipv4(time_ns, port, eth_dst, eth_src, frame):
    ihl = (frame[14] & 15) * 4
    tos, total, ttl, protocol = frame[15], int.from_bytes(frame[16:18], "big"), frame[22], frame[23]
    src, dst = socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])
    payload = frame[14 + ihl:14 + total]
    if protocol == VRRP_PROTOCOL and len(payload) >= 8:
        vt, vrid, priority, count, interval = struct.unpack_from("!BBBBH", payload)
        addresses = tuple(socket.inet_ntoa(payload[8 + 4 * i:12 + 4 * i])
                          for i in range(min(count, (len(payload) - 8) // 4)))
        return Advert(time_ns, port, eth_dst, eth_src, src, dst, ttl, tos, vt >> 4, vt & 15, vrid,
                      priority, interval & 0xfff, addresses, _form(src, dst, payload))
    if protocol == 1 and len(payload) >= 8 and payload[0] in (0, 8):
        ident, sequence = struct.unpack_from("!HH", payload, 4)
        return Echo(time_ns, port, eth_dst, eth_src, src, dst, payload[0] == 0, ident, sequence)
    return Other(time_ns, port, frame)


def decode(time_ns, port, frame):
    """An Arp, an Advert, an Echo or an Other."""
    ethertype = int.from_bytes(frame[12:14], "big")
    macs = mac_text(frame[:6]), mac_text(frame[6:12])
    if ethertype == 0x0806 and len(frame) >= 42:
        return _decode_arp(time_ns, port, *macs, frame)
    if ethertype == 0x0800 and len(frame) >= 34:
        return _decode_ipv4(time_ns, port, *macs, frame)
    return Other(time_ns, port, frame)
