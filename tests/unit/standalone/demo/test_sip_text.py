"""SIP and SDP as the demo writes them."""

import pytest

from hep import sdp as sdp_codec
from hep.sip import parse
from hepscope_standalone.demo.sip_text import (
    CODECS,
    REASONS,
    Body,
    message,
    request_line,
    sdp,
    status_line,
)

HEADERS = [("Via", "SIP/2.0/UDP a;branch=z9hG4bK1"), ("Call-ID", "x"), ("CSeq", "1 INVITE")]


def test_message_has_its_length_and_type() -> None:
    """Type and length of a body are added, in octets."""
    written = message(request_line("INVITE", "sip:a@b"), HEADERS, Body("ü", "text/plain"))

    assert written.endswith(b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n\xc3\xbc")
    assert parse(written).body == "ü".encode()


def test_message_without_a_body_ends_with_an_empty_line() -> None:
    """A length of zero is said, a type is not."""
    written = message(status_line(200), HEADERS, Body())

    assert written.startswith(b"SIP/2.0 200 OK\r\n")
    assert written.endswith(b"Content-Length: 0\r\n\r\n")
    assert b"Content-Type" not in written


@pytest.mark.parametrize("status", REASONS)
def test_status_lines_are_read_back(status: int) -> None:
    """Each code has its usual reason, or one of its own."""
    assert parse(message(status_line(status), HEADERS, Body())).reason == REASONS[status]
    assert parse(message(status_line(status, "So what"), HEADERS, Body())).reason == "So what"


def test_sdp_is_read_back() -> None:
    """Address, port, codecs and direction arrive."""
    body = sdp("192.0.2.1", 16_384, session=5, codecs=CODECS, direction="sendonly")

    (media,) = sdp_codec.parse(body.text).media

    assert (media.kind, media.port, media.direction) == ("audio", 16_384, "sendonly")
    assert len(media.codecs) == len(CODECS)
