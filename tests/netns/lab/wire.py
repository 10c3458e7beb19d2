# SPDX-License-Identifier: GPL-2.0-or-later
"""What is on the wire: frames to send (frames.py) and frames seen (seen.py), under one name."""

from .frames import (ALL_NODES, ALL_NODES_MAC, BROADCAST, GROUP, GROUP6, GROUP6_MAC, GROUP_MAC,
                     ICMPV6, ND_ADVERTISEMENT, ND_SOLICITATION, OPT_NONCE, OPT_SOURCE, OPT_TARGET,
                     VRRP_PROTOCOL, ZERO_MAC, advert, arp, checksum, ethernet, icmpv6, ip_bytes,
                     ipv4, ipv6, mac_bytes, mac_text, neighbour_advert, option, pseudo_header,
                     solicitation, solicited_node, virtual_mac, vrrp2_message, vrrp_message)
from .seen import Advert, Arp, Echo, Nd, Other, decode

__all__ = [
    "ALL_NODES", "ALL_NODES_MAC", "BROADCAST", "GROUP", "GROUP6", "GROUP6_MAC", "GROUP_MAC",
    "ICMPV6", "ND_ADVERTISEMENT", "ND_SOLICITATION", "OPT_NONCE", "OPT_SOURCE", "OPT_TARGET",
    "VRRP_PROTOCOL", "ZERO_MAC", "advert", "arp", "checksum", "ethernet", "icmpv6",
    "ip_bytes", "ipv4", "ipv6", "mac_bytes", "mac_text", "neighbour_advert", "option",
    "pseudo_header", "solicitation", "solicited_node", "virtual_mac", "vrrp2_message",
    "vrrp_message", "Advert", "Arp", "Echo", "Nd", "Other", "decode",
]
