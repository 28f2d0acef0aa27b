"""HEP 1 and 2: heads as each agent writes them, and both byte orders of the time."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import DecodeError, EncodeError, HepPacket, Quirk, Reason, decode12, encode1, encode2
from support.hep_wire import SIP_OPTIONS, head12

SECONDS, MICROS = 1_700_000_000, 25
ARRIVAL = SECONDS * 1_000_000 + 400_000
LITTLE = struct.pack("<IIH", SECONDS, MICROS, 2002)
BIG = struct.pack("!IIH", SECONDS, MICROS, 2002)
V6_HEAD = bytes((1, 40, 10)) + head12()[3:8] + b"\x20" * 16 + b"\x21" * 16

REFUSED = {
    "nothing": (b"", Reason.EMPTY, 0),
    "another version": (b"\3" + head12()[1:], Reason.NOT_HEP, 0),
    "a cut head": (head12()[:7], Reason.TRUNCATED, 7),
    "cut addresses": (head12()[:15], Reason.TRUNCATED, 15),
    "cut IPv6 addresses": (V6_HEAD[:39], Reason.TRUNCATED, 39),
    "a cut time block": (head12(2) + LITTLE[:9], Reason.TRUNCATED, 25),
    "an unknown family and header length": (head12(family=7, length=9), Reason.BAD_FAMILY, 2),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_names_reason_and_offset(case: str) -> None:
    """A datagram without a usable head is refused, with the byte that decided."""
    data, reason, offset = REFUSED[case]

    with pytest.raises(DecodeError) as refused:
        decode12(data)

    assert (refused.value.reason, refused.value.offset) == (reason, offset)


def test_version_1_has_addresses_and_no_time() -> None:
    """All else is the receiver's."""
    assert decode12(head12() + SIP_OPTIONS) == HepPacket(
        version=1,
        source=b"\xc0\0\2\1",
        destination=b"\xc0\0\2\2",
        source_port=5060,
        destination_port=5080,
        payload=SIP_OPTIONS,
        quirks=Quirk.NO_TIME,
    )


@pytest.mark.parametrize("family", [10, 23, 24, 26, 28, 30])
def test_ipv6_is_known_by_the_family_of_every_system(family: int) -> None:
    """AF_INET6 differs from system to system."""
    found = decode12(V6_HEAD[:2] + bytes((family,)) + V6_HEAD[3:] + SIP_OPTIONS)

    assert (found.family, found.source, found.destination) == (10, b"\x20" * 16, b"\x21" * 16)
    assert found.payload == SIP_OPTIONS


@pytest.mark.parametrize("length", [16, 28, 0, 1, 2, 5, 200])
@pytest.mark.parametrize("pad", [b"\0\0", b"\xc9\x64", b"AB"])
def test_version_2_ignores_header_length_and_padding(length: int, pad: bytes) -> None:
    """Kamailio, sofia-sip and sngrep fill both differently."""
    found = decode12(head12(2, length) + LITTLE + pad + SIP_OPTIONS, ARRIVAL)

    assert (found.time_us, found.node_id) == (SECONDS * 1_000_000 + MICROS, 2002)
    assert found.payload == SIP_OPTIONS
    assert found.quirks == (0 if length in (16, 28) else Quirk.HEADER_LENGTH)


@pytest.mark.parametrize("length", [40, 52])
def test_the_header_length_tells_an_unknown_family(length: int) -> None:
    """The last resort before a refusal."""
    found = decode12(bytes((1, length, 99)) + V6_HEAD[3:] + SIP_OPTIONS)

    assert (found.family, found.payload) == (10, SIP_OPTIONS)
    assert found.quirks & Quirk.FAMILY_GUESSED


@pytest.mark.parametrize("arrival", [ARRIVAL, 0])
def test_a_big_endian_time_is_read_where_only_that_makes_sense(arrival: int) -> None:
    """One server reads it so, and an agent may have been written for that one."""
    found = decode12(head12(2) + BIG + b"\0\0" + SIP_OPTIONS, arrival)

    assert (found.time_us, found.node_id) == (SECONDS * 1_000_000 + MICROS, 2002)
    assert found.quirks & Quirk.BIG_ENDIAN_TIME


def test_an_old_little_endian_time_stays_little_endian() -> None:
    """A replay after years is no reason to swap."""
    later = ARRIVAL + 5 * 365 * 86_400_000_000

    assert (
        decode12(head12(2) + LITTLE + b"\0\0" + SIP_OPTIONS, later).time_us // 1_000_000 == SECONDS
    )


