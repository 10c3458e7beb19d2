# SPDX-License-Identifier: GPL-2.0-or-later
"""What others do to our programs and addresses behind our back is noticed, reported and undone."""

import os
import re
import time

import pytest

from lab import (VIP, VRID, Asker, Instance, Xvrrpd, elected, hold, holds, only_speaker, pair,
                 virtual_mac, wait_until, wire)
from lab import bpf
from lab.nets import CommandError, run
from lab.process import Daemon

NOTICED_S = 3.0  # "within a second or so", on a machine that may stand still now and then
SLOW = {"first": Instance(200, 1), "second": Instance(100, 1)}


def restored(agent):
    return agent.interface()["programs_restored"]


def transitions(agent):
    return agent.vr()["statistics"]["active_transitions"]


def wait_restored(agent, times, what):
    wait_until(lambda: restored(agent) >= times, f"restored: {what}", NOTICED_S)
    programs = bpf.attached(agent.node)
    assert {hook: len(ids) for hook, ids in programs.items()} == dict.fromkeys(bpf.HOOKS, 1), what


def one_answer(lan, asker, port):
    """E-3: exactly one node answers, with the virtual MAC, whatever hook does it."""
    answers = asker.answers()
    assert [(a.port, a.sender_mac, a.eth_src) for a in answers] == \
        [(port, virtual_mac(VRID), virtual_mac(VRID))]
    holds(getattr(lan, port))
    lan.client.run("ping", "-c", "1", "-W", "2", VIP)


# ---- programs ----

def test_detached_programs_are_put_back(lan):
    """Each hook of the Active and of the Backup, at 1 s: nobody's role changes."""
    agents = pair(lan, **SLOW)
    asker = Asker(lan, lan.capture())
    before = [bpf.footprint(agent) for agent in agents]
    count = [transitions(agent) for agent in agents]
    assert [restored(agent) for agent in agents] == [0, 0]
    for times, hook in enumerate(bpf.HOOKS, 1):
        for agent in agents:
            bpf.detach(agent, hook)
        for agent in agents:
            wait_restored(agent, times, f"{hook} of {agent.name}")
            assert bpf.is_pinned(agent, hook), "for a successor"
        one_answer(lan, asker, "r1")
    for agent in agents:
        wait_until(lambda: 1 <= agent.log().count("putting them back") <= 3, "told of it")
    elected(*agents)
    assert [bpf.footprint(agent) for agent in agents] == before
    assert [transitions(agent) for agent in agents] == count == [1, 0]


def test_the_other_interface_does_not_notice(lan):
    """Attaching takes longer than a lease of 10 ms advertisements: who is due goes on meanwhile."""
    lan.r1.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    for name in ("other0", "other1"):
        lan.r1.ip("link", "set", name, "up")
    lan.r1.ip("address", "add", "198.51.100.11/24", "dev", "other0")
    other = Instance(100, 0.01, name="VI_2", interface="other0", vrid=52,
                     addresses=("198.51.100.1/24",))
    agent = Xvrrpd(lan.r1, Instance(100, 1), other, options=("--xdp-mode", "generic"))
    wait_until(lambda: [agent.state(n) for n in ("VI_1", "VI_2")] == ["active"] * 2, "both Active")

    def late():
        return agent.vr("VI_2")["statistics"]["errors"]["late_wakeups"]

    disturbed = 0
    for times in range(1, 7):
        before = late()
        for hook in bpf.HOOKS:
            bpf.detach(agent, hook)
        wait_until(lambda: restored(agent) >= times, "put back", NOTICED_S)
        disturbed += late() > before
    assert disturbed <= 2, f"{disturbed} of 6"


@pytest.mark.parametrize("hook", ["xdp", "tc_in"])
def test_a_deaf_backup_does_not_stay_a_second_active(lan, hook):
    """At 100 ms its timer may run out before it notices; then it hears the Active again."""
    mode = ("--xdp-mode", "generic" if hook == "xdp" else "tc")
    first, second = pair(lan, options=mode)
    capture = lan.capture()
    for times in range(1, 4):
        bpf.detach(second, hook)
        wait_until(lambda: restored(second) >= times, "put back", NOTICED_S)
        elected(first, second)
    only_speaker(capture, "r1", 0.1)
    one_answer(lan, Asker(lan, capture), "r1")
    assert capture.adverts_from("r1", priority_zero=True) == []


def test_deleted_pins_are_made_again(lan):
    """Without them the fence would go with a killed agent."""
    first, second = pair(lan)
    names = sorted(p.name for p in (first.pin_dir / "links").iterdir() if p.is_file())
    assert names
    for name in names:
        (first.pin_dir / "links" / name).unlink()

    def again():
        return {p.name for p in (first.pin_dir / "links").iterdir()} >= set(names)

    wait_until(again, "pinned again", NOTICED_S)
    elected(first, second)
    first.kill()
    assert all(bpf.attached(lan.r1).values()), "the fence outlives the agent"


