"""Live capture under media, floods and garbage: what it costs, and that all of it is counted."""

import random
import signal
import struct

import pytest

from support.frames import ethernet, ipv4, make_options, sip_frame, tcp, udp
from support.live_capture import AckingSink
from support.live_wire import capturing, options, send_datagrams, send_frames
from support.namespaces import Namespace
from support.service import until


def test_media_costs_nothing(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Of 99 % RTP the process sees not one frame."""
    alice, bob = wire
    rtp = [struct.pack("!BBHII", 0x80, 8, at & 0xFFFF, at, 1) + bytes(160) for at in range(990)]
    with capturing(bob, sink) as capture:
        before = capture.cpu_seconds()
        for payload in options(50):
            send_datagrams(alice, rtp, port=20_000, source_port=30_000)
            send_datagrams(alice, [payload] * 10)
        sink.wait_for(500)
        spent = capture.cpu_seconds() - before
        assert capture.metric("frames_total", interface=bob.wire) == 500
        assert capture.metric("kernel_drops_total") == 0
        # Each of the 50,000 for a microsecond would be as much again.
        assert spent < 1.0


def test_fuzz_does_not_end_it(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Whatever is on the wire, it goes on, and counts what it refuses."""
    alice, bob = wire
    dice = random.Random(7)
    seeds = [
        sip_frame(),
        ethernet(ipv4(tcp(make_options()), protocol=6)),
        ethernet(ipv4(udp(make_options()), more=True)),
        ethernet(ipv4(udp(make_options())), kind=0x0800, tags=((0x8100, 5), (0x8100, 6))),
    ]
    frames = []
    for number in range(5000):
        frame = bytearray(dice.choice(seeds))
        for _ in range(dice.randrange(1, 9)):
            frame[dice.randrange(12, len(frame))] = dice.randrange(256)
        if number % 3 == 0:
            del frame[dice.randrange(15, len(frame)) :]
        frames.append(bytes(frame))
    with capturing(bob, sink) as capture:
        send_frames(alice, frames)

        def has_come() -> bool:
            # One datagram alone may be lost to a neighbour whose address is asked for in the fuzz.
            send_datagrams(alice, [make_options("after-all")])
            return make_options("after-all") in sink.payloads

        until(has_come, "the message behind the fuzz")
        assert capture.metric("not_sent_total", reason="bad_length") > 0
        assert capture.end() == 0, capture.log


def test_a_full_ring_is_counted(sink: AckingSink, wire: tuple[Namespace, Namespace]) -> None:
    """What the kernel drops while the process does not read is known, to the frame."""
    alice, bob = wire
    frame = ethernet(ipv4(udp(make_options() + bytes(1000))))
    with capturing(bob, sink, "--ring-mb", "2") as capture:
        capture.process.send_signal(signal.SIGSTOP)
        send_frames(alice, [frame] * 5000)
        capture.process.send_signal(signal.SIGCONT)
        until(
            lambda: capture.metric("frames_total") + capture.metric("kernel_drops_total") == 5000,
            "five thousand",
        )
        drops = int(capture.metric("kernel_drops_total"))
        assert 2000 < drops < 4500
        sink.wait_for(5000 - drops)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_flood_is_sent_or_counted(
    sink: AckingSink, wire: tuple[Namespace, Namespace], workers: int
) -> None:
    """As fast as frames can be made: each message arrives, or the kernel has counted its drop."""
    alice, bob = wire
    frames = [
        ethernet(ipv4(udp(make_options(f"flood-{number}"), ports=(5060 + number % 16, 5060))))
        for number in range(20_000)
    ]
    words = ["--workers", str(workers)]
    with capturing(bob, sink, *words) as capture:
        until(lambda: capture.readiness()[0], "every process to be ready")
        send_frames(alice, frames)
        until(
            lambda: (
                capture.metric("frames_total") + capture.metric("kernel_drops_total") == len(frames)
            ),
            "every frame to be captured, or counted as dropped",
        )
        drops = int(capture.metric("kernel_drops_total"))
        assert capture.end() == 0, capture.log
    assert len(sink.by_number) == len(frames) - drops
    assert len(set(sink.payloads)) == len(frames) - drops
