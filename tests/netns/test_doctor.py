# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong is explained: once in the log (B-22), and by `xvrrpctl doctor` with what to do."""

import json
import socket

import pytest

from lab import (ADDRESSES6, VIP, VRID, Instance, Root, Ticker, Xvrrpd, block, bpf, hold, pair,
                 password, unicast, wait_until, wire, write_program)

STRANGER = "192.0.2.66"
SEVERITIES = {"ok", "note", "warning", "problem"}


def doctor(agent):
    """(exit status, findings by (check, subject))."""
    done = agent.ctl("--json", "doctor")
    result = json.loads(done.stdout)
    findings = result["findings"]
    assert {f["severity"] for f in findings} <= SEVERITIES
    for severity in SEVERITIES - {"ok"}:
        assert result[severity + "s"] == sum(f["severity"] == severity for f in findings)
    assert all(f["text"] and (f["advice"] or f["severity"] == "ok") for f in findings)
    assert done.returncode == (1 if result["problems"] else 0)
    return done.returncode, {(f["check"], f["subject"]): f for f in findings}


def severity(agent, check, subject):
    finding = doctor(agent)[1].get((check, subject))
    return finding and finding["severity"]


def send(lab, frame, count=1):
    with lab.port_socket("r1") as sock:
        for _ in range(count):
            sock.send(frame)


def v3(src=STRANGER, ip=None, **fields):
    values = {"vrid": VRID, "priority": 1, "interval_cs": 10, "addresses": (VIP,), **fields}
    return wire.advert(src, wire.vrrp_message(**values), **(ip or {}))


def v2(**fields):
    values = {"vrid": VRID, "priority": 1, "interval_s": 1, "addresses": (VIP,), **fields}
    return wire.advert(STRANGER, wire.vrrp2_message(**values))


def damaged(frame):
    return frame[:40] + bytes([frame[40] ^ 0x55]) + frame[41:]


OLD = {"version": 2, "advert_int": 1}
# reason, further options of the instance, a frame, a word of the advice, the severity while Active
CASES = [
    ("version", {}, v2(), 'write "version 3" into the other', "problem"),
    ("version", OLD, v3(), 'write "version 3" into this', "problem"),
    ("checksum", {}, damaged(v3()), "tcpdump", "problem"),
    ("auth_type", OLD, v2(auth_type=1, auth_data=b"x"), "auth_type", "problem"),
    ("auth_type_ah", OLD, v2(auth_type=2), "auth_type PASS", "problem"),
    ("auth_type_vendor", OLD, v2(auth_type=254, auth_data=bytes(8)), "text", "problem"),
    ("auth", {**OLD, "extra": password("secret")}, v2(auth_type=1, auth_data=b"x"), "auth_pass",
     "problem"),
    ("interval", OLD, v2(interval_s=9), "advert_int", "problem"),
    ("interval", {}, v3(interval_cs=90), "advert_int", "note"),
    ("interval_zero", {}, v3(interval_cs=0), "interval", "problem"),
    ("address_list", OLD, v2(addresses=("192.0.2.9",)), "virtual_ipaddress", "problem"),
    ("address_list", {}, v3(addresses=("192.0.2.9",)), "virtual_ipaddress", "warning"),
    ("ttl", {}, v3(ip={"ttl": 9}), "min_ttl", "warning"),
    ("own_packet", {}, v3("192.0.2.11"), "loop", "warning"),
    ("non_group_destination", {}, v3(ip={"dst": "192.0.2.11"}), "unicast_peer", "problem"),
    ("unicast_source", {"extra": unicast("192.0.2.11", "192.0.2.12")},
     v3(ip={"dst": "192.0.2.11", "dst_mac": wire.BROADCAST}), "unicast_peer", "problem"),
    ("owner_conflict", {"priority": 255}, v3("192.0.2.5", priority=255), "255", "problem"),
    ("foreign_claims", {}, wire.arp(1, "02:00:00:00:00:66", VIP, VIP), "MAC", "warning"),
    ("checksum_form", {"extra": ("xdp_checksum rfc9568",)},
     v3(pseudo=(STRANGER, wire.GROUP)), "xdp_checksum auto", "warning"),
]


@pytest.fixture
def lan1(lab):
    lab.r1 = lab.node("r1", "192.0.2.11/24")
    return lab


@pytest.mark.parametrize("reason, options, frame, advice, expected", CASES,
                         ids=[f"{c[0]}-v{c[1].get('version', 3)}" for c in CASES])
def test_what_a_counter_means(lan1, reason, options, frame, advice, expected):
    """Told once, however many there are; found by the doctor, which says what to do."""
    agent = Xvrrpd(lan1.r1, Instance(**{"priority": 200, **options}))
    wait_until(lambda: agent.state() == "active", "active")
    send(lan1, frame, 3)
    finding = wait_until(lambda: doctor(agent)[1].get((reason, "VI_1")), "found")
    assert finding["severity"] == expected
    assert advice in finding["advice"]
    line = f"VI_1: {reason}: "
    wait_until(lambda: line in agent.log(), "told")
    send(lan1, frame, 3)
    hold(lambda: agent.log().count(line) == 1, "once", 4.0, 0.2)
    assert ("may be two Active routers now" in agent.log()) == (expected == "problem")


