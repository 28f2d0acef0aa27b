"""HEP3 encoding: what is encoded is decoded, and what does not fit is refused by name."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import DecodeError, EncodeError, HepPacket, Quirk, Reason, decode, decode3, encode3
from hep.payload import MAX_INFLATED_BYTES
from support.hep_wire import (
    GOLDEN,
    SIP_OPTIONS,
    chunk,
    generic,
    mutated,
    packet,
    shuffled,
    sip_packet,
    start,
)

ADDRESSES = st.sampled_from([b"", b"\xc0\0\2\1", b"\x20" * 16])
OCTETS = st.binary(max_size=30)
UNKNOWN = st.tuples(
    st.sampled_from([0, 1, 3, 8, 0xFFFF]), st.integers(20, 500), st.binary(max_size=9)
)
PLAIN = HepPacket(
    source=b"\xc0\0\2\1",
    destination=b"\xc0\0\2\2",
    source_port=5060,
    destination_port=5080,
    time_us=1_700_000_000_000_025,
    node_id=7,
    payload=SIP_OPTIONS,
)


def with_family(packet: HepPacket) -> HepPacket:
    """The packet with what the decoder derives set to match the rest."""
    address = packet.source or packet.destination
    packet.family = {4: 2, 16: 10}.get(len(address), 0)
    packet.raw_node_id = packet.node_id
    return packet


packets = st.builds(
    HepPacket,
    ip_protocol=st.integers(0, 255),
    source=ADDRESSES,
    destination=ADDRESSES,
    source_port=st.integers(0, 0xFFFF),
    destination_port=st.integers(0, 0xFFFF),
    time_us=st.integers(1_000_000, (1 << 32) * 1_000_000 - 1),
    protocol_type=st.integers(1, 255),
    node_id=st.integers(0, 0xFFFFFFFF).filter(lambda number: not number or number & 0xFFFF),
    payload=st.one_of(st.just(SIP_OPTIONS), st.binary(max_size=50)),
    node_name=OCTETS,
    correlation_id=OCTETS,
    auth_key=st.one_of(st.none(), OCTETS),
    received_at_us=st.integers(0, (1 << 64) - 1),
    peer=st.sampled_from([b"", b"\x7f\0\0\1\x23\x64", b"\x20" * 18]),
    routing_key=OCTETS,
    origin=st.sampled_from([b"", b"o" * 16]),
    seq=st.one_of(st.none(), st.integers(0, (1 << 64) - 1)),
    ack=st.one_of(st.none(), st.integers(0, (1 << 64) - 1)),
    extra=st.lists(UNKNOWN, max_size=4).map(tuple),
).map(with_family)


def test_a_plain_packet_has_the_usual_order() -> None:
    """Fixed chunks, then the payload; nothing of ours where nothing of ours was said."""
    assert encode3(PLAIN) == sip_packet()


def test_the_example_of_the_specification_comes_back_byte_for_byte() -> None:
    """Our order is that of the specification."""
    data = (GOLDEN / "spec_example.hep").read_bytes()

    assert encode3(decode3(data)) == data


def test_optional_chunks_stand_before_the_payload_and_all_others_behind() -> None:
    """Servers that stop at the payload lose nothing that they know."""
    full = HepPacket(
        payload=b"text",
        node_name=b"node",
        correlation_id=b"c-1",
        auth_key=b"",
        extra=((3, 101, b"{}"),),
        peer=b"\x7f\0\0\1\x23\x64",
    )
    tail = [(0, 19, b"node"), (0, 17, b"c-1"), (0, 14, b""), (0, 15, b"text")]
    tail += [(3, 101, b"{}"), (0x4853, 2, full.peer)]

    assert encode3(full).endswith(b"".join(chunk(*parts) for parts in tail))


@settings(max_examples=200, deadline=None)
@given(packets)
def test_what_is_encoded_is_decoded(packet: HepPacket) -> None:
    """Every field comes back, whatever the others are."""
    assert decode3(encode3(packet)) == packet


@settings(max_examples=300, deadline=None)
@given(st.one_of(mutated(), shuffled()))
def test_what_was_decoded_and_encoded_is_decoded_to_the_same_fields(data: bytes) -> None:
    """Version and quirks too: the upgrade to HEP3 loses nothing."""
    try:
        found = decode(data, received_at_us=1_795_424_000_000_000)
    except DecodeError:
        return

    assert decode3(encode3(found)) == found


def test_time_beyond_32_bit_seconds_goes_back_into_the_microseconds() -> None:
    """A carry may pass the last second; only that much fits."""
    found = decode3(packet(*start(seconds=0xFFFFFFFF, micros=0xFFFFFFFF)))

    assert decode3(encode3(found)) == found


def test_what_does_not_fit_travels_compressed() -> None:
    """Payload and annotations pass 65,535 bytes; the payload shrinks."""
    large = HepPacket(payload=SIP_OPTIONS * 900, time_us=1_000_000)
    assert len(large.payload) > 65_535

    found = decode3(encode3(large))

    assert found.payload == large.payload
    assert found.quirks == Quirk.INFLATED


def test_the_largest_packet_travels_plain() -> None:
    """Compression begins one byte later."""
    room = 65_535 - len(encode3(HepPacket())) - 6
    fits = encode3(HepPacket(payload=b"x" * room, time_us=1_000_000))
    over = encode3(HepPacket(payload=b"x" * (room + 1), time_us=1_000_000))

    assert len(fits) == 65_535
    assert decode3(fits).quirks == 0
    assert decode3(over).quirks == Quirk.INFLATED


@pytest.mark.parametrize(
    ("large", "field"),
    [
        (HepPacket(payload=os.urandom(70_000)), "payload"),
        (HepPacket(payload=bytes(MAX_INFLATED_BYTES + 1)), "payload"),
        (HepPacket(node_name=bytes(40_000), correlation_id=bytes(40_000)), "payload"),
        (HepPacket(correlation_id=bytes(65_530)), "chunk 0:17"),
        (HepPacket(extra=((3, 1, bytes(65_530)),)), "chunk 3:1"),
    ],
)
def test_what_does_not_fit_even_so_is_refused(large: HepPacket, field: str) -> None:
    """Never cut in silence."""
    with pytest.raises(EncodeError) as refused:
        encode3(large)

    assert (refused.value.reason, refused.value.field) == (Reason.TOO_LARGE, field)


@pytest.mark.parametrize(
    ("packet", "field"),
    [
        (HepPacket(family=256), "ip_family"),
        (HepPacket(ip_protocol=-1), "ip_protocol"),
        (HepPacket(source=b"\1\2"), "source"),
        (HepPacket(destination=b"\1\2"), "destination"),
        (HepPacket(source=bytes(4), destination=bytes(4), source_port=65_536), "source_port"),
        (HepPacket(destination_port=-1), "destination_port"),
        (HepPacket(time_us=-1), "time_seconds"),
        (HepPacket(time_us=1 << 63), "time_microseconds"),
        (HepPacket(protocol_type=256), "protocol_type"),
        (HepPacket(node_id=1 << 32), "node_id"),
        (HepPacket(version=4), "sent_as"),
        (HepPacket(quirks=1 << 32), "sent_as"),
        (HepPacket(received_at_us=-1), "received_at"),
        (HepPacket(peer=b"peer"), "peer"),
        (HepPacket(origin=b"short"), "origin"),
        (HepPacket(seq=1 << 64), "seq"),
        (HepPacket(ack=-1), "ack"),
        (HepPacket(extra=((70_000, 1, b""),)), "chunk 70000:1"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(packet: HepPacket, field: str) -> None:
    """A number cut to its field would be a wrong number."""
    with pytest.raises(EncodeError) as refused:
        encode3(packet)

    assert (refused.value.reason, refused.value.field) == (Reason.BAD_VALUE, field)


def test_a_swapped_node_id_is_written_as_it_came() -> None:
    """The next reader undoes it again."""
    found = decode3(packet(*start(node=101 << 16), generic(15, SIP_OPTIONS)))

    assert decode3(encode3(found)) == found
