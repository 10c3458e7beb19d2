# SPDX-License-Identifier: GPL-2.0-or-later
"""xvrrpctl against a scripted socket: what it asks, what it prints, how it ends.

No agent and no namespace is needed: a thread plays the agent, well or badly.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time

import pytest

XVRRPCTL = pathlib.Path(os.environ.get("XVRRPD_BUILD", "build")).resolve() / "xvrrpctl"
PATIENCE = 20  # seconds; a test that waits so long has failed

ROUTER = {
    "name": "VI_1", "interface": "eth0", "vlan": 0, "vrid": 51, "family": "ipv4", "version": 3,
    "state": "backup", "fault_reasons": [], "priority": 100, "effective_priority": 100,
    "is_owner": False, "preempt": True, "preempt_delay_us": 0, "accept_mode": True,
    "drained": False,
    "advertise_interval_us": 1000000, "active_adver_interval_us": 1000000,
    "skew_time_us": 609375, "active_down_interval_us": 3609375,
    "virtual_mac": "00:00:5e:00:01:33", "virtual_addresses": ["192.0.2.1/24"],
    "primary_address": "192.0.2.11", "active_address": "192.0.2.12",
    "lease_remaining_us": 0, "last_event": "startup", "new_active_reason": "not-active",
    "last_transition": "2026-01-01T00:00:00Z", "sync_group": None, "tracking": [],
    "statistics": {
        "active_transitions": 0, "advertisements_received": 7, "advertisements_sent": 0,
        "priority_zero_received": 0, "priority_zero_sent": 0,
        "errors": {"ttl": 0, "checksum": 0}}}
ACTIVE = dict(
    ROUTER, name="VI_2", vrid=5, vlan=100, state="active", priority=200, effective_priority=190,
    virtual_addresses=["198.51.100.1/24", "198.51.100.2/24"], lease_remaining_us=2612345,
    new_active_reason="no-response")
FAULTY = dict(
    ROUTER, name="VI_3", interface="eth1", state="initialize", fault_reasons=["interface-down"],
    active_address=None, last_transition=None,
    statistics=dict(ROUTER["statistics"], errors={"ttl": 2, "checksum": 3, "unheard_of": 1}))
DRAINED = dict(ACTIVE, drained=True, effective_priority=1)
INTERFACE = {
    "name": "eth0", "ifindex": 2, "xdp_mode": "generic", "xdp_mode_reason": "veth: no peer",
    "programs_restored": 0,
    "statistics": {"arp_replies": 5, "arp_suppressed": 0}}
STATUS = {"version": "1.2.3", "virtual_routers": [ROUTER, ACTIVE, FAULTY],
          "interfaces": [INTERFACE]}


class Agent:
    """Listens on a socket, and has `script(connection, request)` deal with each client."""

    def __init__(self, directory, script):
        self.path = str(pathlib.Path(directory) / "control.sock")
        self.requests = []
        self.script = script
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # closed: the test is over
                return
            with connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                request = json.loads(connection.makefile().readline())
                self.requests.append(request)
                self.script(connection, request)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


def line(value):
    return (json.dumps(value) + "\n").encode()


def answering(result):
    return lambda connection, request: connection.sendall(line({"ok": True, "result": result}))


@pytest.fixture
def agent(tmp_path):
    """agent(script) or agent(result=...) -> a running Agent."""
    with contextlib.ExitStack() as stack:
        def start(script=None, result=None):
            made = Agent(tmp_path, script or answering(result))
            stack.callback(made.close)
            return made
        yield start


def command(path, *arguments):
    return [str(XVRRPCTL), "-s", str(path), *arguments]


def run(path, *arguments, **options):
    return subprocess.run(command(path, *arguments), capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **options)


def output_of(path, *arguments):
    done = run(path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def cells(text):
    return [re.split(r"  +", row.strip()) for row in text.splitlines()]


# ---- what it asks and prints ----


def test_status_table(agent):
    asked = agent(result=STATUS)
    rows = cells(output_of(asked.path, "status"))
    assert asked.requests == [{"command": "status"}]
    assert rows[0] == ["NAME", "INTERFACE", "VRID", "STATE", "FOR", "PRIO", "ADDRESS",
                       "ACTIVE ROUTER", "LEASE"]
    assert re.fullmatch(r"\d+d \d+h", rows[1].pop(4))
    assert rows[1] == ["VI_1", "eth0", "51", "backup", "100", "192.0.2.1/24", "192.0.2.12", "-"]
    rows[2].pop(4)
    assert rows[2] == ["VI_2", "eth0 vlan 100", "5", "active", "190", "198.51.100.1/24",
                       "this one", "2.612s"]
    assert rows[3] == ["198.51.100.2/24"]
    assert rows[4] == ["VI_3", "eth1", "51", "initialize", "-", "100", "192.0.2.1/24", "-", "-"]
    notes = [" ".join(row) for row in rows[5:]]
    assert notes[0] == ""
    assert notes[1].startswith("VI_3 does not run: the interface is down")
    assert notes[2].startswith("VI_3: errors counted: 6; which: xvrrpctl stats VI_3")
    assert len(notes) == 3


def test_status_columns_are_aligned(agent):
    accented = dict(FAULTY, name="caf\u00e9")
    result = dict(STATUS, virtual_routers=[ROUTER, ACTIVE, accented])
    rows = output_of(agent(result=result).path, "status").splitlines()
    column = rows[0].index("ADDRESS")
    for row, address in zip(rows[1:5], ["192", "198", "198", "192"]):
        assert row[column:].startswith(address)
    assert rows[1].index("51") + 2 == rows[2].index(" 5 ") + 2 == rows[0].index("VRID") + 4


def test_a_transition_just_now_and_one_in_the_future(agent):
    """The clock may have been set back since."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    routers = [dict(ROUTER, last_transition=when) for when in (now, "2999-01-01T00:00:00Z")]
    out = output_of(agent(result=dict(STATUS, virtual_routers=routers)).path, "status")
    assert [row[4] in ("0s", "1s", "2s") for row in cells(out)[1:]] == [True, True]


