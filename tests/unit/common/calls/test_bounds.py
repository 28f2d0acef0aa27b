"""Text bounds: what a stored Call-ID looks like."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.calls.bounds import CALL_ID_BYTES, is_cut_call_id, stored_call_id


def test_call_id_of_512_bytes_is_stored_as_it_is() -> None:
    """The bound itself is still short enough."""
    assert stored_call_id("x" * 512) == "x" * 512


def test_longer_call_id_keeps_480_bytes_and_a_hash() -> None:
    """One byte more is cut, and the hash fills the rest."""
    stored = stored_call_id("x" * 513)

    assert stored.startswith("x" * 480 + "…")
    assert len(stored) == 480 + 1 + 16


def test_long_call_ids_with_one_beginning_stay_apart() -> None:
    """The hash is over the whole text."""
    assert stored_call_id("x" * 600 + "1") != stored_call_id("x" * 600 + "2")


def test_cut_falls_between_characters() -> None:
    """A character that lies across the cut is left out, not broken."""
    stored = stored_call_id("x" + "é" * 300)

    assert "�" not in stored
    assert stored.startswith("x" + "é" * 239 + "…")


@given(st.text(max_size=700))
def test_stored_call_id_always_fits_and_is_stable(text: str) -> None:
    """Nothing stored exceeds the bound, and storing what was stored changes nothing."""
    stored = stored_call_id(text)

    assert len(stored.encode("utf-8", "surrogatepass")) <= CALL_ID_BYTES
    assert stored_call_id(stored) == stored


def test_tells_a_cut_call_id_from_a_whole_one() -> None:
    """By length, mark and hash, whatever character did not fit at the cut."""
    for text in ("x" * 513, "x" + "é" * 300, "\N{SNOWMAN}" * 300, "\U0001f4de" * 200):
        assert is_cut_call_id(stored_call_id(text))
    for text in ("", "x" * 512, "a…0123456789abcdef", "x" * 480 + "…", "x" * 490 + "…" + "g" * 16):
        assert not is_cut_call_id(stored_call_id(text))
