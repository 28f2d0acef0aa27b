"""Framing: bus records, and TCP streams in any split."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import DecodeError, Reason, StreamDecoder, scan
from hep.framing import MAX_GARBAGE_BYTES
from support.hep_wire import SIP_OPTIONS, generic, golden_packets, packet, sip_packet, start

FIRST, SECOND = sip_packet(), packet(*start(kind=100), generic(15, b"log"))
LARGEST = packet(*start(), generic(15, bytes(65_535 - 93 - 6)))
NOISE = b"GET / HTTP/1.1\r\n\r\n"

REFUSED = {
    "another magic": (FIRST + b"HEP4\0\6", Reason.NOT_HEP, len(FIRST)),
    "a cut head": (FIRST + b"HEP3\0", Reason.TRUNCATED, len(FIRST)),
    "a cut packet": (FIRST + SECOND[:-1], Reason.TRUNCATED, len(FIRST) + 4),
    "a length below its own head": (FIRST + b"HEP3\0\5", Reason.BAD_LENGTH, len(FIRST) + 4),
}


def feed_all(decoder: StreamDecoder, pieces: list[bytes]) -> list[bytes]:
    """The packets of all pieces up to the loss of the stream."""
    packets: list[bytes] = []
    for piece in pieces:
        if decoder.failure is None:
            try:
                packets += decoder.feed(piece)
            except DecodeError:
                assert decoder.failure is not None
    return packets


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """The bytes cut at these offsets."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def test_a_record_gives_its_packets_in_order() -> None:
    """Packets stand back to back, in either magic."""
    other = packet(generic(15, b"x"), magic=b"EEP3")

    assert scan(FIRST + other + SECOND) == [FIRST, other, SECOND]
    assert scan(b"") == []


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_record_is_refused_with_its_offset(case: str) -> None:
    """A record is ours: any deviation is a fault of the bus."""
    record, reason, offset = REFUSED[case]

    with pytest.raises(DecodeError) as refused:
        scan(record)

    assert (refused.value.reason, refused.value.offset) == (reason, offset)


def test_a_stream_gives_packets_as_they_complete() -> None:
    """Split and coalesced messages."""
    decoder = StreamDecoder()

    assert decoder.feed(FIRST[:50]) == []
    assert decoder.buffered == 50
    assert decoder.feed(FIRST[50:] + SECOND + FIRST[:3]) == [FIRST, SECOND]
    assert decoder.buffered == 3
    assert decoder.feed(FIRST[3:]) == [FIRST]
    assert (decoder.buffered, decoder.skipped_bytes) == (0, 0)


def test_single_bytes_give_the_same_packets() -> None:
    """The dribble of a slow sender, with the largest packet there is."""
    stream = FIRST + LARGEST + SECOND
    decoder = StreamDecoder()

    packets = feed_all(decoder, [stream[at : at + 1] for at in range(len(stream))])

    assert packets == [FIRST, LARGEST, SECOND]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([*golden_packets().values(), packet(magic=b"EEP3"), b"HEP3\0\6"]),
            st.sampled_from([b"HEP", b"HEP3\0\2", b"HEEP", NOISE, NOISE * 4000]),
            st.binary(max_size=20),
        ),
        max_size=8,
    ).map(b"".join),
    st.lists(st.integers(0, 1 << 17), max_size=40),
)
def test_any_split_gives_the_same_packets(stream: bytes, cuts: list[int]) -> None:
    """What a stream means does not depend on how it was read."""
    whole, pieces = StreamDecoder(), StreamDecoder()
    stream += FIRST  # so that no decision on garbage is still open

    assert feed_all(whole, [stream]) == feed_all(pieces, split(stream, cuts))
    assert (whole.failure is None) == (pieces.failure is None)
    if whole.failure is None:
        assert (whole.buffered, whole.skipped_bytes) == (pieces.buffered, pieces.skipped_bytes)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 1 << 17), max_size=200))
def test_any_split_of_good_packets_loses_none(cuts: list[int]) -> None:
    """The recordings come back byte for byte."""
    packets = list(golden_packets().values())
    packets = [data for data in packets if data.startswith(b"HEP3")] * 3

    assert feed_all(StreamDecoder(), split(b"".join(packets), cuts)) == packets


@pytest.mark.parametrize("garbage", [b"x", b"HEP3\0\5", b"HEP3\0\0HEP3\0\1", b"HEPHEP", NOISE * 99])
def test_garbage_is_skipped_to_the_next_magic_and_counted(garbage: bytes) -> None:
    """hep-js cuts non-ASCII text, so that a few bytes follow each of its packets."""
    decoder = StreamDecoder()

    assert decoder.feed(FIRST + garbage + SECOND) == [FIRST, SECOND]
    assert decoder.skipped_bytes == len(garbage)
    assert decoder.failure is None


def test_the_largest_garbage_is_still_skipped() -> None:
    """64 KiB to the next magic, as often as it happens."""
    decoder = StreamDecoder()

    for _ in range(3):
        assert decoder.feed(bytes(MAX_GARBAGE_BYTES) + FIRST) == [FIRST]

    assert decoder.skipped_bytes == 3 * MAX_GARBAGE_BYTES


@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
def test_more_garbage_loses_the_stream(size: int) -> None:
    """The packet behind it is not taken, whatever the reads were."""
    stream = bytes(MAX_GARBAGE_BYTES + 1) + FIRST
    decoder = StreamDecoder()

    packets = feed_all(decoder, [stream[at : at + size] for at in range(0, len(stream), size)])

    assert packets == []
    assert decoder.failure is not None
    assert decoder.failure.reason is Reason.NOT_HEP


def test_packets_before_the_loss_are_returned_first() -> None:
    """Then every call raises."""
    decoder = StreamDecoder()

    assert decoder.feed(FIRST + bytes(2 * MAX_GARBAGE_BYTES)) == [FIRST]
    assert decoder.failure is not None
    for _ in range(2):
        with pytest.raises(DecodeError) as refused:
            decoder.feed(FIRST)
        assert refused.value.reason is Reason.NOT_HEP
        assert refused.value.offset > MAX_GARBAGE_BYTES


def test_a_packet_above_the_bound_loses_the_stream() -> None:
    """max_buffer bounds what one connection may hold."""
    decoder = StreamDecoder(max_buffer=150)

    with pytest.raises(DecodeError) as refused:
        decoder.feed(FIRST)

    assert (refused.value.reason, refused.value.offset) == (Reason.TOO_LARGE, 4)


def test_the_buffer_never_exceeds_one_packet() -> None:
    """Whatever comes, memory stays bounded."""
    decoder = StreamDecoder()
    stream = (FIRST + SIP_OPTIONS + LARGEST) * 20

    for at in range(0, len(stream), 7001):
        decoder.feed(stream[at : at + 7001])
        assert decoder.buffered < 65_535


def test_false_magics_cost_no_more_than_their_bytes() -> None:
    """A buffer of nothing but bad heads ends at the garbage bound, not after it."""
    decoder = StreamDecoder()

    with pytest.raises(DecodeError):
        decoder.feed(b"HEP3\0\0" * 500_000)

    assert decoder.skipped_bytes <= MAX_GARBAGE_BYTES + 6
