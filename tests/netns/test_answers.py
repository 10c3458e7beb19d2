# SPDX-License-Identifier: GPL-2.0-or-later
"""What clients see, in every attach mode: ARP, services, and the virtual MAC (part E)."""

import contextlib
import re
import socket
import threading

import pytest

from lab import VIP, VRID, Asker, Instance, Xvrrpd, holds, pair, virtual_mac, wait_until, wire

VMAC = virtual_mac(VRID)
PORT = 7777


@pytest.fixture(params=["native", "generic", "tc"])
def mode(request, lan):
    """The agent's options for a mode; the switch's ends have a program, as XDP_TX needs it."""
    lan.pass_program("r1", "r2")
    lan.mode = request.param
    return ("--xdp-mode", request.param)


def test_mode_is_the_one_asked_for(lan, mode):
    first, second = pair(lan, options=mode)
    for agent in (first, second):
        assert agent.interface()["xdp_mode"] == lan.mode


@pytest.mark.parametrize("kind", ["broadcast", "unicast", "probe"])
def test_one_answer_to_each_request(lan, mode, kind):
    """E-3, E-10, E-22: one, by the virtual MAC, also as Ethernet source."""
    pair(lan, options=mode)
    asker = Asker(lan, lan.capture())
    dst = VMAC if kind == "unicast" else wire.BROADCAST
    sender_ip = "0.0.0.0" if kind == "probe" else "192.0.2.100"
    for _ in range(10):
        answers = asker.answers(dst=dst, sender_ip=sender_ip)
        assert [a.port for a in answers] == ["r1"]
        answer = answers[0]
        assert (answer.sender_mac, answer.eth_src) == (VMAC, VMAC)
        assert (answer.eth_dst, answer.target_mac) == (asker.mac, asker.mac)
        assert (answer.sender_ip, answer.target_ip) == (VIP, sender_ip)


def test_a_backup_does_not_answer(lan, mode):
    """E-3; asked past the switch's table, by its own address too."""
    _, second = pair(lan, options=mode)
    capture = lan.capture()
    asker = Asker(lan, capture)
    straight = lan.port_socket("r2")
    lan.at_close(straight.close)
    for dst in (wire.BROADCAST, VMAC, lan.r2.mac()):
        assert asker.answers(straight, dst=dst, wait_s=0.1) == []
    assert second.interface()["statistics"]["arp_suppressed"] == 3


def test_requests_for_others_pass(lan, mode):
    """I6: the routers' own addresses are the kernel's business."""
    pair(lan, options=mode)
    for address, node in (("192.0.2.11", lan.r1), ("192.0.2.12", lan.r2)):
        lan.client.run("ping", "-c", "2", "-i", "0.01", "-W", "2", address)
        assert node.mac() in lan.client.ip("neigh", "show", address)


def test_the_kernel_asks_by_the_virtual_mac(lan, mode):
    """E-10: its own ARP requests with our address as sender are ours to dress."""
    pair(lan, options=mode)
    holds(lan.r1)
    capture = lan.capture()
    lan.r1.run("ping", "-c", "1", "-W", "2", "-I", VIP, "192.0.2.100")
    asked = [a for a in capture.arps if a.port == "r1" and a.target_ip == "192.0.2.100"]
    assert [(a.op, a.sender_ip) for a in asked] == [(1, VIP)]
    assert (asked[0].eth_src, asked[0].sender_mac) == (VMAC, VMAC)


def serve_echo(lan, node):
    """TCP and UDP echo on the virtual address."""
    def tcp(listener):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(peer.recv(100))

    def udp(sock):
        with contextlib.suppress(OSError):
            while True:
                data, sender = sock.recvfrom(100)
                if sender is None:  # shut down
                    return
                sock.sendto(data, sender)

    for kind, loop in ((socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)):
        sock = node.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((VIP, PORT))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        threading.Thread(target=loop, args=(sock,), daemon=True).start()
        lan.at_close(lambda sock=sock: close_hard(sock))


def close_hard(sock):
    """Wake the thread that waits in it."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def ask_echo(lan, kind, text):
    with lan.client.socket(socket.AF_INET, kind) as sock:
        sock.settimeout(5)
        sock.connect((VIP, PORT))
        sock.sendall(text)
        return sock.recv(100)


def test_service_on_the_address(lan, mode):
    """E-1, E-14: clients reach it through the virtual MAC, before and after a failover."""
    first, second = pair(lan, options=mode)
    check_service(lan, first)
    first.kill()
    wait_until(lambda: second.state() == "active", "failover")
    check_service(lan, second)


def check_service(lan, agent):
    holds(agent.node)
    serve_echo(lan, agent.node)
    assert ask_echo(lan, socket.SOCK_STREAM, b"by TCP") == b"by TCP"
    assert ask_echo(lan, socket.SOCK_DGRAM, b"by UDP") == b"by UDP"
    assert VMAC in lan.client.ip("neigh", "show", VIP)
    assert agent.vr()["statistics"]["virtual_mac_accepted"] > 0


def test_large_packets_through_the_virtual_mac(lan, mode):
    """Fragments included."""
    pair(lan, options=mode)
    holds(lan.r1)
    lan.client.run("ping", "-c", "3", "-i", "0.01", "-W", "2", "-s", "4000", VIP)


def test_backup_drops_frames_to_the_virtual_mac(lan, mode):
    """E-1, E-15: a switch that floods delivers them to it as well."""
    _, second = pair(lan, options=mode)
    frame = wire.ethernet(VMAC, lan.client.mac(), 0x0800, wire.ipv4(
        "192.0.2.100", "192.0.2.12", 1, bytes.fromhex("0800f7ff00000000"), ttl=64))
    capture = lan.capture()
    with lan.port_socket("r2") as straight:
        for _ in range(5):
            straight.send(frame)
    wait_until(lambda: second.vr()["statistics"]["virtual_mac_suppressed"] == 5, "five dropped")
    assert [e for e in capture.echoes if e.reply] == []


@pytest.mark.parametrize("lab", [{"lans": 2}], indirect=True)
def test_no_accept(lab):
    """E-2, E-12: what is for the address is dropped, what is for others goes through."""
    client, router = lab.node("client", "192.0.2.100/24"), \
        lab.node("r1", "192.0.2.11/24", "198.51.100.1/24")
    server = lab.node("server", None, "198.51.100.2/24")
    router.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    server.ip("route", "add", "default", "via", "198.51.100.1")
    client.ip("route", "add", "198.51.100.0/24", "via", VIP)
    agent = Xvrrpd(router, Instance(extra=("no_accept",)))
    wait_until(lambda: agent.state() == "active", "Active")
    client.run("ping", "-c", "3", "-i", "0.01", "-W", "2", "198.51.100.2")
    assert VMAC in client.ip("neigh", "show", VIP)
    lost = client.run("ping", "-c", "3", "-i", "0.01", "-W", "0.3", VIP, check=False)
    assert re.search(r" 0 received", lost)
    assert agent.vr()["accept_mode"] is False
    assert agent.vr()["statistics"]["accept_mode_dropped"] >= 3


def test_auto_mode_on_veth_is_generic_and_says_why(lan):
    """Native XDP_TX there needs a program on the far end."""
    first, _ = pair(lan)
    assert first.interface()["xdp_mode"] == "generic"
    assert "veth" in first.interface()["xdp_mode_reason"]
