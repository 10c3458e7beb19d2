# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands and sockets inside network namespaces.

A socket belongs for ever to the namespace in which it was made, so this process stays where it is
and only steps inside to create one. `nsenter --net` and not `ip netns exec`: the latter mounts a
new /sys, which hides every bpffs.
"""

import contextlib
import ctypes
import os
import socket
import subprocess

NETNS_DIR = "/run/netns"
CLONE_NEWNET = 0x40000000

ETH_P_ALL = 3
ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806

_libc = ctypes.CDLL(None, use_errno=True)


class CommandError(Exception):
    """A command failed; the text says which and why."""


def run(*argv, check=True, stdin=None, timeout=30):
    """Run a command; returns its standard output."""
    done = subprocess.run([str(a) for a in argv], input=stdin, text=True, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if check and done.returncode != 0:
        raise CommandError(f"{' '.join(map(str, argv))}: exit {done.returncode}: "
                           f"{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def netns_path(name):
    return f"{NETNS_DIR}/{name}"


def enter_argv(name):
    """What to put before a command so that it runs in the namespace, as the process itself."""
    return ["nsenter", f"--net={netns_path(name)}", "--"]


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(name):
    """The calling thread, in the namespace `name`."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(netns_path(name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


def open_socket(name, *args):
    """socket.socket(*args) in the namespace `name`."""
    with inside(name):
        return socket.socket(*args)


def packet_socket(name, interface):
    """A socket that sends whole Ethernet frames on an interface and hears nothing."""
    sock = open_socket(name, socket.AF_PACKET, socket.SOCK_RAW, 0)
    with inside(name):
        sock.bind((interface, 0))
    return sock
