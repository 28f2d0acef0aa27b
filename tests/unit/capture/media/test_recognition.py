"""Telling RTCP from its neighbours on UDP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.rtcp import Bye, Feedback, ReceiverReport, SenderReport, UnknownPacket, encode
from hep.rtcp import decode_sound as decode_sound_rtcp
from hep.rtp import RtpHeader
from hep.rtp import encode as encode_rtp
from hepscope_capture.media.recognition import looks_like_rtcp
from support.media_traffic import compound

STUN = bytes.fromhex("000100002112a442") + bytes(12)
DTLS = bytes.fromhex("16fefd0000000000000000") + bytes(40)
DNS = bytes.fromhex("80c801000001000000000000") + b"\3www\7example\3com\0\0\1\0\1"


@pytest.mark.parametrize(
    "payload",
    [
        encode(*compound()),
        encode(SenderReport(1)),
        encode(ReceiverReport(1)),
        encode(Bye((1, 2))),
        encode(Feedback(205, 15, 1, 2, bytes(8))),
        encode(UnknownPacket(208, 0, bytes(8))),
        encode(ReceiverReport(1)) + b"whatever SRTCP has there",
    ],
)
def test_it_is_rtcp(payload: bytes) -> None:
    """Compounds, reduced size (RFC 5506), a type that is hardly ever first, SRTCP."""
    assert looks_like_rtcp(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x80",
        b"\x80\xc8\0",
        b"OPTIONS sip:x SIP/2.0\r\n\r\n",
        STUN,
        DTLS,
        DNS,
        encode(SenderReport(1))[:20],
        b"\x81\xc9\0\1\0\0\0\1",  # a block that is not there
        encode(UnknownPacket(208, 0, bytes(8))) + b"x",
    ],
)
def test_it_is_not(payload: bytes) -> None:
    """STUN, DTLS, DNS with an unlucky id, SIP, and what is too short for its own head."""
    assert not looks_like_rtcp(payload)


@given(
    kind=st.integers(0, 63) | st.integers(96, 127),
    marker=st.booleans(),
    payload=st.binary(max_size=200),
)
def test_rtp_never_is(kind: int, marker: bool, payload: bytes) -> None:
    """RFC 5761 section 4 keeps payload types 64 to 95 free for it."""
    assert not looks_like_rtcp(encode_rtp(RtpHeader(kind, marker, 1, 2, 3), payload))


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Whatever looks like RTCP has a sender; what is sound and starts usually looks like it."""
    if looks_like_rtcp(data):
        assert data[0] >> 6 == 2
    elif data[1:2] in (b"\xc8", b"\xc9"):
        assert not decode_sound_rtcp(data).packets
