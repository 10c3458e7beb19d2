# SPDX-License-Identifier: GPL-2.0-or-later
"""Configuration files; xvrrpd and keepalived read the same language."""

import dataclasses

VIP = "192.0.2.1"
VRID = 51
VIP6, VIP6_LL = "2001:db8::1", "fe80::1"  # the link-local one comes first (A-29)
ADDRESSES6 = (f"{VIP6_LL}/64", f"{VIP6}/64")


@dataclasses.dataclass
class Instance:
    """One vrrp_instance."""

    priority: int = 100
    advert_int: float = 0.1
    name: str = "VI_1"
    interface: str = "eth0"
    vrid: object = VRID
    addresses: tuple = (f"{VIP}/24",)
    state: str = "BACKUP"
    nopreempt: bool = False
    extra: tuple = ()  # further lines of the block
    version: int = 3

    def text(self):
        lines = [f"state {self.state}", f"interface {self.interface}",
                 f"virtual_router_id {self.vrid}", f"priority {self.priority}",
                 f"advert_int {self.advert_int:g}", f"version {self.version}"]
        lines += ["nopreempt"] if self.nopreempt else []
        lines += list(self.extra)
        lines += ["virtual_ipaddress {"] + [f"    {a}" for a in self.addresses] + ["}"]
        body = "".join(f"    {line}\n" for line in lines)
        return f"vrrp_instance {self.name} {{\n{body}}}\n"

    def skew_ns(self):
        """C-20, of this router's own interval."""
        if self.version == 2:
            return (256 - self.priority) * 1e9 / 256
        return (256 - self.priority) * self.advert_int * 1e9 / 256

    def down_ns(self):
        """C-21."""
        return 3 * self.advert_int * 1e9 + self.skew_ns()


def block(keyword, *lines):
    """Lines of a block, for `extra`."""
    return (f"{keyword} {{", *(f"    {line}" for line in lines), "}")


class Root:
    """A block beside the instances."""

    def __init__(self, head, *lines):
        self.lines = block(head, *lines)

    def text(self):
        return "\n".join(self.lines) + "\n"


def unicast(own, *peers, **ttl):
    """Lines that do without multicast; `ttl` has min_ttl and max_ttl of the peers."""
    words = "".join(f" {key} {value}" for key, value in ttl.items())
    return (f"unicast_src_ip {own}",) + block("unicast_peer", *(peer + words for peer in peers))


def password(text):
    return block("authentication", "auth_type PASS", f"auth_pass {text}")


def config_text(instances, global_lines=()):
    lines = "".join(f"    {line}\n" for line in ("vrrp_version 3",) + tuple(global_lines))
    return f"global_defs {{\n{lines}}}\n\n" + "\n".join(i.text() for i in instances)