def test_an_expired_lease_shows(agent):
    late = dict(ACTIVE, lease_remaining_us=0)
    out = output_of(agent(result=dict(STATUS, virtual_routers=[late])).path, "status")
    assert cells(out)[1][-1] == "expired"


def test_many_addresses_are_cut(agent):
    many = dict(ROUTER, virtual_addresses=[f"192.0.2.{n}/32" for n in range(1, 41)])
    out = output_of(agent(result=dict(STATUS, virtual_routers=[many])).path, "status")
    assert "192.0.2.5/32" in out and "192.0.2.6/32" not in out and "and 35 more" in out


def test_status_without_virtual_routers(agent):
    empty = agent(result={"version": "1", "virtual_routers": [], "interfaces": []})
    assert output_of(empty.path, "status") == "no virtual router is configured\n"


def test_status_of_one(agent):
    asked = agent(result=dict(STATUS, virtual_routers=[ACTIVE]))
    out = output_of(asked.path, "status", "VI_2")
    assert asked.requests == [{"command": "status", "name": "VI_2"}]
    assert out.startswith("VI_2 on eth0 vlan 100, VRID 5, IPv4, VRRPv3\n")
    rows = dict(row for row in cells(out)[1:] if len(row) == 2)
    assert rows["state"].endswith("since 2026-01-01T00:00:00Z")
    assert rows["became active by"] == "no-response"
    assert rows["priority"] == "190 now, 200 configured"
    assert rows["lease"] == "2.612345s"
    assert rows["takes over after"] == "3.609375s of silence, of which skew 609.375ms"
    assert rows["data plane"] == "generic, veth: no peer"
    assert rows["advertisements"] == "7 received, 0 sent"
    assert "errors" not in rows


