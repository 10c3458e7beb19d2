# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet, ARP, Neighbor Discovery and VRRP frames, built nowhere near the code under test.

Builders take every field as a keyword, so that a test can break exactly one. The family of an
address decides that of the packet. What comes in is decoded in seen.py.
"""

import ipaddress
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"
ZERO_MAC = "00:00:00:00:00:00"
GROUP = "224.0.0.18"
GROUP_MAC = "01:00:5e:00:00:12"
GROUP6 = "ff02::12"
GROUP6_MAC = "33:33:00:00:00:12"
VRRP_PROTOCOL = 112
ICMPV6 = 58
ND_SOLICITATION, ND_ADVERTISEMENT = 135, 136
ALL_NODES, ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def mac_text(raw):
    return ":".join(f"{b:02x}" for b in raw)


def ip_bytes(text):
    return ipaddress.ip_address(text).packed


def virtual_mac(vrid, family=4):
    """E-50."""
    return f"00:00:5e:00:{1 if family == 4 else 2:02x}:{vrid:02x}"


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


def ipv6(src, dst, protocol, payload, hop_limit=255, traffic_class=0xc0):
    head = struct.pack("!IHBB", 6 << 28 | traffic_class << 20, len(payload), protocol, hop_limit)
    return head + ip_bytes(src) + ip_bytes(dst) + payload


def pseudo_header(src, dst, length, protocol=VRRP_PROTOCOL):
    """A-64, A-61."""
    ends = ip_bytes(src) + ip_bytes(dst)
    if ":" in src:
        return ends + struct.pack("!II", length, protocol)
    return ends + struct.pack("!BBH", 0, protocol, length)


def vrrp_message(vrid=51, priority=100, interval_cs=100, addresses=("192.0.2.1",), version=3,
                 type_=1, count=None, reserved=0, pseudo=None):
    """A VRRPv3 message; `pseudo` = (source, destination) sums with a pseudo-header: always so with
    IPv6."""
    count = len(addresses) if count is None else count
    head = struct.pack("!BBBBH", version << 4 | type_, vrid, priority, count,
                       reserved << 12 | interval_cs)
    body = b"".join(ip_bytes(a) for a in addresses)
    text = head + b"\0\0" + body
    over = pseudo_header(*pseudo, len(text)) + text if pseudo else text
    return head + struct.pack("!H", checksum(over)) + body


def vrrp2_message(vrid=51, priority=100, interval_s=1, addresses=("192.0.2.1",), auth_type=0,
                  auth_data=b"", count=None):
    """A VRRPv2 message (A-40 to A-49)."""
    count = len(addresses) if count is None else count
    head = struct.pack("!BBBBBB", 0x21, vrid, priority, count, auth_type, interval_s)
    body = b"".join(ip_bytes(a) for a in addresses) + auth_data.ljust(8, b"\0")
    return head + struct.pack("!H", checksum(head + b"\0\0" + body)) + body


def advert(src, message, dst=None, src_mac=None, dst_mac=None, vrid=None, **ip):
    """A whole frame around a VRRP message."""
    family = 6 if ":" in src else 4
    mac = src_mac or virtual_mac(message[1] if vrid is None else vrid, family)
    if family == 6:
        packet = ipv6(src, dst or GROUP6, VRRP_PROTOCOL, message, **ip)
        return ethernet(dst_mac or GROUP6_MAC, mac, 0x86dd, packet)
    packet = ipv4(src, dst or GROUP, VRRP_PROTOCOL, message, **ip)
    return ethernet(dst_mac or GROUP_MAC, mac, 0x0800, packet)


def arp(op, sender_mac, sender_ip, target_ip, target_mac=ZERO_MAC, dst=BROADCAST, src=None):
    payload = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, op, mac_bytes(sender_mac),
                          ip_bytes(sender_ip), mac_bytes(target_mac), ip_bytes(target_ip))
    return ethernet(dst, src or sender_mac, 0x0806, payload)


# ---- Neighbor Discovery (RFC 4861) ----

OPT_SOURCE, OPT_TARGET, OPT_NONCE = 1, 2, 14


def option(kind, data):
    """An option of whole units of eight bytes."""
    length = (len(data) + 9) // 8
    return bytes([kind, length]) + data.ljust(8 * length - 2, b"\0")


def icmpv6(src, dst, kind, body, code=0):
    head = bytes([kind, code])
    over = pseudo_header(src, dst, 4 + len(body), ICMPV6) + head + b"\0\0" + body
    return head + struct.pack("!H", checksum(over)) + body


def solicited_node(address):
    """The group that hears Neighbor Solicitations for an address, and its MAC address."""
    low = ip_bytes(address)[-3:]
    group = ipaddress.IPv6Address(ipaddress.IPv6Address("ff02::1:ff00:0").packed[:13] + low)
    return str(group), mac_text(b"\x33\x33\xff" + low)


def solicitation(src_mac, src, target, dst=None, dst_mac=None, options=None, hop_limit=255):
    """A Neighbor Solicitation; by default to the group, with our MAC address unless it is a probe
    of duplicate address detection (source ::)."""
    group, group_mac = solicited_node(target)
    if options is None:
        options = b"" if src == "::" else option(OPT_SOURCE, mac_bytes(src_mac))
    body = bytes(4) + ip_bytes(target) + options
    packet = ipv6(src, dst or group, ICMPV6,
                  icmpv6(src, dst or group, ND_SOLICITATION, body), hop_limit)
    return ethernet(dst_mac or group_mac, src_mac, 0x86dd, packet, pad=False)


def neighbour_advert(src_mac, src, target, dst=ALL_NODES, dst_mac=ALL_NODES_MAC, flags=0x20,
                     options=None, hop_limit=255):
    """A Neighbor Advertisement; flags are R 0x80, S 0x40, O 0x20."""
    if options is None:
        options = option(OPT_TARGET, mac_bytes(src_mac))
    body = bytes([flags, 0, 0, 0]) + ip_bytes(target) + options
    packet = ipv6(src, dst, ICMPV6, icmpv6(src, dst, ND_ADVERTISEMENT, body), hop_limit)
    return ethernet(dst_mac, src_mac, 0x86dd, packet, pad=False)
