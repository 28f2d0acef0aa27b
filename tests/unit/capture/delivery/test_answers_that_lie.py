"""Servers that say what cannot be: nothing is let go for it."""

import pytest

from hep import encode_ack
from support.service import until
from support.sinks import TcpSink
from unit.capture.acking_server import AckingServer, Answer
from unit.capture.delivery.hep_server import hep
from unit.capture.delivery.routing import routing


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _origin, number: encode_ack(bytes(16), number), "packets of another sender"),
        (lambda origin, _number: encode_ack(origin, 2**60), "only numbers up to 4 were sent"),
        (lambda _origin, _number: bytes(70_000), "not in HEP"),
    ],
)
def test_a_server_that_lies_frees_nothing(answer: Answer, words: str) -> None:
    """Nobody is told that a packet is safe which may not be."""
    with (
        TcpSink(AckingServer(acknowledge=answer)) as sink,
        routing(f"tcp://127.0.0.1:{sink.port}") as router,
    ):
        router.put([hep(number) for number in range(4)], 1)
        destination = router.destinations[0]
        until(lambda: words in destination.trouble, "it is told")
        assert not router.finish(0.5)
        counts = destination.counts()
        assert (counts.acknowledged, counts.delivered, counts.kept) == (0, 0, 4)


@pytest.mark.parametrize(
    ("greet", "words"),
    [
        (lambda _origin, number: encode_ack(bytes(16), number), "packets of another sender"),
        (lambda origin, _number: encode_ack(origin, 7), "only numbers up to 0 were sent"),
        (lambda _origin, _number: bytes(70_000), "not in HEP"),
    ],
)
def test_a_wrong_answer_to_the_greeting_is_told(greet: Answer, words: str) -> None:
    """And nothing is sent."""
    server = AckingServer(greet=greet)
    with TcpSink(server) as sink, routing(f"tcp://127.0.0.1:{sink.port}") as router:
        router.put([hep(1)], 1)
        destination = router.destinations[0]
        until(lambda: words in destination.trouble, "it is told")
        assert not router.end(0)
        assert not server.stored
        assert not server.plain


def test_a_server_that_says_the_same_for_ever_gets_nowhere() -> None:
    """Talking is no progress."""
    server = AckingServer(acknowledge=lambda origin, _number: encode_ack(origin, 0) * 3)
    with (
        TcpSink(server) as sink,
        routing(f"tcp://127.0.0.1:{sink.port}", stall_seconds=0.2) as router,
    ):
        router.put([hep(number) for number in range(4)], 1)
        destination = router.destinations[0]
        until(lambda: "acknowledges nothing" in destination.trouble, "it is told")
        assert destination.stuck_seconds() > 0.1
        assert destination.counts().kept == 4


def test_a_greeting_that_comes_back_is_no_answer() -> None:
    """Some servers repeat what they hear; they are plain ones."""
    server = AckingServer(
        greet=lambda origin, _number: b"HEP3\x00\x1c\x48\x53\x00\x10\x00\x16" + origin
    )
    with TcpSink(server) as sink, routing(f"tcp://127.0.0.1:{sink.port}") as router:
        router.put([hep(number) for number in range(4)], 1)
        until(lambda: len(server.plain) == 4, "it has all")
        assert router.destinations[0].is_acknowledging is False