def test_status_of_one_in_fault(agent):
    out = output_of(agent(result=dict(STATUS, virtual_routers=[FAULTY])).path, "status", "VI_3")
    assert "does not run             the interface is down" in out
    assert "2 ttl: TTL or hop limit is not 255, or not in the unicast peer's range\n" in out
    assert "1 unheard_of: " in out


def test_a_drained_one_shows_in_the_table(agent):
    out = output_of(agent(result=dict(STATUS, virtual_routers=[ROUTER, DRAINED])).path, "status")
    rows = cells(out)
    assert [row[3] for row in rows[1:3]] == ["backup", "active (drained)"]
    assert rows[2][7] == "this one"
    assert "\n\nVI_2 is drained: it does not take the role; to end this: xvrrpctl undrain VI_2\n" \
        in out
    assert "VI_1 is drained" not in out


@pytest.mark.parametrize("priority,is_owner", [(200, False), (255, True), (1, False)])
def test_a_drained_one_in_full(agent, priority, is_owner):
    drained = dict(DRAINED, priority=priority, is_owner=is_owner)
    out = output_of(agent(result=dict(STATUS, virtual_routers=[drained])).path, "status", "VI_2")
    rows = dict(row for row in cells(out)[1:] if len(row) == 2)
    assert rows["state"].startswith("active (drained) for ")
    assert rows["priority"] == f"1 while drained, {priority} configured"


def test_every_fault_has_words(agent):
    """The names are those of vr_fault_name()."""
    source = pathlib.Path(__file__).parents[2] / "user/core/types.c"
    names = re.findall(r'return "([a-z-]+)";', source.read_text(encoding="utf-8"))
    assert len(names) > 4
    every = dict(FAULTY, fault_reasons=names)
    out = output_of(agent(result=dict(STATUS, virtual_routers=[every])).path, "status")
    assert out.count("VI_3 does not run: ") == len(names)
    for name in names:
        assert f"VI_3 does not run: {name}\n" not in out


def test_stats_explain_what_is_not_zero(agent):
    result = {"virtual_routers": [FAULTY], "interfaces": [INTERFACE]}
    rows = cells(output_of(agent(result=result).path, "stats"))
    assert ["VI_3 on eth1, VRID 51"] in rows
    assert ["advertisements_received", "7", "advertisements accepted"] in rows
    assert ["advertisements_sent", "0"] in rows
    assert ["errors"] in rows
    assert ["ttl", "2", "TTL or hop limit is not 255, or not in the unicast peer's range"] in rows
    assert ["checksum", "3", "checksum is wrong"] in rows
    assert ["unheard_of", "1"] in rows
    assert rows[rows.index(["interface eth0"]) + 1:] == [
        ["programs_restored", "0"],
        ["arp_replies", "5", "ARP requests answered"], ["arp_suppressed", "0"]]


def test_interfaces(agent):
    rows = cells(output_of(agent(result={"interfaces": [INTERFACE]}).path, "interfaces"))
    assert rows == [["NAME", "MODE", "WHY"], ["eth0", "generic", "veth: no peer"], [""],
                    ["eth0"], ["arp_replies", "5", "ARP requests answered"]]


@pytest.mark.parametrize("counters", [INTERFACE["statistics"], {"arp_replies": 0}])
def test_programs_that_had_to_be_restored(agent, counters):
    """They show, also if nothing else was counted."""
    meddled = dict(INTERFACE, programs_restored=3, statistics=counters)
    path = agent(result={"virtual_routers": [], "interfaces": [meddled]}).path
    for word in ("interfaces", "stats"):
        rows = cells(output_of(path, word))
        assert ["programs_restored", "3", "times another tool removed our programs"] in rows


def test_config_is_printed_as_it_is(agent):
    text = 'vrrp_instance "caf\u00e9" {\n\tpriority 100\n}\n'
    assert output_of(agent(result=text).path, "config") == text


