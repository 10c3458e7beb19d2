# SPDX-License-Identifier: GPL-2.0-or-later
"""`xvrrpctl drain`: the role is given away without loss, and stays away until `undrain`."""

import signal
import time

from lab import (VIP, VRID, ArpProber, Instance, Keepalived, Pinger, Xvrrpd, elected, hold, holds,
                 only_speaker, pair, wait_until)

INTERVAL_S = 0.1
# Active_Down_Interval of priority 1 and one interval more: then nobody else wants the role.
PATIENCE_S = 4 * INTERVAL_S + 255 / 256 * INTERVAL_S


def drain(agent, *names, word="drain"):
    """The names that the answer tells of."""
    key = {"drain": "drained", "undrain": "undrained"}[word]
    answer = agent.json(word, *names)
    assert list(answer) == [key]
    return answer[key]


def undrain(agent, *names):
    return drain(agent, *names, word="undrain")


def facts(agent, name="VI_1"):
    vr = agent.vr(name)
    return vr["state"], vr["drained"], vr["effective_priority"]


def sent_zero(agent, name="VI_1"):
    return agent.vr(name)["statistics"]["priority_zero_sent"]


class Stream:
    """A client at 1 kHz, by pings and by ARP requests, and what the switch sees of it."""

    def __init__(self, lan):
        holds(lan.r1)
        lan.client.run("ping", "-c", "1", "-W", "2", VIP)
        self.capture = lan.capture()
        self.pinger = Pinger(lan.client, VIP)
        self.prober = ArpProber.from_node(lan.client, VIP)

    def __enter__(self):
        self.pinger.start()
        self.prober.start()
        wait_until(lambda: len(self.pinger.received_ns) > 50, "pings are answered")
        return self

    def __exit__(self, *exc):
        self.pinger.stop()
        self.prober.stop()
        assert self.capture.dropped() == 0, "the capture itself was too slow"
        self.capture.close()

    def lost_pings(self):
        """By what the switch has seen: the client's own socket has little room."""
        answered = {e.sequence for e in self.capture.echoes if e.reply and e.port != "client"}
        return [e.sequence for e in self.capture.echoes
                if not e.reply and e.port == "client" and e.sequence not in answered]

    def answers(self, port):
        return [a.time_ns for a in self.capture.replies(VIP, port=port)]


def test_drain_loses_nothing(lan):
    """Nobody notices: every ping and every ARP request is answered, by one node or the other."""
    first, second = pair(lan)
    with Stream(lan) as stream:
        capture = stream.capture
        drained_ns = time.time_ns()
        assert drain(first) == ["VI_1"]
        answered_ns = time.time_ns()
        hold(lambda: first.state() == "active" or capture.adverts_from("r2"),
             "it keeps the role until somebody has it", INTERVAL_S)
        elected(second, first)
        only_speaker(capture, "r2", INTERVAL_S)
    assert facts(first) == ("backup", True, 1)
    assert facts(second) == ("active", False, 100)
    assert first.vr()["last_event"] == "higher-priority-backup"
    assert first.vr()["priority"] == 200

    told = [a for a in capture.adverts_from("r1", drained_ns) if a.priority != 200]
    assert {a.priority for a in told} == {1}, "and no priority 0, the other one was in time"
    assert told[-1].time_ns == capture.adverts_from("r1")[-1].time_ns, "200 never again"
    assert told[0].time_ns < answered_ns, "at once, not when it was due"
    taken = capture.adverts_from("r2")[0].time_ns
    assert (taken - told[0].time_ns) / 1e9 < PATIENCE_S

    assert stream.lost_pings() == []
    asked = len(stream.prober.sent_ns)
    old, new = stream.answers("r1"), stream.answers("r2")
    doubled = len(old) + len(new) - asked
    assert doubled <= 1, "as many answers as questions, but for one asked in that very moment"
    assert doubled >= 0, "a question without an answer"
    assert max(old) - min(new) < 1_000_000, "two that answer"


