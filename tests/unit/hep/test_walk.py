"""The walk: heads that are refused, and packets of which what fits is kept."""

import pytest

from hep import DecodeError, HepPacket, Quirk, Reason, decode3
from hep.walk import walk
from support.hep_wire import SIP_OPTIONS, generic, packet, sip_packet, start

REFUSED = {
    "nothing": (b"", Reason.EMPTY, 0),
    "another magic": (b"HEP4\0\6", Reason.NOT_HEP, 0),
    "a cut magic": (b"HE", Reason.TRUNCATED, 2),
    "a cut length": (b"HEP3\0", Reason.TRUNCATED, 5),
    "a total length below its own head": (b"HEP3\0\5", Reason.BAD_LENGTH, 4),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_names_reason_and_offset(case: str) -> None:
    """A packet without a usable head is refused, with the byte that decided."""
    data, reason, offset = REFUSED[case]

    with pytest.raises(DecodeError) as refused:
        walk(data)

    assert (refused.value.reason, refused.value.offset) == (reason, offset)


def test_a_packet_without_chunks_is_a_packet() -> None:
    """The shortest legal packet is six bytes; it says nothing."""
    assert decode3(b"HEP3\0\6") == HepPacket(
        family=0, ip_protocol=0, protocol_type=0, quirks=Quirk.NO_TIME
    )


def test_the_alternative_magic_is_read_like_the_usual_one() -> None:
    """EEP3 stands in the specification's picture of the head."""
    chunks = [*start(), generic(15, SIP_OPTIONS)]

    assert decode3(packet(*chunks, magic=b"EEP3")) == decode3(packet(*chunks))


def test_the_last_of_repeated_chunks_wins() -> None:
    """All known implementations agree on that."""
    found = decode3(packet(*start(), generic(7, 1, 2), generic(15, b"a"), generic(15, b"b")))

    assert (found.source_port, found.payload) == (1, b"b")


def test_bytes_after_the_total_length_are_ignored() -> None:
    """Padding and relays add bytes to a datagram."""
    found = decode3(sip_packet() + b"\0padding")

    assert (found.payload, found.quirks) == (SIP_OPTIONS, Quirk.TRAILING_BYTES)


def test_a_total_length_beyond_the_datagram_keeps_what_fits() -> None:
    """Old sofia-sip writes lengths larger than what it sends."""
    data = sip_packet()

    found = decode3(data[:-10])

    assert (found.payload, found.quirks) == (SIP_OPTIONS[:-10], Quirk.TRUNCATED)


@pytest.mark.parametrize("length", range(6))
def test_a_chunk_length_below_its_head_ends_the_walk(length: int) -> None:
    """It would never advance; what stands before it is kept."""
    head = b"\0\0\0\x12\0" + bytes((length,))

    found = decode3(packet(*start(), generic(15, b"kept"), head, generic(17, b"lost")))

    assert (found.payload, found.correlation_id) == (b"kept", b"")
    assert found.quirks == Quirk.TRUNCATED


def test_a_chunk_past_the_end_is_kept_only_if_it_is_the_payload() -> None:
    """Half a correlation id would join the wrong calls; half a message is still a message."""
    name = packet(*start(), generic(15, b"whole"), generic(17, b"one@example.org")[:-3])
    payload = packet(*start(), generic(15, SIP_OPTIONS)[:-3])

    assert (decode3(name).payload, decode3(name).correlation_id) == (b"whole", b"")
    assert decode3(payload).payload == SIP_OPTIONS[:-3]
    assert decode3(name).quirks & decode3(payload).quirks & Quirk.TRUNCATED


def test_every_prefix_of_a_packet_is_read_and_flagged() -> None:
    """However a datagram was cut, it is kept."""
    data = sip_packet()

    for size in range(6, len(data)):
        found = decode3(data[:size])
        assert found.quirks & Quirk.TRUNCATED
        assert SIP_OPTIONS.startswith(found.payload)
