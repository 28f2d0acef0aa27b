"""Live capture while its server is killed, late or gone for good."""

from collections import Counter

from support.live_capture import AckingSink
from support.live_wire import capturing, options, send_datagrams
from support.namespaces import Namespace
from support.service import until


def test_a_server_that_was_killed_gets_everything(
    wire: tuple[Namespace, Namespace], sink: AckingSink
) -> None:
    """Nothing that was captured meanwhile is lost or doubled."""
    alice, bob = wire
    with capturing(bob, sink) as capture:
        messages = options(600)
        send_datagrams(alice, messages[:200])
        sink.wait_for(50)
        sink.kill()
        send_datagrams(alice, messages[200:400])
        until(lambda: capture.metric("frames_total") == 400, "capture without a server")
        sink.start()
        send_datagrams(alice, messages[400:])
        sink.wait_for(600)
        assert capture.end() == 0, capture.log
    assert Counter(sink.payloads) == Counter(messages)


def test_a_server_that_comes_later_gets_what_fits(
    wire: tuple[Namespace, Namespace],
) -> None:
    """Beyond the bound the oldest are dropped and counted; the capture is not ready meanwhile."""
    alice, bob = wire
    with AckingSink(bob) as later:
        later.kill()
        with capturing(bob, later, "--buffer-mb", "1") as capture:
            messages = [payload + bytes(900) for payload in options(1500)]
            for at in range(0, 1500, 100):
                send_datagrams(alice, messages[at : at + 100])
            until(lambda: capture.metric("taken_total") == 1500, "capture without a server")
            # What its thread has not collected yet counts; collected, it may displace others.
            until(lambda: capture.metric("backlog_bytes") <= 1024 * 1024, "no more than the bound")
            dropped = int(capture.metric("dropped_total", reason="memory_full"))
            assert dropped > 0
            later.start()
            later.wait_for(1500 - dropped)
            assert capture.end() == 0, capture.log
        # Where its thread was held up, some in between were dropped; the newest never are.
        there, kept = later.payloads, set(later.payloads)
        assert there[-200:] == messages[-200:]
        assert there == [payload for payload in messages if payload in kept]


def test_a_message_that_nobody_takes_is_exit_code_1(wire: tuple[Namespace, Namespace]) -> None:
    """What is not delivered at the end is told."""
    alice, bob = wire
    with AckingSink(bob) as dead:
        dead.kill()
        with capturing(bob, dead, "--drain-seconds", "0.5") as capture:
            send_datagrams(alice, options(3))
            until(lambda: capture.metric("backlog_packets") == 3, "three messages")
            assert capture.end() == 1
        assert "3 packets are not delivered" in capture.log