def test_drain_without_a_peer(lan):
    """Priority 0 when nobody has taken over in time, and then nobody answers."""
    first = Xvrrpd(lan.r1, Instance(200))
    wait_until(lambda: first.state() == "active", "Active")
    with Stream(lan) as stream:
        drained_ns = time.time_ns()
        drain(first)
        goodbye = wait_until(lambda: stream.capture.adverts_from("r1", priority_zero=True), "0")
        wait_until(lambda: first.state() == "backup", "Backup")
        asked = len(stream.prober.sent_ns)
        wait_until(lambda: len(stream.prober.sent_ns) > asked + 500, "a while of silence")
    waited_s = (goodbye[0].time_ns - drained_ns) / 1e9
    assert PATIENCE_S - 0.01 <= waited_s < PATIENCE_S + 2 * INTERVAL_S
    assert len(goodbye) == sent_zero(first) == 1
    # The lease ends before the farewell leaves.
    assert max(stream.answers("r1")) < goodbye[0].time_ns
    assert facts(first) == ("backup", True, 1)
    assert first.vr()["last_event"] == "drained"
    told = [a.priority for a in stream.capture.adverts_from("r1", drained_ns)]
    assert [p for p in told if p != 200] == [1] * (told.count(1)) + [0]
    assert lan.r1.addresses() == ["192.0.2.11/24"]


def test_drain_with_a_peer_that_does_not_preempt(lan):
    """It obeys priority 1 too (D-13); the farewell makes it take over within its skew time."""
    instance = Instance(100, nopreempt=True)
    first, second = pair(lan, second=instance)
    capture = lan.capture()
    drain(first)
    elected(second, first)
    farewell, = capture.adverts_from("r1", priority_zero=True)
    taken_ns = capture.adverts_from("r2")[0].time_ns
    late_ms = (taken_ns - farewell.time_ns - instance.skew_ns()) / 1e6
    assert -0.1 < late_ms < 100, f"{late_ms} ms after it was due"
    assert first.vr()["last_event"] == "drained"


def stays_away(agent, capture, for_s=0.6):
    """Backup, and not a word."""
    since_ns = time.time_ns()
    hold(lambda: facts(agent) == ("backup", True, 1), "drained and Backup", for_s, 0.05)
    assert capture.adverts_from("r1", since_ns) == []


def test_drained_stays_away(lan):
    """... whatever happens to the peer, and to its own process; undrained, it is back."""
    first, second = pair(lan)
    capture = lan.capture()
    drain(first)
    elected(second, first)
    second.kill()
    stays_away(first, capture)                               # nobody else is there

    first.send(signal.SIGHUP)
    wait_until(lambda: "was read again" in first.log(), "reloaded")
    assert first.json("reload") == {"changed": 0}
    first.config.write_text(first.config.read_text().replace("priority 200", "priority 201"))
    assert first.json("reload") == {"changed": 1}
    assert first.vr()["priority"] == 201
    stays_away(first, capture)                               # reloaded, also with a change

    first.kill()
    first = Xvrrpd(lan.r1, Instance(200))
    stays_away(first, capture)                               # started anew after a crash

    first.kill()
    hold(lambda: True, "longer than any lease and any timer", 0.8)
    first = Xvrrpd(lan.r1, Instance(200))
    stays_away(first, capture)                               # ... and late

    assert first.stop(signal.SIGUSR2) == 0
    first = Xvrrpd(lan.r1, Instance(200))
    stays_away(first, capture)                               # left, and adopted

    assert undrain(first) == ["VI_1"]
    wait_until(lambda: facts(first) == ("active", False, 200), "it has the role again")
    drain(first)
    assert first.stop() == 0
    first = Xvrrpd(lan.r1, Instance(200))
    wait_until(lambda: facts(first) == ("active", False, 200), "a stop forgets it")


def test_killed_while_it_gives_the_role_away(lan):
    """The successor adopts both, the role and the wish to be rid of it."""
    first, second = pair(lan, second=Instance(100, nopreempt=True))
    drain(first)
    first.kill()
    first = Xvrrpd(lan.r1, Instance(200))
    elected(second, first)
    assert facts(first) == ("backup", True, 1)


def test_undrain_preempts(lan):
    first, second = pair(lan)
    drain(first)
    elected(second, first)
    capture = lan.capture()
    undrain(first)
    elected(first, second)
    assert capture.adverts_from("r1")[-1].priority == 200
    assert facts(first) == ("active", False, 200)
    assert first.vr()["new_active_reason"] == "preempted"
    assert sent_zero(first) == sent_zero(second) == 0


