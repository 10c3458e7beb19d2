# SPDX-License-Identifier: GPL-2.0-or-later
"""A laboratory: namespaces for routers and clients around a switch, gone when the block ends.

    with Lab() as lab:
        r1 = lab.node("r1", "192.0.2.11/24")

makes a namespace with an interface eth0 on the switch's first bridge. Everything carries the pid
of the process that made it; what a killed run left is removed by the next one, once that pid is
gone. The switch is a namespace too: its port to eth0 of node r1 is called r1, to eth1 r1.1.
"""

import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from . import nets, sanitizers
from .capture import Capture

PREFIX = "xvlab"
_serial = itertools.count(1)

PASS_SOURCE = """
__attribute__((section("xdp.frags"), used)) int pass(void *ctx)
{
    (void)ctx;
    return 2; /* XDP_PASS */
}
char _license[] __attribute__((section("license"), used)) = "GPL";
"""


class Node:
    """A namespace with interfaces eth0, eth1, ... on bridges br0, br1, ... of the switch."""

    def __init__(self, lab, name, netns):
        self.lab = lab
        self.name = name
        self.netns = netns

    def ip(self, *argv, check=True):
        return nets.run("ip", "-n", self.netns, *argv, check=check)

    def run(self, *argv, check=True, **kwargs):
        """A command inside the namespace; returns its standard output."""
        return nets.run(*nets.enter_argv(self.netns), *argv, check=check, **kwargs)

    def port(self, interface=0):
        """The switch's port to ethN."""
        return self.name if interface == 0 else f"{self.name}.{interface}"

    def mac(self, interface="eth0"):
        text = self.ip("link", "show", "dev", interface)
        return re.search(r"link/ether (\S+)", text).group(1)

    def socket(self, *args):
        return nets.open_socket(self.netns, *args)

    def packet_socket(self, interface="eth0"):
        return nets.packet_socket(self.netns, interface)

    def addresses(self, interface="eth0", family=4):
        text = self.ip(f"-{family}", "-o", "address", "show", "dev", interface)
        return re.findall(r"inet6? (\S+)", text)

    def sysctl(self, setting):
        self.run("sysctl", "-q", "-w", setting)


