# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers, clients and a switch in network namespaces: see topology.py."""

from . import life, nets
from .ask import Asker, NeighbourAsker
from .config import (ADDRESSES6, VIP, VIP6, VIP6_LL, VRID, Instance, Root, block, config_text,
                     password, unicast)
from .peers import Frr, Keepalived
from .probe import ArpProber, NeighbourProber, Pinger, Ticker
from .scenes import elected, holds, only_speaker, pair, write_program
from .topology import Lab, terminate_like_interrupt, undisturbed
from .wait import hold, mean_interval_ns, median, wait_until
from .wire import virtual_mac
from .xvrrpd import BUILD, Xvrrpd, run_agent

__all__ = [
    "ADDRESSES6", "ArpProber", "Asker", "BUILD", "Frr", "Instance", "Keepalived", "Lab",
    "NeighbourAsker", "NeighbourProber", "Pinger", "Root", "Ticker", "VIP", "VIP6", "VIP6_LL",
    "VRID", "Xvrrpd", "block", "config_text", "elected", "hold", "holds", "life",
    "mean_interval_ns", "median", "nets", "only_speaker", "pair", "password", "run_agent",
    "terminate_like_interrupt", "undisturbed", "unicast", "virtual_mac", "wait_until",
    "write_program",
]