def test_what_is_no_harm(lan):
    """`xdp off`, which the kernel refuses where there is a link, or does as if; somebody else's
    clsact, deleted where we use tcx."""
    if not bpf.has_tcx(lan.r1):
        pytest.skip("this kernel has no tcx: the clsact would be ours")
    lan.r1.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    first, second = pair(lan)
    lan.r1.run("tc", "qdisc", "del", "dev", "eth0", "clsact")
    for argument in ("xdp", "xdpgeneric", "xdpdrv"):
        lan.r1.ip("link", "set", "dev", "eth0", argument, "off", check=False)
    asker = Asker(lan, lan.capture())
    hold(lambda: all(bpf.attached(lan.r1).values()), "the programs stay", 0.5, 0.1)
    one_answer(lan, asker, "r1")
    assert "clsact" not in lan.r1.run("tc", "qdisc", "show", "dev", "eth0"), "we make none"
    elected(first, second)
    assert restored(first) == 0


def load_foreign(lan):
    """A program of somebody else, pinned where a link can be made of it."""
    lan.pass_program()
    path = lan.bpffs() / "foreign"
    run("bpftool", "prog", "load", lan.dir / "pass.o", path, "type", "xdp")
    return path


def test_foreign_program_in_our_place(lan):
    """auto goes on in tc, says so, and answers with the virtual MAC as before."""
    first, second = pair(lan)
    program = load_foreign(lan)
    theirs = [bpf.usurp_xdp(agent.node, bpf.link_pin(agent, "xdp"), program)
              for agent in (first, second)]
    asker = Asker(lan, lan.capture())
    for agent in (first, second):
        wait_until(lambda: agent.interface()["xdp_mode"] == "tc", "in tc", NOTICED_S)
        assert "pass" in agent.interface()["xdp_mode_reason"]
        assert restored(agent) >= 1
        assert not bpf.link_pin(agent, "xdp").exists()
    elected(first, second)
    one_answer(lan, asker, "r1")
    assert transitions(first) == 1
    first.stop()
    assert len(bpf.attached(lan.r1)["xdp"]) == 1, "the foreign program stays"
    for fd in theirs:
        os.close(fd)


def test_foreign_program_and_an_explicit_mode(lan):
    """There is no other way to serve then: a fault, and the peer takes over until it is gone."""
    options = ("--xdp-mode", "generic")
    first, second = pair(lan, options=options)
    theirs = bpf.usurp_xdp(lan.r1, bpf.link_pin(first, "xdp"), load_foreign(lan))
    wait_until(lambda: first.vr()["fault_reasons"] == ["data-plane"], "a fault", NOTICED_S)
    wait_until(lambda: second.state() == "active", "takeover")
    wait_until(lambda: re.search("eth0.*pass", first.log()), "it is logged")
    one_answer(lan, Asker(lan, lan.capture()), "r2")
    os.close(theirs)
    elected(first, second)
    assert first.interface()["xdp_mode"] == "generic"


# ---- clsact, on kernels without tcx ----

NO_TCX = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