def test_a_time_of_zero_is_no_time() -> None:
    """Zero is the same in both orders."""
    found = decode12(head12(2) + bytes(12) + SIP_OPTIONS, ARRIVAL)

    assert (found.time_us, found.quirks) == (0, Quirk.NO_TIME)


def test_microseconds_are_carried() -> None:
    """As in HEP3."""
    block = struct.pack("<IIHH", SECONDS, 1_000_001, 0, 0)
    found = decode12(head12(2) + block + SIP_OPTIONS, ARRIVAL)

    assert (found.time_us, found.quirks) == ((SECONDS + 1) * 1_000_000 + 1, Quirk.TIME_CARRY)


def test_a_time_block_of_10_bytes_is_recognised() -> None:
    """Without C padding the payload starts two bytes earlier."""
    found = decode12(head12(2) + LITTLE + SIP_OPTIONS, ARRIVAL)

    assert (found.payload, found.quirks) == (SIP_OPTIONS, Quirk.SHORT_TIME_HEADER)


@pytest.mark.parametrize("nuls", [8, 32])
@pytest.mark.parametrize("version", [1, 2])
def test_trailing_nuls_are_cut(version: int, nuls: int) -> None:
    """OpenSIPS counts its own head as payload."""
    block = LITTLE + b"\0\0" if version == 2 else b""
    found = decode12(head12(version) + block + SIP_OPTIONS + bytes(nuls), ARRIVAL)

    assert found.payload == SIP_OPTIONS
    assert found.quirks & Quirk.TRAILING_NULS


def test_the_recorded_form_of_sngrep_is_read() -> None:
    """Header length 1, dirty padding (constructed after what sngrep 1.6.0 sends)."""
    data = bytes.fromhex("0201021113c413ce0a0000010a00000278f01a6920a10700d207c964") + SIP_OPTIONS

    found = decode12(data, 1_763_373_176_000_000)

    assert (found.source_port, found.destination_port, found.node_id) == (5060, 5070, 2002)
    assert found.time_us == 0x691AF078 * 1_000_000 + 500_000
    assert found.payload == SIP_OPTIONS


ports = st.integers(0, 0xFFFF)
packets = st.builds(
    HepPacket,
    source=st.binary(min_size=4, max_size=4),
    destination=st.binary(min_size=4, max_size=4),
    source_port=ports,
    destination_port=ports,
    ip_protocol=st.integers(0, 255),
    time_us=st.integers(ARRIVAL - 86_400_000_000, ARRIVAL + 86_400_000_000),
    node_id=ports,
    payload=st.just(SIP_OPTIONS),
)


@settings(max_examples=100, deadline=None)
@given(packets)
def test_what_is_encoded_is_decoded(packet: HepPacket) -> None:
    """All fields that the version has come back."""
    first = decode12(encode1(packet), ARRIVAL)
    second = decode12(encode2(packet), ARRIVAL)

    for found in (first, second):
        assert (found.source, found.destination) == (packet.source, packet.destination)
        assert (found.source_port, found.destination_port) == (
            packet.source_port,
            packet.destination_port,
        )
        assert (found.ip_protocol, found.payload) == (packet.ip_protocol, packet.payload)
    assert (second.time_us, second.node_id) == (packet.time_us, packet.node_id)


def test_ipv6_is_encoded_as_kamailio_does() -> None:
    """Header length 40 and family 10; a missing address is all zero."""
    data = encode1(HepPacket(source=b"\x20" * 16, payload=SIP_OPTIONS))

    assert data[:3] == b"\1\x28\x0a"
    assert decode12(data).destination == bytes(16)


@pytest.mark.parametrize(
    ("packet", "field"),
    [
        (HepPacket(source=b"\1\2"), "address"),
        (HepPacket(source=bytes(4), destination=bytes(16)), "address"),
        (HepPacket(source_port=65_536), "source_port"),
        (HepPacket(destination_port=-1), "destination_port"),
        (HepPacket(ip_protocol=256), "ip_protocol"),
        (HepPacket(node_id=65_536), "node_id"),
        (HepPacket(time_us=-1), "time_us"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(packet: HepPacket, field: str) -> None:
    """A cut number would be another agent's."""
    with pytest.raises(EncodeError) as refused:
        encode2(packet)

    assert (refused.value.reason, refused.value.field) == (Reason.BAD_VALUE, field)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([1, 2]), st.binary(max_size=80), st.integers(0, 1 << 51))
def test_any_bytes_give_a_packet_or_a_refusal(version: int, rest: bytes, arrival: int) -> None:
    """decode12 raises DecodeError and nothing else."""
    with suppress(DecodeError):
        decode12(bytes((version,)) + rest, arrival)
