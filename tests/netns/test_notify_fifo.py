# SPDX-License-Identifier: GPL-2.0-or-later
"""FIFOs and the scripts around them: what is told, word by word as keepalived tells it."""

import os
import pathlib
import re
import signal
import stat

import pytest

from lab import (Instance, Keepalived, Xvrrpd, block, config_text, run_agent, wait_until, wire,
                 write_program)

KINDS = ("master", "backup", "fault", "stop")


def lines_of(path):
    return path.read_text(encoding="ascii").splitlines() if path.exists() else []


class Pipe:
    """A reader that holds the FIFO open, and looks when it is asked."""

    def __init__(self, path):
        self.path, self.text = path, ""
        wait_until(lambda: path.exists() and stat.S_ISFIFO(path.stat().st_mode), "fifo")
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def lines(self):
        try:
            while more := os.read(self._fd, 65536):
                self.text += more.decode("ascii")
        except BlockingIOError:
            pass
        return self.text.splitlines()

    def wait(self, line):
        wait_until(lambda: line in self.lines(), f"{line} in {self.path}")

    def close(self):
        os.close(self._fd)


def member(number, *extra, priority=150, **more):
    return Instance(priority=priority, name=f"VI_{number}", vrid=50 + number,
                    addresses=(f"192.0.2.{number}/24",), extra=extra, **more)


def told(lan, script, name):
    """notify lines; the name of the instance is the file's."""
    book = lan.dir / f"{name}.told"
    return tuple(f'notify_{kind} "{script} {book} {kind}"' for kind in KINDS) + (
        f'notify "{script} {book}"',)


def by_name(lines):
    """name -> [(word, priority)]"""
    found = {}
    for line in lines:
        kind, name, *rest = re.fullmatch(r'(\w+) "(\w+)" (\w+) (\d+)', line).groups()
        found.setdefault((kind, name), []).append(tuple(rest))
    return found


def life(kind, lan):
    """What a daemon tells: start, a check that fails and recovers, a fault, and the end."""
    script = write_program(lan.dir / "book.sh", 'file=$1; shift; echo "$@" >>"$file"')
    flag, fifo, group_fifo = (lan.dir / name for name in ("flag", "all.fifo", "vrrp.fifo"))
    group = ["}", "vrrp_script chk {", f'script "/usr/bin/test ! -e {flag}"', "interval 1",
             "weight -50", "}", "vrrp_sync_group VG {", *block("group", "VI_1", "VI_2"),
             *told(lan, script, "VG")]
    daemon = kind(
        lan.r1, member(1, *told(lan, script, "VI_1")), member(2, *told(lan, script, "VI_2")),
        member(3, *told(lan, script, "VI_3"), *block("track_script", "chk")),
        global_lines=("script_user root", f"notify_fifo {fifo}", f"vrrp_notify_fifo {group_fifo}",
                      "vrrp_notify_priority_changes on", *group))
    pipe, second = Pipe(fifo), Pipe(group_fifo)
    mode = (stat.S_IMODE(fifo.stat().st_mode), fifo.stat().st_uid)
    pipe.wait('GROUP "VG" MASTER 0')
    pipe.wait('INSTANCE "VI_3" MASTER 150')
    flag.touch()
    pipe.wait('INSTANCE "VI_3" MASTER_PRIORITY 100')
    flag.unlink()
    pipe.wait('INSTANCE "VI_3" MASTER_PRIORITY 150')
    lan.r1.ip("link", "set", "eth0", "down")
    pipe.wait('GROUP "VG" FAULT 0')
    pipe.wait('INSTANCE "VI_3" FAULT 150')
    lan.r1.ip("link", "set", "eth0", "up")
    wait_until(lambda: pipe.lines().count('GROUP "VG" MASTER 0') == 2, "active again")
    wait_until(lambda: pipe.lines().count('INSTANCE "VI_3" MASTER 150') == 2, "active again")
    daemon.stop()
    assert pipe.lines() == second.lines()
    assert not fifo.exists() and not group_fifo.exists()
    names = ("VG", "VI_1", "VI_2", "VI_3")
    wait_until(lambda: all("STOP" in " ".join(lines_of(lan.dir / f"{name}.told"))
                           for name in names), "scripts have run")
    scripts = {name: lines_of(lan.dir / f"{name}.told") for name in names}
    for name in names:
        (lan.dir / f"{name}.told").unlink()
    lines = pipe.lines()
    pipe.close()
    second.close()
    return mode, lines, scripts


