"""Lines between processes: whole messages in their order, never waited for."""

import contextlib
import select
from collections.abc import Iterator

import pytest

from hepscope_capture.live.line import Line, Sort, pair
from hepscope_capture.live.peers import PeersByLine


@pytest.fixture
def ends() -> Iterator[tuple[Line, Line]]:
    """Both ends of a line."""
    with contextlib.ExitStack() as stack:
        both = pair()
        for one in both:
            stack.callback(one.close)
        yield both


def received(line: Line) -> list[tuple[Sort, bytes]]:
    """What is there."""
    return list(line.receive())


def test_messages_are_whole_and_in_order(ends: tuple[Line, Line]) -> None:
    """Both ways, empty ones too."""
    ours, theirs = ends
    ours.send(Sort.READY)
    ours.send(Sort.SNAPSHOT, b"x" * 100_000)
    theirs.send(Sort.ASKED)
    assert received(theirs) == [(Sort.READY, b""), (Sort.SNAPSHOT, b"x" * 100_000)]
    assert received(ours) == [(Sort.ASKED, b"")]
    assert received(ours) == []


def test_what_has_no_room_waits_and_comes_later(ends: tuple[Line, Line]) -> None:
    """More than a socket holds; the poll tells when there is room."""
    ours, theirs = ends
    sent: list[bytes] = []
    while not ours.events & select.POLLOUT:
        sent.append(len(sent).to_bytes(4, "big") * 25_000)
        ours.send(Sort.NEWS, sent[-1])
    found: list[bytes] = []
    while len(found) < len(sent):
        found += [data for _, data in theirs.receive()]
        ours.flush()
    assert found == sent
    assert not ours.events & select.POLLOUT


def test_what_waits_is_bounded(ends: tuple[Line, Line]) -> None:
    """Beyond the bound messages are refused, and whoever has news is told how many."""
    ours, _ = ends
    taken = [ours.send(Sort.NEWS, bytes(100_000)) for _ in range(300)]
    assert taken.count(False) > 50
    assert taken[0]
    news = [bytes(100_000), bytes(100_000)]
    assert PeersByLine(ours).tell(news) == len(news)


def test_the_other_end_may_be_gone(ends: tuple[Line, Line]) -> None:
    """Whoever listens is told."""
    ours, theirs = ends
    theirs.close()
    assert received(ours) == []
    assert not ours.is_open


def test_what_is_sent_to_nobody(ends: tuple[Line, Line]) -> None:
    """Tells the same."""
    ours, theirs = ends
    theirs.close()
    ours.send(Sort.READY)
    assert not ours.is_open


def test_news_go_to_the_others(ends: tuple[Line, Line]) -> None:
    """Many in few messages, and out of them again."""
    above, below = ends
    peers = PeersByLine(below)
    news = [b"", b"a", b"b" * 90_000, b"c" * 90_000]
    peers.tell(news)
    messages = received(above)
    assert [sort for sort, _ in messages] == [Sort.NEWS] * 2
    for _, data in messages:
        above.send(Sort.NEWS, data)
    above.send(Sort.ASKED)
    assert list(peers.hear()) == news
    assert peers.take_question()
    assert not peers.take_question()
    above.close()
    assert peers.hear() == []
    assert peers.is_alone
