# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine as a router of the laboratory: its eth0 is the switch's port "vm".

Everything around it is outside and sees a machine that may stand still: see pause(). Commands go
in through a serial port (guest.py), so that the network carries nothing of the test's own.
"""

import json
import os
import pathlib
import shlex
import signal
import socket

from lab import BUILD, config_text, nets, wait_until
from lab.process import Daemon

BOOT_S = 300
COMMAND_S = 60
MAC = "02:00:00:00:00:11"
GUEST = pathlib.Path(__file__).resolve().parent / "guest.py"

# Emulated network cards have names that depend on the kernel and on udev.
FIND_ETH0 = f"""
modprobe virtio_net
until name=$(grep -l {MAC} /sys/class/net/*/address); do sleep 0.1; done
name=$(basename "$(dirname "$name")")
ip link set "$name" down && ip link set "$name" name eth0
sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
ip address add ADDRESS dev eth0 && ip link set eth0 up
"""


class Lines:
    """JSON objects, one a line, over a UNIX socket."""

    def __init__(self, path):
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.connect(str(path))
        self._file = self._sock.makefile("rb")

    def send(self, item):
        self._sock.sendall(json.dumps(item).encode() + b"\n")

    def receive(self, within_s):
        self._sock.settimeout(within_s)
        line = self._file.readline()
        assert line, "the virtual machine has ended"
        return json.loads(line)


class Machine:
    """Boots a kernel with the host's files, read-only; `daemon` is the emulator's front end."""

    port = "vm"

    def __init__(self, lab, kernel, address):
        self.lab = lab
        commands, monitor = lab.dir / "vm.commands", lab.dir / "vm.monitor"
        nets.run("ip", "-n", lab.switch, "tuntap", "add", self.port, "mode", "tap")
        nets.run("ip", "-n", lab.switch, "link", "set", self.port, "master", "br0", "up")
        self.daemon = lab.track(Daemon(
            lab.switch, self._argv(kernel, commands, monitor), lab.dir / "vm.log"))
        wait_until(lambda: not self.daemon.alive() or (commands.exists() and monitor.exists()),
                   "an emulator", BOOT_S, 0.1)
        assert self.daemon.alive(), self.daemon.log()
        self._commands, self._monitor = Lines(commands), Lines(monitor)
        assert "QMP" in self._monitor.receive(COMMAND_S)
        self._control("qmp_capabilities")
        assert self._commands.receive(BOOT_S) == {"ready": True}
        self._emulator = next(pid for pid in self.daemon.children()
                              if "qemu" in os.readlink(f"/proc/{pid}/exe"))
        self.run(FIND_ETH0.replace("ADDRESS", address))

    def _argv(self, kernel, commands, monitor):
        devices = [f"-netdev tap,id=lan,ifname={self.port},script=no,downscript=no",
                   f"-device virtio-net-pci,netdev=lan,mac={MAC}",
                   "-device virtio-serial-pci,id=vmtest",
                   f"-chardev socket,id=commands,path={commands},server=on,wait=off",
                   "-device virtserialport,bus=vmtest.0,chardev=commands,name=vmtest.commands",
                   f"-qmp unix:{monitor},server=on,wait=off"]
        kvm = [] if os.environ.get("VMTEST_KVM") else ["--disable-kvm"]
        return ["vng", *kvm, "--force-9p", "-r", kernel, "--memory", "1G", "--cpus", "2",
                f"--qemu-opts={' '.join(devices)}", "--", str(GUEST)]

    def _control(self, command):
        """QEMU's own protocol; events may come before the answer."""
        self._monitor.send({"execute": command})
        while "return" not in self._monitor.receive(COMMAND_S):
            pass

    def run(self, command, within_s=COMMAND_S):
        """A shell command inside; returns what it writes."""
        self._commands.send({"command": command})
        reply = self._commands.receive(within_s)
        assert reply["status"] == 0, f"in the machine: {command}: {reply}"
        return reply["output"]

    def pause(self, how):
        """Stand still. "machine": with its clocks, as on pausing or migrating a virtual machine;
        "emulator": the clocks go on, as on a host that gives it no time."""
        if how == "machine":
            self._control("stop")
        else:
            os.kill(self._emulator, signal.SIGSTOP)

    def go_on(self, how):
        if how == "machine":
            self._control("cont")
        else:
            os.kill(self._emulator, signal.SIGCONT)


class Agent:
    """The agent inside the machine, with its usual paths."""

    def __init__(self, machine, *instances):
        self.machine = machine
        text = shlex.quote(config_text(instances))
        machine.run(f"printf %s {text} >/run/xvrrpd.conf; "
                    f"{BUILD}/xvrrpd -f /run/xvrrpd.conf >/run/xvrrpd.log 2>&1 & echo $!")
        wait_until(self._answers, "the agent in the machine", COMMAND_S, 0.2)

    def _answers(self):
        return "yes" in self.machine.run(f"{BUILD}/xvrrpctl status >/dev/null && echo yes || :")

    def log(self):
        return self.machine.run("cat /run/xvrrpd.log")

    def vr(self, name):
        """One element of "virtual_routers"."""
        status = json.loads(self.machine.run(f"{BUILD}/xvrrpctl --json status"))
        return next(vr for vr in status["virtual_routers"] if vr["name"] == name)

    def stop(self):
        self.machine.run("pid=$(cat /run/xvrrpd/xvrrpd.pid); kill $pid; "
                         "while [ -e /proc/$pid ]; do sleep 0.1; done")
