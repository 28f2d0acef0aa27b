"""The search for the next record: it advances, and it ends."""

import io

import pytest

from hepscope_capture.files.resync import STEP_BYTES, resync
from hepscope_capture.files.window import Window


def at_mark(data: bytes, offset: int, _is_end: bool) -> bool:
    """A record starts with a mark."""
    return data.startswith(b"MARK", offset)


def window_on(data: bytes) -> Window:
    """A window on bytes."""
    return Window(io.BytesIO(data).read)


@pytest.mark.parametrize("before", [1, 7, STEP_BYTES - 2, STEP_BYTES + 1, 3 * STEP_BYTES])
def test_it_stops_at_the_next_record(before: int) -> None:
    """Wherever that lies against the steps of the search."""
    window = window_on(bytes(before) + b"MARK" + bytes(9))
    assert resync(window, at_mark, 4) == before
    assert window.peek(4) == b"MARK"


def test_the_place_it_starts_from_does_not_count() -> None:
    """It is where the damage was seen, so staying there would never end."""
    window = window_on(b"MARK" + bytes(5) + b"MARK")
    assert resync(window, at_mark, 4) == 9


def test_without_a_record_it_ends_at_the_end() -> None:
    """Every byte is stepped over and counted."""
    assert resync(window_on(bytes(3 * STEP_BYTES + 5)), at_mark, 4) == 3 * STEP_BYTES + 5
    assert resync(window_on(b""), at_mark, 4) == 0


def test_behind_the_bound_the_rest_is_given_up() -> None:
    """A record that comes later is not found, but all bytes are counted."""
    size = 4 * STEP_BYTES
    window = window_on(bytes(size) + b"MARK")
    assert resync(window, at_mark, 4, search_bytes=STEP_BYTES) == size + 4
