"""Content-Length: bodies, and several messages in one payload."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.sip import Fault, parse, split
from hep.sip.length import MAX_MESSAGES
from support.builders import make_request, make_response

HEAD = b"SIP/2.0 200 OK\r\n"


@pytest.mark.parametrize(
    ("lines", "body", "kept", "length", "fault"),
    [
        (b"", b"abc", b"abc", None, None),
        (b"l: 3\r\n", b"abc", b"abc", 3, None),
        (b"l: 2\r\n", b"abc", b"ab", 2, Fault.TRAILING_DATA),
        (b"l: 0\r\n", b"abc", b"", 0, Fault.TRAILING_DATA),
        (b"l: 9999\r\n", b"abc", b"abc", 9999, Fault.CUT_BODY),
        (b"l: -1\r\n", b"abc", b"abc", None, Fault.BAD_CONTENT_LENGTH),
        (b"l: x\r\n", b"abc", b"abc", None, Fault.BAD_CONTENT_LENGTH),
        (b"l:\r\n", b"abc", b"abc", None, Fault.BAD_CONTENT_LENGTH),
        (b"l: " + b"9" * 5000 + b"\r\n", b"abc", b"abc", 2**31 - 1, Fault.CUT_BODY),
        (b"l: 2\r\nl: 3\r\n", b"abc", b"abc", 2, Fault.CONFLICTING_CONTENT_LENGTH),
        (b"l: 2\r\nl: 2\r\n", b"ab", b"ab", 2, Fault.REPEATED_HEADER),
    ],
)
def test_body_by_content_length(
    lines: bytes, body: bytes, kept: bytes, length: int | None, fault: Fault | None
) -> None:
    """A length that cannot be true lets the body go to the end."""
    message = parse(HEAD + lines + b"\r\n" + body)
    faults = {fault for fault in message.faults if not fault.startswith("missing")}

    assert (message.body, message.content_length) == (kept, length)
    assert faults == ({fault} if fault else set())


def test_messages_of_one_payload_are_cut_apart() -> None:
    """Each piece is a whole message; keep-alives between them go with the next."""
    first, second = make_request(body="v=0\r\n"), make_response(200, "OK")
    payload = first + b"\r\n\r\n" + second

    assert split(payload) == [first, b"\r\n\r\n" + second]
    assert [parse(piece).faults for piece in split(payload)] == [(), ()]
    assert parse(payload).faults == (Fault.TRAILING_DATA,)


@pytest.mark.parametrize("rest", [b"\0\0", b"garbage", b"\r\n"])
def test_what_begins_no_message_stays_with_the_one_before(rest: bytes) -> None:
    """Trailing bytes are not lost and make no message."""
    message = make_request()

    assert split(message + rest) == [message + rest]


def test_a_message_without_length_takes_the_rest() -> None:
    """Without Content-Length nothing tells where a body ends."""
    message = HEAD + b"\r\n" + HEAD + b"\r\n"

    assert split(message) == [message]
    assert split(b"") == []
    assert split(HEAD) == [HEAD]


def test_the_number_of_pieces_is_bounded() -> None:
    """Thousands of tiny messages end in one last piece."""
    tiny = b"A b SIP/2.0\nl:0\n\n"
    pieces = split(tiny * 3000)

    assert len(pieces) == MAX_MESSAGES
    assert b"".join(pieces) == tiny * 3000


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([HEAD, b"l: 3\r\n", b"\r\n", b"A b SIP/2.0\n", b"\n", b"l : 0\n"]),
        ),
        max_size=20,
    ).map(b"".join)
)
def test_pieces_joined_are_the_payload(payload: bytes) -> None:
    """Nothing is lost or invented by cutting, whatever the bytes."""
    pieces = split(payload)

    assert b"".join(pieces) == payload
    assert all(pieces)
