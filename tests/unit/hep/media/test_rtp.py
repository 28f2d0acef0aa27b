"""RTP headers: every part read, garbage refused with a reason, RTP and RTCP told apart."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.errors import EncodeError
from hep.media.errors import MediaError, Reason
from hep.rtp import RtpHeader, decode, encode, is_rtcp, is_rtp

FIXED = bytes.fromhex("80 08 0102 00000fa0 11223344")


def refusal(data: bytes) -> tuple[Reason, int]:
    """Return why and where bytes are refused as RTP."""
    with pytest.raises(MediaError) as caught:
        decode(data)
    return caught.value.reason, caught.value.offset


def test_a_plain_header() -> None:
    """Twelve bytes, then payload to the end."""
    header = decode(FIXED + b"voice")

    assert header == RtpHeader(8, False, 0x0102, 4000, 0x11223344, payload_end=17)
    assert (FIXED + b"voice")[header.payload_start : header.payload_end] == b"voice"


def test_sources_extension_and_padding() -> None:
    """Each moves the bounds of the payload (RFC 3550 sections 5.1 and 5.3.1)."""
    data = (
        bytes.fromhex("b2 e0 ffff ffffffff 00000001")
        + bytes.fromhex("0000000a 0000000b")
        + bytes.fromhex("bede 0001 10aa0000")
        + b"voice"
        + bytes.fromhex("000003")
    )
    header = decode(data)

    assert (header.payload_type, header.marker) == (96, True)
    assert header.csrcs == (10, 11)
    assert (header.extension_profile, header.extension) == (0xBEDE, bytes.fromhex("10aa0000"))
    assert data[header.payload_start : header.payload_end] == b"voice"


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"", (Reason.EMPTY, 0)),
        (b"\x00" * 12, (Reason.BAD_VERSION, 0)),
        (FIXED[:11], (Reason.TRUNCATED, 11)),
        (b"\x80\xc8" + FIXED[2:], (Reason.NOT_RTP, 1)),
        (b"\x82" + FIXED[1:] + b"1234", (Reason.TRUNCATED, 16)),
        (b"\x90" + FIXED[1:] + b"\xbe\xde", (Reason.TRUNCATED, 14)),
        (b"\x90" + FIXED[1:] + bytes.fromhex("bede0002 00000000"), (Reason.BAD_LENGTH, 14)),
        (b"\xa0" + FIXED[1:] + b"\x00", (Reason.BAD_PADDING, 12)),
        (b"\xa0" + FIXED[1:] + b"\x00\x03", (Reason.BAD_PADDING, 13)),
    ],
)
def test_garbage_is_refused_with_reason_and_place(data: bytes, refused: tuple[Reason, int]) -> None:
    """Each bound is looked at before bytes are."""
    assert refusal(data) == refused


@pytest.mark.parametrize(
    ("second", "rtcp"), [(191, False), (192, True), (200, True), (223, True), (224, False)]
)
def test_the_second_byte_tells_rtcp_from_rtp(second: int, rtcp: bool) -> None:
    """RFC 5761 section 4: 192 to 223 is RTCP."""
    data = bytes([0x80, second]) + FIXED[2:]

    assert is_rtcp(data) is rtcp
    assert is_rtp(data) is not rtcp


def test_neither_stun_nor_dtls_is_rtp_or_rtcp() -> None:
    """Their first bytes are below 64 (RFC 7983)."""
    for first in (0x00, 0x16, 0x40):
        data = bytes([first, 200]) + FIXED[2:]
        assert not is_rtcp(data)
        assert not is_rtp(data)
    assert not is_rtcp(b"\x80")
    assert not is_rtp(FIXED[:-1])


U32 = st.integers(0, 2**32 - 1)
HEADERS = st.builds(
    RtpHeader,
    payload_type=st.integers(0, 127).filter(lambda kind: not 64 <= kind <= 95),
    marker=st.booleans(),
    sequence=st.integers(0, 0xFFFF),
    timestamp=U32,
    ssrc=U32,
    csrcs=st.lists(U32, max_size=15).map(tuple),
    extension_profile=st.integers(0, 0xFFFF),
    extension=st.integers(0, 8).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n)),
)


@given(HEADERS, st.binary(max_size=20))
def test_what_is_written_is_read_again(header: RtpHeader, payload: bytes) -> None:
    """Every header comes back, with the bounds of its payload."""
    data = encode(header, payload)
    again = decode(data)

    assert again[:-2] == header[:-2]
    assert data[again.payload_start : again.payload_end] == payload


@pytest.mark.parametrize(
    "header",
    [
        RtpHeader(128, False, 0, 0, 0),
        RtpHeader(72, True, 0, 0, 0),
        RtpHeader(0, False, 65536, 0, 0),
        RtpHeader(0, False, 0, 0, 0, csrcs=(0,) * 16),
        RtpHeader(0, False, 0, 0, 0, csrcs=(-1,)),
        RtpHeader(0, False, 0, 0, 0, extension_profile=1, extension=b"abc"),
    ],
)
def test_what_does_not_fit_is_not_written(header: RtpHeader) -> None:
    """A payload type that would read as RTCP does not fit either."""
    with pytest.raises(EncodeError):
        encode(header, b"")


def outcome(data: bytes) -> RtpHeader | MediaError:
    """Return the header, or the refusal."""
    try:
        return decode(data)
    except MediaError as refused:
        return refused


@given(st.binary(max_size=80))
def test_any_bytes_are_a_header_or_refused(data: bytes) -> None:
    """Nothing but MediaError, and bounds within the data."""
    read = outcome(data)

    if isinstance(read, MediaError):
        assert 0 <= read.offset <= len(data)
    else:
        assert 12 <= read.payload_start <= read.payload_end <= len(data)


@pytest.mark.corpus
def test_recorded_streams(corpus: Path) -> None:
    """738 packets beside SIP: the oracle's 984 without the 246 that ICMP errors quote."""
    capture = (corpus / "sip-pcap" / "sip_udp_rtp.pcap").read_bytes()
    headers = [decode(payload) for payload in udp_payloads(capture) if is_rtp(payload)]

    assert len(headers) == 738
    assert {(header.payload_type, header.ssrc) for header in headers} == {
        (8, 0xDEE0EE8F),
        (101, 0x0E05384E),
    }
    assert all(header.payload_start == 12 for header in headers)


def udp_payloads(capture: bytes) -> Iterator[bytes]:
    """Yield the UDP payload of each packet of an Ethernet capture (IPv4, no options)."""
    at = 24
    while at < len(capture):
        (size,) = struct.unpack_from("<I", capture, at + 8)
        if capture[at + 16 + 14 + 9] == 17:
            yield capture[at + 16 + 14 + 20 + 8 : at + 16 + size]
        at += 16 + size
