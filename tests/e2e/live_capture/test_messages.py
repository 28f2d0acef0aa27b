"""Live capture before SIP peers: what comes out is what another capture tool saw."""

import json
from pathlib import Path

import pytest

from support.frames import ethernet, ipv4, make_invite, make_options, udp
from support.live_capture import AckingSink
from support.live_wire import (
    CALL_MESSAGES,
    calls,
    capturing,
    messages_of_streams,
    options,
    send_datagrams,
    send_frames,
    told,
    vlans,
    witness,
    witnessed,
)
from support.namespaces import ALICE, ALICE6, BOB, BOB6, Namespace
from support.service import until
from support.siptools import read_sip


@pytest.mark.parametrize(("count", "rate"), [(60, 30), (1200, 400), (3000, 1500)])
def test_every_message_is_the_witness(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path, count: int, rate: int
) -> None:
    """What arrives equals what tshark reads, byte for byte, as long as the kernel drops nothing."""
    alice, bob = wire
    with capturing(bob, sink) as capture:
        with witness(bob, tmp_path) as path:
            calls(alice, bob, tmp_path, count=count, rate=rate)
        wanted = witnessed(path)
        until(
            lambda: (
                capture.metric("frames_total") + capture.metric("kernel_drops_total")
                == wanted.total()
            ),
            "every frame to be captured, or counted as dropped",
        )
        drops = capture.metric("kernel_drops_total")
        assert capture.end() == 0, capture.log
    assert wanted.total() >= count * CALL_MESSAGES * 0.9
    if drops:
        assert told(sink.packets).total() == wanted.total() - drops
    else:
        assert told(sink.packets) == wanted
    assert {one.node_name for one in sink.packets} == {b"edge"}


def test_times_are_the_kernels(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """Each message has the time at which it passed, not at which it was read."""
    alice, bob = wire
    with capturing(bob, sink):
        with witness(bob, tmp_path) as path:
            for payload in options(20):
                send_datagrams(alice, [payload])
            sink.wait_for(20)
        seen = {one.payload: one.time_us for one in read_sip(path)}
    for packet in sink.packets:
        # Two sockets are served one after the other; a ring waits for 20 ms.
        assert abs(packet.time_us - seen[packet.payload.hex()]) < 5_000


def test_ipv6(wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path) -> None:
    """Over IPv6 it is the same."""
    alice, bob = wire
    with capturing(bob, sink) as capture:
        with witness(bob, tmp_path) as path:
            calls(alice, bob, tmp_path, count=20, rate=20, hosts=(ALICE6, BOB6))
        assert capture.end() == 0
    assert told(sink.packets) == witnessed(path)
    assert len(sink.packets) >= 20 * CALL_MESSAGES * 0.9


def test_vlan(wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path) -> None:
    """A tag is told although the kernel takes it off the frame before anybody sees it."""
    alice, bob = wire
    frames = [
        ethernet(ipv4(udp(make_options(f"vlan-{vlan}"))), tags=((0x8100, vlan),), kind=0x0800)
        for vlan in range(100, 120)
    ]
    with capturing(bob, sink), witness(bob, tmp_path) as path:
        send_frames(alice, frames)
        sink.wait_for(20)
    assert told(sink.packets) == witnessed(path)
    assert [vlans(one) for one in sink.packets] == [(vlan,) for vlan in range(100, 120)]


def test_a_tag_inside_the_frame(wire: tuple[Namespace, Namespace]) -> None:
    """On its way out of a machine whose card inserts no tags, a frame holds it in itself."""
    alice, _ = wire
    packet = ipv4(udp(make_options("tagged")))
    with AckingSink(alice) as sink, capturing(alice, sink):
        send_frames(alice, [ethernet(packet, kind=0x0800, tags=((0x8100, 9),))])
        sink.wait_for(1)
    assert vlans(sink.packets[0]) == (9,)


def test_two_tags(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Of two tags the inner one is told."""
    alice, bob = wire
    packet = ipv4(udp(make_options("qinq")))
    with capturing(bob, sink):
        send_frames(alice, [ethernet(packet, kind=0x0800, tags=((0x88A8, 7), (0x8100, 42)))])
        sink.wait_for(1)
    assert vlans(sink.packets[0]) == (42,)


@pytest.mark.parametrize("host", [BOB, BOB6])
def test_large_messages_come_in_fragments(
    wire: tuple[Namespace, Namespace], sink: AckingSink, host: str
) -> None:
    """A message of many packets arrives whole."""
    alice, bob = wire
    large = [payload[:-2] + b"X-Long: " + b"y" * 9000 + b"\r\n\r\n" for payload in options(5)]
    with capturing(bob, sink) as capture:
        send_datagrams(alice, large, host)
        sink.wait_for(5)
        assert capture.metric("joined_total") == 5
    assert sink.payloads == large


def test_what_is_cut_is_counted(sink: AckingSink, wire: tuple[Namespace, Namespace]) -> None:
    """Beyond the snap length a message is sent as far as it was captured."""
    alice, bob = wire
    with capturing(bob, sink, "--snaplen", "128") as capture:
        send_datagrams(alice, options(3))
        sink.wait_for(3)
        assert capture.metric("cut_frames_total") == 3
        assert capture.metric("cut_messages_total") == 3
    assert sink.payloads == [payload[: 128 - 42] for payload in options(3)]


def test_calls_over_tcp(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """Out of their streams come the messages that tshark sees there, byte for byte."""
    alice, bob = wire
    with capturing(bob, sink) as capture:
        with witness(bob, tmp_path) as path:
            calls(alice, bob, tmp_path, count=200, rate=100, transport="t1")
        assert capture.end() == 0, capture.log
    assert told(sink.packets) == messages_of_streams(path)
    assert len(sink.packets) >= 200 * CALL_MESSAGES * 0.9
    assert {one.ip_protocol for one in sink.packets} == {6}


def test_rtcp_of_a_call(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Of media only RTCP comes through the filter, and goes out under its call."""
    alice, bob = wire
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
    with capturing(bob, sink) as capture:
        send_datagrams(alice, [make_invite("call-7", ALICE, 4000)])
        send_datagrams(alice, [b"\x80\x08" + bytes(170)] * 50, port=9000, source_port=4000)
        send_datagrams(alice, [report], port=9001, source_port=4001)
        sink.wait_for(2)
        assert capture.metric("frames_total") == 2
        assert capture.metric("reports_total") == 1
    first, second = sink.packets
    assert (first.protocol_type, second.protocol_type) == (1, 5)
    assert second.correlation_id == b"call-7"
    assert json.loads(second.payload)["ssrc"] == 7


def test_tunnels(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """A mirror by VXLAN; and what is in no tunnel beside it."""
    alice, bob = wire
    inner = ethernet(ipv4(udp(make_options("inside"))))
    vxlan = b"\x08\0\0\0\0\0\x07\0" + inner
    with capturing(bob, sink):
        send_frames(alice, [ethernet(ipv4(udp(vxlan, ports=(50_000, 4789))))])
        send_datagrams(alice, [make_options("outside")])
        sink.wait_for(2)
    assert {one.payload for one in sink.packets} == {
        make_options("inside"),
        make_options("outside"),
    }
