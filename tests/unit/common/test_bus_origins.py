"""Who numbered the packets of a record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.bus.origins import Numbering, headers_of, numbering_of

ORIGIN = b"0123456789abcdef"


@given(st.binary(min_size=16, max_size=16), st.none() | st.integers(0, 2**64 - 1))
def test_what_is_written_is_read(origin: bytes, seq: int | None) -> None:
    """Both forms round-trip, whatever other headers stand beside them."""
    numbering = Numbering(origin, seq)
    assert numbering_of((("reason", b"x"), *headers_of(numbering))) == numbering


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("seq", bytes(8)),),
        (("origin", b""),),
        (("origin", ORIGIN[:15]),),
        (("origin", ORIGIN), ("seq", b"1")),
        (("origin", ORIGIN), ("seq", b"")),
    ],
)
def test_a_record_without_sound_headers_is_not_numbered(
    headers: tuple[tuple[str, bytes], ...],
) -> None:
    """It is stored as it comes, since nothing tells whether it came before."""
    assert numbering_of(headers) is None