/* A kernel that knows no attach types 46 and 47, as before 6.6. */
long syscall(long number, ...)
{
    static long (*real)(long, ...);
    long a[6];
    va_list args;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_bpf && (a[0] == 16 || a[0] == 28)) {
        unsigned type;
        memcpy(&type, (char *)a[1] + (a[0] == 16 ? 4 : 8), sizeof(type));
        if (type == 46 || type == 47) {
            errno = EINVAL;
            return -1;
        }
    }
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
"""


def without_tcx(lan):
    """A wrapper that makes an agent believe in an older kernel."""
    library = lan.dir / "no_tcx.so"
    run("gcc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", library, "-ldl", stdin=NO_TCX)
    return ("env", f"LD_PRELOAD={library}")


def filters(node):
    """Programs of ours in clsact: (ingress, egress)."""
    return tuple(len(re.findall(r"direct-action", node.run(
        "tc", "filter", "show", "dev", "eth0", side))) for side in ("ingress", "egress"))


def test_clsact_deleted(lan):
    """The qdisc with our filters, or one filter alone: rebuilt."""
    first, second = pair(lan, wrapper=without_tcx(lan))
    asker = Asker(lan, lan.capture())
    assert filters(lan.r1) == filters(lan.r2) == (1, 1)
    for times, wreck in enumerate((("qdisc", "del", "dev", "eth0", "clsact"),
                                   ("filter", "del", "dev", "eth0", "ingress"),
                                   ("filter", "del", "dev", "eth0", "egress")), 1):
        for agent in (first, second):
            agent.node.run("tc", *wreck)
        for agent in (first, second):
            wait_until(lambda: restored(agent) >= times, f"{wreck} on {agent.name}", NOTICED_S)
            assert filters(agent.node) == (1, 1), wreck
        elected(first, second)
        one_answer(lan, asker, "r1")
    assert transitions(first) == 1
    assert first.stop() == 0
    assert "clsact" not in lan.r1.run("tc", "qdisc", "show", "dev", "eth0")


# ---- addresses ----

def vip_line(node):
    """The virtual address as the kernel has it, or nothing."""
    text = node.ip("-4", "-o", "address", "show", "dev", "eth0", "to", VIP)
    return text.split("inet ", 1)[1].split(" valid_lft")[0] if text else ""


def test_deleted_address_is_put_back(lan):
    """... as it was: length, label, broadcast; but not the address of a Backup."""
    instance = Instance(200, addresses=(f"{VIP}/28 brd 192.0.2.15 label eth0:vip",))
    first, second = pair(lan, first=instance)
    before = wait_until(lambda: vip_line(lan.r1), "the address")
    assert f"{VIP}/28" in before and "eth0:vip" in before
    for _ in range(3):
        lan.r1.ip("address", "del", f"{VIP}/28", "dev", "eth0")
        wait_until(lambda: vip_line(lan.r1), "back", NOTICED_S)
        assert vip_line(lan.r1) == before
    wait_until(lambda: f"removed our address {VIP}: putting it back" in first.log(), "told")
    elected(first, second)
    assert transitions(first) == 1


def test_address_deleted_for_ever(lan):
    """Another manager that insists: no tight fight, no flood in the log, and we win at last."""
    first, second = pair(lan)
    wait_until(lambda: vip_line(lan.r1), "the address")
    lines, seconds = first.log().count("\n"), 3.0
    monitor = lan.track(Daemon(lan.r1.netns, ["ip", "monitor", "address"], lan.dir / "monitor.log"))
    end, deleted = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        try:
            lan.r1.ip("address", "del", f"{VIP}/24", "dev", "eth0")
            deleted += 1
        except CommandError:  # it is not there
            pass
    wait_until(lambda: vip_line(lan.r1), "back in the end", NOTICED_S)
    monitor.kill()
    added = len(re.findall(rf"^\d+: .*inet {VIP}/24", monitor.log(), re.M))
    assert deleted >= 3, "it was put back, and deleted again"
    assert added <= seconds * 10, "a tight fight"
    assert first.log().count("\n") - lines <= seconds * 3 + 3, "a flood in the log"
    elected(first, second)
    assert transitions(first) == 1


def test_address_is_not_put_back_after_the_role(lan):
    """Deleted, and the role lost, in any order: a Backup has no address."""
    first = Xvrrpd(lan.r1, Instance())
    # At 1 s (C-5) one advertisement keeps it Backup for longer than the test looks at it.
    better, goodbye = (wire.advert("192.0.2.99", wire.vrrp_message(VRID, priority, 100))
                       for priority in (200, 0))
    with lan.client.packet_socket() as sock:
        for delete_first in (True, False, True, False):
            wait_until(lambda: vip_line(lan.r1), "the address of an Active")
            if delete_first:
                lan.r1.ip("address", "del", f"{VIP}/24", "dev", "eth0")
            sock.send(better)
            if not delete_first:
                lan.r1.ip("address", "del", f"{VIP}/24", "dev", "eth0", check=False)
            wait_until(lambda: first.state() == "backup", "Backup")
            wait_until(lambda: not vip_line(lan.r1), "the address is gone")
            hold(lambda: not vip_line(lan.r1), "a Backup puts nothing back", 0.6, 0.02)
            sock.send(goodbye)


FIFTY = tuple(f"192.0.2.{n}/24" for n in range(128, 178))


def virtual(node):
    return [a for a in node.addresses() if a in FIFTY]


def test_fifty_addresses_flushed(lan):
    """Only ours, and then all of the interface, with the primary address."""
    first, second = pair(lan, first=Instance(200, addresses=FIFTY),
                         second=Instance(100, addresses=FIFTY))
    wait_until(lambda: len(virtual(lan.r1)) == 50, "all addresses")
    lan.r1.ip("address", "flush", "dev", "eth0", "to", "192.0.2.128/25")
    wait_until(lambda: len(virtual(lan.r1)) == 50, "all are back", NOTICED_S)
    elected(first, second)
    assert transitions(first) == 1
    lan.r1.ip("address", "flush", "dev", "eth0")
    wait_until(lambda: first.vr()["fault_reasons"] == ["no-primary-ip-address"], "a fault")
    wait_until(lambda: second.state() == "active", "the other one takes over")
    assert virtual(lan.r1) == []
    lan.r1.ip("address", "add", "192.0.2.11/24", "dev", "eth0")
    elected(first, second)
    wait_until(lambda: len(virtual(lan.r1)) == 50, "all addresses again")
    wait_until(lambda: virtual(lan.r2) == [], "none on the Backup")


def test_virtual_mac_removed_from_the_filter(lan):
    """A NIC would drop what clients send. Nobody tells of it: the agent looks now and then."""
    first, second = pair(lan)

    def known():
        return virtual_mac(VRID) in lan.r1.run("bridge", "fdb", "show", "dev", "eth0")

    wait_until(known, "the virtual MAC in the filter")
    lan.r1.run("bridge", "fdb", "del", virtual_mac(VRID), "dev", "eth0", "self")
    wait_until(known, "put back", 4 * NOTICED_S)
    elected(first, second)
    first.freeze()
    wait_until(lambda: second.state() == "active", "takeover")
    first.thaw()
    elected(first, second)
    assert first.stop() == 0
    assert not known()
