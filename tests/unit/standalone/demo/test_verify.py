"""What became of what was sent: asked of the API, and told as it is."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from hepscope_standalone.demo.summary import fate
from hepscope_standalone.demo.verify import (
    PATIENCE_SECONDS,
    Standing,
    UnknownFateError,
    asker,
    settled,
    standing_of,
)

NODE = {"name": "sbc-fra-1", "packet_count": 40, "refusals": {"auth_key": 2}}


class Waits:
    """A clock whose waits are added up."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now_us(self) -> int:
        """Nobody asks."""
        return 0

    def elapsed_seconds(self) -> float:
        """What was waited."""
        return self.waited

    def sleep(self, seconds: float) -> None:
        """Add up."""
        self.waited += seconds


@contextmanager
def page(status: int, body: bytes) -> Iterator[str]:
    """A page that always answers the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(60)


def test_only_nodes_of_the_demo_count() -> None:
    """Other agents of the same server have nothing to do with it."""
    other = {"name": "somebody", "packet_count": 7, "refusals": {"auth_key": 5}}

    assert standing_of({"items": [NODE, other]}) == Standing(40, Counter(auth_key=2))


def test_page_is_asked() -> None:
    """The list of nodes is read as the API gives it."""
    with page(200, json.dumps({"items": [NODE]}).encode()) as url:
        assert asker(url)() == Standing(40, Counter(auth_key=2))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b"", "answers 401"),
        (200, b"<html>", "is no page of hepscope"),
        (200, b'{"items": [{}]}', "is no page of hepscope"),
        (200, b"[]", "is no page of hepscope"),
    ],
)
def test_page_that_cannot_tell_is_said(status: int, body: bytes, said: str) -> None:
    """Whatever answers there, the reason is one line."""
    with page(status, body) as url, pytest.raises(UnknownFateError, match=said):
        asker(url)()


def test_nobody_there_is_said() -> None:
    """A refused connection is told as such."""
    with page(200, b"") as url:
        pass
    with pytest.raises(UnknownFateError, match="does not answer"):
        asker(url)()


def test_waits_until_all_is_stored() -> None:
    """Storing takes a moment; what was there before does not count."""
    stored = iter([100, 104, 109, 110])
    clock = Waits()

    found = settled(lambda: Standing(next(stored)), Standing(100), 10, clock)

    assert found == Standing(10)
    assert clock.waited > 0


def test_one_answer_that_does_not_come_is_asked_for_again() -> None:
    """A server that is busy storing the demo is not given up for one slow answer."""
    slow = UnknownFateError("slow")
    answers: Iterator[Standing | UnknownFateError] = iter([slow, Standing(4), slow, Standing(10)])

    def ask() -> Standing:
        answer = next(answers)
        if isinstance(answer, UnknownFateError):
            raise answer
        return answer

    assert settled(ask, Standing(), 10, Waits()) == Standing(10)


def test_server_that_does_not_answer_any_more_is_said() -> None:
    """What it last told is not taken for the end."""
    answers = iter([Standing(4)])

    def ask() -> Standing:
        try:
            return next(answers)
        except StopIteration:
            raise UnknownFateError("gone") from None

    clock = Waits()
    with pytest.raises(UnknownFateError, match="gone"):
        settled(ask, Standing(), 10, clock)
    assert clock.waited >= PATIENCE_SECONDS


def test_gives_up_when_nothing_changes_any_more() -> None:
    """What is refused and what is missing is told apart, and the doctor is named."""
    clock = Waits()

    found = settled(lambda: Standing(4, Counter(auth_key=3)), Standing(), 10, clock)

    assert clock.waited >= PATIENCE_SECONDS
    told = fate(found, 10)
    assert "stored 4 of 10 packets" in told
    assert "refused 3: auth_key" in told
    assert "of 3 packets it says nothing" in told
    assert "hepscope doctor" in told


def test_refusals_of_a_server_that_began_anew_count_from_nothing() -> None:
    """Its counters went back, which gives no negative numbers."""
    before = Standing(50, Counter(auth_key=9))

    assert Standing(10, Counter(auth_key=1)).since(before) == Standing()
