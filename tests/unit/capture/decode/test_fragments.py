"""Fragments joined: any order, copies, contradictions, time and bounds."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.decode import fragments
from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.fragments import MAX_PACKET_BYTES, TIMEOUT_US, Reassembler
from hepscope_capture.decode.ip import IpPacket

A, B = b"\xc0\0\2\1", b"\xc6\x33\x64\2"
PAYLOAD = bytes(range(256)) * 12


def piece(
    start: int,
    data: bytes,
    *,
    more: bool = True,
    identity: int = 7,
    protocol: int = 17,
    hosts: tuple[bytes, bytes] = (A, B),
    is_cut: bool = False,
) -> IpPacket:
    """A fragment."""
    return IpPacket(*hosts, protocol, data, is_cut, identity, start, more)


def split(payload: bytes, size: int, identity: int = 7) -> list[IpPacket]:
    """A payload in fragments with ``size`` bytes each."""
    return [
        piece(at, payload[at : at + size], more=at + size < len(payload), identity=identity)
        for at in range(0, len(payload), size)
    ]


def add_all(pieces: list[IpPacket], reassembler: Reassembler | None = None) -> list[bytes]:
    """Return the payloads that came out."""
    reassembler = reassembler or Reassembler()
    whole = (reassembler.add(each, 0, 1) for each in pieces)
    return [packet.payload for packet in whole if packet]


@given(st.permutations(split(PAYLOAD, 256)))
@settings(max_examples=50)
def test_any_order_gives_the_packet_once_at_the_last_piece(pieces: list[IpPacket]) -> None:
    """The packet comes with the piece that completes it."""
    reassembler = Reassembler()
    assert add_all(pieces[:-1], reassembler) == []
    assert add_all(pieces[-1:], reassembler) == [PAYLOAD]
    assert reassembler.counts.joined == 1
    assert reassembler.counts.received == len(pieces)


def test_copies_of_a_piece_change_nothing() -> None:
    """Captures of every interface see each piece twice."""
    first, *rest = split(PAYLOAD, 1024)
    assert add_all([first, first, *rest]) == [PAYLOAD]


def test_pieces_that_overlap_and_agree_are_joined() -> None:
    """Different cuts of the same packet fit together."""
    pieces = [piece(0, PAYLOAD[:1024]), piece(512, PAYLOAD[512:], more=False)]
    assert add_all(pieces) == [PAYLOAD]
    longer = [piece(0, PAYLOAD[:512]), piece(0, PAYLOAD[:1024]), *split(PAYLOAD, 1024)[1:]]
    assert add_all(longer) == [PAYLOAD]


def test_packets_are_told_apart() -> None:
    """Identity, addresses, protocol and VLAN are the key."""
    reassembler = Reassembler()
    first, last = split(PAYLOAD, 2048)
    assert reassembler.add(first, 0, 1) is None
    assert reassembler.add(piece(2048, last.payload, more=False, identity=8), 0, 1) is None
    assert reassembler.add(piece(2048, last.payload, more=False, hosts=(B, A)), 0, 1) is None
    assert reassembler.add(piece(2048, last.payload, more=False, protocol=6), 0, 1) is None
    assert reassembler.add(last, 100, 1) is None
    assert reassembler.add(last, 0, 1) is not None
    reassembler.finish()
    assert reassembler.counts.incomplete == 4


def test_the_first_piece_of_ipv6_names_the_protocol() -> None:
    """Later pieces may state another one; it does not count (RFC 8200 4.5)."""
    hosts = (bytes(15) + b"\1", bytes(15) + b"\2")
    reassembler = Reassembler()
    last = piece(8, b"rest", more=False, protocol=60, hosts=hosts)
    assert reassembler.add(last, 0, 1) is None
    whole = reassembler.add(piece(0, b"12345678", protocol=17, hosts=hosts), 0, 1)
    assert whole is not None
    assert (whole.protocol, whole.payload) == (17, b"12345678rest")


def test_a_cut_last_piece_makes_a_cut_packet() -> None:
    """What the capture kept of the end is still worth having."""
    reassembler = Reassembler()
    reassembler.add(piece(0, b"12345678"), 0, 1)
    whole = reassembler.add(piece(8, b"ab", more=False, is_cut=True), 0, 1)
    assert whole is not None
    assert (whole.payload, whole.is_cut) == (b"12345678ab", True)


REFUSED = {
    "other bytes in the same place": [piece(0, b"12345678"), piece(0, b"1234567X")],
    "other bytes where they overlap": [
        piece(0, b"12345678abcdefgh"),
        piece(8, b"abcdXXXX", more=False),
    ],
    "two ends": [piece(8, b"abcd", more=False), piece(8, b"abcde", more=False)],
    "a piece behind the end": [piece(8, b"abcd", more=False), piece(0, b"1" * 24)],
    "a middle piece of an odd length": [piece(0, b"123")],
    "an empty piece": [piece(8, b"", more=False)],
    "a piece beyond any packet": [piece(65_528, b"12345678", more=False)],
    "a middle piece that is cut": [piece(0, b"12345678", is_cut=True)],
}


@pytest.mark.parametrize("case", REFUSED)
def test_contradictions_drop_the_whole_packet(case: str) -> None:
    """The packet is forgotten and counted; the next one with its identity is taken."""
    reassembler = Reassembler()
    *before, last = REFUSED[case]
    assert add_all(before, reassembler) == []
    with pytest.raises(FrameError) as refused:
        reassembler.add(last, 0, 1)
    assert refused.value.reason in (Reason.BAD_FRAGMENT, Reason.TRUNCATED)
    assert reassembler.counts.refused == 1
    assert add_all(split(PAYLOAD, 1024), reassembler) == [PAYLOAD]


@pytest.mark.parametrize("direction", [1, -1])
def test_old_pieces_are_given_up_by_packet_time(direction: int) -> None:
    """The same identity half a minute away, either way, is another packet."""
    reassembler = Reassembler()
    first, last = split(PAYLOAD, 2048)
    assert reassembler.add(first, 0, 100_000_000) is None
    later = 100_000_000 + direction * (TIMEOUT_US + 1)
    assert reassembler.add(last, 0, later) is None
    assert reassembler.counts.incomplete == 1
    assert reassembler.add(first, 0, later) is not None


def test_too_many_waiting_packets_push_the_oldest_out() -> None:
    """First pieces without end cost bounded memory, and a count."""
    reassembler = Reassembler()
    extra = 10
    for identity in range(fragments.MAX_WAITING + extra):
        reassembler.add(piece(0, b"12345678", identity=identity), 0, 1)
    assert reassembler.counts.evicted == extra


def test_too_many_waiting_bytes_push_the_oldest_out() -> None:
    """Large pieces reach the bound of bytes first."""
    reassembler = Reassembler()
    size = 65_000
    fitting = fragments.MAX_WAITING_BYTES // size
    for identity in range(fitting + 3):
        reassembler.add(piece(0, bytes(size), identity=identity), 0, 1)
    assert reassembler.counts.evicted == 3


def test_too_many_pieces_are_refused() -> None:
    """Sorting thousands of pieces again and again is an attack."""
    reassembler = Reassembler()
    for at in range(fragments.MAX_PIECES):
        assert reassembler.add(piece(at * 16, b"12345678"), 0, 1) is None
    with pytest.raises(FrameError):
        reassembler.add(piece(fragments.MAX_PIECES * 16, b"12345678"), 0, 1)
    assert reassembler.counts.refused == 1


PIECES = st.builds(
    piece,
    st.integers(0, 6).map(lambda at: at * 8),
    st.sampled_from([b"", b"1234", b"12345678", b"12345678" * 2, b"X2345678"]),
    more=st.booleans(),
    identity=st.integers(1, 2),
    is_cut=st.booleans(),
)


@given(st.lists(st.tuples(PIECES, st.integers(0, 2 * TIMEOUT_US)), max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_pieces_are_joined_refused_or_counted(pieces: list[tuple[IpPacket, int]]) -> None:
    """What comes out is bounded, and every packet that was begun ends in one count."""
    reassembler = Reassembler()
    for each, time_us in pieces:
        with suppress(FrameError):
            whole = reassembler.add(each, 0, time_us)
            assert whole is None or len(whole.payload) <= MAX_PACKET_BYTES
    reassembler.finish()
    counts = reassembler.counts
    assert counts.received == len(pieces)
    assert counts.joined + counts.incomplete + counts.refused <= len(pieces)
