# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's view of BPF programs on an interface, and what other tools do to them.

By the system call itself: bpftool 7.1 knows no tcx, and who replaces a program between two looks
of the agent must be faster than a process can start.
"""

import contextlib
import ctypes
import errno
import json
import os
import platform
import re
import struct
import time

from . import nets

SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
OBJ_GET, OBJ_GET_INFO_BY_FD, PROG_QUERY = 7, 15, 16
LINK_CREATE, LINK_DETACH = 28, 34
ATTACH_XDP = 37
XDP_FLAGS_SKB_MODE = 2
TRY_AGAIN_S = 0.01
HOOKS = ("xdp", "tc_in", "tc_out")
TCX = {"tc_in": 46, "tc_out": 47}
CLSACT = {"tc_in": "ingress", "tc_out": "egress"}

_libc = ctypes.CDLL(None, use_errno=True)


def _bpf(command, attributes):
    """One call; `attributes` (a ctypes buffer) is written to as well. Returns its result."""
    result = _libc.syscall(SYS_BPF, command, attributes, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return result


def _pack(form, *values):
    return ctypes.create_string_buffer(struct.pack(form, *values).ljust(64, b"\0"), 64)


@contextlib.contextmanager
def pinned(path):
    """A descriptor of a pinned object."""
    name = ctypes.create_string_buffer(os.fsencode(path))
    fd = _bpf(OBJ_GET, _pack("QII", ctypes.addressof(name), 0, 0))
    try:
        yield fd
    finally:
        os.close(fd)


def link_ifindex(path):
    """The interface that a pinned link is attached to; 0: somebody has detached it."""
    info = ctypes.create_string_buffer(64)
    with pinned(path) as fd:
        _bpf(OBJ_GET_INFO_BY_FD, _pack("IIQ", fd, len(info), ctypes.addressof(info)))
    return struct.unpack_from("I", info.raw, 16)[0]


def detach(agent, hook, interface="eth0"):
    """Take an agent's program away, as `bpftool link detach` and `tc filter del` do."""
    path = link_pin(agent, hook, interface)
    if not path.exists():
        agent.node.run("tc", "filter", "del", "dev", interface, CLSACT[hook])
        return
    with pinned(path) as fd:
        _bpf(LINK_DETACH, _pack("I", fd))


def is_pinned(agent, hook, interface="eth0"):
    """A successor finds it: a filter needs no pin."""
    path = link_pin(agent, hook, interface)
    return link_ifindex(path) != 0 if path.exists() else hook != "xdp" and not has_tcx(agent.node)


def has_tcx(node, interface="lo"):
    """Does the kernel have it?"""
    try:
        _tcx(node, interface, TCX["tc_in"])
    except OSError:
        return False
    return True


def usurp_xdp(node, ours, program, interface="eth0"):
    """Detach our pinned XDP link and put a pinned program there; returns the descriptor."""
    for _ in range(100):  # the agent may look, and put its own back, in between
        with contextlib.suppress(OSError):
            return _usurp_xdp(node, ours, program, interface)
        time.sleep(TRY_AGAIN_S)
    return _usurp_xdp(node, ours, program, interface)


def _usurp_xdp(node, ours, program, interface):
    with pinned(ours) as link, pinned(program) as fd, nets.inside(node.netns):
        attach = _pack("IIII", fd, if_index(node, interface), ATTACH_XDP, XDP_FLAGS_SKB_MODE)
        _bpf(LINK_DETACH, _pack("I", link))
        return _bpf(LINK_CREATE, attach)


def if_index(node, interface="eth0"):
    return int(node.ip("-o", "link", "show", "dev", interface).split(":")[0])


def _tc(node, interface, hook):
    """Programs of a tc hook: links where the kernel has tcx (6.6), else filters."""
    try:
        return _tcx(node, interface, TCX[hook])
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    text = node.run("tc", "filter", "show", "dev", interface, CLSACT[hook], check=False)
    return [int(n) for n in re.findall(r"direct-action.* id (\d+)", text)]


def _tcx(node, interface, hook):
    ids = ctypes.create_string_buffer(4 * 16)
    query = _pack("IIIIQI", if_index(node, interface), hook, 0, 0, ctypes.addressof(ids), 16)
    with nets.inside(node.netns):
        _bpf(PROG_QUERY, query)
    count, = struct.unpack_from("I", query.raw, 24)
    return list(struct.unpack_from(f"{count}I", ids.raw))


def attached(node, interface="eth0"):
    """Program ids by hook."""
    link = node.ip("-d", "link", "show", "dev", interface)
    return {"xdp": [int(n) for n in re.findall(r"prog/xdp id (\d+)", link)],
            "tc_in": _tc(node, interface, "tc_in"), "tc_out": _tc(node, interface, "tc_out")}


def link_pin(agent, hook, interface="eth0"):
    return agent.pin_dir / "links" / f"{if_index(agent.node, interface)}-{hook}"


def footprint(agent):
    """What must not grow however often interfaces come and go."""
    keys = json.loads(nets.run("bpftool", "-j", "map", "dump", "pinned",
                               agent.pin_dir / "vr_index"))
    counters = json.loads(nets.run("bpftool", "-j", "map", "dump", "pinned",
                                   agent.pin_dir / "if_stats"))
    return {"links": len(list((agent.pin_dir / "links").iterdir())), "vr_index": len(keys),
            "if_stats": len(counters), "descriptors": len(os.listdir(f"/proc/{agent.pid}/fd"))}