def test_version(agent):
    assert output_of(agent(result={"version": "1.2.3"}).path, "version") == "xvrrpd 1.2.3\n"


@pytest.mark.parametrize("arguments", [["status", "--json"], ["--json", "status"]])
def test_json_is_the_result_in_its_order(agent, arguments):
    out = output_of(agent(result=STATUS).path, *arguments)
    assert json.dumps(json.loads(out)) == json.dumps(STATUS)
    assert len(out.splitlines()) > 50


# ---- what it asks for, and says of it ----


def test_drain_one(agent):
    asked = agent(result={"drained": ["VI_1"]})
    assert output_of(asked.path, "drain", "VI_1") == (
        "VI_1 gives its role away and stays backup\n"
        "to watch: xvrrpctl status; to end this: xvrrpctl undrain VI_1\n")
    assert asked.requests == [{"command": "drain", "name": "VI_1"}]


def test_drain_all(agent):
    asked = agent(result={"drained": ["VI_1", "VI_2"]})
    assert output_of(asked.path, "drain") == (
        "VI_1 gives its role away and stays backup\n"
        "VI_2 gives its role away and stays backup\n"
        "to watch: xvrrpctl status; to end this: xvrrpctl undrain\n")
    assert asked.requests == [{"command": "drain"}]


@pytest.mark.parametrize("name,request_name", [([], {}), (["VI_1"], {"name": "VI_1"})])
def test_undrain(agent, name, request_name):
    asked = agent(result={"undrained": ["VI_1"]})
    watch = " ".join(["xvrrpctl status", *name])
    assert output_of(asked.path, "undrain", *name) == (
        f"VI_1 has its priority again\nto watch: {watch}\n")
    assert asked.requests == [{"command": "undrain", **request_name}]


@pytest.mark.parametrize("word", ["drain", "undrain"])
def test_drain_where_nothing_is_configured(agent, word):
    nothing = agent(result={word + "ed": []})
    assert output_of(nothing.path, word) == "no virtual router is configured\n"


@pytest.mark.parametrize("changed,words", [
    (0, "unchanged"), (1, "1 virtual router changed"), (2, "2 virtual routers changed")])
def test_reload(agent, changed, words):
    asked = agent(result={"changed": changed})
    assert output_of(asked.path, "reload") == words + "\n"
    assert asked.requests == [{"command": "reload"}]


@pytest.mark.parametrize("result,arguments", [
    ({"drained": ["VI_1"]}, ["drain", "VI_1"]), ({"undrained": []}, ["undrain"]),
    ({"changed": 3}, ["reload"])])
def test_json_of_what_was_done(agent, result, arguments):
    assert json.loads(output_of(agent(result=result).path, "--json", *arguments)) == result


# ---- agents that are not well ----


def test_no_socket(tmp_path):
    done = run(tmp_path / "none.sock", "status")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (
        f"xvrrpctl: no xvrrpd answers at {tmp_path}/none.sock (No such file or directory): is it "
        "running? systemctl status xvrrpd; another run directory: -s DIR/control.sock\n")


def test_socket_of_a_dead_agent(tmp_path):
    left_over = socket.socket(socket.AF_UNIX)
    left_over.bind(str(tmp_path / "dead.sock"))
    left_over.close()
    done = run(tmp_path / "dead.sock", "status")
    assert done.returncode == 1 and "(Connection refused)" in done.stderr


def test_path_too_long(tmp_path):
    done = run("/" + "x" * 200, "status")
    assert done.returncode == 1 and "File name too long" in done.stderr


