"""The window on a stream: what it gives, whatever the pieces it is fed with."""

import io

from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.files.window import CHUNK_BYTES, Window


class Dribble:
    """A source that gives a byte at a time, as a slow pipe does."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        """Return one byte, or none at the end."""
        return self._file.read(min(size, 1))


def test_peek_stays_and_take_steps() -> None:
    """Looking ahead changes nothing."""
    window = Window(io.BytesIO(b"abcdef").read)
    assert window.peek(3) == b"abc"
    assert window.take(2) == b"ab"
    assert window.peek(10) == b"cdef"
    assert window.take(10) == b"cdef"
    assert window.take(1) == b""


def test_take_ready_does_not_wait_for_more() -> None:
    """Of a slow pipe what is there is given at once."""
    window = Window(Dribble(b"abc").read)
    assert window.take_ready(3) == b"a"
    assert window.peek(2) == b"bc"
    assert window.take_ready(10) == b"bc"
    assert window.take_ready(10) == b""


def test_skip_and_drain_say_how_much_there_was() -> None:
    """Both stop at the end and do not keep what they step over."""
    window = Window(io.BytesIO(bytes(2 * CHUNK_BYTES + 5)).read)
    assert window.skip(CHUNK_BYTES + 1) == CHUNK_BYTES + 1
    assert window.drain() == CHUNK_BYTES + 4
    assert window.skip(10) == 0


@given(st.binary(max_size=60), st.lists(st.integers(1, 20), max_size=10))
def test_the_pieces_of_the_source_do_not_show(data: bytes, sizes: list[int]) -> None:
    """Taking from a dribbling source gives what slicing gives."""
    window = Window(Dribble(data).read)
    at = 0
    for size in sizes:
        assert window.take(size) == data[at : at + size]
        at = min(at + size, len(data))
