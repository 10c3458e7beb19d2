# SPDX-License-Identifier: GPL-2.0-or-later
"""Notify scripts: which are run, with what, in which order, and that no role waits for them."""

import os
import pathlib
import pwd

import pytest

from lab import Instance, Xvrrpd, wait_until, write_program

KINDS = ("master", "backup", "fault", "stop")


class Book:
    """A script that writes its arguments into a file, a line a run."""

    def __init__(self, directory, name="notify", before=""):
        self.file = directory / f"{name}.out"
        self.path = write_program(directory / f"{name}.sh", f'{before}\necho "$@" >>{self.file}')

    def lines(self):
        return self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []

    def wait(self, *lines):
        wait_until(lambda: self.lines() == list(lines), f"{lines} in {self.file}")

    def each(self, *with_arguments):
        """A line for each state, and one for all."""
        return tuple(f'notify_{kind} "{self.path} {kind}"' for kind in KINDS) + (
            f'notify "{" ".join((str(self.path), "all") + with_arguments)}"',)


@pytest.fixture
def book(lan):
    return Book(lan.dir)


def test_each_state_in_its_order(lan, book):
    """First that of the state, then the common one with four words more."""
    agent = Xvrrpd(lan.r1, Instance(priority=200, extra=book.each("one two")))
    wait_until(lambda: agent.state() == "active", "active")
    expected = ["backup", "all one two INSTANCE VI_1 BACKUP 200",
                "master", "all one two INSTANCE VI_1 MASTER 200"]
    book.wait(*expected)
    lan.r1.ip("link", "set", "eth0", "down")
    expected += ["fault", "all one two INSTANCE VI_1 FAULT 200"]
    book.wait(*expected)
    lan.r1.ip("link", "set", "eth0", "up")
    wait_until(lambda: agent.state() == "active", "active again")
    expected += expected[:4]
    book.wait(*expected)
    assert agent.stop() == 0
    assert book.lines() == expected + ["stop", "all one two INSTANCE VI_1 STOP 200"]


def test_a_fault_from_the_beginning(lan, book):
    lan.r1.ip("link", "set", "eth0", "down")
    Xvrrpd(lan.r1, Instance(priority=200, extra=book.each()))
    book.wait("fault", "all INSTANCE VI_1 FAULT 200")


def test_a_slow_script_delays_its_successors_only(lan):
    """MASTER's ends before BACKUP's begins, and meanwhile the role has long been given away."""
    slow = Book(lan.dir, "slow", before='[ "$1" != master ] || while [ ! -e "$0.go" ]; do '
                                        'sleep 0.05; done')
    go = pathlib.Path(f"{slow.path}.go")
    second = Xvrrpd(lan.r2, Instance(priority=100, extra=slow.each()))
    wait_until(lambda: second.state() == "active", "active")
    first = Xvrrpd(lan.r1, Instance(priority=200))
    wait_until(lambda: (first.state(), second.state()) == ("active", "backup"), "preempted")
    assert slow.lines() == ["backup", "all INSTANCE VI_1 BACKUP 100"]
    go.touch()
    slow.wait("backup", "all INSTANCE VI_1 BACKUP 100", "master", "all INSTANCE VI_1 MASTER 100",
              "backup", "all INSTANCE VI_1 BACKUP 100")


def test_the_newest_state_wins(lan):
    """MASTER, BACKUP, MASTER while a slow script runs: only the last one is told, once."""
    slow = Book(lan.dir, "slow", before='[ "$1" != backup ] || while [ ! -e "$0.go" ]; do '
                                        'sleep 0.05; done')
    agent = Xvrrpd(lan.r1, Instance(priority=200, extra=slow.each()))
    for _ in range(2):
        wait_until(lambda: agent.state() == "active", "active")
        lan.r1.ip("link", "set", "eth0", "down")
        wait_until(lambda: agent.state() == "initialize", "a fault")
        lan.r1.ip("link", "set", "eth0", "up")
    wait_until(lambda: agent.state() == "active", "active")
    assert slow.lines() == []
    pathlib.Path(f"{slow.path}.go").touch()
    slow.wait("backup", "all INSTANCE VI_1 BACKUP 200", "master", "all INSTANCE VI_1 MASTER 200")
    assert agent.stop() == 0
    assert slow.lines()[4:] == ["stop", "all INSTANCE VI_1 STOP 200"]


def test_one_hangs_the_others_go_on(lan):
    """Each name has an order of its own; at the end what hangs makes way for STOP."""
    hangs = Book(lan.dir, "hangs", before='[ "$1" != backup ] || sleep 1000')
    runs = Book(lan.dir, "runs")
    agent = Xvrrpd(lan.r1, Instance(priority=200, extra=hangs.each()),
                   Instance(priority=200, name="VI_2", vrid=52, addresses=("192.0.2.2/24",),
                            extra=runs.each()))
    runs.wait("backup", "all INSTANCE VI_2 BACKUP 200", "master", "all INSTANCE VI_2 MASTER 200")
    assert hangs.lines() == []
    assert agent.stop() == 0
    assert runs.lines()[4:] == ["stop", "all INSTANCE VI_2 STOP 200"]
    assert hangs.lines() == ["stop", "all INSTANCE VI_1 STOP 200"]
    assert f"VI_1: notify script {hangs.path} was killed: it ran for too long" in agent.log()


