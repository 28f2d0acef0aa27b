"""Several processes that share one interface: nothing twice, nothing lost, one set of counts."""

import os
import signal
from collections import Counter
from pathlib import Path

from support.frames import make_invite
from support.live_capture import AckingSink, LiveCapture
from support.live_wire import capturing, options, send_datagrams
from support.namespaces import ALICE, Namespace
from support.service import until

REPORT = b"\x80\xc9\x00\x01\x00\x00\x00"


def children(capture: LiveCapture) -> list[int]:
    """The processes below a capture: the workers, and the one that answers."""
    pid = capture.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(capture: LiveCapture, count: int) -> bool:
    """Say whether so many workers have told something, and all are ready."""
    return capture.metric("workers") == count and capture.readiness()[0]


def test_the_traffic_is_shared(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Each packet comes in by one of them; RTCP finds its call wherever that was learned."""
    alice, bob = wire
    with capturing(bob, sink, "--workers", "2") as capture:
        until(lambda: is_running(capture, 2), "two workers")
        messages = {port: options(20, f"from-{port}") for port in range(6000, 6024)}
        for port, payloads in messages.items():
            send_datagrams(alice, payloads, source_port=port)
        sink.wait_for(480)
        for number in range(24):
            invite = make_invite(f"call-{number}", ALICE, 4000 + 2 * number)
            send_datagrams(alice, [invite], source_port=6000 + number)
            report, far = REPORT + bytes([number]), 9001 + 2 * number
            send_datagrams(alice, [report], port=far, source_port=4001 + 2 * number)
        sink.wait_for(528)
        until(lambda: capture.metric("frames_total") == 528, "the counts of both")
        until(lambda: capture.metric("messages_total") == 504, "their messages")
        # A report is counted when its call is known, which may be a look later than its frame.
        until(lambda: capture.metric("reports_total") == 24, "their reports")
        assert capture.end() == 0, capture.log
    sip = [one.payload for one in sink.packets if one.protocol_type == 1]
    assert Counter(sip)[messages[6000][0]] == 1
    assert len(sip) == 504
    calls = {one.correlation_id for one in sink.packets if one.protocol_type == 5}
    assert calls == {f"call-{number}".encode() for number in range(24)}
    shares = Counter(one.origin for one in sink.packets)
    assert len(shares) == 2
    assert min(shares.values()) > 50


def test_fragments_come_together(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Of IPv4 by the kernel, before the packets are shared out."""
    alice, bob = wire
    large = [payload[:-2] + b"X-Long: " + b"y" * 9000 + b"\r\n\r\n" for payload in options(8)]
    with capturing(bob, sink, "--workers", "2") as capture:
        until(lambda: is_running(capture, 2), "two workers")
        for number, payload in enumerate(large):
            send_datagrams(alice, [payload], source_port=6100 + number)
        sink.wait_for(8)
    assert sorted(sink.payloads) == sorted(large)


def test_a_worker_that_was_killed_is_replaced(
    wire: tuple[Namespace, Namespace], sink: AckingSink
) -> None:
    """The others go on; it is counted, and the counts never fall."""
    alice, bob = wire
    with capturing(bob, sink, "--workers", "2") as capture:
        until(lambda: is_running(capture, 2), "two workers")
        for port in range(6000, 6010):
            send_datagrams(alice, options(20, f"before-{port}"), source_port=port)
        sink.wait_for(200)
        until(lambda: capture.metric("messages_total") == 200, "the counts of both")
        os.kill(children(capture)[1], signal.SIGKILL)
        until(lambda: capture.metric("worker_restarts_total") == 1, "an end that is noticed")
        until(lambda: is_running(capture, 2), "another worker")
        until(lambda: capture.said("worker 2 has ended by signal 9"), "what is logged of it")
        for port in range(6000, 6010):
            send_datagrams(alice, options(20, f"after-{port}"), source_port=port)
        sink.wait_for(400)
        until(lambda: capture.metric("messages_total") == 400, "the counts of all three")
        assert capture.end() == 0, capture.log
    assert len(set(sink.payloads)) == 400


def test_nothing_is_left_behind(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """When the process above is killed, the workers end by themselves."""
    with capturing(wire[1], sink, "--workers", "2") as capture:
        until(lambda: is_running(capture, 2), "two workers")
        below = children(capture)
        assert len(below) == 3
        capture.process.kill()
        until(lambda: not any(Path(f"/proc/{one}").exists() for one in below), "all to end")


def test_what_cannot_begin_ends_all(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """One line, and exit code 2."""
    capture = capturing(wire[1], sink, "--workers", "2", interface="nosuch0")
    try:
        with capture:
            pass
    except AssertionError:
        assert "there is no interface nosuch0" in capture.log
    assert capture.process.wait(120) == 2
