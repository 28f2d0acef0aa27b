"""Datagrams of any version: golden packets, their invalid twins, refusals by name."""

import gzip
import hashlib
import ipaddress
import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import DecodeError, HepPacket, Quirk, Reason, decode, hide_key
from support.hep_wire import GOLDEN, SIP_OPTIONS, golden_packets, head12, mutated, sip_packet

ARRIVAL = 1_795_424_030_000_000

REFUSED = {
    "nothing": (b"", Reason.EMPTY, 0),
    "one byte": (b"x", Reason.NOT_HEP, 0),
    "a cut magic": (b"EEP", Reason.TRUNCATED, 3),
    "a SIP request": (SIP_OPTIONS, Reason.RAW_SIP, 0),
    "a SIP response behind line ends": (b"\r\n\r\nSIP/2.0 200 OK\r\n\r\n", Reason.RAW_SIP, 0),
    "protobuf": (b"\x08\x03\x10\x11", Reason.PROTOBUF, 0),
    "a TLS hello": (b"\x16\x03\x01\x02\x00", Reason.NOT_HEP, 0),
    "a cut HEP 1 head": (b"\x01\x10\x02", Reason.TRUNCATED, 3),
    "a cut gzip head": (b"\x1f\x8b\x08", Reason.INFLATE, 0),
    "gzip within gzip": (gzip.compress(gzip.compress(sip_packet())), Reason.NOT_HEP, 0),
    "a gzip bomb": (gzip.compress(bytes(1 << 21)), Reason.TOO_LARGE, 0),
    "gzip of nothing": (gzip.compress(b""), Reason.EMPTY, 0),
}


def stated(packet: HepPacket, names: set[str]) -> dict[str, object]:
    """These fields of the packet in the words of the golden files."""
    texts: dict[str, object] = {
        "source": str(ipaddress.ip_address(packet.source)),
        "destination": str(ipaddress.ip_address(packet.destination)),
        "auth_key": (packet.auth_key or b"").decode(),
        "correlation_id": packet.correlation_id.decode(),
        "node_name": packet.node_name.decode(),
        "payload_bytes": len(packet.payload),
        "payload_sha256": hashlib.sha256(packet.payload).hexdigest(),
        "payload_start": packet.payload[:14].decode(),
    }
    return {name: texts[name] if name in texts else getattr(packet, name) for name in names}


@pytest.mark.parametrize("name", golden_packets())
def test_golden_packet(name: str) -> None:
    """Every field is the one that an independent decoder states."""
    fields = json.loads((GOLDEN / f"{name}.json").read_text())["fields"]

    found = decode(golden_packets()[name], received_at_us=ARRIVAL)

    assert stated(found, set(fields)) == fields
    assert found.received_at_us == ARRIVAL


@pytest.mark.parametrize("name", golden_packets())
def test_invalid_twin(name: str) -> None:
    """The same packet with one fault is refused, with the reason and the byte."""
    expected = json.loads((GOLDEN / f"{name}.json").read_text())["invalid"]

    with pytest.raises(DecodeError) as refused:
        decode((GOLDEN / f"{name}.invalid.hep").read_bytes())

    assert {"reason": refused.value.reason, "offset": refused.value.offset} == expected


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_names_reason_and_offset(case: str) -> None:
    """What is no HEP is told apart, so that the counter says what to change."""
    data, reason, offset = REFUSED[case]

    with pytest.raises(DecodeError) as refused:
        decode(data)

    assert (refused.value.reason, refused.value.offset) == (reason, offset)


def test_no_single_byte_is_accepted() -> None:
    """A datagram of one byte is refused, whichever it is."""
    for byte in range(256):
        with pytest.raises(DecodeError):
            decode(bytes((byte,)))


@pytest.mark.parametrize("inner", [sip_packet(), head12() + SIP_OPTIONS])
def test_a_gzipped_frame_is_read(inner: bytes) -> None:
    """Heplify 2 with payload_zip sends the whole frame so."""
    plain, zipped = decode(inner), decode(gzip.compress(inner))

    assert zipped.quirks == plain.quirks | Quirk.GZIPPED_FRAME
    assert (zipped.payload, zipped.source) == (plain.payload, plain.source)


def test_zlib_around_a_frame_is_not_hep() -> None:
    """Only gzip is sent so; guessing further would take garbage for packets."""
    with pytest.raises(DecodeError) as refused:
        decode(zlib.compress(sip_packet()))

    assert refused.value.reason is Reason.NOT_HEP


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), mutated(), mutated().map(gzip.compress)))
def test_any_bytes_give_a_packet_or_a_refusal(data: bytes) -> None:
    """Decode raises DecodeError and nothing else."""
    with suppress(DecodeError):
        decode(data, received_at_us=ARRIVAL)


def test_a_gzipped_frame_larger_than_any_packet_is_refused() -> None:
    """It is one packet, and those end at 65,535 bytes: nobody makes us inflate more."""
    with pytest.raises(DecodeError) as refused:
        decode(gzip.compress(sip_packet() + bytes(65_536)))

    assert refused.value.reason is Reason.TOO_LARGE


KEY = b"\0\0\0\x0e\0\x0csecret"


@pytest.mark.parametrize(
    "data",
    [
        sip_packet(SIP_OPTIONS, KEY, b"\0\0\0\x13\0\x08me", KEY),
        sip_packet(SIP_OPTIONS) + KEY,
        sip_packet(SIP_OPTIONS, KEY[:-2]),
        gzip.compress(sip_packet(SIP_OPTIONS, KEY)),
    ],
    ids=["twice", "behind the end", "cut", "gzipped"],
)
def test_a_hidden_key_stands_nowhere(data: bytes) -> None:
    """What is kept of a refused packet must not tell the secret of who sent it."""
    hidden = hide_key(data)

    assert b"secr" not in hidden
    assert SIP_OPTIONS in hidden
    assert hide_key(hidden) == hidden


@settings(max_examples=100, deadline=None)
@given(st.one_of(mutated(), st.binary(max_size=200)))
def test_hiding_takes_any_bytes_and_keeps_their_number(data: bytes) -> None:
    """Whatever has no key comes out as it is."""
    hidden = hide_key(data)

    assert len(hidden) == len(data) or data.startswith(b"\x1f\x8b")
