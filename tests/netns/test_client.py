# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever asks gets from the programs what a kernel with the address would have told.

The same questions go to a plain Linux host that has the addresses, and to a router of ours; the
answers are compared field by field. What may differ is named in WANTED, nothing else.
"""

import dataclasses
import shutil
import time

import pytest

from lab import (ADDRESSES6, VIP, VIP6, VIP6_LL, VRID, Instance, Xvrrpd, virtual_mac, wait_until,
                 wire)

MACS = {4: virtual_mac(VRID), 6: virtual_mac(VRID, 6)}
CLIENT_LL, CLIENT_GLOBAL, CLIENT4 = "fe80::100", "2001:db8::100", "192.0.2.100"
LOOK_S = 0.1  # how long to wait for an answer that must not come
NONCE = wire.option(wire.OPT_NONCE, bytes(range(6)))

# The wanted differences. A virtual router tells that it is one (RFC 9568, 6.4.3), a plain host does
# not. And to who asks it alone, Linux does not repeat its MAC address, and therefore clears the
# Override flag (RFC 4861, 7.2.4 leaves both free); a virtual router always tells it, so that who
# still knows a dead router by its own address learns better. MAC addresses are compared as "the
# host's" and "the client's".
WANTED = {"router"}
WANTED_OF_UNICAST = {"options", "override"}


@dataclasses.dataclass
class Host:
    """Who is asked: `mac` is what it should tell for its IPv4 and IPv6 addresses."""

    lab: object
    capture: object
    mac: dict

    def answers(self, frame, expected):
        """Everything that comes from the host within a while of this frame from the client."""
        asked_ns = time.time_ns()
        with self.lab.client.packet_socket() as sock:
            sock.send(frame)

        def said():
            return [n for n in self.capture.nds + self.capture.arps
                    if n.port == "r1" and n.time_ns >= asked_ns]

        end = time.monotonic() + LOOK_S
        wait_until(lambda: time.monotonic() > end and len(said()) >= expected, "an answer")
        return said()


def build(lab, ours):
    """The host with VIP, VIP6 and its link-local address, and a client; nothing is known yet."""
    lab.r1 = lab.node("r1", ("192.0.2.11/24", "fe80::11/64", "2001:db8::11/64"))
    lab.client = lab.node("client", (f"{CLIENT4}/24", f"{CLIENT_LL}/64", f"{CLIENT_GLOBAL}/64"))
    if ours:
        agent = Xvrrpd(lab.r1, Instance(name="V4", extra=("garp_master_delay 0",)),
                       Instance(name="V6", addresses=ADDRESSES6, extra=("garp_master_delay 0",)))
        for name in ("V4", "V6"):
            wait_until(lambda n=name: agent.state(n) == "active", "Active")
        macs = MACS
    else:
        for address in (f"{VIP}/24", *ADDRESSES6):
            lab.r1.ip("address", "add", address, "dev", "eth0",
                      *(("nodad",) if ":" in address else ()))
        macs = {4: lab.r1.mac(), 6: lab.r1.mac()}
    for address in (VIP, VIP6, VIP6_LL):
        wait_until(lambda a=address: f" {a}/" in lab.r1.ip("address"), "the addresses")
    return Host(lab, lab.capture(), macs)


@pytest.fixture(params=["kernel", "xvrrpd"])
def host(request, lab):
    return build(lab, request.param == "xvrrpd")


# ---- Neighbor Discovery ----

def ask(target=VIP6, source=CLIENT_LL, **how):
    return lambda mac, host: wire.solicitation(mac, source, target, **how)


def ask_host(target=VIP6, source=CLIENT_LL, **how):
    """Straight to it, as neighbour unreachability detection does."""
    return lambda mac, host: wire.solicitation(mac, source, target, dst=target,
                                               dst_mac=host.mac[6], **how)


def broken(make, at, value):
    """A question with one byte of the frame changed."""
    def frame(mac, host):
        good = make(mac, host)
        return good[:at] + bytes([value]) + good[at + 1:]
    return frame


def recoded(mac, _host):
    """Code 1, with a checksum that is right."""
    group, group_mac = wire.solicited_node(VIP6)
    body = bytes(4) + wire.ip_bytes(VIP6) + wire.option(1, wire.mac_bytes(mac))
    message = wire.icmpv6(CLIENT_LL, group, 135, body, code=1)
    return wire.ethernet(group_mac, mac, 0x86dd, wire.ipv6(CLIENT_LL, group, 58, message),
                         pad=False)


def unknown_option(mac, _host):
    options = wire.option(200, b"12345678") + wire.option(wire.OPT_SOURCE, wire.mac_bytes(mac))
    return wire.solicitation(mac, CLIENT_LL, VIP6, options=options)


# Question -> frame, and the number of answers.
ND_QUESTIONS = {
    "of a link-local address": (ask(), 1),
    "of a global address": (ask(source=CLIENT_GLOBAL), 1),
    "for the link-local address": (ask(VIP6_LL), 1),
    "to the host": (ask_host(), 1),
    "to the host, without an option": (ask_host(options=b""), 1),
    "with an option that nobody knows": (unknown_option, 1),
    "a probe": (ask(source="::"), 1),
    "a probe with a nonce": (ask(source="::", options=NONCE), 1),
    "a probe with a source address option": (
        ask(source="::", options=wire.option(1, bytes.fromhex("020000000001"))), 0),
    "a probe to the host": (ask_host(source="::"), 0),
    "hop limit 254": (ask(hop_limit=254), 0),
    "a wrong checksum": (broken(ask(), 56, 0x5a), 0),
    "code 1": (recoded, 0),
    "an option of length 0": (ask(options=b"\1\0" + bytes(6)), 0),
    "an option that ends behind the message": (ask(options=b"\1\2" + bytes(6)), 0),
    "for a group": (ask("ff02::1:ff00:1"), 0),
}


def nd_view(host, answer, client, unicast):
    """An answer with the MAC addresses by their role, and without what is wanted to differ."""
    roles = {host.mac[6]: "host", client: "client"}
    fields = dataclasses.asdict(answer)
    for name in ("time_ns", "port", *WANTED, *(WANTED_OF_UNICAST if unicast else ())):
        del fields[name]
    for name in ("eth_dst", "eth_src"):
        fields[name] = roles.get(fields[name], fields[name])
    if not unicast:
        fields["options"] = [(kind, roles.get(wire.mac_text(data), data))
                             for kind, data in answer.options]
    return fields


def nd_answers(host):
    client = host.lab.client.mac()
    found = {}
    for name, (make, expected) in ND_QUESTIONS.items():
        frame = make(client, host)
        said = [n for n in host.answers(frame, expected) if isinstance(n, wire.Nd) and n.advert]
        unicast = wire.mac_text(frame[:6]) == host.mac[6]
        found[name] = [nd_view(host, n, client, unicast) for n in said]
    return found


def differences(ours, kernels):
    return {name: (ours[name], kernels[name]) for name in kernels if ours[name] != kernels[name]}


def test_neighbour_questions(lab):
    """E-4, E-31: all fields but R as a kernel; R is set in each."""
    kernels = build(lab, False)
    expected = nd_answers(kernels)
    assert {name: len(said) for name, said in expected.items()} == \
        {name: count for name, (_, count) in ND_QUESTIONS.items()}, "of a kernel"
    with type(lab)() as other:
        ours = build(other, True)
        assert differences(nd_answers(ours), expected) == {}
        said = [n for n in ours.capture.nds if n.advert and n.port == "r1"]
        assert all(n.router and n.good and n.override and n.mac() == MACS[6] for n in said)
        assert not any(n.router for n in kernels.capture.nds if n.port == "r1")


def test_answers_go_to_where_the_question_came_from(lab):
    """Wanted, and otherwise than a kernel, which believes the option: nobody can have another
    flooded."""
    host = build(lab, True)
    victim = wire.option(wire.OPT_SOURCE, bytes.fromhex("020000000001"))
    client = host.lab.client.mac()
    answer, = host.answers(wire.solicitation(client, CLIENT_LL, VIP6, options=victim), 1)
    assert answer.eth_dst == client


# ---- ARP ----

def arp_ask(dst=wire.BROADCAST, sender=CLIENT4, target=VIP, **how):
    def frame(mac, host):
        to = host.mac[4] if dst == "host" else dst
        return wire.arp(1, mac, sender, target, dst=to, src=mac, **how)
    return frame


ARP_QUESTIONS = {
    "a request": (arp_ask(), 1),
    "to the host": (arp_ask("host"), 1),
    "with a target hardware address": (arp_ask(target_mac="02:00:00:00:00:07"), 1),
    "a probe (RFC 5227)": (arp_ask(sender="0.0.0.0"), 1),
    "a probe to the host": (arp_ask("host", sender="0.0.0.0"), 1),
    "for another address": (arp_ask(target="192.0.2.77"), 0),
    "of another protocol": (broken(arp_ask(), 17, 0x05), 0),
    "of another hardware": (broken(arp_ask(), 15, 7), 0),
}


def arp_answers(host):
    client = host.lab.client.mac()
    roles = {host.mac[4]: "host", client: "client"}
    found = {}
    for name, (make, expected) in ARP_QUESTIONS.items():
        found[name] = []
        for answer in host.answers(make(client, host), expected):
            if isinstance(answer, wire.Arp) and answer.op == 2:
                fields = dataclasses.asdict(answer)
                del fields["time_ns"], fields["port"]
                found[name].append({k: roles.get(v, v) for k, v in fields.items()})
    return found


def test_arp_questions(lab):
    """E-3, E-22: as a kernel in every field."""
    expected = arp_answers(build(lab, False))
    assert {name: len(said) for name, said in expected.items()} == \
        {name: count for name, (_, count) in ARP_QUESTIONS.items()}, "of a kernel"
    with type(lab)() as other:
        assert differences(arp_answers(build(other, True)), expected) == {}


# ---- a Linux client ----

def neighbour(client, address):
    return client.ip("neigh", "show", "to", address, "dev", "eth0")


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_a_client_resolves(host, address):
    client, mac = host.lab.client, host.mac[6 if ":" in address else 4]
    client.run("ping", "-c", "1", "-W", "2", address)
    assert f"lladdr {mac} " in neighbour(client, address)


def test_a_client_sees_a_router(lab):
    """The R flag: Linux drops a default route by a neighbour that says it is no router."""
    host = build(lab, True)
    host.lab.client.run("ping", "-c", "1", "-W", "2", VIP6)
    assert " router " in neighbour(host.lab.client, VIP6)


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_a_client_refreshes_its_neighbour(host, address):
    """A unicast probe of neighbour unreachability detection."""
    client, mac = host.lab.client, host.mac[6 if ":" in address else 4]
    client.ip("neigh", "replace", address, "lladdr", mac, "dev", "eth0", "nud", "probe")
    wait_until(lambda: "REACHABLE" in neighbour(client, address), "reachable", 5)
    assert f"lladdr {mac} " in neighbour(client, address)


def test_an_address_in_use_is_noticed(host):
    """E-31: duplicate address detection of the kernel fails for the address of another."""
    client = host.lab.client
    client.ip("address", "add", f"{VIP6}/64", "dev", "eth0")
    wait_until(lambda: "dadfailed" in client.ip("-6", "address", "show", "dev", "eth0"),
               "a duplicate", 5)


def test_a_free_address_is_not_noticed(host):
    client = host.lab.client
    client.ip("address", "add", "2001:db8::77/64", "dev", "eth0")
    wait_until(lambda: "tentative" not in client.ip("-6", "address", "show", "dev", "eth0"),
               "no longer tentative", 5)
    assert "dadfailed" not in client.ip("-6", "address", "show", "dev", "eth0")


@pytest.mark.skipif(not shutil.which("ndisc6"), reason="ndisc6 is not installed")
@pytest.mark.parametrize("address", [VIP6, VIP6_LL])
def test_ndisc6(host, address):
    text = host.lab.client.run("ndisc6", "-1", "-q", address, "eth0")
    assert text.strip().lower() == host.mac[6]


@pytest.mark.skipif(not shutil.which("rdisc6"), reason="ndisc6 is not installed")
def test_rdisc6(host):
    """Nobody here sends Router Advertisements: solicitations for them pass, and stay alone."""
    assert host.lab.client.run("rdisc6", "-1", "-q", "-r", "1", "-w", "300", "eth0",
                               check=False).strip() == ""


def test_unsolicited_advertisements_of_others_are_taken(lab):
    """D-64: a router's kernel updates its neighbours by them, as any kernel."""
    host = build(lab, True)
    host.lab.r1.run("ping", "-c", "1", "-W", "2", CLIENT_GLOBAL)
    other = "02:00:00:00:00:42"
    with host.lab.client.packet_socket() as sock:
        sock.send(wire.neighbour_advert(other, CLIENT_GLOBAL, CLIENT_GLOBAL))
    wait_until(lambda: f"lladdr {other} " in neighbour(host.lab.r1, CLIENT_GLOBAL), "updated")


