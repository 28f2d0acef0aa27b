"""The header section: its bounds, the Call-ID in it, and what counts as SIP."""

import pytest

from hep.sip import find_call_id, looks_like_sip, parse
from hep.sip.head import head_bounds, head_start

START = b"OPTIONS sip:a@example.com SIP/2.0\r\n"

CALL_IDS = {
    "as registered": (START + b"Call-ID: a@b\r\n\r\n", b"a@b"),
    "compact": (START + b"i:a\r\n\r\n", b"a"),
    "compact in upper case": (START + b"I : a\r\n\r\n", b"a"),
    "odd case and blanks before the colon": (START + b"cALL-id \t: a \r\n\r\n", b"a"),
    "folded": (START + b"Call-ID:\r\n a\r\n\tb\r\nTo: x\r\n\r\n", b"a b"),
    "folded before the colon": (START + b"Call-ID\r\n : a\r\n\r\n", b"a"),
    "the first of two": (START + b"i: a\r\nCall-ID: b\r\n\r\n", b"a"),
    "an empty first one": (START + b"i: \r\nCall-ID: b\r\n\r\n", b""),
    "bare LF": (START.replace(b"\r", b"") + b"To: x\nCall-ID: a\n\n", b"a"),
    "after leading line ends": (b"\r\n\n\r\n" + START + b"Call-ID: a\r\n\r\n", b"a"),
    "in the body only": (START + b"To: x\r\n\r\nCall-ID: a\r\n", b""),
    "after an empty line in LF": (START + b"To: x\n\nCall-ID: a\r\n\r\n", b""),
    "on a continuation": (START + b"Subject: x\r\n Call-ID: a\r\n\r\n", b""),
    "as the first line": (b"Call-ID: a\r\nTo: x\r\n\r\n", b"a"),
    "as a first line that resembles a request": (b"Call-ID : x SIP/2.0\r\n\r\n", b"x SIP/2.0"),
    "cut": (START + b"Call-ID: abc", b"abc"),
    "not UTF-8, with a NUL": (START + b"Call-ID: \xff\0\r\n\r\n", b"\xff\0"),
    "inside another name": (START + b"X-Call-ID: a\r\nCall-IDs: b\r\n\r\n", b""),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize("case", CALL_IDS)
def test_call_id_is_found_and_is_the_parsers(case: str) -> None:
    """The Call-ID that routes a message is the one that is stored."""
    payload, expected = CALL_IDS[case]

    assert find_call_id(payload) == expected
    assert parse(payload).call_id == expected.decode("utf-8", "replace").replace("\0", "\ufffd")


SIP_OR_NOT = {
    "a request": (b"INVITE sip:a SIP/2.0\r\n", True),
    "a request after keep-alives": (b"\r\n\r\nACK sip:a SIP/2.0\r\n", True),
    "an extension method": (b"!do-it% sip:a SIP/2.0\n", True),
    "doubled and trailing blanks": (b"ACK  sip:a  SIP/2.0  \r\n", True),
    "a blank in the Request-URI": (b"ACK sip:a; lr SIP/2.0\r\n", True),
    "another version": (b"ACK sip:a SIP/7.0\r\n", True),
    "a response": (b"SIP/2.0 200 OK\r\n", True),
    "a response without reason": (b"SIP/2.0 100\r\n", True),
    "a status of four digits": (b"SIP/2.0 2000 OK\r\n", False),
    "a web request": (b"GET / HTTP/1.1\r\n", False),
    "a header": (b"Via: SIP/2.0/UDP a\r\n", False),
    "RTP": (b"\x80\x00\x12\x34" + bytes(168), False),
    "the version on the second line": (b"ACK sip:a\r\n SIP/2.0\r\n", False),
    "HEP": (b"HEP3\0\x20", False),
    "nothing": (b"", False),
}


@pytest.mark.parametrize("case", SIP_OR_NOT)
def test_sip_is_told_by_its_first_line(case: str) -> None:
    """A start line of SIP is enough; other protocols and continuations are not SIP."""
    payload, expected = SIP_OR_NOT[case]

    assert looks_like_sip(payload) is expected


@pytest.mark.parametrize(
    ("payload", "bounds"),
    [
        (b"a\r\nb\r\n\r\nbody", (5, 8)),
        (b"a\nb\n\nbody\r\n\r\n", (3, 5)),
        (b"a\r\n\r\n", (2, 5)),
        (b"a\r\nb\r\n", (6, -1)),
        (b"a\r\n \r\nb", (7, -1)),
    ],
)
def test_head_ends_before_the_first_empty_line(payload: bytes, bounds: tuple[int, int]) -> None:
    """CRLF and LF end lines alike; a line of blanks is no empty line."""
    assert head_bounds(payload) == bounds


def test_head_starts_behind_line_ends() -> None:
    """Keep-alives before a message are skipped, blanks are not."""
    assert head_start(b"\r\n\r\nA") == 4
    assert head_start(b" A") == 0
    assert head_start(b"") == 0