def test_permission_denied():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        program = shutil.copy(XVRRPCTL, directory)
        with socket.socket(socket.AF_UNIX) as listener:
            path = directory + "/control.sock"
            listener.bind(path)
            os.chmod(path, 0o600)
            listener.listen()
            done = subprocess.run([program, "-s", path, "status"], user=65534, group=65534,
                                  extra_groups=[], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert done.stderr == f"xvrrpctl: {path}: permission denied: only root may ask xvrrpd\n"


def test_frozen_agents_are_not_waited_for(tmp_path):
    """One that accepted nothing yet, and one whose queue of connections is full."""
    with contextlib.ExitStack() as stack:
        runs = []
        for backlog, waiting in ((8, 0), (0, 1)):
            path = str(tmp_path / f"frozen{backlog}.sock")
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(path)
            listener.listen(backlog)
            for _ in range(waiting):
                stack.enter_context(socket.socket(socket.AF_UNIX)).connect(path)
            runs.append((path, subprocess.Popen(command(path, "status"), text=True,
                                                stderr=subprocess.PIPE)))
        for path, process in runs:
            _, error = process.communicate(timeout=PATIENCE)
            assert process.returncode == 1
            assert error.startswith(f"xvrrpctl: the xvrrpd at {path} does not answer within 5 s")


def test_a_refusal_is_passed_on(agent):
    asked = agent(lambda connection, request:
                  connection.sendall(line({"ok": False, "error": "no such thing"})))
    done = run(asked.path, "status", "VI_9")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "xvrrpctl: no such thing\n")


def test_a_file_that_is_not_usable(agent):
    """Scripts see it by the exit status, people by the diagnostics, a line each."""
    why = "a.conf:3:5: error: unknown keyword\na.conf:9:1: error: no interface"
    done = run(agent(lambda connection, request:
                     connection.sendall(line({"ok": False, "error": why}))).path, "reload")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"xvrrpctl: {why}\n")


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\n", b"[]\n", b"{}\n", b"\n",
                                   b'{"ok": false}\n', b'{"ok": 1, "result": {}}\n'])
def test_not_an_agent(agent, reply):
    done = run(agent(lambda connection, request: connection.sendall(reply)).path, "status")
    assert done.returncode == 1 and "is no xvrrpd" in done.stderr


@pytest.mark.parametrize("reply", [b"", b'{"ok": true, "result": {}}'])
def test_no_complete_reply(agent, reply):
    done = run(agent(lambda connection, request: connection.sendall(reply)).path, "status")
    assert done.returncode == 1
    assert "closed the connection before it had answered" in done.stderr


def test_a_reply_byte_by_byte(agent):
    def dribble(connection, request):
        for byte in line({"ok": True, "result": {"version": "1.2.3"}}):
            connection.send(bytes([byte]))
    assert output_of(agent(dribble).path, "version") == "xvrrpd 1.2.3\n"


def test_a_reply_of_megabytes(agent):
    many = dict(STATUS, virtual_routers=[dict(ROUTER, name=f"VI_{n}") for n in range(4096)])
    assert len(json.dumps(many)) > 3000000
    out = json.loads(output_of(agent(result=many).path, "--json", "status"))
    assert out == many


