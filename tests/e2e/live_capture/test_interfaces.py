"""Interfaces of live capture: several, all, without a link layer, gone and back; and filters."""

import fcntl
import json
import os
import resource
import signal
import struct
import subprocess
from pathlib import Path

import pytest

from support.frames import ethernet, ipv4, make_options, sip_frame, udp
from support.live_capture import AckingSink
from support.live_wire import capturing, options, send_datagrams, send_frames
from support.namespaces import ALICE, Namespace
from support.service import until
from support.siptools import program


def test_an_interface_may_go_and_come(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Down and up the socket stays; deleted and made anew it is opened again."""
    alice, bob = wire
    with capturing(bob, sink) as capture:
        send_datagrams(alice, [make_options("first")])
        sink.wait_for(1)
        bob.ip(f"link set {bob.wire} down")
        until(lambda: capture.readiness()[0] is False, "not ready without an interface")
        assert bob.wire in capture.readiness()[1]["interfaces"]
        bob.ip(f"link set {bob.wire} up")
        until(lambda: capture.readiness()[0] and alice.has_carrier(), "ready again")
        send_datagrams(alice, [make_options("second")])
        sink.wait_for(2)
        bob.ip(f"link del {bob.wire}")
        until(lambda: not capture.readiness()[0], "not ready: it is gone")
        alice.ip(f"link add {alice.wire} type veth peer name {bob.wire} netns {bob.name}")
        alice.ip(f"addr add {ALICE}/24 dev {alice.wire}")
        alice.ip(f"link set {alice.wire} up")
        bob.ip(f"link set {bob.wire} up")
        until(lambda: capture.readiness()[0] and alice.has_carrier(), "ready: it is there again")
        assert capture.metric("reopened_total", interface=bob.wire) == 1
        send_frames(alice, [sip_frame("third")])
        sink.wait_for(3)
        assert capture.end() == 0
    assert [make_options(name) for name in ("first", "second", "third")] == sink.payloads


@pytest.mark.parametrize("interface", ["lo", "any"])
def test_the_loopback_shows_each_packet_once(
    wire: tuple[Namespace, Namespace], sink: AckingSink, interface: str
) -> None:
    """What a machine says to itself is not doubled, by its name or among all interfaces."""
    alice, bob = wire
    with capturing(bob, sink, interface=interface):
        send_datagrams(bob, options(5, "own"), "127.0.0.1")
        if interface == "any":
            send_datagrams(alice, options(5, "wire"))
        wanted = options(5, "own") + (options(5, "wire") if interface == "any" else [])
        sink.wait_for(len(wanted))
        send_datagrams(bob, [make_options("last")], "127.0.0.1")
        sink.wait_for(len(wanted) + 1)
    assert sink.payloads == [*wanted, make_options("last")]


@pytest.mark.parametrize("interface", ["tun0", "any"])
def test_interfaces_without_a_link_layer(sink: AckingSink, interface: str,
                                         wire: tuple[Namespace, Namespace]) -> None:  # fmt: skip
    """A tunnel's packets are bare IP."""
    _, bob = wire

    def make_tunnel() -> int:
        handle = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(handle, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))
        return handle

    handle = bob.call(make_tunnel)
    try:
        bob.ip("addr add 10.79.0.1/24 dev tun0")
        bob.ip("link set tun0 up")
        with capturing(bob, sink, interface=interface):
            os.write(handle, ipv4(udp(make_options("in")), hosts=("10.79.0.2", "10.79.0.1")))
            sink.wait_for(1)
            send_datagrams(bob, [make_options("out")], "10.79.0.2")
            sink.wait_for(2)
    finally:
        os.close(handle)
    assert sink.payloads == [make_options("in"), make_options("out")]


def test_several_interfaces(sink: AckingSink, wire: tuple[Namespace, Namespace]) -> None:
    """Each is counted by its name."""
    alice, bob = wire
    with capturing(bob, sink, "--interface", "lo") as capture:
        send_datagrams(alice, options(4))
        send_datagrams(bob, options(3), "127.0.0.1")
        sink.wait_for(7)
        assert capture.metric("frames_total", interface=bob.wire) == 4
        assert capture.metric("frames_total", interface="lo") == 3


def test_promiscuous(sink: AckingSink, wire: tuple[Namespace, Namespace]) -> None:
    """What is for another machine is seen on request; the interface says so while it lasts."""
    _, bob = wire

    def is_promiscuous() -> bool:
        out = subprocess.run(
            bob.command(program("ip"), "-j", "-d", "link", "show", bob.wire),
            check=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return bool(json.loads(out.stdout)[0]["promiscuity"])

    with capturing(bob, sink, "--promiscuous") as capture:
        assert is_promiscuous()
        capture.end(signal.SIGKILL)
    until(lambda: not is_promiscuous(), "back to normal by the kernel")


def test_a_filter_in_the_words_of_tcpdump(
    sink: AckingSink, wire: tuple[Namespace, Namespace]
) -> None:
    """Any port can be meant; tags do not hide a packet from it."""
    alice, bob = wire
    with capturing(bob, sink, "--filter", "udp port 9999") as capture:
        send_datagrams(alice, [make_options("usual")])
        send_datagrams(alice, [make_options("other")], port=9999)
        # It may wait for the address of the other end; a frame does not.
        sink.wait_for(1)
        tagged = ipv4(udp(make_options("tagged"), ports=(9999, 1)))
        send_frames(alice, [ethernet(tagged, kind=0x0800, tags=((0x8100, 5),))])
        large = make_options("large")[:-2] + b"X: " + b"y" * 4000 + b"\r\n\r\n"
        send_datagrams(alice, [large], port=9999)
        sink.wait_for(3)
        assert capture.end() == 0
    assert sink.payloads == [make_options("other"), make_options("tagged"), large]


@pytest.mark.parametrize("words", [["--ports", "1-65535"], ["--filter", "ip or ip6"]])
def test_its_own_packets_are_not_captured(
    sink: AckingSink, wire: tuple[Namespace, Namespace], words: list[str]
) -> None:
    """With every port captured, what it sends does not come back to it."""
    _, bob = wire
    with capturing(bob, sink, *words, interface="lo") as capture:
        send_datagrams(bob, options(10), "127.0.0.1")
        sink.wait_for(10)
        before = capture.metric("messages_total")
        send_datagrams(bob, [make_options("last")], "127.0.0.1")
        sink.wait_for(11)
        assert before == 10
        assert capture.metric("tcp_total", event="messages") == 0
    assert len(sink.packets) == 11


def test_without_a_descriptor_to_spare_it_captures_on(
    wire: tuple[Namespace, Namespace], sink: AckingSink
) -> None:
    """Looking after an interface needs none."""
    alice, bob = wire
    with capturing(bob, sink, "--status-seconds", "1") as capture:
        send_frames(alice, [sip_frame("first")])
        sink.wait_for(1)
        pid, kind = capture.process.pid, resource.RLIMIT_NOFILE
        _, most = resource.prlimit(pid, kind)
        resource.prlimit(pid, kind, (len(list(Path(f"/proc/{pid}/fd").iterdir())), most))
        told = len(capture.lines)
        until(lambda: len(capture.lines) >= told + 3, "three looks")
        send_frames(alice, [sip_frame("second")])
        sink.wait_for(2)
        resource.prlimit(pid, kind, (most, most))
        assert capture.end() == 0, capture.log
        assert not capture.said("is gone")
