"""Tests of what goes into the extra column."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.store.copy import jsonb
from hepscope_storage_writer.extra import (
    MAX_CHUNK_BYTES,
    MAX_CHUNKS,
    MAX_HEADERS,
    MAX_NAME,
    MAX_VALUE,
    add_packet_extra,
    uncommon_headers,
)


def test_common_headers_are_left_out() -> None:
    """Headers with columns, of every message, and secrets stay in the payload alone."""
    lines = ["Via: x", "v: x", "CALL-ID: 1", "authorization: Digest x", "max-forwards : 70"]

    assert uncommon_headers(lines) is None


def test_uncommon_headers_are_kept_by_their_registered_name() -> None:
    """Any case and compact forms meet under one name; repeated ones are a list."""
    lines = ["To: x\r", "subject: one\r", "s: two", "X-CID: leg\r", "no colon", ": no name"]

    assert uncommon_headers(lines) == {"Subject": ["one", "two"], "X-CID": "leg"}


def test_headers_are_bounded() -> None:
    """Number, names and values are cut."""
    lines = [f"X-{n}-{'n' * 100}: {'v' * 1000}" for n in range(500)]

    found = uncommon_headers(lines)

    assert found is not None
    assert len(found) == MAX_HEADERS
    assert {len(name) for name in found} == {MAX_NAME}
    assert {len(str(value)) for value in found.values()} == {MAX_VALUE}


def test_chunks_and_the_time_sent_have_keys_that_no_header_has() -> None:
    """Our own keys hold a colon."""
    assert add_packet_extra({"X": "1"}, [(3, 8, b"\x01\xff")], 5) == {
        "X": "1",
        "hep:chunks": {"3:8": "01ff"},
        "hep:time": 5,
    }
    assert add_packet_extra(None, (), None) is None


def test_chunks_are_bounded() -> None:
    """A packet full of chunks makes a small object."""
    found = add_packet_extra(None, [(n, n, b"x" * 5000) for n in range(1000)], None)

    assert found is not None
    chunks = found["hep:chunks"]
    assert isinstance(chunks, dict)
    assert len(chunks) == MAX_CHUNKS
    assert {len(str(value)) for value in chunks.values()} == {2 * MAX_CHUNK_BYTES}


@given(st.lists(st.text(max_size=30), max_size=20))
def test_any_lines_give_an_object_that_can_be_stored(lines: list[str]) -> None:
    """Whatever the lines hold, the result is bounded JSON."""
    found = uncommon_headers(lines)

    assert found is None or len(jsonb(found)) > 4