def test_stdout_that_takes_nothing(agent):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(command(agent(result=STATUS).path, "status"), stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1 and "No space left on device" in done.stderr


# ---- events ----


class Stream:
    """The script of an agent that sends what the test tells it to, when it tells it to."""

    def __init__(self):
        self.read_end, self.write_end = os.pipe()

    def __call__(self, connection, request):
        connection.sendall(line({"ok": True}))
        while data := os.read(self.read_end, 4096):
            connection.sendall(data)
        os.close(self.read_end)

    def send(self, data):
        os.write(self.write_end, data)

    def end(self):
        os.close(self.write_end)


@pytest.fixture
def follower(agent):
    """(stream, process): `xvrrpctl events` that has begun."""
    stream = Stream()
    asked = agent(stream)
    with subprocess.Popen(command(asked.path, "events"), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        yield stream, process
        if process.poll() is None:
            process.kill()
    with contextlib.suppress(OSError):
        stream.end()
    assert asked.requests == [{"command": "events"}]


def read_line(process):
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
    assert ready, "no event came out"
    return process.stdout.readline()


def test_events_come_out_at_once(follower):
    stream, process = follower
    stream.send(b'{"event": "transition", "state": "active"}\n')
    assert read_line(process) == b'{"event": "transition", "state": "active"}\n'
    stream.send(b'{"a": 1}\n{"b"')
    assert read_line(process) == b'{"a": 1}\n'
    stream.send(b": 2}\n")
    assert read_line(process) == b'{"b": 2}\n'


def test_events_end_with_the_agent(follower):
    stream, process = follower
    stream.send(b'{"a": 1}\n{"half": ')
    stream.end()
    out, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (1, b'{"a": 1}\n')
    assert b"xvrrpd has closed the connection" in error


def test_events_end_on_interrupt(follower):
    stream, process = follower
    stream.send(b'{"a": 1}\n')
    read_line(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == -signal.SIGINT


def test_events_end_when_nobody_reads(follower):
    """Also while no event comes: `xvrrpctl events | head -n 1`."""
    stream, process = follower
    stream.send(b'{"a": 1}\n')
    read_line(process)
    process.stdout.close()
    assert process.wait(PATIENCE) == 0


# ---- usage and terminals ----


@pytest.mark.parametrize("arguments,words", [
    ([], "a command is missing"),
    (["reboot"], "unknown command 'reboot'"),
    (["interfaces", "eth0"], "takes no name, but there is 'eth0'"),
    (["reload", "VI_1"], "takes no name, but there is 'VI_1'"),
    (["status", "a", "b"], "unexpected argument 'b'"),
    (["--nonsense", "status"], "nonsense"),
    (["-s"], "requires an argument"),
])
def test_usage_errors(arguments, words):
    done = subprocess.run([str(XVRRPCTL), *arguments], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert words in done.stderr and "xvrrpctl --help" in done.stderr


def test_help_and_version():
    for option in ("-h", "--help"):
        out = output_of("/nonexistent", option)
        for word in ("status [NAME]", "interfaces", "stats [NAME]", "events", "config",
                     "drain [NAME]", "undrain [NAME]", "reload"):
            assert f"  {word} " in out
    assert re.fullmatch(r"xvrrpctl \d+\.\d+\.\d+\n", output_of("/nonexistent", "-V"))


def on_terminal(columns, *arguments, **environment):
    """What a terminal of so many columns gets to see."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(command(*arguments), stdout=slave,
                          env={"TERM": "xterm", **environment}) as process:
        os.close(slave)
        seen = b""
        with contextlib.suppress(OSError):  # EIO: the other end is closed
            while data := os.read(master, 4096):
                seen += data
        assert process.wait(PATIENCE) == 0
    os.close(master)
    return seen.decode().replace("\r\n", "\n")


def test_narrow_terminals_get_paragraphs(agent):
    asked = agent(result=STATUS)
    seen = on_terminal(40, asked.path, "status", NO_COLOR="1")
    assert "VI_1\n  INTERFACE      eth0\n  VRID           51\n" in seen
    assert "  ADDRESS        198.51.100.1/24\n                 198.51.100.2/24\n" in seen
    wide = on_terminal(200, asked.path, "status", NO_COLOR="1")
    assert wide == output_of(asked.path, "status")


def test_colours_only_for_terminals(agent):
    asked = agent(result=STATUS)
    assert "\033[32mactive\033[0m" in on_terminal(200, asked.path, "status")
    assert "\033[31minitialize\033[0m" in on_terminal(200, asked.path, "status")
    assert "\033" not in on_terminal(200, asked.path, "status", NO_COLOR="1")
    assert "\033" not in on_terminal(200, asked.path, "status", TERM="dumb")
    assert "\033" not in output_of(asked.path, "status")


def test_a_drained_one_has_a_colour_of_its_own(agent):
    asked = agent(result=dict(STATUS, virtual_routers=[ROUTER, DRAINED]))
    assert "\033[33mactive (drained)\033[0m" in on_terminal(200, asked.path, "status")