def test_nothing_is_wrong(lan):
    """Two routers that hear each other: no problem, no warning, and the status says so."""
    for agent in pair(lan):
        code, findings = doctor(agent)
        assert code == 0
        wrong = [f for f in findings.values() if f["severity"] in ("problem", "warning")]
        assert wrong == []
        for check, subject in (("kernel", "host"), ("realtime", "host"), ("igmp_reports", "host"),
                               ("link", "eth0"), ("attach", "eth0"), ("membership", "eth0"),
                               ("runs", "VI_1"), ("counters", "VI_1")):
            assert findings[check, subject]["severity"] == "ok", check
        text = agent.ctl("doctor")
        assert text.returncode == 0 and "0 problems, 0 warnings" in text.stdout
        assert "nothing wrong with: kernel, realtime" in text.stdout


def test_equal_priorities(lan):
    """B-24"""
    first = Xvrrpd(lan.r1, Instance(priority=100))
    wait_until(lambda: first.state() == "active", "active")
    second = Xvrrpd(lan.r2, Instance(priority=100, nopreempt=True))
    wait_until(lambda: sorted((first.state(), second.state())) == ["active", "backup"], "elected")
    backup = first if first.state() == "backup" else second
    wait_until(lambda: severity(backup, "equal_priority", "VI_1") == "note", "found")
    wait_until(lambda: "VI_1: equal_priority: " in backup.log(), "told")


class Deaf(Ticker):
    """A router that advertises and hears nothing."""

    def __init__(self, lab, interval_s, frame):
        super().__init__(interval_s)
        self._lab, self._frame = lab, frame

    def tick(self, _number):
        send(self._lab, self._frame)


def test_a_rival_that_does_not_hear(lan1):
    """H-50: its advertisements are right, and lose, and it goes on; a few of them are no sign."""
    agent = Xvrrpd(lan1.r1, Instance(priority=200))
    wait_until(lambda: agent.state() == "active", "active")
    send(lan1, v3(), 5)
    hold(lambda: severity(agent, "rival", "VI_1") is None, "an election", 6.0, 0.2)
    with Deaf(lan1, 0.3, v3()):
        finding = wait_until(lambda: doctor(agent)[1].get(("rival", "VI_1")), "found", 60)
    assert finding["severity"] == "problem"
    assert "xdp_virtual_mac off" in finding["advice"]
    wait_until(lambda: "VI_1: rival: " in agent.log(), "told")
    assert "may be two Active routers now" in agent.log()
    send(lan1, v3(priority=250))
    wait_until(lambda: agent.state() == "backup", "backup")
    wait_until(lambda: agent.state() == "active", "active")
    assert severity(agent, "rival", "VI_1") is None


def test_flapping(lan1):
    """B-25: the role is taken three times within a minute."""
    agent = Xvrrpd(lan1.r1, Instance())
    for times in range(3):
        wait_until(lambda: agent.state() == "active", "active")
        assert severity(agent, "flapping", "VI_1") is None or times == 2
        lan1.r1.ip("link", "set", "eth0", "down")
        wait_until(lambda: agent.state() == "initialize", "initialize")
        lan1.r1.ip("link", "set", "eth0", "up")
    assert agent.log().count("VI_1: flapping: ") == 1
    wait_until(lambda: severity(agent, "flapping", "VI_1") == "warning", "found")


def test_interface_and_addresses(lan1):
    agent = Xvrrpd(lan1.r1, Instance(vrid=1))
    assert severity(agent, "vrid", "VI_1") == "note"  # H-32
    lan1.r1.ip("link", "set", "eth0", "down")
    wait_until(lambda: agent.state() == "initialize", "initialize")
    assert severity(agent, "link", "eth0") == "problem"
    assert severity(agent, "runs", "VI_1") == "problem"
    text = agent.ctl("doctor")
    assert text.returncode == 1 and "problem  eth0: link: " in text.stdout
    assert "-> ip link set it up" in text.stdout


def test_mtu(lan1):
    """H-12"""
    agent = Xvrrpd(lan1.r1, Instance(addresses=tuple(f"192.0.2.{n}/24" for n in range(20, 40))))
    assert severity(agent, "mtu", "VI_1") is None
    lan1.r1.ip("link", "set", "eth0", "mtu", "100")
    wait_until(lambda: severity(agent, "mtu", "VI_1") == "problem", "found")


