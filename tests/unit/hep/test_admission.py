"""Admission: one canonical packet of whatever came, and the key that routes it."""

import gzip
import os
import zlib
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import Admitted, DecodeError, Quirk, Reason, admit, decode, decode3, routing_key_of
from hep.admission import _admit_decoded
from support.hep_wire import (
    SIP_OPTIONS,
    chunk,
    generic,
    golden_packets,
    head12,
    mutated,
    packet,
    shuffled,
    sip_packet,
    start,
)

Value = TypeVar("Value")

ARRIVAL = 1_795_424_030_000_000
PEER = b"\x7f\0\0\1\x23\x64"
OURS = (
    chunk(0x4853, 1, ARRIVAL.to_bytes(8, "big"))
    + chunk(0x4853, 2, PEER)
    + chunk(0x4853, 3, b"one@example.org")
)
ORIGIN, SEQ = chunk(0x4853, 16, b"o" * 16), chunk(0x4853, 17, (9).to_bytes(8, "big"))


def take(data: bytes, *, keep_origin: bool = False) -> Admitted:
    """The datagram as ingest admits it."""
    return admit(data, received_at_us=ARRIVAL, peer=PEER, keep_origin=keep_origin)


def body(data: bytes) -> bytes:
    """The chunks of a packet."""
    return data[6:]


def test_a_plain_packet_keeps_its_bytes_and_gets_ours() -> None:
    """Only the total length changes, and our chunks stand behind."""
    admitted = take(sip_packet())

    assert body(admitted.packet) == body(sip_packet()) + OURS
    assert admitted.packet[:6] == b"HEP3" + len(admitted.packet).to_bytes(2, "big")


def test_everything_that_ingest_decides_by_is_told() -> None:
    """No second look at the bytes is needed."""
    data = packet(
        *start(),
        generic(19, b"node"),
        generic(17, b"c-1"),
        generic(14, b"k"),
        generic(15, SIP_OPTIONS),
    )
    admitted = take(data)

    assert admitted._replace(packet=b"") == Admitted(
        packet=b"",
        protocol_type=1,
        routing_key=b"one@example.org",
        version=3,
        node_id=7,
        node_name=b"node",
        auth_key=b"k",
        ip_protocol=17,
        time_us=1_700_000_000_000_025,
        payload=SIP_OPTIONS,
        stripped_own_chunks=0,
        quirks=0,
        origin=b"",
        seq=None,
    )


@pytest.mark.parametrize("version", [1, 3])
def test_the_auth_key_never_reaches_the_bus(version: int) -> None:
    """Wherever it stands, and however often."""
    key = generic(14, b"secret")
    data = packet(*start(), key, generic(15, SIP_OPTIONS), key, generic(18, 5, 2))
    if version == 1:
        data = packet(key, *start(), generic(15, SIP_OPTIONS), generic(18, 5, 2))

    admitted = take(data)

    assert admitted.auth_key == b"secret"
    assert b"secret" not in admitted.packet
    assert decode3(admitted.packet).extra == ((0, 18, b"\0\5"),)


def test_an_empty_auth_key_is_told_from_none() -> None:
    """Some agents send the chunk without a value."""
    assert take(packet(*start(), generic(14, b""))).auth_key == b""
    assert take(packet(*start())).auth_key is None


def test_our_chunks_from_outside_are_removed_and_counted() -> None:
    """Nobody else says when and from whom a packet arrived."""
    forged = [chunk(0x4853, 1, bytes(8)), chunk(0x4853, 3, b"forged"), chunk(0x4853, 99, b"")]

    admitted = take(sip_packet(SIP_OPTIONS, *forged, ORIGIN, SEQ))

    assert admitted.stripped_own_chunks == 5
    assert body(admitted.packet) == body(sip_packet()) + OURS


def test_a_forged_version_and_quirks_are_not_believed() -> None:
    """Chunk 4 is ours alone."""
    admitted = take(sip_packet(SIP_OPTIONS, chunk(0x4853, 4, b"\1\xff\xff\xff\xff")))

    assert (admitted.version, admitted.quirks) == (3, 0)
    assert decode3(admitted.packet).version == 3


@pytest.mark.parametrize("plain", [True, False])
def test_origin_and_seq_are_kept_on_connections(*, plain: bool) -> None:
    """They number the packets of a sender that waits for acks; an ack from outside goes."""
    more = [] if plain else [chunk(0x4853, 18, bytes(8))]

    admitted = take(sip_packet(SIP_OPTIONS, ORIGIN, SEQ, *more), keep_origin=True)

    assert (admitted.origin, admitted.seq) == (b"o" * 16, 9)
    assert admitted.stripped_own_chunks == len(more)
    found = decode3(admitted.packet)
    assert (found.origin, found.seq, found.ack) == (b"o" * 16, 9, None)


