# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers, clients and a switch in network namespaces: see topology.py."""

from .ask import Asker
from .config import VIP, VRID, Instance, config_text
from .peers import Frr, Keepalived
from .probe import ArpProber, Pinger
from .scenes import elected, only_speaker, pair
from .topology import Lab, terminate_like_interrupt, undisturbed
from .wait import hold, mean_interval_ns, median, wait_until
from .wire import virtual_mac
from .xvrrpd import BUILD, Xvrrpd, run_agent

__all__ = [
    "ArpProber", "Asker", "BUILD", "Frr", "Instance", "Keepalived", "Lab", "Pinger", "VIP", "VRID",
    "Xvrrpd", "config_text", "elected", "hold", "mean_interval_ns", "median", "only_speaker",
    "pair", "run_agent",
    "terminate_like_interrupt", "undisturbed", "virtual_mac", "wait_until",
]
