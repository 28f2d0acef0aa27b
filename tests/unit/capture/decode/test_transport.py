"""UDP, TCP and SCTP heads: ports, payload, lengths that cannot be."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.transport import Transport, decode_sctp, decode_tcp, decode_udp
from support.frames import tcp, udp


def test_udp_gives_ports_and_payload() -> None:
    """Bytes behind the stated length do not belong to the datagram."""
    assert decode_udp(udp(b"sip", ports=(5060, 65535))) == Transport(5060, 65535, b"sip")
    assert decode_udp(udp(b"sip") + b"trailer").payload == b"sip"
    assert decode_udp(udp(b"")).payload == b""


def test_udp_length_zero_is_a_jumbogram() -> None:
    """RFC 2675: the length that does not fit is stated as 0."""
    assert decode_udp(udp(b"sip", length=0)).payload == b"sip"


def test_a_cut_datagram_gives_what_is_there() -> None:
    """Only where the capture says that it lacks the end."""
    assert decode_udp(udp(b"sip", length=900), is_cut=True).payload == b"sip"


def test_tcp_options_are_stepped_over() -> None:
    """The offset decides where the payload starts."""
    assert decode_tcp(tcp(b"sip", options=bytes(12))) == Transport(5060, 5070, b"sip", 1, 0x18, 1)


def test_sctp_gives_its_chunks() -> None:
    """All that is behind the common head, and the tag that names the association."""
    head = bytes.fromhex("13c4 13ce 01020304 00000000")
    assert decode_sctp(head + b"chunks") == Transport(5060, 5070, b"chunks", 0x01020304)
    with pytest.raises(FrameError) as refused:
        decode_sctp(head[:11])
    assert (refused.value.reason, refused.value.offset) == (Reason.TRUNCATED, 11)


@pytest.mark.parametrize(
    ("data", "reason", "offset"),
    [
        (udp(b"")[:7], Reason.TRUNCATED, 7),
        (udp(b"sip", length=7), Reason.BAD_LENGTH, 4),
        (udp(b"sip", length=12), Reason.BAD_LENGTH, 4),
    ],
)
def test_udp_refusals(data: bytes, reason: Reason, offset: int) -> None:
    """A length that contradicts IP's is not guessed around."""
    with pytest.raises(FrameError) as refused:
        decode_udp(data)
    assert (refused.value.reason, refused.value.offset) == (reason, offset)


@pytest.mark.parametrize(
    ("data", "reason", "offset"),
    [
        (tcp(b"")[:12], Reason.TRUNCATED, 12),
        (tcp(b"", options=bytes(12))[:24], Reason.TRUNCATED, 24),
        (tcp(b"")[:12] + b"\x40" + bytes(20), Reason.BAD_LENGTH, 12),
    ],
)
def test_tcp_refusals(data: bytes, reason: Reason, offset: int) -> None:
    """A head shorter than itself, or cut, is refused."""
    with pytest.raises(FrameError) as refused:
        decode_tcp(data)
    assert (refused.value.reason, refused.value.offset) == (reason, offset)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_give_a_payload_within_them_or_a_refusal(data: bytes, is_cut: bool) -> None:
    """Whatever the bytes, the decoders return or raise FrameError."""
    with suppress(FrameError):
        assert decode_udp(data, is_cut=is_cut).payload in data
    with suppress(FrameError):
        assert data.endswith(decode_tcp(data).payload)
    with suppress(FrameError):
        assert data.endswith(decode_sctp(data).payload)