def test_a_hello_is_admitted_with_its_origin() -> None:
    """It has nothing else; ingest answers it."""
    admitted = take(packet(ORIGIN), keep_origin=True)

    assert (admitted.origin, admitted.seq, admitted.payload) == (b"o" * 16, None, b"")


@pytest.mark.parametrize(
    "data",
    [
        head12() + SIP_OPTIONS,
        gzip.compress(sip_packet()),
        packet(*start(), generic(16, zlib.compress(SIP_OPTIONS))),
        packet(*reversed(start()), generic(15, SIP_OPTIONS)),
        packet(*start(kind=0), generic(15, SIP_OPTIONS)),
        sip_packet() + b"padding",
        sip_packet(b'{"payload":"' + SIP_OPTIONS.replace(b"\r\n", b"\\r\\n") + b'"}'),
    ],
    ids=["HEP 1", "gzip", "compressed", "reversed", "no type", "padded", "JSON"],
)
def test_the_unusual_becomes_canonical(data: bytes) -> None:
    """Version, quirks and payload survive the upgrade, and it is routed like the usual."""
    admitted = take(data)
    found = decode3(admitted.packet)

    assert admitted.routing_key == found.routing_key == b"one@example.org"
    assert admitted.payload == found.payload == SIP_OPTIONS
    assert (admitted.version, admitted.quirks) == (found.version, found.quirks)
    assert (found.received_at_us, found.peer) == (ARRIVAL, PEER)


def test_without_call_id_and_correlation_id_the_addresses_route() -> None:
    """Both directions share a key."""
    chunks = start(kind=5)
    back = [*chunks[:2], generic(3, b"\xc0\0\2\2"), generic(4, b"\xc0\0\2\1"), *chunks[4:]]

    assert take(packet(*chunks)).routing_key == take(packet(*back)).routing_key


@pytest.mark.parametrize("peer", [b"", b"\x20" * 18])
def test_a_peer_of_either_family_is_kept(peer: bytes) -> None:
    """Packed address and port, 6 or 18 bytes."""
    admitted = admit(sip_packet(), received_at_us=ARRIVAL, peer=peer)

    assert decode3(admitted.packet).peer == peer


def test_a_peer_of_another_width_is_refused() -> None:
    """A mistake of ours, not of the sender; it must not reach the bus."""
    with pytest.raises(DecodeError) as refused:
        admit(sip_packet(), received_at_us=ARRIVAL, peer=b"peer")

    assert refused.value.reason is Reason.BAD_VALUE


@pytest.mark.parametrize("rest", [b"\0\0\0", b"\0\0\0\x11\0\5", b"\0\0\0\x11\0\x20c-1"])
def test_a_broken_chunk_behind_a_known_start_is_flagged(rest: bytes) -> None:
    """What stands before it is kept, and the canonical packet is whole."""
    admitted = take(packet(*start(), generic(15, SIP_OPTIONS), rest))

    assert (admitted.payload, admitted.quirks) == (SIP_OPTIONS, Quirk.TRUNCATED)
    assert decode3(admitted.packet).payload == SIP_OPTIONS


def test_annotations_that_pass_the_limit_compress_the_payload() -> None:
    """65,535 bytes in, and still one packet on the bus."""
    text = SIP_OPTIONS + bytes(65_535 - len(sip_packet()))
    data = sip_packet(text)
    assert len(data) == 65_535

    admitted = take(data)

    assert admitted.payload == text
    assert decode3(admitted.packet).payload == text


def test_what_does_not_fit_compressed_is_refused() -> None:
    """It is for the dead letters, with its raw bytes."""
    data = sip_packet(os.urandom(65_535 - len(sip_packet(b""))))

    with pytest.raises(DecodeError) as refused:
        take(data)

    assert (refused.value.reason, refused.value.offset) == (Reason.TOO_LARGE, 0)


def test_a_refusal_is_that_of_decode() -> None:
    """Admission adds no reason of its own."""
    with pytest.raises(DecodeError) as refused:
        take(SIP_OPTIONS)

    assert refused.value.reason is Reason.RAW_SIP