def group_follows(lines):
    """Behind the start, where it is first: directly behind both of its members."""
    told = [line.split() for line in lines if '"VI_3"' not in line]
    at = [i for i, words in enumerate(told) if words[0] == "GROUP" and words[2] != "STOP"][1:]
    return len(at) == 4 and all(
        sorted(told[i - 2:i]) == [["INSTANCE", f'"VI_{n}"', told[i][2], "150"] for n in (1, 2)]
        for i in at)


def test_word_by_word_as_keepalived(lan):
    """The same life of both; keepalived's scripts of one event run at once, so in any order."""
    theirs, ours = life(Keepalived, lan), life(Xvrrpd, lan)
    assert ours[0] == theirs[0] == (0o600, 0)
    assert by_name(ours[1]) == by_name(theirs[1])
    assert group_follows(theirs[1]) and group_follows(ours[1]), ours[1]
    assert ours[1][:4] == theirs[1][:4]    # a group first at the start ...
    assert ours[1][-4:] == theirs[1][-4:]  # ... and last at the end
    for name, lines in ours[2].items():
        assert sorted(lines) == sorted(theirs[2][name])
        pairs = list(zip(lines[::2], lines[1::2]))
        assert all(kind.upper() == line.split()[2] for kind, line in pairs), pairs


READER = """
echo "start $*" >>{0}
trap 'echo TERM >>{0}' TERM
while :; do
    if read -r line; then sleep 0.2; echo "$line" >>{0}; elif [ $? -le 128 ]; then break; fi
done <"$2"
echo end >>{0}"""


def test_the_reader_hears_everything(lan):
    """Started with the path, started again when it fails; STOP comes before its own end."""
    out, fifo = lan.dir / "reader.out", lan.dir / "fifo"
    script = write_program(lan.dir / "reader.sh", f"echo $$ >>{lan.dir}/pids" + READER.format(out))
    agent = Xvrrpd(lan.r1, member(1), global_lines=(
        f"notify_fifo {fifo}", f'notify_fifo_script "{script} word"'))
    wait_until(lambda: lines_of(out) == [f"start word {fifo}", 'INSTANCE "VI_1" BACKUP 150',
                                         'INSTANCE "VI_1" MASTER 150'], "read")
    os.kill(int(lines_of(lan.dir / "pids")[0]), signal.SIGKILL)
    wait_until(lambda: lines_of(out)[3:] == [f"start word {fifo}"], "again")
    wait_until(lambda: "ended with signal 9: starting it again" in agent.log(), "it is logged")
    assert agent.stop() == 0
    assert lines_of(out)[4:] == ['INSTANCE "VI_1" STOP 150', "end"]
    assert not fifo.exists()


def test_the_reader_goes_with_the_agent(lan):
    """... that is killed: a successor starts one of its own."""
    out, fifo = lan.dir / "reader.out", lan.dir / "fifo"
    script = write_program(lan.dir / "reader.sh", f"echo ran >>{out}; exec sleep 1000")
    agent = Xvrrpd(lan.r1, member(1), global_lines=(
        f"notify_fifo {fifo}", f'notify_fifo_script "sh -c \'echo $$ >{out}.pid; exec {script}\'"'))
    wait_until(lambda: lines_of(out) == ["ran"], "runs")
    process = pathlib.Path("/proc", *lines_of(pathlib.Path(f"{out}.pid")), "cmdline")
    assert process.read_bytes()
    agent.kill()
    wait_until(lambda: not process.exists() or not process.read_bytes(), "gone")