def test_undrain_before_it_has_yielded(lan):
    """A change of mind in the middle is no event but for the advertised priority."""
    first, second = pair(lan, second=Instance(100, nopreempt=True))
    capture = lan.capture()
    drain(first)
    wait_until(lambda: [a for a in capture.adverts_from("r1") if a.priority == 1], "1 is told")
    undrain(first)
    hold(lambda: (first.state(), second.state()) == ("active", "backup"), "no change",
         2 * PATIENCE_S, 0.05)
    assert capture.adverts_from("r1")[-1].priority == 200
    assert capture.adverts_from("r1", priority_zero=True) == []
    assert first.vr()["statistics"]["active_transitions"] == 1


def test_drain_by_name(lan):
    """One of two, unknown names, and commands that change nothing."""
    other = {"name": "VI_2", "vrid": 52, "addresses": ("192.0.2.2/24",)}
    first = Xvrrpd(lan.r1, Instance(200), Instance(200, **other))
    second = Xvrrpd(lan.r2, Instance(100), Instance(100, **other))
    for name in ("VI_1", "VI_2"):
        elected(first, second, name)
    capture = lan.capture()
    assert undrain(first, "VI_2") == ["VI_2"], "of what is not drained"
    for _ in range(2):
        assert drain(first, "VI_2") == ["VI_2"]
    elected(second, first, "VI_2")
    assert drain(first, "VI_2") == ["VI_2"]
    assert facts(first, "VI_2") == ("backup", True, 1)
    assert facts(first, "VI_1") == ("active", False, 200)
    only_speaker(capture, "r1", INTERVAL_S, VRID)
    assert {a.priority for a in capture.adverts_from("r1", vrid=VRID)} == {200}
    assert capture.adverts_from("r2", vrid=VRID) == []

    for word in ("drain", "undrain"):
        for options in ((), ("--json",)):
            done = first.ctl(*options, word, "VI_3")
            assert done.returncode == 1
            assert '"VI_3"' in done.stderr and done.stdout == ""
    assert sorted(drain(first)) == ["VI_1", "VI_2"]
    elected(second, first, "VI_1")
    assert sorted(undrain(first)) == ["VI_1", "VI_2"]
    for name in ("VI_1", "VI_2"):
        elected(first, second, name)


def test_drain_of_an_owner(lan):
    """Its own address, and yet the other one answers for it meanwhile."""
    lan.r1.ip("address", "add", f"{VIP}/24", "dev", "eth0")
    first, second = pair(lan, first=Instance(255))
    stream = Stream(lan)
    with stream:
        drain(first)
        elected(second, first)
        assert facts(first) == ("backup", True, 1)
        assert first.vr()["is_owner"] is True
        since_ns = time.time_ns()
        asked = len(stream.prober.sent_ns)
        wait_until(lambda: len(stream.prober.sent_ns) > asked + 200, "more questions")
        assert stream.capture.replies(VIP, since_ns, "r1") == []
        undrain(first)
        elected(first, second)
    assert facts(first) == ("active", False, 255)
    assert f"{VIP}/24" in lan.r1.addresses()


def test_drain_in_a_fault(lan):
    """It is kept for later."""
    first, second = pair(lan)
    lan.r1.ip("link", "set", "eth0", "down")
    elected_state = ("initialize", True, 1)
    drain(first)
    wait_until(lambda: facts(first) == elected_state, "drained in Initialize")
    lan.r1.ip("link", "set", "eth0", "up")
    wait_until(lambda: first.state() == "backup", "Backup")
    capture = lan.capture()
    stays_away(first, capture)
    assert second.state() == "active"


def test_drain_at_the_start(lan):
    """A Backup that has not been anything else yet."""
    first = Xvrrpd(lan.r1, Instance(200, 0.3))
    drain(first)
    stays_away(first, lan.capture(), 1.5)


def test_drain_to_keepalived(lan):
    """It preempts priority 1 as any other."""
    first = Xvrrpd(lan.r1, Instance(200))
    wait_until(lambda: first.state() == "active", "Active")
    peer = Keepalived(lan.r2, Instance(100))
    wait_until(lambda: peer.state() == "backup", "keepalived is Backup")
    capture = lan.capture()
    drain(first)
    elected(peer, first)
    assert capture.adverts_from("r1", priority_zero=True) == []
    assert facts(first) == ("backup", True, 1)
    undrain(first)
    elected(first, peer)
