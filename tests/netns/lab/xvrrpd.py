# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent under test, used as its users do: options, signals, `xvrrpctl --json`."""

import json
import os
import pathlib
import subprocess

from . import nets
from .config import Instance, config_text
from .process import Daemon
from .wait import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / (os.environ.get("XVRRPD_BUILD") or os.environ.get("BUILD") or "build")


class Xvrrpd(Daemon):
    """One agent with a run directory and pins of its own.

    `wrapper` is a command that changes something of its process and becomes the agent.
    """

    def __init__(self, node, *instances, global_lines=(), options=(), pin_dir=None, wrapper=()):
        lab = node.lab
        self.name = f"xvrrpd-{node.name}"
        self.node = node
        self.run_dir = lab.dir / f"{self.name}.run"
        self.pin_dir = pathlib.Path(pin_dir) if pin_dir else lab.bpffs() / self.name
        self.config = lab.dir / f"{self.name}.conf"
        self.configure(*(instances or (Instance(),)), global_lines=global_lines)
        super().__init__(node.netns, [
            *wrapper, BUILD / "xvrrpd", "-f", self.config, "--run-dir", self.run_dir,
            "--pin-dir", self.pin_dir, *options], lab.dir / f"{self.name}.log")
        lab.track(self)
        self.wait_ready()

    def configure(self, *instances, global_lines=()):
        """Write its file, for the start or a reload: whole, whenever it is read."""
        self.instances = instances
        new = self.config.with_suffix(".new")
        new.write_text(config_text(instances, global_lines), encoding="utf-8")
        new.rename(self.config)

    def wait_ready(self):
        """Until it answers its control socket; fails at once if it ended instead."""
        wait_until(lambda: not self.alive() or self._answers(), f"{self.name} answers")
        assert self.alive(), f"{self.name} ended with {self.exit_code()}:\n{self.log()}"

    def _answers(self):
        return (self.run_dir / "control.sock").exists() and self.ctl("status").returncode == 0

    def ctl(self, *argv):
        """xvrrpctl against this agent; returns the CompletedProcess."""
        return subprocess.run(
            [BUILD / "xvrrpctl", "-s", self.run_dir / "control.sock", *argv],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20, check=False)

    def json(self, *argv):
        done = self.ctl("--json", *argv)
        assert done.returncode == 0, f"xvrrpctl {argv}: {done.returncode} {done.stderr}"
        return json.loads(done.stdout)

    def vr(self, name="VI_1"):
        """One element of "virtual_routers"."""
        routers = {vr["name"]: vr for vr in self.json("status")["virtual_routers"]}
        return routers[name]

    def interface(self, name="eth0"):
        interfaces = {i["name"]: i for i in self.json("status")["interfaces"]}
        return interfaces[name]

    def state(self, name="VI_1"):
        return self.vr(name)["state"]

    def errors(self, name="VI_1"):
        return self.vr(name)["statistics"]["errors"]


def run_agent(node, *argv, prefix=(), timeout=15):
    """An agent that is expected to end by itself; returns the CompletedProcess."""
    return subprocess.run(
        nets.enter_argv(node.netns) + list(prefix) + [str(BUILD / "xvrrpd"), *map(str, argv)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=timeout, check=False)
