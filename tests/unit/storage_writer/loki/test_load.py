"""Loads and the pushes that they are cut into."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hepscope_storage_writer.loki.form import Entry
from hepscope_storage_writer.loki.load import ALONE_BYTES, ENTRY_BYTES, LATE_NS, Load, Push
from hepscope_storage_writer.loki.streams import Stream

STREAMS = [Stream({"node": str(n)}) for n in range(5)]


def fill(lines: list[tuple[int, int, int]]) -> Load:
    """Return a load of (stream, time, size) whose entries are numbered."""
    load = Load()
    for number, (stream, time_ns, size) in enumerate(lines):
        load.add(STREAMS[stream], Entry(time_ns, b"%08d" % number + bytes(size), b""))
    return load


def numbers(pushes: list[Push], stream: Stream) -> list[int]:
    """Return the numbers of a stream's entries in the order of pushing."""
    return [
        int(entry.base[:8])
        for push in pushes
        for one, entries in push.parts
        if one is stream
        for entry in entries
    ]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50), st.integers(0, 40_000)), max_size=60),
    st.integers(1000, 200_000),
)
def test_a_plan_holds_each_line_once_in_order_of_time(
    lines: list[tuple[int, int, int]], limit: int
) -> None:
    """Lines of one time stay in the order of the bus; pushes keep to the limit."""
    pushes = list(fill(lines).plan(limit))
    for at, stream in enumerate(STREAMS):
        mine = [(time, n) for n, (of, time, _) in enumerate(lines) if of == at]
        assert numbers(pushes, stream) == [n for _, n in sorted(mine)]
    for push in pushes:
        assert push.size_bytes <= limit or push.lines == 1
        assert len({id(stream) for stream, _ in push.parts}) == len(push.parts)


def test_large_streams_go_alone_and_the_largest_of_the_small_last() -> None:
    """Loki tells of the last one only."""
    lines = [(0, 1, 30_000), (1, 1, ALONE_BYTES), (2, 1, 10), (3, 1, 20_000)]
    pushes = list(fill(lines).plan(1 << 20))
    assert [[stream.labels["node"] for stream, _ in push.parts] for push in pushes] == [
        ["1"],
        ["2", "3", "0"],
    ]


def test_a_stream_with_late_lines_goes_alone() -> None:
    """They may be refused, of which Loki tells for the last stream of a push only."""
    late, well = Stream({"node": "late"}), Stream({"node": "well"})
    load = Load()
    for stream in (late, well):
        load.add(stream, Entry(2 * LATE_NS, b"now", b""))
    assert len(load.plan(1 << 20)) == 1
    load.add(late, Entry(LATE_NS - 1, b"then", b""))
    load.add(well, Entry(LATE_NS, b"not long ago", b""))
    pushes = load.plan(1 << 20)
    assert [[stream for stream, _ in push.parts] for push in pushes] == [[late], [well]]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.just(5)), min_size=2))
def test_halves_hold_everything(lines: list[tuple[int, int, int]]) -> None:
    """Down to single lines."""
    (push,) = fill(lines).plan(1 << 20)
    pieces = [push]
    while any(piece.lines > 1 for piece in pieces):
        pieces = [half for one in pieces for half in (one.halves() if one.lines > 1 else [one])]
    assert all(piece.lines == 1 for piece in pieces)
    for stream in STREAMS:
        assert numbers(pieces, stream) == numbers([push], stream)


def test_what_is_put_back_is_planned_again() -> None:
    """With what came meanwhile, in order."""
    load = fill([(0, 3, 10), (0, 5, 10)])
    first = load.plan(1 << 20)
    assert (load.lines, load.size_bytes) == (0, 0)
    load.put_back(first)
    load.add(STREAMS[0], Entry(4, b"%08d" % 9, b""))
    assert load.size_bytes == 2 * (18 + ENTRY_BYTES) + 8 + ENTRY_BYTES
    assert numbers(list(load.plan(1 << 20)), STREAMS[0]) == [0, 9, 1]


def test_pieces_of_a_stream_follow_one_another() -> None:
    """In order of time."""
    load = fill([(0, n, 50_000) for n in range(10)])
    pushes = list(load.plan(100_000))
    times = [entry.time_ns for push in pushes for _, entries in push.parts for entry in entries]
    assert len(pushes) == 10
    assert all(before <= after for before, after in pairwise(times))
