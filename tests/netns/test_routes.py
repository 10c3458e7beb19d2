# SPDX-License-Identifier: GPL-2.0-or-later
"""Routes, rules and static things of the configuration: as keepalived has them, and better kept."""

import re

from lab import VIP, Instance, Keepalived, Xvrrpd, elected, pair, wait_until
from lab.config import block

ROUTES = ("198.51.100.0/24 via 192.0.2.100 dev eth0",
          "198.51.101.0/24 dev eth0 scope link src 192.0.2.1 metric 50",
          "blackhole 198.51.102.0/24",
          "203.0.113.0/24 via 10.9.9.9 dev eth0 onlink table 1000",
          "198.51.103.0/24 nexthop via 192.0.2.100 weight 3 nexthop via 192.0.2.101",
          "default via 192.0.2.100 dev eth0 no_track protocol static metric 7",
          "2001:db8:7::/48 via 2001:db8::100 dev eth0",
          "198.51.104.0/24 via 192.0.2.100 dev eth0 mtu 1400 initcwnd 20")
RULES = ("from 198.51.100.0/24 table 1000 priority 100",
         "not from all fwmark 0x10/0xff iif eth0 lookup 1000 preference 101",
         "to 2001:db8:7::/48 lookup 1000 priority 102",
         "from 198.51.101.0/24 table 1000")
EXTRA = block("virtual_routes", *ROUTES) + block("virtual_rules", *RULES)


def routing(node, mark):
    """What the kernel has by routing protocol `mark`, without the mark; and that of `static`."""
    lines = []
    for family in "-4", "-6":
        lines += node.ip(family, "route", "show", "table", "all", "proto", mark).splitlines()
        lines += node.ip(family, "route", "show", "table", "all", "proto", "static").splitlines()
        lines += [line for line in node.ip(family, "rule", "show").splitlines()
                  if f"proto {mark}" in line]
    return sorted(re.sub(r" proto (112|18|keepalived)\b| +$", "", line).strip()
                  for line in lines)


def whole(node):
    """All of them are there; the last comes last."""
    return "198.51.101.0/24 lookup 1000" in node.ip("rule", "show")


def test_as_keepalived_has_them(lan6):
    """The same lines on one router of each make the same routes and rules."""
    ours = Xvrrpd(lan6.r1, Instance(200, extra=EXTRA))
    wait_until(lambda: whole(lan6.r1), "routes and rules of the agent")
    got = routing(lan6.r1, "112")
    ours.stop()
    assert routing(lan6.r1, "112") == []
    theirs = Keepalived(lan6.r2, Instance(200, extra=EXTRA))
    wait_until(lambda: whole(lan6.r2), "those of keepalived")
    assert got == routing(lan6.r2, "keepalived")
    assert len(got) >= len(ROUTES) + len(RULES)
    theirs.stop()


def test_they_follow_the_role(lan6):
    """E-12 of their kind: no router has them but the Active; an operator's own stays."""
    lan6.r1.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.100", "metric", "9")
    first, second = pair(lan6, first=Instance(200, extra=EXTRA),
                         second=Instance(100, extra=EXTRA))
    wait_until(lambda: whole(lan6.r1), "routes and rules")
    assert routing(lan6.r2, "112") == []
    first.stop()
    wait_until(lambda: second.state() == "active" and whole(lan6.r2), "those of the other")
    assert routing(lan6.r1, "112") == []
    assert "198.51.100.0/24 via 192.0.2.100" in lan6.r1.ip("route", "show")


def test_what_a_killed_agent_leaves(lan6):
    """I8: an adopted role keeps them; a Backup, and another configuration, do not."""
    first, second = pair(lan6, first=Instance(200, extra=EXTRA), second=Instance(100))
    wait_until(lambda: whole(lan6.r1), "routes and rules")
    before = routing(lan6.r1, "112")
    first.kill()
    assert routing(lan6.r1, "112") == before
    wait_until(lambda: second.state() == "active", "takeover")
    again = Xvrrpd(lan6.r1, Instance(50, extra=block("virtual_routes", *ROUTES[1:])))
    assert again.state() == "backup"
    wait_until(lambda: routing(lan6.r1, "112") == [], "nothing is left", 10)