KEYS = (b"old", b"new")
KEYED: dict[str, Callable[[list[bytes]], bytes]] = {
    "plain": lambda key: packet(*start(), *key, generic(15, SIP_OPTIONS)),
    "unusual": lambda key: packet(*key, *reversed(start()), generic(15, SIP_OPTIONS)),
    "gzipped": lambda key: gzip.compress(packet(*start(), *key, generic(15, SIP_OPTIONS))),
}


@pytest.mark.parametrize("form", KEYED)
def test_a_demanded_key_must_be_one_of_the_known(form: str) -> None:
    """Several may be valid at once; none, an empty one and a longer one are not."""
    make = KEYED[form]
    for key in KEYS:
        data = make([generic(14, key)])
        assert admit(data, received_at_us=ARRIVAL, peer=PEER, keys=KEYS).auth_key == key
    for wrong in ([], [generic(14, b"")], [generic(14, b"older")]):
        with pytest.raises(DecodeError) as refused:
            admit(make(wrong), received_at_us=ARRIVAL, peer=PEER, keys=KEYS)
        assert refused.value.reason is Reason.AUTH_KEY


def test_old_versions_carry_no_key() -> None:
    """Where keys are demanded they are refused; without demand they are taken."""
    with pytest.raises(DecodeError) as refused:
        admit(head12() + SIP_OPTIONS, received_at_us=ARRIVAL, peer=PEER, keys=KEYS)

    assert refused.value.reason is Reason.AUTH_KEY


def test_the_key_is_looked_at_before_the_payload() -> None:
    """A stranger's compressed payload is not even tried."""
    with pytest.raises(DecodeError) as refused:
        admit(
            packet(*start(), generic(16, b"no zlib at all")),
            received_at_us=ARRIVAL,
            peer=PEER,
            keys=KEYS,
        )

    assert refused.value.reason is Reason.AUTH_KEY


def test_quirks_of_a_plain_packet_are_told() -> None:
    """They are counted at the door, and found again by the reader of the record."""
    data = packet(*start(family=0, seconds=0, node=101 << 16), generic(15, SIP_OPTIONS))
    quirks = Quirk.FAMILY_GUESSED | Quirk.NO_TIME | Quirk.NODE_ID_SWAPPED

    admitted = take(data)

    assert (admitted.quirks, admitted.node_id, admitted.time_us) == (quirks, 101, 0)
    assert decode3(admitted.packet).quirks == quirks
    assert take(packet(*start(micros=1_000_000))).quirks == Quirk.TIME_CARRY


def outcome(action: Callable[[], Value]) -> Value | Reason:
    """What the action gives, or the reason of its refusal."""
    try:
        return action()
    except DecodeError as refused:
        return refused.reason


any_datagram = st.one_of(mutated(), shuffled(), st.sampled_from(list(golden_packets().values())))


@settings(max_examples=300, deadline=None)
@given(any_datagram)
def test_what_is_admitted_decodes_like_what_was_sent(data: bytes) -> None:
    """Payload, routing key and every other field, but for what admission removes and adds."""
    sent = outcome(lambda: decode(data, received_at_us=ARRIVAL))
    if isinstance(sent, Reason):
        assert outcome(lambda: take(data)) is sent
        return

    admitted = take(data)
    found = decode3(admitted.packet)

    assert admitted.payload == found.payload == sent.payload
    assert admitted.routing_key == found.routing_key == routing_key_of(sent, PEER)
    assert admitted.auth_key == sent.auth_key
    assert (admitted.protocol_type, admitted.node_id) == (sent.protocol_type, sent.node_id)
    for name in ("family", "source", "destination", "source_port", "time_us", "correlation_id"):
        assert getattr(found, name) == getattr(sent, name)
    assert found.extra == tuple(other for other in sent.extra if other[0] != 0x4853)
    assert found.auth_key is None
    assert found.received_at_us == ARRIVAL


@settings(max_examples=300, deadline=None)
@given(any_datagram, st.booleans())
def test_both_ways_of_admission_agree(data: bytes, keep_origin: bool) -> None:
    """The plain way is the decoded way, only faster."""
    slow = outcome(lambda: _admit_decoded(data, ARRIVAL, PEER, keep_origin=keep_origin))
    fast = outcome(lambda: take(data, keep_origin=keep_origin))
    if isinstance(slow, Reason) or isinstance(fast, Reason):
        assert fast is slow
        return

    assert fast._replace(packet=b"") == slow._replace(packet=b"")
    assert decode3(fast.packet) == decode3(slow.packet)