class Lab:
    """The switch, the nodes, and everything that must be gone afterwards."""

    def __init__(self, lans=1):
        sweep_dead()
        self.name = f"{PREFIX}-{os.getpid()}-{next(_serial)}"
        self.dir = pathlib.Path(tempfile.gettempdir()) / self.name
        self.switch = f"{self.name}-sw"
        self.lans = lans
        self.daemons = []
        self.captures = []
        self._closers = []

    # ---- life ----

    def __enter__(self):
        try:
            self.dir.mkdir(mode=0o755)
            self._make_netns(self.switch)
            for lan in range(self.lans):
                nets.run("ip", "-n", self.switch, "link", "add", f"br{lan}", "type", "bridge")
                nets.run("ip", "-n", self.switch, "link", "set", f"br{lan}", "up")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        """Remove everything; a second Ctrl-C must not leave half of it."""
        with undisturbed():
            for close in reversed(self._closers):
                close()
            for capture in self.captures:
                capture.close()
            for daemon in self.daemons:
                if sanitizers.built_in():
                    sanitizers.let_end(daemon)
                daemon.kill()
            remove(self.name)

    def at_close(self, function):
        self._closers.append(function)

    def track(self, daemon):
        self.daemons.append(daemon)
        return daemon

    # ---- parts ----

    @staticmethod
    def _make_netns(name, ipv6=False):
        """IPv6 where it is asked for only, and then with the addresses that it is given."""
        settings = ["default.addr_gen_mode=1", "default.accept_ra=0"] if ipv6 else \
            ["all.disable_ipv6=1", "default.disable_ipv6=1"]
        nets.run("ip", "netns", "add", name)
        nets.run(*nets.enter_argv(name), "sysctl", "-q", "-w",
                 *(f"net.ipv6.conf.{setting}" for setting in settings))
        nets.run("ip", "-n", name, "link", "set", "lo", "up")

    def node(self, name, *addresses, lan=0):
        """A node whose ethN has addresses[N], on bridge lan + N: one, several in a tuple, or None.
        """
        node = Node(self, name, f"{self.name}-{name}")
        several = [(a,) if isinstance(a, str) else a or () for a in addresses]
        self._make_netns(node.netns, any(":" in a for those in several for a in those))
        for index, those in enumerate(several):
            self._plug(node, index, lan + index)
            for address in those:
                node.ip("address", "add", address, "dev", f"eth{index}",
                        *(("nodad",) if ":" in address else ()))
            node.ip("link", "set", f"eth{index}", "up")
        return node

    def _plug(self, node, index, lan):
        port = node.port(index)
        nets.run("ip", "link", "add", port, "netns", self.switch, "type", "veth",
                 "peer", "name", f"eth{index}", "netns", node.netns)
        nets.run("ip", "-n", self.switch, "link", "set", port, "master", f"br{lan}", "up")

    def replug(self, node, interface=0):
        """A new interface in place of one that was deleted; down, without addresses."""
        self._plug(node, interface, interface)

    def switch_run(self, *argv):
        return nets.run(*nets.enter_argv(self.switch), *argv)

    def pass_program(self, *ports):
        """Native XDP on the far ends: native XDP_TX on a veth needs a program on its peer."""
        program = self.dir / "pass.o"
        if not program.exists():
            nets.run("clang", "-target", "bpf", "-O2", "-x", "c", "-c", "-", "-o", program,
                     stdin=PASS_SOURCE, timeout=120)  # an emulated machine reads clang slowly
        for port in ports:
            nets.run("ip", "-n", self.switch, "link", "set", "dev", port, "xdpdrv", "obj", program,
                     "sec", "xdp.frags")

    def capture(self):
        """Everything that comes into the switch from now on."""
        capture = Capture(self.switch)
        self.captures.append(capture)
        return capture

    def port_socket(self, port):
        """Sends straight to the node behind a port, past the switch's table."""
        return nets.packet_socket(self.switch, port)

    def bpffs(self):
        """A private bpffs for pins: a directory of this name can be given to one agent each."""
        path = self.dir / "bpf"
        if not path.exists():
            path.mkdir()
            nets.run("mount", "-t", "bpf", "-o", "mode=0700", "bpf", path)
        return path

    def logs(self):
        """The output of every daemon, for a test that failed."""
        parts = [f"==== {d.log_path.name} (pid {d.pid}, exit {d.exit_code()})\n{d.log()}"
                 for d in self.daemons]
        return "\n".join(parts)


# ---- removal ----

@contextlib.contextmanager
def undisturbed():
    """Signals to end wait until the block is over; the main thread only, others never get any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def terminate_like_interrupt():
    """SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that `with Lab()` cleans up.

    SIGINT as well, which a shell has its background jobs ignore. Once: who presses Ctrl-C again is
    impatient, and would stop the cleaning up.
    """
    def unwind(_number, _frame):
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in ENDINGS:
        signal.signal(number, unwind)


def _namespaces(lab_name):
    try:
        names = os.listdir(nets.NETNS_DIR)
    except FileNotFoundError:
        return []
    return [name for name in names if name.startswith(lab_name + "-")]


def _unmount_below(directory):
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        paths = [line.split()[4] for line in mounts]
    for path in sorted((p for p in paths if p.startswith(f"{directory}/")), reverse=True):
        nets.run("umount", "-l", path, check=False)


def remove(lab_name):
    """Everything of one laboratory: processes, namespaces, mounts, files."""
    names = _namespaces(lab_name)
    for name in names:
        for pid in nets.run("ip", "netns", "pids", name, check=False).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    for name in names:
        nets.run("ip", "netns", "delete", name, check=False)
    directory = pathlib.Path(tempfile.gettempdir()) / lab_name
    _unmount_below(directory)
    shutil.rmtree(directory, ignore_errors=True)


def _pid_alive(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


def sweep_dead():
    """Remove what laboratories of processes that no longer exist left behind."""
    try:
        names = os.listdir(nets.NETNS_DIR)
    except FileNotFoundError:
        names = []
    names += os.listdir(tempfile.gettempdir())
    found = {m.group(0): int(m.group(1))
             for m in (re.match(rf"{PREFIX}-(\d+)-\d+", name) for name in names) if m}
    for lab_name, pid in found.items():
        if not _pid_alive(pid):
            with contextlib.suppress(subprocess.TimeoutExpired):
                remove(lab_name)
