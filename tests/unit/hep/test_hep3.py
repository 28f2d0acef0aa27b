"""HEP3 decoding: what agents do to its fields, and the fast way against the walk."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import DecodeError, HepPacket, Quirk, Reason, decode3, encode3
from hep.hep3 import packet_of
from hep.walk import walk
from support.builders import BASE_US
from support.hep_wire import (
    SIP_OPTIONS,
    chunk,
    generic,
    mutated,
    packet,
    shuffled,
    sip_packet,
    start,
)

JSON_SIP = b'{"payload":"OPTIONS sip:b@example.org SIP/2.0\\r\\nCall-ID: one\\r\\n\\r\\n"}'
V6 = [generic(5, b"\x20" * 16), generic(6, b"\x21" * 16)]


def test_a_plain_packet_is_read_field_by_field() -> None:
    """The values of the chunks, and no quirk."""
    assert decode3(sip_packet()) == HepPacket(
        source=b"\xc0\0\2\1",
        destination=b"\xc0\0\2\2",
        source_port=5060,
        destination_port=5080,
        time_us=1_700_000_000_000_025,
        node_id=7,
        raw_node_id=7,
        payload=SIP_OPTIONS,
    )


@pytest.mark.parametrize(
    ("raw", "node_id"),
    [(132_775_936, 2026), (33_619_968, 513), (6_619_136, 101), (70_000, 70_000), (2026, 2026)],
)
def test_a_swapped_node_id_is_undone_and_the_raw_one_kept(raw: int, node_id: int) -> None:
    """Only an id whose lower half is empty was swapped (sngrep, sipgrep, rtpproxy)."""
    found = decode3(packet(*start(node=raw), generic(15, SIP_OPTIONS)))

    assert (found.node_id, found.raw_node_id) == (node_id, raw)
    assert bool(found.quirks & Quirk.NODE_ID_SWAPPED) == (raw != node_id)
    assert encode3(found).find(generic(12, raw, 4)) > 0


def test_microseconds_of_a_second_and_more_are_carried() -> None:
    """An offset out of range is time all the same."""
    found = decode3(packet(*start(micros=1_500_000)))

    assert found.time_us == 1_700_000_001_500_000
    assert found.quirks & Quirk.TIME_CARRY


def test_time_zero_is_no_time() -> None:
    """The receiver decides what to put in its place."""
    found = decode3(packet(*start(seconds=0, micros=5)))

    assert (found.time_us, found.quirks) == (0, Quirk.NO_TIME)


@pytest.mark.parametrize("family", [0, 2, 28, 255])
def test_ipv6_addresses_decide_over_the_family(family: int) -> None:
    """hep-js sends 0, sipgrep 2, and other systems their own AF_INET6."""
    chunks = start(family=family)
    found = decode3(packet(*chunks[:2], *V6, *chunks[4:]))

    assert (found.family, found.source, found.destination) == (10, b"\x20" * 16, b"\x21" * 16)
    assert found.quirks == Quirk.FAMILY_GUESSED


@pytest.mark.parametrize(("family", "width"), [(2, 4), (10, 16)])
def test_with_addresses_of_both_families_the_family_decides(family: int, width: int) -> None:
    """The other pair is kept as chunks."""
    found = decode3(packet(*start(family=family), *V6))

    assert (len(found.source), len(found.destination)) == (width, width)
    assert [number for _, number, _ in found.extra] == ([5, 6] if family == 2 else [3, 4])
    assert decode3(encode3(found)) == found


def test_addresses_may_be_missing_or_mixed() -> None:
    """Heplify leaves chunks out."""
    chunks = start()
    one = decode3(packet(*chunks[:3], *chunks[4:]))
    mixed = decode3(packet(*chunks[:3], V6[1], *chunks[4:]))

    assert (one.source, one.destination) == (b"\xc0\0\2\1", b"")
    assert (mixed.source, mixed.destination) == (b"\xc0\0\2\1", b"\x21" * 16)
    assert decode3(encode3(mixed)) == mixed


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (SIP_OPTIONS, 1),
        (b'{"report_blocks":[]}', 5),
        (b'{"CORRELATION_ID":"x"}', 34),
        (b"a log line", 0),
        (b"", 0),
    ],
)
def test_a_type_of_zero_is_told_from_the_payload(payload: bytes, kind: int) -> None:
    """hep-js sends 0 when its caller uses the older keys."""
    found = decode3(packet(*start(kind=0), generic(15, payload)))

    assert found.protocol_type == kind
    assert bool(found.quirks & Quirk.TYPE_GUESSED) == bool(kind)


@pytest.mark.parametrize("kind", [0, 1])
def test_sip_is_taken_out_of_json(kind: int) -> None:
    """OpenSIPS with homer5_on=0 wraps even type 1."""
    found = decode3(packet(*start(kind=kind), generic(15, JSON_SIP)))

    assert found.payload == b"OPTIONS sip:b@example.org SIP/2.0\r\nCall-ID: one\r\n\r\n"
    assert (found.protocol_type, bool(found.quirks & Quirk.JSON_UNWRAPPED)) == (1, True)


def test_json_of_other_types_stays_as_it_is() -> None:
    """A REST trace has a key payload too."""
    found = decode3(packet(*start(kind=88), generic(15, JSON_SIP)))

    assert (found.payload, found.quirks) == (JSON_SIP, 0)


@pytest.mark.parametrize(
    "compressed",
    [zlib.compress(SIP_OPTIONS), gzip.compress(SIP_OPTIONS), zlib.compress(SIP_OPTIONS)[2:-4]],
    ids=["zlib", "gzip", "raw deflate"],
)
def test_a_compressed_payload_is_inflated(compressed: bytes) -> None:
    """Captagent and OpenSIPS send chunk 16 in place of 15."""
    found = decode3(packet(*start(), generic(16, compressed)))

    assert (found.payload, found.quirks) == (SIP_OPTIONS, Quirk.INFLATED)


def test_a_cut_compressed_payload_gives_what_it_holds() -> None:
    """As with a cut payload, half is better than none."""
    text = bytes(range(256)) * 40
    data = packet(*start(kind=100), generic(16, zlib.compress(text)))

    found = decode3(data[:-60])

    assert found.payload
    assert text.startswith(found.payload)
    assert found.quirks == Quirk.INFLATED | Quirk.TRUNCATED


def test_a_plain_payload_wins_over_a_compressed_one() -> None:
    """The compressed one is kept as a chunk."""
    found = decode3(packet(*start(), generic(16, b"zz"), generic(15, SIP_OPTIONS)))

    assert (found.payload, found.extra) == (SIP_OPTIONS, ((0, 16, b"zz"),))


@pytest.mark.parametrize(
    ("compressed", "reason"),
    [(b"\xff\xff\xff", Reason.INFLATE), (zlib.compress(bytes(1 << 21)), Reason.TOO_LARGE)],
)
def test_a_bad_compressed_payload_is_refused(compressed: bytes, reason: Reason) -> None:
    """Neither garbage nor a bomb becomes a payload."""
    with pytest.raises(DecodeError) as refused:
        decode3(packet(*start(), generic(16, compressed)))

    assert (refused.value.reason, refused.value.offset) == (reason, 0)


@pytest.mark.parametrize(
    "chunks",
    [[], [generic(15, b"")], [generic(13, 30, 2)], [generic(14, b"")], [generic(32, 423, 2)]],
    ids=["none", "empty", "keep-alive", "auth ping", "MOS only"],
)
def test_a_packet_without_payload_is_a_packet(chunks: list[bytes]) -> None:
    """Keep-alives, auth pings and reports that are one chunk."""
    assert decode3(packet(*start(kind=35), *chunks)).payload == b""


@pytest.mark.parametrize("after", [False, True])
def test_order_of_the_chunks_does_not_matter(*, after: bool) -> None:
    """OpenSIPS puts the correlation id behind the payload."""
    optional = [generic(17, b"c-1"), generic(19, b"node"), generic(14, b"key")]
    payload = [generic(15, SIP_OPTIONS)]

    found = decode3(packet(*start(), *(payload + optional if after else optional + payload)))

    assert (found.correlation_id, found.node_name, found.auth_key) == (b"c-1", b"node", b"key")
    assert found.payload == SIP_OPTIONS


def outcome(data: bytes, *, fast: bool) -> HepPacket | tuple[Reason, int]:
    """What a reader makes of the bytes: a packet, or reason and offset."""
    try:
        return decode3(data) if fast else packet_of(walk(data))
    except DecodeError as refused:
        return refused.reason, refused.offset


@settings(max_examples=400, deadline=None)
@given(st.one_of(mutated(), shuffled()))
def test_the_fast_way_gives_what_the_walk_gives(data: bytes) -> None:
    """Two readers, one meaning."""
    assert outcome(data, fast=True) == outcome(data, fast=False)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_behind_a_head_give_a_packet_or_a_refusal(body: bytes) -> None:
    """decode3 raises DecodeError and nothing else."""
    with suppress(DecodeError):
        decode3(b"HEP3" + (6 + len(body)).to_bytes(2, "big") + body)


ARRIVAL = chunk(0x4853, 1, BASE_US.to_bytes(8, "big"))
V4_PEER, V6_PEER = (chunk(0x4853, 2, bytes(width) + b"\x13\xc4") for width in (4, 16))
ROUTING = chunk(0x4853, 3, b"a@b")


@pytest.mark.parametrize("peer", [V4_PEER, V6_PEER])
def test_the_chunks_of_ingest_are_read(peer: bytes) -> None:
    """Arrival, peer in either family, routing key, in the order in which ingest writes them."""
    data = packet(*start(), generic(15, SIP_OPTIONS), ARRIVAL, peer, ROUTING)

    found = decode3(data)

    assert (found.received_at_us, found.peer, found.routing_key) == (BASE_US, peer[6:], b"a@b")
    assert found == packet_of(walk(data))


@pytest.mark.parametrize(
    "tail",
    [
        (ARRIVAL,),
        (ARRIVAL, ROUTING),
        (ARRIVAL, V4_PEER),
        (ROUTING, V4_PEER, ARRIVAL),
        (ARRIVAL, ROUTING, V4_PEER),
        (ARRIVAL, V4_PEER, ROUTING, chunk(0, 18, b"\0\x05")),
        (ARRIVAL, V4_PEER, ROUTING, ROUTING),
        (ARRIVAL, V4_PEER, ROUTING + b"\0"),
        (ARRIVAL, V4_PEER, ROUTING[:-1]),
        (ARRIVAL, V4_PEER, ROUTING[:5]),
        (ARRIVAL, chunk(0x4853, 2, b"odd"), ROUTING),
        (chunk(0x4853, 1, b"\0\0\0\1"), V4_PEER, ROUTING),
        (chunk(0x4853, 1, b"\0\0\0\1" * 3), V4_PEER, ROUTING),
    ],
)
def test_our_chunks_in_any_other_form_are_read_by_the_walk(tail: tuple[bytes, ...]) -> None:
    """Missing, repeated, cut, in another order: the same as chunk by chunk."""
    data = packet(*start(), generic(15, SIP_OPTIONS), *tail)

    assert outcome(data, fast=True) == outcome(data, fast=False)