# ---- forwarding ----

@pytest.mark.parametrize("lab", [{"lans": 2}], indirect=True)
@pytest.mark.parametrize("family", [4, 6])
def test_advertisements_are_not_forwarded(lab, family):
    """A-3, F-6: ours is taken, anybody's stays on its link, however much of a router this is."""
    router = lab.node("r1", ("192.0.2.11/24", "fe80::11/64"), ("198.51.100.1/24", "fe80::1:11/64"))
    client = lab.node("client", ("192.0.2.100/24", "fe80::100/64"))
    for setting in ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"):
        router.sysctl(setting)
    agent = Xvrrpd(router, Instance(addresses=ADDRESSES6 if family == 6 else (f"{VIP}/24",)))
    source = "fe80::66" if family == 6 else "192.0.2.66"
    addresses = (VIP6_LL, VIP6) if family == 6 else (VIP,)
    group = (source, wire.GROUP6) if family == 6 else None
    capture = lab.capture()
    with client.packet_socket() as sock:
        for vrid in (VRID, 99):
            message = wire.vrrp_message(vrid, 200, 100, addresses, pseudo=group)
            for _ in range(3):
                sock.send(wire.advert(source, message))
    wait_until(lambda: agent.vr()["statistics"]["advertisements_received"] == 3, "taken")
    wait_until(lambda: len([a for a in capture.adverts if a.port == "client"]) == 6, "all seen")
    assert [a for a in capture.adverts if a.source == source and a.port != "client"] == []
