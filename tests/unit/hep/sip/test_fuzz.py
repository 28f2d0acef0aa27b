"""Whatever the bytes: a message, in bounded time, of clean text, under the Call-ID that routes."""

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import sdp
from hep.sip import SipMessage, find_call_id, looks_like_sip, parse, parse_uri, parts, sdp_of, split
from hep.sip.address import split_address
from hep.sip.headers import split_list

PIECES = st.one_of(
    st.sampled_from(
        [
            b"INVITE sip:a@b SIP/2.0",
            b"SIP/2.0 200 OK",
            b"\r\n",
            b"\n",
            b"\r",
            b"\r\n\r\n",
            b"\r\n ",
            b"\n\t",
            b" ",
            b":",
            b": ",
            b"Call-ID",
            b"call-id: a",
            b"i",
            b"I :x",
            b"i: y",
            b"Via: SIP/2.0/UDP a;branch=z9hG4bK1",
            b"From: <sip:a@b>;tag=1",
            b'To: "x\\"" <sip:a@b',
            b"CSeq: 1 INVITE",
            b"l: 4",
            b"Content-Type: multipart/mixed;boundary=x",
            b"--x",
            b"\0",
            b"\xff",
            b"\xed\xa0\x80",
            b"%00",
            b"\xef\xbf\xbd",
            b"\xc3\xa4",
        ]
    ),
    st.binary(max_size=6),
)
SIP_LIKE = st.lists(PIECES, max_size=30).map(b"".join)
PAYLOADS = st.one_of(st.binary(max_size=200), SIP_LIKE)


def texts_of(message: SipMessage) -> list[str]:
    """Return every text that a message holds."""
    values = [getattr(message, field.name) for field in fields(message)]
    headers = [text for header in message.headers for text in header]
    return [value for value in values if isinstance(value, str)] + headers


@settings(max_examples=300, deadline=None)
@given(PAYLOADS)
def test_any_bytes_give_a_message_of_clean_text(payload: bytes) -> None:
    """No error, no NUL, no lone surrogate, and the Call-ID that routing found."""
    message = parse(payload)

    for text in texts_of(message):
        assert "\0" not in text
        text.encode()
    routed = find_call_id(payload).decode("utf-8", "replace").replace("\0", "\ufffd")
    assert message.call_id == routed


@settings(max_examples=300, deadline=None)
@given(SIP_LIKE.map(lambda rest: b"INVITE sip:a@b SIP/2.0\r\nTo: x\r\n" + rest))
def test_call_ids_agree_behind_a_sound_start(payload: bytes) -> None:
    """Folding, empty lines and repeated headers end alike in both readers."""
    routed = find_call_id(payload).decode("utf-8", "replace").replace("\0", "\ufffd")

    assert parse(payload).call_id == routed


@settings(max_examples=150, deadline=None)
@given(PAYLOADS)
def test_everything_made_from_a_message_takes_any_bytes(payload: bytes) -> None:
    """Bodies, pieces, lists and descriptions never raise either."""
    message = parse(payload)

    assert b"".join(split(payload)) == payload
    assert all(part.content_type == part.content_type.lower() for part in parts(message))
    assert sdp.parse(sdp_of(message) or payload).media is not None
    assert isinstance(message.get_all("Via"), list)
    assert isinstance(looks_like_sip(payload), bool)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_taken_as_uri_address_and_list(text: str) -> None:
    """The parts of a header never raise, whatever the text."""
    assert parse_uri(text).port is None or 0 <= (parse_uri(text).port or 0) <= 65535
    assert split_address(text).uri in text
    assert all(piece in text for piece in split_list(text))


LONG = 200_000
HOSTILE = {
    "blanks": b" " * LONG,
    "line feeds": b"A b SIP/2.0\r\n" + b"\n" * LONG,
    "carriage returns": b"A b SIP/2.0\r\nCall-ID:" + b"\r" * LONG,
    "foldings": b"A b SIP/2.0\r\nCall-ID:" + b"\r\n " * (LONG // 3),
    "blanks before a colon": b"A b SIP/2.0\r\nCall-ID" + b" " * LONG,
    "short headers": b"A b SIP/2.0\r\n" + b"a:\r\n" * (LONG // 4),
    "compact headers": b"A b SIP/2.0\r\n" + b"v:\r\n" * (LONG // 4),
    "quotes": b'A b SIP/2.0\r\nTo: "' + b'\\"' * (LONG // 2),
    "brackets": b"A b SIP/2.0\r\nTo: " + b"<" * LONG,
    "commas": b"A b SIP/2.0\r\nVia: " + b",(" * (LONG // 2),
    "semicolons": b"A b SIP/2.0\r\nVia: SIP/2.0/UDP h" + b";a" * (LONG // 2),
    "ats": b"A sip:" + b"@:" * (LONG // 2) + b" SIP/2.0\r\n\r\n",
    "words": b"A" + b" SIP/2.0" * (LONG // 8),
    "digits": b"SIP/2.0 " + b"9" * LONG,
    "tokens": b"a" * LONG,
    "boundaries": b"A b SIP/2.0\r\nc: multipart/x;boundary=a\r\n\r\n" + b"\n--a" * (LONG // 4),
}


@pytest.mark.timeout(60)  # what is quadratic takes much longer
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_take_linear_time(name: str) -> None:
    """A payload three times the size of a datagram is read in well under a second."""
    payload = HOSTILE[name]

    message = parse(payload)
    find_call_id(payload)
    looks_like_sip(payload)
    split(payload)
    parts(message)
    message.get_all("Via")
    sdp.parse(payload)