def test_all_hang_at_the_end(lan):
    """... and nothing is left of them."""
    hangs = Book(lan.dir, "hangs", before=f'echo $$ >>{lan.dir}/pids; trap "" TERM; '
                                          'while :; do sleep 1000; done')
    agent = Xvrrpd(lan.r1, Instance(priority=200, extra=hangs.each()))
    wait_until(lambda: agent.state() == "active", "active")
    assert agent.stop() == 0
    pids = [int(pid) for pid in (lan.dir / "pids").read_text(encoding="ascii").split()]
    assert len(pids) >= 2
    wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}/cmdline").exists() and
                               pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                               for pid in pids), "all gone")


def test_a_group_has_one_state(lan, book):
    """It is told once, when the last member has the state; its own scripts, priority 0."""
    def member(number):
        return Instance(priority=200, name=f"VI_{number}", vrid=50 + number,
                        addresses=(f"192.0.2.{number}/24",))

    group = ["}", "vrrp_sync_group VG_1 {", "group {", "VI_1", "VI_2", "}", *book.each()]
    agent = Xvrrpd(lan.r1, member(1), member(2), global_lines=group)
    wait_until(lambda: agent.state("VI_1") == agent.state("VI_2") == "active", "both active")
    assert agent.vr("VI_1")["sync_group"] == agent.vr("VI_2")["sync_group"] == "VG_1"
    expected = ["backup", "all GROUP VG_1 BACKUP 0", "master", "all GROUP VG_1 MASTER 0"]
    book.wait(*expected)
    agent.stop()
    assert book.lines() == expected + ["stop", "all GROUP VG_1 STOP 0"]


def test_as_another_user(lan):
    account = pwd.getpwnam("nobody")
    directory = lan.dir / "nobody"
    directory.mkdir()
    os.chown(directory, account.pw_uid, account.pw_gid)
    book = Book(directory, before='set -- "$@" $(id -un)')
    extra = (f'notify_master "{book.path} became" nobody',)
    Xvrrpd(lan.r1, Instance(priority=200, extra=extra))
    book.wait("became nobody")
    assert book.file.stat().st_uid == account.pw_uid


def test_what_cannot_be_run_is_told(lan):
    """... and changes nothing else."""
    fails = Book(lan.dir, "fails", before="exit 3")
    agent = Xvrrpd(lan.r1, Instance(priority=200, extra=(
        f"notify_backup {fails.path}", "notify_master /bin/true")))
    wait_until(lambda: agent.state() == "active", "active")
    wait_until(lambda: f"VI_1: notify script {fails.path} ended with status 3" in agent.log(),
               "told")
    fails.path.unlink()
    lan.r1.ip("link", "set", "eth0", "down")
    lan.r1.ip("link", "set", "eth0", "up")
    wait_until(lambda: f"VI_1: notify script could not be run: {fails.path}: No such file"
               in agent.log(), "told")
    wait_until(lambda: agent.state() == "active", "active")


def test_one_that_is_being_written(lan, book):
    """The event is not lost; those behind it wait."""
    with open(book.path, "ab"):
        agent = Xvrrpd(lan.r1, Instance(priority=200, advert_int=0.05, extra=book.each()))
        wait_until(lambda: agent.state() == "active", "active")
    book.wait("backup", "all INSTANCE VI_1 BACKUP 200", "master", "all INSTANCE VI_1 MASTER 200")


def test_no_root_script_that_others_can_write(lan):
    """enable_script_security: the directory of the laboratory lies in /tmp."""
    book = Book(lan.dir)
    agent = Xvrrpd(lan.r1, Instance(priority=200, extra=book.each()),
                   global_lines=("enable_script_security", "script_user root"))
    wait_until(lambda: agent.state() == "active", "active")
    wait_until(lambda: agent.log().count("is not run as root") >= 4, "told")
    assert book.lines() == []


def test_an_adoption_is_no_event(lan, book):
    """The successor of a killed agent is what that one was: nothing is run."""
    instance = Instance(priority=250, extra=book.each())
    agent = Xvrrpd(lan.r1, instance, pin_dir=lan.bpffs() / "adopted")
    wait_until(lambda: agent.state() == "active", "active")
    wait_until(lambda: len(book.lines()) == 4, "told")
    agent.kill()
    successor = Xvrrpd(lan.r1, instance, pin_dir=lan.bpffs() / "adopted")
    assert successor.state() == "active"
    wait_until(lambda: "goes on as active" in successor.log(), "it is logged")
    successor.stop()
    assert book.lines()[4:] == ["stop", "all INSTANCE VI_1 STOP 250"]
