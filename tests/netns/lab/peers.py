# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers that no one here wrote: keepalived, and FRR's vrrpd."""

import grp
import os
import pathlib
import pwd
import re

from . import nets
from .config import Instance, config_text
from .process import Daemon, unused
from .wait import wait_until
from .wire import virtual_mac

FRR_DIR = pathlib.Path("/usr/lib/frr")


class Keepalived(Daemon):
    """keepalived's VRRP process and its parent, with files of its own."""

    def __init__(self, node, *instances, global_lines=()):
        lab = node.lab
        # Nobody may have reaped a killed one yet: its pid files would hold back the next.
        log = unused(lab.dir / f"keepalived-{node.name}.log")
        self.node = node
        self.instances = instances or (Instance(),)
        config = log.with_suffix(".conf")
        config.write_text(config_text(self.instances, global_lines), encoding="utf-8")
        super().__init__(node.netns, [
            "keepalived", "--dont-fork", "--log-console", "--no-syslog", "--log-detail", "--vrrp",
            "-f", config, "-p", log.with_suffix(".pid"), "-r", log.with_suffix(".vrrp.pid")], log)
        lab.track(self)

    def state(self, name="VI_1"):
        """By its own log: "active", "backup", "fault", or "init" before the first word."""
        last = re.findall(rf"\({name}\) Entering (\w+) STATE", self.log())
        words = {"MASTER": "active", "BACKUP": "backup", "FAULT": "fault"}
        return words[last[-1]] if last else "init"


class Frr:
    """zebra and vrrpd of FRR with one virtual router on eth0, on macvlan as FRR wants it."""

    def __init__(self, node, instance, vty_lines=()):
        self.node = node
        self.instance = instance
        self.family = 6 if ":" in instance.addresses[0] else 4
        lab = node.lab
        self.dir = unused(lab.dir / f"frr-{node.name}")
        self.dir.mkdir()
        os.chown(self.dir, pwd.getpwnam("frr").pw_uid, grp.getgrnam("frr").gr_gid)
        self._macvlan()
        self.zebra = self._daemon("zebra", "")
        wait_until((self.dir / "zserv.api").exists, "zebra listens")
        self.vrrpd = self._daemon("vrrpd", self._config(vty_lines))
        wait_until((self.dir / "vrrpd.vty").exists, "vrrpd listens")

    def _macvlan(self):
        """FRR finds its virtual router by a macvlan with the virtual MAC and the addresses.

        Over IPv6 it advertises from a link-local address of that device, which must be its alone.
        """
        node, device = self.node, f"vrrp{self.family}"
        node.ip("link", "delete", device, check=False)  # of one before us
        node.ip("link", "add", device, "link", "eth0", "type", "macvlan", "mode", "bridge")
        node.ip("link", "set", "dev", device, "address",
                virtual_mac(int(self.instance.vrid), self.family))
        own = (f"{self.source()}/64",) if self.family == 6 else ()
        for address in self.instance.addresses + own:
            node.ip("address", "add", address, "dev", device,
                    *(("nodad",) if self.family == 6 else ()))
        node.ip("link", "set", "dev", device, "up")

    def source(self):
        """The address that it advertises from."""
        if self.family == 4:
            return self.node.addresses()[0].split("/")[0]
        own = next(a for a in self.node.addresses(family=6) if a.startswith("fe80::"))
        return own.split("/")[0].replace("fe80::", "fe80::f:")

    def _config(self, vty_lines):
        i, vr = self.instance, f"vrrp {self.instance.vrid}"
        word = "ip" if self.family == 4 else "ipv6"
        lines = ["interface eth0", f" {vr} version {i.version}", f" {vr} priority {i.priority}",
                 f" {vr} advertisement-interval {round(i.advert_int * 1000)}"]
        lines += [f" no {vr} preempt"] if i.nopreempt else []
        lines += [f" {vr} {word} {a.split('/')[0]}" for a in i.addresses]
        return "\n".join(lines + [f" {line}" for line in vty_lines] + [""])

    def _daemon(self, program, config):
        path = self.dir / f"{program}.conf"
        path.write_text(f"log stdout\n{config}", encoding="utf-8")
        path.chmod(0o644)
        argv = [FRR_DIR / program, "--vty_socket", self.dir, "-z", self.dir / "zserv.api",
                "-i", self.dir / f"{program}.pid", "-f", path, "-A", "127.0.0.1", "-P", "0"]
        daemon = Daemon(self.node.netns, argv, self.dir.parent / f"{program}-{self.node.name}.log")
        return self.node.lab.track(daemon)

    def show(self):
        return nets.run("vtysh", "--vty_socket", self.dir, "-d", "vrrpd", "-c", "show vrrp")

    def state(self, _name="VI_1"):
        match = re.search(rf"Status \(v{self.family}\)\s+(\w+)", self.show())
        return {"Master": "active", "Backup": "backup"}.get(match and match.group(1), "init")

    def stop(self):
        self.vrrpd.stop()
        self.zebra.stop()

    def kill(self):
        began_ns = self.vrrpd.kill()
        self.zebra.kill()
        return began_ns
