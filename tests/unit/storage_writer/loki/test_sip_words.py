"""The words of a SIP message, against the parser."""

import time

import pytest

from hep.sip import parse
from hepscope_storage_writer.loki.sip_words import Words, call_id_of, words_of
from support.builders import make_request, make_response


@pytest.mark.parametrize("method", ["INVITE", "ACK", "X-odd.1", "REGISTER"])
def test_a_request_has_a_method(method: str) -> None:
    """That of its start line."""
    assert words_of(make_request(method)) == Words(method.encode())
    assert words_of(b"\r\n\r\n" + make_request(method)) == Words(method.encode())


def test_a_response_has_its_status_and_the_method_of_its_request() -> None:
    """Which CSeq tells, in any spelling."""
    response = make_response(486, "Busy Here", "BYE")
    assert words_of(response) == Words(b"BYE", b"486")
    assert words_of(response.replace(b"CSeq:", b"cSEQ \t: ")) == Words(b"BYE", b"486")
    assert words_of(response.replace(b"CSeq", b"X-Seq")) == Words(b"", b"486")


@pytest.mark.parametrize(
    "payload", [b"", b"\r\n", b"SIP/2.0", b"SIP/2.0 2000 x\r\n", b"hello world", b"{}", b"\xff\xfe"]
)
def test_what_is_no_sip_has_no_words(payload: bytes) -> None:
    """And is a line all the same."""
    assert words_of(payload) == Words()


def test_the_call_id_is_that_of_the_message() -> None:
    """By the routing key where it is the message's, else read, else the correlation id."""
    message = make_request(call_id="abc@host")
    assert parse(message).call_id == "abc@host"
    assert call_id_of(message, b"abc@host", b"other") == b"abc@host"
    assert call_id_of(message, b"\x01\x02", b"other") == b"abc@host"
    assert call_id_of(b"no sip", b"\x01\x02", b"other") == b"other"


@pytest.mark.parametrize("rest", [b" ", b" \t", b" SIP/", b" SIP/2", b"INVITE "])
def test_a_hostile_start_line_is_read_in_no_time(rest: bytes) -> None:
    """The writer shares the event loop: what a stranger sends must not hold it up."""
    payload = (b"INVITE " + rest * 65_000)[:65_000]
    begin = time.process_time()
    assert words_of(payload) == Words()
    # What is quadratic takes many seconds; another thread or the collector may take a part of one.
    assert time.process_time() - begin < 3.0