def test_a_reload_keeps_the_reader(lan):
    """... and tells of who left; the file that is removed is made again, with a new reader."""
    out, fifo = lan.dir / "reader.out", lan.dir / "fifo"
    script = write_program(lan.dir / "reader.sh", READER.format(out).replace("$2", "$1"))
    lines = (f"notify_fifo {fifo}", f'notify_fifo_script "{script}"')
    others = [member(2), member(3, "notify_deleted /bin/true")]
    agent = Xvrrpd(lan.r1, member(1), *others, global_lines=lines)
    wait_until(lambda: sum("MASTER" in line for line in lines_of(out)) == 3, "all active")
    before = len(lines_of(out))
    agent.configure(member(1), global_lines=lines + ("fifo_write_vrrp_states_on_reload",))
    agent.send(signal.SIGHUP)
    wait_until(lambda: len(lines_of(out)) >= before + 3, "told")
    assert lines_of(out)[before:] == ['INSTANCE "VI_2" FAULT 150', 'INSTANCE "VI_3" DELETED 150',
                                      'INSTANCE "VI_1" MASTER 150']
    assert lines_of(out).count(f"start {fifo}") == 1
    fifo.unlink()
    wait_until(lambda: lines_of(out).count(f"start {fifo}") == 2, "a new reader")
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    wait_until(lambda: "was removed or replaced" in agent.log(), "it is logged")


def test_what_is_no_pipe_is_left_alone(lan):
    path = lan.dir / "fifo"
    path.write_text("precious", encoding="ascii")
    agent = Xvrrpd(lan.r1, member(1), global_lines=(f"notify_fifo {path}",))
    wait_until(lambda: agent.state("VI_1") == "active", "active")
    wait_until(lambda: f"{path} exists and is not a named pipe: remove it" in agent.log(),
               "it is logged")
    assert agent.stop() == 0
    assert path.read_text(encoding="ascii") == "precious"


def test_a_lower_priority_is_heard(lan):
    """MASTER_RX_LOWER_PRI: a script of its own and a line, and no state."""
    book, fifo = lan.dir / "lower", lan.dir / "fifo"
    script = write_program(lan.dir / "lower.sh", f"echo lower >>{book}")
    agent = Xvrrpd(lan.r1, member(1, f"notify_master_rx_lower_pri {script}"),
                   global_lines=(f"notify_fifo {fifo}",))
    pipe = Pipe(fifo)
    wait_until(lambda: agent.state("VI_1") == "active", "active")
    sock = lan.client.packet_socket()
    lan.at_close(sock.close)
    sock.send(wire.advert("192.0.2.99", wire.vrrp_message(51, 100, 10)))
    pipe.wait('INSTANCE "VI_1" MASTER_RX_LOWER_PRI 150')
    wait_until(lambda: lines_of(book) == ["lower"], "script")
    assert agent.state("VI_1") == "active"


@pytest.mark.parametrize("how", ["ends", "hangs"])
def test_scripts_of_the_agent(lan, how):
    """Before the first role, after the last script; whatever they do, in bounded time."""
    book = lan.dir / "book"
    hang = "sleep 1000" if how == "hangs" else "sleep 0.5"
    first = write_program(lan.dir / "first.sh", f"echo begin >>{book}; {hang}; echo begun >>{book}")
    stop = write_program(lan.dir / "stop.sh", f"echo stop >>{book}")
    last = write_program(lan.dir / "last.sh", f"echo end >>{book}; {hang}; echo ended >>{book}")
    backup = write_program(lan.dir / "backup.sh", f"echo backup >>{book}")
    agent = Xvrrpd(lan.r1, member(1, f"notify_stop {stop}", f"notify_backup {backup}"),
                   global_lines=(f"startup_script {first}", "startup_script_timeout 1",
                                 f"shutdown_script {last}", "shutdown_script_timeout 1"))
    wait_until(lambda: agent.state("VI_1") == "active", "active")
    assert agent.stop() == 0
    expected = ["begin", "begun", "backup", "stop", "end", "ended"]
    if how == "hangs":
        expected = ["begin", "backup", "stop", "end"]
        assert "startup_script was killed" in agent.log()
        assert "shutdown_script was killed" in agent.log()
    assert lines_of(book) == expected


def test_a_stop_during_the_startup_script(lan):
    """It is not waited for."""
    first = write_program(lan.dir / "first.sh", "kill -TERM $PPID; sleep 1000")
    config = lan.dir / "agent.conf"
    config.write_text(config_text([member(1)], (f"startup_script {first}",
                                                "startup_script_timeout 600")), encoding="ascii")
    done = run_agent(lan.r1, "-f", config, "--run-dir", lan.dir / "run",
                     "--pin-dir", lan.bpffs() / "pins")
    assert done.returncode == 0, done.stderr
    assert "stopping on signal 15" in done.stderr
