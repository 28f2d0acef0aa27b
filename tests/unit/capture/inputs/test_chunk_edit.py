"""Chunks replaced in place: all others stay as they came, and what has no room is compressed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep import EncodeError, Reason, decode3
from hep.chunks import AUTH_KEY, COMPRESSED, CORRELATION_ID, PAYLOAD
from hepscope_capture.inputs.chunk_edit import chunks_of, replace, value_of
from support.hep_wire import generic, mutated, packet, shuffled, sip_packet, start

VENDOR_CHUNK = b"\0\x02\0\x63\0\x09abc"  # of Kamailio, type 99


def edited(data: bytes, values: dict[int, bytes | None]) -> bytes:
    """The packet with these values."""
    chunks = chunks_of(data)
    assert chunks is not None
    return replace(data, chunks, values)


def test_only_the_payload_changes() -> None:
    """Chunks of other vendors stay, before and behind."""
    data = packet(VENDOR_CHUNK, *start(), generic(15, b"one"), generic(40, b"\0\1"))
    assert edited(data, {PAYLOAD: b"other"}) == packet(
        VENDOR_CHUNK, *start(), generic(15, b"other"), generic(40, b"\0\1")
    )


def test_a_key_that_was_missing_comes_before_the_payload() -> None:
    """Where servers look for it."""
    data = packet(*start(), VENDOR_CHUNK, generic(15, b"one"))
    assert edited(data, {AUTH_KEY: b"ours"}) == packet(
        *start(), VENDOR_CHUNK, generic(14, b"ours"), generic(15, b"one")
    )


def test_a_repeated_chunk_is_replaced_once() -> None:
    """Decoders take the last one, so none may be left over."""
    data = packet(*start(), generic(14, b"a"), generic(14, b"b"), generic(15, b"one"))
    assert value_of(data, chunks_of(data) or [], AUTH_KEY) == b"b"
    assert edited(data, {AUTH_KEY: b"ours"}) == packet(
        *start(), generic(14, b"ours"), generic(15, b"one")
    )
    assert edited(data, {AUTH_KEY: None}) == packet(*start(), generic(15, b"one"))


def test_a_new_payload_takes_the_place_of_a_compressed_one() -> None:
    """Two payloads would be one too many."""
    data = packet(*start(), generic(16, b"packed"), VENDOR_CHUNK)
    assert edited(data, {PAYLOAD: b"plain"}) == packet(
        *start(), generic(15, b"plain"), VENDOR_CHUNK
    )


def test_what_has_no_room_is_compressed_and_nothing_is_cut() -> None:
    """The total length has 16 bits."""
    text = b"x" * 65_000
    data = packet(*start(), generic(15, text))
    result = edited(data, {CORRELATION_ID: b"c" * 1000})
    assert len(result) <= 65_535
    decoded = decode3(result)
    assert (decoded.payload, decoded.correlation_id) == (text, b"c" * 1000)
    assert value_of(result, chunks_of(result) or [], COMPRESSED) is not None


def test_what_has_no_room_even_so_is_refused() -> None:
    """Noise does not shrink."""
    noise = random.Random(1).randbytes(65_000)
    data = packet(*start(), generic(15, noise))
    with pytest.raises(EncodeError) as refusal:
        edited(data, {CORRELATION_ID: b"c" * 1000})
    assert refusal.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HEP3\0\x07",
        b"HEP3\0\x06\0",
        sip_packet()[:-1],
        packet(b"\0\0\0\x0f\0\x05"),
        packet(b"\0\0\0\x0f\0\x09ab"),
        packet(b"abc"),
    ],
)
def test_lengths_that_do_not_fill_the_packet_are_told(data: bytes) -> None:
    """Such a packet would break a stream."""
    assert chunks_of(data) is None


@given(shuffled(), st.binary(max_size=30))
def test_all_but_the_payload_is_kept(data: bytes, payload: bytes) -> None:
    """Whatever the chunks and their order."""
    chunks = chunks_of(data)
    assert chunks is not None
    result = replace(data, chunks, {PAYLOAD: payload})
    after = chunks_of(result)
    assert after is not None
    assert value_of(result, after, PAYLOAD) == payload
    kept = [data[one.start : one.stop] for one in chunks if one.key not in (PAYLOAD, COMPRESSED)]
    left = [result[one.start : one.stop] for one in after if one.key not in (PAYLOAD, COMPRESSED)]
    assert kept == left


@given(mutated())
def test_chunks_fill_the_packet_or_are_none(data: bytes) -> None:
    """No byte is left out or taken twice."""
    chunks = chunks_of(data)
    if chunks:
        assert [one.start for one in chunks[1:]] == [one.stop for one in chunks[:-1]]
        assert (chunks[0].start, chunks[-1].stop) == (6, len(data))
