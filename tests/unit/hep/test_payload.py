"""Payloads: inflation and its bound, JSON around SIP, guesses, trailing NULs."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import DecodeError, Reason
from hep.payload import (
    MAX_INFLATED_BYTES,
    cut_trailing_nuls,
    guess_type,
    inflate,
    unwrap_json,
)
from support.hep_wire import SIP_OPTIONS

TEXT = SIP_OPTIONS * 10
WITH_BODY = b"MESSAGE sip:b SIP/2.0\r\nl : 3\r\n\r\n"
FORMS = {
    "gzip": gzip.compress(TEXT),
    "zlib": zlib.compress(TEXT),
    "zlib, fastest": zlib.compress(TEXT, 1),
    "raw deflate": zlib.compress(TEXT)[2:-4],
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_inflated(form: str) -> None:
    """Agents disagree on what compressed means."""
    assert inflate(FORMS[form]) == TEXT


@pytest.mark.parametrize("form", FORMS)
def test_a_cut_stream_gives_its_start(form: str) -> None:
    """What came before the cut is kept."""
    inflated = inflate(FORMS[form][:-12])

    assert inflated
    assert TEXT.startswith(inflated)


def test_bytes_behind_a_stream_are_ignored() -> None:
    """Some agents pad."""
    assert inflate(FORMS["zlib"] + b"\0\0") == TEXT


def test_the_bound_is_exact() -> None:
    """As much as the bound is taken, one byte more is refused."""
    assert len(inflate(zlib.compress(bytes(MAX_INFLATED_BYTES)))) == MAX_INFLATED_BYTES

    with pytest.raises(DecodeError) as refused:
        inflate(zlib.compress(bytes(MAX_INFLATED_BYTES + 1)))

    assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff", SIP_OPTIONS, b"\x1f\x8b\x08", b"\x78\x9c\xff\xff"]
)
def test_what_is_no_stream_is_refused(garbage: bytes) -> None:
    """Garbage is told from an empty payload."""
    with pytest.raises(DecodeError) as refused:
        inflate(garbage)

    assert refused.value.reason is Reason.INFLATE


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.sampled_from([b"\x1f\x8b", b"\x78\x9c"])))
def test_any_bytes_inflate_or_are_refused(value: bytes) -> None:
    """Inflate raises DecodeError and nothing else, and keeps its bound."""
    with suppress(DecodeError):
        assert len(inflate(value)) <= MAX_INFLATED_BYTES


def test_sip_in_json_comes_out_byte_for_byte() -> None:
    """Escapes are undone; bytes that are no UTF-8 pass through."""
    wrapped = (
        b'{"n":1,"payload":"OPTIONS sip:\xc3\xa4 SIP/2.0\\r\\nSubject: \xff \\u00e4\\r\\n\\r\\n"}'
    )

    assert unwrap_json(wrapped) == (
        b"OPTIONS sip:\xc3\xa4 SIP/2.0\r\nSubject: \xff \xc3\xa4\r\n\r\n"
    )


def test_a_lone_surrogate_in_json_does_no_harm() -> None:
    """It has no bytes, so it becomes a question mark."""
    wrapped = b'{"payload":"OPTIONS sip:b SIP/2.0\\r\\nX: \\ud800\\r\\n\\r\\n"}'

    assert unwrap_json(wrapped) == b"OPTIONS sip:b SIP/2.0\r\nX: ?\r\n\r\n"


@pytest.mark.parametrize(
    "payload",
    [
        SIP_OPTIONS,
        b"",
        b"{",
        b'{"payload":1}',
        b'{"payload":"no sip"}',
        b'{"text":"OPTIONS sip:b SIP/2.0"}',
        b'{"a":' * 60_000,
        b'{"a":' + b"9" * 5_000 + b"}",
    ],
)
def test_anything_else_is_not_unwrapped(payload: bytes) -> None:
    """Other JSON, broken JSON and JSON made to exhaust a parser stay as they are."""
    assert unwrap_json(payload) is None


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (SIP_OPTIONS, 1),
        (b"SIP/2.0 200 OK\r\n\r\n", 1),
        (b'{"sender_information":{}}', 5),
        (b'{"sdes_information":[]}', 5),
        (b'{"RTP_SIP_CALL_ID":"x"}', 34),
        (b'{"text":"x"}', 0),
        (b"text", 0),
        (b"", 0),
    ],
)
def test_a_type_is_guessed_only_from_sure_signs(payload: bytes, kind: int) -> None:
    """A wrong type is worse than none."""
    assert guess_type(payload) == kind


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (SIP_OPTIONS, SIP_OPTIONS),
        (SIP_OPTIONS + bytes(8), SIP_OPTIONS),
        (WITH_BODY + b"abc" + bytes(8), WITH_BODY + b"abc"),
        (WITH_BODY + b"a\0\0" + bytes(8), WITH_BODY + b"a\0\0"),
        (WITH_BODY + b"a\0\0", WITH_BODY + b"a\0\0"),
        (WITH_BODY + b"abcdef" + bytes(2), WITH_BODY + b"abcdef"),
        (WITH_BODY + b"\0", WITH_BODY + b"\0"),
        (b"OPTIONS sip:b SIP/2.0\r\n\r\nabc" + bytes(3), b"OPTIONS sip:b SIP/2.0\r\n\r\nabc"),
        (b"cut in its head" + bytes(3), b"cut in its head"),
        (bytes(4), b""),
        (b"", b""),
    ],
)
def test_trailing_nuls_go_as_far_as_content_length_lets_them(
    payload: bytes, expected: bytes
) -> None:
    """A binary body may end with NUL; padding may not stay."""
    assert cut_trailing_nuls(payload) == expected