def test_settings(lan1):
    """H-20, H-24"""
    agent = Xvrrpd(lan1.r1, Instance())
    assert severity(agent, "igmp_reports", "host") == "ok"
    lan1.r1.run("sysctl", "-q", "-w", "net.ipv4.igmp_link_local_mcast_reports=0",
                "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.eth0.rp_filter=0",
                "net.ipv4.conf.all.rp_filter=0")
    assert severity(agent, "igmp_reports", "host") == "warning"
    assert severity(agent, "sysctl_ipv4", "eth0") == "ok"
    lan1.r1.run("sysctl", "-q", "-w", "net.ipv4.conf.eth0.rp_filter=1")
    assert severity(agent, "sysctl_ipv4", "eth0") == "note"


def test_settings_of_ipv6(lab):
    node = lab.node("r1", "fe80::11/64")
    agent = Xvrrpd(node, Instance(addresses=ADDRESSES6))
    wait_until(lambda: agent.state() == "active", "active")
    assert severity(agent, "sysctl_ipv6", "eth0") == "ok"
    assert severity(agent, "membership", "eth0") == "ok"
    node.run("sysctl", "-q", "-w", "net.ipv6.conf.eth0.accept_dad=2")
    assert severity(agent, "sysctl_ipv6", "eth0") == "warning"
    node.run("sysctl", "-q", "-w", "net.ipv6.conf.eth0.disable_ipv6=1")
    wait_until(lambda: severity(agent, "sysctl_ipv6", "eth0") == "problem", "found")


def test_snooping_without_a_querier(lab):
    """H-20: on the bridge itself and for a port of one."""
    node = lab.node("r1", None)
    node.ip("link", "add", "br9", "type", "bridge", "mcast_snooping", "1")
    node.ip("link", "set", "eth0", "master", "br9")
    node.ip("address", "add", "192.0.2.11/24", "dev", "br9")
    node.ip("link", "set", "br9", "up")
    agent = Xvrrpd(node, Instance(interface="br9"))
    assert severity(agent, "snooping", "br9") == "warning"
    node.ip("link", "set", "br9", "type", "bridge", "mcast_querier", "1")
    assert severity(agent, "snooping", "br9") == "ok"
    node.ip("link", "set", "br9", "type", "bridge", "mcast_snooping", "0")
    assert severity(agent, "snooping", "br9") is None


def test_without_real_time(lan1):
    agent = Xvrrpd(lan1.r1, Instance(), wrapper=(
        "setpriv", "--bounding-set", "-sys_nice,-ipc_lock", "--inh-caps", "-sys_nice,-ipc_lock"))
    assert severity(agent, "realtime", "host") == "warning"
    agent.stop()
    other = Xvrrpd(lan1.r1, Instance(), global_lines=("vrrp_rt_priority 0", "vrrp_no_swap off"))
    assert severity(other, "realtime", "host") == "ok"


def test_removed_programs(lan1):
    """They are put back, and the doctor remembers."""
    agent = Xvrrpd(lan1.r1, Instance())
    assert severity(agent, "attach", "eth0") == "ok"
    bpf.detach(agent, "xdp")
    wait_until(lambda: severity(agent, "attach", "eth0") == "warning", "found")


def test_many_ask_at_once(lan1):
    """Each gets an answer, and one that goes away first does no harm."""
    agent = Xvrrpd(lan1.r1, Instance())
    clients = []
    for _ in range(6):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(agent.run_dir / "control.sock"))
        client.sendall(b'{"command": "doctor"}\n' * 2)
        clients.append(client)
    clients.pop().close()
    for client in clients:
        reply = client.makefile().readline()
        assert json.loads(reply)["ok"]
        client.close()
    assert agent.alive()


def test_tracked_objects(lan1):
    """What is against a virtual router, by name; what is well is not mentioned."""
    checks = {name: write_program(lan1.dir / name, "exit 3") for name in ("weighted", "fatal")}
    checks["well"] = write_program(lan1.dir / "well", "exit 0")
    checks["broken"] = lan1.dir / "broken"
    checks["broken"].write_text("#!/nonexistent\n", encoding="ascii")
    checks["broken"].chmod(0o755)
    scripts = [Root(f"vrrp_script {name}", f'script "{path}"', "interval 0.1", "user root",
                    *(["weight -10"] if name == "weighted" else []))
               for name, path in checks.items()]
    agent = Xvrrpd(lan1.r1, *scripts, Instance(200, extra=block("track_script", *checks)))
    wait_until(lambda: "tracked-object" in agent.vr()["fault_reasons"], "the fault")
    done = agent.ctl("--json", "doctor")
    found = {f["text"].split()[1]: f for f in json.loads(done.stdout)["findings"]
             if f["check"] == "tracking"}
    assert done.returncode == 1
    assert {name: f["severity"] for name, f in found.items()} == {
        "weighted": "note", "fatal": "problem", "broken": "warning"}
    assert "exit status 3" in found["weighted"]["text"]
    assert "is 190, configured is 200" in found["weighted"]["text"]
    assert "/nonexistent" in found["broken"]["text"] or "first line" in found["broken"]["text"]
