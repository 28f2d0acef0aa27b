"""SIP and SDP as the demo writes them."""

import pytest

from hep import sdp as sdp_codec
from hep.sip import parse
from hepscope_standalone.demo.sdp_text import DESK_PHONE, Stream, fax, sdp
from hepscope_standalone.demo.sip_text import (
    REASONS,
    Body,
    message,
    request_line,
    status_line,
)

HEADERS = [("Via", "SIP/2.0/UDP a;branch=z9hG4bK1"), ("Call-ID", "x"), ("CSeq", "1 INVITE")]


def test_message_has_its_length_and_type() -> None:
    """Type and length of a body are added, in octets."""
    body = Body("ü", "text/plain")
    written = message(request_line("INVITE", "sip:a@b"), HEADERS, body, relayed=False)

    assert written.endswith(b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n\xc3\xbc")
    assert parse(written).body == "ü".encode()


def test_message_without_a_body_ends_with_an_empty_line() -> None:
    """A length of zero is said, a type is not."""
    written = message(status_line(200), HEADERS, Body(), relayed=False)

    assert written.startswith(b"SIP/2.0 200 OK\r\n")
    assert written.endswith(b"Content-Length: 0\r\n\r\n")
    assert b"Content-Type" not in written


@pytest.mark.parametrize("status", REASONS)
def test_status_lines_are_read_back(status: int) -> None:
    """Each code has its usual reason, or one of its own."""
    usual, own = (
        parse(message(line, HEADERS, Body(), relayed=False))
        for line in (status_line(status), status_line(status, "So what"))
    )
    assert (usual.reason, own.reason) == (REASONS[status], "So what")


def test_body_beyond_a_media_server_is_the_other() -> None:
    """A body without another one stays as it is."""
    body = Body("near", relayed="far")

    near, far = (message("x", HEADERS, body, relayed=relayed) for relayed in (False, True))

    assert (near[-4:], far[-3:]) == (b"near", b"far")
    assert message("x", HEADERS, Body("near"), relayed=True).endswith(b"near")


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_sdp_is_read_back(address: str) -> None:
    """Address, port, codecs and direction of each stream arrive."""
    audio = Stream("audio", 16_384, DESK_PHONE, direction="sendonly")

    read = sdp_codec.parse(sdp(address, [audio, fax(16_386)], session=5))

    first, second = read.media
    assert (first.kind, first.port, first.direction) == ("audio", 16_384, "sendonly")
    assert len(first.codecs) == len(DESK_PHONE)
    assert (second.kind, second.port) == ("image", 16_386)
    assert first.connection == address
