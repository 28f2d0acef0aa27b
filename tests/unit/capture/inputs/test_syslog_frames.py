"""Syslog over TCP: octet counts, line ends, both mixed, in any split."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.inputs.syslog_frames import Frame, SyslogFrames

MAX = 40


def cut(*parts: bytes) -> list[Frame]:
    """The messages of a stream that comes in these parts, to its end."""
    frames = SyslogFrames(MAX)
    found = [frame for part in parts for frame in frames.feed(part)]
    return found + frames.finish()


def whole(*texts: bytes) -> list[Frame]:
    """Messages that are not cut."""
    return [Frame(text, is_cut=False) for text in texts]


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"<13>one\n<13>two\n", [b"<13>one", b"<13>two"]),
        (b"<13>one\r\n\r\n\n<13>two", [b"<13>one", b"<13>two"]),
        (b"<13>one\0<13>two\0", [b"<13>one", b"<13>two"]),
        (b"7 <13>one8 <13>two\n", [b"<13>one", b"<13>two"]),
        (b"8 <13>a\nbc", [b"<13>a\nbc"]),
        (b"7 <13>one<13>two\n7 <13>end", [b"<13>one", b"<13>two", b"<13>end"]),
        (b"12 monkeys\n", [b"12 monkeys"]),
        (b"12", [b"12"]),
        (b"12 ", [b"12 "]),
        (b"0 <13>one\n", [b"0 <13>one"]),
        (b"1234567890 <\n", [b"1234567890 <"]),
        (b"20 <13>cut at the end", [b"20 <13>cut at the end"]),
        (b"", []),
    ],
)
def test_both_ways_to_frame(data: bytes, texts: list[bytes]) -> None:
    """At once and byte by byte."""
    assert cut(data) == whole(*texts)
    assert cut(*(bytes((one,)) for one in data)) == whole(*texts)


def test_long_messages_are_cut_and_their_rest_is_skipped() -> None:
    """The next message is found in both ways."""
    text = b"<13>" + b"x" * 100
    for data in (text + b"\n<13>next\n", b"104 " + text + b"8 <13>next"):
        assert cut(data) == [Frame(text[:MAX], is_cut=True), *whole(b"<13>next")]


def test_a_line_of_just_the_bound_is_whole() -> None:
    """One byte more is not."""
    assert cut(b"x" * MAX + b"\n" + b"y" * (MAX + 1) + b"\n") == [
        Frame(b"x" * MAX, is_cut=False),
        Frame(b"y" * MAX, is_cut=True),
    ]


PIECES = st.sampled_from(
    [b"<13>a", b"5 <13>", b"50 <13>", b"\n", b"\r", b"\0", b"1", b" ", b"x" * 17]
)


@given(st.lists(PIECES, max_size=12).map(b"".join), st.data())
def test_any_split_gives_the_same(data: bytes, draw: st.DataObject) -> None:
    """Segments say nothing about messages."""
    places = draw.draw(st.lists(st.integers(0, len(data)), max_size=6).map(sorted))
    bounds = [0, *places, len(data)]
    parts = [data[a:b] for a, b in pairwise(bounds)]
    assert cut(*parts) == cut(data)


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_what_is_held_is_bounded(parts: list[bytes]) -> None:
    """A message, and the count before it."""
    frames = SyslogFrames(MAX)
    for part in parts:
        assert all(len(frame.text) <= MAX for frame in frames.feed(part))
        assert frames.buffered <= MAX + 12