def test_put_back(lan6):
    """A route goes with its interface, or by somebody's hand."""
    lan6.r1.ip("link", "add", "up0", "type", "veth", "peer", "name", "up1")
    extra = block("virtual_routes", "198.51.100.0/24 dev up0", "198.51.101.0/24 dev later0")
    agent = Xvrrpd(lan6.r1, Instance(extra=extra))
    wait_until(lambda: "cannot be added" in agent.log(), "a complaint")
    for end in "up0", "up1":
        lan6.r1.ip("link", "set", end, "up")
    wait_until(lambda: "198.51.100.0/24" in lan6.r1.ip("route"), "the first route")
    lan6.r1.ip("link", "add", "later0", "type", "veth", "peer", "name", "later1")
    lan6.r1.ip("link", "set", "later0", "up")
    wait_until(lambda: "198.51.101.0/24" in lan6.r1.ip("route"), "the second route")
    lan6.r1.ip("route", "del", "198.51.100.0/24")
    wait_until(lambda: "198.51.100.0/24" in lan6.r1.ip("route"), "it is put back", 25)
    assert agent.log().count("cannot be added") <= 3


def test_reload_changes_what_differs(lan6):
    agent = Xvrrpd(lan6.r1, Instance(extra=block("virtual_routes", *ROUTES[:2])))
    wait_until(lambda: "198.51.101.0/24" in lan6.r1.ip("route"), "two routes")
    agent.configure(Instance(extra=block("virtual_routes", ROUTES[0], ROUTES[2]) +
                             block("virtual_rules", RULES[0])))
    agent.ctl("reload")
    wait_until(lambda: "blackhole" in lan6.r1.ip("route") and "100:" in lan6.r1.ip("rule"),
               "the new ones")
    wait_until(lambda: "198.51.101.0/24" not in lan6.r1.ip("route"), "the old one goes")
    assert "198.51.100.0/24" in lan6.r1.ip("route")
    assert agent.state() == "active"


class Statics:
    """Static blocks, in the place of an instance."""

    def __init__(self, rules=True):
        self.rules = rules

    def text(self):
        blocks = [block("static_ipaddress", "198.51.100.9/24 dev eth0",
                        "2001:db8:9::9/64 dev eth0"),
                  block("static_routes", "203.0.113.0/24 via 198.51.100.1 dev eth0")]
        if self.rules:
            blocks.append(block("static_rules", "from 198.51.100.9 table 1000 priority 90"))
        return "".join(f"{line}\n" for lines in blocks for line in lines)


def statics(node):
    return ["198.51.100.9/24" in node.addresses(), "2001:db8:9::9/64" in node.addresses("eth0", 6),
            "203.0.113.0/24 via 198.51.100.1" in node.ip("route"),
            "90:" in node.ip("rule")]


def reconfigure(agent, *instances):
    agent.configure(*instances)
    assert agent.ctl("reload").returncode == 0


def test_static_things(lan6):
    """There whatever the role is, put back, changed by a reload."""
    other = Xvrrpd(lan6.r2, Instance(200))
    agent = Xvrrpd(lan6.r1, Instance(100))
    elected(other, agent)
    reconfigure(agent, Instance(100), Statics())
    wait_until(lambda: all(statics(lan6.r1)), "static things")
    assert agent.state() == "backup"
    assert f"{VIP}/24" not in lan6.r1.addresses()
    lan6.r1.ip("route", "del", "203.0.113.0/24")
    lan6.r1.ip("address", "del", "2001:db8:9::9/64", "dev", "eth0")
    wait_until(lambda: all(statics(lan6.r1)), "they are put back", 25)
    reconfigure(agent, Instance(100), Statics(rules=False))
    wait_until(lambda: statics(lan6.r1) == [True, True, True, False], "the rule goes")
    agent.stop()
    assert statics(lan6.r1) == [False] * 4


def test_static_things_outlive_a_killed_agent(lan6):
    agent = Xvrrpd(lan6.r1, Instance(), Statics())
    wait_until(lambda: all(statics(lan6.r1)), "static things")
    agent.kill()
    assert all(statics(lan6.r1))
    again = Xvrrpd(lan6.r1, Instance(), Statics(rules=False))
    wait_until(lambda: not statics(lan6.r1)[3], "what it does not know goes")
    assert statics(lan6.r1) == [True, True, True, False]
    again.stop()
    assert statics(lan6.r1) == [False] * 4
